//! Jobs: ask for a backtest, watch, cancel.

use std::convert::Infallible;
use std::sync::Arc;

use almanac_backtest::Spec;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::IntoResponse;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::{Extension, response::Response};
use futures_util::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::auth::Who;
use super::query::Path;
use super::spec::BacktestSpec;
use super::{Answer, Problem, Refused, Shared, body, query, sets};
use crate::Error;
use crate::queue::{Event, Log};
use crate::store::{Job, JobKind, Once, Queued, Reply, State as JobState, Task, to_its_end};

/// A page of jobs.
#[derive(Debug, Serialize, ToSchema)]
pub struct Jobs {
    /// The newest first.
    jobs: Vec<Job>,
    /// What to give as `cursor` for the next page; none at the end.
    next: Option<String>,
}

/// Which jobs.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Only those in this state.
    state: Option<JobState>,
    /// Where the page before ended.
    #[param(pattern = "^[0-9]{1,18}$")]
    cursor: Option<String>,
    /// Jobs on a page.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// Asks for a backtest. With an `Idempotency-Key`, the same request again gives the same job.
#[utoipa::path(post, operation_id = "create_backtest", path = "/v1/backtests", tag = "backtests", request_body = BacktestSpec,
    params(("Idempotency-Key" = Option<String>, Header, pattern = "^[!-~]{1,200}$")),
    responses((status = 202, body = Job), Refused<'_>))]
pub async fn create(
    State(app): State<Shared>,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
    body: Body,
) -> Answer<Response> {
    let spec: Spec = body::json(&app, &headers, body).await?;
    let text = admitted(&app, &spec)?;
    let once = once(&headers, text.clone())?;
    if let Some(answer) = answered(&app, &who, once.as_ref()).await? {
        return Ok(answer);
    }
    let task = backtest(&app, &spec, text).await?;
    enqueue(&app, &who, task, once).await
}

/// A backtest as a task.
async fn backtest(app: &Shared, spec: &Spec, text: String) -> Answer<Task> {
    let name = spec.data.set.clone().unwrap_or_default();
    let kept = app.store.set(&name).await?;
    if kept.is_none() {
        let known = almanac_ingest::cards::find(&name).map_err(Error::from);
        known.map_err(|error| Problem::from(error).not_found("no_such_set"))?;
    }
    let models: Vec<&str> = spec.model.iter().map(|model| model.entry.as_str()).collect();
    let title = format!("{} on {name}", models.join(", "));
    let title = title.chars().take(200).collect();
    let set = kept.map(|set| set.name);
    Ok(Task { kind: JobKind::Backtest, title, spec: text, set, rows: None, more: None })
}

/// Puts a backtest into the queue, as a page asks for it; where its job is told.
pub async fn begin(app: &Shared, who: &Who, spec: &Spec) -> Answer<Response> {
    let text = admitted(app, spec)?;
    let task = backtest(app, spec, text).await?;
    enqueue(app, who, task, None).await
}

/// Refuses a spec that is over a limit.
pub fn admit(app: &Shared, spec: &Spec) -> Answer<()> {
    admitted(app, spec).map(|_| ())
}

/// Whether a client would rather have a job than wait: `Prefer: respond-async` (RFC 7240).
pub fn prefers_job(headers: &HeaderMap) -> bool {
    let said = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    said.flat_map(|value| value.split([',', ';'])).any(|word| word.trim() == "respond-async")
}

/// Puts work into the queue; where the request was sent before, the answer is that it had then.
pub async fn enqueue(
    app: &Shared,
    who: &Who,
    mut task: Task,
    once: Option<Once>,
) -> Answer<Response> {
    // A set that is replaced between the look at it and the job would take its file along.
    let _one = app.store.writing.lock().await;
    if let Some(name) = &task.set {
        let set = app.store.set(name).await?.ok_or_else(|| Error::no_set(name))?;
        task.rows = Some(set.rows());
    }
    let (own, who) = (Arc::clone(&app.queue), who.clone());
    let (most, asked) = (app.config.limits.queue, once.clone());
    match to_its_end(async move {
        own.add((&who.owner, &who.request), &task, asked.as_ref(), most).await
    })
    .await?
    {
        Queued::New(job) => Ok(accepted(*job)),
        Queued::Known(reply) => again(app, once.as_ref(), &reply).await,
    }
}

fn accepted(job: Job) -> Response {
    let place = format!("/v1/jobs/{}", job.id);
    (StatusCode::ACCEPTED, [(header::LOCATION, place)], Json(job)).into_response()
}

/// The answer that the same request had before.
async fn again(app: &Shared, once: Option<&Once>, reply: &Reply) -> Answer<Response> {
    if once.is_none_or(|once| once.asked != reply.asked) {
        let words = "this idempotency key was sent with another request";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "key_reused", words));
    }
    Ok(accepted(job(app, &reply.job).await?))
}

