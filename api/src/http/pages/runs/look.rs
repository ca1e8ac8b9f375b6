//! One series, one model, one fold of a run: read from its tables by the index of their pages.

use std::path::PathBuf;

use almanac_dashboards::app::Choice;
use almanac_data::{Bands, SeriesChart};
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, TimeUnit};

use super::super::super::{Answer, Shared};
use super::super::shelf::Told;
use crate::seek;
use crate::store::{Job, blocking};
use crate::tables::cell;

/// Rows of past that are drawn, at least, and in horizons and seasons.
const PAST: (usize, usize, usize) = (60, 4, 3);

/// Where the rows before a forecast come from.
enum Before {
    File(PathBuf),
    Rows(Vec<(String, f64)>),
}

/// The chart, and the chosen model's score at that fold.
pub async fn chart(
    app: &Shared,
    job: &Job,
    told: &Told,
    choice: &Choice,
) -> Answer<(Option<SeriesChart>, Option<f64>)> {
    let before = before(app, job, told, &choice.series).await?;
    let folder = app.store.run_folder(&job.id);
    let (report, choice) = (&told.report, choice.clone());
    let primary = report.leaderboard.primary_metric.clone();
    let (least, horizons, seasons) = PAST;
    let past = least.max(horizons * report.horizon).max(seasons * report.manifest.season);
    let work = move || {
        let scores = seek::series(
            &folder.join("scores.parquet"),
            &choice.series,
            Some(("fold", choice.fold as i64)),
        )?;
        let (cutoff, score) = at_fold(&scores, &choice, &primary);
        let Some((cutoff, number)) = cutoff else { return Ok((None, None)) };
        let number = number.map(|number| ("cutoff", number));
        let rows = seek::series(&folder.join("forecasts.parquet"), &choice.series, number)?;
        let Some(mut chart) = answer(&rows, &choice, &cutoff) else { return Ok((None, score)) };
        let earlier = match before {
            Before::File(path) => values(&seek::series(&path, &choice.series, None)?),
            Before::Rows(rows) => rows,
        };
        let first = chart.at.first().and_then(|at| earlier.iter().position(|(own, _)| own == at));
        let earlier = &earlier[..first.unwrap_or(0)];
        for (at, y) in &earlier[earlier.len().saturating_sub(past)..] {
            chart.past_at.push(at.clone());
            chart.past_y.push(*y);
        }
        Ok((Some(chart), score))
    };
    Ok(blocking(work).await?)
}

/// The set's own rows, if they are those that the run read.
async fn before(app: &Shared, job: &Job, told: &Told, series: &str) -> Answer<Before> {
    let nothing = Before::Rows(Vec::new());
    let Some(name) = set_of(&job.spec) else { return Ok(nothing) };
    let source = told.report.manifest.sources.first();
    if let Some(kept) = app.store.set(&name).await? {
        let same = source.is_some_and(|source| source.sha256 == kept.facts.sha256);
        let file = app.store.root.join("sets").join(kept.rows().0);
        return Ok(if same { Before::File(file) } else { nothing });
    }
    let Ok(opened) = app.shelf.set(app, &name).await else { return Ok(nothing) };
    let panel = &opened.read.panel;
    let Ok(place) = panel.ids().binary_search_by(|own| own.as_str().cmp(series)) else {
        return Ok(nothing);
    };
    let series = panel.series(place);
    let rows = series.at.iter().zip(series.y).map(|(&at, &y)| (panel.calendar.show(at), y));
    Ok(Before::Rows(rows.collect()))
}

/// The set that a spec names.
pub fn set_of(spec: &str) -> Option<String> {
    let table: toml::Table = spec.parse().ok()?;
    Some(table.get("data")?.get("set")?.as_str()?.to_string())
}

/// Whether a row's model is the chosen one; of several seeds the first stands for all.
fn is_chosen(name: &str, choice: &Choice) -> bool {
    name == choice.model || name.strip_suffix("#1") == Some(&choice.model)
}

/// A stamp as text, and as the number by which its column has it.
type At = (String, Option<i64>);

