//! The frequency of a panel, found from the distances between its stamps.
//!
//! ```text
//! one time of day  ─▶ all distances ≥ 28 days, one day of month or month ends  ─▶ months
//!                  ─▶ usually one day, hardly a weekend                        ─▶ business days
//!                  ─▶ the usual distance                                       ─▶ days
//! several          ─▶ the same first and last bar on most days, nights between ─▶ sessions
//!                  ─▶ the usual distance                                       ─▶ microseconds
//! ```
//!
//! The usual distance is the most frequent one; where others are no multiples of it, the greatest
//! common divisor of all is taken, if the grid it makes is not mostly empty.

use std::collections::{BTreeMap, BTreeSet};

use almanac_data::{Calendar, Clock, Code, Freq, Stamp, Weeks};
use chrono::{Datelike, NaiveDateTime};

use crate::error::ReadError;
use crate::notes::Notes;
use crate::order::Grouped;

const DAY: i64 = 86_400_000_000;

/// A frequency, and the share of the steps that have its distance exactly.
#[derive(Debug, Clone, Copy)]
struct Guess {
    freq: Freq,
    share: f64,
}

/// How often each distance between neighbours occurs.
#[derive(Debug, Default)]
struct Distances {
    counts: BTreeMap<i64, usize>,
    steps: usize,
    divisor: i64,
}

/// The calendar of a panel, without or with a stated frequency; where weeks are whole, no weekday is
/// closed.
///
/// # Errors
/// No regular distance, several in one panel, or a stated frequency of another kind than the stamps.
pub(crate) fn calendar(
    rows: &Grouped,
    stated: Option<Freq>,
    weeks: Weeks,
    notes: &mut Notes,
) -> Result<Calendar, ReadError> {
    let all: Vec<usize> = (0..rows.len()).collect();
    let (freq, found) = match stated {
        Some(freq) => (agree(rows, freq)?, "stated"),
        None => match guess(rows, &all) {
            Ok(guess) => (guess.freq, "found"),
            Err(irregular) => return Err(each_its_own(rows).unwrap_or(irregular)),
        },
    };
    mixed(rows, freq, stated.is_some(), notes)?;
    let mut calendar = Calendar::new(rows.clock, freq);
    if trades(freq) && weeks == Weeks::Traded {
        calendar.closed = closed(rows, &freq)?;
        notes.say(format!(
            "closed: {} weekdays on which no series has a row",
            calendar.closed.len()
        ));
    }
    let sessions = match freq {
        Freq::Sessions { open, close, .. } => {
            let clock = |of_day: i64| {
                format!("{:02}:{:02}", of_day / 3_600_000_000, of_day / 60_000_000 % 60)
            };
            format!(", first bar {}, last bar {}", clock(open), clock(close))
        }
        _ => String::new(),
    };
    notes.say(format!("frequency: {freq}{sessions} ({found})"));
    Ok(calendar)
}

/// Whether only the days and hours count on which there is trade.
pub(crate) fn trades(freq: Freq) -> bool {
    matches!(freq, Freq::BusinessDays | Freq::Sessions { .. } | Freq::Slots(_))
}

/// Wall time in microseconds.
pub(crate) fn wall(clock: Clock, at: Stamp) -> i64 {
    match clock {
        Clock::Zone(_) => clock.local(at).map_or(at.0, |wall| Stamp::of_wall(wall).0),
        _ => at.0,
    }
}

pub(crate) fn is_weekend(wall: i64) -> bool {
    // 1970-01-01 was a Thursday.
    matches!((wall.div_euclid(DAY) + 3).rem_euclid(7), 5 | 6)
}

/// A stated frequency, where it is of the stamps' kind.
fn agree(rows: &Grouped, freq: Freq) -> Result<Freq, ReadError> {
    let steps = rows.clock == Clock::Step;
    if steps != matches!(freq, Freq::Steps(_)) {
        let reason = match steps {
            true => "the column of time holds steps: state a number",
            false => "the column of time holds dates: state D, h, MS, …",
        };
        let value = freq.to_string();
        return Err(ReadError::Setting { name: "freq", value, reason: reason.into() });
    }
    Ok(match freq {
        Freq::Months { count, end: false } => {
            let all: Vec<usize> = (0..rows.len()).collect();
            Freq::Months { count, end: at_month_ends(rows, &all) }
        }
        other => other,
    })
}

