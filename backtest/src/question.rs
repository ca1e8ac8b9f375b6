//! One series at one fold: put to a model, answered whatever happens, and judged.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use almanac_data::{Ahead, Answered, Cut, FitError, Forecast, Forecasting, Matrix, Stamp};
use almanac_models::lift::Scope;
use almanac_models::regress::Regress;
use almanac_models::{Ctx, Fitted, Model};
use cpu_time::ThreadTime;

use crate::folds::Split;
use crate::metrics::{Gauge, Judged, Yard};
use crate::plan::Plan;
use crate::ready::{Named, Ready};
use crate::rows::TableRows;
use crate::shared::PanelFit;
use crate::spec::{Refit, TaskName};

/// What was fitted at some fold, kept for later ones.
pub(crate) struct Held {
    fold: usize,
    fitted: Result<Arc<dyn Fitted<Forecasting>>, FitError>,
}

impl Held {
    /// What was fitted elsewhere, as if at the first fold.
    pub fn of(fitted: Result<Arc<dyn Fitted<Forecasting>>, FitError>) -> Held {
        Held { fold: 0, fitted }
    }
}

/// What was fitted, or why nothing was, and what may be seen when it is asked.
type Asked<'a> = (Result<&'a dyn Fitted<Forecasting>, FitError>, &'a Cut);

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
    /// The rows of a table's fold; `None` of a panel.
    split: Option<&'a Split>,
    cutoff: Stamp,
    ds: Vec<Stamp>,
    truth: Vec<f64>,
    yard: Yard,
}

