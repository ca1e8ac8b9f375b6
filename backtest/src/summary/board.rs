//! The leaderboard: averages, ranks, and whether differences are real.

use almanac_data::{Better, Leaderboard, Rank, Repeats};
use almanac_models::Ctx;
use serde_json::{Map, Value};

use crate::compare::{Trial, Unit};
use crate::metrics::Read;
use crate::summary::{Count, Mean, Summary};

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
            let sum = |of: fn(&Count) -> f64| {
                self.seeds(model).iter().map(|&seed| of(&self.models[seed])).sum::<f64>()
            };
            Rank {
                model: plan.models[model].group().to_string(),
                settings: plan.spec().model[model].settings.clone(),
                scores: self.scores_of(model),
                skill: self.skill(model),
                p_value: trial.p_value(model, plan.baseline),
                p_best: trial.p_value(model, best),
                in_mcs: set[model],
                win_rate: self.win_rate(model),
                failures: sum(|count| count.failures as f64) as usize,
                fit_s: sum(|count| count.fit_s),
                predict_s: sum(|count| count.predict_s),
                leaks: plan.models[model].same_row,
                repeats: self.repeats(model),
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
        let firsts = self.groups.iter().map(|group| group[0]);
        let honest: Vec<usize> = firsts.filter(|&model| !models[model].same_row).collect();
        let losses = honest.iter().map(|&model| trial.losses[model].clone()).collect();
        let set = Trial { losses, ..*trial }.confidence_set(ctx, CONFIDENCE);
        let mut all = vec![None; models.len()];
        honest.iter().zip(set.unwrap_or_default()).for_each(|(&m, inside)| all[m] = Some(inside));
        all
    }

    /// Models by their loss on the primary metric, of several seeds the first; undefined last, ties
    /// in the run's order.
    pub(super) fn order(&self) -> Vec<usize> {
        let (gauge, primary) = (&self.plan.gauges[self.plan.primary], self.plan.primary);
        let score = |model| self.over_seeds(model, |seed| self.panel_score(seed, primary));
        let losses: Vec<f64> =
            (0..self.plan.models.len()).map(|model| gauge.loss(score(model))).collect();
        let mut order: Vec<usize> = self.groups.iter().map(|group| group[0]).collect();
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
        let loss = |model: usize, unit: usize| {
            self.over_seeds(model, |seed| gauge.loss(score(seed, unit)))
        };
        let losses = |model| units.iter().map(|&unit| loss(model, unit)).collect();
        let overlap = match (over, plan.folds.step) {
            (Unit::Fold, Some(step)) => plan.folds.horizon.div_ceil(step),
            _ => 1,
        };
        Trial { losses: (0..models).map(losses).collect(), over, overlap }
    }

    fn scores_of(&self, model: usize) -> Map<String, Value> {
        let named = self.plan.gauges.iter().enumerate();
        // A number that is not finite becomes null.
        let score = |at| self.over_seeds(model, |seed| self.panel_score(seed, at));
        named.map(|(at, gauge)| (gauge.name.clone(), score(at).into())).collect()
    }

    /// How the scores of a model's seeds differ; `None` of one.
    fn repeats(&self, model: usize) -> Option<Repeats> {
        let (seeds, plan) = (self.seeds(model), self.plan);
        let (mut sd, mut range) = (Map::new(), Map::new());
        for (at, gauge) in plan.gauges.iter().enumerate() {
            let scores = seeds.iter().map(|&seed| self.panel_score(seed, at));
            let (mut mean, mut least, mut most) =
                (Mean::default(), f64::INFINITY, f64::NEG_INFINITY);
            for score in scores {
                mean.add(score, 1.0);
                (least, most) = (least.min(score), most.max(score));
            }
            sd.insert(gauge.name.clone(), mean.deviation().into());
            range.insert(gauge.name.clone(), vec![least, most].into());
        }
        (seeds.len() > 1).then(|| Repeats { count: seeds.len(), sd, range })
    }

    /// Only errors that are zero at best have a share to spare.
    fn skill(&self, model: usize) -> Option<f64> {
        let plan = self.plan;
        let [own, baseline] = [model, plan.baseline]
            .map(|m| self.over_seeds(m, |s| self.panel_score(s, plan.primary)));
        let lower = plan.gauges[plan.primary].better() == Better::Lower;
        Some(1.0 - own / baseline).filter(|skill| lower && skill.is_finite())
    }

    fn win_rate(&self, model: usize) -> Option<f64> {
        let plan = self.plan;
        let gauge = &plan.gauges[plan.primary];
        let mut wins = Mean::default();
        for series in 0..plan.panel.len() {
            let loss = |model| {
                gauge.loss(self.over_seeds(model, |m| self.series_score(series, m, plan.primary)))
            };
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

    /// Errors 1 and 3 of two seeds: one line with the mean 2, a deviation of √2 and both ends; what
    /// was spent is summed. A name that ends in # and something else is no repeat.
    #[test]
    fn seeds_are_one_line() {
        let at = (0..12).map(Stamp).collect();
        let panel =
            Panel::new("long", Calendar::steps(), vec![("a".into(), 12)], at, vec![0.0; 12]);
        let (panel, spec) = (
            panel.unwrap(),
            "data = {}\nscore = { metrics = [\"mae\"], baseline = \"naive\" }\n\
             folds.horizon = 2\n[[model]]\nuse = \"drift\"\nrepeats = 2\n\
             [[model]]\nuse = \"naive\"\n[[model]]\nuse = \"mean\"\nname = \"c#\"\n",
        );
        let plan = Plan::new(&Spec::from_toml(spec).unwrap(), &panel).unwrap();
        assert_eq!(plan.model_names(), ["drift#1", "drift#2", "naive", "c#"]);
        let mut summary = Summary::new(&plan);
        let answers = [1.0, 3.0, 4.0, 5.0].into_iter().enumerate();
        let answer = |(model, off)| answered(&plan, (0, model), [0.0; 2], [off; 2]);
        summary.feed(&FoldResult { fold: 0, answers: answers.map(answer).collect() });
        let board = summary.leaderboard(&Ctx::new(1));
        let names: Vec<&str> = board.rows.iter().map(|row| row.model.as_str()).collect();
        assert_eq!(names, ["drift", "naive", "c#"]);
        let (drift, naive) = (&board.rows[0], &board.rows[1]);
        assert_eq!((drift.scores["mae"].as_f64(), drift.skill), (Some(2.0), Some(0.5)));
        assert_eq!((drift.fit_s, naive.fit_s), (1.0, 0.5));
        let repeats = drift.repeats.as_ref().unwrap();
        assert_eq!((repeats.count, &repeats.range["mae"]), (2, &serde_json::json!([1.0, 3.0])));
        assert!((repeats.sd["mae"].as_f64().unwrap() - 2.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(naive.repeats, None);
    }
}
