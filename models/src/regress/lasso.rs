//! Lasso: few slopes.
//!
//! ```text
//! slopes = argmin Σ (y − ȳ − (x − x̄)·w)²/2n + α·Σ|w|
//! ```
//!
//! An elastic net whose penalty lies wholly on the slopes: of columns that say the same it keeps
//! one. Columns want one scale; missing values are refused; α left out is chosen as there.
//! Tibshirani, Journal of the Royal Statistical Society B 58, 1996.

use almanac_data::{FitError, Matrix};
use serde::{Deserialize, Serialize};

use super::elastic_net::{ALPHA, ElasticNet, check_alpha};
use super::{Predict, Regress};
use crate::{Ctx, Setting, SettingError, Settings};

/// Least squares with a penalty on slopes.
///
/// | name  | default | range | meaning               |
/// |-------|---------|-------|-----------------------|
/// | alpha | chosen  | > 0   | weight of the penalty |
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lasso {
    /// Weight of the penalty; left out, chosen on ordered blocks.
    pub alpha: Option<f64>,
}

impl Settings for Lasso {
    const TABLE: &'static [Setting] = &[ALPHA];

    fn check(&self) -> Result<(), SettingError> {
        check_alpha(self.alpha)
    }
}

impl Regress for Lasso {
    fn fit(&self, ctx: &Ctx, x: &Matrix, y: &[f64]) -> Result<Box<dyn Predict>, FitError> {
        ElasticNet { alpha: self.alpha, l1_ratio: 1.0 }.fit_as("lasso", ctx, x, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// x = ∓1 twice over, y follows the first alone by 3 and the second by ½: soft by 1 leaves 2
    /// and 0.
    #[test]
    fn a_weak_column_is_dropped() {
        let x = Matrix::from_columns(vec![
            ("a".into(), vec![1.0, 1.0, -1.0, -1.0]),
            ("b".into(), vec![1.0, -1.0, 1.0, -1.0]),
        ]);
        let x = x.unwrap();
        let fitted = Lasso { alpha: Some(1.0) };
        let fitted = fitted.fit(&Ctx::new(1), &x, &[3.5, 2.5, -2.5, -3.5]).unwrap();
        assert_eq!(fitted.predict(&x).unwrap(), [2.0, 2.0, -2.0, -2.0]);
    }
}
