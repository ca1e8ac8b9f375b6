//! Forecasts beyond the end of the data: a backtest of one fold whose truth is not there yet.

use std::path::Path;
use std::sync::Arc;

use almanac_backtest::{End, FoldSpec, ModelSpec, Progress, Sink, SinkError, Spec, Summary};
use almanac_data::{Answered, Column, FoldResult, Leaderboard, Panel, Role, Stamp};
use almanac_models::Ctx;
use arrow_array::RecordBatch;
use parquet::errors::ParquetError;

use crate::lab::{Lab, Study};
use crate::spec::Written;
use crate::tables::{Named, Names, batch, numbers, stamps, words};
use crate::{Error, atomic, tables};

/// Rows ahead, over all series, that one answer may have.
const MOST_AHEAD: usize = 10_000_000;

/// The entry in a spec that stands for whichever of five models does best.
pub const AUTO: &str = "auto";
/// Models that it tries.
const TRIED: [&str; 5] = ["naive", "seasonal_naive", "auto_ets", "auto_theta", "auto_arima"];

/// The file of a job's folder that says who answered.
pub const ANSWER: &str = "answer.json";

/// Forecasts of several models for all series of a panel.
pub struct Forecasts {
    names: Names,
    fold: FoldResult,
    /// Models that were asked for; the baseline behind them only stands in.
    asked: usize,
    /// What models could not do themselves: model, series, reason.
    pub failures: Vec<(String, String, String)>,
}

/// How forecasts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Delimited text with a heading.
    Csv,
    /// Apache Parquet.
    Parquet,
    /// One JSON object a line.
    Ndjson,
    /// A JSON list of objects.
    Json,
    /// An Arrow IPC stream.
    Arrow,
}

impl Style {
    /// By the ending of a path.
    ///
    /// # Errors
    /// An ending that stands for none.
    pub fn of(path: &Path) -> Result<Style, Error> {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("csv") => Ok(Style::Csv),
            Some("parquet") => Ok(Style::Parquet),
            Some("ndjson" | "jsonl") => Ok(Style::Ndjson),
            Some("json") => Ok(Style::Json),
            Some("arrow" | "arrows") => Ok(Style::Arrow),
            _ => Err(Error::mistake(
                format!("cannot tell the format of {}", path.display()),
                "end it with .csv, .parquet, .ndjson, .json or .arrow".to_string(),
            )),
        }
    }
}

impl Lab {
    /// Reads the data of a spec and opens rows ahead of every series: the rows at its end that have
    /// no value, then rows of the calendar.
    ///
    /// # Errors
    /// As for [`Lab::study`]; a known column without a value ahead.
    pub fn ahead(&self, written: Written) -> Result<Study, Error> {
        self.study(written)?.ahead()
    }
}

impl Study {
    /// The same study with rows ahead of every series in the place of its folds.
    ///
    /// # Errors
    /// A known column without a value ahead.
    pub fn ahead(mut self) -> Result<Study, Error> {
        let folds = &mut self.written.spec.folds;
        *folds = FoldSpec { horizon: folds.horizon, ..FoldSpec::default() };
        self.read.panel = extend(&self.read.panel, self.written.spec.folds.horizon)?;
        Ok(self)
    }

    /// Forecasts beyond the end of the data; [`AUTO`] becomes the model that forecast the last
    /// horizons best.
    ///
    /// # Errors
    /// As for [`Study::ahead`] and [`Study::forecast`]; a past too short to choose by.
    pub fn answer(mut self, ctx: &Ctx, progress: &dyn Progress) -> Result<Forecasts, Error> {
        self.choose(ctx)?;
        let study = self.ahead()?;
        study.forecast(&study.ctx().stopped_with(ctx), progress)
    }

    /// Forecasts from a study that [`Lab::ahead`] made.
    ///
    /// # Errors
    /// A spec that cannot be run; [`Error::Interrupted`] when the context was cancelled.
    pub fn forecast(&self, ctx: &Ctx, progress: &dyn Progress) -> Result<Forecasts, Error> {
        let plan = self.plan()?;
        let mut last = Last(None);
        let end =
            plan.run(ctx, 0, &mut last, progress).map_err(|e| Error::Failed(e.to_string()))?;
        let (End::Done, Some(fold)) = (end, last.0) else { return Err(Error::Stopped) };
        Ok(Forecasts::of(Names::of(&plan), fold, self.written.spec.model.len()))
    }
}

