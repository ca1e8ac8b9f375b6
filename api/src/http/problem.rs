//! What a refused request is told: RFC 9457 problem details with a stable code.

use std::borrow::Cow;

use almanac_ingest::ReadError;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

use crate::{Error, Kind};

/// Why a request is refused.
#[derive(Debug, Clone)]
pub struct Problem {
    /// The status of the response.
    pub status: StatusCode,
    code: Cow<'static, str>,
    detail: String,
    hint: Option<String>,
}

/// Problem details. `code` is stable; `title` and `detail` are for people.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemDetails<'a> {
    /// The status of the response.
    status: u16,
    /// What went wrong, in one word that programs may rely on.
    #[schema(example = "no_such_set")]
    code: &'a str,
    /// The status in words.
    title: &'a str,
    /// What went wrong here.
    detail: &'a str,
    /// A way out.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    /// The request's id, as in the header `x-request-id` and in the log.
    request_id: &'a str,
}

impl Problem {
    /// A problem of this status and code.
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Problem {
        Problem { status, code: code.into(), detail: detail.into(), hint: None }
    }

    /// The same with a way out.
    pub fn hint(self, hint: impl Into<String>) -> Problem {
        Problem { hint: Some(hint.into()), ..self }
    }

    /// The same as a thing that is not there.
    pub fn not_found(self, code: &'static str) -> Problem {
        Problem { status: StatusCode::NOT_FOUND, code: code.into(), ..self }
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

    /// What went wrong, and a way out.
    pub fn words(&self) -> (&str, Option<&str>) {
        (&self.detail, self.hint.as_deref())
    }

    /// The answer to the request of this id.
    pub fn answer(&self, request_id: &str) -> Response {
        let details = ProblemDetails {
            status: self.status.as_u16(),
            code: &self.code,
            title: self.status.canonical_reason().unwrap_or("Error"),
            detail: &self.detail,
            hint: self.hint.as_deref(),
            request_id,
        };
        let mut response = (self.status, Json(details)).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        if let Some(limit) = over(&error) {
            return Problem::over(limit, error.to_string());
        }
        let (status, code): (_, Cow<'static, str>) = match &error {
            Error::Absent { noun, .. } => (StatusCode::NOT_FOUND, format!("no_such_{noun}").into()),
            Error::Busy { .. } => (StatusCode::TOO_MANY_REQUESTS, "busy".into()),
            error if error.is_full() => (StatusCode::INSUFFICIENT_STORAGE, "disk_full".into()),
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
        Problem { hint, ..Problem::new(status, code, detail) }
    }
}

/// The limit that a request went over.
fn over(error: &Error) -> Option<&'static str> {
    match error {
        Error::Over { limit, .. } => Some(limit),
        Error::Read(ReadError::TooMany { what: "rows", .. }) => Some("rows"),
        Error::Read(error) if error.to_string().contains(" bytes once unpacked") => {
            Some("unpacked_bytes")
        }
        _ => None,
    }
}

impl IntoResponse for Problem {
    /// Without an id: the layer around every request writes the answer, with the id.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Refusals that any route may give.
#[derive(IntoResponses)]
pub enum Refused<'a> {
    /// The request cannot be understood.
    #[response(status = 400, content_type = "application/problem+json")]
    Bad(ProblemDetails<'a>),
    /// There is no key, or it opens nothing.
    #[response(status = 401, content_type = "application/problem+json")]
    Unknown(ProblemDetails<'a>),
    /// The key's role does not reach so far.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(ProblemDetails<'a>),
    /// There is no such thing.
    #[response(status = 404, content_type = "application/problem+json")]
    Absent(ProblemDetails<'a>),
    /// No format that `Accept` names can be given.
    #[response(status = 406, content_type = "application/problem+json")]
    NotAcceptable(ProblemDetails<'a>),
    /// The body came too slowly.
    #[response(status = 408, content_type = "application/problem+json")]
    Slow(ProblemDetails<'a>),
    /// What is there disagrees.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(ProblemDetails<'a>),
    /// Something is larger than a limit, which is named.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(ProblemDetails<'a>),
    /// The body's type is none that can be read.
    #[response(status = 415, content_type = "application/problem+json")]
    WrongType(ProblemDetails<'a>),
    /// It is understood, and cannot be done.
    #[response(status = 422, content_type = "application/problem+json")]
    CannotDo(ProblemDetails<'a>),
    /// Too many requests, or too much work waiting.
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(ProblemDetails<'a>),
    /// The server failed.
    #[response(status = 500, content_type = "application/problem+json")]
    Failed(ProblemDetails<'a>),
    /// The server is stopping, or the work took too long.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemDetails<'a>),
    /// The server's disk is full.
    #[response(status = 507, content_type = "application/problem+json")]
    Full(ProblemDetails<'a>),
}
