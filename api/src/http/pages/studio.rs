//! The studio: one series is cut where the reader says, and forecast at once.

use std::time::Instant;

use almanac_backtest::{FoldSpec, ModelSpec, RunSpec, ScoreSpec, Spec, TaskName};
use almanac_dashboards::app::{self, Frame, Future, Studio};
use almanac_data::{Audit, Bands, Column, Panel, Role, SeriesChart, Source, Stamp, Tidied};
use almanac_ingest::Read;
use almanac_models::regress;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, RecordBatch};
use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde_json::{Map, json};

use super::super::{Answer, Problem, Shared, forecasts, jobs};
use super::form::Pairs;
use super::{fresh, page};
use crate::forecast::Silent;
use crate::{Ctx, Error, Forecasts, Roster, Study, Written};

/// Series that are offered by name.
const OFFERED: usize = 200;
/// Rows of past that are drawn: at least, and in horizons and seasons; and at most.
const DRAWN: (usize, usize, usize, usize) = (60, 6, 4, 2000);

/// The page.
pub async fn show(
    State(app): State<Shared>,
    Extension(frame): Extension<Frame>,
    uri: Uri,
) -> Answer<Response> {
    let asked = Pairs::of(&uri)?;
    let mut view =
        Studio { sets: fresh::sets(&app).await?, models: models(&app)?, ..Studio::default() };
    view.fields = [
        ("set", ""),
        ("model", "auto_ets"),
        ("horizon", "14"),
        ("levels", "80, 95"),
        ("back", "0"),
        ("series", ""),
    ]
    .map(|(name, usual)| {
        let said = asked.get(name);
        (name.to_string(), if said.is_empty() { usual } else { said }.to_string())
    })
    .into();
    if !asked.get("set").is_empty()
        && let Err(problem) = answer(&app, &mut view, &asked).await
    {
        let (detail, hint) = problem.words();
        view.refused = Some((detail.into(), hint.map(str::to_string)));
    }
    Ok(page(app::studio(&frame, &view)))
}

/// Models of one series.
fn models(app: &Shared) -> Answer<Vec<(String, String)>> {
    let lines = app.lab.roster(Roster::Models, None)?;
    let text =
        |line: &serde_json::Value, name: &str| line[name].as_str().unwrap_or_default().to_string();
    let fits = |line: &&serde_json::Value| {
        matches!(line["kind"].as_str(), Some("forecaster" | "regressor"))
    };
    let line = |line: &serde_json::Value| {
        let about = format!("{} ({})", text(line, "name"), text(line, "kind"));
        (text(line, "name"), about)
    };
    Ok(lines.iter().filter(fits).map(line).collect())
}

/// Levels as they are written: `80, 95`.
pub fn levels(text: &str) -> Answer<Vec<f64>> {
    let parts = text.split([',', ' ']).filter(|part| !part.is_empty());
    let level = |part: &str| {
        part.parse::<f64>()
            .map_err(|_| Problem::bad(format!("`{part}` is no level of an interval; write 80, 95")))
    };
    parts.map(level).collect()
}

