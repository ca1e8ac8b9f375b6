//! The leaderboard: averages, ranks, and whether differences are real.

use almanac_data::{Better, Leaderboard, Rank};
use almanac_models::Ctx;
use serde_json::{Map, Value};

use crate::compare::{Trial, Unit};
use crate::metrics::Read;
use crate::summary::{Mean, Summary};

/// Confidence of the model confidence set.
const CONFIDENCE: f64 = 0.9;

impl Summary<'_> {
    /// The models in rank order. The context's seed draws the bootstrap of the confidence set.
    pub fn leaderboard(&self, ctx: &Ctx) -> Leaderboard {
        let plan = self.plan;
        let trial = self.trial();
        let set = self.confidence_set(ctx, &trial);
        let order = self.order();
        let best = self.best(&order);
        let rows = order.iter().map(|&model| {
            let tally = &self.models[model];
            Rank {
                model: plan.models[model].name.clone(),
                settings: plan.spec().model[model].settings.clone(),
                scores: self.scores_of(model),
                skill: self.skill(model),
                p_value: trial.p_value(model, plan.baseline),
                p_best: trial.p_value(model, best),
                in_mcs: set[model],
                win_rate: self.win_rate(model),
                failures: tally.failures,
                fit_s: tally.fit_s,
                predict_s: tally.predict_s,
                leaks: plan.models[model].same_row,
            }
        });
        Leaderboard {
            task: plan.spec().task.name().into(),
            data: plan.panel.name.clone(),
            baseline: plan.models[plan.baseline].name.clone(),
            primary_metric: plan.gauges[plan.primary].name.clone(),
            rows: rows.collect(),
            contrasts: self.contrasts(),
        }
    }

    /// The best model: of those that do not leak, where there is one.
    pub(super) fn best(&self, order: &[usize]) -> usize {
        let honest = |model: &&usize| !self.plan.models[**model].same_row;
        *order.iter().find(honest).unwrap_or(&order[0])
    }

    /// By model; a model that leaks neither belongs to the set nor keeps others out of it.
    fn confidence_set(&self, ctx: &Ctx, trial: &Trial) -> Vec<Option<bool>> {
        let models = &self.plan.models;
        let honest: Vec<usize> = (0..models.len()).filter(|&m| !models[m].same_row).collect();
        let losses = honest.iter().map(|&model| trial.losses[model].clone()).collect();
        let set = Trial { losses, ..*trial }.confidence_set(ctx, CONFIDENCE);
        let mut all = vec![None; models.len()];
        honest.iter().zip(set.unwrap_or_default()).for_each(|(&m, inside)| all[m] = Some(inside));
        all
    }

    /// Models by their loss on the primary metric; undefined last, ties in the run's order.
    pub(super) fn order(&self) -> Vec<usize> {
        let gauge = &self.plan.gauges[self.plan.primary];
        let loss = |model| gauge.loss(self.panel_score(model, self.plan.primary));
        let losses: Vec<f64> = (0..self.plan.models.len()).map(loss).collect();
        let mut order: Vec<usize> = (0..losses.len()).collect();
        order.sort_by(|&a, &b| {
            let undefined = losses[a].is_nan().cmp(&losses[b].is_nan());
            undefined.then(losses[a].total_cmp(&losses[b]))
        });
        order
    }

    /// The losses that tests compare.
    pub(super) fn trial(&self) -> Trial {
        let over = Unit::of(self.folds);
        let plan = self.plan;
        let models = plan.models.len();
        let gauge = &plan.gauges[plan.primary];
        let score = |model: usize, unit: usize| match over {
            Unit::Series => self.series_score(unit, model, plan.primary),
            Unit::Fold => self.by_fold[model * plan.folds.count + unit].value(),
        };
        let units = if over == Unit::Series { plan.panel.len() } else { plan.folds.count };
        let whole = |unit: &usize| (0..models).all(|model| !score(model, *unit).is_nan());
        let units: Vec<usize> = (0..units).filter(whole).collect();
        let losses = |model| units.iter().map(|&unit| gauge.loss(score(model, unit))).collect();
        let overlap = match (over, plan.folds.step) {
            (Unit::Fold, Some(step)) => plan.folds.horizon.div_ceil(step),
            _ => 1,
        };
        Trial { losses: (0..models).map(losses).collect(), over, overlap }
    }

    fn scores_of(&self, model: usize) -> Map<String, Value> {
        let named = self.plan.gauges.iter().enumerate();
        // A number that is not finite becomes null.
        named.map(|(at, gauge)| (gauge.name.clone(), self.panel_score(model, at).into())).collect()
    }

    /// Only errors that are zero at best have a share to spare.
    fn skill(&self, model: usize) -> Option<f64> {
        let plan = self.plan;
        let [own, baseline] =
            [model, plan.baseline].map(|model| self.panel_score(model, plan.primary));
        let lower = plan.gauges[plan.primary].better() == Better::Lower;
        Some(1.0 - own / baseline).filter(|skill| lower && skill.is_finite())
    }

    fn win_rate(&self, model: usize) -> Option<f64> {
        let plan = self.plan;
        let gauge = &plan.gauges[plan.primary];
        let mut wins = Mean::default();
        for series in 0..plan.panel.len() {
            let loss = |model| gauge.loss(self.series_score(series, model, plan.primary));
            let (own, other) = (loss(model), loss(plan.baseline));
            if !own.is_nan() && !other.is_nan() {
                wins.add(f64::from(u8::from(own < other)), 1.0);
            }
        }
        Some(wins.value()).filter(|rate| rate.is_finite() && model != plan.baseline)
    }
}

