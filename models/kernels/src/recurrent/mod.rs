//! Recurrent layers over a batch of sequences, and the slopes of what follows them, in 32 bits.
//!
//! ```text
//! LSTM   i, f, o = σ(x·W + h₋·U + b)   g = act(x·W + h₋·U + b)   c = f·c₋ + i·g   h = o·act(c)
//! GRU    r, z = σ(x·W + b + h₋·U + d)  n = tanh(x·W + b + r·(h₋·U + d))  h = (1 − z)·n + z·h₋
//! RNN    h = act(x·W + h₋·U + b)
//! ```
//!
//! States start at zero. Sequences are x[batch][step][input] and outputs [batch][step][unit]; inside,
//! steps come first, so that a step is one product with weights that were packed once. A reverse
//! layer reads from the last step to the first and writes each output where its input stands.
//! Hochreiter & Schmidhuber (1997); Cho et al. (2014), reset after the product; Elman (1990);
//! slopes through time after Werbos (1990).

mod gru;
mod lstm;
mod product;
mod rnn;
mod wide;

use product::{Left, Packed, Product};
use wide::{UNITS, Units, widest};

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
    fn of<const WIDTH: usize>(self, z: Units<WIDTH>) -> Units<WIDTH> {
        match self {
            Act::Tanh => z.tanh(),
            Act::Relu => z.relu(),
        }
    }

    /// The slope, from the value.
    #[inline(always)]
    fn slope<const WIDTH: usize>(self, a: Units<WIDTH>) -> Units<WIDTH> {
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
    /// Inputs and a one, [step][batch][inputs + 1].
    inputs: Vec<f32>,
    /// Gates, [step][batch][block][unit].
    gates: Vec<f32>,
    /// Outputs from the start on, [1 + step][batch][unit].
    hidden: Vec<f32>,
    /// Cells of an LSTM from the start on, [1 + step][batch][unit].
    cells: Vec<f32>,
    /// act(cell), [step][batch][unit].
    bent: Vec<f32>,
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

/// Which slopes are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Those by the weights: the layer stands first.
    Weights,
    /// Those by the inputs as well.
    Inputs,
}

/// Rows of slopes that are multiplied together for the weights.
const CHUNK: usize = 256;

impl Layer {
    /// Units and zeros behind them: whole groups.
    fn units(&self) -> usize {
        self.shape.hidden.next_multiple_of(UNITS)
    }

    /// Numbers of a row of the tape.
    fn row(&self) -> usize {
        self.cell.blocks() * self.units()
    }

    /// The place of a step in the order of reading.
    fn place(&self, step: usize) -> usize {
        match self.direction {
            Direction::Forward => step,
            Direction::Reverse => self.shape.steps - 1 - step,
        }
    }

    /// The outputs, [batch][step][unit].
    pub fn infer(&self, weights: Weights, x: &[f32]) -> Vec<f32> {
        self.outputs(&self.run(weights, x, 0))
    }

    /// The outputs, [batch][step][unit], and the tape.
    pub fn forward(&self, weights: Weights, x: &[f32]) -> (Vec<f32>, Tape) {
        let tape = self.run(weights, x, 1);
        (self.outputs(&tape), tape)
    }

    /// Runs over all steps; gates and cells of step t lie at `kept`·t.
    fn run(&self, weights: Weights, x: &[f32], kept: usize) -> Tape {
        let Shape { batch, steps, inputs, .. } = self.shape;
        let (units, row) = (self.units(), self.row());
        let slots = 1 + kept * (steps - 1);
        let lstm = usize::from(matches!(self.cell, Cell::Lstm(_)));
        let mut tape = Tape {
            inputs: self.read(x),
            gates: vec![0.0; slots * batch * row],
            hidden: vec![0.0; (1 + steps) * batch * units],
            cells: vec![0.0; lstm * (slots + kept) * batch * units],
            bent: vec![0.0; lstm * slots * batch * units],
        };
        let (from_inputs, from_hidden) = self.packed(weights);
        for step in 0..steps {
            let (before, hidden) = tape.hidden[step * batch * units..].split_at_mut(batch * units);
            let hidden = &mut hidden[..batch * units];
            let gates = &mut tape.gates[kept * step * batch * row..][..batch * row];
            let x = &tape.inputs[step * batch * (inputs + 1)..];
            let terms = [
                (Left { data: x, stride: inputs + 1 }, &from_inputs),
                (Left { data: before, stride: units }, &from_hidden),
            ];
            let terms = if step == 0 { &terms[..1] } else { &terms };
            let out = &mut *gates;
            Product::<false> { terms, kept: false, rows: batch, width: row, stride: row, out }
                .run();
            match self.cell {
                Cell::Lstm(act) => {
                    let at = kept * step * batch * units;
                    tape.cells.copy_within(at..at + batch * units, at + kept * batch * units);
                    let cell = &mut tape.cells[at + kept * batch * units..][..batch * units];
                    let bent = &mut tape.bent[at..][..batch * units];
                    widest(lstm::Forth { act, units, gates, cell, bent, hidden });
                }
                Cell::Gru => widest(gru::Forth { units, gates, before, hidden }),
                Cell::Rnn(act) => widest(rnn::Forth { act, gates, hidden }),
            }
        }
        tape
    }

