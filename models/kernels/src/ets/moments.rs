//! Mean and variance of the steps ahead, exact for all fifteen forms.
//!
//! ```text
//! c[j] = α + β·(φ + … + φ^j) + γ·[j is whole seasons]
//! additive errors        var[h] = σ²·(1 + Σ c[j]²)                         j = 1 … h−1
//! relative, season added θ[h] = μ[h]² + σ²·Σ c[j]²·θ[h−j]    var[h] = (1 + σ²)·θ[h] − μ[h]²
//! ```
//!
//! Where the season multiplies, y = x's level times z, and the first two moments of x·z[k] are
//! carried along for each phase k: an error moves both, so the mean is not quite the point
//! forecast. Hyndman et al. 2008, chapter 6, classes 1 to 3; errors are normal.

use super::{Error, Form, Season, State, Trend, Weights};

/// Mean and variance of each of the next steps, for errors of variance `sigma2`.
pub fn moments(
    form: Form,
    weights: &Weights,
    state: &State,
    (sigma2, steps): (f64, usize),
) -> (Vec<f64>, Vec<f64>) {
    match (form.error, form.season) {
        (_, Season::Multiplicative) => products(form, weights, state, (sigma2, steps)),
        (error, _) => {
            let mean = means(form, weights, state, steps);
            let variance = linear(error, &impulses(weights, state, steps), sigma2, &mean);
            (mean, variance)
        }
    }
}

/// Means where the season is added or absent.
fn means(form: Form, weights: &Weights, state: &State, steps: usize) -> Vec<f64> {
    let (mut level, mut slope) = (state.level, state.slope);
    let step = |step: usize| {
        if form.trend != Trend::None {
            slope *= weights.phi;
            level += slope;
        }
        level + if state.season.is_empty() { 0.0 } else { state.season[step % state.season.len()] }
    };
    (0..steps).map(step).collect()
}

/// c[1], c[2], …: what one error adds to the mean so many steps later.
fn impulses(weights: &Weights, state: &State, steps: usize) -> Vec<f64> {
    let (mut fade, mut faded) = (1.0, 0.0);
    let impulse = |j: usize| {
        fade *= weights.phi;
        faded += fade;
        let season = !state.season.is_empty() && j.is_multiple_of(state.season.len());
        weights.alpha + weights.beta * faded + if season { weights.gamma } else { 0.0 }
    };
    (1..steps).map(impulse).collect()
}

fn linear(error: Error, impulses: &[f64], sigma2: f64, mean: &[f64]) -> Vec<f64> {
    if error == Error::Additive {
        let mut sum = 1.0;
        let later = impulses.iter().map(|c| {
            sum += c * c;
            sigma2 * sum
        });
        return std::iter::once(sigma2).chain(later).take(mean.len()).collect();
    }
    let mut theta: Vec<f64> = Vec::with_capacity(mean.len());
    for (h, mean) in mean.iter().enumerate() {
        let past = impulses[..h].iter().zip(theta.iter().rev());
        theta.push(mean * mean + sigma2 * past.map(|(c, theta)| c * c * theta).sum::<f64>());
    }
    theta.iter().zip(mean).map(|(theta, mean)| (1.0 + sigma2) * theta - mean * mean).collect()
}

/// First and second moments of (level, slope) times one phase of the season.
#[derive(Clone, Copy)]
struct Product {
    mean: [f64; 2],
    /// Level², level·slope, slope², each times the phase squared.
    square: [f64; 3],
}

