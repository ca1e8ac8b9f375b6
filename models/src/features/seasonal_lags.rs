//! Seasonal lags: the newest known values of the same place in the season.
//!
//! ```text
//! y[asked − season·(⌈step/season⌉ + k − 1)]      k = 1 the newest that is known at the origin
//! ```
//!
//! For steps beyond one season these go further back, so that a direct forecast always has them;
//! NaN where the past is too short. Hyndman & Athanasopoulos, Forecasting: Principles and
//! Practice, 3rd ed., §5.2.

use serde::Deserialize;

use super::{Feature, Form, Seen};

/// Which of the newest same-season values, from 1; none = 1 and 2.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct SeasonalLags(Vec<usize>);

impl SeasonalLags {
    fn of(&self) -> &[usize] {
        if self.0.is_empty() { &[1, 2] } else { &self.0 }
    }
}

impl Form for SeasonalLags {
    fn check(&self) -> Result<(), String> {
        if self.0.contains(&0) { Err("a seasonal lag is at least 1".into()) } else { Ok(()) }
    }
}

impl Feature for SeasonalLags {
    fn names(&self, _season: usize) -> Vec<String> {
        self.of().iter().map(|lag| format!("seasonal_lag_{lag}")).collect()
    }

    fn at(&self, seen: &Seen<'_>, out: &mut Vec<f64>) {
        let season = seen.season();
        let newest = seen.step.div_ceil(season);
        out.extend(self.of().iter().map(|k| seen.lag(season * (newest + k - 1))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::tests::{plain, values};

    /// Season 2 after 1 2 3 4 5: the next place is that of 2 and 4; so is step 3, two rows later.
    #[test]
    fn seasonal_lags_by_hand() {
        let track = plain(&[1.0, 2.0, 3.0, 4.0, 5.0], 2);
        let at = |step| values(&SeasonalLags::default(), &track, 5, step);
        assert_eq!((at(1), at(3)), (vec![4.0, 2.0], vec![4.0, 2.0]));
        assert_eq!(at(2), [5.0, 3.0]);
    }
}
