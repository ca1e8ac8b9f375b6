//! Time as files write it: found once on the first rows, then read row by row.
//!
//! ```text
//! integers   steps, or YYYYMMDD, or Unix seconds, milli-, micro-, nanoseconds by their length
//! text       ISO 8601 with or without offset; else every known form is tried, and the one that
//!            reads most rows is taken; two forms that read as many in different ways are refused
//! ```

use std::collections::BTreeSet;

use almanac_data::Stamp;
use chrono::{Datelike, NaiveDate, NaiveDateTime};
use polars::prelude::*;

use crate::error::ReadError;
use crate::numbers::is_missing;

/// What the numbers read from a column of time mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Plain steps.
    Step,
    /// Dates without a time of day, as microseconds.
    Date,
    /// Microseconds of wall time.
    Wall,
    /// Microseconds of UTC.
    Instant,
}

/// How a column writes time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Times {
    form: Form,
    pub kind: Kind,
    /// The zone that the file itself names.
    pub zone: Option<String>,
}

const DAY: i64 = 86_400_000_000;

#[derive(Debug, Clone, PartialEq)]
enum Form {
    /// Polars' own dates and times; microseconds of one unit, divided by the second.
    Native(i64, i64),
    Step,
    /// Unix time: microseconds of one unit, divided by the second.
    Unix(i64, i64),
    Iso,
    Quarter,
    /// Chrono's notation; a form without a day means the first.
    Chrono(String),
}

const DATES: [&str; 16] = [
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%Y/%m/%d",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d.%m.%Y",
    "%Y.%m.%d",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d.%m.%y",
    "%d-%B-%Y",
    "%d-%B-%y",
    "%d %B %Y",
    "%B %d, %Y",
    "%B %d %Y",
    "%Y%m%d",
];
const CLOCKS: [&str; 7] =
    ["", " %H:%M", " %H:%M:%S", " %H:%M:%S%.f", "T%H:%M:%S", " %I:%M %p", " %I:%M:%S %p"];
const MONTHS: [&str; 6] = ["%Y-%m", "%Y/%m", "%m/%Y", "%B %Y", "%B-%Y", "%B-%y"];

impl Times {
    /// How this column writes time; `stated` is chrono's notation, `%s` for Unix seconds.
    ///
    /// # Errors
    /// No form reads half of the rows, or two read them differently.
    pub fn find(sample: &Series, stated: Option<&str>, place: &str) -> Result<Times, ReadError> {
        if let Some(times) = Times::known(sample.dtype(), stated) {
            return Ok(times);
        }
        let cells = cells(sample);
        let words: BTreeSet<&str> =
            cells.iter().flatten().map(String::as_str).filter(|word| !is_missing(word)).collect();
        // Spread over all of them: the first in order may be the first days of every month.
        let every = words.len() / 10_000 + 1;
        let words: Vec<&str> = words.into_iter().step_by(every).collect();
        let unreadable = || ReadError::BadTime {
            place: place.into(),
            column: sample.name().to_string(),
            value: words.first().unwrap_or(&"").to_string(),
            expected: "no known form reads this column".into(),
        };
        let counted = |times: &Times| words.iter().filter(|w| times.read(w).is_some()).count();
        let mut best: Vec<Times> = Vec::new();
        let mut most = words.len().div_ceil(2).max(1);
        for times in candidates(&words) {
            let count = counted(&times);
            if count > most {
                best.clear();
            }
            if count >= most {
                most = count;
                best.push(times);
            }
        }
        let first = best.first().ok_or_else(unreadable)?.clone();
        for other in &best[1..] {
            let differ = words.iter().find(
                |word| matches!((first.read(word), other.read(word)), (Some(a), Some(b)) if a != b),
            );
            if let Some(word) = differ {
                return Err(ReadError::DateOrder {
                    place: place.into(),
                    column: sample.name().to_string(),
                    value: word.to_string(),
                    first: first.said(),
                    second: other.said(),
                });
            }
        }
        Ok(first)
    }

