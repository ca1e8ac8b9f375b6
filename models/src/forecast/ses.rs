//! Simple exponential smoothing: a level that forgets.
//!
//! ```text
//! level ← level + α·(y − level)      mean[h] = level      var[h] = σ²·(1 + (h − 1)·α²)
//! ```
//!
//! Good for short series without slope or season; never extrapolates a trend. It is `ets` with
//! model ANN. Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., §8.1.

use almanac_data::FitError;
use serde::{Deserialize, Serialize};

use crate::forecast::ets::{ALPHA, Ets};
use crate::forecast::{Extrapolate, Missing, Past, Univariate};
use crate::{Ctx, Setting, SettingError, Settings};

/// A level.
///
/// | name  | default | range  | meaning                                 |
/// |-------|---------|--------|-----------------------------------------|
/// | alpha | fitted  | (0, 1] | share of an error that enters the level |
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ses {
    /// Share of an error that enters the level.
    pub alpha: Option<f64>,
}

impl Settings for Ses {
    const TABLE: &'static [Setting] = &[ALPHA];

    fn check(&self) -> Result<(), SettingError> {
        self.ets().check()
    }
}

impl Ses {
    fn ets(&self) -> Ets {
        Ets { model: "ANN".into(), alpha: self.alpha, ..Ets::default() }
    }
}

impl Univariate for Ses {
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
    use almanac_data::Spread;

    /// With α = 1 errors are the steps 6 and −5, the best start is the first value, and two of
    /// three errors are left to chance: σ² = 61/2, twice that two steps ahead.
    #[test]
    fn ses_by_hand() {
        let ctx = Ctx::new(1);
        let method = Ses { alpha: Some(1.0) };
        let fitted = method.fit(&ctx, &Past::new(&[3.0, 9.0, 4.0], 1)).unwrap();
        let forecast = fitted.steps(&ctx, &Next::plain(2)).unwrap();
        assert_eq!(forecast.mean, [4.0, 4.0]);
        let Spread::Normal(sd) = forecast.spread else { panic!("not normal") };
        assert!((sd[0] - 30.5_f64.sqrt()).abs() < 1e-9 && (sd[1] - 61_f64.sqrt()).abs() < 1e-9);
    }
}
