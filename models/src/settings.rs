//! Settings as plain data, with one table that help, API and docs read.

use almanac_data::nearest;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// Settings as a person wrote them.
pub type Written = Map<String, Value>;

/// One line of a settings table; the default stands in the type's `Default`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// The field's name.
    pub name: &'static str,
    /// What it may be, in words.
    pub range: &'static str,
    /// What it does, in one line.
    pub meaning: &'static str,
}

impl Setting {
    /// A line of a table.
    pub const fn new(name: &'static str, range: &'static str, meaning: &'static str) -> Setting {
        Setting { name, range, meaning }
    }
}

/// Plain public fields, a default, a table and one check.
pub trait Settings: Default + Serialize + DeserializeOwned {
    /// A line for each field, in order.
    const TABLE: &'static [Setting];

    /// Whether the values make sense together.
    ///
    /// # Errors
    /// The first setting that is out of range.
    fn check(&self) -> Result<(), SettingError> {
        Ok(())
    }

    /// Reads settings a person wrote; what is not there keeps its default.
    ///
    /// # Errors
    /// A name that does not exist, a value of another type, a value out of range.
    fn read(written: &Written) -> Result<Self, SettingError> {
        let defaults = serde_json::to_value(Self::default()).unwrap_or_default();
        let names = Self::TABLE.iter().map(|setting| setting.name.to_string()).collect();
        refuse_strangers("", written, names)?;
        for (name, (own, known)) in tables(written, &defaults) {
            refuse_strangers(&format!("{name}."), own, known.keys().cloned().collect())?;
        }
        let settings: Self =
            serde_json::from_value(Value::Object(written.clone())).map_err(|e| {
                // Serde does not say which field: find it by reading one at a time.
                let alone = |one: Written| serde_json::from_value::<Self>(one.into()).err();
                let culprit = one_by_one(written, &defaults)
                    .into_iter()
                    .find_map(|(name, one)| Some((name, alone(one)?.to_string())));
                let (name, message) = culprit.unwrap_or((String::new(), e.to_string()));
                SettingError::Type { name, message }
            })?;
        settings.check()?;
        Ok(settings)
    }
}

/// A table as written, and as it is by default.
type Table<'a> = (&'a Written, &'a Written);

/// The tables inside settings: those whose default names what they hold, as `train` of a network.
fn tables<'a>(
    written: &'a Written,
    defaults: &'a Value,
) -> impl Iterator<Item = (&'a String, Table<'a>)> {
    let table = |value: &'a Value| value.as_object();
    written.iter().filter_map(move |(name, value)| {
        let known = table(defaults.get(name)?)?;
        Some((name, (table(value)?, known))).filter(|_| !known.is_empty())
    })
}

/// Refuses settings of other names, told by their path.
///
/// # Errors
/// [`SettingError::Unknown`] for the first.
pub(crate) fn refuse_strangers(
    within: &str,
    written: &Written,
    known: Vec<String>,
) -> Result<(), SettingError> {
    let Some(name) = written.keys().find(|name| !known.contains(name)) else { return Ok(()) };
    let nearest = nearest(name, known.iter().map(String::as_str)).map(String::from);
    Err(SettingError::Unknown { name: format!("{within}{name}"), nearest, known })
}