fn guess(rows: &Grouped, series: &[usize]) -> Result<Guess, ReadError> {
    if rows.clock == Clock::Step {
        let steps = Distances::of(rows, series, |at| at.0);
        return Ok(match steps.counts.is_empty() {
            true => Guess { freq: Freq::Steps(1), share: 1.0 },
            false => steps.even(Freq::Steps, |size| size.to_string())?,
        });
    }
    let clock = rows.clock;
    let of_day = |at: Stamp| wall(clock, at).rem_euclid(DAY);
    let daily = series.iter().all(|&series| {
        let own = &rows.at[rows.span(series)];
        own.first().is_none_or(|first| own.iter().all(|&at| of_day(at) == of_day(*first)))
    });
    if !daily {
        return sub_daily(rows, series);
    }
    let days = Distances::of(rows, series, |at| wall(clock, at).div_euclid(DAY));
    let Some(&least) = days.counts.keys().next() else {
        return Ok(Guess { freq: Freq::Days(1), share: 1.0 });
    };
    if least >= 28 && same_day_of_month(rows, series) {
        let months = Distances::of(rows, series, |at| month(rows.wall(at)));
        let end = at_month_ends(rows, series);
        return months.even(|count| Freq::Months { count, end }, |count| format!("{count} months"));
    }
    if days.usual().0 == 1 {
        let (mut rows_seen, mut weekend) = (0, 0);
        for &series in series {
            let own = &rows.at[rows.span(series)];
            rows_seen += own.len();
            weekend += own.iter().filter(|&&at| is_weekend(wall(clock, at))).count();
        }
        let over_weekends = days.counts.get(&3).copied().unwrap_or(0);
        if 20 * weekend < rows_seen && 20 * over_weekends > days.steps {
            let share = (days.usual().1 + over_weekends) as f64 / days.steps as f64;
            return Ok(Guess { freq: Freq::BusinessDays, share });
        }
    }
    days.even(Freq::Days, |days| format!("{days} days"))
}

/// Bars inside sessions, or a fixed elapsed time.
fn sub_daily(rows: &Grouped, series: &[usize]) -> Result<Guess, ReadError> {
    let elapsed = Distances::of(rows, series, |at| at.0);
    let (every, count) = elapsed.usual();
    let (mut opens, mut closes) = (Distances::default(), Distances::default());
    let (mut seen, mut weekend) = (0, 0);
    for &series in series {
        let own = &rows.at[rows.span(series)];
        let mut before: Option<i64> = None;
        for &at in own {
            let wall = wall(rows.clock, at);
            seen += 1;
            weekend += usize::from(is_weekend(wall));
            match before {
                Some(last) if last.div_euclid(DAY) == wall.div_euclid(DAY) => {}
                Some(last) => {
                    closes.add(last.rem_euclid(DAY), 1);
                    opens.add(wall.rem_euclid(DAY), 1);
                }
                None => {}
            }
            before = Some(wall);
        }
    }
    let ((open, opened), (close, closed)) = (opens.usual(), closes.usual());
    let nights = opens.steps;
    if nights > 0
        && 2 * opened > nights
        && 2 * closed > nights
        && open <= close
        && close - open + every < DAY
        && (close - open) % every == 0
        && 20 * weekend < seen
    {
        let share = (count + nights) as f64 / elapsed.steps as f64;
        return Ok(Guess { freq: Freq::Sessions { every, open, close }, share });
    }
    elapsed.even(Freq::Micros, |size| Freq::Micros(size).to_string())
}

impl Distances {
    /// Distances between neighbours of these series, in the unit of `measure`.
    fn of(rows: &Grouped, series: &[usize], measure: impl Fn(Stamp) -> i64) -> Distances {
        let mut all = Distances::default();
        let (mut size, mut run) = (0, 0);
        for &series in series {
            let own = &rows.at[rows.span(series)];
            let Some(mut before) = own.first().map(|&at| measure(at)) else { continue };
            for &at in &own[1..] {
                let here = measure(at);
                if here - before != size {
                    all.add(size, run);
                    (size, run) = (here - before, 0);
                }
                run += 1;
                before = here;
            }
        }
        all.add(size, run);
        all
    }

