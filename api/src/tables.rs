//! Results as Arrow tables: the columns that other tools read.

use std::path::PathBuf;
use std::sync::Arc;

use almanac_backtest::Plan;
use almanac_data::{Answered, Clock, FoldResult, Stamp};
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{
    Array, ArrayRef, Date32Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use crate::Error;
use crate::atomic::Atomic;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// What the numbers in an [`Answered`] stand for.
#[derive(Debug, Clone, PartialEq)]
pub struct Names {
    /// Models of the run.
    pub models: Vec<String>,
    /// Series of the panel.
    pub ids: Vec<String>,
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
        let mut columns = vec![
            words("model", rows().map(|(a, _)| &self.models[a.model])),
            words("unique_id", rows().map(|(a, _)| &self.ids[a.series])),
            ("cutoff".into(), stamps(self.clock, rows().map(|(a, _)| a.cutoff))),
            ("ds".into(), stamps(self.clock, rows().map(|(a, step)| a.ds[step]))),
            (
                "step".into(),
                Arc::new(Int32Array::from_iter_values(rows().map(|(_, s)| s as i32 + 1))),
            ),
            ("y".into(), number(&|a| &a.y)),
            ("mean".into(), number(&|a| &a.mean)),
        ];
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
        let error = rows().map(|(a, _)| a.error.as_deref());
        batch(vec![
            words("model", rows().map(|(a, _)| &self.models[a.model])),
            words("unique_id", rows().map(|(a, _)| &self.ids[a.series])),
            ("fold".into(), Arc::new(Int32Array::from_iter_values(fold_number))),
            ("cutoff".into(), stamps(self.clock, rows().map(|(a, _)| a.cutoff))),
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
    let key = ["model", "unique_id", "cutoff", "ds", "step", "fold", "metric"];
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
pub fn stamps(clock: Clock, values: impl Iterator<Item = Stamp>) -> ArrayRef {
    match clock {
        Clock::Step => Arc::new(Int64Array::from_iter_values(values.map(|at| at.0))),
        Clock::Date => {
            let days = values.map(|at| at.0.div_euclid(DAY) as i32);
            Arc::new(Date32Array::from_iter_values(days))
        }
        Clock::Wall => Arc::new(TimestampMicrosecondArray::from_iter_values(values.map(|at| at.0))),
        Clock::Zone(zone) => {
            let instants = TimestampMicrosecondArray::from_iter_values(values.map(|at| at.0));
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
            let properties = WriterProperties::builder()
                .set_compression(Compression::ZSTD(Default::default()))
                .set_max_row_group_row_count(Some(1 << 18))
                .build();
            let file = Atomic::create(&self.path)?;
            let out = ArrowWriter::try_new(file, rows.schema(), Some(properties));
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
