//! What pages look at again and again: sets, and what runs said, held in memory for a while.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::sync::{Arc, Mutex};

use almanac_data::{Report, Source};
use almanac_ingest::Read;
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;
use serde::{Deserialize, Serialize};

use super::super::{Answer, Problem, Shared};
use crate::queue::locked;
use crate::store::{KeptSet, blocking};
use crate::{Error, atomic};

/// Things of a kind that are held.
const MOST: usize = 6;
/// The file beside a run that its page is drawn from.
const PAGE: &str = "page.mp";

/// What is held.
#[derive(Default)]
pub struct Shelf {
    cards: Mutex<Vec<(String, Arc<Read>)>>,
    runs: Mutex<Vec<(String, Arc<Told>)>>,
}

/// What a run said: its report, and every series' score of the primary metric.
#[derive(Debug, Serialize, Deserialize)]
pub struct Told {
    /// What the report is drawn from.
    pub report: Report,
    /// Series in the order of their names.
    pub ids: Vec<String>,
    /// Model, then series: the mean over folds; NaN where there is none.
    pub scores: Vec<(String, Vec<f64>)>,
}

/// A set, kept or known, and its rows.
pub struct Opened {
    /// What is kept of it; none of a set that comes with the program.
    pub kept: Option<KeptSet>,
    /// Its rows.
    pub read: Arc<Read>,
}

impl Shelf {
    /// A set by its name.
    pub async fn set(&self, app: &Shared, name: &str) -> Answer<Opened> {
        if let Some(kept) = app.store.set(name).await? {
            let (store, given) = (app.store.clone(), app.store.given(&kept));
            let read = blocking(move || store.look(&Source::default(), &given)).await?;
            return Ok(Opened { kept: Some(kept), read });
        }
        almanac_ingest::cards::find(name).map_err(|_| Error::no_set(name))?;
        let held = locked(&self.cards).iter().find(|(own, _)| own == name).cloned();
        if let Some((_, read)) = held {
            return Ok(Opened { kept: None, read });
        }
        let (lab, set) = (app.lab.clone(), Some(name.to_string()));
        let read = blocking(move || lab.read(&Source { set, ..Source::default() })).await?;
        let read = Arc::new(read);
        let mut cards = locked(&self.cards);
        cards.insert(0, (name.into(), Arc::clone(&read)));
        cards.truncate(MOST);
        Ok(Opened { kept: None, read })
    }

    /// What a finished backtest said.
    pub async fn run(&self, app: &Shared, id: &str) -> Answer<Arc<Told>> {
        let held = locked(&self.runs).iter().find(|(own, _)| own == id).cloned();
        if let Some((_, told)) = held {
            return Ok(told);
        }
        let folder = app.store.run_folder(id);
        if !folder.join(PAGE).is_file() {
            let words = "this run was kept by an earlier version, without what its page needs";
            let problem = Problem::new(axum::http::StatusCode::CONFLICT, "no_page", words);
            return Err(problem.hint(format!("its report is at /v1/runs/{id}/report")));
        }
        let told = Arc::new(blocking(move || told(&folder)).await?);
        let mut runs = locked(&self.runs);
        runs.insert(0, (id.into(), Arc::clone(&told)));
        runs.truncate(MOST);
        Ok(told)
    }
}

fn told(folder: &Path) -> Result<Told, Error> {
    let path = folder.join(PAGE);
    let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
    rmp_serde::from_slice(&bytes).map_err(|e| Error::Failed(format!("{}: {e}", path.display())))
}

/// Keeps beside a run what its page will be drawn from.
///
/// # Errors
/// A folder that cannot be written.
pub fn keep(folder: &Path, report: Report) -> Result<(), Error> {
    let (ids, scores) = scores(folder, &report)?;
    let bytes = rmp_serde::to_vec_named(&Told { report, ids, scores });
    let bytes = bytes.map_err(|e| Error::Failed(e.to_string()))?;
    atomic::write(&folder.join(PAGE), &bytes)
}

/// Series, and of each model the scores of all.
type Scores = (Vec<String>, Vec<(String, Vec<f64>)>);

/// Every model's mean score of every series on the primary metric.
fn scores(folder: &Path, report: &Report) -> Result<Scores, Error> {
    let path = folder.join("scores.parquet");
    let damage = |e: ParquetError| Error::parquet("read", &path, e);
    let file = File::open(&path).map_err(Error::io("read", &path))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).map_err(damage)?;
    let wanted = ["model", "unique_id", "metric", "value"];
    let mask = ProjectionMask::columns(reader.parquet_schema(), wanted);
    let models: Vec<&String> = report.leaderboard.rows.iter().map(|row| &row.model).collect();
    let mut sums: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
    for batch in reader.with_projection(mask).build().map_err(damage)? {
        let batch = batch.map_err(|e| damage(e.into()))?;
        let [model, id, metric] = [0, 1, 2].map(|column| batch.column(column).as_string::<i32>());
        let value = batch.column(3).as_primitive::<Float64Type>();
        for row in 0..batch.num_rows() {
            if metric.value(row) != report.leaderboard.primary_metric {
                continue;
            }
            // Seeds of one model are `name#1`, `name#2`: one line of the leaderboard.
            let name = model.value(row);
            let line = name.rsplit_once('#').map_or(name, |(group, _)| group);
            let place = models.iter().position(|own| *own == name || *own == line);
            let own = match sums.get_mut(id.value(row)) {
                Some(own) => own,
                None => sums
                    .entry(id.value(row).into())
                    .or_insert_with(|| vec![(0.0, 0.0); models.len()]),
            };
            if let Some((sum, count)) = place.and_then(|place| own.get_mut(place))
                && value.is_valid(row)
            {
                *sum += value.value(row);
                *count += 1.0;
            }
        }
    }
    let of = |(place, model): (usize, &&String)| {
        let means = sums.values().map(|own| own[place].0 / own[place].1).collect();
        ((*model).clone(), means)
    };
    let all = models.iter().enumerate().map(of).collect();
    Ok((sums.into_keys().collect(), all))
}
