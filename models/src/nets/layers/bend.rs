//! How sums are bent.
//!
//! ```text
//! gelu  x·Φ(x)      mish  x·tanh(ln(1 + exp x))
//! ```
//!
//! Hendrycks & Gimpel (2016); Misra (2020).

use burn::tensor::{Tensor, activation};

/// A bend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bend {
    /// As much of a number as a normal one is below it.
    Gelu,
    /// Smooth, and a little below 0.
    Mish,
}

impl Bend {
    /// Each number, bent.
    pub fn of<const D: usize>(self, x: Tensor<D>) -> Tensor<D> {
        match self {
            Bend::Gelu => activation::gelu(x),
            Bend::Mish => activation::mish(x),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::tests::Golden;

    #[test]
    fn bends_as_pytorch() {
        for (name, bend) in [("gelu", Bend::Gelu), ("mish", Bend::Mish)] {
            let golden = Golden::plain("nets_layers", name);
            golden.check(bend.of(golden.input::<2>("x")));
        }
    }
}
