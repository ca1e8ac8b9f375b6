//! Technical indicators of the past, from the value alone or from bars.
//!
//! ```text
//! value ─ or columns high, low, close, volume ─▶ bars up to the origin ─▶ rsi, adx, …
//! ```
//!
//! `rsi` has its usual window, `rsi_7` its own, `macd_12_26_9` three. Prices come from columns named
//! or called so; those that are not there are the value itself, which must then be on their scale.
//! A missing price repeats the last close, a missing volume is 0. Indicators on the scale of prices
//! are given as ratios to the last close, so that a learner is told more than the level: NaN at a
//! close of 0. Others are NaN where too few bars have passed, `roc` where the price before was 0,
//! `bollinger`'s width where the mean is. Wilder, New Concepts in Technical Trading Systems, 1978.

use almanac_data::FitError;
use almanac_kernels::indicators as kernel;
use almanac_kernels::indicators::{Bar, Indicator};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::walk::replay;
use super::{Feature, Form, Or, Running, Seen};

/// One kind of indicator.
struct Kind {
    name: &'static str,
    /// Its usual numbers: windows in bars, and for Bollinger the width in standard deviations.
    usual: &'static [f64],
    /// Its columns, each with whether it is on the scale of prices.
    columns: &'static [(&'static str, bool)],
    volume: bool,
    build: fn(&[f64]) -> Box<dyn Indicator>,
}

const fn kind(
    name: &'static str,
    usual: &'static [f64],
    columns: &'static [(&'static str, bool)],
    build: fn(&[f64]) -> Box<dyn Indicator>,
) -> Kind {
    Kind { name, usual, columns, volume: false, build }
}

const LEVEL: &[(&str, bool)] = &[("", true)];
const FREE: &[(&str, bool)] = &[("", false)];

const KINDS: &[Kind] = &[
    kind("sma", &[20.0], LEVEL, |n| Box::new(kernel::Sma::new(n[0] as usize))),
    kind("wma", &[20.0], LEVEL, |n| Box::new(kernel::Wma::new(n[0] as usize))),
    kind("ema", &[20.0], LEVEL, |n| Box::new(kernel::Ema::new(n[0] as usize))),
    kind("rsi", &[14.0], FREE, |n| Box::new(kernel::Rsi::new(n[0] as usize))),
    kind("bollinger", &[20.0, 2.0], &[("_place", false), ("_width", false)], |n| {
        Box::new(kernel::Bollinger::new(n[0] as usize, n[1]))
    }),
    kind("cci", &[20.0], FREE, |n| Box::new(kernel::Cci::new(n[0] as usize))),
    kind("macd", &[12.0, 26.0, 9.0], &[("", true), ("_signal", true), ("_apart", true)], |n| {
        Box::new(kernel::Macd::new(n[0] as usize, n[1] as usize, n[2] as usize))
    }),
    kind("roc", &[10.0], FREE, |n| Box::new(kernel::Roc::new(n[0] as usize))),
    kind("momentum", &[10.0], LEVEL, |n| Box::new(kernel::Momentum::new(n[0] as usize))),
    kind("atr", &[14.0], LEVEL, |n| Box::new(kernel::Atr::new(n[0] as usize))),
    kind("stochastic", &[14.0, 3.0], &[("_k", false), ("_d", false)], |n| {
        Box::new(kernel::Stochastic::new(n[0] as usize, n[1] as usize))
    }),
    kind("williams", &[14.0], FREE, |n| Box::new(kernel::Williams::new(n[0] as usize))),
    Kind { volume: true, ..kind("obv", &[], FREE, |_| Box::new(kernel::Obv::new())) },
    Kind {
        volume: true,
        ..kind("mfi", &[14.0], FREE, |n| Box::new(kernel::Mfi::new(n[0] as usize)))
    },
    kind("adx", &[14.0], &[("", false), ("_up", false), ("_down", false)], |n| {
        Box::new(kernel::Adx::new(n[0] as usize))
    }),
];

/// An indicator with its numbers, as in `rsi_7`.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
struct Asked {
    kind: &'static Kind,
    numbers: Vec<f64>,
    name: String,
}

impl TryFrom<String> for Asked {
    type Error = String;

