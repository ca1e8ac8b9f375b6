//! Gradient boosting against scikit-learn's over histograms.

use crate::linear_learners::{answers, chances};
use crate::{assert_close, case, numbers};

/// Every loss and both kinds of classes, on columns with missing values: the same trees.
#[test]
fn boosting_as_scikit_learn() {
    let case = case("gradient_boosting");
    let within = case["tolerance"].as_f64().unwrap();
    for run in case["runs"].as_array().unwrap() {
        let (task, settings) = (run["task"].as_str().unwrap(), &run["settings"]);
        let got = match task {
            "regress" => {
                let named = format!("gradient_boosting {settings}");
                answers(&named, ["x", "y", "x"].map(|part| &case[part]))
            }
            _ => {
                let parts = ["x", task, "x"].map(|part| &case[part]);
                chances("gradient_boosting", settings, parts)
            }
        };
        assert_close(&format!("{task} {settings}"), &got, &numbers(&run["expect"]), within);
    }
}
