//! Filters slid over a window: ŷ[t, o] = b[o] + Σₖ Σᵢ W[o, i, k]·x[t + k, i].

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use burn::tensor::module::{conv1d, max_pool1d};
use burn::tensor::ops::{ConvOptions, MaxPoolOptions};

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

    /// `[batch, heads · ins, steps]` → `[batch, heads · outs, steps − width + 1]`.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let options = ConvOptions::new([1], [0], [1], self.heads);
        conv1d(x, self.weight.val(), Some(self.bias.val()), options)
    }
}

/// The largest of each two steps: `[batch, channels, steps]` → `[batch, channels, ⌊steps / 2⌋]`.
pub fn pool(x: Tensor<3>) -> Tensor<3> {
    max_pool1d(x, MaxPoolOptions::new([2]).with_stride([2]))
}
