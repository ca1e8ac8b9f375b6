//! Random forest: the mean shares of deep trees, each grown from rows drawn with replacement.
//!
//! ```text
//! p(x) = Σ tree[b](x) / B      each split is the best over `features` columns drawn anew
//! ```
//!
//! Chances are cautious: drawn towards the middle where trees disagree. Missing values go to the
//! side that gains more. Breiman, Random forests, Machine Learning 45, 2001.

use almanac_data::{FitError, Matrix};
use serde::{Deserialize, Serialize};

use super::{Chances, ClassWeight, Classes, Classify};
use crate::trees::{self, Criterion, Features, Goal, Ground, Grove, Rows, Shape};
use crate::{Ctx, Setting, SettingError, Settings};

/// A random forest of classification trees.
///
/// | name         | default | range                    | meaning                                            |
/// |--------------|---------|--------------------------|----------------------------------------------------|
/// | trees        | 100     | >= 1                     | number of trees                                    |
/// | criterion    | gini    | gini, entropy            | impurity that splits lower                         |
/// | class_weight | none    | none, balanced           | whether all classes count the same                 |
/// | depth        | none    | >= 1                     | splits above a leaf at most; none: no limit        |
/// | min_split    | 2       | >= 2                     | rows that a node needs to be split                 |
/// | min_leaf     | 1       | >= 1                     | rows of a leaf at least                            |
/// | features     | sqrt    | all, sqrt, share, number | columns drawn for each split                       |
/// | bootstrap    | true    | true, false              | whether each tree sees rows drawn with replacement |
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RandomForest {
    /// Number of trees.
    pub trees: usize,
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
    /// Columns drawn for each split.
    pub features: Features,
    /// Whether each tree sees rows drawn with replacement, or each row at most once.
    pub bootstrap: bool,
}

impl Default for RandomForest {
    fn default() -> RandomForest {
        RandomForest {
            trees: 100,
            criterion: Criterion::Gini,
            class_weight: ClassWeight::None,
            depth: None,
            min_split: 2,
            min_leaf: 1,
            features: Features::SQRT,
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
        trees::CRITERION,
        trees::CLASS_WEIGHT,
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

impl Classify for RandomForest {
    fn fit(
        &self,
        ctx: &Ctx,
        x: &Matrix,
        classes: &Classes<'_>,
    ) -> Result<Box<dyn Chances>, FitError> {
        let goal = Goal::Classes(*classes, self.criterion);
        let weights = classes.weights(self.class_weight);
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

    /// Classes that change at 19.5: the ends are sure, whatever rows the trees drew, each row sums
    /// to 1, a class without rows has no chance, and two threads give the bits of one.
    #[test]
    fn forest_by_hand() {
        let values: Vec<f64> = (0..40).map(f64::from).collect();
        let of: Vec<usize> = (0..40).map(|row| if row < 20 { 0 } else { 2 }).collect();
        let fit = |threads| {
            let ctx = Ctx { threads, ..Ctx::new(1) };
            let classes = Classes { of: &of, count: 3 };
            RandomForest::default().fit(&ctx, &column(&values), &classes).unwrap()
        };
        let got = fit(1).chances(&column(&values)).unwrap();
        assert_eq!((&got[..3], &got[117..]), (&[1.0, 0.0, 0.0][..], &[0.0, 0.0, 1.0][..]));
        assert!(got.chunks(3).all(|row| (row.iter().sum::<f64>() - 1.0).abs() < 1e-12));
        assert_eq!(got, fit(2).chances(&column(&values)).unwrap());
    }
}