/// The key by which a client knows its request again, and what is asked in it.
pub fn once(headers: &HeaderMap, asked: String) -> Answer<Option<Once>> {
    Ok(idempotency(headers)?.map(|key| Once { key, asked }))
}

/// The answer to a request that was sent before.
pub async fn answered(app: &Shared, who: &Who, once: Option<&Once>) -> Answer<Option<Response>> {
    let Some(own) = once else { return Ok(None) };
    match app.store.reply(&who.owner, &own.key).await? {
        Some(reply) => Ok(Some(again(app, once, &reply).await?)),
        None => Ok(None),
    }
}

fn idempotency(headers: &HeaderMap) -> Answer<Option<String>> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    match key.to_str() {
        Ok(key) if (1..=200).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()) => {
            Ok(Some(key.into()))
        }
        _ => Err(Problem::bad("an idempotency key has 1 to 200 plain letters")),
    }
}

/// The spec as TOML, with the server's own seat in it; refused where it is over a limit.
fn admitted(app: &Shared, spec: &Spec) -> Answer<String> {
    query::inside(&spec.data)?;
    if spec.data.set.is_none() {
        return Err(Error::mistake("`data.set` names no set", None).into());
    }
    within(app, spec.folds.horizon, spec.model.len())?;
    let mut spec = spec.clone();
    spec.run.threads = app.config.job_threads();
    spec.to_toml().map_err(|e| Problem::bad(e.to_string()))
}

/// Refuses what is over the limits of one request.
pub fn within(app: &Shared, horizon: usize, models: usize) -> Answer<()> {
    let limits = &app.config.limits;
    if horizon > limits.horizon {
        return Err(Problem::over(
            "horizon",
            format!("{horizon} steps ahead, over {}", limits.horizon),
        ));
    }
    if models > limits.models {
        return Err(Problem::over("models", format!("{models} models, over {}", limits.models)));
    }
    Ok(())
}

