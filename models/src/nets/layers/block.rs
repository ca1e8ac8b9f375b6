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
        self.after_feed.forward(x + dropout(self.sums.each(read), self.dropout, noise))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::layers::Meeting;
    use crate::nets::layers::attention::tests::names as of_attention;
    use crate::nets::layers::recurrent::tests::both_ways;
    use crate::nets::tests::{Golden, Origin, draw, of, within};

    /// A block of six numbers a step in two heads; `feed` says where its other part comes from.
    fn hold(name: &str, (meeting, feed, hidden): (Meeting, FeedForward, usize), from: &[Named]) {
        let heads = Heads { dim: 6, heads: 2, meeting, features: 8, causal: false };
        let block = Block::new(&mut draw(), &Plan { heads, feed, hidden, dropout: 0.0 });
        let norm = |layer: &str, at: usize| {
            let of = |what: &str| of(&format!("norm{at}.{what}"));
            [(format!("{layer}.scale"), of("weight")), (format!("{layer}.shift"), of("bias"))]
        };
        let norms = [norm("after_attention", 1), norm("after_feed", 2)].concat();
        let attention = within("attention", of_attention("self_attn.", 6));
        let names: Vec<Named> = attention.chain(norms).chain(from.iter().cloned()).collect();
        let golden = Golden::of("nets_attention", name, block, &names);
        golden.check(golden.layers.forward(golden.input("x"), &mut Noise(None)));
    }

    type Named = (String, Origin);

    fn sums(at: usize, name: &str) -> [Named; 2] {
        let to = |what: &str| format!("sums.layers.{at}.{what}");
        let of = |what: &str| of(&format!("{name}.{what}"));
        [(to("weight"), of("weight").turned()), (to("bias"), of("bias"))]
    }

    /// A layer of PyTorch's encoder.
    #[test]
    fn sums_after_softmax_as_pytorch() {
        let from = [sums(0, "linear1"), sums(1, "linear2")].concat();
        hold("transformer_block_relu", (Meeting::Softmax, FeedForward::Dense, 8), &from);
    }

    /// The block of the crypto study.
    #[test]
    fn an_lstm_after_favor_as_pytorch() {
        let omega = ("attention.favor.omega".to_string(), of("omega"));
        let reading = within("reading", both_ways("lstm."));
        let from: Vec<Named> = reading.chain(sums(0, "dense")).chain([omega]).collect();
        hold("performer_block", (Meeting::Favor, FeedForward::Bilstm, 6), &from);
    }
}
