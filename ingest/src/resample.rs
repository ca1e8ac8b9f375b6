//! Rows brought to a coarser frequency by the calendar: days from midnight, weeks from Monday, months
//! from their first day; an `E` frequency stamps the last day instead. A slot begins at its time of
//! day and reaches to the next; what comes before the first slot of a day belongs to it.
//!
//! The columns of bars join as bars do: open first, high largest, low smallest, close last, volume sum.

use almanac_data::{Clock, Freq, Join, Role, Stamp};
use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, TimeDelta};

use crate::error::ReadError;
use crate::freq::wall;
use crate::notes::Notes;
use crate::order::Grouped;

const DAY: i64 = 86_400_000_000;

/// Joins the rows of each period, days and longer becoming dates. Missing values do not count; a
/// period of missing values is missing. Of other columns that are no bars the first row of the period
/// stands, or the last where they are known at its end.
///
/// # Errors
/// A frequency of another kind than the stamps.
pub(crate) fn resample(
    rows: &mut Grouped,
    freq: Freq,
    (target, how): (&str, Join),
    notes: &mut Notes,
) -> Result<(), ReadError> {
    agree(rows.clock, freq)?;
    let own = match how {
        Join::Bars => of_bar(target).ok_or_else(|| {
            let reason = format!("target `{target}` is no part of a bar: say how its values join");
            ReadError::Setting { name: "resample.how", value: "bars".into(), reason }
        })?,
        other => other,
    };
    let before = rows.at.len();
    join_periods(rows, freq, own);
    if matches!(freq, Freq::Days(_) | Freq::BusinessDays | Freq::Months { .. }) {
        for at in &mut rows.at {
            *at = Stamp(wall(rows.clock, *at));
        }
        rows.clock = Clock::Date;
    }
    let how = format!("{how:?}").to_lowercase();
    notes.say(format!(
        "resampled to {freq} by {how}: {before} rows became {}; \
         a first or last period may be incomplete",
        rows.at.len()
    ));
    Ok(())
}

/// Leaves one row for each period, in place.
fn join_periods(rows: &mut Grouped, freq: Freq, how: Join) {
    let beside: Vec<Join> = rows
        .columns
        .iter()
        .filter(|column| column.role != Role::Static)
        .map(|column| beside(&column.name, column.role))
        .collect();
    let (mut kept, mut start) = (0, 0);
    for series in 0..rows.len() {
        let end = rows.ends[series];
        let mut k = start;
        while k < end {
            let period = floor(rows.at[k], freq, rows.clock);
            let same = rows.at[k..end]
                .iter()
                .take_while(|&&at| floor(at, freq, rows.clock) == period)
                .count();
            rows.at[kept] = period;
            rows.y[kept] = join(&rows.y[k..k + same], how);
            for (values, &how) in rows.rowwise().zip(&beside) {
                values[kept] = match how {
                    Join::First => values[k],
                    Join::Last => values[k + same - 1],
                    bar => join(&values[k..k + same], bar),
                };
            }
            kept += 1;
            k += same;
        }
        start = end;
        rows.ends[series] = kept;
    }
    rows.at.truncate(kept);
    rows.y.truncate(kept);
    rows.rowwise().for_each(|values| values.truncate(kept));
}

fn agree(clock: Clock, freq: Freq) -> Result<(), ReadError> {
    if (clock == Clock::Step) == matches!(freq, Freq::Steps(_)) {
        return Ok(());
    }
    let reason = "plain steps come to a number of steps, dates to D, W, MS, …".into();
    Err(ReadError::Setting { name: "resample", value: freq.to_string(), reason })
}

/// How a column joins: by its name in a bar, else by when it is known.
fn beside(name: &str, role: Role) -> Join {
    of_bar(name).unwrap_or(match role {
        Role::Past | Role::Close => Join::Last,
        _ => Join::First,
    })
}

/// How a part of a bar joins.
fn of_bar(name: &str) -> Option<Join> {
    Some(match name.to_lowercase().as_str() {
        "open" => Join::First,
        "high" => Join::Max,
        "low" => Join::Min,
        "close" => Join::Last,
        "volume" => Join::Sum,
        _ => return None,
    })
}

fn join(values: &[f64], how: Join) -> f64 {
    let mut all = values.iter().copied().filter(|y| !y.is_nan());
    let Some(first) = all.next() else { return f64::NAN };
    match how {
        Join::Sum => all.fold(first, |sum, y| sum + y),
        Join::Mean => {
            let (sum, count) = all.fold((first, 1.0), |(sum, count), y| (sum + y, count + 1.0));
            sum / count
        }
        Join::First => first,
        Join::Last | Join::Bars => all.next_back().unwrap_or(first),
        Join::Min => all.fold(first, f64::min),
        Join::Max => all.fold(first, f64::max),
    }
}

