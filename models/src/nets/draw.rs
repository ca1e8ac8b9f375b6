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
}

impl Draw {
    /// The generator and the device of a context.
    ///
    /// # Errors
    /// A device that is not there.
    pub fn new(ctx: &Ctx) -> Result<Draw, FitError> {
        Ok(Draw { rng: ctx.rng(), device: ctx.device.open()?.autodiff() })
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
        let count = shape.iter().product();
        self.learnt(shape, |rng| (0..count).map(|_| rng.random_range(-most..=most)).collect())
    }

    /// Rows of normals made orthogonal to each other by Gram and Schmidt, each of length 1; where
    /// there are more rows than columns, in blocks. Saxe, McClelland & Ganguli (2014).
    pub fn orthogonal(&mut self, rows: usize, columns: usize) -> Param<Tensor<2>> {
        self.learnt([rows, columns], |rng| orthogonal(rng, rows, columns))
    }

    /// These values.
    pub fn given<const D: usize>(
        &mut self,
        shape: [usize; D],
        values: Vec<f32>,
    ) -> Param<Tensor<D>> {
        self.learnt(shape, |_| values)
    }

    /// All the same.
    pub fn constant<const D: usize>(&mut self, shape: [usize; D], value: f32) -> Param<Tensor<D>> {
        let count = shape.iter().product();
        self.learnt(shape, |_| vec![value; count])
    }

    /// Numbers that are kept with the weights but not learnt.
    pub fn fixed<const D: usize>(
        &mut self,
        shape: [usize; D],
        values: Vec<f32>,
    ) -> Param<Tensor<D>> {
        let tensor = Tensor::from_data(TensorData::new(values, shape), &self.device);
        Param::from_tensor(tensor).set_require_grad(false)
    }

    /// The generator.
    pub fn rng(&mut self) -> &mut ChaCha8Rng {
        &mut self.rng
    }

    fn learnt<const D: usize>(
        &mut self,
        shape: [usize; D],
        values: impl FnOnce(&mut ChaCha8Rng) -> Vec<f32>,
    ) -> Param<Tensor<D>> {
        let data = TensorData::new(values(&mut self.rng), shape);
        Param::from_tensor(Tensor::from_data(data, &self.device).require_grad())
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
