//! Simple exponential smoothing, fitted by least squares.
//!
//! ```text
//! e[t] = y[t] − level      level ← level + α·e[t]      minimise Σ e²
//! ```
//!
//! Errors are affine in the first level, so the best one follows in closed form for each α; the
//! best α is found by eight at a time, which costs no more than one: the recursion waits for itself.

/// α tried in one pass.
const LANES: usize = 8;

/// Where the level starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// At the first value.
    First,
    /// Where it makes the sum of squared errors smallest.
    Best,
}

/// A fitted recursion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ses {
    /// Share of an error that enters the level.
    pub alpha: f64,
    /// Level before the first value.
    pub start: f64,
    /// Level after the last value: the forecast.
    pub level: f64,
    /// Sum of squared one-step errors.
    pub sse: f64,
}

/// The best α in [`low`, `high`] for these values; NaN is skipped, the first value must be there.
///
/// An empty slice gives a level of zero.
pub fn fit(y: &[f64], start: Start, [low, high]: [f64; 2]) -> Ses {
    let (mut left, mut right) = (low, high);
    let mut best = with_alpha(y, high, start);
    // Each round keeps two cells of nine: ten rounds leave 3e-7 of the range.
    for _ in 0..10 {
        let step = (right - left) / (LANES + 1) as f64;
        let alphas: [f64; LANES] = std::array::from_fn(|lane| left + step * (lane + 1) as f64);
        let sums = pass(y, alphas);
        for (alpha, sse) in alphas.into_iter().zip(sums.map(|sums| sums.sse(start))) {
            if sse < best.sse {
                best = Ses { alpha, sse, ..best };
            }
        }
        (left, right) = ((best.alpha - step).max(low), (best.alpha + step).min(high));
    }
    with_alpha(y, best.alpha, start)
}

/// The recursion at a given α.
pub fn with_alpha(y: &[f64], alpha: f64, start: Start) -> Ses {
    let first = y.first().copied().unwrap_or_default();
    let [sums] = pass(y, [alpha]);
    let start = first + sums.shift(start);
    let (mut level, mut sse) = (start, 0.0);
    for &value in y.iter().filter(|value| !value.is_nan()) {
        let error = value - level;
        sse += error * error;
        level += alpha * error;
    }
    Ses { alpha, start, level, sse }
}

/// Errors from a level of `y[0]` are u, and a level higher by d makes them u − d·w.
#[derive(Clone, Copy, Default)]
struct Sums {
    uu: f64,
    uw: f64,
    ww: f64,
}

impl Sums {
    fn shift(self, start: Start) -> f64 {
        match start {
            Start::Best if self.ww > 0.0 => self.uw / self.ww,
            _ => 0.0,
        }
    }

    fn sse(self, start: Start) -> f64 {
        self.uu - self.shift(start) * self.uw
    }
}

fn pass<const N: usize>(y: &[f64], alpha: [f64; N]) -> [Sums; N] {
    let first = y.first().copied().unwrap_or_default();
    let (mut level, mut weight) = ([first; N], [1.0; N]);
    let [mut uu, mut uw, mut ww] = [[0.0; N]; 3];
    for &value in y.iter().filter(|value| !value.is_nan()) {
        for lane in 0..N {
            let error = value - level[lane];
            uu[lane] += error * error;
            uw[lane] += error * weight[lane];
            ww[lane] += weight[lane] * weight[lane];
            level[lane] += alpha[lane] * error;
            weight[lane] *= 1.0 - alpha[lane];
        }
    }
    std::array::from_fn(|lane| Sums { uu: uu[lane], uw: uw[lane], ww: ww[lane] })
}

#[cfg(test)]
mod tests {
    use super::*;

    const Y: [f64; 6] = [3.0, 5.0, 9.0, 20.0, 12.0, 17.0];

    /// α = 1 forgets all but the last value.
    #[test]
    fn alpha_one_is_naive() {
        let fitted = with_alpha(&[3.0, 9.0, 4.0], 1.0, Start::First);
        assert_eq!(fitted, Ses { alpha: 1.0, start: 3.0, level: 4.0, sse: 36.0 + 25.0 });
    }

    /// α = 0 never moves: the best start is the mean, the error its sum of squares.
    #[test]
    fn alpha_zero_is_the_mean() {
        let fitted = with_alpha(&[1.0, 2.0, 6.0], 0.0, Start::Best);
        assert_eq!((fitted.start, fitted.level, fitted.sse), (3.0, 3.0, 14.0));
    }

    /// The best start has no slope: a little up or down is worse.
    #[test]
    fn the_best_start_is_stationary() {
        let fitted = with_alpha(&Y, 0.4, Start::Best);
        let from = |start: f64| {
            let run = Y.iter().fold((start, 0.0), |(level, sse), y| {
                (level + 0.4 * (y - level), sse + (y - level).powi(2))
            });
            run.1
        };
        assert!((from(fitted.start) - fitted.sse).abs() < 1e-9);
        assert!(from(fitted.start + 0.01) > fitted.sse && from(fitted.start - 0.01) > fitted.sse);
    }

    /// No α of a fine grid does better than the one found.
    #[test]
    fn the_grid_finds_the_best_alpha() {
        for start in [Start::First, Start::Best] {
            let best = fit(&Y, start, [0.0, 1.0]);
            let grid = (0..=1000).map(|k| with_alpha(&Y, f64::from(k) / 1000.0, start).sse);
            assert!(grid.fold(f64::INFINITY, f64::min) >= best.sse - 1e-9);
        }
    }

    /// A missing value leaves everything as it was.
    #[test]
    fn missing_values_are_skipped() {
        let holes = [3.0, f64::NAN, 5.0, 9.0, f64::NAN, 20.0, 12.0, 17.0];
        assert_eq!(fit(&holes, Start::Best, [0.0, 1.0]), fit(&Y, Start::Best, [0.0, 1.0]));
    }
}
