//! A grown tree: knots in one list, two children side by side.

/// A tree that answers rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    knots: Vec<Knot>,
    leaves: Vec<f64>,
    width: usize,
}

/// A split, or a leaf where `column` is [`LEAF`].
///
/// `link` is the first child's place twice, plus one where missing values go to it; of a leaf,
/// its number.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Knot {
    threshold: f64,
    column: u32,
    link: u32,
}

const LEAF: u32 = u32::MAX;

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
        let mut knot = &self.knots[0];
        while knot.column != LEAF {
            let value = row[knot.column as usize];
            let left = (value <= knot.threshold) | (value.is_nan() & (knot.link & 1 == 1));
            knot = &self.knots[(knot.link >> 1) as usize + usize::from(!left)];
        }
        &self.leaves[knot.link as usize * self.width..][..self.width]
    }

    /// Adds the numbers of each row's leaf to `sums`; rows of `columns` values and their sums lie
    /// one after another.
    pub fn add(&self, rows: &[f64], columns: usize, sums: &mut [f64]) {
        for (place, sums) in sums.chunks_exact_mut(self.width).enumerate() {
            let leaf = self.at(&rows[place * columns..][..columns]);
            sums.iter_mut().zip(leaf).for_each(|(sum, number)| *sum += number);
        }
    }
}
