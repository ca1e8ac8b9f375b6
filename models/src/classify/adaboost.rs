//! AdaBoost, SAMME: trees that look longest at the rows their forerunners got wrong.
//!
//! ```text
//! e = Σ w·[tree(x) ≠ c]      a = rate·(ln((1 − e)/e) + ln(K − 1))      until e ≥ 1 − 1/K
//! w ← w·exp(a·[tree(x) ≠ c]), then Σ w = 1
//! f[c](x) = Σ a[b]·(1 where tree[b](x) = c, else −1/(K − 1)) / Σ a
//! p[c](x) = exp(f[c]/(K − 1)) / Σ exp(f/(K − 1))
//! ```
//!
//! K counts the classes that have rows. Mislabelled rows draw all looks to themselves; the
//! chances rank well but lie near 1/K. Missing values go to the side that gains more.
//! Zhu, Zou, Rosset & Hastie, Multi-class AdaBoost, Statistics and Its Interface 2, 2009.

use almanac_data::{FitError, Matrix};
use almanac_kernels::tree::{Grown, Tree};
use serde::{Deserialize, Serialize};

use super::{Chances, ClassWeight, Classes, Classify};
use crate::regress::as_learnt;
use crate::trees::{self, Criterion, Features, Goal, Ground, Shape, asks};
use crate::{Ctx, Setting, SettingError, Settings};

/// Boosted classification trees.
///
/// | name         | default | range          | meaning                                     |
/// |--------------|---------|----------------|---------------------------------------------|
/// | trees        | 50      | >= 1           | number of trees at most                     |
/// | criterion    | gini    | gini, entropy  | impurity that splits lower                  |
/// | class_weight | none    | none, balanced | whether all classes count the same          |
/// | depth        | 1       | >= 1           | splits above a leaf at most; none: no limit |
/// | min_leaf     | 1       | >= 1           | rows of a leaf at least                     |
/// | rate         | 1       | > 0            | share of a tree's say                       |
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Adaboost {
    /// Number of trees at most.
    pub trees: usize,
    /// Impurity that splits lower.
    pub criterion: Criterion,
    /// Whether all classes count the same.
    pub class_weight: ClassWeight,
    /// Splits above a leaf at most.
    pub depth: Option<usize>,
    /// Rows of a leaf at least.
    pub min_leaf: usize,
    /// Share of a tree's say.
    pub rate: f64,
}

impl Default for Adaboost {
    fn default() -> Adaboost {
        Adaboost {
            trees: 50,
            criterion: Criterion::Gini,
            class_weight: ClassWeight::None,
            depth: Some(1),
            min_leaf: 1,
            rate: 1.0,
        }
    }
}

impl Adaboost {
    fn shape(&self) -> Shape {
        let Adaboost { depth, min_leaf, .. } = *self;
        Shape { depth, min_split: 2, min_leaf, features: Features::ALL }
    }
}

impl Settings for Adaboost {
    const TABLE: &'static [Setting] = &[
        trees::TREES,
        trees::CRITERION,
        trees::CLASS_WEIGHT,
        trees::DEPTH,
        trees::MIN_LEAF,
        trees::RATE,
    ];

    fn check(&self) -> Result<(), SettingError> {
        SettingError::unless(self.rate > 0.0, "rate", trees::RATE.range, self.rate)?;
        self.shape().check(self.trees)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Self")]
struct Boosted {
    #[serde(skip)]
    ctx: Ctx,
    trees: Vec<(Tree, f64)>,
    /// Whether each class had rows.
    seen: Vec<bool>,
    importance: Vec<f64>,
}

impl Classify for Adaboost {
    fn fit(
        &self,
        ctx: &Ctx,
        x: &Matrix,
        classes: &Classes<'_>,
    ) -> Result<Box<dyn Chances>, FitError> {
        let ground = Ground::sorted(x, Goal::Classes(*classes, self.criterion), &self.shape())?;
        let seen: Vec<bool> = classes.counts().iter().map(|&count| count > 0).collect();
        let kinds = seen.iter().filter(|&&seen| seen).count() as f64;
        let mut weights = classes.weights(self.class_weight);
        let mut grown: Vec<(Grown, f64)> = Vec::new();
        for round in 0..self.trees {
            ctx.go_on()?;
            settle(&mut weights);
            let ctx = ctx.named(&format!("tree {round}"));
            let next = ground.grow(&ctx, &weights);
            let got =
                trees::answer(&ctx, x, 1, |row, out| out[0] = likeliest(&next.tree, row) as f64);
            let wrong = got.iter().zip(classes.of).map(|(got, class)| *got != *class as f64);
            let wrong: Vec<bool> = wrong.collect();
            let missed = weights.iter().zip(&wrong).filter(|(_, wrong)| **wrong);
            let error = missed.map(|(weight, _)| weight).sum::<f64>() / weights.iter().sum::<f64>();
            if error <= 0.0 {
                grown.push((next, 1.0));
                break;
            }
            if error >= 1.0 - 1.0 / kinds {
                break;
            }
            let say = self.rate * (((1.0 - error) / error).ln() + (kinds - 1.0).ln());
            let lift = |(weight, wrong): (&mut f64, &bool)| {
                *weight *= if *wrong { say.exp() } else { 1.0 };
            };
            weights.iter_mut().zip(&wrong).for_each(lift);
            grown.push((next, say));
        }
        if grown.is_empty() {
            let why =
                "no tree is better than chance on its own rows: deeper trees, or other columns";
            return Err(FitError::Failed(why.into()));
        }
        let importance = trees::importance(grown.iter().map(|(grown, say)| (grown, *say)));
        let trees = grown.into_iter().map(|(grown, say)| (grown.tree, say)).collect();
        Ok(Box::new(Boosted { ctx: ctx.clone(), trees, seen, importance }))
    }
}

/// Brings the sum to 1, and what has all but vanished back to sight.
fn settle(weights: &mut [f64]) {
    let all: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight = (*weight / all).max(f64::EPSILON));
}

