//! How often to difference: the test of Kwiatkowski, Phillips, Schmidt and Shin for a level.
//!
//! ```text
//! statistic = Σ S[t]² / (n²·s²)      S partial sums of y − mean
//! s² = (Σ e[t]² + 2·Σ (1 − j/(l + 1))·Σ e[t]·e[t−j]) / n, j = 1 … l      l = ⌊3·√n/13⌋
//! ```
//!
//! Above 0.463 a constant level is refused at 5 %. Journal of Econometrics 54, 1992.

/// The statistic; `None` where nothing varies.
pub fn statistic(y: &[f64]) -> Option<f64> {
    let n = y.len() as f64;
    let mean = y.iter().sum::<f64>() / n;
    let e: Vec<f64> = y.iter().map(|value| value - mean).collect();
    let lags = (3.0 * n.sqrt() / 13.0) as usize;
    let product = |j: usize| e.iter().zip(&e[j..]).map(|(a, b)| a * b).sum::<f64>();
    let weight = |j: usize| 1.0 - j as f64 / (lags + 1) as f64;
    let variance = product(0) + 2.0 * (1..=lags).map(|j| weight(j) * product(j)).sum::<f64>();
    let mut sum = 0.0;
    let squares = e.iter().map(|e| {
        sum += e;
        sum * sum
    });
    let statistic = squares.sum::<f64>() / (n * variance);
    statistic.is_finite().then_some(statistic)
}

/// Differences, at most `most`, until a constant level is no longer refused or nothing varies.
pub fn differences(y: &[f64], most: usize) -> usize {
    let mut y = y.to_vec();
    for d in 0..most {
        let varies = y.windows(2).any(|pair| pair[0] != pair[1]);
        if y.len() < 3 || !varies || statistic(&y).is_none_or(|statistic| statistic <= 0.463) {
            return d;
        }
        y = y.windows(2).map(|pair| pair[1] - pair[0]).collect();
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0 0 1 1 has e = ∓½, S = −½ −1 −½ 0, no lags: 1.5/(4·1).
    #[test]
    fn statistic_by_hand() {
        assert_eq!(statistic(&[0.0, 0.0, 1.0, 1.0]), Some(0.375));
        assert_eq!(statistic(&[3.0; 5]), None);
    }

    /// A line needs one difference, a parabola two, noise around a level none.
    #[test]
    fn differences_by_hand() {
        let of = |f: fn(f64) -> f64| {
            differences(&(0..60).map(|t| f(f64::from(t))).collect::<Vec<_>>(), 2)
        };
        assert_eq!(of(|t| 3.0 * t), 1);
        assert_eq!(of(|t| t * t), 2);
        assert_eq!(of(|t| (t * t).sin()), 0);
    }
}
