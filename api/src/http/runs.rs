//! Runs: what finished jobs leave, file by file.

use std::fs::File;
use std::path::PathBuf;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::io::ReaderStream;
use utoipa::{IntoParams, ToSchema};

use super::jobs::{self, Jobs, job};
use super::query::Path;
use super::{Answer, Problem, Refused, Shared, query, sets, table};
use crate::folder::read_json;
use crate::forecast::ANSWER;
use crate::store::{Job, JobKind, State as JobState, blocking};
use crate::{Error, Run, Style, tables};

/// The file of a backtest that a forecast does not have.
const SCORES: &str = "scores.parquet";

/// A run.
#[derive(Debug, Serialize, ToSchema)]
pub struct OneRun {
    /// The job that made it.
    job: Job,
    /// Of a backtest, where it came from: versions, seeds, fingerprints, costs; of a forecast, who
    /// answered and what failed; of a training, the model's card.
    #[schema(value_type = Object)]
    manifest: Value,
}

/// Lists finished runs.
#[utoipa::path(get, operation_id = "list_runs", path = "/v1/runs", tag = "backtests", params(sets::Page),
    responses((status = 200, body = Jobs), Refused<'_>))]
pub async fn list(State(app): State<Shared>, uri: Uri) -> Answer<Json<Jobs>> {
    Ok(Json(jobs::finished(&app, &uri).await?))
}

/// Shows a run.
#[utoipa::path(get, operation_id = "show_run", path = "/v1/runs/{id}", tag = "backtests", params(("id" = String, Path,)),
    responses((status = 200, body = OneRun), Refused<'_>))]
pub async fn show(State(app): State<Shared>, Path(id): Path<String>) -> Answer<Json<OneRun>> {
    let (job, folder) = finished(&app, &id).await?;
    let manifest = match job.kind {
        JobKind::Backtest => blocking(move || Ok(to_json(&Run::open(&folder)?.manifest))).await?,
        JobKind::Forecast => blocking(move || read_json(&folder, ANSWER)).await?,
        JobKind::Train => {
            let model = app.store.model(&job.id).await?;
            model.ok_or_else(|| Problem::absent("model", &job.id))?.card
        }
    };
    Ok(Json(OneRun { job, manifest }))
}

/// A finished job and the folder of its run.
async fn finished(app: &Shared, id: &str) -> Answer<(Job, PathBuf)> {
    let job = job(app, id).await.map_err(|_| Problem::absent("run", id))?;
    if job.state != JobState::Done {
        let words = format!("the run is not finished: its job is {:?}", job.state).to_lowercase();
        return Err(Problem::new(StatusCode::CONFLICT, "not_finished", words));
    }
    let folder = app.store.run_folder(&job.id);
    Ok((job, folder))
}

/// The folder of a finished backtest.
async fn backtest(app: &Shared, id: &str) -> Answer<PathBuf> {
    let (job, folder) = finished(app, id).await?;
    match job.kind {
        JobKind::Backtest => Ok(folder),
        kind => {
            let words = format!(
                "`{id}` is no backtest but a {}",
                to_json(&kind).as_str().unwrap_or_default()
            );
            Err(Problem::new(StatusCode::NOT_FOUND, "no_backtest", words))
        }
    }
}

fn to_json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// Deletes a run and its job, once it has ended.
#[utoipa::path(delete, operation_id = "delete_run", path = "/v1/runs/{id}", tag = "backtests", params(("id" = String, Path,)),
    responses((status = 204), Refused<'_>))]
pub async fn delete(State(app): State<Shared>, Path(id): Path<String>) -> Answer<StatusCode> {
    let job = job(&app, &id).await.map_err(|_| Problem::absent("run", &id))?;
    if !job.state.is_end() {
        let problem = Problem::new(StatusCode::CONFLICT, "not_finished", "its job has not ended");
        return Err(problem.hint("DELETE /v1/jobs/{id} cancels it"));
    }
    app.store.delete_run(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The models in rank order.
#[utoipa::path(get, operation_id = "show_leaderboard", path = "/v1/runs/{id}/leaderboard", tag = "backtests",
    params(("id" = String, Path,)), responses((status = 200, body = Object), Refused<'_>))]
pub async fn leaderboard(State(app): State<Shared>, Path(id): Path<String>) -> Answer<Json<Value>> {
    let folder = backtest(&app, &id).await?;
    let run = blocking(move || Run::open(&folder)).await?;
    Ok(Json(to_json(&run.leaderboard)))
}

/// The report, as a page.
#[utoipa::path(get, operation_id = "show_report", path = "/v1/runs/{id}/report", tag = "backtests",
    params(("id" = String, Path,)),
    responses((status = 200, body = String, content_type = "text/html"), Refused<'_>))]
pub async fn report(State(app): State<Shared>, Path(id): Path<String>) -> Answer<Response> {
    let path = backtest(&app, &id).await?.join("report.html");
    let read = move || std::fs::read_to_string(&path).map_err(Error::io("read", &path));
    Ok(Html(blocking(read).await?).into_response())
}

/// Which rows of a run.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Only those of this model.
    model: Option<String>,
    /// Only those of this series.
    series: Option<String>,
    /// Where the page before ended.
    #[param(pattern = "^[0-9]{1,18}$")]
    cursor: Option<String>,
    /// Rows on a page.
    #[param(minimum = 1, maximum = 100000)]
    limit: Option<usize>,
}

/// The forecasts of a run, as JSON, CSV, NDJSON, Parquet or Arrow; the header `almanac-next` has the
/// cursor of the next page. Parquet without a filter comes whole.
#[utoipa::path(get, operation_id = "show_forecasts", path = "/v1/runs/{id}/forecasts", tag = "backtests",
    params(("id" = String, Path,), Which),
    responses((status = 200, content(
        (Vec<Object> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"),
        (table::Binary = "application/vnd.apache.parquet"), (table::Binary = "application/vnd.apache.arrow.stream"))), Refused<'_>))]
pub async fn forecasts(
    State(app): State<Shared>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer<Response> {
    rows(&app, (&id, "forecasts.parquet"), &uri, &headers).await
}

/// The scores of a run, in the same ways.
#[utoipa::path(get, operation_id = "show_scores", path = "/v1/runs/{id}/scores", tag = "backtests",
    params(("id" = String, Path,), Which),
    responses((status = 200, content(
        (Vec<Object> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"),
        (table::Binary = "application/vnd.apache.parquet"), (table::Binary = "application/vnd.apache.arrow.stream"))), Refused<'_>))]
pub async fn scores(
    State(app): State<Shared>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer<Response> {
    rows(&app, (&id, SCORES), &uri, &headers).await
}

async fn rows(
    app: &Shared,
    (id, file): (&str, &str),
    uri: &Uri,
    headers: &HeaderMap,
) -> Answer<Response> {
    let style = table::wanted(headers)?;
    let which: Which = query::read(uri)?;
    let folder = match file {
        SCORES => backtest(app, id).await?,
        _ => finished(app, id).await?.1,
    };
    let path = folder.join(file);
    let whole = [&which.model, &which.series, &which.cursor].iter().all(|one| one.is_none());
    if style == Style::Parquet && whole && which.limit.is_none() {
        let file = tokio::fs::File::open(&path).await.map_err(Error::io("read", &path))?;
        let body = Body::from_stream(ReaderStream::new(file));
        let kind = [(header::CONTENT_TYPE, "application/vnd.apache.parquet")];
        return Ok((kind, body).into_response());
    }
    let start = sets::offset(which.cursor.as_deref())?;
    let count = sets::within(which.limit, 1000, 100_000)?;
    let (bytes, more) = blocking(move || page(&path, &which, (start, count), style)).await?;
    let mut response = table::respond(style, bytes);
    if more {
        response.headers_mut().insert("almanac-next", HeaderValue::from(start + count));
    }
    Ok(response)
}

/// Some rows of a table, and whether more follow.
fn page(
    path: &std::path::Path,
    which: &Which,
    (start, count): (usize, usize),
    style: Style,
) -> Result<(Vec<u8>, bool), Error> {
    let damage = |e| Error::parquet("read", path, e);
    let file = File::open(path).map_err(Error::io("read", path))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).map_err(damage)?;
    let schema = reader.schema().clone();
    let wanted = [("model", &which.model), ("unique_id", &which.series)];
    let (mut skip, mut left, mut batches, mut more) = (start, count, Vec::new(), false);
    for batch in reader.build().map_err(damage)? {
        let batch = batch.map_err(|e| damage(e.into()))?;
        let batch = tables::only(&batch, &wanted).map_err(damage)?;
        let from = skip.min(batch.num_rows());
        skip -= from;
        let here = batch.num_rows() - from;
        more |= here > left;
        let take = here.min(left);
        left -= take;
        if take > 0 {
            batches.push(batch.slice(from, take));
        }
        if more {
            break;
        }
    }
    if batches.is_empty() {
        batches.push(arrow_array::RecordBatch::new_empty(schema));
    }
    Ok((tables::bytes(&batches, style)?, more))
}
