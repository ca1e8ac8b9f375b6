//! Delimited text: fields, quotes, and which delimiter it is.
//!
//! ```text
//! row    = field (delimiter field)* end          end   = \n | \r\n | end of file
//! field  = plain | " (any but " | "")* "         blank lines are passed over
//! ```

use std::borrow::Cow;
use std::ops::Range;

use almanac_data::{Format, Source};
use polars::prelude::*;

use super::text::{Text, place, utf8};
use super::{Opened, PLACE, Reader, Wanted};
use crate::error::ReadError;
use crate::input::Input;

const DELIMITERS: [char; 4] = ['\t', ';', '|', ','];

struct Delimited {
    text: Text,
    delimiter: u8,
    heading: Vec<String>,
    found: bool,
}

pub(super) fn open(input: &Input, source: &Source) -> Opened {
    let mut text = Text::open(input, source.encoding.as_deref())?;
    let stated = source.delimiter.or((source.format == Some(Format::Tsv)).then_some('\t'));
    let delimiter = match stated {
        Some(delimiter) if delimiter.is_ascii() && !"\"\r\n".contains(delimiter) => delimiter,
        Some(other) => {
            let reason = "a delimiter is one plain character".into();
            return Err(ReadError::Setting { name: "delimiter", value: other.into(), reason });
        }
        None => sniff(&text)?,
    } as u8;
    let heading = heading(&mut text, delimiter)?;
    for (k, name) in heading.iter().enumerate() {
        if !name.is_empty() && heading[..k].contains(name) {
            return Err(ReadError::ColumnTwice { place: text.name, column: name.clone() });
        }
    }
    Ok(Box::new(Delimited { text, delimiter, heading, found: stated.is_none() }))
}

impl Reader for Delimited {
    fn next(&mut self, wanted: &Wanted) -> Result<Option<DataFrame>, ReadError> {
        loop {
            let (frame, bytes, lines) = self.understand(wanted)?;
            self.text.take(bytes, lines);
            let (held, last) = self.text.held();
            let out = last && held.is_empty();
            if !last {
                self.text.fill()?;
            }
            let frame = wanted.take(frame).map_err(|e| self.text.malformed(e.to_string()))?;
            if frame.height() > 0 {
                return Ok(Some(frame));
            }
            if out || last && bytes == 0 {
                return Ok(None);
            }
        }
    }

    fn said(&self) -> Vec<String> {
        let name = match self.delimiter {
            b'\t' => "tab".to_string(),
            other => format!("`{}`", other as char),
        };
        let delimiter = format!("delimiter: {name}{}", if self.found { " (found)" } else { "" });
        [delimiter].into_iter().chain(self.text.said()).collect()
    }
}

impl Delimited {
    /// The whole rows that are held, as columns of text; and how many bytes and line ends they are.
    fn understand(&self, wanted: &Wanted) -> Result<(DataFrame, usize, usize), ReadError> {
        let (text, last) = whole(&self.text)?;
        let name = &self.text.name;
        let mut columns: Vec<Option<StringChunkedBuilder>> = self
            .heading
            .iter()
            .map(|name| {
                let read = !name.is_empty() && wanted.has(name);
                read.then(|| StringChunkedBuilder::new(name.as_str().into(), text.len() / 64))
            })
            .collect();
        let mut places: Vec<u32> = Vec::new();
        let (mut used, mut line) = (0, self.text.line);
        let mut fields = Vec::with_capacity(self.heading.len());
        while let Some(row) = Row::next(&text[used..], self.delimiter, last, &mut fields)
            .map_err(|reason| ReadError::Malformed { place: place(name, line), reason })?
        {
            let at = line + row.blank;
            let (got, need) = (fields.len(), self.heading.len());
            if got != need {
                return Err(ReadError::Ragged { place: place(name, at), got, need });
            }
            for (column, field) in columns.iter_mut().zip(&fields) {
                if let Some(column) = column {
                    column.append_value(field.of(&text[used..]));
                }
            }
            places.push(u32::try_from(at).unwrap_or(u32::MAX));
            used += row.bytes;
            line += row.lines;
        }
        if last && fields.is_empty() {
            // Only blank lines follow.
            used = text.len();
        }
        let height = places.len();
        let mut all: Vec<Column> =
            columns.into_iter().flatten().map(|column| column.finish().into_column()).collect();
        all.push(Column::new(PLACE.into(), places));
        let frame = DataFrame::new(height, all).map_err(|e| self.text.malformed(e.to_string()))?;
        Ok((frame, used, line - self.text.line))
    }
}

/// The held lines that are whole, and whether the text ends with them.
fn whole(text: &Text) -> Result<(&str, bool), ReadError> {
    let (bytes, last) = text.held();
    let end = memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1);
    let whole = if last { bytes } else { &bytes[..end] };
    Ok((utf8(whole, text.line, &text.name)?, last))
}

/// The first row that is not blank.
fn heading(text: &mut Text, delimiter: u8) -> Result<Vec<String>, ReadError> {
    loop {
        let (held, last) = whole(text)?;
        let mut fields = Vec::new();
        let row = Row::next(held, delimiter, last, &mut fields)
            .map_err(|reason| text.malformed(reason))?;
        if let Some(row) = row {
            let names: Vec<String> =
                fields.iter().map(|field| field.of(held).trim().to_string()).collect();
            if names.iter().any(|name| name.contains('\r')) {
                return Err(text.malformed("lines end in CR alone: save it with LF".into()));
            }
            text.take(row.bytes, row.lines);
            return Ok(names);
        }
        if last {
            return Err(ReadError::Empty { path: text.name.clone() });
        }
        text.fill()?;
    }
}

