//! Gradient boosting: many small trees, each fitted to what the ones before left over.
//!
//! ```text
//! F[0] = the best constant      F[r](x) = F[r−1](x) + rate · tree[r](x)
//! tree[r] is grown on slopes of the loss:   squared F − y   absolute ±1
//!     huber   (F − y) clipped to ±δ, δ = the alpha quantile of |y − F|
//!     quantile   1 − alpha where y < F, −alpha elsewhere
//! leaf = −Σ slope / (n + l2)                squared
//!        median, or alpha quantile, of y − F          absolute, quantile
//!        median m + mean of (y − F − m) clipped to ±δ huber
//! ```
//!
//! Trees grow leaf by leaf over columns cut into bins; missing values have a bin of their own and
//! go to the side that gains more. Cannot answer beyond the range of the targets it saw: take a
//! trend out before. Overfits noise with many rounds; `patience` stops it in time.
//! Friedman 2001, Greedy function approximation: a gradient boosting machine, Annals of Statistics
//! 29; over histograms: Ke et al. 2017, LightGBM, NeurIPS 30.

use almanac_data::{FitError, Matrix};
use almanac_kernels::quantile::quantile;
use serde::{Deserialize, Serialize};

use super::{Predict, Regress};
use crate::Ctx;
use crate::boosting::{Boosted, Growth, Loss, Slopes, boosted};
use crate::settings::{Setting, SettingError, Settings};

/// Gradient boosting.
///
/// | name          | default | range                              | meaning                                   |
/// |---------------|---------|------------------------------------|-------------------------------------------|
/// | loss          | squared | squared, absolute, huber, quantile | what the trees lower                      |
/// | alpha         | 0.9     | in (0, 1)                          | the quantile asked; huber: share unclipped |
/// | rounds        | 100     | >= 1                               | trees                                     |
/// | learning_rate | 0.1     | in (0, 1]                          | share of each tree's answer that counts   |
/// | leaves        | 31      | >= 2                               | leaves of a tree at most                  |
/// | depth         | none    | >= 1                               | splits on a path at most                  |
/// | min_leaf      | 20      | >= 1                               | rows of a leaf at least                   |
/// | l2            | 0       | >= 0                               | added to sums of curvatures               |
/// | l1            | 0       | >= 0                               | taken from sums of slopes                 |
/// | gain          | 0       | >= 0                               | what a split must gain                    |
/// | bins          | 255     | 2 to 255                           | bins of a column at most                  |
/// | rows          | 1       | in (0, 1]                          | share of the rows that a round sees       |
/// | columns       | 1       | in (0, 1]                          | share of the columns that a tree sees     |
/// | patience      | 0       | >= 0                               | rounds without a better held-out score    |
/// | held          | 0.1     | in (0, 1)                          | share of the rows held out                |
/// | held_rows     | last    | last, random                       | which rows are held out                   |
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct GradientBoosting {
    /// What the trees lower.
    pub loss: Kind,
    /// The quantile asked; for huber, the share of errors that are not clipped.
    pub alpha: f64,
    /// How trees are grown.
    #[serde(flatten)]
    pub growth: Growth,
}

/// What the trees lower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Half of the squared error: answers the mean.
    #[default]
    Squared,
    /// The absolute error: answers the median.
    Absolute,
    /// Squared near, absolute far: the mean of all but outliers.
    Huber,
    /// The pinball loss: answers a quantile.
    Quantile,
}

impl Default for GradientBoosting {
    fn default() -> Self {
        GradientBoosting { loss: Kind::Squared, alpha: 0.9, growth: Growth::default() }
    }
}

impl Settings for GradientBoosting {
    const TABLE: &'static [Setting] = &Growth::table::<16>(&[
        Setting {
            name: "loss",
            range: "squared, absolute, huber, quantile",
            meaning: "what the trees lower",
        },
        Setting {
            name: "alpha",
            range: "in (0, 1)",
            meaning: "the quantile asked; for huber, the share of errors that are not clipped",
        },
    ]);

    fn check(&self) -> Result<(), SettingError> {
        let inside = 0.0 < self.alpha && self.alpha < 1.0;
        SettingError::unless(inside, "alpha", "in (0, 1)", self.alpha)?;
        self.growth.check()
    }
}

