//! A grown tree, and what it answers.

use serde::{Deserialize, Serialize};

/// Rows that are looked at together.
const BLOCK: usize = 256;

/// Rows that go down a tree together.
const ABREAST: usize = 8;

/// A place in a tree.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Numbers up to it go left.
    pub cut: f64,
    /// What a leaf answers.
    pub value: f64,
    /// Where the left side stands, the right one after it; 0 = a leaf.
    pub below: u32,
    /// The column that is asked.
    pub column: u32,
    /// The last bin that goes left.
    pub bin: u8,
    /// Whether missing values go left.
    pub missing_left: bool,
}

/// A tree of splits, its root first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Tree {
    /// The places.
    pub nodes: Vec<Node>,
    /// What each split gained, with its column.
    pub gains: Vec<(usize, f64)>,
}

impl Node {
    /// A leaf of this value.
    pub fn leaf(value: f64) -> Node {
        Node { cut: 0.0, value, below: 0, column: 0, bin: 0, missing_left: false }
    }

    /// Whether this bin goes left.
    #[inline(always)]
    pub fn takes(&self, bin: u8) -> bool {
        // The missing bin is the last one: one more and it is the first.
        let shift = u8::from(self.missing_left);
        bin.wrapping_add(shift) <= self.bin.wrapping_add(shift)
    }
}

crate::checked!(Tree, |tree| {
    // Children stand below, so that every way down ends.
    let sound = |(place, node): (usize, &Node)| {
        let below = node.below as usize;
        below == 0 || (place < below && below + 1 < tree.nodes.len())
    };
    !tree.nodes.is_empty() && tree.nodes.iter().enumerate().all(sound)
});

impl Tree {
    /// Columns that a row must have.
    pub fn columns(&self) -> usize {
        let splits = self.nodes.iter().map(|node| node.column as usize + 1);
        let gains = self.gains.iter().map(|(column, _)| column.saturating_add(1));
        splits.chain(gains).max().unwrap_or(0)
    }

    /// The value for a row of bins.
    pub fn of_bins(&self, bins: &[Vec<u8>], row: usize) -> f64 {
        let mut node = &self.nodes[0];
        while node.below != 0 {
            let left = node.takes(bins[node.column as usize][row]);
            node = &self.nodes[node.below as usize + usize::from(!left)];
        }
        node.value
    }

    /// Adds the values for `T` rows of numbers, side by side: a row waits for the others rather than
    /// for its own next node.
    fn add_to<const T: usize>(&self, rows: &[f64], out: &mut [f64; T]) {
        let width = rows.len() / T;
        let mut at = [0; T];
        loop {
            let mut moved = false;
            for (row, at) in at.iter_mut().enumerate() {
                let node = &self.nodes[*at];
                let value = rows[row * width + node.column as usize];
                let left = (value <= node.cut) | (node.missing_left & value.is_nan());
                let next = node.below as usize + usize::from(!left);
                let inner = node.below != 0;
                *at = if inner { next } else { *at };
                moved |= inner;
            }
            if !moved {
                break;
            }
        }
        out.iter_mut().zip(at).for_each(|(out, at)| *out += self.nodes[at].value);
    }
}

/// Adds what the trees answer for each row of these columns.
pub fn add<'a>(trees: impl Iterator<Item = &'a Tree> + Clone, x: &[&[f64]], out: &mut [f64]) {
    let width = x.len().max(1);
    let mut rows = vec![0.0; width * BLOCK];
    for (block, out) in out.chunks_mut(BLOCK).enumerate() {
        for (at, column) in x.iter().enumerate() {
            let values = &column[block * BLOCK..][..out.len()];
            values.iter().enumerate().for_each(|(row, &value)| rows[row * width + at] = value);
        }
        for tree in trees.clone() {
            let (many, few) = out.as_chunks_mut::<ABREAST>();
            let (wide, narrow) = rows[..width * (many.len() * ABREAST + few.len())]
                .split_at(width * many.len() * ABREAST);
            for (out, rows) in many.iter_mut().zip(wide.chunks(width * ABREAST)) {
                tree.add_to(rows, out);
            }
            for (out, row) in few.iter_mut().zip(narrow.chunks(width)) {
                tree.add_to(row, std::array::from_mut(out));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boost::bins::MISSING;

    /// Up to 1.5 (bin 0) answers 10, above 20; a missing value goes where it is told.
    #[test]
    fn answers_by_hand() {
        for (missing_left, missing) in [(true, 10.0), (false, 20.0)] {
            let root = Node { cut: 1.5, value: 0.0, below: 1, column: 0, bin: 0, missing_left };
            let nodes = vec![root, Node::leaf(10.0), Node::leaf(20.0)];
            let tree = Tree { nodes, gains: Vec::new() };
            let mut out = [1.0; 3];
            add([&tree].into_iter(), &[&[1.5, f64::NAN, 2.0]], &mut out);
            assert_eq!(out, [11.0, 1.0 + missing, 21.0]);
            let bins = [vec![0, MISSING, 1]];
            assert_eq!([0, 1, 2].map(|row| tree.of_bins(&bins, row)), [10.0, missing, 20.0]);
        }
    }
}
