//! From files to a table: which column is what, rows as they lie, further files beside them, and what
//! is left out.
//!
//! ```text
//! files ─▶ frames ─▶ parts ─▶ rows ─▶ flaws ─▶ joined columns, curves ─▶ table
//! ```

mod beside;
mod curves;
mod flaws;
mod parts;
mod rows;

use std::path::Path;

use almanac_data::{Audit, Gaps, Matrix, Source, SourceFile, Table, Tidied};

use crate::error::ReadError;
use crate::given::Given;
use crate::input::{self, Input};
use crate::notes::Notes;
use crate::{numbers, reading};
use parts::{For, Parts, Target};
use rows::Rows;

/// A source as read: the table, what was found in the raw rows, what was done about it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadTable {
    /// The rows in the order of the files, without those that were left out.
    pub table: Table,
    /// What was found, before anything was changed.
    pub audit: Audit,
    /// What was changed, counted.
    pub tidied: Tidied,
    /// The files with their fingerprints.
    pub files: Vec<SourceFile>,
}

/// What grows while files are read.
#[derive(Default)]
struct Log {
    notes: Notes,
    files: Vec<SourceFile>,
    /// Every column of numbers seen: findings are counted by its place here.
    columns: Vec<String>,
}

/// Reads a table: rows with a target, columns of numbers to learn it from, and what belongs to them.
/// Named sets that are not shipped are looked for under `data_root`.
///
/// # Errors
/// Whatever stops the reading, with its place; see [`ReadError`].
pub fn read_table(source: &Source, data_root: Option<&Path>) -> Result<ReadTable, ReadError> {
    read_rows(source, data_root, For::Lesson)
}

/// Reads rows that are to be asked about: they need no target, and none is looked at.
///
/// # Errors
/// As of [`read_table`].
pub fn read_asked(source: &Source, data_root: Option<&Path>) -> Result<ReadTable, ReadError> {
    read_rows(source, data_root, For::Question)
}

fn read_rows(source: &Source, data_root: Option<&Path>, what: For) -> Result<ReadTable, ReadError> {
    let (source, inputs) = input::resolve(source, data_root)?;
    of_inputs(&source, &inputs, what)
}

/// Reads a table from rows that are given.
///
/// # Errors
/// As of [`read_table`]; more rows or bytes than they may have.
pub fn read_table_given(source: &Source, given: &Given) -> Result<ReadTable, ReadError> {
    let (source, input) = input::given(source, given);
    of_inputs(&source, &[input], For::Lesson)
}

/// The same of rows that are to be asked about.
///
/// # Errors
/// As of [`read_table_given`].
pub fn read_asked_given(source: &Source, given: &Given) -> Result<ReadTable, ReadError> {
    let (source, input) = input::given(source, given);
    of_inputs(&source, &[input], For::Question)
}

fn of_inputs(source: &Source, inputs: &[Input], what: For) -> Result<ReadTable, ReadError> {
    plain(source)?;
    let mut log = Log::default();
    let (mut rows, parts) =
        Rows::read(inputs, source, &mut log, |heading| Parts::of_table(source, heading, what))?;
    let target = match what {
        For::Lesson => take_target(&mut rows, &parts, source, &mut log),
        For::Question => Target::unknown(&parts.target, rows.len()),
    };
    let mut keep = flaws::keep(&rows, &target, &source.tidy, &mut log.notes)?;
    for joined in &source.join {
        beside::join(&mut rows, joined, source, &mut keep, &mut log)?;
    }
    let curves = match &source.curves {
        None => None,
        Some(file) => Some(curves::read(&rows, file, source, &mut keep, &mut log)?),
    };
    let kept: Vec<usize> = (0..rows.len()).filter(|&row| keep[row]).collect();
    let x = features(source, &rows, &kept)?;
    if kept.is_empty() {
        let place = inputs.first().map_or(String::new(), |input| input.name.clone());
        let reason = format!("none of its {} rows can be used", rows.len());
        return Err(ReadError::Malformed { place, reason });
    }
    let pick = |words: &Vec<String>| kept.iter().map(|&row| words[row].clone()).collect();
    let table = Table {
        name: reading::name(source, inputs),
        ids: pick(&rows.ids),
        x,
        target: target.name.clone(),
        y: match what {
            For::Lesson => kept.iter().map(|&row| target.y[row]).collect(),
            For::Question => vec![f64::NAN; kept.len()],
        },
        classes: target.classes.clone(),
        labels: rows.words.iter().map(|(name, words)| (name.clone(), pick(words))).collect(),
        curves: curves.map(|mut curves| {
            curves.rows = kept.iter().map(|&row| std::mem::take(&mut curves.rows[row])).collect();
            curves
        }),
    };
    flaws::constant(&table, &mut log);
    let (audit, tidied) = log.notes.finish(&log.columns);
    Ok(ReadTable { table, audit, tidied, files: log.files })
}

