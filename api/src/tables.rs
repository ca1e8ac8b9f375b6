//! Results as Arrow tables: the columns that other tools read.

use std::path::PathBuf;
use std::sync::Arc;

use almanac_backtest::{Plan, TaskName};
use almanac_data::{Answered, Clock, FoldResult, Stamp};
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{
    Array, ArrayRef, Date32Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray, UInt32Array,
};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use serde_json::Value;

use crate::atomic::Atomic;
use crate::{Error, Style};

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// What the numbers in an [`Answered`] stand for.
#[derive(Debug, Clone, PartialEq)]
pub struct Names {
    /// Models of the run.
    pub models: Vec<String>,
    /// Series of the panel, or test sets of a table.
    pub ids: Vec<String>,
    /// Rows of the table, where there is one.
    pub rows: Option<Vec<String>>,
    /// Whether a mean is the probability of an up.
    pub directions: bool,
    /// Metrics of the run.
    pub metrics: Vec<String>,
    /// Levels of intervals, in percent.
    pub levels: Vec<f64>,
    /// What stamps count.
    pub clock: Clock,
}

/// A named column of a table.
pub type Named = (String, ArrayRef);

impl Names {
    /// Of a plan.
    pub fn of(plan: &Plan<'_>) -> Names {
        let owned = |names: Vec<&str>| names.into_iter().map(str::to_string).collect();
        Names {
            models: owned(plan.model_names()),
            ids: plan.panel().ids().to_vec(),
            rows: plan.row_names().map(<[String]>::to_vec),
            directions: plan.spec().task == TaskName::Direction,
            metrics: owned(plan.metric_names()),
            levels: plan.levels().to_vec(),
            clock: plan.panel().calendar.clock,
        }
    }

    /// `forecasts.parquet`: a row for each model, series, cutoff and step.
    ///
    /// # Errors
    /// Lists of different lengths inside an answer.
    pub fn forecasts(&self, fold: &FoldResult) -> Result<RecordBatch, ParquetError> {
        let rows = || fold.answers.iter().flat_map(|a| (0..a.ds.len()).map(move |step| (a, step)));
        let number = |read: &dyn Fn(&Answered) -> &[f64]| -> ArrayRef {
            Arc::new(numbers(rows().map(|(a, step)| read(a)[step])))
        };
        let id = |(a, step): (&Answered, usize)| match &self.rows {
            Some(names) => &names[a.ds[step].0 as usize - 1],
            None => &self.ids[a.series],
        };
        let mut columns = vec![
            words("model", rows().map(|(a, _)| &self.models[a.model])),
            words("unique_id", rows().map(id)),
            ("cutoff".into(), stamps(self.clock, rows().map(|(a, _)| Some(a.cutoff)))),
            ("ds".into(), stamps(self.clock, rows().map(|(a, step)| Some(a.ds[step])))),
            (
                "step".into(),
                Arc::new(Int32Array::from_iter_values(rows().map(|(_, s)| s as i32 + 1))),
            ),
            ("y".into(), number(&|a| &a.y)),
            ("mean".into(), number(&|a| &a.mean)),
        ];
        if self.rows.is_some() {
            columns.push(words("set", rows().map(|(a, _)| &self.ids[a.series])));
        }
        if self.directions {
            let chance = |up: bool| {
                rows().map(move |(a, step)| if up { a.mean[step] } else { 1.0 - a.mean[step] })
            };
            columns.push(("p-down".into(), Arc::new(numbers(chance(false)))));
            columns.push(("p-up".into(), Arc::new(numbers(chance(true)))));
        }
        for (place, level) in self.levels.iter().enumerate() {
            columns.push((format!("lo-{level}"), number(&|a| &a.bands[place].0)));
            columns.push((format!("hi-{level}"), number(&|a| &a.bands[place].1)));
        }
        batch(columns)
    }

