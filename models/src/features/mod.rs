//! Features: what a learner is told about the row that is asked. One file and one roster line each.
//!
//! ```text
//! rows   ───── past, up to the origin ─────┃ step 1, 2, …        the row asked is origin + step
//! Seen   values and columns known so far   ┃ its stamp, and columns known in advance
//! ```
//!
//! A feature is handed what may be seen and nothing else: it cannot reach the future, by type. What
//! it learns (a lag, a dimension) it learns from a past, in [`Feature::learn`], again in every fold.

pub mod battery;
mod calendar;
mod chaos;
mod columns;
mod differences;
mod ewm;
mod expanding;
mod fourier;
mod holidays;
mod indicators;
mod lags;
mod rolling;
mod rolling_seasonal;
mod seasonal_lags;
mod seen;
mod slots;
mod step;
mod walk;

use std::collections::BTreeMap;
use std::sync::Arc;

use almanac_data::{FitError, Role, nearest};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::settings::{SettingError, Written};

pub use lags::Lags;
pub use seen::{Beside, Seen, Track};
pub use walk::{Running, Walk};

/// Every feature.
pub const ROSTER: &[Line] = &[
    line::<Lags>(
        "lags",
        "values so many rows before the row asked",
        "row numbers, as in [1, 7]; [] = one season, at least 7 rows and at most 28",
    ),
    line::<seasonal_lags::SeasonalLags>(
        "seasonal_lags",
        "the newest known values of the same place in the season",
        "which of them, from 1 = the newest, as in [1, 2]; [] = 1 and 2",
    ),
    line::<differences::Differences>(
        "differences",
        "the newest value less the value so many rows before it",
        "row numbers, as in [1, 7]; [] = 1 and the season",
    ),
    line::<rolling::Rolling>(
        "rolling",
        "statistics of the newest values",
        "windows, as in [7, 28], or { windows = [7], of = [\"mean\", \"std\", \"min\", \"max\", \
         \"median\", \"sum\", \"q90\"], offset = 0 }",
    ),
    line::<rolling_seasonal::RollingSeasonal>(
        "rolling_seasonal",
        "statistics of the newest values of the same place in the season",
        "how many values, as in [4], or { counts = [4], of = [\"mean\", \"std\"] }",
    ),
    line::<expanding::Expanding>(
        "expanding",
        "statistics of the whole past",
        "some of [\"mean\", \"std\", \"min\", \"max\", \"sum\"]; [] = mean and std",
    ),
    line::<ewm::Ewm>(
        "ewm",
        "exponentially weighted means of the past",
        "shares of the newest value, as in [0.1, 0.5]",
    ),
    line::<calendar::Fields>(
        "calendar",
        "what the calendar says of the row asked",
        "some of [\"weekday\", \"weekday_number\", \"weekend\", \"business_day\", \"day\", \"day_of_year\", \
         \"week\", \"month\", \"month_onehot\", \"quarter\", \"year\", \"hour\", \"hour_onehot\", \"minute\", \
         \"slot\", \"month_start\", \"month_end\"]",
    ),
    line::<holidays::Holidays>(
        "holidays",
        "whether the row asked is, precedes or follows one of these dates",
        "dates, as in [\"2024-01-26\"], or { dates = [\"2024-01-26\"], near = 1 }",
    ),
    line::<fourier::Fourier>(
        "fourier",
        "sines and cosines of the season",
        "a number of pairs, or { pairs = 3, periods = [7.0, 365.25] }",
    ),
    line::<columns::Columns>(
        "columns",
        "columns beside the values",
        "true for all that are known in time, or rows before the row asked for each column, as in \
         { holiday = [0], volume = [1, 2] }",
    ),
    line::<indicators::Indicators>(
        "indicators",
        "technical indicators of the past",
        "names with or without windows, as in [\"rsi\", \"sma_50\"], or { of = [\"atr\"], levels = \
         \"ratio\", high = \"high\" }; there are sma, wma, ema, rsi, bollinger, cci, macd, roc, momentum, \
         atr, stochastic, williams, obv, mfi and adx; levels are ratio, value or both",
    ),
    line::<chaos::Chaos>(
        "chaos",
        "the state space of the series: values at a distance and in a dimension that its past tells",
        "true, or { rule = \"zero\", most_lag = 14, most_dimension = 10, only_if_chaotic = false }; rules \
         are zero, decay and noise; lag and dimension may be given",
    ),
    line::<slots::Slots>(
        "slots",
        "eleven changes and dates of the bars of a part of the day",
        "true, or { lag = 1, high = \"high\", low = \"low\", close = \"close\", volume = \"volume\", index = \
         \"index\" }; lag is 1, or 0 with allow_same_row",
    ),
    line::<step::Step>("step", "how many rows after the origin the row asked is", "true"),
];

