//! Perceptrons against scikit-learn.

use almanac_kernels::perceptron::{Adam, Asked, Bend, Net};
use almanac_models::regress::ROSTER;
use almanac_models::{Ctx, find};
use serde_json::{Map, Value};

use crate::smooth_learners::rows;
use crate::{assert_close, case, numbers};

/// From the same weights the same answers, loss and slopes, and after five steps of Adam the same
/// weights.
#[test]
fn mlp_as_scikit_learn() {
    let case = case("mlp");
    let (x, number) = (rows(&case["x"]), |value: &Value| value.as_f64().unwrap());
    let tolerance = number(&case["tolerance"]);
    for run in case["runs"].as_array().unwrap() {
        let what = |part: &str| format!("{part} of {}, {}", run["bend"], run["asked"]);
        let bend = match run["bend"].as_str().unwrap() {
            "relu" => Bend::Relu,
            "tanh" => Bend::Tanh,
            _ => Bend::Logistic,
        };
        let (wanted, mut weights) = (numbers(&run["wanted"]), numbers(&run["start"]));
        let asked = if run["asked"] == "values" { Asked::Values } else { Asked::Chances };
        let hidden = numbers(&case["hidden"]).into_iter().map(|width| width as usize);
        let outputs = wanted.len() / x.rows();
        let sizes = [x.width()].into_iter().chain(hidden).chain([outputs]).collect();
        let net = Net { sizes, bend, asked, l2: number(&case["l2"]) };
        let x = x.by_rows();
        let answers = net.answers(&weights, &x);
        assert_close(&what("answers"), &answers, &numbers(&run["answers"]), tolerance);
        let (mut adam, mut slopes) = (Adam::new(net.count()), vec![0.0; net.count()]);
        for step in run["steps"].as_array().unwrap() {
            let loss = net.loss(&weights, &x, &wanted, &mut slopes);
            assert_close(&what("loss"), &[loss], &[number(&step["loss"])], tolerance);
            assert_close(&what("slopes"), &slopes, &numbers(&step["slopes"]), tolerance);
            adam.step(number(&case["rate"]), &slopes, &mut weights);
        }
        assert_close(&what("weights"), &weights, &numbers(&run["end"]), tolerance);
    }
}

/// Over ten seeds the mean error on Friedman's first function is scikit-learn's, to a tenth of it.
#[test]
fn mlp_learns_as_well_as_scikit_learn() {
    let case = &case("mlp")["friedman"];
    let (x, y, ask) = (rows(&case["x"]), numbers(&case["y"]), rows(&case["ask"]));
    let truth = numbers(&case["truth"]);
    let Ok(entry) = find(ROSTER, "mlp") else { panic!("no `mlp`") };
    let mlp = (entry.build)(&Map::new()).unwrap();
    let error = |seed: u64| {
        let said = mlp.fit(&Ctx::new(seed), &x, &y).unwrap().predict(&ask).unwrap();
        let squares = said.iter().zip(&truth).map(|(a, b)| (a - b).powi(2));
        (squares.sum::<f64>() / truth.len() as f64).sqrt()
    };
    let own = (0..10).map(error).sum::<f64>() / 10.0;
    let theirs = numbers(&case["rmse"]).iter().sum::<f64>() / 10.0;
    let tolerance = case["tolerance"].as_f64().unwrap();
    assert!(own < theirs * (1.0 + tolerance), "{own} against {theirs}");
}
