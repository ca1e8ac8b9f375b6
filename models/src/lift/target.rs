//! Target: values transformed before a model sees them, and forecasts brought back.
//!
//! ```text
//! log           z = ln y                  difference         z[t] = y[t] − y[t−1]
//! log10         z = log₁₀ y               difference:k       z[t] = y[t] − y[t−k]
//! returns       z[t] = y[t]/y[t−1] − 1    seasonal_difference   k = the season
//! standardize   z = (y − mean)/sd         scale              z = y / mean |y|
//! ```
//!
//! Applied in the order written and undone in reverse. What is learnt (mean, deviation) is learnt
//! from the past at hand. The first values of a difference are not there.
//! Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., §3.1 and §9.1.

use almanac_data::FitError;
use serde::{Deserialize, Serialize};

use crate::settings::SettingError;

/// One transform, as a person writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Transform {
    /// Natural logarithm; values must be positive.
    Log,
    /// Decimal logarithm; values must be positive.
    Log10,
    /// Change over so many rows.
    Difference(usize),
    /// Change over one season.
    SeasonalDifference,
    /// Relative change; values must not be zero.
    Returns,
    /// Moved and divided.
    Scaling(Scaling),
}

/// What values are moved by and divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// Mean 0 and deviation 1.
    #[default]
    Standardize,
    /// Mean absolute value 1.
    Scale,
    /// Smallest value 0, largest 1.
    MinMax,
}

const WORDS: &str = "log, log10, difference, difference:K, seasonal_difference, returns, \
                     standardize, scale or min_max";

impl TryFrom<String> for Transform {
    type Error = String;

    fn try_from(word: String) -> Result<Transform, String> {
        Ok(match word.as_str() {
            "log" => Transform::Log,
            "log10" => Transform::Log10,
            "difference" => Transform::Difference(1),
            "seasonal_difference" => Transform::SeasonalDifference,
            "returns" => Transform::Returns,
            "standardize" => Transform::Scaling(Scaling::Standardize),
            "scale" => Transform::Scaling(Scaling::Scale),
            "min_max" => Transform::Scaling(Scaling::MinMax),
            other => {
                let lag = other.strip_prefix("difference:").and_then(|lag| lag.parse().ok());
                let lag = lag.filter(|&lag| lag > 0);
                Transform::Difference(lag.ok_or(format!("`{other}` is not one of {WORDS}"))?)
            }
        })
    }
}

impl From<Transform> for String {
    fn from(transform: Transform) -> String {
        match transform {
            Transform::Log => "log".into(),
            Transform::Log10 => "log10".into(),
            Transform::Difference(1) => "difference".into(),
            Transform::Difference(lag) => format!("difference:{lag}"),
            Transform::SeasonalDifference => "seasonal_difference".into(),
            Transform::Returns => "returns".into(),
            Transform::Scaling(Scaling::Standardize) => "standardize".into(),
            Transform::Scaling(Scaling::Scale) => "scale".into(),
            Transform::Scaling(Scaling::MinMax) => "min_max".into(),
        }
    }
}

/// A series after its transforms, with what is needed to bring forecasts back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Transformed {
    /// The values a model sees; not kept, since bringing back does not read them.
    #[serde(skip)]
    pub z: Vec<f64>,
    /// How many of the first values are not in `z`.
    pub lost: usize,
    /// Innermost last.
    undo: Vec<Undo>,
}

/// What values are measured from, and in.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Line {
    mean: f64,
    width: f64,
}

impl Line {
    /// The line that brings these values to that scale; those that do not differ are only moved.
    pub fn of(scaling: Scaling, z: &[f64]) -> Line {
        let (mean, width) = match scaling {
            Scaling::Standardize => super::scaled::centre_and_width(z),
            Scaling::MinMax => {
                let least = z.iter().copied().fold(f64::INFINITY, f64::min);
                (least, z.iter().copied().fold(f64::NEG_INFINITY, f64::max) - least)
            }
            Scaling::Scale => {
                (0.0, z.iter().map(|value| value.abs()).sum::<f64>() / z.len().max(1) as f64)
            }
        };
        Line { mean, width: if width > 0.0 { width } else { 1.0 } }
    }

