//! The rosters as data: what there is to choose from.

use almanac_backtest::{Read, metrics};
use almanac_data::{Better, nearest};
use almanac_models::forecast::ROSTER;
use serde_json::{Value, json};

use crate::{Error, Lab};

/// Rosters that can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Roster {
    /// Forecasting models.
    Models,
    /// Sets with a card.
    Sets,
    /// Metrics.
    Metrics,
}

impl Lab {
    /// The lines of a roster: objects with `name`, `about` and what else there is to know; only
    /// one when a name is given.
    ///
    /// # Errors
    /// A name that is not there, with the nearest that is; a card that cannot be read.
    pub fn roster(&self, roster: Roster, name: Option<&str>) -> Result<Vec<Value>, Error> {
        let (lines, noun) = match roster {
            Roster::Models => (ROSTER.iter().map(model).collect(), "model"),
            Roster::Sets => (self.cards()?, "set"),
            Roster::Metrics => (metrics().map(metric).collect::<Vec<_>>(), "metric"),
        };
        let Some(name) = name else { return Ok(lines) };
        let names = || lines.iter().filter_map(|line| line["name"].as_str());
        match lines.iter().find(|line| line["name"] == name) {
            Some(line) => Ok(vec![line.clone()]),
            None => {
                let hint = match nearest(name, names()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("`almanac {noun}s` lists them"),
                };
                Err(Error::mistake(format!("unknown {noun} `{name}`"), hint))
            }
        }
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

fn model(entry: &almanac_models::Entry<dyn almanac_models::Univariate>) -> Value {
    json!({ "name": entry.name, "about": entry.about, "settings": (entry.settings)() })
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
