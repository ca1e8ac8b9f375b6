//! Exponential smoothing in state space form: any of the fifteen stable forms.
//!
//! ```text
//! q = level + φ·slope      μ = q  |  q + s  |  q·s      y = μ + e  |  μ·(1 + e)
//! level ← q + α·e/s        slope ← φ·slope + β·e/s      s ← s + γ·e/q          (e absolute)
//! loss = n·ln Σe² + 2·Σ ln μ     over α, β, γ, φ and the first states; e and ln μ where relative
//! ```
//!
//! Divisions by s and q only where the season multiplies; 0 < β < α, 0 < γ < 1 − α,
//! 0.8 ≤ φ ≤ 0.98. First states of seasons above 24 stay those of a decomposition. A missing value
//! leaves the states on their course: its error is taken at its expectation, zero. Good with a
//! level, slope or season that wander; one season only.
//! Hyndman, Koehler, Ord & Snyder, Forecasting with Exponential Smoothing, 2008.

use almanac_data::{FitError, Forecast};
use almanac_kernels::ets::{
    Error, Fit, Fixed, Form, Problem, Season, State, Trend, Weights, filter, moments,
};
use serde::{Deserialize, Serialize};

use crate::forecast::{Extrapolate, Missing, Next, Past, Univariate};
use crate::{Ctx, Setting, SettingError, Settings};

/// One form of exponential smoothing.
///
/// | name   | default     | range      | meaning                                           |
/// |--------|-------------|------------|---------------------------------------------------|
/// | model  | ANN         | 15 names   | errors A or M, trend N, A or Ad, season N, A or M |
/// | season | the panel's | >= 1       | observations in one cycle; 1 is no season         |
/// | alpha  | fitted      | (0, 1]     | share of an error that enters the level           |
/// | beta   | fitted      | [0, alpha] | share of an error that enters the slope           |
/// | gamma  | fitted      | [0, 1 − α] | share of an error that enters the season          |
/// | phi    | fitted      | (0, 1]     | what is left of the slope after a step            |
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ets {
    /// Letters of errors, trend and season.
    pub model: String,
    /// Observations in one cycle; left out, the panel's.
    pub season: Option<usize>,
    /// Share of an error that enters the level.
    pub alpha: Option<f64>,
    /// Share of an error that enters the slope.
    pub beta: Option<f64>,
    /// Share of an error that enters the season.
    pub gamma: Option<f64>,
    /// What is left of the slope after a step.
    pub phi: Option<f64>,
}

impl Default for Ets {
    fn default() -> Ets {
        let [alpha, beta, gamma, phi] = [None; 4];
        Ets { model: "ANN".into(), season: None, alpha, beta, gamma, phi }
    }
}

pub(super) const SEASON: Setting = Setting {
    name: "season",
    range: ">= 1, or left out",
    meaning: "observations in one cycle; 1 is none; left out, the panel's",
};
pub(super) const ALPHA: Setting = Setting {
    name: "alpha",
    range: "in (0, 1], or left out",
    meaning: "share of an error that enters the level; left out, fitted",
};
pub(super) const BETA: Setting = Setting {
    name: "beta",
    range: "in [0, alpha], or left out",
    meaning: "share of an error that enters the slope; left out, fitted",
};
pub(super) const GAMMA: Setting = Setting {
    name: "gamma",
    range: "in [0, 1 - alpha], or left out",
    meaning: "share of an error that enters the season; left out, fitted",
};
pub(super) const PHI: Setting = Setting {
    name: "phi",
    range: "in (0, 1], or left out",
    meaning: "what is left of the slope after a step; left out, fitted",
};

impl Settings for Ets {
    const TABLE: &'static [Setting] = &[
        Setting {
            name: "model",
            range: "errors A or M, trend N, A or Ad, season N, A or M; not A with season M",
            meaning: "the form: A adds, M multiplies, N is none, d is damped",
        },
        SEASON,
        ALPHA,
        BETA,
        GAMMA,
        PHI,
    ];

    fn check(&self) -> Result<(), SettingError> {
        let forms = forms(&self.model);
        let must = "one form, such as ANN, AAdN or MAM; `auto_ets` chooses among several";
        SettingError::unless(forms.len() == 1, "model", must, &self.model)?;
        SettingError::unless(self.season != Some(0), "season", "at least 1", 0)?;
        self.check_weights(forms[0])
    }
}

