//! One step of gated recurrent units over all rows of a batch. Columns: n, r, z, q.
//!
//! ```text
//! r, z = σ(z[r]), σ(z[z])     n = tanh(z[n] + r·q)     q = h[t−1]·U[n] + b
//! h[t] = (1 − z)·n + z·h[t−1]
//! ```

use super::wide::{Loop, UNITS, Units};

/// Sums become gates in place; q stays.
pub(super) struct Forth<'a> {
    pub(super) units: usize,
    pub(super) gates: &'a mut [f32],
    pub(super) before: &'a [f32],
    pub(super) hidden: &'a mut [f32],
}

impl Loop for Forth<'_> {
    #[inline(always)]
    fn run<const WIDTH: usize>(self) {
        let all = self.units / UNITS;
        let gates = self.gates.as_chunks_mut::<UNITS>().0.chunks_exact_mut(4 * all);
        let before = self.before.as_chunks::<UNITS>().0.chunks_exact(all);
        let hidden = self.hidden.as_chunks_mut::<UNITS>().0.chunks_exact_mut(all);
        for ((gates, before), hidden) in gates.zip(before).zip(hidden) {
            for at in 0..all {
                let r = Units::<WIDTH>(gates[all + at]).sigmoid();
                let z = Units::<WIDTH>(gates[2 * all + at]).sigmoid();
                let n = r.times_plus(Units(gates[3 * all + at]), Units(gates[at])).tanh();
                gates[at] = n.0;
                gates[all + at] = r.0;
                gates[2 * all + at] = z.0;
                hidden[at] = z.times_plus(Units(before[at]) - n, n).0;
            }
        }
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

impl Loop for Back<'_> {
    #[inline(always)]
    fn run<const WIDTH: usize>(self) {
        let all = self.units / UNITS;
        let one = Units::<WIDTH>::all(1.0);
        let gates = self.gates.as_chunks_mut::<UNITS>().0.chunks_exact_mut(4 * all);
        let before = self.before.as_chunks::<UNITS>().0.chunks_exact(all);
        let dh = self.hidden_slopes.as_chunks_mut::<UNITS>().0.chunks_exact_mut(all);
        for ((gates, before), dh) in gates.zip(before).zip(dh) {
            for at in 0..all {
                let [n, r, z, q] = [0, 1, 2, 3].map(|gate| Units::<WIDTH>(gates[gate * all + at]));
                let slope = Units(dh[at]);
                let dn = slope * (one - z) * (one - n * n);
                gates[at] = dn.0;
                gates[all + at] = (dn * q * (r * (one - r))).0;
                gates[2 * all + at] = (slope * (Units(before[at]) - n) * (z * (one - z))).0;
                gates[3 * all + at] = (dn * r).0;
                dh[at] = (slope * z).0;
            }
        }
    }
}
