//! What ratios over many folds are made of: small sums that add up, for folds of one step have no
//! ratio of their own.
//!
//! ```text
//! counts    of truths 0 and 1 by the side of ½ on which the probability fell
//! moments   n, means, Σ(y − ȳ)², Σ(ŷ − ŷ̄)², Σ(y − ȳ)(ŷ − ŷ̄), Σ(ŷ − y)², Σ|y|
//! ```
//!
//! Moments are kept about the mean, as sums of squares of large levels would lose their digits.
//! Chan, Golub & LeVeque, The American Statistician 37 (1983).

use super::Judged;
use almanac_data::Forecast;

/// Bins of probabilities, for the area under the ROC curve.
const BINS: usize = 128;

/// Everything that was said of one series, or of many, in sums of fixed size.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tally {
    /// Truths of 0 and 1 against probabilities.
    pub classes: Classes,
    /// Truths against forecasts.
    pub levels: Moments,
    /// The same as changes from the last known value.
    pub changes: Moments,
    /// The same as shares of that value, where it is not 0.
    pub returns: Moments,
    /// Changes whose forecast has another sign; no change is a sign of its own.
    pub mismatched: u64,
}

/// Counts of truths 0 and 1; a truth of any other value is no class and is not counted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Classes {
    /// Ups that were called: the probability was above ½.
    pub true_up: u64,
    /// Downs that were called up.
    pub false_up: u64,
    /// Downs that were called.
    pub true_down: u64,
    /// Ups that were called down.
    pub false_down: u64,
    /// Sum of squared distances between probability and truth.
    pub brier: f64,
    /// Sum of −log of the probability that was given to the truth.
    pub log_loss: f64,
    /// Downs and ups by probability, in equal bins; empty before the first.
    pub bins: Vec<[u64; 2]>,
}

/// First and second moments of pairs of truth and forecast.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Moments {
    /// Number of pairs.
    pub n: f64,
    /// Mean truth.
    pub y: f64,
    /// Mean forecast.
    pub f: f64,
    /// Sum of squares of truths about their mean.
    pub yy: f64,
    /// Sum of squares of forecasts about theirs.
    pub ff: f64,
    /// Sum of products about both.
    pub yf: f64,
    /// Sum of squared errors.
    pub errors: f64,
    /// Sum of sizes of truths.
    pub sizes: f64,
}

impl Tally {
    /// One forecast and its truth.
    pub fn of(judged: &Judged<'_>, forecast: &Forecast) -> Tally {
        let mut tally = Tally::default();
        for (&y, &f) in judged.truth.iter().zip(&forecast.mean) {
            tally.add(judged.yard.last, y, f);
        }
        tally
    }

    /// One step: the last value known when it was forecast, its truth and its forecast. A truth that
    /// is missing adds nothing.
    pub fn add(&mut self, last: f64, y: f64, f: f64) {
        if y.is_nan() || f.is_nan() {
            return;
        }
        self.classes.add(y, f);
        self.levels.add(y, f);
        if !last.is_nan() {
            let (y, f) = (y - last, f - last);
            self.changes.add(y, f);
            if last != 0.0 {
                self.returns.add(y / last, f / last);
            }
            self.mismatched += u64::from(y.partial_cmp(&0.0) != f.partial_cmp(&0.0));
        }
    }

    /// Another tally's steps too.
    pub fn merge(&mut self, other: &Tally) {
        self.classes.merge(&other.classes);
        self.levels.merge(&other.levels);
        self.changes.merge(&other.changes);
        self.returns.merge(&other.returns);
        self.mismatched += other.mismatched;
    }
}

