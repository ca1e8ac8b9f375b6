//! Blocks of attention and a feed-forward part, each added to what went in and normed.
//!
//! ```text
//! x ← norm(x + dropout(attention(x)))
//! x ← norm(x + dropout(feed(x)))       feed = two layers of sums, or an LSTM both ways and sums
//! ```
//!
//! Vaswani et al. (2017); with an LSTM as feed-forward part, Labbaf Khaniki & Manthouri (2024).

use burn::module::Module;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::attention::{Attention, Heads};
use super::{Both, Norm, Stack, dropout, lstm};
use crate::nets::{Draw, Noise};

/// The part of a block that reads each step, or the steps in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeedForward {
    /// Sums, bent at 0, and sums.
    Dense,
    /// An LSTM both ways, and sums.
    Bilstm,
}

/// What a block is built from.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Its attention.
    pub heads: Heads,
    /// Its other part.
    pub feed: FeedForward,
    /// Width of that part; 0 = that of a step for an LSTM, four times that for sums.
    pub hidden: usize,
    /// Share that is left out in training.
    pub dropout: f64,
}

/// Attention and a feed-forward part.
#[derive(Module, Debug)]
pub struct Block {
    attention: Attention,
    after_attention: Norm,
    reading: Option<Both>,
    sums: Stack,
    after_feed: Norm,
    dropout: f64,
}

impl Block {
    /// Weights drawn.
    pub fn new(draw: &mut Draw, plan: &Plan) -> Block {
        let (dim, hidden) = (plan.heads.dim, plan.hidden);
        let attention = Attention::new(draw, plan.heads);
        let (reading, sums) = match plan.feed {
            FeedForward::Dense => {
                let hidden = if hidden == 0 { 4 * dim } else { hidden };
                (None, Stack::new(draw, dim, &[hidden], dim))
            }
            FeedForward::Bilstm => {
                let hidden = if hidden == 0 { dim } else { hidden };
                let both = Both::new(draw, lstm(false), dim, hidden);
                (Some(both), Stack::new(draw, 2 * hidden, &[], dim))
            }
        };
        let [after_attention, after_feed] = [(); 2].map(|()| Norm::new(draw, dim));
        Block { attention, after_attention, reading, sums, after_feed, dropout: plan.dropout }
    }

    /// With other random features.
    pub fn redraw(self, draw: &mut Draw) -> Block {
        Block { attention: self.attention.redraw(draw), ..self }
    }

    /// `[batch, steps, dim]` → the same.
    pub fn forward(&self, x: Tensor<3>, noise: &mut Noise) -> Tensor<3> {
        let said = dropout(self.attention.forward(x.clone()), self.dropout, noise);
        let x = self.after_attention.forward(x + said);
        let read = match &self.reading {
            Some(both) => both.forward(x.clone()),
            None => x.clone(),
        };
        let ([batch, steps, dim], wide) = (x.dims(), read.dims()[2]);
        let said = self.sums.forward(read.reshape([batch * steps, wide]));
        let said = said.reshape([batch, steps, dim]);
        self.after_feed.forward(x + dropout(said, self.dropout, noise))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ctx;
    use crate::nets::layers::Meeting;
    use crate::nets::layers::attention::tests::{joined, laid};
    use crate::nets::layers::tests::{Case, slopes_of, with};
    use crate::nets::numbers;

    /// Weights or slopes in the order of the module; `feed` gives those of the feed-forward part.
    fn all(case: &Case, part: &str, omega: &[f32], feed: Vec<Vec<f32>>) -> Vec<Vec<f32>> {
        let norm = |at: usize| {
            ["weight", "bias"].map(|name| case.values(part, &format!("norm{at}.{name}")).1)
        };
        let mut all = laid(case, part, "self_attn.");
        all.extend((!omega.is_empty()).then(|| omega.to_vec()));
        all.extend(norm(1));
        all.extend(feed);
        all.extend(norm(2));
        all
    }

    fn hold(case: &Case, plan: &Plan, of: impl Fn(&str) -> Vec<Vec<f32>>) {
        let block = Block::new(&mut Draw::new(&Ctx::new(0)).unwrap(), plan);
        let block = with(block, of("weights"));
        let x = case.tensor("inputs", "x", [3, 5, 6]).require_grad();
        let slopes = case.slopes(block.forward(x.clone(), &mut Noise(None)));
        let of_x = numbers(x.grad(&slopes).unwrap()).unwrap();
        case.near("x", &of_x, &case.values("gradients", "x").1);
        let (got, want) = (joined(slopes_of(&block, &slopes)), joined(of("gradients")));
        assert_eq!(got.len(), want.len());
        for (at, (got, want)) in got.iter().zip(want).enumerate() {
            let drawn = plan.heads.meeting == Meeting::Favor && at == 4;
            if !drawn && !want.is_empty() {
                case.near(&format!("weights {at}"), got, &want);
            }
        }
    }

    fn heads(meeting: Meeting) -> Heads {
        Heads { dim: 6, heads: 2, meeting, features: 8, causal: false }
    }

    /// A layer of PyTorch's encoder.
    #[test]
    fn sums_after_softmax_are_those_of_pytorch() {
        let case = Case::read("nets_attention", "transformer_block_relu");
        let (heads, feed) = (heads(Meeting::Softmax), FeedForward::Dense);
        let sums = |part: &str| {
            let layer = |at: usize| {
                let [weight, bias] = ["weight", "bias"].map(|name| format!("linear{at}.{name}"));
                [case.turned(part, &weight), case.values(part, &bias).1]
            };
            [layer(1), layer(2)].concat()
        };
        let plan = Plan { heads, feed, hidden: 8, dropout: 0.0 };
        hold(&case, &plan, |part| all(&case, part, &[], sums(part)));
    }

    /// The block of the crypto study; the two biases of PyTorch's LSTM have one slope.
    #[test]
    fn an_lstm_after_favor_is_that_of_pytorch() {
        let case = Case::read("nets_attention", "performer_block");
        let (heads, feed) = (heads(Meeting::Favor), FeedForward::Bilstm);
        let omega = case.values("given", "omega").1;
        let reading = |part: &str| {
            let way = |suffix: &str| {
                let name = |what: &str| format!("lstm.{what}_l0{suffix}");
                let [ih, hh] =
                    ["weight_ih", "weight_hh"].map(|what| case.turned(part, &name(what)));
                let biases = ["bias_ih", "bias_hh"].map(|what| case.values(part, &name(what)).1);
                let bias = match part {
                    "weights" => biases[0].iter().zip(&biases[1]).map(|(a, b)| a + b).collect(),
                    _ => biases[0].clone(),
                };
                vec![ih, hh, bias, vec![]]
            };
            let sums = [case.turned(part, "dense.weight"), case.values(part, "dense.bias").1];
            [way(""), way("_reverse"), sums.to_vec()].concat()
        };
        let plan = Plan { heads, feed, hidden: 6, dropout: 0.0 };
        hold(&case, &plan, |part| all(&case, part, &omega, reading(part)));
    }
}
