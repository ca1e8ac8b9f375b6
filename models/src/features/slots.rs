//! Slots: eleven things that bars say of the last part of the day.
//!
//! ```text
//! month, day_month, day_week (1 = Monday), time (place in the day, from 1)    of the row asked
//! x_perc     = 100·(x[s] − x[s−1])/x[s−1]     for open, high, low, close, volume and an index
//! range_diff = (high[s] − low[s]) − (high[s−1] − low[s−1])
//! ```
//!
//! The value is the bars' open. With lag 1, s is the newest bar that is known. With lag 0, s is the row
//! asked: its high, low, close and volume are not known when it opens, so that this leaks, is refused
//! without `allow_same_row`, and leaves out `open_perc`, which is what is asked. NaN where a bar, or what
//! a change is measured against, is missing or 0. Mehtab & Sen, arXiv 2004.11697, 2020.

use almanac_data::FitError;
use chrono::Datelike;
use serde::Deserialize;

use super::calendar::{dated, place_in_day};
use super::{Feature, Form, Or, Seen};

/// Which columns make the bars, and how far back the newest one read is.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Or<bool, Table>")]
pub struct Slots(Table);

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Table {
    lag: usize,
    high: String,
    low: String,
    close: String,
    volume: String,
    index: Option<String>,
}

impl Default for Table {
    fn default() -> Table {
        let [high, low, close, volume] = ["high", "low", "close", "volume"].map(String::from);
        Table { lag: 1, high, low, close, volume, index: None }
    }
}

impl TryFrom<Or<bool, Table>> for Slots {
    type Error = String;

    fn try_from(written: Or<bool, Table>) -> Result<Slots, String> {
        match written {
            Or::Short(true) => Ok(Slots(Table::default())),
            Or::Short(false) => Err("leave it out instead of false".into()),
            Or::Table(table) => Ok(Slots(table)),
        }
    }
}

impl Table {
    /// The columns whose changes are told, each with its name among the eleven.
    fn changes(&self) -> impl Iterator<Item = (&str, &'static str)> {
        let four = [&self.high, &self.low, &self.close, &self.volume];
        let four = four.into_iter().zip(["high_perc", "low_perc", "close_perc", "vol_perc"]);
        let index = self.index.iter().map(|index| (index, "index_perc"));
        four.chain(index).map(|(column, name)| (column.as_str(), name))
    }
}

/// The change from `before` to `now`, in percent.
fn percent(now: f64, before: f64) -> f64 {
    if before == 0.0 { f64::NAN } else { 100.0 * (now - before) / before }
}

impl Form for Slots {
    fn check(&self) -> Result<(), String> {
        match self.0.lag {
            0 | 1 => Ok(()),
            lag => Err(format!("lag is 1, or 0 with allow_same_row, not {lag}")),
        }
    }
}

impl Feature for Slots {
    fn names(&self, _season: usize) -> Vec<String> {
        let calendar = ["month", "day_month", "day_week", "time"];
        let open = ["open_perc"].into_iter().take(self.0.lag);
        let changes = self.0.changes().map(|(_, name)| name);
        let all = calendar.into_iter().chain(open).chain(changes).chain(["range_diff"]);
        all.map(String::from).collect()
    }

    fn at(&self, seen: &Seen<'_>, out: &mut Vec<f64>) {
        let table = &self.0;
        match seen.calendar().clock.local(seen.when) {
            None => out.extend([f64::NAN; 4]),
            Some(local) => {
                let weekday = local.weekday().number_from_monday();
                let time = place_in_day(seen.calendar().freq, local);
                out.extend([local.month(), local.day(), weekday, time].map(f64::from));
            }
        }
        let lag = if table.lag == 0 { 0 } else { seen.step };
        if table.lag > 0 {
            out.push(percent(seen.lag(lag), seen.lag(lag + 1)));
        }
        let change = |column| percent(seen.column(column, lag), seen.column(column, lag + 1));
        out.extend(table.changes().map(|(column, _)| change(column)));
        let range = |lag| seen.column(&table.high, lag) - seen.column(&table.low, lag);
        out.push(range(lag) - range(lag + 1));
    }

    fn learn(&self, past: &Seen<'_>) -> Result<Option<Box<dyn Feature>>, FitError> {
        dated("slots", past).map(|()| None)
    }

    fn reads(&self) -> Vec<(&str, usize)> {
        self.0.changes().map(|(column, _)| (column, self.0.lag)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::tests::values;
    use crate::features::{Beside, Track};
    use almanac_data::{Calendar, Clock, Freq, Role, Stamp};

    /// Three slots of Friday 1 March 2024, the third asked. Open rose from 10 to 11 (10 %), high from 12
    /// to 15 (25 %); ranges went from 4 to 6. With lag 0 the third bar's own 18 is read: 20 %.
    #[test]
    fn slots_by_hand() {
        let freq = "09:00,11:35,13:35".parse::<Freq>().unwrap();
        let calendar = Calendar::new(Clock::Wall, freq);
        let at: Vec<Stamp> = ["09:00", "11:35", "13:35"]
            .map(|time| Clock::Wall.read(&format!("2024-03-01 {time}")).unwrap())
            .to_vec();
        let column = |name, past, ahead| Beside { name, role: Role::Close, past, ahead };
        let beside = vec![
            column("high", &[12.0, 15.0], &[18.0]),
            column("low", &[8.0, 9.0], &[9.0]),
            column("close", &[10.0, 10.0], &[5.0]),
            column("volume", &[0.0, 7.0], &[14.0]),
        ];
        let mut track = Track {
            id: "a",
            y: vec![10.0, 11.0],
            at,
            calendar: &calendar,
            season: 3,
            beside,
            same_row: false,
        };
        let honest: Slots = serde_json::from_str("true").unwrap();
        let got = values(&honest, &track, 2, 1);
        assert_eq!(got[..8], [3.0, 1.0, 5.0, 3.0, 10.0, 25.0, 12.5, 0.0]);
        assert!(got[8].is_nan());
        assert_eq!(got[9], 2.0);

        track.same_row = true;
        let faithful: Slots = serde_json::from_str(r#"{"lag":0}"#).unwrap();
        let want = [3.0, 1.0, 5.0, 3.0, 20.0, 0.0, -50.0, 100.0, 3.0];
        assert_eq!(values(&faithful, &track, 2, 1), want);
        assert_eq!(faithful.names(3)[4], "high_perc");
    }
}
