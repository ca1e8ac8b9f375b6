//! Raw files become nouns: a source is read, audited, tidied and laid on a regular calendar.
//!
//! ```text
//! source ─▶ input ─▶ reader ─▶ frames ─▶ names, times ─▶ rows ─▶ order ─▶ freq ─▶ grid ─▶ panel
//!           files    formats   Polars    which is what   numbers  sorted   calendar
//! ```
//!
//! A source of rows that know no time becomes a table by the same readers: see [`read_table`].
//!
//! A file streams through in blocks; what is held is the panel alone, which is sorted, joined and
//! filled in place. Whatever is found goes to the audit, whatever is changed is counted.
#![forbid(unsafe_code)]

pub mod cards;
mod cells;
mod conditions;
mod error;
mod findings;
mod freq;
mod gather;
mod given;
mod glance;
mod grid;
mod input;
mod names;
mod notes;
mod numbers;
mod order;
mod readers;
mod reading;
mod resample;
mod tables;
mod times;

use std::path::Path;

use almanac_data::{Audit, Panel, Source, SourceFile, Tidied};

pub use cards::Card;
pub use error::ReadError;
pub use given::{Cells, From, Given};
pub use glance::{Glimpse, glance};
pub use tables::{ReadTable, read_asked, read_asked_given, read_table, read_table_given};

/// A source as read: the panel, what was found in the raw rows, what was done about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// The series, sorted by name, each on the grid of the panel's calendar.
    pub panel: Panel,
    /// What was found, before anything was changed.
    pub audit: Audit,
    /// What was changed, counted.
    pub tidied: Tidied,
    /// The files with their fingerprints.
    pub files: Vec<SourceFile>,
}

/// Reads a source. Named sets that are not shipped are looked for under `data_root`.
///
/// # Errors
/// Whatever stops the reading, with its place; see [`ReadError`].
pub fn read(source: &Source, data_root: Option<&Path>) -> Result<Read, ReadError> {
    let (source, inputs) = input::resolve(source, data_root)?;
    of_panel(&source)?;
    reading::read(&source, &inputs)
}

/// Reads given rows; what the source says goes before what they say of themselves.
///
/// # Errors
/// As of [`read`]; more rows or bytes than they may have.
pub fn read_given(source: &Source, given: &Given) -> Result<Read, ReadError> {
    let (source, input) = input::given(source, given);
    of_panel(&source)?;
    reading::read(&source, &[input])
}

fn of_panel(source: &Source) -> Result<(), ReadError> {
    let Some(name) = source.of_table() else { return Ok(()) };
    let reason = "only a table has this: a panel's columns are known, past, open, close, static";
    Err(ReadError::Setting { name, value: "…".into(), reason: reason.into() })
}
