//! Naive 2: the last value, its season exchanged for that of the step ahead.
//!
//! ```text
//! mean[h] = rest[n]·index[h]      var[h] = σ²·h·index[h]²      rest = y/index
//! σ² = mean of (rest[t] − rest[t−1])²
//! ```
//!
//! The yardstick of the M competitions, and what the score OWA divides by. The season is taken away
//! by classical decomposition where three cycles are there and a 90 % test finds one; by
//! subtraction where values of zero or less forbid division. Ignores slope.
//! Makridakis, Spiliotis & Assimakopoulos, The M4 Competition, International Journal of
//! Forecasting 36, 2020.

use almanac_data::{FitError, Forecast};
use almanac_kernels::MOST;
use almanac_kernels::classical::Season;
use serde::{Deserialize, Serialize};

use crate::forecast::{Extrapolate, Next, Past, Univariate};
use crate::{Ctx, Setting, SettingError, Settings};

/// The last value, seasonally adjusted.
///
/// | name   | default     | range | meaning                   |
/// |--------|-------------|-------|---------------------------|
/// | season | the panel's | >= 1  | observations in one cycle |
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Naive2 {
    /// Observations in one cycle; left out, the panel's.
    pub season: Option<usize>,
}

impl Settings for Naive2 {
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
struct FittedNaive2 {
    season: Season,
    /// Values so far: the place of the next in the season.
    count: usize,
    level: f64,
    variance: f64,
}

almanac_kernels::checked!(FittedNaive2, |fitted| fitted.count < MOST);

impl Univariate for Naive2 {
    fn fit(&self, _ctx: &Ctx, past: &Past<'_>) -> Result<Box<dyn Extrapolate>, FitError> {
        past.at_least(1)?;
        let count = past.y.len();
        let period = self.season.unwrap_or(past.season);
        let season =
            if count < 3 * period { Season::none() } else { Season::standing_out(past.y, period) };
        let rest = season.without(past.y);
        let squares: f64 = rest.windows(2).map(|pair| (pair[1] - pair[0]).powi(2)).sum();
        let variance = squares / (count - 1).max(1) as f64;
        Ok(Box::new(FittedNaive2 { season, count, level: rest[count - 1], variance }))
    }
}

#[typetag::serde]
impl Extrapolate for FittedNaive2 {
    fn steps(&self, _ctx: &Ctx, next: &Next<'_>) -> Result<Forecast, FitError> {
        let places = self.count..self.count + next.steps;
        let mean = places.clone().map(|place| self.season.restore(place, self.level)).collect();
        let sd = (1..=next.steps).map(|step| (self.variance * step as f64).sqrt());
        let sd = places.zip(sd).map(|(place, sd)| self.season.widen(place, sd));
        Ok(Forecast::normal(mean, sd.map(|sd| sd * sd)))
    }

    fn later(&self, past: &Past<'_>, new: usize) -> Result<Box<dyn Extrapolate>, FitError> {
        past.at_least(1)?;
        let count = self.count + new;
        let level = self.season.remove(count - 1, past.y[past.y.len() - 1]);
        Ok(Box::new(FittedNaive2 { count, level, ..self.clone() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forecast(y: &[f64]) -> Forecast {
        let ctx = Ctx::new(1);
        let method = Naive2 { season: Some(4) };
        method.fit(&ctx, &Past::new(y, 1)).unwrap().steps(&ctx, &Next::plain(2)).unwrap()
    }

    /// A level of 10 times indices 0.8, 1.2, 1.6, 0.4: after 8 (place 1) come 12 and 16.
    #[test]
    fn naive2_by_hand() {
        let y: Vec<f64> = (0..21).map(|t| [8.0, 12.0, 16.0, 4.0][t % 4]).collect();
        let got = forecast(&y);
        assert!((got.mean[0] - 12.0).abs() < 1e-9 && (got.mean[1] - 16.0).abs() < 1e-9);
    }

    /// Fewer than three cycles are not tested: naive.
    #[test]
    fn two_cycles_are_naive() {
        let got = forecast(&[8.0, 12.0, 16.0, 4.0, 8.0, 12.0, 16.0, 4.0]);
        assert_eq!(got.mean, [4.0, 4.0]);
        assert!((got.sd(1) - got.sd(0) * 2f64.sqrt()).abs() < 1e-12);
    }
}
