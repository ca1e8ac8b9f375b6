//! What requests about models say, made ready for a thread.

use std::sync::Arc;

use almanac_backtest::{Spec, TaskName};
use almanac_data::Source;
use almanac_ingest::{From, Given};
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::forecasts::Naming;
use super::super::rows::Rows;
use super::super::spec::BacktestSpec;
use super::super::{Answer, Problem, Shared, body, jobs, query};
use crate::forecast::Silent;
use crate::store::{JobKind, KeptModel, NewModel, Store, Task};
use crate::training::{Trained, Training};
use crate::values::Values;
use crate::{Ctx, Error, Forecasts, Kept, Lab, Study, Written};

/// What is to be learnt, and under which name it is kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Train {
    /// The name; one that is there already gets a new version.
    #[schema(example = "cash", pattern = "^[^@/\\x00-\\x1f\\x7f-\\x9f]{1,200}$")]
    name: String,
    /// As for a backtest, with one model; `folds.horizon` says how far it is to answer.
    #[schema(value_type = BacktestSpec)]
    spec: Spec,
    /// The rows, where they are no set's.
    rows: Option<Rows>,
    /// Whether the spec's folds are walked first, so that the model's scores are known.
    #[serde(default)]
    backtest: bool,
    /// Levels in percent whose intervals are watched as rows are appended to the set.
    #[schema(example = json!([80]))]
    #[serde(default)]
    watch: Vec<f64>,
}

/// A training that only wants a thread.
#[derive(Clone)]
pub struct Ready {
    spec: Spec,
    past: Past,
    pub training: Training,
}

#[derive(Clone)]
enum Past {
    /// Rows that came with the request.
    Rows(Box<Given>),
    /// A set that is kept.
    Set(Box<Given>, Box<(String, Source)>),
    /// A set that the program knows by itself.
    Known(Lab),
}

impl Train {
    /// Checked against what the server allows and has.
    pub async fn ready(self, app: &Shared) -> Answer<Ready> {
        let Train { name, spec, rows, backtest, watch } = self;
        let plain = |c: char| !c.is_control() && !"@/".contains(c);
        if !(1..=200).contains(&name.chars().count()) || !name.chars().all(plain) {
            return Err(Problem::bad("a model's name has 1 to 200 letters, none of them @ or /"));
        }
        if let Some(level) = watch.iter().find(|level| !(1.0..100.0).contains(*level)) {
            let words = format!("a level is 1 to below 100 percent, not {level}");
            return Err(Error::mistake(words, None).into());
        }
        query::inside(&spec.data)?;
        jobs::within(app, spec.folds.horizon, spec.model.len())?;
        if spec.model.len() != 1 || !spec.variant.is_empty() {
            return Err(Error::mistake("one model is kept at a time", None).into());
        }
        let (past, follows) = match (rows, &spec.data.set) {
            (Some(rows), None) => (Past::Rows(Box::new(given(app, rows))), None),
            (None, Some(set)) => match app.store.set(set).await? {
                Some(kept) => {
                    let past = Past::Set(Box::new(app.store.given(&kept)), Box::new(kept.rows()));
                    (past, Some(set.clone()))
                }
                None => {
                    almanac_ingest::cards::find(set).map_err(|_| Error::no_set(set))?;
                    (Past::Known(app.lab.clone()), None)
                }
            },
            _ => {
                return Err(Error::mistake(
                    "give `rows` or the name of a set in `spec.data`",
                    None,
                )
                .into());
            }
        };
        if follows.is_none() && !watch.is_empty() {
            let words = "only a model of a set that was uploaded sees rows appended";
            return Err(Error::mistake(words, "leave `watch` out".to_string()).into());
        }
        Ok(Ready { spec, past, training: Training { name, backtest, watch, follows } })
    }
}

/// Rows of a body.
fn given(app: &Shared, rows: Rows) -> Given {
    let most = Some((app.config.limits.rows, u64::MAX));
    let from = From::Columns(Arc::new(rows.0));
    Given { name: "rows".into(), source: Source::default(), from, most }
}

impl Ready {
    /// Reads the rows, and fits.
    pub fn fit(self, ctx: &Ctx) -> Result<Trained, Error> {
        let training = self.training.clone();
        self.study()?.trained(&training, ctx, &Silent)
    }

    fn study(self) -> Result<Study, Error> {
        let (written, walked) = (Written::of(self.spec), self.training.backtest);
        match self.past {
            Past::Known(lab) => lab.study(written),
            Past::Rows(given) | Past::Set(given, _) => Study::given(written, &given, walked),
        }
    }

    /// The same as a job; rows that came with the request are kept for it.
    pub async fn task(self, app: &Shared) -> Answer<Task> {
        let title = format!("train {}: {}", self.training.name, self.spec.model[0].entry);
        let more =
            serde_json::to_string(&self.training).map_err(|e| Problem::bad(e.to_string()))?;
        let mut spec = self.spec.clone();
        let rows = match &self.past {
            Past::Known(_) => None,
            Past::Set(_, rows) => Some(rows.as_ref().clone()),
            Past::Rows(_) if spec.task == TaskName::Regress => {
                let words = "rows of a table are fitted while you wait, not as a job";
                return Err(Error::mistake(words, None).into());
            }
            Past::Rows(_) => {
                let read = crate::store::blocking(move || Ok(self.study()?.read)).await?;
                spec.data = Source { set: Some("rows".into()), ..Source::default() };
                let (file, source, _) = app.store.keep_rows(read.panel).await?;
                Some((file, source))
            }
        };
        spec.run.threads = app.config.job_threads();
        let spec = spec.to_toml().map_err(|e| Problem::bad(e.to_string()))?;
        let title = title.chars().take(200).collect();
        Ok(Task { kind: JobKind::Train, title, spec, rows, more: Some(more) })
    }
}

