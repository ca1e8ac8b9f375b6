//! Forecasters of one series: one file and one roster line each.
//!
//! A file knows one slice of numbers. It never sees a panel, a fold or a future.

mod arima;
mod auto_arima;
mod auto_ets;
mod combine;
mod croston;
mod drift;
mod ets;
mod garch;
mod holt;
mod holt_winters;
mod mstl;
mod naive;
mod naive2;
mod sarimax;
mod seasonal_naive;
mod seasonal_window_mean;
mod ses;
mod theta;
mod tsb;
mod window_mean;

use almanac_data::{FitError, Forecast};

use crate::Ctx;
use crate::roster::{Entry, line};
use theta::Theta;

/// Every one-series forecaster, simplest first.
pub const ROSTER: &[Entry<dyn Univariate>] = &[
    line::<dyn Univariate, naive::Naive>("naive", "the last value, repeated"),
    line::<dyn Univariate, seasonal_naive::SeasonalNaive>(
        "seasonal_naive",
        "the last season, repeated",
    ),
    line::<dyn Univariate, naive2::Naive2>(
        "naive2",
        "the last value, seasonally adjusted where a test finds a season",
    ),
    line::<dyn Univariate, drift::Drift>("drift", "the line through the first and the last value"),
    line::<dyn Univariate, window_mean::WindowMean>("window_mean", "the mean of the last values"),
    line::<dyn Univariate, seasonal_window_mean::SeasonalWindowMean>(
        "seasonal_window_mean",
        "the mean of the last seasons",
    ),
    line::<dyn Univariate, ses::Ses>("ses", "a level that forgets"),
    line::<dyn Univariate, holt::Holt>("holt", "a level and a slope that wander, damped or not"),
    line::<dyn Univariate, holt_winters::HoltWinters>(
        "holt_winters",
        "a level, a slope and a season",
    ),
    line::<dyn Univariate, ets::Ets>("ets", "one form of exponential smoothing by its letters"),
    line::<dyn Univariate, auto_ets::AutoEts>(
        "auto_ets",
        "exponential smoothing in the form that fits best",
    ),
    line::<dyn Univariate, Theta<theta::Plain>>(
        "theta",
        "smoothing pulled half-way along the trend line",
    ),
    line::<dyn Univariate, Theta<theta::Optimized>>("optimized_theta", "theta, its pull fitted"),
    line::<dyn Univariate, Theta<theta::Dynamic>>("dynamic_theta", "theta along a line that moves"),
    line::<dyn Univariate, Theta<theta::DynamicOptimized>>(
        "dynamic_optimized_theta",
        "theta along a line that moves, its pull fitted",
    ),
    line::<dyn Univariate, Theta<theta::Any>>(
        "auto_theta",
        "the theta method in the form that fits best",
    ),
    line::<dyn Univariate, arima::Arima>("arima", "differences, their own past and past surprises"),
    line::<dyn Univariate, sarimax::Sarimax>(
        "sarimax",
        "regression on known columns with ARIMA errors",
    ),
    line::<dyn Univariate, auto_arima::AutoArima>(
        "auto_arima",
        "ARIMA whose orders a stepwise search finds",
    ),
    line::<dyn Univariate, mstl::Mstl>(
        "mstl",
        "several seasons by loess, and any model for the rest",
    ),
    line::<dyn Univariate, croston::Croston>(
        "croston",
        "size over interval of intermittent demand",
    ),
    line::<dyn Univariate, croston::Sba>("sba", "croston without its bias"),
    line::<dyn Univariate, tsb::Tsb>("tsb", "intermittent demand that may die out"),
    line::<dyn Univariate, garch::Garch>("garch", "returns whose variance comes in clusters"),
    line::<dyn Univariate, combine::Combine>("combine", "several methods made one"),
];

