//! What requests about models say, made ready for a thread.

use almanac_backtest::{Spec, TaskName, WATCHED};
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::forecasts::{Naming, ahead, few, with};
use super::super::past::Past;
use super::super::rows::Rows;
use super::super::spec::BacktestSpec;
use super::super::table::Binary;
use super::super::{Answer, Problem, Shared, body, jobs, query};
use crate::forecast::Silent;
use crate::store::{JobKind, KeptModel, NewModel, Task};
use crate::training::{Trained, Training};
use crate::values::Values;
use crate::{Ctx, Error, Forecasts, Kept};

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

impl Train {
    /// Checked against what the server allows and has.
    pub async fn ready(self, app: &Shared) -> Answer<Ready> {
        let Train { name, spec, rows, backtest, watch } = self;
        let plain = |c: char| !c.is_control() && !"@/".contains(c);
        if !(1..=200).contains(&name.chars().count()) || !name.chars().all(plain) {
            return Err(Problem::bad("a model's name has 1 to 200 letters, none of them @ or /"));
        }
        if let Some(level) = watch.iter().find(|level| !WATCHED.contains(*level)) {
            let (least, most) = (WATCHED.start(), WATCHED.end());
            let words =
                format!("a level that is watched is {least} to {most} percent, not {level}");
            return Err(Error::mistake(words, None).into());
        }
        query::inside(&spec.data)?;
        jobs::within(app, spec.folds.horizon, spec.model.len())?;
        if spec.model.len() != 1 || !spec.variant.is_empty() {
            return Err(Error::mistake("one model is kept at a time", None).into());
        }
        let past = Past::of(app, rows, None, spec.data.set.as_deref()).await?;
        let follows = spec.data.set.clone().filter(|_| matches!(past, Past::Set(..)));
        if follows.is_none() && !watch.is_empty() {
            let words = "only a model of a set that was uploaded sees rows appended";
            return Err(Error::mistake(words, "leave `watch` out".to_string()).into());
        }
        let data = spec.data.clone();
        Ok(Ready { spec, past, training: Training { name, backtest, watch, follows, data } })
    }
}

impl Ready {
    /// Reads the rows, and fits.
    pub fn fit(self, ctx: &Ctx) -> Result<Trained, Error> {
        let study = self.past.study(self.spec, self.training.backtest)?;
        study.trained(&self.training, ctx, &Silent)
    }

    /// The same as a job.
    pub async fn task(self, app: &Shared) -> Answer<Task> {
        let title = format!("train {}: {}", self.training.name, self.spec.model[0].entry);
        let more =
            serde_json::to_string(&self.training).map_err(|e| Problem::bad(e.to_string()))?;
        self.past.task(app, (JobKind::Train, title), self.spec, Some(more)).await
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

/// A question in a form of two parts.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the OpenAPI document reads it")]
pub struct PredictForm {
    /// What is asked, without `rows`, as JSON.
    ask: Predict,
    /// The past, in a file: CSV, NDJSON, Parquet or Arrow.
    rows: Binary,
}

/// A question that only wants a thread.
pub struct Question {
    bytes: Vec<u8>,
    past: Past,
    horizon: Option<usize>,
    levels: Vec<f64>,
    most: usize,
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
        ahead(horizon.unwrap_or(1))?;
        let rows = with(rows, future)?;
        let followed = model.follows.clone().filter(|_| rows.is_none() && table.is_none());
        let past = Past::of(app, rows, table, set.or(followed).as_deref()).await?;
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
        let how = self.past.how(kept.source());
        if kept.card.task == TaskName::Regress {
            let asked = self.past.asked(&how)?;
            return Ok(Said::Values(kept.values(&asked.table)?));
        }
        let read = self.past.read(&how)?;
        let horizon = self.horizon.unwrap_or(kept.card.horizon);
        few(&read, horizon, self.most)?;
        let own = kept.ctx().stopped_with(ctx);
        let forecasts = kept.predict(read, &self.levels, horizon, &own)?;
        Ok(Said::Forecasts(Box::new(forecasts)))
    }
}