    /// The form, where the column's type or the user settles it.
    fn known(dtype: &DataType, stated: Option<&str>) -> Option<Times> {
        let (form, kind) = match (dtype, stated) {
            (DataType::Date, _) => (Form::Native(DAY, 1), Kind::Date),
            (DataType::Datetime(unit, zone), _) => {
                let (times, over) = match unit {
                    TimeUnit::Milliseconds => (1000, 1),
                    TimeUnit::Microseconds => (1, 1),
                    TimeUnit::Nanoseconds => (1, 1000),
                };
                let kind = if zone.is_some() { Kind::Instant } else { Kind::Wall };
                let zone = zone.as_ref().map(|zone| zone.to_string());
                return Some(Times { form: Form::Native(times, over), kind, zone });
            }
            (_, Some("%s")) => (Form::Unix(1_000_000, 1), Kind::Instant),
            (_, Some(format)) => {
                let has = |marks: &[&str]| marks.iter().any(|mark| format.contains(mark));
                let kind = match () {
                    () if has(&["%z", "%:z"]) => Kind::Instant,
                    () if has(&["%H", "%I", "%T", "%R"]) => Kind::Wall,
                    () => Kind::Date,
                };
                (Form::Chrono(format.into()), kind)
            }
            (_, None) => return None,
        };
        Some(Times { form, kind, zone: None })
    }

    /// The form in words.
    pub fn said(&self) -> String {
        match &self.form {
            Form::Native(..) => "as stored".into(),
            Form::Step => "steps".into(),
            Form::Unix(1_000_000, 1) => "Unix seconds".into(),
            Form::Unix(1_000, 1) => "Unix milliseconds".into(),
            Form::Unix(1, 1) => "Unix microseconds".into(),
            Form::Unix(..) => "Unix nanoseconds".into(),
            Form::Iso if self.kind == Kind::Instant => "ISO 8601 with offset".into(),
            Form::Iso => "ISO 8601".into(),
            Form::Quarter => "quarters".into(),
            Form::Chrono(format) => format.clone(),
        }
    }

    /// The numbers of a column; none where a cell cannot be read.
    pub fn column(&self, column: &Series) -> PolarsResult<Vec<Option<i64>>> {
        if let Form::Native(times, over) = self.form {
            let numbers = column.cast(&DataType::Int64)?;
            let scale = |n: i64| n.checked_mul(times).map(|n| n.div_euclid(over));
            let stamp = |n: Option<i64>| n.and_then(scale).filter(|&n| self.holds(n));
            return Ok(numbers.i64()?.iter().map(stamp).collect());
        }
        let mut last: (String, Option<i64>) = (String::new(), None);
        let mut read = |word: &str| {
            if word != last.0 {
                last = (word.to_string(), self.read(word.trim()).filter(|&n| self.holds(n)));
            }
            last.1
        };
        Ok(match column.dtype() {
            DataType::String => column.str()?.iter().map(|cell| cell.and_then(&mut read)).collect(),
            _ => cells(column).iter().map(|cell| cell.as_deref().and_then(&mut read)).collect(),
        })
    }

    /// Whether arithmetic with this number is safe: whole in a float, or a year from 1 to 9999.
    fn holds(&self, number: i64) -> bool {
        match self.kind {
            Kind::Step => number.unsigned_abs() <= 1 << 53,
            _ => (-62_135_596_800_000_000..253_402_300_800_000_000).contains(&number),
        }
    }

    /// One cell.
    fn read(&self, word: &str) -> Option<i64> {
        match &self.form {
            Form::Native(..) => None,
            Form::Step => integer(word),
            Form::Unix(times, over) => {
                integer(word)?.checked_mul(*times).map(|n| n.div_euclid(*over))
            }
            Form::Iso => match (iso(word)?, self.kind) {
                ((wall, Some(offset), _), Kind::Instant) => Some(wall - offset),
                ((wall, None, _), Kind::Wall) | ((wall, None, false), Kind::Date) => Some(wall),
                _ => None,
            },
            Form::Quarter => quarter(word),
            Form::Chrono(format) => match self.kind {
                Kind::Instant => {
                    let at = chrono::DateTime::parse_from_str(word, format).ok()?;
                    Some(at.timestamp_micros())
                }
                _ => chrono_wall(word, format),
            },
        }
    }
}

