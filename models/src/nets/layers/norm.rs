//! Layer norm: each step's numbers, brought to mean 0 and deviation 1, then to a learnt scale.
//!
//! ```text
//! ŷ = γ·(x − mean) / √(variance + 10⁻⁵) + β        over the numbers of one step
//! ```
//!
//! Ba, Kiros & Hinton (2016), Layer normalization.

use burn::module::{Module, Param};
use burn::tensor::{Tensor, module::layer_norm};

use crate::nets::Draw;

/// A scale of 1 and a shift of 0 at first.
#[derive(Module, Debug)]
pub struct Norm {
    /// `[dim]`
    scale: Param<Tensor<1>>,
    /// `[dim]`
    shift: Param<Tensor<1>>,
}

impl Norm {
    /// For steps of `dim` numbers.
    pub fn new(draw: &mut Draw, dim: usize) -> Norm {
        Norm { scale: draw.constant([dim], 1.0), shift: draw.constant([dim], 0.0) }
    }

    /// `[…, dim]` → the same.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        layer_norm(x, self.scale.val(), Some(self.shift.val()), 1e-5)
    }
}
