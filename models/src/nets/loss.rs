//! What training makes small, and what the outputs of a network then mean.
//!
//! ```text
//! mse       (y − μ)²                                       huber     ½e² or δ(|e| − ½δ) beyond δ
//! mae       |y − μ|                                        quantile  max(q·e, (q − 1)·e),  e = y − ŷ_q
//! gaussian  ln σ + ½((y − μ)/σ)²                           student   ln σ + ½(ν + 1)·ln(1 + ((y − μ)/σ)²/ν)
//! chances   −w_c · ln softmax(z)_c, over the sum of w_c    σ = softplus(s) + 10⁻⁴
//! ```
//!
//! Means over all targets that are known; constants are left out. Koenker & Bassett (1978);
//! Huber (1964); Salinas, Flunkert, Gasthaus & Januschowski (2020), DeepAR.

use almanac_data::{FitError, Forecast, LEVELS, Spread};
use burn::tensor::{Int, Tensor, activation};
use serde::{Deserialize, Serialize};

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

use super::Training;

/// What is made small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Loss {
    /// Squares.
    #[default]
    Mse,
    /// Absolute values.
    Mae,
    /// Squares near 0, absolute values beyond.
    Huber,
    /// The pinball loss at several levels.
    Quantile,
    /// Less the logarithm of a normal's density.
    Gaussian,
    /// Less the logarithm of a Student-t's density.
    Student,
}

/// Smallest scale of a density.
pub(crate) const LEAST_SCALE: f32 = 1e-4;

/// A loss with what it needs to know.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Goal {
    Mse,
    Mae,
    Huber(f32),
    Quantile(Vec<f32>),
    Gaussian,
    Student(f32),
    /// Classes, each with its weight; targets are their numbers.
    Chances(Vec<f32>),
}

impl Goal {
    /// The loss of these settings.
    pub fn of(training: &Training) -> Goal {
        match training.loss {
            Loss::Mse => Goal::Mse,
            Loss::Mae => Goal::Mae,
            Loss::Huber => Goal::Huber(training.delta as f32),
            Loss::Quantile => Goal::Quantile(training.levels.iter().map(|q| *q as f32).collect()),
            Loss::Gaussian => Goal::Gaussian,
            Loss::Student => Goal::Student(training.df as f32),
        }
    }

    /// Numbers that a network answers for one target.
    pub fn outputs(&self) -> usize {
        match self {
            Goal::Mse | Goal::Mae | Goal::Huber(_) => 1,
            Goal::Gaussian | Goal::Student(_) => 2,
            Goal::Quantile(all) | Goal::Chances(all) => all.len(),
        }
    }

    /// The middle of what these outputs mean, for one target.
    pub fn centre(&self, said: &[f64]) -> f64 {
        match self {
            Goal::Quantile(levels) => self.quantile(said, levels, 0.5),
            _ => said[0],
        }
    }

    /// The value at `p` of quantiles that may cross, on the line between its neighbours.
    fn quantile(&self, said: &[f64], levels: &[f32], p: f64) -> f64 {
        let mut values = said.to_vec();
        values.sort_unstable_by(f64::total_cmp);
        let last = levels.len() - 1;
        let above = levels.iter().position(|level| f64::from(*level) >= p).unwrap_or(last);
        let below = above.saturating_sub(1);
        let (low, high) = (f64::from(levels[below]), f64::from(levels[above]));
        let share = if high > low { ((p - low) / (high - low)).clamp(0.0, 1.0) } else { 0.0 };
        values[below] + share * (values[above] - values[below])
    }

