//! A run's page, its files, and its end.

mod files;
mod look;

use almanac_dashboards::app::{self, Choice, Explorer, Frame, Names, Scored};
use almanac_data::Better;
use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;

use super::super::query::Path;
use super::super::{Answer, Problem, Shared, jobs};
use super::form::{Pairs, Sealed};
use super::shelf::Told;
use super::{page, see};
use crate::store::{JobKind, State as JobState};

pub use files::file;

/// Series on a page.
const PAGE: usize = 15;

/// The page of a run; of a job without one, the job's.
pub async fn show(
    State(app): State<Shared>,
    Extension(frame): Extension<Frame>,
    Path(id): Path<String>,
    uri: Uri,
) -> Answer<Response> {
    let job = jobs::job(&app, &id).await.map_err(|_| Problem::absent("run", &id))?;
    if job.state != JobState::Done || job.kind != JobKind::Backtest {
        return Ok(see(&format!("/jobs/{id}")));
    }
    let told = app.shelf.run(&app, &id).await?;
    let asked = Pairs::of(&uri)?;
    let (choice, names) = chosen(&told, &asked);
    let panel = told.report.leaderboard.task == "forecast" && told.report.sets.is_empty();
    let (chart, score) = match panel {
        true => look::chart(&app, &job, &told, &choice).await?,
        false => (None, None),
    };
    let report = &told.report;
    let view = Explorer { id: &id, report, choice, chart, score, names };
    Ok(page(app::run(&frame, &view)))
}

/// What the address chooses, with the usual where it does not; and series to choose from.
fn chosen(told: &Told, asked: &Pairs) -> (Choice, Names) {
    let (report, search) = (&told.report, asked.get("q").to_string());
    let best = report.leaderboard.best().map_or("", |row| row.model.as_str());
    let model =
        told.scores.iter().map(|(own, _)| own.as_str()).find(|own| *own == asked.get("model"));
    let model = model.unwrap_or(best).to_string();
    let of =
        |name: &str| told.scores.iter().find(|(own, _)| own == name).map(|(_, all)| all.as_slice());
    let (own, base) = (of(&model), of(&report.leaderboard.baseline));
    let measure = report.measures.iter().find(|m| m.metric == report.leaderboard.primary_metric);
    let badness = |score: f64| match measure.map(|measure| measure.better) {
        _ if score.is_nan() => f64::NEG_INFINITY,
        Some(Better::Higher) => -score,
        Some(Better::Near(target)) => (score - target).abs(),
        _ => score,
    };
    let at = |all: Option<&[f64]>, place: usize| all.map_or(f64::NAN, |all| all[place]);
    let folded = search.to_lowercase();
    let mut found: Vec<usize> =
        (0..told.ids.len()).filter(|&k| told.ids[k].to_lowercase().contains(&folded)).collect();
    found.sort_by(|a, b| badness(at(own, *b)).total_cmp(&badness(at(own, *a))));
    let last = found.len().saturating_sub(1) / PAGE;
    let number = asked.number("page").unwrap_or(0).min(last);
    let scored = |&place: &usize| Scored {
        id: told.ids[place].clone(),
        score: at(own, place),
        baseline: at(base, place),
    };
    let shown = found.iter().skip(number * PAGE).take(PAGE).map(scored).collect();
    let usual = report.charts.iter().find(|chart| chart.why == "median").or(report.charts.first());
    let series = match asked.get("series") {
        "" => usual
            .map_or_else(|| told.ids.first().cloned().unwrap_or_default(), |c| c.unique_id.clone()),
        series => series.into(),
    };
    let folds = report.folds.len();
    let fold = asked.number("fold").unwrap_or(folds).clamp(1, folds.max(1)) - 1;
    let names = Names { found: found.len(), per_page: PAGE, page: shown };
    (Choice { model, series, fold, search, page: number }, names)
}

/// Deletes a run.
pub async fn delete(
    State(app): State<Shared>,
    Path(id): Path<String>,
    Sealed(_): Sealed,
) -> Answer<Response> {
    match app.store.delete_run(&id).await? {
        true => Ok(see("/")),
        false => Err(Problem::absent("run", &id)),
    }
}
