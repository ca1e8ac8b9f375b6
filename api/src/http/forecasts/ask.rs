//! What a request for forecasts says, made ready for a thread.

use std::sync::Arc;

use almanac_backtest::{FoldSpec, ModelSpec, RunSpec, ScoreSpec, Spec, TaskName};
use almanac_data::Source;
use almanac_ingest::{From, Given, Read};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::super::rows::Rows;
use super::super::spec::{self, Setting, SourceSpec};
use super::super::{Answer, Problem, Shared, body, jobs, query};
use crate::queue::Unwatched;
use crate::store::{JobKind, Store, Task};
use crate::{Ctx, Error, Forecasts, Lab, Study, Written};

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
    store: Store,
    /// The most rows ahead.
    most: usize,
    /// How columns of the answer are called.
    pub naming: Naming,
}

#[derive(Clone)]
enum Past {
    /// Rows that came with the request.
    Rows(Box<Given>),
    /// The same, read already.
    Read(Arc<Read>),
    /// A set that is kept.
    Set(Box<Given>, Box<(String, Source)>),
    /// A set that the program knows by itself.
    Known(Lab),
}

impl Wanted {
    /// Checked against what the server allows and has; `table` came beside it, in a file.
    pub async fn ready(self, app: &Shared, table: Option<body::Table>) -> Answer<Ask> {
        query::inside(&self.data)?;
        if self.horizon == 0 {
            return Err(Problem::bad("`horizon` says how many steps ahead, from 1"));
        }
        let model = self.model.specs();
        jobs::within(app, self.horizon, model.len())?;
        if self.rows.is_none() && self.future.is_some() {
            let hint = "give them as rows without a value at the end of the past".to_string();
            return Err(Error::mistake("`future` goes with `rows`", hint).into());
        }
        let past = match (self.rows, table, &self.set) {
            (Some(rows), None, None) => {
                let rows = match self.future {
                    Some(future) => rows.join(future),
                    None => rows,
                };
                let most = Some((app.config.limits.rows, u64::MAX));
                let from = From::Columns(Arc::new(rows.0));
                let source = Source::default();
                Past::Rows(Box::new(Given { name: "rows".into(), source, from, most }))
            }
            (None, Some(table), None) => {
                Past::Read(Arc::new(table.read(app, self.data.clone()).await?))
            }
            (None, None, Some(set)) => match app.store.set(set).await? {
                Some(set) => Past::Set(Box::new(app.store.given(&set)), Box::new(set.rows())),
                None => {
                    almanac_ingest::cards::find(set).map_err(|_| Error::no_set(set))?;
                    Past::Known(app.lab.clone())
                }
            },
            _ => return Err(Error::mistake("give `rows` or the name of a `set`", None).into()),
        };
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
        Ok(Ask {
            spec,
            past,
            store: app.store.clone(),
            most: app.config.limits.ahead,
            naming: self.naming,
        })
    }
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
        self.study()?.answer(ctx, &Unwatched)
    }

    fn study(self) -> Result<Study, Error> {
        let read = match self.past {
            Past::Rows(given) => almanac_ingest::read_given(&self.spec.data, &given)?,
            Past::Set(given, _) => self.store.read(&self.spec.data, &given)?,
            Past::Read(read) => Arc::unwrap_or_clone(read),
            Past::Known(lab) => lab.read(&self.spec.data)?,
        };
        let ahead = read.panel.len().saturating_mul(self.spec.folds.horizon);
        if ahead > self.most {
            let what = format!("{ahead} rows ahead over all series, over {}", self.most);
            return Err(Error::Over { limit: "ahead", what });
        }
        Ok(Study::of(Written::of(self.spec), read))
    }

    /// The same as a job; rows that came with the request are kept for it.
    pub async fn task(self, app: &Shared) -> Answer<Task> {
        let models: Vec<&str> = self.spec.model.iter().map(|model| model.entry.as_str()).collect();
        let title = match &self.spec.data.set {
            Some(set) => format!("{} ahead on {set}", models.join(", ")),
            None => format!("{} ahead", models.join(", ")),
        };
        let mut spec = self.spec.clone();
        let rows = match &self.past {
            Past::Known(_) => None,
            Past::Set(_, rows) => Some(rows.as_ref().clone()),
            Past::Rows(_) | Past::Read(_) => {
                let read = crate::store::blocking(move || Ok(self.study()?.read)).await?;
                spec.data = Source { set: Some("rows".into()), ..Source::default() };
                let (file, source, _) = app.store.keep_rows(read.panel).await?;
                Some((file, source))
            }
        };
        spec.run.threads = app.config.job_threads();
        let spec = spec.to_toml().map_err(|e| Problem::bad(e.to_string()))?;
        let title = title.chars().take(200).collect();
        Ok(Task { kind: JobKind::Forecast, title, spec, rows, more: None })
    }
}
