//! Student's tests of means: of pairs, and of two groups whose variances differ (Welch).
//!
//! ```text
//! paired   d̄ / √(s²_d/n)                    n − 1 degrees of freedom
//! Welch    (ā − b̄) / √(v_a + v_b)           v = s²/n,  (v_a + v_b)² / (v_a²/(n_a − 1) + v_b²/(n_b − 1))
//! ```
//!
//! Two models on the same series are pairs: what makes a series hard is common to both and drops
//! out of the difference, so that Welch's test, which leaves it in, sees less.
//! Student, Biometrika 6 (1908); Welch, Biometrika 34 (1947).

use statrs::distribution::{ContinuousCDF, StudentsT};

/// A difference of means and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// Mean of the first less mean of the second.
    pub mean: f64,
    /// Its standard error.
    pub error: f64,
    /// Degrees of freedom.
    pub freedom: f64,
}

impl Difference {
    /// How many standard errors it is away from 0.
    pub fn statistic(&self) -> f64 {
        self.mean / self.error
    }

    /// Probability of one as far from 0 if the means were equal.
    pub fn p_value(&self) -> f64 {
        self.student().map_or(f64::NAN, |t| 2.0 * t.sf(self.statistic().abs()))
    }

    /// The interval that holds the true difference with probability `level`, 0 < level < 1.
    pub fn interval(&self, level: f64) -> (f64, f64) {
        let quantile = self.student().map_or(f64::NAN, |t| t.inverse_cdf((1.0 + level) / 2.0));
        (self.mean - quantile * self.error, self.mean + quantile * self.error)
    }

    fn student(&self) -> Option<StudentsT> {
        StudentsT::new(0.0, 1.0, self.freedom).ok()
    }
}

/// The test on pairs. Pairs with a missing value are left out; `None` for fewer than two, or where
/// their differences do not vary.
pub fn paired(a: &[f64], b: &[f64]) -> Option<Difference> {
    mean_of(a.iter().zip(b).map(|(a, b)| a - b)).filter(|difference| difference.error > 0.0)
}

/// The test on two groups. Missing values are left out; `None` for a group of fewer than two, or
/// where neither varies.
pub fn two_sample(a: &[f64], b: &[f64]) -> Option<Difference> {
    let (a, b) = (mean_of(a.iter().copied())?, mean_of(b.iter().copied())?);
    let (v, w) = (a.error.powi(2), b.error.powi(2));
    let freedom = (v + w).powi(2) / (v * v / a.freedom + w * w / b.freedom);
    let difference = Difference { mean: a.mean - b.mean, error: (v + w).sqrt(), freedom };
    Some(difference).filter(|difference| difference.error > 0.0)
}

/// A mean against 0; `None` for fewer than two values.
fn mean_of(values: impl Iterator<Item = f64>) -> Option<Difference> {
    let values: Vec<f64> = values.filter(|value| !value.is_nan()).collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    let error = (squares / (n - 1.0) / n).sqrt();
    (n > 1.0).then_some(Difference { mean, error, freedom: n - 1.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Differences 1 2 3 (and one that is missing) have mean 2 and error √(1/3): t = √12.
    #[test]
    fn pairs_by_hand() {
        let test = paired(&[3.0, 5.0, f64::NAN, 9.0], &[2.0, 3.0, 1.0, 6.0]).unwrap();
        assert_eq!((test.mean, test.freedom), (2.0, 2.0));
        assert!((test.statistic() - 12.0_f64.sqrt()).abs() < 1e-12);
    }

    /// Means 2 and 6, variances 1 and 4 of three: error √(1/3 + 4/3), and (5/3)² over
    /// (1/9 + 16/9)/2 are 50/17 degrees of freedom.
    #[test]
    fn two_groups_by_hand() {
        let test = two_sample(&[1.0, 2.0, 3.0], &[4.0, 6.0, 8.0]).unwrap();
        assert!((test.error - (5.0_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert_eq!(test.mean, -4.0);
        assert!((test.freedom - 50.0 / 17.0).abs() < 1e-12);
    }

    /// A difference that never varies is beyond doubt, which no t says.
    #[test]
    fn without_variance() {
        assert_eq!(paired(&[2.0, 3.0], &[1.0, 2.0]), None);
        assert_eq!(two_sample(&[1.0, 1.0], &[2.0, 2.0]), None);
        assert_eq!(paired(&[1.0], &[2.0]), None);
    }
}
