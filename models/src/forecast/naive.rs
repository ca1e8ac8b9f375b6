//! Naive: tomorrow is like today.
//!
//! ```text
//! mean[h] = y[n]      var[h] = σ²·h      σ² = mean of (y[t] − y[s])²/(t − s) over neighbours s < t
//! ```
//!
//! Optimal for a random walk, missing values included; ignores slope and season.
//! Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., §5.2 and §5.5.

use almanac_data::{FitError, Forecast};
use serde::{Deserialize, Serialize};

use crate::forecast::{Extrapolate, Missing, Next, Past, Univariate};
use crate::{Ctx, Setting, Settings};

/// The last value, repeated. It has no settings.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Naive {}

impl Settings for Naive {
    const TABLE: &'static [Setting] = &[];
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct FittedNaive {
    last: f64,
    variance: f64,
}

impl Univariate for Naive {
    fn fit(&self, _ctx: &Ctx, past: &Past<'_>) -> Result<Box<dyn Extrapolate>, FitError> {
        past.at_least(1)?;
        let seen: Vec<(usize, f64)> =
            past.y.iter().copied().enumerate().filter(|(_, value)| !value.is_nan()).collect();
        let squares = seen.windows(2).map(|pair| {
            let [(s, before), (t, after)] = [pair[0], pair[1]];
            (after - before).powi(2) / (t - s) as f64
        });
        let variance = squares.sum::<f64>() / (seen.len() - 1).max(1) as f64;
        Ok(Box::new(FittedNaive { last: last(past.y), variance }))
    }

    fn missing(&self) -> Missing {
        Missing::Exact
    }
}

#[typetag::serde]
impl Extrapolate for FittedNaive {
    fn steps(&self, _ctx: &Ctx, next: &Next<'_>) -> Result<Forecast, FitError> {
        let variance = (1..=next.steps).map(|step| self.variance * step as f64);
        Ok(Forecast::normal(vec![self.last; next.steps], variance))
    }

    fn later(&self, past: &Past<'_>, _new: usize) -> Result<Box<dyn Extrapolate>, FitError> {
        Ok(Box::new(FittedNaive { last: last(past.y), variance: self.variance }))
    }
}

/// The last value that is there; the first always is.
fn last(y: &[f64]) -> f64 {
    y.iter().rev().copied().find(|value| !value.is_nan()).unwrap_or(y[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps of +2 and −4: σ² = (4 + 16)/2 = 10, and two steps ahead has twice that.
    #[test]
    fn naive_by_hand() {
        let ctx = Ctx::new(1);
        let fitted = Naive {}.fit(&ctx, &Past::new(&[3.0, 5.0, 1.0], 1)).unwrap();
        let forecast = fitted.steps(&ctx, &Next::plain(2)).unwrap();
        assert_eq!(forecast, Forecast::normal(vec![1.0, 1.0], [10.0, 20.0]));
    }

    /// A change of 6 over a gap of two steps counts as 36/2.
    #[test]
    fn a_gap_spreads_its_change() {
        let ctx = Ctx::new(1);
        let fitted = Naive {}.fit(&ctx, &Past::new(&[1.0, f64::NAN, 7.0, f64::NAN], 1)).unwrap();
        let forecast = fitted.steps(&ctx, &Next::plain(1)).unwrap();
        assert_eq!(forecast, Forecast::normal(vec![7.0], [18.0]));
    }
}
