//! Holt-Winters: a level, a slope and a season, added or multiplied.
//!
//! ```text
//! added       y = level + slope + s + e          multiplied  y = (level + slope)·s·(1 + e)
//! ```
//!
//! Good for a trend with one season; multiplied where swings grow with the level, which then must be
//! positive. It is `ets` with model AAA or MAM, d where damped. Winters, Management Science 6, 1960.

use almanac_data::FitError;
use serde::{Deserialize, Serialize};

use crate::forecast::ets::{ALPHA, BETA, Ets, GAMMA, PHI, SEASON};
use crate::forecast::holt::DAMPED;
use crate::forecast::{Extrapolate, Missing, Past, Univariate};
use crate::{Ctx, Setting, SettingError, Settings};

/// A level, a slope and a season.
///
/// | name     | default     | range                    | meaning                                  |
/// |----------|-------------|--------------------------|------------------------------------------|
/// | season   | the panel's | >= 1                     | observations in one cycle; 1 is none     |
/// | seasonal | additive    | additive, multiplicative | how the season enters                    |
/// | damped   | false       |                          | whether the slope fades                  |
/// | alpha    | fitted      | (0, 1]                   | share of an error that enters the level  |
/// | beta     | fitted      | [0, alpha]               | share of an error that enters the slope  |
/// | gamma    | fitted      | [0, 1 − α]               | share of an error that enters the season |
/// | phi      | fitted      | (0, 1]                   | what is left of the slope after a step   |
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HoltWinters {
    /// Observations in one cycle; left out, the panel's.
    pub season: Option<usize>,
    /// How the season enters.
    pub seasonal: Seasonal,
    /// Whether the slope fades.
    pub damped: bool,
    /// Share of an error that enters the level.
    pub alpha: Option<f64>,
    /// Share of an error that enters the slope.
    pub beta: Option<f64>,
    /// Share of an error that enters the season.
    pub gamma: Option<f64>,
    /// What is left of the slope after a step.
    pub phi: Option<f64>,
}

/// How a season enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Seasonal {
    /// Added to the level.
    #[default]
    Additive,
    /// Multiplied with the level, and errors relative to the mean.
    Multiplicative,
}

impl Settings for HoltWinters {
    const TABLE: &'static [Setting] = &[
        SEASON,
        Setting {
            name: "seasonal",
            range: "additive or multiplicative",
            meaning: "how the season enters; multiplicative has errors relative to the mean",
        },
        DAMPED,
        ALPHA,
        BETA,
        GAMMA,
        PHI,
    ];

    fn check(&self) -> Result<(), SettingError> {
        self.ets().check()
    }
}

impl HoltWinters {
    fn ets(&self) -> Ets {
        let HoltWinters { season, seasonal, damped, alpha, beta, gamma, phi } = *self;
        let model = match (seasonal, damped) {
            (Seasonal::Additive, false) => "AAA",
            (Seasonal::Additive, true) => "AAdA",
            (Seasonal::Multiplicative, false) => "MAM",
            (Seasonal::Multiplicative, true) => "MAdM",
        };
        Ets { model: model.into(), season, alpha, beta, gamma, phi }
    }
}

impl Univariate for HoltWinters {
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

    /// A line times a season goes on as a line times a season.
    #[test]
    fn a_line_with_a_season_goes_on() {
        let ctx = Ctx::new(1);
        let value = |t: usize| (20.0 + t as f64) * [0.5, 1.5, 1.0][t % 3];
        let y: Vec<f64> = (0..24).map(value).collect();
        let method = HoltWinters { seasonal: Seasonal::Multiplicative, ..HoltWinters::default() };
        let fitted = method.fit(&ctx, &Past::new(&y, 3)).unwrap();
        let forecast = fitted.steps(&ctx, &Next::plain(4)).unwrap();
        let off = |(k, mean): (usize, &f64)| (mean - value(24 + k)).abs();
        assert!(forecast.mean.iter().enumerate().map(off).all(|off| off < 1e-3));
    }

    /// A season that multiplies needs positive values, and says so.
    #[test]
    fn values_below_zero_are_refused() {
        let method = HoltWinters { seasonal: Seasonal::Multiplicative, ..HoltWinters::default() };
        let y: Vec<f64> = (0..24).map(|t| f64::from(t) - 3.0).collect();
        let error = method.fit(&Ctx::new(1), &Past::new(&y, 3)).err();
        assert_eq!(error, Some(FitError::Domain { must: "positive", got: -3.0 }));
    }
}