/// Lists jobs.
#[utoipa::path(get, operation_id = "list_jobs", path = "/v1/jobs", tag = "backtests", params(Which),
    responses((status = 200, body = Jobs), Refused<'_>))]
pub async fn list(State(app): State<Shared>, uri: Uri) -> Answer<Json<Jobs>> {
    let which: Which = query::read(&uri)?;
    Ok(Json(page(&app, which).await?))
}

async fn page(app: &Shared, which: Which) -> Answer<Jobs> {
    let count = sets::within(which.limit, 100, 1000)?;
    let before = which.cursor.as_deref().map(|cursor| sets::offset(Some(cursor))).transpose()?;
    let before = before.map(|before| before as i64);
    let mut jobs = app.store.jobs(before, which.state, count as u32 + 1).await?;
    let more = jobs.len() > count;
    jobs.truncate(count);
    let next = jobs.last().filter(|_| more).map(|job| job.seq.to_string());
    Ok(Jobs { jobs, next })
}

/// The finished ones.
pub async fn finished(app: &Shared, uri: &Uri) -> Answer<Jobs> {
    let page_asked: sets::Page = query::read(uri)?;
    let sets::Page { cursor, limit } = page_asked;
    page(app, Which { state: Some(JobState::Done), cursor, limit }).await
}

/// Shows a job.
#[utoipa::path(get, operation_id = "show_job", path = "/v1/jobs/{id}", tag = "backtests", params(("id" = String, Path,)),
    responses((status = 200, body = Job), Refused<'_>))]
pub async fn show(State(app): State<Shared>, Path(id): Path<String>) -> Answer<Json<Job>> {
    Ok(Json(job(&app, &id).await?))
}

pub async fn job(app: &Shared, id: &str) -> Answer<Job> {
    app.store.job(id).await?.ok_or_else(|| Problem::absent("job", id))
}

/// Cancels a job that has not ended.
#[utoipa::path(delete, operation_id = "cancel_job", path = "/v1/jobs/{id}", tag = "backtests", params(("id" = String, Path,)),
    responses((status = 200, body = Job), Refused<'_>))]
pub async fn cancel(State(app): State<Shared>, Path(id): Path<String>) -> Answer<Json<Job>> {
    job(&app, &id).await?;
    if !app.queue.cancel(&id).await? {
        let problem = Problem::new(StatusCode::CONFLICT, "ended", "the job has ended");
        return Err(problem.hint("DELETE /v1/runs/{id} removes it and its run"));
    }
    Ok(Json(job(&app, &id).await?))
}

/// An event of a job, as its lines say it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only the OpenAPI document reads it")]
pub struct Told {
    /// state, fold, progress or snapshot; of a model, update or snapshot.
    event: String,
    /// What to send as `Last-Event-ID` to go on from here.
    id: String,
    /// What happened, in JSON.
    data: String,
}

/// The events of a job as they come: `state`, `fold` and `progress`. A client that comes back sends
/// `Last-Event-ID` and misses nothing; where its place is no longer held, `snapshot` says how things
/// stand, and events go on from there.
#[utoipa::path(get, operation_id = "job_events", path = "/v1/jobs/{id}/events", tag = "backtests",
    params(("id" = String, Path,), ("Last-Event-ID" = Option<String>, Header,)),
    responses((status = 200, body = Told, content_type = "text/event-stream"), Refused<'_>))]
pub async fn events(
    State(app): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer<Sse<impl Stream<Item = Result<Sent, Infallible>>>> {
    let job = job(&app, &id).await?;
    let log = app.queue.log(&id);
    let at = place(&log, &headers);
    // What ended before this start of the server has no log: one event says all there is.
    let silent = job.state.is_end() && log.last() == 0;
    let snapshot = silent || at.is_none_or(|at| log.after(at).is_none());
    let snapshot = snapshot.then(|| serde_json::to_string(&job).unwrap_or_default());
    let at = if snapshot.is_some() { log.last() } else { at.unwrap_or(0) };
    Ok(listen(log, at, snapshot, silent))
}

/// Where a listener was: at the start, or none where that is another log's.
pub fn place(log: &Log, headers: &HeaderMap) -> Option<u64> {
    match headers.get("last-event-id").and_then(|id| id.to_str().ok()) {
        None => Some(0),
        Some(last) => log.number(last),
    }
}

/// The events of a log from a place on, after a snapshot where there is one; nothing more where the
/// log is `silent`.
pub fn listen(
    log: Arc<Log>,
    at: u64,
    snapshot: Option<String>,
    silent: bool,
) -> Sse<impl Stream<Item = Result<Sent, Infallible>>> {
    let listener =
        Listener { log, at, snapshot, silent, held: Vec::new().into_iter(), ended: false };
    Sse::new(stream::unfold(listener, Listener::next)).keep_alive(KeepAlive::default())
}

struct Listener {
    log: Arc<Log>,
    at: u64,
    snapshot: Option<String>,
    silent: bool,
    held: std::vec::IntoIter<Event>,
    ended: bool,
}

impl Listener {
    async fn next(mut self) -> Option<(Result<Sent, Infallible>, Listener)> {
        if let Some(text) = self.snapshot.take() {
            let sent = Sent::default().event("snapshot").id(self.log.id(self.at)).data(text);
            self.ended = self.silent;
            return Some((Ok(sent), self));
        }
        let mut watch = self.log.watch();
        loop {
            if let Some(event) = self.held.next() {
                self.at = event.number;
                let sent = Sent::default().event(event.kind).id(self.log.id(event.number));
                return Some((Ok(sent.data(event.data.to_string())), self));
            }
            if self.ended {
                return None;
            }
            watch.mark_unchanged();
            let (events, ended) = self.log.after(self.at)?;
            if events.is_empty() && !ended {
                watch.changed().await.ok()?;
                continue;
            }
            (self.held, self.ended) = (events.into_iter(), ended);
        }
    }
}
