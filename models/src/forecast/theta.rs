//! The theta method: exponential smoothing pulled along a line, in four forms and the best of two.
//!
//! ```text
//! mean of the next y = ℓ + (1 − 1/θ)·(βⁿ·A + (1 − βⁿ⁺¹)/α·B)      ℓ[t] = α·y[t] + β·ℓ[t−1]      β = 1 − α
//!                        line through all values      line through the values so far
//! θ = 2                  theta                        dynamic_theta
//! θ fitted               optimized_theta              dynamic_optimized_theta
//! smaller n·ln(Σ e²/n) + k·ln n of these two: auto_theta
//! var[h] = σ²·(1 + (h − 1)·α²); where the line moves, σ² times the sum of squared responses
//! ```
//!
//! k counts α, the first level, a fitted θ, and A and B where the line is that of all values: such a
//! line has seen what it is asked to expect, and by Σ e² alone it would be taken too often. θ = 2 needs
//! no look, being one of the values that a fitted θ may take.
//!
//! A season that stands out is first taken away by classical decomposition, and put back. Good on
//! short business series; the line goes on for ever, and the season never changes.
//! Assimakopoulos & Nikolopoulos, The theta model, International Journal of Forecasting 16, 2000;
//! Hyndman & Billah, Unmasking the Theta method, same journal 19, 2003; Fiorucci et al., 32, 2016.

use std::marker::PhantomData;

use almanac_data::{FitError, Forecast};
use almanac_kernels::MOST;
use almanac_kernels::classical::{Season, Way};
use almanac_kernels::theta::{self, Form};
use serde::{Deserialize, Serialize};

use crate::forecast::{Extrapolate, Next, Past, Univariate};
use crate::{Ctx, Setting, SettingError, Settings};

/// The form of a method of the family, or two of which the one with the smaller criterion is taken.
pub trait Forms: Default + Send + Sync + 'static {
    /// The form, or the first of two.
    const FIRST: Form;
    /// The second.
    const OR: Option<Form> = None;
}

/// θ = 2 and one line.
#[derive(Debug, Clone, Default)]
pub struct Plain;
/// θ fitted and one line.
#[derive(Debug, Clone, Default)]
pub struct Optimized;
/// θ = 2 and a line that moves.
#[derive(Debug, Clone, Default)]
pub struct Dynamic;
/// θ fitted and a line that moves.
#[derive(Debug, Clone, Default)]
pub struct DynamicOptimized;
/// θ fitted, and whether the line moves chosen.
#[derive(Debug, Clone, Default)]
pub struct Any;

impl Forms for Plain {
    const FIRST: Form = Form { moving: false, free: false };
}
impl Forms for Optimized {
    const FIRST: Form = Form { moving: false, free: true };
}
impl Forms for Dynamic {
    const FIRST: Form = Form { moving: true, free: false };
}
impl Forms for DynamicOptimized {
    const FIRST: Form = Form { moving: true, free: true };
}
impl Forms for Any {
    const FIRST: Form = Optimized::FIRST;
    const OR: Option<Form> = Some(DynamicOptimized::FIRST);
}

/// A method of the theta family.
///
/// | name          | default     | range | meaning                      |
/// |---------------|-------------|-------|------------------------------|
/// | season        | the panel's | >= 1  | observations in one cycle    |
/// | decomposition | auto        | words | how the season is taken away |
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, bound = "F: Default")]
pub struct Theta<F> {
    /// Observations in one cycle; left out, the panel's.
    pub season: Option<usize>,
    /// How the season is taken away.
    pub decomposition: Decomposition,
    #[serde(skip)]
    forms: PhantomData<F>,
}

/// How a season is taken away before the fit, and put back after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decomposition {
    /// Where it stands out: by division on positive data, else by subtraction.
    #[default]
    Auto,
    /// By division.
    Multiplicative,
    /// By subtraction.
    Additive,
    /// Not at all.
    None,
}

impl<F: Forms> Settings for Theta<F> {
    const TABLE: &'static [Setting] = &[
        Setting {
            name: "season",
            range: ">= 1, or left out",
            meaning: "observations in one cycle; left out, the panel's",
        },
        Setting {
            name: "decomposition",
            range: "auto, multiplicative, additive, none",
            meaning: "how the season goes; auto: if a 90 % test finds one, by division on positive data",
        },
    ];

    fn check(&self) -> Result<(), SettingError> {
        SettingError::unless(self.season != Some(0), "season", "at least 1", 0)
    }
}

