//! Patch transformer: pieces of the window as words, that read each other before the answer.
//!
//! ```text
//! window, its last row repeated `stride` times ─▶ patches of `length` steps, one every `stride`
//! x = sums of a patch + position ─▶ blocks of attention and sums ─▶ flat ─▶ sums ─▶ horizon
//! ```
//!
//! A patch says more than a step and there are fewer of them, so a long window stays cheap. Weights
//! by the ten thousands: it wants the windows of a panel. A patch holds all channels of its steps,
//! and blocks norm over a step, where the paper trains one channel at a time and norms over a batch;
//! the window's own level and unit are the lift's.
//! Nie, Nguyen, Sinthong & Kalagnanam (2023), A time series is worth 64 words.

use almanac_data::FitError;
use burn::module::{Module, Param};
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::layers::{Block, BlockPlan, Dense, FeedForward, Head, Heads, Meeting, dropout};
use super::{Architecture, Draw, Layers, Noise, Shape, Training, window_of};
use crate::{Setting, SettingError, Settings};

/// Blocks of attention over patches of the window.
///
/// | name    | default | range       | meaning                                |
/// |---------|---------|-------------|----------------------------------------|
/// | length  | 16      | >= 1        | steps of a patch                       |
/// | stride  | 8       | >= 1        | steps from one patch to the next       |
/// | dim     | 64      | >= 1        | numbers a patch                        |
/// | heads   | 4       | divides dim | parts of it that attend on their own   |
/// | depth   | 2       | >= 1        | blocks one after another               |
/// | hidden  | 128     | >= 1        | width of the sums of a block           |
/// | dropout | 0.2     | [0, 1)      | share left out in training             |
/// | train   | {}      | a table     | how it is trained                      |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PatchTransformer {
    /// Steps of a patch.
    pub length: usize,
    /// Steps from one patch to the next.
    pub stride: usize,
    /// Numbers a patch.
    pub dim: usize,
    /// Parts of it that attend on their own.
    pub heads: usize,
    /// Blocks.
    pub depth: usize,
    /// Width of the sums of a block.
    pub hidden: usize,
    /// Share left out in training.
    pub dropout: f64,
    /// How it is trained.
    pub train: Training,
}

impl Default for PatchTransformer {
    fn default() -> PatchTransformer {
        PatchTransformer {
            length: 16,
            stride: 8,
            dim: 64,
            heads: 4,
            depth: 2,
            hidden: 128,
            dropout: 0.2,
            train: Training::default(),
        }
    }
}

impl Settings for PatchTransformer {
    const TABLE: &'static [Setting] = &[
        Setting { name: "length", range: ">= 1", meaning: "steps of a patch" },
        Setting { name: "stride", range: ">= 1", meaning: "steps from one patch to the next" },
        Setting { name: "dim", range: ">= 1", meaning: "numbers a patch" },
        Setting { name: "heads", range: "divides dim", meaning: "parts that attend on their own" },
        Setting { name: "depth", range: ">= 1", meaning: "blocks one after another" },
        Setting { name: "hidden", range: ">= 1", meaning: "width of the sums of a block" },
        Setting { name: "dropout", range: "[0, 1)", meaning: "share left out in training" },
        Setting { name: "train", range: "a table", meaning: "how it is trained" },
    ];

    fn check(&self) -> Result<(), SettingError> {
        let at_least_1 = [
            ("length", self.length),
            ("stride", self.stride),
            ("dim", self.dim),
            ("depth", self.depth),
            ("hidden", self.hidden),
        ];
        for (name, value) in at_least_1 {
            SettingError::unless(value > 0, name, "at least 1", value)?;
        }
        let divides = self.heads > 0 && self.dim.is_multiple_of(self.heads);
        SettingError::unless(divides, "heads", "a divisor of dim", self.heads)?;
        let share = (0.0..1.0).contains(&self.dropout);
        SettingError::unless(share, "dropout", "within [0, 1)", self.dropout)?;
        self.train.check()
    }
}

/// Its layers.
#[derive(Module, Debug)]
pub struct PatchTransformerLayers {
    patches: Patches,
    blocks: Vec<Block>,
    head: Head,
    dropout: f64,
}

impl Architecture for PatchTransformer {
    const NAME: &'static str = "patch_transformer";

    type Layers = PatchTransformerLayers;

