//! ConvLSTM: the window folded into frames, read by an LSTM whose gates are convolutions.
//!
//! ```text
//! window ─▶ frames of a week or a day ─▶ convolutional lstm ─▶ flat, the same at each step ahead ─▶ lstm ─▶ …
//! ```
//!
//! For series of a short season, one frame each: it compares the same place of neighbouring frames.
//! Shi et al. (2015), Convolutional LSTM network; Mehtab & Sen (2020).

use almanac_data::FitError;
use burn::module::Module;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::layers::{ConvLstm as Frames, Decoder};
use super::{Architecture, Draw, Layers, Noise, Shape, Training, widths};
use crate::{Setting, SettingError, Settings};

/// A convolutional LSTM, and an LSTM.
///
/// | name    | default | range            | meaning                                |
/// |---------|---------|------------------|----------------------------------------|
/// | frame   | 5       | >= width         | steps of a frame                       |
/// | filters | 64      | >= 1             | filters of the convolutional LSTM      |
/// | width   | 3       | odd              | steps a filter sees                    |
/// | units   | 200     | >= 1             | units of the LSTM                      |
/// | dense   | [100]   | each >= 1        | widths of the sums above each step     |
/// | relu    | false   |                  | max(0, ·) in place of tanh, in both    |
/// | train   | {}      | a table          | how it is trained                      |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConvLstm {
    /// Steps of a frame; the window must be so many frames.
    pub frame: usize,
    /// Filters of the convolutional LSTM.
    pub filters: usize,
    /// Steps a filter sees, of a frame and of the state; odd.
    pub width: usize,
    /// Units of the LSTM.
    pub units: usize,
    /// Widths of the layers of sums above each step.
    pub dense: Vec<usize>,
    /// Bends candidates and outputs at 0, in place of tanh.
    pub relu: bool,
    /// How it is trained.
    pub train: Training,
}

impl Default for ConvLstm {
    fn default() -> ConvLstm {
        let (dense, train) = (vec![100], Training::default());
        ConvLstm { frame: 5, filters: 64, width: 3, units: 200, dense, relu: false, train }
    }
}

impl Settings for ConvLstm {
    const TABLE: &'static [Setting] = &[
        Setting { name: "frame", range: ">= width", meaning: "steps of a frame of the window" },
        Setting { name: "filters", range: ">= 1", meaning: "filters of the convolutional LSTM" },
        Setting { name: "width", range: "odd", meaning: "steps a filter sees" },
        Setting { name: "units", range: ">= 1", meaning: "units of the LSTM" },
        Setting {
            name: "dense",
            range: "each >= 1",
            meaning: "widths of the sums above each step",
        },
        Setting {
            name: "relu",
            range: "true or false",
            meaning: "max(0, ·) in place of tanh, in both",
        },
        Setting { name: "train", range: "a table", meaning: "how it is trained" },
    ];

    fn check(&self) -> Result<(), SettingError> {
        let odd = self.width % 2 == 1;
        SettingError::unless(odd, "width", "odd", self.width)?;
        SettingError::unless(self.frame >= self.width, "frame", "at least `width`", self.frame)?;
        SettingError::unless(self.filters > 0, "filters", "at least 1", self.filters)?;
        SettingError::unless(self.units > 0, "units", "at least 1", self.units)?;
        widths("dense", &self.dense)?;
        self.train.check()
    }
}

/// Its layers.
#[derive(Module, Debug)]
pub struct ConvLstmLayers {
    frames: Frames,
    decoder: Decoder,
    frame: usize,
}

impl Architecture for ConvLstm {
    const NAME: &'static str = "conv_lstm";
    type Layers = ConvLstmLayers;

    fn layers(&self, shape: Shape, draw: &mut Draw) -> Result<ConvLstmLayers, FitError> {
        let Shape { steps, channels, .. } = shape;
        if steps == 0 || !steps.is_multiple_of(self.frame) {
            let frame = self.frame;
            return Err(FitError::Failed(format!(
                "a window of {steps} cannot be folded into frames of {frame}"
            )));
        }
        let frames = Frames::new(draw, (channels, self.filters), self.width, self.relu);
        let sizes = ((self.frame + 1 - self.width) * self.filters, self.units);
        let decoder = Decoder::new(draw, sizes, (self.relu, &self.dense), shape);
        Ok(ConvLstmLayers { frames, decoder, frame: self.frame })
    }

    fn training(&self) -> &Training {
        &self.train
    }
}

impl Layers for ConvLstmLayers {
    fn forward(&self, x: Tensor<3>, _: &mut Noise) -> Tensor<3> {
        let [batch, steps, channels] = x.dims();
        let frames = x.reshape([batch, steps / self.frame, self.frame, channels]);
        self.decoder.forward(self.frames.last(frames).flatten(1, 2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::Network;

    /// 4·64·(3·(1 + 64) + 1), of frames of five steps three times 64 left: 4·(200·(192 + 200) + 200),
    /// and 100·201 + 101.
    #[test]
    fn the_published_weights_by_hand() {
        let shape = |steps| Shape { steps, channels: 1, horizon: 5, outputs: 1 };
        assert_eq!(ConvLstm::default().parameters(shape(10)).unwrap(), 384_777);
        let error = ConvLstm::default().parameters(shape(12)).unwrap_err();
        assert!(error.to_string().contains("a window of 12 cannot be folded into frames of 5"));
    }
}
