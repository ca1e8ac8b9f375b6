//! Lags: values so many rows before the row asked.
//!
//! ```text
//! lag_k = y[asked − k]      for k below the step, the value is not known: NaN
//! ```
//!
//! A direct forecast of step h therefore reads lags from h on; a recursive one asks one step at a
//! time. Box, Jenkins, Reinsel & Ljung, Time Series Analysis, 5th ed., §1.2.

use serde::Deserialize;

use super::{Feature, Form, Seen};

/// Rows before the row asked; none = one season, at least 7 rows and at most 28.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Lags(pub Vec<usize>);

impl Lags {
    fn of(&self, season: usize) -> Vec<usize> {
        if self.0.is_empty() { (1..=season.clamp(7, 28)).collect() } else { self.0.clone() }
    }
}

impl Form for Lags {
    fn check(&self) -> Result<(), String> {
        if self.0.contains(&0) { Err("a lag is at least 1".into()) } else { Ok(()) }
    }
}

impl Feature for Lags {
    fn names(&self, season: usize) -> Vec<String> {
        self.of(season).into_iter().map(|lag| format!("lag_{lag}")).collect()
    }

    fn at(&self, seen: &Seen<'_>, out: &mut Vec<f64>) {
        match self.0.as_slice() {
            [] => out.extend(self.of(seen.season()).into_iter().map(|lag| seen.lag(lag))),
            lags => out.extend(lags.iter().map(|&lag| seen.lag(lag))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::tests::{plain, values};

    /// After 1 2 3, lag 2 of the first step is 2, of the second 3; lag 1 of the second is unknown.
    #[test]
    fn lags_by_hand() {
        let track = plain(&[1.0, 2.0, 3.0], 1);
        let at = |step| values(&Lags(vec![1, 2]), &track, 3, step);
        assert_eq!(at(1), [3.0, 2.0]);
        assert!(at(2)[0].is_nan());
        assert_eq!(at(2)[1], 3.0);
    }
}
