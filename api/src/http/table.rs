//! Tables in the format that `Accept` names.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use serde::Deserialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use super::{Answer, Problem};
use crate::Style;

const KINDS: [(Style, &str); 5] = [
    (Style::Json, "application/json"),
    (Style::Csv, "text/csv"),
    (Style::Ndjson, "application/x-ndjson"),
    (Style::Parquet, "application/vnd.apache.parquet"),
    (Style::Arrow, "application/vnd.apache.arrow.stream"),
];

/// The bytes of a file, for the OpenAPI document.
#[derive(Deserialize)]
pub struct Binary;

impl ToSchema for Binary {}

impl PartialSchema for Binary {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String);
        text.format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary))).into()
    }
}

/// The format to answer in: the one that `Accept` likes best, JSON where it does not mind.
pub fn wanted(headers: &HeaderMap) -> Answer<Style> {
    let Some(accept) = headers.get(header::ACCEPT) else { return Ok(Style::Json) };
    let accept = accept.to_str().unwrap_or_default();
    let mut best: Option<(f64, Style)> = None;
    for part in accept.split(',') {
        let mut words = part.split(';').map(str::trim);
        let kind = words.next().unwrap_or_default();
        let quality =
            words.find_map(|word| word.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok());
        let style = KINDS.iter().find(|(_, own)| {
            let family = own.split('/').next().unwrap_or_default();
            kind == *own || kind == "*/*" || kind.strip_suffix("/*") == Some(family)
        });
        let Some(((style, _), quality)) = style.zip(quality.filter(|q| *q > 0.0)) else { continue };
        if best.is_none_or(|(before, _)| quality > before) {
            best = Some((quality, *style));
        }
    }
    best.map(|(_, style)| style).ok_or_else(|| {
        let words = format!("cannot answer as `{accept}`");
        let known = KINDS.map(|(_, kind)| kind).join(", ");
        Problem::new(StatusCode::NOT_ACCEPTABLE, "not_acceptable", words)
            .hint(format!("it can be {known}"))
    })
}

/// An answer of these bytes.
pub fn respond(style: Style, bytes: Vec<u8>) -> Response {
    let kind = KINDS.iter().find(|(own, _)| *own == style).map_or("text/csv", |(_, kind)| kind);
    let mut response = Body::from(bytes).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The one that is liked best, the first of equals; a browser gets JSON.
    #[test]
    fn accepted() {
        let of = |accept: &'static str| {
            let headers =
                HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
            wanted(&headers).map_err(|problem| problem.status.as_u16())
        };
        assert_eq!(of("text/csv"), Ok(Style::Csv));
        assert_eq!(of("text/html, */*;q=0.8"), Ok(Style::Json));
        assert_eq!(of("application/json;q=0.5, application/x-ndjson"), Ok(Style::Ndjson));
        assert_eq!(of("text/*"), Ok(Style::Csv));
        assert_eq!(of("image/png"), Err(406));
        assert_eq!(wanted(&HeaderMap::new()).unwrap(), Style::Json);
    }
}
