//! Gaussian process: every smooth function at once, weighed by how well it meets the rows.
//!
//! ```text
//! k(a, b) = σf²·exp(−½·Σ ((a[j] − b[j])/ℓ[j])²)      ŷ = k(row, rows)·α, α = (K + σn²·I)⁻¹·y
//! ln p(y) = −½·yᵀα − Σ ln L[i][i] − n/2·ln 2π        LLᵀ = K + σn²·I
//! ```
//!
//! ℓ (one, or one a column with `ard`), σf and σn are where ln p is highest, from a start that follows
//! from the columns and from random ones. Good for a few hundred rows of a smooth relation; far from all
//! rows it answers the mean. Time grows with the cube of the rows, so on long tables it is an
//! approximation by evenly spaced rows: `search` of them for the search, `rows` for the answer.
//! Missing values are refused.
//! Rasmussen & Williams, Gaussian Processes for Machine Learning, 2006, §2.2, §5.4, §8.3.3.

use almanac_data::{FitError, Matrix};
use almanac_kernels::bfgs::{Minimum, Stop, minimise};
use nalgebra::{Cholesky, DMatrix, DVector, Dyn};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::linear::Centred;
use super::{Predict, Regress, as_learnt, complete};
use crate::{Ctx, Setting, SettingError, Settings};

/// Gaussian process with a kernel of distance and noise.
///
/// | name     | default | range | meaning                                              |
/// |----------|---------|-------|------------------------------------------------------|
/// | ard      | false   | bool  | whether each column has a length of its own          |
/// | restarts | 2       | >= 0  | random starts of the search beside the one that follows from the columns |
/// | search   | 400     | >= 1  | evenly spaced rows that the search looks at, at most |
/// | rows     | 2000    | >= 1  | evenly spaced rows that answer, at most              |
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GaussianProcess {
    /// Whether each column has a length of its own.
    pub ard: bool,
    /// Random starts of the search.
    pub restarts: usize,
    /// Rows that the search looks at, at most.
    pub search: usize,
    /// Rows that answer, at most.
    pub rows: usize,
}

impl Default for GaussianProcess {
    fn default() -> Self {
        GaussianProcess { ard: false, restarts: 2, search: 400, rows: 2000 }
    }
}

impl Settings for GaussianProcess {
    const TABLE: &'static [Setting] = &[
        Setting {
            name: "ard",
            range: "true, false",
            meaning: "whether each column has a length of its own",
        },
        Setting {
            name: "restarts",
            range: ">= 0",
            meaning: "random starts of the search beside the one that follows from the columns",
        },
        Setting {
            name: "search",
            range: ">= 1",
            meaning: "evenly spaced rows that the search looks at, at most",
        },
        Setting { name: "rows", range: ">= 1", meaning: "evenly spaced rows that answer, at most" },
    ];

    fn check(&self) -> Result<(), SettingError> {
        SettingError::unless(1 <= self.search, "search", ">= 1", self.search)?;
        SettingError::unless(1 <= self.rows, "rows", ">= 1", self.rows)
    }
}

/// Rows in units of their lengths at the start, and a target of mean 0 and variance 1.
struct Sample {
    x: DMatrix<f64>,
    y: DVector<f64>,
    ard: bool,
}

/// Logarithms of lengths, then of σf² and σn², may lie so far from 0.
const LENGTHS: (f64, f64) = (-7.0, 9.0);
const SIGNAL: (f64, f64) = (-9.2, 9.2);
const NOISE: (f64, f64) = (-13.8, 4.6);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Self")]
struct Process {
    means: Vec<f64>,
    /// What a column is divided by.
    lengths: Vec<f64>,
    #[serde(with = "crate::keep::matrix")]
    x: DMatrix<f64>,
    /// α in the unit of the target, times σf².
    weights: Vec<f64>,
    mean: f64,
}