/// The errors that the trees lower.
struct Errors<'a> {
    kind: Kind,
    alpha: f64,
    y: &'a [f64],
    /// Errors beyond it are clipped, by huber.
    reach: f64,
}

impl Errors<'_> {
    fn level(&self) -> f64 {
        if self.kind == Kind::Quantile { self.alpha } else { 0.5 }
    }

    fn left(&self, rows: &[u32], scores: &[f64]) -> Vec<f64> {
        rows.iter().map(|&row| self.y[row as usize] - scores[row as usize]).collect()
    }
}

impl Loss for Errors<'_> {
    fn start(&self, rows: &[u32]) -> Vec<f64> {
        let mut targets: Vec<f64> = rows.iter().map(|&row| self.y[row as usize]).collect();
        vec![match self.kind {
            Kind::Squared => targets.iter().sum::<f64>() / targets.len() as f64,
            _ => quantile(&mut targets, self.level()),
        }]
    }

    fn slopes(&mut self, rows: &[u32], scores: &[Vec<f64>], out: &mut [Slopes]) {
        if self.kind == Kind::Huber {
            let mut sizes = self.left(rows, &scores[0]);
            sizes.iter_mut().for_each(|size| *size = size.abs());
            self.reach = quantile(&mut sizes, self.alpha);
        }
        let over = scores[0].iter().zip(self.y).map(|(score, y)| score - y);
        let below_above =
            |below: f64, above: f64| move |over: f64| if over > 0.0 { below } else { -above };
        let slope = &mut out[0].slope;
        slope.clear();
        match self.kind {
            Kind::Squared => slope.extend(over),
            Kind::Huber => slope.extend(over.map(|over| over.clamp(-self.reach, self.reach))),
            Kind::Absolute => slope.extend(over.map(below_above(1.0, 1.0))),
            Kind::Quantile => slope.extend(over.map(below_above(1.0 - self.alpha, self.alpha))),
        }
    }

    fn mean(&self, rows: &[u32], scores: &[Vec<f64>]) -> f64 {
        let left = self.left(rows, &scores[0]);
        let loss = |&left: &f64| match self.kind {
            Kind::Squared => left * left / 2.0,
            // What huber clips at moves with the rounds, so that its own losses do not compare.
            Kind::Huber => left.abs(),
            Kind::Absolute | Kind::Quantile => left.max(0.0) - (1.0 - self.level()) * left,
        };
        left.iter().map(loss).sum::<f64>() / left.len() as f64
    }

    fn leaf(&self, rows: &[u32], scores: &[f64]) -> Option<f64> {
        if self.kind == Kind::Squared {
            return None;
        }
        let mut left = self.left(rows, scores);
        let middle = quantile(&mut left, self.level());
        if self.kind != Kind::Huber {
            return Some(middle);
        }
        let clipped = left.iter().map(|left| (left - middle).clamp(-self.reach, self.reach));
        Some(middle + clipped.sum::<f64>() / left.len() as f64)
    }
}

#[derive(Serialize, Deserialize)]
struct Fitted(Boosted);

impl Regress for GradientBoosting {
    fn fit(&self, ctx: &Ctx, x: &Matrix, y: &[f64]) -> Result<Box<dyn Predict>, FitError> {
        let errors = Errors { kind: self.loss, alpha: self.alpha, y, reach: 0.0 };
        Ok(Box::new(Fitted(boosted(ctx, &self.growth, x, errors)?)))
    }
}

#[typetag::serde(name = "GradientBoosting")]
impl Predict for Fitted {
    fn predict(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
        Ok(self.0.scores(x)?.swap_remove(0))
    }

