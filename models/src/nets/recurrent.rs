//! Recurrent networks: units that read the window step by step and remember.
//!
//! ```text
//! rnn    h ← tanh(W·x + U·h + b)
//! gru    h ← (1 − z)·n + z·h      n = tanh(W·x + b + r·(U·h + d))       r, z = σ(W·x + U·h + b)
//! lstm   h ← o·tanh(c)            c ← f·c + i·tanh(W·x + U·h + b)     i, f, o = σ(W·x + U·h + b)
//! bilstm         an lstm that reads forth, and one that reads back
//! last h of the window ─▶ sums, bent ─▶ … ─▶ horizon        attention_lstm   Σ α[t]·h[t] of all steps
//! ```
//!
//! Order matters to them and the place of a shape does not. A plain unit forgets within some ten
//! steps; long windows are slow, since no step can be read before the one it follows. With `relu` in
//! place of tanh they run away on values that are not scaled.
//! Elman (1990); Hochreiter & Schmidhuber (1997), Long short-term memory; Schuster & Paliwal (1997);
//! Cho et al. (2014); Bahdanau, Cho & Bengio (2015).

use std::marker::PhantomData;

use almanac_data::FitError;
use almanac_kernels::recurrent::{Act, Cell};
use burn::module::Module;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::layers::{Additive, Deep, Stack, Ways, dropout, lstm};
use super::{Architecture, Draw, Layers, Noise, Shape, Training, widths};
use crate::{Setting, SettingError, Settings};

/// A member of the family.
pub trait Kind: Default + Send + Sync + 'static {
    /// The name in specs.
    const NAME: &'static str;
    /// Which ways it reads.
    const WAYS: Ways = Ways::Forth;
    /// Whether it weighs all steps, or takes the last.
    const WEIGHS: bool = false;

    /// Its unit.
    fn cell(relu: bool) -> Cell {
        lstm(relu)
    }
}

/// Plain units.
#[derive(Debug, Clone, Default)]
pub struct Rnn;
/// Units with two gates.
#[derive(Debug, Clone, Default)]
pub struct Gru;
/// Units with three gates and a memory.
#[derive(Debug, Clone, Default)]
pub struct Lstm;
/// The same, read both ways.
#[derive(Debug, Clone, Default)]
pub struct BiLstm;
/// The same, read one way, all steps weighed.
#[derive(Debug, Clone, Default)]
pub struct AttentionLstm;

impl Kind for Rnn {
    const NAME: &'static str = "rnn";

    fn cell(relu: bool) -> Cell {
        Cell::Rnn(if relu { Act::Relu } else { Act::Tanh })
    }
}
impl Kind for Gru {
    const NAME: &'static str = "gru";

    fn cell(_: bool) -> Cell {
        Cell::Gru
    }
}
impl Kind for Lstm {
    const NAME: &'static str = "lstm";
}
impl Kind for BiLstm {
    const NAME: &'static str = "bilstm";
    const WAYS: Ways = Ways::Both;
}
impl Kind for AttentionLstm {
    const NAME: &'static str = "attention_lstm";
    const WEIGHS: bool = true;
}

/// Units that read the window.
///
/// | name    | default | range     | meaning                                           |
/// |---------|---------|-----------|---------------------------------------------------|
/// | units   | 50      | >= 1      | units of a layer, each way                        |
/// | depth   | 1       | >= 1      | layers one above the other                        |
/// | dense   | []      | each >= 1 | widths of the layers of sums above them           |
/// | dropout | 0       | [0, 1)    | share left out in training, above each layer      |
/// | relu    | false   |           | max(0, ·) in place of tanh; a gru has tanh        |
/// | train   | {}      | a table   | how it is trained                                 |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, bound = "K: Kind")]
pub struct Recurrent<K> {
    /// Units of a layer, each way.
    pub units: usize,
    /// Layers one above the other.
    pub depth: usize,
    /// Widths of the layers of sums above them.
    pub dense: Vec<usize>,
    /// Share of the numbers above each layer that is left out in training.
    pub dropout: f64,
    /// Bends candidate and output at 0, in place of tanh.
    pub relu: bool,
    /// How it is trained.
    pub train: Training,
    #[serde(skip)]
    pub(super) kind: PhantomData<K>,
}

impl<K> Default for Recurrent<K> {
    fn default() -> Recurrent<K> {
        let train = Training::default();
        Recurrent {
            units: 50,
            depth: 1,
            dense: vec![],
            dropout: 0.0,
            relu: false,
            train,
            kind: PhantomData,
        }
    }
}

