//! MARS against R's earth, GRNN against statsmodels' kernel regression, GMDH against NumPy.

use almanac_data::Matrix;
use almanac_kernels::grnn::left_out_each;
use almanac_models::regress::{Predict, ROSTER};
use almanac_models::{Ctx, find};
use serde_json::{Value, json};

use crate::{assert_close, case, numbers};

/// A matrix of a list of rows.
pub fn rows(list: &Value) -> Matrix {
    let rows: Vec<Vec<f64>> = list.as_array().unwrap().iter().map(numbers).collect();
    let names = (0..rows[0].len()).map(|at| format!("x{at}")).collect();
    Matrix::from_rows(names, &rows.concat()).unwrap()
}

fn fit(name: &str, settings: &Value, x: &Matrix, y: &[f64]) -> Box<dyn Predict> {
    let Ok(entry) = find(ROSTER, name) else { panic!("no `{name}`") };
    let learner = (entry.build)(settings.as_object().unwrap()).unwrap();
    learner.fit(&Ctx::new(1), x, y).unwrap()
}

/// The same terms at the same knots: the same answers, inside and beyond what was seen.
#[test]
fn mars_as_earth() {
    let case = case("mars");
    let (x, y, ask) = (columns(&case["x"]), numbers(&case["y"]), columns(&case["ask"]));
    for run in case["runs"].as_array().unwrap() {
        let settings = &run["settings"];
        let fitted = fit("mars", settings, &x, &y);
        for (what, asked) in [("fitted", &x), ("asked", &ask)] {
            let (got, want) = (fitted.predict(asked).unwrap(), numbers(&run[what]));
            let tolerance = case["tolerance"].as_f64().unwrap();
            assert_close(&format!("{what} of {settings}"), &got, &want, tolerance);
        }
    }
}

fn columns(list: &Value) -> Matrix {
    let columns = list.as_array().unwrap().iter().enumerate();
    Matrix::from_columns(columns.map(|(at, c)| (format!("x{at}"), numbers(c))).collect()).unwrap()
}

/// The same widths give the same answers; widths searched err no more on rows left out than theirs.
#[test]
fn grnn_as_statsmodels() {
    let case = case("grnn");
    let (x, y, ask) = (rows(&case["x"]), numbers(&case["y"]), rows(&case["ask"]));
    let tolerance = case["tolerance"].as_f64().unwrap();
    let error = |sigma: &[f64]| {
        let q: Vec<f64> = sigma.iter().map(|sigma| 0.5 / (sigma * sigma)).collect();
        left_out_each(&x.by_rows(), &y, &q, &mut vec![0.0; q.len()])
    };
    for run in case["runs"].as_array().unwrap() {
        let sigma = run["sigma"].as_f64().unwrap();
        let fitted = fit("grnn", &json!({ "sigma": sigma }), &x, &y);
        let got = fitted.predict(&ask).unwrap();
        assert_close(&format!("σ {sigma}"), &got, &numbers(&run["asked"]), tolerance);
        let want = run["left_out"].as_f64().unwrap();
        assert_close("left out", &[error(&[sigma; 3])], &[want], tolerance);
    }
    // A fitted width shows itself only in answers: those of the package's width, nearly.
    let one = case["one"]["sigma"].as_f64().unwrap();
    let (found, theirs) =
        (fit("grnn", &json!({}), &x, &y), fit("grnn", &json!({"sigma": one}), &x, &y));
    let answers = [found, theirs].map(|fitted| fitted.predict(&ask).unwrap());
    assert_close("one width", &answers[0], &answers[1], 0.01);
    let fitted = fit("grnn", &json!({"sigma": "each"}), &x, &y);
    let got = fitted.predict(&ask).unwrap();
    assert_close("a width for each", &got, &numbers(&case["each"]["asked"]), 0.01);
}

/// The same units in the same layers.
#[test]
fn gmdh_as_numpy() {
    let case = case("gmdh");
    let (x, y, ask) = (rows(&case["x"]), numbers(&case["y"]), rows(&case["ask"]));
    for run in case["runs"].as_array().unwrap() {
        let got = fit("gmdh", &run["settings"], &x, &y).predict(&ask).unwrap();
        let tolerance = case["tolerance"].as_f64().unwrap();
        assert_close(&run["settings"].to_string(), &got, &numbers(&run["asked"]), tolerance);
    }
}
