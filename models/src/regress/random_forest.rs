//! Random forest: the mean of deep trees, each grown from rows drawn with replacement.
//!
//! ```text
//! ŷ(x) = Σ tree[b](x) / B      each split is the best over `features` columns drawn anew
//! ```
//!
//! Never answers outside the range of the targets, so it follows no trend. Fewer `features` make
//! trees less alike, which helps where much is noise; all of them is best where few columns
//! matter, and is the default, as in scikit-learn. Missing values go to the side that gains more.
//! Breiman, Random forests, Machine Learning 45, 2001.

use almanac_data::{FitError, Matrix};
use serde::{Deserialize, Serialize};

use super::{Predict, Regress};
use crate::trees::{self, Features, Goal, Ground, Grove, Rows, Shape};
use crate::{Ctx, Setting, SettingError, Settings};

/// A random forest of regression trees.
///
/// | name      | default | range                    | meaning                                            |
/// |-----------|---------|--------------------------|----------------------------------------------------|
/// | trees     | 100     | >= 1                     | number of trees                                    |
/// | depth     | none    | >= 1                     | splits above a leaf at most; none: no limit        |
/// | min_split | 2       | >= 2                     | rows that a node needs to be split                 |
/// | min_leaf  | 1       | >= 1                     | rows of a leaf at least                            |
/// | features  | all     | all, sqrt, share, number | columns drawn for each split                       |
/// | bootstrap | true    | true, false              | whether each tree sees rows drawn with replacement |
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RandomForest {
    /// Number of trees.
    pub trees: usize,
    /// Splits above a leaf at most.
    pub depth: Option<usize>,
    /// Rows that a node needs to be split.
    pub min_split: usize,
    /// Rows of a leaf at least.
    pub min_leaf: usize,
    /// Columns drawn for each split.
    pub features: Features,
    /// Whether each tree sees rows drawn with replacement, or each row at most once.
    pub bootstrap: bool,
}

impl Default for RandomForest {
    fn default() -> RandomForest {
        RandomForest {
            trees: 100,
            depth: None,
            min_split: 2,
            min_leaf: 1,
            features: Features::ALL,
            bootstrap: true,
        }
    }
}

impl RandomForest {
    fn shape(&self) -> Shape {
        let RandomForest { depth, min_split, min_leaf, features, .. } = *self;
        Shape { depth, min_split, min_leaf, features }
    }
}

impl Settings for RandomForest {
    const TABLE: &'static [Setting] = &[
        trees::TREES,
        trees::DEPTH,
        trees::MIN_SPLIT,
        trees::MIN_LEAF,
        trees::FEATURES,
        trees::BOOTSTRAP,
    ];

    fn check(&self) -> Result<(), SettingError> {
        self.shape().check(self.trees)
    }
}

impl Regress for RandomForest {
    fn fit(&self, ctx: &Ctx, x: &Matrix, y: &[f64]) -> Result<Box<dyn Predict>, FitError> {
        let (goal, weights) = (Goal::Values(y), vec![1.0; y.len()]);
        let ground = Ground::sorted(x, goal, &self.shape())?;
        let rows = Rows { share: 1.0, back: self.bootstrap };
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
            RandomForest::default().fit(&ctx, &column(&values), &y).unwrap()
        };
        let got = fit(1).predict(&column(&values)).unwrap();
        assert_eq!((got[0], got[39]), (0.0, 1.0));
        assert!(got.windows(2).all(|pair| pair[0] <= pair[1]));
        assert_eq!(got, fit(2).predict(&column(&values)).unwrap());
    }
}