fn at_row(column: &ArrayRef, row: usize) -> At {
    let number = match column.data_type() {
        DataType::Date32 => Some(i64::from(column.as_primitive::<Date32Type>().value(row))),
        DataType::Int64 => Some(column.as_primitive::<Int64Type>().value(row)),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            Some(column.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        _ => None,
    };
    (cell(column, row), number)
}

/// The series' own cutoff at the chosen fold, and the chosen model's score there.
fn at_fold(scores: &[RecordBatch], choice: &Choice, metric: &str) -> (Option<At>, Option<f64>) {
    let (mut cutoff, mut score) = (None, None);
    for batch in scores {
        let text = |name: &str| batch.column_by_name(name).map(|column| column.as_string::<i32>());
        let (Some(model), Some(metrics)) = (text("model"), text("metric")) else { continue };
        let fold = batch.column_by_name("fold").map(|column| column.as_primitive::<Int32Type>());
        let value =
            batch.column_by_name("value").map(|column| column.as_primitive::<Float64Type>());
        let (Some(fold), Some(value), Some(at)) = (fold, value, batch.column_by_name("cutoff"))
        else {
            continue;
        };
        for row in (0..batch.num_rows()).filter(|&row| fold.value(row) as usize == choice.fold) {
            if at.is_valid(row) {
                cutoff = Some(at_row(at, row));
            }
            if is_chosen(model.value(row), choice)
                && metrics.value(row) == metric
                && value.is_valid(row)
            {
                score = Some(value.value(row));
            }
        }
    }
    (cutoff, score)
}

/// The chosen model's forecast from this cutoff.
fn answer(rows: &[RecordBatch], choice: &Choice, cutoff: &str) -> Option<SeriesChart> {
    let mut chart = SeriesChart {
        unique_id: choice.series.clone(),
        why: String::new(),
        score: f64::NAN,
        past_at: Vec::new(),
        past_y: Vec::new(),
        at: Vec::new(),
        y: Vec::new(),
        models: Vec::new(),
    };
    let mut bands = Bands { model: choice.model.clone(), mean: Vec::new(), bands: Vec::new() };
    for batch in rows {
        let column = |name: &str| batch.column_by_name(name);
        let number = |name: &str, row: usize| {
            let column = column(name).map(|column| column.as_primitive::<Float64Type>());
            column
                .filter(|column| column.is_valid(row))
                .map_or(f64::NAN, |column| column.value(row))
        };
        let schema = batch.schema();
        let levels: Vec<f64> = schema
            .fields()
            .iter()
            .filter_map(|f| f.name().strip_prefix("lo-")?.parse().ok())
            .collect();
        if bands.bands.is_empty() {
            bands.bands = levels.iter().map(|&level| (level, Vec::new(), Vec::new())).collect();
        }
        let (model, at) = (column("model")?.as_string::<i32>(), column("cutoff")?);
        for row in 0..batch.num_rows() {
            if !is_chosen(model.value(row), choice) || cell(at, row) != cutoff {
                continue;
            }
            chart.at.push(cell(column("ds")?, row));
            chart.y.push(number("y", row));
            bands.mean.push(number("mean", row));
            for (level, low, high) in &mut bands.bands {
                low.push(number(&format!("lo-{level}"), row));
                high.push(number(&format!("hi-{level}"), row));
            }
        }
    }
    chart.models = vec![bands];
    (!chart.at.is_empty()).then_some(chart)
}

/// Stamps and values of a kept set's rows.
fn values(rows: &[RecordBatch]) -> Vec<(String, f64)> {
    let mut all = Vec::new();
    for batch in rows {
        let (Some(at), Some(y)) = (batch.column_by_name("ds"), batch.column_by_name("y")) else {
            continue;
        };
        let y = y.as_primitive::<Float64Type>();
        let value = |row: usize| if y.is_valid(row) { y.value(row) } else { f64::NAN };
        all.extend((0..batch.num_rows()).map(|row| (cell(at, row), value(row))));
    }
    all
}