/// The class with the largest share in a row's leaf, the first of equals.
fn likeliest(tree: &Tree, row: &[f64]) -> usize {
    let shares = tree.at(row);
    (1..shares.len()).fold(0, |best, class| if shares[class] > shares[best] { class } else { best })
}

almanac_kernels::checked!(Boosted, |boosted| {
    let classes = boosted.seen.len();
    let sound =
        |(tree, _): &(Tree, f64)| tree.width() == classes && asks(tree, &boosted.importance);
    classes > 0 && boosted.trees.iter().all(sound)
});

#[typetag::serde]
impl Chances for Boosted {
    fn chances(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
        as_learnt(self.importance.len(), x)?;
        let others = self.seen.iter().filter(|&&seen| seen).count().saturating_sub(1).max(1) as f64;
        let all: f64 = self.trees.iter().map(|(_, say)| say).sum();
        Ok(trees::answer(&self.ctx, x, self.seen.len(), |row, out| {
            for (tree, say) in &self.trees {
                let named = likeliest(tree, row);
                for (class, vote) in out.iter_mut().enumerate() {
                    *vote += say / all * if class == named { 1.0 } else { -1.0 / others };
                }
            }
            for (vote, seen) in out.iter_mut().zip(&self.seen) {
                *vote = if *seen { (*vote / others).exp() } else { 0.0 };
            }
            let sum: f64 = out.iter().sum();
            out.iter_mut().for_each(|vote| *vote /= sum);
        }))
    }

    fn importance(&self) -> Option<Vec<f64>> {
        Some(self.importance.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chances(count: usize, of: &[usize], trees: usize) -> Result<Vec<f64>, FitError> {
        let values = (0..of.len()).map(|row| row as f64).collect();
        let x = Matrix::from_columns(vec![("a".into(), values)]).unwrap();
        let classes = Classes { of, count };
        let adaboost = Adaboost { trees, ..Adaboost::default() };
        adaboost.fit(&Ctx::new(1), &x, &classes)?.chances(&x)
    }

    /// One stump parts 0 0 | 1 1: votes ∓1 make chances e / (e + 1/e) for the class that is named.
    #[test]
    fn one_stump_by_hand() {
        let sure = 1.0_f64.exp() / (1.0_f64.exp() + (-1.0_f64).exp());
        let got = chances(2, &[0, 0, 1, 1], 1).unwrap();
        assert!((got[0] - sure).abs() < 1e-15 && (got[7] - sure).abs() < 1e-15);
    }

    /// No stump has 0 1 1 0 right, three have: the middle goes to 1.
    #[test]
    fn three_stumps_do_what_one_cannot() {
        let got = chances(2, &[0, 0, 1, 1, 0, 0, 0], 10).unwrap();
        let named: Vec<bool> = got.chunks(2).map(|row| row[1] > 0.5).collect();
        assert_eq!(named, [false, false, true, true, false, false, false]);
    }

    /// One class with rows is sure; where no stump beats chance, it says so.
    #[test]
    fn edges_are_met() {
        assert_eq!(chances(3, &[1, 1], 5).unwrap(), [0.0, 1.0, 0.0, 0.0, 1.0, 0.0]);
        let x = Matrix::from_columns(vec![("a".into(), vec![1.0; 4])]).unwrap();
        let classes = Classes { of: &[0, 1, 0, 1], count: 2 };
        let refused = Adaboost::default().fit(&Ctx::new(1), &x, &classes).err().unwrap();
        assert!(refused.to_string().contains("better than chance"));
    }
}