    fn try_from(text: String) -> Result<Asked, String> {
        let mut parts = text.split('_');
        let word = parts.next().unwrap_or_default();
        let kind = KINDS.iter().find(|kind| kind.name == word).ok_or_else(|| {
            let near = almanac_data::nearest(word, KINDS.iter().map(|kind| kind.name));
            let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            format!("there is no indicator `{word}`{near}")
        })?;
        let given: Result<Vec<f64>, _> = parts.map(str::parse).collect();
        let given = given.map_err(|_| format!("`{text}`: numbers follow the name, as in rsi_7"))?;
        let numbers = if given.is_empty() { kind.usual.to_vec() } else { given };
        let whole = |at: usize, n: f64| (kind.name == "bollinger" && at == 1) || n.fract() == 0.0;
        let sound = |(at, &n): (usize, &f64)| 0.0 < n && n <= 1e6 && whole(at, n);
        if numbers.len() != kind.usual.len() || !numbers.iter().enumerate().all(sound) {
            let count = kind.usual.len();
            return Err(format!(
                "`{text}`: `{word}` takes {count} windows of at least 1 bar, or none"
            ));
        }
        if kind.name == "macd" && numbers[1] <= numbers[0] {
            return Err(format!("`{text}`: the second window must be longer than the first"));
        }
        let written: Vec<String> = numbers.iter().map(f64::to_string).collect();
        let name = [word.to_string()].into_iter().chain(written).collect::<Vec<_>>().join("_");
        Ok(Asked { kind, numbers, name })
    }
}

/// How indicators on the scale of prices are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Levels {
    /// Divided by the last close.
    #[default]
    Ratio,
    /// As they are.
    Value,
    /// Both.
    Both,
}

/// Some indicators, and the columns that they are made from.
#[derive(Clone, Deserialize)]
#[serde(from = "Or<Vec<Asked>, Table>")]
pub struct Indicators(Table);

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    of: Vec<Asked>,
    #[serde(default)]
    levels: Levels,
    high: Option<String>,
    low: Option<String>,
    close: Option<String>,
    volume: Option<String>,
}

impl From<Or<Vec<Asked>, Table>> for Indicators {
    fn from(written: Or<Vec<Asked>, Table>) -> Indicators {
        Indicators(match written {
            Or::Table(table) => table,
            Or::Short(of) => {
                let levels = Levels::default();
                Table { of, levels, high: None, low: None, close: None, volume: None }
            }
        })
    }
}

impl Table {
    /// The last close as a divisor, once for each way in which a column is given.
    fn ways(&self, level: bool, close: f64) -> impl Iterator<Item = (f64, &'static str)> + use<> {
        let (value, ratio) = match (level, self.levels) {
            (false, _) | (true, Levels::Value) => (true, false),
            (true, Levels::Ratio) => (false, true),
            (true, Levels::Both) => (true, true),
        };
        let value = value.then_some((1.0, ""));
        value.into_iter().chain(ratio.then_some((close, "_ratio")))
    }

    fn state(&self) -> State {
        let of = self.of.iter().map(|asked| (asked.kind.build)(&asked.numbers)).collect();
        State { table: self.clone(), of, close: f64::NAN }
    }
}

impl Form for Indicators {
    fn check(&self) -> Result<(), String> {
        if self.0.of.is_empty() { Err("names no indicator".into()) } else { Ok(()) }
    }
}

impl Feature for Indicators {
    fn names(&self, _season: usize) -> Vec<String> {
        let mut names = Vec::new();
        for asked in &self.0.of {
            for (column, level) in asked.kind.columns {
                let ways = self.0.ways(*level, 1.0);
                names.extend(ways.map(|(_, way)| format!("{}{column}{way}", asked.name)));
            }
        }
        names
    }

    fn at(&self, seen: &Seen<'_>, out: &mut Vec<f64>) {
        replay(self.0.state(), seen, out);
    }

    fn learn(&self, past: &Seen<'_>) -> Result<Option<Box<dyn Feature>>, FitError> {
        let find = |own: &Option<String>, word: &str| {
            let called = || past.columns().find(|(name, _)| name.eq_ignore_ascii_case(word));
            own.clone().or_else(|| called().map(|(name, _)| name.to_string()))
        };
        let Table { of, levels, high, low, close, volume } = self.0.clone();
        let (high, low) = (find(&high, "high"), find(&low, "low"));
        let (close, volume) = (find(&close, "close"), find(&volume, "volume"));
        if let Some(asked) = of.iter().find(|asked| asked.kind.volume && volume.is_none()) {
            return Err(FitError::Failed(format!(
                "features.indicators: `{}` needs a column of volumes: name it, as in volume = \"traded\"",
                asked.name
            )));
        }
        Ok(Some(Box::new(Indicators(Table { of, levels, high, low, close, volume }))))
    }

    fn keep(&self) -> Value {
        let Table { high, low, close, volume, .. } = &self.0;
        json!([high, low, close, volume])
    }

