//! A spec, as the OpenAPI document tells it: the fields that `almanac backtest` takes in TOML.
#![expect(dead_code, reason = "only the OpenAPI document reads it")]

use std::collections::BTreeMap;

use serde::Deserialize;
use utoipa::ToSchema;

/// A backtest to be run: a spec, as `almanac backtest` takes it in TOML, whose data is a set.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BacktestSpec {
    /// forecast, direction or regress.
    #[schema(required = false, example = "forecast", pattern = "^(forecast|direction|regress)$")]
    task: String,
    /// The set, and how to read it.
    #[schema(example = json!({"set": "nile"}))]
    data: SourceSpec,
    /// Where past and future part.
    #[schema(example = json!({"horizon": 5, "count": 4}))]
    folds: FoldSpec,
    /// What learners are told of each row.
    #[schema(required = false)]
    features: BTreeMap<String, Setting>,
    /// Settings of learners' lifts.
    #[schema(required = false)]
    lift: BTreeMap<String, Setting>,
    /// Every learner once for each of these.
    #[schema(required = false)]
    variant: Vec<Variant>,
    /// The models.
    #[schema(example = json!([{"use": "naive"}, {"use": "auto_theta"}]))]
    model: Vec<ModelSpec>,
    /// How answers are judged.
    #[schema(required = false)]
    score: ScoreSpec,
    /// Trading on the answers.
    money: Option<MoneySpec>,
    /// Seed and device.
    #[schema(required = false)]
    run: RunSpec,
}

/// A setting of a model, a lift or a feature; the rosters say which there are.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Setting {
    /// Of a choice.
    Word(String),
    /// Of a switch.
    Flag(bool),
    /// Of a size.
    Number(Size),
    /// Of an order, or of a choice of several.
    Many(Vec<Part>),
}

/// A number as a setting.
#[derive(Deserialize, ToSchema)]
#[schema(minimum = -1e300, maximum = 1e300)]
pub struct Size(f64);

/// A part of a setting that is a list.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Part {
    /// A word.
    Word(String),
    /// A size.
    Number(Size),
}

/// One name or several.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Names {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// Which set, and how its rows are to be read. Files of the server are never read on request.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceSpec {
    /// The set.
    set: Option<String>,
    /// One row a value, or one column a series; left out, found.
    #[schema(pattern = "^(long|wide)$")]
    layout: Option<String>,
    /// Column that names the series; left out, found.
    id: Option<String>,
    /// Column of time; left out, found.
    time: Option<String>,
    /// Column of values; left out, found.
    target: Option<String>,
    /// Columns known in advance.
    #[schema(required = false)]
    known: Names,
    /// Columns known at the end of their own row.
    #[schema(required = false)]
    past: Names,
    /// Columns known when a bar opens.
    #[schema(required = false)]
    open: Names,
    /// Columns known when a bar closes.
    #[schema(required = false)]
    close: Names,
    /// Columns with one value for a series.
    #[schema(required = false)]
    r#static: Names,
    /// Of a table: columns to learn from.
    #[schema(required = false)]
    columns: Names,
    /// Of a table: columns of words by which folds part its rows.
    #[schema(required = false)]
    label: Names,
    /// Of a table: whether the target names classes.
    classes: Option<bool>,
    /// Keep only rows where these columns have these values, as text.
    #[schema(required = false)]
    r#where: BTreeMap<String, String>,
    /// Keep only rows from this stamp on.
    from: Option<String>,
    /// Keep only rows up to this stamp.
    to: Option<String>,
    /// Frequency, such as D or 5min; left out, inferred.
    freq: Option<String>,
    /// Observations in one season; left out, the frequency's usual one.
    #[schema(minimum = 0, maximum = 9223372036854775807_i64)]
    season: Option<usize>,
    /// Time zone, such as Europe/Berlin.
    zone: Option<String>,
    /// Date format in strftime's notation; left out, found.
    date_format: Option<String>,
    /// What to do about flaws.
    #[schema(required = false)]
    tidy: TidySpec,
}

