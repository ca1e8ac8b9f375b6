//! GARCH(1,1): how much tomorrow's value may move, for returns whose variance comes in clusters.
//!
//! ```text
//! y[t] = mean + e[t]                   e[t] = √v[t]·z[t], z normal or scaled Student
//! v[t+1] = ω + α·e[t]² + β·v[t]        v[n+h+1] = ω + (α + β)·v[n+h] ahead
//! ```
//!
//! The series is taken as it is: give returns, not prices. Parameters maximise the likelihood,
//! with ω > 0, α, β ≥ 0 and α + β < 1; the first variance is a weighted mean of the first 75 squared
//! errors. Below 20 values the variance is held constant. Steps beyond the first are taken
//! for normal (or Student) too, which makes their far tails a little thin. A missing value leaves its
//! expectation behind.
//! Bollerslev (1986), Journal of Econometrics 31; (1987), Review of Economics and Statistics 69.

use almanac_data::{FitError, Forecast};
use almanac_kernels::bfgs::{Stop, minimise};
use almanac_kernels::garch::Garch as Recursion;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};
use statrs::function::gamma::{digamma, ln_gamma};

use crate::forecast::{Extrapolate, Missing, Next, Past, Univariate};
use crate::{Ctx, Setting, Settings};

/// With fewer values the variance is held constant.
const ENOUGH: usize = 20;
/// Degrees of freedom that a fit may reach.
const FREEDOM: [f64; 2] = [2.05, 500.0];

/// A variance that remembers.
///
/// | name   | default  | range           | meaning                               |
/// |--------|----------|-----------------|---------------------------------------|
/// | mean   | constant | zero, constant  | what the values vary around           |
/// | errors | normal   | normal, student | the distribution of one step's errors |
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Garch {
    /// What the values vary around.
    pub mean: Around,
    /// The distribution of one step's errors.
    pub errors: Errors,
}

/// What values vary around.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Around {
    /// Zero.
    Zero,
    /// A constant, fitted.
    #[default]
    Constant,
}

/// The distribution of one step's errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Errors {
    /// Normal.
    #[default]
    Normal,
    /// Student's, scaled to its variance, its degrees of freedom fitted.
    Student,
}

impl Settings for Garch {
    const TABLE: &'static [Setting] = &[
        Setting {
            name: "mean",
            range: "zero or constant",
            meaning: "what the values vary around; a constant is fitted",
        },
        Setting {
            name: "errors",
            range: "normal or student",
            meaning: "the distribution of one step's errors; degrees of freedom are fitted",
        },
    ];
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(remote = "Self")]
struct FittedGarch {
    recursion: Recursion,
    /// Of the next step.
    variance: f64,
}

almanac_kernels::checked!(FittedGarch, |fitted| {
    let (freedom, [low, high]) = (fitted.recursion.freedom, FREEDOM);
    freedom == f64::INFINITY || (low <= freedom && freedom <= high)
});

impl Univariate for Garch {
    fn fit(&self, ctx: &Ctx, past: &Past<'_>) -> Result<Box<dyn Extrapolate>, FitError> {
        past.at_least(2)?;
        ctx.go_on()?;
        let mean = match self.mean {
            Around::Zero => 0.0,
            Around::Constant => average(past.y.iter().copied()),
        };
        let unit = average(past.y.iter().map(|value| (value - mean).powi(2))).sqrt();
        let freedom = f64::INFINITY;
        let still = Recursion { omega: unit * unit, alpha: 0.0, beta: 0.0, mean, freedom };
        let seen = past.y.iter().filter(|value| !value.is_nan()).count();
        if seen < ENOUGH || unit == 0.0 {
            return Ok(Box::new(FittedGarch { recursion: still, variance: unit * unit }));
        }
        // In units of the deviation, so that the search does not depend on the scale.
        let errors: Vec<f64> = past.y.iter().map(|value| (value - mean) / unit).collect();
        let first = first_variance(&errors);
        let found = self.search(&errors, first);
        let mut variance = found.omega + (found.alpha + found.beta) * first;
        variance = errors.iter().fold(variance, |variance, error| found.next(variance, *error));
        let recursion =
            Recursion { omega: found.omega * unit * unit, mean: mean + found.mean * unit, ..found };
        Ok(Box::new(FittedGarch { recursion, variance: variance * unit * unit }))
    }

    fn missing(&self) -> Missing {
        Missing::Exact
    }
}

#[typetag::serde]
impl Extrapolate for FittedGarch {
    fn steps(&self, _ctx: &Ctx, next: &Next<'_>) -> Result<Forecast, FitError> {
        let Recursion { mean, freedom, .. } = self.recursion;
        let ahead = |variance: &f64| Some(self.recursion.next(*variance, f64::NAN));
        let variances = std::iter::successors(Some(self.variance), ahead).take(next.steps);
        let normal = Forecast::normal(vec![mean; next.steps], variances);
        if freedom.is_infinite() {
            return Ok(normal);
        }
        let shrink = ((freedom - 2.0) / freedom).sqrt();
        let student = StudentsT::new(0.0, shrink, freedom)
            .map_err(|e| FitError::Failed(format!("degrees of freedom {freedom}: {e}")))?;
        let quantile = |step, p| mean + normal.sd(step) * student.inverse_cdf(p);
        Ok(Forecast::from_quantiles(normal.mean.clone(), quantile))
    }