/// The stamp of the period in which this one lies.
fn floor(at: Stamp, freq: Freq, clock: Clock) -> Stamp {
    let local = wall(clock, at);
    match freq {
        Freq::Steps(step) => Stamp(at.0.div_euclid(step) * step),
        // The offset of the moment itself, so that an hour repeated by a clock change stays two.
        Freq::Micros(step) => Stamp(local.div_euclid(step) * step - (local - at.0)),
        Freq::Days(days) => {
            // 1970-01-05 was a Monday.
            let day = (local.div_euclid(DAY) - 4).div_euclid(days) * days + 4;
            midnight(day, clock)
        }
        Freq::Slots(slots) => {
            let of_day = local.rem_euclid(DAY);
            let own = slots.starts().take_while(|&start| start <= of_day).last();
            let start = own.or(slots.starts().next()).unwrap_or(0);
            let midnight = Clock::Wall.local(Stamp(local - of_day)).unwrap_or_default();
            clock.stamp(midnight + TimeDelta::microseconds(start))
        }
        Freq::BusinessDays | Freq::Sessions { .. } => {
            let day = local.div_euclid(DAY);
            let over = ((day + 3).rem_euclid(7) - 4).max(0);
            midnight(day - over, clock)
        }
        Freq::Months { count, end } => {
            let date = clock.local(at).unwrap_or_default().date();
            clock.stamp(NaiveDateTime::from(month_floor(date, count, end).unwrap_or(date)))
        }
    }
}

fn midnight(day: i64, clock: Clock) -> Stamp {
    let wall = Stamp(day * DAY);
    match clock {
        Clock::Zone(_) => clock.stamp(Clock::Wall.local(wall).unwrap_or_default()),
        _ => wall,
    }
}

fn month_floor(date: NaiveDate, count: i64, end: bool) -> Option<NaiveDate> {
    let count = i32::try_from(count).ok()?;
    let index = (date.year() * 12 + date.month0() as i32).div_euclid(count) * count;
    let first = NaiveDate::from_ymd_opt(index.div_euclid(12), index.rem_euclid(12) as u32 + 1, 1)?;
    if !end {
        return Some(first);
    }
    first.checked_add_months(Months::new(count as u32))?.checked_sub_days(Days::new(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floored(at: &str, freq: &str, clock: Clock) -> String {
        let wall = NaiveDateTime::parse_from_str(at, "%Y-%m-%d %H:%M").unwrap();
        clock.show(floor(clock.stamp(wall), freq.parse().unwrap(), clock))
    }

    /// Thursday 2020-01-02 lies in the week of Monday 2019-12-30 and the quarter that ends in March.
    #[test]
    fn periods_by_hand() {
        let at = "2020-01-02 13:47";
        let cases = [
            ("15min", "2020-01-02T13:45:00"),
            ("h", "2020-01-02T13:00:00"),
            ("D", "2020-01-02T00:00:00"),
            ("W", "2019-12-30T00:00:00"),
            ("MS", "2020-01-01T00:00:00"),
            ("QE", "2020-03-31T00:00:00"),
            ("YS", "2020-01-01T00:00:00"),
            ("09:15,13:35", "2020-01-02T13:35:00"),
            ("14:00,15:00", "2020-01-02T14:00:00"),
        ];
        for (freq, floor) in cases {
            assert_eq!(floored(at, freq, Clock::Wall), floor);
        }
        assert_eq!(floored("2020-01-05 10:00", "B", Clock::Date), "2020-01-03");
    }

    /// A day begins at local midnight, 22:00 UTC of the day before.
    #[test]
    fn days_begin_where_the_zone_says() {
        let berlin = Clock::Zone(chrono_tz::Europe::Berlin);
        assert_eq!(floored("2020-07-02 00:30", "D", berlin), "2020-07-02T00:00:00+02:00");
    }

    #[test]
    fn missing_values_do_not_count() {
        let values = [f64::NAN, 3.0, 1.0];
        let joined = |how| join(&values, how);
        assert_eq!(
            [Join::Sum, Join::Mean, Join::First, Join::Last].map(joined),
            [4.0, 2.0, 3.0, 1.0]
        );
        assert_eq!([Join::Min, Join::Max].map(joined), [1.0, 3.0]);
        assert!(join(&[f64::NAN], Join::Sum).is_nan());
    }
}
