//! What a run says in the end: the leaderboard and manifest that other tools read, and the
//! report that a page is drawn from.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::audit::{Audit, Tidied};
use crate::money::Money;

/// The models in rank order: `leaderboard.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Leaderboard {
    /// `forecast`, `direction`, …
    pub task: String,
    /// The set.
    pub data: String,
    /// The model that the others are measured against.
    pub baseline: String,
    /// The metric that ranks.
    pub primary_metric: String,
    /// Best first.
    pub rows: Vec<Rank>,
    /// Every two variants of a learner against each other; empty where none has two.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contrasts: Vec<Contrast>,
}

impl Leaderboard {
    /// The best model: of those that do not leak, where there is one.
    pub fn best(&self) -> Option<&Rank> {
        self.rows.iter().find(|row| !row.leaks).or(self.rows.first())
    }
}

/// One model of a leaderboard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rank {
    /// The model's name in the run.
    pub model: String,
    /// Every setting, defaults included.
    pub settings: Map<String, Value>,
    /// Metric → score; null where undefined.
    pub scores: Map<String, Value>,
    /// 1 − score / baseline's score on the primary metric: above 0 beats the baseline.
    pub skill: Option<f64>,
    /// Diebold-Mariano (Harvey-Leybourne-Newbold), two-sided, against the baseline; null for itself.
    pub p_value: Option<f64>,
    /// The same against the best model; null for itself.
    pub p_best: Option<f64>,
    /// Whether it belongs to the 90 % model confidence set; null where there was too little to tell.
    pub in_mcs: Option<bool>,
    /// Share of series on which it beats the baseline.
    pub win_rate: Option<f64>,
    /// Series × folds on which it gave no answer of its own.
    pub failures: usize,
    /// Seconds of fitting, summed over series and folds.
    pub fit_s: f64,
    /// Seconds of predicting, summed likewise.
    pub predict_s: f64,
    /// Whether it reads columns before they are known: its scores are no forecast's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub leaks: bool,
    /// How scores differ from seed to seed, of a model that was run several times: then scores and
    /// losses are means over all, failures and seconds sums.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<Repeats>,
}

/// One model from several seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Repeats {
    /// How many.
    pub count: usize,
    /// Metric → standard deviation over them; null where undefined.
    pub sd: Map<String, Value>,
    /// Metric → the least and the greatest score.
    pub range: Map<String, Value>,
}

/// Two variants of one learner on the primary metric, over series or over the folds of a test set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contrast {
    /// The test set whose folds are compared; left out of a panel, whose series are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<String>,
    /// The learner: what its models' names have before the last `/`.
    pub learner: String,
    /// The one variant.
    pub first: String,
    /// The other.
    pub second: String,
    /// Series or folds on which both have a score.
    pub units: usize,
    /// Mean over them of the first's score less the second's.
    pub difference: f64,
    /// Student's test of the differences, two-sided; null where they do not vary.
    pub p_paired: Option<f64>,
    /// Welch's test of two groups that know nothing of each other, two-sided.
    pub p_two_sample: Option<f64>,
    /// Share of the units on which the first is better.
    pub wins: f64,
}

/// Where a run came from: `manifest.json`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Manifest {
    /// Almanac's version.
    pub version: String,
    /// The run's seed.
    pub seed: u64,
    /// Threads used.
    pub threads: usize,
    /// Device used.
    pub device: String,
    /// The files read.
    pub sources: Vec<SourceFile>,
    /// Series in the panel.
    pub series: usize,
    /// Rows in the panel, after tidying.
    pub rows: usize,
    /// First and last stamp, as text.
    pub span: (String, String),
    /// Frequency of the panel.
    pub freq: String,
    /// Season used where a model did not state its own.
    pub season: usize,
    /// What tidying changed.
    pub tidied: Tidied,
    /// Missing values that models filled in their own past, per model.
    pub filled: Map<String, Value>,
    /// How scores are averaged.
    pub aggregation: String,
    /// Notes on metrics: the season of MASE, actuals that MAPE skipped, series without truth.
    pub notes: Vec<String>,
    /// Wall-clock seconds.
    pub wall_s: f64,
    /// Processor seconds.
    pub cpu_s: f64,
    /// Peak resident memory in bytes.
    pub peak_bytes: u64,
    /// Whether an interrupted run was resumed.
    pub resumed: bool,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceFile {
    /// Its path as given, or the set's name.
    pub path: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Rows read from it.
    pub rows: usize,
}

