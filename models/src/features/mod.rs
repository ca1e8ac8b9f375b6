//! Features: what a learner is told about the row that is asked. One file and one roster line each.
//!
//! ```text
//! rows   ───── past, up to the origin ─────┃ step 1, 2, …        the row asked is origin + step
//! Seen   values and columns known so far   ┃ its stamp, and columns known in advance
//! ```
//!
//! A feature is handed what may be seen and nothing else: it cannot reach the future, by type. What
//! it learns (a lag, a dimension) it learns from a past, in [`Feature::learn`], again in every fold.

mod lags;
mod seen;

use almanac_data::{FitError, nearest};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::settings::{SettingError, Written};

pub use lags::Lags;
pub use seen::{Beside, Seen, Track};

/// Every feature.
pub const ROSTER: &[Line] = &[line::<Lags>(
    "lags",
    "values so many rows before the row asked",
    "row numbers, as in [1, 7]; [] = one season, at least 7 rows and at most 28",
)];

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
        let feature: F = serde_json::from_value(value.clone()).map_err(|e| e.to_string())?;
        feature.check()?;
        Ok(Box::new(feature) as Box<dyn Feature>)
    };
    Line { name, about, form, build }
}

/// The features of one model.
pub struct Features {
    list: Vec<Box<dyn Feature>>,
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
        let mut list: Vec<Box<dyn Feature>> = Vec::new();
        let switch = |name: &str| written.get(name).and_then(Value::as_bool).unwrap_or(false);
        for (name, value) in written.iter().filter(|(name, _)| !SWITCHES.contains(&name.as_str())) {
            let names = || ROSTER.iter().map(|line| line.name).chain(SWITCHES.iter().copied());
            let line = ROSTER.iter().find(|line| line.name == name);
            let line = line.ok_or_else(|| SettingError::Unknown {
                name: name.clone(),
                nearest: nearest(name, names()).map(String::from),
                known: names().collect(),
            })?;
            let wrong = |message| SettingError::Type {
                name: format!("features.{name}"),
                message: format!("{message}; it takes {}", line.form),
            };
            list.push((line.build)(value).map_err(wrong)?);
        }
        if list.is_empty() {
            list.push(Box::new(Lags::default()));
        }
        Ok(Features { list, same_row: switch("allow_same_row") })
    }

    /// The same after every feature learnt what it must from this past.
    ///
    /// # Errors
    /// A past from which one of them cannot be learnt.
    pub fn learn(&self, past: &Seen<'_>) -> Result<Learnt<'_>, FitError> {
        let learnt = self.list.iter().map(|feature| feature.learn(past));
        let learnt = learnt.collect::<Result<_, FitError>>()?;
        Ok(Learnt { features: self, learnt })
    }
}

/// Features that have learnt what they must from the past of one series.
pub struct Learnt<'a> {
    features: &'a Features,
    learnt: Vec<Option<Box<dyn Feature>>>,
}

impl Learnt<'_> {
    fn each(&self) -> impl Iterator<Item = &dyn Feature> {
        let pairs = self.features.list.iter().zip(&self.learnt);
        pairs.map(|(own, learnt)| learnt.as_deref().unwrap_or(own.as_ref()))
    }

    /// Names of all columns, in order.
    pub fn names(&self, season: usize) -> Vec<String> {
        self.each().flat_map(|feature| feature.names(season)).collect()
    }

    /// All columns' values for the row asked.
    pub fn at(&self, seen: &Seen<'_>, out: &mut Vec<f64>) {
        self.each().for_each(|feature| feature.at(seen, out));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    }
}