    /// Inputs in the order of reading, steps first, each with a one that the biases multiply.
    fn read(&self, x: &[f32]) -> Vec<f32> {
        let Shape { batch, steps, inputs, .. } = self.shape;
        let mut read = vec![1.0; steps * batch * (inputs + 1)];
        for (at, row) in read.chunks_exact_mut(inputs + 1).enumerate() {
            let place = at % batch * steps + self.place(at / batch);
            row[..inputs].copy_from_slice(&x[place * inputs..][..inputs]);
        }
        read
    }

    /// Outputs at their places.
    fn outputs(&self, tape: &Tape) -> Vec<f32> {
        let Shape { batch, steps, hidden, .. } = self.shape;
        let units = self.units();
        let mut outputs = vec![0.0; batch * steps * hidden];
        for (at, row) in outputs.chunks_exact_mut(hidden).enumerate() {
            let read = (1 + self.place(at % steps)) * batch + at / steps;
            row.copy_from_slice(&tape.hidden[read * units..][..hidden]);
        }
        outputs
    }

    /// Weights for the way forth: inputs and biases, then units, by a row of the tape.
    fn packed(&self, weights: Weights) -> (Packed, Packed) {
        let Shape { inputs, hidden, .. } = self.shape;
        let width = self.cell.gates() * hidden;
        let units = self.units();
        let mut from_inputs = Packed::new(inputs + 1, self.row());
        let mut from_hidden = Packed::new(hidden, self.row());
        for (gate, slot) in self.cell.slots().iter().enumerate() {
            for (k, row) in weights.input.chunks_exact(width).chain([weights.bias]).enumerate() {
                from_inputs.put(k, slot * units, &row[gate * hidden..][..hidden]);
            }
        }
        for (gate, slot) in self.cell.hidden_slots().iter().enumerate() {
            for (k, row) in weights.hidden.chunks_exact(width).enumerate() {
                from_hidden.put(k, slot * units, &row[gate * hidden..][..hidden]);
            }
        }
        if !weights.hidden_bias.is_empty() {
            let mut biases = vec![0.0; self.row()];
            for (slots, bias) in
                [(self.cell.slots(), weights.bias), (self.cell.hidden_slots(), weights.hidden_bias)]
            {
                for (gate, slot) in slots.iter().enumerate() {
                    let own = &mut biases[slot * units..][..hidden];
                    own.iter_mut().zip(&bias[gate * hidden..]).for_each(|(sum, b)| *sum += b);
                }
            }
            from_inputs.put(inputs, 0, &biases);
        }
        (from_inputs, from_hidden)
    }

    /// The slopes of a loss whose slopes by the outputs are `outputs`, [batch][step][unit].
    pub fn backward(
        &self,
        weights: Weights,
        mut tape: Tape,
        outputs: &[f32],
        wanted: Wanted,
    ) -> Slopes {
        self.slopes_of_sums(weights, &mut tape, outputs);
        let x = match wanted {
            Wanted::Weights => Vec::new(),
            Wanted::Inputs => self.slopes_of_inputs(weights, &tape),
        };
        self.slopes_of_weights(&tape, x)
    }

