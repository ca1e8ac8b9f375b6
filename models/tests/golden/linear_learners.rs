//! Linear learners and nearest neighbours against scikit-learn.

use almanac_data::Matrix;
use almanac_models::classify::Classes;
use almanac_models::{Ctx, classify, find, regress};
use serde_json::{Value, json};

use crate::{assert_close, case, numbers};

/// A table from a list of rows.
pub fn matrix(rows: &Value) -> Matrix {
    let rows: Vec<Vec<f64>> = rows.as_array().unwrap().iter().map(numbers).collect();
    let names = (0..rows[0].len()).map(|column| column.to_string()).collect();
    Matrix::from_rows(names, &rows.concat()).unwrap()
}

/// The answers of a regressor, named and set as in `name {settings}`.
pub fn answers(named: &str, [x, y, asked]: [&Value; 3]) -> Vec<f64> {
    let (name, settings) = named.split_once(' ').unwrap();
    let entry = find(regress::ROSTER, name).unwrap();
    let learner = (entry.build)(&serde_json::from_str(settings).unwrap()).unwrap();
    let fitted = learner.fit(&Ctx::new(1), &matrix(x), &numbers(y)).unwrap();
    fitted.predict(&matrix(asked)).unwrap()
}

/// The chances of a classifier, set so.
pub fn chances(name: &str, settings: &Value, [x, classes, asked]: [&Value; 3]) -> Vec<f64> {
    let entry = find(classify::ROSTER, name).unwrap();
    let learner = (entry.build)(settings.as_object().unwrap()).unwrap();
    let of: Vec<usize> = numbers(classes).into_iter().map(|class| class as usize).collect();
    let classes = Classes { of: &of, count: of.iter().max().unwrap() + 1 };
    let fitted = learner.fit(&Ctx::new(1), &matrix(x), &classes).unwrap();
    fitted.chances(&matrix(asked)).unwrap()
}

/// Closed forms to rounding, on raw columns that are few, repeat each other, or outnumber the rows.
#[test]
fn linear_learners_as_scikit_learn() {
    let case = case("linear_learners");
    for run in case["runs"].as_array().unwrap() {
        let parts = ["x", "y", "asked"].map(|part| &run[part]);
        for (named, want) in run["answers"].as_object().unwrap() {
            let searched = named.starts_with("lasso") || named.starts_with("elastic");
            let within = case[if searched { "searched" } else { "tolerance" }].as_f64().unwrap();
            let what = format!("{} {named}", run["kind"]);
            assert_close(&what, &answers(named, parts), &numbers(want), within);
        }
        let parts = ["x", "classes", "asked"].map(|part| &run[part]);
        let got = chances("knn", &json!({"weights": "distance"}), parts);
        let want: Vec<f64> =
            run["knn_chances"].as_array().unwrap().iter().flat_map(numbers).collect();
        assert_close("knn's chances", &got, &want, 1e-9);
    }
}
