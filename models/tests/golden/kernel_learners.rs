//! Support vectors, logistic regression and Gaussian processes against scikit-learn.

use crate::linear_learners::{answers, chances};
use crate::{assert_close, case, numbers};

/// Minima that were searched for, on rows that are many, repeat a column, or are outnumbered.
#[test]
fn kernel_learners_as_scikit_learn() {
    let case = case("kernel_learners");
    let within = case["tolerance"].as_f64().unwrap();
    for run in case["runs"].as_array().unwrap() {
        let parts = ["x", "y", "asked"].map(|part| &run[part]);
        for (named, want) in run["answers"].as_object().unwrap() {
            let what = format!("{} {named}", run["kind"]);
            assert_close(&what, &answers(named, parts), &numbers(want), within);
        }
        for want in run["chances"].as_array().unwrap() {
            let name = want["name"].as_str().unwrap();
            let what = format!("{} {name} {}", run["kind"], want["settings"]);
            let parts = [&run["x"], &want["classes"], &run["asked"]];
            let got = chances(name, &want["settings"], parts);
            assert_close(&what, &got, &numbers(&want["chances"]), within);
        }
    }
}
