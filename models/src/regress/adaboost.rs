//! AdaBoost.R2: trees that look longest at the rows their forerunners missed most.
//!
//! ```text
//! e[i] = |y[i] − tree(x[i])| / max |y − tree(x)|      l = e, e² or 1 − exp(−e)      L̄ = Σ w·l
//! β = L̄ / (1 − L̄)      w ← w·β^(rate·(1 − l)), then Σ w = 1      until L̄ ≥ 1/2
//! ŷ(x) = the median of tree[b](x), each weighing rate·ln(1/β[b])
//! ```
//!
//! Each tree sees n rows drawn with chances w. Outliers draw all looks to themselves: noisy targets
//! are better left to a forest. Missing values go to the side that gains more.
//! Drucker, Improving regressors using boosting techniques, ICML 1997.

use almanac_data::{FitError, Matrix};
use almanac_kernels::tree::{Grown, Tree};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::{Predict, Regress, as_learnt};
use crate::trees::{self, Features, Goal, Ground, Shape, asks};
use crate::{Ctx, Setting, SettingError, Settings};

/// Boosted regression trees that answer with a median.
///
/// | name     | default | range                       | meaning                                     |
/// |----------|---------|-----------------------------|---------------------------------------------|
/// | trees    | 50      | >= 1                        | number of trees at most                     |
/// | depth    | 3       | >= 1                        | splits above a leaf at most; none: no limit |
/// | min_leaf | 1       | >= 1                        | rows of a leaf at least                     |
/// | rate     | 1       | > 0                         | share of a tree's say                       |
/// | loss     | linear  | linear, square, exponential | how misses count                            |
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Adaboost {
    /// Number of trees at most.
    pub trees: usize,
    /// Splits above a leaf at most.
    pub depth: Option<usize>,
    /// Rows of a leaf at least.
    pub min_leaf: usize,
    /// Share of a tree's say.
    pub rate: f64,
    /// How misses count.
    pub loss: Loss,
}

/// What a miss e, in shares of the largest, counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Loss {
    /// e.
    Linear,
    /// e².
    Square,
    /// 1 − exp(−e).
    Exponential,
}

impl Default for Adaboost {
    fn default() -> Adaboost {
        Adaboost { trees: 50, depth: Some(3), min_leaf: 1, rate: 1.0, loss: Loss::Linear }
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
        trees::DEPTH,
        trees::MIN_LEAF,
        trees::RATE,
        Setting { name: "loss", range: "linear, square, exponential", meaning: "how misses count" },
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
    importance: Vec<f64>,
}

impl Regress for Adaboost {
    fn fit(&self, ctx: &Ctx, x: &Matrix, y: &[f64]) -> Result<Box<dyn Predict>, FitError> {
        let ground = Ground::sorted(x, Goal::Values(y), &self.shape())?;
        let mut weights = vec![1.0 / y.len() as f64; y.len()];
        let mut grown: Vec<(Grown, f64)> = Vec::new();
        for round in 0..self.trees {
            ctx.go_on()?;
            let ctx = ctx.named(&format!("tree {round}"));
            let next = ground.grow(&ctx, &draw(&ctx, &weights));
            let got = trees::answer(&ctx, x, 1, |row, out| out[0] = next.tree.at(row)[0]);
            let losses = self.losses(y, &got);
            let loss: f64 = losses.iter().zip(&weights).map(|(loss, weight)| loss * weight).sum();
            if loss <= 0.0 {
                grown.push((next, 1.0));
                break;
            }
            if loss >= 0.5 {
                if grown.is_empty() {
                    grown.push((next, 1.0));
                }
                break;
            }
            let beta = loss / (1.0 - loss);
            let shrink = |(weight, loss): (&mut f64, &f64)| {
                *weight *= beta.powf(self.rate * (1.0 - loss));
            };
            weights.iter_mut().zip(&losses).for_each(shrink);
            let all: f64 = weights.iter().sum();
            weights.iter_mut().for_each(|weight| *weight /= all);
            grown.push((next, self.rate * (1.0 / beta).ln()));
        }
        let importance = trees::importance(grown.iter().map(|(grown, say)| (grown, *say)));
        let trees = grown.into_iter().map(|(grown, say)| (grown.tree, say)).collect();
        Ok(Box::new(Boosted { ctx: ctx.clone(), trees, importance }))
    }
}

impl Adaboost {
    fn losses(&self, y: &[f64], got: &[f64]) -> Vec<f64> {
        let misses: Vec<f64> = y.iter().zip(got).map(|(y, got)| (y - got).abs()).collect();
        let largest = misses.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        let count = |miss: f64| match self.loss {
            Loss::Linear => miss,
            Loss::Square => miss * miss,
            Loss::Exponential => 1.0 - (-miss).exp(),
        };
        misses.iter().map(|miss| count(miss / largest)).collect()
    }
}

/// How often each row is drawn in as many draws as there are rows, with these chances.
fn draw(ctx: &Ctx, chances: &[f64]) -> Vec<f64> {
    let mut rng = ctx.named("rows").rng();
    let add = |sum: &mut f64, chance: &f64| {
        *sum += chance;
        Some(*sum)
    };
    let ends: Vec<f64> = chances.iter().scan(0.0, add).collect();
    let all = ends.last().copied().unwrap_or_default();
    let mut times = vec![0.0; chances.len()];
    for _ in 0..chances.len() {
        let at = rng.random::<f64>() * all;
        times[ends.partition_point(|&end| end <= at).min(ends.len() - 1)] += 1.0;
    }
    times
}

almanac_kernels::checked!(Boosted, |boosted| {
    boosted.trees.iter().all(|(tree, _)| tree.width() == 1 && asks(tree, &boosted.importance))
});

#[typetag::serde]
impl Predict for Boosted {
    fn predict(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
        as_learnt(self.importance.len(), x)?;
        let half = self.trees.iter().map(|(_, say)| say).sum::<f64>() / 2.0;
        Ok(trees::answer(&self.ctx, x, 1, |row, out| {
            let answer = |(tree, say): &(Tree, f64)| (tree.at(row)[0], *say);
            let mut answers: Vec<(f64, f64)> = self.trees.iter().map(answer).collect();
            answers.sort_by(|a, b| a.0.total_cmp(&b.0));
            let mut below = 0.0;
            let median = answers.iter().find(|(_, say)| {
                below += say;
                below >= half
            });
            out[0] = median.or(answers.last()).map_or(f64::NAN, |(answer, _)| *answer);
        }))
    }

