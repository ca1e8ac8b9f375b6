//! One series at one fold: put to a model, answered whatever happens, and judged.

use std::panic::{AssertUnwindSafe, catch_unwind};

use almanac_data::{Ahead, Answered, Cut, FitError, Forecast, Forecasting, Stamp};
use almanac_models::{Ctx, Fitted};
use cpu_time::ThreadTime;

use crate::metrics::{Judged, Yard};
use crate::plan::{Named, Plan};

/// What was fitted at some fold, kept for later ones.
pub(crate) struct Held {
    fold: usize,
    fitted: Result<Box<dyn Fitted<Forecasting>>, FitError>,
}

/// What a model said, and the processor seconds it took.
pub(crate) struct Attempt {
    pub forecast: Result<Forecast, FitError>,
    pub fit_s: f64,
    pub predict_s: f64,
}

/// One series at one fold.
pub(crate) struct Question<'a> {
    plan: &'a Plan<'a>,
    fold: usize,
    series: usize,
    /// `None` where nothing was observed before the cutoff.
    cut: Option<Cut>,
    cutoff: Stamp,
    ds: Vec<Stamp>,
    truth: Vec<f64>,
    yard: Yard,
}

impl<'a> Question<'a> {
    pub fn new(plan: &'a Plan<'a>, fold: usize, series: usize) -> Question<'a> {
        let (panel, folds) = (plan.panel, &plan.folds);
        let cut = folds.cut(panel, fold, series);
        let (mut cutoff, mut ds, mut truth) = (Stamp::default(), Vec::new(), Vec::new());
        let mut yard = Yard::of(&[], 1);
        if let Some(cut) = &cut {
            let (past, rest) = (cut.past(panel).series(0), cut.truth(panel).series(0));
            cutoff = past.at.last().copied().unwrap_or_default();
            yard = Yard::of(past.y, panel.season);
            let last = rest.at.last().copied().unwrap_or(cutoff);
            let beyond = panel.calendar.after(last, folds.gap + folds.horizon - rest.len());
            ds = rest.at.iter().copied().chain(beyond).skip(folds.gap).collect();
            truth = rest.y.iter().copied().skip(folds.gap).collect();
            truth.resize(folds.horizon, f64::NAN);
        }
        Question { plan, fold, series, cut, cutoff, ds, truth, yard }
    }

    /// What metrics may know of it.
    pub fn judged(&self) -> Judged<'_> {
        Judged { truth: &self.truth, yard: self.yard, levels: &self.plan.levels }
    }

    /// The model's answer with its scores; after a failure the baseline's, with the reason.
    pub fn answer(&self, ctx: &Ctx, model: usize, held: &mut Option<Held>) -> Answered {
        let named = &self.plan.models[model];
        let own = self.ask(ctx, named, held);
        if self.plan.folds.refits_every() {
            *held = None;
        }
        let (forecast, error) = match own.forecast {
            Ok(forecast) => (Some(forecast), None),
            Err(reason) => self.instead(ctx, model, &reason),
        };
        let forecast = forecast.as_ref();
        let judged = self.judged();
        let score = |gauge: &crate::metrics::Gauge| {
            forecast.map_or(f64::NAN, |forecast| gauge.read(&judged, forecast))
        };
        let band = |&level: &f64| {
            let forecast = forecast?;
            Some((0..forecast.len()).map(|step| forecast.interval(step, level)).unzip())
        };
        Answered {
            model,
            series: self.series,
            cutoff: self.cutoff,
            ds: if forecast.is_some() { self.ds.clone() } else { Vec::new() },
            y: if forecast.is_some() { self.truth.clone() } else { Vec::new() },
            mean: forecast.map(|forecast| forecast.mean.clone()).unwrap_or_default(),
            bands: self.plan.levels.iter().map(|level| band(level).unwrap_or_default()).collect(),
            scores: self.plan.gauges.iter().map(score).collect(),
            error,
            filled: forecast.map_or(0, |forecast| forecast.filled),
            fit_s: own.fit_s,
            predict_s: own.predict_s,
        }
    }

    /// Fits where this fold is due, and predicts. A panic is an error like others.
    pub fn ask(&self, ctx: &Ctx, model: &Named, held: &mut Option<Held>) -> Attempt {
        let (panel, folds) = (self.plan.panel, &self.plan.folds);
        let mut attempt = Attempt { forecast: Err(self.nothing()), fit_s: 0.0, predict_s: 0.0 };
        let fit_at = folds.fitted_at(panel, self.fold, self.series);
        let Some(train) = folds.cut(panel, fit_at, self.series) else { return attempt };
        let own = ctx.named(&model.name);
        let past = train.past(panel);
        if held.as_ref().is_none_or(|held| held.fold != fit_at) {
            let ctx = own.named(&fit_at.to_string());
            let (fitted, seconds) = timed(|| model.model.fit(&ctx, past));
            *held = Some(Held { fold: fit_at, fitted });
            attempt.fit_s = seconds;
        }
        let Some(Held { fitted, .. }) = held else { return attempt };
        // From where the fit began to this fold's cutoff, so that a fitted state can move on.
        let start = past.series(0).span().start;
        let Some(seen) = folds.cut_from(panel, self.fold, (self.series, start)) else {
            return attempt;
        };
        let steps = folds.gap + folds.horizon;
        let ask = Ahead { horizon: steps, past: seen.past(panel), future: seen.future(panel) };
        let ctx = own.named(&self.fold.to_string());
        let (forecast, seconds) =
            timed(|| fitted.as_ref().map_err(FitError::clone)?.predict(&ctx, ask));
        attempt.predict_s = seconds;
        attempt.forecast = forecast.and_then(|answers| self.checked(answers));
        attempt
    }

    /// The one forecast of the steps that are scored, if it is whole and finite.
    fn checked(&self, answers: Vec<Forecast>) -> Result<Forecast, FitError> {
        let steps = self.plan.folds.gap + self.plan.folds.horizon;
        let Some(forecast) = answers.into_iter().next().filter(|answer| answer.len() == steps)
        else {
            return Err(FitError::Failed(format!("gave no forecast of {steps} steps")));
        };
        if !forecast.is_finite() {
            return Err(FitError::NotFinite("the forecast"));
        }
        Ok(forecast.skip(self.plan.folds.gap))
    }

    /// The baseline's forecast, or the simplest there is, with the reasons in words.
    fn instead(
        &self,
        ctx: &Ctx,
        model: usize,
        reason: &FitError,
    ) -> (Option<Forecast>, Option<String>) {
        let plan = self.plan;
        let mut reasons = vec![reason.to_string()];
        let baseline = (model != plan.baseline).then(|| &plan.models[plan.baseline]);
        for other in baseline.into_iter().chain([&plan.simplest]) {
            match self.ask(ctx, other, &mut None).forecast {
                Ok(forecast) => {
                    reasons.push(format!("`{}` answers instead", other.name));
                    return (Some(forecast), Some(reasons.join("; ")));
                }
                Err(again) if self.cut.is_some() => {
                    reasons.push(format!("`{}`: {again}", other.name))
                }
                Err(_) => {}
            }
        }
        (None, Some(reasons.join("; ")))
    }

    fn nothing(&self) -> FitError {
        let rows = self.plan.panel.series(self.series).len();
        let (fold, folds) = (self.fold + 1, self.plan.folds.count);
        FitError::Failed(format!(
            "no value before the cutoff of fold {fold} of {folds} in {rows} rows"
        ))
    }
}

/// The work's result and its processor seconds on this thread.
fn timed<T>(work: impl FnOnce() -> Result<T, FitError>) -> (Result<T, FitError>, f64) {
    let start = ThreadTime::now();
    let result = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| text.to_string());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        Err(FitError::Panicked(text.unwrap_or_else(|| "without a message".into())))
    });
    (result, start.elapsed().as_secs_f64())
}
