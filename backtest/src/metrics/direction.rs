//! Metrics of directions: the forecast's mean is the probability of an up, the truth is 0 or 1.
//!
//! ```text
//!              called up   called down
//! up           TP          FN             sensitivity TP/(TP + FN)    ppv TP/(TP + FP)
//! down         FP          TN             specificity TN/(TN + FP)    npv TN/(TN + FN)
//! ```
//!
//! Ratios are of the counts of all folds; one whose denominator is zero is undefined, not zero.
//! Fawcett, Pattern Recognition Letters 27 (2006); Matthews, BBA 405 (1975).

use almanac_data::{Better, Calls};

use super::tally::{Classes, Tally};
use super::{Estimate, Metric, Read};
use crate::compare::share_interval;

/// A share whose large values are good.
const fn share(name: &'static str, read: fn(&Tally) -> f64, about: &'static str) -> Metric {
    let (better, estimates) = ((|_| Better::Higher) as fn(f64) -> Better, Estimate::Probability);
    Metric { name, unit: "", better, estimates, power: 1, read: Read::Pooled(read), about }
}

/// Metrics of probabilities of up against truths of 0 and 1.
pub const DIRECTION: &[Metric] = &[
    share("accuracy", |t| accuracy(&t.classes), "share of calls that were right"),
    share("sensitivity", |t| sensitivity(&t.classes), "share of ups that were called up"),
    share("specificity", |t| specificity(&t.classes), "share of downs that were called down"),
    share("ppv", |t| ppv(&t.classes), "share of calls up that were right (precision)"),
    share("npv", |t| npv(&t.classes), "share of calls down that were right"),
    share("f1", |t| f1(&t.classes), "harmonic mean of ppv and sensitivity"),
    share("balanced_accuracy", |t| balanced(&t.classes), "mean of sensitivity and specificity"),
    share("mcc", |t| mcc(&t.classes), "Matthews' correlation of calls and truths, −1 … 1"),
    share("auc", |t| auc(&t.classes), "chance that an up got more than a down, in 128 bins"),
    Metric { better: |_| Better::Lower, ..share("brier", brier, "mean (p − y)²") },
    Metric {
        better: |_| Better::Lower, ..share("log_loss", log_loss, "mean −ln p of the truth")
    },
    Metric {
        better: |_| Better::Near(0.5),
        ..share("base_rate", |t| base_rate(&t.classes), "share of ups: a fact of the data")
    },
];

impl Classes {
    /// Truths counted.
    pub fn count(&self) -> u64 {
        self.ups() + self.downs()
    }

    /// Truths of 1.
    pub fn ups(&self) -> u64 {
        self.true_up + self.false_down
    }

    /// Truths of 0.
    pub fn downs(&self) -> u64 {
        self.true_down + self.false_up
    }

    /// The counts under a model's name, with how sure the share of right calls is.
    pub fn calls(&self, model: &str) -> Calls {
        Calls {
            model: model.into(),
            true_up: self.true_up,
            false_up: self.false_up,
            true_down: self.true_down,
            false_down: self.false_down,
            interval: share_interval(self.right(), self.count(), 0.95),
        }
    }

    /// Calls that were right.
    pub fn right(&self) -> u64 {
        self.true_up + self.true_down
    }
}

/// NaN of nothing.
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

fn accuracy(c: &Classes) -> f64 {
    ratio(c.right(), c.count())
}

fn sensitivity(c: &Classes) -> f64 {
    ratio(c.true_up, c.ups())
}

fn specificity(c: &Classes) -> f64 {
    ratio(c.true_down, c.downs())
}

fn ppv(c: &Classes) -> f64 {
    ratio(c.true_up, c.true_up + c.false_up)
}

fn npv(c: &Classes) -> f64 {
    ratio(c.true_down, c.true_down + c.false_down)
}

fn f1(c: &Classes) -> f64 {
    ratio(2 * c.true_up, 2 * c.true_up + c.false_up + c.false_down)
}

fn balanced(c: &Classes) -> f64 {
    (sensitivity(c) + specificity(c)) / 2.0
}

