//! OnRows: a regressor on a table, its columns standardised and its target transformed.
//!
//! ```text
//! z = transforms(y)      ŷ = transforms⁻¹(f(x))
//! ```
//!
//! The inverse of a mean of logarithms is a median, not a mean. Rows of a table have no order: they are
//! handed over in one that the fit draws, so that what a learner holds back, or is tuned on, is any of
//! them and not the last of the file.
//! Hastie, Tibshirani & Friedman, The Elements of Statistical Learning, 2nd ed., §2.3.

use almanac_data::{FitError, Matrix};
use rand::seq::SliceRandom;
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

#[derive(Serialize, Deserialize)]
struct FittedAround {
    target: Transformed,
    inner: Box<dyn Predict>,
}

impl Regress for Around {
    fn fit(&self, ctx: &Ctx, x: &Matrix, y: &[f64]) -> Result<Box<dyn Predict>, FitError> {
        let mut order: Vec<usize> = (0..x.rows()).collect();
        order.shuffle(&mut ctx.named("order").rng());
        let y: Vec<f64> = order.iter().map(|&row| y[row]).collect();
        let target = transform(&self.settings.target, &y, 1)?;
        let inner = self.learner.fit(ctx, &x.select(&order), &target.z)?;
        Ok(Box::new(FittedAround { target, inner }))
    }
}

#[typetag::serde(name = "OnRows")]
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

    /// Answers with the first target that it was shown.
    struct First;

    #[derive(Serialize, Deserialize)]
    struct Says(f64);

    impl Regress for First {
        fn fit(&self, _: &Ctx, x: &Matrix, y: &[f64]) -> Result<Box<dyn Predict>, FitError> {
            assert_eq!(x.column(0)[0], y[0]);
            Ok(Box::new(Says(y[0])))
        }
    }

    #[typetag::serde(name = "SaysOnRows")]
    impl Predict for Says {
        fn predict(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
            Ok(vec![self.0; x.rows()])
        }
    }

    /// The seed says which row comes first; targets stay with their rows.
    #[test]
    fn rows_come_in_any_order() {
        let y: Vec<f64> = (0..50).map(f64::from).collect();
        let x = Matrix::from_columns(vec![("x".into(), y.clone())]).unwrap();
        let first = |seed| {
            let lifted = OnRows::default().around(Box::new(First));
            lifted.fit(&Ctx::new(seed), &x, &y).unwrap().predict(&x).unwrap()[0]
        };
        assert_eq!(first(1), first(1));
        assert!((1..5).any(|seed| (first(seed) - first(0)).abs() > 1e-9));
    }

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
