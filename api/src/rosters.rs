//! The rosters as data: what there is to choose from.

use almanac_backtest::{Read, metrics};
use almanac_data::{Better, nearest};
use almanac_models::features::battery;
use almanac_models::lift::{Directed, LIFTS, OnRows, OnWindows, Reduce, Tuned};
use almanac_models::{
    Entry, SettingRow, classify, features, forecast, nets, regress, rows as table,
};
use serde_json::{Value, json};

use crate::{Error, Lab};

/// Rosters that can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Roster {
    /// All that learns or answers, its lifts and its features, each with its `kind`.
    Models,
    /// Sets with a card.
    Sets,
    /// Metrics.
    Metrics,
}

impl Lab {
    /// The lines of a roster: objects with `name`, `about` and what else there is to know; only
    /// those of a name when it is given, as a `tree` learns values and classes.
    ///
    /// # Errors
    /// A name that is not there, with the nearest that is; a card that cannot be read.
    pub fn roster(&self, roster: Roster, name: Option<&str>) -> Result<Vec<Value>, Error> {
        let (lines, noun) = match roster {
            Roster::Models => (all_models(), "model"),
            Roster::Sets => (self.cards()?, "set"),
            Roster::Metrics => (metrics().map(metric).collect::<Vec<_>>(), "metric"),
        };
        let Some(name) = name else { return Ok(lines) };
        let names = || lines.iter().filter_map(|line| line["name"].as_str());
        let found: Vec<Value> = lines.iter().filter(|line| line["name"] == name).cloned().collect();
        if !found.is_empty() {
            return Ok(found);
        }
        let hint = match nearest(name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("`almanac {noun}s` lists them"),
        };
        Err(Error::mistake(format!("unknown {noun} `{name}`"), hint))
    }

    fn cards(&self) -> Result<Vec<Value>, Error> {
        let line = |(card, here): (almanac_ingest::Card, bool)| {
            let mut line = json!(card);
            line["here"] = here.into();
            line
        };
        Ok(self.sets()?.into_iter().map(line).collect())
    }
}

/// All that a spec can name, in the order in which a reader meets it.
fn all_models() -> Vec<Value> {
    let mut lines: Vec<Value> = entries("forecaster", forecast::ROSTER);
    lines.extend(entries("network", nets::ROSTER));
    lines.extend(entries("regressor", regress::ROSTER));
    lines.extend(entries("classifier", classify::ROSTER));
    lines.extend(LIFTS.iter().map(|lift| settled("lift", (lift.name, lift.about, lift.settings))));
    lines.extend(OF_LEARNERS.iter().map(|lift| settled("lift", *lift)));
    lines.extend(features::ROSTER.iter().map(|line| told(line.name, line.about, line.form)));
    lines.push(told("battery", "of a table: what the curves of cells say of each", battery::FORM));
    lines
}

/// A name, a line about it, its settings.
type Told = (&'static str, &'static str, fn() -> Vec<SettingRow>);

/// What the task puts around a learner; `[lift]` has its settings.
const OF_LEARNERS: &[Told] = &[
    ("windows", "a network made a forecaster, through windows of the past", table::<OnWindows>),
    ("reduce", "a regressor made a forecaster, through features of the past", table::<Reduce>),
    ("direction", "a classifier that says whether a series will stand higher", table::<Directed>),
    ("rows", "a regressor of a table's rows, its columns standardised", table::<OnRows>),
    (
        "tuned",
        "settings of any learner that did best on its last rows: lift = { tune = { space = … } }",
        table::<Tuned>,
    ),
];

fn entries<M: ?Sized>(kind: &str, roster: &[Entry<M>]) -> Vec<Value> {
    roster.iter().map(|entry| settled(kind, (entry.name, entry.about, entry.settings))).collect()
}

fn settled(kind: &str, (name, about, settings): Told) -> Value {
    json!({ "name": name, "kind": kind, "about": about, "settings": settings() })
}

fn told(name: &str, about: &str, takes: &str) -> Value {
    json!({ "name": name, "kind": "feature", "about": about, "takes": takes })
}

fn metric(metric: &'static almanac_backtest::Metric) -> Value {
    let better = match (metric.better)(0.5) {
        Better::Lower => "lower",
        Better::Higher => "higher",
        Better::Near(_) => "near its target",
    };
    let each = match metric.read {
        Read::Level(_) => "level",
        Read::One(_) | Read::Pooled(_) | Read::Relative(_) => "run",
    };
    json!({
        "name": metric.name,
        "about": metric.about,
        "unit": metric.unit,
        "better": better,
        "one_for_each": each,
        "rewards": format!("{:?}", metric.estimates).to_lowercase(),
    })
}
