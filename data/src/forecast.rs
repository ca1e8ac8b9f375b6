//! A forecast is a distribution for each step; a point is one way to read it.

use serde::{Deserialize, Serialize};

/// The distribution of one series over the steps ahead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// Expected value of each step.
    pub mean: Vec<f64>,
    /// How far the truth may lie from it.
    pub spread: Spread,
    /// How many missing values of the past were filled before the fit.
    pub filled: usize,
}

/// The shape around the mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Spread {
    /// The method states none: quantiles are the mean itself and intervals have no width.
    None,
    /// Normal, with this standard deviation at each step.
    Normal(Vec<f64>),
    /// Simulated paths: for each step, equally likely values in increasing order.
    Draws(Vec<Vec<f64>>),
    /// For each step, a value at each of these levels (both increasing); in between, a line.
    Quantiles {
        /// Probabilities, 0 < p < 1, increasing.
        levels: Vec<f64>,
        /// One row a step, one value a level.
        values: Vec<Vec<f64>>,
    },
}

/// The levels at which a spread without a formula is written down.
pub const LEVELS: [f64; 25] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65,
    0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.975, 0.99, 0.995,
];

impl Forecast {
    /// A forecast whose quantiles at [`LEVELS`] are given, for each step from 0.
    pub fn from_quantiles(mean: Vec<f64>, quantile: impl Fn(usize, f64) -> f64) -> Forecast {
        let row = |step| LEVELS.iter().map(|&level| quantile(step, level)).collect();
        let values = (0..mean.len()).map(row).collect();
        let spread = Spread::Quantiles { levels: LEVELS.to_vec(), values };
        Forecast { mean, spread, filled: 0 }
    }

    /// A forecast without a spread.
    pub fn point(mean: Vec<f64>) -> Forecast {
        Forecast { mean, spread: Spread::None, filled: 0 }
    }

    /// A normal forecast from variances; one that rounding left below zero is zero, one that is not
    /// a number stays so.
    pub fn normal(mean: Vec<f64>, variance: impl IntoIterator<Item = f64>) -> Forecast {
        let sd = variance.into_iter().map(|v| if v < 0.0 { 0.0 } else { v.sqrt() }).collect();
        Forecast { mean, spread: Spread::Normal(sd), filled: 0 }
    }

    /// A forecast from simulated paths, each of `horizon` steps; the mean is theirs.
    pub fn from_paths(paths: &[Vec<f64>], horizon: usize) -> Forecast {
        let mut draws = vec![Vec::with_capacity(paths.len()); horizon];
        for path in paths {
            for (step, &value) in draws.iter_mut().zip(path) {
                step.push(value);
            }
        }
        let mean = draws.iter().map(|step| step.iter().sum::<f64>() / step.len() as f64).collect();
        for step in &mut draws {
            step.sort_unstable_by(f64::total_cmp);
        }
        Forecast { mean, spread: Spread::Draws(draws), filled: 0 }
    }

    /// Number of steps.
    pub fn len(&self) -> usize {
        self.mean.len()
    }

    /// Whether there is no step.
    pub fn is_empty(&self) -> bool {
        self.mean.is_empty()
    }

    /// Whether the method states a spread.
    pub fn has_spread(&self) -> bool {
        self.spread != Spread::None
    }

    /// The value below which the truth of this step (from 0) falls with probability `p`.
    pub fn quantile(&self, step: usize, p: f64) -> f64 {
        let mean = self.mean[step];
        match &self.spread {
            Spread::None => mean,
            Spread::Normal(sd) => mean + sd[step] * normal_quantile(p),
            Spread::Draws(draws) => {
                let values = &draws[step];
                let place = p * (values.len() - 1) as f64;
                let (low, share) = (place.floor() as usize, place.fract());
                let high = (low + 1).min(values.len() - 1);
                between(values[low], values[high], share)
            }
            Spread::Quantiles { levels, values } => interpolate(levels, &values[step], p),
        }
    }