async fn answer(app: &Shared, view: &mut Studio, asked: &Pairs) -> Answer<()> {
    let field = |view: &Studio, name: &str| {
        let found = view.fields.iter().find(|(own, _)| own == name);
        found.map_or(String::new(), |(_, value)| value.clone())
    };
    let opened = app.shelf.set(app, &field(view, "set")).await?;
    let panel = &opened.read.panel;
    view.ids = panel.ids().iter().take(OFFERED).cloned().collect();
    let id = match field(view, "series") {
        id if panel.ids().binary_search(&id).is_ok() => id,
        id if id.is_empty() => panel.ids()[0].clone(),
        id => return Err(Problem::absent("series", &id)),
    };
    set(view, "series", &id);
    let place = panel.ids().binary_search(&id).unwrap_or(0);
    let series = panel.series(place);
    view.rows = series.len();
    let number = |name: &str| {
        field(view, name)
            .parse::<usize>()
            .map_err(|_| Problem::bad(format!("`{name}` is a whole number")))
    };
    let (horizon, back) = (number("horizon")?, number("back")?.min(series.len().saturating_sub(2)));
    jobs::within(app, horizon, 1)?;
    if horizon == 0 {
        return Err(Problem::bad("the horizon is 1 step at least"));
    }
    set(view, "back", &back.to_string());
    let cut = series.len() - back;
    view.cutoff = panel.calendar.show(series.at[cut - 1]);
    let mark = app::mark(&field(view, "set"), &id, &view.cutoff);
    let nothing = Pairs::default();
    let asked = if asked.get("for") == mark { asked } else { &nothing };
    let (one, future) = sliced(panel, place, (cut, horizon), asked)?;
    view.future = future;
    let spec = spec(&field(view, "model"), horizon, levels(&field(view, "levels"))?, &one);
    let read =
        Read { panel: one, audit: Audit::default(), tidied: Tidied::default(), files: Vec::new() };
    let study = Study::of(Written::of(spec), read);
    let since = Instant::now();
    let made = forecasts::run(app, move |ctx: &Ctx| study.answer(ctx, &Silent)).await?;
    view.took_ms = 1000.0 * since.elapsed().as_secs_f64();
    let made = made.ok_or_else(|| {
        Problem::bad("this takes longer than the server waits for a forecast")
            .hint("start a run instead")
    })?;
    let (least, horizons, seasons, most) = DRAWN;
    let past = least.max(horizons * horizon).max(seasons * panel.season).min(most);
    let from = cut.saturating_sub(past);
    let shown = |at: &Stamp| panel.calendar.show(*at);
    let mut chart = drawn(&made, &id)?;
    chart.past_at = series.at[from..cut].iter().map(shown).collect();
    chart.past_y = series.y[from..cut].to_vec();
    let happened = |at: &String| {
        let found = series.at[cut..].iter().position(|own| shown(own) == *at);
        found.map_or(f64::NAN, |row| series.y[cut + row])
    };
    chart.y = chart.at.iter().map(happened).collect();
    view.chart = Some(chart);
    if let Some((_, _, reason)) = made.failures.first() {
        return Err(Error::mistake(format!("the model could not do it: {reason}"), None).into());
    }
    Ok(())
}

fn set(view: &mut Studio, name: &str, value: &str) {
    view.fields.iter_mut().filter(|(own, _)| own == name).for_each(|(_, own)| *own = value.into());
}

fn spec(model: &str, horizon: usize, levels: Vec<f64>, panel: &Panel) -> Spec {
    let model = vec![ModelSpec::of(model)];
    Spec {
        task: TaskName::Forecast,
        data: Source::default(),
        folds: FoldSpec { horizon, ..FoldSpec::default() },
        features: features(panel, &model),
        lift: Map::new(),
        variant: Vec::new(),
        model,
        score: ScoreSpec { levels, ..ScoreSpec::default() },
        money: None,
        run: RunSpec { threads: 1, ..RunSpec::default() },
    }
}

/// What learners are told where nobody says otherwise: the newest values, and columns known in time.
pub fn features(panel: &Panel, models: &[ModelSpec]) -> Map<String, serde_json::Value> {
    let mut features = Map::new();
    let learns = |model: &ModelSpec| regress::ROSTER.iter().any(|line| line.name == model.entry);
    if !models.iter().any(learns) {
        return features;
    }
    features.insert("lags".into(), json!([]));
    if panel.columns.iter().any(|column| column.role == Role::Known) {
        features.insert("columns".into(), json!(true));
    }
    features
}

