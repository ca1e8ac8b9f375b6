//! What a running backtest keeps of each finished fold, so that it can be resumed.
//!
//! One Parquet file a fold, one row an answer. The lists over steps lie one after the other in
//! `numbers`: truth, mean, then lower and upper ends of each level, then one score a metric.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use almanac_data::{Answered, FoldResult, Stamp};
use arrow_array::builder::{Float64Builder, Int64Builder, ListBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, UInt64Type};
use arrow_array::{
    Array, ArrowPrimitiveType, Float64Array, Int64Array, RecordBatch, StringArray, UInt64Array,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;

use crate::Error;
use crate::tables::{TableFile, batch};

/// How many levels and metrics the answers of a run have: what `numbers` cannot say itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Levels of intervals.
    pub levels: usize,
    /// Metrics.
    pub metrics: usize,
}

/// Writes one fold, completely or not at all.
///
/// # Errors
/// A file that cannot be written.
pub fn write(path: &Path, fold: &FoldResult) -> Result<(), Error> {
    let mut file = TableFile::new(path);
    file.add(pack(fold))?;
    file.close()
}

/// Reads one fold.
///
/// # Errors
/// A file that is not such a part.
pub fn read(path: &Path, fold: usize, shape: Shape) -> Result<FoldResult, Error> {
    let damage = |e: ParquetError| Error::parquet("read", path, e);
    let file = File::open(path).map_err(Error::io("read", path))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).map_err(damage)?;
    let mut answers = Vec::new();
    for table in reader.build().map_err(damage)? {
        let table = table.map_err(|e| damage(e.into()))?;
        let read = unpack(&table, shape);
        answers.extend(read.ok_or_else(|| damage(ParquetError::General("not a part".into())))?);
    }
    Ok(FoldResult { fold, answers })
}

fn pack(fold: &FoldResult) -> Result<RecordBatch, ParquetError> {
    let answers = &fold.answers;
    let count = |read: fn(&Answered) -> usize| {
        UInt64Array::from_iter_values(answers.iter().map(|a| read(a) as u64))
    };
    let seconds =
        |read: fn(&Answered) -> f64| Float64Array::from_iter_values(answers.iter().map(read));
    let mut ds = ListBuilder::new(Int64Builder::new());
    let mut numbers = ListBuilder::new(Float64Builder::new());
    for answer in answers {
        let stamps: Vec<i64> = answer.ds.iter().map(|at| at.0).collect();
        ds.values().append_slice(&stamps);
        ds.append(true);
        let bands = answer.bands.iter().flat_map(|(low, high)| [low, high]);
        for list in [&answer.y, &answer.mean].into_iter().chain(bands).chain([&answer.scores]) {
            numbers.values().append_slice(list);
        }
        numbers.append(true);
    }
    let cutoff = Int64Array::from_iter_values(answers.iter().map(|a| a.cutoff.0));
    let error: StringArray = answers.iter().map(|a| a.error.as_deref()).collect();
    batch(vec![
        ("model".into(), Arc::new(count(|a| a.model))),
        ("unique_id".into(), Arc::new(count(|a| a.series))),
        ("cutoff".into(), Arc::new(cutoff)),
        ("ds".into(), Arc::new(ds.finish())),
        ("numbers".into(), Arc::new(numbers.finish())),
        ("error".into(), Arc::new(error)),
        ("filled".into(), Arc::new(count(|a| a.filled))),
        ("fit_s".into(), Arc::new(seconds(|a| a.fit_s))),
        ("predict_s".into(), Arc::new(seconds(|a| a.predict_s))),
    ])
}

/// `None` when columns are missing or of another type or length.
fn unpack(table: &RecordBatch, shape: Shape) -> Option<Vec<Answered>> {
    let model = values::<UInt64Type>(table, "model")?;
    let series = values::<UInt64Type>(table, "unique_id")?;
    let cutoff = values::<Int64Type>(table, "cutoff")?;
    let ds = table.column_by_name("ds")?.as_list_opt::<i32>()?;
    let numbers = table.column_by_name("numbers")?.as_list_opt::<i32>()?;
    let error = table.column_by_name("error")?.as_string_opt::<i32>()?;
    let filled = values::<UInt64Type>(table, "filled")?;
    let fit_s = values::<Float64Type>(table, "fit_s")?;
    let predict_s = values::<Float64Type>(table, "predict_s")?;
    let answer = |row: usize| {
        let stamps = ds.value(row);
        let ds: Vec<Stamp> =
            stamps.as_primitive_opt::<Int64Type>()?.values().iter().map(|&at| Stamp(at)).collect();
        let own = numbers.value(row);
        let own = own.as_primitive_opt::<Float64Type>()?.values();
        let steps = ds.len();
        if own.len() != steps * (2 + 2 * shape.levels) + shape.metrics {
            return None;
        }
        let list = |place: usize| own[place * steps..(place + 1) * steps].to_vec();
        Some(Answered {
            model: model[row] as usize,
            series: series[row] as usize,
            cutoff: Stamp(cutoff[row]),
            y: list(0),
            mean: list(1),
            bands: (0..shape.levels).map(|l| (list(2 + 2 * l), list(3 + 2 * l))).collect(),
            scores: own[own.len() - shape.metrics..].to_vec(),
            error: error.is_valid(row).then(|| error.value(row).to_string()),
            filled: filled[row] as usize,
            fit_s: fit_s[row],
            predict_s: predict_s[row],
            ds,
        })
    };
    (0..table.num_rows()).map(answer).collect()
}

fn values<'a, T: ArrowPrimitiveType>(
    table: &'a RecordBatch,
    name: &str,
) -> Option<&'a [T::Native]> {
    Some(table.column_by_name(name)?.as_primitive_opt::<T>()?.values())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(steps: usize, error: Option<&str>) -> Answered {
        let list = |from: f64| (0..steps).map(|k| from + k as f64).collect::<Vec<f64>>();
        Answered {
            model: 1,
            series: 7,
            cutoff: Stamp(-3),
            ds: (0..steps).map(|k| Stamp(k as i64)).collect(),
            y: list(0.5),
            mean: list(1.0 / 3.0),
            bands: vec![(list(-9.0), list(9.0)), (list(-99.0), list(99.0))],
            scores: vec![0.1 + 0.2, -0.0, 1e-300],
            error: error.map(str::to_string),
            filled: 2,
            fit_s: 0.125,
            predict_s: 1e-9,
        }
    }

    /// Every bit comes back, also of answers without steps and of a missing truth.
    #[test]
    fn round_trip() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fold.parquet");
        let mut fold = FoldResult {
            fold: 4,
            answers: vec![answer(3, None), answer(0, Some("needs 2")), answer(1, Some(""))],
        };
        write(&path, &fold).unwrap();
        let shape = Shape { levels: 2, metrics: 3 };
        assert_eq!(read(&path, 4, shape).unwrap(), fold);
        fold.answers[0].y[1] = f64::NAN;
        write(&path, &fold).unwrap();
        let back = read(&path, 4, shape).unwrap();
        assert!(back.answers[0].y[1].is_nan() && back.answers[0].y[2] == 2.5);
    }

    /// A part of another shape, and one cut short, are refused and named.
    #[test]
    fn damage_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fold.parquet");
        write(&path, &FoldResult { fold: 0, answers: vec![answer(3, None)] }).unwrap();
        let refused = read(&path, 0, Shape { levels: 1, metrics: 3 }).unwrap_err();
        assert!(refused.to_string().contains("fold.parquet"), "{refused}");
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert!(read(&path, 0, Shape { levels: 2, metrics: 3 }).is_err());
    }
}
