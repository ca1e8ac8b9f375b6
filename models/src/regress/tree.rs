//! A regression tree: the mean of the rows that went the same way.
//!
//! ```text
//! split a node by x[column] ≤ threshold where Σ (y − ȳ)² falls most; ŷ = ȳ of the leaf
//! ```
//!
//! Grown to the end it repeats every target, noise and all: limit `depth` or `min_leaf`, or take
//! many. Missing values go to the side that gains more; where none was seen, to the fuller side.
//! Breiman, Friedman, Olshen & Stone, Classification and Regression Trees, 1984.

use almanac_data::{FitError, Matrix};
use serde::{Deserialize, Serialize};

use super::{Predict, Regress};
use crate::trees::{self, Features, Goal, Ground, Grove, Rows, Shape};
use crate::{Ctx, Setting, SettingError, Settings};

/// A regression tree; of equally good splits one is drawn.
///
/// | name      | default | range                    | meaning                                     |
/// |-----------|---------|--------------------------|---------------------------------------------|
/// | depth     | none    | >= 1                     | splits above a leaf at most; none: no limit |
/// | min_split | 2       | >= 2                     | rows that a node needs to be split          |
/// | min_leaf  | 1       | >= 1                     | rows of a leaf at least                     |
/// | features  | all     | all, sqrt, share, number | columns drawn for each split                |
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tree {
    /// Splits above a leaf at most.
    pub depth: Option<usize>,
    /// Rows that a node needs to be split.
    pub min_split: usize,
    /// Rows of a leaf at least.
    pub min_leaf: usize,
    /// Columns drawn for each split.
    pub features: Features,
}

impl Default for Tree {
    fn default() -> Tree {
        Tree { depth: None, min_split: 2, min_leaf: 1, features: Features::ALL }
    }
}

impl Tree {
    fn shape(&self) -> Shape {
        let Tree { depth, min_split, min_leaf, features, .. } = *self;
        Shape { depth, min_split, min_leaf, features }
    }
}

impl Settings for Tree {
    const TABLE: &'static [Setting] =
        &[trees::DEPTH, trees::MIN_SPLIT, trees::MIN_LEAF, trees::FEATURES];

    fn check(&self) -> Result<(), SettingError> {
        self.shape().check(1)
    }
}

impl Regress for Tree {
    fn fit(&self, ctx: &Ctx, x: &Matrix, y: &[f64]) -> Result<Box<dyn Predict>, FitError> {
        let (goal, weights) = (Goal::Values(y), vec![1.0; y.len()]);
        let ground = Ground::sorted(x, goal, &self.shape())?;
        Ok(Box::new(Grove::plant(ctx, &ground, 1, Rows::ALL, &weights)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(values: &[f64]) -> Matrix {
        Matrix::from_columns(vec![("a".into(), values.to_vec())]).unwrap()
    }

    /// 0 0 6 10 at 1 2 3 4: the root parts at 2.5 (square error 76 to 8), its right side at 3.5.
    #[test]
    fn tree_by_hand() {
        let (x, y) = (column(&[1.0, 2.0, 3.0, 4.0]), [0.0, 0.0, 6.0, 10.0]);
        let ask = column(&[2.5, 2.6, 3.6, 9.0]);
        let stump = Tree { depth: Some(1), ..Tree::default() }.fit(&Ctx::new(1), &x, &y).unwrap();
        assert_eq!(stump.predict(&ask).unwrap(), [0.0, 8.0, 8.0, 8.0]);
        let tree = Tree::default().fit(&Ctx::new(1), &x, &y).unwrap();
        assert_eq!(tree.predict(&ask).unwrap(), [0.0, 6.0, 10.0, 10.0]);
        assert_eq!(tree.importance().unwrap(), [1.0]);
    }

    /// Missing targets are 9 and near the large ones: missing values go right, seen or not.
    #[test]
    fn missing_values_go_where_they_gain() {
        let x = column(&[1.0, 2.0, 3.0, f64::NAN]);
        let stump = Tree { depth: Some(1), ..Tree::default() };
        let fit = |y: &[f64]| stump.fit(&Ctx::new(1), &x, y).unwrap();
        let ask = column(&[1.0, 3.0, f64::NAN]);
        assert_eq!(fit(&[0.0, 0.0, 9.0, 9.0]).predict(&ask).unwrap(), [0.0, 9.0, 9.0]);
        assert_eq!(fit(&[9.0, 9.0, 0.0, 9.0]).predict(&ask).unwrap(), [9.0, 0.0, 9.0]);
        assert_eq!(fit(&[3.0, 3.0, 3.0, 9.0]).predict(&ask).unwrap(), [3.0, 3.0, 9.0]);
    }

    /// Large and tiny numbers, a constant column and a single row leave the answers exact.
    #[test]
    fn extremes_keep_their_digits() {
        for scale in [1e-12, 1e12] {
            let (x, y) = (column(&[scale, 2.0 * scale, 3.0 * scale]), [0.0, scale, 5.0 * scale]);
            let got = Tree::default().fit(&Ctx::new(1), &x, &y).unwrap().predict(&x).unwrap();
            assert!(got.iter().zip(y).all(|(got, y)| (got - y).abs() <= 1e-14 * scale));
        }
        let flat = Tree::default().fit(&Ctx::new(1), &column(&[1.0; 3]), &[1.0, 2.0, 6.0]).unwrap();
        assert_eq!(flat.predict(&column(&[7.0])).unwrap(), [3.0]);
        assert_eq!(flat.importance().unwrap(), [0.0]);
        let one = Tree::default().fit(&Ctx::new(1), &column(&[1.0]), &[4.0]).unwrap();
        assert_eq!(one.predict(&column(&[f64::NAN])).unwrap(), [4.0]);
    }
}
