//! State space: the newest value and values at learnt distances before it.
//!
//! ```text
//! y[n], y[n − τ], …, y[n − (m − 1)·τ]      n the newest row that is known, whatever the step
//! τ  the first k at which the autocorrelation is at most 0, or below 1/e, or inside ±1.96/√n
//! m  the first dimension on the plateau of Cao's E1
//! ```
//!
//! Lag and dimension are learnt from the past alone, again in every fold; both may be given. Where no
//! such k is at most `most_lag` the lag is 1, where there is no plateau the dimension is the highest
//! tried. A past learns from its newest 2000 rows: the work is quadratic. `only_if_chaotic` gives the
//! usual lags to a series whose largest exponent is not above 0; noise often has one above it.
//! Values are NaN where the past is too short. Cao, Physica D 110, 1997; Rosenstein, Collins & De
//! Luca, Physica D 65, 1993.

use almanac_data::FitError;
use almanac_kernels::chaos::{autocorrelation, cao, divergence, period, slope};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Feature, Form, Lags, Or, Seen};

/// Rows that lag and dimension are learnt from, at most.
const NEWEST: usize = 2000;

/// Rows over which neighbours are followed for the exponent.
const FOLLOWED: usize = 6;
/// Lags and dimensions beyond it are nothing that a series can tell.
const MOST: usize = 1000;

/// When an autocorrelation is low enough for a lag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Rule {
    /// At most 0.
    #[default]
    Zero,
    /// Below 1/e.
    Decay,
    /// Not told from 0 at 5 %.
    Noise,
}

/// How a state space is learnt.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Or<bool, Table>")]
pub struct Chaos(Table);

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Table {
    rule: Rule,
    lag: Option<usize>,
    dimension: Option<usize>,
    most_lag: usize,
    most_dimension: usize,
    only_if_chaotic: bool,
}

impl Default for Table {
    fn default() -> Table {
        Table {
            rule: Rule::Zero,
            lag: None,
            dimension: None,
            most_lag: 14,
            most_dimension: 10,
            only_if_chaotic: false,
        }
    }
}

impl TryFrom<Or<bool, Table>> for Chaos {
    type Error = String;

    fn try_from(written: Or<bool, Table>) -> Result<Chaos, String> {
        match written {
            Or::Short(true) => Ok(Chaos(Table::default())),
            Or::Short(false) => Err("leave it out instead of false".into()),
            Or::Table(table) => Ok(Chaos(table)),
        }
    }
}

impl Table {
    fn lag(&self, y: &[f64]) -> usize {
        let noise = 1.96 / (y.len() as f64).sqrt();
        let low = |r: &f64| match self.rule {
            Rule::Zero => *r <= 0.0,
            Rule::Decay => *r < (-1.0f64).exp(),
            Rule::Noise => r.abs() < noise,
        };
        let first = || autocorrelation(y, self.most_lag).iter().position(low);
        self.lag.or_else(first).unwrap_or(1)
    }

    fn dimension(&self, y: &[f64], lag: usize) -> usize {
        let learn = || {
            // Beyond half of the past a distance is told by too few rows.
            let most = self.most_dimension.min((y.len() / 2 / lag).saturating_sub(1));
            let cao = cao(y, lag, most);
            let told = cao.e1.first().is_some_and(|e1| e1.is_finite());
            if told { cao.dimension().unwrap_or(most) } else { 1 }
        };
        self.dimension.unwrap_or_else(learn)
    }
}

/// Whether neighbours part: the largest exponent is above 0.
fn chaotic(y: &[f64], lag: usize, dimension: usize) -> bool {
    let apart = period(y).map_or(1, |period| period.ceil() as usize);
    slope(&divergence(y, [dimension, lag], apart, FOLLOWED)).is_some_and(|exponent| exponent > 0.0)
}

impl Form for Chaos {
    fn check(&self) -> Result<(), String> {
        let Table { lag, dimension, most_lag, most_dimension, .. } = &self.0;
        let numbers = [lag.unwrap_or(1), dimension.unwrap_or(1), *most_lag, *most_dimension];
        match numbers.iter().all(|number| (1..=MOST).contains(number)) {
            true => Ok(()),
            false => Err("lags and dimensions are 1 to 1000".into()),
        }
    }
}

