//! Ridge: least squares with short slopes.
//!
//! ```text
//! slopes = argmin Σ (y − ȳ − (x − x̄)·w)² + α·|w|²  =  Σ V[k]·(U[k]ᵀ(y − ȳ))·s[k]/(s[k]² + α)
//! ```
//!
//! Good for many columns that say much the same; keeps all of them. The penalty means the same for
//! every column, so they want one scale. Missing values are refused. α left out is chosen from
//! n·10⁻⁴ … n·10² on five ordered blocks of the rows. Hoerl & Kennard, Technometrics 12, 1970.

use almanac_data::{FitError, Matrix};
use serde::{Deserialize, Serialize};

use super::linear::{Plane, Spectrum, best_of_blocks};
use super::{Predict, Regress};
use crate::{Ctx, Setting, SettingError, Settings};

/// Least squares with a penalty on squared slopes.
///
/// | name  | default | range | meaning                                           |
/// |-------|---------|-------|---------------------------------------------------|
/// | alpha | chosen  | >= 0  | weight of the squared slopes beside the squared errors |
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ridge {
    /// Weight of the squared slopes; left out, chosen on ordered blocks.
    pub alpha: Option<f64>,
}

impl Settings for Ridge {
    const TABLE: &'static [Setting] = &[Setting {
        name: "alpha",
        range: ">= 0",
        meaning: "weight of the squared slopes beside the squared errors; chosen when left out",
    }];

    fn check(&self) -> Result<(), SettingError> {
        let alpha = self.alpha.unwrap_or(0.0);
        SettingError::unless(0.0 <= alpha && alpha.is_finite(), "alpha", ">= 0", alpha)
    }
}

impl Regress for Ridge {
    fn fit(&self, ctx: &Ctx, x: &Matrix, y: &[f64]) -> Result<Box<dyn Predict>, FitError> {
        let alpha = match self.alpha {
            Some(alpha) => alpha,
            None => {
                let each = |x: &Matrix, y: &[f64]| {
                    let spectrum = Spectrum::new("ridge", x, y)?;
                    shares().map(|share| plane(&spectrum, share * y.len() as f64)).collect()
                };
                let best = if y.len() < 2 { 0 } else { best_of_blocks(ctx, x, y, each)? };
                shares().nth(best).unwrap_or(1.0) * y.len() as f64
            }
        };
        Ok(Box::new(plane(&Spectrum::new("ridge", x, y)?, alpha)?))
    }
}

/// Penalties that are tried, for one row, strongest first.
fn shares() -> impl Iterator<Item = f64> {
    (0..=24).map(|place| 10_f64.powf(2.0 - f64::from(place) / 4.0))
}

fn plane(spectrum: &Spectrum, alpha: f64) -> Result<Plane, FitError> {
    let shrink = |size: f64| if size > 0.0 { size / (size * size + alpha) } else { 0.0 };
    spectrum.plane("ridge", spectrum.slopes(shrink))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slope(alpha: Option<f64>, a: &[f64], y: &[f64]) -> f64 {
        let x = Matrix::from_columns(vec![("a".into(), a.to_vec())]).unwrap();
        let ask = Matrix::from_columns(vec![("a".into(), vec![0.0, 1.0])]).unwrap();
        let got = Ridge { alpha }.fit(&Ctx::new(1), &x, y).unwrap().predict(&ask).unwrap();
        got[1] - got[0]
    }

    /// One column −1 0 1 and y = 3a: Σxy/(Σx² + α) = 6/(2 + α).
    #[test]
    fn one_slope_by_hand() {
        assert!((slope(Some(1.0), &[-1.0, 0.0, 1.0], &[-3.0, 0.0, 3.0]) - 2.0).abs() < 1e-12);
        assert!((slope(Some(0.0), &[-1.0, 0.0, 1.0], &[-3.0, 0.0, 3.0]) - 3.0).abs() < 1e-12);
    }

    /// A line without noise wants the least penalty, noise alone the greatest.
    #[test]
    fn the_penalty_follows_the_noise() {
        let a: Vec<f64> = (0..40).map(|t| (f64::from(t) * 1.7).sin()).collect();
        let line: Vec<f64> = a.iter().map(|a| 2.0 * a).collect();
        assert!((slope(None, &a, &line) - 2.0).abs() < 1e-3);
        let noise: Vec<f64> = (0..40).map(|t| f64::from(t * t * t * 7 % 101)).collect();
        let full = slope(Some(0.0), &a, &noise).abs();
        assert!(slope(None, &a, &noise).abs() < 0.2 * full);
    }
}
