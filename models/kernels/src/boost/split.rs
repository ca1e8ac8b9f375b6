//! The best place to part a leaf.

use super::bins::MISSING;
use super::histogram::Histogram;
use super::words::{Sum, Words, minus, plus};

/// Curvature below which a side says nothing.
const LEAST_CURVE: f64 = 1e-3;

/// What limits a tree.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Leaves at most.
    pub leaves: usize,
    /// Splits on a path at most.
    pub depth: usize,
    /// Rows of a leaf at least.
    pub min_leaf: usize,
    /// Shrinks sums of gradients towards 0.
    pub l1: f64,
    /// Added to sums of curvatures.
    pub l2: f64,
    /// What a split must gain.
    pub gain: f64,
}

/// A split of one column: bins up to `bin` go left.
#[derive(Debug, Clone, Copy)]
pub struct Split<const S: usize> {
    /// How much the loss falls, twice over.
    pub gain: f64,
    /// The column.
    pub column: usize,
    /// The last bin that goes left.
    pub bin: u8,
    /// Whether missing values go left.
    pub missing_left: bool,
    /// Sum over the left side.
    pub left: [i64; S],
}

impl Rule {
    /// The value that lowers the loss most.
    pub fn value(&self, sum: &Sum) -> f64 {
        let curve = sum.curve + self.l2;
        if curve > 0.0 { -self.shrunk(sum.gradient) / curve } else { 0.0 }
    }

    fn shrunk(&self, gradient: f64) -> f64 {
        if self.l1 == 0.0 {
            return gradient;
        }
        gradient.signum() * (gradient.abs() - self.l1).max(0.0)
    }

    fn score(&self, sum: &Sum) -> f64 {
        let gradient = self.shrunk(sum.gradient);
        gradient * gradient / (sum.curve + self.l2)
    }
}

/// One search: a leaf's sum, and the best that was found.
pub struct Search<'a, const S: usize> {
    words: &'a Words<S>,
    rule: &'a Rule,
    total: [i64; S],
    own: f64,
    best: Option<Split<S>>,
}

impl<'a, const S: usize> Search<'a, S> {
    /// A search in a leaf of this sum.
    pub fn new(words: &'a Words<S>, rule: &'a Rule, total: [i64; S]) -> Search<'a, S> {
        let own = rule.score(&words.read(total));
        Search { words, rule, total, own, best: None }
    }

    /// Looks through a column of `bins` bins besides the missing one's.
    pub fn column(&mut self, column: usize, bins: usize, sums: &Histogram<S>) {
        let missing = sums[usize::from(MISSING)];
        if missing[0] == 0 {
            self.sweep(column, &sums[..bins.saturating_sub(1)], None);
        } else {
            self.sweep(column, &sums[..bins], Some([0; S]));
            self.sweep(column, &sums[..bins], Some(missing));
        }
    }

    /// The best split of all columns; the first of equals.
    pub fn best(self) -> Option<Split<S>> {
        self.best
    }

    /// `missing` is what lies left of all bins, or `None` where nothing is missing.
    fn sweep(&mut self, column: usize, sums: &[[i64; S]], missing: Option<[i64; S]>) {
        let rows = self.words.read(self.total).count;
        let enough = |side: &Sum| S == 1 || side.curve >= LEAST_CURVE;
        let mut left = missing.unwrap_or([0; S]);
        // Rounding alone must not look like a gain.
        let mut bar = (self.own * (1.0 + 1e-12) + self.rule.gain)
            .max(self.best.map_or(0.0, |best| best.gain + self.own));
        for (bin, sum) in sums.iter().enumerate().filter(|(_, sum)| sum[0] != 0) {
            left = plus(left, *sum);
            let one = self.words.read(left);
            if one.count < self.rule.min_leaf {
                continue;
            }
            if rows - one.count < self.rule.min_leaf {
                break;
            }
            let other = self.words.read(minus(self.total, left));
            let score = self.rule.score(&one) + self.rule.score(&other);
            if score > bar && enough(&one) && enough(&other) {
                bar = score;
                let missing_left = match missing {
                    Some(missing) => missing[0] != 0,
                    None => one.count > other.count,
                };
                let gain = score - self.own;
                self.best = Some(Split { gain, column, bin: bin as u8, missing_left, left });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gradients −1, −1, 2 in bins 0, 1, 2: parting after bin 1 scores 4/2 + 4/1 = 6 against 0,
    /// after bin 0 1 + 1/2; l1 of 1 leaves 1/2 + 1/1.
    #[test]
    fn best_by_hand() {
        let mut words = Words::<1>::new(3);
        words.set(&[-1.0, -1.0, 2.0]);
        let mut sums = [[0]; 256];
        (0..3).for_each(|bin| sums[bin] = words.of[bin]);
        let total = words.total(&[0, 1, 2]);
        let find = |l1, min_leaf| {
            let rule = Rule { leaves: 2, depth: 9, min_leaf, l1, l2: 0.0, gain: 0.0 };
            let mut search = Search::new(&words, &rule, total);
            search.column(7, 3, &sums);
            search.best()
        };
        let plain = find(0.0, 1).unwrap();
        assert!((plain.gain - 6.0).abs() < 1e-12);
        assert_eq!((plain.column, plain.bin, plain.missing_left), (7, 1, true));
        assert!((find(1.0, 1).unwrap().gain - 1.5).abs() < 1e-12);
        assert!(find(0.0, 2).is_none());
    }
}
