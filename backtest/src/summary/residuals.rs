//! How the errors of one model behave, in counts of fixed size.

use almanac_data::{Answered, Diagnostics, Forecast};

use crate::plan::Plan;

/// Lags of the autocorrelation.
const LAGS: usize = 20;
/// Standardised errors are counted in bins of this width up to this size.
const BIN: f64 = 0.02;
const REACH: f64 = 10.0;
/// Points of the quantile plot.
const POINTS: usize = 99;

/// Sums over standardised errors: error over standard deviation, as the widest interval tells it.
pub(super) struct Residuals {
    bins: Vec<u64>,
    /// By lag, from 1.
    lagged: Vec<f64>,
    square: f64,
    count: usize,
    /// By level, then step: truths inside and truths.
    inside: Vec<Vec<(u64, u64)>>,
    /// Width of the widest interval in standard deviations of a normal distribution.
    width: f64,
    /// Newest errors of each series at the first step, where folds make the sequence.
    tails: Option<Vec<Vec<f64>>>,
}

impl Residuals {
    pub fn new(plan: &Plan<'_>) -> Residuals {
        let (folds, steps) = (plan.folds.count, plan.folds.horizon);
        let over_folds = folds >= LAGS / 2;
        let widest = plan.levels.last().copied().unwrap_or(0.0);
        Residuals {
            bins: vec![0; (2.0 * REACH / BIN) as usize],
            lagged: vec![0.0; LAGS.min(if over_folds { folds } else { steps } - 1)],
            square: 0.0,
            count: 0,
            inside: vec![vec![(0, 0); steps]; plan.levels.len()],
            width: 2.0 * normal_quantile((1.0 + widest) / 2.0),
            tails: over_folds.then(|| vec![Vec::new(); plan.panel.len()]),
        }
    }

    pub fn feed(&mut self, answered: &Answered) {
        for ((low, high), steps) in answered.bands.iter().zip(&mut self.inside) {
            for (step, y) in answered.y.iter().enumerate().filter(|(_, y)| !y.is_nan()) {
                steps[step].0 += u64::from(low[step] <= *y && *y <= high[step]);
                steps[step].1 += 1;
            }
        }
        let Some((low, high)) = answered.bands.last() else { return };
        let standard = |step: usize| {
            let sd = (high[step] - low[step]) / self.width;
            let error = (answered.y[step] - answered.mean[step]) / sd;
            if error.is_finite() { error } else { f64::NAN }
        };
        let errors: Vec<f64> = (0..answered.y.len()).map(standard).collect();
        for error in errors.iter().filter(|error| !error.is_nan()) {
            let bin = ((error + REACH) / BIN).clamp(0.0, self.bins.len() as f64 - 1.0);
            self.bins[bin as usize] += 1;
        }
        match &mut self.tails {
            Some(tails) => {
                let tail = &mut tails[answered.series];
                tail.truncate(LAGS);
                tail.insert(0, errors.first().copied().unwrap_or(f64::NAN));
                let tail = tail.clone();
                self.correlate(&tail);
            }
            None => {
                for newest in 0..errors.len() {
                    let oldest = newest.saturating_sub(LAGS);
                    let path: Vec<f64> = errors[oldest..=newest].iter().rev().copied().collect();
                    self.correlate(&path);
                }
            }
        }
    }

    /// Takes in an error and those before it, newest first.
    fn correlate(&mut self, path: &[f64]) {
        let Some((&newest, before)) = path.split_first().filter(|(newest, _)| !newest.is_nan())
        else {
            return;
        };
        self.square += newest * newest;
        self.count += 1;
        for (sum, error) in self.lagged.iter_mut().zip(before).filter(|(_, e)| !e.is_nan()) {
            *sum += newest * error;
        }
    }

    pub fn diagnostics(&self, model: &str, levels: &[f64]) -> Diagnostics {
        let known = self.square > 0.0;
        let share = |&(inside, all): &(u64, u64)| inside as f64 / all as f64;
        let shares = |steps: &Vec<(u64, u64)>| steps.iter().map(share).collect();
        let probabilities: Vec<f64> =
            (1..=POINTS).map(|k| k as f64 / (POINTS + 1) as f64).collect();
        Diagnostics {
            model: model.into(),
            acf: if known {
                self.lagged.iter().map(|sum| sum / self.square).collect()
            } else {
                Vec::new()
            },
            acf_band: if known { 1.96 / (self.count as f64).sqrt() } else { 0.0 },
            qq: if known { self.quantiles(&probabilities) } else { Vec::new() },
            qq_normal: match known {
                true => probabilities.iter().map(|&p| normal_quantile(p)).collect(),
                false => Vec::new(),
            },
            coverage: levels.iter().copied().zip(self.inside.iter().map(shares)).collect(),
        }
    }

    /// Quantiles of the standardised errors, linear inside a bin; probabilities increase.
    fn quantiles(&self, probabilities: &[f64]) -> Vec<f64> {
        let total = self.bins.iter().sum::<u64>() as f64;
        let (mut bin, mut below) = (0, 0.0);
        let mut quantile = |p: f64| {
            while below + (self.bins[bin] as f64) < p * total && bin + 1 < self.bins.len() {
                below += self.bins[bin] as f64;
                bin += 1;
            }
            let share = (p * total - below) / self.bins[bin].max(1) as f64;
            (bin as f64 + share) * BIN - REACH
        };
        probabilities.iter().map(|&p| quantile(p)).collect()
    }
}

fn normal_quantile(p: f64) -> f64 {
    Forecast::normal(vec![0.0], [1.0]).quantile(0, p)
}
