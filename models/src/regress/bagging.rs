//! Bagging: the mean of trees, each grown from a share of the rows.
//!
//! ```text
//! ŷ(x) = Σ tree[b](x) / B      tree b from rows · n rows, drawn with replacement or without
//! ```
//!
//! Takes the variance out of deep trees, nothing of what they all miss. A random forest with all
//! `features` is bagging of all rows; this one chooses how many rows and how they are drawn.
//! Missing values go to the side that gains more. Breiman, Bagging predictors, Machine Learning
//! 24, 1996.

use almanac_data::{FitError, Matrix};
use serde::{Deserialize, Serialize};

use super::{Predict, Regress};
use crate::trees::{self, Features, Goal, Ground, Grove, Rows, Shape};
use crate::{Ctx, Setting, SettingError, Settings};

/// Bagged regression trees.
///
/// | name      | default | range       | meaning                                            |
/// |-----------|---------|-------------|----------------------------------------------------|
/// | trees     | 100     | >= 1        | number of trees                                    |
/// | rows      | 1       | (0, 1]      | share of the rows that each tree sees              |
/// | bootstrap | true    | true, false | whether each tree sees rows drawn with replacement |
/// | depth     | none    | >= 1        | splits above a leaf at most; none: no limit        |
/// | min_split | 2       | >= 2        | rows that a node needs to be split                 |
/// | min_leaf  | 1       | >= 1        | rows of a leaf at least                            |
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bagging {
    /// Number of trees.
    pub trees: usize,
    /// Share of the rows that each tree sees.
    pub rows: f64,
    /// Whether each tree sees rows drawn with replacement, or each row at most once.
    pub bootstrap: bool,
    /// Splits above a leaf at most.
    pub depth: Option<usize>,
    /// Rows that a node needs to be split.
    pub min_split: usize,
    /// Rows of a leaf at least.
    pub min_leaf: usize,
}

impl Default for Bagging {
    fn default() -> Bagging {
        Bagging { trees: 100, rows: 1.0, bootstrap: true, depth: None, min_split: 2, min_leaf: 1 }
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

impl Regress for Bagging {
    fn fit(&self, ctx: &Ctx, x: &Matrix, y: &[f64]) -> Result<Box<dyn Predict>, FitError> {
        let (goal, weights) = (Goal::Values(y), vec![1.0; y.len()]);
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

    /// Targets that step from 0 to 1: trees answer the ends exactly, whatever rows they drew, and
    /// two threads give the bits of one.
    #[test]
    fn forest_by_hand() {
        let values: Vec<f64> = (0..40).map(f64::from).collect();
        let y: Vec<f64> = values.iter().map(|&v| f64::from(u8::from(v > 19.5))).collect();
        let fit = |threads| {
            let ctx = Ctx { threads, ..Ctx::new(1) };
            Bagging::default().fit(&ctx, &column(&values), &y).unwrap()
        };
        let got = fit(1).predict(&column(&values)).unwrap();
        assert_eq!((got[0], got[39]), (0.0, 1.0));
        assert!(got.windows(2).all(|pair| pair[0] <= pair[1]));
        assert_eq!(got, fit(2).predict(&column(&values)).unwrap());
    }

    /// One tree on all rows, each once, is the plain tree: it repeats the targets.
    #[test]
    fn all_rows_once_is_a_tree() {
        let once = Bagging { trees: 1, bootstrap: false, ..Bagging::default() };
        let (x, y) = (column(&[1.0, 2.0, 3.0]), [5.0, 1.0, 4.0]);
        let got = once.fit(&Ctx::new(1), &x, &y).unwrap().predict(&x).unwrap();
        assert!(got.iter().zip(y).all(|(got, y)| (got - y).abs() < 1e-12));
    }
}
