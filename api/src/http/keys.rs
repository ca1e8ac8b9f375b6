//! Keys, for those who may make them.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::query::Path;
use super::{Answer, Problem, Refused, Shared, body};
use crate::store::{Key, Role, Secret};

/// All keys.
#[derive(Debug, Serialize, ToSchema)]
pub struct Keys {
    /// The oldest first.
    keys: Vec<Key>,
}

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// What it is for.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// What it may do.
    role: Role,
    /// Days until it ends by itself; left out, never.
    #[schema(minimum = 1, maximum = 36500)]
    days: Option<u32>,
}

/// Lists keys, without their secrets.
#[utoipa::path(get, operation_id = "list_keys", path = "/v1/keys", tag = "keys", responses((status = 200, body = Keys), Refused<'_>))]
pub async fn list(State(app): State<Shared>) -> Answer<Json<Keys>> {
    Ok(Json(Keys { keys: app.store.keys().await? }))
}

/// Makes a key; its token is told once, here.
#[utoipa::path(post, operation_id = "create_key", path = "/v1/keys", tag = "keys", request_body = NewKey,
    responses((status = 201, body = Secret), Refused<'_>))]
pub async fn create(
    State(app): State<Shared>,
    headers: HeaderMap,
    body: Body,
) -> Answer<(StatusCode, Json<Secret>)> {
    let new: NewKey = body::json(&app, &headers, body).await?;
    let length = new.name.chars().count();
    if !(1..=200).contains(&length) || new.days.is_some_and(|days| !(1..=36500).contains(&days)) {
        return Err(Problem::bad(
            "a key has a name of 1 to 200 letters, and lives 1 to 36500 days",
        ));
    }
    let secret = app.store.create_key(&new.name, new.role, new.days).await?;
    Ok((StatusCode::CREATED, Json(secret)))
}

/// Revokes a key: it opens nothing from now on.
#[utoipa::path(delete, operation_id = "revoke_key", path = "/v1/keys/{id}", tag = "keys", params(("id" = String, Path,)),
    responses((status = 204), Refused<'_>))]
pub async fn revoke(State(app): State<Shared>, Path(id): Path<String>) -> Answer<StatusCode> {
    let was = app.store.revoke_key(&id).await?;
    app.doors.forget();
    if was { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::absent("key", &id)) }
}