impl Regress for GaussianProcess {
    fn fit(&self, ctx: &Ctx, x: &Matrix, y: &[f64]) -> Result<Box<dyn Predict>, FitError> {
        let Centred { means, mut columns, mean, y } = Centred::new("gaussian_process", x, y)?;
        let (rows, width) = (y.len(), means.len());
        let square = |column: &[f64]| column.iter().map(|v| v * v).sum::<f64>() / rows as f64;
        let spreads: Vec<f64> = columns.chunks_exact(rows).map(square).collect();
        let whole: f64 = spreads.iter().sum();
        let start = |spread: &f64| {
            let length = if self.ard { (spread * width as f64).sqrt() } else { whole.sqrt() };
            if length > 0.0 { length } else { 1.0 }
        };
        let mut lengths: Vec<f64> = spreads.iter().map(start).collect();
        for (column, length) in columns.chunks_exact_mut(rows).zip(&lengths) {
            column.iter_mut().for_each(|value| *value /= length);
        }
        let size = square(&y).sqrt();
        if size == 0.0 || !size.is_finite() || !whole.is_finite() {
            let finite = size == 0.0 && whole.is_finite();
            let flat =
                Process { means, lengths, x: DMatrix::zeros(0, width), weights: vec![], mean };
            return if finite {
                Ok(Box::new(flat))
            } else {
                Err(FitError::NotFinite("a variance"))
            };
        }
        let x = DMatrix::from_vec(rows, width, columns);
        let y = DVector::from_iterator(rows, y.iter().map(|value| value / size));
        let found = Sample::spaced(&x, &y, self.search, self.ard).search(ctx, self.restarts)?;
        let sample = Sample::spaced(&x, &y, self.rows, self.ard);
        let (shape, factor) = sample.factor(&found).ok_or(FitError::NotFinite("the kernel"))?;
        let weights = factor.solve(&sample.y) * (shape.signal * size);
        for (column, length) in lengths.iter_mut().enumerate() {
            *length *= shape.length(column);
        }
        let x = shape.scaled(&sample.x);
        Ok(Box::new(Process { means, lengths, x, weights: weights.as_slice().to_vec(), mean }))
    }
}

/// What the searched numbers stand for.
struct Shape {
    lengths: Vec<f64>,
    signal: f64,
    noise: f64,
}

impl Shape {
    fn of(numbers: &[f64]) -> Shape {
        let (lengths, rest) = numbers.split_at(numbers.len() - 2);
        let lengths = lengths.iter().map(|length| length.exp()).collect();
        Shape { lengths, signal: rest[0].exp(), noise: rest[1].exp() }
    }

    /// The length of a column; one may stand for all.
    fn length(&self, column: usize) -> f64 {
        self.lengths[column.min(self.lengths.len() - 1)]
    }

    fn scaled(&self, x: &DMatrix<f64>) -> DMatrix<f64> {
        let mut x = x.clone();
        x.column_iter_mut().enumerate().for_each(|(at, mut column)| column /= self.length(at));
        x
    }
}

impl Sample {
    /// Evenly spaced rows, at most so many.
    fn spaced(x: &DMatrix<f64>, y: &DVector<f64>, most: usize, ard: bool) -> Sample {
        let (rows, count) = (y.len(), y.len().min(most));
        let kept: Vec<usize> = (0..count).map(|at| at * rows / count).collect();
        Sample { x: x.select_rows(&kept), y: y.select_rows(&kept), ard }
    }

    /// Where ln p is highest, among where several walks end.
    fn search(&self, ctx: &Ctx, restarts: usize) -> Result<Vec<f64>, FitError> {
        let lengths = if self.ard { self.x.ncols() } else { 1 };
        let mut rng = ctx.rng();
        let mut draw = |start: usize, middle: f64| {
            let off: f64 = rng.random();
            if start == 0 { middle } else { middle + 4.0 * off - 2.0 }
        };
        let starts: Vec<Vec<f64>> = (0..=restarts)
            .map(|start| {
                let lengths: Vec<f64> = (0..lengths).map(|_| draw(start, 0.0)).collect();
                [lengths, vec![draw(start, 0.0), draw(start, -2.0)]].concat()
            })
            .collect();
        let walks = ctx.map(starts.len(), |start| {
            let value = |numbers: &[f64], gradient: &mut [f64]| match ctx.go_on() {
                Ok(()) => self.unlikely(numbers, gradient).unwrap_or(f64::INFINITY),
                Err(_) => f64::NAN,
            };
            minimise(value, starts[start].clone(), Stop { steps: 200, fall: 1e-9 })
        });
        ctx.go_on()?;
        let better = |a: &Minimum, b: &Minimum| b.value < a.value || a.value.is_nan();
        let best = walks.into_iter().reduce(|a, b| if better(&a, &b) { b } else { a });
        best.map(|best| best.x).ok_or(FitError::NotFinite("the likelihood"))
    }

    /// L of these numbers.
    fn factor(&self, numbers: &[f64]) -> Option<(Shape, Cholesky<f64, Dyn>)> {
        let shape = Shape::of(numbers);
        let mut kernel = likeness(&shape.scaled(&self.x)) * shape.signal;
        (0..kernel.nrows()).for_each(|i| kernel[(i, i)] += shape.noise);
        Some((shape, Cholesky::new(kernel)?))
    }

