//! Drift: the last value, and the mean change from there on.
//!
//! ```text
//! b = (y[n] − y[1])/(n − 1)      mean[h] = y[n] + b·h
//! σ² = Σ (y[t] − y[s] − b·(t − s))²/(t − s)/(k − 1)  over the k neighbours s < t
//! var[h] = σ²·h·(1 + h/(n − 1))
//! ```
//!
//! Optimal for a random walk with drift, missing values included: where the last ones are missing,
//! h counts from the last that is there. One odd value at either end tilts the whole line.
//! Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., §5.2 and §5.5.

use almanac_data::{FitError, Forecast};
use almanac_kernels::MOST;
use serde::{Deserialize, Serialize};

use crate::forecast::{Extrapolate, Missing, Next, Past, Univariate};
use crate::{Ctx, Setting, Settings};

/// The line through the first and the last value. It has no settings.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Drift {}

impl Settings for Drift {
    const TABLE: &'static [Setting] = &[];
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(remote = "Self")]
struct FittedDrift {
    last: f64,
    /// Missing values after the last.
    since: usize,
    slope: f64,
    variance: f64,
    /// Steps that the slope was learned from.
    span: usize,
}

almanac_kernels::checked!(FittedDrift, |fitted| fitted.since < MOST);

impl Univariate for Drift {
    fn fit(&self, _ctx: &Ctx, past: &Past<'_>) -> Result<Box<dyn Extrapolate>, FitError> {
        past.at_least(1)?;
        let (last, since) = last(past.y);
        let span = (past.y.len() - 1 - since).max(1);
        let slope = (last - past.y[0]) / span as f64;
        let seen: Vec<(usize, f64)> =
            past.y.iter().copied().enumerate().filter(|(_, value)| !value.is_nan()).collect();
        let squares = seen.windows(2).map(|pair| {
            let [(s, before), (t, after)] = [pair[0], pair[1]];
            let steps = (t - s) as f64;
            (after - before - slope * steps).powi(2) / steps
        });
        // The line takes one change; where that is all there is, it is the size of an error.
        let variance = match seen.len() {
            0..=2 => slope * slope * span as f64,
            values => squares.sum::<f64>() / (values - 2) as f64,
        };
        Ok(Box::new(FittedDrift { last, since, slope, variance, span }))
    }

    fn missing(&self) -> Missing {
        Missing::Exact
    }
}

#[typetag::serde]
impl Extrapolate for FittedDrift {
    fn steps(&self, _ctx: &Ctx, next: &Next<'_>) -> Result<Forecast, FitError> {
        let ahead = (1..=next.steps).map(|step| (self.since + step) as f64);
        let mean = ahead.clone().map(|h| self.last + self.slope * h).collect();
        let span = self.span as f64;
        Ok(Forecast::normal(mean, ahead.map(|h| self.variance * h * (1.0 + h / span))))
    }

    fn later(&self, past: &Past<'_>, _new: usize) -> Result<Box<dyn Extrapolate>, FitError> {
        past.at_least(1)?;
        let (last, since) = last(past.y);
        Ok(Box::new(FittedDrift { last, since, ..*self }))
    }
}

/// The last value that is there (the first always is), and how many are missing after it.
fn last(y: &[f64]) -> (f64, usize) {
    let since = y[1..].iter().rev().take_while(|value| value.is_nan()).count();
    (y[y.len() - 1 - since], since)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forecast(y: &[f64], steps: usize) -> Forecast {
        let ctx = Ctx::new(1);
        Drift {}.fit(&ctx, &Past::new(y, 1)).unwrap().steps(&ctx, &Next::plain(steps)).unwrap()
    }

    /// From 1 to 7 in two steps: b = 3; changes 1 and 5 miss it by 2, so σ² = (4 + 4)/1, and
    /// var[1] = 8·1·(1 + 1/2), var[2] = 8·2·(1 + 2/2).
    #[test]
    fn drift_by_hand() {
        assert_eq!(forecast(&[1.0, 2.0, 7.0], 2), Forecast::normal(vec![10.0, 13.0], [12.0, 32.0]));
    }

    /// One change of 2 is the slope, and all that is known of errors: var[1] = 4·1·(1 + 1/1).
    #[test]
    fn two_values_are_not_certain() {
        assert_eq!(forecast(&[5.0, 7.0], 1), Forecast::normal(vec![9.0], [8.0]));
    }

    /// A hole at the end moves the forecast on along the same line; one in the middle pools its
    /// two steps: change 6 over two against b = 2 misses by 2, change 0 by 2: (4/2 + 4/1)/1 = 6.
    #[test]
    fn holes_count_as_steps() {
        let hole = f64::NAN;
        let got = forecast(&[1.0, hole, 7.0, 7.0, hole], 1);
        assert_eq!(got, Forecast::normal(vec![11.0], [6.0 * 2.0 * (1.0 + 2.0 / 3.0)]));
    }
}
