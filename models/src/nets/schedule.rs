//! How the rate of learning goes over the epochs.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

/// The rate as a share of the rate that was set, over training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// The same throughout.
    #[default]
    Constant,
    /// Down to nothing in a straight line.
    Linear,
    /// Down to nothing along half a cosine. Loshchilov & Hutter (2017).
    Cosine,
    /// Up in a line over the first tenth, then down along half a cosine.
    Warmup,
    /// A tenth after half of it, a hundredth after three quarters.
    Steps,
}

impl Schedule {
    /// The share at `done`, which goes from 0 to 1.
    pub fn at(self, done: f64) -> f64 {
        let fall = |done: f64| 0.5 * (1.0 + (PI * done).cos());
        match self {
            Schedule::Constant => 1.0,
            Schedule::Linear => 1.0 - done,
            Schedule::Cosine => fall(done),
            Schedule::Warmup if done < 0.1 => (done + 0.001) / 0.101,
            Schedule::Warmup => fall((done - 0.1) / 0.9),
            Schedule::Steps if done < 0.5 => 1.0,
            Schedule::Steps if done < 0.75 => 0.1,
            Schedule::Steps => 0.01,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Half-way a cosine stands at a half, a warmed-up one begins low and is whole at a tenth.
    #[test]
    fn shares_by_hand() {
        assert!((Schedule::Cosine.at(0.5) - 0.5).abs() < 1e-12);
        assert!(Schedule::Warmup.at(0.0) < 0.02);
        assert!((Schedule::Warmup.at(0.1) - 1.0).abs() < 1e-12);
        assert_eq!(Schedule::Steps.at(0.6), 0.1);
    }
}
