//! Multilayer perceptron: layers of bent sums, walked downhill from random weights.
//!
//! ```text
//! a[0] = x      a[l] = bend(a[l−1]·W[l] + b[l])      ŷ = a[last − 1]·W[last] + b[last]
//! loss = mean ½(ŷ − y)² + l2/2 · Σ W² / rows
//! ```
//!
//! Columns and target are standardised inside, since rates and `l2` mean nothing otherwise. L-BFGS
//! sees all rows at each step and suits few; Adam sees a batch, and suits many. Where it ends depends
//! on where it began: another seed, another answer. Noise is learnt by heart with a small `l2`, and
//! relu goes straight on beyond the rows seen.
//! Rumelhart, Hinton & Williams (1986); Glorot & Bengio (2010); Kingma & Ba (2015).

use almanac_data::{FitError, Matrix};
use almanac_kernels::bfgs::{Stop, minimise_many};
use almanac_kernels::perceptron::{Adam, Asked, Bend, Net};
use rand::RngExt;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::{Predict, Regress, as_learnt, complete};
use crate::standard::{self, Standard};
use crate::{Ctx, Setting, SettingError, Settings};

/// Rows up to which L-BFGS is the default.
const FEW: usize = 2000;

/// Layers of bent sums.
///
/// | name       | default          | range                | meaning                            |
/// |------------|------------------|----------------------|------------------------------------|
/// | hidden     | [32]             | each >= 1            | widths of the layers between       |
/// | activation | tanh             | relu, tanh, logistic | how sums bend                      |
/// | solver     | lbfgs to 2000 rows | lbfgs, adam        | how it walks downhill              |
/// | l2         | 1                | >= 0                 | what squares of weights cost       |
/// | epochs     | 200              | >= 1                 | steps of lbfgs, passes of adam     |
/// | rate       | 0.001            | > 0                  | length of adam's steps             |
/// | batch      | 200              | >= 1                 | rows of an adam step               |
/// | tol        | 0.0001           | >= 0                 | fall of the loss that counts       |
/// | patience   | 10               | >= 1                 | passes without such a fall: stop   |
/// | hold       | 0                | [0, 1)               | last share of rows, to stop by     |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mlp {
    /// Widths of the layers between.
    pub hidden: Vec<usize>,
    /// How sums bend.
    pub activation: Activation,
    /// How it walks downhill; left out, lbfgs for up to 2000 rows, adam for more.
    pub solver: Option<Solver>,
    /// What squares of weights cost.
    pub l2: f64,
    /// Steps of lbfgs, passes of adam, at most.
    pub epochs: usize,
    /// Length of adam's steps.
    pub rate: f64,
    /// Rows of an adam step.
    pub batch: usize,
    /// Fall of the loss that counts.
    pub tol: f64,
    /// Passes without such a fall after which adam stops.
    pub patience: usize,
    /// Share of the rows, the last, that adam does not learn but stops by; 0 = none.
    pub hold: f64,
}

/// How sums bend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// max(0, z)
    Relu,
    /// tanh z
    Tanh,
    /// 1 / (1 + exp(−z))
    Logistic,
}

/// How it walks downhill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Solver {
    /// All rows at each step, curvature from the last ten.
    Lbfgs,
    /// A batch at each step, running means of slopes.
    Adam,
}

impl Default for Mlp {
    fn default() -> Mlp {
        Mlp {
            hidden: vec![32],
            activation: Activation::Tanh,
            solver: None,
            l2: 1.0,
            epochs: 200,
            rate: 0.001,
            batch: 200,
            tol: 1e-4,
            patience: 10,
            hold: 0.0,
        }
    }
}

impl Settings for Mlp {
    const TABLE: &'static [Setting] = &[
        Setting {
            name: "hidden",
            range: "widths, each >= 1, as in [32, 16]",
            meaning: "widths of the layers between columns and answer",
        },
        Setting {
            name: "activation",
            range: "relu, tanh or logistic",
            meaning: "how the layers between bend their sums",
        },
        Setting {
            name: "solver",
            range: "lbfgs or adam, or left out",
            meaning: "how it walks downhill; left out, lbfgs for up to 2000 rows, adam for more",
        },
        Setting { name: "l2", range: ">= 0", meaning: "what squares of weights cost" },
        Setting {
            name: "epochs",
            range: ">= 1",
            meaning: "steps of lbfgs, or passes of adam over the rows, at most",
        },
        Setting { name: "rate", range: "> 0", meaning: "length of adam's steps" },
        Setting { name: "batch", range: ">= 1", meaning: "rows of one adam step" },
        Setting { name: "tol", range: ">= 0", meaning: "fall of the loss that counts as one" },
        Setting {
            name: "patience",
            range: ">= 1",
            meaning: "passes without a fall of the loss after which adam stops",
        },
        Setting {
            name: "hold",
            range: "[0, 1)",
            meaning: "share of the rows, the last, that adam stops by and does not learn; 0 = none",
        },
    ];

    fn check(&self) -> Result<(), SettingError> {
        let widths = format!("{:?}", self.hidden);
        SettingError::unless(!self.hidden.contains(&0), "hidden", "widths of at least 1", widths)?;
        let size = |value: f64| 0.0 <= value && value.is_finite();
        SettingError::unless(size(self.l2), "l2", "at least 0", self.l2)?;
        SettingError::unless(self.epochs > 0, "epochs", "at least 1", self.epochs)?;
        SettingError::unless(size(self.rate) && self.rate > 0.0, "rate", "above 0", self.rate)?;
        SettingError::unless(self.batch > 0, "batch", "at least 1", self.batch)?;
        SettingError::unless(size(self.tol), "tol", "at least 0", self.tol)?;
        SettingError::unless(self.patience > 0, "patience", "at least 1", self.patience)?;
        SettingError::unless((0.0..1.0).contains(&self.hold), "hold", "in [0, 1)", self.hold)
    }
}

