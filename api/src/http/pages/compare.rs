//! Two runs side by side.

use almanac_dashboards::app::{self, Change, Compare, Frame, Shift};
use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;

use super::super::{Answer, Problem, Shared};
use super::form::Pairs;
use super::page;
use crate::Comparison;
use crate::store::{JobKind, State as JobState, blocking};

/// Runs to choose from.
const MOST: u32 = 200;

/// The page.
pub async fn show(
    State(app): State<Shared>,
    Extension(frame): Extension<Frame>,
    uri: Uri,
) -> Answer<Response> {
    let asked = Pairs::of(&uri)?;
    let jobs = app.store.jobs(None, Some(JobState::Done), MOST).await?;
    let runs = jobs.iter().filter(|job| job.kind == JobKind::Backtest);
    let runs: Vec<(String, String)> =
        runs.map(|job| (job.id.clone(), format!("{} ({})", job.title, job.id))).collect();
    let chosen = (asked.get("a").to_string(), asked.get("b").to_string());
    let anyway = asked.get("anyway") == "1";
    let mut view = Compare { runs, anyway, chosen, ..Compare::default() };
    let is_known = |id: &String| view.runs.iter().any(|(own, _)| own == id);
    if is_known(&view.chosen.0) && is_known(&view.chosen.1) {
        let folders = (app.store.run_folder(&view.chosen.0), app.store.run_folder(&view.chosen.1));
        let lab = app.lab.clone();
        match blocking(move || lab.compare(&folders.0, &folders.1, anyway)).await {
            Ok(comparison) => view.change = Some(change(comparison)),
            Err(error) => view.refused = Some(words(&error.into())),
        }
    }
    Ok(page(app::compare(&frame, &view)))
}

/// What the command line would say, as a page does.
fn words(problem: &Problem) -> String {
    let (detail, hint) = problem.words();
    match hint {
        Some(hint) if hint.contains("--force") => {
            format!("{detail}; tick the box to compare them all the same")
        }
        Some(hint) => format!("{detail}; {hint}"),
        None => detail.into(),
    }
}

fn change(found: Comparison) -> Change {
    let shift = |moved: crate::Moved| Shift {
        model: moved.model,
        scores: (moved.a, moved.b),
        test: (moved.p_value, moved.pairs),
        took: (moved.a_s, moved.b_s),
    };
    Change {
        metric: found.metric,
        same_data: found.same_data,
        spec: found.spec.into_iter().map(|field| (field.path, field.a, field.b)).collect(),
        models: found.models.into_iter().map(shift).collect(),
        series: found.series.into_iter().map(|s| (s.model, s.unique_id, s.a, s.b)).collect(),
    }
}
