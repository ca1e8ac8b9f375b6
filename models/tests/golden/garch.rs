//! GARCH against Python's arch.

use almanac_kernels::garch::Garch;
use almanac_models::{Ctx, Next, Past, entry};
use serde_json::{Value, json};
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};
use statrs::function::gamma::ln_gamma;

use crate::{assert_close, case, numbers};

fn garch(values: &Value) -> Garch {
    let value = |name: &str, default: f64| values[name].as_f64().unwrap_or(default);
    Garch {
        omega: value("omega", 0.0),
        alpha: value("alpha", 0.0),
        beta: value("beta", 0.0),
        mean: value("mean", 0.0),
        freedom: value("freedom", f64::INFINITY),
    }
}

/// At the same parameters, the same likelihood.
#[test]
fn garch_likelihood_as_arch() {
    let case = case("garch");
    let (y, tolerance) = (numbers(&case["y"]), case["tolerance"].as_f64().unwrap());
    for run in case["runs"].as_array().unwrap() {
        for (at, want) in [("fixed", "fixed_log_likelihood"), ("params", "log_likelihood")] {
            let at = garch(&run[at]);
            let (mut log, _) = at.log_likelihood(&y, run["first"].as_f64().unwrap());
            if at.freedom.is_finite() {
                let (nu, pi) = (at.freedom, std::f64::consts::PI);
                let scale = 0.5 * (pi * (nu - 2.0)).ln();
                log += y.len() as f64 * (ln_gamma((nu + 1.0) / 2.0) - ln_gamma(nu / 2.0) - scale);
            }
            assert_close("log-likelihood", &[log], &[run[want].as_f64().unwrap()], tolerance);
        }
    }
}

/// The fitted mean, the variances ahead and the fitted tails, which give every parameter away.
#[test]
fn garch_fit_as_arch() {
    let case = case("garch");
    let (y, tolerance) = (numbers(&case["y"]), case["fitted_tolerance"].as_f64().unwrap());
    for run in case["runs"].as_array().unwrap() {
        let settings = json!({"mean": run["mean"], "errors": run["errors"]});
        let method = (entry("garch").unwrap().build)(settings.as_object().unwrap()).unwrap();
        let ctx = Ctx::new(1);
        let fitted = method.fit(&ctx, &Past::new(&y, 1)).unwrap();
        let forecast = fitted.steps(&ctx, &Next::plain(10)).unwrap();
        let Garch { mean, freedom, .. } = garch(&run["params"]);
        assert_close("mean", &[forecast.mean[9]], &[mean], 10.0 * tolerance);
        let tail = |p: f64| match freedom.is_finite() {
            true => {
                let student = StudentsT::new(0.0, 1.0, freedom).unwrap();
                student.inverse_cdf(p) * ((freedom - 2.0) / freedom).sqrt()
            }
            false => Normal::standard().inverse_cdf(p),
        };
        for p in [0.025, 0.25, 0.9] {
            let want: Vec<f64> =
                numbers(&run["variance"]).iter().map(|v| mean + v.sqrt() * tail(p)).collect();
            let got: Vec<f64> = (0..10).map(|step| forecast.quantile(step, p)).collect();
            assert_close(&format!("quantile {p} of {settings}"), &got, &want, tolerance);
        }
    }
}
