//! Exponential smoothing in state space form: one recursion for all fifteen stable forms.
//!
//! ```text
//! q = level + φ·slope      μ = q  |  q + s  |  q·s      e = y − μ
//! level ← q + α·e/s        slope ← φ·slope + β·e/s      s ← s + γ·e/q
//! ```
//!
//! Errors are divided by s and q only where the season multiplies. Relative errors e/μ change the
//! likelihood and not the recursion, so that both kinds share everything here. A missing value
//! leaves its error at its expectation, zero. Hyndman, Koehler, Ord & Snyder, Forecasting with
//! Exponential Smoothing, 2008, chapters 2 and 5.

mod admissible;
mod fit;
mod layout;
mod moments;
mod pass;
mod quadratic;
mod start;

pub use admissible::admissible;
pub use fit::{Fit, Fixed, Problem};
pub use moments::moments;
pub use start::start;

use serde::{Deserialize, Serialize};

/// What an error is measured against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Error {
    /// Nothing: y = μ + e.
    Additive,
    /// The mean: y = μ·(1 + e).
    Multiplicative,
}

/// How the level moves on by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trend {
    /// It stays.
    None,
    /// By the slope.
    Additive,
    /// By a slope that fades by φ each step.
    Damped,
}

/// How the season enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Season {
    /// Not at all.
    None,
    /// Added to the level.
    Additive,
    /// Multiplied with the level.
    Multiplicative,
}

/// One of the fifteen: (A, M) × (N, A, Ad) × (N, A, M) without the three A··M, which are unstable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// Errors.
    pub error: Error,
    /// Trend.
    pub trend: Trend,
    /// Season.
    pub season: Season,
}

/// Shares of an error that enter the states, and what is left of the slope after a step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Weights {
    /// Into the level.
    pub alpha: f64,
    /// Into the slope; 0 without one.
    pub beta: f64,
    /// Into the season; 0 without one.
    pub gamma: f64,
    /// Left of the slope; 1 unless damped.
    pub phi: f64,
}

/// Where the recursion stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Level.
    pub level: f64,
    /// Change of the level in a step; 0 without a trend.
    pub slope: f64,
    /// The season of the coming steps, in order; empty without one.
    pub season: Vec<f64>,
}

/// Sums over the errors of a pass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Errors {
    /// Observed values.
    pub count: usize,
    /// Sum of squared errors, relative ones where errors multiply.
    pub squares: f64,
    /// Sum of ln μ where errors multiply, else 0.
    pub logs: f64,
}

impl Errors {
    /// Minus twice the log-likelihood, up to a constant of the number of values:
    /// n·ln Σe² + 2·Σ ln μ. Minus infinity where every error is zero.
    pub fn loss(&self) -> f64 {
        self.count as f64 * self.squares.ln() + 2.0 * self.logs
    }
}

/// Moves the state over `y`. None where a mean that must be positive is not.
pub fn filter(form: Form, weights: &Weights, state: &mut State, y: &[f64]) -> Option<Errors> {
    let mut tangent = pass::Tangent::new(&mut []);
    let sums = pass::pass::<0>(form, weights, state, y, &mut tangent)?;
    Some(sums.errors)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(error: Error, trend: Trend, season: Season) -> Form {
        Form { error, trend, season }
    }

    /// Level 10, slope 1, season (1, −1), y = 14: μ = 12, e = 2; the level becomes 11 + 0.5·2,
    /// the slope 1 + 0.25·2, the season just met 1 + 0.1·2, and it is the last one to come again.
    #[test]
    fn one_additive_step_by_hand() {
        let mut state = State { level: 10.0, slope: 1.0, season: vec![1.0, -1.0] };
        let weights = Weights { alpha: 0.5, beta: 0.25, gamma: 0.1, phi: 1.0 };
        let form = form(Error::Additive, Trend::Additive, Season::Additive);
        let errors = filter(form, &weights, &mut state, &[14.0]).unwrap();
        assert_eq!(state, State { level: 12.0, slope: 1.5, season: vec![-1.0, 1.2] });
        assert_eq!(errors, Errors { count: 1, squares: 4.0, logs: 0.0 });
    }

    /// Level 8, slope 4 halved, season 2, y = 25: q = 10, μ = 20, e = 5, relative 1/4.
    #[test]
    fn one_multiplicative_step_by_hand() {
        let mut state = State { level: 8.0, slope: 4.0, season: vec![2.0] };
        let weights = Weights { alpha: 0.5, beta: 0.25, gamma: 0.1, phi: 0.5 };
        let form = form(Error::Multiplicative, Trend::Damped, Season::Multiplicative);
        let errors = filter(form, &weights, &mut state, &[25.0]).unwrap();
        assert_eq!(state, State { level: 11.25, slope: 2.625, season: vec![2.05] });
        assert_eq!(errors, Errors { count: 1, squares: 0.0625, logs: 20f64.ln() });
    }

    /// Where nothing was seen the level walks on by its slope, and a mean below zero is refused
    /// where errors are relative to it.
    #[test]
    fn missing_values_and_negative_means() {
        let weights = Weights { alpha: 0.5, beta: 0.5, gamma: 0.0, phi: 1.0 };
        let mut state = State { level: 3.0, slope: -1.0, season: Vec::new() };
        let additive = form(Error::Additive, Trend::Additive, Season::None);
        let errors = filter(additive, &weights, &mut state, &[f64::NAN, f64::NAN]).unwrap();
        assert_eq!((state.level, state.slope, errors.count), (1.0, -1.0, 0));
        let relative = form(Error::Multiplicative, Trend::Additive, Season::None);
        assert_eq!(filter(relative, &weights, &mut state, &[1.0]), None);
    }
}
