//! Encoders: steps of the window read each other, by how well they fit, in blocks one after another.
//!
//! ```text
//! x = sums of the channels + position      positions are waves of 1 to 10,000 steps
//! block        x ← norm(x + attention(x))      x ← norm(x + feed(x))
//! transformer  softmax over all pairs of steps, and sums for each step
//! performer    random features in place of pairs, and an LSTM that reads both ways
//! last step, or the mean of all ─▶ sums ─▶ horizon
//! ```
//!
//! Any step reaches any other in one move, but only the positions tell their order. Softmax costs the
//! square of the window, random features its length; in short windows they are only noise. Many
//! weights: on a few hundred windows both learn the noise.
//! Vaswani et al. (2017), Attention is all you need; Choromanski et al. (2021), Rethinking attention
//! with Performers; Labbaf Khaniki & Manthouri (2024), Enhancing price prediction in cryptocurrency
//! using transformer neural network and technical indicators.

use std::marker::PhantomData;

use almanac_data::FitError;
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::layers::{Block, BlockPlan, Dense, FeedForward, Head, Heads, Meeting};
use super::{Architecture, Draw, Layers, Noise, Shape, Training};
use crate::{Setting, SettingError, Settings};

/// A member of the family.
pub trait Kind: Send + Sync + 'static {
    /// The name in specs.
    const NAME: &'static str;
    /// How its queries meet keys, where settings do not say.
    const ATTENTION: Meeting;
    /// The other part of its blocks, where settings do not say.
    const FEED: FeedForward;
}

/// Softmax and sums.
#[derive(Debug, Clone, PartialEq)]
pub struct Transformer;
/// Random features and an LSTM.
#[derive(Debug, Clone, PartialEq)]
pub struct Performer;

impl Kind for Transformer {
    const NAME: &'static str = "transformer";
    const ATTENTION: Meeting = Meeting::Softmax;
    const FEED: FeedForward = FeedForward::Dense;
}
impl Kind for Performer {
    const NAME: &'static str = "performer";
    const ATTENTION: Meeting = Meeting::Favor;
    const FEED: FeedForward = FeedForward::Bilstm;
}

/// What the answer is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pool {
    /// The last step.
    Last,
    /// The mean over steps.
    Mean,
}

/// Blocks of attention over the window.
///
/// | name      | default | range          | meaning                                               |
/// |-----------|---------|----------------|-------------------------------------------------------|
/// | dim       | 64      | >= 1           | numbers a step                                        |
/// | heads     | 4       | divides dim    | parts of a step that attend on their own              |
/// | depth     | 2       | >= 1           | blocks one after another                              |
/// | attention | softmax; favor of a performer | softmax, favor | all pairs of steps, or random features |
/// | feed      | dense; bilstm of a performer  | dense, bilstm  | the other part of a block              |
/// | hidden    | 0       | >= 0           | its width; 0 = dim for an LSTM, 4·dim for sums        |
/// | features  | 0       | >= 0           | random features of a head; 0 = d·ln d, 16 at least    |
/// | redraw    | 1       | >= 0           | epochs between two draws of them; 0 = drawn once      |
/// | causal    | false   |                | whether a step sees only those before it              |
/// | dropout   | 0.1     | [0, 1)         | share left out in training                            |
/// | pool      | last    | last, mean     | what the answer is read from                          |
/// | train     | {}      | a table        | how it is trained                                     |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, bound = "K: Kind")]
pub struct Encoder<K> {
    /// Numbers a step.
    pub dim: usize,
    /// Parts of a step that attend on their own.
    pub heads: usize,
    /// Blocks.
    pub depth: usize,
    /// How queries meet keys.
    pub attention: Meeting,
    /// The other part of a block.
    pub feed: FeedForward,
    /// Its width; 0 = as wide as a step for an LSTM, four times that for sums.
    pub hidden: usize,
    /// Random features of a head of d numbers; 0 = d·ln d, 16 at least.
    pub features: usize,
    /// Epochs between two draws of random features; 0 = drawn once.
    pub redraw: usize,
    /// Whether a step sees only those before it.
    pub causal: bool,
    /// Share left out in training.
    pub dropout: f64,
    /// What the answer is read from.
    pub pool: Pool,
    /// How it is trained.
    pub train: Training,
    #[serde(skip)]
    kind: PhantomData<K>,
}

impl<K: Kind> Default for Encoder<K> {
    fn default() -> Encoder<K> {
        Encoder {
            dim: 64,
            heads: 4,
            depth: 2,
            attention: K::ATTENTION,
            feed: K::FEED,
            hidden: 0,
            features: 0,
            redraw: 1,
            causal: false,
            dropout: 0.1,
            pool: Pool::Last,
            train: Training::default(),
            kind: PhantomData,
        }
    }
}

