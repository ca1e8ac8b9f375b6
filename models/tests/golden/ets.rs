//! Exponential smoothing against R and statsmodels.

use almanac_kernels::ets::{
    Error, Errors, Fixed, Form, Problem, Season, State, Trend, Weights, filter, moments,
};
use serde_json::Value;

use crate::{assert_close, case, numbers};

/// The form of letters such as `AAdM`.
fn form(letters: &str) -> Form {
    let kind = |letter: char, place: usize| letters.chars().nth(place) == Some(letter);
    Form {
        error: if kind('A', 0) { Error::Additive } else { Error::Multiplicative },
        trend: match (kind('N', 1), letters.contains('d')) {
            (true, _) => Trend::None,
            (false, false) => Trend::Additive,
            (false, true) => Trend::Damped,
        },
        season: match letters.chars().last() {
            Some('N') => Season::None,
            Some('A') => Season::Additive,
            _ => Season::Multiplicative,
        },
    }
}

/// The recursion at the weights and first states of a run: its errors, weights and last states.
fn at_parameters(run: &Value, y: &[f64]) -> Option<(Form, Errors, Weights, State)> {
    let form = form(run["model"].as_str().unwrap());
    let weights = numbers(&run["weights"]);
    let [alpha, beta, gamma, phi] = weights[..] else { panic!("four weights") };
    let weights = Weights { alpha, beta, gamma, phi };
    let [level, slope] = ["level", "slope"].map(|name| run[name].as_f64().unwrap());
    let mut state = State { level, slope, season: numbers(&run["season"]) };
    let errors = filter(form, &weights, &mut state, y)?;
    Some((form, errors, weights, state))
}

/// Every form on seasonal and other series: at R's parameters the same likelihood, means and
/// deviations; and a search that ends at R's AIC or below.
#[test]
fn ets_as_r() {
    let case = case("ets");
    let tolerance = case["tolerance"].as_f64().unwrap();
    for run in case["runs"].as_array().unwrap() {
        let (name, letters) = (run["series"].as_str().unwrap(), run["model"].as_str().unwrap());
        let label = format!("{letters} of {name}");
        let number = |name: &str| run[name].as_f64().unwrap();
        let y = numbers(&case["series"][name]["y"]);
        let Some((form, errors, weights, state)) = at_parameters(run, &y) else {
            // R lets means fall below zero where errors are relative to them.
            assert_eq!(label, "MNA of JohnsonJohnson");
            continue;
        };
        assert_close(&label, &[errors.loss()], &[-2.0 * number("loglik")], tolerance);

        let [mean, deviation] = ["expect_mean", "expect_sd"].map(|name| numbers(&run[name]));
        let equal = match (form.trend, form.season) {
            // R lets the slope count in full before it fades.
            (Trend::Damped, Season::Multiplicative) => 0,
            // R's season comes back one step early: the row of γ is that of models with a trend.
            (Trend::None, Season::Additive) => state.season.len() - 1,
            _ => mean.len(),
        };
        let (means, variances) = moments(form, &weights, &state, (number("sigma2"), equal));
        let deviations: Vec<f64> = variances.iter().map(|variance| variance.sqrt()).collect();
        assert_close(&format!("{label}, mean"), &means, &mean[..equal], tolerance);
        assert_close(&format!("{label}, deviation"), &deviations, &deviation[..equal], tolerance);

        let season = case["series"][name]["season"].as_u64().unwrap() as usize;
        let fixed = Fixed::default();
        let problem = Problem { y: &y, form, season, fixed, liveliest: 1.0 };
        let fit = problem.fit(f64::INFINITY).unwrap();
        let aic = fit.errors.loss() + 2.0 * (problem.free() + 1) as f64;
        assert!(aic < number("aic") + 0.01, "{label}: AIC {aic}, R reaches {}", number("aic"));
    }
}

/// Forms at given parameters: the same log-likelihood, and the same path without errors.
#[test]
fn ets_as_statsmodels() {
    let case = case("ets_loglike");
    let tolerance = case["tolerance"].as_f64().unwrap();
    let y = numbers(&case["y"]);
    let n = y.len() as f64;
    for run in case["runs"].as_array().unwrap() {
        let label = run["model"].as_str().unwrap();
        let (form, errors, weights, state) = at_parameters(run, &y).unwrap();
        let loglik = -(errors.loss() + n * (1.0 + (std::f64::consts::TAU / n).ln())) / 2.0;
        assert_close(label, &[loglik], &[run["loglik"].as_f64().unwrap()], tolerance);
        let (path, _) = moments(form, &weights, &state, (0.0, 4));
        assert_close(label, &path, &numbers(&run["expect_point"]), tolerance);
    }
}