/// Names in a `[features]` table that are no feature.
const SWITCHES: &[&str] = &["allow_same_row"];

/// What a learner is told about a row, in one or more columns.
pub trait Feature: Send + Sync {
    /// Names of its columns for a series of this season.
    fn names(&self, season: usize) -> Vec<String>;

    /// Its columns' values for the row asked: one a name, NaN where the past is too short.
    fn at(&self, seen: &Seen<'_>, out: &mut Vec<f64>);

    /// The same feature after it learnt what it must from a past; `None` where it learns nothing.
    ///
    /// # Errors
    /// A past from which it cannot be learnt.
    fn learn(&self, past: &Seen<'_>) -> Result<Option<Box<dyn Feature>>, FitError> {
        let _ = past;
        Ok(None)
    }

    /// What [`Feature::learn`] learnt; null where it learns nothing.
    fn keep(&self) -> Value {
        Value::Null
    }

    /// What [`Feature::learn`] gave, from what it kept; `None` where it learns nothing.
    ///
    /// # Errors
    /// What it cannot have learnt.
    fn restore(&self, kept: &Value) -> Result<Option<Box<dyn Feature>>, FitError> {
        crate::keep::unless(kept.is_null(), "a feature that learns nothing")?;
        Ok(None)
    }

    /// Columns that it asks for by name, each with the fewest rows before the row asked.
    fn reads(&self) -> Vec<(&str, usize)> {
        Vec::new()
    }

    /// The same as [`Feature::at`] for a past that grows; `None` where reading it again is quick.
    fn running(&self) -> Option<Box<dyn Running>> {
        None
    }
}

/// A feature as a person writes it.
pub(crate) trait Form: Feature + DeserializeOwned + 'static {
    /// Why the values cannot be used, if they cannot.
    fn check(&self) -> Result<(), String>;
}

/// One line of the features' roster.
pub struct Line {
    /// Its name in a `[features]` table.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// What may stand there, in words.
    pub form: &'static str,
    build: fn(&Value) -> Result<Box<dyn Feature>, String>,
}

const fn line<F: Form>(name: &'static str, about: &'static str, form: &'static str) -> Line {
    let build = |value: &Value| {
        let feature: F = serde_json::from_value(value.clone()).map_err(|e| reason(&e))?;
        feature.check()?;
        Ok(Box::new(feature) as Box<dyn Feature>)
    };
    Line { name, about, form, build }
}

/// What serde says of a value, unless it only says that no way of writing fits.
fn reason(error: &serde_json::Error) -> String {
    match error.to_string() {
        text if text.contains("untagged enum") => "cannot be read".into(),
        text => text,
    }
}

/// The features of one model.
pub struct Features {
    list: Vec<Arc<dyn Feature>>,
    /// Whether columns known at the end of their own row may be read in the row asked: a leak,
    /// unless the forecast is made after that row.
    pub same_row: bool,
}

