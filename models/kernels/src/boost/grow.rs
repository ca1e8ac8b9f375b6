//! A tree grown leaf by leaf, the one that gains most first.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::ops::Range;

use super::Team;
use super::bins::Binned;
use super::histogram::{Histogram, Pack, rest};
use super::split::{Rule, Search, Split};
use super::tree::{Node, Tree};
use super::words::{Words, minus};

/// Additions below which handing work over costs more than it brings.
const BUSY: usize = 1 << 16;

/// What a tree is grown on.
pub struct View<'a> {
    /// The rows' bins and their edges.
    pub binned: &'a Binned,
    /// The columns that may be asked.
    pub packs: &'a [Pack],
}

/// A tree and where its rows went.
pub struct Grown {
    /// The tree.
    pub tree: Tree,
    /// Its leaves.
    pub leaves: Vec<Leaf>,
}

/// A leaf: its place in the tree, and its rows' places in the order.
#[derive(Debug, Clone)]
pub struct Leaf {
    /// The place in the tree.
    pub node: usize,
    /// Places in the order of rows.
    pub rows: Range<usize>,
    depth: usize,
}

/// A leaf that can be parted: histograms of each pack, and the best split.
struct Open<const S: usize> {
    leaf: usize,
    total: [i64; S],
    sums: Vec<Vec<Histogram<S>>>,
    split: Split<S>,
}

impl<const S: usize> Ord for Open<S> {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |open: &Self| Reverse(open.leaf);
        self.split.gain.total_cmp(&other.split.gain).then_with(|| key(self).cmp(&key(other)))
    }
}

impl<const S: usize> PartialOrd for Open<S> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<const S: usize> PartialEq for Open<S> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<const S: usize> Eq for Open<S> {}

struct Growing<'a, const S: usize, T: Team> {
    team: &'a T,
    view: &'a View<'a>,
    words: &'a Words<S>,
    rule: &'a Rule,
    grown: Grown,
    open: BinaryHeap<Open<S>>,
}

/// Grows a tree on the rows in `order`, which ends up sorted by leaf; `spare` is room.
pub fn grow<const S: usize>(
    team: &impl Team,
    view: &View<'_>,
    words: &Words<S>,
    rule: &Rule,
    order: &mut [u32],
    spare: &mut Vec<u32>,
) -> Grown {
    spare.resize(order.len(), 0);
    let total = words.total(order);
    let root = Leaf { node: 0, rows: 0..order.len(), depth: 0 };
    let tree = Tree { nodes: vec![Node::leaf(0.0)], gains: Vec::new() };
    let grown = Grown { tree, leaves: vec![root] };
    let open = BinaryHeap::new();
    let mut growing = Growing { team, view, words, rule, grown, open };
    let mut totals = vec![total];
    if growing.may_part(0) {
        let sums = growing.each_pack(order.len(), |pack| pack.sums(order, &words.of));
        growing.consider(0, total, sums);
    }
    while growing.grown.leaves.len() < rule.leaves {
        let Some(open) = growing.open.pop() else { break };
        let right = minus(open.total, open.split.left);
        totals[open.leaf] = open.split.left;
        totals.push(right);
        growing.part(open, order, spare);
    }
    for (leaf, &total) in growing.grown.leaves.iter().zip(&totals) {
        growing.grown.tree.nodes[leaf.node].value = rule.value(&words.read(total));
    }
    growing.grown
}