impl Forecasts {
    /// Those of the first `asked` models of a fold.
    pub(crate) fn of(names: Names, fold: FoldResult, asked: usize) -> Forecasts {
        let own = fold.answers.iter().filter(|answer| answer.model < asked);
        let failure = |answer: &Answered| {
            let reason = answer.error.clone()?;
            Some((names.models[answer.model].clone(), names.ids[answer.series].clone(), reason))
        };
        let failures = own.filter_map(failure).collect();
        Forecasts { names, fold, asked, failures }
    }

    /// Keeps them in the folder of a job: the table, and beside it who answered and what failed.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn keep(&self, folder: &Path) -> Result<(), Error> {
        std::fs::create_dir_all(folder).map_err(Error::io("write", folder))?;
        self.write(&folder.join("forecasts.parquet"), Style::Parquet)?;
        let failure = |(model, series, reason): &(String, String, String)| serde_json::json!({ "model": model, "unique_id": series, "reason": reason });
        let failures: Vec<_> = self.failures.iter().map(failure).collect();
        let answer = serde_json::json!({ "models": self.models(), "failures": failures });
        crate::folder::write_json(&folder.join(ANSWER), &answer)
    }

    /// Writes them to a file.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, path: &Path, style: Style) -> Result<(), Error> {
        atomic::write(path, &self.bytes(style)?)
    }

    /// All of them in a style.
    ///
    /// # Errors
    /// None that a forecast can cause.
    pub fn bytes(&self, style: Style) -> Result<Vec<u8>, Error> {
        let table = self.table().map_err(|e| Error::Failed(e.to_string()))?;
        tables::bytes(&[table], style)
    }

    /// The answers of the models that were asked for.
    pub(crate) fn answers(&self) -> Vec<&Answered> {
        self.fold.answers.iter().filter(|answer| answer.model < self.asked).collect()
    }

    /// The models that were asked for.
    pub fn models(&self) -> &[String] {
        &self.names.models[..self.asked]
    }

    /// The same with a column for each model, `theta`, `theta-lo-80`, `theta-hi-80`, as other
    /// libraries have it.
    ///
    /// # Errors
    /// None that a forecast can cause.
    pub fn wide(&self, style: Style) -> Result<Vec<u8>, Error> {
        let failed = |e: ParquetError| Error::Failed(e.to_string());
        let all = self.table().map_err(failed)?;
        let several = usize::from(self.asked > 1);
        let mut columns: Vec<Named> = Vec::new();
        for (place, model) in self.models().iter().enumerate() {
            let wanted = [("model", &Some(model.clone()))];
            let own = tables::only(&all, &wanted[..several]).map_err(failed)?;
            let schema = own.schema();
            let named = schema.fields().iter().zip(own.columns()).skip(several);
            for (field, values) in named.skip(if place == 0 { 0 } else { 2 }) {
                let name = match field.name().as_str() {
                    key @ ("unique_id" | "ds") => key.to_string(),
                    "mean" => model.clone(),
                    bound => format!("{model}-{bound}"),
                };
                columns.push((name, values.clone()));
            }
        }
        tables::bytes(&[batch(columns).map_err(failed)?], style)
    }

    /// `unique_id, ds, mean, lo-80, hi-80, …`, after `model` where there are several.
    pub fn table(&self) -> Result<RecordBatch, ParquetError> {
        let own = self.answers();
        let rows = || own.iter().flat_map(|a| (0..a.ds.len()).map(move |step| (a, step)));
        let mut columns: Vec<Named> = Vec::new();
        if self.asked > 1 {
            columns.push(words("model", rows().map(|(a, _)| &self.names.models[a.model])));
        }
        columns.push(words("unique_id", rows().map(|(a, _)| &self.names.ids[a.series])));
        columns.push((
            "ds".into(),
            stamps(self.names.clock, rows().map(|(a, step)| Some(a.ds[step]))),
        ));
        let mean = numbers(rows().map(|(a, step)| a.mean[step]));
        columns.push(("mean".into(), Arc::new(mean)));
        for (place, level) in self.names.levels.iter().enumerate() {
            let low = numbers(rows().map(|(a, step)| a.bands[place].0[step]));
            let high = numbers(rows().map(|(a, step)| a.bands[place].1[step]));
            columns.push((format!("lo-{level}"), Arc::new(low)));
            columns.push((format!("hi-{level}"), Arc::new(high)));
        }
        batch(columns)
    }
}

