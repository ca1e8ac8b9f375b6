//! Stamps and the calendar that gives them meaning.
//!
//! A stamp is a number; a [`Calendar`] knows its clock (what the number counts), its
//! frequency (how to get from one stamp to the next) and the days on which nothing happens.

use std::fmt;
use std::str::FromStr;

use chrono::{
    DateTime, Datelike, Days, LocalResult, Months, NaiveDate, NaiveDateTime, TimeDelta, TimeZone,
    Weekday,
};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// Microseconds of a day of 24 hours.
const DAY: i64 = 86_400_000_000;

/// A moment: microseconds since 1970-01-01T00:00, or a plain step number under [`Clock::Step`].
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Stamp(pub i64);

/// What the number in a stamp counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Clock {
    /// Steps without a date: 1, 2, 3.
    Step,
    /// Calendar dates, at midnight.
    Date,
    /// Wall time of a place that is not named: every day has 24 hours.
    Wall,
    /// UTC instants, shown and stepped in this zone: days may have 23 or 25 hours.
    Zone(Tz),
}

/// The distance from one stamp to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Freq {
    /// Every so many plain steps.
    Steps(i64),
    /// A fixed elapsed time in microseconds.
    Micros(i64),
    /// Calendar days; 7 is a week.
    Days(i64),
    /// Monday to Friday, without the calendar's closed days.
    BusinessDays,
    /// Calendar months; 3 is a quarter, 12 a year. `end` keeps to the last day of the month.
    Months {
        /// How many months.
        count: i64,
        /// Whether stamps sit on the last day of their month.
        end: bool,
    },
    /// Bars inside trading sessions on business days.
    Sessions {
        /// Microseconds from bar to bar.
        every: i64,
        /// Start of the first bar, in microseconds after local midnight.
        open: i64,
        /// Start of the last bar, in microseconds after local midnight.
        close: i64,
    },
    /// A few parts of each business day.
    Slots(Slots),
}

/// Times of day at which the parts of a day begin: one to eight, increasing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slots {
    minutes: [u16; 8],
    count: usize,
}

/// A clock, a frequency and the days on which a business calendar is closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// What a stamp counts.
    pub clock: Clock,
    /// The distance between neighbours.
    pub freq: Freq,
    /// Closed days (as midnight stamps of the wall date), sorted; only business calendars read them.
    pub closed: Vec<Stamp>,
}

impl Slots {
    /// Slots from minutes after midnight; none where these do not increase, or are none or over eight.
    pub fn new(starts: &[u16]) -> Option<Slots> {
        let fit = (1..=8).contains(&starts.len())
            && starts.windows(2).all(|pair| pair[0] < pair[1])
            && starts.iter().all(|&start| start < 24 * 60);
        let mut minutes = [0; 8];
        fit.then(|| minutes[..starts.len()].copy_from_slice(starts))?;
        Some(Slots { minutes, count: starts.len() })
    }

    /// Starts in microseconds after local midnight.
    pub fn starts(&self) -> impl DoubleEndedIterator<Item = i64> + '_ {
        self.minutes.iter().take(self.count).map(|&minute| i64::from(minute) * 60_000_000)
    }
}

impl Stamp {
    /// The stamp of a date at midnight.
    pub fn of_date(date: NaiveDate) -> Stamp {
        Stamp::of_wall(date.into())
    }

    /// The stamp of a wall time, or of an instant in UTC.
    pub fn of_wall(wall: NaiveDateTime) -> Stamp {
        Stamp(wall.and_utc().timestamp_micros())
    }

    fn wall(self) -> NaiveDateTime {
        let extreme = if self.0 < 0 { NaiveDateTime::MIN } else { NaiveDateTime::MAX };
        DateTime::from_timestamp_micros(self.0).map_or(extreme, |utc| utc.naive_utc())
    }
}

impl Clock {
    /// The wall time a person reads at this stamp; `None` for plain steps.
    pub fn local(self, stamp: Stamp) -> Option<NaiveDateTime> {
        match self {
            Clock::Step => None,
            Clock::Date | Clock::Wall => Some(stamp.wall()),
            Clock::Zone(zone) => Some(zone.from_utc_datetime(&stamp.wall()).naive_local()),
        }
    }

    /// The stamp of a wall time. A time that a clock change skips moves past the change;
    /// a time that occurs twice is its first occurrence.
    pub fn stamp(self, wall: NaiveDateTime) -> Stamp {
        let Clock::Zone(zone) = self else { return Stamp::of_wall(wall) };
        let mut wall = wall;
        loop {
            match zone.from_local_datetime(&wall) {
                LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => {
                    return Stamp::of_wall(at.naive_utc());
                }
                LocalResult::None => wall += TimeDelta::minutes(30),
            }
        }
    }

