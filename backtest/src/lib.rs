//! Spec → plan → scores → report: walk-forward validation without input or output of its own.
//!
//! ```text
//! Spec ──▶ Plan::new ──▶ Plan::run ──▶ FoldResult ──▶ Sink        (files, a server, a test)
//! as written   checked        the loop below    └──▶ Summary ──▶ Leaderboard, Report
//! ```
#![forbid(unsafe_code)]

pub mod compare;
mod cost;
mod error;
mod folds;
mod metrics;
mod plan;
mod question;
mod spec;
mod summary;

use std::sync::atomic::{AtomicUsize, Ordering};

use almanac_data::{Answered, FitError, FoldResult};
use almanac_models::Ctx;
use rayon::prelude::*;

pub use cost::Cost;
pub use error::{PlanError, SpecError};
pub use folds::{Folds, Split, grouped};
pub use metrics::{Estimate, Gauge, Judged, Metric, Read, USUAL, Yard, crps, gauges, metrics};
pub use plan::Plan;
pub use spec::{Align, FoldKind, FoldSpec, ModelSpec, Refit, RunSpec, ScoreSpec, Spec, TaskName};
pub use summary::Summary;

use question::{Held, Question};

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

/// A run that could not go on; failures of models are rows, never this.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The sink refused a fold.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// The system gave no threads.
    #[error("cannot start threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

impl Plan<'_> {
    /// Walks forward from fold `from` (0 for the first; later to resume), giving each fold to the
    /// sink as it ends. Only the fold at hand is in memory, and what is fitted where it is kept.
    ///
    /// # Errors
    /// A sink that refuses, a system without threads.
    pub fn run(
        &self,
        ctx: &Ctx,
        from: usize,
        sink: &mut dyn Sink,
        progress: &dyn Progress,
    ) -> Result<End, RunError> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(self.threads()).build()?;
        let (series, models) = (self.panel.len(), self.models.len());
        let mut held: Vec<Vec<Option<Held>>> =
            (0..series).map(|_| (0..models).map(|_| None).collect()).collect();
        let total = self.folds.count * series * models;
        let done = AtomicUsize::new(from * series * models);

        for fold in from..self.folds.count {
            let answer = |question: &Question<'_>, model, held: &mut Option<Held>| {
                ctx.go_on()?;
                let answer = question.answer(ctx, model, held);
                progress.tick(done.fetch_add(1, Ordering::Relaxed) + 1, total);
                ctx.go_on().map(|()| answer)
            };
            let answers = |(series, held): (usize, &mut Vec<Option<Held>>)| {
                let question = Question::new(self, fold, series);
                let models = held.par_iter_mut().enumerate();
                models.map(|(model, held)| answer(&question, model, held)).collect()
            };
            let rows: Result<Vec<Vec<Answered>>, FitError> =
                pool.install(|| held.par_iter_mut().enumerate().map(answers).collect());
            let Ok(rows) = rows else { return Ok(End::Cancelled { fold }) };
            sink.fold(&FoldResult { fold, answers: rows.into_iter().flatten().collect() })?;
        }
        Ok(End::Done)
    }
}