    /// Turns the gates of the tape into slopes by their sums, from the last step back.
    fn slopes_of_sums(&self, weights: Weights, tape: &mut Tape, outputs: &[f32]) {
        let Shape { batch, steps, hidden, .. } = self.shape;
        let (units, row) = (self.units(), self.row());
        let first = self.cell.hidden_slots().iter().min().map_or(0, |slot| slot * units);
        let back = self.turned(weights.hidden, self.cell.hidden_slots());
        let mut hidden_slopes = vec![0.0; batch * units];
        let mut cell_slopes = vec![0.0; batch * units];
        for step in (0..steps).rev() {
            let (gates, later) = tape.gates[step * batch * row..].split_at_mut(batch * row);
            if step + 1 < steps {
                let terms = &[(Left { data: &later[first..], stride: row }, &back)];
                let out = &mut hidden_slopes;
                Product::<false> {
                    terms,
                    kept: true,
                    rows: batch,
                    width: units,
                    stride: units,
                    out,
                }
                .run();
            }
            for (at, sums) in hidden_slopes.chunks_exact_mut(units).enumerate() {
                let own = &outputs[(at * steps + self.place(step)) * hidden..][..hidden];
                sums.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
            }
            let (hidden_slopes, cell_slopes) = (&mut hidden_slopes[..], &mut cell_slopes[..]);
            let before = &tape.hidden[step * batch * units..][..batch * units];
            match self.cell {
                Cell::Lstm(act) => {
                    let cell_before = &tape.cells[step * batch * units..][..batch * units];
                    let bent = &tape.bent[step * batch * units..][..batch * units];
                    widest(lstm::Back {
                        act,
                        units,
                        gates,
                        cell_before,
                        bent,
                        hidden_slopes,
                        cell_slopes,
                    });
                }
                Cell::Gru => widest(gru::Back { units, gates, before, hidden_slopes }),
                Cell::Rnn(act) => widest(rnn::Back { act, gates, hidden_slopes }),
            }
        }
    }

    /// Weights of `rows` rows for the way back: from blocks of a tape's row, the first of `slots` on.
    fn turned(&self, rows: &[f32], slots: &[usize]) -> Packed {
        let (hidden, units) = (self.shape.hidden, self.units());
        let width = slots.len() * hidden;
        let first = slots.iter().min().copied().unwrap_or(0);
        let mut packed = Packed::new(slots.len() * units, rows.len() / width);
        for (gate, slot) in slots.iter().enumerate() {
            for (k, row) in rows.chunks_exact(width).enumerate() {
                packed.put_down((slot - first) * units, k, &row[gate * hidden..][..hidden]);
            }
        }
        packed
    }

    fn slopes_of_inputs(&self, weights: Weights, tape: &Tape) -> Vec<f32> {
        let Shape { batch, steps, inputs, .. } = self.shape;
        let back = self.turned(weights.input, self.cell.slots());
        let mut sums = vec![0.0; steps * batch * inputs];
        let terms = &[(Left { data: &tape.gates, stride: self.row() }, &back)];
        let (rows, out) = (steps * batch, &mut sums);
        Product::<false> { terms, kept: false, rows, width: inputs, stride: inputs, out }.run();
        let mut x = vec![0.0; sums.len()];
        for (at, row) in x.chunks_exact_mut(inputs).enumerate() {
            let read = self.place(at % steps) * batch + at / steps;
            row.copy_from_slice(&sums[read * inputs..][..inputs]);
        }
        x
    }

    fn slopes_of_weights(&self, tape: &Tape, x: Vec<f32>) -> Slopes {
        let Shape { batch, steps, inputs, hidden } = self.shape;
        let (units, row) = (self.units(), self.row());
        let mut from_inputs = vec![0.0; (inputs + 1) * row];
        let mut from_hidden = vec![0.0; hidden * row];
        let mut packed = Packed::new(CHUNK.min(steps * batch), row);
        for first in (0..steps * batch).step_by(CHUNK) {
            let depth = CHUNK.min(steps * batch - first);
            packed.reset(depth);
            for (k, slopes) in tape.gates[first * row..].chunks_exact(row).take(depth).enumerate() {
                packed.put(k, 0, slopes);
            }
            let x = Left { data: &tape.inputs[first * (inputs + 1)..], stride: inputs + 1 };
            let before = Left { data: &tape.hidden[first * units..], stride: units };
            for (left, rows, out) in
                [(x, inputs + 1, &mut from_inputs), (before, hidden, &mut from_hidden)]
            {
                let terms = &[(left, &packed)];
                Product::<true> { terms, kept: true, rows, width: row, stride: row, out }.run();
            }
        }
        let unpack = |rows: &[f32], slots: &[usize]| -> Vec<f32> {
            let blocks = |row: &[f32]| -> Vec<f32> {
                slots.iter().flat_map(|slot| &row[slot * units..][..hidden]).copied().collect()
            };
            rows.chunks_exact(row).flat_map(blocks).collect()
        };
        let (input, bias) = from_inputs.split_at(inputs * row);
        let gru = self.cell == Cell::Gru;
        Slopes {
            x,
            input: unpack(input, self.cell.slots()),
            hidden: unpack(&from_hidden, self.cell.hidden_slots()),
            bias: unpack(bias, self.cell.slots()),
            hidden_bias: if gru { unpack(bias, self.cell.hidden_slots()) } else { Vec::new() },
        }
    }
}

#[cfg(test)]
mod tests;
