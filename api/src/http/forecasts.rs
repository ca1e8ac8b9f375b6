//! Forecasts, now: rows or a set in, forecasts out; as a job where they take long.

mod ask;

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::oneshot;
use utoipa::ToSchema;

use super::auth::Who;
use super::{Answer, Refused, Shared, body, jobs, table};
use crate::store::Job;
use crate::{Ctx, Error, Forecasts, Style};

use ask::Wanted;
pub use ask::{Naming, ahead, few, with};

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

/// A form of two parts.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the OpenAPI document reads it")]
pub struct Form {
    /// What is asked, without `rows`, as JSON.
    ask: Wanted,
    /// The past, in a file: CSV, NDJSON, Parquet or Arrow.
    rows: table::Binary,
}

/// Forecasts now, from rows in the body, a file beside it or a set. The answer is JSON, or the table
/// alone as CSV, NDJSON, Parquet or Arrow, with the number of failures in the header
/// `almanac-failures`. What takes longer than the server waits, or is asked with
/// `Prefer: respond-async`, becomes a job: its forecasts are those of its run.
#[utoipa::path(post, operation_id = "create_forecast", path = "/v1/forecasts", tag = "forecasts",
    params(("Prefer" = Option<String>, Header, example = "respond-async")),
    request_body(content((Wanted = "application/json"), (Form = "multipart/form-data"))),
    responses((status = 200, content(
        (Made = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"),
        (table::Binary = "application/vnd.apache.parquet"), (table::Binary = "application/vnd.apache.arrow.stream"))),
        (status = 202, body = Job), Refused<'_>))]
pub async fn create(
    State(app): State<Shared>,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
    body: Body,
) -> Answer<Response> {
    let style = table::wanted(&headers)?;
    let (wanted, table): (Wanted, _) = match body::is_form(&headers) {
        true => body::form(&app, &headers, body).await?,
        false => (body::json(&app, &headers, body).await?, None),
    };
    let ask = wanted.ready(&app, table).await?;
    let made = match jobs::prefers_job(&headers) {
        true => None,
        false => {
            let ask = ask.clone();
            run(&app, move |ctx| ask.answer(ctx)).await?
        }
    };
    match made {
        Some(forecasts) => answer(forecasts, ask.naming, style),
        None => {
            let task = ask.task(&app).await?;
            jobs::enqueue(&app, &who, task, None).await
        }
    }
}

/// Forecasts in the style that was asked for.
pub fn answer(forecasts: Forecasts, naming: Naming, style: Style) -> Answer<Response> {
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
    let models = forecasts.models().to_vec();
    let failure =
        |(model, unique_id, reason): (String, String, String)| Failure { model, unique_id, reason };
    let failures = forecasts.failures.into_iter().map(failure).collect();
    Ok(Json(Made { models, forecasts: rows, failures }).into_response())
}

/// Stops the work when nobody waits for it any more.
struct Leash(Ctx);

impl Drop for Leash {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Runs work on the threads that forecast; none where it took longer than a forecast may.
pub async fn run<T: Send + 'static>(
    app: &Shared,
    work: impl FnOnce(&Ctx) -> Result<T, Error> + Send + 'static,
) -> Answer<Option<T>> {
    let wait = Duration::from_secs(app.config.limits.forecast_s);
    match tokio::time::timeout(wait, work_out(app, work)).await {
        Ok(done) => Ok(Some(done?)),
        Err(_) => Ok(None),
    }
}

/// The same for as long as it takes.
pub async fn work_out<T: Send + 'static>(
    app: &Shared,
    work: impl FnOnce(&Ctx) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
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
    done.await.unwrap_or_else(|_| Err(Error::Failed("the work broke off".into())))
}
