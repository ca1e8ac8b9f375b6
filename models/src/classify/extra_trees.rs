//! Extra trees: the mean shares of trees whose thresholds are drawn, not searched for.
//!
//! ```text
//! p(x) = Σ tree[b](x) / B      a split: the best of one random threshold for each of `features`
//! ```
//!
//! Quicker to grow than a random forest, and smoother; weaker where a sharp threshold matters.
//! Every tree sees every row unless `bootstrap`. Missing values go to the side that gains more.
//! Geurts, Ernst & Wehenkel, Extremely randomized trees, Machine Learning 63, 2006.

use almanac_data::{FitError, Matrix};
use serde::{Deserialize, Serialize};

use super::{Chances, ClassWeight, Classes, Classify};
use crate::trees::{self, Criterion, Features, Goal, Ground, Grove, Rows, Shape};
use crate::{Ctx, Setting, SettingError, Settings};

/// Extremely randomized classification trees.
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
/// | bootstrap    | false   | true, false              | whether each tree sees rows drawn with replacement |
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExtraTrees {
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

impl Default for ExtraTrees {
    fn default() -> ExtraTrees {
        ExtraTrees {
            trees: 100,
            criterion: Criterion::Gini,
            class_weight: ClassWeight::None,
            depth: None,
            min_split: 2,
            min_leaf: 1,
            features: Features::SQRT,
            bootstrap: false,
        }
    }
}

impl ExtraTrees {
    fn shape(&self) -> Shape {
        let ExtraTrees { depth, min_split, min_leaf, features, .. } = *self;
        Shape { depth, min_split, min_leaf, features }
    }
}

impl Settings for ExtraTrees {
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

impl Classify for ExtraTrees {
    fn fit(
        &self,
        ctx: &Ctx,
        x: &Matrix,
        classes: &Classes<'_>,
    ) -> Result<Box<dyn Chances>, FitError> {
        let goal = Goal::Classes(*classes, self.criterion);
        let weights = classes.weights(self.class_weight);
        let ground = Ground::unsorted(x, goal, &self.shape())?;
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
            ExtraTrees::default().fit(&ctx, &column(&values), &classes).unwrap()
        };
        let got = fit(1).chances(&column(&values)).unwrap();
        assert_eq!((&got[..3], &got[117..]), (&[1.0, 0.0, 0.0][..], &[0.0, 0.0, 1.0][..]));
        assert!(got.chunks(3).all(|row| (row.iter().sum::<f64>() - 1.0).abs() < 1e-12));
        assert_eq!(got, fit(2).chances(&column(&values)).unwrap());
    }
}
