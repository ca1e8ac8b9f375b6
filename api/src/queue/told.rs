//! What is told of fits: a line in the log for each model of a fold, and metrics by model.

use almanac_data::{Answered, FoldResult};

use super::Log;
use crate::{Plan, Progress};

/// Tells a job's log how far it is, and everybody of its fits.
pub struct Teller<'a> {
    /// The job's.
    pub log: &'a Log,
    /// Of the run.
    pub folds: usize,
}

impl Progress for Teller<'_> {
    fn tick(&self, done: usize, total: usize) {
        self.log.reach(done, total, self.folds);
    }

    fn fold(&self, plan: &Plan<'_>, result: &FoldResult) {
        tell(plan, result);
    }
}

/// Tells of fits alone: those of a forecast that somebody waits for.
pub struct Unwatched;

impl Progress for Unwatched {
    fn tick(&self, _: usize, _: usize) {}

    fn fold(&self, plan: &Plan<'_>, result: &FoldResult) {
        tell(plan, result);
    }
}

fn tell(plan: &Plan<'_>, result: &FoldResult) {
    for (place, (spec, name)) in plan.spec().model.iter().zip(plan.model_names()).enumerate() {
        let own = || result.answers.iter().filter(|answer| answer.model == place);
        let (series, failures) = (own().count(), own().filter(|a| a.error.is_some()).count());
        let sum = |seconds: fn(&Answered) -> f64| own().map(seconds).sum::<f64>();
        let (fit_s, predict_s) = (sum(|a| a.fit_s), sum(|a| a.predict_s));
        let fold = result.fold;
        tracing::debug!(fold, model = name, series, failures, fit_s, predict_s, "fitted");
        // By the roster's names: those that specs give would be too many for metrics.
        let label = [("model", spec.entry.clone())];
        metrics::counter!("almanac_fits_total", &label).increment(series as u64);
        metrics::counter!("almanac_fit_failures_total", &label).increment(failures as u64);
        let histogram = metrics::histogram!("almanac_fit_seconds", &label);
        own().for_each(|answer| histogram.record(answer.fit_s));
    }
}