/// A method for one series: settings, before any data.
///
/// The second method is there because a lift must know, before it hands over a past, whether the
/// method reads missing values itself.
pub trait Univariate: Send + Sync {
    /// Learns from the past.
    ///
    /// # Errors
    /// Fewer than `need` observations (exactly `need` must work), or values outside the domain.
    fn fit(&self, ctx: &Ctx, past: &Past<'_>) -> Result<Box<dyn Extrapolate>, FitError>;

    /// What to do about missing values.
    fn missing(&self) -> Missing {
        Missing::Fill
    }
}

/// The same after: parameters and a state at the end of the past.
///
/// Two methods because walking forward has two verbs: look ahead, and move on with the
/// parameters kept. Recursive methods move on in O(1) for each new value. Its attribute writes and
/// reads every implementor by its name: what was learnt can be kept.
#[typetag::serde]
pub trait Extrapolate: Send + Sync {
    /// The distribution of the next steps.
    ///
    /// # Errors
    /// Regressors that the fit used and that are absent ahead.
    fn steps(&self, ctx: &Ctx, next: &Next<'_>) -> Result<Forecast, FitError>;

    /// The same parameters at a later end: `past` as [`Univariate::fit`] would get it now, its
    /// last `new` values not seen before. Moving by two and three equals moving by five.
    ///
    /// # Errors
    /// As for [`Univariate::fit`].
    fn later(&self, past: &Past<'_>, new: usize) -> Result<Box<dyn Extrapolate>, FitError>;
}

/// The past of one series. The first value is never missing.
#[derive(Debug, Clone)]
pub struct Past<'a> {
    /// Values, oldest first; NaN = missing, only for methods that read missing values.
    pub y: &'a [f64],
    /// Observations in one season, where the settings do not say; 1 = none.
    pub season: usize,
    /// Columns known in advance, over the same rows.
    pub known: Vec<(&'a str, &'a [f64])>,
}

/// The steps asked for.
#[derive(Debug, Clone)]
pub struct Next<'a> {
    /// How many.
    pub steps: usize,
    /// Columns known in advance, over the rows ahead; may be shorter than `steps`.
    pub known: Vec<(&'a str, &'a [f64])>,
}

/// What a method does about missing values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// It reads them as they are, and its mathematics is exact.
    Exact,
    /// It wants them filled, from the past alone.
    Fill,
}

impl<'a> Past<'a> {
    /// A past without regressors.
    pub fn new(y: &'a [f64], season: usize) -> Past<'a> {
        Past { y, season, known: Vec::new() }
    }

    /// The same past, ended before this row.
    pub fn before(&self, row: usize) -> Past<'a> {
        let known = self.known.iter().map(|(name, values)| (*name, &values[..row])).collect();
        Past { y: &self.y[..row], season: self.season, known }
    }

    /// Refuses fewer than `need` values, missing ones included.
    ///
    /// # Errors
    /// [`FitError::TooShort`].
    pub fn at_least(&self, need: usize) -> Result<(), FitError> {
        let got = self.y.len();
        if got < need { Err(FitError::TooShort { need, got }) } else { Ok(()) }
    }
}

impl Next<'_> {
    /// Steps ahead without regressors.
    pub fn plain(steps: usize) -> Next<'static> {
        Next { steps, known: Vec::new() }
    }
}

/// Missing values filled from the same past: the mean of the nearest observed values one or more
/// whole seasons before and after; where there are none, a line between the neighbours; at the
/// end, the last value. The first value is not missing.
pub(crate) fn fill(y: &[f64], season: usize) -> Vec<f64> {
    let seen = |t: usize| (!y[t].is_nan()).then(|| y[t]);
    let seasonal = |t: usize| {
        if season < 2 {
            return None;
        }
        let before = (1..=t / season).find_map(|k| seen(t - k * season));
        let after = (t + season..y.len()).step_by(season).find_map(seen);
        match (before, after) {
            (Some(a), Some(b)) => Some((a + b) / 2.0),
            (one, other) => one.or(other),
        }
    };
    let line = |t: usize| {
        let left = (0..t).rev().find(|&s| !y[s].is_nan()).unwrap_or(0);
        match (t + 1..y.len()).find(|&s| !y[s].is_nan()) {
            Some(right) => {
                y[left] + (y[right] - y[left]) * (t - left) as f64 / (right - left) as f64
            }
            None => y[left],
        }
    };
    (0..y.len()).map(|t| seen(t).or_else(|| seasonal(t)).unwrap_or_else(|| line(t))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With a season, the neighbours are a season away; without, they are next door.
    #[test]
    fn fill_by_hand() {
        let hole = f64::NAN;
        assert_eq!(fill(&[1.0, 10.0, 3.0, hole, 5.0, 30.0], 2)[3], 20.0);
        assert_eq!(fill(&[1.0, hole, hole, 4.0, hole], 1), [1.0, 2.0, 3.0, 4.0, 4.0]);
    }
}