    fn add(&mut self, size: i64, times: usize) {
        if times == 0 {
            return;
        }
        self.steps += times;
        self.divisor = gcd(self.divisor, size);
        // Far more sizes than any regular panel has: none that comes after can be the usual one.
        if self.counts.len() < 100_000 || self.counts.contains_key(&size) {
            *self.counts.entry(size).or_default() += times;
        }
    }

    /// The most frequent distance, the smallest of equals, and how often it occurs.
    fn usual(&self) -> (i64, usize) {
        let best = self.counts.iter().max_by_key(|&(&size, &count)| (count, -size));
        best.map_or((1, 0), |(&size, &count)| (size, count))
    }

    /// The step of an even grid on which all stamps lie.
    fn even(
        &self,
        freq: impl Fn(i64) -> Freq,
        show: impl Fn(i64) -> String,
    ) -> Result<Guess, ReadError> {
        let (usual, count) = self.usual();
        let share = count as f64 / self.steps.max(1) as f64;
        let uneven = self.counts.iter().filter(|&(size, _)| size % usual.max(1) != 0);
        let uneven: usize = uneven.map(|(_, count)| count).sum();
        if 20 * uneven <= self.steps {
            return Ok(Guess { freq: freq(usual.max(1)), share });
        }
        let total: i128 = self.counts.iter().map(|(&s, &n)| i128::from(s) * n as i128).sum();
        if total / i128::from(self.divisor.max(1)) <= 3 * self.steps as i128 {
            return Ok(Guess { freq: freq(self.divisor.max(1)), share });
        }
        Err(ReadError::Irregular {
            usual: show(usual),
            share: (100.0 * share) as usize,
            steps: self.steps,
        })
    }
}

/// Counts series whose own frequency is another, and refuses them where none is stated.
fn mixed(rows: &Grouped, freq: Freq, stated: bool, notes: &mut Notes) -> Result<(), ReadError> {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    let mut refused = false;
    for series in 0..rows.len() {
        let count = rows.span(series).len();
        if count < 8 {
            continue;
        }
        let own = guess(rows, &[series]).ok().filter(|own| own.share >= 0.8);
        let Some(own) = own else { continue };
        // A few bars of a session may look like any fixed step.
        let same = own.freq == freq
            || trades(freq)
                && matches!(
                    own.freq,
                    Freq::Sessions { .. } | Freq::BusinessDays | Freq::Days(1) | Freq::Micros(_)
                );
        *found.entry(if same { freq } else { own.freq }.to_string()).or_default() += 1;
        if !same {
            refused = !stated;
            let first = || format!("{} where the panel has {freq}", own.freq);
            notes.find(Code::MixedFrequency, series as u32, count, first);
        }
    }
    if !refused {
        return Ok(());
    }
    let found = found.into_iter().map(|(freq, series)| format!("{freq} in {series} series"));
    Err(ReadError::MixedFrequency { found: found.collect() })
}

/// Where no distance is usual in the panel, but one is in every series: several frequencies.
fn each_its_own(rows: &Grouped) -> Option<ReadError> {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for series in 0..rows.len() {
        if rows.span(series).len() > 2 {
            let own = guess(rows, &[series]).ok()?;
            *found.entry(own.freq.to_string()).or_default() += 1;
        }
    }
    let found = found.into_iter().map(|(freq, series)| format!("{freq} in {series} series"));
    let found: Vec<String> = found.collect();
    (found.len() > 1).then_some(ReadError::MixedFrequency { found })
}

/// Weekdays inside the panel's span on which no series has a row.
fn closed(rows: &Grouped, freq: &Freq) -> Result<Vec<Stamp>, ReadError> {
    let mut days = BTreeSet::new();
    let mut last = i64::MIN;
    for &at in &rows.at {
        let day = wall(rows.clock, at).div_euclid(DAY);
        if day != last {
            days.insert(day);
            last = day;
        }
    }
    let (Some(&first), Some(&last)) = (days.first(), days.last()) else { return Ok(Vec::new()) };
    let would = (last - first) as usize;
    if would > 20 * rows.at.len() + 20_000 {
        return Err(ReadError::TooSparse { freq: freq.to_string(), would, rows: rows.at.len() });
    }
    let empty = (first..=last).filter(|day| !days.contains(day) && !is_weekend(day * DAY));
    Ok(empty.map(|day| Stamp(day * DAY)).collect())
}

