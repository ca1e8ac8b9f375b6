//! Bayesian ridge: a penalty that follows from the data.
//!
//! ```text
//! slopes = Σ V[k]·(U[k]ᵀ(y − ȳ))·s[k]/(s[k]² + λ/α)      γ = Σ α·s[k]²/(λ + α·s[k]²)
//! λ ← (γ + 2c)/(|slopes|² + 2c)      α ← (n − γ + 2c)/(Σ errors² + 2c)      c = 10⁻⁶
//! ```
//!
//! α is the precision of the noise, λ that of the slopes, both with a Gamma(c, c) prior, which
//! says that the target is neither huge nor tiny: standardise it. Missing values are refused.
//! MacKay, Neural Computation 4, 1992; Tipping, Journal of Machine Learning Research 1, 2001.

use almanac_data::{FitError, Matrix};
use almanac_kernels::sums::dot;
use serde::{Deserialize, Serialize};

use super::linear::Spectrum;
use super::{Predict, Regress};
use crate::{Ctx, Setting, SettingError, Settings};

/// Ridge with its penalty from the evidence.
///
/// | name       | default | range | meaning                                                |
/// |------------|---------|-------|--------------------------------------------------------|
/// | iterations | 300     | >= 1  | at most so many turns                                  |
/// | tolerance  | 0.001   | >= 0  | stops when the slopes move less than this, in sum      |
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BayesianRidge {
    /// At most so many turns.
    pub iterations: usize,
    /// Stops when the sum of the slopes' moves is below this.
    pub tolerance: f64,
}

impl Default for BayesianRidge {
    fn default() -> Self {
        BayesianRidge { iterations: 300, tolerance: 1e-3 }
    }
}

impl Settings for BayesianRidge {
    const TABLE: &'static [Setting] = &[
        Setting { name: "iterations", range: ">= 1", meaning: "at most so many turns" },
        Setting {
            name: "tolerance",
            range: ">= 0",
            meaning: "stops when the slopes move less than this, in sum",
        },
    ];

    fn check(&self) -> Result<(), SettingError> {
        SettingError::unless(1 <= self.iterations, "iterations", ">= 1", self.iterations)?;
        SettingError::unless(0.0 <= self.tolerance, "tolerance", ">= 0", self.tolerance)
    }
}

/// Shape and rate of both priors.
const PRIOR: f64 = 1e-6;

impl Regress for BayesianRidge {
    fn fit(&self, _ctx: &Ctx, x: &Matrix, y: &[f64]) -> Result<Box<dyn Predict>, FitError> {
        let spectrum = Spectrum::new("bayesian_ridge", x, y)?;
        let rows = y.len() as f64;
        let (mut noise, mut slope) = (1.0 / (spectrum.total() / rows + f64::EPSILON), 1.0);
        let at = |noise: f64, slope: f64| {
            spectrum.slopes(|size| size * noise / (size * size * noise + slope))
        };
        let mut slopes: Vec<f64> = vec![0.0; x.width()];
        for turn in 0..self.iterations {
            let next = at(noise, slope);
            let moved: f64 = next.iter().zip(&slopes).map(|(a, b)| (a - b).abs()).sum();
            slopes = next;
            let square = |size: &f64| noise * size * size;
            let known: f64 = spectrum.sizes.iter().map(|s| square(s) / (slope + square(s))).sum();
            let errors = squared_errors(&spectrum, noise, slope);
            slope = (known + 2.0 * PRIOR) / (dot(&slopes, &slopes) + 2.0 * PRIOR);
            noise = (rows - known + 2.0 * PRIOR) / (errors + 2.0 * PRIOR);
            if turn > 0 && moved < self.tolerance {
                break;
            }
        }
        Ok(Box::new(spectrum.plane("bayesian_ridge", at(noise, slope))?))
    }
}

/// Σ errors² of the slopes of these precisions: what no direction reaches, and what each is short of.
fn squared_errors(spectrum: &Spectrum, noise: f64, slope: f64) -> f64 {
    let along = &spectrum.along;
    let beyond = (spectrum.total() - dot(along, along)).max(0.0);
    let short =
        |(size, along): (&f64, &f64)| (along * slope / (size * size * noise + slope)).powi(2);
    beyond + spectrum.sizes.iter().zip(along).map(short).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slope(settings: &BayesianRidge, a: &[f64], y: &[f64]) -> f64 {
        let x = Matrix::from_columns(vec![("a".into(), a.to_vec())]).unwrap();
        let ask = Matrix::from_columns(vec![("a".into(), vec![0.0, 1.0])]).unwrap();
        let got = settings.fit(&Ctx::new(1), &x, y).unwrap().predict(&ask).unwrap();
        got[1] - got[0]
    }

    /// One column: the slope is γ times least squares' Sxy/Sxx, and at the end γ = α·Sxx/(λ + α·Sxx)
    /// with λ = γ/slope² and α = (n − γ)/Σ errors².
    #[test]
    fn precisions_agree_at_the_end() {
        let a = [-2.0, -1.0, 0.0, 1.0, 2.0];
        let y = [-3.0, 1.0, -1.0, 2.0, 1.0];
        let settings = BayesianRidge { iterations: 10_000, tolerance: 0.0 };
        let slope = slope(&settings, &a, &y);
        let (sxx, sxy) = (dot(&a, &a), dot(&a, &y));
        let known = slope * sxx / sxy;
        let errors: f64 = a.iter().zip(&y).map(|(a, y)| (y - slope * a).powi(2)).sum();
        let (slopes, noise) = (known / slope.powi(2), (5.0 - known) / errors);
        assert!((known - noise * sxx / (slopes + noise * sxx)).abs() < 1e-5, "{known}");
        assert!(0.5 < known && known < 0.9, "{known}");
    }

    /// One row, and a constant target.
    #[test]
    fn nothing_to_learn() {
        assert_eq!(slope(&BayesianRidge::default(), &[1.0], &[5.0]), 0.0);
        assert_eq!(slope(&BayesianRidge::default(), &[1.0, 2.0, 3.0], &[5.0; 3]), 0.0);
    }
}
