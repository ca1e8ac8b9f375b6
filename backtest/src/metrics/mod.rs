//! Metrics: a function and a roster line each.
//!
//! A metric reads one forecast of one series at one fold beside its truth, and never sees which
//! model made it. Steps whose truth is missing are left out; a score that is undefined (no truth
//! at all, a scale of zero) is NaN.

mod changes;
mod direction;
mod point;
mod returns;
mod spread;
mod tally;

use almanac_data::{Better, Forecast, nearest};

pub use changes::CHANGES;
pub use direction::DIRECTION;
pub use point::POINT;
pub use returns::RETURNS;
pub use spread::{SPREAD, crps};
pub use tally::{Classes, Moments, Tally};

/// One line of the metrics' roster.
#[derive(Debug)]
pub struct Metric {
    /// The name in specs and results.
    pub name: &'static str,
    /// `%`, `value` (the panel's own), or empty for a ratio.
    pub unit: &'static str,
    /// Which scores are good; the argument is the level, 0 < level < 1.
    pub better: fn(f64) -> Better,
    /// The reading of a distribution that this metric rewards.
    pub estimates: Estimate,
    /// 2 for roots of squares: averages over points, and over series by step, are then taken of
    /// the squares.
    pub power: i32,
    /// What it computes.
    pub read: Read,
    /// One line about it.
    pub about: &'static str,
}

/// The reading of a distribution that makes a score as good as it can be on average.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Estimate {
    /// Its mean.
    Mean,
    /// Its median, or a weighted one.
    Median,
    /// Its quantiles.
    Quantiles,
    /// All of it.
    Distribution,
    /// Its mean as the probability of an up, where truths are 0 and 1.
    Probability,
}

impl Estimate {
    /// Whether it is more than a point.
    pub fn needs_spread(self) -> bool {
        matches!(self, Estimate::Quantiles | Estimate::Distribution)
    }
}

/// How a metric is computed.
#[derive(Debug, Clone, Copy)]
pub enum Read {
    /// From one forecast and its truth.
    One(fn(&Judged<'_>, &Forecast) -> f64),
    /// From sums over steps, which add up over folds; of one fold, from its own.
    Pooled(fn(&Tally) -> f64),
    /// The same as `One` at a level, 0 < level < 1; its name carries the level in percent.
    Level(fn(&Judged<'_>, &Forecast, f64) -> f64),
    /// From the panel's averages of other metrics: the mean of the model's share of `naive2`'s.
    Relative(&'static [&'static str]),
}

/// What a metric may know besides the forecast: the truth, and a yardstick from the past.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a> {
    /// The truth of each step; NaN = missing.
    pub truth: &'a [f64],
    /// Scales of the past.
    pub yard: Yard,
    /// Levels of the run's intervals, 0 < level < 1.
    pub levels: &'a [f64],
}

/// Scales of one series, from its past alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Yard {
    /// The last observed value.
    pub last: f64,
    /// Mean of |y[t] − y[t−season]|; NaN without a pair.
    pub absolute: f64,
    /// Mean of (y[t] − y[t−season])²; NaN without a pair.
    pub squared: f64,
}

/// A metric as one run uses it.
#[derive(Debug, Clone)]
pub struct Gauge {
    /// The name in results, with its level.
    pub name: String,
    /// The roster's line.
    pub metric: &'static Metric,
    /// Its level, 0 < level < 1; 0 where it has none.
    pub level: f64,
}

/// Metrics of a panel's averages.
pub const PANEL: &[Metric] = &[Metric {
    name: "owa",
    unit: "",
    better: |_| Better::Lower,
    estimates: Estimate::Median,
    power: 1,
    read: Read::Relative(&["smape", "mase"]),
    about: "mean of sMAPE and MASE, each relative to naive2's (M4)",
}];

/// What a run computes where the spec names no metric.
pub const USUAL: &[&str] = &["mase", "smape", "mae", "rmse", "crps", "coverage"];

/// The same for directions.
pub const USUAL_DIRECTION: &[&str] =
    &["accuracy", "base_rate", "sensitivity", "specificity", "ppv", "npv", "f1", "mcc", "brier"];

/// The same for rows of a table.
pub const USUAL_ROWS: &[&str] = &["mape", "rmse", "mae", "r2"];

/// Every metric there is.
pub fn metrics() -> impl Iterator<Item = &'static Metric> {
    POINT.iter().chain(CHANGES).chain(RETURNS).chain(DIRECTION).chain(SPREAD).chain(PANEL)
}