    fn restore(&self, kept: &Value) -> Result<Option<Box<dyn Feature>>, FitError> {
        let cannot = |e| crate::keep::failed(&format!("names no columns of bars: {e}"));
        let [high, low, close, volume] =
            <[Option<String>; 4]>::deserialize(kept).map_err(cannot)?;
        Ok(Some(Box::new(Indicators(Table { high, low, close, volume, ..self.0.clone() }))))
    }

    fn reads(&self) -> Vec<(&str, usize)> {
        let Table { high, low, close, volume, .. } = &self.0;
        [high, low, close, volume].into_iter().flatten().map(|name| (name.as_str(), 1)).collect()
    }

    fn running(&self) -> Option<Box<dyn Running>> {
        Some(Box::new(self.0.state()))
    }
}

struct State {
    table: Table,
    of: Vec<Box<dyn Indicator>>,
    close: f64,
}

impl Running for State {
    fn push(&mut self, past: &Seen<'_>) {
        let read = |name: &Option<String>| name.as_ref().map(|name| past.column(name, 1));
        let known = |value: Option<f64>, otherwise: f64| match value {
            Some(value) if value.is_nan() => otherwise,
            value => value.unwrap_or(otherwise),
        };
        let Table { high, low, close, volume, .. } = &self.table;
        let last = if self.close.is_nan() { past.lag(1) } else { self.close };
        let close = read(close).map_or(past.lag(1), |close| known(Some(close), last));
        let (high, low) = (known(read(high), close), known(read(low), close));
        let bar = Bar { high, low, close, volume: known(read(volume), 0.0) };
        self.close = close;
        self.of.iter_mut().for_each(|indicator| indicator.push(bar));
    }

    fn read(&self, out: &mut Vec<f64>) {
        for (asked, indicator) in self.table.of.iter().zip(&self.of) {
            let start = out.len();
            indicator.read(out);
            // Values move behind themselves, so that those given twice need no list of their own.
            let end = out.len();
            for (value, (_, level)) in (start..end).zip(asked.kind.columns) {
                for (close, _) in self.table.ways(*level, self.close) {
                    out.push(if close == 0.0 { f64::NAN } else { out[value] / close });
                }
            }
            out.drain(start..end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::tests::{plain, values};
    use crate::features::{Beside, Track};
    use almanac_data::Role;

    fn indicators(text: &str) -> Indicators {
        serde_json::from_str(text).unwrap()
    }

    /// 2 4 6: the mean is 4, ⅔ of the last; up all the way is strength 100.
    #[test]
    fn of_the_value_alone() {
        let track = plain(&[2.0, 4.0, 6.0], 1);
        let both = indicators(r#"{"of":["sma_3","rsi_2"],"levels":"both"}"#);
        assert_eq!(both.names(1), ["sma_3", "sma_3_ratio", "rsi_2"]);
        assert_eq!(values(&both, &track, 3, 1), [4.0, 4.0 / 6.0, 100.0]);
        assert_eq!(indicators(r#"["macd"]"#).names(1)[1], "macd_12_26_9_signal_ratio");
    }

    /// A name, a number and a count that nobody has are refused; volume must be somewhere.
    #[test]
    fn slips_are_refused() {
        for (text, want) in [
            ("rso", "did you mean `rsi`?"),
            ("rsi_x", "numbers follow the name"),
            ("macd_12", "`macd` takes 3 windows"),
            ("macd_26_12_9", "longer than the first"),
            ("sma_0", "at least 1 bar"),
            ("sma_2.5", "at least 1 bar"),
        ] {
            let error = Asked::try_from(text.to_string()).err().unwrap();
            assert!(error.contains(want), "{error}");
        }
        let track = plain(&[1.0, 2.0], 1);
        let error = indicators(r#"["obv"]"#).learn(&track.seen(2, 1)).err().unwrap();
        assert!(error.to_string().contains("needs a column of volumes"));
    }

    /// Kept and read back, the columns that were found are read: the volume moves the balance.
    #[test]
    fn kept() {
        let past: &[f64] = &[10.0, 20.0, 30.0];
        let volume = Beside { name: "Volume", role: Role::Past, past, ahead: &[] };
        let track = Track { beside: vec![volume], ..plain(&[1.0, 2.0, 3.0], 1) };
        let asked = indicators(r#"["obv"]"#);
        let learnt = asked.learn(&track.seen(3, 1)).unwrap().unwrap();
        let again = asked.restore(&learnt.keep()).unwrap().unwrap();
        let said = values(learnt.as_ref(), &track, 3, 1);
        assert_eq!(values(again.as_ref(), &track, 3, 1), said);
        assert_ne!(values(&asked, &track, 3, 1), said);
    }
}
