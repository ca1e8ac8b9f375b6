//! Encoder and decoder: an LSTM reads the window, another tells the steps ahead one by one.
//!
//! ```text
//! window ─▶ lstm, its last h ─▶ the same at each step ahead ─▶ lstm ─▶ sums, bent ─▶ … ─▶ outputs
//! ```
//!
//! The number of weights does not grow with the horizon, and neighbouring steps agree. Slow for what
//! it gains on a few steps; with `relu` it runs away on values that are not scaled.
//! Cho et al. (2014), Learning phrase representations using RNN encoder-decoder; Mehtab & Sen (2020).

use almanac_data::FitError;
use burn::module::Module;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::layers::{Decoder, Recurrent, lstm};
use super::{Architecture, Draw, Layers, Noise, Shape, Training, widths};
use crate::{Setting, SettingError, Settings};

/// Two LSTMs.
///
/// | name  | default | range     | meaning                                |
/// |-------|---------|-----------|----------------------------------------|
/// | units | 200     | >= 1      | units of each LSTM                     |
/// | dense | [100]   | each >= 1 | widths of the sums above each step     |
/// | relu  | false   |           | max(0, ·) in place of tanh             |
/// | train | {}      | a table   | how it is trained                      |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EncoderDecoder {
    /// Units of each LSTM.
    pub units: usize,
    /// Widths of the layers of sums above each step.
    pub dense: Vec<usize>,
    /// Bends candidate and output at 0, in place of tanh.
    pub relu: bool,
    /// How it is trained.
    pub train: Training,
}

impl Default for EncoderDecoder {
    fn default() -> EncoderDecoder {
        let train = Training::default();
        EncoderDecoder { units: 200, dense: vec![100], relu: false, train }
    }
}

impl Settings for EncoderDecoder {
    const TABLE: &'static [Setting] = &[
        Setting { name: "units", range: ">= 1", meaning: "units of each LSTM" },
        Setting {
            name: "dense",
            range: "each >= 1",
            meaning: "widths of the sums above each step",
        },
        Setting { name: "relu", range: "true or false", meaning: "max(0, ·) in place of tanh" },
        Setting { name: "train", range: "a table", meaning: "how it is trained" },
    ];

    fn check(&self) -> Result<(), SettingError> {
        SettingError::unless(self.units > 0, "units", "at least 1", self.units)?;
        widths("dense", &self.dense)?;
        self.train.check()
    }
}

/// Its layers.
#[derive(Module, Debug)]
pub struct EncoderDecoderLayers {
    encoder: Recurrent,
    decoder: Decoder,
}

impl Architecture for EncoderDecoder {
    const NAME: &'static str = "encoder_decoder";
    type Layers = EncoderDecoderLayers;

    fn layers(&self, shape: Shape, draw: &mut Draw) -> Result<EncoderDecoderLayers, FitError> {
        let encoder = Recurrent::new(draw, lstm(self.relu), shape.channels, self.units);
        let sizes = (self.units, self.units);
        let decoder = Decoder::new(draw, sizes, (self.relu, &self.dense), shape);
        Ok(EncoderDecoderLayers { encoder, decoder })
    }

    fn training(&self) -> &Training {
        &self.train
    }
}

impl Layers for EncoderDecoderLayers {
    fn forward(&self, x: Tensor<3>, _: &mut Noise) -> Tensor<3> {
        self.decoder.forward(self.encoder.last(x))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::Network;

    /// 4·(200·(x + 200) + 200) + 4·(200·400 + 200) + 100·201 + 101, x channels, any horizon.
    #[test]
    fn the_published_weights_by_hand() {
        let weights = |channels, horizon| {
            let shape = Shape { steps: 10, channels, horizon, outputs: 1 };
            EncoderDecoder::default().parameters(shape).unwrap()
        };
        assert_eq!(weights(1, 5), 502_601);
        assert_eq!(weights(5, 5), 505_801);
        assert_eq!(weights(5, 30), 505_801);
    }
}
