//! FAVOR+: attention through positive random features, in time and memory linear in the steps.
//!
//! ```text
//! softmax kernel  exp(q·k/√d) ≈ φ(q)·φ(k)       x' = x/d^¼
//! features        φ(x) = exp(ω·x' − |x'|²/2 − s) + 10⁻⁴      ω ~ N(0, I), blocks of d orthogonal
//! answer          φ(Q)·(φ(K)ᵀV) / φ(Q)·(φ(K)ᵀ1)
//! ```
//!
//! s is the largest ω·x': of each query its own, of the keys of one window and head a single one; it
//! cancels but for the 10⁻⁴ and keeps the powers within reach. So does the factor 1/√m. Causal sums
//! run up to and with a step itself: whole ones before its chunk, and the triangle within; the single
//! s of the keys lets a later key move an earlier answer, by no more than the 10⁻⁴ lets it.
//! The error falls like 1/√m. Choromanski et al. (2021), Rethinking attention with Performers.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::nets::Draw;
use crate::nets::draw::orthogonal;

/// Keeps every feature, and so every sum of weights, above 0.
const FLOOR: f32 = 1e-4;
/// Steps of a causal chunk: a triangle of this size against a sum of m·d numbers.
const CHUNK: usize = 64;

/// Random features, the same for all heads; kept with the weights, not learnt.
#[derive(Module, Debug)]
pub struct Favor {
    /// `[features, dim of a head]`
    omega: Param<Tensor<2>>,
}

impl Favor {
    /// `count` features of heads of `dim` numbers; 0 = d·ln d of them, 16 at least.
    pub fn new(draw: &mut Draw, count: usize, dim: usize) -> Favor {
        let usual = (dim as f64 * (dim as f64).ln()).round() as usize;
        let count = if count == 0 { usual.max(16) } else { count };
        Favor { omega: draw.fixed([count, dim], |rng, _| directions(rng, count, dim)) }
    }

    /// As many others.
    pub fn redraw(self, draw: &mut Draw) -> Favor {
        let [count, dim] = self.omega.dims();
        Favor::new(draw, count, dim)
    }

    /// Queries, keys and values `[rows, steps, dim]`, a row for each window and head → the same.
    pub fn forward(&self, [q, k, v]: [Tensor<3>; 3], causal: bool) -> Tensor<3> {
        let omega = self.omega.val();
        let (q, k) = (features(q, &omega, Over::Each), features(k, &omega, Over::All));
        let [rows, steps, dim] = v.dims();
        let ones = Tensor::ones([rows, steps, 1], &v.device());
        let v = Tensor::cat(vec![v, ones], 2);
        let sums = match causal {
            true => up_to_each(q, k, v),
            false => q.matmul(k.swap_dims(1, 2).matmul(v)),
        };
        let above = sums.clone().slice([0..rows, 0..steps, 0..dim]);
        above / sums.slice([0..rows, 0..steps, dim..dim + 1])
    }
}

/// What the largest power is taken over.
#[derive(Debug, Clone, Copy)]
enum Over {
    /// The features of each step.
    Each,
    /// All steps of a row.
    All,
}

/// `[rows, steps, dim]` → `[rows, steps, features]`.
fn features(x: Tensor<3>, omega: &Tensor<2>, over: Over) -> Tensor<3> {
    let [rows, steps, dim] = x.dims();
    let count = omega.dims()[0];
    let x = x.reshape([rows * steps, dim]) * (dim as f32).powf(-0.25);
    let powers = x.clone().matmul(omega.clone().transpose());
    let squares = (x.clone() * x).sum_dim(1) * 0.5;
    let largest = match over {
        Over::Each => powers.clone().detach().max_dim(1),
        Over::All => {
            let each = powers.clone().detach().reshape([rows, steps * count]).max_dim(1);
            each.expand([rows, steps]).reshape([rows * steps, 1])
        }
    };
    let features = (powers - (squares + largest)).exp() + FLOOR;
    features.reshape([rows, steps, count])
}

/// For each step the sums over the steps up to it.
fn up_to_each(q: Tensor<3>, k: Tensor<3>, v: Tensor<3>) -> Tensor<3> {
    let ([rows, steps, count], wide) = (q.dims(), v.dims()[2]);
    let mut before = Tensor::zeros([rows, count, wide], &q.device());
    let mut all = Vec::with_capacity(steps.div_ceil(CHUNK));
    for start in (0..steps).step_by(CHUNK) {
        let own = start..(start + CHUNK).min(steps);
        let [q, k] = [&q, &k].map(|x| x.clone().slice([0..rows, own.clone(), 0..count]));
        let v = v.clone().slice([0..rows, own, 0..wide]);
        let within = q.clone().matmul(k.clone().swap_dims(1, 2)).tril(0);
        all.push(within.matmul(v.clone()) + q.matmul(before.clone()));
        before = before + k.swap_dims(1, 2).matmul(v);
    }
    Tensor::cat(all, 1)
}