impl crate::Plan<'_> {
    /// How scores are averaged, in words.
    pub fn aggregation(&self) -> String {
        let units = if self.rows.is_some() { "test sets" } else { "series" };
        let relative = self.gauges.iter().any(|g| matches!(g.metric.read, Read::Relative(_)));
        let mut words = match self.spec().score.pooled {
            true => "mean over all scored points of the panel: each score of a series and fold \
                     weighs its points; roots average as squares"
                .to_string(),
            false => format!(
                "mean over {units} of the mean over folds of each; every metric, roots included, \
                 is computed for each of them and fold first"
            ),
        };
        if relative {
            words += "; owa is computed from the panel's averages";
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Plan;
    use crate::spec::Spec;
    use crate::summary::tests::answered;
    use almanac_data::{Calendar, FoldResult, Panel, Stamp};

    /// Errors 1 of drift that leaks, 2 to 4 of naive, 6 to 8 of the mean: drift ranks first, but
    /// naive is what the others are held against, and alone in the set of those that do not leak.
    #[test]
    fn a_leak_ranks_but_is_not_the_best() {
        let at = (0..12).map(Stamp).collect();
        let panel =
            Panel::new("long", Calendar::steps(), vec![("a".into(), 12)], at, vec![0.0; 12]);
        let (panel, spec) = (
            panel.unwrap(),
            "data = {}\nscore.metrics = [\"mae\"]\n\
             score.baseline = \"mean\"\nfolds = { horizon = 2, count = 9, step = 1 }\n\
             [[model]]\nuse = \"drift\"\n[[model]]\nuse = \"naive\"\n[[model]]\nuse = \"mean\"\n",
        );
        let mut plan = Plan::new(&Spec::from_toml(spec).unwrap(), &panel).unwrap();
        plan.models[0].same_row = true;
        let mut summary = Summary::new(&plan);
        for fold in 0..9 {
            let off = 2.0 + (fold % 3) as f64;
            let answers = [1.0, off, 4.0 + off].into_iter().enumerate();
            let answer = |(model, off)| answered(&plan, (0, model), [0.0; 2], [off; 2]);
            summary.feed(&FoldResult { fold, answers: answers.map(answer).collect() });
        }
        let board = summary.leaderboard(&Ctx::new(1));
        let [drift, naive, mean] = board.rows.as_slice() else { panic!("{board:?}") };
        assert_eq!((drift.model.as_str(), drift.leaks, drift.in_mcs), ("drift", true, None));
        assert_eq!(board.best(), Some(naive));
        assert_eq!((naive.in_mcs, mean.in_mcs), (Some(true), Some(false)));
        assert_eq!((naive.p_best, drift.p_best.is_some()), (None, true));
    }
}