impl NewModel {
    /// A model that was fitted, as it is kept.
    pub fn of(
        id: String,
        owner: &str,
        training: &Training,
        trained: &Trained,
    ) -> Result<NewModel, Error> {
        let failed = |e: serde_json::Error| Error::Failed(e.to_string());
        Ok(NewModel {
            id,
            name: training.name.clone(),
            owner: owner.into(),
            card: serde_json::to_value(&trained.kept.card).map_err(failed)?,
            scores: trained
                .scores
                .as_ref()
                .map(serde_json::to_value)
                .transpose()
                .map_err(failed)?,
            follows: training.follows.clone(),
            watch: trained.watch.clone(),
            bytes: trained.kept.to_bytes()?,
        })
    }
}

/// What a model is asked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Predict {
    /// The past, as records or columns, called as they were in the training.
    rows: Option<Rows>,
    /// Or the name of a set; left out, the one that the model follows.
    set: Option<String>,
    /// Rows ahead of the past with what is known of them.
    future: Option<Rows>,
    /// Steps ahead; left out, as far as it was fitted for.
    #[schema(minimum = 1, maximum = 10000)]
    horizon: Option<usize>,
    /// Levels of intervals in percent.
    #[schema(example = json!([80, 95]))]
    #[serde(default)]
    levels: Vec<f64>,
    /// How columns of the answer are called.
    #[serde(default)]
    pub naming: Naming,
}

/// A question that only wants a thread.
pub struct Question {
    bytes: Vec<u8>,
    past: Answering,
    horizon: Option<usize>,
    levels: Vec<f64>,
    most: usize,
}

enum Answering {
    /// A set that is kept.
    Set(Store, Box<Given>),
    /// Rows that came with the request, perhaps in a file that goes with this.
    Given { given: Box<Given>, _held: Option<body::Table> },
    /// A set that the program knows by itself.
    Known(Lab, Box<Source>),
}

impl Predict {
    /// Checked against what the server allows and has; `table` came beside it, in a file.
    pub async fn ready(
        self,
        app: &Shared,
        model: &KeptModel,
        table: Option<body::Table>,
    ) -> Answer<Question> {
        let Predict { rows, set, future, horizon, levels, .. } = self;
        jobs::within(app, horizon.unwrap_or(1), 1)?;
        if horizon == Some(0) {
            return Err(Problem::bad("`horizon` says how many steps ahead, from 1"));
        }
        if rows.is_none() && future.is_some() {
            return Err(Error::mistake("`future` goes with `rows`", None).into());
        }
        let past = match (rows, table, set) {
            (Some(rows), None, None) => {
                let rows = match future {
                    Some(future) => rows.join(future),
                    None => rows,
                };
                Answering::Given { given: Box::new(given(app, rows)), _held: None }
            }
            (None, Some(table), None) => {
                Answering::Given { given: Box::new(table.given(app)), _held: Some(table) }
            }
            (None, None, set) => {
                let set = set.or(model.follows.clone()).ok_or_else(|| {
                    let words = "give `rows` or the name of a `set`: this model follows none";
                    Problem::from(Error::mistake(words, None))
                })?;
                match app.store.set(&set).await? {
                    Some(set) => Answering::Set(app.store.clone(), Box::new(app.store.given(&set))),
                    None => {
                        almanac_ingest::cards::find(&set).map_err(|_| Error::no_set(&set))?;
                        let source = Source { set: Some(set), ..Source::default() };
                        Answering::Known(app.lab.clone(), Box::new(source))
                    }
                }
            }
            _ => return Err(Error::mistake("give `rows` or the name of a `set`", None).into()),
        };
        let bytes = app.store.model_bytes(model).await?;
        Ok(Question { bytes, past, horizon, levels, most: app.config.limits.ahead })
    }
}

/// What a model answered.
pub enum Said {
    /// Of series.
    Forecasts(Box<Forecasts>),
    /// Of rows.
    Values(Values),
}

impl Question {
    /// Loads the model, reads the rows, and answers.
    pub fn answer(self, ctx: &Ctx) -> Result<Said, Error> {
        let kept = Kept::from_bytes(&self.bytes)?;
        let how = Source { set: None, path: Vec::new(), ..kept.source() };
        if kept.card.task == TaskName::Regress {
            let asked = match &self.past {
                Answering::Set(_, given) | Answering::Given { given, .. } => {
                    almanac_ingest::read_asked_given(&how, given)?
                }
                Answering::Known(lab, set) => lab.asked(&Source { set: set.set.clone(), ..how })?,
            };
            return Ok(Said::Values(kept.values(&asked.table)?));
        }
        let read = match &self.past {
            Answering::Set(store, given) => store.read(&how, given)?,
            Answering::Given { given, .. } => almanac_ingest::read_given(&how, given)?,
            Answering::Known(lab, set) => lab.read(&Source { set: set.set.clone(), ..how })?,
        };
        let horizon = self.horizon.unwrap_or(kept.card.horizon);
        let ahead = read.panel.len().saturating_mul(horizon);
        if ahead > self.most {
            let what = format!("{ahead} rows ahead over all series, over {}", self.most);
            return Err(Error::Over { limit: "ahead", what });
        }
        let own = kept.ctx().stopped_with(ctx);
        let forecasts = kept.predict(read, &self.levels, horizon, &own)?;
        Ok(Said::Forecasts(Box::new(forecasts)))
    }
}
