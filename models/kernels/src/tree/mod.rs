//! Decision trees: grown by the best of all splits or by the best of random ones, and walked.
//!
//! ```text
//! a split sends rows with x[column] ≤ threshold to the left, the others to the right
//! gain = worth(left) + worth(right) − worth(node)      worth: see [`Target`]
//! ```
//!
//! A missing value goes to the side that gains more; where none was seen, to the fuller side.
//! Breiman, Friedman, Olshen & Stone, Classification and Regression Trees, 1984.

mod grow;
mod random;
mod sorted;
mod target;
mod walk;

pub use random::random;
pub use sorted::{Ranks, exact};
pub use target::{Entropy, Gini, Squares, Target};
pub use walk::Tree;

/// How far a tree may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Splits above a leaf, at most.
    pub depth: usize,
    /// Rows that a node needs to be split.
    pub min_split: usize,
    /// Rows of a leaf, at least.
    pub min_leaf: usize,
    /// Columns looked at for a split, drawn anew for each; again where all of them are constant.
    pub features: usize,
}

/// A tree, and what each column gained in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Grown {
    /// The tree.
    pub tree: Tree,
    /// Gain of each column's splits, in shares of 1; zeros where nothing was gained.
    pub importance: Vec<f64>,
}

/// A node that wants a split.
struct Node<'a, T: Target> {
    target: &'a T,
    min_leaf: usize,
    /// Its rows, increasing, and where they stand in the list of all rows.
    rows: &'a [u32],
    start: usize,
    total: &'a T::Sum,
}

/// The best split so far.
#[derive(Debug, Clone, Copy)]
struct Split {
    column: usize,
    threshold: f64,
    missing_left: bool,
    worth: f64,
}

impl Split {
    const NONE: Split =
        Split { column: 0, threshold: 0.0, missing_left: false, worth: f64::NEG_INFINITY };
}

/// A way to find splits.
trait Splitter {
    /// Replaces `best` by a better split of the node at one of these columns; false where all of
    /// them are constant there.
    fn search<T: Target>(
        &mut self,
        node: &Node<'_, T>,
        candidates: &[usize],
        draw: &mut dyn FnMut() -> u64,
        best: &mut Split,
    ) -> bool;

    /// Notes the side of each row of a node, completing the split; whether values were missing.
    fn mark(&self, node: &Node<'_, impl Target>, split: &mut Split, sides: &mut [bool]) -> bool;

    /// Moves what it keeps of a node's rows to the sides they were sent to, by row.
    fn part(&mut self, span: std::ops::Range<usize>, sides: &[bool]);
}
