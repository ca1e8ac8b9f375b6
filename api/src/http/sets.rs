//! Sets: upload, append, look, delete.

use almanac_data::{Audit, Panel, Source, Tidied};
use almanac_ingest::cards;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::query::Path;
use super::rows::Rows;
use super::{Answer, Problem, Refused, Shared, body, models, query, table};
use crate::store::{Appended, Facts, KeptSet, blocking};
use crate::{Error, panel};

/// Letters of a name.
const LONGEST: usize = 500;
/// Things on a page, unless another number is asked for.
const PAGE: usize = 100;
const MOST: usize = 1000;
/// Rows on a page, unless another number is asked for.
const ROWS: usize = 1000;
const MOST_ROWS: usize = 100_000;

/// A set.
#[derive(Debug, Serialize, ToSchema)]
pub struct Set {
    /// Its name.
    name: String,
    /// What is known of it.
    #[serde(flatten)]
    facts: Facts,
    /// When it was uploaded, in Unix milliseconds.
    created: i64,
    /// When its rows last changed, in Unix milliseconds.
    changed: i64,
}

impl From<KeptSet> for Set {
    fn from(set: KeptSet) -> Set {
        let KeptSet { name, facts, created, changed, .. } = set;
        Set { name, facts, created, changed }
    }
}

/// A page of sets.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sets {
    /// In the order of names.
    sets: Vec<Set>,
    /// What to give as `cursor` for the next page; none at the end.
    next: Option<String>,
}

/// Which page of names.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct After {
    /// Where the page before ended.
    cursor: Option<String>,
    /// Things on it.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// Where the page before ended.
    #[param(pattern = "^[0-9]{1,18}$")]
    pub cursor: Option<String>,
    /// Things on it.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<usize>,
}

impl Page {
    /// How many, within what is allowed.
    pub fn count(&self) -> Answer<usize> {
        within(self.limit, PAGE, MOST)
    }

    /// The cursor as a number.
    pub fn offset(&self) -> Answer<usize> {
        offset(self.cursor.as_deref())
    }
}

pub fn within(limit: Option<usize>, usual: usize, most: usize) -> Answer<usize> {
    match limit.unwrap_or(usual) {
        count if (1..=most).contains(&count) => Ok(count),
        count => Err(Problem::bad(format!("`limit` is 1 to {most}, not {count}"))),
    }
}

pub fn offset(cursor: Option<&str>) -> Answer<usize> {
    let Some(cursor) = cursor else { return Ok(0) };
    let digits = cursor.len() <= 18 && cursor.bytes().all(|byte| byte.is_ascii_digit());
    let place = cursor.parse().ok().filter(|_| digits);
    place.ok_or_else(|| Problem::bad(format!("`{cursor}` is no cursor of this list")))
}

