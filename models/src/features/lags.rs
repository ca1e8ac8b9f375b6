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
        let asked = seen.y.len() + seen.step - 1;
        let value = |lag| asked.checked_sub(lag).and_then(|row| seen.y.get(row)).copied();
        out.extend(self.of(seen.season()).into_iter().map(|lag| value(lag).unwrap_or(f64::NAN)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::Track;
    use almanac_data::{Calendar, Stamp};

    /// After 1 2 3, lag 2 of the first step is 2, of the second 3; lag 1 of the second is unknown.
    #[test]
    fn lags_by_hand() {
        let calendar = Calendar::steps();
        let track = Track {
            id: "a",
            y: vec![1.0, 2.0, 3.0],
            at: (1..=5).map(Stamp).collect(),
            calendar: &calendar,
            season: 1,
            beside: Vec::new(),
            same_row: false,
        };
        let at = |step| {
            let mut out = Vec::new();
            Lags(vec![1, 2]).at(&track.seen(3, step), &mut out);
            out
        };
        assert_eq!(at(1), [3.0, 2.0]);
        assert!(at(2)[0].is_nan());
        assert_eq!(at(2)[1], 3.0);
    }
}
