//! A run summed up fold by fold, in memory that does not grow with the number of folds.

mod board;
mod page;
mod residuals;

use std::collections::BTreeMap;

use almanac_data::{Answered, FoldResult, Forecast, Spread};
use serde_json::{Map, Value};

use crate::metrics::{Estimate, Judged, Read};
use crate::plan::Plan;
use crate::question::Question;
use residuals::Residuals;

/// What a run said so far.
pub struct Summary<'a> {
    plan: &'a Plan<'a>,
    /// By series, model and metric.
    scores: Vec<Mean>,
    /// The primary score by model and fold.
    by_fold: Vec<Mean>,
    /// The primary score by model and step.
    by_step: Vec<Mean>,
    models: Vec<Tally>,
    residuals: Vec<Residuals>,
    /// The first reason by model and series.
    reasons: BTreeMap<(usize, usize), String>,
    /// Scored points of each series, over all folds.
    points: Vec<usize>,
    /// Actuals of zero among them, over all series.
    zeros: usize,
    folds: usize,
    last: Vec<Answered>,
}

/// What is counted for one model.
#[derive(Debug, Clone, Default)]
struct Tally {
    failures: usize,
    filled: usize,
    fit_s: f64,
    predict_s: f64,
}

/// A mean that grows; of powers, so that roots of squares average as squares where they should.
#[derive(Debug, Clone, Copy, Default)]
struct Mean {
    total: f64,
    weight: f64,
}

impl Mean {
    fn add(&mut self, value: f64, weight: f64) {
        if !value.is_nan() {
            self.total += value * weight;
            self.weight += weight;
        }
    }

    /// NaN of nothing.
    fn value(self) -> f64 {
        self.total / self.weight
    }
}

