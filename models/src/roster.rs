//! Entries of a roster: a name, a line about it, its settings, and how to build it.

use serde::{Deserialize, Serialize};

use almanac_data::nearest;

use crate::classify::Classify;
use crate::forecast::{ROSTER, Univariate};
use crate::nets::{self, Architecture, Network};
use crate::regress::Regress;
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

/// Settings that are a method of this kind.
pub(crate) trait Of<M: ?Sized>: Settings {
    /// The method behind its kind.
    fn boxed(self) -> Box<M>;

    /// Its settings with their defaults.
    fn table() -> Vec<SettingRow> {
        rows::<Self>()
    }
}

impl<S: Settings + Univariate + 'static> Of<dyn Univariate> for S {
    fn boxed(self) -> Box<dyn Univariate> {
        Box::new(self)
    }
}

impl<S: Settings + Regress + 'static> Of<dyn Regress> for S {
    fn boxed(self) -> Box<dyn Regress> {
        Box::new(self)
    }
}

impl<S: Settings + Classify + 'static> Of<dyn Classify> for S {
    fn boxed(self) -> Box<dyn Classify> {
        Box::new(self)
    }
}

impl<A: Architecture + 'static> Of<dyn Network> for A {
    fn boxed(self) -> Box<dyn Network> {
        Box::new(self)
    }

    fn table() -> Vec<SettingRow> {
        nets::table::<A>()
    }
}

/// A roster's line.
pub(crate) const fn line<M: ?Sized, S: Of<M>>(name: &'static str, about: &'static str) -> Entry<M> {
    Entry {
        name,
        about,
        settings: S::table,
        build: |written| Ok(S::read(written)?.boxed()),
        resolve: |written| {
            let settings = serde_json::to_value(S::read(written)?).unwrap_or_default();
            Ok(settings.as_object().cloned().unwrap_or_default())
        },
    }
}

/// The line of this name.
///
/// # Errors
/// The nearest name, where one is near.
pub fn find<M: ?Sized>(
    roster: &'static [Entry<M>],
    name: &str,
) -> Result<&'static Entry<M>, Option<&'static str>> {
    roster
        .iter()
        .find(|entry| entry.name == name)
        .ok_or_else(|| nearest(name, roster.iter().map(|entry| entry.name)))
}

/// The one-series forecaster of this name.
///
/// # Errors
/// The nearest name, where one is near.
pub fn entry(name: &str) -> Result<&'static Entry<dyn Univariate>, Option<&'static str>> {
    #[cfg(feature = "faults")]
    if let Some(fault) = crate::faults::entry(name) {
        return Ok(fault);
    }
    find(ROSTER, name)
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
