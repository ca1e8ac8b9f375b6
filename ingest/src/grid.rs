//! Each series on the grid of its calendar: what is absent is inserted, what is missing is answered.
//!
//! Business calendars have no fixed grid: there a gap is a stamp at which another series of the panel
//! has a row, so that a holiday or a short session of the whole exchange is no gap; unless weeks are
//! to be whole.

use std::borrow::Cow;
use std::collections::BTreeSet;

use almanac_data::{Calendar, Clock, Code, Freq, Gaps, Role, Stamp, Tidy, Weeks};

use crate::error::ReadError;
use crate::freq::{is_weekend, wall};
use crate::notes::Notes;
use crate::order::Grouped;

const DAY: i64 = 86_400_000_000;

/// The stamps that a series should have.
enum Grid {
    /// Every so many units from the first of the series.
    Even(i64),
    /// Counted along the calendar from the first of the series.
    Counted,
    /// Those at which some series has a row.
    Traded(Vec<Stamp>),
}

/// Stamps absent between two neighbours.
enum Absent<'a> {
    Even { after: Stamp, step: i64, count: usize },
    Listed(&'a [Stamp]),
}

/// Fills values that are missing, then inserts rows that are absent.
///
/// # Errors
/// Stamps beside a fixed grid, a grid that would be mostly empty, or flaws that are to be refused.
pub(crate) fn regularise(
    rows: &mut Grouped,
    calendar: &Calendar,
    tidy: &Tidy,
    notes: &mut Notes,
) -> Result<(), ReadError> {
    for series in 0..rows.len() {
        let span = rows.span(series);
        let missing: Vec<usize> = span.clone().filter(|&k| rows.y[k].is_nan()).collect();
        if let (Gaps::Refuse, Some(&first)) = (tidy.missing, missing.first()) {
            return Err(refused("value", rows, series, rows.at[first], missing.len()));
        }
        let filled = missing.iter().filter(|&&k| answer(tidy.missing, rows, k, span.start)).count();
        if filled > 0 {
            notes.fix(Code::Missing, word(tidy.missing), series as u32, filled);
        }
    }
    let whole = whole_weeks(rows, calendar, tidy, notes)?;
    let grid = if whole { Grid::Counted } else { Grid::of(rows, calendar, notes)? };
    let inserted = count(rows, calendar, &grid, tidy, notes)?;
    let total: usize = inserted.iter().sum();
    if total > 0 {
        insert(rows, calendar, &grid, &inserted, tidy);
        for (series, &count) in inserted.iter().enumerate().filter(|(_, count)| **count > 0) {
            notes.fix(Code::Gaps, word(tidy.gaps), series as u32, count);
        }
    }
    Ok(())
}

/// Whether weeks are Monday to Friday; then leaves out what stands on weekends.
fn whole_weeks(
    rows: &mut Grouped,
    calendar: &Calendar,
    tidy: &Tidy,
    notes: &mut Notes,
) -> Result<bool, ReadError> {
    if tidy.weeks == Weeks::Traded {
        return Ok(false);
    }
    if calendar.freq != Freq::BusinessDays {
        let reason = format!("the frequency is {}: only business days have weeks", calendar.freq);
        return Err(ReadError::Setting { name: "tidy.weeks", value: "whole".into(), reason });
    }
    let clock = rows.clock;
    for series in 0..rows.len() {
        let own = rows.at[rows.span(series)].iter();
        let beside: Vec<Stamp> = own.copied().filter(|&at| is_weekend(wall(clock, at))).collect();
        if let Some(&first) = beside.first() {
            notes.find(Code::OffGrid, series as u32, beside.len(), || calendar.show(first));
            notes.fix(Code::OffGrid, "drop", series as u32, beside.len());
        }
    }
    rows.keep(|at| !is_weekend(wall(clock, at)));
    Ok(true)
}

impl Grid {
    fn of(rows: &Grouped, calendar: &Calendar, notes: &mut Notes) -> Result<Grid, ReadError> {
        Ok(match (calendar.freq, calendar.clock) {
            (Freq::Steps(step) | Freq::Micros(step), _) => Grid::Even(step),
            (Freq::Days(days), Clock::Date | Clock::Wall) => Grid::Even(days.saturating_mul(DAY)),
            (Freq::Days(_) | Freq::Months { .. }, _) => Grid::Counted,
            (Freq::BusinessDays | Freq::Sessions { .. } | Freq::Slots(_), _) => {
                Grid::Traded(traded(rows, calendar, notes)?)
            }
        })
    }

