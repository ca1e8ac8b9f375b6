//! Expanding statistics: of the whole past.
//!
//! ```text
//! mean[n] = mean[n−1] + (y[n] − mean[n−1])/n      S[n] = S[n−1] + (y[n] − mean[n−1])·(y[n] − mean[n])
//! std = √(S/(n − 1))
//! ```
//!
//! Slow to follow a level that moves. Welford, Technometrics 4, 1962.

use serde::Deserialize;

use super::rolling::Statistic;
use super::walk::replay;
use super::{Feature, Form, Running, Seen};

/// Statistics of the whole past; none = mean and standard deviation.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Expanding(Vec<Statistic>);

impl Expanding {
    fn state(&self) -> State {
        let usual = [Statistic::Mean, Statistic::Std];
        let of = if self.0.is_empty() { usual.to_vec() } else { self.0.clone() };
        State { of, count: 0.0, mean: 0.0, squares: 0.0, sum: 0.0, range: (f64::NAN, f64::NAN) }
    }
}

impl Form for Expanding {
    fn check(&self) -> Result<(), String> {
        match self.0.iter().any(|of| matches!(of, Statistic::Quantile(_))) {
            true => Err("quantiles of the whole past are not kept".into()),
            false => Ok(()),
        }
    }
}

impl Feature for Expanding {
    fn names(&self, _season: usize) -> Vec<String> {
        self.state().of.iter().map(|of| format!("expanding_{}", of.name())).collect()
    }

    fn at(&self, seen: &Seen<'_>, out: &mut Vec<f64>) {
        replay(self.state(), seen, out);
    }

    fn running(&self) -> Option<Box<dyn Running>> {
        Some(Box::new(self.state()))
    }
}

struct State {
    of: Vec<Statistic>,
    count: f64,
    mean: f64,
    squares: f64,
    sum: f64,
    range: (f64, f64),
}

impl Running for State {
    fn push(&mut self, past: &Seen<'_>) {
        let value = past.lag(1);
        self.count += 1.0;
        let error = value - self.mean;
        self.mean += error / self.count;
        self.squares += error * (value - self.mean);
        self.sum += value;
        self.range = (self.range.0.min(value), self.range.1.max(value));
    }

    fn read(&self, out: &mut Vec<f64>) {
        out.extend(self.of.iter().map(|of| match of {
            Statistic::Mean => self.mean,
            Statistic::Std => (self.squares / f64::max(self.count - 1.0, 1.0)).sqrt(),
            Statistic::Min => self.range.0,
            Statistic::Max => self.range.1,
            Statistic::Sum => self.sum,
            Statistic::Quantile(_) => f64::NAN,
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::tests::{plain, values};

    /// 1 2 6 have mean 3, std √((4 + 1 + 9)/2), range 1 to 6 and sum 9.
    #[test]
    fn expanding_by_hand() {
        let track = plain(&[1.0, 2.0, 6.0], 1);
        let all: Expanding = serde_json::from_str(r#"["mean","std","min","max","sum"]"#).unwrap();
        assert_eq!(values(&all, &track, 3, 2), [3.0, 7f64.sqrt(), 1.0, 6.0, 9.0]);
    }
}
