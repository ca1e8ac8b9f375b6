//! What a request for forecasts says, made ready for a thread.

use almanac_backtest::{FoldSpec, ModelSpec, RunSpec, ScoreSpec, Spec, TaskName};
use almanac_data::Source;
use almanac_ingest::Read;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::super::past::Past;
use super::super::rows::Rows;
use super::super::spec::{self, Setting, SourceSpec};
use super::super::{Answer, Problem, Shared, body, jobs, query};
use crate::queue::Unwatched;
use crate::store::{JobKind, Task};
use crate::{Ctx, Error, Forecasts, Study, Written};

/// What is to be forecast, by which models, how far.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// The past, as records or columns.
    rows: Option<Rows>,
    /// Or the name of a set.
    set: Option<String>,
    /// How rows are to be read, as in a spec's `[data]`: `id`, `time`, `target`, `known`, `freq`,
    /// `season`, `tidy`, …
    #[schema(value_type = SourceSpec)]
    #[serde(default)]
    data: Source,
    /// Rows ahead of the past with what is known of them.
    future: Option<Rows>,
    /// A model, or several: names, or objects with `use` and settings; `auto` tries five on the past.
    #[schema(value_type = Models)]
    #[serde(default)]
    model: Models,
    /// Steps ahead.
    #[schema(minimum = 1, maximum = 10000)]
    horizon: usize,
    /// Levels of intervals in percent.
    #[schema(example = json!([80, 95]))]
    #[serde(default)]
    levels: Vec<f64>,
    /// What learners are told of each row.
    #[schema(value_type = BTreeMap<String, Setting>)]
    #[serde(default)]
    features: Map<String, Value>,
    /// Settings of learners' lifts.
    #[schema(value_type = BTreeMap<String, Setting>)]
    #[serde(default)]
    lift: Map<String, Value>,
    /// Everything random follows from it.
    #[schema(minimum = 0, maximum = 4294967295_i64)]
    #[serde(default)]
    seed: u32,
    /// How columns of the answer are called.
    #[serde(default)]
    naming: Naming,
}

/// One model or several.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Models {
    /// By its name.
    Name(String),
    /// With settings.
    #[schema(value_type = spec::ModelSpec)]
    One(ModelSpec),
    /// Several.
    Many(Vec<NameOrSpec>),
}

impl Default for Models {
    fn default() -> Models {
        Models::Name("auto".into())
    }
}

/// A model by its name, or with settings.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum NameOrSpec {
    /// By its name.
    Name(String),
    /// With settings.
    #[schema(value_type = spec::ModelSpec)]
    Spec(ModelSpec),
}

/// How columns of an answer are called.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Naming {
    /// `model, unique_id, ds, mean, lo-80, hi-80`, a row for each model.
    #[default]
    Long,
    /// `unique_id, ds, theta, theta-lo-80, theta-hi-80`, columns for each model.
    Wide,
}

/// A forecast that only wants a thread.
#[derive(Clone)]
pub struct Ask {
    spec: Spec,
    past: Past,
    /// The most rows ahead.
    most: usize,
    /// How columns of the answer are called.
    pub naming: Naming,
}

impl Wanted {
    /// Checked against what the server allows and has; `table` came beside it, in a file.
    pub async fn ready(self, app: &Shared, table: Option<body::Table>) -> Answer<Ask> {
        query::inside(&self.data)?;
        let model = self.model.specs();
        jobs::within(app, self.horizon, model.len())?;
        ahead(self.horizon)?;
        let rows = with(self.rows, self.future)?;
        let past = Past::of(app, rows, table, self.set.as_deref()).await?;
        let spec = Spec {
            task: TaskName::Forecast,
            data: Source { set: self.set, ..self.data },
            folds: FoldSpec { horizon: self.horizon, ..FoldSpec::default() },
            features: self.features,
            lift: self.lift,
            variant: Vec::new(),
            model,
            score: ScoreSpec { levels: self.levels, ..ScoreSpec::default() },
            money: None,
            run: RunSpec { seed: self.seed.into(), threads: 1, ..RunSpec::default() },
        };
        Ok(Ask { spec, past, most: app.config.limits.ahead, naming: self.naming })
    }
}

/// Refuses no steps ahead.
pub fn ahead(horizon: usize) -> Answer<()> {
    match horizon {
        0 => Err(Problem::bad("`horizon` says how many steps ahead, from 1")),
        _ => Ok(()),
    }
}

/// Rows, and rows ahead of them.
pub fn with(rows: Option<Rows>, future: Option<Rows>) -> Answer<Option<Rows>> {
    match (rows, future) {
        (Some(rows), Some(future)) => Ok(Some(rows.join(future))),
        (rows, None) => Ok(rows),
        (None, Some(_)) => {
            let hint = "give them as rows without a value at the end of the past".to_string();
            Err(Error::mistake("`future` goes with `rows`", hint).into())
        }
    }
}

/// Refuses more rows ahead, over all series, than a server gives.
pub fn few(read: &Read, horizon: usize, most: usize) -> Result<(), Error> {
    let ahead = read.panel.len().saturating_mul(horizon);
    if ahead > most {
        let what = format!("{ahead} rows ahead over all series, over {most}");
        return Err(Error::Over { limit: "ahead", what });
    }
    Ok(())
}

impl Models {
    fn specs(self) -> Vec<ModelSpec> {
        match self {
            Models::Name(name) => vec![ModelSpec::of(&name)],
            Models::One(spec) => vec![spec],
            Models::Many(many) => {
                let one = |one| match one {
                    NameOrSpec::Name(name) => ModelSpec::of(&name),
                    NameOrSpec::Spec(spec) => spec,
                };
                many.into_iter().map(one).collect()
            }
        }
    }
}

impl Ask {
    /// Reads the past, and forecasts.
    pub fn answer(self, ctx: &Ctx) -> Result<Forecasts, Error> {
        let read = self.past.read(&self.spec.data)?;
        few(&read, self.spec.folds.horizon, self.most)?;
        Study::of(Written::of(self.spec), read).answer(ctx, &Unwatched)
    }

    /// The same as a job.
    pub async fn task(self, app: &Shared) -> Answer<Task> {
        let models: Vec<&str> = self.spec.model.iter().map(|model| model.entry.as_str()).collect();
        let title = match &self.spec.data.set {
            Some(set) => format!("{} ahead on {set}", models.join(", ")),
            None => format!("{} ahead", models.join(", ")),
        };
        self.past.task(app, (JobKind::Forecast, title), self.spec, None).await
    }
}
