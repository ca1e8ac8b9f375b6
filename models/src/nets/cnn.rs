//! Convolutional network: short filters slid over the window, then sums of what they find.
//!
//! ```text
//! window ─▶ filters, bent ─▶ … ─▶ largest of each two ─▶ flat ─▶ sums, bent ─▶ … ─▶ horizon
//! heads = true: filters of its own for each channel, side by side up to the sums
//! ```
//!
//! It sees shapes wherever they stand, and forgets where they stood only as far as it pools. Few
//! weights and quick to train; blind beyond its window.
//! LeCun, Bottou, Bengio & Haffner (1998); Mehtab & Sen (2020), Stock price prediction using CNN and
//! LSTM-based deep learning models.

use almanac_data::FitError;
use burn::module::Module;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::layers::{Filters, Plan, Stack};
use super::{Architecture, Draw, Layers, Noise, Shape, Training, widths};
use crate::{Setting, SettingError, Settings};

/// Filters over the window.
///
/// | name    | default        | range     | meaning                                    |
/// |---------|----------------|-----------|--------------------------------------------|
/// | filters | [16]           | each >= 1 | filters of each layer                      |
/// | width   | 3              | >= 1      | steps a filter sees                        |
/// | pool    | after the last | layers    | layers after which each two steps are one  |
/// | heads   | false          |           | filters of its own for each channel        |
/// | dense   | [10]           | each >= 1 | widths of the layers of sums               |
/// | train   | {}             | a table   | how it is trained                          |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cnn {
    /// Filters of each layer.
    pub filters: Vec<usize>,
    /// Steps a filter sees.
    pub width: usize,
    /// Layers, from 1, after which the larger of each two steps is taken; left out, the last.
    pub pool: Option<Vec<usize>>,
    /// Filters of its own for each channel.
    pub heads: bool,
    /// Widths of the layers of sums.
    pub dense: Vec<usize>,
    /// How it is trained.
    pub train: Training,
}

impl Default for Cnn {
    fn default() -> Cnn {
        let (filters, dense, train) = (vec![16], vec![10], Training::default());
        Cnn { filters, width: 3, pool: None, heads: false, dense, train }
    }
}

impl Settings for Cnn {
    const TABLE: &'static [Setting] = &[
        Setting { name: "filters", range: "each >= 1", meaning: "filters of each layer" },
        Setting { name: "width", range: ">= 1", meaning: "steps a filter sees" },
        Setting {
            name: "pool",
            range: "layers from 1, or left out",
            meaning: "layers after which the larger of each two steps is taken; left out, the last",
        },
        Setting {
            name: "heads",
            range: "true or false",
            meaning: "filters of its own for each channel, side by side up to the sums",
        },
        Setting { name: "dense", range: "each >= 1", meaning: "widths of the layers of sums" },
        Setting { name: "train", range: "a table", meaning: "how it is trained" },
    ];

    fn check(&self) -> Result<(), SettingError> {
        SettingError::unless(!self.filters.is_empty(), "filters", "one layer at least", "[]")?;
        widths("filters", &self.filters)?;
        let pool = self.pools().iter().all(|at| (1..=self.filters.len()).contains(at));
        SettingError::unless(pool, "pool", "layers that there are", format!("{:?}", self.pools()))?;
        widths("dense", &self.dense)?;
        SettingError::unless(self.width > 0, "width", "at least 1", self.width)?;
        self.train.check()
    }
}

impl Cnn {
    fn pools(&self) -> Vec<usize> {
        self.pool.clone().unwrap_or_else(|| vec![self.filters.len()])
    }
}

/// Its layers.
#[derive(Module, Debug)]
pub struct CnnLayers {
    filters: Filters,
    sums: Stack,
    horizon: usize,
}

impl Architecture for Cnn {
    const NAME: &'static str = "cnn";
    type Layers = CnnLayers;

    fn layers(&self, shape: Shape, draw: &mut Draw) -> Result<CnnLayers, FitError> {
        let (filters, pools) = (self.filters.as_slice(), self.pools());
        let plan = Plan { filters, width: self.width, pools, heads: self.heads };
        let filters = Filters::new(draw, &plan, shape)?;
        let sums = Stack::new(draw, filters.outs(), &self.dense, shape.horizon * shape.outputs);
        Ok(CnnLayers { filters, sums, horizon: shape.horizon })
    }

    fn training(&self) -> &Training {
        &self.train
    }
}

impl Layers for CnnLayers {
    fn forward(&self, x: Tensor<3>, _: &mut Noise) -> Tensor<3> {
        self.sums.ahead(self.filters.forward(x), self.horizon)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::Network;

    /// Filters 16·(3 + 1), sums 10·(16 + 1) and 5·(10 + 1): 289 for a week, 769 for two.
    #[test]
    fn weights_by_hand() {
        let shape = |steps| Shape { steps, channels: 1, horizon: 5, outputs: 1 };
        assert_eq!(Cnn::default().parameters(shape(5)).unwrap(), 289);
        assert_eq!(Cnn::default().parameters(shape(10)).unwrap(), 769);
        assert!(Cnn::default().parameters(shape(3)).is_err());
    }

    /// 32·(5·3 + 1), 32·(32·3 + 1), 16·(32·3 + 1) with the one pooling that ten steps stand, and
    /// 100·17 + 5·101 above the 16 numbers left.
    #[test]
    fn the_published_channels_by_hand() {
        let shape = Shape { steps: 10, channels: 5, horizon: 5, outputs: 1 };
        let network = Cnn {
            filters: vec![32, 32, 16],
            pool: Some(vec![2]),
            dense: vec![100],
            ..Cnn::default()
        };
        assert_eq!(network.parameters(shape).unwrap(), 7373);
        let twice = Cnn { pool: Some(vec![2, 3]), ..network };
        assert!(twice.parameters(shape).is_err());
    }

    /// Five times 32·4 + 32·97, then 200·481 + 100·201 + 5·101.
    #[test]
    fn the_published_heads_by_hand() {
        let shape = Shape { steps: 10, channels: 5, horizon: 5, outputs: 1 };
        let network =
            Cnn { filters: vec![32, 32], heads: true, dense: vec![200, 100], ..Cnn::default() };
        assert_eq!(network.parameters(shape).unwrap(), 132_965);
    }
}
