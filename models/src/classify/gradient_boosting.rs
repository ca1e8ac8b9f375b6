//! Gradient boosting of classes: trees that each move the odds down the slope of the log loss.
//!
//! ```text
//! two classes    p = 1/(1 + e^(−F))           slope w·(p − y)        curvature w·p·(1 − p)
//! K classes      p[k] = e^F[k] / Σ e^F        slope w·(p[k] − y[k])  curvature w·p[k]·(1 − p[k])
//! F starts at the classes' weighted shares; a round grows one tree, or one for each class
//! leaf = −Σ slope / (Σ curvature + l2)
//! ```
//!
//! Missing values have a bin of their own and go to the side that gains more. Where few rows are
//! certain it becomes too sure of itself: fewer rounds, larger leaves or `patience` calm it.
//! Friedman 2001, Greedy function approximation: a gradient boosting machine, Annals of Statistics
//! 29; over histograms: Ke et al. 2017, LightGBM, NeurIPS 30.

use almanac_data::{FitError, Matrix};
use serde::{Deserialize, Serialize};

use super::{Chances, ClassWeight, Classes, Classify};
use crate::Ctx;
use crate::boosting::{Boosted, Growth, Loss, Slopes, boosted};
use crate::settings::{Setting, SettingError, Settings};

/// Gradient boosting of classes.
///
/// | name          | default | range          | meaning                                      |
/// |---------------|---------|----------------|----------------------------------------------|
/// | class_weight  | none    | none, balanced | whether classes count by rows or all alike   |
/// | rounds        | 100     | >= 1           | trees, one for each of three or more classes |
/// | learning_rate | 0.1     | in (0, 1]      | share of each tree's answer that counts      |
/// | leaves        | 31      | >= 2           | leaves of a tree at most                     |
/// | depth         | none    | >= 1           | splits on a path at most                     |
/// | min_leaf      | 20      | >= 1           | rows of a leaf at least                      |
/// | l2            | 0       | >= 0           | added to sums of curvatures                  |
/// | l1            | 0       | >= 0           | taken from sums of slopes                    |
/// | gain          | 0       | >= 0           | what a split must gain                       |
/// | bins          | 255     | 2 to 255       | bins of a column at most                     |
/// | rows          | 1       | in (0, 1]      | share of the rows that a round sees          |
/// | columns       | 1       | in (0, 1]      | share of the columns that a tree sees        |
/// | patience      | 0       | >= 0           | rounds without a better held-out score       |
/// | held          | 0.1     | in (0, 1)      | share of the rows held out                   |
/// | held_rows     | last    | last, random   | which rows are held out                      |
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GradientBoosting {
    /// Whether classes count by their rows or all alike.
    pub class_weight: ClassWeight,
    /// How trees are grown.
    #[serde(flatten)]
    pub growth: Growth,
}

impl Settings for GradientBoosting {
    const TABLE: &'static [Setting] = &Growth::table::<15>(&[Setting {
        name: "class_weight",
        range: "none, balanced",
        meaning: "whether classes count by their rows or all alike",
    }]);

    fn check(&self) -> Result<(), SettingError> {
        self.growth.check()
    }
}

/// The log loss. One output says the odds of the second of two classes; more are one a class.
struct LogLoss<'a> {
    classes: &'a Classes<'a>,
    weights: Vec<f64>,
}

/// Scores to probabilities, in place; one score becomes two.
fn chances(scores: &mut Vec<f64>) {
    if scores.len() == 1 {
        scores.insert(0, 0.0);
    }
    let peak = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    scores.iter_mut().for_each(|score| *score = (*score - peak).exp());
    let total: f64 = scores.iter().sum();
    scores.iter_mut().for_each(|score| *score /= total);
}

impl LogLoss<'_> {
    fn chances(&self, scores: &[Vec<f64>], row: usize, out: &mut Vec<f64>) {
        out.clear();
        out.extend(scores.iter().map(|scores| scores[row]));
        chances(out);
    }
}

