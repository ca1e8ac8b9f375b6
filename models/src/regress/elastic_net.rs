//! Elastic net: few slopes, and short ones.
//!
//! ```text
//! slopes = argmin Σ (y − ȳ − (x − x̄)·w)²/2n + α·r·Σ|w| + α·(1 − r)/2·Σw²      r = l1_ratio
//! ```
//!
//! Drops columns that say nothing, and shares a slope among columns that say the same. Columns want
//! one scale. Missing values are refused. α left out is chosen from a hundred values, from the one
//! that drops every column down to a thousandth, on five ordered blocks of the rows.
//! Zou & Hastie, Journal of the Royal Statistical Society B 67, 2005.

use almanac_data::{FitError, Matrix};
use almanac_kernels::coordinate::Descent;
use serde::{Deserialize, Serialize};

use super::linear::{Centred, Plane, best_of_blocks};
use super::{Predict, Regress};
use crate::{Ctx, Setting, SettingError, Settings};

/// Least squares with a penalty on slopes and on their squares.
///
/// | name     | default | range  | meaning                                      |
/// |----------|---------|--------|----------------------------------------------|
/// | alpha    | chosen  | > 0    | weight of the penalty                        |
/// | l1_ratio | 0.5     | (0, 1] | share of it that lies on the slopes themselves |
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ElasticNet {
    /// Weight of the penalty; left out, chosen on ordered blocks.
    pub alpha: Option<f64>,
    /// Share of the penalty on the slopes themselves; the rest lies on their squares.
    pub l1_ratio: f64,
}

impl Default for ElasticNet {
    fn default() -> Self {
        ElasticNet { alpha: None, l1_ratio: 0.5 }
    }
}

impl Settings for ElasticNet {
    const TABLE: &'static [Setting] = &[
        ALPHA,
        Setting {
            name: "l1_ratio",
            range: "(0, 1]",
            meaning: "share of the penalty on the slopes themselves, the rest on their squares",
        },
    ];

    fn check(&self) -> Result<(), SettingError> {
        check_alpha(self.alpha)?;
        let ratio = self.l1_ratio;
        SettingError::unless(0.0 < ratio && ratio <= 1.0, "l1_ratio", "in (0, 1]", ratio)
    }
}

pub(super) const ALPHA: Setting = Setting {
    name: "alpha",
    range: "> 0",
    meaning: "weight of the penalty beside half the mean squared error; chosen when left out",
};

pub(super) fn check_alpha(alpha: Option<f64>) -> Result<(), SettingError> {
    let alpha = alpha.unwrap_or(1.0);
    SettingError::unless(0.0 < alpha && alpha.is_finite(), "alpha", "> 0", alpha)
}

impl Regress for ElasticNet {
    fn fit(&self, ctx: &Ctx, x: &Matrix, y: &[f64]) -> Result<Box<dyn Predict>, FitError> {
        self.fit_as("elastic_net", ctx, x, y)
    }
}

/// Relative to the greatest gradient at zero.
const TOLERANCE: f64 = 1e-7;
const SWEEPS: usize = 100_000;

impl ElasticNet {
    /// The fit under the name of the model it is done for.
    pub(super) fn fit_as(
        &self,
        model: &'static str,
        ctx: &Ctx,
        x: &Matrix,
        y: &[f64],
    ) -> Result<Box<dyn Predict>, FitError> {
        let centred = Centred::new(model, x, y)?;
        let mut descent = Descent::new(&centred.columns, &centred.y);
        let top = descent.most / self.l1_ratio;
        let alphas: Vec<f64> = match self.alpha {
            Some(alpha) => vec![alpha],
            None => (0..100).map(|k| top * 10_f64.powf(-3.0 * f64::from(k) / 99.0)).collect(),
        };
        let best = if alphas.len() == 1 || y.len() < 2 || top == 0.0 {
            0
        } else {
            let each = |x: &Matrix, y: &[f64]| self.path(model, &alphas, x, y);
            best_of_blocks(ctx, x, y, each)?
        };
        let mut reached = true;
        for &alpha in &alphas[..=best] {
            ctx.go_on()?;
            reached = self.descend(&mut descent, alpha, SWEEPS);
        }
        if !reached {
            return Err(FitError::Failed(format!("no minimum after {SWEEPS} sweeps")));
        }
        let slopes = std::mem::take(&mut descent.slopes);
        Ok(Box::new(centred.plane(model, slopes)?))
    }

    /// A plane for each penalty, strongest first; one that is not quite at its minimum is judged
    /// as it is.
    fn path(
        &self,
        model: &'static str,
        alphas: &[f64],
        x: &Matrix,
        y: &[f64],
    ) -> Result<Vec<Plane>, FitError> {
        let centred = Centred::new(model, x, y)?;
        let mut descent = Descent::new(&centred.columns, &centred.y);
        let plane = |&alpha: &f64| {
            self.descend(&mut descent, alpha, SWEEPS / 100);
            centred.plane(model, descent.slopes.clone())
        };
        alphas.iter().map(plane).collect()
    }

    fn descend(&self, descent: &mut Descent<'_>, alpha: f64, sweeps: usize) -> bool {
        let (l1, l2) = (alpha * self.l1_ratio, alpha * (1.0 - self.l1_ratio));
        descent.descend(l1, l2, TOLERANCE, sweeps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slope(settings: &ElasticNet, a: &[f64], y: &[f64]) -> f64 {
        let x = Matrix::from_columns(vec![("a".into(), a.to_vec())]).unwrap();
        let ask = Matrix::from_columns(vec![("a".into(), vec![0.0, 1.0])]).unwrap();
        let got = settings.fit(&Ctx::new(1), &x, y).unwrap().predict(&ask).unwrap();
        got[1] - got[0]
    }

    /// x = ∓1, y = ∓3: mean of xy is 3, of x² is 1; α = 2, r = ½ gives (3 − 1)/(1 + 1).
    #[test]
    fn one_slope_by_hand() {
        let settings = ElasticNet { alpha: Some(2.0), l1_ratio: 0.5 };
        assert!((slope(&settings, &[-1.0, 1.0], &[-3.0, 3.0]) - 1.0).abs() < 1e-12);
    }

    /// A line without noise wants the least penalty tried: at a thousandth of the greatest, 2 loses
    /// about that much.
    #[test]
    fn the_penalty_is_chosen() {
        let a: Vec<f64> = (0..40).map(|t| (f64::from(t) * 1.7).sin()).collect();
        let line: Vec<f64> = a.iter().map(|a| 2.0 * a).collect();
        let slope = slope(&ElasticNet::default(), &a, &line);
        assert!(1.98 < slope && slope < 2.0, "{slope}");
    }

    /// A constant target, one row, a constant column: the mean, and no division by nothing.
    #[test]
    fn nothing_to_learn() {
        let settings = ElasticNet::default();
        assert_eq!(slope(&settings, &[1.0, 2.0, 3.0], &[5.0; 3]), 0.0);
        assert_eq!(slope(&settings, &[1.0], &[5.0]), 0.0);
        assert_eq!(slope(&settings, &[1.0; 3], &[5.0, 6.0, 7.0]), 0.0);
    }
}