    /// The stamp a person wrote: a whole number under [`Clock::Step`], otherwise a date, with or
    /// without a time of day; a time with an offset is an instant. `None` for anything else.
    pub fn read(self, text: &str) -> Option<Stamp> {
        let text = text.trim();
        if self == Clock::Step {
            return text.parse().ok().map(Stamp);
        }
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").map(NaiveDateTime::from).ok();
        let time = || {
            let formats = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"];
            formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        };
        if let Some(wall) = date.or_else(time) {
            return Some(self.stamp(wall));
        }
        let instant = DateTime::parse_from_rfc3339(text).ok()?;
        match self {
            Clock::Zone(_) => Some(Stamp::of_wall(instant.naive_utc())),
            _ => None,
        }
    }

    /// The stamp as text: `1998-05-17`, `2023-07-03T09:15:00`, `2023-07-03T09:15:00+05:30`, `42`.
    pub fn show(self, stamp: Stamp) -> String {
        match self {
            Clock::Step => stamp.0.to_string(),
            Clock::Date => stamp.wall().date().to_string(),
            Clock::Wall => stamp.wall().format("%Y-%m-%dT%H:%M:%S%.f").to_string(),
            Clock::Zone(zone) => {
                let local = zone.from_utc_datetime(&stamp.wall());
                local.format("%Y-%m-%dT%H:%M:%S%.f%:z").to_string()
            }
        }
    }
}

impl Calendar {
    /// A calendar without closed days.
    pub fn new(clock: Clock, freq: Freq) -> Calendar {
        Calendar { clock, freq, closed: Vec::new() }
    }

    /// Plain steps, one by one.
    pub fn steps() -> Calendar {
        Calendar::new(Clock::Step, Freq::Steps(1))
    }

    /// The next `count` stamps after `last`.
    pub fn after(&self, last: Stamp, count: usize) -> Vec<Stamp> {
        if matches!(self.freq, Freq::Months { .. }) {
            // From one anchor: walking month by month would turn the 31st into the 28th for good.
            return (1..=count).map(|k| self.months_after(last, k as i64)).collect();
        }
        let mut at = last;
        (0..count)
            .map(|_| {
                at = self.next(at);
                at
            })
            .collect()
    }

    /// The next stamp.
    pub fn next(&self, stamp: Stamp) -> Stamp {
        match self.freq {
            Freq::Steps(step) | Freq::Micros(step) => Stamp(stamp.0.saturating_add(step)),
            Freq::Days(days) => {
                self.move_wall(stamp, |wall| wall.checked_add_days(Days::new(days as u64)))
            }
            Freq::Months { .. } => self.months_after(stamp, 1),
            Freq::BusinessDays => self.move_wall(stamp, |wall| self.next_open_day(wall)),
            Freq::Sessions { every, open, close } => self.move_wall(stamp, |wall| {
                let midnight = wall.date().and_time(chrono::NaiveTime::MIN);
                let of_day = (wall - midnight).num_microseconds()?;
                if of_day < open {
                    return Some(midnight + TimeDelta::microseconds(open));
                }
                if of_day + every <= close {
                    return Some(wall + TimeDelta::microseconds(every));
                }
                Some(self.next_open_day(midnight)? + TimeDelta::microseconds(open))
            }),
            Freq::Slots(slots) => self.move_wall(stamp, |wall| {
                let midnight = wall.date().and_time(chrono::NaiveTime::MIN);
                let of_day = (wall - midnight).num_microseconds()?;
                let today = slots.starts().find(|&start| start > of_day);
                let day = if today.is_some() { midnight } else { self.next_open_day(midnight)? };
                Some(day + TimeDelta::microseconds(today.or(slots.starts().next())?))
            }),
        }
    }

    /// Observations in one turn of the most usual season of this frequency; 1 where there is none.
    ///
    /// 24 for hours, 7 for days, 5 for business days, 52 for weeks, 12 for months, 4 for quarters,
    /// one session for session bars, one day for other steps below a day.
    pub fn season(&self) -> usize {
        match self.freq {
            Freq::Steps(_) => 1,
            Freq::Micros(step) if 0 < step && step < DAY && DAY % step == 0 => {
                (DAY / step) as usize
            }
            Freq::Micros(step) if step == DAY => 7,
            Freq::Micros(_) => 1,
            Freq::Days(1) => 7,
            Freq::Days(7) => 52,
            Freq::Days(_) => 1,
            Freq::BusinessDays => 5,
            Freq::Months { count, .. } if 12 % count == 0 => (12 / count) as usize,
            Freq::Months { .. } => 1,
            Freq::Sessions { every, open, close } => ((close - open) / every + 1) as usize,
            Freq::Slots(slots) => slots.count,
        }
    }

    /// The stamp as text.
    pub fn show(&self, stamp: Stamp) -> String {
        self.clock.show(stamp)
    }

