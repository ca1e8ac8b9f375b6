//! The way back: slopes by sums from the last step to the first, then all weights at once.

use super::{Cell, Layer, Shape, Slopes, Tape, Weights, gru, lstm, rnn};
use crate::Wanted;
use crate::product::{Left, Packed, Product};
use crate::room::{LINE, Room};
use crate::wide::each_unit;

/// Rows of slopes that are multiplied together for the weights.
const CHUNK: usize = 256;

impl Layer {
    /// The slopes of a loss whose slopes by the outputs are `outputs`, [batch][step][unit].
    pub fn backward(
        &self,
        weights: Weights,
        mut tape: Tape,
        outputs: &[f32],
        wanted: Wanted,
    ) -> Slopes {
        self.slopes_of_sums(weights, &mut tape, outputs);
        let once = (self.shape.heard < self.shape.steps).then(|| self.over_steps(&tape.gates));
        let heard = once.as_ref().unwrap_or(&tape.gates);
        let x = match wanted {
            Wanted::Weights => Vec::new(),
            Wanted::Inputs => self.slopes_of_inputs(weights, heard),
        };
        self.slopes_of_weights(&tape, heard, x)
    }

    /// Sums over all steps of slopes by what was heard once.
    fn over_steps(&self, slopes: &[f32]) -> Room {
        let size = self.shape.batch * self.row();
        let mut sums = Room::zeros(size);
        for step in slopes.chunks_exact(size) {
            sums.iter_mut().zip(step).for_each(|(sum, slope)| *sum += slope);
        }
        sums
    }

    /// Turns the gates of the tape into slopes by their sums, from the last step back.
    fn slopes_of_sums(&self, weights: Weights, tape: &mut Tape, outputs: &[f32]) {
        let Shape { batch, steps, hidden, .. } = self.shape;
        let (units, row) = (self.units(), self.row());
        let first = self.cell.hidden_slots().iter().min().map_or(0, |slot| slot * units);
        let back = self.turned(weights.hidden, self.cell.hidden_slots());
        let mut hidden_slopes = Room::zeros(batch * units);
        let mut cell_slopes = Room::zeros(batch * units);
        for step in (0..steps).rev() {
            if step + 1 < steps {
                let later = &tape.gates[(step + 1) * batch * row + first..];
                let terms = &[(Left::rows(later, row), &back)];
                let (rows, width, out) = (batch, units, &mut hidden_slopes);
                Product::<false> { terms, kept: true, rows, width, stride: units, out }.run();
            }
            for (at, sums) in hidden_slopes.chunks_exact_mut(units).enumerate() {
                let own = &outputs[(at * steps + self.place(step)) * hidden..][..hidden];
                sums.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
            }
            self.back(tape, step, &mut hidden_slopes, &mut cell_slopes);
        }
    }

    /// One step back: slopes by h[t] and c[t] become those by their predecessors, h's but for the
    /// product.
    fn back(
        &self,
        tape: &mut Tape,
        step: usize,
        hidden_slopes: &mut [f32],
        cell_slopes: &mut [f32],
    ) {
        let (batch, units, row) = (self.shape.batch, self.units(), self.row());
        let at = step * batch * units;
        let gates = &mut tape.gates[step * batch * row..][..batch * row];
        match self.cell {
            Cell::Lstm(act) => {
                let cell_before = &tape.cells[at..][..batch * units];
                let bent = &tape.bent[at..][..batch * units];
                let step =
                    lstm::Back { act, units, gates, cell_before, bent, hidden_slopes, cell_slopes };
                each_unit(step, batch, units);
            }
            Cell::Gru => {
                let before = &tape.hidden[at..][..batch * units];
                each_unit(gru::Back { units, gates, before, hidden_slopes }, batch, units);
            }
            Cell::Rnn(act) => {
                each_unit(rnn::Back { act, gates, hidden_slopes }, 1, batch * units);
            }
        }
    }

