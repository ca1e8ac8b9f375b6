//! Whether errors long past fade from the forecasts.

use super::{Season, Trend, Weights};

/// Whether the weights lie in the admissible region: no root of the characteristic polynomial
/// outside the unit circle. Hyndman et al. 2008, equation 10.6 and the cases after it.
///
/// Without a season, or without a trend, every weight of the usual region
/// (0 < β < α < 1, 0 < γ < 1 − α, φ ≤ 1) is admissible; a trend beside a season may not be.
pub fn admissible(weights: &Weights, trend: Trend, season: Season, length: usize) -> bool {
    let Weights { alpha, beta, gamma, phi } = *weights;
    if trend == Trend::None || season == Season::None || length < 2 {
        return true;
    }
    let mut polynomial = vec![alpha + beta - alpha * phi; length + 2];
    polynomial[0] = phi * (1.0 - alpha - gamma);
    polynomial[1] += gamma - 1.0;
    polynomial[length] = alpha + beta - phi;
    polynomial[length + 1] = 1.0;
    roots_within(&mut polynomial, 1.0 + 1e-6)
}

/// Whether all roots of Σ c[k]·z^k are smaller than `radius`: the Schur-Cohn recursion.
fn roots_within(c: &mut [f64], radius: f64) -> bool {
    let mut scale = 1.0;
    for coefficient in c.iter_mut() {
        *coefficient *= scale;
        scale *= radius;
    }
    let mut before = c.to_vec();
    for degree in (1..c.len()).rev() {
        before.copy_from_slice(c);
        let ratio = before[0] / before[degree];
        if ratio.is_nan() || ratio.abs() >= 1.0 {
            return false;
        }
        for k in 0..degree {
            c[k] = before[k + 1] - ratio * before[degree - k - 1];
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (z − 0.5)(z − 2) has a root at 2; (z − 0.5)(z + 0.9) has none beyond 0.9.
    #[test]
    fn roots_by_hand() {
        assert!(!roots_within(&mut [1.0, -2.5, 1.0], 1.9));
        assert!(roots_within(&mut [1.0, -2.5, 1.0], 2.1));
        assert!(roots_within(&mut [-0.45, 0.4, 1.0], 0.91));
        assert!(!roots_within(&mut [-0.45, 0.4, 1.0], 0.89));
    }

    /// Twelve seasons and a slope nearly as lively as the level: the largest root is 1.0434 by
    /// numpy's polyroots; a calm slope is admissible.
    #[test]
    fn a_lively_slope_beside_a_season_is_refused() {
        let (alpha, gamma) = (0.189_838_234_7, 0.991_769_921_9 * (1.0 - 0.189_838_234_7));
        let lively = Weights { alpha, beta: 0.980_663_218_1 * alpha, gamma, phi: 1.0 };
        assert!(!admissible(&lively, Trend::Additive, Season::Additive, 12));
        let calm = Weights { beta: 1e-4 * alpha, gamma: 0.1, ..lively };
        assert!(admissible(&calm, Trend::Additive, Season::Multiplicative, 12));
        assert!(admissible(&lively, Trend::Additive, Season::None, 12));
    }
}