/// The delimiter by which most of the first rows have as many fields as the heading.
fn sniff(text: &Text) -> Result<char, ReadError> {
    let (held, last) = whole(text)?;
    let score = |delimiter: char| {
        let (mut used, mut counts, mut fields) = (0, Vec::new(), Vec::new());
        while counts.len() < 50 {
            match Row::next(&held[used..], delimiter as u8, last, &mut fields) {
                Ok(Some(row)) => used += row.bytes,
                _ => break,
            }
            counts.push(fields.len());
        }
        let width = counts.first().copied().unwrap_or(0);
        let agree = counts.iter().filter(|&&count| count == width).count();
        if width > 1 { (agree, width) } else { (0, 0) }
    };
    let best = DELIMITERS.into_iter().max_by_key(|&delimiter| score(delimiter));
    Ok(best.unwrap_or(','))
}

/// Where a field lies in its row.
struct Field {
    range: Range<usize>,
    /// Whether doubled quotes stand in it.
    doubled: bool,
}

impl Field {
    /// The field that begins here, and where it ends; none where its quote is still open.
    fn next(bytes: &[u8], at: usize, delimiter: u8) -> Option<(Field, usize)> {
        if bytes.get(at) == Some(&b'"') {
            let close = closing(bytes, at + 1)?;
            let doubled = memchr::memchr(b'"', &bytes[at + 1..close]).is_some();
            return Some((Field { range: at + 1..close, doubled }, close + 1));
        }
        let rest = &bytes[at..];
        let long = rest.iter().position(|&byte| byte == delimiter || byte == b'\n');
        let next = at + long.unwrap_or(rest.len());
        let cr = next > at && bytes[next - 1] == b'\r' && bytes.get(next) != Some(&delimiter);
        Some((Field { range: at..next - usize::from(cr), doubled: false }, next))
    }

    fn of<'a>(&self, row: &'a str) -> Cow<'a, str> {
        let text = &row[self.range.clone()];
        if self.doubled { text.replace("\"\"", "\"").into() } else { text.into() }
    }
}

/// A row that was understood: its bytes, the line ends in them, and how many of these came first,
/// as blank lines.
struct Row {
    bytes: usize,
    lines: usize,
    blank: usize,
}

impl Row {
    /// The next row and its fields; none where the text ends inside a row, unless it is the last.
    fn next(
        text: &str,
        delimiter: u8,
        last: bool,
        fields: &mut Vec<Field>,
    ) -> Result<Option<Row>, String> {
        fields.clear();
        let bytes = text.as_bytes();
        let (mut at, mut blank) = (0, 0);
        while let Some(skip) = end_of_row(bytes, at) {
            at += skip;
            blank += 1;
        }
        let mut lines = blank;
        if at == bytes.len() {
            return Ok(None);
        }
        loop {
            let Some((field, next)) = Field::next(bytes, at, delimiter) else {
                return if last { Err("a quote is never closed".into()) } else { Ok(None) };
            };
            if bytes.get(at) == Some(&b'"') {
                lines += memchr::memchr_iter(b'\n', &bytes[at..next]).count();
            }
            fields.push(field);
            match bytes.get(next) {
                Some(&byte) if byte == delimiter => at = next + 1,
                None if last => return Ok(Some(Row { bytes: next, lines, blank })),
                None => {
                    fields.clear();
                    return Ok(None);
                }
                Some(_) => {
                    let Some(end) = end_of_row(bytes, next) else {
                        return Err("text follows a closing quote".into());
                    };
                    return Ok(Some(Row { bytes: next + end, lines: lines + 1, blank }));
                }
            }
        }
    }
}

/// Bytes of the line end that stands here.
fn end_of_row(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at..)? {
        [b'\n', ..] => Some(1),
        [b'\r', b'\n', ..] => Some(2),
        _ => None,
    }
}

/// The quote that closes the field beginning here.
fn closing(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr(b'"', bytes.get(at..)?)?;
        if bytes.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Result<Vec<Vec<String>>, String> {
        let (mut used, mut rows, mut fields) = (0, Vec::new(), Vec::new());
        while let Some(row) = Row::next(&text[used..], b',', true, &mut fields)? {
            rows.push(fields.iter().map(|field| field.of(&text[used..]).into_owned()).collect());
            used += row.bytes;
        }
        Ok(rows)
    }

    /// Quotes hide delimiters, line ends and doubled quotes; empty fields count.
    #[test]
    fn fields_by_hand() {
        let rows = split("a,\"b,\"\"c\"\"\n\",\r\n\n1,,\"\"").unwrap();
        assert_eq!(rows, [["a", "b,\"c\"\n", ""], ["1", "", ""]]);
    }

    #[test]
    fn broken_quotes_are_refused() {
        assert_eq!(split("a,\"b").unwrap_err(), "a quote is never closed");
        assert_eq!(split("\"a\"b,c").unwrap_err(), "text follows a closing quote");
    }

    /// A row that may go on in the next block is not a row yet.
    #[test]
    fn a_partial_row_waits() {
        let mut fields = Vec::new();
        assert!(Row::next("1,2", b',', false, &mut fields).unwrap().is_none());
        assert!(Row::next("1,\"2\n", b',', false, &mut fields).unwrap().is_none());
    }
}
