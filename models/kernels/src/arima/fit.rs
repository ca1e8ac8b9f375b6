//! Coefficients by likelihood: regression weights and σ² in closed form, the rest by BFGS.
//!
//! ```text
//! minimise  ½·ln(rss/n) + ½·Σ ln f / n      rss = generalised least squares over the columns
//! ```
//!
//! The conditional sum of squares gives a start, the exact likelihood the answer. Gradients are
//! differences between lanes of one run.

use serde::{Deserialize, Serialize};

use super::kalman;
use super::likelihood::{self, Sums};
use super::poly::Order;
use crate::bfgs::{Stop, minimise};
use crate::lanes::WIDTH;

/// What is fitted: column 0 is the series, the others are regressors.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Differences of every column, holes filled; of the series, what `base` leaves.
    differences: Vec<Vec<f64>>,
    /// The same columns at their level, where there are holes.
    holed: Option<Vec<Vec<f64>>>,
    /// Weights taken off beforehand, so that sums of squares are not differences of large numbers.
    base: Vec<f64>,
    /// Below this a sum of squares is rounding.
    rounding: f64,
}

/// Which likelihood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Sum of squares given the first values, holes filled.
    Conditional,
    /// Gaussian likelihood, holes exact.
    Exact,
}

/// Furthest start from zero, in free numbers: a partial autocorrelation of 0.97.
const EDGE: f64 = 4.0;

/// A fitted model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// φ, θ, Φ, Θ.
    pub coefficients: Vec<f64>,
    /// Weights of the columns after the first.
    pub beta: Vec<f64>,
    /// Sum of squared standardised innovations.
    pub rss: f64,
    /// Values counted.
    pub count: usize,
    /// Logarithm of the likelihood (of the conditional one after a conditional fit).
    pub log_likelihood: f64,
}

impl Fit {
    /// Akaike's criterion corrected for short samples; infinite when nothing is left to correct.
    pub fn aicc(&self) -> f64 {
        let k = (self.coefficients.len() + self.beta.len() + 1) as f64;
        let left = self.count as f64 - k - 1.0;
        if left <= 0.0 {
            return f64::INFINITY;
        }
        -2.0 * self.log_likelihood + 2.0 * k + 2.0 * k * (k + 1.0) / left
    }
}

impl Sample {
    /// A sample of columns at their level. `filled` is column 0 without its holes.
    pub fn new(order: &Order, mut columns: Vec<Vec<f64>>, filled: &[f64]) -> Sample {
        let mut differences: Vec<Vec<f64>> = std::iter::once(filled)
            .chain(columns[1..].iter().map(Vec::as_slice))
            .map(|column| order.difference(column))
            .collect();
        let products = |a: &Vec<f64>| -> Vec<f64> {
            let dot = |b: &Vec<f64>| a.iter().zip(b).map(|(a, b)| a * b).sum();
            differences.iter().map(dot).collect()
        };
        let gram: Vec<f64> = differences.iter().flat_map(products).collect();
        let base = regress(&gram).0;
        take_off(&mut differences, &base);
        take_off(&mut columns, &base);
        let peak = filled.iter().fold(0.0_f64, |peak, value| peak.max(value.abs()));
        let rounding = filled.len() as f64 * (peak * 1e-13).powi(2);
        let holed = columns[0].iter().any(|value| value.is_nan()).then_some(columns);
        Sample { differences, holed, base, rounding }
    }

    fn sums(&self, order: &Order, models: &[&[f64]], method: Method) -> Vec<Sums> {
        match (&self.holed, method) {
            (Some(levels), Method::Exact) => {
                models.iter().map(|model| kalman::sums(order, model, levels)).collect()
            }
            _ => likelihood::sums(order, models, &self.differences, method == Method::Exact),
        }
    }

    /// The fit at given coefficients.
    pub fn at(&self, order: &Order, coefficients: &[f64], method: Method) -> Fit {
        let sums = self.sums(order, &[coefficients], method).remove(0);
        let (mut beta, rss) = regress(&sums.gram);
        beta.iter_mut().zip(&self.base).for_each(|(beta, base)| *beta += base);
        // A perfect fit has an infinite likelihood; rounding is the most that can be told.
        let sigma2 = (rss.max(self.rounding) / sums.count as f64).max(f64::MIN_POSITIVE);
        // Conditional fits of any order speak of all differences, so that they can be compared.
        let count = if method == Method::Exact { sums.count } else { self.differences[0].len() };
        let n = count as f64;
        let log_likelihood =
            -0.5 * (n * (1.0 + (std::f64::consts::TAU * sigma2).ln()) + sums.log_f);
        let coefficients = coefficients.to_vec();
        Fit { coefficients, beta, rss, count, log_likelihood }
    }

    /// Whether the columns explain the series without any model.
    fn is_exhausted(&self, order: &Order) -> bool {
        let none = vec![0.0; order.count()];
        self.at(order, &none, Method::Conditional).rss <= self.rounding
    }
}

/// The exact fit, from a conditional one.
pub fn fit(order: &Order, sample: &Sample) -> Fit {
    let zeros = vec![0.0; order.count()];
    let enough = order.ar_reach() + order.count() + sample.differences.len() + 1;
    let start = if sample.differences[0].len() > enough {
        let rough = search(order, sample, &zeros, Method::Conditional);
        order.free(&rough.coefficients).unwrap_or(zeros)
    } else {
        zeros
    };
    search(order, sample, &start, Method::Exact)
}

