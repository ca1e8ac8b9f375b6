//! A decoder: what was understood of a window, told to units that say a step ahead each.

use burn::module::Module;
use burn::tensor::Tensor;

use super::{Recurrent, Stack, lstm};
use crate::nets::{Draw, Shape};

/// An LSTM that hears the same at every step ahead, and sums above it, the same for all steps.
#[derive(Module, Debug)]
pub struct Decoder {
    reading: Recurrent,
    sums: Stack,
    horizon: usize,
}

impl Decoder {
    /// From `ins` numbers, through `units` and sums of these widths, to the answer of a shape.
    pub fn new(
        draw: &mut Draw,
        (ins, units): (usize, usize),
        (relu, widths): (bool, &[usize]),
        shape: Shape,
    ) -> Decoder {
        let reading = Recurrent::new(draw, lstm(relu), ins, units);
        let sums = Stack::new(draw, units, widths, shape.outputs);
        Decoder { reading, sums, horizon: shape.horizon }
    }

    /// `[batch, ins]` → `[batch, horizon, outputs]`.
    pub fn forward(&self, heard: Tensor<2>) -> Tensor<3> {
        self.sums.each(self.reading.held(heard, self.horizon))
    }
}
