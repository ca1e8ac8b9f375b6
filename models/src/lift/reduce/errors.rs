//! Errors of held-back horizons as the spread around new means.

use almanac_data::Forecast;
use serde::{Deserialize, Serialize};

/// Below so many errors of one step, those of all steps stand for it.
const ENOUGH: usize = 40;

/// Errors in units of each series' own width, by step.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Errors {
    by_step: Vec<Vec<f64>>,
    all: Vec<f64>,
}

/// A series' width: the mean absolute change from value to value, or of the values where nothing
/// changes.
pub(crate) fn width(y: &[f64]) -> f64 {
    let mut before = f64::NAN;
    let (mut changes, mut sizes, mut pairs, mut count) = (0.0, 0.0, 0.0, 0.0);
    for &value in y.iter().filter(|value| !value.is_nan()) {
        if !before.is_nan() {
            changes += (value - before).abs();
            pairs += 1.0;
        }
        sizes += value.abs();
        count += 1.0;
        before = value;
    }
    let candidates = [changes / pairs, sizes / count];
    candidates.into_iter().find(|&width| width > 0.0 && width.is_finite()).unwrap_or(1.0)
}

impl Errors {
    pub fn new(horizon: usize) -> Errors {
        Errors { by_step: vec![Vec::new(); horizon], all: Vec::new() }
    }

    /// Takes in one series' errors; a missing truth tells nothing.
    pub fn add(&mut self, truth: &[f64], mean: &[f64], width: f64) {
        for (step, (y, mean)) in truth.iter().zip(mean).enumerate() {
            let error = (y - mean) / width;
            if error.is_finite() {
                self.by_step[step].push(error);
                self.all.push(error);
            }
        }
    }

    /// The same, ready to be read.
    pub fn sorted(mut self) -> Errors {
        self.by_step.iter_mut().for_each(|errors| errors.sort_unstable_by(f64::total_cmp));
        self.all.sort_unstable_by(f64::total_cmp);
        self
    }

    /// These means with the errors around them; without any error, without a spread.
    pub fn around(&self, mean: Vec<f64>, width: f64) -> Forecast {
        if self.all.len() < 2 {
            return Forecast::point(mean);
        }
        let errors = |step: usize| match self.by_step.get(step) {
            Some(own) if own.len() >= ENOUGH => own,
            _ => &self.all,
        };
        let centre = mean.clone();
        Forecast::from_quantiles(mean, |step, p| centre[step] + width * quantile(errors(step), p))
    }
}

/// Linear between sorted values placed at k / (n + 1): the ends hold as much as conformal
/// intervals of n scores do.
fn quantile(sorted: &[f64], p: f64) -> f64 {
    let place = (p * (sorted.len() + 1) as f64 - 1.0).clamp(0.0, (sorted.len() - 1) as f64);
    let (low, share) = (place.floor() as usize, place.fract());
    let high = (low + 1).min(sorted.len() - 1);
    (sorted[low] + share * (sorted[high] - sorted[low])).min(sorted[high])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Changes of 1 2 _ 5 are 1 and 3; a flat series has its level; zeros have one.
    #[test]
    fn widths_by_hand() {
        assert_eq!(width(&[1.0, 2.0, f64::NAN, 5.0]), 2.0);
        assert_eq!((width(&[4.0, 4.0]), width(&[0.0, 0.0]), width(&[])), (4.0, 1.0, 1.0));
    }

    /// Errors −1 and 1 in widths of 2: the middle is the mean, the ends lie 2 away.
    #[test]
    fn errors_lie_around_the_mean() {
        let mut errors = Errors::new(1);
        errors.add(&[1.0], &[3.0], 2.0);
        assert!(!errors.around(vec![0.0], 1.0).has_spread());
        errors.add(&[3.0], &[1.0], 2.0);
        errors.add(&[f64::NAN], &[1.0], 2.0);
        let forecast = errors.sorted().around(vec![10.0], 2.0);
        assert_eq!(forecast.quantile(0, 0.5), 10.0);
        assert_eq!(forecast.interval(0, 0.95), (8.0, 12.0));
    }
}
