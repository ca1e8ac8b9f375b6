//! Automatic ARIMA: differences by tests, lags by a stepwise search for the lowest AICc.
//!
//! ```text
//! D   1 where the season is stronger than 0.64      d   by repeated KPSS tests, at most 2
//! start from (2,2)(1,1), (0,0)(0,0), (1,0)(1,0), (0,1)(0,1); walk to the best neighbour, one lag
//! more or less of p, q, P, Q, p and q, P and Q, or the constant; stop where none is better
//! ```
//!
//! Models with a root of φ, θ or Φ within 1 % of the unit circle are refused (in R also of Θ: here a
//! season that does not change is allowed, since the exact filter needs no invertibility). Long
//! series (above 150 values, or a season above 12) are searched by conditional sum of squares; the
//! answer is always fitted by exact likelihood. Missing values are filled for the search and exact in
//! the final fit.
//! Hyndman & Khandakar, Automatic time series forecasting, Journal of Statistical Software 27, 2008.

use almanac_data::FitError;
use almanac_kernels::arima::{Candidate, Fit, Method, Order, Sample, Space, fit};
use almanac_kernels::{kpss, stl};
use serde::{Deserialize, Serialize};

use crate::forecast::arima::{FittedArima, Mean};
use crate::forecast::{Extrapolate, Missing, Past, Univariate, fill};
use crate::{Ctx, Setting, SettingError, Settings};

/// [`super::arima`] whose orders are found.
///
/// | name               | default       | range       | meaning                                  |
/// |--------------------|---------------|-------------|------------------------------------------|
/// | max_p              | 5             | <= 20       | longest lag of φ that is tried           |
/// | max_q              | 5             | <= 20       | longest lag of θ that is tried           |
/// | max_seasonal_p     | 2             | <= 5        | longest seasonal lag of φ that is tried  |
/// | max_seasonal_q     | 2             | <= 5        | longest seasonal lag of θ that is tried  |
/// | d                  | by KPSS       | <= 2        | differences                              |
/// | seasonal_d         | by strength   | <= 1        | seasonal differences                     |
/// | season             | the panel's   | >= 1        | observations in one cycle                |
/// | seasonal           | true          | true, false | whether seasonal lags are tried          |
/// | stationary         | false         | true, false | whether differences are forbidden        |
/// | constant           | true          | true, false | whether a constant is tried              |
/// | approximation      | by length     | true, false | whether the search uses sums of squares  |
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AutoArima {
    /// Longest lag of φ that is tried.
    pub max_p: usize,
    /// Longest lag of θ that is tried.
    pub max_q: usize,
    /// Longest seasonal lag of φ that is tried.
    pub max_seasonal_p: usize,
    /// Longest seasonal lag of θ that is tried.
    pub max_seasonal_q: usize,
    /// Differences; left out, by the KPSS test.
    pub d: Option<usize>,
    /// Seasonal differences; left out, by the strength of the season.
    pub seasonal_d: Option<usize>,
    /// Observations in one cycle; left out, the panel's.
    pub season: Option<usize>,
    /// Whether seasonal lags are tried.
    pub seasonal: bool,
    /// Whether differences are forbidden.
    pub stationary: bool,
    /// Whether a constant is tried.
    pub constant: bool,
    /// Whether the search uses conditional sums of squares; left out, for long series.
    pub approximation: Option<bool>,
}

impl Default for AutoArima {
    fn default() -> AutoArima {
        AutoArima {
            max_p: 5,
            max_q: 5,
            max_seasonal_p: 2,
            max_seasonal_q: 2,
            d: None,
            seasonal_d: None,
            season: None,
            seasonal: true,
            stationary: false,
            constant: true,
            approximation: None,
        }
    }
}

