//! The loop that grows a tree, whatever finds its splits.

use std::ops::Range;

use super::{Grown, Limits, Node, Split, Splitter, Target, Tree};

/// A node that is not settled yet.
struct Bud<S> {
    span: Range<usize>,
    depth: usize,
    total: S,
    knot: usize,
}

/// What is under way.
pub(super) struct Grower<'a, T: Target> {
    target: &'a T,
    limits: &'a Limits,
    rows: Vec<u32>,
    sides: Vec<bool>,
    spare: Vec<u32>,
    order: Vec<usize>,
    grown: Grown,
}

impl<'a, T: Target> Grower<'a, T> {
    /// Nothing but a root, over the rows that have a weight.
    pub(super) fn new(columns: usize, target: &'a T, limits: &'a Limits) -> Self {
        let count = target.rows();
        let rows = (0..count as u32).filter(|&row| target.weight(row as usize) > 0.0);
        let rows: Vec<u32> = rows.collect();
        let mut leaf = Vec::new();
        target.leaf(&target.nothing(), &mut leaf);
        Grower {
            target,
            limits,
            spare: vec![0; rows.len()],
            rows,
            sides: vec![false; count],
            order: (0..columns).collect(),
            grown: Grown { tree: Tree::sprout(leaf.len()), importance: vec![0.0; columns] },
        }
    }

    /// Rows that have a weight, increasing.
    pub(super) fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// Splits every node that may be split; `draw` gives random bits.
    pub(super) fn grow(
        mut self,
        splitter: &mut impl Splitter,
        draw: &mut dyn FnMut() -> u64,
    ) -> Grown {
        let root = self.bud(0..self.rows.len(), 0, 0);
        let mut open: Vec<_> = self.settle(root).into_iter().collect();
        while let Some(bud) = open.pop() {
            let (mut split, missing) = self.search(splitter, &bud, draw);
            if split.worth == f64::NEG_INFINITY {
                self.leaf(&bud);
                continue;
            }
            let gain = split.worth - self.target.worth(&bud.total);
            self.grown.importance[split.column] += gain.max(0.0);
            let middle = self.send(bud.span.clone());
            if !missing {
                split.missing_left = 2 * (middle - bud.span.start) > bud.span.len();
            }
            let child = self.grown.tree.fork(bud.knot, &split);
            let left = self.bud(bud.span.start..middle, bud.depth + 1, child);
            let right = self.bud(middle..bud.span.end, bud.depth + 1, child + 1);
            let (left, right) = (self.settle(left), self.settle(right));
            if left.is_some() || right.is_some() {
                splitter.part(bud.span, &self.sides);
            }
            open.extend(right);
            open.extend(left);
        }
        let all: f64 = self.grown.importance.iter().sum();
        if all > 0.0 {
            self.grown.importance.iter_mut().for_each(|gain| *gain /= all);
        }
        self.grown
    }

    fn bud(&self, span: Range<usize>, depth: usize, knot: usize) -> Bud<T::Sum> {
        let mut total = self.target.nothing();
        for &row in &self.rows[span.clone()] {
            self.target.add(&mut total, row as usize, 1.0);
        }
        Bud { span, depth, total, knot }
    }

    /// A leaf of it, unless it may be split.
    fn settle(&mut self, bud: Bud<T::Sum>) -> Option<Bud<T::Sum>> {
        let Limits { depth, min_split, min_leaf, .. } = *self.limits;
        let rows = &self.rows[bud.span.clone()];
        let few = rows.len() < min_split.max(2) || rows.len() / 2 < min_leaf;
        let same = |&row: &u32| self.target.same(row as usize, rows[0] as usize);
        if bud.depth >= depth || few || rows.iter().all(same) {
            self.leaf(&bud);
            return None;
        }
        Some(bud)
    }

    fn leaf(&mut self, bud: &Bud<T::Sum>) {
        self.grown.tree.leaf(bud.knot, |numbers| self.target.leaf(&bud.total, numbers));
    }

    /// The best split over columns drawn, and drawn again where all of them are constant; its sides
    /// are noted, and whether values were missing.
    fn search(
        &mut self,
        splitter: &mut impl Splitter,
        bud: &Bud<T::Sum>,
        draw: &mut dyn FnMut() -> u64,
    ) -> (Split, bool) {
        let node = Node {
            target: self.target,
            min_leaf: self.limits.min_leaf.max(1),
            rows: &self.rows[bud.span.clone()],
            start: bud.span.start,
            total: &bud.total,
        };
        // Every split of two rows is worth the same: the first will do.
        let step = if node.rows.len() == 2 { 1 } else { self.limits.features };
        let (mut best, all) = (Split::NONE, self.order.len());
        for start in (0..all).step_by(step) {
            let end = all.min(start.saturating_add(step));
            for place in start..end {
                let luck = ((draw() >> 32) * (all - place) as u64) >> 32;
                self.order.swap(place, place + luck as usize);
            }
            if splitter.search(&node, &self.order[start..end], draw, &mut best) {
                break;
            }
        }
        let found = best.worth > f64::NEG_INFINITY;
        let missing = found && splitter.mark(&node, &mut best, &mut self.sides);
        (best, missing)
    }

    /// Parts the rows of a span by their sides, in order; where the right side begins.
    fn send(&mut self, span: Range<usize>) -> usize {
        let rows = &mut self.rows[span.clone()];
        let spare = &mut self.spare[..rows.len()];
        let (mut kept, mut moved) = (0, 0);
        for at in 0..rows.len() {
            let row = rows[at];
            let left = self.sides[row as usize];
            rows[kept] = row;
            spare[moved] = row;
            kept += usize::from(left);
            moved += usize::from(!left);
        }
        rows[kept..].copy_from_slice(&spare[..moved]);
        span.start + kept
    }
}
