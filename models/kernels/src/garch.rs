//! GARCH(1,1): the likelihood of a series under a variance that remembers, and its gradient.
//!
//! ```text
//! e[t] = y[t] − mean      v[t+1] = ω + α·e[t]² + β·v[t]      v[1] = ω + (α + β)·first
//! normal     ln f(e, v) = −½·(ln 2π + ln v + e²/v)
//! student    ln f(e, v) = c(ν) − ½·ln v − ½·(ν + 1)·ln(1 + e²/(v·(ν − 2)))
//! ```
//!
//! A missing value leaves its expectation behind: v[t+1] = ω + (α + β)·v[t].
//! Bollerslev (1986), Journal of Econometrics 31; the scaled t of Bollerslev (1987).

use serde::{Deserialize, Serialize};

/// The parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Garch {
    /// ω, what the variance gets in each step.
    pub omega: f64,
    /// α, the share of the newest squared error.
    pub alpha: f64,
    /// β, the share of the variance before.
    pub beta: f64,
    /// What the values vary around.
    pub mean: f64,
    /// ν > 2, degrees of freedom of a Student distribution; infinite for a normal one.
    pub freedom: f64,
}

/// Slopes of the likelihood, in the order of [`Garch`]'s fields.
pub type Slopes = [f64; 5];

impl Garch {
    /// The variance after one that met this value.
    pub fn next(&self, variance: f64, value: f64) -> f64 {
        let error = value - self.mean;
        let square = if error.is_nan() { variance } else { error * error };
        self.omega + self.alpha * square + self.beta * variance
    }

    /// The log-likelihood of the values after a variance of `first`, without c(ν), and its slopes.
    pub fn log_likelihood(&self, y: &[f64], first: f64) -> (f64, Slopes) {
        let (mut total, mut slopes) = (0.0, [0.0; 5]);
        let mut variance = self.omega + (self.alpha + self.beta) * first;
        // Of the variance by ω, α, β, mean.
        let mut d = [1.0, first, first, 0.0];
        for &value in y {
            let error = value - self.mean;
            let (square, keep, pull) = match error.is_nan() {
                true => (variance, self.alpha + self.beta, 0.0),
                false => (error * error, self.beta, -2.0 * self.alpha * error),
            };
            if !error.is_nan() {
                let at = self.density(error, variance);
                total += at.log;
                for (slope, d) in slopes.iter_mut().zip(d) {
                    *slope += at.by_variance * d;
                }
                slopes[3] -= at.by_error;
                slopes[4] += at.by_freedom;
            }
            d = [
                1.0 + keep * d[0],
                square + keep * d[1],
                variance + keep * d[2],
                pull + keep * d[3],
            ];
            variance = self.next(variance, value);
        }
        (total, slopes)
    }

    fn density(&self, error: f64, variance: f64) -> Density {
        let square = error * error / variance;
        if self.freedom.is_infinite() {
            return Density {
                log: -0.5 * (LN_TAU + variance.ln() + square),
                by_variance: 0.5 * (square - 1.0) / variance,
                by_error: -error / variance,
                by_freedom: 0.0,
            };
        }
        let (half, room) = (0.5 * (self.freedom + 1.0), self.freedom - 2.0);
        let ratio = square / room;
        let (tail, weight) = (ratio.ln_1p(), half / (1.0 + ratio));
        Density {
            log: -0.5 * variance.ln() - half * tail,
            by_variance: (weight * ratio - 0.5) / variance,
            by_error: -2.0 * weight * error / (variance * room),
            by_freedom: -0.5 * tail + weight * ratio / room,
        }
    }
}

/// One value's part of the log-likelihood and its slopes.
struct Density {
    log: f64,
    by_variance: f64,
    by_error: f64,
    by_freedom: f64,
}

/// ln 2π.
const LN_TAU: f64 = 1.837_877_066_409_345_5;

#[cfg(test)]
mod tests {
    use super::*;

    const HOLE: f64 = f64::NAN;
    const Y: [f64; 8] = [0.3, -1.2, 0.8, HOLE, 2.5, -0.1, HOLE, -0.9];

    fn garch(at: [f64; 5]) -> Garch {
        let [omega, alpha, beta, mean, freedom] = at;
        Garch { omega, alpha, beta, mean, freedom }
    }

    /// One value 2 around 0 under variance 1 + 0.5·2 = 2: −½·(ln 2π + ln 2 + 2).
    #[test]
    fn one_value_by_hand() {
        let (log, _) = garch([1.0, 0.2, 0.3, 0.0, f64::INFINITY]).log_likelihood(&[2.0], 2.0);
        assert!((log + 0.5 * (std::f64::consts::TAU.ln() + 2.0_f64.ln() + 2.0)).abs() < 1e-12);
    }

    /// Slopes are differences of values, holes included, under both distributions.
    #[test]
    fn slopes_are_differences() {
        for freedom in [f64::INFINITY, 6.0] {
            let at = [0.4, 0.15, 0.7, 0.05, freedom];
            let (_, slopes) = garch(at).log_likelihood(&Y, 1.3);
            for place in 0..if freedom.is_finite() { 5 } else { 4 } {
                let moved = |by: f64| {
                    let mut at = at;
                    at[place] += by;
                    garch(at).log_likelihood(&Y, 1.3).0
                };
                let difference = (moved(1e-6) - moved(-1e-6)) / 2e-6;
                assert!((slopes[place] - difference).abs() < 1e-7, "slope {place}");
            }
        }
    }
}
