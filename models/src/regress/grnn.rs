//! General regression neural network: the mean of all rows seen, each weighted by its nearness.
//!
//! ```text
//! ŷ(x) = Σ y[i]·exp(−‖x − x[i]‖² / 2σ²) / Σ exp(−‖x − x[i]‖² / 2σ²)
//! ```
//!
//! σ is the one with the least error on each row when that row is left out. Never answers outside
//! the range it has seen, so it cannot follow a trend; columns must be on one scale unless each has
//! a σ of its own; poor with many columns, since nothing is near there.
//! Specht (1991), A General Regression Neural Network.

use almanac_data::{FitError, Matrix};
use almanac_kernels::bfgs::{Stop, minimise};
use almanac_kernels::grnn::{answer, left_out, left_out_each, pairs};
use serde::{Deserialize, Serialize};

use super::{Predict, Regress, as_learnt, complete};
use crate::standard::{self, Standard};
use crate::{Ctx, Setting, SettingError, Settings};

/// Rows among which σ is searched: every pair of them is measured.
const MOST: usize = 2000;

/// Means weighted by nearness.
///
/// | name  | default | range          | meaning                                             |
/// |-------|---------|----------------|-----------------------------------------------------|
/// | sigma | one     | > 0, one, each | width, in units of x; or searched, one or one a column |
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Grnn {
    /// How far a row reaches.
    pub sigma: Sigma,
}

/// How far a row reaches, in units of x.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Sigma {
    /// So far.
    Fixed(f64),
    /// As far as leaving rows out says.
    Searched(Searched),
}

/// What is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Searched {
    /// One width for all columns.
    One,
    /// A width for each column.
    Each,
}

impl Default for Sigma {
    fn default() -> Sigma {
        Sigma::Searched(Searched::One)
    }
}