impl<const S: usize, T: Team> Growing<'_, S, T> {
    fn may_part(&self, leaf: usize) -> bool {
        let leaf = &self.grown.leaves[leaf];
        leaf.rows.len() >= 2 * self.rule.min_leaf && leaf.depth < self.rule.depth
    }

    fn each_pack<R: Send>(&self, rows: usize, work: impl Fn(&Pack) -> R + Sync + Send) -> Vec<R> {
        let packs = self.view.packs;
        let wide = packs.first().map_or(0, |pack| pack.columns.len());
        if rows * wide * packs.len() < BUSY {
            packs.iter().map(work).collect()
        } else {
            self.team.map(packs.len(), |at| work(&packs[at]))
        }
    }

    /// Puts a leaf among those that can be parted, if it can.
    fn consider(&mut self, leaf: usize, total: [i64; S], sums: Vec<Vec<Histogram<S>>>) {
        let mut search = Search::new(self.words, self.rule, total);
        for (pack, sums) in self.view.packs.iter().zip(&sums) {
            for (&column, sums) in pack.columns.iter().zip(sums) {
                search.column(column, self.view.binned.cuts[column].len() + 1, sums);
            }
        }
        if let Some(split) = search.best() {
            self.open.push(Open { leaf, total, sums, split });
        }
    }

    /// Parts a leaf: the left side takes its place, the right one becomes the last leaf.
    fn part(&mut self, open: Open<S>, order: &mut [u32], spare: &mut [u32]) {
        let Open { leaf, total, sums, split } = open;
        let Leaf { node, rows, depth } = self.grown.leaves[leaf].clone();
        let below = self.grown.tree.nodes.len();
        let place = Node {
            cut: self.view.binned.cuts[split.column]
                .get(usize::from(split.bin))
                .copied()
                .unwrap_or(f64::INFINITY),
            value: 0.0,
            below: below as u32,
            column: split.column as u32,
            bin: split.bin,
            missing_left: split.missing_left,
        };
        self.grown.tree.nodes[node] = place;
        self.grown.tree.nodes.extend([Node::leaf(0.0); 2]);
        self.grown.tree.gains.push((split.column, split.gain));
        let bins = &self.view.binned.columns[split.column];
        let middle = rows.start + parted(&mut order[rows.clone()], spare, bins, &place);
        let sides = [rows.start..middle, middle..rows.end];
        let [left, right] = [0, 1].map(|side| Leaf {
            node: below + side,
            rows: sides[side].clone(),
            depth: depth + 1,
        });
        self.grown.leaves[leaf] = left;
        self.grown.leaves.push(right);
        if self.grown.leaves.len() == self.rule.leaves {
            return;
        }
        let last = self.grown.leaves.len() - 1;
        let totals = [split.left, minus(total, split.left)];
        self.sides([leaf, last], totals, &sums, order);
    }

    /// Histograms of both sides: the smaller one's are summed, the other's are what is left.
    fn sides(
        &mut self,
        leaves: [usize; 2],
        totals: [[i64; S]; 2],
        sums: &[Vec<Histogram<S>>],
        order: &[u32],
    ) {
        let may = leaves.map(|leaf| self.may_part(leaf));
        if may == [false; 2] {
            return;
        }
        let length = |side: usize| self.grown.leaves[leaves[side]].rows.len();
        let (small, large) = if length(1) < length(0) { (1, 0) } else { (0, 1) };
        let rows = &order[self.grown.leaves[leaves[small]].rows.clone()];
        let words = &self.words.of;
        let of_small = self.each_pack(rows.len(), |pack| pack.sums(rows, words));
        if may[large] {
            let of_large = sums.iter().zip(&of_small).map(|(all, part)| rest(all, part)).collect();
            self.consider(leaves[large], totals[large], of_large);
        }
        if may[small] {
            self.consider(leaves[small], totals[small], of_small);
        }
    }
}

/// Sorts the rows that go left before those that do not, each side in its old order.
fn parted(rows: &mut [u32], spare: &mut [u32], bins: &[u8], node: &Node) -> usize {
    let (mut left, mut right) = (0, 0);
    for at in 0..rows.len() {
        let row = rows[at];
        let goes = usize::from(node.takes(bins[row as usize]));
        rows[left] = row;
        spare[right] = row;
        left += goes;
        right += 1 - goes;
    }
    rows[left..].copy_from_slice(&spare[..right]);
    left
}