impl Features {
    /// Reads a `[features]` table; nothing in it is the usual lags.
    ///
    /// # Errors
    /// A name that does not exist, with the nearest that does; a value that cannot be used.
    pub fn read(written: &Written) -> Result<Features, SettingError> {
        let mut list: Vec<Arc<dyn Feature>> = Vec::new();
        for (name, value) in written.iter().filter(|(name, _)| !SWITCHES.contains(&name.as_str())) {
            let names = || ROSTER.iter().map(|line| line.name).chain(SWITCHES.iter().copied());
            let line = ROSTER.iter().find(|line| line.name == name);
            let line = line.ok_or_else(|| SettingError::Unknown {
                name: name.clone(),
                nearest: nearest(name, names()).map(String::from),
                known: names().map(String::from).collect(),
            })?;
            let wrong = |message| SettingError::Type {
                name: format!("features.{name}"),
                message: format!("{message}; it takes {}", line.form),
            };
            list.push((line.build)(value).map_err(wrong)?.into());
        }
        if list.is_empty() {
            list.push(Arc::new(Lags::default()));
        }
        let same_row = written.get("allow_same_row").unwrap_or(&Value::Bool(false));
        let same_row = same_row.as_bool().ok_or_else(|| SettingError::Type {
            name: "features.allow_same_row".into(),
            message: format!("takes true or false, not {same_row}"),
        })?;
        Ok(Features { list, same_row })
    }

    /// Whether these columns hold all that is asked for by name, early enough.
    ///
    /// # Errors
    /// A column that is not there, or that becomes known only after the forecast is made.
    pub fn admit(&self, columns: &[(&str, Role)]) -> Result<(), SettingError> {
        let wrong = |message| SettingError::Type { name: "features".into(), message };
        for (name, lag) in self.list.iter().flat_map(|feature| feature.reads()) {
            let Some((_, role)) = columns.iter().find(|(column, _)| *column == name) else {
                let near = nearest(name, columns.iter().map(|(column, _)| *column));
                let near = near.map(|near| format!("; did you mean `{near}`?"));
                let way = near.unwrap_or_else(|| ": declare it with its role".into());
                return Err(wrong(format!("there is no column `{name}`{way}")));
            };
            let known = match role {
                Role::Static | Role::Known => continue,
                Role::Past => "at the end of its row",
                Role::Open => "when its bar opens",
                Role::Close => "when its bar closes",
            };
            if lag == 0 && !self.same_row {
                return Err(wrong(format!(
                    "column `{name}` becomes known {known}, after the forecast of that row is made: \
                     read it 1 row before, or set allow_same_row = true, which marks the leaderboard"
                )));
            }
        }
        Ok(())
    }

    /// The same after every feature learnt what it must from this past.
    ///
    /// # Errors
    /// A past from which one of them cannot be learnt.
    pub fn learn(&self, past: &Seen<'_>) -> Result<Learnt, FitError> {
        let columns: Vec<_> = past.columns().collect();
        self.admit(&columns).map_err(|error| FitError::Failed(error.to_string()))?;
        let learn = |feature: &Arc<dyn Feature>| {
            let learnt = feature.learn(past)?;
            Ok(learnt.map_or_else(|| Arc::clone(feature), Arc::from))
        };
        Ok(Learnt(self.list.iter().map(learn).collect::<Result<_, FitError>>()?))
    }

    /// The same for several series.
    ///
    /// # Errors
    /// As of [`Features::restore`].
    pub(crate) fn restore_all(&self, kept: BTreeMap<String, Facts>) -> Result<OfSeries, FitError> {
        kept.into_iter().map(|(id, kept)| Ok((id, self.restore(&kept)?))).collect()
    }

    /// The same from what was kept of it.
    ///
    /// # Errors
    /// What these features cannot have learnt.
    pub(crate) fn restore(&self, kept: &[Value]) -> Result<Learnt, FitError> {
        crate::keep::unless(kept.len() == self.list.len(), "other features")?;
        let restore = |(feature, kept): (&Arc<dyn Feature>, &Value)| {
            let learnt = feature.restore(kept)?;
            Ok(learnt.map_or_else(|| Arc::clone(feature), Arc::from))
        };
        Ok(Learnt(self.list.iter().zip(kept).map(restore).collect::<Result<_, FitError>>()?))
    }
}

