//! Holt's method: a level and a slope that both wander; the slope may fade.
//!
//! ```text
//! level ← level + φ·slope + α·e      slope ← φ·slope + β·e      mean[h] = level + (φ + … + φ^h)·slope
//! ```
//!
//! Good for a trend without a season; without damping the trend goes on for ever. It is `ets` with
//! model AAN, or AAdN where damped. Holt, 1957; Gardner & McKenzie, Management Science 31, 1985.

use almanac_data::FitError;
use serde::{Deserialize, Serialize};

use crate::forecast::ets::{ALPHA, BETA, Ets, PHI};
use crate::forecast::{Extrapolate, Missing, Past, Univariate};
use crate::{Ctx, Setting, SettingError, Settings};

/// A level and a slope.
///
/// | name   | default | range      | meaning                                 |
/// |--------|---------|------------|-----------------------------------------|
/// | damped | false   |            | whether the slope fades                 |
/// | alpha  | fitted  | (0, 1]     | share of an error that enters the level |
/// | beta   | fitted  | [0, alpha] | share of an error that enters the slope |
/// | phi    | fitted  | (0, 1]     | what is left of the slope after a step  |
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Holt {
    /// Whether the slope fades.
    pub damped: bool,
    /// Share of an error that enters the level.
    pub alpha: Option<f64>,
    /// Share of an error that enters the slope.
    pub beta: Option<f64>,
    /// What is left of the slope after a step.
    pub phi: Option<f64>,
}

pub(super) const DAMPED: Setting =
    Setting { name: "damped", range: "true or false", meaning: "whether the slope fades" };

impl Settings for Holt {
    const TABLE: &'static [Setting] = &[DAMPED, ALPHA, BETA, PHI];

    fn check(&self) -> Result<(), SettingError> {
        self.ets().check()
    }
}

impl Holt {
    fn ets(&self) -> Ets {
        let Holt { damped, alpha, beta, phi } = *self;
        let model = if damped { "AAdN" } else { "AAN" }.into();
        Ets { model, alpha, beta, phi, ..Ets::default() }
    }
}

impl Univariate for Holt {
    fn fit(&self, ctx: &Ctx, past: &Past<'_>) -> Result<Box<dyn Extrapolate>, FitError> {
        self.ets().fit(ctx, past)
    }

    fn missing(&self) -> Missing {
        Missing::Exact
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Next;

    /// A line goes on as a line.
    #[test]
    fn a_line_goes_on() {
        let ctx = Ctx::new(1);
        let y: Vec<f64> = (0..9).map(|t| 5.0 - 2.0 * f64::from(t)).collect();
        let fitted = Holt::default().fit(&ctx, &Past::new(&y, 1)).unwrap();
        let forecast = fitted.steps(&ctx, &Next::plain(3)).unwrap();
        let line = [-13.0, -15.0, -17.0];
        assert!(forecast.mean.iter().zip(line).all(|(a, b)| (a - b).abs() < 1e-6));
    }

    /// φ is a setting of the damped method only.
    #[test]
    fn phi_needs_damping() {
        let method = Holt { phi: Some(0.9), ..Holt::default() };
        assert!(method.check().is_err());
        assert!(Holt { damped: true, ..method }.check().is_ok());
    }
}