    /// `scores.parquet`: a row for each model, series, fold and metric.
    ///
    /// # Errors
    /// None that a fold of this run can cause.
    pub fn scores(&self, fold: &FoldResult) -> Result<RecordBatch, ParquetError> {
        let count = self.metrics.len();
        let rows = || fold.answers.iter().flat_map(|a| (0..count).map(move |metric| (a, metric)));
        let fold_number = rows().map(|_| fold.fold as i32);
        // Without a past there is no last stamp of it.
        let cutoff = rows().map(|(a, _)| (!a.ds.is_empty()).then_some(a.cutoff));
        let error = rows().map(|(a, _)| a.error.as_deref());
        batch(vec![
            words("model", rows().map(|(a, _)| &self.models[a.model])),
            words("unique_id", rows().map(|(a, _)| &self.ids[a.series])),
            ("fold".into(), Arc::new(Int32Array::from_iter_values(fold_number))),
            ("cutoff".into(), stamps(self.clock, cutoff)),
            words("metric", rows().map(|(_, metric)| &self.metrics[metric])),
            ("value".into(), Arc::new(numbers(rows().map(|(a, metric)| a.scores[metric])))),
            ("error".into(), Arc::new(error.collect::<StringArray>())),
        ])
    }
}

/// A table of named columns. Which columns may be null follows from their names alone, so that
/// the tables of all folds have one schema.
///
/// # Errors
/// Columns of different lengths.
pub fn batch(columns: Vec<Named>) -> Result<RecordBatch, ParquetError> {
    let key = ["model", "unique_id", "ds", "step", "fold", "metric"];
    let field = |(name, values): &Named| {
        Field::new(name, values.data_type().clone(), !key.contains(&name.as_str()))
    };
    let schema: SchemaRef = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
    let arrays = columns.into_iter().map(|(_, values)| values).collect();
    Ok(RecordBatch::try_new(schema, arrays)?)
}

/// A column of text.
pub fn words<'a>(name: &str, values: impl Iterator<Item = &'a String>) -> Named {
    (name.into(), Arc::new(StringArray::from_iter_values(values)))
}

/// A column of numbers: a missing one is null.
pub fn numbers(values: impl Iterator<Item = f64>) -> Float64Array {
    values.map(|value| (!value.is_nan()).then_some(value)).collect()
}

/// A column of stamps, typed by the clock: plain steps, dates, wall times or instants in a zone.
pub fn stamps(clock: Clock, values: impl Iterator<Item = Option<Stamp>>) -> ArrayRef {
    let numbers = values.map(|stamp| stamp.map(|at| at.0));
    match clock {
        Clock::Step => Arc::new(numbers.collect::<Int64Array>()),
        Clock::Date => {
            let days = numbers.map(|at| at.map(|at| at.div_euclid(DAY) as i32));
            Arc::new(days.collect::<Date32Array>())
        }
        Clock::Wall => Arc::new(numbers.collect::<TimestampMicrosecondArray>()),
        Clock::Zone(zone) => {
            let instants: TimestampMicrosecondArray = numbers.collect();
            Arc::new(instants.with_timezone(zone.name()))
        }
    }
}

/// A cell as text, for messages and CSV; empty where null.
pub fn cell(column: &ArrayRef, row: usize) -> String {
    if column.is_null(row) {
        return String::new();
    }
    let whole = |value: i64| value.to_string();
    match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(row).to_string(),
        DataType::Float64 => column.as_primitive::<Float64Type>().value(row).to_string(),
        DataType::Int32 => whole(column.as_primitive::<Int32Type>().value(row).into()),
        DataType::Int64 => whole(column.as_primitive::<Int64Type>().value(row)),
        DataType::Date32 => {
            let days = i64::from(column.as_primitive::<Date32Type>().value(row));
            Clock::Date.show(Stamp(days * DAY))
        }
        DataType::Timestamp(_, zone) => {
            let at = Stamp(column.as_primitive::<TimestampMicrosecondType>().value(row));
            let zone = zone.as_ref().and_then(|zone| zone.parse().ok());
            zone.map_or(Clock::Wall, Clock::Zone).show(at)
        }
        other => format!("{other}"),
    }
}

/// A table on its way to a Parquet file: zstd, dictionaries for text, row groups of a bounded size.
pub struct TableFile {
    path: PathBuf,
    out: Option<ArrowWriter<Atomic>>,
}

impl TableFile {
    /// Nothing is written before the first rows come.
    pub fn new(path: impl Into<PathBuf>) -> TableFile {
        TableFile { path: path.into(), out: None }
    }

