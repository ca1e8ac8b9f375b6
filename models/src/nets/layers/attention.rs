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
    use crate::Ctx;
    use crate::nets::layers::tests::{Case, slopes_of, turned, with};

    /// Weights or slopes of queries, keys, values and what is said, in the order of the module.
    pub fn laid(case: &Case, part: &str, under: &str) -> Vec<Vec<f32>> {
        let (shape, into) = case.values(part, &format!("{under}in_proj_weight"));
        let (_, bias) = case.values(part, &format!("{under}in_proj_bias"));
        let dim = shape[1];
        let thirds = into.chunks_exact(dim * dim).zip(bias.chunks_exact(dim));
        let mut all: Vec<Vec<f32>> =
            thirds.flat_map(|(weight, bias)| [turned(weight, dim), bias.to_vec()]).collect();
        all.push(case.turned(part, &format!("{under}out_proj.weight")));
        all.push(case.values(part, &format!("{under}out_proj.bias")).1);
        all
    }

    /// Queries, keys and values as one, as PyTorch holds them: the slope of the keys' bias alone is 0.
    pub fn joined(mut all: Vec<Vec<f32>>) -> Vec<Vec<f32>> {
        let rest = all.split_off(6);
        let every_other = |from: usize| all.iter().skip(from).step_by(2).flatten().copied();
        let parts = [0, 1].map(|from| every_other(from).collect());
        parts.into_iter().chain(rest).collect()
    }

    /// Six numbers a step in two heads, whole and causal: PyTorch's numbers and slopes.
    #[test]
    fn softmax_is_that_of_pytorch() {
        for (name, causal) in [("softmax", false), ("softmax_causal", true)] {
            let case = Case::read("nets_attention", name);
            let of = Heads { dim: 6, heads: 2, meeting: Meeting::Softmax, features: 0, causal };
            let layer = Attention::new(&mut Draw::new(&Ctx::new(0)).unwrap(), of);
            let layer = with(layer, laid(&case, "weights", ""));
            let x = case.tensor("inputs", "x", [3, 5, 6]).require_grad();
            let slopes = case.slopes(layer.forward(x.clone()));
            let of_x = x.grad(&slopes).unwrap().into_data().try_into_vec::<f32>().unwrap();
            case.near("x", &of_x, &case.values("gradients", "x").1);
            let of_weights = joined(slopes_of(&layer, &slopes));
            for (got, want) in of_weights.iter().zip(joined(laid(&case, "gradients", ""))) {
                case.near(name, got, &want);
            }
        }
    }
}