impl Settings for AutoArima {
    const TABLE: &'static [Setting] = &[
        Setting { name: "max_p", range: "<= 20", meaning: "most autoregressive lags tried" },
        Setting { name: "max_q", range: "<= 20", meaning: "most moving-average lags tried" },
        Setting { name: "max_seasonal_p", range: "<= 5", meaning: "the same of seasonal lags" },
        Setting { name: "max_seasonal_q", range: "<= 5", meaning: "the same of seasonal lags" },
        Setting {
            name: "d",
            range: "<= 2, or left out",
            meaning: "differences; left out, by the KPSS test",
        },
        Setting {
            name: "seasonal_d",
            range: "<= 1, or left out",
            meaning: "seasonal differences; left out, by the strength of the season",
        },
        Setting {
            name: "season",
            range: ">= 1, or left out",
            meaning: "observations in one cycle; left out, the panel's",
        },
        Setting {
            name: "seasonal",
            range: "true, false",
            meaning: "whether seasonal lags are tried",
        },
        Setting {
            name: "stationary",
            range: "true, false",
            meaning: "whether differences are forbidden",
        },
        Setting { name: "constant", range: "true, false", meaning: "whether a constant is tried" },
        Setting {
            name: "approximation",
            range: "true, false, or left out",
            meaning: "search by sums of squares; left out, above 150 values or a season above 12",
        },
    ];

    fn check(&self) -> Result<(), SettingError> {
        SettingError::unless(self.max_p <= 20, "max_p", "at most 20", self.max_p)?;
        SettingError::unless(self.max_q <= 20, "max_q", "at most 20", self.max_q)?;
        let (p, q) = (self.max_seasonal_p, self.max_seasonal_q);
        SettingError::unless(p <= 5, "max_seasonal_p", "at most 5", p)?;
        SettingError::unless(q <= 5, "max_seasonal_q", "at most 5", q)?;
        let (d, seasonal_d) = (self.d.unwrap_or(0), self.seasonal_d.unwrap_or(0));
        SettingError::unless(d <= 2, "d", "at most 2", d)?;
        SettingError::unless(seasonal_d <= 1, "seasonal_d", "at most 1", seasonal_d)?;
        SettingError::unless(self.season != Some(0), "season", "at least 1", 0)
    }
}

impl AutoArima {
    /// Differences for this series, without any lags: D first, then d of what is left.
    fn differences(&self, y: &[f64], season: usize) -> Order {
        let mut order = Order::new([0; 3], [0; 3], season);
        if self.stationary {
            return order;
        }
        if season > 1 && y.len() > season {
            let strong = || usize::from(y.len() > 2 * season && stl::strength(y, season) > 0.64);
            order.seasonal_diff = self.seasonal_d.unwrap_or_else(strong);
        }
        let seasonal = order.difference(y);
        let wanted = self.d.unwrap_or_else(|| kpss::differences(&seasonal, 2));
        order.diff = wanted.min(seasonal.len().saturating_sub(1));
        order
    }

    /// The best model of a series without holes.
    fn best(&self, ctx: &Ctx, full: &Past<'_>, order: Order) -> Result<Candidate, FitError> {
        let n = full.y.len();
        let approximate = self.approximation.unwrap_or(n > 150 || order.season > 12);
        let seasonal =
            |most: usize| if order.season > 1 { most.min(n / 3 / order.season) } else { 0 };
        let most = Order {
            ar: self.max_p.min(n / 3),
            ma: self.max_q.min(n / 3),
            seasonal_ar: seasonal(self.max_seasonal_p),
            seasonal_ma: seasonal(self.max_seasonal_q),
            ..order
        };
        let [plain, with_constant] = [false, true].map(|constant| sample(full, &order, constant));
        let space = Space {
            samples: [&plain, &with_constant],
            most,
            constant: self.constant && order.diff + order.seasonal_diff <= 1,
            method: if approximate { Method::Conditional } else { Method::Exact },
        };
        space.walk(&mut || ctx.go_on())
    }
}

