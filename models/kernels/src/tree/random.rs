//! The best of random splits, one a column: no sorting.

use std::ops::Range;

use super::grow::Grower;
use super::{Grown, Limits, Node, Split, Splitter, Target};

/// Grows a tree whose thresholds are drawn between the least and the greatest value of a column
/// in a node; `draw` gives random bits. Geurts, Ernst & Wehenkel, Extremely randomized trees, 2006.
pub fn random<T: Target>(
    columns: &[&[f64]],
    target: &T,
    limits: &Limits,
    draw: &mut dyn FnMut() -> u64,
) -> Grown {
    Grower::new(columns, target, limits).grow(&mut Random::default(), draw)
}

/// The values of one column in a node, in the order of its rows.
#[derive(Default)]
struct Random {
    values: Vec<f64>,
}

impl Splitter for Random {
    fn search<T: Target>(
        &mut self,
        node: &Node<'_, T>,
        column: usize,
        draw: &mut dyn FnMut() -> u64,
        best: &mut Split,
    ) -> bool {
        let all = node.columns[column];
        self.values.clear();
        self.values.extend(node.rows.iter().map(|&row| all[row as usize]));
        let (mut low, mut high, mut missing) = (f64::INFINITY, f64::NEG_INFINITY, 0);
        for &value in &self.values {
            low = if value < low { value } else { low };
            high = if value > high { value } else { high };
            missing += usize::from(value.is_nan());
        }
        let threshold = match low < high {
            true => between(low, high, draw()),
            false if 0 < missing && missing < self.values.len() => f64::INFINITY,
            false => return false,
        };
        let split = Split { column, threshold, missing_left: false, worth: 0.0 };
        self.judge(node, split, best);
        if missing > 0 && low < high {
            self.judge(node, Split { missing_left: true, ..split }, best);
        }
        true
    }

    fn mark(&self, node: &Node<'_, impl Target>, split: &mut Split, sides: &mut [bool]) -> bool {
        let (values, mut missing) = (node.columns[split.column], false);
        for &row in node.rows {
            let value = values[row as usize];
            missing |= value.is_nan();
            sides[row as usize] = split.sends_left(value);
        }
        missing
    }

    fn part(&mut self, _span: Range<usize>, _sides: &[bool]) {}
}

impl Random {
    /// Replaces `best` where this split is better.
    fn judge<T: Target>(&self, node: &Node<'_, T>, split: Split, best: &mut Split) {
        let (mut left, mut right) = (node.target.nothing(), node.total.clone());
        let mut on_left = 0;
        for (&row, &value) in node.rows.iter().zip(&self.values) {
            let sent = split.sends_left(value);
            node.target.add(&mut left, row as usize, f64::from(u8::from(sent)));
            on_left += usize::from(sent);
        }
        if on_left < node.min_leaf || node.rows.len() - on_left < node.min_leaf {
            return;
        }
        node.target.take(&mut right, &left);
        let worth = node.target.worth(&left) + node.target.worth(&right);
        if worth > best.worth {
            *best = Split { worth, ..split };
        }
    }
}

/// A number at or above `low` and below `high`.
fn between(low: f64, high: f64, bits: u64) -> f64 {
    let share = (bits >> 11) as f64 / (1_u64 << 53) as f64;
    let value = low + share * (high - low);
    if low <= value && value < high { value } else { low }
}
