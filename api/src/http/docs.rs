//! The OpenAPI document, and a page to read it by.

use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use utoipa::Modify;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr};

use super::Shared;

/// How a client shows who it is.
pub struct ByKey;

impl Modify for ByKey {
    fn modify(&self, document: &mut OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        document.components.get_or_insert_default().add_security_scheme("key", scheme);
    }
}

/// What a status means where a route says no more.
fn meaning(status: &str) -> &'static str {
    match status {
        "200" => "What was asked for.",
        "201" => "It is new.",
        "202" => "A job, which `location` leads to.",
        "204" => "It is gone.",
        "409" => "It disagrees with what is there; nothing was changed.",
        "503" => "Not now.",
        _ => "Refused.",
    }
}

/// Every answer has a meaning, and refusals, the same on every route, stand in the document once.
pub fn settle(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    for item in document.paths.paths.values_mut() {
        let methods = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete];
        for operation in methods.into_iter().flatten() {
            for (status, response) in &mut operation.responses.responses {
                let RefOr::T(own) = &mut *response else { continue };
                if operation.operation_id.as_deref() == Some("append_rows") && status == "409" {
                    let conflicts = Content::new(Some(Ref::from_schema_name("Appended")));
                    own.content.insert("application/json".into(), conflicts.into());
                }
                if own.description.is_empty() {
                    own.description = meaning(status).into();
                }
                if own.content.keys().eq(["application/problem+json"]) {
                    let name = format!("Refused{status}");
                    let shared = RefOr::Ref(Ref::from_response_name(&name));
                    components.responses.insert(name, std::mem::replace(response, shared));
                }
            }
        }
    }
}

/// This document.
#[utoipa::path(get, operation_id = "openapi", path = "/openapi.json", tag = "service", security(()),
    responses((status = 200, body = serde_json::Value)))]
pub async fn openapi(State(app): State<Shared>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], app.openapi.clone())
}

/// A page that shows it.
#[utoipa::path(get, operation_id = "docs", path = "/docs", tag = "service", security(()),
    responses((status = 200, body = String, content_type = "text/html")))]
pub async fn page(State(app): State<Shared>) -> impl IntoResponse {
    Html(almanac_dashboards::api_page(&app.openapi))
}
