//! Whether a difference is real: tests on the losses of models on the same units.
//!
//! Series of one calendar share their shocks, so that four hundred shares on twenty days are not
//! eight thousand witnesses. The unit is therefore a fold where there are at least [`LEAST`]: the mean
//! loss over series, in the order of time, with overlapping horizons allowed for. With fewer folds
//! it is a series, its mean loss over folds, and series count as independent, for want of better.
//! With few of both there is too little to tell.

mod confidence_set;
mod diebold_mariano;
mod share;
mod student;

use almanac_models::Ctx;

pub use confidence_set::{confidence_set, resamples};
pub use diebold_mariano::{Test, diebold_mariano};
pub use share::share_interval;
pub use student::{Difference, paired, two_sample};

/// Fewest units that a test is run on.
pub const LEAST: usize = 8;

/// Bootstrap samples of the model confidence set.
const SAMPLES: usize = 1000;

/// Losses of all models on the same units; smaller is better.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// One list a model, one finite loss a unit.
    pub losses: Vec<Vec<f64>>,
    /// What a unit is.
    pub over: Unit,
    /// Neighbouring units whose horizons share a step, itself included; 1 = none.
    pub overlap: usize,
}

/// What a loss belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A series, over all folds.
    Series,
    /// A fold, over all series.
    Fold,
}

impl Unit {
    /// What is compared where there are so many folds.
    pub fn of(folds: usize) -> Unit {
        if folds >= LEAST { Unit::Fold } else { Unit::Series }
    }
}

impl Trial {
    /// Number of units.
    pub fn len(&self) -> usize {
        self.losses.first().map_or(0, Vec::len)
    }

    /// Whether there are too few units for any test.
    pub fn is_empty(&self) -> bool {
        self.len() < LEAST
    }

    /// Whether two models differ: the two-sided p-value; `None` where there is too little to tell.
    pub fn p_value(&self, a: usize, b: usize) -> Option<f64> {
        if self.is_empty() || a == b {
            return None;
        }
        let differences: Vec<f64> =
            self.losses[a].iter().zip(&self.losses[b]).map(|(a, b)| a - b).collect();
        diebold_mariano(&differences, self.overlap).map(|test| test.p_value)
    }

    /// Which models belong to the set that holds the best with this confidence; `None` where there
    /// is too little to tell.
    pub fn confidence_set(&self, ctx: &Ctx, confidence: f64) -> Option<Vec<bool>> {
        if self.is_empty() || self.losses.len() < 2 {
            return None;
        }
        let block = match self.over {
            Unit::Series => 1.0,
            Unit::Fold => (self.len() as f64).cbrt().max(self.overlap as f64),
        };
        let rng = ctx.named("confidence set").rng();
        let samples = resamples(rng, self.len(), block).take(SAMPLES);
        let p_values = confidence_set(&self.losses, samples);
        Some(p_values.into_iter().map(|p| p > 1.0 - confidence).collect())
    }
}
