//! Rows in the order of files become series in the order of names, each in the order of time.
//!
//! Everything happens in place: a large panel is held once, and its rows change places along the
//! cycles of the permutation.

use std::ops::Range;

use almanac_data::{Clock, Code, Duplicates, Role, Stamp};

use crate::error::ReadError;
use crate::gather::{Beside, Rows};
use crate::notes::Notes;

/// Series one behind the other: series `i` owns rows `ends[i−1] .. ends[i]`.
#[derive(Debug)]
pub(crate) struct Grouped {
    pub ids: Vec<String>,
    pub ends: Vec<usize>,
    pub at: Vec<Stamp>,
    pub y: Vec<f64>,
    pub columns: Vec<Beside>,
    pub clock: Clock,
}

impl Grouped {
    /// Sorts by name and time. Equal stamps keep the order of the files.
    pub fn from_rows(rows: Rows, notes: &mut Notes) -> Grouped {
        let Rows { ids, mut series, mut at, mut y, mut columns, clock, .. } = rows;
        let mut names: Vec<u32> = (0..ids.len() as u32).collect();
        names.sort_by(|&a, &b| ids[a as usize].cmp(&ids[b as usize]));
        let mut rank = vec![0; ids.len()];
        for (new, &old) in names.iter().enumerate() {
            rank[old as usize] = new as u32;
        }
        notes.renumber(&rank);
        let mut ends = vec![0; ids.len()];
        for old in &mut series {
            *old = rank[*old as usize];
            ends[*old as usize] += 1;
        }
        let mut total = 0;
        let mut next: Vec<usize> = Vec::with_capacity(ends.len());
        for end in &mut ends {
            next.push(total);
            total += *end;
            *end = total;
        }
        let mut to = series;
        for slot in &mut to {
            let own = &mut next[*slot as usize];
            *slot = *own as u32;
            *own += 1;
        }
        for column in columns.iter_mut().filter(|column| column.role == Role::Static) {
            let old = std::mem::take(&mut column.values);
            let of = |&name: &u32| old.get(name as usize).copied().unwrap_or(f64::NAN);
            column.values = names.iter().map(of).collect();
        }
        permute(&mut to, &mut at, &mut y, &mut columns);
        drop(to);
        let ids = names.iter().map(|&old| ids[old as usize].clone()).collect();
        let clock = clock.unwrap_or(Clock::Step);
        let mut grouped = Grouped { ids, ends, at, y, columns, clock };
        grouped.sort_series(notes);
        grouped
    }

    /// Rows of a series.
    pub fn span(&self, series: usize) -> Range<usize> {
        let start = if series == 0 { 0 } else { self.ends[series - 1] };
        start..self.ends[series]
    }