impl<K: Kind> Settings for Encoder<K> {
    const TABLE: &'static [Setting] = &[
        Setting::new("dim", ">= 1", "numbers a step"),
        Setting::new("heads", "divides dim", "parts of a step that attend on their own"),
        Setting::new("depth", ">= 1", "blocks one after another"),
        Setting::new("attention", "softmax or favor", "all pairs of steps, or random features"),
        Setting::new("feed", "dense or bilstm", "the other part of a block"),
        Setting::new("hidden", ">= 0", "its width; 0 = dim for an LSTM, 4 dim for sums"),
        Setting::new(
            "features",
            ">= 0",
            "random features of a head of d numbers; 0 = d ln d, 16 at least",
        ),
        Setting::new("redraw", ">= 0", "epochs between two draws of them; 0 = drawn once"),
        Setting::new("causal", "true or false", "whether a step sees only those before it"),
        Setting::new("dropout", "[0, 1)", "share left out in training"),
        Setting::new("pool", "last or mean", "what the answer is read from"),
        Setting::new("train", "a table", "how it is trained"),
    ];

    fn check(&self) -> Result<(), SettingError> {
        SettingError::unless(self.dim > 0, "dim", "at least 1", self.dim)?;
        let whole = self.heads > 0 && self.dim.is_multiple_of(self.heads);
        SettingError::unless(whole, "heads", "a divisor of dim", self.heads)?;
        SettingError::unless(self.depth > 0, "depth", "at least 1", self.depth)?;
        let share = (0.0..1.0).contains(&self.dropout);
        SettingError::unless(share, "dropout", "within [0, 1)", self.dropout)?;
        self.train.check()
    }
}

/// Its layers.
#[derive(Module, Debug)]
pub struct EncoderLayers {
    into: Dense,
    blocks: Vec<Block>,
    answer: Head,
    #[module(skip)]
    pool: Pool,
    redraw: usize,
    epochs: usize,
}

impl<K: Kind> Architecture for Encoder<K> {
    const NAME: &'static str = K::NAME;
    type Layers = EncoderLayers;

    fn layers(&self, shape: Shape, draw: &mut Draw) -> Result<EncoderLayers, FitError> {
        let heads = Heads {
            dim: self.dim,
            heads: self.heads,
            meeting: self.attention,
            features: self.features,
            causal: self.causal,
        };
        let plan = BlockPlan { heads, feed: self.feed, hidden: self.hidden, dropout: self.dropout };
        Ok(EncoderLayers {
            into: Dense::new(draw, shape.channels, self.dim),
            blocks: (0..self.depth).map(|_| Block::new(draw, &plan)).collect(),
            answer: Head::new(draw, self.dim, shape),
            pool: self.pool,
            redraw: self.redraw,
            epochs: 0,
        })
    }

    fn training(&self) -> &Training {
        &self.train
    }
}

impl Layers for EncoderLayers {
    fn forward(&self, x: Tensor<3>, noise: &mut Noise) -> Tensor<3> {
        let x = self.into.each(x);
        let [batch, steps, dim] = x.dims();
        let places = positions(steps, dim, &x.device()).unsqueeze();
        let x = self.blocks.iter().fold(x + places, |x, block| block.forward(x, noise));
        let read = match self.pool {
            Pool::Last => x.slice([0..batch, steps - 1..steps, 0..dim]),
            Pool::Mean => x.mean_dim(1),
        };
        self.answer.forward(read.reshape([batch, dim]))
    }

    fn redraw(mut self, draw: &mut Draw) -> EncoderLayers {
        if self.redraw > 0 && self.epochs > 0 && self.epochs.is_multiple_of(self.redraw) {
            self.blocks = self.blocks.into_iter().map(|block| block.redraw(draw)).collect();
        }
        self.epochs += 1;
        self
    }
}

