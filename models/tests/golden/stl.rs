//! Decompositions against statsmodels, and the strength of a season against R.

use almanac_kernels::loess::Loess;
use almanac_kernels::stl::{Stl, mstl, strength};
use serde_json::Value;

use crate::{assert_close, case, numbers};

fn count(value: &Value) -> usize {
    value.as_u64().unwrap() as usize
}

/// Windowed, skipping, short and robust decompositions.
#[test]
fn stl_as_statsmodels() {
    let case = case("stl");
    let tolerance = case["tolerance"].as_f64().unwrap();
    for (place, run) in case["runs"].as_array().unwrap().iter().enumerate() {
        let loess = |name: &str| {
            let [window, degree, jump] = [0, 1, 2].map(|part| count(&run[name][part]));
            Loess { window, degree, jump }
        };
        let stl = Stl {
            period: count(&run["period"]),
            seasonal: loess("seasonal"),
            trend: loess("trend"),
            low_pass: loess("low_pass"),
            periodic: false,
            inner: count(&run["inner"]),
            outer: count(&run["outer"]),
        };
        let parts = stl.decompose(&numbers(&run["y"])).unwrap();
        for (name, got) in [("seasonal", parts.seasonal), ("trend", parts.trend)] {
            let want = numbers(&run[format!("expect_{name}")]);
            assert_close(&format!("run {place}, {name}"), &got, &want, tolerance);
        }
    }
}

/// Two seasons, one inside the other.
#[test]
fn mstl_as_statsmodels() {
    let case = case("mstl_parts");
    let jumps = [0, 1, 2].map(|part| count(&case["jumps"][part]));
    let stls = [0, 1].map(|place| {
        let stl = Stl::new(count(&case["periods"][place]), count(&case["windows"][place]));
        Stl {
            seasonal: Loess { jump: jumps[0], ..stl.seasonal },
            trend: Loess { jump: jumps[1], ..stl.trend },
            low_pass: Loess { window: count(&case["low_pass"][place]), degree: 1, jump: jumps[2] },
            inner: count(&case["inner"]),
            ..stl
        }
    });
    let parts = mstl(&numbers(&case["y"]), &stls).unwrap();
    let tolerance = case["tolerance"].as_f64().unwrap();
    for (place, season) in parts.seasonal.iter().enumerate() {
        let want = numbers(&case["expect_seasonal"][place]);
        assert_close(&format!("season {place}"), season, &want, tolerance);
    }
    assert_close("trend", &parts.trend, &numbers(&case["expect_trend"]), tolerance);
}

/// The default decomposition is that of R's `mstl`, odd periods and skipped points included.
#[test]
fn strength_as_r() {
    let case = case("strength");
    for (place, run) in case["runs"].as_array().unwrap().iter().enumerate() {
        let got = strength(&numbers(&run["y"]), count(&run["season"]));
        let want = run["expect_strength"].as_f64().unwrap();
        let tolerance = case["tolerance"].as_f64().unwrap();
        assert_close(&format!("run {place}"), &[got], &[want], tolerance);
    }
}
