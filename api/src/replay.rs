//! A finished run, run again and compared bit for bit.

use std::fs::File;
use std::path::Path;

use almanac_backtest::Progress;
use almanac_data::Manifest;
use almanac_models::Ctx;
use arrow_array::RecordBatch;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use serde::Serialize;

use crate::Error;
use crate::folder::{read_json, read_text};
use crate::lab::{Lab, Study};
use crate::run::Place;
use crate::spec::{Override, Written};
use crate::tables::cell;

/// The tables that are compared.
const TABLES: [&str; 2] = ["forecasts.parquet", "scores.parquet"];

/// What a replay found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// Whether both tables are equal, bit for bit.
    pub identical: bool,
    /// Where each table first differs, in words.
    pub differences: Vec<String>,
    /// Version that made the run.
    pub version: String,
    /// Rows compared.
    pub rows: usize,
}

/// A finished run, read and ready to run again.
pub struct Replay {
    /// Its spec with its data.
    pub study: Study,
    manifest: Manifest,
    folder: std::path::PathBuf,
}

impl Lab {
    /// Reads a finished run and its data.
    ///
    /// # Errors
    /// A folder without a finished run, data that is gone or has changed.
    pub fn replay(&self, folder: &Path, threads: Option<usize>) -> Result<Replay, Error> {
        let manifest: Manifest = read_json(folder, "manifest.json")?;
        let text = read_text(folder, "spec.toml")?;
        let threads = threads.map(|count| Override::new("run.threads", count as i64));
        let threads: Vec<Override> = threads.into_iter().collect();
        let written = Written::from_text(&folder.join("spec.toml"), &text, &threads)?;
        let study = self.study(written)?;
        let was = manifest.sources.iter().map(|file| &file.sha256);
        if !was.eq(study.read.files.iter().map(|file| &file.sha256)) {
            let files = manifest.sources.iter().map(|f| format!("{} {}", f.path, f.sha256));
            let hint = format!("the run was made from {}", files.collect::<Vec<_>>().join(", "));
            return Err(Error::mistake("the data have changed since the run", hint));
        }
        Ok(Replay { study, manifest, folder: folder.into() })
    }
}

impl Replay {
    /// Runs into a temporary folder and compares.
    ///
    /// # Errors
    /// As for [`Study::run`]; a table that cannot be read.
    pub fn run(&self, ctx: &Ctx, progress: &dyn Progress) -> Result<Verdict, Error> {
        let temp = tempfile::Builder::new().prefix("almanac-replay-").tempdir();
        let temp = temp.map_err(Error::io("write", &std::env::temp_dir()))?;
        let plan = self.study.plan()?;
        self.study.run(&plan, ctx, &Place::Over(temp.path().into()), progress)?;
        let (mut differences, mut rows) = (Vec::new(), 0);
        for name in TABLES {
            let (same, count) = compare(&self.folder.join(name), &temp.path().join(name))?;
            differences.extend(same.map(|place| format!("{name}: {place}")));
            rows += count;
        }
        let version = self.manifest.version.clone();
        Ok(Verdict { identical: differences.is_empty(), differences, version, rows })
    }
}

/// Where two tables first differ, in words, and the rows compared.
fn compare(old: &Path, new: &Path) -> Result<(Option<String>, usize), Error> {
    let (mut ours, mut theirs) = (open(new)?, open(old)?);
    let mut rows = 0;
    loop {
        let (a, b) = match (next(&mut theirs, old)?, next(&mut ours, new)?) {
            (None, None) => return Ok((None, rows)),
            (Some(a), Some(b)) if a.num_rows() == b.num_rows() => (a, b),
            (a, b) => {
                let count = |table: Option<RecordBatch>| table.map_or(0, |t| t.num_rows()) + rows;
                let words = format!("{} rows and now {}", count(a), count(b));
                return Ok((Some(words), rows));
            }
        };
        if let Some(words) = first_difference(&a, &b, rows) {
            return Ok((Some(words), rows));
        }
        rows += a.num_rows();
    }
}

fn first_difference(old: &RecordBatch, new: &RecordBatch, before: usize) -> Option<String> {
    if old.schema() != new.schema() {
        return Some("other columns".into());
    }
    if old == new {
        return None;
    }
    let differs = |row: usize| old.slice(row, 1) != new.slice(row, 1);
    let row = (0..old.num_rows()).find(|&row| differs(row))?;
    let schema = old.schema();
    let key = |name: &str| Some(format!("{name} {}", cell(old.column_by_name(name)?, row)));
    let keys: Vec<String> = ["model", "unique_id", "cutoff", "step", "metric"]
        .iter()
        .filter_map(|name| key(name))
        .collect();
    let column = schema.fields().iter().find_map(|field| {
        let (was, is) = (old.column_by_name(field.name())?, new.column_by_name(field.name())?);
        let (was, is) = (cell(was, row), cell(is, row));
        (was != is).then(|| format!("{} was {was} and is {is}", field.name()))
    });
    let column = column.unwrap_or_else(|| "bits differ".into());
    Some(format!("row {}: {}: {column}", before + row + 1, keys.join(", ")))
}

fn open(path: &Path) -> Result<ParquetRecordBatchReader, Error> {
    let damage = |e: ParquetError| Error::parquet("read", path, e);
    let file = File::open(path).map_err(Error::io("read", path))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).map_err(damage)?;
    reader.with_batch_size(1 << 14).build().map_err(damage)
}

fn next(from: &mut ParquetRecordBatchReader, path: &Path) -> Result<Option<RecordBatch>, Error> {
    from.next().transpose().map_err(|e| Error::parquet("read", path, e.into()))
}