    fn layers(&self, shape: Shape, draw: &mut Draw) -> Result<PatchTransformerLayers, FitError> {
        window_of(self.length.saturating_sub(self.stride).max(1), shape)?;
        let (patches, count) = Patches::new(draw, self, shape);
        let heads = Heads {
            dim: self.dim,
            heads: self.heads,
            meeting: Meeting::Softmax,
            features: 0,
            causal: false,
        };
        let plan = BlockPlan {
            heads,
            feed: FeedForward::Dense,
            hidden: self.hidden,
            dropout: self.dropout,
        };
        let blocks = (0..self.depth).map(|_| Block::new(draw, &plan)).collect();
        let head = Head::new(draw, count * self.dim, shape);
        Ok(PatchTransformerLayers { patches, blocks, head, dropout: self.dropout })
    }

    fn training(&self) -> &Training {
        &self.train
    }
}

impl Layers for PatchTransformerLayers {
    fn forward(&self, x: Tensor<3>, noise: &mut Noise) -> Tensor<3> {
        let x = dropout(self.patches.forward(x), self.dropout, noise);
        let x = self.blocks.iter().fold(x, |x, block| block.forward(x, noise));
        self.head.forward(dropout(x.flatten(1, 2), self.dropout, noise))
    }
}

/// Pieces of a window, summed, with what tells their places apart.
#[derive(Module, Debug)]
struct Patches {
    sums: Dense,
    /// `[patches, dim]`
    position: Param<Tensor<2>>,
    length: usize,
    stride: usize,
}

impl Patches {
    /// With how many pieces there are.
    fn new(draw: &mut Draw, of: &PatchTransformer, shape: Shape) -> (Patches, usize) {
        let (length, stride) = (of.length, of.stride);
        let count = (shape.steps + stride - length) / stride + 1;
        let sums = Dense::new(draw, length * shape.channels, of.dim);
        (Patches { sums, position: draw.uniform([count, of.dim], 0.02), length, stride }, count)
    }

    /// `[batch, steps, channels]` → `[batch, patches, dim]`.
    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let [batch, steps, channels] = x.dims();
        let last = x.clone().slice([0..batch, steps - 1..steps, 0..channels]);
        let whole = Tensor::cat(vec![x, last.expand([batch, self.stride, channels])], 1);
        let pieces: Tensor<4> = whole.unfold(1, self.length, self.stride);
        self.sums.each(pieces.flatten(2, 3)) + self.position.val().unsqueeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::Network;
    use crate::nets::tests::{Golden, draw, of};

    /// Window 20 and 4 repeated: patches of 8 at 0, 4, 8, 12, 16. Sums 6·(8 + 1), positions 5·6; a
    /// block has 4 maps of 6·7, two norms of 12, sums 10·7 and 6·11; the head 3·(5·6 + 1).
    #[test]
    fn weights_by_hand() {
        let network = PatchTransformer {
            length: 8,
            stride: 4,
            dim: 6,
            heads: 2,
            depth: 1,
            hidden: 10,
            ..PatchTransformer::default()
        };
        let shape = |channels| Shape { steps: 20, channels, horizon: 3, outputs: 1 };
        let block = 4 * 42 + 2 * 12 + 70 + 66;
        assert_eq!(network.parameters(shape(1)).unwrap(), 54 + 30 + block + 93);
        assert_eq!(network.parameters(shape(2)).unwrap(), 102 + 30 + block + 93);
        assert!(network.parameters(Shape { steps: 3, ..shape(1) }).is_err());
    }

    /// Patches of 4 every 2 steps over 9 and the last twice more; each channel on its own.
    #[test]
    fn patches_equal_pytorch() {
        let network =
            PatchTransformer { length: 4, stride: 2, dim: 3, heads: 1, ..Default::default() };
        let shape = Shape { steps: 9, channels: 1, horizon: 1, outputs: 1 };
        let names = [
            ("sums.weight", of("value.weight").turned()),
            ("sums.bias", of("value.bias")),
            ("position", of("position")),
        ];
        let (patches, count) = Patches::new(&mut draw(), &network, shape);
        let golden = Golden::of("nets_forecasters", "patches", patches, &names);
        let said = golden.layers.forward(golden.input::<3>("x").reshape([6, 9, 1]));
        golden.check(said.reshape([3, 2, count, 3]));
    }
}