impl Classes {
    fn add(&mut self, y: f64, f: f64) {
        if y != 0.0 && y != 1.0 {
            return;
        }
        let (up, p) = (y == 1.0, f.clamp(0.0, 1.0));
        let place = match (up, p > 0.5) {
            (true, true) => &mut self.true_up,
            (false, true) => &mut self.false_up,
            (false, false) => &mut self.true_down,
            (true, false) => &mut self.false_down,
        };
        *place += 1;
        self.brier += (p - y) * (p - y);
        let given = if up { p } else { 1.0 - p };
        // A probability of 0 for what happened would be beyond repair: the nearest above it stands in.
        self.log_loss -= given.max(f64::EPSILON).ln();
        self.bins.resize(BINS, [0; 2]);
        self.bins[((p * BINS as f64) as usize).min(BINS - 1)][usize::from(up)] += 1;
    }

    fn merge(&mut self, other: &Classes) {
        self.true_up += other.true_up;
        self.false_up += other.false_up;
        self.true_down += other.true_down;
        self.false_down += other.false_down;
        self.brier += other.brier;
        self.log_loss += other.log_loss;
        self.bins.resize(self.bins.len().max(other.bins.len()), [0; 2]);
        for (own, other) in self.bins.iter_mut().zip(&other.bins) {
            own[0] += other[0];
            own[1] += other[1];
        }
    }
}

impl Moments {
    fn add(&mut self, y: f64, f: f64) {
        let errors = (f - y) * (f - y);
        self.merge(&Moments { n: 1.0, y, f, errors, sizes: y.abs(), ..Moments::default() });
    }

    fn merge(&mut self, other: &Moments) {
        if other.n == 0.0 {
            return;
        }
        let n = self.n + other.n;
        let (y, f) = (other.y - self.y, other.f - self.f);
        let weight = self.n * other.n / n;
        self.yy += other.yy + y * y * weight;
        self.ff += other.ff + f * f * weight;
        self.yf += other.yf + y * f * weight;
        self.y += y * other.n / n;
        self.f += f * other.n / n;
        self.errors += other.errors;
        self.sizes += other.sizes;
        self.n = n;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(steps: &[(f64, f64)]) -> Tally {
        let mut tally = Tally::default();
        steps.iter().for_each(|&(y, f)| tally.add(1.0, y, f));
        tally
    }

    /// 1 2 6 has mean 3 and squares 4 + 1 + 9; 2 2 5 has mean 3 and 1 + 1 + 4; products 2 + 1 + 6.
    /// From the last value 1, the truths' changes 0 1 5 sum to 6; the first forecast, of a rise
    /// where nothing changed, has the wrong sign.
    #[test]
    fn moments_by_hand() {
        let tally = tally(&[(1.0, 2.0), (f64::NAN, 9.0), (2.0, 2.0), (6.0, 5.0)]);
        let expected =
            Moments { n: 3.0, y: 3.0, f: 3.0, yy: 14.0, ff: 6.0, yf: 9.0, errors: 2.0, sizes: 9.0 };
        assert_eq!(tally.levels, expected);
        assert_eq!((tally.changes.y, tally.changes.sizes, tally.mismatched), (2.0, 6.0, 1));
    }

    /// Two parts merged are the whole.
    #[test]
    fn parts_add_up() {
        let steps = [(0.0, 0.5), (1.0, 0.75), (1.0, 0.25), (0.0, 0.0), (1.0, 1.0)];
        let (mut first, second, whole) = (tally(&steps[..2]), tally(&steps[2..]), tally(&steps));
        first.merge(&second);
        assert_eq!(first.classes, whole.classes);
        assert!((first.levels.yf - whole.levels.yf).abs() < 1e-15);
        let mut none = Tally::default();
        none.merge(&whole);
        assert_eq!(none, whole);
    }

    /// Levels of 10⁹ with changes of 1: squares about the mean keep all their digits.
    #[test]
    fn large_levels_keep_their_digits() {
        let steps: Vec<_> = (0..1000).map(|i| (1e9 + f64::from(i % 2), 1e9)).collect();
        assert!((tally(&steps).levels.yy - 250.0).abs() < 1e-6);
    }
}
