//! What a person writes: a spec in TOML. Nothing is looked up here.

use almanac_data::Source;
use almanac_models::nets::Device;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::money::MoneySpec;

/// A whole run, as written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// What is asked of the models.
    #[serde(default)]
    pub task: TaskName,
    /// Where the rows come from.
    pub data: Source,
    /// Where past and truth part.
    pub folds: FoldSpec,
    /// What learners are told of each row, where their own lift does not say.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub features: Map<String, Value>,
    /// Settings of learners' lifts, where their own does not say.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub lift: Map<String, Value>,
    /// Every learner once for each of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variant: Vec<Variant>,
    /// The models, in the order they are to be listed.
    pub model: Vec<ModelSpec>,
    /// How answers are judged.
    #[serde(default)]
    pub score: ScoreSpec,
    /// Trading on the answers, where asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub money: Option<MoneySpec>,
    /// Seed and machine.
    #[serde(default)]
    pub run: RunSpec,
}

/// The tasks there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskName {
    /// A distribution for each step ahead.
    #[default]
    Forecast,
    /// The probability that a series will stand higher than at the cutoff.
    Direction,
    /// A value for each row of a table.
    Regress,
}

impl TaskName {
    /// Its name in specs and results.
    pub fn name(self) -> &'static str {
        match self {
            TaskName::Forecast => "forecast",
            TaskName::Direction => "direction",
            TaskName::Regress => "regress",
        }
    }

    /// What may answer it.
    pub(crate) fn asks_for(self) -> &'static str {
        match self {
            TaskName::Forecast => "forecasters and regressors",
            TaskName::Direction => "classifiers",
            TaskName::Regress => "regressors",
        }
    }
}

/// A way to run every learner of a spec: `name` joins theirs, as in `ridge/with_chaos`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// What sets it apart.
    pub name: String,
    /// Features over those of the spec; `false` takes one away.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub features: Map<String, Value>,
    /// Settings of the lift over those of the spec.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub lift: Map<String, Value>,
    /// Settings of every learner over its own.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub model: Map<String, Value>,
    /// When its models are fitted again; left out, as `folds.refit` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refit: Option<Refit>,
}

impl Variant {
    /// Whether it sets features and nothing else.
    pub(crate) fn is_of_features(&self) -> bool {
        self.lift.is_empty() && self.model.is_empty() && self.refit.is_none()
    }
}

/// Where past and truth part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FoldSpec {
    /// Expanding, sliding or given.
    pub kind: FoldKind,
    /// Steps ahead.
    pub horizon: usize,
    /// Number of folds.
    pub count: usize,
    /// Steps from one cutoff to the next; left out, the horizon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
    /// Rows of past for `sliding`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<usize>,
    /// Steps between the end of the past and the first step that is scored.
    pub gap: usize,
    /// Whether the last cutoff is `horizon` steps before each series' own end, or one date.
    pub align: Align,
    /// The cutoffs, for `given`: stamps as the panel's clock shows them, `1998-03-22` or `42`.
    #[serde(deserialize_with = "stamps", skip_serializing_if = "Vec::is_empty")]
    pub cutoffs: Vec<String>,
    /// When models are fitted again.
    pub refit: Refit,
    /// Of a table: the column of words whose values are kept together, or name given test sets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Of a table, for given folds: the value of `by` that is learnt from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train: Option<String>,
    /// Of a table, for given folds: rows that a second look at their test set leaves out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    /// Of a table: how often `count` shuffled folds are drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeats: Option<usize>,
}

/// Kinds of folds: over time for a panel, over rows for a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FoldKind {
    /// A rolling origin with all of the past.
    #[default]
    Rolling,
    /// A rolling origin with the last `window` rows.
    Sliding,
    /// The cutoffs are listed; of a table, a column names the test sets.
    Given,
    /// Of a table: shuffled rows in equal parts.
    Shuffled,
    /// Of a table: equal parts in which no group is on both sides.
    Grouped,
}

/// Where the last cutoff lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Align {
    /// `horizon` steps before each series' own end.
    #[default]
    Series,
    /// At one date for the whole panel.
    Calendar,
}

/// When models are fitted again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(into = "RefitWritten", try_from = "RefitWritten")]
pub enum Refit {
    /// At every fold.
    #[default]
    Every,
    /// At the first fold only.
    Never,
    /// At every so many folds.
    Folds(usize),
}

impl Refit {
    /// The latest fold, up to this one, at which models are to be fitted again.
    pub(crate) fn before(self, fold: usize) -> usize {
        match self {
            Refit::Every => fold,
            Refit::Never => 0,
            Refit::Folds(every) => fold - fold % every,
        }
    }
}

