//! One step of gated recurrent units over all rows of a batch. Columns: n, r, z, q.
//!
//! ```text
//! r, z = σ(z[r]), σ(z[z])     n = tanh(z[n] + r·q)     q = h[t−1]·U[n] + b
//! h[t] = (1 − z)·n + z·h[t−1]
//! ```

use crate::wide::{Register, Step, Units};

/// Sums become gates in place; q stays.
pub(super) struct Forth<'a> {
    pub(super) units: usize,
    pub(super) gates: &'a mut [f32],
    pub(super) before: &'a [f32],
    pub(super) hidden: &'a mut [f32],
}

impl Step for Forth<'_> {
    #[inline(always)]
    fn units<V: Register>(&mut self, row: usize, from: usize) {
        let (n, at) = (self.units, self.units * row + from);
        let gates = &mut self.gates[4 * n * row..][..4 * n];
        let sum = |gate: usize| Units::<V>::of(&gates[gate * n + from..]);
        let (r, z) = (sum(1).sigmoid(), sum(2).sigmoid());
        let new = r.times_plus(sum(3), sum(0)).tanh();
        new.put(&mut gates[from..]);
        r.put(&mut gates[n + from..]);
        z.put(&mut gates[2 * n + from..]);
        z.times_plus(Units::of(&self.before[at..]) - new, new).put(&mut self.hidden[at..]);
    }
}

/// Gates become slopes of the loss by their sums in place, and slopes by h[t] the part of those by
/// h[t−1] that goes past the product.
pub(super) struct Back<'a> {
    pub(super) units: usize,
    pub(super) gates: &'a mut [f32],
    pub(super) before: &'a [f32],
    pub(super) hidden_slopes: &'a mut [f32],
}

impl Step for Back<'_> {
    #[inline(always)]
    fn units<V: Register>(&mut self, row: usize, from: usize) {
        let (n, at) = (self.units, self.units * row + from);
        let gates = &mut self.gates[4 * n * row..][..4 * n];
        let gate = |gate: usize| Units::<V>::of(&gates[gate * n + from..]);
        let (new, r, z, q) = (gate(0), gate(1), gate(2), gate(3));
        let dh = &mut self.hidden_slopes[at..];
        let (slope, before) = (Units::of(dh), Units::of(&self.before[at..]));
        let one = Units::all(1.0);
        let by_new = slope * (one - z) * (one - new * new);
        by_new.put(&mut gates[from..]);
        (by_new * q * (r * (one - r))).put(&mut gates[n + from..]);
        (slope * (before - new) * (z * (one - z))).put(&mut gates[2 * n + from..]);
        (by_new * r).put(&mut gates[3 * n + from..]);
        (slope * z).put(dh);
    }
}
