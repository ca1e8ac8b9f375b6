//! An LSTM whose units stand along a line, and see their neighbours: gates are convolutions.
//!
//! ```text
//! i, f, o = σ(W∗x + U∗h + b)      c ← f·c + i·tanh(W∗x + U∗h + b)      h ← o·tanh(c)
//! ```
//!
//! W is slid over each frame as far as it reaches, U over the state with zeros around it; gates do
//! not see the memory. Shi et al. (2015), Convolutional LSTM network.

use burn::module::{Module, Param};
use burn::tensor::{Tensor, activation};

use super::Conv;
use super::conv::{Walk, Weights, slide};
use crate::nets::Draw;

/// One layer; Glorot's weights, the forget gates' bias 1.
#[derive(Module, Debug)]
pub struct ConvLstm {
    /// Gates i, f, g, o along the outputs.
    input: Conv,
    /// `[1, width, filters, 4 · filters]`
    state: Param<Tensor<4>>,
    relu: bool,
}

impl ConvLstm {
    /// From `ins` channels to `filters`, each of an odd `width`.
    pub fn new(
        draw: &mut Draw,
        (ins, filters): (usize, usize),
        width: usize,
        relu: bool,
    ) -> ConvLstm {
        let mut bias = vec![0.0; 4 * filters];
        bias[filters..2 * filters].fill(1.0);
        let input = Conv::new(draw, ins, 4 * filters, width).with_bias(draw, bias);
        let fans = (filters * width, 4 * filters * width);
        ConvLstm { input, state: draw.glorot([1, width, filters, 4 * filters], fans), relu }
    }

    /// `[batch, frames, steps, ins]` → `[batch, steps − width + 1, filters]`: the state at the end.
    pub fn last(&self, x: Tensor<4>) -> Tensor<3> {
        let [batch, frames, ..] = x.dims();
        let sums = self.input.each(x);
        let [_, _, left, wide] = sums.dims();
        let filters = wide / 4;
        let bend = |z: Tensor<4>| if self.relu { activation::relu(z) } else { z.tanh() };
        let none = Tensor::<1>::zeros([wide], &sums.device());
        let zero = Tensor::<4>::zeros([batch, 1, left, filters], &sums.device());
        let (mut hidden, mut memory) = (zero.clone(), zero);
        for frame in 0..frames {
            let own = sums.clone().slice([0..batch, frame..frame + 1]);
            let weights = Weights { weight: self.state.val(), bias: none.clone() };
            let all = own + slide(hidden, weights, Walk::AROUND);
            let part = |at: usize| all.clone().narrow(3, at * filters, filters);
            let gate = |at: usize| activation::sigmoid(part(at));
            memory = gate(1) * memory + gate(0) * bend(part(2));
            hidden = gate(3) * bend(memory.clone());
        }
        hidden.squeeze_dim(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::tests::{Golden, draw, of};

    #[test]
    fn frames_as_pytorch() {
        for (name, relu) in [("conv_lstm_tanh", false), ("conv_lstm_relu", true)] {
            let names = [
                ("input.weight", of("input.weight").axes(&[2, 3, 1, 0])),
                ("input.bias", of("input.bias")),
                ("state", of("state.weight").axes(&[2, 3, 1, 0])),
            ];
            let layer = ConvLstm::new(&mut draw(), (2, 4), 3, relu);
            let golden = Golden::of("nets_layers", name, layer, &names);
            let frames = golden.input::<5>("frames").reshape([3, 2, 2, 5]).swap_dims(2, 3);
            golden.check(golden.layers.last(frames).swap_dims(1, 2).unsqueeze_dim::<4>(2));
        }
    }
}