impl Ets {
    /// Whether the weights make sense for a form and together.
    fn check_weights(&self, form: Form) -> Result<(), SettingError> {
        let Ets { alpha, beta, gamma, phi, .. } = *self;
        let parts = [
            ("beta", beta, form.trend != Trend::None, "left out of a model without a trend"),
            ("gamma", gamma, form.season != Season::None, "left out of a model without a season"),
            ("phi", phi, form.trend == Trend::Damped, "left out of a model without damping"),
        ];
        for (name, value, has, must) in parts {
            let got = value.unwrap_or_default();
            SettingError::unless(value.is_none() || has, name, must, got)?;
        }
        let within = |name, value: Option<f64>, [least, most]: [f64; 2], must| {
            let fits = value.is_none_or(|value| least <= value && value <= most);
            SettingError::unless(fits, name, must, value.unwrap_or_default())
        };
        let tiny = f64::MIN_POSITIVE;
        within("alpha", alpha, [tiny, 1.0], "in (0, 1]")?;
        within("gamma", gamma, [0.0, 1.0 - alpha.unwrap_or(0.0)], "in [0, 1 - alpha]")?;
        let most = alpha.unwrap_or(1.0 - gamma.unwrap_or(0.0));
        within("beta", beta, [0.0, most], "in [0, alpha], and with gamma at most 1")?;
        within("phi", phi, [tiny, 1.0], "in (0, 1]")
    }
}

impl Univariate for Ets {
    fn fit(&self, _ctx: &Ctx, past: &Past<'_>) -> Result<Box<dyn Extrapolate>, FitError> {
        let form = forms(&self.model).first().copied();
        let form = form.ok_or_else(|| FitError::Failed(format!("no model `{}`", self.model)))?;
        let season = self.season.unwrap_or(past.season);
        let form = if season < 2 { Form { season: Season::None, ..form } } else { form };
        if form.error == Error::Multiplicative {
            positive(past.y)?;
        }
        let fixed = Fixed { alpha: self.alpha, beta: self.beta, gamma: self.gamma, phi: self.phi };
        let problem = Problem { y: past.y, form, season, fixed, liveliest: 1.0 };
        let (need, got) = (problem.free() + 1, seen(past.y));
        if got < need {
            return Err(FitError::TooShort { need, got });
        }
        let advice = match form.error {
            Error::Additive => "these weights never forget the first states: leave some out",
            Error::Multiplicative => "no fit keeps its means positive: take additive errors",
        };
        let no_fit = || FitError::Failed(advice.into());
        let fit = problem.fit(f64::INFINITY).ok_or_else(no_fit)?;
        Ok(Box::new(FittedEts::of(&problem, fit)))
    }

    fn missing(&self) -> Missing {
        Missing::Exact
    }
}

/// The stable forms that a name such as `AAdM` stands for, simpler ones first; Z in a place is any
/// letter there. None where it is no name.
pub(super) fn forms(name: &str) -> Vec<Form> {
    let split = || {
        let last = name.len().checked_sub(1)?;
        Some((name.get(..1)?, name.get(1..last)?, name.get(last..)?))
    };
    let Some((first, middle, last)) = split() else { return Vec::new() };
    let meant = |letter: &str, written: &str| written == letter || written == "Z";
    let mut all = Vec::new();
    for season in [("N", Season::None), ("A", Season::Additive), ("M", Season::Multiplicative)] {
        for trend in [("N", Trend::None), ("A", Trend::Additive), ("Ad", Trend::Damped)] {
            for error in [("A", Error::Additive), ("M", Error::Multiplicative)] {
                let stable = (error.0, season.0) != ("A", "M");
                let written = meant(error.0, first) && meant(trend.0, middle);
                if stable && written && meant(season.0, last) {
                    all.push(Form { error: error.1, trend: trend.1, season: season.1 });
                }
            }
        }
    }
    all
}

/// A form with its weights, at the end of a past.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub(super) struct FittedEts {
    form: Form,
    weights: Weights,
    state: State,
    sigma2: f64,
}

almanac_kernels::checked!(FittedEts, |fitted| fitted.state.season.is_empty()
    == (fitted.form.season == Season::None));

impl FittedEts {
    /// With the variance that the fit leaves.
    pub fn of(problem: &Problem<'_>, fit: Fit) -> FittedEts {
        let spare = fit.errors.count.saturating_sub(problem.free()).max(1);
        let sigma2 = fit.errors.squares / spare as f64;
        FittedEts { form: problem.form, weights: fit.weights, state: fit.end, sigma2 }
    }
}

/// How many values are there.
pub(super) fn seen(y: &[f64]) -> usize {
    y.iter().filter(|value| !value.is_nan()).count()
}

