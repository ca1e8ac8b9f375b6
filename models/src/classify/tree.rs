//! A classification tree: the shares of classes among the rows that went the same way.
//!
//! ```text
//! gini = 1 − Σ p[c]²      entropy = −Σ p[c]·ln p[c]      a split lowers weight · impurity most
//! ```
//!
//! Grown to the end it repeats every class and is always sure: limit `depth` or `min_leaf`, or take
//! many. Missing values go to the side that gains more; where none was seen, to the fuller side.
//! Breiman, Friedman, Olshen & Stone, Classification and Regression Trees, 1984.

use almanac_data::{FitError, Matrix};
use serde::{Deserialize, Serialize};

use super::{Chances, ClassWeight, Classes, Classify};
use crate::trees::{self, Criterion, Features, Goal, Ground, Grove, Rows, Shape};
use crate::{Ctx, Setting, SettingError, Settings};

/// A classification tree; of equally good splits one is drawn.
///
/// | name         | default | range                    | meaning                                     |
/// |--------------|---------|--------------------------|---------------------------------------------|
/// | criterion    | gini    | gini, entropy            | impurity that splits lower                  |
/// | class_weight | none    | none, balanced           | whether all classes count the same          |
/// | depth        | none    | >= 1                     | splits above a leaf at most; none: no limit |
/// | min_split    | 2       | >= 2                     | rows that a node needs to be split          |
/// | min_leaf     | 1       | >= 1                     | rows of a leaf at least                     |
/// | features     | all     | all, sqrt, share, number | columns drawn for each split                |
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tree {
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
}

impl Default for Tree {
    fn default() -> Tree {
        Tree {
            criterion: Criterion::Gini,
            class_weight: ClassWeight::None,
            depth: None,
            min_split: 2,
            min_leaf: 1,
            features: Features::ALL,
        }
    }
}

impl Tree {
    fn shape(&self) -> Shape {
        let Tree { depth, min_split, min_leaf, features, .. } = *self;
        Shape { depth, min_split, min_leaf, features }
    }
}

impl Settings for Tree {
    const TABLE: &'static [Setting] = &[
        trees::CRITERION,
        trees::CLASS_WEIGHT,
        trees::DEPTH,
        trees::MIN_SPLIT,
        trees::MIN_LEAF,
        trees::FEATURES,
    ];

    fn check(&self) -> Result<(), SettingError> {
        self.shape().check(1)
    }
}

impl Classify for Tree {
    fn fit(
        &self,
        ctx: &Ctx,
        x: &Matrix,
        classes: &Classes<'_>,
    ) -> Result<Box<dyn Chances>, FitError> {
        let goal = Goal::Classes(*classes, self.criterion);
        let weights = classes.weights(self.class_weight);
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

    fn stump(class_weight: ClassWeight, x: &[f64], of: &[usize], ask: &[f64]) -> Vec<f64> {
        let stump = Tree { depth: Some(1), class_weight, ..Tree::default() };
        let classes = Classes { of, count: 2 };
        let fitted = stump.fit(&Ctx::new(1), &column(x), &classes).unwrap();
        fitted.chances(&column(ask)).unwrap()
    }

    /// 0 0 0 1 1 0 at 1 … 6: parting at 3.5 leaves 0 | 2/3; balanced weights 6/8 and 6/4 make the
    /// right leaf 0.75 : 3, so 1/5 and 4/5.
    #[test]
    fn stump_by_hand() {
        let (x, of) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [0, 0, 0, 1, 1, 0]);
        let plain = stump(ClassWeight::None, &x, &of, &[3.5, 3.6]);
        assert_eq!(plain, [1.0, 0.0, 1.0 / 3.0, 2.0 / 3.0]);
        assert_eq!(stump(ClassWeight::Balanced, &x, &of, &[3.5, 3.6]), [1.0, 0.0, 0.2, 0.8]);
    }

    /// Missing values are all of class 1: they stand against all that is there.
    #[test]
    fn missing_values_part_from_the_others() {
        let x = [1.0, 2.0, f64::NAN, f64::NAN];
        let got = stump(ClassWeight::None, &x, &[0, 0, 1, 1], &[9.0, f64::NAN]);
        assert_eq!(got, [1.0, 0.0, 0.0, 1.0]);
    }

    /// One class alone has all the chances.
    #[test]
    fn one_class_is_sure() {
        assert_eq!(stump(ClassWeight::Balanced, &[1.0, 2.0], &[1, 1], &[1.0]), [0.0, 1.0]);
    }
}
