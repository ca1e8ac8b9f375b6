//! What a run speaks to: a sink for its folds, somebody who waits; and how it may end.

use almanac_data::{FitError, FoldResult};

use crate::Plan;

/// Where results go as folds end.
pub trait Sink {
    /// Keeps one fold; the next is not begun before this returns.
    ///
    /// # Errors
    /// Whatever keeps it from keeping.
    fn fold(&mut self, result: &FoldResult) -> Result<(), SinkError>;
}

/// Who is told how far the run is, from any thread.
pub trait Progress: Sync {
    /// `done` of `total` answers are there.
    fn tick(&self, done: usize, total: usize);

    /// All answers of a fold are there; most who wait do not look at them.
    fn fold(&self, _plan: &Plan<'_>, _result: &FoldResult) {}
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Every fold went to the sink.
    Done,
    /// Stopped by its context; the folds before this one went to the sink.
    Cancelled {
        /// The first fold that did not.
        fold: usize,
    },
}

/// A sink that could not keep a fold, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SinkError(pub String);

/// A run that could not go on; failures of models are rows, never this, unless one model is all.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The sink refused a fold.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// The system gave no threads.
    #[error("cannot start threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// The one model that was to be trained learnt nothing.
    #[error(transparent)]
    Fit(#[from] FitError),
}
