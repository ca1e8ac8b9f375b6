//! Convolutional network: short filters slid over the window, then sums of what they find.
//!
//! ```text
//! window ─▶ filters, bent ─▶ … ─▶ largest of each two ─▶ flat ─▶ sums, bent ─▶ … ─▶ horizon
//! ```
//!
//! It sees shapes wherever they stand, and forgets where they stood only as far as it pools. Few
//! weights and quick to train; blind beyond its window.
//! LeCun, Bottou, Bengio & Haffner (1998); Mehtab & Sen (2020), Stock price prediction using CNN and
//! LSTM-based deep learning models.

use almanac_data::FitError;
use burn::module::Module;
use burn::tensor::{Tensor, activation};
use serde::{Deserialize, Serialize};

use super::layers::{Conv, Stack, pool};
use super::{Architecture, Draw, Layers, Noise, Shape, Training, window_of};
use crate::{Setting, SettingError, Settings};

/// Filters over the window.
///
/// | name    | default | range             | meaning                          |
/// |---------|---------|-------------------|----------------------------------|
/// | filters | [16]    | each >= 1         | filters of each layer            |
/// | width   | 3       | >= 1              | steps a filter sees              |
/// | dense   | [10]    | each >= 1         | widths of the layers of sums     |
/// | train   | {}      | a table           | how it is trained                |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cnn {
    /// Filters of each layer; what the last finds is pooled.
    pub filters: Vec<usize>,
    /// Steps a filter sees.
    pub width: usize,
    /// Widths of the layers of sums.
    pub dense: Vec<usize>,
    /// How it is trained.
    pub train: Training,
}

impl Default for Cnn {
    fn default() -> Cnn {
        Cnn { filters: vec![16], width: 3, dense: vec![10], train: Training::default() }
    }
}

impl Settings for Cnn {
    const TABLE: &'static [Setting] = &[
        Setting { name: "filters", range: "each >= 1", meaning: "filters of each layer" },
        Setting { name: "width", range: ">= 1", meaning: "steps a filter sees" },
        Setting { name: "dense", range: "each >= 1", meaning: "widths of the layers of sums" },
        Setting { name: "train", range: "a table", meaning: "how it is trained" },
    ];

    fn check(&self) -> Result<(), SettingError> {
        let filled = |all: &[usize]| !all.is_empty() && !all.contains(&0);
        let filters = format!("{:?}", self.filters);
        SettingError::unless(
            filled(&self.filters),
            "filters",
            "one width at least, none 0",
            filters,
        )?;
        let dense = format!("{:?}", self.dense);
        SettingError::unless(!self.dense.contains(&0), "dense", "widths of at least 1", dense)?;
        SettingError::unless(self.width > 0, "width", "at least 1", self.width)?;
        self.train.check()
    }
}

/// Its layers.
#[derive(Module, Debug)]
pub struct CnnLayers {
    filters: Vec<Conv>,
    sums: Stack,
    horizon: usize,
}

impl Architecture for Cnn {
    type Layers = CnnLayers;

    fn layers(&self, shape: Shape, draw: &mut Draw) -> Result<CnnLayers, FitError> {
        let lost = self.filters.len() * (self.width - 1);
        window_of(lost + 2, shape)?;
        let starts = std::iter::once(shape.channels).chain(self.filters.iter().copied());
        let pairs = starts.zip(&self.filters);
        let filters: Vec<Conv> =
            pairs.map(|(ins, &outs)| Conv::new(draw, ins, outs, self.width)).collect();
        let flat = (shape.steps - lost) / 2 * self.filters.last().copied().unwrap_or(1);
        let sums = Stack::new(draw, flat, &self.dense, shape.horizon * shape.outputs);
        Ok(CnnLayers { filters, sums, horizon: shape.horizon })
    }

    fn training(&self) -> &Training {
        &self.train
    }
}

impl Layers for CnnLayers {
    fn forward(&self, x: Tensor<3>, _: &mut Noise) -> Tensor<3> {
        let found = self
            .filters
            .iter()
            .fold(x.swap_dims(1, 2), |x, layer| activation::relu(layer.forward(x)));
        let said = self.sums.forward(pool(found).flatten(1, 2));
        let [batch, numbers] = said.dims();
        said.reshape([batch, self.horizon, numbers / self.horizon])
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
}