    fn months_after(&self, stamp: Stamp, turns: i64) -> Stamp {
        let Freq::Months { count, end } = self.freq else { return stamp };
        self.move_wall(stamp, |wall| {
            let moved = wall.checked_add_months(Months::new(u32::try_from(count * turns).ok()?))?;
            if !end {
                return Some(moved);
            }
            let first = moved.with_day(1)?;
            first.checked_add_months(Months::new(1))?.checked_sub_days(Days::new(1))
        })
    }

    fn next_open_day(&self, wall: NaiveDateTime) -> Option<NaiveDateTime> {
        let mut day = wall;
        loop {
            day = day.checked_add_days(Days::new(1))?;
            let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
            if !weekend && self.closed.binary_search(&Stamp::of_date(day.date())).is_err() {
                return Some(day);
            }
        }
    }

    /// Moves in wall time, so that a day has the hours its zone gives it. Saturates at the end of time.
    fn move_wall(
        &self,
        stamp: Stamp,
        to: impl FnOnce(NaiveDateTime) -> Option<NaiveDateTime>,
    ) -> Stamp {
        let Some(wall) = self.clock.local(stamp) else { return Stamp(stamp.0.saturating_add(1)) };
        to(wall).map_or(Stamp(i64::MAX), |moved| self.clock.stamp(moved))
    }
}

/// A frequency that nobody could read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot read frequency `{0}`: use 5min, h, D, B, W, MS, ME, QS, QE, YS, YE, a number of steps, \
     or slots as 09:15,11:35,13:35"
)]
pub struct FreqError(pub String);

impl FromStr for Freq {
    type Err = FreqError;

    /// Reads `5min`, `30s`, `h`, `D`, `B`, `W`, `MS`, `ME`, `QS`, `QE`, `YS`, `YE` with an optional
    /// count in front, a plain number of steps, or the slots of a day as `09:15,11:35,13:35`.
    /// Sessions are inferred or set by a card, never spelt.
    fn from_str(text: &str) -> Result<Freq, FreqError> {
        let refuse = || FreqError(text.to_string());
        if text.contains(':') {
            let minute = |start: &str| -> Option<u16> {
                let (hour, minute) = start.trim().split_once(':')?;
                let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
                (hour < 24 && minute < 60).then_some(60 * hour + minute)
            };
            let starts: Option<Vec<u16>> = text.split(',').map(minute).collect();
            let slots = starts.and_then(|starts| Slots::new(&starts));
            return slots.map(Freq::Slots).ok_or_else(refuse);
        }
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (count, unit) = text.split_at(digits);
        let count: i64 = if count.is_empty() { 1 } else { count.parse().map_err(|_| refuse())? };
        if count == 0 || count > 1_000_000_000 {
            return Err(refuse());
        }
        let micros = |unit: i64| count.checked_mul(unit).map(Freq::Micros).ok_or_else(refuse);
        let months = |each: i64, end| Ok(Freq::Months { count: count * each, end });
        match unit {
            "" if digits > 0 => Ok(Freq::Steps(count)),
            "us" => micros(1),
            "ms" => micros(1_000),
            "s" | "S" => micros(1_000_000),
            "min" | "T" | "m" => micros(60_000_000),
            "h" | "H" => micros(3_600_000_000),
            "D" | "d" => Ok(Freq::Days(count)),
            "W" | "w" => Ok(Freq::Days(7 * count)),
            "B" | "b" if count == 1 => Ok(Freq::BusinessDays),
            "M" | "MS" | "mo" => months(1, false),
            "ME" => months(1, true),
            "Q" | "QS" | "q" => months(3, false),
            "QE" => months(3, true),
            "Y" | "YS" | "A" | "y" => months(12, false),
            "YE" => months(12, true),
            _ => Err(refuse()),
        }
    }
}

