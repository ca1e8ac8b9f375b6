//! Bagging: the mean shares of trees, each grown from a share of the rows.
//!
//! ```text
//! p(x) = Σ tree[b](x) / B      tree b from rows · n rows, drawn with replacement or without
//! ```
//!
//! Takes the variance out of deep trees, nothing of what they all miss. Missing values go to the
//! side that gains more. Breiman, Bagging predictors, Machine Learning 24, 1996.

use almanac_data::{FitError, Matrix};
use serde::{Deserialize, Serialize};

use super::{Chances, ClassWeight, Classes, Classify};
use crate::trees::{self, Criterion, Features, Goal, Ground, Grove, Rows, Shape};
use crate::{Ctx, Setting, SettingError, Settings};

/// Bagged classification trees.
///
/// | name         | default | range          | meaning                                            |
/// |--------------|---------|----------------|----------------------------------------------------|
/// | trees        | 100     | >= 1           | number of trees                                    |
/// | rows         | 1       | (0, 1]         | share of the rows that each tree sees              |
/// | bootstrap    | true    | true, false    | whether each tree sees rows drawn with replacement |
/// | criterion    | gini    | gini, entropy  | impurity that splits lower                         |
/// | class_weight | none    | none, balanced | whether all classes count the same                 |
/// | depth        | none    | >= 1           | splits above a leaf at most; none: no limit        |
/// | min_split    | 2       | >= 2           | rows that a node needs to be split                 |
/// | min_leaf     | 1       | >= 1           | rows of a leaf at least                            |
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bagging {
    /// Number of trees.
    pub trees: usize,
    /// Share of the rows that each tree sees.
    pub rows: f64,
    /// Whether each tree sees rows drawn with replacement, or each row at most once.
    pub bootstrap: bool,
    /// Impurity that splits lower.
    pub criterion: Criterion,
    /// Whether all classes count the same.
    pub class_weight: ClassWeight,
    /// Splits above a leaf at most.
    pub depth: Option<usize>,
    /// Rows that a node needs to be split.
    pub min_split: usize,
    /// Rows of a leaf at least.
    pub min_leaf: usize,
}

impl Default for Bagging {
    fn default() -> Bagging {
        Bagging {
            trees: 100,
            rows: 1.0,
            bootstrap: true,
            criterion: Criterion::Gini,
            class_weight: ClassWeight::None,
            depth: None,
            min_split: 2,
            min_leaf: 1,
        }
    }
}

impl Bagging {
    fn shape(&self) -> Shape {
        let Bagging { depth, min_split, min_leaf, .. } = *self;
        Shape { depth, min_split, min_leaf, features: Features::ALL }
    }
}

impl Settings for Bagging {
    const TABLE: &'static [Setting] = &[
        trees::TREES,
        trees::ROWS,
        trees::BOOTSTRAP,
        trees::CRITERION,
        trees::CLASS_WEIGHT,
        trees::DEPTH,
        trees::MIN_SPLIT,
        trees::MIN_LEAF,
    ];

    fn check(&self) -> Result<(), SettingError> {
        SettingError::unless(
            0.0 < self.rows && self.rows <= 1.0,
            "rows",
            trees::ROWS.range,
            self.rows,
        )?;
        self.shape().check(self.trees)
    }
}

impl Classify for Bagging {
    fn fit(
        &self,
        ctx: &Ctx,
        x: &Matrix,
        classes: &Classes<'_>,
    ) -> Result<Box<dyn Chances>, FitError> {
        let goal = Goal::Classes(*classes, self.criterion);
        let weights = classes.weights(self.class_weight);
        let ground = Ground::sorted(x, goal, &self.shape())?;
        let rows = Rows { share: self.rows, back: self.bootstrap };
        Ok(Box::new(Grove::plant(ctx, &ground, self.trees, rows, &weights)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(values: &[f64]) -> Matrix {
        Matrix::from_columns(vec![("a".into(), values.to_vec())]).unwrap()
    }

    /// Classes that change at 19.5: the ends are sure, whatever rows the trees drew, each row sums
    /// to 1, a class without rows has no chance, and two threads give the bits of one.
    #[test]
    fn forest_by_hand() {
        let values: Vec<f64> = (0..40).map(f64::from).collect();
        let of: Vec<usize> = (0..40).map(|row| if row < 20 { 0 } else { 2 }).collect();
        let fit = |threads| {
            let ctx = Ctx { threads, ..Ctx::new(1) };
            let classes = Classes { of: &of, count: 3 };
            Bagging::default().fit(&ctx, &column(&values), &classes).unwrap()
        };
        let got = fit(1).chances(&column(&values)).unwrap();
        assert_eq!((&got[..3], &got[117..]), (&[1.0, 0.0, 0.0][..], &[0.0, 0.0, 1.0][..]));
        assert!(got.chunks(3).all(|row| (row.iter().sum::<f64>() - 1.0).abs() < 1e-12));
        assert_eq!(got, fit(2).chances(&column(&values)).unwrap());
    }
}
