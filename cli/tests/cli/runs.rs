//! The contract files of a run.

use std::fs::File;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::{Desk, exists, tables};

const RUN: &str = "backtest --data sales.csv --model naive --model ses --horizon 3 --folds 2 \
                   --level 80 --level 99.5 --metric mae --metric mase --out run";

fn table(desk: &Desk, name: &str) -> RecordBatch {
    let file = File::open(desk.path(name)).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    reader.with_batch_size(1 << 20).build().unwrap().next().unwrap().unwrap()
}

fn columns(table: &RecordBatch) -> Vec<(String, DataType)> {
    let fields = table.schema();
    fields.fields().iter().map(|f| (f.name().clone(), f.data_type().clone())).collect()
}

/// Six files and nothing else; the tables have exactly the columns other tools read.
#[test]
fn a_run_is_six_files() {
    let desk = Desk::new();
    desk.done(RUN);
    let mut names: Vec<String> = std::fs::read_dir(desk.path("run"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let contract = [
        "forecasts.parquet",
        "leaderboard.json",
        "manifest.json",
        "report.html",
        "scores.parquet",
        "spec.toml",
    ];
    assert_eq!(names, contract);

    let forecasts = table(&desk, "run/forecasts.parquet");
    let (text, number) = (DataType::Utf8, DataType::Float64);
    let expected = [
        ("model", text.clone()),
        ("unique_id", text.clone()),
        ("cutoff", DataType::Date32),
        ("ds", DataType::Date32),
        ("step", DataType::Int32),
        ("y", number.clone()),
        ("mean", number.clone()),
        ("lo-80", number.clone()),
        ("hi-80", number.clone()),
        ("lo-99.5", number.clone()),
        ("hi-99.5", number.clone()),
    ];
    assert_eq!(columns(&forecasts), expected.map(|(name, kind)| (name.to_string(), kind)));
    // Three series, two folds, three steps, and two models beside the baseline that joined them.
    assert_eq!(forecasts.num_rows(), 3 * 2 * 3 * 3);

    let scores = table(&desk, "run/scores.parquet");
    let expected = [
        ("model", text.clone()),
        ("unique_id", text.clone()),
        ("fold", DataType::Int32),
        ("cutoff", DataType::Date32),
        ("metric", text.clone()),
        ("value", number),
        ("error", text),
    ];
    assert_eq!(columns(&scores), expected.map(|(name, kind)| (name.to_string(), kind)));
    assert_eq!(scores.num_rows(), 3 * 2 * 3 * 2);
}

/// The mae in `scores` is the mean distance of `y` and `mean` in `forecasts`, and the
/// leaderboard's is the mean over series of the mean over folds.
#[test]
fn the_tables_agree() {
    let desk = Desk::new();
    desk.done(RUN);
    let forecasts = table(&desk, "run/forecasts.parquet");
    let number = |table: &RecordBatch, name: &str| {
        table.column_by_name(name).unwrap().as_primitive::<Float64Type>().values().to_vec()
    };
    let text = |table: &RecordBatch, name: &str| {
        let column = table.column_by_name(name).unwrap().as_string::<i32>().clone();
        (0..column.len()).map(|row| column.value(row).to_string()).collect::<Vec<_>>()
    };
    let (y, mean) = (number(&forecasts, "y"), number(&forecasts, "mean"));
    let models = text(&forecasts, "model");
    let steps = forecasts.column_by_name("step").unwrap().as_primitive::<Int32Type>();
    assert_eq!(steps.values()[..4], [1, 2, 3, 1]);
    let own: Vec<f64> =
        (0..y.len()).filter(|&r| models[r] == "ses").map(|r| (y[r] - mean[r]).abs()).collect();
    // Every fold of every series has as many steps: the mean of means is the mean.
    let by_hand = own.iter().sum::<f64>() / own.len() as f64;

    let scores = table(&desk, "run/scores.parquet");
    let (models, metrics) = (text(&scores, "model"), text(&scores, "metric"));
    let values = number(&scores, "value");
    let own: Vec<f64> = (0..values.len())
        .filter(|&row| models[row] == "ses" && metrics[row] == "mae")
        .map(|row| values[row])
        .collect();
    let mean = own.iter().sum::<f64>() / own.len() as f64;
    assert!((mean - by_hand).abs() < 1e-9 * by_hand, "{mean} {by_hand}");

    let board: serde_json::Value =
        serde_json::from_slice(&desk.bytes("run/leaderboard.json")).unwrap();
    let row = board["rows"].as_array().unwrap().iter().find(|row| row["model"] == "ses").unwrap();
    let score = row["scores"]["mae"].as_f64().unwrap();
    assert!((score - by_hand).abs() < 1e-9 * by_hand, "{score} {by_hand}");
}

/// The manifest says what was read, and the spec in the folder gives the same bits again.
#[test]
fn the_spec_runs_again() {
    let desk = Desk::new();
    desk.done(RUN);
    let manifest: serde_json::Value =
        serde_json::from_slice(&desk.bytes("run/manifest.json")).unwrap();
    assert_eq!((manifest["series"].as_u64(), manifest["rows"].as_u64()), (Some(3), Some(144)));
    assert_eq!(manifest["sources"][0]["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(manifest["span"][1], "2018-12-01");
    assert!(manifest["peak_bytes"].as_u64().unwrap() > 1 << 20);
    desk.done("backtest run/spec.toml --out again");
    assert_eq!(tables(&desk, "run"), tables(&desk, "again"));
    let page = String::from_utf8(desk.bytes("run/report.html")).unwrap();
    assert!(page.contains("<html") && page.contains("ses"));
}

/// One thread and two give the same bits.
#[test]
fn threads_change_nothing() {
    let desk = Desk::new();
    desk.done(&format!("{RUN}-1 --threads 1"));
    desk.done(&format!("{RUN}-2 --threads 2"));
    assert_eq!(tables(&desk, "run-1"), tables(&desk, "run-2"));
}

/// A finished run is not computed twice; another one in its folder is refused, then forced.
#[test]
fn a_folder_holds_one_run() {
    let desk = Desk::new();
    desk.done(RUN);
    let first = desk.bytes("run/manifest.json");
    assert!(desk.done(RUN).err.contains("holds this run already"));
    assert_eq!(desk.bytes("run/manifest.json"), first);
    let refused = desk.run(&format!("{RUN} --seed 9"));
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("run holds a run of another spec"), "{}", refused.err);
    assert!(refused.err.contains("--force"));
    desk.done(&format!("{RUN} --seed 9 --force"));
    desk.write("sales.csv", crate::sales(50));
    let refused = desk.run(&format!("{RUN} --seed 9"));
    assert!(refused.err.contains("a run of other data"), "{}", refused.err);
}

/// Without --out, runs stand beside each other.
#[test]
fn runs_are_numbered() {
    let desk = Desk::new();
    desk.done("backtest --data sales.csv --model naive --horizon 2");
    desk.done("backtest --data sales.csv --model naive --horizon 3");
    desk.done("backtest --data sales.csv --model naive --horizon 2");
    assert!(exists(&desk.path("almanac-run-2/manifest.json")));
    assert!(!exists(&desk.path("almanac-run-3")));
}

/// A file that has our name and no run behind it is not overwritten.
#[test]
fn foreign_files_stay() {
    let desk = Desk::new();
    desk.write("run/report.html", "mine");
    let refused = desk.run(RUN);
    assert_eq!(refused.code, 2, "{}", refused.err);
    assert_eq!(desk.bytes("run/report.html"), b"mine");
}

/// A model that fails is a row with a reason; --strict makes that an end of its own.
#[test]
fn strict_ends_with_three() {
    let desk = Desk::new();
    desk.write("short.csv", "unique_id,ds,y\na,2020-01-01,1\na,2020-02-01,2\na,2020-03-01,3\n");
    let words = "backtest --data short.csv --model seasonal_naive --model garch --baseline naive \
                 --horizon 1 --out run";
    assert_eq!(desk.run(words).code, 0);
    let said = desk.run(&format!("{words} --strict"));
    assert_eq!(said.code, 3, "{}", said.err);
    let scores = table(&desk, "run/scores.parquet");
    let error = scores.column_by_name("error").unwrap().as_string::<i32>();
    let reasons: Vec<&str> =
        (0..error.len()).filter(|&row| error.is_valid(row)).map(|row| error.value(row)).collect();
    assert!(reasons.iter().any(|reason| reason.contains("observations")), "{reasons:?}");
}
