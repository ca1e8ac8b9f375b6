//! Frames of any shape become rows of numbers: series, stamp, value, columns.
//!
//! Only these numbers are held, 20 bytes a row and 8 for each declared column; text is gone as soon
//! as it is understood. Rows stay in the order of the file; [`crate::order`] sorts them in place.

use std::collections::HashMap;

use almanac_data::{BadRows, Clock, Code, Layout, Role, Stamp};
use chrono::{LocalResult, TimeZone};
use chrono_tz::Tz;
use polars::prelude::*;

use crate::cells::{self, Origin, Words};
use crate::error::ReadError;
use crate::names::Roles;
use crate::notes::Notes;
use crate::times::{Kind, Times};

/// The most rows that are held.
const MOST: usize = u32::MAX as usize;

/// Rows as read, in the order of the files.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub ids: Vec<String>,
    /// Number of the series of each row.
    pub series: Vec<u32>,
    pub at: Vec<Stamp>,
    pub y: Vec<f64>,
    pub columns: Vec<Beside>,
    pub clock: Option<Clock>,
    numbers: HashMap<String, u32>,
    /// Latest stamp of each series.
    last: Vec<Stamp>,
}

/// A declared column.
#[derive(Debug)]
pub(crate) struct Beside {
    pub name: String,
    pub role: Role,
    /// One number a row; when static, one a series.
    pub values: Vec<f64>,
    /// What the numbers stand for, where they are words.
    pub words: Option<Words>,
}

/// What the rows of one file have in common.
pub(crate) struct Sheet<'a> {
    pub origin: Origin<'a>,
    /// Name of the series where no column names one.
    pub series: &'a str,
    pub roles: &'a Roles,
    pub times: &'a Times,
    pub zone: Option<Tz>,
    pub bad_rows: BadRows,
}

/// A row before it is placed.
struct Row<'a> {
    series: u32,
    at: Option<i64>,
    y: f64,
    beside: &'a [f64],
}

impl Rows {
    /// Takes the declared columns' kinds from the first rows.
    pub fn declare(&mut self, roles: &Roles, head: &DataFrame) {
        for (name, role) in &roles.columns {
            let column = head.column(name).map(Column::as_materialized_series);
            let words = column.is_ok_and(cells::has_words).then(Words::default);
            self.columns.push(Beside {
                name: name.clone(),
                role: *role,
                values: Vec::new(),
                words,
            });
        }
    }

    /// Adds the rows of a frame.
    pub fn add(
        &mut self,
        frame: &DataFrame,
        sheet: &Sheet<'_>,
        notes: &mut Notes,
    ) -> Result<(), ReadError> {
        let origin = &sheet.origin;
        let at = origin.column(frame, &sheet.roles.time)?;
        let at = sheet.times.column(at).map_err(|e| origin.malformed(e))?;
        let mut beside = Vec::with_capacity(self.columns.len());
        for column in &mut self.columns {
            beside.push(match &mut column.words {
                Some(words) => {
                    let values = origin.column(frame, &column.name)?;
                    words.encode(values).map_err(|e| origin.malformed(e))?
                }
                None => origin.numbers(frame, &column.name)?,
            });
        }
        let own = self.series_of(frame, sheet)?;
        let mut row_beside = vec![f64::NAN; beside.len()];
        for target in &sheet.roles.targets {
            let y = origin.numbers(frame, target)?;
            let wide = match sheet.roles.layout {
                Layout::Wide => Some(self.number(target)),
                Layout::Long => None,
            };
            for (k, &y) in y.iter().enumerate() {
                for (value, column) in row_beside.iter_mut().zip(&beside) {
                    *value = column[k];
                }
                let Some(series) = wide.or(own.as_ref().map_or(Some(0), |own| own[k])) else {
                    let column = sheet.roles.id.clone().unwrap_or_default();
                    let place = sheet.origin.place(frame, k);
                    if sheet.bad_rows == BadRows::Refuse {
                        return Err(ReadError::NoId { place, column, what: "series" });
                    }
                    notes.find_in_source(Code::NoId, 1, || place);
                    notes.fix_source(Code::NoId, "drop", 1);
                    continue;
                };
                let row = Row { series, at: at[k], y, beside: &row_beside };
                self.place(row, frame, k, sheet, notes)?;
            }
        }
        if self.at.len() > MOST {
            return Err(ReadError::TooMany { what: "rows", got: self.at.len(), most: MOST });
        }
        Ok(())
    }