impl fmt::Display for Freq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut counted = |count: i64, unit: &str| match count {
            1 => f.write_str(unit),
            _ => write!(f, "{count}{unit}"),
        };
        match *self {
            Freq::Steps(step) => write!(f, "{step}"),
            Freq::Micros(us) if us % 3_600_000_000 == 0 => counted(us / 3_600_000_000, "h"),
            Freq::Micros(us) if us % 60_000_000 == 0 => counted(us / 60_000_000, "min"),
            Freq::Micros(us) if us % 1_000_000 == 0 => counted(us / 1_000_000, "s"),
            Freq::Micros(us) => counted(us, "us"),
            Freq::Days(days) if days % 7 == 0 => counted(days / 7, "W"),
            Freq::Days(days) => counted(days, "D"),
            Freq::BusinessDays => f.write_str("B"),
            Freq::Months { count, end } => {
                let (each, letter) = match count {
                    _ if count % 12 == 0 => (12, "Y"),
                    _ if count % 3 == 0 => (3, "Q"),
                    _ => (1, "M"),
                };
                counted(count / each, &format!("{letter}{}", if end { "E" } else { "S" }))
            }
            Freq::Sessions { every, .. } => write!(f, "{} within sessions", Freq::Micros(every)),
            Freq::Slots(slots) => {
                let starts = slots.minutes.iter().take(slots.count);
                let shown: Vec<String> =
                    starts.map(|minute| format!("{:02}:{:02}", minute / 60, minute % 60)).collect();
                f.write_str(&shown.join(","))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wall(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
    }

    /// From the 31st of January, monthly steps come back to the 31st after February.
    #[test]
    fn months_do_not_drift() {
        let calendar = Calendar::new(Clock::Date, "MS".parse().unwrap());
        let start = Stamp::of_wall(wall("2023-01-31 00:00"));
        let shown: Vec<String> =
            calendar.after(start, 3).iter().map(|&at| calendar.show(at)).collect();
        assert_eq!(shown, ["2023-02-28", "2023-03-31", "2023-04-30"]);
    }

    /// What a clock shows, it reads; a date alone is midnight; an offset needs a zone.
    #[test]
    fn a_clock_reads_what_it_shows() {
        let berlin = Clock::Zone(chrono_tz::Europe::Berlin);
        let at = Stamp::of_wall(wall("2023-07-03 09:15"));
        for clock in [Clock::Step, Clock::Wall, berlin] {
            assert_eq!(clock.read(&clock.show(at)), Some(at));
        }
        assert_eq!(Clock::Date.read("2023-07-03"), Some(Stamp::of_wall(wall("2023-07-03 00:00"))));
        assert_eq!(berlin.read("2023-07-03"), Some(Stamp::of_wall(wall("2023-07-02 22:00"))));
        assert_eq!(Clock::Date.read("2023-07-03T09:15:00+02:00"), None);
        assert_eq!(Clock::Step.read("2023-07-03"), None);
    }

    /// Berlin's 2023-03-26 has 23 hours and 2023-10-29 has 25; a daily step keeps noon at noon.
    #[test]
    fn days_follow_the_zone() {
        let calendar = Calendar::new(Clock::Zone(chrono_tz::Europe::Berlin), Freq::Days(1));
        let hours = |day: &str| {
            let at = calendar.clock.stamp(wall(day));
            (calendar.next(at).0 - at.0) / 3_600_000_000
        };
        assert_eq!(hours("2023-03-25 12:00"), 23);
        assert_eq!(hours("2023-10-28 12:00"), 25);
    }

    /// A closed Monday after a weekend: Friday is followed by Tuesday.
    #[test]
    fn business_days_skip_closed_days() {
        let friday = Stamp::of_wall(wall("2024-05-24 00:00"));
        let mut calendar = Calendar::new(Clock::Date, Freq::BusinessDays);
        calendar.closed = vec![Stamp::of_wall(wall("2024-05-27 00:00"))];
        assert_eq!(calendar.show(calendar.next(friday)), "2024-05-28");
    }

    /// The bar after Friday's last is Monday's first, and a session of 75 bars is the season.
    #[test]
    fn sessions_jump_the_night() {
        let minute = 60_000_000;
        let freq = Freq::Sessions { every: 5 * minute, open: 555 * minute, close: 925 * minute };
        let calendar = Calendar::new(Clock::Wall, freq);
        let last = Stamp::of_wall(wall("2023-07-07 15:25"));
        assert_eq!(calendar.show(calendar.next(last)), "2023-07-10T09:15:00");
        assert_eq!(calendar.season(), 75);
    }

    /// After the afternoon of a Friday comes the morning of Monday.
    #[test]
    fn slots_jump_the_weekend() {
        let calendar = Calendar::new(Clock::Wall, "09:15,11:35,13:35".parse().unwrap());
        let morning = Stamp::of_wall(wall("2023-07-07 09:15"));
        let shown: Vec<String> =
            calendar.after(morning, 3).iter().map(|&at| calendar.show(at)).collect();
        let slots = ["2023-07-07T11:35:00", "2023-07-07T13:35:00", "2023-07-10T09:15:00"];
        assert_eq!((shown, calendar.season()), (slots.map(String::from).to_vec(), 3));
    }

    /// Printing a frequency and reading it again changes nothing.
    #[test]
    fn frequencies_round_trip() {
        for text in [
            "1",
            "5min",
            "30s",
            "h",
            "D",
            "B",
            "W",
            "MS",
            "ME",
            "QS",
            "QE",
            "YS",
            "2W",
            "09:15,13:35",
        ] {
            assert_eq!(text.parse::<Freq>().unwrap().to_string(), text);
        }
        for text in ["fortnight", "13:35,09:15", "09:75", "25:00", ":"] {
            assert!(text.parse::<Freq>().is_err(), "{text}");
        }
    }
}