/// Refuses what means nothing without time.
fn plain(source: &Source) -> Result<(), ReadError> {
    let refuse = |name, reason: &str| {
        Err(ReadError::Setting { name, value: "…".into(), reason: reason.into() })
    };
    if let Some(name) = source.of_panel() {
        return refuse(name, "only a panel has this: rows of a table know no time");
    }
    if matches!(source.tidy.missing, Gaps::Zero | Gaps::Previous) {
        return refuse("tidy.missing", "a row of a table without a target is left out, or refused");
    }
    Ok(())
}

/// The target out of the rows: infinite values and, where they say so, zeros become missing.
fn take_target(rows: &mut Rows, parts: &Parts, source: &Source, log: &mut Log) -> Target {
    let number = log.number(&parts.target);
    let what = if parts.classes { "its words are classes" } else { "a number" };
    log.notes.say(format!("target: `{}`, {what}", parts.target));
    if parts.classes {
        let words = rows.words.remove(0).1;
        let (classes, y) = parts::classes(&words);
        return Target { name: parts.target.clone(), number, y, classes };
    }
    let mut y = rows.numbers.remove(0).1;
    numbers::zeros(&mut y, source.tidy.zeros, number, &mut log.notes);
    Target { name: parts.target.clone(), number, y, classes: Vec::new() }
}

/// The columns to learn from, of the rows that stay, in the order in which they are named, else in
/// that of the files.
fn features(source: &Source, rows: &Rows, kept: &[usize]) -> Result<Matrix, ReadError> {
    let names: Vec<&str> = rows.numbers.iter().map(|(name, _)| name.as_str()).collect();
    for (k, name) in names.iter().enumerate() {
        if names[..k].contains(name) {
            return Err(ReadError::ColumnTwice { place: rows.place(0), column: (*name).into() });
        }
    }
    let find = |wanted: &String| {
        let exact = names.iter().position(|name| name == wanted);
        let close = || names.iter().position(|name| name.eq_ignore_ascii_case(wanted));
        exact.or_else(close).ok_or_else(|| ReadError::NoColumn {
            place: "the table and the files joined to it".into(),
            column: wanted.clone(),
            role: "columns",
            nearest: almanac_data::nearest(wanted, names.iter().copied()).map(String::from),
            have: names.iter().map(|name| (*name).into()).collect(),
        })
    };
    let chosen: Vec<usize> = match source.columns.as_slice() {
        [] => (0..names.len()).collect(),
        named => named.iter().map(find).collect::<Result<_, _>>()?,
    };
    let pick = |column: usize| {
        let (name, values) = &rows.numbers[column];
        (name.clone(), kept.iter().map(|&row| values[row]).collect())
    };
    Ok(Matrix::from_columns(chosen.into_iter().map(pick).collect())?)
}

impl Log {
    /// The number by which findings in a column are counted.
    fn number(&mut self, column: &str) -> u32 {
        let known = self.columns.iter().position(|name| name == column);
        known.unwrap_or_else(|| {
            self.columns.push(column.to_string());
            self.columns.len() - 1
        }) as u32
    }
}
