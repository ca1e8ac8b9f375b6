//! Seasonal window mean: each step is the mean of the last values at its place in the season.
//!
//! ```text
//! mean[h] = (y[s] + y[s−m] + … + y[s−(w−1)·m])/w      s = n + h − m·k      k = ⌈h/m⌉
//! var[h] = σ²·(1 + (k − 1)·α²)                        α = 2/(w + 1)
//! σ² = mean of (y[t] − mean of the w values m, 2m, … before t)²
//! ```
//!
//! Calmer than the seasonal naive, which a window of one is; later to follow a change. Where there
//! are fewer than w seasons, w is what there is. The variance is as for `window_mean`.
//! Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., §5.2 (seasonal naive).

use almanac_data::{FitError, Forecast};
use serde::{Deserialize, Serialize};

use crate::forecast::window_mean::{growth, one_step_variance, strided_mean};
use crate::forecast::{Extrapolate, Next, Past, Univariate};
use crate::{Ctx, Setting, SettingError, Settings};

/// The mean of the last seasons.
///
/// | name   | default     | range | meaning                     |
/// |--------|-------------|-------|-----------------------------|
/// | season | the panel's | >= 1  | observations in one cycle   |
/// | window | 4           | >= 1  | seasons in the mean at most |
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SeasonalWindowMean {
    /// Observations in one cycle; left out, the panel's.
    pub season: Option<usize>,
    /// Seasons in the mean at most.
    pub window: usize,
}

impl Default for SeasonalWindowMean {
    fn default() -> SeasonalWindowMean {
        SeasonalWindowMean { season: None, window: 4 }
    }
}

impl Settings for SeasonalWindowMean {
    const TABLE: &'static [Setting] = &[
        Setting {
            name: "season",
            range: ">= 1, or left out",
            meaning: "observations in one cycle; left out, the panel's",
        },
        Setting { name: "window", range: ">= 1", meaning: "seasons in the mean at most" },
    ];

    fn check(&self) -> Result<(), SettingError> {
        SettingError::unless(self.season != Some(0), "season", "at least 1", 0)?;
        SettingError::unless(self.window != 0, "window", "at least 1", 0)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(remote = "Self")]
struct FittedSeasonalWindowMean {
    window: usize,
    /// One mean for each place in the coming season.
    means: Vec<f64>,
    variance: f64,
}

almanac_kernels::checked!(FittedSeasonalWindowMean, |fitted| !fitted.means.is_empty());

impl Univariate for SeasonalWindowMean {
    fn fit(&self, _ctx: &Ctx, past: &Past<'_>) -> Result<Box<dyn Extrapolate>, FitError> {
        let season = self.season.unwrap_or(past.season);
        past.at_least(season)?;
        let variance = one_step_variance(past.y, self.window, season);
        let means = means(past.y, self.window, season);
        Ok(Box::new(FittedSeasonalWindowMean { window: self.window, means, variance }))
    }
}

#[typetag::serde]
impl Extrapolate for FittedSeasonalWindowMean {
    fn steps(&self, _ctx: &Ctx, next: &Next<'_>) -> Result<Forecast, FitError> {
        let season = self.means.len();
        let mean = (0..next.steps).map(|step| self.means[step % season]).collect();
        let turns = (0..next.steps).map(|step| step / season + 1);
        Ok(Forecast::normal(mean, turns.map(|turn| self.variance * growth(self.window, turn))))
    }

    fn later(&self, past: &Past<'_>, _new: usize) -> Result<Box<dyn Extrapolate>, FitError> {
        past.at_least(self.means.len())?;
        let means = means(past.y, self.window, self.means.len());
        Ok(Box::new(FittedSeasonalWindowMean { means, ..*self }))
    }
}

/// The window's mean at each place of the season that follows.
fn means(y: &[f64], window: usize, season: usize) -> Vec<f64> {
    (1..=season).map(|place| strided_mean(&y[..y.len() - season + place], window, season)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Season 2 over 1 2 3 6 5 4, window 2: means of (3, 5) and (6, 4); errors 2, 4, then
    /// 5 − 2 and 4 − 4: σ² = (4 + 16 + 9 + 0)/4; the third step has turn 2, α = 2/3.
    #[test]
    fn seasonal_window_mean_by_hand() {
        let ctx = Ctx::new(1);
        let method = SeasonalWindowMean { season: Some(2), window: 2 };
        let fitted = method.fit(&ctx, &Past::new(&[1.0, 2.0, 3.0, 6.0, 5.0, 4.0], 1)).unwrap();
        let forecast = fitted.steps(&ctx, &Next::plain(3)).unwrap();
        let variance = [7.25, 7.25, 7.25 * (1.0 + 4.0 / 9.0)];
        assert_eq!(forecast, Forecast::normal(vec![4.0, 5.0, 4.0], variance));
    }
}