/// What to do about flaws.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TidySpec {
    /// Rows of one series and stamp that disagree.
    #[schema(required = false, pattern = "^(refuse|mean|sum|first|last)$")]
    duplicates: String,
    /// Stamps that the frequency expects and that are absent.
    #[schema(required = false, pattern = "^(keep|zero|previous|refuse)$")]
    gaps: String,
    /// Of business days: which of them a week has.
    #[schema(required = false, pattern = "^(traded|whole)$")]
    weeks: String,
    /// Values that are missing in a row that is there.
    #[schema(required = false, pattern = "^(keep|zero|previous|refuse)$")]
    missing: String,
    /// What a target of zero says.
    #[schema(required = false, pattern = "^(keep|missing)$")]
    zeros: String,
    /// Rows whose time cannot be read, or whose series has no name.
    #[schema(required = false, pattern = "^(refuse|drop)$")]
    bad_rows: String,
}

/// Where past and truth part.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FoldSpec {
    /// rolling, sliding or given; of a table shuffled, grouped or given.
    #[schema(required = false, pattern = "^(rolling|sliding|given|shuffled|grouped)$")]
    kind: String,
    /// Steps ahead.
    #[schema(required = false, minimum = 0, maximum = 10000)]
    horizon: usize,
    /// Number of folds.
    #[schema(required = false, minimum = 0, maximum = 9223372036854775807_i64)]
    count: usize,
    /// Steps from one cutoff to the next; left out, the horizon.
    #[schema(minimum = 0, maximum = 9223372036854775807_i64)]
    step: Option<usize>,
    /// Rows of past for `sliding`.
    #[schema(minimum = 0, maximum = 9223372036854775807_i64)]
    window: Option<usize>,
    /// Steps between the end of the past and the first step that is scored.
    #[schema(required = false, minimum = 0, maximum = 9223372036854775807_i64)]
    gap: usize,
    /// Whether the last cutoff is before each series' own end, or one date.
    #[schema(required = false, pattern = "^(series|calendar)$")]
    align: String,
    /// The cutoffs, for `given`.
    #[schema(required = false)]
    cutoffs: Vec<Stamp>,
    /// When models are fitted again.
    #[schema(required = false)]
    refit: Refit,
    /// Of a table: the column whose values are kept together, or name given test sets.
    by: Option<String>,
    /// Of a table, for given folds: the value of `by` that is learnt from.
    train: Option<String>,
    /// Of a table, for given folds: rows that a second look at their test set leaves out.
    #[schema(required = false)]
    without: Vec<String>,
    /// Of a table: how often `count` shuffled folds are drawn.
    #[schema(minimum = 0, maximum = 9223372036854775807_i64)]
    repeats: Option<usize>,
}

/// A stamp, or a step of a series that has none.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Stamp {
    /// As in `1998-03-22`.
    Date(String),
    /// A step.
    Step(i64),
}

/// When models are fitted again: every, never, or at every so many folds.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Refit {
    /// `every` or `never`.
    Word(When),
    /// At every so many folds.
    Folds(Folds),
}

/// When models are fitted again, in a word.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// At every fold.
    Every,
    /// At the first fold only.
    Never,
}

/// A number of folds.
#[derive(Deserialize, ToSchema)]
#[schema(minimum = 1, maximum = 9223372036854775807_i64)]
pub struct Folds(usize);

/// A model and its settings.
#[derive(Deserialize, ToSchema)]
pub struct ModelSpec {
    /// The roster's name.
    r#use: String,
    /// The name in results; left out, the roster's.
    name: Option<String>,
    /// An adaptor around it: `kind` and its settings.
    lift: Option<BTreeMap<String, Setting>>,
    /// When it is fitted again; left out, as `folds.refit` says.
    refit: Option<Refit>,
    /// How often it is run, each time from a seed of its own.
    #[schema(minimum = 0, maximum = 9223372036854775807_i64)]
    repeats: Option<usize>,
    /// Its settings.
    #[serde(flatten)]
    settings: BTreeMap<String, Setting>,
}