    /// The grid of one series, where it must be written out.
    fn list(
        &self,
        rows: &Grouped,
        calendar: &Calendar,
        series: usize,
    ) -> Result<Cow<'_, [Stamp]>, ReadError> {
        match self {
            Grid::Even(_) => Ok(Cow::Borrowed(&[])),
            Grid::Traded(stamps) => Ok(Cow::Borrowed(stamps)),
            Grid::Counted => {
                let own = &rows.at[rows.span(series)];
                let (Some(&first), Some(&last)) = (own.first(), own.last()) else {
                    return Ok(Cow::Borrowed(&[]));
                };
                let step = match calendar.freq {
                    Freq::Months { count, .. } => count.saturating_mul(28 * DAY),
                    Freq::Days(days) => days.saturating_mul(DAY),
                    _ => DAY,
                };
                let count = ((last.0 - first.0) / step.max(1)) as usize + 1;
                sparse(count, own.len(), calendar)?;
                let mut list = vec![first];
                list.extend(calendar.after(first, count));
                Ok(Cow::Owned(list))
            }
        }
    }

    /// What is absent between two neighbours; none where the second lies beside the grid.
    fn between<'a>(&self, list: &'a [Stamp], before: Stamp, at: Stamp) -> Option<Absent<'a>> {
        if let Grid::Even(step) = *self {
            let far = at.0 - before.0;
            let count = (far / step) as usize;
            let on_grid = far % step == 0;
            return on_grid.then(|| Absent::Even {
                after: before,
                step,
                count: count.saturating_sub(1),
            });
        }
        let from = list.partition_point(|&stamp| stamp <= before);
        let to = from + list[from..].partition_point(|&stamp| stamp < at);
        let on_grid = list.get(to) == Some(&at) || matches!(self, Grid::Traded(_));
        on_grid.then(|| Absent::Listed(&list[from..to]))
    }
}

impl Absent<'_> {
    fn len(&self) -> usize {
        match self {
            Absent::Even { count, .. } => *count,
            Absent::Listed(stamps) => stamps.len(),
        }
    }

    fn get(&self, k: usize) -> Stamp {
        match self {
            Absent::Even { after, step, .. } => Stamp(after.0 + step * (k as i64 + 1)),
            Absent::Listed(stamps) => stamps[k],
        }
    }
}

/// Stamps of a business calendar at which some series has a row. A few others, special sessions, stay
/// and are counted; more than one in twenty mean another calendar.
fn traded(rows: &Grouped, calendar: &Calendar, notes: &mut Notes) -> Result<Vec<Stamp>, ReadError> {
    let midday = rows.at.first().map_or(0, |&at| wall(rows.clock, at).rem_euclid(DAY));
    let open = |at: Stamp| {
        let wall = wall(rows.clock, at);
        let of_day = wall.rem_euclid(DAY);
        let in_session = match calendar.freq {
            Freq::Sessions { every, open, close } => {
                open <= of_day && of_day <= close && (of_day - open) % every == 0
            }
            Freq::Slots(slots) => slots.starts().any(|start| start == of_day),
            _ => of_day == midday,
        };
        in_session && !is_weekend(wall)
    };
    let mut stamps = BTreeSet::new();
    let mut beside = Vec::new();
    for series in 0..rows.len() {
        for &at in &rows.at[rows.span(series)] {
            if open(at) {
                stamps.insert(at);
            } else {
                beside.push((series, at));
                notes.find(Code::OffGrid, series as u32, 1, || calendar.show(at));
                notes.fix(Code::OffGrid, "keep", series as u32, 1);
            }
        }
    }
    match beside.first() {
        Some(&first) if 20 * beside.len() > rows.at.len() => {
            Err(off_grid(rows, calendar, first, beside.len()))
        }
        _ => Ok(stamps.into_iter().collect()),
    }
}

fn off_grid(
    rows: &Grouped,
    calendar: &Calendar,
    (series, at): (usize, Stamp),
    count: usize,
) -> ReadError {
    ReadError::OffGrid {
        count,
        freq: calendar.freq.to_string(),
        id: rows.ids[series].clone(),
        at: calendar.show(at),
    }
}