/// Lists sets that are kept.
#[utoipa::path(get, operation_id = "list_sets", path = "/v1/sets", tag = "sets", params(After),
    responses((status = 200, body = Sets), Refused<'_>))]
pub async fn list(State(app): State<Shared>, uri: Uri) -> Answer<Json<Sets>> {
    let page: After = query::read(&uri)?;
    let count = within(page.limit, PAGE, MOST)?;
    let after = page.cursor.unwrap_or_default();
    let mut sets = app.store.sets(&after, count as u32 + 1).await?;
    let more = sets.len() > count;
    sets.truncate(count);
    let next = sets.last().filter(|_| more).map(|set| set.name.clone());
    Ok(Json(Sets { sets: sets.into_iter().map(Set::from).collect(), next }))
}

/// Shows a set.
#[utoipa::path(get, operation_id = "show_set", path = "/v1/sets/{name}", tag = "sets", params(("name" = String, Path,)),
    responses((status = 200, body = Set), Refused<'_>))]
pub async fn show(State(app): State<Shared>, Path(name): Path<String>) -> Answer<Json<Set>> {
    Ok(Json(kept(&app, &name).await?.into()))
}

pub async fn kept(app: &Shared, name: &str) -> Answer<KeptSet> {
    let set = app.store.set(name).await?;
    Ok(set.ok_or_else(|| Error::no_set(name))?)
}

/// How rows are to be read. Any other field of a spec's `[data]` may be named too, with dots, as in
/// `tidy.gaps=zero`.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the OpenAPI document reads it")]
pub struct Reading {
    /// Column that names the series; left out, found.
    id: Option<String>,
    /// Column of time; left out, found.
    time: Option<String>,
    /// Column of values; left out, found.
    target: Option<String>,
    /// Columns known in advance, parted by commas.
    known: Option<String>,
    /// Columns known at the end of their own row, parted by commas.
    past: Option<String>,
    /// Columns with one value for a series, parted by commas.
    r#static: Option<String>,
    /// Frequency, such as D or 5min; left out, inferred.
    freq: Option<String>,
    /// Observations in one season; left out, the frequency's usual one.
    #[param(minimum = 1, maximum = 1000000)]
    season: Option<u32>,
    /// Time zone, such as Europe/Berlin.
    zone: Option<String>,
}

/// Uploads a set, in the place of one of the same name. A file of `application/octet-stream` is told
/// by its first bytes: Parquet, Arrow, CSV or NDJSON, packed or not; each has a type of its own too.
#[utoipa::path(put, operation_id = "put_set", path = "/v1/sets/{name}", tag = "sets",
    params(("name" = String, Path, pattern = r"^[^\x00-\x1f\x7f-\x9f]{1,500}$"), Reading),
    request_body(content(
        (String = "text/csv", example = "unique_id,ds,y\na,2024-01-01,1\na,2024-01-02,2\na,2024-01-03,3\n"),
        (Rows = "application/json"),
        (table::Binary = "application/octet-stream"),
        (String = "application/x-ndjson"),
    )),
    responses((status = 200, body = Set), (status = 201, body = Set), Refused<'_>))]
pub async fn put(
    State(app): State<Shared>,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Answer<Response> {
    named(&name)?;
    let (source, _) = query::source(&uri)?;
    let read = body::rows(&app, &headers, body, source).await?;
    let (set, new) = app.store.put_set(&name, read).await?;
    let place = format!("/v1/sets/{}", encoded(&name));
    let place = HeaderValue::from_str(&place).map_err(|e| Problem::bad(e.to_string()))?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, [(header::LOCATION, place)], Json(Set::from(set))).into_response())
}

pub fn named(name: &str) -> Answer<()> {
    let length = name.chars().count();
    if !(1..=LONGEST).contains(&length) || name.chars().any(char::is_control) {
        let words = format!("a set's name has 1 to {LONGEST} letters and no control characters");
        return Err(Problem::bad(words));
    }
    match cards::find(name) {
        Err(_) => Ok(()),
        Ok(_) => {
            let words = format!("`{name}` is a set that Almanac knows by itself");
            let problem = Problem::new(StatusCode::CONFLICT, "name_taken", words);
            Err(problem.hint("give yours another name"))
        }
    }
}

/// A name as a part of a path.
pub fn encoded(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let of =
        |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    name.bytes().map(of).collect()
}

/// Deletes a set; jobs that read it already go on.
#[utoipa::path(delete, operation_id = "delete_set", path = "/v1/sets/{name}", tag = "sets", params(("name" = String, Path,)),
    responses((status = 204), Refused<'_>))]
pub async fn delete(State(app): State<Shared>, Path(name): Path<String>) -> Answer<StatusCode> {
    match app.store.delete_set(&name).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Error::no_set(&name).into()),
    }
}

/// A series of a set.
#[derive(Debug, Serialize, ToSchema)]
pub struct OneSeries {
    /// Its name.
    unique_id: String,
    /// Rows, those without a value included.
    rows: usize,
    /// Rows without a value.
    missing: usize,
    /// First stamp.
    first: String,
    /// Last stamp.
    last: String,
}

/// A page of series.
#[derive(Debug, Serialize, ToSchema)]
pub struct ManySeries {
    /// In the order of names.
    series: Vec<OneSeries>,
    /// What to give as `cursor` for the next page; none at the end.
    next: Option<String>,
}

/// Lists the series of a set.
#[utoipa::path(get, operation_id = "list_series", path = "/v1/sets/{name}/series", tag = "sets",
    params(("name" = String, Path,), Page), responses((status = 200, body = ManySeries), Refused<'_>))]
pub async fn series(
    State(app): State<Shared>,
    Path(name): Path<String>,
    uri: Uri,
) -> Answer<Json<ManySeries>> {
    let page: Page = query::read(&uri)?;
    let (count, start) = (page.count()?, page.offset()?);
    let panel = panel_of(&app, &name).await?;
    let show = |at: Option<&almanac_data::Stamp>| {
        at.map(|&at| panel.calendar.show(at)).unwrap_or_default()
    };
    let one = |series: almanac_data::Series<'_>| OneSeries {
        unique_id: series.id.into(),
        rows: series.len(),
        missing: series.y.iter().filter(|y| y.is_nan()).count(),
        first: show(series.at.first()),
        last: show(series.at.last()),
    };
    let series: Vec<OneSeries> = panel.iter().skip(start).take(count).map(one).collect();
    let end = start.saturating_add(series.len());
    let next = (end < panel.len()).then(|| end.to_string());
    Ok(Json(ManySeries { series, next }))
}

/// The panel of a kept set.
async fn panel_of(app: &Shared, name: &str) -> Answer<Panel> {
    let (store, given) = (app.store.clone(), app.store.given(&kept(app, name).await?));
    Ok(blocking(move || store.read(&Source::default(), &given)).await?.panel)
}

/// Which rows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Only those of this series.
    series: Option<String>,
    /// Only those from this stamp on.
    from: Option<String>,
    /// Only those up to this stamp.
    to: Option<String>,
    /// Where the page before ended.
    #[param(pattern = "^[0-9]{1,18}$")]
    cursor: Option<String>,
    /// Rows on a page.
    #[param(minimum = 1, maximum = 100000)]
    limit: Option<usize>,
}