impl Univariate for AutoArima {
    fn fit(&self, ctx: &Ctx, past: &Past<'_>) -> Result<Box<dyn Extrapolate>, FitError> {
        past.at_least(1)?;
        let season = if self.seasonal { self.season.unwrap_or(past.season) } else { 1 };
        let filled = fill(past.y, season);
        let order = self.differences(&filled, season);
        if is_flat(&order.difference(&filled)) {
            let constant = order.diff + order.seasonal_diff < 2;
            return finish(past, order, constant, None);
        }
        let best = self.best(ctx, &Past::new(&filled, season), order)?;
        let exact = (filled == past.y).then_some(best.fit);
        finish(past, best.order, best.constant, exact)
    }

    fn missing(&self) -> Missing {
        Missing::Exact
    }
}

fn is_flat(y: &[f64]) -> bool {
    y.windows(2).all(|pair| pair[0] == pair[1])
}

/// The exact fit, made here unless it is there, and the state after it.
fn finish(
    past: &Past<'_>,
    order: Order,
    constant: bool,
    exact: Option<Fit>,
) -> Result<Box<dyn Extrapolate>, FitError> {
    let exact = exact.unwrap_or_else(|| fit(&order, &sample(past, &order, constant)));
    Ok(Box::new(FittedArima::new(past, order, Mean::constant(constant), exact)?))
}

fn sample(past: &Past<'_>, order: &Order, constant: bool) -> Sample {
    let mean = Mean::constant(constant);
    mean.sample(order, past, mean.columns(past))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::Next;

    /// Noise with a flat spectrum, from a linear congruence; mean 0, the same everywhere.
    fn noise(len: usize) -> Vec<f64> {
        let mut state = 1_u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
        };
        (0..len).map(|_| (0..4).map(|_| next()).sum()).collect()
    }

    fn best(y: &[f64], season: usize) -> Candidate {
        let method = AutoArima::default();
        let order = method.differences(y, season);
        method.best(&Ctx::new(1), &Past::new(y, season), order).unwrap()
    }

    /// y[t] = 0.8·y[t−1] + ε is an autoregression of one lag, 0.8 within its standard error of 0.03.
    #[test]
    fn finds_an_autoregression() {
        let mut level = 0.0;
        let y: Vec<f64> = noise(400)
            .iter()
            .map(|e| {
                level = 0.8 * level + e;
                level
            })
            .collect();
        let found = best(&y, 1);
        assert_eq!((found.order.ar, found.order.diff, found.order.ma), (1, 0, 0), "{found:?}");
        assert!((found.fit.coefficients[0] - 0.8).abs() < 0.1, "{found:?}");
    }

    /// A season that never changes over noise is differenced once, and continued.
    #[test]
    fn finds_a_season() {
        let y: Vec<f64> =
            noise(96).iter().enumerate().map(|(t, e)| e + 9.0 * (t % 4) as f64).collect();
        assert_eq!(best(&y, 4).order.seasonal_diff, 1);
        let ctx = Ctx::new(1);
        let fitted = AutoArima::default().fit(&ctx, &Past::new(&y, 4)).unwrap();
        let mean = fitted.steps(&ctx, &Next::plain(4)).unwrap().mean;
        assert!(mean.iter().enumerate().all(|(k, m)| (m - 9.0 * k as f64).abs() < 1.0), "{mean:?}");
    }

    /// A straight line has nothing left after one difference: its drift goes on.
    #[test]
    fn continues_a_line() {
        let ctx = Ctx::new(1);
        let y: Vec<f64> = (0..30).map(|t| 2.0 * f64::from(t)).collect();
        let fitted = AutoArima::default().fit(&ctx, &Past::new(&y, 1)).unwrap();
        assert_eq!(fitted.steps(&ctx, &Next::plain(2)).unwrap().mean, [60.0, 62.0]);
    }

    /// Fixed differences are kept, and no more than the allowed lags are tried.
    #[test]
    fn settings_bind() {
        let method = AutoArima { d: Some(1), max_p: 0, max_q: 1, ..AutoArima::default() };
        let y = noise(60);
        let order = method.differences(&y, 1);
        let found = method.best(&Ctx::new(1), &Past::new(&y, 1), order).unwrap();
        assert_eq!((found.order.ar, found.order.diff), (0, 1));
        assert!(found.order.ma <= 1);
    }
}
