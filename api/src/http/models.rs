//! Models that are kept: train, list, predict, follow, delete.

mod ask;
pub mod follow;

use std::convert::Infallible;

use almanac_backtest::Coverage;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::sse::{Event as Sent, Sse};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures_util::stream::Stream;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::auth::Who;
use super::forecasts::{Made, answer, run};
use super::jobs::{self, Told};
use super::query::Path;
use super::{Answer, Problem, Refused, Shared, body, query, sets, table};
use crate::follow::Watch;
use crate::store::{Job, KeptModel, NewModel};
use ask::{Predict, PredictForm, Said, Train};

/// A model that is kept.
#[derive(Debug, Serialize, ToSchema)]
pub struct Model {
    /// Its id.
    id: String,
    /// Its name, shared by its versions.
    name: String,
    /// Its number among them, from 1.
    version: i64,
    /// What it is: task, model, settings, the data that it learnt from with their fingerprint.
    #[schema(value_type = Object)]
    card: Value,
    /// The leaderboard of the backtest before it was fitted.
    #[schema(value_type = Option<Object>)]
    scores: Option<Value>,
    /// The set whose rows it follows.
    follows: Option<String>,
    /// How its intervals held rows that came after it was fitted.
    coverage: Vec<Covered>,
    /// Whose it is: the id of a key, or `local`.
    owner: String,
    /// When it was kept, in Unix milliseconds.
    created: i64,
}

/// How intervals of one level held what came, one step ahead.
#[derive(Debug, Serialize, ToSchema)]
pub struct Covered {
    /// The level in percent.
    level: f64,
    /// Rows that came.
    rows: u64,
    /// Of them held, in percent.
    coverage: Option<f64>,
    /// The level to ask for so that so many are held (adaptive conformal inference).
    adapted: f64,
    /// How probable so few held rows are where the level is true.
    p_value: f64,
    /// Whether they are too few for chance.
    drifted: bool,
}

impl Covered {
    fn of(watch: &Watch) -> Vec<Covered> {
        let covered = |own: &Coverage| Covered {
            level: own.level,
            rows: own.rows,
            coverage: own.percent(),
            adapted: own.adapted,
            p_value: own.p_value(),
            drifted: own.has_drifted(),
        };
        watch.levels.iter().map(covered).collect()
    }
}

impl From<KeptModel> for Model {
    fn from(kept: KeptModel) -> Model {
        let coverage = Covered::of(&kept.watch);
        let KeptModel { id, name, version, card, scores, follows, owner, created, .. } = kept;
        Model { id, name, version, card, scores, follows, coverage, owner, created }
    }
}

/// A page of models.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelPage {
    /// The newest first.
    models: Vec<Model>,
    /// What to give as `cursor` for the next page; none at the end.
    next: Option<String>,
}

/// Which models.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Only versions of this name.
    name: Option<String>,
    /// Where the page before ended.
    #[param(pattern = "^[0-9]{1,18}$")]
    cursor: Option<String>,
    /// Models on a page.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// Fits a model on all rows of a set, or of the body, and keeps it as the next version of its name.
/// What takes longer than the server waits, or is asked with `Prefer: respond-async` or with an
/// `Idempotency-Key`, becomes a job whose id is the model's.
#[utoipa::path(post, operation_id = "train_model", path = "/v1/models", tag = "models",
    params(("Prefer" = Option<String>, Header, example = "respond-async"),
        ("Idempotency-Key" = Option<String>, Header, pattern = "^[!-~]{1,200}$")),
    request_body = Train,
    responses((status = 201, body = Model), (status = 202, body = Job), Refused<'_>))]
pub async fn create(
    State(app): State<Shared>,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
    body: Body,
) -> Answer<Response> {
    let (train, print): (Train, _) = body::json_printed(&app, &headers, body).await?;
    let once = jobs::once(&headers, print)?;
    if let Some(answer) = jobs::answered(&app, &who, once.as_ref()).await? {
        return Ok(answer);
    }
    let ready = train.ready(&app).await?;
    let trained = match once.is_some() || jobs::prefers_job(&headers) {
        true => None,
        false => {
            let ready = ready.clone();
            run(&app, move |ctx| ready.fit(ctx)).await?
        }
    };
    let Some(trained) = trained else {
        let task = ready.task(&app).await?;
        return jobs::enqueue(&app, &who, task, once).await;
    };
    let id = crate::store::random(8)?;
    let new = NewModel::of(id, &who.owner, &ready.training, &trained)?;
    let model = app.store.keep_model(new).await?;
    let place = format!("/v1/models/{}", model.id);
    let made = Json(Model::from(model));
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], made).into_response())
}