/// `[steps, dim]`: number 2i of step t is sin(t / 10000^(2i / dim)), the one after it the cosine.
fn positions(steps: usize, dim: usize, device: &Device) -> Tensor<2> {
    let wave = |number: usize| 10_000_f32.powf(-((number / 2 * 2) as f32) / dim as f32);
    let waves: Vec<f32> = (0..dim).map(wave).collect();
    let at = |step: usize, number: usize| match (step as f32 * waves[number], number % 2) {
        (angle, 0) => angle.sin(),
        (angle, _) => angle.cos(),
    };
    let values = (0..steps * dim).map(|place| at(place / dim, place % dim)).collect::<Vec<f32>>();
    Tensor::from_data(TensorData::new(values, [steps, dim]), device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ctx;
    use crate::nets::{Device as Place, Examples, Goal, Lesson, Network, Taught};
    use safetensors::SafeTensors;

    const SHAPE: Shape = Shape { steps: 12, channels: 3, horizon: 5, outputs: 1 };

    /// Attention 4·d(d + 1), norms 4·d; sums 4d(d + 1) + d(4d + 1), or an LSTM each way of
    /// 4·(d(2d) + d) and sums d(2d + 1), and ⌈d/h·ln(d/h)⌋ = 16 features of d/h numbers.
    #[test]
    fn weights_by_hand() {
        let (d, ends) = (8, 8 * 4 + 5 * 9);
        let (attention, norms) = (4 * d * (d + 1), 4 * d);
        let sums = 4 * d * (d + 1) + d * (4 * d + 1);
        let plain = Encoder::<Transformer> { dim: d, heads: 2, ..Default::default() };
        assert_eq!(plain.parameters(SHAPE).unwrap(), ends + 2 * (attention + norms + sums));
        let lstm = 2 * 4 * (2 * d * d + d) + d * (2 * d + 1);
        let random = Encoder::<Performer> { dim: d, heads: 2, depth: 1, ..Default::default() };
        let expected = ends + attention + norms + lstm + 16 * 4;
        assert_eq!(random.parameters(SHAPE).unwrap(), expected);
    }

    /// The first step is at sin 0 = 0 and cos 0 = 1 of every wave; the second of the longest wave of
    /// four numbers at sin 0.01.
    #[test]
    fn positions_by_hand() {
        let device = Device::flex();
        let values = positions(2, 4, &device).into_data().try_into_vec::<f32>().unwrap();
        assert_eq!(values[..4], [0.0, 1.0, 0.0, 1.0]);
        assert!((values[4] - 1.0_f32.sin()).abs() < 1e-6 && (values[6] - 0.01).abs() < 1e-6);
    }

    /// Heads share the numbers of a step evenly.
    #[test]
    fn heads_that_do_not_divide_are_refused() {
        let error = Encoder::<Transformer> { heads: 5, ..Default::default() }.check().unwrap_err();
        assert_eq!(error.to_string(), "setting `heads` must be a divisor of dim, not 5");
    }

    /// Windows of waves of three channels, each with the next five values of the first.
    struct Waves;

    impl Examples for Waves {
        fn count(&self) -> usize {
            60
        }

        fn put(&self, at: usize, x: &mut [f32], y: &mut [f32]) {
            let wave = |step: usize| (0.3 * (at + step) as f32).sin();
            x.iter_mut().enumerate().for_each(|(place, x)| *x = wave(place / 3 + place % 3));
            y.iter_mut().enumerate().for_each(|(step, y)| *y = wave(12 + step));
        }
    }

    fn learn(
        seed: u64,
        network: &Encoder<Performer>,
        from: Option<&dyn Taught>,
    ) -> Box<dyn Taught> {
        let goal = Goal::of(Network::training(network));
        let lesson = Lesson { shape: SHAPE, examples: &Waves, goal, from };
        network.learn(&Ctx::new(seed), &lesson).unwrap()
    }

    fn small(redraw: usize, epochs: usize) -> Encoder<Performer> {
        let train = Training { epochs, rate: 0.003, ..Training::default() };
        Encoder { dim: 8, heads: 2, depth: 1, redraw, train, ..Default::default() }
    }

    fn features(taught: &dyn Taught) -> Vec<u8> {
        let bytes = taught.save().unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        file.tensor("blocks.0.attention.favor.omega").unwrap().data().to_vec()
    }

    /// Random features are kept with the weights: loaded among others they answer the same bits.
    #[test]
    fn features_are_saved() {
        let network = small(1, 3);
        let taught = learn(1, &network, None);
        let loaded = network.load(&Ctx::new(2), SHAPE, &taught.save().unwrap()).unwrap();
        let window: Vec<f32> = (0..36).map(|at| (at as f32).cos()).collect();
        let answer = |taught: &dyn Taught| taught.answer(Place::Cpu, &window).unwrap();
        assert_eq!(answer(taught.as_ref()), answer(loaded.as_ref()));
    }

    /// They are not learnt: with `redraw = 0` they stay, in a fit that goes on as well, and else
    /// every so many epochs they are others.
    #[test]
    fn features_are_drawn_anew_or_stay() {
        let first = learn(1, &small(0, 1), None);
        assert_eq!(features(first.as_ref()), features(learn(1, &small(0, 3), None).as_ref()));
        let on = learn(1, &small(0, 3), Some(first.as_ref()));
        assert_eq!(features(first.as_ref()), features(on.as_ref()));
        assert_eq!(features(first.as_ref()), features(learn(1, &small(2, 2), None).as_ref()));
        assert_ne!(features(first.as_ref()), features(learn(1, &small(2, 3), None).as_ref()));
    }

    /// A wave is learnt: the error on its own windows falls below a tenth of its variance of ½.
    #[test]
    fn a_wave_is_learnt() {
        let taught = learn(1, &small(1, 40), None);
        let mut error = 0.0;
        for at in 0..60 {
            let (mut x, mut y) = ([0.0; 36], [0.0; 5]);
            Waves.put(at, &mut x, &mut y);
            let said = taught.answer(Place::Cpu, &x).unwrap();
            error += said.iter().zip(y).map(|(a, b)| (a - b).powi(2)).sum::<f32>() / 300.0;
        }
        assert!(error < 0.05, "{error}");
    }
}