/// Blocks of orthogonal directions, each as long as a normal vector of its own.
fn directions(rng: &mut ChaCha8Rng, count: usize, dim: usize) -> Vec<f32> {
    let mut rows = orthogonal(rng, count, dim);
    for row in rows.chunks_exact_mut(dim) {
        let normals = StandardNormal.sample_iter(&mut *rng).take(dim);
        let length = normals.map(|value: f64| value * value).sum::<f64>().sqrt() as f32;
        row.iter_mut().for_each(|value| *value *= length);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::numbers;
    use crate::nets::tests::{Golden, draw, of};
    use burn::tensor::{TensorData, activation};
    use rand::SeedableRng;

    /// Two windows and two heads of five steps, whole and causal.
    #[test]
    fn favor_as_pytorch() {
        for (name, causal) in [("favor", false), ("favor_causal", true)] {
            let favor = Favor::new(&mut draw(), 8, 4);
            let golden = Golden::of("nets_attention", name, favor, &[("omega", of("omega"))]);
            let parts = ["q", "k", "v"].map(|part| golden.input::<4>(part).reshape([4, 5, 4]));
            golden.check(golden.layers.forward(parts, causal).reshape([2, 2, 5, 4]));
        }
    }

    fn normals(rng: &mut ChaCha8Rng, count: usize) -> Vec<f32> {
        StandardNormal.sample_iter(rng).take(count).collect()
    }

    fn rows<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> Tensor<D> {
        Tensor::from_data(TensorData::new(values, shape), &burn::tensor::Device::flex())
    }

    /// Sums by chunks are the sums over the triangle of all pairs, also across three chunks.
    #[test]
    fn chunks_are_the_triangle() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let steps = 2 * CHUNK + 9;
        let mut draw = || normals(&mut rng, steps * 4);
        let [q, k, v] = [(); 3].map(|()| rows(draw(), [1, steps, 4]));
        let whole = q.clone().matmul(k.clone().swap_dims(1, 2)).tril(0).matmul(v.clone());
        let (got, want) = (numbers(up_to_each(q, k, v)).unwrap(), numbers(whole).unwrap());
        for (got, want) in got.iter().zip(&want) {
            assert!((got - want).abs() < 1e-3 * want.abs().max(1.0), "{got}, not {want}");
        }
    }

    const STEPS: usize = 32;
    const DIM: usize = 32;

    /// The mean squared error against softmax, relative to its square, over many draws. Queries and
    /// keys have deviation 0.3: with 1, exp(q·k/√d) is so wide that no such number of features holds.
    fn error(count: usize, seeds: u64, draw: impl Fn(&mut ChaCha8Rng, usize) -> Vec<f32>) -> f64 {
        let mut sum = 0.0;
        for seed in 0..seeds {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let parts = [0.3, 0.3, 1.0]
                .map(|wide| rows(normals(&mut rng, STEPS * DIM), [1, STEPS, DIM]) * wide);
            let [q, k, v] = parts.clone();
            let pairs = (q / (DIM as f32).sqrt()).matmul(k.swap_dims(1, 2));
            let exact = activation::softmax(pairs, 2).matmul(v);
            let omega = rows(draw(&mut rng, count), [count, DIM]);
            let said = Favor { omega: Param::from_tensor(omega) }.forward(parts, false);
            let square = |x: Tensor<3>| (x.clone() * x).sum().into_scalar::<f32>();
            sum += f64::from(square(said - exact.clone()) / square(exact)) / seeds as f64;
        }
        sum
    }

    /// Sixteen times the features, a quarter of the error: the slope of log error over log m is −½.
    #[test]
    fn the_error_falls_like_one_over_the_root_of_the_features() {
        let counts = [16_usize, 64, 256, 1024];
        let error = |&m: &usize| error(m, 60, |rng, m| directions(rng, m, DIM)).sqrt().ln();
        let points: Vec<(f64, f64)> = counts.iter().map(|m| ((*m as f64).ln(), error(m))).collect();
        let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / 4.0;
        let (x, y) = (mean(|p| p.0), mean(|p| p.1));
        let slope = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum::<f64>()
            / points.iter().map(|p| (p.0 - x).powi(2)).sum::<f64>();
        assert!((-0.6..-0.4).contains(&slope), "{slope}: {points:?}");
    }

    /// At right angles features tell more than drawn one by one: a smaller error over 150 draws.
    #[test]
    fn orthogonal_features_beat_independent_ones() {
        for count in [16, 64] {
            let orthogonal = error(count, 150, |rng, m| directions(rng, m, DIM));
            let independent = error(count, 150, |rng, m| normals(rng, m * DIM));
            assert!(orthogonal < 0.95 * independent, "{count}: {orthogonal}, {independent}");
        }
    }
}