/// Settings apart, those of a table under their path, as in `train.rate`.
fn one_by_one(written: &Written, defaults: &Value) -> Vec<(String, Written)> {
    let one = |name: &String, value: Value| Written::from_iter([(name.clone(), value)]);
    let mut all = Vec::new();
    for (table, (own, _)) in tables(written, defaults) {
        for (name, value) in own {
            let inner = one(name, value.clone()).into();
            all.push((format!("{table}.{name}"), one(table, inner)));
        }
    }
    all.extend(written.iter().map(|(name, value)| (name.clone(), one(name, value.clone()))));
    all
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// No setting of this name.
    #[error("unknown setting `{name}`")]
    Unknown {
        /// What was written.
        name: String,
        /// What was probably meant.
        nearest: Option<String>,
        /// All there are.
        known: Vec<String>,
    },
    /// Out of range.
    #[error("setting `{name}` must be {must}, not {got}")]
    Range {
        /// The setting.
        name: &'static str,
        /// What it must be.
        must: &'static str,
        /// What it is.
        got: String,
    },
    /// A value of another type.
    #[error("setting `{name}`: {message}")]
    Type {
        /// The setting.
        name: String,
        /// What was expected.
        message: String,
    },
    /// An inner model that cannot be built.
    #[error("inner model `{model}`: {message}")]
    Inner {
        /// The inner model's name.
        model: String,
        /// Why not.
        message: String,
    },
}

impl SettingError {
    /// A value out of range, unless it is in it.
    ///
    /// # Errors
    /// [`SettingError::Range`] when `ok` is false.
    pub fn unless(
        ok: bool,
        name: &'static str,
        must: &'static str,
        got: impl ToString,
    ) -> Result<(), SettingError> {
        if ok { Ok(()) } else { Err(SettingError::Range { name, must, got: got.to_string() }) }
    }

    /// What to do about it, in one line.
    pub fn hint(&self) -> Option<String> {
        match self {
            SettingError::Unknown { nearest: Some(nearest), .. } => {
                Some(format!("did you mean `{nearest}`?"))
            }
            SettingError::Unknown { known, .. } if known.is_empty() => {
                Some("it has no settings".into())
            }
            SettingError::Unknown { known, .. } => Some(format!("it has {}", known.join(", "))),
            _ => None,
        }
    }
}

/// A line of a settings table with its default.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SettingRow {
    /// The field's name.
    pub name: &'static str,
    /// Its default; null where it follows from the data.
    pub default: Value,
    /// What it may be, in words.
    pub range: &'static str,
    /// What it does.
    pub meaning: &'static str,
    /// Of a table: what may stand in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inside: Vec<SettingRow>,
}

/// The settings table of a type, defaults read from its `Default`.
pub fn rows<S: Settings>() -> Vec<SettingRow> {
    rows_of(&S::default())
}

/// The settings table of a type, with these settings as defaults.
pub(crate) fn rows_of<S: Settings>(defaults: &S) -> Vec<SettingRow> {
    let defaults = serde_json::to_value(defaults).unwrap_or_default();
    let row = |setting: &Setting| SettingRow {
        name: setting.name,
        default: defaults.get(setting.name).cloned().unwrap_or_default(),
        range: setting.range,
        meaning: setting.meaning,
        inside: Vec::new(),
    };
    S::TABLE.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::Cnn;

    fn refused(text: &str) -> (String, Option<String>) {
        let error = Cnn::read(&serde_json::from_str(text).unwrap()).unwrap_err();
        (error.to_string(), error.hint())
    }

    /// What is wrong in a table inside is told by its path, with the names that the table has.
    #[test]
    fn tables_inside() {
        let near = |name: &str| Some(format!("did you mean `{name}`?"));
        let (said, hint) = refused(r#"{"train": {"rate": 1, "epoch": 3}}"#);
        assert_eq!((said.as_str(), hint), ("unknown setting `train.epoch`", near("epochs")));
        let (_, hint) = refused(r#"{"train": {"filters": 3}}"#);
        assert!(hint.clone().unwrap().starts_with("it has epochs, batch,"), "{hint:?}");
        let (said, _) = refused(r#"{"width": 3, "train": {"epochs": 2, "rate": "fast"}}"#);
        assert!(said.starts_with("setting `train.rate`: invalid type"), "{said}");
        let (said, _) = refused(r#"{"train": {"rate": 0}}"#);
        assert_eq!(said, "setting `train.rate` must be above 0, not 0");
        let (said, _) = refused(r#"{"train": 3}"#);
        assert!(said.starts_with("setting `train`: invalid type"), "{said}");
    }
}
