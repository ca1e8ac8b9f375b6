//! Columns beside the values: each at rows before the row asked.
//!
//! ```text
//! column_lag_k = column[asked − k]      column_newest = column[newest row known], whatever the step
//! ```
//!
//! A column that becomes known only with its row has no value at lag 0, nor at any lag below the
//! step: NaN. Asked for by name at lag 0, it is refused. Tashman, International Journal of
//! Forecasting 16, 2000.

use almanac_data::{FitError, Role};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Feature, Form, Or, Seen};
use crate::settings::Written;

/// Every column that is known in time, or named ones at given lags.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Or<bool, Written>")]
pub struct Columns {
    all: bool,
    read: Vec<Read>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Read {
    column: String,
    lag: Lag,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
enum Lag {
    Rows(usize),
    Newest,
}

impl TryFrom<Or<bool, Written>> for Columns {
    type Error = String;

    fn try_from(written: Or<bool, Written>) -> Result<Columns, String> {
        let table = match written {
            Or::Short(true) => Map::new(),
            Or::Short(false) => return Err("leave it out instead of false".into()),
            Or::Table(table) if table.is_empty() => return Err("names no column".into()),
            Or::Table(table) => table,
        };
        let all = table.is_empty();
        let mut read = Vec::new();
        for (column, lags) in table {
            let lags: Vec<usize> = serde_json::from_value(lags)
                .map_err(|_| format!("lags of `{column}` are rows before the row asked"))?;
            if lags.is_empty() {
                return Err(format!("column `{column}` needs a lag"));
            }
            let one = |lag| Read { column: column.clone(), lag: Lag::Rows(lag) };
            read.extend(lags.into_iter().map(one));
        }
        Ok(Columns { all, read })
    }
}

impl Form for Columns {
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

impl Feature for Columns {
    fn names(&self, _season: usize) -> Vec<String> {
        let name = |read: &Read| match read.lag {
            Lag::Rows(0) => read.column.clone(),
            Lag::Rows(lag) => format!("{}_lag_{lag}", read.column),
            Lag::Newest => format!("{}_newest", read.column),
        };
        self.read.iter().map(name).collect()
    }

    fn at(&self, seen: &Seen<'_>, out: &mut Vec<f64>) {
        let value = |read: &Read| match read.lag {
            Lag::Rows(lag) => seen.column(&read.column, lag),
            Lag::Newest => seen.column(&read.column, seen.step),
        };
        out.extend(self.read.iter().map(value));
    }

    fn learn(&self, past: &Seen<'_>) -> Result<Option<Box<dyn Feature>>, FitError> {
        if !self.all {
            return Ok(None);
        }
        let read = past.columns().map(|(column, role)| Read {
            column: column.to_string(),
            lag: match role {
                Role::Static | Role::Known => Lag::Rows(0),
                Role::Past | Role::Open | Role::Close => Lag::Newest,
            },
        });
        Ok(Some(Box::new(Columns { all: false, read: read.collect() })))
    }

    fn keep(&self) -> Value {
        json!(self.read)
    }

    fn restore(&self, kept: &Value) -> Result<Option<Box<dyn Feature>>, FitError> {
        let cannot = |e| crate::keep::failed(&format!("is no list of columns: {e}"));
        let read = Vec::<Read>::deserialize(kept).map_err(cannot)?;
        if self.all {
            return Ok(Some(Box::new(Columns { all: false, read })));
        }
        crate::keep::unless(read == self.read, "other columns")?;
        Ok(None)
    }

    fn reads(&self) -> Vec<(&str, usize)> {
        let lag = |read: &Read| if let Lag::Rows(lag) = read.lag { lag } else { 1 };
        self.read.iter().map(|read| (read.column.as_str(), lag(read))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::tests::{plain, values};
    use crate::features::{Beside, Track};

    fn columns(text: &str) -> Columns {
        serde_json::from_str(text).unwrap()
    }

    fn track() -> Track<'static> {
        let column = |name, role, ahead| Beside { name, role, past: &[1.0, 2.0], ahead };
        let beside = vec![
            column("volume", Role::Past, &[9.0]),
            column("holiday", Role::Known, &[3.0, 4.0]),
            Beside { name: "size", role: Role::Static, past: &[7.0], ahead: &[] },
        ];
        Track { beside, ..plain(&[0.0, 0.0], 1) }
    }

    /// After two rows, step 1 knows volume 2, holiday 3 and size 7; step 2 still knows volume 2.
    #[test]
    fn all_columns_by_hand() {
        let track = track();
        let learnt = columns("true").learn(&track.seen(2, 1)).unwrap().unwrap();
        assert_eq!(learnt.names(1), ["volume_newest", "holiday", "size"]);
        assert_eq!(values(learnt.as_ref(), &track, 2, 1), [2.0, 3.0, 7.0]);
        assert_eq!(values(learnt.as_ref(), &track, 2, 2), [2.0, 4.0, 7.0]);
    }

    /// Lag 1 of step 2 is a row whose volume is not known; its holiday is.
    #[test]
    fn named_columns_by_hand() {
        let named = columns(r#"{"volume":[1,2],"holiday":[1]}"#);
        assert_eq!(named.names(1), ["volume_lag_1", "volume_lag_2", "holiday_lag_1"]);
        let got = values(&named, &track(), 2, 2);
        assert!(got[0].is_nan());
        assert_eq!(got[1..], [2.0, 3.0]);
    }

    /// A column without lags, and no column, are slips.
    #[test]
    fn empty_lists_are_refused() {
        for text in ["{}", r#"{"volume":[]}"#, r#"{"volume":[-1]}"#, "false"] {
            assert!(serde_json::from_str::<Columns>(text).is_err(), "{text}");
        }
    }

    /// Kept and read back, what was learnt of a panel's columns stays; other names are refused.
    #[test]
    fn kept() {
        let track = track();
        let past = track.seen(2, 1);
        let all = columns("true");
        let learnt = all.learn(&past).unwrap().unwrap();
        let kept = rmp_serde::to_vec_named(&learnt.keep()).unwrap();
        let again = all.restore(&rmp_serde::from_slice(&kept).unwrap()).unwrap().unwrap();
        assert_eq!(again.names(1), ["volume_newest", "holiday", "size"]);
        assert_eq!(values(again.as_ref(), &track, 2, 2), [2.0, 4.0, 7.0]);
        let named = columns(r#"{"holiday": [0]}"#);
        assert!(named.restore(&named.keep()).unwrap().is_none());
        assert!(named.restore(&learnt.keep()).is_err());
    }
}