/// Shows rows of a set, as JSON, CSV, NDJSON, Parquet or Arrow; the header `almanac-next` has the
/// cursor of the next page.
#[utoipa::path(get, operation_id = "show_rows", path = "/v1/sets/{name}/rows", tag = "sets",
    params(("name" = String, Path,), Which),
    responses((status = 200, content(
        (Vec<Object> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"),
        (table::Binary = "application/vnd.apache.parquet"), (table::Binary = "application/vnd.apache.arrow.stream"))), Refused<'_>))]
pub async fn rows(
    State(app): State<Shared>,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer<Response> {
    let style = table::wanted(&headers)?;
    let which: Which = query::read(&uri)?;
    let (start, count) = (offset(which.cursor.as_deref())?, within(which.limit, ROWS, MOST_ROWS)?);
    let source = Source { from: which.from, to: which.to, ..Source::default() };
    let (store, given) = (app.store.clone(), app.store.given(&kept(&app, &name).await?));
    let read = blocking(move || store.read(&source, &given)).await?;
    let panel = read.panel;
    let series = match &which.series {
        None => 0..panel.len(),
        Some(id) => {
            let place = panel.ids().binary_search(id).map_err(|_| Problem::absent("series", id))?;
            place..place + 1
        }
    };
    let (batch, more) = panel::page(&panel, series, start, count)?;
    let mut response = table::respond(style, crate::tables::bytes(&[batch], style)?);
    if more {
        let next = HeaderValue::from(start + count);
        response.headers_mut().insert("almanac-next", next);
    }
    Ok(response)
}

/// Adds rows to a set. Rows that are there already are left; if some disagree, nothing is changed
/// and the answer is 409, unless `conflicts=replace`.
#[utoipa::path(post, operation_id = "append_rows", path = "/v1/sets/{name}/rows", tag = "sets",
    params(("name" = String, Path,), Reading,
        ("conflicts" = inline(Option<Conflicts>), Query, description = "refuse, or replace")),
    request_body(content(
        (String = "text/csv"), (Rows = "application/json"), (String = "application/x-ndjson"),
        (table::Binary = "application/octet-stream"))),
    responses((status = 200, body = Appended), (status = 409, body = Appended), Refused<'_>))]
pub async fn append(
    State(app): State<Shared>,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Answer<(StatusCode, Json<Appended>)> {
    let (said, replace) = query::source(&uri)?;
    let set = kept(&app, &name).await?;
    let read = body::rows(&app, &headers, body, with_roles(said, &set.source)).await?;
    let appended = app.store.append(&name, read, replace).await?;
    let refused = appended.conflicting > 0 && !appended.replaced;
    if !refused {
        models::follow::tell(&app, Some(name));
    }
    Ok((if refused { StatusCode::CONFLICT } else { StatusCode::OK }, Json(appended)))
}

/// What a client said, with what the set says of its columns and its clock.
pub fn with_roles(said: Source, set: &Source) -> Source {
    let many =
        |said: Vec<String>, own: &[String]| if said.is_empty() { own.to_vec() } else { said };
    Source {
        known: many(said.known, &set.known),
        past: many(said.past, &set.past),
        open: many(said.open, &set.open),
        close: many(said.close, &set.close),
        statics: many(said.statics, &set.statics),
        freq: said.freq.or(set.freq.clone()),
        season: said.season.or(set.season),
        zone: said.zone.or(set.zone.clone()),
        ..said
    }
}

/// What to do about rows that disagree.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Conflicts {
    /// Change nothing.
    Refuse,
    /// Take what was sent.
    Replace,
}

/// What was found in the rows as they were uploaded, and what was done about it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Audited {
    /// Findings by code.
    #[schema(value_type = Object)]
    audit: Audit,
    /// Changes by code.
    #[schema(value_type = Object)]
    tidied: Tidied,
}

/// Shows what was found in a set's raw rows.
#[utoipa::path(get, operation_id = "show_audit", path = "/v1/sets/{name}/audit", tag = "sets", params(("name" = String, Path,)),
    responses((status = 200, body = Audited), Refused<'_>))]
pub async fn audit(State(app): State<Shared>, Path(name): Path<String>) -> Answer<Json<Audited>> {
    let (audit, tidied) = kept(&app, &name).await?.audit;
    Ok(Json(Audited { audit, tidied }))
}
