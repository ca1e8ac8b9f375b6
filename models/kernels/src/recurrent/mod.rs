//! Recurrent layers over a batch of sequences, and the slopes of what follows them, in 32 bits.
//!
//! ```text
//! LSTM   i, f, o = σ(x·W + h₋·U + b)   g = act(x·W + h₋·U + b)   c = f·c₋ + i·g   h = o·act(c)
//! GRU    r, z = σ(x·W + b + h₋·U + d)  n = tanh(x·W + b + r·(h₋·U + d))  h = (1 − z)·n + z·h₋
//! RNN    h = act(x·W + h₋·U + b)
//! ```
//!
//! States start at zero. Sequences are x[batch][step][input], of one step where all hear the
//! same, and outputs [batch][step][unit]; inside, steps come first, so that a step is one product with
//! weights that were packed once. A reverse layer reads from the last step to the first and writes each
//! output where its input stands.
//! Hochreiter & Schmidhuber (1997); Cho et al. (2014), reset after the product; Elman (1990);
//! slopes through time after Werbos (1990).

mod back;
mod forth;
mod gru;
mod lstm;
mod rnn;

use crate::room::Room;
use crate::wide::{Register, UNITS, Units};

/// How sums are bent, besides the gates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// tanh z
    Tanh,
    /// max(0, z)
    Relu,
}

impl Act {
    #[inline(always)]
    fn of<V: Register>(self, z: Units<V>) -> Units<V> {
        match self {
            Act::Tanh => z.tanh(),
            Act::Relu => z.relu(),
        }
    }

    /// The slope, from the value.
    #[inline(always)]
    fn slope<V: Register>(self, a: Units<V>) -> Units<V> {
        let one = Units::all(1.0);
        match self {
            Act::Tanh => one - a * a,
            Act::Relu => one.where_positive(a),
        }
    }
}

/// What a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// Long short-term memory; gates i, f, g, o.
    Lstm(Act),
    /// Gated recurrent unit; gates r, z, n.
    Gru,
    /// A plain unit; one gate.
    Rnn(Act),
}

impl Cell {
    /// Gates of a unit: blocks of columns of the weights.
    pub fn gates(self) -> usize {
        self.slots().len()
    }

    /// Blocks of a row of the tape, in which sums become gates and gates slopes.
    fn blocks(self) -> usize {
        match self {
            Cell::Rnn(_) => 1,
            Cell::Lstm(_) | Cell::Gru => 4,
        }
    }

    /// The block to which each gate's sum from the inputs goes.
    fn slots(self) -> &'static [usize] {
        match self {
            Cell::Lstm(_) => &[0, 1, 2, 3],
            Cell::Gru => &[1, 2, 0],
            Cell::Rnn(_) => &[0],
        }
    }

    /// The block to which each gate's sum from the units goes.
    fn hidden_slots(self) -> &'static [usize] {
        match self {
            Cell::Gru => &[1, 2, 3],
            Cell::Lstm(_) | Cell::Rnn(_) => self.slots(),
        }
    }
}

/// Which way a sequence is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the first step to the last.
    Forward,
    /// From the last step to the first.
    Reverse,
}

/// Sizes, each at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Sequences.
    pub batch: usize,
    /// Steps of each sequence.
    pub steps: usize,
    /// Steps of the inputs: as many, or one that is heard at every step.
    pub heard: usize,
    /// Inputs of a step.
    pub inputs: usize,
    /// Units.
    pub hidden: usize,
}

/// A recurrent layer without its weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layer {
    /// What a unit is.
    pub cell: Cell,
    /// Which way it reads.
    pub direction: Direction,
    /// Sizes.
    pub shape: Shape,
}

/// Weights, row after row; `width` = gates · hidden.
#[derive(Debug, Clone, Copy)]
pub struct Weights<'a> {
    /// W: inputs × width.
    pub input: &'a [f32],
    /// U: hidden × width.
    pub hidden: &'a [f32],
    /// b: width.
    pub bias: &'a [f32],
    /// d, of a GRU: width; else empty.
    pub hidden_bias: &'a [f32],
}

/// What a forward pass leaves for the way back.
#[derive(Debug, Clone)]
pub struct Tape {
    /// Inputs and a one, [step heard][batch][inputs + 1].
    inputs: Room,
    /// Gates, [step][batch][block][unit].
    gates: Room,
    /// Outputs from the start on, [1 + step][batch][unit].
    hidden: Room,
    /// Cells of an LSTM from the start on, [1 + step][batch][unit].
    cells: Room,
    /// act(cell), [step][batch][unit].
    bent: Room,
}

/// Slopes of the loss, each in the shape of what it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct Slopes {
    /// By x; empty where not wanted.
    pub x: Vec<f32>,
    /// By W.
    pub input: Vec<f32>,
    /// By U.
    pub hidden: Vec<f32>,
    /// By b.
    pub bias: Vec<f32>,
    /// By d; empty unless a GRU.
    pub hidden_bias: Vec<f32>,
}

impl Layer {
    /// Units and zeros behind them: whole groups.
    fn units(&self) -> usize {
        self.shape.hidden.next_multiple_of(UNITS)
    }

    /// Numbers of a row of the tape.
    fn row(&self) -> usize {
        self.cell.blocks() * self.units()
    }

    /// The row of x that stands at a row of the order of reading, steps first.
    fn row_heard(&self, at: usize) -> usize {
        let Shape { batch, steps, heard, .. } = self.shape;
        let step = if heard == steps { self.place(at / batch) } else { 0 };
        at % batch * heard + step
    }

    /// The place of a step in the order of reading.
    fn place(&self, step: usize) -> usize {
        match self.direction {
            Direction::Forward => step,
            Direction::Reverse => self.shape.steps - 1 - step,
        }
    }
}

#[cfg(test)]
mod tests;
