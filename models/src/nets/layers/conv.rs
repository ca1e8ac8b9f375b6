//! Filters slid over a window: ŷ[t, o] = b[o] + Σₖ Σᵢ W[o, i, k]·x[t + k, i].

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use burn::tensor::module::conv1d;
use burn::tensor::ops::ConvOptions;

use crate::nets::Draw;

/// Filters of one width.
#[derive(Module, Debug)]
pub struct Conv {
    /// `[heads · outs, ins, width]`
    weight: Param<Tensor<3>>,
    /// `[heads · outs]`
    bias: Param<Tensor<1>>,
    heads: usize,
}

impl Conv {
    /// `outs` filters of `width` steps over `ins` channels.
    pub fn new(draw: &mut Draw, ins: usize, outs: usize, width: usize) -> Conv {
        Conv::heads(draw, 1, (ins, outs), width)
    }

    /// So many of these side by side, each over `ins` channels of its own.
    pub fn heads(draw: &mut Draw, heads: usize, (ins, outs): (usize, usize), width: usize) -> Conv {
        let weight = draw.glorot([heads * outs, ins, width], (ins * width, outs * width));
        Conv { weight, bias: draw.constant([heads * outs], 0.0), heads }
    }

    /// The same with these biases.
    pub fn with_bias(self, draw: &mut Draw, bias: Vec<f32>) -> Conv {
        Conv { bias: draw.given([bias.len()], bias), ..self }
    }

    /// `[batch, heads · ins, steps]` → `[batch, heads · outs, steps − width + 1]`.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let options = ConvOptions::new([1], [0], [1], self.heads);
        conv1d(x, self.weight.val(), Some(self.bias.val()), options)
    }
}

/// The largest of each two steps: `[batch, channels, steps]` → `[batch, channels, ⌊steps / 2⌋]`.
pub fn pool(x: Tensor<3>) -> Tensor<3> {
    let [batch, channels, steps] = x.dims();
    let pairs = x.slice([0..batch, 0..channels, 0..steps / 2 * 2]);
    pairs.reshape([batch, channels, steps / 2, 2]).max_dim(3).reshape([batch, channels, steps / 2])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::tests::{Golden, draw, of};

    #[test]
    fn filters_as_pytorch() {
        let names = [("weight", of("weight")), ("bias", of("bias"))];
        let golden = Golden::of("nets_layers", "conv1d", Conv::new(&mut draw(), 2, 4, 3), &names);
        golden.check(golden.layers.forward(golden.input("x")));
    }

    #[test]
    fn pooling_as_pytorch() {
        let golden = Golden::plain("nets_layers", "max_pool1d");
        golden.check(pool(golden.input("x")));
    }

    /// Heads see their own channel: the numbers of the first do not change with the second.
    #[test]
    fn heads_see_their_own_channel() {
        let mut draw = draw();
        let layer = Conv::heads(&mut draw, 2, (1, 3), 2);
        let say = |second: f32| {
            let x = vec![0.5, -1.0, 2.0, second, 1.0, second];
            let x = burn::tensor::TensorData::new(x, [1, 2, 3]);
            let said = layer.forward(Tensor::from_data(x, &draw.device));
            crate::nets::numbers(said).unwrap()
        };
        let (one, other) = (say(0.0), say(7.0));
        assert_eq!(one.len(), 6 * 2);
        assert_eq!(one[..6], other[..6]);
        assert_ne!(one[6..], other[6..]);
    }
}