/// Every form that may be meant, the likeliest first.
fn candidates(words: &[&str]) -> Vec<Times> {
    let of = |form, kind| Times { form, kind, zone: None };
    let numbers: Vec<i64> = words.iter().filter_map(|word| integer(word)).collect();
    if !numbers.is_empty() && numbers.len() * 2 >= words.len() {
        let length = |n: &i64| n.unsigned_abs().checked_ilog10().unwrap_or(0) + 1;
        let all = |digits: u32| numbers.iter().all(|n| *n > 0 && length(n) == digits);
        let dates = of(Form::Chrono("%Y%m%d".into()), Kind::Date);
        let is_date = |n: &i64| dates.read(&n.to_string()).is_some();
        return vec![match () {
            () if all(8) && numbers.iter().all(is_date) => dates,
            () if all(10) => of(Form::Unix(1_000_000, 1), Kind::Instant),
            () if all(13) => of(Form::Unix(1_000, 1), Kind::Instant),
            () if all(16) => of(Form::Unix(1, 1), Kind::Instant),
            () if all(19) => of(Form::Unix(1, 1_000), Kind::Instant),
            () => of(Form::Step, Kind::Step),
        }];
    }
    let iso = [Kind::Date, Kind::Wall, Kind::Instant].map(|kind| of(Form::Iso, kind));
    // No other form reads such words, and to try them all takes longer than most forecasts.
    let whole = |times: &&Times| words.iter().all(|word| times.read(word).is_some());
    if let Some(whole) = iso.iter().find(whole).filter(|_| !words.is_empty()) {
        return vec![whole.clone()];
    }
    let dates = DATES.iter().flat_map(|date| {
        CLOCKS.iter().map(move |clock| {
            let kind = if clock.is_empty() { Kind::Date } else { Kind::Wall };
            of(Form::Chrono(format!("{date}{clock}")), kind)
        })
    });
    let months = MONTHS.iter().map(|month| of(Form::Chrono((*month).into()), Kind::Date));
    // A form that reads none of the first words will not read half of all.
    let probe = &words[..words.len().min(50)];
    iso.into_iter()
        .chain([of(Form::Quarter, Kind::Date)])
        .chain(dates)
        .chain(months)
        .filter(|times| probe.iter().any(|word| times.read(word).is_some()))
        .collect()
}