/// Folds by which a model is chosen.
const CHOSEN_BY: usize = 3;

impl Study {
    /// Puts in the place of [`AUTO`] the model that forecast the last horizons of the past best: the
    /// first of the leaderboard that a backtest makes.
    ///
    /// # Errors
    /// A past too short for one fold; [`Error::Stopped`] when the context was cancelled.
    pub(crate) fn choose(&mut self, ctx: &Ctx) -> Result<(), Error> {
        let Spec { folds, model, .. } = &mut self.written.spec;
        if !matches!(model.as_slice(), [only] if only.entry == AUTO) {
            return Ok(());
        }
        *model = TRIED.map(ModelSpec::of).to_vec();
        let horizon = folds.horizon;
        let seen =
            |series: almanac_data::Series<'_>| series.y.iter().filter(|y| !y.is_nan()).count();
        let shortest = self.read.panel.iter().map(seen).min().unwrap_or(0);
        // At least half of the past is left to learn from.
        let count = (shortest / (2 * horizon.max(1))).clamp(1, CHOSEN_BY);
        let own = std::mem::replace(folds, FoldSpec { horizon, count, ..FoldSpec::default() });
        let board = self.leaderboard(ctx, &Silent)?;
        let Spec { folds, model, .. } = &mut self.written.spec;
        *folds = own;
        let best = board.best().map(|best| best.model.as_str());
        model.retain(|tried| Some(tried.entry.as_str()) == best);
        match model.is_empty() {
            true => Err(Error::mistake("no model could be tried on this past", None)),
            false => Ok(()),
        }
    }

    /// What a backtest of the study says, without a folder.
    ///
    /// # Errors
    /// A spec that cannot be run; [`Error::Stopped`] when the context was cancelled.
    pub(crate) fn leaderboard(
        &self,
        ctx: &Ctx,
        progress: &dyn Progress,
    ) -> Result<Leaderboard, Error> {
        let plan = self.plan()?;
        let mut summary = Tried(Summary::new(&plan));
        let end = plan.run(ctx, 0, &mut summary, progress);
        match end.map_err(|e| Error::Failed(e.to_string()))? {
            End::Done => Ok(summary.0.leaderboard(ctx)),
            End::Cancelled { .. } => Err(Error::Stopped),
        }
    }
}

struct Tried<'a>(Summary<'a>);

impl Sink for Tried<'_> {
    fn fold(&mut self, result: &FoldResult) -> Result<(), SinkError> {
        self.0.feed(result);
        Ok(())
    }
}

/// Progress that nobody waits for.
pub struct Silent;

impl Progress for Silent {
    fn tick(&self, _: usize, _: usize) {}
}

/// Keeps the one fold there is.
struct Last(Option<FoldResult>);

impl Sink for Last {
    fn fold(&mut self, result: &FoldResult) -> Result<(), SinkError> {
        self.0 = Some(result.clone());
        Ok(())
    }
}

/// The panel with `horizon` rows ahead of every series and nothing beyond them, known columns known.
fn extend(panel: &Panel, horizon: usize) -> Result<Panel, Error> {
    let longer = lengthen(panel, horizon)?;
    for series in longer.iter() {
        let span = series.span();
        for (row, &stamp) in (span.start..span.end).zip(series.at).skip(series.len() - horizon) {
            known_at(&longer, series.id, row, stamp)?;
        }
    }
    Ok(longer)
}

