//! Intermittent demand against statsforecast, and R's forecast.

use almanac_models::{Ctx, Next, Past, entry};
use serde_json::{Value, json};

use crate::{assert_close, case, numbers};

/// The first mean of a model with these settings.
fn mean(name: &str, settings: Value, y: &[f64]) -> f64 {
    let method = (entry(name).unwrap().build)(settings.as_object().unwrap()).unwrap();
    let ctx = Ctx::new(1);
    let fitted = method.fit(&ctx, &Past::new(y, 1)).unwrap();
    fitted.steps(&ctx, &Next::plain(1)).unwrap().mean[0]
}

/// Given rates to rounding, fitted rates as closely as the other side looks for them.
#[test]
fn intermittent_demand_as_statsforecast_and_r() {
    let case = case("intermittent");
    let tolerance = |name: &str| case[name].as_f64().unwrap();
    for run in case["runs"].as_array().unwrap() {
        let y = numbers(&run["y"]);
        for (name, settings, expect, within) in [
            ("croston", json!({"alpha": 0.1, "beta": 0.1}), "croston_0.1", "tolerance"),
            ("sba", json!({"alpha": 0.1, "beta": 0.1}), "sba_0.1", "tolerance"),
            ("tsb", json!({"alpha": 0.2, "beta": 0.15}), "tsb_0.2_0.15", "tolerance"),
            ("croston", json!({"alpha": 0.25, "beta": 0.25}), "croston_0.25", "tolerance"),
            ("croston", json!({}), "croston_fitted", "fitted_tolerance"),
        ] {
            let want = run[expect].as_f64().unwrap();
            assert_close(expect, &[mean(name, settings, &y)], &[want], tolerance(within));
        }
    }
}
