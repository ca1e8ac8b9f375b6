//! A set's page, and what changes it.

use almanac_dashboards::app::{self, Frame, OneSeries, SeriesLine, SetPage};
use almanac_data::{Panel, Role};
use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;

use super::super::query::Path;
use super::super::{Answer, Problem, Shared, models, sets};
use super::form::{Pairs, Sealed};
use super::shelf::Opened;
use super::{home, page, see, upload};
use crate::Error;

/// Series on a page.
const PAGE: usize = 15;
/// Rows of a series that are drawn.
const DRAWN: usize = 20_000;
/// Stretches in which a series' missing rows are counted.
const STRETCHES: usize = 70;

/// The page of a set.
pub async fn show(
    State(app): State<Shared>,
    Extension(frame): Extension<Frame>,
    Path(name): Path<String>,
    uri: Uri,
) -> Answer<Response> {
    let asked = Pairs::of(&uri)?;
    let Opened { kept, read } = app.shelf.set(&app, &name).await?;
    let panel = &read.panel;
    let kept = kept.ok_or_else(|| {
        let problem = Problem::from(Error::no_set(&name));
        problem.hint("sets that come with Almanac have no page; a new run can use them")
    })?;
    let search = asked.get("q").to_string();
    let folded = search.to_lowercase();
    let found: Vec<usize> =
        (0..panel.len()).filter(|&s| panel.ids()[s].to_lowercase().contains(&folded)).collect();
    let last = found.len().saturating_sub(1) / PAGE;
    let number = asked.number("page").unwrap_or(0).min(last);
    let shown = &found[(number * PAGE).min(found.len())..((number + 1) * PAGE).min(found.len())];
    let chosen = match asked.get("series") {
        "" => shown.first().copied(),
        id => panel.ids().binary_search_by(|own| own.as_str().cmp(id)).ok(),
    };
    let columns = panel.columns.iter().map(|column| (column.name.clone(), word(column.role)));
    let view = SetPage {
        set: home::set_line(&kept),
        season: panel.season,
        columns: columns.collect(),
        file: (kept.facts.sha256.clone(), kept.facts.bytes),
        audit: kept.audit,
        search: (search, number),
        found: (found.len(), shown.iter().map(|&series| line(panel, series)).collect()),
        per_page: PAGE,
        chosen: chosen.map(|series| one(panel, series)),
    };
    Ok(page(app::set(&frame, &view)))
}

fn word(role: Role) -> &'static str {
    match role {
        Role::Static => "static",
        Role::Known => "known in advance",
        Role::Past => "known once its row has passed",
        Role::Open => "known at the open",
        Role::Close => "known at the close",
    }
}

fn line(panel: &Panel, place: usize) -> SeriesLine {
    let series = panel.series(place);
    let show = |at: Option<&almanac_data::Stamp>| {
        at.map(|&at| panel.calendar.show(at)).unwrap_or_default()
    };
    let ends = panel.iter().filter_map(|s| Some((*s.at.first()?, *s.at.last()?)));
    let (first, last) = ends.fold((i64::MAX, i64::MIN), |(least, most), (first, last)| {
        (least.min(first.0), most.max(last.0))
    });
    let wide = (last.saturating_sub(first) / STRETCHES as i64).max(1) + 1;
    let mut counts = vec![(0.0, 0.0); STRETCHES];
    for (at, y) in series.at.iter().zip(series.y) {
        let (missing, all) = &mut counts[(((at.0 - first) / wide) as usize).min(STRETCHES - 1)];
        *missing += f64::from(u8::from(y.is_nan()));
        *all += 1.0;
    }
    SeriesLine {
        id: series.id.into(),
        rows: (series.len(), series.y.iter().filter(|y| y.is_nan()).count()),
        span: (show(series.at.first()), show(series.at.last())),
        missing: counts.into_iter().map(|(missing, all)| missing / all).collect(),
    }
}

fn one(panel: &Panel, place: usize) -> OneSeries {
    let series = panel.series(place);
    let before = series.len().saturating_sub(DRAWN);
    OneSeries {
        id: series.id.into(),
        at: series.at[before..].iter().map(|&at| panel.calendar.show(at)).collect(),
        y: series.y[before..].to_vec(),
        before,
    }
}

/// Adds the rows of a file to a set.
pub async fn append(
    State(app): State<Shared>,
    Extension(frame): Extension<Frame>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer<Response> {
    let set = sets::kept(&app, &name).await?;
    let (fields, file) = upload::multipart(&app, &frame, &headers, body).await?;
    let source = sets::with_roles(almanac_data::Source::default(), &set.source);
    let read = file.read(&app, source).await?;
    let replace = fields.get("conflicts") == "replace";
    let appended = app.store.append(&name, read, replace).await?;
    if appended.conflicting > 0 && !appended.replaced {
        let words = format!(
            "{} rows are there already with another value, so nothing was changed",
            appended.conflicting
        );
        let problem = Problem::new(axum::http::StatusCode::CONFLICT, "conflicts", words);
        return Err(problem.hint("take the new values, if they are right: the form offers it"));
    }
    let place = format!("/sets/{}", sets::encoded(&name));
    models::follow::tell(&app, Some(name));
    Ok(see(&place))
}

/// Deletes a set.
pub async fn delete(
    State(app): State<Shared>,
    Path(name): Path<String>,
    Sealed(_): Sealed,
) -> Answer<Response> {
    match app.store.delete_set(&name).await? {
        true => Ok(see("/sets")),
        false => Err(Error::no_set(&name).into()),
    }
}
