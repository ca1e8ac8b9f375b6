//! OnRows: a regressor on a table, its columns standardised and its target transformed.
//!
//! ```text
//! z = transforms(y)      ŷ = transforms⁻¹(f(x))
//! ```
//!
//! The inverse of a mean of logarithms is a median, not a mean.
//! Hastie, Tibshirani & Friedman, The Elements of Statistical Learning, 2nd ed., §2.3.

use almanac_data::{FitError, Matrix};
use serde::{Deserialize, Serialize};

use crate::lift::scaled::Scaled;
use crate::lift::target::{Transform, Transformed, transform, without_order};
use crate::regress::{Predict, Regress};
use crate::{Ctx, Setting, SettingError, Settings};

/// A regressor on a table.
///
/// | name   | default | range                          | meaning                           |
/// |--------|---------|--------------------------------|-----------------------------------|
/// | target | []      | log, log10, standardize, scale | done to targets first, undone after |
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OnRows {
    /// Done to targets first, undone on what is predicted.
    pub target: Vec<Transform>,
}

impl Settings for OnRows {
    const TABLE: &'static [Setting] = &[Setting {
        name: "target",
        range: "log, log10, standardize, scale",
        meaning: "done to targets first, undone on what is predicted",
    }];

    fn check(&self) -> Result<(), SettingError> {
        without_order(&self.target)
    }
}

impl OnRows {
    /// This learner on standardised columns and a transformed target.
    pub fn around(self, learner: Box<dyn Regress>) -> Box<dyn Regress> {
        Box::new(Around { settings: self, learner: Scaled(learner) })
    }
}

struct Around {
    settings: OnRows,
    learner: Scaled<dyn Regress>,
}

struct FittedAround {
    target: Transformed,
    inner: Box<dyn Predict>,
}

impl Regress for Around {
    fn fit(&self, ctx: &Ctx, x: &Matrix, y: &[f64]) -> Result<Box<dyn Predict>, FitError> {
        let target = transform(&self.settings.target, y, 1)?;
        let inner = self.learner.fit(ctx, x, &target.z)?;
        Ok(Box::new(FittedAround { target, inner }))
    }
}

impl Predict for FittedAround {
    fn predict(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
        Ok(self.target.back(&self.inner.predict(x)?))
    }

    fn importance(&self) -> Option<Vec<f64>> {
        self.inner.importance()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mean of log₁₀ of 10 and 1000 is 2, which stands for 100.
    #[test]
    fn a_mean_of_logarithms() {
        let x = Matrix::from_columns(vec![("a".into(), vec![1.0, 2.0])]).unwrap();
        let mean = crate::find(crate::regress::ROSTER, "mean").ok().unwrap();
        let inner = (mean.build)(&crate::Written::new()).unwrap();
        let lifted = OnRows { target: vec![Transform::Log10] }.around(inner);
        let fitted = lifted.fit(&Ctx::new(1), &x, &[10.0, 1000.0]).unwrap();
        assert!((fitted.predict(&x).unwrap()[0] - 100.0).abs() < 1e-9);
        let ordered = OnRows { target: vec![Transform::Returns] }.check().unwrap_err();
        assert!(ordered.to_string().contains("rows of a table have no order"), "{ordered}");
    }
}