    /// The series of each row by the column of names; none at all without such a column.
    fn series_of(
        &mut self,
        frame: &DataFrame,
        sheet: &Sheet<'_>,
    ) -> Result<Option<Vec<Option<u32>>>, ReadError> {
        if sheet.roles.layout == Layout::Wide {
            return Ok(None);
        }
        let Some(id) = &sheet.roles.id else {
            let series = self.number(sheet.series);
            return Ok(Some(vec![Some(series); frame.height()]));
        };
        let origin = &sheet.origin;
        let cells = origin.column(frame, id)?.cast(&DataType::String);
        let cells = cells.map_err(|e| origin.malformed(e))?;
        let cells = cells.str().map_err(|e| origin.malformed(e))?;
        let (mut last, mut number) = ("", None);
        let of = cells.iter().map(|cell| {
            let name = cell.unwrap_or_default().trim();
            if name != last {
                number = (!name.is_empty()).then(|| self.number(name));
                last = name;
            }
            number
        });
        Ok(Some(of.collect()))
    }

    fn number(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = self.ids.len() as u32;
        self.ids.push(name.to_string());
        self.last.push(Stamp(i64::MIN));
        self.numbers.insert(name.to_string(), number);
        number
    }

    fn place(
        &mut self,
        row: Row<'_>,
        frame: &DataFrame,
        k: usize,
        sheet: &Sheet<'_>,
        notes: &mut Notes,
    ) -> Result<(), ReadError> {
        let series = row.series;
        let last = self.last[series as usize];
        let Some(at) = row.at.and_then(|at| sheet.stamp(at, last)) else {
            let place = sheet.origin.place(frame, k);
            if sheet.bad_rows == BadRows::Refuse {
                return Err(sheet.bad_time(frame, k, place));
            }
            notes.find(Code::BadTime, series, 1, || place);
            notes.fix(Code::BadTime, "drop", series, 1);
            return Ok(());
        };
        if at < last {
            notes.find(Code::Disorder, series, 1, || sheet.origin.place(frame, k));
        }
        self.last[series as usize] = last.max(at);
        let mut y = row.y;
        if y.is_infinite() {
            y = f64::NAN;
            notes.find(Code::Infinite, series, 1, || sheet.origin.place(frame, k));
            notes.fix(Code::Infinite, "missing", series, 1);
        } else if y.is_nan() {
            notes.find(Code::Missing, series, 1, || sheet.origin.place(frame, k));
        }
        self.series.push(series);
        self.at.push(at);
        self.y.push(y);
        for (column, &value) in self.columns.iter_mut().zip(row.beside) {
            column.push(value, series as usize, &self.ids)?;
        }
        Ok(())
    }
}

impl Beside {
    fn push(&mut self, value: f64, series: usize, ids: &[String]) -> Result<(), ReadError> {
        if self.role != Role::Static {
            self.values.push(if value.is_infinite() { f64::NAN } else { value });
            return Ok(());
        }
        if self.values.len() <= series {
            self.values.resize(series + 1, f64::NAN);
        }
        let held = &mut self.values[series];
        if held.is_nan() {
            *held = value;
        } else if !value.is_nan() && *held != value {
            let show = |value: f64| {
                let label = self.words.as_ref().and_then(|words| words.labels.get(value as usize));
                label.cloned().unwrap_or_else(|| value.to_string())
            };
            return Err(ReadError::NotStatic {
                column: self.name.clone(),
                id: ids[series].clone(),
                first: show(self.values[series]),
                second: show(value),
            });
        }
        Ok(())
    }
}

impl Sheet<'_> {
    /// The stamp of a number read from the column of time. An hour that a clock change repeats is
    /// its second turn where the series has already passed the first.
    fn stamp(&self, at: i64, last: Stamp) -> Option<Stamp> {
        let (Kind::Wall, Some(zone)) = (self.times.kind, self.zone) else { return Some(Stamp(at)) };
        let wall = chrono::DateTime::from_timestamp_micros(at)?.naive_utc();
        let stamp = |at: chrono::DateTime<Tz>| Stamp::of_wall(at.naive_utc());
        match zone.from_local_datetime(&wall) {
            LocalResult::Single(at) => Some(stamp(at)),
            LocalResult::Ambiguous(first, second) => {
                Some(if last >= stamp(first) { stamp(second) } else { stamp(first) })
            }
            LocalResult::None => None,
        }
    }

    fn bad_time(&self, frame: &DataFrame, k: usize, place: String) -> ReadError {
        let cell = frame.column(&self.roles.time).and_then(|column| {
            // As it lies: a date far out of range has no text.
            let lies = column.to_physical_repr();
            lies.get(k).map(|cell| cell.str_value().to_string())
        });
        let value = cell.unwrap_or_default();
        let expected = match self.zone.filter(|_| self.times.kind == Kind::Wall) {
            Some(zone) => format!("{}, an hour that exists in {zone}", self.times.said()),
            None => format!("the column has {}", self.times.said()),
        };
        ReadError::BadTime { place, column: self.roles.time.clone(), value, expected }
    }
}
