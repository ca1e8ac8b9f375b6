//! Rolling statistics of the newest values of the same place in the season.
//!
//! ```text
//! mean of y[asked − season·j], y[asked − season·(j + 1)], …      j = ⌈step/season⌉ the newest known
//! ```
//!
//! The mean of four same weekdays is the usual baseline of daily cash demand. NaN where the past
//! is too short. Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., §5.2.

use serde::Deserialize;

use super::rolling::Statistic;
use super::{Feature, Form, Or, Seen};

/// Statistics of so many same-season values.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Or<Vec<usize>, Table>")]
pub struct RollingSeasonal(Table);

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    counts: Vec<usize>,
    #[serde(default = "usual")]
    of: Vec<Statistic>,
}

fn usual() -> Vec<Statistic> {
    vec![Statistic::Mean]
}

impl From<Or<Vec<usize>, Table>> for RollingSeasonal {
    fn from(written: Or<Vec<usize>, Table>) -> RollingSeasonal {
        match written {
            Or::Short(counts) => RollingSeasonal(Table { counts, of: usual() }),
            Or::Table(table) => RollingSeasonal(table),
        }
    }
}

impl Form for RollingSeasonal {
    fn check(&self) -> Result<(), String> {
        let RollingSeasonal(Table { counts, of }) = self;
        match counts.is_empty() || of.is_empty() || counts.contains(&0) {
            true => Err("needs counts of at least 1 value, and a statistic".into()),
            false => Ok(()),
        }
    }
}

impl Feature for RollingSeasonal {
    fn names(&self, _season: usize) -> Vec<String> {
        let RollingSeasonal(Table { counts, of }) = self;
        let name = |count, of: &Statistic| format!("rolling_seasonal_{}_{count}", of.name());
        counts.iter().flat_map(|count| of.iter().map(move |of| name(count, of))).collect()
    }

    fn at(&self, seen: &Seen<'_>, out: &mut Vec<f64>) {
        let RollingSeasonal(Table { counts, of }) = self;
        let season = seen.season();
        let newest = seen.step.div_ceil(season);
        for &count in counts {
            if seen.asked() < season * (newest + count - 1) {
                out.extend(of.iter().map(|_| f64::NAN));
                continue;
            }
            let same = (newest..newest + count).map(|turn| seen.lag(season * turn));
            of.iter().for_each(|of| of.push(same.clone(), out));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::tests::{plain, values};

    /// Season 2 after 1 10 3 20 5: the place of 10 and 20 comes next, mean 15; then that of 3 and 5.
    #[test]
    fn same_places_by_hand() {
        let track = plain(&[1.0, 10.0, 3.0, 20.0, 5.0], 2);
        let feature: RollingSeasonal = serde_json::from_str("[2, 3]").unwrap();
        assert_eq!(values(&feature, &track, 5, 1)[0], 15.0);
        assert_eq!(values(&feature, &track, 5, 2), [4.0, 3.0]);
        assert!(values(&feature, &track, 5, 3)[1].is_nan());
    }
}
