//! Holidays: whether the row asked is, precedes or follows one of some dates.
//!
//! ```text
//! holiday = 1 on such a date      holiday_in_1 = 1 the day before      holiday_1_ago = 1 the day after
//! ```
//!
//! Dates are days of the calendar's own place. Holidays that stand in a column are read as any
//! column known in advance: `columns = { holiday = [0] }`. Hyndman & Athanasopoulos, Forecasting:
//! Principles and Practice, 3rd ed., §7.4.

use almanac_data::FitError;
use chrono::{Days, NaiveDate};
use serde::Deserialize;

use super::calendar::dated;
use super::{Feature, Form, Or, Seen};

/// Some dates, and how many days around each are told too.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Or<Vec<NaiveDate>, Table>")]
pub struct Holidays(Table);

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    dates: Vec<NaiveDate>,
    #[serde(default)]
    near: u64,
}

impl From<Or<Vec<NaiveDate>, Table>> for Holidays {
    fn from(written: Or<Vec<NaiveDate>, Table>) -> Holidays {
        let mut table = match written {
            Or::Short(dates) => Table { dates, near: 0 },
            Or::Table(table) => table,
        };
        table.dates.sort_unstable();
        Holidays(table)
    }
}

impl Form for Holidays {
    fn check(&self) -> Result<(), String> {
        match (self.0.dates.is_empty(), self.0.near) {
            (true, _) => Err("needs a date".into()),
            (_, 0..=30) => Ok(()),
            (_, near) => Err(format!("near is at most 30 days, not {near}")),
        }
    }
}

impl Feature for Holidays {
    fn names(&self, _season: usize) -> Vec<String> {
        let near = 1..=self.0.near;
        let around = near.flat_map(|n| [format!("holiday_in_{n}"), format!("holiday_{n}_ago")]);
        std::iter::once("holiday".to_string()).chain(around).collect()
    }

    fn at(&self, seen: &Seen<'_>, out: &mut Vec<f64>) {
        let Some(local) = seen.calendar().clock.local(seen.when) else {
            out.resize(out.len() + 1 + 2 * self.0.near as usize, f64::NAN);
            return;
        };
        let today = local.date();
        let is = |date: Option<NaiveDate>| {
            let found = date.is_some_and(|date| self.0.dates.binary_search(&date).is_ok());
            f64::from(u8::from(found))
        };
        out.push(is(Some(today)));
        for days in (1..=self.0.near).map(Days::new) {
            out.extend([is(today.checked_add_days(days)), is(today.checked_sub_days(days))]);
        }
    }

    fn learn(&self, past: &Seen<'_>) -> Result<Option<Box<dyn Feature>>, FitError> {
        dated("holidays", past).map(|()| None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::Track;
    use crate::features::tests::values;
    use almanac_data::{Calendar, Clock, Freq, Stamp};

    /// New year's day after 30 December is one day ahead of the 31st, which is step 1.
    #[test]
    fn holidays_by_hand() {
        let calendar = Calendar::new(Clock::Date, Freq::Days(1));
        let first = Clock::Date.read("2023-12-29").unwrap();
        let mut at: Vec<Stamp> = vec![first];
        at.extend(calendar.after(first, 4));
        let track = Track {
            id: "a",
            y: vec![1.0, 2.0],
            at,
            calendar: &calendar,
            season: 7,
            beside: vec![],
            same_row: false,
        };
        let written = r#"{"dates":["2024-01-01"],"near":1}"#;
        let holidays: Holidays = serde_json::from_str(written).unwrap();
        assert_eq!(holidays.names(7), ["holiday", "holiday_in_1", "holiday_1_ago"]);
        let at = |step| values(&holidays, &track, 2, step);
        assert_eq!((at(1), at(2), at(3)), (vec![0., 1., 0.], vec![1., 0., 0.], vec![0., 0., 1.]));
    }
}
