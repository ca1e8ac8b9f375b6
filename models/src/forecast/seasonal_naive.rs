//! Seasonal naive: each step repeats the value one season before.
//!
//! ```text
//! mean[h] = y[n + h − m·k]      var[h] = σ²·k      k = ⌈h/m⌉      σ² = mean of (y[t] − y[t−m])²
//! ```
//!
//! The yardstick of seasonal data; ignores slope, and one odd season is repeated whole.
//! Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., §5.2 and §5.5.

use almanac_data::{FitError, Forecast};
use serde::{Deserialize, Serialize};

use crate::forecast::{Extrapolate, Next, Past, Univariate};
use crate::{Ctx, Setting, SettingError, Settings};

/// The last season, repeated.
///
/// | name   | default     | range | meaning                   |
/// |--------|-------------|-------|---------------------------|
/// | season | the panel's | >= 1  | observations in one cycle |
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SeasonalNaive {
    /// Observations in one cycle; left out, the panel's.
    pub season: Option<usize>,
}

impl Settings for SeasonalNaive {
    const TABLE: &'static [Setting] = &[Setting {
        name: "season",
        range: ">= 1, or left out",
        meaning: "observations in one cycle; left out, the panel's",
    }];

    fn check(&self) -> Result<(), SettingError> {
        SettingError::unless(self.season != Some(0), "season", "at least 1", 0)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(remote = "Self")]
struct FittedSeasonalNaive {
    last: Vec<f64>,
    variance: f64,
}

almanac_kernels::checked!(FittedSeasonalNaive, |fitted| !fitted.last.is_empty());

impl Univariate for SeasonalNaive {
    fn fit(&self, _ctx: &Ctx, past: &Past<'_>) -> Result<Box<dyn Extrapolate>, FitError> {
        let season = self.season.unwrap_or(past.season);
        past.at_least(season)?;
        let squares = past.y.iter().zip(&past.y[season..]).map(|(a, b)| (b - a).powi(2));
        let count = (past.y.len() - season).max(1) as f64;
        let variance = squares.sum::<f64>() / count;
        Ok(Box::new(FittedSeasonalNaive { last: tail(past.y, season), variance }))
    }
}

#[typetag::serde]
impl Extrapolate for FittedSeasonalNaive {
    fn steps(&self, _ctx: &Ctx, next: &Next<'_>) -> Result<Forecast, FitError> {
        let season = self.last.len();
        let mean = (0..next.steps).map(|step| self.last[step % season]).collect();
        let variance = (0..next.steps).map(|step| self.variance * (step / season + 1) as f64);
        Ok(Forecast::normal(mean, variance))
    }

    fn later(&self, past: &Past<'_>, _new: usize) -> Result<Box<dyn Extrapolate>, FitError> {
        past.at_least(self.last.len())?;
        let last = tail(past.y, self.last.len());
        Ok(Box::new(FittedSeasonalNaive { last, variance: self.variance }))
    }
}

fn tail(y: &[f64], season: usize) -> Vec<f64> {
    y[y.len() - season..].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Season 2 over 1 2 3 6: seasonal steps 2 and 4, so σ² = (4 + 16)/2; the third step is one
    /// season further and has twice the variance.
    #[test]
    fn seasonal_naive_by_hand() {
        let ctx = Ctx::new(1);
        let method = SeasonalNaive { season: Some(2) };
        let fitted = method.fit(&ctx, &Past::new(&[1.0, 2.0, 3.0, 6.0], 1)).unwrap();
        let forecast = fitted.steps(&ctx, &Next::plain(3)).unwrap();
        assert_eq!(forecast, Forecast::normal(vec![3.0, 6.0, 3.0], [10.0, 10.0, 20.0]));
    }
}
