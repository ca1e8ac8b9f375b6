//! The roster of readers: each turns one file format into frames of rows, a few at a time.
//!
//! A reader knows nothing of series, roles or time: it gives columns as they lie in the file, and
//! beside them the place of each row, so that whoever finds a flaw can name it.

mod columnar;
mod columns;
mod delimited;
mod encoding;
mod envelope;
mod ndjson;
mod pages;
pub(crate) mod text;
mod tsf;

use std::sync::mpsc::sync_channel;
use std::thread;

use almanac_data::{Format, Source};
use polars::prelude::*;

use crate::error::ReadError;
use crate::input::{Bytes, Input};

/// Name of the column that holds the place of each row: its line in a text, else its number.
pub(crate) const PLACE: &str = "\u{1}place";

/// A file open for reading.
pub(crate) trait Reader: Send {
    /// The next rows as wanted, none at the end.
    fn next(&mut self, wanted: &Wanted) -> Result<Option<DataFrame>, ReadError>;

    /// What the file says about itself, for the audit.
    fn said(&self) -> Vec<String>;

    /// The frequency that the file states.
    fn freq(&self) -> Option<String> {
        None
    }

    /// Whether it is known that no rows follow.
    fn ended(&self) -> bool {
        false
    }
}

/// The columns and rows that are asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// Names; `None` is all.
    pub columns: Option<Vec<String>>,
    /// Only rows where these columns have these values.
    pub keep: Vec<(String, String)>,
}

/// A reader at the first row, or why there is none.
type Opened = Result<Box<dyn Reader>, ReadError>;

struct Entry {
    formats: &'static [Format],
    /// Whether a place is a line or a row.
    unit: &'static str,
    open: fn(&Input, &Source) -> Opened,
}

const ROSTER: &[Entry] = &[
    Entry {
        formats: &[Format::Csv, Format::Tsv, Format::Bars],
        unit: "line",
        open: delimited::open,
    },
    Entry { formats: &[Format::Parquet], unit: "row", open: columnar::parquet },
    Entry { formats: &[Format::Arrow], unit: "row", open: columnar::arrow },
    Entry { formats: &[Format::Ndjson], unit: "line", open: ndjson::open },
    Entry { formats: &[Format::Tsf], unit: "line", open: tsf::open },
];

/// A reader for this file, and how its places are called.
pub(crate) fn open(
    input: &Input,
    source: &Source,
) -> Result<(Box<dyn Reader>, &'static str), ReadError> {
    if let Bytes::Columns(columns) = &input.bytes {
        return Ok((columns::open(columns), "row"));
    }
    let format = input.format(source.format)?;
    let unknown = || input.malformed(format!("no reader for {format:?}"));
    let entry = ROSTER.iter().find(|entry| entry.formats.contains(&format)).ok_or_else(unknown)?;
    Ok(((entry.open)(input, source)?, entry.unit))
}

impl Wanted {
    /// Whether this column is to be read: for its values or for a condition.
    pub fn has(&self, name: &str) -> bool {
        self.columns.as_ref().is_none_or(|columns| columns.iter().any(|column| column == name))
            || self.keep.iter().any(|(column, _)| column == name)
    }

    /// The rows and columns that are asked for, of rows in memory.
    pub fn take(&self, rows: DataFrame) -> PolarsResult<DataFrame> {
        match &self.columns {
            None if self.keep.is_empty() => return Ok(rows),
            // To plan a query for it would take longer than the rest of a small request.
            Some(_) if self.keep.is_empty() => return rows.select(self.names()),
            _ => {}
        }
        let schema = rows.schema().clone();
        self.of(rows.lazy(), &schema).collect()
    }

    /// The rows and columns that are asked for, of a frame or of a file not yet read.
    pub fn of(&self, rows: LazyFrame, schema: &Schema) -> LazyFrame {
        let mut rows = rows;
        for (column, value) in &self.keep {
            let number = schema.get(column).filter(|dtype| dtype.is_primitive_numeric());
            rows = match number.and_then(|_| value.parse::<f64>().ok()) {
                Some(number) => rows.filter(col(column).cast(DataType::Float64).eq(lit(number))),
                None => rows.filter(col(column).cast(DataType::String).eq(lit(value.as_str()))),
            };
        }
        match &self.columns {
            None => rows,
            Some(_) => rows.select(self.names().map(col).collect::<Vec<_>>()),
        }
    }

    /// The columns that are asked for, the place of each row among them.
    fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().flatten().map(String::as_str).chain([PLACE])
    }
}

/// Hands over each frame that follows, in order, while another thread parses the next.
pub(crate) fn each(
    mut reader: Box<dyn Reader>,
    wanted: &Wanted,
    mut take: impl FnMut(DataFrame) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    if reader.ended() {
        return Ok(());
    }
    thread::scope(|scope| {
        let (send, frames) = sync_channel(1);
        scope.spawn(move || {
            loop {
                let frame = reader.next(wanted);
                let more = matches!(frame, Ok(Some(_)));
                if send.send(frame).is_err() || !more {
                    return;
                }
            }
        });
        while let Ok(frame) = frames.recv() {
            let Some(frame) = frame? else { break };
            take(frame)?;
        }
        Ok(())
    })
}

/// Runs what Polars does, and turns its panics, which hostile bytes can cause, into errors.
pub(crate) fn guarded<T>(
    input: &Input,
    run: impl FnOnce() -> PolarsResult<T>,
) -> Result<T, ReadError> {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(e)) => Err(input.malformed(e)),
        Err(panic) => {
            let words = panic.downcast_ref::<String>().map(String::as_str);
            let words = words.or(panic.downcast_ref::<&str>().copied());
            Err(input.malformed(format!("broken: {}", words.unwrap_or("unreadable"))))
        }
    }
}
