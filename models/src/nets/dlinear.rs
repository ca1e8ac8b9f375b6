//! DLinear: two straight maps, of the window's trend and of what is left of it.
//!
//! ```text
//! trend[t] = mean of x[t − ⌊(k−1)/2⌋ … t + ⌊k/2⌋], the ends repeated      rest = x − trend
//! ŷ = W_trend·trend + W_rest·rest + Σ_c W_c·channel_c + b                  for all steps at once
//! ```
//!
//! Hard to beat where the past repeats, since every step ahead finds the past values that it is
//! like; no bend, so nothing that depends on a level or on two things together. The first channel is
//! the series; further ones enter whole, each through a map of its own.
//! Zeng, Chen, Zhang & Xu (2023), Are transformers effective for time series forecasting?

use almanac_data::FitError;
use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::module::avg_pool1d;
use burn::tensor::ops::AvgPoolOptions;
use serde::{Deserialize, Serialize};

use super::layers::Dense;
use super::{Architecture, Draw, Layers, Noise, Shape, Training, window_of};
use crate::{Setting, SettingError, Settings};

/// Straight maps of trend and rest.
///
/// | name  | default | range   | meaning                           |
/// |-------|---------|---------|-----------------------------------|
/// | width | 25      | >= 1    | steps that the trend is a mean of |
/// | train | {}      | a table | how it is trained                 |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dlinear {
    /// Steps that the trend is a mean of.
    pub width: usize,
    /// How it is trained.
    pub train: Training,
}

impl Default for Dlinear {
    fn default() -> Dlinear {
        Dlinear { width: 25, train: Training::default() }
    }
}

impl Settings for Dlinear {
    const TABLE: &'static [Setting] = &[
        Setting { name: "width", range: ">= 1", meaning: "steps that the trend is a mean of" },
        Setting { name: "train", range: "a table", meaning: "how it is trained" },
    ];

    fn check(&self) -> Result<(), SettingError> {
        SettingError::unless(self.width > 0, "width", "at least 1", self.width)?;
        self.train.check()
    }
}

/// Its layers.
#[derive(Module, Debug)]
pub struct DlinearLayers {
    trend: Dense,
    rest: Dense,
    beside: Vec<Dense>,
    width: usize,
    horizon: usize,
}

impl Architecture for Dlinear {
    const NAME: &'static str = "dlinear";
    type Layers = DlinearLayers;

    fn layers(&self, shape: Shape, draw: &mut Draw) -> Result<DlinearLayers, FitError> {
        window_of(1, shape)?;
        let mut map = || Dense::new(draw, shape.steps, shape.horizon * shape.outputs);
        let (trend, rest) = (map(), map());
        let beside = (1..shape.channels).map(|_| map()).collect();
        Ok(DlinearLayers { trend, rest, beside, width: self.width, horizon: shape.horizon })
    }

    fn training(&self) -> &Training {
        &self.train
    }
}

impl Layers for DlinearLayers {
    fn forward(&self, x: Tensor<3>, _: &mut Noise) -> Tensor<3> {
        let [batch, steps, channels] = x.dims();
        let channel = |at: usize| x.clone().slice([0..batch, 0..steps, at..at + 1]).squeeze_dim(2);
        let series: Tensor<2> = channel(0);
        let trend = smooth(series.clone(), self.width);
        let own = self.trend.forward(trend.clone()) + self.rest.forward(series - trend);
        let said = (1..channels)
            .zip(&self.beside)
            .fold(own, |said, (at, map)| said + map.forward(channel(at)));
        let numbers = said.dims()[1];
        said.reshape([batch, self.horizon, numbers / self.horizon])
    }
}

/// The mean of `width` steps around each, the first and the last value repeated beyond the ends.
fn smooth(x: Tensor<2>, width: usize) -> Tensor<2> {
    let [batch, steps] = x.dims();
    let end =
        |at: usize, times: usize| x.clone().slice([0..batch, at..at + 1]).expand([batch, times]);
    let (before, after) = ((width - 1) / 2, width / 2);
    let mut parts = vec![x.clone()];
    if before > 0 {
        parts.insert(0, end(0, before));
    }
    if after > 0 {
        parts.push(end(steps - 1, after));
    }
    let whole = Tensor::cat(parts, 1).unsqueeze_dim::<3>(1);
    avg_pool1d(whole, AvgPoolOptions::new([width]).with_stride([1])).squeeze_dim(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::tests::{Golden, draw, of};
    use crate::nets::{Network, numbers};

    /// Two maps of 5·(8 + 1) numbers, and one more for each further channel.
    #[test]
    fn weights_by_hand() {
        let shape = |channels| Shape { steps: 8, channels, horizon: 5, outputs: 1 };
        assert_eq!(Dlinear::default().parameters(shape(1)).unwrap(), 90);
        assert_eq!(Dlinear::default().parameters(shape(3)).unwrap(), 180);
    }

    /// Means of 3 over 3 6 0 with the ends repeated: (3 + 3 + 6)/3, 9/3, (6 + 0 + 0)/3; of 2, a
    /// step and the next.
    #[test]
    fn trend_by_hand() {
        let trend = |width| {
            let x = Tensor::<2>::from_floats([[3.0, 6.0, 0.0]], &burn::tensor::Device::flex());
            numbers(smooth(x, width)).unwrap()
        };
        assert_eq!(trend(3), [4.0, 3.0, 2.0]);
        assert_eq!(trend(2), [4.5, 3.0, 0.0]);
        assert_eq!(trend(1), [3.0, 6.0, 0.0]);
    }

    /// Both channels through the same maps, as in the paper.
    #[test]
    fn equals_pytorch() {
        let network = Dlinear { width: 5, ..Dlinear::default() };
        let shape = Shape { steps: 8, channels: 1, horizon: 3, outputs: 1 };
        let names = [
            ("trend.weight", of("Linear_Trend.weight").turned()),
            ("trend.bias", of("Linear_Trend.bias")),
            ("rest.weight", of("Linear_Seasonal.weight").turned()),
            ("rest.bias", of("Linear_Seasonal.bias")),
        ];
        let layers = network.layers(shape, &mut draw()).unwrap();
        let golden = Golden::of("nets_forecasters", "dlinear", layers, &names);
        let x = golden.input::<3>("x").swap_dims(1, 2).reshape([6, 8, 1]);
        let said = golden.layers.forward(x, &mut Noise(None));
        golden.check(said.reshape([3, 2, 3]).swap_dims(1, 2));
    }
}
