//! SARIMAX: regression on columns known in advance, with ARIMA errors.
//!
//! ```text
//! y[t] = x[t]ᵀβ + c[t] + η[t]      η as in [`super::arima`]
//! ```
//!
//! Weights and ARIMA coefficients are found together, by exact Gaussian likelihood. Every known
//! column is read; one that the others explain gets no weight. The variance of the forecast does
//! not count the uncertainty of β.
//! Box, Jenkins, Reinsel & Ljung, Time Series Analysis, 5th ed., §9.5.

use almanac_data::FitError;
use serde::{Deserialize, Serialize};

use crate::forecast::arima::Arima;
use crate::forecast::{Extrapolate, Missing, Past, Univariate};
use crate::{Ctx, Setting, SettingError, Settings};

/// [`Arima`]'s settings, around a regression on every known column.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sarimax {
    /// The errors.
    pub errors: Arima,
}

impl Settings for Sarimax {
    const TABLE: &'static [Setting] = Arima::TABLE;

    fn check(&self) -> Result<(), SettingError> {
        self.errors.check()
    }
}

impl Univariate for Sarimax {
    fn fit(&self, _ctx: &Ctx, past: &Past<'_>) -> Result<Box<dyn Extrapolate>, FitError> {
        let names = past.known.iter().map(|(name, _)| (*name).to_string()).collect();
        Ok(Box::new(self.errors.fit_with(past, names)?))
    }

    fn missing(&self) -> Missing {
        Missing::Exact
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::Next;

    /// White noise of zero around 2 + 3x: the line is found, and followed ahead.
    #[test]
    fn a_line_by_hand() {
        let ctx = Ctx::new(1);
        let x: Vec<f64> = (0..20).map(|t| f64::from(t * t % 7)).collect();
        let y: Vec<f64> = x.iter().map(|x| 2.0 + 3.0 * x).collect();
        let method = Sarimax { errors: Arima { order: [0, 0, 0], ..Arima::default() } };
        let past = Past { known: vec![("x", &x)], ..Past::new(&y, 1) };
        let fitted = method.fit(&ctx, &past).unwrap();
        let next = Next { steps: 2, known: vec![("x", &[1.0, 10.0])] };
        let mean = fitted.steps(&ctx, &next).unwrap().mean;
        assert!((mean[0] - 5.0).abs() < 1e-9 && (mean[1] - 32.0).abs() < 1e-9, "{mean:?}");
    }

    /// A column that ends before the horizon is named.
    #[test]
    fn a_short_future_is_named() {
        let ctx = Ctx::new(1);
        let (x, y) = ([1.0, 2.0, 1.0, 3.0, 1.0, 0.0], [2.0, 1.0, 4.0, 3.0, 5.0, 4.0]);
        let past = Past { known: vec![("pay_day", &x)], ..Past::new(&y, 1) };
        let fitted = Sarimax::default().fit(&ctx, &past).unwrap();
        let next = Next { steps: 2, known: vec![("pay_day", &[1.0])] };
        let error = fitted.steps(&ctx, &next).err();
        assert_eq!(error, Some(FitError::Regressor { column: "pay_day".into(), need: 2 }));
    }
}
