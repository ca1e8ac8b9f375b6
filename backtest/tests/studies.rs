//! The studies' specs: each can be read, and none asks for a model, a feature or a metric that is
//! not there.

use std::fs;
use std::path::Path;

use almanac_backtest::{Plan, Spec, TableRows, TaskName};
use almanac_data::{Calendar, Clock, Column, Curves, Freq, Matrix, Panel, Role, Stamp, Table};

const DAY: i64 = 86_400_000_000;

fn specs() -> Vec<(String, Spec)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../studies");
    let mut specs: Vec<(String, Spec)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let spec = Spec::from_toml(&fs::read_to_string(&path).unwrap());
            (name.clone(), spec.unwrap_or_else(|e| panic!("{name}, line {}: {e}", e.line)))
        })
        .collect();
    specs.sort_by(|a, b| a.0.cmp(&b.0));
    specs
}

/// Two series of bars, long enough for every study's folds.
fn panel() -> Panel {
    let rows = 10_000;
    let at = (0..2).flat_map(|_| (0..rows).map(|t| Stamp(t * DAY))).collect();
    let y: Vec<f64> = (0..2 * rows).map(|t| 50.0 + (t * 37 % 23) as f64).collect();
    let ends = vec![("a".to_string(), rows as usize), ("b".to_string(), 2 * rows as usize)];
    let calendar = Calendar::new(Clock::Date, Freq::Days(1));
    let mut panel = Panel::new("p", calendar, ends, at, y.clone()).unwrap();
    for name in ["open", "high", "low", "close", "volume"] {
        let role = if name == "open" { Role::Open } else { Role::Close };
        let column = Column { name: name.into(), role, values: y.clone(), labels: Vec::new() };
        panel = panel.with_column(column).unwrap();
    }
    let power = ["Global_reactive_power", "Voltage", "Global_intensity", "sub_metering_4"];
    for name in power.into_iter().chain(["Sub_metering_1", "Sub_metering_2", "Sub_metering_3"]) {
        let (role, values) = (Role::Past, y.clone());
        let column = Column { name: name.into(), role, values, labels: Vec::new() };
        panel = panel.with_column(column).unwrap();
    }
    panel
}

/// Twelve cells with curves that differ.
fn table() -> Table {
    let cells = 12;
    let ids: Vec<String> = (0..cells)
        .map(|cell| if cell == 11 { "b2c1".into() } else { format!("c{cell}") })
        .collect();
    let split = |cell: usize| {
        if cell < 6 {
            "train"
        } else if cell < 9 {
            "test2"
        } else {
            "test1"
        }
    };
    let curve = |cell: usize| {
        let cycles: Vec<u32> = (2..=100).collect();
        let q = |cycle: u32, point: usize| {
            1.1 - 0.01 * point as f32 - 1e-5 * (cycle as usize * (cell + 1) * (point + 1)) as f32
        };
        let values = cycles.iter().flat_map(|&c| (0..5).map(move |p| q(c, p))).collect();
        (cycles, values)
    };
    let column = |k: usize| (0..cells).map(|cell| (cell * k % 7) as f64).collect::<Vec<f64>>();
    let names = ["chargetime", "Tmax", "Tmin", "IR_min", "IR_cycle2", "IR_diff"];
    let columns = names.iter().enumerate().map(|(k, name)| (name.to_string(), column(k + 2)));
    Table {
        name: "cells".into(),
        x: Matrix::from_columns(columns.collect()).unwrap(),
        target: "cycle_life".into(),
        y: (0..cells).map(|cell| 500.0 + 40.0 * cell as f64).collect(),
        classes: Vec::new(),
        labels: vec![("split".into(), (0..cells).map(|cell| split(cell).into()).collect())],
        curves: Some(Curves { points: 5, rows: (0..cells).map(curve).collect() }),
        ids,
    }
}

/// Every study becomes a plan on data of its kind.
#[test]
fn studies_can_be_planned() {
    let panel = panel();
    let specs = specs();
    assert!(specs.len() >= 5, "{}", specs.len());
    for (name, spec) in specs {
        let rows = (spec.task == TaskName::Regress)
            .then(|| TableRows::new(&spec.folds, spec.run.seed, table()));
        let rows = rows.transpose().unwrap_or_else(|e| panic!("{name}: {e}"));
        let plan = match &rows {
            Some(rows) => Plan::of_rows(&spec, rows),
            None => Plan::new(&spec, &panel),
        };
        let plan = plan.unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(plan.model_names().len() >= spec.model.len(), "{name}");
    }
}