    /// Weights of `rows` rows for the way back: from blocks of a tape's row, the first of `slots` on.
    fn turned<'a>(&self, rows: &'a [f32], slots: &[usize]) -> Packed {
        let (hidden, units) = (self.shape.hidden, self.units());
        let width = slots.len() * hidden;
        let first = slots.iter().min().copied().unwrap_or(0);
        let mut packed = Packed::new(slots.len() * units, rows.len() / width);
        for (line, rows) in rows.chunks(LINE * width).enumerate() {
            for (gate, slot) in slots.iter().enumerate() {
                let part = |row: &'a [f32]| &row[gate * hidden..][..hidden];
                let parts: Vec<&[f32]> = rows.chunks_exact(width).map(part).collect();
                packed.put_down((slot - first) * units, line, &parts);
            }
        }
        packed
    }

    fn slopes_of_inputs(&self, weights: Weights, heard: &[f32]) -> Vec<f32> {
        let (inputs, rows) = (self.shape.inputs, self.shape.heard * self.shape.batch);
        let back = self.turned(weights.input, self.cell.slots());
        let mut sums = Room::any(rows * inputs);
        let terms = &[(Left::rows(heard, self.row()), &back)];
        let (kept, width, stride, out) = (false, inputs, inputs, &mut sums[..]);
        Product::<false> { terms, kept, rows, width, stride, out }.run();
        let mut x = vec![0.0; rows * inputs];
        for (at, sums) in sums.chunks_exact(inputs).enumerate() {
            x[self.row_heard(at) * inputs..][..inputs].copy_from_slice(sums);
        }
        x
    }

    fn slopes_of_weights(&self, tape: &Tape, heard: &[f32], x: Vec<f32>) -> Slopes {
        let Shape { inputs, hidden, .. } = self.shape;
        let width = self.cell.gates() * hidden;
        let (slots, hidden_slots) = (self.cell.slots(), self.cell.hidden_slots());
        let mut input = vec![0.0; (inputs + 1) * width];
        let mut own = vec![0.0; hidden * width];
        let mut hidden_bias = vec![0.0; if self.cell == Cell::Gru { width } else { 0 }];
        let with_one = Left::rows(&tape.inputs, inputs + 1);
        let before = Left::rows(&tape.hidden, self.units());
        let from_inputs = (with_one, inputs + 1, &mut input[..]);
        let from_hidden = (before, hidden, &mut own[..]);
        if slots == hidden_slots && heard.len() == tape.gates.len() {
            self.add_products(heard, slots, [from_inputs, from_hidden]);
        } else {
            self.add_products(heard, slots, [from_inputs]);
            self.add_products(&tape.gates, hidden_slots, [from_hidden]);
        }
        if self.cell == Cell::Gru {
            for slopes in tape.gates.chunks_exact(self.row()) {
                for (sums, slot) in hidden_bias.chunks_exact_mut(hidden).zip(hidden_slots) {
                    let own = &slopes[slot * self.units()..][..hidden];
                    sums.iter_mut().zip(own).for_each(|(sum, slope)| *sum += slope);
                }
            }
        }
        let bias = input.split_off(inputs * width);
        Slopes { x, input, hidden: own, bias, hidden_bias }
    }

    /// Products, over all rows, of some columns on the left with the slopes of some gates.
    fn add_products<const N: usize>(
        &self,
        slopes: &[f32],
        slots: &[usize],
        mut lefts: [(Left, usize, &mut [f32]); N],
    ) {
        let (row, hidden) = (self.row(), self.shape.hidden);
        let rows = slopes.len() / row;
        let width = slots.len() * hidden;
        let mut packed = Packed::new(CHUNK.min(rows), width);
        for first in (0..rows).step_by(CHUNK) {
            let depth = CHUNK.min(rows - first);
            packed.cut(depth);
            for (k, slopes) in slopes[first * row..].chunks_exact(row).take(depth).enumerate() {
                for (gate, slot) in slots.iter().enumerate() {
                    packed.put(k, gate * hidden, &slopes[slot * self.units()..][..hidden]);
                }
            }
            for (left, rows, out) in &mut lefts {
                let (rows, kept) = (*rows, first > 0);
                let terms = &[(left.from(first), &packed)];
                Product::<true> { terms, kept, rows, width, stride: width, out }.run();
            }
        }
    }
}
