//! What there is to choose from.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::query::Path;
use super::{Answer, Problem, Refused, Shared};
use crate::Roster;

/// The lines of a roster.
#[derive(Debug, Serialize, ToSchema)]
pub struct Lines {
    /// Each with `name`, `about`, and what else there is to know.
    #[schema(value_type = Vec<Object>)]
    lines: Vec<Value>,
}

/// The rosters there are.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Name {
    /// Forecasters, networks, learners, lifts and features, with settings, defaults and ranges.
    Models,
    /// Sets with a card that the program knows.
    Sets,
    /// Metrics.
    Metrics,
}

impl Name {
    fn roster(text: &str) -> Answer<Roster> {
        match text {
            "models" => Ok(Roster::Models),
            "sets" => Ok(Roster::Sets),
            "metrics" => Ok(Roster::Metrics),
            other => Err(Problem::absent("roster", other).hint("models, sets or metrics")),
        }
    }
}

/// Lists a roster.
#[utoipa::path(get, operation_id = "show_roster", path = "/v1/rosters/{roster}", tag = "rosters",
    params(("roster" = inline(Name), Path,)), responses((status = 200, body = Lines), Refused<'_>))]
pub async fn list(State(app): State<Shared>, Path(roster): Path<String>) -> Answer<Json<Lines>> {
    Ok(Json(Lines { lines: app.lab.roster(Name::roster(&roster)?, None)? }))
}

/// The lines of one name.
#[utoipa::path(get, operation_id = "show_entry", path = "/v1/rosters/{roster}/{name}", tag = "rosters",
    params(("roster" = inline(Name), Path,), ("name" = String, Path,)),
    responses((status = 200, body = Lines), Refused<'_>))]
pub async fn show(
    State(app): State<Shared>,
    Path((roster, name)): Path<(String, String)>,
) -> Answer<Json<Lines>> {
    let lines = app.lab.roster(Name::roster(&roster)?, Some(&name));
    let lines = lines.map_err(|error| Problem::from(error).not_found("no_such_name"))?;
    Ok(Json(Lines { lines }))
}