/// The panel with `horizon` rows ahead of every series and nothing beyond them.
pub(crate) fn lengthen(panel: &Panel, horizon: usize) -> Result<Panel, Error> {
    let ahead = horizon.saturating_mul(panel.len());
    if ahead > MOST_AHEAD {
        let hint = format!("at most {MOST_AHEAD} rows ahead are forecast at a time");
        return Err(Error::mistake(format!("{horizon} steps of {} series", panel.len()), hint));
    }
    let (mut ends, mut at, mut y) = (Vec::new(), Vec::new(), Vec::new());
    // For each new row, the row of the old panel whose columns it takes.
    let mut from: Vec<Option<usize>> = Vec::new();
    for series in panel.iter() {
        let start = series.span().start;
        let seen = series.y.iter().rposition(|value| !value.is_nan());
        let kept = seen.map_or(series.len(), |last| last + 1);
        at.extend_from_slice(&series.at[..kept]);
        y.extend_from_slice(&series.y[..kept]);
        from.extend((start..start + kept).map(Some));
        let last = series.at[..kept].last().copied().unwrap_or_default();
        for stamp in panel.calendar.after(last, horizon) {
            let row = series.at.binary_search(&stamp).ok().map(|place| start + place);
            at.push(stamp);
            y.push(f64::NAN);
            from.push(row);
        }
        ends.push((series.id.to_string(), at.len()));
    }
    let broken = |e: almanac_data::PanelError| Error::Failed(e.to_string());
    let mut longer =
        Panel::new(panel.name.clone(), panel.calendar.clone(), ends, at, y).map_err(broken)?;
    longer.season = panel.season;
    for column in &panel.columns {
        let values = match column.role {
            Role::Static => column.values.clone(),
            _ => from.iter().map(|row| row.map_or(f64::NAN, |row| column.values[row])).collect(),
        };
        longer = longer.with_column(Column { values, ..column.clone() }).map_err(broken)?;
    }
    Ok(longer)
}

/// Refuses a row ahead in which a known column has no value.
fn known_at(panel: &Panel, id: &str, row: usize, stamp: Stamp) -> Result<(), Error> {
    let absent = |column: &&Column| column.role == Role::Known && column.values[row].is_nan();
    let Some(column) = panel.columns.iter().find(absent) else { return Ok(()) };
    let at = panel.calendar.show(stamp);
    Err(Error::mistake(
        format!("column `{}` is not known at {at} for series `{id}`", column.name),
        "give rows ahead with --future FILE, or as rows without a value at the end of the data"
            .to_string(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use almanac_data::Calendar;

    fn panel(columns: &[(&str, &[f64])]) -> Result<Panel, almanac_data::PanelError> {
        let ends = vec![("a".to_string(), 3), ("b".to_string(), 5)];
        let at = [1, 2, 3, 8, 9].map(Stamp).to_vec();
        let hole = f64::NAN;
        let mut panel =
            Panel::new("x", Calendar::steps(), ends, at, vec![1.0, 2.0, hole, 8.0, 9.0])?;
        for (name, values) in columns {
            let values = values.to_vec();
            let column =
                Column { name: name.to_string(), role: Role::Known, values, labels: vec![] };
            panel = panel.with_column(column)?;
        }
        Ok(panel)
    }

    /// The row without a value at the end of `a` is the first that is forecast.
    #[test]
    fn rows_ahead() {
        let longer = extend(&panel(&[]).unwrap(), 2).unwrap();
        let stamps: Vec<i64> = longer.iter().flat_map(|s| s.at.iter().map(|at| at.0)).collect();
        assert_eq!(stamps, [1, 2, 3, 4, 8, 9, 10, 11]);
        assert_eq!(longer.iter().flat_map(|s| s.y).filter(|y| y.is_nan()).count(), 4);
    }

    /// A known column is taken along, and refused by name where it ends.
    #[test]
    fn known_columns_ahead() {
        let error = extend(&panel(&[("holiday", &[0.0; 5])]).unwrap(), 1).unwrap_err();
        let words = "column `holiday` is not known at 10 for series `b`";
        assert_eq!(error.to_string(), words);
    }
}