    /// What the outputs of all steps mean, brought back by `line` from the window's measure and by
    /// `back` from the series' transforms.
    ///
    /// # Errors
    /// Outputs that are not finite.
    pub fn forecast(
        &self,
        said: &[f64],
        line: impl Fn(f64) -> f64,
        back: impl Fn(&[f64]) -> Vec<f64>,
    ) -> Result<Forecast, FitError> {
        let steps: Vec<&[f64]> = said.chunks_exact(self.outputs()).collect();
        let at = |p: f64| {
            let value = |said: &&[f64]| match self {
                Goal::Quantile(levels) => Ok(line(self.quantile(said, levels, p))),
                Goal::Gaussian => Ok(line(said[0] + scale(said[1]) * normal(p)?)),
                Goal::Student(df) => Ok(line(said[0] + scale(said[1]) * student(*df, p)?)),
                _ => Ok(line(said[0])),
            };
            Ok::<_, FitError>(back(&steps.iter().map(value).collect::<Result<Vec<_>, FitError>>()?))
        };
        let mean = at(0.5)?;
        if self.outputs() == 1 {
            return Ok(Forecast::point(mean));
        }
        let levels = LEVELS.iter().map(|&p| at(p)).collect::<Result<Vec<_>, FitError>>()?;
        let values = (0..mean.len()).map(|step| levels.iter().map(|row| row[step]).collect());
        let spread = Spread::Quantiles { levels: LEVELS.to_vec(), values: values.collect() };
        Ok(Forecast { mean, spread, filled: 0 })
    }

    /// The mean over `[batch, horizon]` targets of what `[batch, horizon, outputs]` answers lose;
    /// where `mask` is 0 a target is not known.
    pub fn loss(&self, said: Tensor<3>, y: Tensor<2>, mask: Option<Tensor<2>>) -> Tensor<1> {
        let [batch, horizon, outputs] = said.dims();
        let part = |at: usize| {
            said.clone().slice([0..batch, 0..horizon, at..at + 1]).reshape([batch, horizon])
        };
        let each: Tensor<2> = match self {
            Goal::Mse => (y - said.reshape([batch, horizon])).square(),
            Goal::Mae => (y - said.reshape([batch, horizon])).abs(),
            Goal::Huber(delta) => {
                let size = (y - said.reshape([batch, horizon])).abs();
                let near = size.clone().clamp_max(*delta);
                near.clone() * (size - near * 0.5)
            }
            Goal::Quantile(levels) => {
                let error = y.unsqueeze_dim::<3>(2) - said;
                let q = Tensor::<1>::from_floats(levels.as_slice(), &error.device());
                let q = q.reshape([1, 1, outputs]);
                (error.clone() * q + activation::relu(-error)).mean_dim(2).reshape([batch, horizon])
            }
            Goal::Gaussian | Goal::Student(_) => {
                let scale = activation::softplus(part(1), 1.0) + LEAST_SCALE;
                let square = ((y - part(0)) / scale.clone()).square();
                scale.log()
                    + match self {
                        Goal::Student(df) => (square / *df + 1.0).log() * (0.5 * (df + 1.0)),
                        _ => square * 0.5,
                    }
            }
            Goal::Chances(weights) => return chances(said, y, weights),
        };
        match mask {
            None => each.mean(),
            Some(mask) => (each * mask.clone()).sum() / mask.sum().clamp_min(1.0),
        }
    }
}

/// ln(1 + eˢ) and the least scale.
fn scale(s: f64) -> f64 {
    s.max(0.0) + (-s.abs()).exp().ln_1p() + f64::from(LEAST_SCALE)
}

fn normal(p: f64) -> Result<f64, FitError> {
    let law = Normal::new(0.0, 1.0).map_err(|_| FitError::NotFinite("a normal quantile"))?;
    Ok(law.inverse_cdf(p))
}

fn student(df: f32, p: f64) -> Result<f64, FitError> {
    let law = StudentsT::new(0.0, 1.0, f64::from(df));
    let law = law.map_err(|_| FitError::NotFinite("a quantile of Student's t"))?;
    Ok(law.inverse_cdf(p))
}

/// Cross-entropy, each class weighted.
fn chances(said: Tensor<3>, y: Tensor<2>, weights: &[f32]) -> Tensor<1> {
    let [batch, horizon, classes] = said.dims();
    let logs = activation::log_softmax(said.reshape([batch * horizon, classes]), 1);
    let class: Tensor<1, Int> = y.reshape([batch * horizon]).int();
    let weight = Tensor::<1>::from_floats(weights, &logs.device()).select(0, class.clone());
    let own = logs.gather(1, class.unsqueeze_dim(1)).reshape([batch * horizon]);
    -(own * weight.clone()).sum() / weight.sum()
}
