//! Gradient boosting over histograms: bins, whole-number histograms, leaf-wise trees.
//!
//! ```text
//! columns ──▶ Binned ──▶ Pack ──▶ histograms ──▶ splits ──▶ Tree        best leaf first
//!             u8 bins    8 a word  Σ of Words     subtract the sibling
//! ```
//!
//! Gradients are rounded to whole numbers, as fine as 64 bits allow for the number of rows, so that
//! every sum is exact: no order of rows, columns or threads can change a tree.

mod bins;
mod grow;
mod histogram;
mod split;
mod tree;
mod words;

pub use bins::Binned;
pub use grow::{Grown, Leaf, View, grow};
pub use histogram::{Pack, pack};
pub use split::Rule;
pub use tree::{Node, Tree, add};
pub use words::Words;

/// Whoever does work side by side.
pub trait Team: Sync {
    /// `work` for `0 .. count`, in order.
    fn map<T: Send>(&self, count: usize, work: impl Fn(usize) -> T + Sync + Send) -> Vec<T>;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One at a time.
    pub struct Alone;

    impl Team for Alone {
        fn map<T: Send>(&self, count: usize, work: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
            (0..count).map(work).collect()
        }
    }

    const RULE: Rule = Rule { leaves: 3, depth: 9, min_leaf: 1, l1: 0.0, l2: 0.0, gain: 0.0 };

    fn grown(x: &[&[f64]], y: &[f64], rule: &Rule) -> (Binned, Grown, Vec<u32>) {
        let binned = Binned::of(&Alone, x, 255);
        let packs = pack(&binned.columns, &(0..x.len()).collect::<Vec<_>>());
        let mut words = Words::<1>::new(y.len());
        words.set(&y.iter().map(|y| -y).collect::<Vec<_>>());
        let mut order: Vec<u32> = (0..y.len() as u32).collect();
        let view = View { binned: &binned, packs: &packs };
        let grown = grow(&Alone, &view, &words, rule, &mut order, &mut Vec::new());
        (binned, grown, order)
    }

    /// Steps of 0, 10 and 12: the far one parts first, then the near ones; each leaf answers its
    /// mean, and rows lie sorted by leaf.
    #[test]
    fn tree_by_hand() {
        let x = [5.0, 1.0, 6.0, 2.0, 9.0];
        let y = [10.0, 0.0, 10.0, 0.0, 12.0];
        let (binned, grown, order) = grown(&[&[1.0; 5], &x], &y, &RULE);
        let tree = &grown.tree;
        assert_eq!(tree.gains.iter().map(|(column, _)| *column).collect::<Vec<_>>(), [1, 1]);
        assert_eq!((tree.nodes[0].cut, tree.nodes[2].cut), (3.5, 7.5));
        let mut out = [0.0; 5];
        add([tree].into_iter(), &[&[1.0; 5], &x], &mut out);
        for (row, (out, want)) in out.iter().zip(y).enumerate() {
            assert!((out - want).abs() < 1e-12);
            assert_eq!(tree.of_bins(&binned.columns, row), *out);
        }
        let rows: Vec<Vec<u32>> =
            grown.leaves.iter().map(|leaf| order[leaf.rows.clone()].to_vec()).collect();
        assert_eq!(rows, [vec![1, 3], vec![0, 2], vec![4]]);
    }

    /// Two leaves, depth 1 and a large gain each stop the second split; a leaf of three rows at
    /// least leaves none.
    #[test]
    fn limits_hold() {
        let x = [5.0, 1.0, 6.0, 2.0, 9.0];
        let y = [10.0, 0.0, 10.0, 0.0, 12.0];
        let leaves = |rule| grown(&[&x], &y, &rule).1.leaves.len();
        assert_eq!(leaves(RULE), 3);
        assert_eq!(leaves(Rule { leaves: 2, ..RULE }), 2);
        assert_eq!(leaves(Rule { depth: 1, ..RULE }), 2);
        assert_eq!(leaves(Rule { gain: 50.0, ..RULE }), 2);
        assert_eq!(leaves(Rule { min_leaf: 3, ..RULE }), 1);
    }

    /// Missing values behave like the high ones here, so they go right; alone against the rest
    /// they part from every value.
    #[test]
    fn missing_values_choose_their_side() {
        let x = [1.0, 2.0, 3.0, f64::NAN, f64::NAN];
        let two = Rule { leaves: 2, ..RULE };
        let (_, high, _) = grown(&[&x], &[0.0, 0.0, 5.0, 5.0, 5.0], &two);
        assert_eq!((high.tree.nodes[0].cut, high.tree.nodes[0].missing_left), (2.5, false));
        let (_, low, _) = grown(&[&x], &[5.0, 5.0, 0.0, 5.0, 5.0], &two);
        assert_eq!((low.tree.nodes[0].cut, low.tree.nodes[0].missing_left), (2.5, true));
        let (_, alone, _) = grown(&[&x], &[0.0, 0.0, 0.0, 5.0, 5.0], &two);
        let root = alone.tree.nodes[0];
        assert!(root.cut >= 3.0 && !root.missing_left);
        let mut out = [0.0; 5];
        add([&alone.tree].into_iter(), &[&x], &mut out);
        assert!(out[..3].iter().all(|out| out.abs() < 1e-12) && (out[4] - 5.0).abs() < 1e-12);
    }
}
