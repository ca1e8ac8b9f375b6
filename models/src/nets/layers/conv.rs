//! Filters slid over a window: ŷ[t, o] = b[o] + Σₖ Σᵢ W[o, i, k]·x[t + k, i].

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use burn::tensor::module::{conv1d, max_pool1d};
use burn::tensor::ops::{ConvOptions, MaxPoolOptions};

use crate::nets::Draw;

/// Filters of one width.
#[derive(Module, Debug)]
pub struct Conv {
    /// `[outs, ins, width]`
    weight: Param<Tensor<3>>,
    /// `[outs]`
    bias: Param<Tensor<1>>,
}

impl Conv {
    /// `outs` filters of `width` steps over `ins` channels.
    pub fn new(draw: &mut Draw, ins: usize, outs: usize, width: usize) -> Conv {
        let weight = draw.glorot([outs, ins, width], (ins * width, outs * width));
        Conv { weight, bias: draw.constant([outs], 0.0) }
    }

    /// `[batch, ins, steps]` → `[batch, outs, steps − width + 1]`.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        conv1d(x, self.weight.val(), Some(self.bias.val()), ConvOptions::new([1], [0], [1], 1))
    }
}

/// The largest of each two steps: `[batch, channels, steps]` → `[batch, channels, ⌊steps / 2⌋]`.
pub fn pool(x: Tensor<3>) -> Tensor<3> {
    max_pool1d(x, MaxPoolOptions::new([2]).with_stride([2]))
}
