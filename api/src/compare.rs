//! Two runs side by side: what was asked otherwise, what came out otherwise, and whether it is real.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;

use almanac_backtest::compare::{LEAST, Unit, diebold_mariano};
use almanac_backtest::{Spec, gauges};
use almanac_data::Rank;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, RecordBatch};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;
use serde::Serialize;
use toml::Value;

use crate::Error;
use crate::folder::read_text;
use crate::lab::Lab;
use crate::run::Run;
use crate::spec::from_text;

/// Series that moved which are listed.
const MOVED: usize = 10;

/// What changed between two runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The metric that is compared: the first run's primary one.
    pub metric: String,
    /// Whether both runs read the same bytes.
    pub same_data: bool,
    /// Fields of the spec that differ.
    pub spec: Vec<Field>,
    /// Models of either run, in the first run's order.
    pub models: Vec<Moved>,
    /// Series that moved most, on the models of both runs.
    pub series: Vec<Series>,
}

/// A field of the spec in both runs; `None` where it is absent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Field {
    /// Its dotted path.
    pub path: String,
    /// In the first run.
    pub a: Option<String>,
    /// In the second.
    pub b: Option<String>,
}

/// A model in both runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Moved {
    /// The model.
    pub model: String,
    /// Its score in the first run.
    pub a: Option<f64>,
    /// Its score in the second.
    pub b: Option<f64>,
    /// Whether the difference on what both runs scored is real: the two-sided p-value of a paired
    /// test; `None` where there is too little to tell.
    pub p_value: Option<f64>,
    /// What the test pairs: `80 series`, `12 folds`.
    pub pairs: String,
    /// Seconds of fitting and predicting in the first run.
    pub a_s: Option<f64>,
    /// The same in the second.
    pub b_s: Option<f64>,
}

/// A series on one model in both runs: means over the folds of both.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Series {
    /// The model.
    pub model: String,
    /// The series.
    pub unique_id: String,
    /// Its score in the first run.
    pub a: f64,
    /// Its score in the second.
    pub b: f64,
}

/// Scores of one run by model, then by series and cutoff.
type Scores = BTreeMap<String, BTreeMap<(String, String), f64>>;

impl Lab {
    /// Compares two finished runs; different data are compared only with `anyway`.
    ///
    /// # Errors
    /// A folder without a finished run, other data, or no score in common.
    pub fn compare(&self, a: &Path, b: &Path, anyway: bool) -> Result<Comparison, Error> {
        let (run_a, run_b) = (Run::open(a)?, Run::open(b)?);
        let same_data = fingerprints(&run_a) == fingerprints(&run_b);
        if !same_data && !anyway {
            return Err(other_data(&run_a, &run_b));
        }
        let metric = run_a.leaderboard.primary_metric.clone();
        let (text_a, text_b) = (read_text(a, "spec.toml")?, read_text(b, "spec.toml")?);
        let spec: Spec = from_text(&a.join("spec.toml"), &text_a, &[])?;
        let (scores_a, scores_b) = (scores(a, &metric)?, scores(b, &metric)?);
        if scores_b.is_empty() {
            let hint = format!("run it with --metric {metric}");
            return Err(Error::mistake(
                format!("{} has no scores of `{metric}`", b.display()),
                hint,
            ));
        }
        let pairing = Pairing::new(&spec, &metric);
        let mut models = Vec::new();
        let mut series = Vec::new();
        let names = run_a.leaderboard.rows.iter().chain(&run_b.leaderboard.rows);
        let mut seen = BTreeSet::new();
        for name in names.map(|row| &row.model).filter(|name| seen.insert(name.to_string())) {
            let common = common(scores_a.get(name), scores_b.get(name));
            let (p_value, pairs) = pairing.test(&common);
            let [row_a, row_b] = [&run_a, &run_b]
                .map(|run| run.leaderboard.rows.iter().find(|row| &row.model == name));
            let score = |row: Option<&Rank>| row?.scores.get(&metric)?.as_f64();
            let seconds = |row: Option<&Rank>| row.map(|row| row.fit_s + row.predict_s);
            models.push(Moved {
                model: name.clone(),
                a: score(row_a),
                b: score(row_b),
                p_value,
                pairs,
                a_s: seconds(row_a),
                b_s: seconds(row_b),
            });
            series.extend(by_series(name, &common));
        }
        let distance = |series: &Series| (series.b - series.a).abs();
        series.retain(|series| distance(series) > 0.0);
        series.sort_by(|a, b| distance(b).total_cmp(&distance(a)));
        series.truncate(MOVED);
        let spec = changed(&text_a, &text_b);
        Ok(Comparison { metric, same_data, spec, models, series })
    }
}

/// How scores are paired: as the leaderboard's own tests do.
struct Pairing {
    /// Neighbouring folds whose horizons share a step.
    overlap: usize,
    loss: Box<dyn Fn(f64) -> f64>,
}

impl Pairing {
    fn new(spec: &Spec, metric: &str) -> Pairing {
        let horizon = spec.folds.horizon;
        let gauge = gauges(metric, &[]).ok().and_then(|gauges| gauges.into_iter().next());
        Pairing {
            overlap: horizon.div_ceil(spec.folds.step.unwrap_or(horizon).max(1)),
            loss: Box::new(move |score| gauge.as_ref().map_or(score, |gauge| gauge.loss(score))),
        }
    }

