//! Recurrent layers one above the other: each reads what the one below it said, step by step.

use almanac_kernels::recurrent::Cell;
use burn::module::Module;
use burn::tensor::Tensor;

use super::{Both, Recurrent, dropout};
use crate::nets::{Draw, Noise};

/// Which ways a layer reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ways {
    /// From the first step to the last.
    Forth,
    /// That, and from the last step to the first.
    Both,
}

impl Ways {
    /// Numbers that so many units say of a step.
    pub fn outs(self, units: usize) -> usize {
        match self {
            Ways::Forth => units,
            Ways::Both => 2 * units,
        }
    }
}

/// A layer that reads one way or both.
#[derive(Module, Debug)]
#[expect(clippy::large_enum_variant, reason = "there are few layers, and they live long")]
enum Reader {
    Forth(Recurrent),
    Both(Both),
}

impl Reader {
    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        match self {
            Reader::Forth(layer) => layer.forward(x),
            Reader::Both(layer) => layer.forward(x),
        }
    }
}

/// Layers of as many units each, the lowest first, with dropout between them.
#[derive(Module, Debug)]
pub struct Deep {
    below: Vec<Reader>,
    top: Reader,
    dropout: f64,
}

impl Deep {
    /// From `ins` numbers a step, `depth` layers of `units`; `dropout` is the share of the numbers
    /// between layers that is left out in training.
    pub fn new(
        draw: &mut Draw,
        (cell, ways): (Cell, Ways),
        (ins, units): (usize, usize),
        (depth, dropout): (usize, f64),
    ) -> Deep {
        let mut reader = |at: usize| {
            let ins = if at == 0 { ins } else { ways.outs(units) };
            match ways {
                Ways::Forth => Reader::Forth(Recurrent::new(draw, cell, ins, units)),
                Ways::Both => Reader::Both(Both::new(draw, cell, ins, units)),
            }
        };
        Deep { below: (0..depth - 1).map(&mut reader).collect(), top: reader(depth - 1), dropout }
    }

    /// `[batch, steps, ins]` → `[batch, steps, outs]`.
    pub fn forward(&self, x: Tensor<3>, noise: &mut Noise) -> Tensor<3> {
        self.top.forward(self.below(x, noise))
    }

    /// `[batch, steps, ins]` → `[batch, outs]`: what each way says where its reading ends.
    pub fn last(&self, x: Tensor<3>, noise: &mut Noise) -> Tensor<2> {
        let x = self.below(x, noise);
        match &self.top {
            Reader::Forth(layer) => layer.last(x),
            Reader::Both(layer) => layer.last(x),
        }
    }

    fn below(&self, x: Tensor<3>, noise: &mut Noise) -> Tensor<3> {
        let read = |x, layer: &Reader| dropout(layer.forward(x), self.dropout, noise);
        self.below.iter().fold(x, read)
    }
}
