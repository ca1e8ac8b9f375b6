//! Exponential smoothing in the form that fits best.
//!
//! ```text
//! AICc = loss + 2·k + 2·k·(k + 1)/(n − k − 1)      k: weights, first states and σ
//! ```
//!
//! Errors and seasons multiply only where every value is positive. β/α is searched up to 0.2 over
//! the season: livelier slopes reach a higher likelihood and forecast worse. A season counts once
//! it was seen twice. Fewer than five values are continued by the last one.
//! Hyndman, Koehler, Snyder & Grose, International Journal of Forecasting 18, 2002.

use almanac_data::FitError;
use almanac_kernels::ets::{Error, Fixed, Form, Problem, Season, Trend};
use serde::{Deserialize, Serialize};

use crate::forecast::ets::{FittedEts, SEASON, forms, positive, seen};
use crate::forecast::{Extrapolate, Missing, Past, Univariate};
use crate::{Ctx, Setting, SettingError, Settings};

/// The form with the smallest AICc.
///
/// | name   | default     | range    | meaning                                            |
/// |--------|-------------|----------|----------------------------------------------------|
/// | model  | ZZZ         | letters  | forms to choose from; Z is any letter in its place |
/// | season | the panel's | >= 1     | observations in one cycle; 1 is no season          |
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AutoEts {
    /// Letters of errors, trend and season.
    pub model: String,
    /// Observations in one cycle; left out, the panel's.
    pub season: Option<usize>,
}

impl Default for AutoEts {
    fn default() -> AutoEts {
        AutoEts { model: "ZZZ".into(), season: None }
    }
}

impl Settings for AutoEts {
    const TABLE: &'static [Setting] = &[
        Setting {
            name: "model",
            range: "errors A, M or Z, trend N, A, Ad or Z, season N, A, M or Z; not A with season M",
            meaning: "the forms to choose from; Z is any letter in its place",
        },
        SEASON,
    ];

    fn check(&self) -> Result<(), SettingError> {
        let must = "letters such as ZZZ, ZAdZ or MZM";
        SettingError::unless(!forms(&self.model).is_empty(), "model", must, &self.model)?;
        SettingError::unless(self.season != Some(0), "season", "at least 1", 0)
    }
}

impl Univariate for AutoEts {
    fn fit(&self, ctx: &Ctx, past: &Past<'_>) -> Result<Box<dyn Extrapolate>, FitError> {
        past.at_least(1)?;
        let season = self.season.unwrap_or(past.season);
        let domain = positive(past.y);
        let mut forms = forms(&self.model);
        forms.retain(|form| domain.is_ok() || form.error == Error::Additive);
        if forms.is_empty() {
            domain?;
        }
        let mut best: Option<(f64, FittedEts)> = None;
        for form in forms {
            ctx.go_on()?;
            let bar = best.as_ref().map_or(f64::INFINITY, |(aicc, _)| *aicc);
            best = candidate(past.y, form, season, bar).or(best);
        }
        match best.map(|(_, fitted)| fitted).or_else(|| last(past.y)) {
            Some(fitted) => Ok(Box::new(fitted)),
            None => Err(FitError::NotFinite("the likelihood")),
        }
    }

    fn missing(&self) -> Missing {
        Missing::Exact
    }
}

/// A form and its AICc where that is below `bar`.
fn candidate(y: &[f64], form: Form, season: usize, bar: f64) -> Option<(f64, FittedEts)> {
    let length = if form.season == Season::None { 1 } else { season };
    if form.season != Season::None && (length < 2 || y.len() < 2 * length) {
        return None;
    }
    let liveliest = 0.2 / length as f64;
    let problem = Problem { y, form, season, fixed: Fixed::default(), liveliest };
    let (k, n) = (problem.free() as f64 + 1.0, seen(y) as f64);
    if n - k < 2.0 {
        return None;
    }
    let penalty = 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0);
    let fit = problem.fit(bar - penalty)?;
    let aicc = fit.errors.loss() + penalty;
    (aicc < bar).then(|| (aicc, FittedEts::of(&problem, fit)))
}

/// The last value, repeated: a level that forgets all else.
fn last(y: &[f64]) -> Option<FittedEts> {
    let form = Form { error: Error::Additive, trend: Trend::None, season: Season::None };
    let fixed = Fixed { alpha: Some(1.0), ..Fixed::default() };
    let problem = Problem { y, form, season: 1, fixed, liveliest: 0.0 };
    Some(FittedEts::of(&problem, problem.fit(f64::INFINITY)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Next;

    fn means(y: &[f64], season: usize, steps: usize) -> Vec<f64> {
        let ctx = Ctx::new(1);
        let fitted = AutoEts::default().fit(&ctx, &Past::new(y, season)).unwrap();
        fitted.steps(&ctx, &Next::plain(steps)).unwrap().mean
    }

    /// Up to four values there is nothing to choose by: the last one goes on.
    #[test]
    fn few_values_are_continued_by_the_last() {
        assert_eq!(means(&[3.0], 1, 2), [3.0, 3.0]);
        assert_eq!(means(&[3.0, 8.0, 6.0, 7.0], 4, 2), [7.0, 7.0]);
    }

    /// Swings that grow with a growing level call for a season that multiplies.
    #[test]
    fn the_season_is_found() {
        let value = |t: usize| (50.0 + t as f64) * [0.5, 1.2, 1.3, 1.0][t % 4];
        let wobble = |t: usize| 1.0 + 0.01 * [1.0, -2.0, 0.5, 0.5, -1.0, 1.0, 2.0][t % 7];
        let y: Vec<f64> = (0..48).map(|t| value(t) * wobble(t)).collect();
        let off = |(k, mean): (usize, &f64)| (mean / value(48 + k) - 1.0).abs();
        assert!(means(&y, 4, 8).iter().enumerate().map(off).all(|off| off < 0.03));
    }

    /// Values that are not positive have no relative errors: said where only those are allowed.
    #[test]
    fn multiplied_forms_need_positive_values() {
        let y = [1.0, 2.0, 0.0, 3.0, 2.0, 1.0, 4.0];
        let method = AutoEts { model: "MZN".into(), season: None };
        let error = method.fit(&Ctx::new(1), &Past::new(&y, 1)).err();
        assert_eq!(error, Some(FitError::Domain { must: "positive", got: 0.0 }));
        assert_eq!(means(&y, 1, 1).len(), 1);
    }
}
