//! Calendar: what the calendar says of the row asked.
//!
//! ```text
//! weekday        seven columns, weekday_mon … weekday_sun, one of them 1 and the rest 0
//! slot           place of the row in its day, from 1: slots, session bars, or steps below a day
//! business_day   1 from Monday to Friday, but for the calendar's closed days
//! ```
//!
//! All in the calendar's own zone and known for any row ahead; plain steps have none and are
//! refused. Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., §7.4.

use almanac_data::{Calendar, FitError, Freq, Stamp};
use chrono::{Datelike, NaiveDateTime, Timelike, Weekday};
use serde::Deserialize;

use super::{Feature, Form, Seen};

/// One thing that a calendar says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Field {
    Weekday,
    WeekdayNumber,
    Weekend,
    BusinessDay,
    Day,
    DayOfYear,
    Week,
    Month,
    MonthOnehot,
    Quarter,
    Year,
    Hour,
    HourOnehot,
    Minute,
    Slot,
    MonthStart,
    MonthEnd,
}

/// What is told of the row asked.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Fields(Vec<Field>);

impl Form for Fields {
    fn check(&self) -> Result<(), String> {
        if self.0.is_empty() { Err("names nothing".into()) } else { Ok(()) }
    }
}

impl Feature for Fields {
    fn names(&self, _season: usize) -> Vec<String> {
        self.0.iter().flat_map(|field| field.names()).collect()
    }

    fn at(&self, seen: &Seen<'_>, out: &mut Vec<f64>) {
        let Some(local) = seen.calendar().clock.local(seen.when) else {
            let width: usize = self.0.iter().map(|field| field.width()).sum();
            out.resize(out.len() + width, f64::NAN);
            return;
        };
        self.0.iter().for_each(|field| field.push(seen.calendar(), local, out));
    }

    fn learn(&self, past: &Seen<'_>) -> Result<Option<Box<dyn Feature>>, FitError> {
        dated("calendar", past).map(|()| None)
    }
}

/// Refuses plain steps, by the feature's name.
pub(super) fn dated(feature: &str, past: &Seen<'_>) -> Result<(), FitError> {
    match past.calendar().clock.local(past.when) {
        Some(_) => Ok(()),
        None => Err(FitError::Failed(format!(
            "features.{feature} needs dates; these rows have plain step numbers"
        ))),
    }
}

impl Field {
    /// Columns it takes.
    fn width(self) -> usize {
        match self {
            Field::Weekday => 7,
            Field::MonthOnehot => 12,
            Field::HourOnehot => 24,
            _ => 1,
        }
    }

    fn names(self) -> Vec<String> {
        let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let one = match self {
            Field::Weekday => return days.map(|day| format!("weekday_{day}")).to_vec(),
            Field::MonthOnehot => return (1..=12).map(|month| format!("month_{month}")).collect(),
            Field::HourOnehot => return (0..24).map(|hour| format!("hour_{hour}")).collect(),
            Field::WeekdayNumber => "weekday_number",
            Field::Weekend => "weekend",
            Field::BusinessDay => "business_day",
            Field::Day => "day",
            Field::DayOfYear => "day_of_year",
            Field::Week => "week",
            Field::Month => "month",
            Field::Quarter => "quarter",
            Field::Year => "year",
            Field::Hour => "hour",
            Field::Minute => "minute",
            Field::Slot => "slot",
            Field::MonthStart => "month_start",
            Field::MonthEnd => "month_end",
        };
        vec![one.into()]
    }

