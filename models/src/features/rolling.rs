//! Rolling statistics of the newest values.
//!
//! ```text
//! window = y[n − w + 1 …= n]      n the newest row that is known (less an offset), whatever the step
//! std divides by w − 1; q90 lies at place 0.9·(w − 1) of the sorted window, between two by a line
//! ```
//!
//! NaN where the past is shorter than the window. The quantile is definition 7 of Hyndman & Fan,
//! The American Statistician 50, 1996.

use almanac_kernels::quantile::quantile;
use serde::Deserialize;

use super::{Feature, Form, Or, Seen};

/// A number that says something of a list of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub(super) enum Statistic {
    Mean,
    Std,
    Min,
    Max,
    Sum,
    Quantile(f64),
}

impl TryFrom<String> for Statistic {
    type Error = String;

    fn try_from(word: String) -> Result<Statistic, String> {
        let percent = word.strip_prefix('q').and_then(|number| number.parse::<f64>().ok());
        match word.as_str() {
            "mean" => Ok(Statistic::Mean),
            "std" => Ok(Statistic::Std),
            "min" => Ok(Statistic::Min),
            "max" => Ok(Statistic::Max),
            "sum" => Ok(Statistic::Sum),
            "median" => Ok(Statistic::Quantile(50.0)),
            _ => match percent {
                Some(percent) if (0.0..=100.0).contains(&percent) => {
                    Ok(Statistic::Quantile(percent))
                }
                _ => Err(format!("there is no statistic `{word}`")),
            },
        }
    }
}

impl Statistic {
    /// Its name in columns' names.
    pub(super) fn name(self) -> String {
        match self {
            Statistic::Mean => "mean".into(),
            Statistic::Std => "std".into(),
            Statistic::Min => "min".into(),
            Statistic::Max => "max".into(),
            Statistic::Sum => "sum".into(),
            Statistic::Quantile(50.0) => "median".into(),
            Statistic::Quantile(percent) => format!("q{percent}"),
        }
    }

    /// Its value for these numbers, of which there is at least one, put after those in `out`.
    pub(super) fn push(self, values: impl Iterator<Item = f64> + Clone, out: &mut Vec<f64>) {
        let mean = || {
            let (sum, count) = values.clone().fold((0.0, 0.0), |(s, n), v| (s + v, n + 1.0));
            (sum / count, count)
        };
        let value = match self {
            Statistic::Mean => mean().0,
            Statistic::Std => {
                let (mean, count) = mean();
                let squares: f64 = values.clone().map(|value| (value - mean).powi(2)).sum();
                (squares / f64::max(count - 1.0, 1.0)).sqrt()
            }
            Statistic::Min => values.fold(f64::INFINITY, f64::min),
            Statistic::Max => values.fold(f64::NEG_INFINITY, f64::max),
            Statistic::Sum => values.sum(),
            Statistic::Quantile(percent) => {
                // The end of the answer is the scratch space, so that a row allocates nothing.
                let start = out.len();
                out.extend(values);
                let quantile = quantile(&mut out[start..], percent / 100.0);
                out.truncate(start);
                quantile
            }
        };
        out.push(value);
    }
}

/// Statistics over windows that end at the newest value.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Or<Vec<usize>, Table>")]
pub struct Rolling(Table);

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    windows: Vec<usize>,
    #[serde(default = "usual")]
    of: Vec<Statistic>,
    #[serde(default)]
    offset: usize,
}

fn usual() -> Vec<Statistic> {
    vec![Statistic::Mean]
}

impl From<Or<Vec<usize>, Table>> for Rolling {
    fn from(written: Or<Vec<usize>, Table>) -> Rolling {
        match written {
            Or::Short(windows) => Rolling(Table { windows, of: usual(), offset: 0 }),
            Or::Table(table) => Rolling(table),
        }
    }
}

impl Form for Rolling {
    fn check(&self) -> Result<(), String> {
        let Rolling(Table { windows, of, .. }) = self;
        match windows.is_empty() || of.is_empty() || windows.contains(&0) {
            true => Err("needs windows of at least 1 row, and a statistic".into()),
            false => Ok(()),
        }
    }
}

impl Feature for Rolling {
    fn names(&self, _season: usize) -> Vec<String> {
        let Rolling(Table { windows, of, offset }) = self;
        let after = if *offset == 0 { String::new() } else { format!("_before_{offset}") };
        let name = |window, of: &Statistic| format!("rolling_{}_{window}{after}", of.name());
        windows.iter().flat_map(|window| of.iter().map(move |of| name(window, of))).collect()
    }

    fn at(&self, seen: &Seen<'_>, out: &mut Vec<f64>) {
        let Rolling(Table { windows, of, offset }) = self;
        let past = &seen.y[..seen.y.len().saturating_sub(*offset)];
        for window in windows {
            match past.len().checked_sub(*window) {
                Some(start) => of.iter().for_each(|of| of.push(past[start..].iter().copied(), out)),
                None => out.extend(of.iter().map(|_| f64::NAN)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::tests::{plain, values};

    fn rolling(text: &str) -> Rolling {
        serde_json::from_str(text).unwrap()
    }

    /// The last three of 9 1 2 6: mean 3, sum 9, median 2, q75 = (2 + 6)/2, std √((4 + 1 + 9)/2).
    #[test]
    fn rolling_by_hand() {
        let track = plain(&[9.0, 1.0, 2.0, 6.0], 1);
        let text = r#"{"windows":[3],"of":["mean","sum","median","q75","std","min","max"]}"#;
        let want = [3.0, 9.0, 2.0, 4.0, 7f64.sqrt(), 1.0, 6.0];
        assert_eq!(values(&rolling(text), &track, 4, 1), want);
        assert_eq!(values(&rolling(text), &track, 4, 9), want);
    }

    /// One row further back, the last two of 9 1 2 are 1 and 2; a window of five has not begun.
    #[test]
    fn offset_and_short_past() {
        let track = plain(&[9.0, 1.0, 2.0, 6.0], 1);
        let rolling = rolling(r#"{"windows":[2,5],"offset":1}"#);
        assert_eq!(rolling.names(1), ["rolling_mean_2_before_1", "rolling_mean_5_before_1"]);
        let got = values(&rolling, &track, 4, 1);
        assert!(got[0] == 1.5 && got[1].is_nan());
    }
}