/// Refuses values that errors cannot be relative to.
pub(super) fn positive(y: &[f64]) -> Result<(), FitError> {
    match y.iter().find(|value| **value <= 0.0) {
        Some(&got) => Err(FitError::Domain { must: "positive", got }),
        None => Ok(()),
    }
}

#[typetag::serde]
impl Extrapolate for FittedEts {
    fn steps(&self, _ctx: &Ctx, next: &Next<'_>) -> Result<Forecast, FitError> {
        let ahead = (self.sigma2, next.steps);
        let (mean, variance) = moments(self.form, &self.weights, &self.state, ahead);
        Ok(Forecast::normal(mean, variance))
    }

    fn later(&self, past: &Past<'_>, new: usize) -> Result<Box<dyn Extrapolate>, FitError> {
        past.at_least(new)?;
        let mut moved = self.clone();
        let new = &past.y[past.y.len() - new..];
        // Only the likelihood needs means above zero; the states of these forms do not.
        let error = match self.form.season {
            Season::Multiplicative => self.form.error,
            _ => Error::Additive,
        };
        let form = Form { error, ..self.form };
        filter(form, &self.weights, &mut moved.state, new)
            .ok_or_else(|| FitError::Failed("the level fell to zero: fit again".into()))?;
        Ok(Box::new(moved))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fifteen names, each of one form; Z stands for any.
    #[test]
    fn names_of_forms() {
        let names = "ANN AAN AAdN ANA AAA AAdA MNN MAN MAdN MNA MAA MAdA MNM MAM MAdM";
        assert!(names.split(' ').all(|name| forms(name).len() == 1));
        assert_eq!((forms("ZZZ").len(), forms("ZAdZ").len(), forms("AZM").len()), (15, 5, 0));
        assert!(["", "A", "AN", "aNN", "ANNN", "ANM"].iter().all(|name| forms(name).is_empty()));
    }

    /// α = 1 forgets all but the last value, and a damped slope with φ = 1 is not damped.
    #[test]
    fn limits_of_the_weights() {
        let y = [3.0, 5.0, 4.0, 8.0, 7.0, 9.0, 12.0, 11.0];
        let ctx = Ctx::new(1);
        let mean = |method: Ets| {
            method.check().unwrap();
            let fitted = method.fit(&ctx, &Past::new(&y, 1)).unwrap();
            fitted.steps(&ctx, &Next::plain(3)).unwrap().mean
        };
        assert_eq!(mean(Ets { alpha: Some(1.0), ..Ets::default() }), [11.0; 3]);
        let [alpha, beta] = [Some(0.4), Some(0.2)];
        let holt = Ets { model: "AAN".into(), alpha, beta, ..Ets::default() };
        let damped = Ets { model: "AAdN".into(), phi: Some(1.0), ..holt.clone() };
        assert!(mean(holt).iter().zip(mean(damped)).all(|(a, b)| (a - b).abs() < 1e-6));
    }

    /// Moving on by two and three equals moving on by five, and the level counts the values: relative
    /// errors, a season that multiplies and holes included.
    #[test]
    fn later_adds_up_where_the_season_multiplies() {
        let mut y: Vec<f64> = (0..45).map(|t| (20.0 + t as f64) * [0.5, 1.5, 1.0][t % 3]).collect();
        y[9] = f64::NAN;
        y[41] = f64::NAN;
        let (ctx, next) = (Ctx::new(1), Next::plain(4));
        let method = Ets { model: "MAdM".into(), ..Ets::default() };
        let fitted = method.fit(&ctx, &Past::new(&y[..40], 3)).unwrap();
        let two = fitted.later(&Past::new(&y[..42], 3), 2).unwrap();
        let five = two.later(&Past::new(&y, 3), 3).unwrap().steps(&ctx, &next).unwrap();
        let at_once = fitted.later(&Past::new(&y, 3), 5).unwrap().steps(&ctx, &next).unwrap();
        assert_eq!(five, at_once);
        assert!((five.mean[0] / (65.0 * 0.5) - 1.0).abs() < 0.02);
    }

    /// A weight of a part that the form has not, and weights that leave the usual region.
    #[test]
    fn odd_weights_are_refused() {
        let refuses = |method: Ets| method.check().is_err();
        assert!(refuses(Ets { beta: Some(0.1), ..Ets::default() }));
        assert!(refuses(Ets { alpha: Some(f64::NAN), ..Ets::default() }));
        let seasonal = Ets { model: "ANA".into(), alpha: Some(0.7), ..Ets::default() };
        assert!(refuses(Ets { gamma: Some(0.4), ..seasonal.clone() }));
        assert!(!refuses(Ets { gamma: Some(0.3), ..seasonal }));
    }
}
