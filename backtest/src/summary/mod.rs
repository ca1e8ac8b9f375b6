//! A run summed up fold by fold, in memory that does not grow with the number of folds.

mod board;
mod contrasts;
mod notes;
mod page;
mod residuals;
mod sets;

use std::collections::BTreeMap;

use almanac_data::{Answered, FoldResult, Forecast, Spread};
use serde_json::{Map, Value};

use crate::metrics::{Judged, Read, Tally};
use crate::money::Ledger;
use crate::plan::Plan;
use crate::question::Question;
use residuals::Residuals;

/// What a run said so far.
pub struct Summary<'a> {
    plan: &'a Plan<'a>,
    /// Models that are one but for their seeds.
    groups: Vec<Vec<usize>>,
    /// By series, model and metric.
    scores: Vec<Mean>,
    /// What pooled metrics are read from, by series and model.
    tallies: Vec<Tally>,
    /// The primary score by model and fold.
    by_fold: Vec<Mean>,
    /// The primary score by model and step.
    by_step: Vec<Mean>,
    models: Vec<Count>,
    residuals: Vec<Residuals>,
    accounts: Option<Ledger<'a>>,
    /// The first reason by model and series.
    reasons: BTreeMap<(usize, usize), String>,
    /// Scored points of each series, over all folds.
    points: Vec<usize>,
    /// Actuals of zero among them, over all series.
    zeros: usize,
    /// Pairs of series and fold without a past.
    unasked: usize,
    folds: usize,
    last: Vec<Answered>,
    /// Of a table: the primary score of each fold, by test set and model.
    of_sets: Vec<Vec<f64>>,
    /// Of a table: the last answer of each test set and model.
    latest: BTreeMap<(usize, usize), Answered>,
}

/// What is counted for one model.
#[derive(Debug, Clone, Default)]
struct Count {
    failures: usize,
    filled: usize,
    fit_s: f64,
    predict_s: f64,
}

/// A mean that grows; of powers, so that roots of squares average as squares where they should.
#[derive(Debug, Clone, Copy, Default)]
struct Mean {
    total: f64,
    squares: f64,
    weight: f64,
}

impl Mean {
    fn add(&mut self, value: f64, weight: f64) {
        if !value.is_nan() {
            self.total += value * weight;
            self.squares += value * value * weight;
            self.weight += weight;
        }
    }

    /// Of the values of both.
    fn with(self, other: Mean) -> Mean {
        Mean {
            total: self.total + other.total,
            squares: self.squares + other.squares,
            weight: self.weight + other.weight,
        }
    }

    /// NaN of nothing.
    fn value(self) -> f64 {
        self.total / self.weight
    }

    /// Standard deviation of equally weighted values; NaN of one.
    fn deviation(self) -> f64 {
        let about = self.squares - self.total * self.total / self.weight;
        (about.max(0.0) / (self.weight - 1.0).max(0.0)).sqrt()
    }
}

