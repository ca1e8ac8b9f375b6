//! Croston, and its correction by Syntetos and Boylan: how much demand, and how often.
//!
//! ```text
//! at each demand of size y, `gap` periods after the one before:
//! size ← size + α·(y − size)      every ← every + β·(gap − every)
//! mean[h] = size / every          sba: mean[h] = (1 − β/2)·size / every
//! ```
//!
//! A rate left out minimises the squared one-step errors of its own smoothing, within 0.1 to 0.3.
//! Each period ahead is empty or has one demand, with the chance that gives this mean; sizes vary
//! around the smoothed size as the sizes of the past did around theirs. A missing period counts
//! for nothing. Right after a long silence the forecast is still that of the last demand: use tsb
//! where items die.
//! Croston (1972), Operational Research Quarterly 23; Syntetos & Boylan (2005), International
//! Journal of Forecasting 21.

use std::sync::Arc;

use almanac_data::{FitError, Forecast};
use almanac_kernels::ses::{self, Start};
use serde::{Deserialize, Serialize};

use crate::forecast::{Extrapolate, Missing, Next, Past, Univariate};
use crate::{Ctx, Setting, SettingError, Settings};

/// Where a rate is looked for when it is left out.
pub(super) const RATES: [f64; 2] = [0.1, 0.3];

/// Size over interval.
///
/// | name  | default | range  | meaning                                   |
/// |-------|---------|--------|-------------------------------------------|
/// | alpha | fitted  | (0, 1] | share of the newest size                  |
/// | beta  | fitted  | (0, 1] | share of the newest interval              |
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Croston {
    /// Share of the newest size; left out, fitted.
    pub alpha: Option<f64>,
    /// Share of the newest interval; left out, fitted.
    pub beta: Option<f64>,
}

/// Croston without its bias: the same settings.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sba(pub Croston);

impl Settings for Croston {
    const TABLE: &'static [Setting] = &[
        Setting {
            name: "alpha",
            range: "(0, 1], or left out",
            meaning: "share of the newest size; left out, fitted",
        },
        Setting {
            name: "beta",
            range: "(0, 1], or left out",
            meaning: "share of the newest interval; left out, fitted",
        },
    ];

    fn check(&self) -> Result<(), SettingError> {
        check_rates(self.alpha, self.beta)
    }
}

impl Settings for Sba {
    const TABLE: &'static [Setting] = Croston::TABLE;

    fn check(&self) -> Result<(), SettingError> {
        self.0.check()
    }
}

/// Refuses rates outside (0, 1].
pub(super) fn check_rates(alpha: Option<f64>, beta: Option<f64>) -> Result<(), SettingError> {
    for (name, rate) in [("alpha", alpha), ("beta", beta)] {
        let rate = rate.unwrap_or(1.0);
        SettingError::unless(0.0 < rate && rate <= 1.0, name, "in (0, 1]", rate)?;
    }
    Ok(())
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct FittedCroston {
    alpha: f64,
    beta: f64,
    /// 1, or what the correction leaves of the mean.
    share: f64,
    shape: Shape,
    size: f64,
    every: f64,
    /// Periods since the last demand.
    gap: f64,
}

impl Univariate for Croston {
    fn fit(&self, _ctx: &Ctx, past: &Past<'_>) -> Result<Box<dyn Extrapolate>, FitError> {
        Ok(Box::new(self.fitted(past)?))
    }

    fn missing(&self) -> Missing {
        Missing::Exact
    }
}

impl Univariate for Sba {
    fn fit(&self, _ctx: &Ctx, past: &Past<'_>) -> Result<Box<dyn Extrapolate>, FitError> {
        let plain = self.0.fitted(past)?;
        Ok(Box::new(FittedCroston { share: 1.0 - plain.beta / 2.0, ..plain }))
    }

    fn missing(&self) -> Missing {
        Missing::Exact
    }
}

impl Croston {
    fn fitted(&self, past: &Past<'_>) -> Result<FittedCroston, FitError> {
        past.at_least(1)?;
        let periods = periods(past.y)?;
        let (mut sizes, mut gaps, mut gap) = (Vec::new(), Vec::new(), 0.0);
        for &value in &periods {
            gap += 1.0;
            if value > 0.0 {
                sizes.push(value);
                gaps.push(gap);
                gap = 0.0;
            }
        }
        let (size, every) = (smooth(&sizes, self.alpha), smooth(&gaps, self.beta));
        Ok(FittedCroston {
            alpha: size.alpha,
            beta: every.alpha,
            share: 1.0,
            shape: Shape::of(sizes),
            size: size.level,
            every: every.level,
            gap,
        })
    }
}

#[typetag::serde]
impl Extrapolate for FittedCroston {
    fn steps(&self, _ctx: &Ctx, next: &Next<'_>) -> Result<Forecast, FitError> {
        let chance = if self.size > 0.0 { self.share / self.every } else { 0.0 };
        Ok(self.shape.forecast(chance, self.size, next.steps))
    }

    fn later(&self, past: &Past<'_>, new: usize) -> Result<Box<dyn Extrapolate>, FitError> {
        past.at_least(new)?;
        let mut fitted = self.clone();
        for value in periods(&past.y[past.y.len() - new..])? {
            fitted.gap += 1.0;
            if value > 0.0 {
                let first = fitted.size == 0.0;
                let rates = if first { [1.0; 2] } else { [self.alpha, self.beta] };
                fitted.size += rates[0] * (value - fitted.size);
                fitted.every += rates[1] * (fitted.gap - fitted.every);
                fitted.gap = 0.0;
            }
        }
        Ok(Box::new(fitted))
    }
}

/// The periods that were observed.
pub(super) fn periods(y: &[f64]) -> Result<Vec<f64>, FitError> {
    match y.iter().find(|value| **value < 0.0) {
        Some(&got) => Err(FitError::Domain { must: "non-negative", got }),
        None => Ok(y.iter().copied().filter(|value| !value.is_nan()).collect()),
    }
}

/// Exponential smoothing from the first value, its rate fitted where it is not given.
pub(super) fn smooth(values: &[f64], rate: Option<f64>) -> ses::Ses {
    match rate {
        Some(rate) => ses::with_alpha(values, rate, Start::First),
        None => ses::fit(values, Start::First, RATES),
    }
}

/// How sizes vary, as multiples of their mean, in increasing order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Vec<f64>", into = "Vec<f64>")]
pub(super) struct Shape(Arc<[f64]>);

impl From<Shape> for Vec<f64> {
    fn from(shape: Shape) -> Vec<f64> {
        shape.0.to_vec()
    }
}

impl TryFrom<Vec<f64>> for Shape {
    type Error = &'static str;

    fn try_from(sizes: Vec<f64>) -> Result<Shape, &'static str> {
        if sizes.is_empty() { Err("a shape without sizes") } else { Ok(Shape(sizes.into())) }
    }
}

