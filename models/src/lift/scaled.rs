//! Scaled: a learner on standardised columns, so that settings mean the same whatever the units.
//!
//! ```text
//! x' = (x − mean) / sd      y' likewise for values      mean and sd of the rows learnt from
//! ```
//!
//! A constant column becomes zero. Missing values stay missing and count for nothing.
//! Hastie, Tibshirani & Friedman, The Elements of Statistical Learning, 2nd ed., §3.4.

use almanac_data::{FitError, Matrix};
use serde::{Deserialize, Serialize};

use crate::Ctx;
use crate::classify::{Chances, Classes, Classify};
use crate::regress::{Predict, Regress, as_learnt};

/// A regressor or classifier on standardised columns.
pub struct Scaled<M: ?Sized>(pub Box<M>);

/// Mean and standard deviation of each column.
#[derive(Serialize, Deserialize)]
struct Scale(Vec<(f64, f64)>);

impl Scale {
    fn of(x: &Matrix) -> Scale {
        Scale(x.columns().map(centre_and_width).collect())
    }

    /// # Errors
    /// Other columns than those learnt from.
    fn apply(&self, x: &Matrix) -> Result<Matrix, FitError> {
        as_learnt(self.0.len(), x)?;
        Ok(x.map_columns(|column, value| (value - self.0[column].0) / self.0[column].1))
    }
}

/// Mean and standard deviation of what is there; a deviation of zero, or lost in rounding, is 1.
pub(super) fn centre_and_width(values: &[f64]) -> (f64, f64) {
    let seen = || values.iter().filter(|value| !value.is_nan());
    let count = seen().count().max(1) as f64;
    let mean = seen().sum::<f64>() / count;
    let variance = seen().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    let width = variance.sqrt();
    (mean, if width > 1e-12 * mean.abs() { width } else { 1.0 })
}

#[derive(Serialize, Deserialize)]
#[serde(bound(serialize = "Box<F>: Serialize", deserialize = "Box<F>: Deserialize<'de>"))]
struct FittedScaled<F: ?Sized> {
    scale: Scale,
    y: (f64, f64),
    inner: Box<F>,
}

impl Regress for Scaled<dyn Regress> {
    fn fit(&self, ctx: &Ctx, x: &Matrix, y: &[f64]) -> Result<Box<dyn Predict>, FitError> {
        let (scale, own) = (Scale::of(x), centre_and_width(y));
        let y: Vec<f64> = y.iter().map(|value| (value - own.0) / own.1).collect();
        let inner = self.0.fit(ctx, &scale.apply(x)?, &y)?;
        Ok(Box::new(FittedScaled { scale, y: own, inner }))
    }
}

#[typetag::serde(name = "Scaled")]
impl Predict for FittedScaled<dyn Predict> {
    fn predict(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
        let (mean, width) = self.y;
        let values = self.inner.predict(&self.scale.apply(x)?)?;
        Ok(values.into_iter().map(|value| mean + width * value).collect())
    }

    fn importance(&self) -> Option<Vec<f64>> {
        self.inner.importance()
    }
}

impl Classify for Scaled<dyn Classify> {
    fn fit(
        &self,
        ctx: &Ctx,
        x: &Matrix,
        classes: &Classes<'_>,
    ) -> Result<Box<dyn Chances>, FitError> {
        let scale = Scale::of(x);
        let inner = self.0.fit(ctx, &scale.apply(x)?, classes)?;
        Ok(Box::new(FittedScaled { scale, y: (0.0, 1.0), inner }))
    }
}

#[typetag::serde(name = "Scaled")]
impl Chances for FittedScaled<dyn Chances> {
    fn chances(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
        self.inner.chances(&self.scale.apply(x)?)
    }

    fn importance(&self) -> Option<Vec<f64>> {
        self.inner.importance()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1 3 5 has mean 3 and deviation √(8/3); 7 7 is constant; what is missing is left out.
    #[test]
    fn scales_by_hand() {
        assert_eq!(centre_and_width(&[1.0, f64::NAN, 3.0, 5.0]), (3.0, (8.0_f64 / 3.0).sqrt()));
        assert_eq!(centre_and_width(&[7.0, 7.0]), (7.0, 1.0));
        assert_eq!(centre_and_width(&[]), (0.0, 1.0));
    }

    /// The mean of standardised targets is zero, which stands for their mean.
    #[test]
    fn values_come_back_in_their_units() {
        let x = Matrix::from_columns(vec![("a".into(), vec![5.0, 7.0])]).unwrap();
        let mean = crate::find(crate::regress::ROSTER, "mean").ok().unwrap();
        let inner = (mean.build)(&crate::Written::new()).unwrap();
        let fitted = Scaled(inner).fit(&Ctx::new(1), &x, &[10.0, 30.0]).unwrap();
        assert_eq!(fitted.predict(&x).unwrap(), [20.0, 20.0]);
    }
}
