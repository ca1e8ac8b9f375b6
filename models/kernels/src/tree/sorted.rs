//! The best of all splits: columns are sorted once, and stay sorted in every node.

use std::ops::Range;

use super::grow::Grower;
use super::{Grown, Limits, Node, Split, Splitter, Target};

/// Columns sorted: for each, its rows in the order of their values and the rank of each value.
#[derive(Debug, Clone)]
pub struct Ranks {
    columns: Vec<Ranked>,
}

#[derive(Debug, Clone)]
struct Ranked {
    seats: Vec<Seat>,
    /// By rank; missing values have the rank after the last.
    values: Vec<f64>,
}

/// A row and the rank of its value.
#[derive(Debug, Clone, Copy, Default)]
struct Seat {
    row: u32,
    rank: u32,
}

impl Ranks {
    /// Sorts columns; missing values stand last.
    pub fn new(columns: &[&[f64]]) -> Ranks {
        Ranks { columns: columns.iter().map(|column| Ranked::new(column)).collect() }
    }
}

impl Ranked {
    fn new(column: &[f64]) -> Ranked {
        let mut order: Vec<u32> = (0..column.len() as u32).collect();
        let key =
            |row: u32| if column[row as usize].is_nan() { f64::NAN } else { column[row as usize] };
        order.sort_by(|&a, &b| key(a).total_cmp(&key(b)));
        let mut values: Vec<f64> = Vec::new();
        let seats = order.into_iter().map(|row| {
            let value = column[row as usize];
            if value.is_nan() {
                return Seat { row, rank: values.len() as u32 };
            }
            if values.last() != Some(&value) {
                values.push(value);
            }
            Seat { row, rank: values.len() as u32 - 1 }
        });
        Ranked { seats: seats.collect(), values }
    }

    /// The threshold between two ranks next to each other in a node.
    fn between(&self, low: u32, high: u32) -> f64 {
        let low = self.values[low as usize];
        let Some(&high) = self.values.get(high as usize) else { return f64::INFINITY };
        let middle = low / 2.0 + high / 2.0;
        if low <= middle && middle < high { middle } else { low }
    }
}

/// Grows a tree by the best splits there are; `draw` gives random bits.
pub fn exact<T: Target>(
    ranks: &Ranks,
    target: &T,
    limits: &Limits,
    draw: &mut dyn FnMut() -> u64,
) -> Grown {
    let grower = Grower::new(ranks.columns.len(), target, limits);
    let count = grower.rows().len();
    let seen: Vec<bool> = (0..target.rows()).map(|row| target.weight(row) > 0.0).collect();
    let (mut seats, mut kept) = (vec![Seat::default(); ranks.columns.len() * count + 1], 0);
    for seat in ranks.columns.iter().flat_map(|column| &column.seats) {
        seats[kept] = *seat;
        kept += usize::from(seen[seat.row as usize]);
    }
    seats.truncate(kept);
    let spare = vec![Seat::default(); count];
    grower.grow(&mut Sorted { ranks, seats, count, spare, between: (0, 0) }, draw)
}

/// The rows of each node in the order of each column's values, column after column.
struct Sorted<'a> {
    ranks: &'a Ranks,
    seats: Vec<Seat>,
    count: usize,
    spare: Vec<Seat>,
    /// The ranks next to the best split so far.
    between: (u32, u32),
}

impl Splitter for Sorted<'_> {
    fn search<T: Target>(
        &mut self,
        node: &Node<'_, T>,
        candidates: &[usize],
        _draw: &mut dyn FnMut() -> u64,
        best: &mut Split,
    ) -> bool {
        let mut varied = false;
        for &column in candidates {
            varied |= self.search_column(node, column, best);
        }
        varied
    }

    fn mark(&self, node: &Node<'_, impl Target>, split: &mut Split, sides: &mut [bool]) -> bool {
        let ranked = &self.ranks.columns[split.column];
        let (low, high) = self.between;
        let missing = ranked.values.len() as u32;
        split.threshold = ranked.between(low, high);
        let seats = &self.seats[split.column * self.count + node.start..][..node.rows.len()];
        for seat in seats {
            let left = (seat.rank <= low) | (split.missing_left & (seat.rank == missing));
            sides[seat.row as usize] = left;
        }
        seats.last().is_some_and(|seat| seat.rank == missing)
    }

    fn part(&mut self, span: Range<usize>, sides: &[bool]) {
        for seats in self.seats.chunks_exact_mut(self.count) {
            let seats = &mut seats[span.clone()];
            let spare = &mut self.spare[..seats.len()];
            let (mut kept, mut moved) = (0, 0);
            for at in 0..seats.len() {
                let seat = seats[at];
                let left = sides[seat.row as usize];
                seats[kept] = seat;
                spare[moved] = seat;
                kept += usize::from(left);
                moved += usize::from(!left);
            }
            seats[kept..].copy_from_slice(&spare[..moved]);
        }
    }
}

impl Sorted<'_> {
    /// Replaces `best` by a better split at this column; false where it is constant.
    fn search_column<T: Target>(
        &mut self,
        node: &Node<'_, T>,
        column: usize,
        best: &mut Split,
    ) -> bool {
        let seats = &self.seats[column * self.count + node.start..][..node.rows.len()];
        let (first, last) = (seats[0], seats[seats.len() - 1]);
        if first.rank == last.rank {
            return false;
        }
        let missing = self.ranks.columns[column].values.len() as u32;
        let present = match last.rank == missing {
            true => seats.partition_point(|seat| seat.rank < missing),
            false => seats.len(),
        };
        let ways = if present < seats.len() { 2 } else { 1 };
        for missing_left in [false, true].into_iter().take(ways) {
            let carried = if missing_left { &seats[present..] } else { &[] };
            if let Some((at, worth)) = sweep(node, seats, present, carried, best.worth) {
                self.between = (seats[at].rank, seats[at + 1].rank);
                *best = Split { column, threshold: 0.0, missing_left, worth };
            }
        }
        true
    }
}

/// The last place on the left of the best split that is worth more than `floor`, and its worth;
/// `carried` rows start on the left.
fn sweep<T: Target>(
    node: &Node<'_, T>,
    seats: &[Seat],
    present: usize,
    carried: &[Seat],
    floor: f64,
) -> Option<(usize, f64)> {
    let (target, fewest, all) = (node.target, node.min_leaf, seats.len());
    let (mut left, mut right) = (target.nothing(), node.total.clone());
    let shift = |left: &mut T::Sum, right: &mut T::Sum, seat: &Seat| {
        target.add(left, seat.row as usize, 1.0);
        target.add(right, seat.row as usize, -1.0);
    };
    carried.iter().for_each(|seat| shift(&mut left, &mut right, seat));
    let mut best = None;
    let mut floor = floor;
    for (at, pair) in seats.windows(2).enumerate().take(present) {
        shift(&mut left, &mut right, &pair[0]);
        let on_left = carried.len() + at + 1;
        if pair[0].rank == pair[1].rank || on_left < fewest {
            continue;
        }
        if all - on_left < fewest {
            break;
        }
        let worth = target.worth(&left) + target.worth(&right);
        if worth > floor {
            floor = worth;
            best = Some((at, worth));
        }
    }
    best
}
