//! Columns on one scale: mean 0 and deviation 1 over the rows that were seen.

use almanac_data::{FitError, Matrix};
use serde::{Deserialize, Serialize};

/// What one column is moved and divided by.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Standard {
    /// The mean.
    pub mean: f64,
    /// The deviation; 1 where the column is constant.
    pub sd: f64,
}

impl Standard {
    /// Of these values.
    ///
    /// # Errors
    /// A mean or a deviation that is not finite.
    pub fn of(values: &[f64]) -> Result<Standard, FitError> {
        let n = values.len() as f64;
        let mean = values.iter().map(|value| value / n).sum::<f64>();
        let most = values.iter().fold(0.0, |most: f64, value| most.max((value - mean).abs()));
        // Scaled before squaring, so that neither 1e200 nor 1e-200 is lost.
        let share = |value: &f64| ((value - mean) / most).powi(2) / n;
        let sd = most * values.iter().map(share).sum::<f64>().sqrt();
        // What is left of a constant column is rounding.
        let constant = most <= 1e-13 * mean.abs() || most == 0.0;
        let standard = Standard { mean, sd: if constant { 1.0 } else { sd } };
        let finite = standard.mean.is_finite() && standard.sd.is_finite();
        if finite { Ok(standard) } else { Err(FitError::NotFinite("a column's deviation")) }
    }

    /// Of every column.
    ///
    /// # Errors
    /// As of one.
    pub fn columns(x: &Matrix) -> Result<Vec<Standard>, FitError> {
        x.columns().map(Standard::of).collect()
    }

    /// A value on the common scale.
    pub fn to(self, value: f64) -> f64 {
        (value - self.mean) / self.sd
    }

    /// A value of the common scale on the column's own.
    pub fn back(self, value: f64) -> f64 {
        self.mean + self.sd * value
    }
}

/// Rows on the common scale, one after another.
pub(crate) fn rows(standards: &[Standard], x: &Matrix) -> Vec<f64> {
    x.map_columns(|at, value| standards[at].to(value)).by_rows()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1 and 3: mean 2, deviation 1; a tenth, ten times, is constant; 1e200 squared is no trouble.
    #[test]
    fn standards_by_hand() {
        let standard = Standard::of(&[1.0, 3.0]).unwrap();
        assert_eq!((standard.mean, standard.sd), (2.0, 1.0));
        assert_eq!((standard.to(5.0), standard.back(3.0)), (3.0, 5.0));
        assert_eq!(Standard::of(&[0.1; 10]).unwrap().sd, 1.0);
        assert!((Standard::of(&[1e200, -1e200]).unwrap().sd / 1e200 - 1.0).abs() < 1e-15);
    }
}