fn month(wall: NaiveDateTime) -> i64 {
    i64::from(wall.year()) * 12 + i64::from(wall.month0())
}

fn is_month_end(wall: NaiveDateTime) -> bool {
    wall.date().succ_opt().is_none_or(|next| next.day() == 1)
}

/// Whether every stamp is a last day of a month, and not because a 28th is always one.
fn at_month_ends(rows: &Grouped, series: &[usize]) -> bool {
    let mut all = series.iter().flat_map(|&series| &rows.at[rows.span(series)]).peekable();
    all.peek().is_some() && all.all(|&at| is_month_end(rows.wall(at)))
}

/// Whether each series keeps to one day of the month, as far as months have it.
fn same_day_of_month(rows: &Grouped, series: &[usize]) -> bool {
    at_month_ends(rows, series)
        || series.iter().all(|&series| {
            let own = &rows.at[rows.span(series)];
            let day = own.iter().map(|&at| rows.wall(at).day()).max();
            own.iter()
                .map(|&at| rows.wall(at))
                .all(|wall| Some(wall.day()) == day || is_month_end(wall) && Some(wall.day()) < day)
        })
}

impl Grouped {
    /// The wall time of a stamp; the epoch for plain steps.
    pub fn wall(&self, at: Stamp) -> NaiveDateTime {
        self.clock.local(at).unwrap_or_default()
    }
}

fn gcd(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a.abs(), b.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{NaiveDate, Weekday};

    fn rows(dates: &[&str]) -> Grouped {
        let at = dates.iter().map(|date| {
            let wall = NaiveDateTime::parse_from_str(date, "%Y-%m-%d %H:%M");
            wall.map_or_else(
                |_| Stamp::of_date(NaiveDate::parse_from_str(date, "%Y-%m-%d").unwrap()),
                Stamp::of_wall,
            )
        });
        let at: Vec<Stamp> = at.collect();
        Grouped {
            ids: vec!["a".into()],
            ends: vec![at.len()],
            y: vec![0.0; at.len()],
            at,
            columns: Vec::new(),
            clock: Clock::Wall,
        }
    }

    fn found(dates: &[&str]) -> String {
        calendar(&rows(dates), None, Weeks::Traded, &mut Notes::default()).unwrap().freq.to_string()
    }

    #[test]
    fn frequencies_by_hand() {
        assert_eq!(found(&["2020-01-31", "2020-02-29", "2020-03-31"]), "ME");
        assert_eq!(found(&["2020-01-01", "2020-02-01", "2020-04-01"]), "MS");
        assert_eq!(found(&["2019-12-31", "2020-03-31", "2020-06-30"]), "QE");
        assert_eq!(found(&["2018-07-01", "2019-07-01", "2020-07-01"]), "YS");
        assert_eq!(found(&["2020-01-01", "2020-01-29", "2020-02-26"]), "4W");
        assert_eq!(found(&["2020-01-03", "2020-01-10", "2020-01-24"]), "W");
        assert_eq!(found(&["2020-01-03 10:00", "2020-01-03 11:00", "2020-01-03 13:00"]), "h");
    }

    /// Two weeks of Monday to Friday; the absent Thursday is a closed day.
    #[test]
    fn business_days_and_their_holidays() {
        let days = [6, 7, 8, 10, 13, 14, 15, 16, 17].map(|day| format!("2020-01-{day:02}"));
        let days: Vec<&str> = days.iter().map(String::as_str).collect();
        let calendar = calendar(&rows(&days), None, Weeks::Traded, &mut Notes::default()).unwrap();
        assert_eq!(calendar.freq, Freq::BusinessDays);
        assert_eq!(
            calendar.closed.iter().map(|&at| calendar.show(at)).collect::<Vec<_>>(),
            ["2020-01-09T00:00:00"]
        );
    }

    #[test]
    fn weekends_agree_with_the_calendar() {
        for day in 0..20_000 {
            let date = NaiveDate::from_ymd_opt(1960, 1, 1).unwrap() + chrono::Days::new(day);
            let weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
            assert_eq!(is_weekend(Stamp::of_date(date).0), weekend);
        }
    }
}
