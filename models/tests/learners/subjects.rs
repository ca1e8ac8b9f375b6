//! What the laws are tried on: every regressor and every classifier.

use almanac_data::{FitError, Matrix};
use almanac_models::classify::{self, Chances, Classes, Classify};
use almanac_models::regress::{self, Predict, Regress};
use almanac_models::{Ctx, Entry, find};

use crate::cases::Case;
use crate::verdict::{Named, hold};

/// Settings other than the defaults that the laws are tried on too: kind, name, settings.
const VARIANTS: &[(&str, &str, &str)] = &[
    ("regress", "mars", r#"{"degree":2,"min_span":1,"end_span":1}"#),
    ("regress", "gmdh", r#"{"layers":12,"units":3,"share":0.5}"#),
    ("regress", "grnn", r#"{"sigma":0.5}"#),
    (
        "regress",
        "mlp",
        r#"{"hidden":[8,4],"activation":"relu","solver":"adam","rate":0.02,"hold":0.2}"#,
    ),
    ("classify", "mlp", r#"{"hidden":[],"activation":"logistic"}"#),
    ("classify", "mlp", r#"{"solver":"adam","rate":0.02,"hold":0.2}"#),
    ("regress", "grnn", r#"{"sigma":"each"}"#),
];

/// Networks are trained for a moment: the laws are the same, and there are many fits.
const BRIEF: &str = r#"{"train":{"epochs":10,"batch":16,"rate":0.03}}"#;

/// (network, settings): filters no wider than the tables of the laws.
const NARROW: &[(&str, &str)] =
    &[("cnn", r#"{"width":2,"pool":[],"train":{"epochs":10,"batch":16,"rate":0.03}}"#)];

/// (learner, case, reason): what it refuses besides too few rows.
pub const REFUSED: &[(&str, &str, &str)] = &[];

/// (learner, reason): what is no better than the baseline on an easy problem.
pub const BASELINES: &[(&str, &str)] = &[
    ("regress mean", "it is the baseline"),
    ("classify prior", "it is the baseline"),
    ("classify adaboost", "its votes name the right class, with chances that are nearly equal"),
];

/// One learner with settings.
pub struct Subject {
    /// Kind, name and settings, as a failure names it.
    pub label: String,
    /// The roster's name.
    pub name: &'static str,
    kind: Kind,
}

enum Kind {
    Regress(Box<dyn Regress>),
    Classify(Box<dyn Classify>),
}

/// Answers rows from kept bytes.
pub type Read = fn(&[u8], &Matrix) -> Result<Vec<f64>, FitError>;

/// An answer, the bytes of who gave it, and who reads them.
pub type Kept = (Vec<f64>, Vec<u8>, Read);

/// What a fitted learner says.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// Values, or probabilities of each class, rows one after another.
    pub values: Vec<f64>,
    /// What the columns were worth.
    pub importance: Option<Vec<f64>>,
}

impl Named for Subject {
    fn label(&self) -> &str {
        &self.label
    }
}

impl Subject {
    fn regress(name: &str, settings: &str) -> Subject {
        let Ok(entry) = find(regress::ROSTER, name) else { panic!("no regressor `{name}`") };
        let written = serde_json::from_str(settings).unwrap();
        let kind = Kind::Regress((entry.build)(&written).unwrap_or_else(|e| panic!("{name}: {e}")));
        let label = format!("regress {name} {settings}").replace(" {}", "");
        Subject { label, name: entry.name, kind }
    }

    fn classify(name: &str, settings: &str) -> Subject {
        let Ok(entry) = find(classify::ROSTER, name) else { panic!("no classifier `{name}`") };
        let written = serde_json::from_str(settings).unwrap();
        let kind =
            Kind::Classify((entry.build)(&written).unwrap_or_else(|e| panic!("{name}: {e}")));
        let label = format!("classify {name} {settings}").replace(" {}", "");
        Subject { label, name: entry.name, kind }
    }

    /// Whether it answers with probabilities.
    pub fn classifies(&self) -> bool {
        matches!(self.kind, Kind::Classify(_))
    }

    /// Learns a case and answers these rows.
    pub fn say(&self, ctx: &Ctx, case: &Case, ask: &Matrix) -> Result<Said, FitError> {
        match &self.kind {
            Kind::Regress(learner) => {
                let fitted = learner.fit(ctx, &case.x, &case.y)?;
                Ok(Said { values: fitted.predict(ask)?, importance: fitted.importance() })
            }
            Kind::Classify(learner) => {
                let classes = Classes { of: &case.classes, count: case.count };
                let fitted = learner.fit(ctx, &case.x, &classes)?;
                Ok(Said { values: fitted.chances(ask)?, importance: fitted.importance() })
            }
        }
    }

    /// What a fit of a case says about these rows, and its bytes; with them, who reads such bytes and
    /// says the same.
    pub fn kept(&self, ctx: &Ctx, case: &Case, ask: &Matrix) -> Result<Kept, FitError> {
        match &self.kind {
            Kind::Regress(learner) => {
                let fitted = learner.fit(ctx, &case.x, &case.y)?;
                let read: Read = |kept, ask| <dyn Predict>::restore(kept)?.predict(ask);
                Ok((fitted.predict(ask)?, fitted.keep()?, read))
            }
            Kind::Classify(learner) => {
                let classes = Classes { of: &case.classes, count: case.count };
                let fitted = learner.fit(ctx, &case.x, &classes)?;
                let read: Read = |kept, ask| <dyn Chances>::restore(kept)?.chances(ask);
                Ok((fitted.chances(ask)?, fitted.keep()?, read))
            }
        }
    }

    /// Finite values, probabilities that sum to 1, shares that sum to 1: what must hold of anything
    /// said about `rows` rows.
    pub fn sound(&self, said: &Said, case: &Case, rows: usize) -> Result<(), String> {
        let width = if self.classifies() { case.count } else { 1 };
        if said.values.len() != width * rows {
            return Err(format!("{} numbers for {rows} rows", said.values.len()));
        }
        if let Some(value) = said.values.iter().find(|value| !value.is_finite()) {
            return Err(format!("says {value}"));
        }
        if self.classifies() {
            for chances in said.values.chunks(case.count) {
                let sum: f64 = chances.iter().sum();
                if chances.iter().any(|&p| p < 0.0) || (sum - 1.0).abs() > 1e-9 {
                    return Err(format!("probabilities {chances:?} sum to {sum}"));
                }
            }
        }
        let Some(shares) = &said.importance else { return Ok(()) };
        let sum: f64 = shares.iter().sum();
        let whole = (sum - 1.0).abs() < 1e-9 || shares.iter().all(|&share| share == 0.0);
        if shares.len() != case.x.width() || shares.iter().any(|s| s.is_nan() || *s < 0.0) || !whole
        {
            return Err(format!("importance {shares:?}"));
        }
        Ok(())
    }

    /// Whether a table of exceptions names this learner, or it with these settings.
    pub fn is_in(&self, mut names: impl Iterator<Item = &'static str>) -> bool {
        let kind = if self.classifies() { "classify" } else { "regress" };
        let plain = format!("{kind} {}", self.name);
        names.any(|name| name == plain || name == self.label)
    }
}

/// The settings a line is tried with: its defaults, but for networks.
fn usual<M: ?Sized>(entry: &Entry<M>) -> &'static str {
    let narrow = NARROW.iter().find(|(name, _)| *name == entry.name);
    match narrow {
        Some((_, settings)) => settings,
        None if (entry.settings)().iter().any(|row| row.name == "train") => BRIEF,
        None => "{}",
    }
}

/// Every line of both rosters, then the variants.
pub fn subjects() -> Vec<Subject> {
    let regress = regress::ROSTER.iter().map(|entry| Subject::regress(entry.name, usual(entry)));
    let classify = classify::ROSTER.iter().map(|entry| Subject::classify(entry.name, usual(entry)));
    let variants = VARIANTS.iter().map(|(kind, name, settings)| match *kind {
        "regress" => Subject::regress(name, settings),
        _ => Subject::classify(name, settings),
    });
    regress.chain(classify).chain(variants).collect()
}

/// Holds a law against every learner; fails with all violations at once, each with its learner.
pub fn all_obey(law: &str, obeys: impl Fn(&Subject) -> Result<(), String>) {
    hold(law, &subjects(), obeys);
}