    /// Adds rows; the first decide the columns.
    ///
    /// # Errors
    /// A file that cannot be written, or rows that are none.
    pub fn add(&mut self, rows: Result<RecordBatch, ParquetError>) -> Result<(), Error> {
        let damage = |e: ParquetError| Error::parquet("write", &self.path, e);
        let rows = rows.map_err(damage)?;
        if self.out.is_none() {
            let file = Atomic::create(&self.path)?;
            let out = ArrowWriter::try_new(file, rows.schema(), Some(properties()));
            self.out = Some(out.map_err(damage)?);
        }
        self.out.as_mut().map_or(Ok(()), |out| out.write(&rows)).map_err(damage)
    }

    /// Completes the file.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn close(self) -> Result<(), Error> {
        let Some(out) = self.out else { return Ok(()) };
        out.into_inner().map_err(|e| Error::parquet("write", &self.path, e))?.commit()
    }
}

/// Rows of tables of one schema, as text or bytes.
///
/// # Errors
/// None that a table of ours can cause.
pub fn bytes(batches: &[RecordBatch], style: Style) -> Result<Vec<u8>, Error> {
    let failed = |e: &dyn std::fmt::Display| Error::Failed(e.to_string());
    let Some(first) = batches.first() else { return Ok(Vec::new()) };
    match style {
        Style::Parquet => {
            let mut out = ArrowWriter::try_new(Vec::new(), first.schema(), Some(properties()));
            for batch in batches {
                out.as_mut().map_or(Ok(()), |out| out.write(batch)).map_err(|e| failed(&e))?;
            }
            out.and_then(ArrowWriter::into_inner).map_err(|e| failed(&e))
        }
        Style::Arrow => {
            let out = StreamWriter::try_new(Vec::new(), &first.schema());
            let mut out = out.map_err(|e| failed(&e))?;
            batches.iter().try_for_each(|batch| out.write(batch)).map_err(|e| failed(&e))?;
            out.finish().and_then(|()| out.into_inner()).map_err(|e| failed(&e))
        }
        Style::Json | Style::Ndjson | Style::Csv => Ok(text(batches, style).into_bytes()),
    }
}

/// Rows as text.
fn text(batches: &[RecordBatch], style: Style) -> String {
    let mut out = String::new();
    let names: Vec<String> = batches.first().map_or(Vec::new(), |batch| {
        batch.schema().fields().iter().map(|field| quoted(field.name())).collect()
    });
    match style {
        Style::Json => out.push('['),
        Style::Csv => out.push_str(&(names.join(",") + "\n")),
        _ => {}
    }
    let schema = batches.first().map(RecordBatch::schema);
    let keys: Vec<String> = schema
        .iter()
        .flat_map(|schema| schema.fields().iter())
        .map(|field| Value::from(field.name().as_str()).to_string())
        .collect();
    let mut first = true;
    for batch in batches {
        for row in 0..batch.num_rows() {
            match style {
                Style::Csv => {
                    let cells = batch.columns().iter().map(|column| quoted(&cell(column, row)));
                    out.push_str(&(cells.collect::<Vec<_>>().join(",") + "\n"));
                }
                _ => {
                    if style == Style::Json {
                        out.push_str(if first { "\n  " } else { ",\n  " });
                    }
                    object(&mut out, &keys, batch, row);
                    if style == Style::Ndjson {
                        out.push('\n');
                    }
                }
            }
            first = false;
        }
    }
    if style == Style::Json {
        out.push_str(if first { "]\n" } else { "\n]\n" });
    }
    out
}

/// A row as a JSON object: numbers stay numbers, everything else is text, null where nothing is.
fn object(out: &mut String, keys: &[String], batch: &RecordBatch, row: usize) {
    out.push('{');
    for (place, (key, column)) in keys.iter().zip(batch.columns()).enumerate() {
        if place > 0 {
            out.push_str(", ");
        }
        out.push_str(key);
        out.push_str(": ");
        let value = match column.data_type() {
            _ if column.is_null(row) => Value::Null,
            DataType::Float64 => column.as_primitive::<Float64Type>().value(row).into(),
            DataType::Int32 => column.as_primitive::<Int32Type>().value(row).into(),
            _ => cell(column, row).into(),
        };
        out.push_str(&value.to_string());
    }
    out.push('}');
}

