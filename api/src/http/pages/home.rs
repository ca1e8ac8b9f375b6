//! Home, lists of sets, and jobs.

use almanac_dashboards::app::{self, Frame, Health, Home, JobLine, ModelLine, SetLine};
use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;

use super::super::query::Path;
use super::super::{Answer, Shared, jobs};
use super::form::{Pairs, Sealed};
use super::{page, see};
use crate::meter::resident;
use crate::store::{Job, JobKind, KeptModel, KeptSet, State as JobState};

/// Jobs and sets on the first page.
const SHOWN: u32 = 10;
/// Models on their page.
const MODELS: u32 = 200;
/// Sets on a page of the list.
const LISTED: u32 = 50;

/// The first page.
pub async fn home(
    State(app): State<Shared>,
    Extension(frame): Extension<Frame>,
) -> Answer<Response> {
    let lines = |jobs: Vec<Job>| jobs.iter().map(line).collect::<Vec<_>>();
    let mut working = lines(app.store.jobs(None, Some(JobState::Running), SHOWN).await?);
    working.extend(lines(app.store.jobs(None, Some(JobState::Queued), SHOWN).await?));
    let mut ended = lines(app.store.jobs(None, None, 4 * SHOWN).await?);
    ended.retain(JobLine::ended);
    ended.truncate(SHOWN as usize);
    let mut sets = app.store.sets("", LISTED).await?;
    sets.sort_by_key(|set| std::cmp::Reverse(set.changed));
    sets.truncate(SHOWN as usize);
    let jobs = (
        app.store.count_jobs(JobState::Queued).await?,
        app.store.count_jobs(JobState::Running).await?,
    );
    let health = Health {
        version: env!("CARGO_PKG_VERSION").into(),
        up_s: app.started.elapsed().as_secs(),
        resident: resident(),
        jobs,
    };
    let sets = sets.iter().map(set_line).collect();
    let view = Home { working, ended, sets, known: known(&app), health };
    Ok(page(app::home(&frame, &view)))
}

/// Sets that come with the program and are here: name, what they are.
pub fn known(app: &Shared) -> Vec<(String, String)> {
    let sets = app.lab.sets().unwrap_or_default();
    let here = sets.into_iter().filter(|(card, here)| *here && card.source.of_table().is_none());
    here.map(|(card, _)| (card.name, card.about)).collect()
}

/// A set as a line of a list.
pub fn set_line(set: &KeptSet) -> SetLine {
    let facts = &set.facts;
    SetLine {
        name: set.name.clone(),
        size: (facts.series, facts.rows),
        span: (facts.first.clone(), facts.last.clone()),
        freq: facts.freq.clone(),
        changed: set.changed,
    }
}

fn line(job: &Job) -> JobLine {
    JobLine {
        id: job.id.clone(),
        kind: match job.kind {
            JobKind::Backtest => "backtest",
            JobKind::Forecast => "forecast",
            JobKind::Train => "train",
        }
        .into(),
        title: job.title.clone(),
        state: job.state.name().into(),
        reached: (job.done, job.total),
        error: job.error.clone(),
        at: (job.created, job.started, job.ended),
    }
}

/// All sets, those of a page.
pub async fn sets(
    State(app): State<Shared>,
    Extension(frame): Extension<Frame>,
    uri: Uri,
) -> Answer<Response> {
    let asked = Pairs::of(&uri)?;
    let (search, after) = (asked.get("q"), asked.get("after"));
    let start = if after.is_empty() { search } else { after };
    let mut sets = app.store.sets(start, LISTED + 1).await?;
    // The store gives names after one; that name itself may be what is looked for.
    if after.is_empty()
        && !search.is_empty()
        && let Some(own) = app.store.set(search).await?
    {
        sets.insert(0, own);
    }
    sets.retain(|set| set.name.starts_with(search));
    let more = sets.len() > LISTED as usize;
    sets.truncate(LISTED as usize);
    let next = sets.last().filter(|_| more).map(|set| set.name.clone());
    let lines: Vec<SetLine> = sets.iter().map(set_line).collect();
    Ok(page(app::sets(&frame, &lines, search, next.as_deref())))
}

/// A job.
pub async fn job(
    State(app): State<Shared>,
    Extension(frame): Extension<Frame>,
    Path(id): Path<String>,
) -> Answer<Response> {
    let job = jobs::job(&app, &id).await?;
    Ok(page(app::job(&frame, &line(&job))))
}

/// Stops a job.
pub async fn cancel(
    State(app): State<Shared>,
    Path(id): Path<String>,
    Sealed(_): Sealed,
) -> Answer<Response> {
    jobs::job(&app, &id).await?;
    app.queue.cancel(&id).await?;
    Ok(see(&format!("/jobs/{id}")))
}

/// Models that are kept.
pub async fn models(
    State(app): State<Shared>,
    Extension(frame): Extension<Frame>,
) -> Answer<Response> {
    let models = app.store.models(None, None, MODELS).await?;
    let line = |kept: KeptModel| {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_string();
        let held = kept.watch.levels.iter();
        ModelLine {
            name: (kept.name, kept.version),
            id: kept.id,
            what: (text(&kept.card["model"]), text(&kept.card["task"])),
            sets: (text(&kept.card["data"]["name"]), kept.follows),
            held: held.map(|l| (l.level, l.rows, l.percent(), l.has_drifted())).collect(),
            kept: kept.created,
        }
    };
    let lines: Vec<ModelLine> = models.into_iter().map(line).collect();
    Ok(page(app::models(&frame, &lines)))
}