    /// The middle interval that holds the truth with probability `level` (0 < level < 1).
    pub fn interval(&self, step: usize, level: f64) -> (f64, f64) {
        let tail = (1.0 - level) / 2.0;
        (self.quantile(step, tail), self.quantile(step, 1.0 - tail))
    }

    /// Standard deviation of a step as the spread tells it; 0 without one.
    pub fn sd(&self, step: usize) -> f64 {
        match &self.spread {
            Spread::None => 0.0,
            Spread::Normal(sd) => sd[step],
            Spread::Draws(draws) => {
                let (n, mean) = (draws[step].len() as f64, self.mean[step]);
                (draws[step].iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt()
            }
            // The middle half of a normal distribution is 1.349 standard deviations wide.
            Spread::Quantiles { .. } => {
                (self.quantile(step, 0.75) - self.quantile(step, 0.25)) / 1.348_979_500_392_163_5
            }
        }
    }

    /// Whether the spread covers every step.
    pub fn is_whole(&self) -> bool {
        match &self.spread {
            Spread::None => true,
            Spread::Normal(sd) => sd.len() == self.len(),
            Spread::Draws(draws) => {
                draws.len() == self.len() && draws.iter().all(|draws| !draws.is_empty())
            }
            Spread::Quantiles { levels, values } => {
                let fits = |row: &Vec<f64>| row.len() == levels.len();
                values.len() == self.len() && !levels.is_empty() && values.iter().all(fits)
            }
        }
    }

    /// Whether every number in it is finite.
    pub fn is_finite(&self) -> bool {
        let finite = |values: &[f64]| values.iter().all(|value| value.is_finite());
        finite(&self.mean)
            && match &self.spread {
                Spread::None => true,
                Spread::Normal(sd) => finite(sd),
                Spread::Draws(steps) | Spread::Quantiles { values: steps, .. } => {
                    steps.iter().all(|step| finite(step))
                }
            }
    }

    /// The same distribution, each step moved by its own amount.
    pub fn shift(mut self, by: &[f64]) -> Forecast {
        let add = |values: &mut [f64], by: f64| values.iter_mut().for_each(|value| *value += by);
        self.mean.iter_mut().zip(by).for_each(|(mean, by)| *mean += by);
        if let Spread::Draws(steps) | Spread::Quantiles { values: steps, .. } = &mut self.spread {
            steps.iter_mut().zip(by).for_each(|(step, &by)| add(step, by));
        }
        self
    }

    /// Only the first `count` steps.
    pub fn first(mut self, count: usize) -> Forecast {
        self.mean.truncate(count);
        match &mut self.spread {
            Spread::None => {}
            Spread::Normal(sd) => sd.truncate(count),
            Spread::Draws(steps) | Spread::Quantiles { values: steps, .. } => steps.truncate(count),
        }
        self
    }

    /// Only the steps from `first` on.
    pub fn skip(mut self, first: usize) -> Forecast {
        self.mean.drain(..first);
        match &mut self.spread {
            Spread::None => {}
            Spread::Normal(sd) => drop(sd.drain(..first)),
            Spread::Draws(steps) | Spread::Quantiles { values: steps, .. } => {
                drop(steps.drain(..first));
            }
        }
        self
    }
}

/// Linear between levels, flat outside them.
fn interpolate(levels: &[f64], values: &[f64], p: f64) -> f64 {
    let above = levels.partition_point(|&level| level < p);
    match above {
        0 => values[0],
        n if n == levels.len() => values[n - 1],
        n => {
            let share = (p - levels[n - 1]) / (levels[n] - levels[n - 1]);
            between(values[n - 1], values[n], share)
        }
    }
}

/// A point of the line from `low` to `high`; rounding does not carry it past the end.
fn between(low: f64, high: f64, share: f64) -> f64 {
    (low + share * (high - low)).min(high)
}

/// The standard normal quantile, to 1e-15 relative: statrs' inverse error function.
fn normal_quantile(p: f64) -> f64 {
    -std::f64::consts::SQRT_2 * statrs::function::erf::erfc_inv(2.0 * p)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1.959964 standard deviations each way hold 95 % of a normal distribution.
    #[test]
    fn normal_interval_by_hand() {
        let forecast = Forecast::normal(vec![10.0], [4.0]);
        let (low, high) = forecast.interval(0, 0.95);
        assert!((high - 10.0 - 2.0 * 1.959_963_984_540_054).abs() < 1e-9);
        assert!((low + high - 20.0).abs() < 1e-9);
    }

    /// A variance that could not be computed is no certainty.
    #[test]
    fn a_lost_variance_is_seen() {
        assert!(!Forecast::normal(vec![1.0], [f64::NAN]).is_finite());
        assert_eq!(Forecast::normal(vec![1.0], [-1e-18]).sd(0), 0.0);
    }

    /// Four draws 1 2 3 4: the median lies half-way between the middle two.
    #[test]
    fn draws_interpolate() {
        let paths: Vec<Vec<f64>> = [3.0, 1.0, 4.0, 2.0].map(|v| vec![v]).to_vec();
        let forecast = Forecast::from_paths(&paths, 1);
        assert_eq!((forecast.mean[0], forecast.quantile(0, 0.5)), (2.5, 2.5));
        assert_eq!(forecast.quantile(0, 1.0), 4.0);
    }

    /// A uniform distribution is a line, so its table gives it back.
    #[test]
    fn a_table_of_a_line_is_the_line() {
        let forecast = Forecast::from_quantiles(vec![5.0], |_, p| 10.0 * p);
        let (low, high) = forecast.interval(0, 0.7);
        assert!((low - 1.5).abs() < 1e-12 && (high - 8.5).abs() < 1e-12);
    }

    /// A moved distribution has moved quantiles, whatever its shape.
    #[test]
    fn shift_moves_quantiles() {
        let normal = Forecast::normal(vec![1.0], [4.0]);
        assert_eq!(normal.clone().shift(&[2.0]).quantile(0, 0.3), normal.quantile(0, 0.3) + 2.0);
        let draws = Forecast::from_paths(&[vec![1.0], vec![3.0]], 1).shift(&[-1.0]);
        assert_eq!(
            (draws.mean[0], draws.quantile(0, 0.0), draws.quantile(0, 1.0)),
            (1.0, 0.0, 2.0)
        );
    }

    /// A spread that is shorter than the mean, or empty at a step, is not whole.
    #[test]
    fn a_short_spread_is_not_whole() {
        let whole = |spread| Forecast { mean: vec![1.0, 2.0], spread, filled: 0 }.is_whole();
        assert!(whole(Spread::Normal(vec![1.0; 2])) && !whole(Spread::Normal(vec![1.0])));
        assert!(!whole(Spread::Draws(vec![vec![1.0], vec![]])));
        let quantiles = |row| Spread::Quantiles { levels: vec![0.1, 0.9], values: vec![row; 2] };
        assert!(whole(quantiles(vec![0.0, 3.0])) && !whole(quantiles(vec![0.0])));
    }

    /// −5.1 + (−1.3 + 5.1) is more than −1.3 by rounding: a quantile may not pass the next.
    #[test]
    fn quantiles_do_not_cross_by_rounding() {
        assert_eq!(between(-5.1, -1.3, 1.0), -1.3);
    }

    /// Half-way between two levels lies half-way between their values.
    #[test]
    fn quantiles_interpolate() {
        let spread = Spread::Quantiles { levels: vec![0.1, 0.5], values: vec![vec![0.0, 8.0]] };
        let forecast = Forecast { mean: vec![8.0], spread, filled: 0 };
        assert!((forecast.quantile(0, 0.3) - 4.0).abs() < 1e-12);
        assert_eq!(forecast.quantile(0, 0.9), 8.0);
    }
}