    fn importance(&self) -> Option<Vec<f64>> {
        Some(self.importance.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(values: &[f64]) -> Matrix {
        Matrix::from_columns(vec![("a".into(), values.to_vec())]).unwrap()
    }

    /// Misses 0 1 2 are 0, 1/2 and 1 of the largest: squared 0 1/4 1, exponential 1 − exp(−1/2) ….
    #[test]
    fn losses_by_hand() {
        let of = |loss| {
            Adaboost { loss, ..Adaboost::default() }.losses(&[1.0, 2.0, 3.0], &[1.0, 1.0, 1.0])
        };
        assert_eq!(of(Loss::Linear), [0.0, 0.5, 1.0]);
        assert_eq!(of(Loss::Square), [0.0, 0.25, 1.0]);
        assert_eq!(of(Loss::Exponential)[1], 1.0 - (-0.5_f64).exp());
    }

    /// Answers 1, 2 and 10 with says 1, 1 and 1.5 of 3.5: half of it is passed at 2.
    #[test]
    fn median_by_hand() {
        let ctx = Ctx::new(1);
        let tree = |value: f64| {
            let (x, y) = (column(&[0.0]), [value]);
            let ground = Ground::sorted(&x, Goal::Values(&y), &Adaboost::default().shape());
            ground.unwrap().grow(&ctx, &[1.0]).tree
        };
        let trees = vec![(tree(10.0), 1.5), (tree(1.0), 1.0), (tree(2.0), 1.0)];
        let boosted = Boosted { ctx: ctx.clone(), trees, importance: vec![1.0] };
        assert_eq!(boosted.predict(&column(&[0.0])).unwrap(), [2.0]);
    }

    /// Rows without a chance are never drawn, and there are as many draws as rows.
    #[test]
    fn draws_follow_the_chances() {
        let times = draw(&Ctx::new(1), &[0.0, 0.75, 0.0, 0.25]);
        assert_eq!((times[0], times[2], times.iter().sum::<f64>()), (0.0, 0.0, 4.0));
    }

    /// A step is found by the first tree that sees both its sides: the fit is perfect and ends.
    #[test]
    fn a_step_is_learned() {
        let values: Vec<f64> = (0..20).map(f64::from).collect();
        let y: Vec<f64> = values.iter().map(|&v| f64::from(u8::from(v > 9.5))).collect();
        let fitted = Adaboost::default().fit(&Ctx::new(1), &column(&values), &y).unwrap();
        assert_eq!(fitted.predict(&column(&[0.0, 19.0])).unwrap(), [0.0, 1.0]);
        let flat = Adaboost::default().fit(&Ctx::new(1), &column(&[3.0; 4]), &[2.0; 4]).unwrap();
        assert_eq!(flat.predict(&column(&[1.0])).unwrap(), [2.0]);
    }
}
