//! Diebold and Mariano's test with the correction of Harvey, Leybourne and Newbold.
//!
//! ```text
//! DM = d̄ / √((γ₀ + 2·Σ γ_k)/n)     k = 1 … h − 1     γ_k = Σ (d[t] − d̄)·(d[t−k] − d̄) / n
//! statistic = DM · √((n + 1 − 2h + h(h − 1)/n) / n)  ~  t with n − 1 degrees of freedom
//! ```
//!
//! Where the estimated variance is not positive, h = 1 is used. With h = 1 this is the paired t-test.
//! Diebold & Mariano, JBES 13 (1995); Harvey, Leybourne & Newbold, IJF 13 (1997).

use statrs::distribution::{ContinuousCDF, StudentsT};

/// A statistic and its two-sided p-value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Test {
    /// Above 0 where the first of the two lost more.
    pub statistic: f64,
    /// Probability of one as far from 0 if the two were equally good.
    pub p_value: f64,
}

/// The test on differences of losses in the order of time, for forecasts `horizon` units ahead.
/// `None` for fewer than two differences, or where they do not vary and are not zero.
pub fn diebold_mariano(differences: &[f64], horizon: usize) -> Option<Test> {
    let n = differences.len();
    if n < 2 {
        return None;
    }
    let mean = differences.iter().sum::<f64>() / n as f64;
    let covariance = |lag: usize| {
        let pairs = differences.iter().zip(&differences[lag..]);
        pairs.map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>() / n as f64
    };
    let around = |h: usize| covariance(0) + 2.0 * (1..h.min(n)).map(covariance).sum::<f64>();
    let (h, variance) = match around(horizon.max(1)) {
        variance if variance > 0.0 => (horizon.max(1) as f64, variance),
        _ => (1.0, around(1)),
    };
    if variance <= 0.0 {
        return (mean == 0.0).then_some(Test { statistic: 0.0, p_value: 1.0 });
    }
    let count = n as f64;
    let correction = (count + 1.0 - 2.0 * h + h * (h - 1.0) / count) / count;
    let statistic = mean / (variance / count).sqrt() * correction.max(0.0).sqrt();
    let student = StudentsT::new(0.0, 1.0, count - 1.0).ok()?;
    Some(Test { statistic, p_value: (2.0 * student.sf(statistic.abs())).min(1.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1, 2, 3 has mean 2 and γ₀ = 2/3: DM = 2/√(2/9) = 6/√2, corrected by √(2/3) to √12. With
    /// two degrees of freedom P(|t| > x) = 1 − x/√(2 + x²).
    #[test]
    fn one_step_is_the_paired_t_test() {
        let test = diebold_mariano(&[1.0, 2.0, 3.0], 1).unwrap();
        let x = 12.0_f64.sqrt();
        assert!((test.statistic - x).abs() < 1e-12);
        assert!((test.p_value - (1.0 - x / (2.0 + x * x).sqrt())).abs() < 1e-12);
    }

    /// Swapping the models turns the sign and keeps the p-value.
    #[test]
    fn it_is_two_sided() {
        let one = diebold_mariano(&[1.0, -2.0, 4.0, 0.5, 3.0], 2).unwrap();
        let other = diebold_mariano(&[-1.0, 2.0, -4.0, -0.5, -3.0], 2).unwrap();
        assert_eq!((one.statistic, one.p_value), (-other.statistic, other.p_value));
    }

    /// Equal models differ by nothing, with certainty; a constant difference has no variance.
    #[test]
    fn without_variance() {
        assert_eq!(diebold_mariano(&[0.0; 5], 1).unwrap().p_value, 1.0);
        assert_eq!(diebold_mariano(&[1.0; 5], 1), None);
        assert_eq!(diebold_mariano(&[1.0], 1), None);
    }
}