impl<K: Kind> Settings for Recurrent<K> {
    const TABLE: &'static [Setting] = &[
        Setting { name: "units", range: ">= 1", meaning: "units of a layer, each way" },
        Setting { name: "depth", range: ">= 1", meaning: "layers one above the other" },
        Setting {
            name: "dense",
            range: "each >= 1",
            meaning: "widths of the layers of sums above them",
        },
        Setting {
            name: "dropout",
            range: "[0, 1)",
            meaning: "share left out in training, above each layer",
        },
        Setting {
            name: "relu",
            range: "true or false",
            meaning: "max(0, ·) in place of tanh; a gru has tanh",
        },
        Setting { name: "train", range: "a table", meaning: "how it is trained" },
    ];

    fn check(&self) -> Result<(), SettingError> {
        SettingError::unless(self.units > 0, "units", "at least 1", self.units)?;
        SettingError::unless(self.depth > 0, "depth", "at least 1", self.depth)?;
        widths("dense", &self.dense)?;
        let share = (0.0..1.0).contains(&self.dropout);
        SettingError::unless(share, "dropout", "within [0, 1)", self.dropout)?;
        let heard = !self.relu || K::cell(true) != K::cell(false);
        SettingError::unless(heard, "relu", "false for a gru", self.relu)?;
        self.train.check()
    }
}

/// Its layers.
#[derive(Module, Debug)]
pub struct RecurrentLayers {
    reading: Deep,
    weighing: Option<Additive>,
    sums: Stack,
    dropout: f64,
    horizon: usize,
}

impl<K: Kind> Architecture for Recurrent<K> {
    const NAME: &'static str = K::NAME;
    type Layers = RecurrentLayers;

    fn layers(&self, shape: Shape, draw: &mut Draw) -> Result<RecurrentLayers, FitError> {
        let (unit, outs) = ((K::cell(self.relu), K::WAYS), K::WAYS.outs(self.units));
        let wide = (shape.channels, self.units);
        Ok(RecurrentLayers {
            reading: Deep::new(draw, unit, wide, (self.depth, self.dropout)),
            weighing: K::WEIGHS.then(|| Additive::new(draw, outs, outs)),
            sums: Stack::new(draw, outs, &self.dense, shape.horizon * shape.outputs),
            dropout: self.dropout,
            horizon: shape.horizon,
        })
    }

    fn training(&self) -> &Training {
        &self.train
    }
}

impl Layers for RecurrentLayers {
    fn forward(&self, x: Tensor<3>, noise: &mut Noise) -> Tensor<3> {
        let read = match &self.weighing {
            Some(weighing) => weighing.forward(self.reading.forward(x, noise)),
            None => self.reading.last(x, noise),
        };
        self.sums.ahead(dropout(read, self.dropout, noise), self.horizon)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::Network;

    fn weights<K: Kind>(network: Recurrent<K>, channels: usize) -> usize {
        network.parameters(Shape { steps: 10, channels, horizon: 5, outputs: 1 }).unwrap()
    }

    /// 4·(200·(1 + 200) + 200) + 100·201 + 5·101 + 5·6, whatever the length of the window.
    #[test]
    fn the_published_lstm_by_hand() {
        let network = || Recurrent::<Lstm> {
            units: 200,
            dense: vec![100, 5],
            relu: true,
            ..Default::default()
        };
        assert_eq!(weights(network(), 1), 182_235);
        let week = Shape { steps: 5, channels: 1, horizon: 5, outputs: 1 };
        assert_eq!(network().parameters(week).unwrap(), 182_235);
    }

    /// g gates of h units over x inputs have g·(h·(h + x) + h) weights, a gru a second bias; the sums
    /// above 5·(h + 1), over both ways 5·(2h + 1); the weighing h·(h + 1) + h.
    #[test]
    fn weights_by_hand() {
        let (h, x) = (6, 3);
        let layer = |gates: usize, x: usize| gates * (h * (h + x) + h);
        let small = || Recurrent { units: h, ..Default::default() };
        assert_eq!(weights::<Rnn>(small(), x), layer(1, x) + 5 * (h + 1));
        assert_eq!(
            weights::<Gru>(Recurrent { units: h, ..Default::default() }, x),
            layer(3, x) + 3 * h + 5 * (h + 1)
        );
        let deep = Recurrent::<BiLstm> { units: h, depth: 2, ..Default::default() };
        assert_eq!(weights(deep, x), 2 * (layer(4, x) + layer(4, 2 * h)) + 5 * (2 * h + 1));
        let weighed = Recurrent::<AttentionLstm> { units: h, ..Default::default() };
        assert_eq!(weights(weighed, x), layer(4, x) + h * (h + 1) + h + 5 * (h + 1));
    }

    /// A gru's candidate is bent by tanh alone.
    #[test]
    fn a_gru_refuses_relu() {
        let error = Recurrent::<Gru> { relu: true, ..Default::default() }.check().unwrap_err();
        assert_eq!(error.to_string(), "setting `relu` must be false for a gru, not true");
    }
}
