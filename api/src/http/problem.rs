//! What a refused request is told: RFC 9457 problem details with a stable code.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

use crate::{Error, Kind};

/// Problem details. `code` is stable; `title` and `detail` are for people.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// The status of the response.
    pub status: u16,
    /// What went wrong, in one word that programs may rely on.
    #[schema(example = "unknown_set")]
    pub code: String,
    /// The status in words.
    pub title: String,
    /// What went wrong here.
    pub detail: String,
    /// A way out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The request's id, as in the header `x-request-id` and in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Problem {
    /// A problem of this status and code.
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Problem {
        Problem {
            status: status.as_u16(),
            code: code.into(),
            title: status.canonical_reason().unwrap_or("Error").into(),
            detail: detail.into(),
            hint: None,
            request_id: None,
        }
    }

    /// The same with a way out.
    pub fn hint(self, hint: impl Into<String>) -> Problem {
        Problem { hint: Some(hint.into()), ..self }
    }

    /// A request that cannot be understood.
    pub fn bad(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "bad_request", detail)
    }

    /// A request over a limit, with the limit's name.
    pub fn over(limit: &str, detail: impl Into<String>) -> Problem {
        let hint = format!("the limit is the server's setting `limits.{limit}`");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "over_limit", detail).hint(hint)
    }

    /// A thing that is not there.
    pub fn absent(noun: &'static str, name: &str) -> Problem {
        Error::Absent { noun, name: name.into(), hint: None }.into()
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        let (status, code) = match &error {
            Error::Absent { noun, .. } => (StatusCode::NOT_FOUND, format!("no_such_{noun}")),
            Error::Busy { .. } => (StatusCode::TOO_MANY_REQUESTS, "busy".into()),
            error if is_full(error) => (StatusCode::INSUFFICIENT_STORAGE, "disk_full".into()),
            error => match error.kind() {
                Kind::Mistake => (StatusCode::UNPROCESSABLE_ENTITY, "cannot_do".into()),
                Kind::Failure => (StatusCode::INTERNAL_SERVER_ERROR, "failure".into()),
                Kind::Interrupted => (StatusCode::SERVICE_UNAVAILABLE, "stopped".into()),
            },
        };
        let detail = match status {
            // What the system said may name folders of this machine: it goes to the log alone.
            StatusCode::INTERNAL_SERVER_ERROR => {
                tracing::error!(%error, "a request failed");
                "the server failed; its log says how, under the request's id".into()
            }
            StatusCode::INSUFFICIENT_STORAGE => "the server's disk is full".into(),
            _ => error.to_string(),
        };
        let hint = error.hint().filter(|_| status.is_client_error());
        Problem { hint, ..Problem::new(status, &code, detail) }
    }
}

/// Whether the disk is at its end.
fn is_full(error: &Error) -> bool {
    let words = match error {
        Error::Io { source, .. } => return source.kind() == std::io::ErrorKind::StorageFull,
        Error::Parquet { source, .. } => source.to_string(),
        Error::Database(error) => error.to_string(),
        _ => return false,
    };
    words.contains("No space left") || words.contains("disk is full")
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(&self)).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}

/// Refusals that any route may give.
#[derive(IntoResponses)]
#[allow(dead_code)]
pub enum Refused {
    /// The request cannot be understood.
    #[response(status = 400, content_type = "application/problem+json")]
    Bad(#[to_schema] Problem),
    /// There is no key, or it opens nothing.
    #[response(status = 401, content_type = "application/problem+json")]
    Unknown(#[to_schema] Problem),
    /// The key's role does not reach so far.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(#[to_schema] Problem),
    /// There is no such thing.
    #[response(status = 404, content_type = "application/problem+json")]
    Absent(#[to_schema] Problem),
    /// No format that `Accept` names can be given.
    #[response(status = 406, content_type = "application/problem+json")]
    NotAcceptable(#[to_schema] Problem),
    /// The body came too slowly.
    #[response(status = 408, content_type = "application/problem+json")]
    Slow(#[to_schema] Problem),
    /// What is there disagrees.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(#[to_schema] Problem),
    /// Something is larger than a limit, which is named.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(#[to_schema] Problem),
    /// The body's type is none that can be read.
    #[response(status = 415, content_type = "application/problem+json")]
    WrongType(#[to_schema] Problem),
    /// It is understood, and cannot be done.
    #[response(status = 422, content_type = "application/problem+json")]
    CannotDo(#[to_schema] Problem),
    /// Too many requests, or too much work waiting.
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(#[to_schema] Problem),
    /// The server failed.
    #[response(status = 500, content_type = "application/problem+json")]
    Failed(#[to_schema] Problem),
    /// The server is stopping, or the work took too long.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(#[to_schema] Problem),
    /// The server's disk is full.
    #[response(status = 507, content_type = "application/problem+json")]
    Full(#[to_schema] Problem),
}
