//! Filters, then a decoder: short filters find shapes in the window, an LSTM tells the steps ahead.
//!
//! ```text
//! window ─▶ filters, bent ─▶ … ─▶ largest of each two ─▶ flat, the same at each step ahead ─▶ lstm ─▶ …
//! ```
//!
//! It reads a long window faster than an LSTM does, and forgets nothing of it; blind beyond it.
//! Sainath, Vinyals, Senior & Sak (2015), Convolutional, long short-term memory, fully connected deep
//! neural networks; Mehtab & Sen (2020).

use almanac_data::FitError;
use burn::module::Module;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::layers::{Decoder, Filters, Plan};
use super::{Architecture, Draw, Layers, Noise, Shape, Training, widths};
use crate::{Setting, SettingError, Settings};

/// Filters and an LSTM.
///
/// | name    | default  | range     | meaning                                |
/// |---------|----------|-----------|----------------------------------------|
/// | filters | [64, 64] | each >= 1 | filters of each layer; the last pooled |
/// | width   | 3        | >= 1      | steps a filter sees                    |
/// | units   | 200      | >= 1      | units of the LSTM                      |
/// | dense   | [100]    | each >= 1 | widths of the sums above each step     |
/// | relu    | false    |           | max(0, ·) in place of the LSTM's tanh  |
/// | train   | {}       | a table   | how it is trained                      |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CnnLstm {
    /// Filters of each layer; what the last finds is pooled.
    pub filters: Vec<usize>,
    /// Steps a filter sees.
    pub width: usize,
    /// Units of the LSTM.
    pub units: usize,
    /// Widths of the layers of sums above each step.
    pub dense: Vec<usize>,
    /// Bends the LSTM's candidate and output at 0, in place of tanh.
    pub relu: bool,
    /// How it is trained.
    pub train: Training,
}

impl Default for CnnLstm {
    fn default() -> CnnLstm {
        let (filters, dense, train) = (vec![64, 64], vec![100], Training::default());
        CnnLstm { filters, width: 3, units: 200, dense, relu: false, train }
    }
}

impl Settings for CnnLstm {
    const TABLE: &'static [Setting] = &[
        Setting {
            name: "filters",
            range: "one at least, each >= 1",
            meaning: "filters of each layer; what the last finds is pooled",
        },
        Setting { name: "width", range: ">= 1", meaning: "steps a filter sees" },
        Setting { name: "units", range: ">= 1", meaning: "units of the LSTM" },
        Setting {
            name: "dense",
            range: "each >= 1",
            meaning: "widths of the sums above each step",
        },
        Setting {
            name: "relu",
            range: "true or false",
            meaning: "max(0, ·) in place of the LSTM's tanh",
        },
        Setting { name: "train", range: "a table", meaning: "how it is trained" },
    ];

    fn check(&self) -> Result<(), SettingError> {
        SettingError::unless(!self.filters.is_empty(), "filters", "one layer at least", "[]")?;
        widths("filters", &self.filters)?;
        SettingError::unless(self.width > 0, "width", "at least 1", self.width)?;
        SettingError::unless(self.units > 0, "units", "at least 1", self.units)?;
        widths("dense", &self.dense)?;
        self.train.check()
    }
}

/// Its layers.
#[derive(Module, Debug)]
pub struct CnnLstmLayers {
    filters: Filters,
    decoder: Decoder,
}

impl Architecture for CnnLstm {
    const NAME: &'static str = "cnn_lstm";
    type Layers = CnnLstmLayers;

    fn layers(&self, shape: Shape, draw: &mut Draw) -> Result<CnnLstmLayers, FitError> {
        let (filters, pools) = (self.filters.as_slice(), vec![self.filters.len()]);
        let plan = Plan { filters, width: self.width, pools, heads: false };
        let filters = Filters::new(draw, &plan, shape)?;
        let sizes = (filters.outs(), self.units);
        let decoder = Decoder::new(draw, sizes, (self.relu, &self.dense), shape);
        Ok(CnnLstmLayers { filters, decoder })
    }

    fn training(&self) -> &Training {
        &self.train
    }
}

impl Layers for CnnLstmLayers {
    fn forward(&self, x: Tensor<3>, _: &mut Noise) -> Tensor<3> {
        self.decoder.forward(self.filters.forward(x))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::Network;

    /// 64·(3 + 1) + 64·(3·64 + 1), of ten steps three times 64 left: 4·(200·(192 + 200) + 200), and
    /// 100·201 + 101.
    #[test]
    fn the_published_weights_by_hand() {
        let shape = |steps| Shape { steps, channels: 1, horizon: 5, outputs: 1 };
        assert_eq!(CnnLstm::default().parameters(shape(10)).unwrap(), 347_209);
        assert!(CnnLstm::default().parameters(shape(5)).is_err());
    }
}