impl<'a> Question<'a> {
    pub fn new(plan: &'a Plan<'a>, fold: usize, series: usize) -> Question<'a> {
        let (panel, folds) = (plan.panel, &plan.folds);
        if let Some(rows) = plan.rows {
            return Question::of_rows(plan, rows, (fold, series));
        }
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
            if plan.spec().task == TaskName::Direction {
                let last = yard.last;
                truth
                    .iter_mut()
                    .filter(|y| !y.is_nan())
                    .for_each(|y| *y = f64::from(u8::from(*y > last)));
            }
        }
        Question { plan, fold, series, cut, split: None, cutoff, ds, truth, yard }
    }

    /// The rows of a test set at a fold; the cutoff is the fold's number.
    fn of_rows(plan: &'a Plan<'a>, rows: &'a TableRows, place: (usize, usize)) -> Question<'a> {
        let (fold, series) = place;
        let split = rows.split(series, fold);
        let test = split.map(|split| split.test.as_slice()).unwrap_or_default();
        Question {
            plan,
            fold,
            series,
            cut: None,
            split,
            cutoff: Stamp(fold as i64 + 1),
            ds: test.iter().map(|&row| Stamp(row as i64 + 1)).collect(),
            truth: test.iter().map(|&row| rows.table().y[row]).collect(),
            yard: Yard::of(&[], 1),
        }
    }

    /// Whether there is anything to answer: a test set of a table may have fewer folds than others.
    pub fn is_asked(&self) -> bool {
        self.plan.rows.is_none() || self.split.is_some()
    }

    /// What metrics may know of it.
    pub fn judged(&self) -> Judged<'_> {
        Judged { truth: &self.truth, yard: self.yard, levels: &self.plan.levels }
    }

    /// The model's answer with its scores; after a failure the baseline's, with the reason.
    pub fn answer(
        &self,
        ctx: &Ctx,
        model: usize,
        held: &mut Option<Held>,
        shared: Option<&PanelFit>,
    ) -> Answered {
        let named = &self.plan.models[model];
        let own = match shared {
            Some(shared) => self.ask_shared(ctx, named, shared),
            None => self.ask(ctx, named, held),
        };
        if self.plan.refit(named) == Refit::Every && !named.warm {
            *held = None;
        }
        let (forecast, error) = match own.forecast {
            Ok(forecast) => (Some(forecast), None),
            Err(reason) => self.instead(ctx, model, &reason),
        };
        let forecast = forecast.as_ref();
        let judged = self.judged();
        let score =
            |gauge: &Gauge| forecast.map_or(f64::NAN, |forecast| gauge.read(&judged, forecast));
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

    /// Asks a model that was fitted on the whole panel.
    fn ask_shared(&self, ctx: &Ctx, model: &Named, shared: &PanelFit) -> Attempt {
        let mut attempt = Attempt { forecast: Err(self.nothing()), fit_s: 0.0, predict_s: 0.0 };
        if let Some(seen) = &self.cut {
            attempt.fit_s = shared.fit_s;
            let fitted = shared.fitted.as_deref().map_err(FitError::clone);
            self.predict(ctx, model, (fitted, seen), &mut attempt);
        }
        attempt
    }

    /// Fits where this fold is due, and predicts. A panic is an error like others.
    pub fn ask(&self, ctx: &Ctx, model: &Named, held: &mut Option<Held>) -> Attempt {
        let (panel, folds) = (self.plan.panel, &self.plan.folds);
        let mut attempt = Attempt { forecast: Err(self.nothing()), fit_s: 0.0, predict_s: 0.0 };
        let method = match &model.model {
            Ready::Panel(method) => method,
            Ready::Rows(learner, x) => {
                return self.ask_rows(ctx, &model.name, (learner.as_ref(), x));
            }
        };
        let fit_at = folds.fitted_at(self.plan.refit(model), panel, (self.fold, self.series));
        let Some(train) = folds.cut(panel, fit_at, self.series) else { return attempt };
        let past = train.past(panel);
        attempt.fit_s = self.bring(ctx, (model, method.as_ref()), fit_at, held);
        let Some(Held { fitted, .. }) = held else { return attempt };
        // From where the fit began to this fold's cutoff, so that a fitted state can move on.
        let start = past.series(0).span().start;
        let Some(seen) = folds.cut_from(panel, self.fold, (self.series, start)) else {
            return attempt;
        };
        let fitted = fitted.as_deref().map_err(FitError::clone);
        self.predict(ctx, model, (fitted, &seen), &mut attempt);
        attempt
    }

    /// What a model of single series learns at this fold.
    pub fn fit(&self, ctx: &Ctx, model: &Named) -> Result<Arc<dyn Fitted<Forecasting>>, FitError> {
        let mut held = None;
        if let (Ready::Panel(method), Some(_)) = (&model.model, &self.cut) {
            self.bring(ctx, (model, method.as_ref()), self.fold, &mut held);
        }
        held.map_or_else(|| Err(self.nothing()), |held: Held| held.fitted)
    }

    /// Brings what is held to the fit of a fold; processor seconds. A warm model goes over every fit
    /// on the way, so that it ends the same wherever a run began.
    fn bring(
        &self,
        ctx: &Ctx,
        (named, method): (&Named, &dyn Model<Forecasting>),
        fit_at: usize,
        held: &mut Option<Held>,
    ) -> f64 {
        let (panel, folds) = (self.plan.panel, &self.plan.folds);
        let own = ctx.of_model(&named.name);
        let first = match held.as_ref() {
            _ if !named.warm => fit_at,
            None => 0,
            Some(held) => held.fold + 1,
        };
        let due = |fold: usize| folds.fitted_at(self.plan.refit(named), panel, (fold, self.series));
        let mut seconds = 0.0;
        for fold in (first..=fit_at).filter(|&fold| due(fold) == fold) {
            if held.as_ref().is_some_and(|held| held.fold == fold) {
                continue;
            }
            let Some(train) = folds.cut(panel, fold, self.series) else { continue };
            let (ctx, past) = (own.named(&fold.to_string()), train.past(panel));
            let before = held.take().and_then(|held| held.fitted.ok());
            let (fitted, took) = timed(|| match before {
                Some(before) if named.warm => method.refit(&ctx, past, before.as_ref()),
                _ => method.fit(&ctx, past),
            });
            *held = Some(Held { fold, fitted: fitted.map(Arc::from) });
            seconds += took;
        }
        seconds
    }

    /// Learns from the fold's rows, and predicts the others.
    fn ask_rows(&self, ctx: &Ctx, name: &str, learner: (&dyn Regress, &Matrix)) -> Attempt {
        let mut attempt = Attempt { forecast: Err(self.nothing()), fit_s: 0.0, predict_s: 0.0 };
        let (Some(split), Some(rows)) = (self.split, self.plan.rows) else { return attempt };
        let (learner, x) = learner;
        let y: Vec<f64> = split.train.iter().map(|&row| rows.table().y[row]).collect();
        let own = ctx.of_model(name).named(&format!("{} {}", self.series, self.fold));
        let (fitted, fit_s) = timed(|| learner.fit(&own, &x.select(&split.train), &y));
        let (values, predict_s) = timed(|| fitted?.predict(&x.select(&split.test)));
        (attempt.fit_s, attempt.predict_s) = (fit_s, predict_s);
        attempt.forecast = values.and_then(|mean| self.checked(vec![Forecast::point(mean)]));
        attempt
    }

    /// Puts the question to what was fitted, with what may be seen at this fold.
    fn predict(&self, ctx: &Ctx, model: &Named, asked: Asked<'_>, attempt: &mut Attempt) {
        let (panel, folds) = (self.plan.panel, &self.plan.folds);
        let (fitted, seen) = asked;
        let horizon = folds.gap + folds.horizon;
        let future = seen.future(panel);
        let future = if model.same_row { future.with_same_row() } else { future };
        let ask = Ahead { horizon, past: seen.past(panel), future };
        let ctx = ctx.named(&model.name).named(&self.fold.to_string());
        let (forecast, seconds) = timed(|| fitted?.predict(&ctx, ask));
        attempt.predict_s = seconds;
        attempt.forecast = forecast.and_then(|answers| self.checked(answers));
    }

    /// The one forecast of the steps that are scored, if it is whole and its squares are finite.
    fn checked(&self, answers: Vec<Forecast>) -> Result<Forecast, FitError> {
        let steps = self.plan.folds.gap + self.ds.len();
        let whole = |answer: &Forecast| answer.len() == steps && answer.is_whole();
        let Some(forecast) = answers.into_iter().next().filter(whole) else {
            return Err(FitError::Failed(format!("gave no forecast of {steps} steps")));
        };
        // A square that overflows would make a score undefined, and hide the worst of forecasts.
        let squares = forecast.mean.iter().map(|mean| mean * mean);
        if !forecast.is_finite() || squares.sum::<f64>().is_infinite() {
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
            let attempt = match other.scope {
                Scope::Series => self.ask(ctx, other, &mut None),
                // The panel's own baseline failed as a whole, and was asked already.
                Scope::Panel => continue,
            };
            match attempt.forecast {
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
    let result = caught(work);
    (result, start.elapsed().as_secs_f64())
}

/// The work's result; a panic is an error like others.
pub(crate) fn caught<T>(work: impl FnOnce() -> Result<T, FitError>) -> Result<T, FitError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| text.to_string());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        Err(FitError::Panicked(text.unwrap_or_else(|| "without a message".into())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{ModelSpec, Spec};
    use almanac_data::{Calendar, FoldResult, Panel, PanelView};
    use almanac_models::Model;

    /// Breaks in the way it is told to.
    enum Broken {
        Panics,
        Refuses,
        Short,
        Infinite,
        Huge,
    }

    impl Model<Forecasting> for Broken {
        fn fit(&self, _: &Ctx, _: PanelView<'_>) -> Result<Box<dyn Fitted<Forecasting>>, FitError> {
            match self {
                Broken::Panics => panic!("index 9 is out of range"),
                Broken::Refuses => Err(FitError::TooShort { need: 99, got: 5 }),
                Broken::Short => Ok(Box::new(Says(vec![1.0]))),
                Broken::Huge => Ok(Box::new(Says(vec![1.0, -1e200]))),
                Broken::Infinite => Ok(Box::new(Says(vec![1.0, f64::INFINITY]))),
            }
        }

        fn restore(&self, _: &[u8]) -> Result<Box<dyn Fitted<Forecasting>>, FitError> {
            Err(FitError::Failed("learns nothing".into()))
        }
    }

    struct Says(Vec<f64>);

    impl Fitted<Forecasting> for Says {
        fn predict(&self, _: &Ctx, _: Ahead<'_>) -> Result<Vec<Forecast>, FitError> {
            Ok(vec![Forecast::point(self.0.clone())])
        }

        fn keep(&self) -> Result<Vec<u8>, FitError> {
            Ok(Vec::new())
        }
    }

    fn panel() -> Panel {
        let at = (1..=7).map(Stamp).collect();
        let y = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
        Panel::new("line", Calendar::steps(), vec![("a".into(), 7)], at, y).unwrap()
    }

    fn plan<'a>(panel: &'a Panel, baseline: &str) -> Plan<'a> {
        let text = format!(
            "data = {{}}\nfolds.horizon = 2\nscore.baseline = \"{baseline}\"\n[[model]]\nuse = \"naive\""
        );
        Plan::new(&Spec::from_toml(&text).unwrap(), panel).unwrap()
    }

    fn answer(plan: &Plan<'_>, model: usize) -> Answered {
        Question::new(plan, 0, 0).answer(&Ctx::new(1), model, &mut None, None)
    }

    /// However a model breaks, the row has the baseline's forecast, its scores and the reason.
    #[test]
    fn a_broken_model_is_a_row_with_the_baselines_forecast() {
        let panel = panel();
        let reasons = [
            (Broken::Panics, "panicked: index 9 is out of range"),
            (Broken::Refuses, "needs 99 observations, has 5"),
            (Broken::Short, "gave no forecast of 2 steps"),
            (Broken::Infinite, "the forecast is not finite"),
            (Broken::Huge, "the forecast is not finite"),
        ];
        for (broken, reason) in reasons {
            let mut plan = plan(&panel, "drift");
            plan.models[0].model = Ready::Panel(Box::new(broken));
            let [broken, baseline] = [0, plan.baseline].map(|model| answer(&plan, model));
            assert_eq!((&broken.mean, &broken.scores), (&baseline.mean, &baseline.scores));
            assert_eq!(broken.error, Some(format!("{reason}; `drift` answers instead")));
            assert_eq!(baseline.error, None);
        }
    }

    /// A baseline that breaks is answered for by the simplest method, and says so.
    #[test]
    fn a_broken_baseline_falls_back_to_naive() {
        let panel = panel();
        let mut plan = plan(&panel, "drift");
        plan.models[plan.baseline].model = Ready::Panel(Box::new(Broken::Refuses));
        let own = answer(&plan, plan.baseline);
        assert_eq!(own.mean, [5.0, 5.0]);
        let error = own.error.unwrap();
        assert_eq!(error, "needs 99 observations, has 5; `naive` answers instead");
    }

    /// Failures are counted on the leaderboard, and listed with their reasons.
    #[test]
    fn failures_reach_the_leaderboard() {
        let panel = panel();
        let mut plan = plan(&panel, "drift");
        plan.models[0].model = Ready::Panel(Box::new(Broken::Panics));
        let answers = (0..2).map(|model| answer(&plan, model)).collect();
        let mut summary = crate::Summary::new(&plan);
        summary.feed(&FoldResult { fold: 0, answers });
        let board = summary.leaderboard(&Ctx::new(1));
        let failures: Vec<_> =
            board.rows.iter().map(|row| (row.model.as_str(), row.failures)).collect();
        assert_eq!(failures, [("naive", 1), ("drift", 0)]);
        assert_eq!(
            plan.spec().model[1],
            ModelSpec { name: Some("drift".into()), ..ModelSpec::of("drift") }
        );
    }

    /// With a gap of 2 after 1 2 3 and one step, the stamp is 6, the truth 6, and drift says 6.
    #[test]
    fn a_gap_is_stepped_over() {
        let panel = panel();
        let text = "data = {}\nscore.baseline = \"drift\"\n[folds]\nkind = \"given\"\ncutoffs = [3]\ngap = 2\n[[model]]\nuse = \"drift\"";
        let plan = Plan::new(&Spec::from_toml(text).unwrap(), &panel).unwrap();
        let own = answer(&plan, 0);
        assert_eq!((own.ds, own.y, own.mean), (vec![Stamp(6)], vec![6.0], vec![6.0]));
        assert_eq!(own.cutoff, Stamp(3));
    }
}