impl Shape {
    /// The shape of these sizes; of a certain size where there are none.
    pub(super) fn of(mut sizes: Vec<f64>) -> Shape {
        if sizes.is_empty() {
            return Shape([1.0].into());
        }
        let mean = sizes.iter().sum::<f64>() / sizes.len() as f64;
        sizes.iter_mut().for_each(|size| *size /= mean);
        sizes.sort_unstable_by(f64::total_cmp);
        Shape(sizes.into())
    }

    /// Periods that have a demand with this chance, of this mean size.
    pub(super) fn forecast(&self, chance: f64, size: f64, steps: usize) -> Forecast {
        Forecast::from_quantiles(vec![chance * size; steps], |_, p| {
            if p <= 1.0 - chance {
                return 0.0;
            }
            let place = (p - (1.0 - chance)) / chance * (self.0.len() - 1) as f64;
            let (low, share) = (place.floor() as usize, place.fract());
            let high = (low + 1).min(self.0.len() - 1);
            size * (self.0[low] + share * (self.0[high] - self.0[low]))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const Y: [f64; 6] = [0.0, 4.0, 0.0, 0.0, 8.0, 0.0];

    fn steps(method: &dyn Univariate, y: &[f64]) -> Forecast {
        let ctx = Ctx::new(1);
        method.fit(&ctx, &Past::new(y, 1)).unwrap().steps(&ctx, &Next::plain(2)).unwrap()
    }

    /// Sizes 4, 8 and gaps 2, 3 at rates of a half: 6 every 2.5 periods.
    #[test]
    fn croston_by_hand() {
        let halves = Croston { alpha: Some(0.5), beta: Some(0.5) };
        assert!((steps(&halves, &Y).mean[1] - 2.4).abs() < 1e-12);
        let corrected = Sba(halves);
        assert!((steps(&corrected, &Y).mean[0] - 0.75 * 2.4).abs() < 1e-12);
    }

    /// A demand in 2 of 5 periods leaves the 60 % quantile at zero; the middle of those above
    /// it is the middle size: 6 times the mean of 4/6 and 8/6.
    #[test]
    fn the_spread_is_empty_or_a_size() {
        let forecast = steps(&Croston { alpha: Some(0.5), beta: Some(0.5) }, &Y);
        assert_eq!(forecast.quantile(0, 0.55), 0.0);
        assert!((forecast.quantile(0, 0.8) - 6.0).abs() < 1e-12);
    }

    /// A missing period neither has a demand nor makes the others rarer.
    #[test]
    fn a_missing_period_counts_for_nothing() {
        let method = Croston { alpha: Some(0.5), beta: Some(0.5) };
        let holes = [0.0, 4.0, 0.0, f64::NAN, 0.0, 8.0, f64::NAN, 0.0];
        assert_eq!(steps(&method, &holes), steps(&method, &Y));
    }

    /// A first demand after an empty past starts both levels.
    #[test]
    fn the_first_demand_may_come_later() {
        let ctx = Ctx::new(1);
        let empty = Croston::default().fit(&ctx, &Past::new(&[0.0, 0.0], 1)).unwrap();
        let past = [0.0, 0.0, 0.0, 6.0];
        let moved = empty.later(&Past::new(&past, 1), 2).unwrap();
        assert_eq!(moved.steps(&ctx, &Next::plain(1)).unwrap().mean, [1.5]);
    }
}
