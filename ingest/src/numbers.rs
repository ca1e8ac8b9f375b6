//! Numbers in text: missing words, decimal marks.

use std::collections::BTreeSet;

use almanac_data::{Code, Source, Zeros};
use polars::prelude::DataFrame;

use crate::error::ReadError;
use crate::notes::Notes;

/// Words that stand for a missing value, in small letters.
const MISSING: [&str; 9] = ["", "na", "n/a", "#n/a", "nan", "null", "none", "?", "nil"];

/// Whether a cell says that its value is missing.
pub(crate) fn is_missing(text: &str) -> bool {
    text.len() <= 4 && MISSING.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// The number in a trimmed cell; NaN where it is missing.
///
/// # Errors
/// Text that is neither.
pub(crate) fn parse(text: &str, decimal: u8) -> Result<f64, ()> {
    if decimal == b',' && text.contains([',', '.']) {
        return parse(&pointed(text).ok_or(())?, b'.');
    }
    match text.parse() {
        Ok(number) => Ok(number),
        Err(_) if is_missing(text) => Ok(f64::NAN),
        Err(_) => Err(()),
    }
}

/// `1.234,5` as `1234.5`; none where the points do not part groups of three digits.
fn pointed(text: &str) -> Option<String> {
    let (whole, part) = text.split_once(',').map_or((text, None), |(w, p)| (w, Some(p)));
    let mut groups = whole.split('.');
    let first = groups.next()?;
    let three = |group: &str| group.len() == 3 && group.bytes().all(|byte| byte.is_ascii_digit());
    if part.is_some_and(|part| part.contains(['.', ','])) || !groups.all(three) {
        return None;
    }
    let long = whole != first && first.trim_start_matches(['-', '+']).len() > 3;
    (!long).then(|| format!("{}.{}", whole.replace('.', ""), part.unwrap_or("0")))
}

/// The decimal mark of a column: `,` where some cell can only be read so, and no cell contradicts.
///
/// # Errors
/// Commas that may as well group thousands: three digits behind each.
fn decimal<'a>(
    cells: impl Iterator<Item = &'a str>,
    place: &str,
    column: &str,
) -> Result<u8, ReadError> {
    let mut commas: BTreeSet<&str> = BTreeSet::new();
    for cell in cells.map(str::trim) {
        match (parse(cell, b'.'), parse(cell, b',')) {
            (Err(()), Ok(_)) if commas.len() < 1000 => drop(commas.insert(cell)),
            (Ok(_), Err(())) => return Ok(b'.'),
            _ => {}
        }
    }
    let Some(first) = commas.first() else { return Ok(b'.') };
    let thousands = |cell: &&str| {
        let (whole, part) = cell.split_once(',').unwrap_or((cell, ""));
        part.len() == 3 && whole.trim_start_matches(['-', '+']) != "0"
    };
    if commas.iter().all(thousands) {
        let reason = format!("in column `{column}` of {place} a comma may mean thousands");
        return Err(ReadError::Setting { name: "decimal", value: (*first).into(), reason });
    }
    Ok(b',')
}

/// Makes zeros missing, where they say that nothing was measured.
pub(crate) fn zeros(y: &mut [f64], say: Zeros, series: u32, notes: &mut Notes) {
    if say == Zeros::Keep {
        return;
    }
    let mut count = 0;
    for value in y.iter_mut().filter(|value| **value == 0.0) {
        *value = f64::NAN;
        count += 1;
    }
    if count > 0 {
        notes.fix(Code::Zeros, "missing", series, count);
    }
}

/// The decimal mark of a file: as stated, or as these columns of its first rows show.
///
/// # Errors
/// A stated mark that is none; commas that may as well group thousands.
pub(crate) fn mark(
    source: &Source,
    head: &DataFrame,
    columns: &[String],
    place: &str,
) -> Result<u8, ReadError> {
    match source.decimal {
        Some(mark @ ('.' | ',')) => return Ok(mark as u8),
        None => {}
        Some(other) => {
            let reason = "a decimal mark is `.` or `,`".into();
            return Err(ReadError::Setting { name: "decimal", value: other.into(), reason });
        }
    }
    for name in columns {
        let Ok(column) = head.column(name) else { continue };
        let Ok(cells) = column.as_materialized_series().str() else { continue };
        if decimal(cells.iter().flatten(), place, name)? == b',' {
            return Ok(b',');
        }
    }
    Ok(b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(cells: &[&str]) -> Result<u8, ReadError> {
        decimal(cells.iter().copied(), "f.csv", "y")
    }

    #[test]
    fn decimal_marks_by_hand() {
        assert_eq!(mark(&["1,5", "2", "NA"]), Ok(b','));
        assert_eq!(mark(&["1.5", "2"]), Ok(b'.'));
        assert_eq!(mark(&["0,125"]), Ok(b','));
        assert!(mark(&["1,125", "2,250"]).is_err());
        assert_eq!(parse("-3,25", b','), Ok(-3.25));
        assert_eq!(mark(&["1.234,50", "9.000"]), Ok(b','));
        assert_eq!(parse("-1.234.567,5", b','), Ok(-1_234_567.5));
        for wrong in ["1,2,3", "1.5", "1.2345", "12345.678,0"] {
            assert_eq!(parse(wrong, b','), Err(()), "{wrong}");
        }
        assert!(parse("#N/A", b'.').unwrap().is_nan());
    }
}
