//! ARIMA likelihoods, forecasts and variances against statsmodels.

use almanac_kernels::arima::{Kalman, Method, Order, Sample, fit};
use almanac_models::{Ctx, Next, Past, entry};
use serde_json::{Map, Value, json};

use crate::{assert_close, case, numbers};

fn triple(value: &Value) -> [usize; 3] {
    [0, 1, 2].map(|place| value[place].as_u64().unwrap() as usize)
}

/// Log-likelihood and σ² at given coefficients, holes and differences included; means and
/// variances ahead. Where there are differences the other program starts with a large variance,
/// which its forecasts keep a trace of.
#[test]
fn arima_as_statsmodels() {
    let case = case("arima");
    let tolerance = case["tolerance"].as_f64().unwrap();
    for run in case["cases"].as_array().unwrap() {
        let name = run["name"].as_str().unwrap();
        let season = run["season"].as_u64().unwrap() as usize;
        let order = Order::new(triple(&run["order"]), triple(&run["seasonal_order"]), season);
        let (y, coefficients) = (numbers(&run["y"]), numbers(&run["coefficients"]));
        let filled: Vec<f64> = y.iter().map(|v| if v.is_nan() { 0.0 } else { *v }).collect();
        let fit =
            Sample::new(&order, vec![y.clone()], &filled).at(&order, &coefficients, Method::Exact);
        assert_eq!(fit.count as u64, run["count"].as_u64().unwrap(), "{name}");
        let sigma2 = fit.rss / fit.count as f64;
        let want = [run["log_likelihood"].as_f64().unwrap(), run["sigma2"].as_f64().unwrap()];
        assert_close(name, &[fit.log_likelihood], &want[..1], tolerance);
        assert_close(name, &[sigma2], &want[1..], tolerance);

        let (head, rest) = y.split_at(order.lost());
        let mut filter = Kalman::new(&order, &coefficients, &[head]);
        for value in rest {
            filter.step(&[*value], &mut [0.0]);
        }
        let (mean, variance) = filter.ahead(14);
        let variance: Vec<f64> = variance.iter().map(|v| v * sigma2).collect();
        let traced = if order.lost() > 0 { 1e-4 } else { 1e-9 };
        assert_close(&format!("{name}, mean"), &mean[0], &numbers(&run["mean"]), traced);
        assert_close(&format!("{name}, variance"), &variance, &numbers(&run["variance"]), traced);
    }
}

/// Regression with ARMA errors: the maximum of the likelihood, the weights, and the forecast.
#[test]
fn sarimax_as_statsmodels() {
    let run = &case("arima")["regression"];
    let (y, x, ahead) = (numbers(&run["y"]), numbers(&run["x"]), numbers(&run["x_ahead"]));
    let order = Order::new(triple(&run["order"]), [0; 3], 1);
    let sample = Sample::new(&order, vec![y.clone(), x.clone(), vec![1.0; y.len()]], &y);
    let fit = fit(&order, &sample);
    let want = run["log_likelihood"].as_f64().unwrap();
    assert_close("log-likelihood", &[fit.log_likelihood], &[want], 1e-6);
    assert_close("weights", &fit.beta, &numbers(&run["beta"]), 1e-4);
    assert_close("coefficients", &fit.coefficients, &numbers(&run["coefficients"]), 1e-4);

    let settings = json!({ "order": run["order"] });
    let settings: &Map<String, Value> = settings.as_object().unwrap();
    let method = (entry("sarimax").unwrap().build)(settings).unwrap();
    let past = Past { known: vec![("x", &x)], ..Past::new(&y, 1) };
    let fitted = method.fit(&Ctx::new(1), &past).unwrap();
    let next = Next { steps: ahead.len(), known: vec![("x", &ahead)] };
    let mean = fitted.steps(&Ctx::new(1), &next).unwrap().mean;
    assert_close("mean", &mean, &numbers(&run["mean"]), 1e-4);
}

/// The series of this name in the classics that may not be shipped, where they are at hand.
fn classic(name: &str) -> Option<Vec<f64>> {
    let folder = std::env::var("ALMANAC_DATA").ok()?;
    let text = std::fs::read_to_string(format!("{folder}/competitions/classics.csv")).ok()?;
    let of_name = |line: &str| {
        let mut cells = line.split(',');
        (cells.next() == Some(name)).then(|| cells.next_back().unwrap().parse().unwrap())
    };
    Some(text.lines().filter_map(of_name).collect())
}

/// The orders are R's, and so are the fits: means and deviations ahead agree.
#[test]
fn auto_arima_as_r() {
    let case = case("auto_arima");
    let [near, sd_near] = ["tolerance", "sd_tolerance"].map(|name| case[name].as_f64().unwrap());
    for run in case["cases"].as_array().unwrap() {
        let name = run["name"].as_str().unwrap();
        let y = if run["y"].is_null() { classic(name) } else { Some(numbers(&run["y"])) };
        let Some(mut y) = y else {
            println!("skipped: {name} is not at hand without ALMANAC_DATA");
            continue;
        };
        if name == "air_passengers" {
            y.iter_mut().for_each(|value| *value = value.ln());
        }
        let method = (entry("auto_arima").unwrap().build)(&Map::new()).unwrap();
        let season = run["season"].as_u64().unwrap() as usize;
        let fitted = method.fit(&Ctx::new(1), &Past::new(&y, season)).unwrap();
        let forecast = fitted.steps(&Ctx::new(1), &Next::plain(8)).unwrap();
        let sd: Vec<f64> = (0..8).map(|step| forecast.sd(step)).collect();
        assert_close(name, &forecast.mean, &numbers(&run["mean"]), near);
        assert_close(&format!("{name}, sd"), &sd, &numbers(&run["sd"]), sd_near);
    }
}