impl<F: Forms> Univariate for Theta<F> {
    fn fit(&self, ctx: &Ctx, past: &Past<'_>) -> Result<Box<dyn Extrapolate>, FitError> {
        ctx.go_on()?;
        let season = self.decomposition.season(past, self.season)?;
        let rest = season.without(past.y);
        let first = theta::fit(&rest, F::FIRST);
        let theta = match F::OR.map(|form| theta::fit(&rest, form)) {
            Some(second) if second.bic() < first.bic() => second,
            _ => first,
        };
        let variance = theta.variance();
        Ok(Box::new(FittedTheta { season, count: rest.len(), theta, variance }))
    }
}

impl Decomposition {
    /// The season of this past, or none.
    ///
    /// # Errors
    /// An empty past, and values of zero or less where division was asked for.
    fn season(self, past: &Past<'_>, period: Option<usize>) -> Result<Season, FitError> {
        past.at_least(1)?;
        let period = period.unwrap_or(past.season);
        let of = |way| Season::of(past.y, period, way).unwrap_or_else(Season::none);
        Ok(match self {
            Decomposition::Auto => Season::standing_out(past.y, period),
            Decomposition::Additive => of(Way::Add),
            Decomposition::Multiplicative => {
                if let Some(&got) = past.y.iter().find(|&&value| value <= 0.0) {
                    return Err(FitError::Domain { must: "positive", got });
                }
                of(Way::Multiply)
            }
            Decomposition::None => Season::none(),
        })
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(remote = "Self")]
struct FittedTheta {
    season: Season,
    /// Values so far: the place of the next in the season.
    count: usize,
    theta: theta::Theta,
    variance: f64,
}

almanac_kernels::checked!(FittedTheta, |fitted| fitted.count < MOST);

#[typetag::serde]
impl Extrapolate for FittedTheta {
    fn steps(&self, _ctx: &Ctx, next: &Next<'_>) -> Result<Forecast, FitError> {
        let mut mean = self.theta.path(next.steps);
        let mut variance = self.theta.growth(next.steps);
        for (step, (mean, variance)) in mean.iter_mut().zip(&mut variance).enumerate() {
            let place = self.count + step;
            *mean = self.season.restore(place, *mean);
            *variance = self.season.widen(place, (*variance * self.variance).sqrt()).powi(2);
        }
        Ok(Forecast::normal(mean, variance))
    }

    fn later(&self, past: &Past<'_>, new: usize) -> Result<Box<dyn Extrapolate>, FitError> {
        past.at_least(new)?;
        let mut later = self.clone();
        for &value in &past.y[past.y.len() - new..] {
            later.theta.update(later.season.remove(later.count, value));
            later.count += 1;
        }
        Ok(Box::new(later))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forecast(method: &dyn Univariate, y: &[f64], season: usize, steps: usize) -> Forecast {
        let ctx = Ctx::new(1);
        method.fit(&ctx, &Past::new(y, season)).unwrap().steps(&ctx, &Next::plain(steps)).unwrap()
    }

    /// On a straight line of slope 2, smoothing lags by a constant that the first level takes up,
    /// and θ = 2 goes on with half the slope beyond the level's own lag.
    #[test]
    fn half_the_slope() {
        let y: Vec<f64> = (0..30).map(|t| 5.0 + 2.0 * t as f64).collect();
        let got = forecast(&Theta::<Plain>::default(), &y, 1, 3);
        assert!((got.mean[1] - got.mean[0] - 1.0).abs() < 1e-9);
        assert!((got.mean[2] - got.mean[1] - 1.0).abs() < 1e-9);
    }

    /// With θ → ∞ the line itself is smoothed: a fitted θ continues a straight line.
    #[test]
    fn a_fitted_theta_continues_a_line() {
        let y: Vec<f64> = (0..30).map(|t| 5.0 + 2.0 * t as f64).collect();
        let got = forecast(&Theta::<Optimized>::default(), &y, 1, 2);
        assert!((got.mean[0] - 65.0).abs() < 1e-6 && (got.mean[1] - 67.0).abs() < 1e-6);
    }

    /// A multiplying season on a level is put back exactly, on its place.
    #[test]
    fn a_season_comes_back() {
        let y: Vec<f64> = (0..22).map(|t| [8.0, 12.0, 16.0, 4.0][t % 4]).collect();
        let got = forecast(&Theta::<Dynamic>::default(), &y, 4, 3).mean;
        assert!(got.iter().zip([16.0, 4.0, 8.0]).all(|(got, want)| (got - want).abs() < 1e-9));
    }

    /// Division by a season needs positive values, and says which was not.
    #[test]
    fn division_needs_positive_values() {
        let method =
            Theta::<Plain> { decomposition: Decomposition::Multiplicative, ..Default::default() };
        let error = method.fit(&Ctx::new(1), &Past::new(&[1.0, -2.0, 3.0], 1)).err();
        assert_eq!(error, Some(FitError::Domain { must: "positive", got: -2.0 }));
    }
}
