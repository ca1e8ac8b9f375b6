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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::tests::Golden;
    use statrs::function::gamma::ln_gamma;

    #[test]
    fn points_as_pytorch() {
        let goals = [
            ("mse", Goal::Mse),
            ("mae", Goal::Mae),
            ("huber_0.5", Goal::Huber(0.5)),
            ("huber_1.0", Goal::Huber(1.0)),
        ];
        for (name, goal) in goals {
            let golden = Golden::plain("nets_losses", name);
            let said = golden.input::<2>("prediction").unsqueeze_dim(2);
            golden.check(goal.loss(said, golden.given("truth"), None));
        }
        let golden = Golden::plain("nets_losses", "quantile");
        let goal = Goal::Quantile(vec![0.1, 0.5, 0.9]);
        golden.check(goal.loss(golden.input("prediction"), golden.given("truth"), None));
    }

    /// The second output, of which a density's scale is made.
    fn of_scale(scale: Tensor<2>) -> Tensor<2> {
        ((scale - LEAST_SCALE).exp() - 1.0).log()
    }

    /// PyTorch's densities are whole: the normal's constant is ln √2π.
    #[test]
    fn a_normal_as_pytorch() {
        let golden = Golden::plain("nets_losses", "normal");
        let said = vec![golden.input("loc"), of_scale(golden.input("scale"))];
        let loss = Goal::Gaussian.loss(Tensor::<2>::stack(said, 2), golden.given("truth"), None);
        golden.check(loss + 0.5 * (2.0 * std::f64::consts::PI).ln());
    }

    /// Student's constant is ln √(νπ) + ln Γ(ν/2) − ln Γ((ν + 1)/2); PyTorch's case has another ν for
    /// each target, so they are lost one at a time. A target that is not known loses nothing.
    #[test]
    fn students_as_pytorch() {
        let golden = Golden::plain("nets_losses", "student_t");
        let said = vec![golden.input("loc"), of_scale(golden.input("scale"))];
        let (said, truth) = (Tensor::<2>::stack::<3>(said, 2), golden.given::<2>("truth"));
        let df = crate::nets::numbers(golden.input::<2>("df")).unwrap();
        let all = df.iter().enumerate().map(|(at, &df)| {
            let (row, step, half) = (at / 5, at % 5, f64::from(df) / 2.0);
            let own = said.clone().slice([row..row + 1, step..step + 1]);
            let y = truth.clone().slice([row..row + 1, step..step + 1]);
            let constant = 0.5 * (2.0 * half * std::f64::consts::PI).ln() + ln_gamma(half);
            Goal::Student(df).loss(own, y, None) + (constant - ln_gamma(half + 0.5))
        });
        let loss = all.reduce(|sum, one| sum + one).unwrap() / df.len() as f32;
        golden.check_but(loss, &["df"]);
    }

    #[test]
    fn chances_as_pytorch() {
        let cases =
            [("cross_entropy", vec![1.0; 3]), ("cross_entropy_weighted", vec![0.5, 1.0, 2.5])];
        for (name, weights) in cases {
            let golden = Golden::plain("nets_losses", name);
            let goal = Goal::Chances(weights);
            let said = golden.input::<2>("logits").unsqueeze_dim(1);
            golden.check(goal.loss(said, golden.given::<1>("label").unsqueeze_dim(1), None));
        }
    }

    /// What is not known is left out: the mean of the squares 1 and 9, of three.
    #[test]
    fn unknown_targets_are_left_out() {
        let device = crate::nets::tests::draw().device;
        let said = Tensor::<3>::from_data([[[1.0], [5.0], [3.0]]], &device);
        let y = Tensor::<2>::from_data([[0.0, 0.0, 0.0]], &device);
        let mask = Tensor::<2>::from_data([[1.0, 0.0, 1.0]], &device);
        assert_eq!(Goal::Mse.loss(said, y, Some(mask)).into_scalar::<f32>(), 5.0);
    }
}