impl<'a> Summary<'a> {
    /// Nothing yet.
    pub fn new(plan: &'a Plan<'a>) -> Summary<'a> {
        let (series, models) = (plan.panel.len(), plan.models.len());
        Summary {
            plan,
            scores: vec![Mean::default(); series * models * plan.gauges.len()],
            by_fold: vec![Mean::default(); models * plan.folds.count],
            by_step: vec![Mean::default(); models * plan.folds.horizon],
            models: vec![Tally::default(); models],
            residuals: (0..models).map(|_| Residuals::new(plan)).collect(),
            reasons: BTreeMap::new(),
            points: vec![0; series],
            zeros: 0,
            folds: 0,
            last: Vec::new(),
        }
    }

    /// Takes in one fold, from a run or from where an earlier run kept it.
    pub fn feed(&mut self, result: &FoldResult) {
        for answers in result.answers.chunk_by(|a, b| a.series == b.series) {
            let [first, ..] = answers else { continue };
            let question = Question::new(self.plan, result.fold, first.series);
            let observed = first.y.iter().filter(|y| !y.is_nan());
            self.points[first.series] += observed.clone().count();
            self.zeros += observed.filter(|&&y| y == 0.0).count();
            for answered in answers {
                self.count(answered);
                self.score(result.fold, answered);
                self.score_steps(&question.judged(), answered);
                self.residuals[answered.model].feed(answered);
            }
        }
        self.folds += 1;
        self.last = result.answers.clone();
    }

    fn count(&mut self, answered: &Answered) {
        let tally = &mut self.models[answered.model];
        tally.fit_s += answered.fit_s;
        tally.predict_s += answered.predict_s;
        tally.filled += answered.filled;
        if let Some(reason) = &answered.error {
            tally.failures += 1;
            let key = (answered.model, answered.series);
            self.reasons.entry(key).or_insert_with(|| reason.clone());
        }
    }

    fn score(&mut self, fold: usize, answered: &Answered) {
        let plan = self.plan;
        let points = answered.y.iter().filter(|y| !y.is_nan()).count() as f64;
        let row = (answered.series * plan.models.len() + answered.model) * plan.gauges.len();
        for (place, (gauge, &score)) in plan.gauges.iter().zip(&answered.scores).enumerate() {
            match plan.spec().score.pooled {
                true => self.scores[row + place].add(score.powi(gauge.metric.power), points),
                false => self.scores[row + place].add(score, 1.0),
            }
        }
        let primary = answered.scores[plan.primary];
        self.by_fold[answered.model * plan.folds.count + fold].add(primary, 1.0);
    }

    /// The primary metric of each step alone; a distribution is rebuilt from its intervals.
    fn score_steps(&mut self, judged: &Judged<'_>, answered: &Answered) {
        let gauge = &self.plan.gauges[self.plan.primary];
        let whole = matches!(gauge.metric.estimates, Estimate::Quantiles | Estimate::Distribution);
        let row = answered.model * self.plan.folds.horizon;
        for (step, y) in answered.y.iter().enumerate().filter(|(_, y)| !y.is_nan()) {
            let mut forecast = Forecast::point(vec![answered.mean[step]]);
            if whole {
                forecast.spread = self.spread(answered, step);
            }
            let judged = Judged { truth: std::slice::from_ref(y), ..*judged };
            let score = gauge.read(&judged, &forecast);
            self.by_step[row + step].add(score.powi(gauge.metric.power), 1.0);
        }
    }

    /// Quantiles of one step from the ends of its intervals and its mean.
    fn spread(&self, answered: &Answered, step: usize) -> Spread {
        let ends = self.plan.levels.iter().zip(&answered.bands).flat_map(|(level, (low, high))| {
            [((1.0 - level) / 2.0, low[step]), ((1.0 + level) / 2.0, high[step])]
        });
        let mut points: Vec<(f64, f64)> = ends.chain([(0.5, answered.mean[step])]).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (levels, values) = points.into_iter().unzip();
        Spread::Quantiles { levels, values: vec![values] }
    }

    /// Folds taken in.
    pub fn folds(&self) -> usize {
        self.folds
    }

    /// A model's score on one series, over its folds; NaN where undefined.
    fn series_score(&self, series: usize, model: usize, gauge: usize) -> f64 {
        let plan = self.plan;
        let place = (series * plan.models.len() + model) * plan.gauges.len() + gauge;
        self.rooted(self.scores[place], gauge)
    }

    fn rooted(&self, mean: Mean, gauge: usize) -> f64 {
        let power = self.plan.gauges[gauge].metric.power;
        let pooled = self.plan.spec().score.pooled;
        if pooled && power != 1 { mean.value().powf(1.0 / f64::from(power)) } else { mean.value() }
    }

    /// A model's score on the panel; NaN where undefined.
    fn panel_score(&self, model: usize, gauge: usize) -> f64 {
        let plan = self.plan;
        if let Read::Relative(parts) = plan.gauges[gauge].metric.read {
            let by_name = |part: &&str| plan.gauges.iter().position(|gauge| gauge.name == **part);
            let reference = plan.models.iter().position(|model| model.name == "naive2");
            let mut shares = Mean::default();
            for part in parts.iter().filter_map(by_name) {
                let other = reference.map_or(f64::NAN, |other| self.panel_score(other, part));
                shares.add(self.panel_score(model, part) / other, 1.0);
            }
            return shares.value();
        }
        let mut mean = Mean::default();
        for series in 0..plan.panel.len() {
            let place = (series * plan.models.len() + model) * plan.gauges.len() + gauge;
            match plan.spec().score.pooled {
                true => {
                    mean.total += self.scores[place].total;
                    mean.weight += self.scores[place].weight;
                }
                false => mean.add(self.series_score(series, model, gauge), 1.0),
            }
        }
        self.rooted(mean, gauge)
    }

    /// Missing values that each model filled in its own past, summed over series and folds.
    pub fn filled(&self) -> Map<String, Value> {
        let named = self.plan.models.iter().zip(&self.models);
        named.map(|(model, tally)| (model.name.clone(), tally.filled.into())).collect()
    }

    /// What a reader of the scores must know, in words.
    pub fn notes(&self) -> Vec<String> {
        let plan = self.plan;
        let mut notes = Vec::new();
        let uses = |name: &str| plan.gauges.iter().any(|gauge| gauge.metric.name == name);
        if ["mase", "rmsse", "msis"].into_iter().any(uses) {
            let season = plan.panel.season;
            notes.push(format!(
                "mase, rmsse and msis scale by the in-sample naive of season {season}, over the past of each fold"
            ));
        }
        if uses("mape") && self.zeros > 0 {
            notes.push(format!("mape skips {} actuals of zero", self.zeros));
        }
        let blind: Vec<usize> = (0..plan.panel.len()).filter(|&s| self.points[s] == 0).collect();
        if let [first, ..] = blind.as_slice() {
            let name = &plan.panel.ids()[*first];
            notes.push(format!(
                "{} of {} series have no truth: forecast, not scored (the first is {name})",
                blind.len(),
                plan.panel.len()
            ));
        }
        for (place, gauge) in plan.gauges.iter().enumerate() {
            let scored = (0..plan.panel.len()).filter(|&series| self.points[series] > 0);
            let undefined =
                |&series: &usize| self.series_score(series, plan.baseline, place).is_nan();
            let count = scored.filter(undefined).count();
            if count > 0 && !matches!(gauge.metric.read, Read::Relative(_)) {
                notes.push(format!(
                    "{} is undefined on {count} series: left out of its mean",
                    gauge.name
                ));
            }
        }
        let trial = self.trial();
        notes.push(match trial.is_empty() {
            true => "too few series and folds to tell whether differences are real".into(),
            false => format!(
                "p-values and the confidence set compare {} {}",
                trial.len(),
                match trial.over {
                    crate::compare::Unit::Series => "series, taken as independent",
                    crate::compare::Unit::Fold => "folds in the order of time",
                }
            ),
        });
        notes
    }
}
