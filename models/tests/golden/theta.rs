//! The theta family against statsforecast and R.

use almanac_kernels::classical::{Season, Way};
use almanac_kernels::theta::Theta;
use almanac_models::{Ctx, Next, Past, entry};
use serde_json::{Map, Value};

use crate::{assert_close, case, numbers};

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

/// The recursion at given parameters, the season divided or subtracted away before and put back.
/// Levels start as in statsforecast, where the line is measured from zero.
fn at_parameters(y: &[f64], season: usize, parameters: [f64; 3], moving: bool) -> Vec<f64> {
    let way = if y.iter().all(|&y| y > 0.0) { Way::Multiply } else { Way::Add };
    let season = Season::of(y, season, way).unwrap_or_else(Season::none);
    let rest = season.without(y);
    let [alpha, omega, start] = parameters;
    let path = Theta::through(&rest, [alpha, omega, start + omega * rest[0]], moving).path(14);
    (y.len()..).zip(path).map(|(place, mean)| season.restore(place, mean)).collect()
}

/// The same forecasts at the same parameters, and at the optima that each side finds for itself
/// where no first level runs away: statsforecast's may leave the range of the data.
#[test]
fn theta_as_statsforecast() {
    let case = case("theta");
    let tolerance = number(&case["tolerance"]);
    for run in case["runs"].as_array().unwrap() {
        let name = run["series"].as_str().unwrap();
        let model = run["model"].as_str().unwrap();
        let label = format!("{model} of {name}");
        let y = numbers(&case["series"][name]);
        let season = run["season"].as_u64().unwrap() as usize;
        let want = numbers(&run["expect_mean"]);

        let theta = &run["parameters"];
        let [alpha, theta, start] =
            ["alpha", "theta", "initial_smoothed"].map(|p| number(&theta[p]));
        let parameters = [alpha, 1.0 - 1.0 / theta, start];
        let adjusted = if run["seasonal"].as_bool().unwrap() { season } else { 1 };
        let got = at_parameters(&y, adjusted, parameters, model.starts_with("dynamic"));
        assert_close(&label, &got, &want, 1e-9);

        if run["start_in_range"].as_bool().unwrap() {
            let ctx = Ctx::new(1);
            let method = (entry(model).ok().unwrap().build)(&Map::new()).unwrap();
            let fitted = method.fit(&ctx, &Past::new(&y, season)).unwrap();
            let got = fitted.steps(&ctx, &Next::plain(14)).unwrap();
            assert_close(&format!("{label}, fitted"), &got.mean, &want, tolerance);
        }
    }
}

/// The same forecasts at the parameters that R's smoothing finds.
#[test]
fn theta_as_r() {
    let case = case("thetaf");
    for (place, run) in case["runs"].as_array().unwrap().iter().enumerate() {
        let parameters = [number(&run["alpha"]), 0.5, number(&run["start"])];
        let season = run["season"].as_u64().unwrap() as usize;
        let got = at_parameters(&numbers(&run["y"]), season, parameters, false);
        let want = numbers(&run["expect_mean"]);
        assert_close(&format!("run {place}"), &got[..12], &want, number(&case["tolerance"]));
    }
}