/// A cell of CSV.
pub fn quoted(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_string(),
    }
}

/// The rows whose columns of words have these values, where one is wanted.
///
/// # Errors
/// A column that is not there.
pub fn only(
    batch: &RecordBatch,
    wanted: &[(&str, &Option<String>)],
) -> Result<RecordBatch, ParquetError> {
    let mut kept: Vec<u32> = (0..batch.num_rows() as u32).collect();
    for (name, value) in wanted {
        let Some(value) = value else { continue };
        let absent = || ParquetError::General(format!("no column `{name}`"));
        let column = batch.column_by_name(name).ok_or_else(absent)?.as_string::<i32>();
        kept.retain(|&row| column.value(row as usize) == value);
    }
    if kept.len() == batch.num_rows() {
        return Ok(batch.clone());
    }
    Ok(arrow_select::take::take_record_batch(batch, &UInt32Array::from(kept))?)
}

fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(Default::default()))
        .set_max_row_group_row_count(Some(1 << 18))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(clock: Clock) -> Names {
        let list = |words: &[&str]| words.iter().map(|word| word.to_string()).collect();
        Names {
            models: list(&["naive"]),
            ids: list(&["a", "b"]),
            rows: None,
            directions: false,
            metrics: list(&["mae", "mase"]),
            levels: vec![80.0],
            clock,
        }
    }

    /// Series `b` with two steps, the second without a truth; series `a` without a past.
    fn fold() -> FoldResult {
        let whole = Answered {
            model: 0,
            series: 1,
            cutoff: Stamp(-DAY),
            ds: vec![Stamp(0), Stamp(DAY)],
            y: vec![1.0, f64::NAN],
            mean: vec![2.0, 3.0],
            bands: vec![(vec![0.0, 0.5], vec![4.0, 5.5])],
            scores: vec![1.0, f64::NAN],
            error: None,
            filled: 0,
            fit_s: 0.0,
            predict_s: 0.0,
        };
        let empty = Answered {
            series: 0,
            ds: Vec::new(),
            y: Vec::new(),
            mean: Vec::new(),
            bands: vec![Default::default()],
            scores: vec![f64::NAN; 2],
            error: Some("no value".into()),
            ..whole.clone()
        };
        FoldResult { fold: 3, answers: vec![empty, whole] }
    }

    fn row(table: &RecordBatch, row: usize) -> Vec<String> {
        table.columns().iter().map(|column| cell(column, row)).collect()
    }

    /// Steps count from 1, a missing truth or score is null, and so is the cutoff of no past.
    #[test]
    fn rows_by_hand() {
        let names = names(Clock::Date);
        let forecasts = names.forecasts(&fold()).unwrap();
        assert_eq!(forecasts.num_rows(), 2);
        let first = ["naive", "b", "1969-12-31", "1970-01-01", "1", "1", "2", "0", "4"];
        assert_eq!(row(&forecasts, 0), first);
        assert_eq!(row(&forecasts, 1)[3..7], ["1970-01-02", "2", "", "3"]);
        let scores = names.scores(&fold()).unwrap();
        assert_eq!(row(&scores, 0), ["naive", "a", "3", "", "mae", "", "no value"]);
        assert_eq!(row(&scores, 2), ["naive", "b", "3", "1969-12-31", "mae", "1", ""]);
        assert_eq!(scores.num_rows(), 4);
    }

    /// Stamps have the clock's own type.
    #[test]
    fn stamps_follow_the_clock() {
        let berlin = Clock::Zone(chrono_tz::Europe::Berlin);
        let shown = [Clock::Step, Clock::Wall, berlin].map(|clock| {
            let table = names(clock).forecasts(&fold()).unwrap();
            (format!("{}", table.schema().field(3).data_type()), row(&table, 0)[3].clone())
        });
        assert_eq!(shown[0], ("Int64".into(), "0".into()));
        assert_eq!(shown[1], ("Timestamp(µs)".into(), "1970-01-01T00:00:00".into()));
        assert!(shown[2].0.contains("Europe/Berlin"), "{}", shown[2].0);
        assert_eq!(shown[2].1, "1970-01-01T01:00:00+01:00");
    }
}