/// A whole number, also as `3.0`.
fn integer(word: &str) -> Option<i64> {
    word.parse().ok().or_else(|| {
        let number: f64 = word.parse().ok()?;
        (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
    })
}

/// `2023-07-03`, `2023-07-03 09:15`, `2023-07-03T09:15:00.5+05:30`: wall time in microseconds,
/// offset in microseconds, and whether a time of day was written.
fn iso(word: &str) -> Option<(i64, Option<i64>, bool)> {
    let bytes = word.as_bytes();
    let number = |from: usize, to: usize| -> Option<u32> {
        let digits = bytes.get(from..to)?;
        digits.iter().try_fold(0, |sum, byte| {
            byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0'))
        })
    };
    if bytes.get(4) != Some(&b'-') || bytes.get(7) != Some(&b'-') {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(number(0, 4)? as i32, number(5, 7)?, number(8, 10)?)?;
    let days = Stamp::of_date(date).0;
    if bytes.len() == 10 {
        return Some((days, None, false));
    }
    if !matches!(bytes[10], b' ' | b'T') || bytes.get(13) != Some(&b':') {
        return None;
    }
    let (hour, minute) = (number(11, 13)?, number(14, 16)?);
    let (mut at, mut second, mut micros) = (16, 0, 0);
    if bytes.get(16) == Some(&b':') {
        (second, at) = (number(17, 19)?, 19);
        if bytes.get(19) == Some(&b'.') {
            at = 20;
            let mut unit = 100_000;
            while let Some(digit) = bytes.get(at).filter(|byte| byte.is_ascii_digit()) {
                micros += i64::from(digit - b'0') * unit;
                unit /= 10;
                at += 1;
            }
        }
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let wall = days + (i64::from(hour * 3600 + minute * 60 + second)) * 1_000_000 + micros;
    Some((wall, offset(bytes.get(at..)?)?, true))
}

/// `Z`, `+05:30`, `+0530` or `+05` in microseconds; the inner none where nothing is written.
fn offset(bytes: &[u8]) -> Option<Option<i64>> {
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
    let two = |tens, ones| Some(10 * digit(tens)? + digit(ones)?);
    let (sign, hours, minutes) = match bytes {
        [] => return Some(None),
        [b'Z'] => return Some(Some(0)),
        [sign, a, b] => (sign, two(a, b)?, 0),
        [sign, a, b, c, d] | [sign, a, b, b':', c, d] => (sign, two(a, b)?, two(c, d)?),
        _ => return None,
    };
    let size = (60 * hours + minutes) * 60_000_000;
    match sign {
        b'+' => Some(Some(size)),
        b'-' => Some(Some(-size)),
        _ => None,
    }
}

/// `1959Q1`, `1959-Q1`, `Q1 1959`: the first day of the quarter.
fn quarter(word: &str) -> Option<i64> {
    let mut year = String::new();
    let mut turn = None;
    let mut letters = word.chars().filter(|c| !matches!(c, '-' | ' ' | '/')).peekable();
    while let Some(letter) = letters.next() {
        match letter {
            'Q' | 'q' if turn.is_none() => turn = Some(letters.next()?.to_digit(10)?),
            digit if digit.is_ascii_digit() => year.push(digit),
            _ => return None,
        }
    }
    let turn = turn.filter(|turn| (1..=4).contains(turn))?;
    let year = (year.len() == 4).then(|| year.parse().ok())??;
    Some(Stamp::of_date(NaiveDate::from_ymd_opt(year, 3 * turn - 2, 1)?).0)
}

/// Wall time by chrono's notation. A form without a day or without a clock means the first moment.
fn chrono_wall(word: &str, format: &str) -> Option<i64> {
    let wall = NaiveDateTime::parse_from_str(word, format).ok().or_else(|| {
        let date = NaiveDate::parse_from_str(word, format).ok().or_else(|| {
            NaiveDate::parse_from_str(&format!("{word} 1"), &format!("{format} %d")).ok()
        })?;
        Some(date.into())
    })?;
    // Two digits under %Y would be a year of antiquity.
    (1000..10_000).contains(&wall.year()).then(|| Stamp::of_wall(wall).0)
}

/// Cells as trimmed text.
fn cells(column: &Series) -> Vec<Option<String>> {
    let Ok(text) = column.cast(&DataType::String) else { return vec![None; column.len()] };
    let Ok(text) = text.str() else { return vec![None; column.len()] };
    text.iter().map(|cell| cell.map(|cell| cell.trim().to_string())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(words: &[&str]) -> Result<Times, ReadError> {
        Times::find(&Series::new("ds".into(), words), None, "f.csv")
    }

    fn wall(text: &str) -> i64 {
        Stamp::of_wall(NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap()).0
    }

    #[test]
    fn iso_by_hand() {
        let nine = wall("2023-07-03 09:15:00");
        assert_eq!(iso("2023-07-03T09:15"), Some((nine, None, true)));
        assert_eq!(iso("2023-07-03 09:15:00.25"), Some((nine + 250_000, None, true)));
        assert_eq!(iso("2023-07-03T09:15:00+05:30"), Some((nine, Some(19_800_000_000), true)));
        assert_eq!(iso("2023-07-03T09:15:00Z"), Some((nine, Some(0), true)));
        assert_eq!(iso("2023-02-30"), None);
        assert_eq!(iso("2023-07-03 25:00"), None);
    }

    /// A day above twelve settles which number is the month.
    #[test]
    fn date_order_is_found_or_refused() {
        assert_eq!(found(&["01/02/2020", "13/02/2020"]).unwrap().said(), "%d/%m/%Y");
        assert_eq!(found(&["01/02/2020", "02/13/2020"]).unwrap().said(), "%m/%d/%Y");
        assert!(matches!(found(&["01/02/2020", "02/02/2020"]), Err(ReadError::DateOrder { .. })));
    }

    #[test]
    fn forms_by_hand() {
        let cases = [
            ("1959Q2", "quarters", "1959-04-01 00:00:00"),
            ("Mar 2001", "%B %Y", "2001-03-01 00:00:00"),
            ("20200229", "%Y%m%d", "2020-02-29 00:00:00"),
            ("1583020800", "Unix seconds", "2020-03-01 00:00:00"),
            ("1583020800000", "Unix milliseconds", "2020-03-01 00:00:00"),
            ("31.12.1999 23:59", "%d.%m.%Y %H:%M", "1999-12-31 23:59:00"),
            ("07/25/1998 3:05 PM", "%m/%d/%Y %I:%M %p", "1998-07-25 15:05:00"),
        ];
        for (word, said, at) in cases {
            let times = found(&[word]).unwrap();
            assert_eq!((times.said().as_str(), times.read(word)), (said, Some(wall(at))), "{word}");
        }
        assert_eq!(found(&["1", "2.0", "3"]).unwrap().kind, Kind::Step);
        assert!(found(&["soon", "later"]).is_err());
    }
}
