//! Models that learn from the whole panel: one fit for all series of a fold.

use std::sync::Arc;

use almanac_data::{FitError, Forecasting};
use almanac_models::lift::Scope;
use almanac_models::{Ctx, Fitted};
use cpu_time::ProcessTime;

use crate::Pool;
use crate::plan::Plan;
use crate::question::caught;
use crate::ready::{Named, Ready};

/// What was fitted on the panel, by model; nothing for models of single series.
pub(crate) struct Shared<'a> {
    plan: &'a Plan<'a>,
    fits: Vec<Option<PanelFit>>,
}

/// One fit of a panel.
#[derive(Clone)]
pub(crate) struct PanelFit {
    fold: usize,
    /// What was learnt, or why nothing was.
    pub fitted: Result<Arc<dyn Fitted<Forecasting>>, FitError>,
    /// Processor seconds, shared out over the series; 0 where an earlier fold's fit is used.
    pub fit_s: f64,
}

impl PanelFit {
    /// What was fitted elsewhere, as if at the first fold.
    pub fn of(fitted: Arc<dyn Fitted<Forecasting>>) -> PanelFit {
        PanelFit { fold: 0, fitted: Ok(fitted), fit_s: 0.0 }
    }
}

impl<'a> Shared<'a> {
    pub fn nothing(plan: &'a Plan<'a>) -> Shared<'a> {
        Shared { plan, fits: vec![None; plan.models.len()] }
    }

    /// The fit of a model of the panel.
    pub fn get(&self, model: usize) -> Option<&PanelFit> {
        self.fits[model].as_ref()
    }

    /// Fits every model of the panel that is due at this fold, one after another, each on all
    /// threads of the pool.
    pub fn fit(&mut self, ctx: &Ctx, fold: usize, pool: &Pool) {
        let plan = self.plan;
        let panel = plan.models.iter().zip(&mut self.fits);
        for (model, held) in panel.filter(|(model, _)| model.scope == Scope::Panel) {
            let due = |fold: usize| plan.folds.due(plan.refit(model), plan.panel, fold);
            let last = due(fold);
            if let Some(held) = held.as_mut().filter(|held| held.fold == last) {
                held.fit_s = 0.0;
                continue;
            }
            let first = match held {
                _ if !model.warm => last,
                None => 0,
                Some(held) => held.fold + 1,
            };
            for fold in (first..=last).filter(|&fold| due(fold) == fold) {
                *held = Some(pool.install(|| fit(plan, ctx, model, (fold, held.as_ref()))));
            }
        }
    }
}

/// Fits a model on all series that have a past at a fold; a warm one goes on from the fit before.
fn fit(
    plan: &Plan<'_>,
    ctx: &Ctx,
    named: &Named,
    (fold, held): (usize, Option<&PanelFit>),
) -> PanelFit {
    let start = ProcessTime::now();
    let ctx = ctx.of_model(&named.name).named(&fold.to_string()).with_threads(plan.threads());
    let cut = plan.folds.cut_all(plan.panel, fold);
    let fitted = match &named.model {
        Ready::Panel(model) => caught(|| match held.map(|held| held.fitted.as_deref()) {
            Some(Ok(before)) if named.warm => model.refit(&ctx, cut.past(plan.panel), before),
            _ => model.fit(&ctx, cut.past(plan.panel)),
        }),
        Ready::Rows(..) => Err(FitError::Failed("rows have no panel".into())),
    };
    let fit_s = start.elapsed().as_secs_f64() / cut.len().max(1) as f64;
    PanelFit { fold, fitted: fitted.map(Arc::from), fit_s }
}