fn products(
    form: Form,
    weights: &Weights,
    state: &State,
    (sigma2, steps): (f64, usize),
) -> (Vec<f64>, Vec<f64>) {
    let Weights { alpha, beta, gamma, .. } = *weights;
    let phi = if form.trend == Trend::None { 0.0 } else { weights.phi };
    let (level, slope) = (state.level, state.slope);
    let start = |s: &f64| Product {
        mean: [level * s, slope * s],
        square: [level * level, level * slope, slope * slope].map(|square| square * s * s),
    };
    let mut phases: Vec<Product> = state.season.iter().map(start).collect();
    let (mut means, mut variances) = (Vec::with_capacity(steps), Vec::with_capacity(steps));
    for step in 0..steps {
        let now = step % phases.len();
        for (k, phase) in phases.iter_mut().enumerate() {
            // (level, slope) ← (q·(1 + αe), f + q·βe), with q = level + f and f = φ·slope.
            let Product { mean: [l, b], square: [ll, lb, bb] } = *phase;
            let (f, lf, ff) = (phi * b, phi * lb, phi * phi * bb);
            let (q, qq, qf) = (l + f, ll + 2.0 * lf + ff, lf + ff);
            if k == now {
                means.push(q);
                variances.push((1.0 + sigma2) * qq - q * q);
            }
            // The phase of this step is multiplied by 1 + γe at the same time.
            let g = if k == now { gamma } else { 0.0 };
            let moment = |a: f64, b: f64, ab: f64, base: f64| {
                // E (u + a·qe)(v + b·qe)(1 + ge)², with base = E uv and ab = a·E qv + b·E qu.
                base * (1.0 + g * g * sigma2)
                    + 2.0 * g * sigma2 * ab
                    + a * b * qq * (sigma2 + 3.0 * g * g * sigma2 * sigma2)
            };
            phase.mean = [q * (1.0 + alpha * g * sigma2), f + beta * q * g * sigma2];
            phase.square = [
                moment(alpha, alpha, 2.0 * alpha * qq, qq),
                moment(alpha, beta, alpha * qf + beta * qq, qf),
                moment(beta, beta, 2.0 * beta * qf, ff),
            ];
        }
    }
    (means, variances)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(level: f64, slope: f64, season: &[f64]) -> State {
        State { level, slope, season: season.to_vec() }
    }

    /// A level with α = 1/2: var = σ²·(1, 1 + 1/4, 1 + 2/4).
    #[test]
    fn a_level_by_hand() {
        let form = Form { error: Error::Additive, trend: Trend::None, season: Season::None };
        let weights = Weights { alpha: 0.5, beta: 0.0, gamma: 0.0, phi: 1.0 };
        let (mean, variance) = moments(form, &weights, &state(7.0, 0.0, &[]), (4.0, 3));
        assert_eq!((mean, variance), (vec![7.0; 3], vec![4.0, 5.0, 6.0]));
    }

    /// Relative errors of variance 1/100 on a level of 10 with α = 1: the second step is
    /// 10·(1 + e)(1 + e'), of variance 100·(1.01² − 1).
    #[test]
    fn relative_errors_by_hand() {
        let form = Form { error: Error::Multiplicative, trend: Trend::None, season: Season::None };
        let weights = Weights { alpha: 1.0, beta: 0.0, gamma: 0.0, phi: 1.0 };
        let (_, variance) = moments(form, &weights, &state(10.0, 0.0, &[]), (0.01, 2));
        assert!((variance[0] - 1.0).abs() < 1e-12 && (variance[1] - 2.01).abs() < 1e-12);
    }

    /// One phase: y = 10·(1 + αe)(1 + γe)(1 + e'), so with σ² = 1/100, α = γ = 1/2 the second
    /// mean is 10·(1 + αγσ²), and E(1 + αe)²(1 + γe)² = 1 + 6σ²/4 + 3σ⁴/16.
    #[test]
    fn a_season_that_multiplies_by_hand() {
        let error = Error::Multiplicative;
        let form = Form { error, trend: Trend::None, season: Season::Multiplicative };
        let weights = Weights { alpha: 0.5, beta: 0.0, gamma: 0.5, phi: 1.0 };
        let (mean, variance) = moments(form, &weights, &state(5.0, 0.0, &[2.0]), (0.01, 2));
        let second = 100.0 * 1.01 * (1.0 + 6.0 * 0.01 / 4.0 + 3.0 * 1e-4 / 16.0);
        assert!((mean[1] - 10.025).abs() < 1e-12);
        assert!((variance[1] - (second - 10.025 * 10.025)).abs() < 1e-9);
    }
}
