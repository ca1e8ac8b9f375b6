//! One step of long short-term memory over all rows of a batch.
//!
//! ```text
//! i, f, o = σ(z[i]), σ(z[f]), σ(z[o])    g = act(z[g])
//! c[t] = f·c[t−1] + i·g                  h[t] = o·act(c[t])
//! ```

use super::Act;
use crate::wide::{Register, Step, Units};

/// Sums become gates in place, and a row of cells its successor.
pub(super) struct Forth<'a> {
    pub(super) act: Act,
    pub(super) units: usize,
    pub(super) gates: &'a mut [f32],
    pub(super) cell: &'a mut [f32],
    pub(super) bent: &'a mut [f32],
    pub(super) hidden: &'a mut [f32],
}

impl Step for Forth<'_> {
    #[inline(always)]
    fn units<V: Register>(&mut self, row: usize, from: usize) {
        let n = self.units;
        let gates = &mut self.gates[4 * n * row..][..4 * n];
        let sum = |gate: usize| Units::<V>::of(&gates[gate * n + from..]);
        let (i, f, o) = (sum(0).sigmoid(), sum(1).sigmoid(), sum(3).sigmoid());
        let g = self.act.of(sum(2));
        let at = n * row + from;
        let c = f.times_plus(Units::of(&self.cell[at..]), i * g);
        let a = self.act.of(c);
        i.put(&mut gates[from..]);
        f.put(&mut gates[n + from..]);
        g.put(&mut gates[2 * n + from..]);
        o.put(&mut gates[3 * n + from..]);
        c.put(&mut self.cell[at..]);
        a.put(&mut self.bent[at..]);
        (o * a).put(&mut self.hidden[at..]);
    }
}

/// Gates become slopes of the loss by their sums in place, and slopes by c[t] those by c[t−1].
pub(super) struct Back<'a> {
    pub(super) act: Act,
    pub(super) units: usize,
    pub(super) gates: &'a mut [f32],
    pub(super) cell_before: &'a [f32],
    pub(super) bent: &'a [f32],
    pub(super) hidden_slopes: &'a mut [f32],
    pub(super) cell_slopes: &'a mut [f32],
}

impl Step for Back<'_> {
    #[inline(always)]
    fn units<V: Register>(&mut self, row: usize, from: usize) {
        let n = self.units;
        let gates = &mut self.gates[4 * n * row..][..4 * n];
        let gate = |gate: usize| Units::<V>::of(&gates[gate * n + from..]);
        let (i, f, g, o) = (gate(0), gate(1), gate(2), gate(3));
        let at = n * row + from;
        let (before, a) = (Units::of(&self.cell_before[at..]), Units::of(&self.bent[at..]));
        let (dh, dc) = (&mut self.hidden_slopes[at..], &mut self.cell_slopes[at..]);
        let (slope, one) = (Units::of(dh), Units::all(1.0));
        let through = (slope * o).times_plus(self.act.slope(a), Units::of(dc));
        (through * g * (i * (one - i))).put(&mut gates[from..]);
        (through * before * (f * (one - f))).put(&mut gates[n + from..]);
        (through * i * self.act.slope(g)).put(&mut gates[2 * n + from..]);
        (slope * a * (o * (one - o))).put(&mut gates[3 * n + from..]);
        (through * f).put(dc);
        Units::<V>::all(0.0).put(dh);
    }
}
