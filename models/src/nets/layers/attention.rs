//! Attention: each step reads from all steps, by how well its query meets their keys.
//!
//! ```text
//! Q, K, V = x·W + b, in h heads of d/h numbers      ŷ = (heads of softmax(Q·Kᵀ/√(d/h))·V)·W + b
//! ```
//!
//! Softmax weighs every pair of steps; [`Favor`] comes near to it without the pairs.
//! Vaswani et al. (2017), Attention is all you need.

use burn::module::Module;
use burn::tensor::{Bool, Tensor, activation};
use serde::{Deserialize, Serialize};

use super::{Dense, Favor};
use crate::nets::Draw;

/// How queries meet keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Meeting {
    /// Every pair of steps.
    Softmax,
    /// Random features.
    Favor,
}

/// What attention is built from.
#[derive(Debug, Clone, Copy)]
pub struct Heads {
    /// Numbers a step.
    pub dim: usize,
    /// Parts that attend on their own; they divide `dim`.
    pub heads: usize,
    /// How queries meet keys.
    pub meeting: Meeting,
    /// Random features of a head; 0 = d·ln d.
    pub features: usize,
    /// Whether a step sees only itself and those before it.
    pub causal: bool,
}

/// Attention in several heads.
#[derive(Module, Debug)]
pub struct Attention {
    queries: Dense,
    keys: Dense,
    values: Dense,
    said: Dense,
    favor: Option<Favor>,
    heads: usize,
    causal: bool,
}

impl Attention {
    /// Weights drawn.
    pub fn new(draw: &mut Draw, of: Heads) -> Attention {
        let Heads { dim, heads, meeting, features, causal } = of;
        let [queries, keys, values, said] = [(); 4].map(|()| Dense::new(draw, dim, dim));
        let favor =
            (meeting == Meeting::Favor).then(|| Favor::new(draw, features, (dim / heads).max(1)));
        Attention { queries, keys, values, said, favor, heads, causal }
    }

    /// With other random features.
    pub fn redraw(self, draw: &mut Draw) -> Attention {
        Attention { favor: self.favor.map(|favor| favor.redraw(draw)), ..self }
    }

    /// `[batch, steps, dim]` → the same.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let ([batch, steps, dim], heads) = (x.dims(), self.heads);
        let parts = [&self.queries, &self.keys, &self.values].map(|layer| {
            let apart = layer.each(x.clone()).reshape([batch, steps, heads, dim / heads]);
            apart.swap_dims(1, 2).reshape([batch * heads, steps, dim / heads])
        });
        let said = match &self.favor {
            Some(favor) => favor.forward(parts, self.causal),
            None => softmax(parts, self.causal),
        };
        let said = said.reshape([batch, heads, steps, dim / heads]).swap_dims(1, 2);
        self.said.each(said.reshape([batch, steps, dim]))
    }
}

/// Queries, keys and values `[rows, steps, dim]` → the same.
fn softmax([q, k, v]: [Tensor<3>; 3], causal: bool) -> Tensor<3> {
    let [_, steps, dim] = q.dims();
    let mut pairs = (q / (dim as f32).sqrt()).matmul(k.swap_dims(1, 2));
    if causal {
        let later = Tensor::<2, Bool>::tril_mask([steps, steps], 0, &pairs.device());
        pairs = pairs.mask_fill(later.unsqueeze(), f32::NEG_INFINITY);
    }
    activation::softmax(pairs, 2).matmul(v)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::nets::tests::{Golden, Origin, draw, of};

    /// Where the weights of attention over `dim` numbers come from, the case's names beginning so.
    pub fn names(under: &str, dim: usize) -> Vec<(String, Origin)> {
        let from = |name: &str| of(&format!("{under}{name}"));
        let joined =
            ["queries", "keys", "values"].into_iter().enumerate().flat_map(|(at, part)| {
                let rows = |name: &str| from(name).rows(at * dim, (at + 1) * dim);
                let weight = (format!("{part}.weight"), rows("in_proj_weight").turned());
                [weight, (format!("{part}.bias"), rows("in_proj_bias"))]
            });
        let said = ("said.weight".into(), from("out_proj.weight").turned());
        joined.chain([said, ("said.bias".into(), from("out_proj.bias"))]).collect()
    }

    /// Six numbers a step in two heads, whole and causal.
    #[test]
    fn softmax_as_pytorch() {
        for (name, causal) in [("softmax", false), ("softmax_causal", true)] {
            let of = Heads { dim: 6, heads: 2, meeting: Meeting::Softmax, features: 0, causal };
            let layer = Attention::new(&mut draw(), of);
            let golden = Golden::of("nets_attention", name, layer, &names("", 6));
            golden.check(golden.layers.forward(golden.input("x")));
        }
    }
}