/// A perceptron with its weights, and the scale of its columns.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Self")]
pub(crate) struct Learnt {
    columns: Vec<Standard>,
    net: Net,
    weights: Vec<f64>,
}

#[derive(Serialize, Deserialize)]
struct FittedMlp {
    learnt: Learnt,
    target: Standard,
}

almanac_kernels::checked!(Learnt, |learnt| {
    learnt.net.sizes[0] == learnt.columns.len() && learnt.net.count() == learnt.weights.len()
});

impl Regress for Mlp {
    fn fit(&self, ctx: &Ctx, x: &Matrix, y: &[f64]) -> Result<Box<dyn Predict>, FitError> {
        let mut target = Standard::of(y)?;
        let y: Vec<f64> = y.iter().map(|&y| target.to(y)).collect();
        if y.iter().all(|value| *value == y[0]) {
            // Of a constant the mean says all: nothing that random weights leave over is added.
            target.sd = 0.0;
        }
        Ok(Box::new(FittedMlp { learnt: self.learn(ctx, x, &y, Asked::Values)?, target }))
    }
}

#[typetag::serde]
impl Predict for FittedMlp {
    fn predict(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
        Ok(self.learnt.answers(x)?.into_iter().map(|z| self.target.back(z)).collect())
    }
}

impl Learnt {
    /// Numbers that it answers to one row.
    pub fn outputs(&self) -> usize {
        self.net.sizes[self.net.sizes.len() - 1]
    }

    /// The outputs of each row, rows one after another.
    pub fn answers(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
        complete("mlp", x)?;
        as_learnt(self.columns.len(), x)?;
        Ok(self.net.answers(&self.weights, &standard::rows(&self.columns, x)))
    }
}

impl Mlp {
    /// Learns outputs, of each row one after another, from the rows of `x`.
    pub(crate) fn learn(
        &self,
        ctx: &Ctx,
        x: &Matrix,
        y: &[f64],
        asked: Asked,
    ) -> Result<Learnt, FitError> {
        complete("mlp", x)?;
        let columns = Standard::columns(x)?;
        let bend = match self.activation {
            Activation::Relu => Bend::Relu,
            Activation::Tanh => Bend::Tanh,
            Activation::Logistic => Bend::Logistic,
        };
        let sizes = [&[x.width()], &self.hidden[..], &[y.len() / x.rows()]].concat();
        let net = Net { sizes, bend, asked, l2: self.l2 };
        let start = start(ctx, &net);
        let few = if x.rows() <= FEW { Solver::Lbfgs } else { Solver::Adam };
        let rows = standard::rows(&columns, x);
        let weights = match self.solver.unwrap_or(few) {
            Solver::Lbfgs => {
                let loss = |weights: &[f64], slopes: &mut [f64]| match ctx.go_on() {
                    Ok(()) => net.loss(weights, &rows, y, slopes),
                    Err(_) => f64::NAN,
                };
                let stop = Stop { steps: self.epochs, fall: 1e-3 * self.tol };
                minimise_many(loss, start, stop).x
            }
            Solver::Adam => self.adam(ctx, &net, start, [&rows, y])?,
        };
        ctx.go_on()?;
        match weights.iter().all(|weight| weight.is_finite()) {
            true => Ok(Learnt { columns, net, weights }),
            false => Err(FitError::NotFinite("a weight")),
        }
    }