/// Rows to insert in each series.
fn count(
    rows: &Grouped,
    calendar: &Calendar,
    grid: &Grid,
    tidy: &Tidy,
    notes: &mut Notes,
) -> Result<Vec<usize>, ReadError> {
    let (mut beside, mut first_beside, mut total) = (0, None, 0usize);
    let mut inserted = vec![0; rows.len()];
    for (series, own_inserted) in inserted.iter_mut().enumerate() {
        let list = grid.list(rows, calendar, series)?;
        let mut first = None;
        let mut anchor = None;
        for &at in &rows.at[rows.span(series)] {
            let Some(before) = anchor.replace(at) else { continue };
            let Some(absent) = grid.between(&list, before, at) else {
                beside += 1;
                first_beside.get_or_insert((series, at));
                anchor = Some(before);
                continue;
            };
            if absent.len() > 0 {
                first.get_or_insert(absent.get(0));
                *own_inserted = usize::saturating_add(*own_inserted, absent.len());
            }
        }
        total = total.saturating_add(*own_inserted);
        if let Some(first) = first {
            if tidy.gaps == Gaps::Refuse {
                return Err(refused("row", rows, series, first, *own_inserted));
            }
            notes.find(Code::Gaps, series as u32, *own_inserted, || calendar.show(first));
        }
    }
    if let Some(first) = first_beside {
        return Err(off_grid(rows, calendar, first, beside));
    }
    sparse(total.saturating_add(rows.at.len()), rows.at.len(), calendar)?;
    Ok(inserted)
}

/// Moves rows to their places from the back, so that none is overwritten before it has moved.
fn insert(rows: &mut Grouped, calendar: &Calendar, grid: &Grid, inserted: &[usize], tidy: &Tidy) {
    let old = rows.at.len();
    let mut to = old + inserted.iter().sum::<usize>();
    rows.at.resize(to, Stamp::default());
    rows.y.resize(to, f64::NAN);
    rows.rowwise().for_each(|values| values.resize(to, f64::NAN));
    let mut new: Vec<(usize, usize)> = Vec::new();
    for series in (0..rows.len()).rev() {
        let span = rows.span(series);
        let end = to;
        let list = grid.list(rows, calendar, series).unwrap_or_default();
        for k in span.clone().rev() {
            to -= 1;
            rows.at[to] = rows.at[k];
            rows.y[to] = rows.y[k];
            rows.rowwise().for_each(|values| values[to] = values[k]);
            if k == span.start || inserted[series] == 0 {
                continue;
            }
            let Some(absent) = grid.between(&list, rows.at[k - 1], rows.at[to]) else { continue };
            for gap in (0..absent.len()).rev() {
                to -= 1;
                rows.at[to] = absent.get(gap);
                rows.y[to] = f64::NAN;
                rows.rowwise().for_each(|values| values[to] = f64::NAN);
                if tidy.gaps != Gaps::Keep {
                    new.push((series, to));
                }
            }
        }
        rows.ends[series] = end;
    }
    for &(series, k) in new.iter().rev() {
        let start = rows.span(series).start;
        answer(tidy.gaps, rows, k, start);
        if (tidy.weeks, tidy.gaps) == (Weeks::Whole, Gaps::Previous) {
            let late = |role| matches!(role, Role::Past | Role::Open | Role::Close);
            for column in rows.columns.iter_mut().filter(|column| late(column.role)) {
                column.values[k] = column.values[k - 1];
            }
        }
    }
}

/// Answers a missing value; whether anything stands there now.
fn answer(how: Gaps, rows: &mut Grouped, k: usize, start: usize) -> bool {
    rows.y[k] = match how {
        Gaps::Zero => 0.0,
        Gaps::Previous if k > start => rows.y[k - 1],
        _ => f64::NAN,
    };
    !rows.y[k].is_nan()
}

fn word(how: Gaps) -> &'static str {
    match how {
        Gaps::Keep => "keep",
        Gaps::Zero => "zero",
        Gaps::Previous => "previous",
        Gaps::Refuse => "refuse",
    }
}

/// Refuses a grid with nine empty places for every row, and a hundred for all.
fn sparse(would: usize, rows: usize, calendar: &Calendar) -> Result<(), ReadError> {
    if would.saturating_sub(100) / 10 > rows {
        return Err(ReadError::TooSparse { freq: calendar.freq.to_string(), would, rows });
    }
    Ok(())
}

fn refused(
    what: &'static str,
    rows: &Grouped,
    series: usize,
    at: Stamp,
    count: usize,
) -> ReadError {
    ReadError::Absent { what, id: rows.ids[series].clone(), at: rows.clock.show(at), count }
}
