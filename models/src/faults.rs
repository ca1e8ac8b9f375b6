//! Models that fail on purpose, for tests of what lies around them: no roster lists them, and no
//! program is built with them.

use almanac_data::FitError;
use serde::{Deserialize, Serialize};

use crate::forecast::{Extrapolate, Past, Univariate};
use crate::roster::{Entry, line};
use crate::{Ctx, Setting, Settings};

/// Reads past the end of its past.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Panics {}

impl Settings for Panics {
    const TABLE: &'static [Setting] = &[];
}

impl Univariate for Panics {
    fn fit(&self, _ctx: &Ctx, past: &Past<'_>) -> Result<Box<dyn Extrapolate>, FitError> {
        let ahead = past.y[past.y.len()];
        Err(FitError::Domain { must: "known", got: ahead })
    }
}

/// A model that fails on purpose.
pub(crate) fn entry(name: &str) -> Option<&'static Entry<dyn Univariate>> {
    const FAULTS: &[Entry<dyn Univariate>] =
        &[line::<dyn Univariate, Panics>("panics", "reads past the end of its past")];
    FAULTS.iter().find(|entry| entry.name == name)
}
