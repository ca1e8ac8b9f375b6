//! Teunter, Syntetos and Babai: demand that may die out.
//!
//! ```text
//! chance ← chance + β·(demand? − chance)     in every period
//! size   ← size + α·(y − size)               in periods with a demand
//! mean[h] = chance·size
//! ```
//!
//! The chance falls in silence, so an item that is no longer asked for is forecast less and less:
//! the difference to Croston. A rate left out minimises the squared one-step errors of its own
//! smoothing, within 0.1 to 0.3. A missing period counts for nothing.
//! Teunter, Syntetos & Babai (2011), European Journal of Operational Research 214.

use almanac_data::{FitError, Forecast};
use serde::{Deserialize, Serialize};

use crate::forecast::croston::{Shape, check_rates, periods, smooth};
use crate::forecast::{Extrapolate, Missing, Next, Past, Univariate};
use crate::{Ctx, Setting, SettingError, Settings};

/// Chance times size.
///
/// | name  | default | range  | meaning                                   |
/// |-------|---------|--------|-------------------------------------------|
/// | alpha | fitted  | (0, 1] | share of the newest size                  |
/// | beta  | fitted  | (0, 1] | share of the newest period in the chance  |
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tsb {
    /// Share of the newest size; left out, fitted.
    pub alpha: Option<f64>,
    /// Share of the newest period in the chance; left out, fitted.
    pub beta: Option<f64>,
}

impl Settings for Tsb {
    const TABLE: &'static [Setting] = &[
        Setting {
            name: "alpha",
            range: "(0, 1], or left out",
            meaning: "share of the newest size; left out, fitted",
        },
        Setting {
            name: "beta",
            range: "(0, 1], or left out",
            meaning: "share of the newest period in the chance of a demand; left out, fitted",
        },
    ];

    fn check(&self) -> Result<(), SettingError> {
        check_rates(self.alpha, self.beta)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct FittedTsb {
    alpha: f64,
    beta: f64,
    shape: Shape,
    size: f64,
    chance: f64,
}

impl Univariate for Tsb {
    fn fit(&self, _ctx: &Ctx, past: &Past<'_>) -> Result<Box<dyn Extrapolate>, FitError> {
        past.at_least(1)?;
        let periods = periods(past.y)?;
        let demanded: Vec<f64> =
            periods.iter().map(|&value| f64::from(u8::from(value > 0.0))).collect();
        let sizes: Vec<f64> = periods.into_iter().filter(|value| *value > 0.0).collect();
        let (size, chance) = (smooth(&sizes, self.alpha), smooth(&demanded, self.beta));
        Ok(Box::new(FittedTsb {
            alpha: size.alpha,
            beta: chance.alpha,
            shape: Shape::of(sizes),
            size: size.level,
            chance: chance.level,
        }))
    }

    fn missing(&self) -> Missing {
        Missing::Exact
    }
}

#[typetag::serde]
impl Extrapolate for FittedTsb {
    fn steps(&self, _ctx: &Ctx, next: &Next<'_>) -> Result<Forecast, FitError> {
        Ok(self.shape.forecast(self.chance, self.size, next.steps))
    }

    fn later(&self, past: &Past<'_>, new: usize) -> Result<Box<dyn Extrapolate>, FitError> {
        past.at_least(new)?;
        let mut fitted = self.clone();
        for value in periods(&past.y[past.y.len() - new..])? {
            let demanded = f64::from(u8::from(value > 0.0));
            fitted.chance += self.beta * (demanded - fitted.chance);
            if value > 0.0 {
                let rate = if fitted.size == 0.0 { 1.0 } else { self.alpha };
                fitted.size += rate * (value - fitted.size);
            }
        }
        Ok(Box::new(fitted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Chance 1, ½, ¾ after demand, silence, demand; sizes 4 then 8 give 6.
    #[test]
    fn tsb_by_hand() {
        let ctx = Ctx::new(1);
        let method = Tsb { alpha: Some(0.5), beta: Some(0.5) };
        let fitted = method.fit(&ctx, &Past::new(&[4.0, 0.0, 8.0], 1)).unwrap();
        let forecast = fitted.steps(&ctx, &Next::plain(2)).unwrap();
        assert_eq!(forecast.mean, [4.5, 4.5]);
    }

    /// Two silent periods quarter the forecast at a rate of a half.
    #[test]
    fn silence_lowers_the_forecast() {
        let ctx = Ctx::new(1);
        let method = Tsb { alpha: Some(0.5), beta: Some(0.5) };
        let fitted = method.fit(&ctx, &Past::new(&[4.0, 4.0], 1)).unwrap();
        let moved = fitted.later(&Past::new(&[4.0, 4.0, 0.0, 0.0], 1), 2).unwrap();
        assert_eq!(moved.steps(&ctx, &Next::plain(1)).unwrap().mean, [1.0]);
    }
}