    /// −ln p and its gradient; none outside the bounds.
    fn unlikely(&self, numbers: &[f64], gradient: &mut [f64]) -> Option<f64> {
        let (rows, lengths) = (self.y.len(), numbers.len() - 2);
        let bounds = |at: usize| [LENGTHS, SIGNAL, NOISE][(at + 1).saturating_sub(lengths).min(2)];
        let inside = |(at, number): (usize, &f64)| {
            let (low, high) = bounds(at);
            low <= *number && *number <= high
        };
        if !numbers.iter().enumerate().all(inside) {
            return None;
        }
        let (shape, factor) = self.factor(numbers)?;
        let weights = factor.solve(&self.y);
        let logs: f64 = factor.l_dirty().diagonal().iter().map(|l| l.ln()).sum();
        let constant = 0.5 * rows as f64 * (2.0 * std::f64::consts::PI).ln();
        let value = 0.5 * self.y.dot(&weights) + logs + constant;
        // Half of K⁻¹ − ααᵀ: what −ln p gains by each entry of the kernel.
        let gain = (factor.inverse() - &weights * weights.transpose()) * 0.5;
        gradient[lengths + 1] = shape.noise * gain.trace();
        let x = shape.scaled(&self.x);
        let pull = gain.component_mul(&likeness(&x)) * shape.signal;
        gradient[lengths] = pull.sum();
        let sums = pull.column_sum();
        let products = &pull * &x;
        gradient[..lengths].fill(0.0);
        for (at, column) in x.column_iter().enumerate() {
            let squares: f64 = column.iter().zip(&sums).map(|(x, sum)| x * x * sum).sum();
            let slope = 2.0 * (squares - column.dot(&products.column(at)));
            gradient[at.min(lengths - 1)] += slope;
        }
        Some(value)
    }
}

/// exp(−½·distance²) of every two rows.
fn likeness(x: &DMatrix<f64>) -> DMatrix<f64> {
    let rows = x.nrows();
    let mut all = DMatrix::zeros(rows, rows);
    for row in 0..rows {
        let asked: Vec<f64> = x.row(row).iter().copied().collect();
        all.column_mut(row).copy_from_slice(&likeness_to(x, &asked));
    }
    all
}

/// exp(−½·distance²) of each row to one.
fn likeness_to(x: &DMatrix<f64>, asked: &[f64]) -> Vec<f64> {
    let mut all = vec![0.0; x.nrows()];
    for (column, own) in x.column_iter().zip(asked) {
        all.iter_mut().zip(column.iter()).for_each(|(sum, value)| *sum += (value - own).powi(2));
    }
    all.iter_mut().for_each(|sum| *sum = (-0.5 * *sum).exp());
    all
}

almanac_kernels::checked!(Process, |process| {
    let columns = [process.means.len(), process.lengths.len(), process.x.ncols()];
    columns[1..] == [columns[0]; 2] && process.weights.len() == process.x.nrows()
});

#[typetag::serde]
impl Predict for Process {
    fn predict(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
        complete("gaussian_process", x)?;
        as_learnt(self.means.len(), x)?;
        let answer = |row: usize| {
            let frame = self.means.iter().zip(&self.lengths);
            let asked: Vec<f64> = x
                .row(row)
                .zip(frame)
                .map(|(value, (mean, length))| (value - mean) / length)
                .collect();
            let likeness = likeness_to(&self.x, &asked);
            self.mean + likeness.iter().zip(&self.weights).map(|(k, w)| k * w).sum::<f64>()
        };
        Ok((0..x.rows()).map(answer).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(ard: bool) -> Sample {
        let x = DMatrix::from_fn(12, 3, |i, j| ((i * (j + 2)) as f64 * 0.7).sin());
        let y = DVector::from_fn(12, |i, _| (i as f64 * 1.1).cos());
        Sample { x, y, ard }
    }

    /// The gradient is what differences say, with one length and with three.
    #[test]
    fn gradient_as_by_differences() {
        for ard in [false, true] {
            let sample = sample(ard);
            let at = if ard { vec![0.1, -0.3, 0.2, 0.3, -1.0] } else { vec![0.1, 0.3, -1.0] };
            let mut gradient = vec![0.0; at.len()];
            sample.unlikely(&at, &mut gradient).unwrap();
            let mut unread = gradient.clone();
            for place in 0..at.len() {
                let mut moved = |step: f64| {
                    let mut at = at.clone();
                    at[place] += step;
                    sample.unlikely(&at, &mut unread).unwrap()
                };
                let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                assert!((slope - gradient[place]).abs() < 1e-7, "{slope} {}", gradient[place]);
            }
        }
    }

    /// A sine without noise is met between its rows; far away the mean is left.
    #[test]
    fn a_smooth_relation_is_found() {
        let table = |a: &[f64]| Matrix::from_columns(vec![("a".into(), a.to_vec())]).unwrap();
        let a: Vec<f64> = (0..40).map(|t| f64::from(t) / 5.0).collect();
        let y: Vec<f64> = a.iter().map(|a| 10.0 + a.sin()).collect();
        let fitted = GaussianProcess::default().fit(&Ctx::new(1), &table(&a), &y).unwrap();
        let got = fitted.predict(&table(&[3.3, 1e6])).unwrap();
        assert!((got[0] - 10.0 - 3.3_f64.sin()).abs() < 1e-3, "{got:?}");
        assert!((got[1] - y.iter().sum::<f64>() / 40.0).abs() < 1e-9, "{got:?}");
    }
}
