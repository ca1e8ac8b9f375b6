//! One step of long short-term memory over all rows of a batch.
//!
//! ```text
//! i, f, o = σ(z[i]), σ(z[f]), σ(z[o])    g = act(z[g])
//! c[t] = f·c[t−1] + i·g                  h[t] = o·act(c[t])
//! ```

use super::Act;
use super::wide::{Loop, UNITS, Units};

/// Sums become gates in place, and a row of cells its successor.
pub(super) struct Forth<'a> {
    pub(super) act: Act,
    pub(super) units: usize,
    pub(super) gates: &'a mut [f32],
    pub(super) cell: &'a mut [f32],
    pub(super) bent: &'a mut [f32],
    pub(super) hidden: &'a mut [f32],
}

impl Loop for Forth<'_> {
    #[inline(always)]
    fn run<const WIDTH: usize>(self) {
        let all = self.units / UNITS;
        let gates = self.gates.as_chunks_mut::<UNITS>().0.chunks_exact_mut(4 * all);
        let cell = self.cell.as_chunks_mut::<UNITS>().0.chunks_exact_mut(all);
        let bent = self.bent.as_chunks_mut::<UNITS>().0.chunks_exact_mut(all);
        let hidden = self.hidden.as_chunks_mut::<UNITS>().0.chunks_exact_mut(all);
        for (((gates, cell), bent), hidden) in gates.zip(cell).zip(bent).zip(hidden) {
            for at in 0..all {
                let i = Units::<WIDTH>(gates[at]).sigmoid();
                let f = Units::<WIDTH>(gates[all + at]).sigmoid();
                let g = self.act.of(Units::<WIDTH>(gates[2 * all + at]));
                let o = Units::<WIDTH>(gates[3 * all + at]).sigmoid();
                let c = f.times_plus(Units(cell[at]), i * g);
                let a = self.act.of(c);
                gates[at] = i.0;
                gates[all + at] = f.0;
                gates[2 * all + at] = g.0;
                gates[3 * all + at] = o.0;
                (cell[at], bent[at], hidden[at]) = (c.0, a.0, (o * a).0);
            }
        }
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

impl Loop for Back<'_> {
    #[inline(always)]
    fn run<const WIDTH: usize>(self) {
        let all = self.units / UNITS;
        let one = Units::<WIDTH>::all(1.0);
        let gates = self.gates.as_chunks_mut::<UNITS>().0.chunks_exact_mut(4 * all);
        let before = self.cell_before.as_chunks::<UNITS>().0.chunks_exact(all);
        let bent = self.bent.as_chunks::<UNITS>().0.chunks_exact(all);
        let dh = self.hidden_slopes.as_chunks_mut::<UNITS>().0.chunks_exact_mut(all);
        let dc = self.cell_slopes.as_chunks_mut::<UNITS>().0.chunks_exact_mut(all);
        for ((((gates, before), bent), dh), dc) in gates.zip(before).zip(bent).zip(dh).zip(dc) {
            for at in 0..all {
                let [i, f, g, o] = [0, 1, 2, 3].map(|gate| Units::<WIDTH>(gates[gate * all + at]));
                let (a, slope) = (Units(bent[at]), Units(dh[at]));
                let through = (slope * o) * self.act.slope(a) + Units(dc[at]);
                gates[at] = (through * g * (i * (one - i))).0;
                gates[all + at] = (through * Units(before[at]) * (f * (one - f))).0;
                gates[2 * all + at] = (through * i * self.act.slope(g)).0;
                gates[3 * all + at] = (slope * a * (o * (one - o))).0;
                (dc[at], dh[at]) = ((through * f).0, [0.0; UNITS]);
            }
        }
    }
}
