//! The best of random splits, one a column: no sorting.

use std::ops::Range;

use super::grow::Grower;
use super::{Grown, Limits, Node, Split, Splitter, Target};

/// Grows a tree whose thresholds are drawn between the least and the greatest value of a column
/// in a node; `rows` lie one after another, `draw` gives random bits.
///
/// Geurts, Ernst & Wehenkel, Extremely randomized trees, Machine Learning 63, 2006.
pub fn random<T: Target>(
    rows: &[f64],
    target: &T,
    limits: &Limits,
    draw: &mut dyn FnMut() -> u64,
) -> Grown {
    let columns = rows.len() / target.rows().max(1);
    Grower::new(columns, target, limits).grow(&mut Random { rows, columns }, draw)
}

struct Random<'a> {
    rows: &'a [f64],
    columns: usize,
}

/// What the values of columns are like in a node.
struct Spread {
    low: Vec<f64>,
    high: Vec<f64>,
    missing: Vec<f64>,
}

impl Splitter for Random<'_> {
    fn search<T: Target>(
        &mut self,
        node: &Node<'_, T>,
        candidates: &[usize],
        draw: &mut dyn FnMut() -> u64,
        best: &mut Split,
    ) -> bool {
        let spread = self.spread(node.rows, candidates);
        let threshold = |place| spread.draw(place, node.rows.len(), draw);
        let thresholds: Vec<f64> = (0..candidates.len()).map(threshold).collect();
        let mut lefts = vec![(node.target.nothing(), 0.0); candidates.len()];
        for &row in node.rows {
            let values = self.row(row);
            let chosen = candidates.iter().zip(&thresholds).zip(&mut lefts);
            for ((&column, threshold), (left, count)) in chosen {
                let sent = if values[column] <= *threshold { 1.0 } else { 0.0 };
                node.target.add(left, row as usize, sent);
                *count += sent;
            }
        }
        for (place, (mut left, mut count)) in lefts.into_iter().enumerate() {
            let (column, threshold) = (candidates[place], thresholds[place]);
            let split = Split { column, threshold, ..Split::NONE };
            judge(node, split, (&left, count), best);
            if spread.missing[place] > 0.0 {
                let missing = |row: &&u32| self.row(**row)[column].is_nan();
                for &row in node.rows.iter().filter(missing) {
                    node.target.add(&mut left, row as usize, 1.0);
                    count += 1.0;
                }
                judge(node, Split { missing_left: true, ..split }, (&left, count), best);
            }
        }
        thresholds.iter().any(|threshold| !threshold.is_nan())
    }

    fn mark(&self, node: &Node<'_, impl Target>, split: &mut Split, sides: &mut [bool]) -> bool {
        let mut missing = false;
        for &row in node.rows {
            let value = self.row(row)[split.column];
            missing |= value.is_nan();
            sides[row as usize] =
                (value <= split.threshold) | (split.missing_left & value.is_nan());
        }
        missing
    }

    fn part(&mut self, _span: Range<usize>, _sides: &[bool]) {}
}

impl Random<'_> {
    fn row(&self, row: u32) -> &[f64] {
        &self.rows[row as usize * self.columns..][..self.columns]
    }

    fn spread(&self, rows: &[u32], candidates: &[usize]) -> Spread {
        let width = candidates.len();
        let mut low = vec![f64::INFINITY; width];
        let mut high = vec![f64::NEG_INFINITY; width];
        let (mut missing, mut picked) = (vec![0.0; width], vec![0.0; width]);
        for &row in rows {
            let values = self.row(row);
            picked.iter_mut().zip(candidates).for_each(|(to, &column)| *to = values[column]);
            for (low, &value) in low.iter_mut().zip(&picked) {
                *low = if value < *low { value } else { *low };
            }
            for (high, &value) in high.iter_mut().zip(&picked) {
                *high = if value > *high { value } else { *high };
            }
            for (missing, &value) in missing.iter_mut().zip(&picked) {
                *missing += if value.is_nan() { 1.0 } else { 0.0 };
            }
        }
        Spread { low, high, missing }
    }
}

impl Spread {
    /// A number at or above the least and below the greatest value; of one value and missing ones,
    /// a number above it; NaN where nothing can be parted.
    fn draw(&self, place: usize, rows: usize, draw: &mut dyn FnMut() -> u64) -> f64 {
        let (low, high) = (self.low[place], self.high[place]);
        if low < high {
            let share = (draw() >> 11) as f64 / (1_u64 << 53) as f64;
            let value = low + share * (high - low);
            return if low <= value && value < high { value } else { low };
        }
        let some = 0.0 < self.missing[place] && self.missing[place] < rows as f64;
        if some { f64::INFINITY } else { f64::NAN }
    }
}

/// Replaces `best` where a split with this left side is better.
fn judge<T: Target>(
    node: &Node<'_, T>,
    split: Split,
    (left, count): (&T::Sum, f64),
    best: &mut Split,
) {
    let fewest = node.min_leaf as f64;
    if count < fewest || node.rows.len() as f64 - count < fewest {
        return;
    }
    let mut right = node.total.clone();
    node.target.take(&mut right, left);
    let worth = node.target.worth(left) + node.target.worth(&right);
    if worth > best.worth {
        *best = Split { worth, ..split };
    }
}
