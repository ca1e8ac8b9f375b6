//! Differences: how far the newest value has come from earlier ones.
//!
//! ```text
//! difference_k = y[n] − y[n − k]      n the newest row that is known, whatever the step
//! ```
//!
//! NaN where the past is too short. Box, Jenkins, Reinsel & Ljung, Time Series Analysis, 5th ed., §4.1.

use serde::Deserialize;

use super::{Feature, Form, Seen};

/// Rows between the two values; none = 1 and the season.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Differences(Vec<usize>);

impl Differences {
    fn of<'a>(&'a self, usual: &'a [usize; 2]) -> &'a [usize] {
        match (self.0.as_slice(), usual) {
            ([], [1, 1]) => &usual[..1],
            ([], _) => usual,
            (rows, _) => rows,
        }
    }
}

impl Form for Differences {
    fn check(&self) -> Result<(), String> {
        if self.0.contains(&0) { Err("a difference is over 1 row or more".into()) } else { Ok(()) }
    }
}

impl Feature for Differences {
    fn names(&self, season: usize) -> Vec<String> {
        self.of(&[1, season]).iter().map(|rows| format!("difference_{rows}")).collect()
    }

    fn at(&self, seen: &Seen<'_>, out: &mut Vec<f64>) {
        let newest = seen.lag(seen.step);
        let rows = [1, seen.season()];
        out.extend(self.of(&rows).iter().map(|rows| newest - seen.lag(seen.step + rows)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::tests::{plain, values};

    /// After 1 4 9, the last value came up by 5 in one row and by 8 in two, for any step.
    #[test]
    fn differences_by_hand() {
        let track = plain(&[1.0, 4.0, 9.0], 2);
        for step in [1, 5] {
            assert_eq!(values(&Differences::default(), &track, 3, step), [5.0, 8.0]);
        }
        assert!(values(&Differences(vec![3]), &track, 3, 1)[0].is_nan());
    }
}
