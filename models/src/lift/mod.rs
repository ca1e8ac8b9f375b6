//! Adaptors that turn one kind of model into another: one file each, and a roster line where a
//! specification may ask for it by name.

mod conformal;
mod direction;
mod importance;
mod logged;
mod on_rows;
mod on_windows;
mod per_series;
mod reduce;
mod scaled;
mod target;
mod tuned;

use almanac_data::nearest;
use serde_json::Value;

use crate::forecast::Univariate;
use crate::roster::Inner;
use crate::settings::{SettingError, SettingRow, Settings, Written, rows};

pub use conformal::{Conformal, Way};
pub use direction::{Directed, DirectedModel};
pub use importance::permutation_importance;
pub use logged::Logged;
pub use on_rows::OnRows;
pub use on_windows::{OnWindows, Windowed};
pub use per_series::PerSeries;
pub use reduce::{Reduce, Reduced, Scope, Strategy};
pub use scaled::Scaled;
pub use target::Transform;
pub use tuned::{Choice, Search, Span, Tuned, tuned, tuned_classes};

/// Every adaptor of one-series forecasters.
pub const LIFTS: &[Lift] = &[
    Lift {
        name: "conformal",
        about: "intervals from the method's own errors on held-back steps",
        settings: rows::<Conformal>,
        wrap: |written, inner| Conformal::read(written)?.around(inner),
    },
    Lift {
        name: "log",
        about: "the method on logarithms, its quantiles brought back",
        settings: rows::<Logged>,
        wrap: |written, inner| Logged::read(written)?.around(inner),
    },
];

/// A method, or the setting that it could not use.
pub type Built = Result<Box<dyn Univariate>, SettingError>;

/// One line of the roster of lifts.
pub struct Lift {
    /// Its `kind` in specs.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// Its settings with their defaults.
    pub settings: fn() -> Vec<SettingRow>,
    /// The method inside the lift.
    pub wrap: fn(&Written, &Inner) -> Built,
}

/// A method inside the lift that a person wrote: `kind` and the lift's settings.
///
/// # Errors
/// No `kind`, an unknown one, or a setting that cannot be used.
pub fn lift(written: &Written, inner: &Inner) -> Built {
    let names = || LIFTS.iter().map(|lift| lift.name);
    let choices = names().collect::<Vec<_>>().join(", ");
    let kind = written.get("kind").and_then(Value::as_str);
    let Some(line) = LIFTS.iter().find(|lift| Some(lift.name) == kind) else {
        let message = match kind.map(|kind| (kind, nearest(kind, names()))) {
            None => format!("name a lift, one of {choices}"),
            Some((kind, Some(near))) => format!("no lift `{kind}`; did you mean `{near}`?"),
            Some((kind, None)) => format!("no lift `{kind}`; there is {choices}"),
        };
        return Err(SettingError::Type { name: "kind".into(), message });
    };
    let own = written.iter().filter(|(name, _)| *name != "kind");
    (line.wrap)(&own.map(|(name, value)| (name.clone(), value.clone())).collect(), inner)
}
