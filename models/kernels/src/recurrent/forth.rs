//! The way forth: outputs, and what the way back needs.

use super::{Cell, Layer, Shape, Tape, Weights, gru, lstm, rnn};
use crate::product::{Left, Packed, Product};
use crate::room::Room;
use crate::wide::each_unit;

impl Layer {
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
        let Shape { batch, steps, heard, inputs, .. } = self.shape;
        let (units, row) = (self.units(), self.row());
        let mut tape = self.tape(x, kept);
        let (from_inputs, from_hidden) = self.packed(weights);
        let product = |terms: &[(Left, &Packed)], kept, out: &mut [f32]| {
            Product::<false> { terms, kept, rows: batch, width: row, stride: row, out }.run();
        };
        let once = (heard < steps).then(|| {
            let mut sums = Room::any(batch * row);
            product(&[(Left::rows(&tape.inputs, inputs + 1), &from_inputs)], false, &mut sums);
            sums
        });
        for step in 0..steps {
            let (before, hidden) = tape.hidden[step * batch * units..].split_at_mut(batch * units);
            let hidden = &mut hidden[..batch * units];
            let gates = &mut tape.gates[kept * step * batch * row..][..batch * row];
            let own = (Left::rows(before, units), &from_hidden);
            match &once {
                Some(sums) => {
                    gates.copy_from_slice(sums);
                    product(&[own][..usize::from(step > 0)], true, gates);
                }
                None => {
                    let x = &tape.inputs[step * batch * (inputs + 1)..];
                    let terms = [(Left::rows(x, inputs + 1), &from_inputs), own];
                    product(&terms[..1 + usize::from(step > 0)], false, gates);
                }
            }
            match self.cell {
                Cell::Lstm(act) => {
                    let at = kept * step * batch * units;
                    tape.cells.copy_within(at..at + batch * units, at + kept * batch * units);
                    let cell = &mut tape.cells[at + kept * batch * units..][..batch * units];
                    let bent = &mut tape.bent[at..][..batch * units];
                    each_unit(lstm::Forth { act, units, gates, cell, bent, hidden }, batch, units);
                }
                Cell::Gru => each_unit(gru::Forth { units, gates, before, hidden }, batch, units),
                Cell::Rnn(act) => each_unit(rnn::Forth { act, gates, hidden }, 1, batch * units),
            }
        }
        tape
    }

    /// A tape with room for one step's gates and cells, or where `kept` for all, at a state of zero.
    fn tape(&self, x: &[f32], kept: usize) -> Tape {
        let Shape { batch, steps, .. } = self.shape;
        let units = self.units();
        let slots = 1 + kept * (steps - 1);
        let lstm = usize::from(matches!(self.cell, Cell::Lstm(_)));
        let mut tape = Tape {
            inputs: self.read(x),
            gates: Room::any(slots * batch * self.row()),
            hidden: Room::any((1 + steps) * batch * units),
            cells: Room::any(lstm * (slots + kept) * batch * units),
            bent: Room::any(lstm * slots * batch * units),
        };
        tape.hidden[..batch * units].fill(0.0);
        tape.cells[..lstm * batch * units].fill(0.0);
        tape
    }

    /// Inputs in the order of reading, steps first, each with a one that the biases multiply.
    fn read(&self, x: &[f32]) -> Room {
        let Shape { batch, heard, inputs, .. } = self.shape;
        let mut read = Room::any(heard * batch * (inputs + 1));
        for (at, row) in read.chunks_exact_mut(inputs + 1).enumerate() {
            row[..inputs].copy_from_slice(&x[self.row_heard(at) * inputs..][..inputs]);
            row[inputs] = 1.0;
        }
        read
    }

    /// Outputs at their places.
    fn outputs(&self, tape: &Tape) -> Vec<f32> {
        let Shape { batch, steps, hidden, .. } = self.shape;
        let units = self.units();
        let mut outputs = Vec::with_capacity(batch * steps * hidden);
        for at in 0..batch * steps {
            let read = (1 + self.place(at % steps)) * batch + at / steps;
            outputs.extend_from_slice(&tape.hidden[read * units..][..hidden]);
        }
        outputs
    }

    /// Weights for the way forth: inputs and biases, then units, by a row of the tape.
    fn packed(&self, weights: Weights) -> (Packed, Packed) {
        let Shape { inputs, hidden, .. } = self.shape;
        let width = self.cell.gates() * hidden;
        let mut biases = self.spread(weights.bias, self.cell.slots());
        if !weights.hidden_bias.is_empty() {
            let more = self.spread(weights.hidden_bias, self.cell.hidden_slots());
            biases.iter_mut().zip(more).for_each(|(sum, bias)| *sum += bias);
        }
        let mut from_inputs = Packed::new(inputs + 1, self.row());
        let mut from_hidden = Packed::new(hidden, self.row());
        for (k, row) in weights.input.chunks_exact(width).enumerate() {
            self.put(&mut from_inputs, k, row, self.cell.slots());
        }
        from_inputs.put(inputs, 0, &biases);
        for (k, row) in weights.hidden.chunks_exact(width).enumerate() {
            self.put(&mut from_hidden, k, row, self.cell.hidden_slots());
        }
        (from_inputs, from_hidden)
    }

    /// Writes a row of weights at the places of a row of the tape.
    fn put(&self, packed: &mut Packed, depth: usize, row: &[f32], slots: &[usize]) {
        for (slot, part) in slots.iter().zip(row.chunks_exact(self.shape.hidden)) {
            packed.put(depth, slot * self.units(), part);
        }
    }

    /// Biases at the places of a row of the tape.
    fn spread(&self, row: &[f32], slots: &[usize]) -> Vec<f32> {
        let mut spread = vec![0.0; self.row()];
        for (slot, part) in slots.iter().zip(row.chunks_exact(self.shape.hidden)) {
            spread[slot * self.units()..][..part.len()].copy_from_slice(part);
        }
        spread
    }
}
