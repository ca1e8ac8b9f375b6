//! One step of a plain recurrent layer over all rows of a batch: h[t] = act(z).

use super::Act;
use super::wide::{Loop, UNITS, Units};

/// Sums become outputs in place; outputs are copied to `hidden`.
pub(super) struct Forth<'a> {
    pub(super) act: Act,
    pub(super) gates: &'a mut [f32],
    pub(super) hidden: &'a mut [f32],
}

impl Loop for Forth<'_> {
    #[inline(always)]
    fn run<const WIDTH: usize>(self) {
        let gates = self.gates.as_chunks_mut::<UNITS>().0;
        let hidden = self.hidden.as_chunks_mut::<UNITS>().0;
        for (gate, hidden) in gates.iter_mut().zip(hidden) {
            *gate = self.act.of(Units::<WIDTH>(*gate)).0;
            *hidden = *gate;
        }
    }
}

/// Outputs become slopes of the loss by their sums in place.
pub(super) struct Back<'a> {
    pub(super) act: Act,
    pub(super) gates: &'a mut [f32],
    pub(super) hidden_slopes: &'a mut [f32],
}

impl Loop for Back<'_> {
    #[inline(always)]
    fn run<const WIDTH: usize>(self) {
        let gates = self.gates.as_chunks_mut::<UNITS>().0;
        let slopes = self.hidden_slopes.as_chunks_mut::<UNITS>().0;
        for (gate, slope) in gates.iter_mut().zip(slopes) {
            *gate = (Units::<WIDTH>(*slope) * self.act.slope(Units(*gate))).0;
            *slope = [0.0; UNITS];
        }
    }
}