fn mcc(c: &Classes) -> f64 {
    let [tp, fp, tn, fn_] =
        [c.true_up, c.false_up, c.true_down, c.false_down].map(|count| count as f64);
    let sizes = (tp + fp) * (tp + fn_) * (tn + fp) * (tn + fn_);
    (tp * tn - fp * fn_) / sizes.sqrt()
}

/// Pairs inside one bin count half, as ties do.
fn auc(c: &Classes) -> f64 {
    let (mut below, mut won) = (0.0, 0.0);
    for &[downs, ups] in &c.bins {
        won += ups as f64 * (below + downs as f64 / 2.0);
        below += downs as f64;
    }
    won / (c.ups() as f64 * c.downs() as f64)
}

fn brier(t: &Tally) -> f64 {
    t.classes.brier / t.classes.count() as f64
}

fn log_loss(t: &Tally) -> f64 {
    t.classes.log_loss / t.classes.count() as f64
}

fn base_rate(c: &Classes) -> f64 {
    ratio(c.ups(), c.count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(name: &str, steps: &[(f64, f64)]) -> f64 {
        let mut tally = Tally::default();
        steps.iter().for_each(|&(y, p)| tally.add(f64::NAN, y, p));
        let metric = DIRECTION.iter().find(|metric| metric.name == name).unwrap();
        let Read::Pooled(read) = metric.read else { panic!("{name} is not pooled") };
        read(&tally)
    }

    /// Ups at 0.9, 0.8, 0.7 and 0.2; downs at 0.6, 0.4, 0.3 and ½, which is no call of up:
    /// TP 3, FN 1, FP 1, TN 3, and one down more at 0.1 makes TN 4.
    const STEPS: [(f64, f64); 10] = [
        (1.0, 0.9),
        (0.0, 0.6),
        (1.0, 0.8),
        (0.0, 0.4),
        (f64::NAN, 0.9),
        (1.0, 0.7),
        (0.0, 0.3),
        (1.0, 0.2),
        (0.0, 0.5),
        (0.0, 0.1),
    ];

    #[track_caller]
    fn close(name: &str, expected: f64) {
        let got = score(name, &STEPS);
        assert!((got - expected).abs() < 1e-12, "{name}: {got}");
    }

    /// 7 of 9 are right; 3 of 4 ups, 4 of 5 downs; 3 of 4 calls up, 4 of 5 calls down.
    #[test]
    fn shares_by_hand() {
        close("accuracy", 7.0 / 9.0);
        close("sensitivity", 0.75);
        close("specificity", 0.8);
        close("ppv", 0.75);
        close("npv", 0.8);
        close("f1", 0.75);
        close("balanced_accuracy", 0.775);
        close("base_rate", 4.0 / 9.0);
    }

    /// (3·4 − 1·1)/√(4·4·5·5) = 11/20.
    #[test]
    fn matthews_by_hand() {
        close("mcc", 0.55);
    }

    /// Of 20 pairs the ups at 0.9, 0.8 and 0.7 win all 5 each, the one at 0.2 wins against 0.1.
    #[test]
    fn area_counts_pairs_won() {
        close("auc", 16.0 / 20.0);
        assert_eq!(score("auc", &[(1.0, 0.5), (0.0, 0.5)]), 0.5);
    }

    /// Squares 0.01 + 0.04 + 0.09 + 0.64 of ups, 0.36 + 0.16 + 0.09 + 0.25 + 0.01 of downs.
    #[test]
    fn probabilities_by_hand() {
        close("brier", 1.65 / 9.0);
        let given: [f64; 9] = [0.9, 0.4, 0.8, 0.6, 0.7, 0.7, 0.2, 0.5, 0.9];
        close("log_loss", -given.map(f64::ln).iter().sum::<f64>() / 9.0);
        assert_eq!(score("log_loss", &[(1.0, 0.0)]), -f64::EPSILON.ln());
    }

    /// Without downs there is no specificity, without calls down no npv; a price is no class.
    #[test]
    fn what_is_undefined_is_not_a_number() {
        let ups = [(1.0, 0.9), (1.0, 0.8)];
        for name in ["specificity", "npv", "balanced_accuracy", "mcc", "auc"] {
            assert!(score(name, &ups).is_nan(), "{name}");
        }
        assert!(score("accuracy", &[(101.5, 0.9)]).is_nan());
        assert!(score("f1", &[(0.0, 0.1)]).is_nan());
    }
}
