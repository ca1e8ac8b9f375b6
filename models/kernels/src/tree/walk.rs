//! A grown tree: knots in one list, two children side by side.

use serde::{Deserialize, Serialize};

/// A tree that answers rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Tree {
    knots: Vec<Knot>,
    leaves: Vec<f64>,
    width: usize,
}

/// A split, or a leaf where `column` is [`LEAF`].
///
/// `link` is the first child's place twice, plus one where missing values go to it; of a leaf,
/// its number.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Knot {
    threshold: f64,
    column: u32,
    link: u32,
}

const LEAF: u32 = u32::MAX;

/// Rows that go down a tree together.
const TOGETHER: usize = 8;

crate::checked!(Tree, |tree| {
    let sound = |(place, knot): (usize, &Knot)| match knot.column {
        LEAF => (knot.link as usize + 1).saturating_mul(tree.width) <= tree.leaves.len(),
        // Children stand below, so that every way down ends.
        _ => place < (knot.link >> 1) as usize && (knot.link >> 1) as usize + 1 < tree.knots.len(),
    };
    tree.width > 0 && !tree.knots.is_empty() && tree.knots.iter().enumerate().all(sound)
});

impl Tree {
    /// A tree of one knot that is not settled yet; its leaves hold `width` numbers.
    pub(super) fn sprout(width: usize) -> Tree {
        Tree { knots: vec![Knot { threshold: 0.0, column: LEAF, link: 0 }], leaves: vec![], width }
    }

    /// Makes a knot a leaf of these numbers.
    pub(super) fn leaf(&mut self, knot: usize, numbers: impl FnOnce(&mut Vec<f64>)) {
        self.knots[knot].link = (self.leaves.len() / self.width) as u32;
        numbers(&mut self.leaves);
    }

    /// Splits a knot; the place of its left child, before the right one.
    pub(super) fn fork(&mut self, knot: usize, split: &super::Split) -> usize {
        let child = self.knots.len();
        let link = 2 * child as u32 + u32::from(split.missing_left);
        self.knots[knot] = Knot { threshold: split.threshold, column: split.column as u32, link };
        self.knots.extend([Knot { threshold: 0.0, column: LEAF, link: 0 }; 2]);
        child
    }

    /// Columns that a row must have.
    pub fn columns(&self) -> usize {
        let asked = self.knots.iter().map(|knot| knot.column).filter(|&column| column != LEAF);
        asked.max().map_or(0, |column| column as usize + 1)
    }

    /// How many numbers a leaf has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of leaves.
    pub fn leaves(&self) -> usize {
        self.leaves.len() / self.width
    }

    /// The numbers of the leaf that a row falls into.
    pub fn at(&self, row: &[f64]) -> &[f64] {
        let mut knot = 0;
        while let Some(next) = self.below(knot, row) {
            knot = next;
        }
        self.numbers(knot)
    }

    /// Where a row goes from a knot; `None` from a leaf.
    #[inline(always)]
    fn below(&self, knot: usize, row: &[f64]) -> Option<usize> {
        let Knot { threshold, column, link } = self.knots[knot];
        if column == LEAF {
            return None;
        }
        let value = row[column as usize];
        let left = (value <= threshold) | (value.is_nan() & (link & 1 == 1));
        Some((link >> 1) as usize + usize::from(!left))
    }

    fn numbers(&self, leaf: usize) -> &[f64] {
        &self.leaves[self.knots[leaf].link as usize * self.width..][..self.width]
    }

    /// Adds the numbers of each row's leaf to `sums`; rows of `columns` values and their sums lie
    /// one after another. Rows go down eight at a time: each waits for memory, not for the others.
    pub fn add(&self, rows: &[f64], columns: usize, sums: &mut [f64]) {
        for (group, sums) in sums.chunks_mut(TOGETHER * self.width).enumerate() {
            let count = sums.len() / self.width;
            let row = |lane: usize| &rows[(group * TOGETHER + lane) * columns..][..columns];
            let (mut knots, mut moved) = ([0; TOGETHER], true);
            while moved {
                moved = false;
                for (lane, knot) in knots[..count].iter_mut().enumerate() {
                    if let Some(next) = self.below(*knot, row(lane)) {
                        (*knot, moved) = (next, true);
                    }
                }
            }
            for (sums, knot) in sums.chunks_exact_mut(self.width).zip(knots) {
                let numbers = self.numbers(knot);
                sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Split;
    use super::*;

    /// x ≤ 1 leads to 10, the rest and missing values to 20; eleven rows are a group and a part.
    #[test]
    fn rows_together_go_where_each_goes_alone() {
        let mut tree = Tree::sprout(1);
        let split = Split { column: 1, threshold: 1.0, missing_left: false, worth: 0.0 };
        let child = tree.fork(0, &split);
        tree.leaf(child, |numbers| numbers.push(10.0));
        tree.leaf(child + 1, |numbers| numbers.push(20.0));
        let asked = [0.0, 1.0, 1.5, f64::NAN, 0.0, 9.0, 1.0, 2.0, 3.0, 0.5, 1.1];
        let rows: Vec<f64> = asked.iter().flat_map(|&value| [7.0, value]).collect();
        let mut sums = [1.0; 11];
        tree.add(&rows, 2, &mut sums);
        let want = [10., 10., 20., 20., 10., 20., 10., 20., 20., 10., 20.].map(|v: f64| v + 1.0);
        assert_eq!(sums, want);
        assert!(rows.chunks(2).zip(sums).all(|(row, sum)| tree.at(row)[0] + 1.0 == sum));
    }
}
