//! Pages of other origins that may ask (CORS): those that the settings name, and no others.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Shared;

/// What a page may send, and for how many seconds it need not ask again.
const MAY: [(HeaderName, &str); 3] = [
    (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, PUT, POST, DELETE"),
    (
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        "authorization, content-type, idempotency-key, last-event-id, prefer, x-request-id",
    ),
    (header::ACCESS_CONTROL_MAX_AGE, "3600"),
];

/// What a page may read of an answer's head.
const SEEN: &str = "almanac-failures, almanac-next, content-disposition, location, retry-after, \
                    www-authenticate, x-request-id";

/// Answers a browser that asks whether a page may ask, and marks answers that its page may read.
pub async fn allow(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN);
    let known = |origin: &&HeaderValue| app.config.origins.iter().any(|own| own == *origin);
    let Some(origin) = origin.filter(known).cloned() else { return next.run(request).await };
    let asks_first = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match asks_first {
        true => StatusCode::NO_CONTENT.into_response(),
        false => next.run(request).await,
    };
    mark(response.headers_mut(), origin, asks_first);
    response
}

fn mark(headers: &mut HeaderMap, origin: HeaderValue, asks_first: bool) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if !asks_first {
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(SEEN));
        return;
    }
    for (name, value) in MAY {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