    /// Its values after those in `out`.
    fn push(self, calendar: &Calendar, local: NaiveDateTime, out: &mut Vec<f64>) {
        let weekday = local.weekday();
        let weekend = matches!(weekday, Weekday::Sat | Weekday::Sun);
        let closed = || calendar.closed.binary_search(&Stamp::of_date(local.date())).is_ok();
        let number = match self {
            Field::Weekday | Field::MonthOnehot | Field::HourOnehot => {
                let place = match self {
                    Field::Weekday => weekday.num_days_from_monday(),
                    Field::MonthOnehot => local.month0(),
                    _ => local.hour(),
                };
                let start = out.len();
                out.resize(start + self.width(), 0.0);
                out[start + place as usize] = 1.0;
                return;
            }
            Field::WeekdayNumber => weekday.number_from_monday(),
            Field::Weekend => u32::from(weekend),
            Field::BusinessDay => u32::from(!weekend && !closed()),
            Field::Day => local.day(),
            Field::DayOfYear => local.ordinal(),
            Field::Week => local.iso_week().week(),
            Field::Month => local.month(),
            Field::Quarter => local.month0() / 3 + 1,
            Field::Year => return out.push(f64::from(local.year())),
            Field::Hour => local.hour(),
            Field::Minute => local.minute(),
            Field::Slot => place_in_day(calendar.freq, local),
            Field::MonthStart => u32::from(local.day() == 1),
            Field::MonthEnd => {
                u32::from(local.date().succ_opt().is_none_or(|next| next.day() == 1))
            }
        };
        out.push(f64::from(number));
    }
}

/// The place of a row in its day, from 1.
pub(super) fn place_in_day(freq: Freq, local: NaiveDateTime) -> u32 {
    let of_day = i64::from(local.num_seconds_from_midnight()) * 1_000_000;
    let place = match freq {
        Freq::Slots(slots) => {
            return slots.starts().filter(|&start| start <= of_day).count() as u32;
        }
        Freq::Sessions { every, open, .. } => (of_day - open).max(0) / every,
        Freq::Micros(every) => of_day / every,
        _ => 0,
    };
    place as u32 + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::Track;
    use crate::features::tests::values;
    use almanac_data::{Clock, Slots};

    fn at(calendar: &Calendar, first: &str, fields: &str) -> Vec<f64> {
        let first = calendar.clock.read(first).unwrap();
        let track = Track {
            id: "a",
            y: vec![0.0],
            at: vec![first, calendar.next(first)],
            calendar,
            season: 1,
            beside: vec![],
            same_row: false,
        };
        let fields: Fields = serde_json::from_str(fields).unwrap();
        assert_eq!(fields.names(1).len(), values(&fields, &track, 1, 1).len());
        values(&fields, &track, 1, 1)
    }

    /// 29 February 2024 was a Thursday, day 60, in ISO week 9, the last day of its month.
    #[test]
    fn leap_day_by_hand() {
        let calendar = Calendar::new(Clock::Date, Freq::Days(1));
        let fields =
            r#"["weekday_number","day_of_year","week","month","quarter","year","month_end"]"#;
        assert_eq!(at(&calendar, "2024-02-28", fields), [4., 60., 9., 2., 1., 2024., 1.]);
        let onehot = at(&calendar, "2024-02-28", r#"["weekday"]"#);
        assert_eq!(onehot, [0., 0., 0., 1., 0., 0., 0.]);
    }

    /// The slot after 13:35 on Friday is the first of Monday; a closed Monday is no business day.
    #[test]
    fn slots_and_closed_days() {
        let freq = Freq::Slots(Slots::new(&[540, 695, 815]).unwrap());
        let mut calendar = Calendar::new(Clock::Wall, freq);
        let fields = r#"["slot","weekday_number","business_day"]"#;
        assert_eq!(at(&calendar, "2024-03-01 11:35", fields), [3., 5., 1.]);
        assert_eq!(at(&calendar, "2024-03-01 13:35", fields), [1., 1., 1.]);
        let daily = Calendar::new(Clock::Wall, Freq::Days(1));
        calendar.closed = vec![Clock::Date.read("2024-03-04").unwrap()];
        let closed = Calendar { closed: calendar.closed, ..daily };
        assert_eq!(at(&closed, "2024-03-03", r#"["business_day"]"#), [0.]);
    }
}