/// One series up to the cut, and rows ahead with what is known of them: as it was, or as the reader says.
fn sliced(
    panel: &Panel,
    place: usize,
    (cut, horizon): (usize, usize),
    asked: &Pairs,
) -> Answer<(Panel, Vec<Future>)> {
    let span = panel.span(place);
    let series = panel.series(place);
    let mut at = series.at[..cut].to_vec();
    let mut rows: Vec<Option<usize>> = (0..cut).map(|row| Some(span.start + row)).collect();
    for step in 0..horizon {
        let row = cut + step;
        let last = at.last().copied().unwrap_or_default();
        at.push(series.at.get(row).copied().unwrap_or_else(|| panel.calendar.next(last)));
        rows.push((row < series.len()).then_some(span.start + row));
    }
    let mut y = series.y[..cut].to_vec();
    y.resize(cut + horizon, f64::NAN);
    let failed = |e: almanac_data::PanelError| Error::Failed(e.to_string());
    let ends = vec![(series.id.to_string(), at.len())];
    let mut one = Panel::new(&panel.name, panel.calendar.clone(), ends, at, y).map_err(failed)?;
    one.season = panel.season;
    let mut future = Vec::new();
    for column in
        panel.columns.iter().filter(|column| matches!(column.role, Role::Known | Role::Static))
    {
        let mut values = match column.role {
            Role::Static => vec![column.values[place]],
            _ => rows.iter().map(|row| row.map_or(f64::NAN, |row| column.values[row])).collect(),
        };
        if column.role == Role::Known {
            future.push(edited(column, &mut values[cut..], (future.len(), asked))?);
        }
        one = one.with_column(Column { values, ..column.clone() }).map_err(failed)?;
    }
    Ok((one, future))
}

/// The values of a known column over the horizon, with what the reader wrote in their place. Where a
/// column says nothing of a row, its last value holds.
fn edited(column: &Column, ahead: &mut [f64], (number, asked): (usize, &Pairs)) -> Answer<Future> {
    let code = |text: &str| match column.labels.is_empty() {
        true => text.parse::<f64>().ok(),
        false => column.labels.iter().position(|label| label == text).map(|code| code as f64),
    };
    let shown = |value: f64| match column.labels.get(value as usize) {
        _ if value.is_nan() => String::new(),
        Some(label) => label.clone(),
        None => value.to_string(),
    };
    let usual = column.values.iter().rev().copied().find(|value| *value == 0.0);
    let usual =
        usual.or_else(|| column.values.iter().rev().copied().find(|v| !v.is_nan())).unwrap_or(0.0);
    let mut values = Vec::new();
    for (step, value) in ahead.iter_mut().enumerate() {
        match asked.get(&format!("x.{number}.{step}")) {
            "" if value.is_nan() => *value = usual,
            "" => {}
            text => {
                let words = || format!("`{text}` is no value of `{}`", column.name);
                *value = code(text).ok_or_else(|| Problem::bad(words()))?;
            }
        }
        values.push(shown(*value));
    }
    Ok(Future { name: column.name.clone(), values })
}

/// The forecast of a series as a chart without a past.
fn drawn(made: &Forecasts, id: &str) -> Answer<SeriesChart> {
    let table: RecordBatch = made.table().map_err(|e| Error::Failed(e.to_string()))?;
    let column = |name: &str| -> Vec<f64> {
        let column = table.column_by_name(name).map(|column| column.as_primitive::<Float64Type>());
        let value = |column: &arrow_array::Float64Array, row| {
            if column.is_valid(row) { column.value(row) } else { f64::NAN }
        };
        column.map_or(Vec::new(), |column| {
            (0..table.num_rows()).map(|row| value(column, row)).collect()
        })
    };
    let schema = table.schema();
    let levels = schema.fields().iter().filter_map(|field| field.name().strip_prefix("lo-"));
    let band = |level: &str| {
        Some((level.parse().ok()?, column(&format!("lo-{level}")), column(&format!("hi-{level}"))))
    };
    let model = made.models().first().cloned().unwrap_or_default();
    let bands = Bands { model, mean: column("mean"), bands: levels.filter_map(band).collect() };
    let at = table.column_by_name("ds").map_or(Vec::new(), |column| {
        (0..table.num_rows()).map(|row| crate::tables::cell(column, row)).collect()
    });
    Ok(SeriesChart {
        unique_id: id.into(),
        why: String::new(),
        score: f64::NAN,
        past_at: Vec::new(),
        past_y: Vec::new(),
        y: vec![f64::NAN; at.len()],
        at,
        models: vec![bands],
    })
}