impl Loss for LogLoss<'_> {
    fn start(&self, rows: &[u32]) -> Vec<f64> {
        let mut shares = vec![0.0; self.classes.count];
        for row in rows.iter().map(|&row| row as usize) {
            shares[self.classes.of[row]] += self.weights[row];
        }
        let total: f64 = shares.iter().sum();
        // A class without a row starts almost impossible rather than infinitely so.
        let log = |share: &f64| (share / total).max(f64::EPSILON).ln();
        let logs: Vec<f64> = shares.iter().map(log).collect();
        if logs.len() == 2 { vec![logs[1] - logs[0]] } else { logs }
    }

    fn slopes(&mut self, _rows: &[u32], scores: &[Vec<f64>], out: &mut [Slopes]) {
        let mut p = Vec::new();
        for out in out.iter_mut() {
            out.slope.clear();
            out.curve.clear();
        }
        let first = self.classes.count - out.len();
        for (row, &weight) in self.weights.iter().enumerate() {
            self.chances(scores, row, &mut p);
            let truth = self.classes.of[row];
            for (class, out) in (first..).zip(out.iter_mut()) {
                let hit = if class == truth { 1.0 } else { 0.0 };
                out.slope.push(weight * (p[class] - hit));
                out.curve.push(weight * p[class] * (1.0 - p[class]));
            }
        }
    }

    fn mean(&self, rows: &[u32], scores: &[Vec<f64>]) -> f64 {
        let mut p = Vec::new();
        let (mut loss, mut total) = (0.0, 0.0);
        for row in rows.iter().map(|&row| row as usize) {
            self.chances(scores, row, &mut p);
            let chance = p[self.classes.of[row]].max(f64::MIN_POSITIVE);
            loss -= self.weights[row] * chance.ln();
            total += self.weights[row];
        }
        loss / total
    }
}

/// What was learnt; with one class there is nothing to learn.
#[derive(Serialize, Deserialize)]
struct Fitted(Option<Boosted>);

impl Classify for GradientBoosting {
    fn fit(
        &self,
        ctx: &Ctx,
        x: &Matrix,
        classes: &Classes<'_>,
    ) -> Result<Box<dyn Chances>, FitError> {
        if classes.count < 2 {
            return Ok(Box::new(Fitted(None)));
        }
        let loss = LogLoss { classes, weights: classes.weights(self.class_weight) };
        Ok(Box::new(Fitted(Some(boosted(ctx, &self.growth, x, loss)?))))
    }
}

#[typetag::serde(name = "GradientBoosting")]
impl Chances for Fitted {
    fn chances(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
        let Some(boosted) = &self.0 else { return Ok(vec![1.0; x.rows()]) };
        let scores = boosted.scores(x)?;
        let mut row = Vec::new();
        let mut all = Vec::with_capacity(x.rows() * scores.len());
        for at in 0..x.rows() {
            row.clear();
            row.extend(scores.iter().map(|scores| scores[at]));
            chances(&mut row);
            all.extend_from_slice(&row);
        }
        Ok(all)
    }

    fn importance(&self) -> Option<Vec<f64>> {
        self.0.as_ref().map(Boosted::importance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_tree(of: &[usize], count: usize, class_weight: ClassWeight) -> Vec<f64> {
        let growth =
            Growth { rounds: 1, learning_rate: 1.0, leaves: 2, min_leaf: 1, ..Growth::default() };
        let learner = GradientBoosting { class_weight, growth };
        let x = Matrix::from_columns(vec![("x".into(), vec![0.0, 0.0, 0.0, 1.0])]).unwrap();
        let fitted = learner.fit(&Ctx::new(1), &x, &Classes { of, count }).unwrap();
        let got = fitted.chances(&x).unwrap();
        [&got[..count], &got[3 * count..]].concat()
    }

    fn near(got: &[f64], want: &[f64]) {
        let off = got.iter().zip(want).map(|(got, want)| (got - want).abs());
        assert!(off.fold(0.0, f64::max) < 1e-12, "{got:?} {want:?}");
    }

    /// One of four is of class 1: odds 1/3, p = 1/4. The row of its own moves by (3/4)/(3/16) = 4,
    /// the other three by −(1/4)/(3/16) = −4/3. Balanced, p = 1/2 and they move by 2 and −2.
    #[test]
    fn two_classes_by_hand() {
        let chance = |score: f64| 1.0 / (1.0 + (-score).exp());
        let [low, high] = [4.0_f64 / -3.0, 4.0].map(|move_by| chance(move_by - 3.0_f64.ln()));
        near(&one_tree(&[0, 0, 0, 1], 2, ClassWeight::None), &[1.0 - low, low, 1.0 - high, high]);
        let [low, high] = [-2.0, 2.0].map(chance);
        let balanced = one_tree(&[0, 0, 0, 1], 2, ClassWeight::Balanced);
        near(&balanced, &[1.0 - low, low, 1.0 - high, high]);
    }

    /// The same with a third class that has no row: its chance stays almost nothing, and each of
    /// the other two scores moves as its own class's.
    #[test]
    fn class_without_rows() {
        let got = one_tree(&[0, 0, 0, 1], 3, ClassWeight::None);
        let odds = (4.0_f64 / -3.0 - 4.0 / 3.0).exp() / 3.0;
        assert!(got[2] < 1e-15 && got[5] < 1e-15);
        near(&got[..2], &[1.0 / (1.0 + odds), odds / (1.0 + odds)]);
    }
}