    fn later(&self, past: &Past<'_>, new: usize) -> Result<Box<dyn Extrapolate>, FitError> {
        past.at_least(new)?;
        let new = &past.y[past.y.len() - new..];
        let on = |variance, value: &f64| self.recursion.next(variance, *value);
        let variance = new.iter().fold(self.variance, on);
        Ok(Box::new(FittedGarch { variance, ..self.clone() }))
    }
}

impl Garch {
    /// The parameters of greatest likelihood for errors in units of their deviation.
    fn search(&self, errors: &[f64], first: f64) -> Recursion {
        let seen = errors.iter().filter(|error| !error.is_nan()).count() as f64;
        let high = |x: &[f64], slopes: &mut [f64]| {
            let at = self.at(x);
            let (mut log, [omega, alpha, beta, mean, freedom]) = at.log_likelihood(errors, first);
            let (lasting, share) = (logistic(x[1]), logistic(x[2]));
            slopes[0] = -omega * at.omega;
            slopes[1] = -lasting * (1.0 - lasting) * (alpha * share + beta * (1.0 - share));
            slopes[2] = -lasting * share * (1.0 - share) * (alpha - beta);
            if self.mean == Around::Constant {
                slopes[3] = -mean;
            }
            if self.errors == Errors::Student {
                let (constant, by_freedom) = student_constant(at.freedom);
                log += seen * constant;
                let [low, high] = FREEDOM;
                let place = (at.freedom - low) / (high - low);
                *slopes.last_mut().unwrap_or(&mut 0.0) =
                    -(freedom + seen * by_freedom) * (high - low) * place * (1.0 - place);
            }
            -log
        };
        let mut starts = Vec::new();
        for lasting in [0.5_f64, 0.7, 0.9, 0.98] {
            for share in [0.1, 0.3] {
                let mut x = vec![(1.0 - lasting).ln(), logit(lasting), logit(share)];
                x.extend((self.mean == Around::Constant).then_some(0.0));
                x.extend((self.errors == Errors::Student).then_some(logit(0.01)));
                starts.push(minimise(high, x, Stop { steps: 30, fall: 1e-3 }));
            }
        }
        let best = starts.into_iter().min_by(|a, b| a.value.total_cmp(&b.value));
        let start = best.map(|best| best.x).unwrap_or_default();
        self.at(&minimise(high, start, Stop { steps: 200, fall: 1e-10 }).x)
    }

    /// The parameters at a point of the search: ln ω, then α + β and α's share in it, then the
    /// mean and the degrees of freedom where they are fitted.
    fn at(&self, x: &[f64]) -> Recursion {
        let (lasting, share) = (logistic(x[1]), logistic(x[2]));
        let [low, high] = FREEDOM;
        Recursion {
            omega: x[0].exp(),
            alpha: lasting * share,
            beta: lasting * (1.0 - share),
            mean: if self.mean == Around::Constant { x[3] } else { 0.0 },
            freedom: match (self.errors, x.last()) {
                (Errors::Student, Some(x)) => low + (high - low) * logistic(*x),
                _ => f64::INFINITY,
            },
        }
    }
}

/// c(ν) of the scaled Student density, and its slope.
fn student_constant(freedom: f64) -> (f64, f64) {
    let (up, half) = (0.5 * (freedom + 1.0), 0.5 * freedom);
    let room = freedom - 2.0;
    let constant = ln_gamma(up) - ln_gamma(half) - 0.5 * (std::f64::consts::PI * room).ln();
    (constant, 0.5 * (digamma(up) - digamma(half) - 1.0 / room))
}

/// The mean of the first 75 squared errors, each weighing 6 % less than the one before.
fn first_variance(errors: &[f64]) -> f64 {
    let (mut sum, mut weights, mut weight) = (0.0, 0.0, 1.0);
    for error in errors.iter().take(75) {
        if !error.is_nan() {
            sum += weight * error * error;
            weights += weight;
        }
        weight *= 0.94;
    }
    sum / weights
}

/// The mean of the values that are there.
fn average(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values
        .filter(|value| !value.is_nan())
        .fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn logit(p: f64) -> f64 {
    (p / (1.0 - p)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// v = 1 + 0.2·4 + 0.5·2 = 2.8, then 1 + 0.7·2.8.
    #[test]
    fn variance_walks_by_hand() {
        let recursion =
            Recursion { omega: 1.0, alpha: 0.2, beta: 0.5, mean: 0.0, freedom: f64::INFINITY };
        let ctx = Ctx::new(1);
        let fitted = FittedGarch { recursion, variance: 2.0 };
        let moved = fitted.later(&Past::new(&[9.0, 2.0], 1), 1).unwrap();
        let forecast = moved.steps(&ctx, &Next::plain(2)).unwrap();
        assert_eq!(forecast, Forecast::normal(vec![0.0, 0.0], [2.8, 1.0 + 0.7 * 2.8]));
    }

    /// The Student density at 4 degrees of freedom: c = ln(Γ(2.5)/(Γ(2)·√(2π))), Γ(2.5) = ¾·√π.
    #[test]
    fn student_constant_by_hand() {
        let (constant, slope) = student_constant(4.0);
        let gamma = 0.75 * std::f64::consts::PI.sqrt();
        assert!((constant - (gamma / std::f64::consts::TAU.sqrt()).ln()).abs() < 1e-9);
        let difference = (student_constant(4.001).0 - student_constant(3.999).0) / 0.002;
        assert!((slope - difference).abs() < 1e-5);
    }
}
