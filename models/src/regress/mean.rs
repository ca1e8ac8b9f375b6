//! The mean of what was seen: the baseline of every regression.
//!
//! ```text
//! ŷ = Σ y / n
//! ```
//!
//! Knows nothing of the row that is asked.
//! Hastie, Tibshirani & Friedman, The Elements of Statistical Learning, 2nd ed., §2.4.

use almanac_data::{FitError, Matrix};
use serde::{Deserialize, Serialize};

use super::{Predict, Regress};
use crate::{Ctx, Setting, Settings};

/// The mean of what was seen; no settings.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mean {}

impl Settings for Mean {
    const TABLE: &'static [Setting] = &[];
}

#[derive(Serialize, Deserialize)]
struct FittedMean(f64);

impl Regress for Mean {
    fn fit(&self, _ctx: &Ctx, _x: &Matrix, y: &[f64]) -> Result<Box<dyn Predict>, FitError> {
        Ok(Box::new(FittedMean(y.iter().sum::<f64>() / y.len() as f64)))
    }
}

#[typetag::serde]
impl Predict for FittedMean {
    fn predict(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
        Ok(vec![self.0; x.rows()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mean of 1 and 3 is 2, for any row.
    #[test]
    fn mean_by_hand() {
        let x = Matrix::from_columns(vec![("a".into(), vec![5.0, 7.0])]).unwrap();
        let fitted = Mean {}.fit(&Ctx::new(1), &x, &[1.0, 3.0]).unwrap();
        assert_eq!(fitted.predict(&x).unwrap(), [2.0, 2.0]);
    }
}
