//! The shares of the classes: the baseline of every classification.
//!
//! ```text
//! p[c] = rows of class c / n
//! ```
//!
//! Its most probable class is the majority; its accuracy is the base rate.
//! Hastie, Tibshirani & Friedman, The Elements of Statistical Learning, 2nd ed., §2.4.

use almanac_data::{FitError, Matrix};
use serde::{Deserialize, Serialize};

use super::{Chances, Classes, Classify};
use crate::{Ctx, Setting, Settings};

/// The shares of the classes; no settings.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Prior {}

impl Settings for Prior {
    const TABLE: &'static [Setting] = &[];
}

#[derive(Serialize, Deserialize)]
struct Shares(Vec<f64>);

impl Classify for Prior {
    fn fit(
        &self,
        _ctx: &Ctx,
        _x: &Matrix,
        classes: &Classes<'_>,
    ) -> Result<Box<dyn Chances>, FitError> {
        let n = classes.of.len() as f64;
        let shares = classes.counts().into_iter().map(|count| count as f64 / n).collect();
        Ok(Box::new(Shares(shares)))
    }
}

#[typetag::serde]
impl Chances for Shares {
    fn chances(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
        Ok((0..x.rows()).flat_map(|_| self.0.iter().copied()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One in four, whatever is asked.
    #[test]
    fn shares_by_hand() {
        let x = Matrix::from_columns(vec![("a".into(), vec![1.0; 4])]).unwrap();
        let classes = Classes { of: &[0, 1, 0, 0], count: 2 };
        let fitted = Prior {}.fit(&Ctx::new(1), &x, &classes).unwrap();
        let two = x.select(&[0, 3]);
        assert_eq!(fitted.chances(&two).unwrap(), [0.75, 0.25, 0.75, 0.25]);
    }
}
