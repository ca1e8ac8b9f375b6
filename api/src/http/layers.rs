//! Around every request: its id, its line in the log, its place in the metrics, headers for safety.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tracing::Instrument;

use super::{Problem, Shared};

/// A request's id: the client's own where it is short and plain, else a new one.
#[derive(Debug, Clone, Default)]
pub struct RequestId(pub String);

const ID: HeaderName = HeaderName::from_static("x-request-id");

/// Headers of every answer.
const SAFE: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
];

fn id(headers: &HeaderMap) -> RequestId {
    let plain = |id: &&str| {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        !id.is_empty() && id.len() <= 64 && id.bytes().all(fits)
    };
    let own = headers.get(&ID).and_then(|id| id.to_str().ok()).filter(plain);
    match own {
        Some(own) => RequestId(own.into()),
        None => RequestId(crate::store::random(8).unwrap_or_default()),
    }
}

/// Runs a request inside its span; a panic in it is a 500, and the server goes on.
pub async fn observed(State(app): State<Shared>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = id(request.headers());
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_string());
    let route = route.unwrap_or_else(|| "none".into());
    let method = request.method().clone();
    request.extensions_mut().insert(id.clone());
    let span = tracing::info_span!("request", id = id.0, %method, route);
    let work = AssertUnwindSafe(next.run(request).instrument(span.clone()));
    let mut response = work.catch_unwind().await.unwrap_or_else(|_| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "failure", "the server failed")
            .into_response()
    });
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let mut answer = problem.answer(&id.0);
        let said = std::mem::take(response.headers_mut());
        let said = said.into_iter().filter_map(|(name, value)| Some((name?, value)));
        said.filter(|(name, _)| name != header::CONTENT_LENGTH).for_each(|(name, value)| {
            answer.headers_mut().insert(name, value);
        });
        response = answer;
    }
    let (status, seconds) = (response.status(), started.elapsed().as_secs_f64());
    span.in_scope(|| tracing::info!(status = status.as_u16(), seconds, "answered"));
    let labels =
        [("route", route), ("method", method.to_string()), ("status", status.as_u16().to_string())];
    metrics::counter!("almanac_requests_total", &labels).increment(1);
    metrics::histogram!("almanac_request_seconds", &labels[..2]).record(seconds);
    let headers = response.headers_mut();
    for (name, value) in SAFE {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if let Ok(id) = HeaderValue::from_str(&id.0) {
        headers.insert(ID, id);
    }
    if app.config.tls.is_some() {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
    response
}