    /// A value along it.
    pub fn at(&self, value: f64) -> f64 {
        (value - self.mean) / self.width
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Undo {
    Exp(f64),
    Line(Line),
    /// The last values before the forecast, oldest first.
    Cumulate(Vec<f64>),
    Compound(f64),
}

/// Transforms complete values; `season` is that of the panel.
///
/// # Errors
/// A value outside a transform's domain, or fewer values than a difference needs.
pub fn transform(list: &[Transform], y: &[f64], season: usize) -> Result<Transformed, FitError> {
    transform_as(list, y, season, &[])
}

/// The same along lines that an earlier part of the series gave, as far as they go.
///
/// # Errors
/// As of [`transform`].
pub(crate) fn transform_as(
    list: &[Transform],
    y: &[f64],
    season: usize,
    lines: &[Line],
) -> Result<Transformed, FitError> {
    let mut out = Transformed { z: y.to_vec(), lost: 0, undo: Vec::new() };
    let mut lines = lines.iter().copied();
    for one in list {
        let (undo, lost) = match one {
            Transform::Scaling(scaling) => {
                let line = lines.next().unwrap_or_else(|| Line::of(*scaling, &out.z));
                out.z.iter_mut().for_each(|value| *value = line.at(*value));
                (Undo::Line(line), 0)
            }
            Transform::Log => {
                positive(&out.z)?;
                out.z.iter_mut().for_each(|value| *value = value.ln());
                (Undo::Exp(std::f64::consts::E), 0)
            }
            Transform::Log10 => {
                positive(&out.z)?;
                out.z.iter_mut().for_each(|value| *value = value.log10());
                (Undo::Exp(10.0), 0)
            }
            Transform::Difference(lag) => difference(&mut out.z, *lag)?,
            Transform::SeasonalDifference => difference(&mut out.z, season.max(1))?,
            Transform::Returns => returns(&mut out.z)?,
        };
        out.lost += lost;
        out.undo.push(undo);
    }
    Ok(out)
}

fn positive(z: &[f64]) -> Result<(), FitError> {
    match z.iter().find(|&&value| value <= 0.0) {
        Some(&got) => Err(FitError::Domain { must: "positive", got }),
        None => Ok(()),
    }
}

fn returns(z: &mut Vec<f64>) -> Result<(Undo, usize), FitError> {
    if z.contains(&0.0) {
        return Err(FitError::Domain { must: "non-zero", got: 0.0 });
    }
    let last = *z.last().ok_or(FitError::TooShort { need: 2, got: 0 })?;
    *z = z.windows(2).map(|pair| pair[1] / pair[0] - 1.0).collect();
    Ok((Undo::Compound(last), 1))
}

fn difference(z: &mut Vec<f64>, lag: usize) -> Result<(Undo, usize), FitError> {
    let got = z.len();
    if got <= lag {
        return Err(FitError::TooShort { need: lag + 1, got });
    }
    let last = z[got - lag..].to_vec();
    *z = (lag..got).map(|t| z[t] - z[t - lag]).collect();
    Ok((Undo::Cumulate(last), lag))
}

impl Transformed {
    /// The lines of these values, for a later part of the same series.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let line = |undo: &Undo| match undo {
            Undo::Line(line) => Some(*line),
            _ => None,
        };
        self.undo.iter().filter_map(line).collect()
    }

