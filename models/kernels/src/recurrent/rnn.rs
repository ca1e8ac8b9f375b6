//! One step of a plain recurrent layer over all rows of a batch: h[t] = act(z).

use super::Act;
use crate::wide::{Register, Step, Units};

/// Sums become outputs in place; outputs are copied to `hidden`.
pub(super) struct Forth<'a> {
    pub(super) act: Act,
    pub(super) gates: &'a mut [f32],
    pub(super) hidden: &'a mut [f32],
}

impl Step for Forth<'_> {
    #[inline(always)]
    fn units<V: Register>(&mut self, _: usize, from: usize) {
        let gates = &mut self.gates[from..];
        let h = self.act.of(Units::<V>::of(gates));
        h.put(gates);
        h.put(&mut self.hidden[from..]);
    }
}

/// Outputs become slopes of the loss by their sums in place.
pub(super) struct Back<'a> {
    pub(super) act: Act,
    pub(super) gates: &'a mut [f32],
    pub(super) hidden_slopes: &'a mut [f32],
}

impl Step for Back<'_> {
    #[inline(always)]
    fn units<V: Register>(&mut self, _: usize, from: usize) {
        let (gates, slopes) = (&mut self.gates[from..], &mut self.hidden_slopes[from..]);
        (Units::<V>::of(slopes) * self.act.slope(Units::of(gates))).put(gates);
        Units::<V>::all(0.0).put(slopes);
    }
}