    /// Number of series, without rows or with.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    pub fn rowwise(&mut self) -> impl Iterator<Item = &mut Vec<f64>> {
        let columns = self.columns.iter_mut().filter(|column| column.role != Role::Static);
        columns.map(|column| &mut column.values)
    }

    fn sort_series(&mut self, notes: &mut Notes) {
        for series in 0..self.len() {
            let span = self.span(series);
            if self.at[span.clone()].is_sorted() {
                continue;
            }
            let own = &self.at[span.clone()];
            let mut order: Vec<u32> = (0..own.len() as u32).collect();
            order.sort_by_key(|&k| own[k as usize]);
            let moved = order.iter().enumerate().filter(|&(new, &old)| new != old as usize).count();
            notes.fix(Code::Disorder, "sort", series as u32, moved);
            arrange(&mut self.at[span.clone()], &order);
            arrange(&mut self.y[span.clone()], &order);
            for values in self.rowwise() {
                arrange(&mut values[span.clone()], &order);
            }
        }
    }

    /// Keeps only rows at these stamps; how many were left out.
    pub fn keep(&mut self, inside: impl Fn(Stamp) -> bool) -> usize {
        let (mut kept, mut start) = (0, 0);
        for series in 0..self.len() {
            let end = self.ends[series];
            for row in (start..end).filter(|&row| inside(self.at[row])).collect::<Vec<_>>() {
                self.at[kept] = self.at[row];
                self.y[kept] = self.y[row];
                self.rowwise().for_each(|values| values[kept] = values[row]);
                kept += 1;
            }
            (self.ends[series], start) = (kept, end);
        }
        self.at.truncate(kept);
        self.y.truncate(kept);
        self.rowwise().for_each(|values| values.truncate(kept));
        start - kept
    }

    /// Makes one row of rows at one stamp.
    ///
    /// # Errors
    /// Values that disagree, where the settings do not say which counts.
    pub fn join(&mut self, how: Duplicates, notes: &mut Notes) -> Result<(), ReadError> {
        let (mut kept, mut start) = (0, 0);
        for series in 0..self.len() {
            let end = self.ends[series];
            let mut k = start;
            while k < end {
                let same = self.at[k..end].iter().take_while(|&&at| at == self.at[k]).count();
                if same > 1 {
                    self.join_rows(k..k + same, series, how, notes)?;
                }
                if kept != k {
                    self.at[kept] = self.at[k];
                    self.y[kept] = self.y[k];
                    self.rowwise().for_each(|values| values[kept] = values[k]);
                }
                kept += 1;
                k += same;
            }
            start = end;
            self.ends[series] = kept;
        }
        self.at.truncate(kept);
        self.y.truncate(kept);
        self.rowwise().for_each(|values| values.truncate(kept));
        Ok(())
    }

    /// Leaves the joined row at the first of these rows.
    fn join_rows(
        &mut self,
        rows: Range<usize>,
        series: usize,
        how: Duplicates,
        notes: &mut Notes,
    ) -> Result<(), ReadError> {
        let number = series as u32;
        notes.find(Code::Duplicates, number, rows.len() - 1, || {
            self.clock.show(self.at[rows.start])
        });
        let here = self.y[rows.clone()].iter().copied();
        let values: Vec<f64> = here.filter(|y| !y.is_nan()).collect();
        let differ = self.differ(&rows, &values);
        if let (Duplicates::Refuse, Some((first, second))) = (how, &differ) {
            return Err(ReadError::Conflict {
                id: self.ids[series].clone(),
                at: self.clock.show(self.at[rows.start]),
                count: rows.len(),
                first: first.clone(),
                second: second.clone(),
            });
        }
        let (word, from) = match (&differ, how) {
            (None, _) | (_, Duplicates::Refuse) => ("joined", rows.start),
            (_, Duplicates::Mean) => ("mean", rows.start),
            (_, Duplicates::Sum) => ("sum", rows.start),
            (_, Duplicates::First) => ("first", rows.start),
            (_, Duplicates::Last) => ("last", rows.end - 1),
        };
        let y = match (values.as_slice(), word) {
            ([], _) => f64::NAN,
            (all, "mean") => all.iter().sum::<f64>() / all.len() as f64,
            (all, "sum") => all.iter().sum(),
            ([.., last], "last") => *last,
            ([first, ..], _) => *first,
        };
        self.y[rows.start] = y;
        self.rowwise().for_each(|values| values[rows.start] = values[from]);
        notes.fix(Code::Duplicates, word, number, rows.len() - 1);
        Ok(())
    }
}

impl Grouped {
    /// Two things that disagree in these rows, in words. A missing value disagrees with none.
    fn differ(&self, rows: &Range<usize>, values: &[f64]) -> Option<(String, String)> {
        if let Some(other) = values.iter().find(|&&y| y != values[0]) {
            return Some((values[0].to_string(), other.to_string()));
        }
        let beside = self.columns.iter().filter(|column| column.role != Role::Static);
        beside.into_iter().find_map(|column| {
            let own = &column.values[rows.clone()];
            let same = |value: f64| value == own[0] || value.is_nan() && own[0].is_nan();
            let other = own.iter().find(|&&value| !same(value))?;
            Some((column.show(own[0]), column.show(*other)))
        })
    }
}

impl Beside {
    fn show(&self, value: f64) -> String {
        let words = self.words.as_ref().filter(|_| value >= 0.0);
        match words.and_then(|words| words.labels.get(value as usize)) {
            Some(label) => format!("{} {label}", self.name),
            None => format!("{} {value}", self.name),
        }
    }
}

/// Moves each row to its place along the cycles of the permutation, and each place to itself.
fn permute(to: &mut [u32], at: &mut [Stamp], y: &mut [f64], columns: &mut [Beside]) {
    let beside = columns.iter_mut().filter(|column| column.role != Role::Static);
    let mut beside: Vec<&mut [f64]> = beside.map(|column| column.values.as_mut_slice()).collect();
    for k in 0..to.len() {
        while to[k] as usize != k {
            let there = to[k] as usize;
            at.swap(k, there);
            y.swap(k, there);
            for values in &mut beside {
                values.swap(k, there);
            }
            to.swap(k, there);
        }
    }
}

fn arrange<T: Copy>(values: &mut [T], order: &[u32]) {
    let old = values.to_vec();
    for (value, &from) in values.iter_mut().zip(order) {
        *value = old[from as usize];
    }
}
