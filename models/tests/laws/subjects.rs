//! What the laws are tried on: every model of the roster, and series of every kind.

use almanac_data::{FitError, Forecast};
use almanac_models::forecast::ROSTER;
use almanac_models::{Ctx, Entry, Inner, Next, Past, Univariate, lift};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value};

use crate::verdict::{Named, hold};

/// Settings other than the defaults that the laws are tried on too.
const VARIANTS: &[(&str, &str)] = &[
    ("seasonal_naive", r#"{"season":3}"#),
    ("window_mean", r#"{"window":3}"#),
    ("seasonal_window_mean", r#"{"season":3,"window":2}"#),
    ("theta", r#"{"decomposition":"additive"}"#),
    ("auto_theta", r#"{"decomposition":"none"}"#),
    ("arima", r#"{"order":[2,1,1]}"#),
    ("arima", r#"{"order":[0,1,1],"seasonal_order":[0,1,1],"season":4}"#),
    ("croston", r#"{"alpha":0.3,"beta":0.2}"#),
    ("tsb", r#"{"alpha":0.3,"beta":0.2}"#),
    ("combine", r#"{"models":["naive","drift","window_mean"],"how":"median"}"#),
    ("combine", r#"{"models":["naive",{"use":"garch"}],"how":"weighted"}"#),
    ("garch", r#"{"mean":"zero","errors":"student"}"#),
    ("mstl", r#"{"seasons":[3,4],"robust":true,"inner":{"use":"window_mean","window":5}}"#),
    ("ets", r#"{"model":"AAdA"}"#),
    ("ets", r#"{"model":"MAM"}"#),
    ("holt", r#"{"damped":true,"phi":0.9}"#),
    ("holt_winters", r#"{"seasonal":"multiplicative"}"#),
    ("auto_arima", r#"{"seasonal":false,"approximation":true}"#),
    ("ses", r#"{"alpha":0.5}"#),
];

/// Lifts around models that the laws are tried on too.
const LIFTED: &[(&str, &str)] = &[
    ("naive", r#"{"kind":"conformal"}"#),
    ("auto_theta", r#"{"kind":"conformal"}"#),
    ("arima", r#"{"kind":"conformal","windows":10}"#),
    ("seasonal_naive", r#"{"kind":"conformal","method":"adaptive","windows":12}"#),
    ("auto_ets", r#"{"kind":"conformal","method":"adaptive"}"#),
    ("drift", r#"{"kind":"log"}"#),
];

/// (model, what its values must be): what lies outside is refused, and nothing else.
pub const DOMAINS: &[(&str, &str)] = &[
    (r#"ets {"model":"MAM"}"#, "positive"),
    (r#"holt_winters {"seasonal":"multiplicative"}"#, "positive"),
    (r#"drift {"kind":"log"}"#, "positive"),
    ("croston", "non-negative"),
    ("sba", "non-negative"),
    ("tsb", "non-negative"),
];

const GARCH_AT_ZERO: &str = r#"garch {"mean":"zero","errors":"student"}"#;

const MSTL_OF_MEANS: &str =
    r#"mstl {"seasons":[3,4],"robust":true,"inner":{"use":"window_mean","window":5}}"#;

/// (model, reason): where a flat series is not forecast by its own value.
pub const NOT_FLAT: &[(&str, &str)] =
    &[("sba", "the correction lowers the mean"), (GARCH_AT_ZERO, "varies around zero")];

/// (model, reason): where scaling the past does not scale the forecast.
pub const NOT_SCALED: &[(&str, &str)] = &[];

/// (model, reason): where shifting the past does not shift the forecast.
pub const NOT_SHIFTED: &[(&str, &str)] = &[
    ("naive2", "divides by the season"),
    (r#"drift {"kind":"log"}"#, "logarithms of a shift are no shift"),
    ("auto_ets", "errors and seasons may multiply"),
    (r#"ets {"model":"MAM"}"#, "errors and seasons multiply"),
    (r#"holt_winters {"seasonal":"multiplicative"}"#, "seasons multiply"),
    ("theta", "divides by the season"),
    ("optimized_theta", "divides by the season"),
    ("dynamic_theta", "divides by the season"),
    ("dynamic_optimized_theta", "divides by the season"),
    ("auto_theta", "divides by the season"),
    ("mstl", "its inner auto_ets multiplies where values are positive"),
    ("croston", "no demand is zero"),
    ("sba", "no demand is zero"),
    ("tsb", "no demand is zero"),
    (GARCH_AT_ZERO, "varies around zero"),
    ("combine", "auto_ets and auto_theta divide by the season"),
];

/// (model, reason): where a value as forecast is news.
pub const SURPRISED: &[(&str, &str)] = &[
    ("window_mean", "forgets the oldest value"),
    ("seasonal_window_mean", "forgets the oldest season"),
    (MSTL_OF_MEANS, "its inner model forgets the oldest value"),
    ("sba", "its mean is below its size"),
    ("combine", "members expected something else"),
];

/// Subjects whose means have no parameter besides those set: moving on equals fitting again.
pub const NO_PARAMETERS: &[&str] = &[
    "naive",
    "seasonal_naive",
    r#"ses {"alpha":0.5}"#,
    "window_mean",
    "seasonal_window_mean",
    r#"croston {"alpha":0.3,"beta":0.2}"#,
    r#"tsb {"alpha":0.3,"beta":0.2}"#,
    r#"naive {"kind":"conformal"}"#,
];

/// One model with settings.
pub struct Subject {
    /// As a failure names it.
    pub label: String,
    /// The roster's name.
    pub name: &'static str,
    /// The method.
    pub method: Box<dyn Univariate>,
    written: [Map<String, Value>; 2],
}

impl Subject {
    fn new(name: &str, settings: &str, lifted: &str) -> Subject {
        let entry = almanac_models::entry(name).unwrap_or_else(|_| panic!("no model `{name}`"));
        let written = [settings, lifted].map(|text| serde_json::from_str(text).unwrap());
        let label = format!("{name} {settings} {lifted}").replace(" {}", "");
        Subject { label, name: entry.name, method: build(entry, &written), written }
    }

    /// The same method once more.
    pub fn again(&self) -> Box<dyn Univariate> {
        build(almanac_models::entry(self.name).ok().unwrap(), &self.written)
    }

    /// Fits a past of this season and looks `steps` ahead.
    pub fn forecast(&self, y: &[f64], season: usize, steps: usize) -> Result<Forecast, FitError> {
        let ctx = Ctx::new(7);
        self.method.fit(&ctx, &Past::new(y, season))?.steps(&ctx, &Next::plain(steps))
    }

    /// What every value must be, and the first that is not.
    pub fn outside(&self, y: &[f64]) -> Option<(&'static str, f64)> {
        let line = DOMAINS.iter().find(|(name, _)| *name == self.name || *name == self.label);
        let (_, must) = line?;
        let holds = |value: f64| value > 0.0 || (*must == "non-negative" && value == 0.0);
        y.iter().find(|value| !holds(**value)).map(|value| (*must, *value))
    }

    /// Whether a table of exceptions names this model, or it with these settings.
    pub fn is_in(&self, table: &[(&str, &str)]) -> bool {
        table.iter().any(|(name, _)| *name == self.name || *name == self.label)
    }
}

fn build(entry: &Entry<dyn Univariate>, written: &[Map<String, Value>; 2]) -> Box<dyn Univariate> {
    let [settings, lifted] = written;
    let plain = (entry.build)(settings).unwrap_or_else(|e| panic!("{}: {e}", entry.name));
    match lifted.is_empty() {
        true => plain,
        false => {
            let inner = Inner::Table { name: entry.name.into(), settings: settings.clone() };
            lift(lifted, &inner).unwrap_or_else(|e| panic!("{}: {e}", entry.name))
        }
    }
}

/// Every line of the roster with its defaults, then the variants, then the lifts.
pub fn subjects() -> Vec<Subject> {
    let plain = ROSTER.iter().map(|entry| Subject::new(entry.name, "{}", "{}"));
    let variants = VARIANTS.iter().map(|(name, settings)| Subject::new(name, settings, "{}"));
    let lifted = LIFTED.iter().map(|(name, lifted)| Subject::new(name, "{}", lifted));
    plain.chain(variants).chain(lifted).collect()
}

impl Named for Subject {
    fn label(&self) -> &str {
        &self.label
    }
}

/// Holds a law against every subject; fails with all violations at once, each with its model.
pub fn all_obey(law: &str, obeys: impl Fn(&Subject) -> Result<(), String>) {
    hold(law, &subjects(), obeys);
}

/// A series of each kind, by name; all of season 4.
pub fn kinds() -> Vec<(&'static str, Vec<f64>)> {
    let wave = [3.0, -1.0, 0.5, -2.5];
    let make = |of: &dyn Fn(usize, f64) -> f64, seed| {
        noise(seed, 48).into_iter().enumerate().map(|(t, e)| of(t, e)).collect::<Vec<f64>>()
    };
    let seasonal = |t: usize, e: f64| 20.0 + wave[t % 4] + 0.3 * e;
    let demand = |t: usize, e: f64| if t % 5 == 3 { (3.0 + e).max(1.0).round() } else { 0.0 };
    vec![
        ("flat", vec![5.0; 48]),
        ("zero", vec![0.0; 48]),
        ("huge", make(&|t, e| 1e12 * seasonal(t, e), 1)),
        ("tiny", make(&|t, e| 1e-12 * seasonal(t, e), 2)),
        ("one value", vec![3.0]),
        ("two values", vec![3.0, 4.5]),
        ("three values", vec![3.0, 4.5, 2.0]),
        ("one season", vec![3.0, 4.5, 2.0, 7.0]),
        ("alternating", make(&|t, _| if t % 2 == 0 { 1.0 } else { 2.0 }, 3)),
        ("trending", make(&|t, e| 10.0 + 0.7 * t as f64 + e, 4)),
        ("straight line", make(&|t, _| 10.0 + 0.5 * t as f64, 5)),
        ("falling below zero", make(&|t, e| 9.0 - 0.5 * t as f64 + e, 6)),
        ("growing", make(&|t, e| (0.05 * t as f64 + 0.02 * e).exp() * 30.0, 7)),
        ("seasonal", make(&seasonal, 8)),
        ("exactly seasonal", make(&|t, _| seasonal(t, 0.0), 9)),
        ("intermittent", make(&demand, 10)),
        ("one demand", (0..48).map(|t| if t == 20 { 6.0 } else { 0.0 }).collect()),
        ("noise", noise(11, 48)),
        ("negative", make(&|_, e| -50.0 + e, 12)),
        ("outlier", make(&|t, e| if t == 30 { 1e6 } else { 10.0 + e }, 13)),
        ("late change", (0..48).map(|t| if t < 47 { 5.0 } else { 9.0 }).collect()),
        (
            "random walk",
            noise(14, 48)
                .iter()
                .scan(100.0, |sum, e| {
                    *sum += e;
                    Some(*sum)
                })
                .collect(),
        ),
    ]
}

/// Values that are nearly normal, with mean 0 and variance 1.
pub fn noise(seed: u64, count: usize) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut draw = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
    (0..count).map(|_| draw()).collect()
}

/// A trend, a season of 4 and noise: what most methods are made for.
pub fn ordinary(count: usize) -> Vec<f64> {
    let wave = [4.0, -1.0, 1.0, -4.0];
    let value = |(t, e): (usize, &f64)| 60.0 + 0.2 * t as f64 + wave[t % 4] + e;
    noise(21, count).iter().enumerate().map(value).collect()
}

/// Whether two forecasts agree in mean and deviation, to a share of `scale`.
pub fn agree(a: &Forecast, b: &Forecast, scale: f64, tolerance: f64) -> Result<(), String> {
    for step in 0..a.len().max(b.len()) {
        for (what, a, b) in
            [("mean", a.mean[step], b.mean[step]), ("deviation", a.sd(step), b.sd(step))]
        {
            if (a - b).abs() > tolerance * scale {
                return Err(format!("step {}: {what} {a} against {b}", step + 1));
            }
        }
    }
    Ok(())
}