impl<'a> Summary<'a> {
    /// Nothing yet.
    pub fn new(plan: &'a Plan<'a>) -> Summary<'a> {
        let (series, models) = (plan.panel.len(), plan.models.len());
        Summary {
            plan,
            groups: plan.groups(),
            scores: vec![Mean::default(); series * models * plan.gauges.len()],
            tallies: vec![Tally::default(); series * models],
            by_fold: vec![Mean::default(); models * plan.folds.count],
            by_step: vec![Mean::default(); models * plan.folds.horizon],
            models: vec![Count::default(); models],
            residuals: (0..models).map(|_| Residuals::new(plan)).collect(),
            accounts: Ledger::of(plan),
            reasons: BTreeMap::new(),
            points: vec![0; series],
            zeros: 0,
            unasked: 0,
            folds: 0,
            last: Vec::new(),
            of_sets: vec![Vec::new(); series * models],
            latest: BTreeMap::new(),
        }
    }

    /// Takes in one fold, from a run or from where an earlier run kept it.
    pub fn feed(&mut self, result: &FoldResult) {
        for answers in result.answers.chunk_by(|a, b| a.series == b.series) {
            let [first, ..] = answers else { continue };
            let question = Question::new(self.plan, result.fold, first.series);
            let observed = first.y.iter().filter(|y| !y.is_nan());
            self.unasked += usize::from(first.mean.is_empty());
            self.points[first.series] += observed.clone().count();
            self.zeros += observed.filter(|&&y| y == 0.0).count();
            for answered in answers {
                self.count(answered);
                self.score(result.fold, question.judged().yard.last, answered);
                self.score_steps(&question.judged(), answered);
                self.residuals[answered.model].feed(answered);
            }
        }
        if let Some(accounts) = &mut self.accounts {
            accounts.feed(result);
        }
        self.folds += 1;
        self.last = result.answers.clone();
        if self.plan.rows.is_some() {
            let answers = result.answers.iter();
            self.latest.extend(answers.map(|a| ((a.series, a.model), a.clone())));
        }
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

    fn score(&mut self, fold: usize, last: f64, answered: &Answered) {
        let plan = self.plan;
        let points = answered.y.iter().filter(|y| !y.is_nan()).count() as f64;
        let row = (answered.series * plan.models.len() + answered.model) * plan.gauges.len();
        for (place, (gauge, &score)) in plan.gauges.iter().zip(&answered.scores).enumerate() {
            match plan.spec().score.pooled {
                true => self.scores[row + place].add(score.powi(gauge.metric.power), points),
                false => self.scores[row + place].add(score, 1.0),
            }
        }
        let tally = &mut self.tallies[answered.series * plan.models.len() + answered.model];
        answered.y.iter().zip(&answered.mean).for_each(|(&y, &mean)| tally.add(last, y, mean));
        let primary = answered.scores[plan.primary];
        self.by_fold[answered.model * plan.folds.count + fold].add(primary, 1.0);
        if plan.rows.is_some() {
            self.of_sets[answered.series * plan.models.len() + answered.model].push(primary);
        }
    }

    /// The primary metric of each step alone; a distribution is rebuilt from its intervals.
    fn score_steps(&mut self, judged: &Judged<'_>, answered: &Answered) {
        let gauge = &self.plan.gauges[self.plan.primary];
        let whole = gauge.metric.estimates.needs_spread();
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

    /// Quantiles of one step from the ends of its intervals and its mean, in increasing order even
    /// where the mean of a lopsided distribution lies outside an interval.
    fn spread(&self, answered: &Answered, step: usize) -> Spread {
        let ends = self.plan.levels.iter().zip(&answered.bands).flat_map(|(level, (low, high))| {
            [((1.0 - level) / 2.0, low[step]), ((1.0 + level) / 2.0, high[step])]
        });
        let points = ends.chain([(0.5, answered.mean[step])]);
        let (mut levels, mut values): (Vec<f64>, Vec<f64>) = points.unzip();
        levels.sort_by(f64::total_cmp);
        values.sort_by(f64::total_cmp);
        Spread::Quantiles { levels, values: vec![values] }
    }

    /// Folds taken in.
    pub fn folds(&self) -> usize {
        self.folds
    }

    /// A model's score on one series, over its folds; NaN where undefined.
    fn series_score(&self, series: usize, model: usize, gauge: usize) -> f64 {
        let plan = self.plan;
        let row = series * plan.models.len() + model;
        match plan.gauges[gauge].metric.read {
            Read::Pooled(read) => read(&self.tallies[row]),
            _ => self.rooted(self.scores[row * plan.gauges.len() + gauge], gauge),
        }
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
        if let (Read::Pooled(read), true) =
            (plan.gauges[gauge].metric.read, plan.spec().score.pooled)
        {
            return read(&self.tally(model));
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

    /// The models of which this one is the first or another seed.
    fn seeds(&self, model: usize) -> &[usize] {
        let own = self.groups.iter().find(|group| group.contains(&model));
        own.map_or(&[], Vec::as_slice)
    }

    /// The mean over the seeds of a model.
    fn over_seeds(&self, model: usize, of: impl Fn(usize) -> f64) -> f64 {
        let seeds = self.seeds(model);
        seeds.iter().map(|&seed| of(seed)).sum::<f64>() / seeds.len() as f64
    }

    /// Everything that a model said, in sums.
    fn tally(&self, model: usize) -> Tally {
        let mut all = Tally::default();
        self.tallies.iter().skip(model).step_by(self.plan.models.len()).for_each(|t| all.merge(t));
        all
    }

    /// Missing values that each model filled in its own past, summed over series and folds.
    pub fn filled(&self) -> Map<String, Value> {
        let named = self.plan.models.iter().zip(&self.models);
        named.map(|(model, tally)| (model.name.clone(), tally.filled.into())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Spec;
    use almanac_data::{Calendar, Panel, Stamp};
    use almanac_models::Ctx;

    /// Series `a`, `b`, `c` of 4 rows each.
    pub(super) fn panel() -> Panel {
        let series = ["a", "b", "c"].iter().enumerate();
        let series = series.map(|(i, name)| (name.to_string(), 4 * (i + 1))).collect();
        let at = (0..12).map(|row| Stamp(row % 4)).collect();
        let y = (0..12).map(|row| f64::from(row % 4)).collect();
        Panel::new("three", Calendar::steps(), series, at, y).unwrap()
    }

    fn plan<'a>(panel: &'a Panel, score: &str) -> Plan<'a> {
        let text = format!(
            "data = {{}}\nfolds.horizon = 2\nscore.baseline = \"naive\"\n{score}\n\
             [[model]]\nuse = \"drift\"\n[[model]]\nuse = \"naive\"\n"
        );
        Plan::new(&Spec::from_toml(&text).unwrap(), panel).unwrap()
    }

    /// An answer whose scores are what the metrics read of truth and mean.
    pub(super) fn answered(
        plan: &Plan<'_>,
        place: (usize, usize),
        y: [f64; 2],
        mean: [f64; 2],
    ) -> Answered {
        let (series, model) = place;
        let question = Question::new(plan, 0, series);
        let judged = Judged { truth: &y, ..question.judged() };
        let forecast = Forecast::point(mean.to_vec());
        let band = |away: f64| mean.iter().map(|m| m + away).collect();
        Answered {
            model,
            series,
            cutoff: Stamp(1),
            ds: vec![Stamp(2), Stamp(3)],
            y: y.to_vec(),
            mean: mean.to_vec(),
            bands: vec![(band(-1.0), band(1.0)), (band(-2.0), band(2.0))],
            scores: plan.gauges.iter().map(|gauge| gauge.read(&judged, &forecast)).collect(),
            error: None,
            filled: 1,
            fit_s: 0.5,
            predict_s: 0.25,
        }
    }

    /// Errors of drift 1 1, 4 (one truth missing) and none; naive's twice that, and 1 1 on `c`.
    fn fold(plan: &Plan<'_>) -> FoldResult {
        let hole = f64::NAN;
        let answers = vec![
            answered(plan, (0, 0), [2.0, 2.0], [3.0, 1.0]),
            answered(plan, (0, 1), [2.0, 2.0], [4.0, 0.0]),
            answered(plan, (1, 0), [hole, 5.0], [7.0, 9.0]),
            answered(plan, (1, 1), [hole, 5.0], [9.0, 13.0]),
            answered(plan, (2, 0), [hole, hole], [1.0, 1.0]),
            answered(plan, (2, 1), [hole, hole], [1.0, 1.0]),
        ];
        FoldResult { fold: 0, answers }
    }

    fn summary<'a>(plan: &'a Plan<'a>) -> Summary<'a> {
        let mut summary = Summary::new(plan);
        summary.feed(&fold(plan));
        summary
    }

    /// By series: (1 + 4)/2. Pooled over three points: (1 + 1 + 4)/3, and √((1 + 1 + 16)/3).
    #[test]
    fn means_over_series_and_over_points() {
        let panel = panel();
        let mean = |score: &str| {
            let plan = plan(&panel, score);
            [0, 1].map(|gauge| summary(&plan).panel_score(0, gauge))
        };
        assert_eq!(mean("score.metrics = [\"mae\", \"rmse\"]"), [2.5, 2.5]);
        let pooled = mean("score.metrics = [\"mae\", \"rmse\"]\nscore.pooled = true");
        assert_eq!(pooled, [2.0, 6.0_f64.sqrt()]);
    }

    /// Drift halves naive's errors: skill ½, it wins every scored series, and ranks first.
    #[test]
    fn ranks_skill_and_wins() {
        let panel = panel();
        let plan = plan(&panel, "score.metrics = [\"mae\"]");
        let board = summary(&plan).leaderboard(&Ctx::new(1));
        let [drift, naive] = board.rows.as_slice() else { panic!("{board:?}") };
        assert_eq!(
            (drift.model.as_str(), drift.skill, drift.win_rate),
            ("drift", Some(0.5), Some(1.0))
        );
        assert_eq!((naive.skill, naive.win_rate), (Some(0.0), None));
        assert_eq!((drift.fit_s, drift.predict_s, drift.failures), (1.5, 0.75, 0));
        assert_eq!((drift.p_value, drift.in_mcs), (None, None));
    }

    /// Step one has error 1 of `a` alone; step two 1 and 4: their root of mean squares is √(17/2).
    #[test]
    fn by_step_averages_squares_under_a_root() {
        let panel = panel();
        let plan = plan(&panel, "score.metrics = [\"rmse\"]");
        let (manifest, audit) = (Default::default(), almanac_data::Audit::default());
        let report = summary(&plan).report(&Ctx::new(1), manifest, audit);
        assert_eq!(report.by_step[0].values, [1.0, 8.5_f64.sqrt()]);
        assert_eq!(report.by_fold[0].values, [2.5]);
        let charts: Vec<_> =
            report.charts.iter().map(|c| (c.unique_id.as_str(), c.why.as_str())).collect();
        assert_eq!(charts, [("a", "best"), ("b", "worst")]);
        assert_eq!(report.charts[0].past_y, [0.0, 1.0]);
        assert_eq!(report.worst, [("b".to_string(), 4.0), ("a".to_string(), 1.0)]);
    }

    /// Inside ±1: errors 1 and 1 of `a` (ends belong); outside ±2: the 4 of `b`.
    #[test]
    fn coverage_by_step() {
        let panel = panel();
        let plan = plan(&panel, "score.metrics = [\"mae\"]");
        let diagnostics = summary(&plan).residuals[0].diagnostics("drift", plan.levels());
        let steps = vec![1.0, 0.5];
        assert_eq!(diagnostics.coverage, [(80.0, steps.clone()), (95.0, steps)]);
    }

    /// OWA of the model that is twice as good as naive2 on both metrics is ½; naive2's own is 1.
    #[test]
    fn owa_is_relative_to_naive2() {
        let panel = panel();
        let plan = plan(&panel, "score.metrics = [\"owa\"]");
        assert_eq!(plan.model_names(), ["drift", "naive", "naive2"]);
        assert_eq!(plan.metric_names(), ["smape", "mase", "owa"]);
        let mut summary = Summary::new(&plan);
        let answers = vec![
            answered(&plan, (0, 0), [4.0, 4.0], [2.0, 6.0]),
            answered(&plan, (0, 2), [4.0, 4.0], [4.0, 12.0]),
        ];
        summary.feed(&FoldResult { fold: 0, answers });
        // sMAPE: (2/6 + 2/10)/(0 + 8/16) · MASE: 4/8.
        let smape = (2.0 / 6.0 + 2.0 / 10.0) / 0.5;
        assert!((summary.panel_score(0, 2) - (smape + 0.5) / 2.0).abs() < 1e-12);
        assert_eq!(summary.panel_score(2, 2), 1.0);
    }

    /// Nine folds of 2 steps, 1 apart: units are folds, each horizon shares a step with the next,
    /// and drift's advantage of 1 to 3 is no accident.
    #[test]
    fn many_folds_are_the_units() {
        let at = (0..12).map(Stamp).collect();
        let panel =
            Panel::new("long", Calendar::steps(), vec![("a".into(), 12)], at, vec![0.0; 12]);
        let panel = panel.unwrap();
        let plan = plan(&panel, "score.metrics = [\"mae\"]\nfolds.count = 9\nfolds.step = 1");
        let mut summary = Summary::new(&plan);
        for fold in 0..9 {
            let off = 2.0 + (fold % 3) as f64;
            let answers = vec![
                answered(&plan, (0, 0), [0.0, 0.0], [1.0, 1.0]),
                answered(&plan, (0, 1), [0.0, 0.0], [off, off]),
            ];
            summary.feed(&FoldResult { fold, answers });
        }
        let trial = summary.trial();
        assert_eq!((trial.over, trial.len(), trial.overlap), (crate::compare::Unit::Fold, 9, 2));
        let board = summary.leaderboard(&Ctx::new(1));
        let [drift, naive] = board.rows.as_slice() else { panic!("{board:?}") };
        assert!(drift.p_value.unwrap() < 1e-3, "{drift:?}");
        assert_eq!((drift.in_mcs, naive.in_mcs), (Some(true), Some(false)));
        assert!(summary.notes().contains(
            &"p-values and the confidence set compare 9 folds in the order of time".into()
        ));
    }

    /// What readers must know is said.
    #[test]
    fn notes_name_what_was_left_out() {
        let panel = panel();
        let plan = plan(&panel, "score.metrics = [\"mape\", \"mase\"]");
        let notes = summary(&plan).notes();
        assert!(notes[0].contains("season 1"));
        assert_eq!(notes[1], "1 of 3 series have no truth: forecast, not scored (the first is c)");
        assert_eq!(notes[2], "too few series and folds to tell whether differences are real");
        assert_eq!(summary(&plan).filled()["drift"], 3);
    }
}
