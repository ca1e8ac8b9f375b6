//! Additive attention: a mean of all steps, weighted by what they hold.
//!
//! ```text
//! e[t] = v·tanh(W·h[t] + b)        α = softmax of e over the steps        context = Σ α[t]·h[t]
//! ```
//!
//! Bahdanau, Cho & Bengio (2015), Neural machine translation by jointly learning to align and translate.

use burn::module::{Module, Param};
use burn::tensor::{Tensor, activation};

use super::Dense;
use crate::nets::Draw;

/// The weighing of steps.
#[derive(Module, Debug)]
pub struct Additive {
    /// W and b.
    sums: Dense,
    /// v.
    score: Param<Tensor<1>>,
}

impl Additive {
    /// Steps of `ins` numbers, scored through `width` sums.
    pub fn new(draw: &mut Draw, ins: usize, width: usize) -> Additive {
        Additive { sums: Dense::new(draw, ins, width), score: draw.glorot([width], (width, 1)) }
    }

    /// `[batch, steps, ins]` → `[batch, ins]`.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<2> {
        let [batch, _, ins] = x.dims();
        let bent = self.sums.each(x.clone()).tanh();
        let share = activation::softmax((bent * self.score.val().unsqueeze()).sum_dim(2), 1);
        (share * x).sum_dim(1).reshape([batch, ins])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::tests::{Golden, draw, of};

    #[test]
    fn additive_as_pytorch() {
        let names = [("sums.weight", of("W").turned()), ("sums.bias", of("b")), ("score", of("v"))];
        let layer = Additive::new(&mut draw(), 6, 4);
        let golden = Golden::of("nets_attention", "additive", layer, &names);
        golden.check(golden.layers.forward(golden.input("x")));
    }
}
