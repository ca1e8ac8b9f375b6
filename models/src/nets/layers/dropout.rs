//! Dropout: in training, numbers are left out by chance and the others made larger to make up.

use burn::tensor::{Tensor, TensorData};
use rand::RngExt;

use crate::nets::Noise;

/// Each number is 0 with chance `share`, else 1 / (1 − share) times as large; in use, as it is.
/// Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov (2014).
pub fn dropout<const D: usize>(x: Tensor<D>, share: f64, noise: &mut Noise) -> Tensor<D> {
    let Some(rng) = noise.0.as_mut().filter(|_| share > 0.0) else { return x };
    let (shape, keep) = (x.dims(), 1.0 - share);
    let draw = |_| if rng.random_bool(keep) { (1.0 / keep) as f32 } else { 0.0 };
    let mask: Vec<f32> = (0..shape.iter().product()).map(draw).collect();
    let mask = Tensor::<D>::from_data(TensorData::new(mask, shape), &x.device());
    x * mask
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    /// A third of many ones is left out, and their mean stays near 1; in use nothing happens.
    #[test]
    fn the_mean_stays() {
        let device = burn::tensor::Device::flex();
        let ones = || Tensor::<2>::ones([100, 100], &device);
        let mut noise = Noise(Some(rand_chacha::ChaCha8Rng::seed_from_u64(1)));
        let mean = dropout(ones(), 1.0 / 3.0, &mut noise).mean().into_scalar::<f32>();
        assert!((mean - 1.0).abs() < 0.03, "{mean}");
        let used = dropout(ones(), 0.5, &mut Noise(None)).mean().into_scalar::<f32>();
        assert_eq!(used, 1.0);
    }
}
