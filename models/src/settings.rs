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
        let names: Vec<&str> = Self::TABLE.iter().map(|setting| setting.name).collect();
        known(written, &names)?;
        let settings: Self =
            serde_json::from_value(Value::Object(written.clone())).map_err(|e| {
                // Serde does not say which field: find it by reading one at a time.
                let alone = |key: &String, value: &Value| {
                    let one = Map::from_iter([(key.clone(), value.clone())]);
                    serde_json::from_value::<Self>(Value::Object(one)).err()
                };
                let culprit =
                    written.iter().find_map(|(key, value)| Some((key, alone(key, value)?)));
                let (name, message) = match culprit {
                    Some((key, error)) => (key.clone(), error.to_string()),
                    None => (String::new(), e.to_string()),
                };
                SettingError::Type { name, message }
            })?;
        settings.check()?;
        Ok(settings)
    }
}

/// Refuses settings of other names.
///
/// # Errors
/// [`SettingError::Unknown`] for the first.
pub(crate) fn known(written: &Written, names: &[&'static str]) -> Result<(), SettingError> {
    match written.keys().find(|key| !names.contains(&key.as_str())) {
        None => Ok(()),
        Some(name) => Err(SettingError::Unknown {
            name: name.clone(),
            nearest: nearest(name, names.iter().copied()).map(str::to_string),
            known: names.to_vec(),
        }),
    }
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
        known: Vec<&'static str>,
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
}

/// The settings table of a type, defaults read from its `Default`.
pub fn rows<S: Settings>() -> Vec<SettingRow> {
    let defaults = serde_json::to_value(S::default()).unwrap_or_default();
    let row = |setting: &Setting| SettingRow {
        name: setting.name,
        default: defaults.get(setting.name).cloned().unwrap_or_default(),
        range: setting.range,
        meaning: setting.meaning,
    };
    S::TABLE.iter().map(row).collect()
}