impl Feature for Chaos {
    fn names(&self, _season: usize) -> Vec<String> {
        Vec::new()
    }

    fn at(&self, _seen: &Seen<'_>, _out: &mut Vec<f64>) {}

    fn learn(&self, past: &Seen<'_>) -> Result<Option<Box<dyn Feature>>, FitError> {
        let y = &past.y[past.y.len().saturating_sub(NEWEST)..];
        let lag = self.0.lag(y);
        let dimension = self.0.dimension(y, lag);
        if self.0.only_if_chaotic && !chaotic(y, lag, dimension) {
            return Ok(Some(Box::new(Lags::default())));
        }
        Ok(Some(Box::new(State { lag, dimension })))
    }

    fn restore(&self, kept: &Value) -> Result<Option<Box<dyn Feature>>, FitError> {
        let Table { most_lag, most_dimension, .. } = self.0;
        let [most_lag, most] =
            [self.0.lag.unwrap_or(most_lag), self.0.dimension.unwrap_or(most_dimension)];
        if kept.is_null() && self.0.only_if_chaotic {
            return Ok(Some(Box::new(Lags::default())));
        }
        match <[usize; 2]>::deserialize(kept) {
            Ok([lag, dimension]) if lag <= most_lag && dimension <= most => {
                Ok(Some(Box::new(State { lag, dimension })))
            }
            _ => Err(crate::keep::failed(&"is no state space of these settings")),
        }
    }
}

/// What was learnt.
struct State {
    lag: usize,
    dimension: usize,
}

impl Feature for State {
    fn names(&self, _season: usize) -> Vec<String> {
        (1..=self.dimension).map(|place| format!("state_{place}")).collect()
    }

    fn keep(&self) -> Value {
        json!([self.lag, self.dimension])
    }

    fn at(&self, seen: &Seen<'_>, out: &mut Vec<f64>) {
        out.extend((0..self.dimension).map(|back| seen.lag(seen.step + back * self.lag)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::tests::{plain, values};

    fn learn(text: &str, y: &[f64]) -> Box<dyn Feature> {
        let chaos: Chaos = serde_json::from_str(text).unwrap();
        chaos.learn(&plain(y, 1).seen(y.len(), 1)).unwrap().unwrap()
    }

    /// Lag 2 in three dimensions after 1 … 6: 6, 4 and 2, for any step.
    #[test]
    fn states_by_hand() {
        let y = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let state = learn(r#"{"lag":2,"dimension":3}"#, &y);
        assert_eq!(state.names(1), ["state_1", "state_2", "state_3"]);
        for step in [1, 4] {
            assert_eq!(values(state.as_ref(), &plain(&y, 1), 6, step), [6.0, 4.0, 2.0]);
        }
    }

    /// A sine of 23 rows is down to 1/e after 4.4 rows and crosses 0 after 5¾, near enough to row 6.
    #[test]
    fn lags_by_rule() {
        let y: Vec<f64> =
            (0..400).map(|t| (f64::from(t) * std::f64::consts::TAU / 23.0).sin()).collect();
        let lag = |rule: &str| {
            serde_json::from_str::<Table>(&format!(r#"{{"rule":"{rule}"}}"#)).unwrap().lag(&y)
        };
        assert_eq!((lag("zero"), lag("decay"), lag("noise")), (6, 5, 6));
        let capped: Table = serde_json::from_str(r#"{"most_lag":3}"#).unwrap();
        assert_eq!(capped.lag(&y), 1);
    }

    /// Neighbours part on the logistic map and close in as a sine dies away, which gets plain lags; so
    /// does a flat line.
    #[test]
    fn only_chaos_gets_a_state_space() {
        let map = std::iter::successors(Some(0.3), |x: &f64| Some(4.0 * x * (1.0 - x)));
        let map: Vec<f64> = map.take(300).collect();
        let sine = (0..300).map(f64::from).map(|t| 0.98f64.powf(t) * t.sin()).collect::<Vec<_>>();
        let first = |y: &[f64]| learn(r#"{"only_if_chaotic":true}"#, y).names(1)[0].clone();
        assert_eq!((first(&map), first(&sine)), ("state_1".into(), "lag_1".into()));
        assert_eq!(first(&[4.0; 50]), "lag_1");
        assert_eq!(learn("true", &[4.0; 50]).names(1).len(), 1);
    }
}
