//! Battery features against numpy and scipy.

use almanac_data::{Curves, Matrix, Table};
use almanac_models::features::battery::Battery;

use crate::{assert_close, case, numbers};

/// Every feature of every group, by its name.
#[test]
fn battery_as_scipy() {
    let case = case("battery");
    let cells = case["cells"].as_array().unwrap();
    let cycles: Vec<u32> = numbers(&case["cycles"]).iter().map(|&cycle| cycle as u32).collect();
    let curves = |cell: &serde_json::Value| {
        numbers(&cell["curves"]).iter().map(|&q| q as f32).collect::<Vec<f32>>()
    };
    let points = case["points"].as_u64().unwrap() as usize;
    let rows = cells.iter().map(|cell| (cycles.clone(), curves(cell))).collect();
    let table = Table {
        name: "cells".into(),
        ids: (0..cells.len()).map(|cell| cell.to_string()).collect(),
        x: Matrix::default(),
        target: "life".into(),
        y: vec![1.0; cells.len()],
        classes: Vec::new(),
        labels: Vec::new(),
        curves: Some(Curves { points, rows }),
    };
    for (group, width) in [("variance", 1), ("discharge", 6), ("full", 5)] {
        let battery: Battery = serde_json::from_value(group.into()).unwrap();
        let got = battery.read(&table).unwrap();
        assert_eq!(got.width(), width);
        for (name, got) in got.names().iter().zip(got.columns()) {
            let want: Vec<f64> =
                cells.iter().map(|cell| cell["expect"][name].as_f64().unwrap()).collect();
            assert_close(name, got, &want, case["tolerance"].as_f64().unwrap());
        }
    }
}