/// Everything a page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The table on top.
    pub leaderboard: Leaderboard,
    /// How to read each metric of the leaderboard, in the order of its columns.
    #[serde(default)]
    pub measures: Vec<Measure>,
    /// Where it came from.
    pub manifest: Manifest,
    /// What the audit found.
    pub audit: Audit,
    /// The spec, as TOML.
    pub spec: String,
    /// Horizon in steps.
    pub horizon: usize,
    /// Cutoffs of the folds as text, one each (the first series' where they differ).
    pub folds: Vec<String>,
    /// The best, the median and the worst series of the best model.
    pub charts: Vec<SeriesChart>,
    /// Primary score by step ahead, one curve a model.
    pub by_step: Vec<Curve>,
    /// Primary score by fold, one curve a model.
    pub by_fold: Vec<Curve>,
    /// Residuals, one entry a model.
    pub diagnostics: Vec<Diagnostics>,
    /// Series on which the best model does worst: name and primary score.
    pub worst: Vec<(String, f64)>,
    /// Failures: model, series, reason.
    pub failures: Vec<(String, String, String)>,
    /// Directions called and met, one entry a model in rank order; empty for other tasks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<Calls>,
    /// What positions on the answers would have earned, where the spec asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub money: Option<Money>,
    /// Test sets of a table; empty for a panel.
    #[serde(default)]
    pub sets: Vec<TestSet>,
}

/// Directions that one model called, over all series and folds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calls {
    /// The model.
    pub model: String,
    /// Ups called up.
    pub true_up: u64,
    /// Downs called up.
    pub false_up: u64,
    /// Downs called down.
    pub true_down: u64,
    /// Ups called down.
    pub false_down: u64,
    /// The 95 % interval of the share that was right, if calls were independent.
    pub interval: (f64, f64),
}

impl Calls {
    /// Directions met.
    pub fn count(&self) -> u64 {
        self.true_up + self.false_up + self.true_down + self.false_down
    }

    /// Share of calls that were right; NaN of none.
    pub fn accuracy(&self) -> f64 {
        (self.true_up + self.true_down) as f64 / self.count() as f64
    }

    /// Share of ups; NaN of none.
    pub fn base_rate(&self) -> f64 {
        (self.true_up + self.false_down) as f64 / self.count() as f64
    }

    /// The more usual direction, and its share: what always calling it scores; `None` of none.
    pub fn usual(&self) -> Option<(&'static str, f64)> {
        let ups = self.base_rate();
        let usual = if ups >= 0.5 { ("up", ups) } else { ("down", 1.0 - ups) };
        (self.count() > 0).then_some(usual)
    }
}

/// What every model scored on one test set of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestSet {
    /// Its name.
    pub name: String,
    /// Its folds.
    pub folds: usize,
    /// One entry a model and metric, models in rank order.
    pub scores: Vec<SetScore>,
    /// Rows of its last fold, at most some thousands: name, truth, and what the best model said.
    pub points: Vec<(String, f64, f64)>,
}

/// One model's scores of one metric over the folds of a test set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SetScore {
    /// The model.
    pub model: String,
    /// The metric.
    pub metric: String,
    /// Mean over folds.
    pub mean: f64,
    /// Standard deviation over folds; NaN of one.
    pub sd: f64,
}

/// How a metric is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// The metric's name, as in `scores`.
    pub metric: String,
    /// Its unit: `%`, `value` (the panel's own), or empty for a ratio.
    pub unit: String,
    /// Which scores are good.
    pub better: Better,
}

/// Which scores of a metric are good.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// Small ones, as of an error.
    Lower,
    /// Large ones, as of a correlation.
    Higher,
    /// Those near a target: 0 of a bias, the level of a coverage.
    Near(f64),
}

/// A line of numbers with a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Its name.
    pub name: String,
    /// Its values; NaN breaks the line.
    pub values: Vec<f64>,
}

/// One series with the forecasts of its last fold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeriesChart {
    /// The series.
    pub unique_id: String,
    /// Why it is shown: `best`, `median`, `worst`.
    pub why: String,
    /// The best model's primary score on it.
    pub score: f64,
    /// Stamps of the past, as text (the last few seasons).
    pub past_at: Vec<String>,
    /// Values of the past.
    pub past_y: Vec<f64>,
    /// Stamps ahead, as text.
    pub at: Vec<String>,
    /// The truth ahead.
    pub y: Vec<f64>,
    /// One entry a model, in rank order.
    pub models: Vec<Bands>,
}

/// A model's forecast of one series: mean and nested intervals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bands {
    /// The model.
    pub model: String,
    /// Expected values.
    pub mean: Vec<f64>,
    /// Level in percent, lower ends, upper ends; widest last.
    pub bands: Vec<(f64, Vec<f64>, Vec<f64>)>,
}

/// How the errors of one model behave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diagnostics {
    /// The model.
    pub model: String,
    /// Autocorrelation of its one-step errors over folds or steps, from lag 1.
    pub acf: Vec<f64>,
    /// Half-width of the 95 % band of no autocorrelation.
    pub acf_band: f64,
    /// Standardised errors at equally spaced probabilities.
    pub qq: Vec<f64>,
    /// The normal quantiles that go with them.
    pub qq_normal: Vec<f64>,
    /// For each level in percent, the share of truths inside by step.
    pub coverage: Vec<(f64, Vec<f64>)>,
}
