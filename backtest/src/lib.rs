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
mod expand;
mod folds;
mod metrics;
pub mod money;
mod plan;
mod question;
mod ready;
mod rows;
mod shared;
mod sink;
mod spec;
mod summary;
mod trained;
mod watch;

use std::sync::atomic::{AtomicUsize, Ordering};

use almanac_data::{Answered, FitError, FoldResult};
use almanac_models::Ctx;
use rayon::prelude::*;

pub use cost::Cost;
pub use error::{PlanError, SpecError};
pub use folds::{Folds, Split, grouped};
pub use metrics::{
    Classes, Estimate, Gauge, Judged, Metric, Moments, Read, Tally, USUAL, Yard, crps, gauges,
    metrics,
};
pub use plan::Plan;
pub use rows::TableRows;
pub use sink::{End, Progress, RunError, Sink, SinkError};
pub use spec::{
    Align, FoldKind, FoldSpec, ModelSpec, Refit, RunSpec, ScoreSpec, Spec, TaskName, Variant,
};
pub use summary::Summary;
pub use trained::{Declared, Learnt, Trained};
pub use watch::{Coverage, WATCHED};

use question::{Held, Question};
use shared::Shared;

/// The threads of a run: its own, or those that it was called on.
pub(crate) enum Pool {
    Own(rayon::ThreadPool),
    Called,
}

impl Pool {
    fn of(threads: usize) -> Result<Pool, RunError> {
        if rayon::current_thread_index().is_some() {
            return Ok(Pool::Called);
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        Ok(Pool::Own(pool.thread_name(|_| WORKER.into()).build()?))
    }

    /// Runs `work` on them.
    pub(crate) fn install<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match self {
            Pool::Own(pool) => pool.install(work),
            Pool::Called => work(),
        }
    }
}

/// The name of every thread that fits: a panic on one is a row, not the end of the program.
pub const WORKER: &str = "almanac-worker";

impl Plan<'_> {
    /// Walks forward from fold `from` (0 for the first; later to resume), giving each fold to the
    /// sink as it ends. Only the fold at hand is in memory, and what is fitted where it is kept.
    ///
    /// Failures of models are rows: see [`Answered::error`]. Results do not depend on threads: a
    /// run has as many as its spec says, or, called on a thread of a pool, those of that pool.
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
        let pool = Pool::of(self.threads())?;
        let (series, models) = (self.panel.len(), self.models.len());
        let ctx = &self.sized(ctx);
        let (mut held, mut shared) = (self.nothing_held(), Shared::nothing(self));
        let done = AtomicUsize::new(from * series * models);
        let total = self.folds.count * series * models;

        for fold in from..self.folds.count {
            shared.fit(ctx, fold, &pool);
            let ask_all = |(series, held): (usize, &mut Vec<Option<Held>>)| {
                let question = Question::new(self, fold, series);
                let ask = |(model, held): (usize, &mut Option<Held>)| {
                    let asked = question.is_asked();
                    let answer =
                        asked.then(|| question.answer(ctx, model, held, shared.get(model)));
                    progress.tick(done.fetch_add(1, Ordering::Relaxed) + 1, total);
                    ctx.go_on().map(|()| answer)
                };
                held.par_iter_mut().enumerate().map(ask).collect()
            };
            let rows: Result<Vec<Vec<Option<Answered>>>, FitError> =
                pool.install(|| held.par_iter_mut().enumerate().map(ask_all).collect());
            let Ok(rows) = rows else { return Ok(End::Cancelled { fold }) };
            let answers = rows.into_iter().flatten().flatten().collect();
            let result = FoldResult { fold, answers };
            progress.fold(self, &result);
            sink.fold(&result)?;
        }
        Ok(End::Done)
    }

    /// The context of single tasks: they have threads of their own only where there are few.
    fn sized(&self, ctx: &Ctx) -> Ctx {
        let few = self.panel.len() * self.models.len() <= self.threads();
        ctx.with_threads(if few { self.threads() } else { 1 })
    }

    /// A place for what is fitted, by series and model.
    fn nothing_held(&self) -> Vec<Vec<Option<Held>>> {
        let row = || self.models.iter().map(|_| None).collect();
        (0..self.panel.len()).map(|_| row()).collect()
    }
}