/// A way to run every learner.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// What sets it apart.
    name: String,
    /// Features over those of the spec; `false` takes one away.
    #[schema(required = false)]
    features: BTreeMap<String, Setting>,
    /// Settings of the lift over those of the spec.
    #[schema(required = false)]
    lift: BTreeMap<String, Setting>,
    /// Settings of every learner over its own.
    #[schema(required = false)]
    model: BTreeMap<String, Setting>,
    /// When its models are fitted again.
    refit: Option<Refit>,
}

/// How answers are judged.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScoreSpec {
    /// Metrics to compute; empty, the usual ones.
    #[schema(required = false)]
    metrics: Vec<String>,
    /// The metric that ranks; left out, the first.
    primary: Option<String>,
    /// The model that others are measured against.
    baseline: Option<String>,
    /// Levels of intervals in percent.
    #[schema(required = false)]
    levels: Vec<f64>,
    /// Average over all points of the panel instead of over series.
    #[schema(required = false)]
    pooled: bool,
}

/// Trading on answers.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoneySpec {
    /// From edge to position.
    #[schema(required = false, pattern = "^(sign|threshold|volatility)$")]
    position: String,
    /// For `threshold`: the edge in basis points that a position needs.
    #[schema(required = false)]
    threshold_bp: f64,
    /// For `volatility`: the standard deviation of a year's returns that is aimed at.
    #[schema(required = false)]
    target_volatility: f64,
    /// For `volatility`: rows of past that it is measured on.
    #[schema(required = false, minimum = 0, maximum = 9223372036854775807_i64)]
    volatility_rows: usize,
    /// Largest size of a position, as a share of the account.
    #[schema(required = false)]
    most: f64,
    /// Costs in basis points of what is traded.
    #[schema(required = false)]
    costs_bp: Vec<f64>,
    /// Slippage in basis points, on top of each.
    #[schema(required = false)]
    slippage_bp: f64,
    /// Whether nothing is sold short.
    #[schema(required = false)]
    long_only: bool,
    /// The column of prices at which a row opens.
    open: Option<String>,
    /// Rows in a year; left out, from the calendar.
    periods_per_year: Option<f64>,
}

/// Seed and device.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunSpec {
    /// Everything random follows from it.
    #[schema(required = false, minimum = 0, maximum = 9223372036854775807_i64)]
    seed: u64,
    /// Threads; the server's own setting counts.
    #[schema(required = false, minimum = 0, maximum = 9223372036854775807_i64)]
    threads: usize,
    /// Where networks are computed.
    #[schema(required = false, pattern = "^(auto|cpu|wgpu)$")]
    device: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};
    use utoipa::PartialSchema;

    /// The fields that a type of a spec takes, as its refusal of another lists them.
    fn taken<T: DeserializeOwned>() -> Vec<String> {
        let refusal = serde_json::from_value::<T>(json!({"zz": 1})).err().unwrap().to_string();
        let fields = refusal.split('`').skip(3).step_by(2).map(str::to_string);
        let mut fields: Vec<String> = fields.collect();
        fields.sort();
        fields
    }

    fn told<T: PartialSchema>(beside: &[&str]) -> Vec<String> {
        let schema: Value = serde_json::to_value(T::schema()).unwrap();
        let fields = schema["properties"].as_object().unwrap().keys().cloned();
        let mut fields: Vec<String> = fields.chain(beside.iter().map(|f| f.to_string())).collect();
        fields.sort();
        fields
    }

    /// The document tells of every field of a spec, but those that are about files.
    #[test]
    fn nothing_is_untold() {
        use almanac_backtest as own;
        assert_eq!(taken::<own::Spec>(), told::<BacktestSpec>(&[]));
        assert_eq!(taken::<own::FoldSpec>(), told::<FoldSpec>(&[]));
        assert_eq!(taken::<own::ScoreSpec>(), told::<ScoreSpec>(&[]));
        assert_eq!(taken::<own::RunSpec>(), told::<RunSpec>(&[]));
        let files =
            ["path", "format", "join", "curves", "encoding", "delimiter", "decimal", "resample"];
        assert_eq!(taken::<almanac_data::Source>(), told::<SourceSpec>(&files));
    }
}