    /// The p-value, and what was paired.
    fn test(&self, common: &Common<'_>) -> (Option<f64>, String) {
        let mut series: BTreeMap<&str, Mean> = BTreeMap::new();
        let mut folds: BTreeMap<&str, Mean> = BTreeMap::new();
        for ((id, cutoff), a, b) in common {
            let difference = (self.loss)(*b) - (self.loss)(*a);
            series.entry(id).or_default().add(difference);
            folds.entry(cutoff).or_default().add(difference);
        }
        let (units, noun, overlap) = match Unit::of(folds.len()) {
            Unit::Series => (series, "series", 1),
            Unit::Fold => (folds, "folds", self.overlap),
        };
        let differences: Vec<f64> = units.values().map(Mean::value).collect();
        let p_value = (differences.len() >= LEAST)
            .then(|| diebold_mariano(&differences, overlap))
            .flatten()
            .map(|test| test.p_value);
        (p_value, format!("{} {noun}", differences.len()))
    }
}

/// Series and cutoff with the score in both runs, in order.
type Common<'a> = Vec<(&'a (String, String), f64, f64)>;

fn common<'a>(
    a: Option<&'a BTreeMap<(String, String), f64>>,
    b: Option<&'a BTreeMap<(String, String), f64>>,
) -> Common<'a> {
    let (Some(a), Some(b)) = (a, b) else { return Vec::new() };
    a.iter().filter_map(|(key, &score)| Some((key, score, *b.get(key)?))).collect()
}

fn by_series(model: &str, common: &Common<'_>) -> Vec<Series> {
    let mut means: BTreeMap<&str, (Mean, Mean)> = BTreeMap::new();
    for ((id, _), a, b) in common {
        let (mean_a, mean_b) = means.entry(id).or_default();
        mean_a.add(*a);
        mean_b.add(*b);
    }
    let series = |(id, (a, b)): (&str, (Mean, Mean))| Series {
        model: model.into(),
        unique_id: id.into(),
        a: a.value(),
        b: b.value(),
    };
    means.into_iter().map(series).collect()
}

#[derive(Debug, Clone, Copy, Default)]
struct Mean {
    total: f64,
    count: f64,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.total += value;
        self.count += 1.0;
    }

    fn value(&self) -> f64 {
        self.total / self.count
    }
}

fn other_data(a: &Run, b: &Run) -> Error {
    let read = |run: &Run| {
        let files: Vec<&str> = run.manifest.sources.iter().map(|file| file.path.as_str()).collect();
        format!("{} ({} rows)", files.join(", "), run.manifest.rows)
    };
    let message = format!("the runs read different data: {} and {}", read(a), read(b));
    Error::mistake(message, "--force compares them all the same".to_string())
}

fn fingerprints(run: &Run) -> Vec<&str> {
    run.manifest.sources.iter().map(|file| file.sha256.as_str()).collect()
}

/// Every defined score of one metric.
fn scores(folder: &Path, metric: &str) -> Result<Scores, Error> {
    let path = folder.join("scores.parquet");
    let damage = |e: ParquetError| Error::parquet("read", &path, e);
    let file = File::open(&path).map_err(Error::io("read", &path))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).map_err(damage)?;
    let mut scores = Scores::new();
    for table in reader.build().map_err(damage)? {
        let table = table.map_err(|e| damage(e.into()))?;
        gather(&table, metric, &mut scores)
            .ok_or_else(|| damage(ParquetError::General("other columns".into())))?;
    }
    Ok(scores)
}

fn gather(table: &RecordBatch, metric: &str, into: &mut Scores) -> Option<()> {
    let text = |name: &str| table.column_by_name(name)?.as_string_opt::<i32>();
    let (model, id, metrics) = (text("model")?, text("unique_id")?, text("metric")?);
    let value = table.column_by_name("value")?.as_primitive_opt::<Float64Type>()?;
    let cutoff = table.column_by_name("cutoff")?;
    for row in (0..table.num_rows()).filter(|&row| metrics.value(row) == metric) {
        if value.is_valid(row) {
            let key = (id.value(row).to_string(), crate::tables::cell(cutoff, row));
            let own = into.entry(model.value(row).to_string()).or_default();
            own.insert(key, value.value(row));
        }
    }
    Some(())
}

/// Fields that differ between two specs.
fn changed(a: &str, b: &str) -> Vec<Field> {
    let flat = |text: &str| {
        let mut fields = BTreeMap::new();
        if let Ok(table) = text.parse::<toml::Table>() {
            flatten("", &table.into(), &mut fields);
        }
        fields
    };
    let (a, b) = (flat(a), flat(b));
    let paths: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let field = |path: &String| Field {
        path: path.clone(),
        a: a.get(path).cloned(),
        b: b.get(path).cloned(),
    };
    paths.into_iter().map(field).filter(|field| field.a != field.b).collect()
}

fn flatten(path: &str, value: &Value, into: &mut BTreeMap<String, String>) {
    let below = |name: &str| match path {
        "" => name.to_string(),
        path => format!("{path}.{name}"),
    };
    match value {
        Value::Table(table) => {
            table.iter().for_each(|(name, value)| flatten(&below(name), value, into));
        }
        Value::Array(list) if list.iter().any(Value::is_table) => {
            list.iter()
                .enumerate()
                .for_each(|(k, value)| flatten(&below(&k.to_string()), value, into));
        }
        value => {
            into.insert(path.to_string(), value.to_string());
        }
    }
}