/// Lists models that are kept.
#[utoipa::path(get, operation_id = "list_models", path = "/v1/models", tag = "models",
    params(Which), responses((status = 200, body = ModelPage), Refused<'_>))]
pub async fn list(State(app): State<Shared>, uri: Uri) -> Answer<Json<ModelPage>> {
    let which: Which = query::read(&uri)?;
    let count = sets::within(which.limit, 100, 1000)?;
    let before = which.cursor.as_deref().map(|cursor| sets::offset(Some(cursor))).transpose()?;
    let before = before.map(|before| before as i64);
    let mut models = app.store.models(before, which.name.as_deref(), count as u32 + 1).await?;
    let more = models.len() > count;
    models.truncate(count);
    let next = models.last().filter(|_| more).map(|model| model.seq.to_string());
    Ok(Json(ModelPage { models: models.into_iter().map(Model::from).collect(), next }))
}

/// Shows a model: its card, the scores of its backtest, how its intervals have held. It is named by
/// its id, by `name@version`, or by its name for the newest.
#[utoipa::path(get, operation_id = "show_model", path = "/v1/models/{id}", tag = "models",
    params(("id" = String, Path,)), responses((status = 200, body = Model), Refused<'_>))]
pub async fn show(State(app): State<Shared>, Path(id): Path<String>) -> Answer<Json<Model>> {
    Ok(Json(model(&app, &id).await?.into()))
}

async fn model(app: &Shared, which: &str) -> Answer<KeptModel> {
    app.store.model(which).await?.ok_or_else(|| Problem::absent("model", which))
}

/// Deletes a model, this version alone.
#[utoipa::path(delete, operation_id = "delete_model", path = "/v1/models/{id}", tag = "models",
    params(("id" = String, Path,)), responses((status = 204), Refused<'_>))]
pub async fn delete(State(app): State<Shared>, Path(id): Path<String>) -> Answer<StatusCode> {
    let model = model(&app, &id).await?;
    app.store.delete_model(&model.id).await?;
    app.queue.log(&follow::name(&model.id)).end(json!({ "state": "deleted" }));
    Ok(StatusCode::NO_CONTENT)
}

/// The file of a model, as `almanac predict --model` takes it.
#[utoipa::path(get, operation_id = "model_file", path = "/v1/models/{id}/file", tag = "models",
    params(("id" = String, Path,)),
    responses((status = 200, body = table::Binary, content_type = "application/octet-stream"),
        Refused<'_>))]
pub async fn file(State(app): State<Shared>, Path(id): Path<String>) -> Answer<Response> {
    let bytes = app.store.model_bytes(&model(&app, &id).await?).await?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}

/// Forecasts, or of a regression a list of rows with their values.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only the OpenAPI document reads it")]
pub enum Answered {
    /// Of series.
    Series(Made),
    /// Of rows.
    #[schema(value_type = Vec<Object>)]
    Rows(Vec<Value>),
}

/// Answers from a model without fitting it again: beyond the end of the rows that are given, of a
/// set, or of the set that it follows; of a regression, a value for each row.
#[utoipa::path(post, operation_id = "predict", path = "/v1/models/{id}/predict", tag = "models",
    params(("id" = String, Path,),
        ("X-Request-Id" = Option<String>, Header, pattern = "^[A-Za-z0-9._-]{1,64}$")),
    request_body(content((Predict = "application/json"), (PredictForm = "multipart/form-data"))),
    responses((status = 200, content(
        (Answered = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"),
        (table::Binary = "application/vnd.apache.parquet"),
        (table::Binary = "application/vnd.apache.arrow.stream"))), Refused<'_>))]
pub async fn predict(
    State(app): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer<Response> {
    let style = table::wanted(&headers)?;
    let (asked, table): (Predict, _) = match body::is_form(&headers) {
        true => body::form(&app, &headers, body).await?,
        false => (body::json(&app, &headers, body).await?, None),
    };
    let model = model(&app, &id).await?;
    let naming = asked.naming;
    let ready = asked.ready(&app, &model, table).await?;
    match run(&app, move |ctx| ready.answer(ctx)).await? {
        Some(Said::Forecasts(forecasts)) => answer(*forecasts, naming, style),
        Some(Said::Values(values)) => Ok(table::respond(style, values.bytes(style)?)),
        None => {
            let words = format!("it took longer than {} s", app.config.limits.forecast_s);
            let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_long", words);
            Err(problem.hint("the limit is the server's setting `limits.forecast_s`"))
        }
    }
}

/// How a model fares as rows are appended to the set that it follows: first how things stand, then
/// `update` after every append of later rows, with how many rows there are and the coverage.
#[utoipa::path(get, operation_id = "model_events", path = "/v1/models/{id}/events", tag = "models",
    params(("id" = String, Path,), ("Last-Event-ID" = Option<String>, Header,)),
    responses((status = 200, body = Told, content_type = "text/event-stream"), Refused<'_>))]
pub async fn events(
    State(app): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer<Sse<impl Stream<Item = Result<Sent, Infallible>>>> {
    let model = model(&app, &id).await?;
    let log = app.queue.log(&follow::name(&model.id));
    let stands = json!(Model::from(model)).to_string();
    let at = jobs::place(&log, &headers);
    let from_start = at == Some(0) || at.is_none_or(|at| log.after(at).is_none());
    let snapshot = from_start.then_some(stands);
    let at = if from_start { log.last() } else { at.unwrap_or(0) };
    Ok(jobs::listen(log, at, snapshot, false))
}