/// The metrics that a written name stands for: `coverage` is one for each level of the run,
/// `coverage-90` is that one.
///
/// # Errors
/// The nearest name, where one is near.
pub fn gauges(written: &str, levels: &[f64]) -> Result<Vec<Gauge>, Option<&'static str>> {
    let (name, level) = match written.rsplit_once('-') {
        Some((name, digits)) => {
            (name, digits.parse::<f64>().ok().filter(|p| 0.0 < *p && *p < 100.0))
        }
        None => (written, None),
    };
    let unknown = || nearest(written, metrics().map(|metric| metric.name));
    let metric = metrics().find(|metric| metric.name == name).ok_or_else(unknown)?;
    match (metric.read, level) {
        (Read::Level(_), Some(percent)) => Ok(vec![Gauge::new(metric, percent / 100.0)]),
        (Read::Level(_), None) if name == written => {
            Ok(levels.iter().map(|&level| Gauge::new(metric, level)).collect())
        }
        (Read::One(_) | Read::Pooled(_) | Read::Relative(_), None) if name == written => {
            Ok(vec![Gauge::new(metric, 0.0)])
        }
        _ => Err(Some(metric.name)),
    }
}

impl Gauge {
    fn new(metric: &'static Metric, level: f64) -> Gauge {
        let name = match metric.read {
            Read::Level(_) => format!("{}-{}", metric.name, percent(level)),
            _ => metric.name.to_string(),
        };
        Gauge { name, metric, level }
    }

    /// The score of one forecast; NaN where undefined, and for metrics of the panel.
    pub fn read(&self, judged: &Judged<'_>, forecast: &Forecast) -> f64 {
        let score = match self.metric.read {
            Read::One(read) => read(judged, forecast),
            Read::Pooled(read) => read(&Tally::of(judged, forecast)),
            Read::Level(read) => read(judged, forecast, self.level),
            Read::Relative(_) => f64::NAN,
        };
        if score.is_finite() { score } else { f64::NAN }
    }

    /// Which scores are good.
    pub fn better(&self) -> Better {
        (self.metric.better)(self.level)
    }

    /// The score as a loss: smaller is better, whatever the metric.
    pub fn loss(&self, score: f64) -> f64 {
        match self.better() {
            Better::Lower => score,
            Better::Higher => -score,
            Better::Near(target) => (score - target).abs(),
        }
    }
}

impl Yard {
    /// The scales of a past.
    pub fn of(past: &[f64], season: usize) -> Yard {
        let season = season.max(1);
        let pairs = past.iter().zip(past.iter().skip(season));
        let (mut absolute, mut squared, mut count) = (0.0, 0.0, 0.0);
        for change in pairs.map(|(before, after)| after - before).filter(|c| !c.is_nan()) {
            absolute += change.abs();
            squared += change * change;
            count += 1.0;
        }
        let last = past.iter().rev().copied().find(|value| !value.is_nan()).unwrap_or(f64::NAN);
        Yard { last, absolute: absolute / count, squared: squared / count }
    }
}

/// A level in percent, without the noise of the division by 100.
pub(crate) fn percent(level: f64) -> f64 {
    (level * 1e8).round() / 1e6
}

/// Truth and forecast means of the steps that have a truth.
fn pairs<'a>(
    judged: &Judged<'a>,
    forecast: &'a Forecast,
) -> impl Iterator<Item = (f64, f64)> + Clone + use<'a> {
    judged.truth.iter().copied().zip(forecast.mean.iter().copied()).filter(|(y, _)| !y.is_nan())
}

/// The mean; NaN of nothing.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1 3 _ 7 with season 1 has one pair, of change 2; with season 2 none but 3 → 7.
    #[test]
    fn a_yard_skips_what_is_missing() {
        let past = [1.0, 3.0, f64::NAN, 7.0];
        assert_eq!(Yard::of(&past, 1), Yard { last: 7.0, absolute: 2.0, squared: 4.0 });
        assert_eq!(Yard::of(&past, 2), Yard { last: 7.0, absolute: 4.0, squared: 16.0 });
        assert!(Yard::of(&past, 4).absolute.is_nan());
    }

    /// A name alone is one gauge a level; a level in the name is that one; a slip is corrected.
    #[test]
    fn names_carry_levels() {
        let names = |written: &str| {
            let gauges = gauges(written, &[0.8, 0.95])?;
            Ok(gauges.into_iter().map(|gauge| gauge.name).collect::<Vec<_>>())
        };
        assert_eq!(names("coverage"), Ok(vec!["coverage-80".into(), "coverage-95".into()]));
        assert_eq!(names("winkler-99.9"), Ok(vec!["winkler-99.9".into()]));
        assert_eq!(names("mae"), Ok(vec!["mae".into()]));
        assert_eq!(names("smap"), Err(Some("smape")));
        assert_eq!(names("mae-80"), Err(Some("mae")));
        assert_eq!(names("coverage-high"), Err(Some("coverage")));
    }

    /// Names are unique, and every usual metric exists.
    #[test]
    fn roster_holds_together() {
        let names: Vec<_> = metrics().map(|metric| metric.name).collect();
        let unique: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(unique.len(), names.len());
        assert!(USUAL.iter().all(|name| gauges(name, &[0.8]).is_ok()));
    }
}
