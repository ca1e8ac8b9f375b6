//! The Monash archive's `.tsf`: a heading of `@` lines, then one series a line.
//!
//! ```text
//! @attribute series_name string      @frequency daily      @data
//! T1:1996-03-18 00-00-00:13.4,14.7,?,20.5
//! ```
//!
//! The columns are the attributes as text, `ds` and `y`; without a start, `ds` counts from 1.

use almanac_data::{Calendar, Clock, Freq, Source, Stamp};
use chrono::NaiveDateTime;
use polars::prelude::*;

use super::text::{Text, place};
use super::{Opened, PLACE, Reader, Wanted};
use crate::error::ReadError;
use crate::input::Input;
use crate::numbers;

struct Tsf {
    text: Text,
    attributes: Vec<(String, String)>,
    freq: Option<Freq>,
    said: Vec<String>,
    lines: Vec<(usize, String)>,
}

pub(super) fn open(input: &Input, source: &Source) -> Opened {
    let mut tsf = Tsf {
        text: Text::open(input, source.encoding.as_deref())?,
        attributes: Vec::new(),
        freq: None,
        said: vec!["format: Monash tsf".into()],
        lines: Vec::new(),
    };
    while let Some((line, text)) = tsf.line()? {
        let mut words = text.split_whitespace();
        match words.next() {
            Some("@data") => return Ok(Box::new(tsf)),
            Some("@attribute") => match (words.next(), words.next()) {
                (Some(name), Some(kind)) => tsf.attributes.push((name.into(), kind.into())),
                _ => return Err(tsf.refuse(line, "@attribute needs a name and a kind")),
            },
            Some("@frequency") => {
                let word = words.next().unwrap_or_default();
                let freq = frequency(word)
                    .ok_or_else(|| tsf.refuse(line, &format!("unknown @frequency `{word}`")))?;
                tsf.said.push(format!("the file states @frequency {word}"));
                tsf.freq = Some(freq);
            }
            Some(word) if word.starts_with(['@', '#']) => {}
            None => {}
            Some(word) => {
                let shown: String = word.chars().take(20).collect();
                return Err(tsf.refuse(line, &format!("`{shown}` before @data")));
            }
        }
    }
    Err(tsf.text.malformed("no @data".into()))
}

impl Reader for Tsf {
    fn next(&mut self, wanted: &Wanted) -> Result<Option<DataFrame>, ReadError> {
        while let Some((line, text)) = self.line()? {
            if !text.trim().is_empty() {
                let kept = wanted.take(self.series(line, &text)?);
                let kept = kept.map_err(|e| self.refuse(line, &e.to_string()))?;
                if kept.height() > 0 {
                    return Ok(Some(kept));
                }
            }
        }
        Ok(None)
    }

    fn said(&self) -> Vec<String> {
        self.said.iter().cloned().chain(self.text.said()).collect()
    }

    fn freq(&self) -> Option<String> {
        self.freq.map(|freq| freq.to_string())
    }
}

impl Tsf {
    fn line(&mut self) -> Result<Option<(usize, String)>, ReadError> {
        if self.lines.is_empty() {
            self.lines = self.text.lines(16)?;
            self.lines.reverse();
        }
        Ok(self.lines.pop())
    }

    fn refuse(&self, line: usize, reason: &str) -> ReadError {
        ReadError::Malformed { place: place(&self.text.name, line), reason: reason.into() }
    }

    /// One line as a frame: its attributes repeated, its values below each other.
    fn series(&self, line: usize, text: &str) -> Result<DataFrame, ReadError> {
        // A colon may stand inside a time, never inside the values.
        let Some((head, values)) = text.rsplit_once(':') else {
            return Err(self.refuse(line, "no `:` before the values"));
        };
        let fields: Vec<&str> = head.split(':').map(str::trim).collect();
        if fields.len() != self.attributes.len() {
            let (need, got) = (self.attributes.len(), fields.len());
            return Err(self.refuse(line, &format!("{got} attributes where {need} are declared")));
        }
        let mut y = Vec::new();
        for value in values.split(',').map(str::trim) {
            let number = numbers::parse(value, b'.').map_err(|()| ReadError::NotNumeric {
                place: place(&self.text.name, line),
                column: "y".into(),
                value: value.chars().take(40).collect(),
            })?;
            y.push(number);
        }
        let rows = y.len();
        let start = self.attributes.iter().position(|(_, kind)| kind == "date");
        let ds = match start {
            None => Column::new("ds".into(), (1..=rows as i64).collect::<Vec<_>>()),
            Some(k) => self.stamps(line, fields[k], rows)?,
        };
        let mut columns = vec![ds, Column::new("y".into(), y)];
        for ((name, _), field) in self.attributes.iter().zip(&fields) {
            columns.push(Column::new(name.as_str().into(), vec![*field; rows]));
        }
        columns.push(Column::new(PLACE.into(), vec![line as u32; rows]));
        DataFrame::new(rows, columns).map_err(|e| self.refuse(line, &e.to_string()))
    }

    fn stamps(&self, line: usize, start: &str, rows: usize) -> Result<Column, ReadError> {
        let freq = self.freq.ok_or_else(|| self.refuse(line, "a start without @frequency"))?;
        let first = NaiveDateTime::parse_from_str(start, "%Y-%m-%d %H-%M-%S")
            .map(Stamp::of_wall)
            .map_err(|_| ReadError::BadTime {
            place: place(&self.text.name, line),
            column: "start".into(),
            value: start.into(),
            expected: "%Y-%m-%d %H-%M-%S".into(),
        })?;
        let rest = Calendar::new(Clock::Wall, freq).after(first, rows.saturating_sub(1));
        let micros: Vec<i64> = [first].into_iter().chain(rest).map(|at| at.0).collect();
        let stamps = Int64Chunked::from_vec("ds".into(), micros);
        Ok(stamps.into_datetime(TimeUnit::Microseconds, None).into_column())
    }
}

/// `daily`, `half_hourly`, `10_minutes`, `4_seconds`, …
fn frequency(word: &str) -> Option<Freq> {
    let text = match word {
        "yearly" => "YS".into(),
        "quarterly" => "QS".into(),
        "monthly" => "MS".into(),
        "weekly" => "W".into(),
        "daily" => "D".into(),
        "hourly" => "h".into(),
        "half_hourly" => "30min".into(),
        "minutely" => "min".into(),
        _ => {
            let (count, unit) = word.split_once('_')?;
            let unit = match unit.trim_end_matches('s') {
                "second" => "s",
                "minute" => "min",
                "hour" => "h",
                _ => return None,
            };
            format!("{count}{unit}")
        }
    };
    text.parse().ok()
}
