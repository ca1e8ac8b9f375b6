//! Numbers against independent implementations; each folder holds the script that made them.

use almanac_backtest::compare::{
    confidence_set, diebold_mariano, paired, share_interval, two_sample,
};
use almanac_backtest::money::{Shape, bar, overfitting};
use almanac_backtest::{Judged, Yard, crps, gauges};
use almanac_data::{Forecast, Spread};
use serde_json::Value;

/// The cases of a golden and their relative tolerance.
fn cases(name: &str) -> (Vec<Value>, f64) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let text = std::fs::read_to_string(folder.join("case.json")).unwrap();
    let golden: Value = serde_json::from_str(&text).unwrap();
    (golden["cases"].as_array().unwrap().clone(), golden["tolerance"].as_f64().unwrap())
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

#[track_caller]
fn close(got: f64, expected: &Value, tolerance: f64) {
    let expected = expected.as_f64().unwrap();
    assert!((got - expected).abs() <= tolerance * expected.abs(), "{got} ≠ {expected}");
}

#[test]
fn diebold_mariano_as_in_r() {
    let (cases, tolerance) = cases("diebold_mariano");
    for case in cases {
        let horizon = case["horizon"].as_u64().unwrap() as usize;
        let test = diebold_mariano(&numbers(&case["differences"]), horizon).unwrap();
        close(test.statistic, &case["statistic"], tolerance);
        close(test.p_value, &case["p_value"], tolerance);
    }
}

#[test]
fn student_as_in_scipy() {
    let (cases, tolerance) = cases("student");
    for case in cases {
        let (a, b) = (numbers(&case["a"]), numbers(&case["b"]));
        let test = match case["kind"].as_str().unwrap() {
            "paired" => paired(&a, &b).unwrap(),
            _ => two_sample(&a, &b).unwrap(),
        };
        close(test.statistic(), &case["statistic"], tolerance);
        close(test.p_value(), &case["p_value"], tolerance);
        close(test.freedom, &case["freedom"], tolerance);
        let (low, high) = test.interval(0.95);
        close(low, &case["low"], tolerance);
        close(high, &case["high"], tolerance);
    }
}

#[test]
fn share_interval_as_in_scipy() {
    let (cases, tolerance) = cases("share");
    for case in cases {
        let count = |name: &str| case[name].as_u64().unwrap();
        let level = case["level"].as_f64().unwrap();
        let (low, high) = share_interval(count("hits"), count("trials"), level);
        close(low, &case["low"], tolerance);
        close(high, &case["high"], tolerance);
    }
}

#[test]
fn classes_as_in_scikit_learn() {
    let (cases, tolerance) = cases("classes");
    for case in cases {
        let (truth, mean) = (numbers(&case["y"]), numbers(&case["p"]));
        let judged = Judged { truth: &truth, yard: Yard::of(&[], 1), levels: &[] };
        let forecast = Forecast::point(mean);
        for (name, expected) in case["scores"].as_object().unwrap() {
            let gauge = &gauges(name, &[]).unwrap()[0];
            close(gauge.read(&judged, &forecast), expected, tolerance);
        }
    }
}

#[test]
fn overfitting_as_its_papers_define_it() {
    let (cases, tolerance) = cases("overfitting");
    for case in cases {
        let returns: Vec<Vec<f64>> =
            case["returns"].as_array().unwrap().iter().map(numbers).collect();
        close(overfitting(&returns).unwrap(), &case["overfitting"], tolerance);
        let shapes: Vec<Shape> = returns.iter().map(|own| Shape::of(own).unwrap()).collect();
        let bar = bar(&shapes.iter().map(|shape| shape.sharpe).collect::<Vec<_>>());
        close(bar, &case["bar"], tolerance);
        for (at, shape) in shapes.iter().enumerate() {
            close(shape.above(0.0).unwrap(), &case["probabilistic"][at], tolerance);
            close(shape.above(bar).unwrap(), &case["deflated"][at], tolerance);
        }
    }
}

#[test]
fn confidence_set_as_in_arch() {
    let (cases, tolerance) = cases("confidence_set");
    for case in cases {
        let losses: Vec<Vec<f64>> =
            case["losses"].as_array().unwrap().iter().map(numbers).collect();
        let units = |row: &Value| numbers(row).into_iter().map(|unit| unit as usize).collect();
        let samples: Vec<Vec<usize>> =
            case["samples"].as_array().unwrap().iter().map(units).collect();
        let got = confidence_set(&losses, samples.into_iter());
        for (got, expected) in got.into_iter().zip(case["p_values"].as_array().unwrap()) {
            close(got, expected, tolerance);
        }
    }
}

#[test]
fn crps_as_integrated() {
    let (cases, tolerance) = cases("crps");
    for case in cases {
        let number = |name: &str| case[name].as_f64().unwrap();
        let forecast = match case["kind"].as_str().unwrap() {
            "normal" => Forecast::normal(vec![number("mean")], [number("sd").powi(2)]),
            "draws" => {
                let paths: Vec<Vec<f64>> =
                    numbers(&case["draws"]).into_iter().map(|draw| vec![draw]).collect();
                Forecast::from_paths(&paths, 1)
            }
            _ => {
                let (levels, values) = (numbers(&case["levels"]), vec![numbers(&case["values"])]);
                let spread = Spread::Quantiles { levels, values };
                Forecast { mean: vec![0.0], spread, filled: 0 }
            }
        };
        close(crps(&forecast, 0, number("y")), &case["crps"], tolerance);
    }
}
