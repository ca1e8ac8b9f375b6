//! The report: what a page is drawn from.

use almanac_data::{
    Answered, Audit, Bands, Calls, Curve, Manifest, Money, Panel, Report, SeriesChart,
};
use almanac_models::Ctx;

use crate::spec::TaskName;
use crate::summary::{Mean, Summary};

/// Most series and failures that a report lists.
const WORST: usize = 20;
const FAILURES: usize = 200;

impl Summary<'_> {
    /// Everything a page shows.
    pub fn report(&self, ctx: &Ctx, manifest: Manifest, audit: Audit) -> Report {
        let plan = self.plan;
        let order = self.order();
        let best = self.best(&order);
        let ranked = self.series_by_loss(best);
        let name = |model: usize| plan.models[model].group().to_string();
        let show = |stamp| plan.panel.calendar.show(stamp);
        let (primary, levels) = (plan.primary, plan.levels());
        let curve = |means: &[Mean], model: usize| {
            let width = means.len() / plan.models.len();
            let value = |at: usize| self.over_seeds(model, |seed| means[seed * width + at].value());
            Curve { name: name(model), values: (0..width).map(value).collect() }
        };
        let by_step = |&model: &usize| {
            let mut curve = curve(&self.by_step, model);
            let power = f64::from(plan.gauges[primary].metric.power);
            curve.values.iter_mut().for_each(|value| *value = value.powf(1.0 / power));
            curve
        };
        let failure = |(&(model, series), reason): (&(usize, usize), &String)| {
            (name(model), plan.panel.ids()[series].clone(), reason.clone())
        };
        // Rows of a table have no order: their number says nothing.
        let steps = if plan.rows.is_some() { &[][..] } else { &order };
        let worst = |&series: &usize| {
            (plan.panel.ids()[series].clone(), self.series_score(series, best, primary))
        };
        Report {
            leaderboard: self.leaderboard(ctx),
            measures: plan.measures(),
            manifest,
            audit,
            spec: plan.spec().to_toml().unwrap_or_default(),
            horizon: plan.folds.horizon,
            folds: plan.cutoffs().into_iter().map(show).collect(),
            charts: self.charts(&ranked, &order),
            by_step: steps.iter().map(by_step).collect(),
            by_fold: order.iter().map(|&model| curve(&self.by_fold, model)).collect(),
            diagnostics: order
                .iter()
                .map(|&model| self.residuals[model].diagnostics(&name(model), levels))
                .collect(),
            worst: ranked.iter().rev().take(WORST).map(worst).collect(),
            failures: self.reasons.iter().take(FAILURES).map(failure).collect(),
            calls: self.calls(&order),
            money: self.money(&order),
            sets: self.sets(&order),
        }
    }

    fn calls(&self, order: &[usize]) -> Vec<Calls> {
        if self.plan.spec().task != TaskName::Direction {
            return Vec::new();
        }
        let calls =
            |&model: &usize| self.tally(model).classes.calls(self.plan.models[model].group());
        order.iter().map(calls).collect()
    }

    /// What was earned; where an answer was refused, the notes say so.
    fn money(&self, order: &[usize]) -> Option<Money> {
        let names = order.iter().map(|&model| (model, self.plan.models[model].group()));
        self.accounts.as_ref()?.money(&names.collect::<Vec<_>>()).ok()
    }

    /// Series with a score of this model, best first.
    fn series_by_loss(&self, model: usize) -> Vec<usize> {
        let plan = self.plan;
        let gauge = &plan.gauges[plan.primary];
        let loss = |&series: &usize| gauge.loss(self.series_score(series, model, plan.primary));
        let mut ranked: Vec<usize> =
            (0..plan.panel.len()).filter(|series| !loss(series).is_nan()).collect();
        ranked.sort_by(|a, b| loss(a).total_cmp(&loss(b)));
        ranked
    }

    /// The best, the median and the worst series of the best model, each once.
    fn charts(&self, ranked: &[usize], order: &[usize]) -> Vec<SeriesChart> {
        let last = ranked.len().checked_sub(1).filter(|_| self.plan.rows.is_none());
        let Some(last) = last else { return Vec::new() };
        let mut places = vec![(0, "best"), (last / 2, "median"), (last, "worst")];
        places.dedup_by_key(|place| place.0);
        let chart = |(place, why): (usize, &str)| self.chart(ranked[place], why, order);
        places.into_iter().filter_map(chart).collect()
    }

    /// One series at the last fold; `None` where that fold did not reach it.
    fn chart(&self, series: usize, why: &str, order: &[usize]) -> Option<SeriesChart> {
        let plan = self.plan;
        let show = |&stamp: &almanac_data::Stamp| plan.panel.calendar.show(stamp);
        let answers: Vec<&Answered> = order
            .iter()
            .filter_map(|&m| self.last.iter().find(|a| a.series == series && a.model == m))
            .collect();
        let first = answers.first()?;
        let own = plan.panel.series(series);
        let end = own.at.partition_point(|&at| at <= first.cutoff);
        let start = end.saturating_sub(shown(plan.panel, plan.folds.horizon));
        let bands = |answered: &&Answered| Bands {
            model: plan.models[answered.model].group().to_string(),
            mean: answered.mean.clone(),
            bands: plan
                .levels()
                .iter()
                .zip(&answered.bands)
                .map(|(&level, (low, high))| (level, low.clone(), high.clone()))
                .collect(),
        };
        Some(SeriesChart {
            unique_id: own.id.into(),
            why: why.into(),
            score: self.series_score(series, self.best(order), plan.primary),
            past_at: own.at[start..end].iter().map(show).collect(),
            past_y: own.y[start..end].to_vec(),
            at: first.ds.iter().map(show).collect(),
            y: first.y.clone(),
            models: answers.iter().map(bands).collect(),
        })
    }
}

/// Rows of past that a chart shows: a few seasons and horizons.
fn shown(panel: &Panel, horizon: usize) -> usize {
    (3 * panel.season).max(3 * horizon).clamp(30, 400)
}
