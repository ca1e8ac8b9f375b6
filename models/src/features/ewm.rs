//! Exponentially weighted means of the past.
//!
//! ```text
//! mean[1] = y[1]      mean[n] = mean[n−1] + α·(y[n] − mean[n−1])
//! ```
//!
//! Follows a level and knows no slope. Hyndman & Athanasopoulos, Forecasting: Principles and
//! Practice, 3rd ed., §8.1.

use serde::Deserialize;

use super::walk::replay;
use super::{Feature, Form, Running, Seen};

/// Shares of the newest value.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Ewm(Vec<f64>);

impl Ewm {
    fn state(&self) -> State {
        State(self.0.iter().map(|&alpha| (alpha, f64::NAN)).collect())
    }
}

impl Form for Ewm {
    fn check(&self) -> Result<(), String> {
        match !self.0.is_empty() && self.0.iter().all(|&alpha| 0.0 < alpha && alpha <= 1.0) {
            true => Ok(()),
            false => Err("shares are over 0 and at most 1".into()),
        }
    }
}

impl Feature for Ewm {
    fn names(&self, _season: usize) -> Vec<String> {
        self.0.iter().map(|alpha| format!("ewm_{alpha}")).collect()
    }

    fn at(&self, seen: &Seen<'_>, out: &mut Vec<f64>) {
        replay(self.state(), seen, out);
    }

    fn running(&self) -> Option<Box<dyn Running>> {
        Some(Box::new(self.state()))
    }
}

/// Each share with its mean.
struct State(Vec<(f64, f64)>);

impl Running for State {
    fn push(&mut self, past: &Seen<'_>) {
        let value = past.lag(1);
        for (alpha, mean) in &mut self.0 {
            *mean = if past.y.len() == 1 { value } else { *mean + *alpha * (value - *mean) };
        }
    }

    fn read(&self, out: &mut Vec<f64>) {
        out.extend(self.0.iter().map(|(_, mean)| mean));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::tests::{plain, values};

    /// α = ½ over 4 2 1: 4, then 3, then 2; α = 1 keeps the newest.
    #[test]
    fn ewm_by_hand() {
        let track = plain(&[4.0, 2.0, 1.0], 1);
        assert_eq!(values(&Ewm(vec![0.5, 1.0]), &track, 3, 4), [2.0, 1.0]);
    }
}