impl Settings for Grnn {
    const TABLE: &'static [Setting] = &[Setting {
        name: "sigma",
        range: "> 0, or one, or each",
        meaning: "how far a row reaches, in units of x; or searched, one for all columns or one for each",
    }];

    fn check(&self) -> Result<(), SettingError> {
        let Sigma::Fixed(sigma) = self.sigma else { return Ok(()) };
        let ok = 0.0 < sigma && sigma.is_finite();
        SettingError::unless(ok, "sigma", "above 0, or one, or each", sigma)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Self")]
struct FittedGrnn {
    x: Vec<f64>,
    y: Vec<f64>,
    /// What each column is multiplied by, so that every width is 1.
    scales: Vec<f64>,
}

almanac_kernels::checked!(FittedGrnn, |fitted| {
    !fitted.scales.is_empty()
        && fitted.y.len().checked_mul(fitted.scales.len()) == Some(fitted.x.len())
});

impl Regress for Grnn {
    fn fit(&self, ctx: &Ctx, x: &Matrix, y: &[f64]) -> Result<Box<dyn Predict>, FitError> {
        complete("grnn", x)?;
        let step = y.len().div_ceil(MOST);
        let few: Vec<usize> = (0..y.len()).step_by(step).collect();
        let (few_x, few_y) = (x.select(&few), few.iter().map(|&row| y[row]).collect::<Vec<_>>());
        let target = Standard::of(&few_y)?;
        let few_y: Vec<f64> = few_y.into_iter().map(|y| target.to(y)).collect();
        let scales = match self.sigma {
            Sigma::Fixed(sigma) => vec![1.0 / sigma; x.width()],
            Sigma::Searched(Searched::One) => {
                vec![1.0 / one_width(ctx, &few_x.by_rows(), &few_y)?; x.width()]
            }
            Sigma::Searched(Searched::Each) => widths(ctx, &few_x, &few_y)?,
        };
        let x = x.map_columns(|at, value| scales[at] * value).by_rows();
        Ok(Box::new(FittedGrnn { x, y: y.to_vec(), scales }))
    }
}

#[typetag::serde]
impl Predict for FittedGrnn {
    fn predict(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
        complete("grnn", x)?;
        as_learnt(self.scales.len(), x)?;
        let q = vec![0.5; self.scales.len()];
        let asked = x.map_columns(|at, value| self.scales[at] * value).by_rows();
        Ok(asked.chunks_exact(q.len()).map(|row| answer(&self.x, &self.y, &q, row)).collect())
    }
}

/// The width of least error on rows left out: the best of a coarse row of widths, then a golden
/// section between its neighbours.
fn one_width(ctx: &Ctx, x: &[f64], y: &[f64]) -> Result<f64, FitError> {
    let pairs = pairs(x, x.len() / y.len());
    let mut nearest: Vec<f64> = pairs
        .chunks_exact(y.len())
        .map(|row| row.iter().copied().filter(|&d| d > 0.0).fold(f64::INFINITY, f64::min))
        .filter(|d| d.is_finite())
        .collect();
    nearest.sort_by(f64::total_cmp);
    let Some(middle) = nearest.get(nearest.len() / 2) else { return Ok(1.0) };
    let farthest = pairs.iter().copied().filter(|d| d.is_finite()).fold(0.0, f64::max);
    let error = |log: f64| -> Result<f64, FitError> {
        ctx.go_on()?;
        Ok(left_out(&pairs, y, 0.5 * (-2.0 * log).exp()))
    };
    let (low, high) = ((0.1 * middle.sqrt()).ln(), (2.0 * farthest.sqrt()).ln());
    let gap = (high - low) / 15.0;
    let mut best = (f64::INFINITY, low);
    for place in 0..16 {
        let log = low + gap * f64::from(place);
        let error = error(log)?;
        if error < best.0 {
            best = (error, log);
        }
    }
    let golden = (5.0_f64.sqrt() - 1.0) / 2.0;
    let (mut a, mut b) = (best.1 - gap, best.1 + gap);
    let (mut left, mut right) = (b - golden * (b - a), a + golden * (b - a));
    let (mut at_left, mut at_right) = (error(left)?, error(right)?);
    while b - a > 1e-4 {
        if at_left <= at_right {
            (b, right, at_right) = (right, left, at_left);
            left = b - golden * (b - a);
            at_left = error(left)?;
        } else {
            (a, left, at_left) = (left, right, at_right);
            right = a + golden * (b - a);
            at_right = error(right)?;
        }
    }
    Ok((0.5 * (a + b)).exp())
}

/// One over the width of each column, walked downhill from one width on standardised columns.
fn widths(ctx: &Ctx, x: &Matrix, y: &[f64]) -> Result<Vec<f64>, FitError> {
    let standards = Standard::columns(x)?;
    let rows = standard::rows(&standards, x);
    let start = one_width(ctx, &rows, y)?.ln();
    let error = |logs: &[f64], slopes: &mut [f64]| {
        let q: Vec<f64> = logs.iter().map(|log| 0.5 * (-2.0 * log).exp()).collect();
        // The log makes the stop relative; the smallest term keeps it finite at no error.
        let error = left_out_each(&rows, y, &q, slopes) + 1e-12;
        slopes.iter_mut().for_each(|slope| *slope /= error);
        if ctx.go_on().is_ok() { error.ln() } else { f64::NAN }
    };
    let stop = Stop { steps: 60, fall: 1e-6 };
    let found = minimise(error, vec![start; x.width()], stop);
    ctx.go_on()?;
    Ok(found.x.iter().zip(&standards).map(|(log, own)| (-log).exp() / own.sd).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(columns: &[&[f64]]) -> Matrix {
        let named = columns.iter().enumerate().map(|(at, c)| (at.to_string(), c.to_vec()));
        Matrix::from_columns(named.collect()).unwrap()
    }

    fn fit(sigma: Sigma, x: &Matrix, y: &[f64]) -> Box<dyn Predict> {
        Grnn { sigma }.fit(&Ctx::new(1), x, y).unwrap()
    }

    /// σ = 1 between 0 ↦ 1 and 2 ↦ 5: at 0 the weights are 1 and exp(−2).
    #[test]
    fn fixed_width_by_hand() {
        let fitted = fit(Sigma::Fixed(1.0), &table(&[&[0.0, 2.0]]), &[1.0, 5.0]);
        let weight = (-2.0_f64).exp();
        let want = (1.0 + 5.0 * weight) / (1.0 + weight);
        let got = fitted.predict(&table(&[&[0.0, 1.0]])).unwrap();
        assert!((got[0] - want).abs() < 1e-14 && (got[1] - 3.0).abs() < 1e-14, "{got:?}");
    }

    /// The found width errs no more on rows left out than any of a fine row of widths.
    #[test]
    fn the_width_is_the_best() {
        let x: Vec<f64> = (0..60).map(|k| f64::from(k * 37 % 61) / 10.0).collect();
        let y: Vec<f64> = x.iter().map(|x| x.sin()).collect();
        let width = one_width(&Ctx::new(1), &x, &y).unwrap();
        let pairs = pairs(&x, 1);
        let error = |width: f64| left_out(&pairs, &y, 0.5 / (width * width));
        let least = (1..500).map(|k| error(0.01 * f64::from(k))).fold(f64::INFINITY, f64::min);
        assert!(error(width) <= least * (1.0 + 1e-6), "{} at {width}, {least}", error(width));
    }

    /// Only the first column matters: with a width for each, the second's grows and the error falls.
    #[test]
    fn a_width_for_each_column() {
        let x: Vec<f64> = (0..80).map(|k| f64::from(k * 37 % 81) / 10.0).collect();
        let other: Vec<f64> = (0..80).map(|k| f64::from(k * 17 % 81) / 10.0).collect();
        let y: Vec<f64> = x.iter().map(|x| x.sin()).collect();
        let x = table(&[&x, &other]);
        let scales = widths(&Ctx::new(1), &x, &y).unwrap();
        assert!(scales[0] > 10.0 * scales[1], "{scales:?}");
    }
}