    fn importance(&self) -> Option<Vec<f64>> {
        Some(self.0.importance())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(loss: Kind, alpha: f64, y: &[f64]) -> Vec<f64> {
        let growth =
            Growth { rounds: 1, learning_rate: 1.0, leaves: 2, min_leaf: 1, ..Growth::default() };
        let learner = GradientBoosting { loss, alpha, growth };
        let low_high = (0..y.len()).map(|row| f64::from(u8::from(2 * row >= y.len()))).collect();
        let x = Matrix::from_columns(vec![("x".into(), low_high)]).unwrap();
        let fitted = learner.fit(&Ctx::new(1), &x, y).unwrap();
        assert_eq!(fitted.importance().unwrap(), [1.0]);
        let got = fitted.predict(&x).unwrap();
        vec![got[0], got[y.len() - 1]]
    }

    fn near(got: &[f64], want: &[f64]) {
        let off = got.iter().zip(want).map(|(got, want)| (got - want).abs());
        assert!(off.fold(0.0, f64::max) < 1e-9, "{got:?} {want:?}");
    }

    /// One tree at rate 1 that parts 0 3 9 from 10 12 80 answers each side's mean (4 and 34),
    /// median (3 and 12), 0.75 quantile (6 and 46).
    #[test]
    fn one_tree_by_hand() {
        let y = [0.0, 3.0, 9.0, 10.0, 12.0, 80.0];
        near(&step(Kind::Squared, 0.5, &y), &[4.0, 34.0]);
        near(&step(Kind::Absolute, 0.5, &y), &[3.0, 12.0]);
        near(&step(Kind::Quantile, 0.75, &y), &[6.0, 46.0]);
    }

    /// Start 9.5, errors −9.5 −6.5 −0.5 0.5 2.5 70.5, their median size 4.5 = δ. Low side: median
    /// 3, rests −3 0 6 clipped to 4.5, mean 0.5: 3.5. High side: median 12, −2 0 4.5: 12.8333.
    #[test]
    fn huber_by_hand() {
        let y = [0.0, 3.0, 9.0, 10.0, 12.0, 80.0];
        near(&step(Kind::Huber, 0.5, &y), &[3.5, 12.0 + 2.5 / 3.0]);
    }

    fn waves(rows: usize) -> (Matrix, Vec<f64>) {
        let column = |k: usize| (0..rows).map(|t| ((t * (k + 3)) as f64 * 0.37).sin()).collect();
        let columns: Vec<Vec<f64>> = (0..10).map(column).collect();
        let y = (0..rows).map(|t| columns[0][t] * columns[1][t] + columns[2][t]).collect();
        let named = columns.into_iter().enumerate().map(|(k, column)| (k.to_string(), column));
        (Matrix::from_columns(named.collect()).unwrap(), y)
    }

    /// Sums are of whole numbers, so two threads give the bits of one; enough rows to use both.
    #[test]
    fn threads_change_no_bit() {
        let (x, y) = waves(8000);
        let growth = Growth { rounds: 5, rows: 0.9, columns: 0.7, ..Growth::default() };
        let learner = GradientBoosting { growth, ..GradientBoosting::default() };
        let said = |threads| {
            let ctx = Ctx { threads, ..Ctx::new(3) };
            learner.fit(&ctx, &x, &y).unwrap().predict(&x).unwrap()
        };
        assert_eq!(said(1), said(2));
    }

    /// The last tenth has the opposite sign of what the rest teaches, so no round helps it: the
    /// answer stays the first constant, the mean of the rows that were not held out. Without
    /// patience the rounds go on.
    #[test]
    fn patience_stops() {
        let (x, mut y) = waves(400);
        y[360..].iter_mut().for_each(|y| *y = -*y);
        let said = |patience| {
            let growth = Growth { rounds: 30, patience, ..Growth::default() };
            let learner = GradientBoosting { growth, ..GradientBoosting::default() };
            learner.fit(&Ctx::new(1), &x, &y).unwrap().predict(&x).unwrap()
        };
        let start = y[..360].iter().sum::<f64>() / 360.0;
        assert!(said(3).iter().all(|said| *said == start));
        assert!(said(0).iter().any(|said| (said - start).abs() > 0.5));
    }
}
