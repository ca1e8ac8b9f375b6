//! Window mean: the mean of the last values.
//!
//! ```text
//! mean[h] = (y[n] + … + y[n−w+1])/w      var[h] = σ²·(1 + (h − 1)·α²)      α = 2/(w + 1)
//! σ² = mean of (y[t] − mean of the w values before t)²
//! ```
//!
//! The variance is that of exponential smoothing with data of the same mean age; a window of one
//! is naive. Where there are fewer than w values, w is what there is. Ignores slope and season.
//! Brown, Smoothing, Forecasting and Prediction of Discrete Time Series, 1963, §7 (equal ages).

use almanac_data::{FitError, Forecast};
use serde::{Deserialize, Serialize};

use crate::forecast::{Extrapolate, Next, Past, Univariate};
use crate::{Ctx, Setting, SettingError, Settings};

/// The mean of the last values.
///
/// | name   | default                | range | meaning                    |
/// |--------|------------------------|-------|----------------------------|
/// | window | one season, at least 4 | >= 1  | values in the mean at most |
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WindowMean {
    /// Values in the mean at most; left out, the panel's season and at least 4.
    pub window: Option<usize>,
}

impl Settings for WindowMean {
    const TABLE: &'static [Setting] = &[Setting {
        name: "window",
        range: ">= 1, or left out",
        meaning: "values in the mean at most; left out, one season of the panel and at least 4",
    }];

    fn check(&self) -> Result<(), SettingError> {
        SettingError::unless(self.window != Some(0), "window", "at least 1", 0)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct FittedWindowMean {
    window: usize,
    mean: f64,
    variance: f64,
}

impl Univariate for WindowMean {
    fn fit(&self, _ctx: &Ctx, past: &Past<'_>) -> Result<Box<dyn Extrapolate>, FitError> {
        past.at_least(1)?;
        let window = self.window.unwrap_or(past.season.max(4));
        let variance = one_step_variance(past.y, window, 1);
        Ok(Box::new(FittedWindowMean { window, mean: strided_mean(past.y, window, 1), variance }))
    }
}

#[typetag::serde]
impl Extrapolate for FittedWindowMean {
    fn steps(&self, _ctx: &Ctx, next: &Next<'_>) -> Result<Forecast, FitError> {
        let variance = (1..=next.steps).map(|step| self.variance * growth(self.window, step));
        Ok(Forecast::normal(vec![self.mean; next.steps], variance))
    }

    fn later(&self, past: &Past<'_>, _new: usize) -> Result<Box<dyn Extrapolate>, FitError> {
        past.at_least(1)?;
        Ok(Box::new(FittedWindowMean { mean: strided_mean(past.y, self.window, 1), ..*self }))
    }
}

/// The mean of the last `window` values of every `stride`-th, from the end; of fewer where fewer are.
pub(super) fn strided_mean(y: &[f64], window: usize, stride: usize) -> f64 {
    let count = window.min(y.len().div_ceil(stride));
    y.iter().rev().step_by(stride).take(count).sum::<f64>() / count as f64
}

/// The mean square of y[t] minus the window's mean before it, once there is one value to average.
pub(super) fn one_step_variance(y: &[f64], window: usize, stride: usize) -> f64 {
    let errors =
        (stride..y.len()).map(|t| y[t] - strided_mean(&y[..t + 1 - stride], window, stride));
    let count = y.len().saturating_sub(stride).max(1);
    errors.map(|error| error * error).sum::<f64>() / count as f64
}

/// The variance `turn` windows' steps ahead over that of the first.
pub(super) fn growth(window: usize, turn: usize) -> f64 {
    let alpha = 2.0 / (window as f64 + 1.0);
    1.0 + (turn - 1) as f64 * alpha * alpha
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forecast(y: &[f64], window: usize) -> Forecast {
        let ctx = Ctx::new(1);
        let method = WindowMean { window: Some(window) };
        method.fit(&ctx, &Past::new(y, 1)).unwrap().steps(&ctx, &Next::plain(2)).unwrap()
    }

    /// Over 1 3 8, a window of two errs by 3 − 1 and 8 − 2: σ² = 20; α = 2/3.
    #[test]
    fn window_mean_by_hand() {
        let want = Forecast::normal(vec![5.5, 5.5], [20.0, 20.0 * (1.0 + 4.0 / 9.0)]);
        assert_eq!(forecast(&[1.0, 3.0, 8.0], 2), want);
    }

    /// A window of one is naive, its variance too.
    #[test]
    fn window_of_one_is_naive() {
        assert_eq!(forecast(&[3.0, 5.0, 1.0], 1), Forecast::normal(vec![1.0, 1.0], [10.0, 20.0]));
    }
}
