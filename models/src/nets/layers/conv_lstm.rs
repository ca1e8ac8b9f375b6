//! An LSTM whose units stand along a line, and see their neighbours: gates are convolutions.
//!
//! ```text
//! i, f, o = σ(W∗x + U∗h + b)      c ← f·c + i·tanh(W∗x + U∗h + b)      h ← o·tanh(c)
//! ```
//!
//! W is slid over each frame as far as it reaches, U over the state with zeros around it; gates do
//! not see the memory. Shi et al. (2015), Convolutional LSTM network.

use burn::module::{Module, Param};
use burn::tensor::module::conv1d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Tensor, activation};

use super::Conv;
use crate::nets::Draw;

/// One layer; Glorot's weights, the forget gates' bias 1.
#[derive(Module, Debug)]
pub struct ConvLstm {
    /// Gates i, f, g, o along the outputs.
    input: Conv,
    /// `[4 · filters, filters, width]`
    state: Param<Tensor<3>>,
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
        ConvLstm { input, state: draw.glorot([4 * filters, filters, width], fans), relu }
    }

    /// `[batch, frames, ins, steps]` → `[batch, filters, steps − width + 1]`: the state at the end.
    pub fn last(&self, x: Tensor<4>) -> Tensor<3> {
        let [batch, frames, ins, steps] = x.dims();
        let sums = self.input.forward(x.reshape([batch * frames, ins, steps]));
        let [_, wide, left] = sums.dims();
        let sums = sums.reshape([batch, frames, wide, left]);
        let weights = self.state.val();
        let [_, filters, width] = weights.dims();
        let around = ConvOptions::new([1], [width / 2], [1], 1);
        let bend = |z: Tensor<3>| if self.relu { activation::relu(z) } else { z.tanh() };
        let zero = Tensor::<3>::zeros([batch, filters, left], &weights.device());
        let (mut hidden, mut memory) = (zero.clone(), zero);
        for frame in 0..frames {
            let own = sums.clone().slice([0..batch, frame..frame + 1]).reshape([batch, wide, left]);
            let all = own + conv1d(hidden, weights.clone(), None, around.clone());
            let part = |at: usize| all.clone().slice([0..batch, at * filters..(at + 1) * filters]);
            let gate = |at: usize| activation::sigmoid(part(at));
            memory = gate(1) * memory + gate(0) * bend(part(2));
            hidden = gate(3) * bend(memory.clone());
        }
        hidden
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
                ("input.weight", of("input.weight").shaped(&[16, 2, 3])),
                ("input.bias", of("input.bias")),
                ("state", of("state.weight").shaped(&[16, 4, 3])),
            ];
            let layer = ConvLstm::new(&mut draw(), (2, 4), 3, relu);
            let golden = Golden::of("nets_layers", name, layer, &names);
            let frames = golden.input::<5>("frames").reshape([3, 2, 2, 5]);
            golden.check(golden.layers.last(frames).unsqueeze_dim::<4>(2));
        }
    }
}