/// One fit from a start in the free numbers of [`Order::coefficients`].
pub fn search(order: &Order, sample: &Sample, start: &[f64], method: Method) -> Fit {
    if order.count() == 0 || sample.is_exhausted(order) {
        return sample.at(order, &vec![0.0; order.count()], method);
    }
    let fall = if method == Method::Exact { 1e-10 } else { 1e-8 };
    // Nearer to the edge of the region the gradient has nothing left to say.
    let start = start.iter().map(|x| x.clamp(-EDGE, EDGE)).collect();
    let objective = |x: &[f64], gradient: &mut [f64]| descend(order, sample, (x, method), gradient);
    let found = minimise(objective, start, Stop { steps: 100, fall });
    sample.at(order, &order.coefficients(&found.x), method)
}

/// The value at `x` and, by differences between lanes, its gradient.
fn descend(order: &Order, sample: &Sample, at: (&[f64], Method), gradient: &mut [f64]) -> f64 {
    let (x, method) = at;
    let value = |sums: &Sums| {
        let n = sums.count as f64;
        let sigma2 = (regress(&sums.gram).1.max(sample.rounding) / n).max(f64::MIN_POSITIVE);
        let value = 0.5 * (sigma2.ln() + sums.log_f / n);
        if value.is_finite() { value } else { f64::INFINITY }
    };
    let base = order.coefficients(x);
    let width = |i: usize| 1e-7 * x[i].abs().max(1.0);
    let mut here = f64::INFINITY;
    for first in (0..x.len()).step_by(WIDTH - 1) {
        let places: Vec<usize> = (first..x.len().min(first + WIDTH - 1)).collect();
        let shifted = |&i: &usize| {
            let mut x = x.to_vec();
            x[i] += width(i);
            order.coefficients(&x)
        };
        let shifted: Vec<Vec<f64>> = places.iter().map(shifted).collect();
        let models: Vec<&[f64]> =
            std::iter::once(base.as_slice()).chain(shifted.iter().map(Vec::as_slice)).collect();
        let sums = sample.sums(order, &models, method);
        here = value(&sums[0]);
        for (&i, sums) in places.iter().zip(&sums[1..]) {
            gradient[i] = (value(sums) - here) / width(i);
        }
    }
    here
}

/// Weights and what is left of column 0, from the lower triangle of a matrix of products.
///
/// A column that the ones before it explain gets no weight.
fn regress(gram: &[f64]) -> (Vec<f64>, f64) {
    let k = gram.len().isqrt();
    let at = |i: usize, j: usize| gram[i.max(j) * k + i.min(j)];
    if k == 1 {
        return (Vec::new(), gram[0]);
    }
    // Cholesky over the regressors, with the series as last row: its pivot is what is left.
    let index = |i: usize| if i + 1 == k { 0 } else { i + 1 };
    let mut lower = vec![0.0; k * k];
    for i in 0..k {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|l| lower[i * k + l] * lower[j * k + l]).sum();
            let rest = at(index(i), index(j)) - dot;
            lower[i * k + j] = if i == j {
                let own = at(index(i), index(i));
                if rest > 1e-11 * own || i + 1 == k { rest.max(0.0).sqrt() } else { 0.0 }
            } else if lower[j * k + j] > 0.0 {
                rest / lower[j * k + j]
            } else {
                0.0
            };
        }
    }
    let mut beta = vec![0.0; k - 1];
    for i in (0..k - 1).rev() {
        let known: f64 = (i + 1..k - 1).map(|j| lower[j * k + i] * beta[j]).sum();
        let pivot = lower[i * k + i];
        beta[i] = if pivot > 0.0 { (lower[(k - 1) * k + i] - known) / pivot } else { 0.0 };
    }
    (beta, lower[k * k - 1].powi(2))
}

/// Takes weights of the other columns off column 0.
fn take_off(columns: &mut [Vec<f64>], weights: &[f64]) {
    let [series, others @ ..] = columns else { return };
    for (column, weight) in others.iter().zip(weights) {
        series.iter_mut().zip(column).for_each(|(y, x)| *y -= weight * x);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line through (0,1) (1,3) (2,5) with an intercept: weights 1 and 2, nothing left; a second
    /// column of twos is explained by the first of ones and gets no weight.
    #[test]
    fn regression_by_hand() {
        let columns = [[1.0, 3.0, 5.0], [1.0, 1.0, 1.0], [2.0, 2.0, 2.0], [0.0, 1.0, 2.0]];
        let dot = |a: &[f64; 3], b: &[f64; 3]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let gram: Vec<f64> =
            columns.iter().flat_map(|a| columns.iter().map(move |b| dot(a, b))).collect();
        let (beta, rss) = regress(&gram);
        assert!(rss < 1e-12);
        assert!((beta[0] - 1.0).abs() < 1e-9 && beta[1] == 0.0 && (beta[2] - 2.0).abs() < 1e-9);
    }

    /// Invertibility: data of an MA(1) with θ = 2 is fitted by its mirror θ = 1/2.
    #[test]
    fn moving_average_is_invertible() {
        let noise: Vec<f64> = (0..4001).map(|t| (f64::from(t * t % 7919) / 7919.0) - 0.5).collect();
        let y: Vec<f64> = noise.windows(2).map(|pair| pair[1] + 2.0 * pair[0]).collect();
        let order = Order::new([0, 0, 1], [0, 0, 0], 1);
        let sample = Sample::new(&order, vec![y.clone()], &y);
        let fit = fit(&order, &sample);
        assert!((fit.coefficients[0] - 0.5).abs() < 0.05, "{fit:?}");
    }
}
