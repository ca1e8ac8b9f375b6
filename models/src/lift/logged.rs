//! Logged: a one-series method on logarithms, its quantiles brought back.
//!
//! ```text
//! z = ln y      quantile_p(y[h]) = exp(quantile_p(z[h]))      the mean is exp(mean(z[h]))
//! ```
//!
//! Values must be positive. Where z is symmetric, the mean that comes back is the median of y: the
//! expected value lies above it.
//! Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., §5.6.

use almanac_data::{FitError, Forecast};
use serde::{Deserialize, Serialize};

use crate::forecast::{Extrapolate, Missing, Next, Past, Univariate};
use crate::lift::Built;
use crate::roster::Inner;
use crate::{Ctx, Setting, Settings};

/// A method on logarithms; no settings.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Logged {}

impl Settings for Logged {
    const TABLE: &'static [Setting] = &[];
}

impl Logged {
    /// This method on logarithms.
    ///
    /// # Errors
    /// A method that cannot be built.
    pub fn around(self, inner: &Inner) -> Built {
        Ok(Box::new(Around(inner.build()?)))
    }
}

struct Around(Box<dyn Univariate>);

#[derive(Serialize, Deserialize)]
struct FittedLogged(Box<dyn Extrapolate>);

/// Logarithms of a past; what is missing stays so.
fn logarithms(y: &[f64]) -> Result<Vec<f64>, FitError> {
    match y.iter().find(|&&value| value <= 0.0) {
        Some(&got) => Err(FitError::Domain { must: "positive", got }),
        None => Ok(y.iter().map(|value| value.ln()).collect()),
    }
}

impl Univariate for Around {
    fn fit(&self, ctx: &Ctx, past: &Past<'_>) -> Result<Box<dyn Extrapolate>, FitError> {
        let z = logarithms(past.y)?;
        let fitted = self.0.fit(ctx, &Past { y: &z, ..past.clone() })?;
        Ok(Box::new(FittedLogged(fitted)))
    }

    fn missing(&self) -> Missing {
        self.0.missing()
    }
}

#[typetag::serde]
impl Extrapolate for FittedLogged {
    fn steps(&self, ctx: &Ctx, next: &Next<'_>) -> Result<Forecast, FitError> {
        let z = self.0.steps(ctx, next)?;
        let mean = z.mean.iter().map(|mean| mean.exp()).collect();
        Ok(match z.has_spread() {
            true => Forecast::from_quantiles(mean, |step, p| z.quantile(step, p).exp()),
            false => Forecast::point(mean),
        })
    }

    fn later(&self, past: &Past<'_>, new: usize) -> Result<Box<dyn Extrapolate>, FitError> {
        let z = logarithms(past.y)?;
        let later = self.0.later(&Past { y: &z, ..past.clone() }, new)?;
        Ok(Box::new(FittedLogged(later)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The drift of logarithms of 1 2 4 is ln 2 a step: 8 and 16 come next.
    #[test]
    fn a_drift_of_logarithms_doubles() {
        let (ctx, drift) = (Ctx::new(1), Inner::Name("drift".into()));
        let lifted = Logged {}.around(&drift).unwrap();
        let said = lifted.fit(&ctx, &Past::new(&[1.0, 2.0, 4.0], 1)).unwrap();
        let mean = said.steps(&ctx, &Next::plain(2)).unwrap().mean;
        assert!((mean[0] - 8.0).abs() < 1e-9 && (mean[1] - 16.0).abs() < 1e-9, "{mean:?}");
        let error = lifted.fit(&ctx, &Past::new(&[1.0, 0.0], 1)).err();
        assert_eq!(error, Some(FitError::Domain { must: "positive", got: 0.0 }));
    }
}
