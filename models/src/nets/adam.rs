//! Adam: steps as long as a running mean of slopes over the root of one of their squares.
//!
//! ```text
//! m ← β₁m + (1 − β₁)g    v ← β₂v + (1 − β₂)g²    w ← w − rate·(m̂ / (√v̂ + 10⁻⁷·) + decay·w)
//! ```
//!
//! Kingma & Ba (2015); the decay beside the step, Loshchilov & Hutter (2019).

use almanac_data::FitError;
use almanac_kernels::adam::{Pace, step};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor, TensorData};

use super::{Training, numbers};

/// Running means of slopes, for every weight of a network.
pub(crate) struct Adam {
    decay: f64,
    clip: f64,
    steps: i32,
    moments: Vec<(Vec<f32>, Vec<f32>)>,
}

impl Adam {
    pub fn new(training: &Training) -> Adam {
        Adam { decay: training.decay, clip: training.clip, steps: 0, moments: Vec::new() }
    }

    /// The weights one step on.
    pub fn step<M: Module>(
        &mut self,
        layers: M,
        mut slopes: Gradients,
        rate: f64,
    ) -> Result<M, FitError> {
        let mut read = Slopes { of: &mut slopes, all: Vec::new(), failed: None };
        layers.visit(&mut read);
        if let Some(error) = read.failed {
            return Err(error);
        }
        let mut scale = 1.0;
        if self.clip > 0.0 {
            let square = |slope: &f32| f64::from(*slope) * f64::from(*slope);
            let length = read.all.iter().flatten().flatten().map(square).sum::<f64>().sqrt();
            scale = (self.clip / length.max(self.clip)) as f32;
        }
        self.steps += 1;
        let pace = Pace::new(rate, self.decay, self.steps, scale);
        let mut walk = Walk { slopes: read.all.into_iter(), adam: self, pace, at: 0, failed: None };
        let layers = layers.map(&mut walk);
        match walk.failed {
            Some(error) => Err(error),
            None => Ok(layers),
        }
    }
}

/// The slopes of every weight, in the order of the module.
struct Slopes<'a> {
    of: &'a mut Gradients,
    all: Vec<Option<Vec<f32>>>,
    failed: Option<FitError>,
}

impl ModuleVisitor for Slopes<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        match param.val().grad_remove(self.of).map(numbers).transpose() {
            Ok(slopes) => self.all.push(slopes),
            Err(error) => self.failed = Some(error),
        }
    }
}

/// Every weight, one step on.
struct Walk<'a> {
    slopes: std::vec::IntoIter<Option<Vec<f32>>>,
    adam: &'a mut Adam,
    pace: Pace,
    at: usize,
    failed: Option<FitError>,
}

impl ModuleMapper for Walk<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(Some(slopes)) = self.slopes.next() else { return param };
        let (id, tensor, mapper) = param.consume();
        let (shape, device) = (tensor.dims(), tensor.device());
        // Taken, not shared: the only handle on weights gives them without a copy.
        let mut weights = numbers(tensor.inner()).unwrap_or_else(|error| {
            self.failed = Some(error);
            vec![0.0; slopes.len()]
        });
        if self.adam.moments.len() == self.at {
            let none = || vec![0.0; weights.len()];
            self.adam.moments.push((none(), none()));
        }
        let (mean, square) = &mut self.adam.moments[self.at];
        step(&mut weights, &slopes, (mean, square), &self.pace);
        self.at += 1;
        let next = Tensor::from_data(TensorData::new(weights, shape), &device).require_grad();
        Param::from_mapped_value(id, next, mapper)
    }
}