    /// Passes over shuffled batches, until the loss, of rows held back where there are any, no longer
    /// falls; then the weights of the least.
    fn adam(
        &self,
        ctx: &Ctx,
        net: &Net,
        mut weights: Vec<f64>,
        [x, y]: [&[f64]; 2],
    ) -> Result<Vec<f64>, FitError> {
        let (inputs, outputs) = (net.sizes[0], net.sizes[net.sizes.len() - 1]);
        let rows = x.len() / inputs;
        let learnt = rows - ((self.hold * rows as f64) as usize).min(rows - 1);
        let (held_x, held_y) = (&x[learnt * inputs..], &y[learnt * outputs..]);
        let mut rng = ctx.named("order").rng();
        let mut order: Vec<usize> = (0..learnt).collect();
        let (mut adam, mut slopes) = (Adam::new(net.count()), vec![0.0; net.count()]);
        let (mut least, mut best, mut waited) = (f64::INFINITY, None, 0);
        for _ in 0..self.epochs {
            ctx.go_on()?;
            order.shuffle(&mut rng);
            let mut loss = 0.0;
            for batch in order.chunks(self.batch) {
                let gather = |values: &[f64], width: usize| -> Vec<f64> {
                    batch.iter().flat_map(|row| &values[row * width..][..width]).copied().collect()
                };
                let part = net.loss(&weights, &gather(x, inputs), &gather(y, outputs), &mut slopes);
                loss += part * batch.len() as f64 / learnt as f64;
                adam.step(self.rate, &slopes, &mut weights);
            }
            if !held_y.is_empty() {
                loss = net.misses(&net.answers(&weights, held_x), held_y);
            }
            waited = if loss < least - self.tol { 0 } else { waited + 1 };
            if loss < least {
                least = loss;
                best = (!held_y.is_empty()).then(|| weights.clone());
            }
            if waited >= self.patience {
                break;
            }
        }
        Ok(best.unwrap_or(weights))
    }
}

/// Weights drawn so that sums neither grow nor fade from layer to layer.
fn start(ctx: &Ctx, net: &Net) -> Vec<f64> {
    let mut rng = ctx.named("start").rng();
    let size = if net.bend == Bend::Logistic { 2.0 } else { 6.0 };
    let mut weights = Vec::with_capacity(net.count());
    for (inputs, outputs, _) in net.layers() {
        let most = (size / (inputs + outputs) as f64).sqrt();
        weights.extend((0..(inputs + 1) * outputs).map(|_| rng.random_range(-most..=most)));
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave() -> (Matrix, Vec<f64>) {
        let x: Vec<f64> = (0..60).map(|k| f64::from(k * 37 % 61) / 10.0).collect();
        let y = x.iter().map(|x| 100.0 + 5.0 * x.sin()).collect();
        (Matrix::from_columns(vec![("x".into(), x)]).unwrap(), y)
    }

    fn error(mlp: &Mlp, seed: u64) -> f64 {
        let (x, y) = wave();
        let said = mlp.fit(&Ctx::new(seed), &x, &y).unwrap().predict(&x).unwrap();
        said.iter().zip(&y).map(|(a, b)| (a - b).powi(2)).sum::<f64>() / 60.0
    }

    /// A sine around 100, of variance about 12, is followed by both solvers and every bend.
    #[test]
    fn a_wave_is_learnt() {
        for activation in [Activation::Relu, Activation::Tanh, Activation::Logistic] {
            let mlp = Mlp { activation, l2: 1e-3, ..Mlp::default() };
            assert!(error(&mlp, 1) < 0.3, "{activation:?}: {}", error(&mlp, 1));
            let adam = Mlp {
                solver: Some(Solver::Adam),
                rate: 0.02,
                epochs: 1000,
                batch: 20,
                patience: 200,
                ..mlp
            };
            assert!(error(&adam, 1) < 1.0, "adam, {activation:?}: {}", error(&adam, 1));
        }
    }

    /// No layer between, no cost of weights: least squares. Of y = 3x − 1 nothing is left.
    #[test]
    fn no_layer_is_a_line() {
        let (x, _) = wave();
        let y: Vec<f64> = x.column(0).iter().map(|x| 3.0 * x - 1.0).collect();
        let mlp = Mlp { hidden: vec![], l2: 0.0, tol: 1e-12, ..Mlp::default() };
        let said = mlp.fit(&Ctx::new(1), &x, &y).unwrap().predict(&x).unwrap();
        assert!(said.iter().zip(&y).all(|(a, b)| (a - b).abs() < 1e-5), "{said:?}");
    }

    /// Squares of weights that cost everything leave the mean.
    #[test]
    fn a_high_cost_leaves_the_mean() {
        let (x, y) = wave();
        let mean = y.iter().sum::<f64>() / 60.0;
        let mlp = Mlp { l2: 1e6, ..Mlp::default() };
        let said = mlp.fit(&Ctx::new(1), &x, &y).unwrap().predict(&x).unwrap();
        assert!(said.iter().all(|value| (value - mean).abs() < 0.01), "{said:?}");
    }

    /// Another seed begins elsewhere and ends elsewhere.
    #[test]
    fn seeds_matter() {
        let mlp = Mlp { epochs: 5, ..Mlp::default() };
        assert_ne!(error(&mlp, 1), error(&mlp, 2));
    }
}
