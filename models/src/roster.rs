//! Entries of a roster: a name, a line about it, its settings, and how to build it.

use serde::{Deserialize, Serialize};

use almanac_data::nearest;

use crate::forecast::{ROSTER, Univariate};
use crate::settings::{SettingError, SettingRow, Settings, Written, rows};

/// One line of a roster: what help, docs, API listing and the law tests read.
pub struct Entry<M: ?Sized> {
    /// The name in specs.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// Its settings with their defaults.
    pub settings: fn() -> Vec<SettingRow>,
    /// The method with these settings.
    pub build: fn(&Written) -> Result<Box<M>, SettingError>,
    /// These settings with every default filled in.
    pub resolve: fn(&Written) -> Result<Written, SettingError>,
}

/// A one-series forecaster's line.
pub(crate) const fn univariate<S: Settings + Univariate + 'static>(
    name: &'static str,
    about: &'static str,
) -> Entry<dyn Univariate> {
    Entry {
        name,
        about,
        settings: rows::<S>,
        build: |written| Ok(Box::new(S::read(written)?)),
        resolve: |written| {
            let settings = serde_json::to_value(S::read(written)?).unwrap_or_default();
            Ok(settings.as_object().cloned().unwrap_or_default())
        },
    }
}

/// The forecaster of this name.
///
/// # Errors
/// The nearest name, where one is near.
pub fn entry(name: &str) -> Result<&'static Entry<dyn Univariate>, Option<&'static str>> {
    ROSTER
        .iter()
        .find(|entry| entry.name == name)
        .ok_or_else(|| nearest(name, ROSTER.iter().map(|entry| entry.name)))
}

/// A model inside a model, as written: a name, or a table with `use` and settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Inner {
    /// With its defaults.
    Name(String),
    /// With settings.
    Table {
        /// The model's name.
        #[serde(rename = "use")]
        name: String,
        /// Its settings.
        #[serde(flatten)]
        settings: Written,
    },
}

impl Inner {
    /// The model it names.
    pub fn name(&self) -> &str {
        match self {
            Inner::Name(name) | Inner::Table { name, .. } => name,
        }
    }

    /// The method it stands for.
    ///
    /// # Errors
    /// An unknown name or a setting that cannot be used.
    pub fn build(&self) -> Result<Box<dyn Univariate>, SettingError> {
        let none = Written::new();
        let settings = match self {
            Inner::Name(_) => &none,
            Inner::Table { settings, .. } => settings,
        };
        let fail = |message: String| SettingError::Inner { model: self.name().into(), message };
        let entry = entry(self.name()).map_err(|near| match near {
            Some(near) => fail(format!("unknown; did you mean `{near}`?")),
            None => fail("unknown".into()),
        })?;
        (entry.build)(settings).map_err(|e| match e.hint() {
            Some(hint) => fail(format!("{e}; {hint}")),
            None => fail(e.to_string()),
        })
    }
}