/// What the features of several series learnt, by the series' names.
pub(crate) type OfSeries = BTreeMap<String, Learnt>;

/// What each of several features learnt.
pub(crate) type Facts = Vec<Value>;

/// Features that have learnt what they must from the past of one series.
#[derive(Clone)]
pub struct Learnt(Vec<Arc<dyn Feature>>);

impl Learnt {
    /// What was learnt, for [`Features::restore`].
    pub(crate) fn keep(&self) -> Facts {
        self.0.iter().map(|feature| feature.keep()).collect()
    }

    /// Names of all columns, in order.
    pub fn names(&self, season: usize) -> Vec<String> {
        self.0.iter().flat_map(|feature| feature.names(season)).collect()
    }

    /// All columns' values for the row asked.
    pub fn at(&self, seen: &Seen<'_>, out: &mut Vec<f64>) {
        self.0.iter().for_each(|feature| feature.at(seen, out));
    }

    /// For rows of one series asked one after another.
    pub fn walk(&self) -> Walk<'_> {
        Walk::new(self.0.iter().map(AsRef::as_ref).collect())
    }
}

/// A short way to write something, or a table.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Or<S, T> {
    Short(S),
    Table(T),
}

#[cfg(test)]
mod tests {
    use super::*;
    use almanac_data::{Calendar, Stamp};

    /// Values at plain steps with a hundred rows ahead.
    pub(super) fn plain(y: &[f64], season: usize) -> Track<'static> {
        let at = (1..=y.len() as i64 + 100).map(Stamp).collect();
        let calendar = Box::leak(Box::new(Calendar::steps()));
        Track { id: "a", y: y.to_vec(), at, calendar, season, beside: vec![], same_row: false }
    }

    /// What a feature says of the row `step` after this origin.
    pub(super) fn values(
        feature: &dyn Feature,
        track: &Track<'_>,
        origin: usize,
        step: usize,
    ) -> Vec<f64> {
        let mut out = Vec::new();
        feature.at(&track.seen(origin, step), &mut out);
        out
    }

    fn read(text: &str) -> Result<Features, SettingError> {
        Features::read(&serde_json::from_str(text).unwrap())
    }

    /// A slip is refused with its neighbour, a wrong value with what it takes.
    #[test]
    fn mistakes_are_named() {
        let hint = read(r#"{"lag":[1]}"#).err().unwrap().hint().unwrap();
        assert_eq!(hint, "did you mean `lags`?");
        let error = read(r#"{"lags":[0]}"#).err().unwrap().to_string();
        assert!(error.starts_with("setting `features.lags`: a lag is at least 1"), "{error}");
        assert_eq!(read("{}").unwrap().list.len(), 1);
        assert!(read(r#"{"allow_same_row":"yes"}"#).is_err());
    }

    /// Volume of the row asked is not known before it: refused by name, unless the leak is asked for.
    #[test]
    fn late_columns_are_refused() {
        let declared = [("volume", Role::Past), ("holiday", Role::Known)];
        let admit = |text: &str| read(text).unwrap().admit(&declared).map_err(|e| e.to_string());
        assert!(admit(r#"{"columns":{"volume":[1],"holiday":[0]}}"#).is_ok());
        let error = admit(r#"{"columns":{"volume":[0]}}"#).unwrap_err();
        assert!(error.contains("`volume` becomes known at the end of its row"), "{error}");
        assert!(admit(r#"{"columns":{"volume":[0]},"allow_same_row":true}"#).is_ok());
        let error = admit(r#"{"columns":{"volum":[1]}}"#).unwrap_err();
        assert!(error.contains("did you mean `volume`?"), "{error}");
    }
}