/// A model, as written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelSpec {
    /// The roster's name.
    #[serde(rename = "use")]
    pub entry: String,
    /// The name in results; left out, the roster's, numbered when it occurs twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// An adaptor around it: `kind` and its settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lift: Option<Map<String, Value>>,
    /// When it is fitted again; left out, as `folds.refit` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refit: Option<Refit>,
    /// How often it is run, each time from a seed of its own: one line of the leaderboard with the
    /// means over all, and the spread beside them. Each is named with `#` and its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<usize>,
    /// Its settings.
    #[serde(flatten)]
    pub settings: Map<String, Value>,
}

impl ModelSpec {
    /// A model of the roster with its defaults.
    pub fn of(entry: &str) -> ModelSpec {
        ModelSpec {
            entry: entry.into(),
            name: None,
            lift: None,
            refit: None,
            repeats: None,
            settings: Map::new(),
        }
    }
}

/// How answers are judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScoreSpec {
    /// Metrics to compute; empty, the usual ones.
    pub metrics: Vec<String>,
    /// The metric that ranks; left out, the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary: Option<String>,
    /// The model that others are measured against; left out, `seasonal_naive` or `naive`,
    /// which then joins the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    /// Levels of intervals, in percent.
    pub levels: Vec<f64>,
    /// Average over all points of the panel instead of over series.
    pub pooled: bool,
}

/// Seed and machine.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunSpec {
    /// Everything random follows from it.
    pub seed: u64,
    /// Threads; 0 = all.
    pub threads: usize,
    /// Where networks are computed.
    pub device: Device,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum RefitWritten {
    Word(String),
    Folds(usize),
}

impl From<Refit> for RefitWritten {
    fn from(refit: Refit) -> RefitWritten {
        match refit {
            Refit::Every => RefitWritten::Word("every".into()),
            Refit::Never => RefitWritten::Word("never".into()),
            Refit::Folds(count) => RefitWritten::Folds(count),
        }
    }
}

impl TryFrom<RefitWritten> for Refit {
    type Error = String;

    fn try_from(written: RefitWritten) -> Result<Refit, String> {
        match written {
            RefitWritten::Word(word) if word == "every" => Ok(Refit::Every),
            RefitWritten::Word(word) if word == "never" => Ok(Refit::Never),
            RefitWritten::Folds(count) if count > 0 => Ok(Refit::Folds(count)),
            RefitWritten::Word(word) => word
                .parse()
                .ok()
                .filter(|&count| count > 0)
                .map(Refit::Folds)
                .ok_or(format!("refit must be every, never or a number of folds, not `{word}`")),
            RefitWritten::Folds(_) => Err("refit must be every, never or at least 1 fold".into()),
        }
    }
}

impl Default for FoldSpec {
    fn default() -> FoldSpec {
        FoldSpec {
            kind: FoldKind::default(),
            horizon: 1,
            count: 1,
            step: None,
            window: None,
            gap: 0,
            align: Align::default(),
            cutoffs: Vec::new(),
            refit: Refit::default(),
            by: None,
            train: None,
            without: Vec::new(),
            repeats: None,
        }
    }
}

impl Default for ScoreSpec {
    fn default() -> ScoreSpec {
        ScoreSpec {
            metrics: Vec::new(),
            primary: None,
            baseline: None,
            levels: vec![80.0, 95.0],
            pooled: false,
        }
    }
}

/// Stamps as text, as plain numbers, or as TOML's own dates.
fn stamps<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Text(String),
        Step(i64),
        Date(toml::value::Datetime),
    }
    let written = Vec::<Written>::deserialize(from)?;
    let text = |stamp| match stamp {
        Written::Text(text) => text,
        Written::Step(step) => step.to_string(),
        Written::Date(date) => date.to_string(),
    };
    Ok(written.into_iter().map(text).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Dates may be TOML's own, text or numbers; refit a word or a number.
    #[test]
    fn cutoffs_and_refit_in_every_way() {
        let text = "data.set = \"x\"\n[[model]]\nuse = \"naive\"\n[folds]\nrefit = 3\n\
                    cutoffs = [1998-03-22, \"1998-05-17T00:00:00\", 42]";
        let spec = Spec::from_toml(text).unwrap();
        assert_eq!(spec.folds.cutoffs, ["1998-03-22", "1998-05-17T00:00:00", "42"]);
        assert_eq!(spec.folds.refit, Refit::Folds(3));
        assert_eq!(Spec::from_toml(&spec.to_toml().unwrap()).unwrap(), spec);
        let wrong = text.replace("refit = 3", "refit = \"sometimes\"");
        let error = Spec::from_toml(&wrong).unwrap_err();
        assert_eq!(
            error.message,
            "refit must be every, never or a number of folds, not `sometimes`"
        );
        assert_eq!((error.line, error.column), (5, 9));
    }
}
