//! Forecasts, now: rows or a set in, forecasts out.

use std::sync::Arc;
use std::time::Duration;

use almanac_backtest::{FoldSpec, ModelSpec, RunSpec, ScoreSpec, Spec, TaskName};
use almanac_data::Source;
use almanac_ingest::{From, Given};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tokio::sync::oneshot;
use utoipa::ToSchema;

use super::rows::Rows;
use super::spec::{self, Setting, SourceSpec};
use super::{Answer, Problem, Refused, Shared, body, jobs, query, table};
use crate::forecast::{Silent, choose};
use crate::{Ctx, Error, Forecasts, Study, Style, Written};

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

/// Forecasts.
#[derive(Serialize, ToSchema)]
pub struct Made {
    /// The models that answered, in the order of the request; of `auto`, the one that was chosen.
    models: Vec<String>,
    /// A row for each step.
    #[schema(value_type = Vec<Object>)]
    forecasts: Box<RawValue>,
    /// What models could not do themselves, so that the baseline stands in.
    failures: Vec<Failure>,
}

/// What a model could not do.
#[derive(Debug, Serialize, ToSchema)]
pub struct Failure {
    /// The model.
    model: String,
    /// The series.
    unique_id: String,
    /// Why.
    reason: String,
}

/// Forecasts now, from rows in the body or a set. The answer is JSON, or the table alone as CSV,
/// NDJSON, Parquet or Arrow, with the number of failures in the header `almanac-failures`.
#[utoipa::path(post, path = "/v1/forecasts", tag = "forecasts", request_body = Wanted,
    responses((status = 200, content(
        (Made = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"),
        (Vec<u8> = "application/vnd.apache.parquet"), (Vec<u8> = "application/vnd.apache.arrow.stream"))), Refused<'_>))]
pub async fn create(State(app): State<Shared>, headers: HeaderMap, body: Body) -> Answer<Response> {
    let style = table::wanted(&headers)?;
    let wanted: Wanted = body::json(&app, &headers, body).await?;
    let naming = wanted.naming;
    let ask = ask(&app, wanted).await?;
    let (forecasts, models) = run(&app, move |ctx| ask.answer(ctx)).await?;
    let bytes = match naming {
        Naming::Long => forecasts.bytes(style)?,
        Naming::Wide => forecasts.wide(style)?,
    };
    if style != Style::Json {
        let mut response = table::respond(style, bytes);
        let failures = HeaderValue::from(forecasts.failures.len());
        response.headers_mut().insert("almanac-failures", failures);
        return Ok(response);
    }
    let text = String::from_utf8(bytes).map_err(|e| Error::Failed(e.to_string()))?;
    let rows = RawValue::from_string(text).map_err(|e| Error::Failed(e.to_string()))?;
    let failure =
        |(model, unique_id, reason): (String, String, String)| Failure { model, unique_id, reason };
    let failures = forecasts.failures.into_iter().map(failure).collect();
    Ok(Json(Made { models, forecasts: rows, failures }).into_response())
}

/// A forecast that only wants a thread.
struct Ask {
    spec: Spec,
    from: Past,
    auto: bool,
    /// The most rows ahead.
    most: usize,
}

enum Past {
    Given(Box<Given>),
    Known(crate::Lab),
}

/// Models that `auto` tries.
const TRIED: [&str; 5] = ["naive", "seasonal_naive", "auto_ets", "auto_theta", "auto_arima"];

async fn ask(app: &Shared, wanted: Wanted) -> Answer<Ask> {
    query::inside(&wanted.data)?;
    let (models, auto) = models(wanted.model);
    jobs::within(app, wanted.horizon, models.len())?;
    if wanted.horizon == 0 {
        return Err(Problem::bad("`horizon` says how many steps ahead, from 1"));
    }
    let from = match (wanted.rows, &wanted.set) {
        (Some(rows), None) => {
            let rows = match wanted.future {
                Some(future) => rows.join(future),
                None => rows,
            };
            let most = Some((app.config.limits.rows, u64::MAX));
            let from = From::Columns(Arc::new(rows.0));
            let given = Given { name: "rows".into(), source: Source::default(), from, most };
            Past::Given(Box::new(given))
        }
        (None, Some(_)) if wanted.future.is_some() => {
            let hint = "append it to the set as rows without a value".to_string();
            return Err(Error::mistake("`future` goes with `rows`", hint).into());
        }
        (None, Some(set)) => match app.store.set(set).await? {
            Some(set) => Past::Given(Box::new(app.store.given(&set))),
            None => {
                almanac_ingest::cards::find(set).map_err(|_| Error::no_set(set))?;
                Past::Known(app.lab.clone())
            }
        },
        _ => return Err(Error::mistake("give `rows` or the name of a `set`", None).into()),
    };
    let spec = Spec {
        task: TaskName::Forecast,
        data: Source { set: wanted.set, ..wanted.data },
        folds: FoldSpec { horizon: wanted.horizon, ..FoldSpec::default() },
        features: wanted.features,
        lift: wanted.lift,
        variant: Vec::new(),
        model: models,
        score: ScoreSpec { levels: wanted.levels, ..ScoreSpec::default() },
        money: None,
        run: RunSpec { seed: wanted.seed.into(), threads: 1, ..RunSpec::default() },
    };
    Ok(Ask { spec, from, auto, most: app.config.limits.ahead })
}

fn models(written: Models) -> (Vec<ModelSpec>, bool) {
    let named = |name: &str| ModelSpec::of(name);
    match written {
        Models::Name(name) if name == "auto" => (TRIED.map(named).to_vec(), true),
        Models::Name(name) => (vec![named(&name)], false),
        Models::One(spec) => (vec![spec], false),
        Models::Many(many) => {
            let one = |one| match one {
                NameOrSpec::Name(name) => named(&name),
                NameOrSpec::Spec(spec) => spec,
            };
            (many.into_iter().map(one).collect(), false)
        }
    }
}

impl Ask {
    fn answer(self, ctx: &Ctx) -> Result<(Forecasts, Vec<String>), Error> {
        let mut spec = self.spec;
        let read = match self.from {
            Past::Given(given) => almanac_ingest::read_given(&spec.data, &given)?,
            Past::Known(lab) => lab.read(&spec.data)?,
        };
        let ahead = read.panel.len().saturating_mul(spec.folds.horizon);
        if ahead > self.most {
            let what = format!("{ahead} rows ahead over all series, over {}", self.most);
            return Err(Error::Over { limit: "ahead", what });
        }
        if self.auto {
            spec.model = vec![choose(&spec, &read, ctx)?];
        }
        let study = Study::of(Written::of(spec), read).ahead()?;
        let own = study.ctx().stopped_with(ctx);
        let forecasts = study.forecast(&own, &Silent)?;
        let models = forecasts.models().to_vec();
        Ok((forecasts, models))
    }
}

/// Stops the work when nobody waits for it any more.
struct Leash(Ctx);

impl Drop for Leash {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Runs work on the threads that forecast, for as long as a forecast may take.
pub async fn run<T: Send + 'static>(
    app: &Shared,
    work: impl FnOnce(&Ctx) -> Result<T, Error> + Send + 'static,
) -> Answer<T> {
    let ctx = Ctx::new(0);
    let (send, done) = oneshot::channel();
    let own = ctx.clone();
    app.workers.spawn(move || {
        let work = std::panic::AssertUnwindSafe(|| work(&own));
        let broken = |_| Err(Error::Failed("the work panicked".into()));
        // Whoever waited may have gone.
        let _ = send.send(std::panic::catch_unwind(work).unwrap_or_else(broken));
    });
    let _leash = Leash(ctx);
    let wait = Duration::from_secs(app.config.limits.forecast_s);
    match tokio::time::timeout(wait, done).await {
        Ok(Ok(done)) => Ok(done?),
        Ok(Err(_)) => Err(Error::Failed("the work broke off".into()).into()),
        Err(_) => {
            let words = format!("the forecast took longer than {} s", wait.as_secs());
            let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_long", words);
            Err(problem.hint("the limit is the server's setting `limits.forecast_s`; POST /v1/backtests has none"))
        }
    }
}