    /// Values of the steps ahead, brought back to the series' own unit.
    pub fn back(&self, ahead: &[f64]) -> Vec<f64> {
        let mut values = ahead.to_vec();
        for undo in self.undo.iter().rev() {
            match undo {
                Undo::Exp(base) => values.iter_mut().for_each(|value| *value = base.powf(*value)),
                Undo::Line(Line { mean, width }) => {
                    values.iter_mut().for_each(|value| *value = mean + width * *value);
                }
                Undo::Cumulate(last) => {
                    for step in 0..values.len() {
                        let before = step.checked_sub(last.len());
                        values[step] += before.map_or_else(|| last[step], |at| values[at]);
                    }
                }
                Undo::Compound(last) => {
                    let mut level = *last;
                    for value in &mut values {
                        level *= 1.0 + *value;
                        *value = level;
                    }
                }
            }
        }
        values
    }
}

/// Refuses transforms that need an order of rows, for rows that have none.
///
/// # Errors
/// The first that does.
pub(crate) fn without_order(list: &[Transform]) -> Result<(), SettingError> {
    use Transform::{Difference, Returns, SeasonalDifference};
    let ordered = |one: &&Transform| matches!(one, Difference(_) | SeasonalDifference | Returns);
    match list.iter().find(ordered) {
        None => Ok(()),
        Some(one) => Err(SettingError::Range {
            name: "target",
            must: "log, log10, standardize, scale or min_max: rows of a table have no order",
            got: String::from(*one),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Transform::{Difference, Log, Returns, SeasonalDifference};

    const STANDARDIZE: Transform = Transform::Scaling(Scaling::Standardize);
    const SCALE: Transform = Transform::Scaling(Scaling::Scale);

    /// Differences over 2 of 1 2 4 8 are 3 6; ahead, 1 1 1 adds to 4, 8 and then to 5.
    #[test]
    fn differences_by_hand() {
        let own = transform(&[SeasonalDifference], &[1.0, 2.0, 4.0, 8.0], 2).unwrap();
        assert_eq!((own.z.clone(), own.lost), (vec![3.0, 6.0], 2));
        assert_eq!(own.back(&[1.0, 1.0, 1.0]), [5.0, 9.0, 6.0]);
    }

    /// Whatever was done is undone: the last values, taken as forecasts, come back.
    #[test]
    fn what_is_done_is_undone() {
        let y = [3.0, 5.0, 4.0, 8.0, 9.0, 12.0, 10.0, 15.0, 17.0];
        let lists: [&[Transform]; 7] = [
            &[Log],
            &[Returns],
            &[Log, Difference(1), Difference(2)],
            &[STANDARDIZE],
            &[Difference(2), SCALE],
            &[Transform::Log10, STANDARDIZE],
            &[Transform::Scaling(Scaling::MinMax)],
        ];
        for list in lists {
            let whole = transform(list, &y, 2).unwrap();
            let mut past = transform(list, &y[..6], 2).unwrap();
            // What scaling learnt must be that of the past; take the whole's own for this test.
            for (own, all) in past.undo.iter_mut().zip(&whole.undo) {
                if let (Undo::Line { .. }, Undo::Line { .. }) = (&*own, all) {
                    *own = all.clone();
                }
            }
            let back = past.back(&whole.z[6 - whole.lost..]);
            let close = back.iter().zip(&y[6..]).all(|(a, b)| (a - b).abs() < 1e-9);
            assert!(close, "{list:?}: {back:?}");
        }
    }

    /// The logarithm of zero is refused, and so is a difference over more than there is.
    #[test]
    fn domains() {
        let error = transform(&[Log], &[1.0, 0.0], 1).unwrap_err();
        assert_eq!(error, FitError::Domain { must: "positive", got: 0.0 });
        let error = transform(&[Difference(3)], &[1.0, 2.0, 3.0], 1).unwrap_err();
        assert_eq!(error, FitError::TooShort { need: 4, got: 3 });
        assert!(
            Transform::try_from("diff".to_string()).unwrap_err().contains("seasonal_difference")
        );
        assert_eq!(String::from(Difference(24)), "difference:24");
    }
}
