//! Weights at the start: drawn from the fit's own generator, so that they depend on nothing else.

use almanac_data::FitError;
use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::Ctx;

/// A generator and a device: what layers are built from.
pub struct Draw {
    rng: ChaCha8Rng,
    /// Where weights live, with gradients.
    pub device: Device,
    /// Weights that may still be drawn; `None` once more were asked for.
    room: Option<usize>,
}

impl Draw {
    /// The generator and the device of a context.
    ///
    /// # Errors
    /// A device that is not there.
    pub fn new(ctx: &Ctx) -> Result<Draw, FitError> {
        Draw::within(ctx, usize::MAX)
    }

    /// The same for so many weights at most: those of a file, which must not claim more than it has.
    ///
    /// # Errors
    /// A device that is not there.
    pub fn within(ctx: &Ctx, weights: usize) -> Result<Draw, FitError> {
        let device = ctx.device.open()?.autodiff();
        Ok(Draw { rng: ctx.rng(), device, room: Some(weights) })
    }

    /// Refuses layers that asked for more weights than there are.
    ///
    /// # Errors
    /// In words.
    pub fn enough(&self) -> Result<(), FitError> {
        match self.room {
            Some(_) => Ok(()),
            None => Err(FitError::Failed("the file of weights is of smaller layers".into())),
        }
    }

    /// Takes room for weights of this shape.
    fn take(&mut self, shape: &[usize]) -> bool {
        let count = shape.iter().try_fold(1_usize, |count, size| count.checked_mul(*size));
        self.room = self.room.zip(count).and_then(|(room, count)| room.checked_sub(count));
        self.room.is_some()
    }

    /// Uniform within ±√(6 / (ins + outs)). Glorot & Bengio (2010).
    pub fn glorot<const D: usize>(
        &mut self,
        shape: [usize; D],
        (ins, outs): (usize, usize),
    ) -> Param<Tensor<D>> {
        self.uniform(shape, (6.0 / (ins + outs) as f32).sqrt())
    }

    /// Uniform within ±`most`.
    pub fn uniform<const D: usize>(&mut self, shape: [usize; D], most: f32) -> Param<Tensor<D>> {
        self.learnt(shape, |rng, count| {
            (0..count).map(|_| rng.random_range(-most..=most)).collect()
        })
    }

    /// Rows of normals made orthogonal to each other by Gram and Schmidt, each of length 1; where
    /// there are more rows than columns, in blocks. Saxe, McClelland & Ganguli (2014).
    pub fn orthogonal(&mut self, rows: usize, columns: usize) -> Param<Tensor<2>> {
        self.learnt([rows, columns], |rng, _| orthogonal(rng, rows, columns))
    }

    /// These values.
    pub fn given<const D: usize>(
        &mut self,
        shape: [usize; D],
        values: Vec<f32>,
    ) -> Param<Tensor<D>> {
        self.learnt(shape, |_, _| values)
    }

    /// All the same.
    pub fn constant<const D: usize>(&mut self, shape: [usize; D], value: f32) -> Param<Tensor<D>> {
        self.learnt(shape, |_, count| vec![value; count])
    }

    /// Numbers that are kept with the weights but not learnt.
    pub fn fixed<const D: usize>(
        &mut self,
        shape: [usize; D],
        values: impl FnOnce(&mut ChaCha8Rng, usize) -> Vec<f32>,
    ) -> Param<Tensor<D>> {
        Param::from_tensor(self.tensor(shape, values)).set_require_grad(false)
    }

    /// The generator.
    pub fn rng(&mut self) -> &mut ChaCha8Rng {
        &mut self.rng
    }

    fn learnt<const D: usize>(
        &mut self,
        shape: [usize; D],
        values: impl FnOnce(&mut ChaCha8Rng, usize) -> Vec<f32>,
    ) -> Param<Tensor<D>> {
        Param::from_tensor(self.tensor(shape, values).require_grad())
    }

    /// A tensor of these values; where there is no room for it, of a single zero.
    fn tensor<const D: usize>(
        &mut self,
        shape: [usize; D],
        values: impl FnOnce(&mut ChaCha8Rng, usize) -> Vec<f32>,
    ) -> Tensor<D> {
        let data = match self.take(&shape) {
            true => TensorData::new(values(&mut self.rng, shape.iter().product()), shape),
            false => TensorData::new(vec![0.0_f32], [1; D]),
        };
        Tensor::from_data(data, &self.device)
    }
}

/// See [`Draw::orthogonal`].
pub(crate) fn orthogonal(rng: &mut ChaCha8Rng, rows: usize, columns: usize) -> Vec<f32> {
    let mut all: Vec<Vec<f64>> = Vec::with_capacity(rows);
    while all.len() < rows {
        let block = all.len() - all.len() % columns;
        let mut row: Vec<f64> = (0..columns).map(|_| StandardNormal.sample(rng)).collect();
        for other in &all[block..] {
            let along: f64 = row.iter().zip(other).map(|(a, b)| a * b).sum();
            row.iter_mut().zip(other).for_each(|(a, b)| *a -= along * b);
        }
        let length = row.iter().map(|a| a * a).sum::<f64>().sqrt();
        if length > 1e-6 {
            row.iter_mut().for_each(|a| *a /= length);
            all.push(row);
        }
    }
    all.into_iter().flatten().map(|value| value as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of length 1, each at a right angle to the others of its block.
    #[test]
    fn rows_are_orthogonal() {
        let rows = orthogonal(&mut Ctx::new(1).rng(), 6, 4);
        let dot =
            |a: usize, b: usize| -> f32 { (0..4).map(|k| rows[a * 4 + k] * rows[b * 4 + k]).sum() };
        for (a, b) in [(0, 1), (0, 3), (2, 3), (4, 5)] {
            assert!(dot(a, b).abs() < 1e-6 && (dot(a, a) - 1.0).abs() < 1e-6);
        }
    }
}
