//! Networks: layers that learn by walking downhill, one file and one roster line each.
//!
//! ```text
//! x [batch, steps, channels] ──▶ layers ──▶ [batch, horizon, outputs]        f32, on a device
//! ```
//!
//! A file knows windows of numbers: how many steps and channels come in, how many steps and numbers
//! a step go out. What the channels hold, how they were scaled and what the outputs mean is the
//! business of [`OnWindows`](crate::lift::OnWindows), which makes a network a forecaster, and of
//! [`on_columns`], which makes it a learner of rows. All train in the one loop of [`train`].

mod adam;
mod cnn;
mod cnn_lstm;
mod conv_lstm;
mod device;
mod dlinear;
mod draw;
mod encoder;
mod encoder_decoder;
mod keep;
pub mod layers;
mod loss;
mod nhits;
mod on_columns;
mod patch_transformer;
mod recurrent;
mod schedule;
#[cfg(test)]
mod tests;
mod train;

use std::any::Any;
use std::fmt::Debug;

use almanac_data::FitError;
use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use serde::ser::Error;
use serde::{Deserialize, Serialize, Serializer};
use serde_bytes::ByteBuf;

use crate::roster::{Entry, line};
use crate::settings::{SettingRow, rows_of};
use crate::{Ctx, SettingError, Settings};

pub use cnn::Cnn;
pub use cnn_lstm::CnnLstm;
pub use conv_lstm::ConvLstm;
pub use device::Device;
pub use dlinear::Dlinear;
pub use draw::Draw;
pub use encoder::{Encoder, Performer, Transformer};
pub use encoder_decoder::EncoderDecoder;
pub(crate) use loss::Goal;
pub use loss::Loss;
pub use nhits::Nhits;
pub(crate) use on_columns::{learner, teller};
pub use patch_transformer::PatchTransformer;
pub use recurrent::{AttentionLstm, BiLstm, Gru, Lstm, Recurrent, Rnn};
pub use schedule::Schedule;
pub use train::Training;

/// Every network, simplest first.
pub const ROSTER: &[Entry<dyn Network>] = &[
    network::<Dlinear>("straight maps of the window's trend and of the rest"),
    network::<Cnn>("short filters slid over the window, and sums of what they find"),
    network::<Recurrent<Rnn>>("plain units that read the window step by step"),
    network::<Recurrent<Gru>>("units that read step by step and keep what two gates let them"),
    network::<Recurrent<Lstm>>("units that read step by step, with a memory behind three gates"),
    network::<Recurrent<BiLstm>>("the same, one layer reading forth and one back"),
    network::<Recurrent<AttentionLstm>>("the same, its outputs at all steps weighed by attention"),
    network::<Encoder<Transformer>>("steps of the window that read each other, all pairs weighed"),
    network::<Encoder<Performer>>("the same by random features, and an LSTM that reads both ways"),
    network::<EncoderDecoder>("an LSTM reads the window, another tells the steps ahead"),
    network::<CnnLstm>("filters find shapes in the window, an LSTM tells the steps ahead"),
    network::<ConvLstm>("an LSTM reads frames of the window, its gates being filters"),
    network::<PatchTransformer>("pieces of the window that read each other"),
    network::<Nhits>("stacks that look, and answer, from coarse to fine"),
];

/// A network's line.
const fn network<A: Architecture + 'static>(about: &'static str) -> Entry<dyn Network> {
    line::<dyn Network, A>(A::NAME, about)
}

/// The settings of a network, and how it is trained inside them.
pub(crate) fn table<A: Architecture>() -> Vec<SettingRow> {
    let network = A::default();
    let mut all = rows_of(&network);
    for row in all.iter_mut().filter(|row| row.name == "train") {
        row.inside = rows_of(Architecture::training(&network));
    }
    all
}

/// What goes in and what comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// Steps of a window.
    pub steps: usize,
    /// Numbers a step; the first is the series itself.
    pub channels: usize,
    /// Steps answered.
    pub horizon: usize,
    /// Numbers answered a step: 1, or as many as the loss has parameters.
    pub outputs: usize,
}

/// A network as its file writes it: settings that say which layers to build.
pub trait Architecture: Settings + Send + Sync {
    /// Its name in specs.
    const NAME: &'static str;
    /// Its layers.
    type Layers: Layers;

    /// The layers for this shape, weights drawn.
    ///
    /// # Errors
    /// A window too short for them.
    fn layers(&self, shape: Shape, draw: &mut Draw) -> Result<Self::Layers, FitError>;

    /// How it is trained.
    fn training(&self) -> &Training;
}

/// Layers with weights.
pub trait Layers: Module + Sync + 'static {
    /// `[batch, steps, channels]` → `[batch, horizon, outputs]`.
    fn forward(&self, x: Tensor<3>, noise: &mut Noise) -> Tensor<3>;

    /// Draws anew what is random but not learnt; asked before every epoch.
    fn redraw(self, draw: &mut Draw) -> Self {
        let _ = draw;
        self
    }
}

/// What happens by chance in a forward pass: in training a generator, in use nothing.
#[derive(Debug)]
pub struct Noise(Option<rand_chacha::ChaCha8Rng>);

/// Windows or rows to learn from, in the order of time.
pub trait Examples: Sync {
    /// How many.
    fn count(&self) -> usize;

    /// Writes one: `x` has `steps · channels` numbers, `y` one a step answered, NaN = not known.
    fn put(&self, at: usize, x: &mut [f32], y: &mut [f32]);
}

/// What one fit learns.
pub struct Lesson<'a> {
    /// What goes in and what comes out.
    pub shape: Shape,
    /// What it learns from.
    pub examples: &'a dyn Examples,
    /// What it makes small.
    pub(crate) goal: Goal,
    /// Where an earlier fit ended, to go on from.
    pub from: Option<&'a dyn Taught>,
}

/// Several networks that learnt the same from other weights; their answers are averaged.
#[derive(Deserialize)]
#[serde(try_from = "KeptEnsemble")]
pub(crate) struct Ensemble(pub Vec<Box<dyn Taught>>, Device);

impl Serialize for Ensemble {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.keep().map_err(S::Error::custom)?.serialize(to)
    }
}

/// An ensemble written down: the weights of each network, and where they are computed.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptEnsemble {
    device: Device,
    weights: Vec<ByteBuf>,
}

impl KeptEnsemble {
    /// The ensemble of a network for this shape.
    ///
    /// # Errors
    /// Damaged weights, or those of another network; a device that is not there.
    pub fn load(&self, network: &dyn Network, shape: Shape) -> Result<Ensemble, FitError> {
        crate::keep::unless(self.weights.len() == network.training().seeds, "other seeds")?;
        let ctx = Ctx { device: self.device, ..Ctx::new(0) };
        let load = |bytes: &ByteBuf| network.load(&ctx, shape, bytes);
        let all = self.weights.iter().map(load).collect::<Result<_, FitError>>()?;
        Ok(Ensemble(all, self.device))
    }
}

/// An ensemble that knows nobody who could tell its network: the roster does, by the name and the
/// settings that weights carry.
impl TryFrom<KeptEnsemble> for Ensemble {
    type Error = FitError;

    fn try_from(kept: KeptEnsemble) -> Result<Ensemble, FitError> {
        let first = kept.weights.first().ok_or_else(|| crate::keep::failed(&"has no weights"))?;
        let (network, shape) = keep::network(first)?;
        kept.load(network.as_ref(), shape)
    }
}

impl Ensemble {
    /// Its weights.
    ///
    /// # Errors
    /// A device that does not give them.
    pub fn keep(&self) -> Result<KeptEnsemble, FitError> {
        let weights = self.0.iter().map(|taught| taught.save().map(ByteBuf::from));
        Ok(KeptEnsemble { device: self.1, weights: weights.collect::<Result<_, FitError>>()? })
    }

    /// What goes in and what comes out.
    pub fn shape(&self) -> Option<Shape> {
        self.0.first().map(|taught| taught.shape())
    }

    /// As many as the training asks for, side by side; each goes on from its place in `from`.
    ///
    /// # Errors
    /// The first of a network.
    pub fn teach(
        ctx: &Ctx,
        network: &dyn Network,
        lesson: &Lesson<'_>,
        from: Option<&Ensemble>,
    ) -> Result<Ensemble, FitError> {
        let teach = |seed: usize| {
            let from = from.and_then(|from| from.0.get(seed)).map(AsRef::as_ref);
            let lesson = Lesson { from, goal: lesson.goal.clone(), ..*lesson };
            network.learn(&ctx.single().named(&seed.to_string()), &lesson)
        };
        let all = ctx.map(network.training().seeds, teach).into_iter().collect::<Result<_, _>>()?;
        Ok(Ensemble(all, ctx.device))
    }

    /// The mean answer to windows that lie one after another.
    ///
    /// # Errors
    /// A device that fails.
    pub fn answer(&self, x: Vec<f32>) -> Result<Vec<f64>, FitError> {
        let mut sum: Vec<f64> = Vec::new();
        for taught in &self.0 {
            let said = taught.answer(self.1, &x)?;
            sum.resize(said.len(), 0.0);
            let share = 1.0 / self.0.len() as f64;
            sum.iter_mut().zip(said).for_each(|(sum, said)| *sum += share * f64::from(said));
        }
        match sum.iter().all(|value| value.is_finite()) {
            true => Ok(sum),
            false => Err(FitError::NotFinite("what the network answers")),
        }
    }
}

/// A network of the roster, whatever its layers are.
pub trait Network: Send + Sync {
    /// How it is trained.
    fn training(&self) -> &Training;

    /// Its number of weights.
    ///
    /// # Errors
    /// A window too short for its layers.
    fn parameters(&self, shape: Shape) -> Result<usize, FitError>;

    /// Learns, from drawn weights or from those that another fit ended with.
    ///
    /// # Errors
    /// No examples, a window too short, a loss that left the finite numbers.
    fn learn(&self, ctx: &Ctx, lesson: &Lesson<'_>) -> Result<Box<dyn Taught>, FitError>;

    /// The same after, from what [`Taught::save`] wrote.
    ///
    /// # Errors
    /// A damaged file, or one of another network.
    fn load(&self, ctx: &Ctx, shape: Shape, bytes: &[u8]) -> Result<Box<dyn Taught>, FitError>;
}

/// A network that has learnt.
pub trait Taught: Send + Sync {
    /// Answers to windows that lie one after another: `horizon · outputs` numbers each.
    fn answer(&self, device: Device, x: &[f32]) -> Result<Vec<f32>, FitError>;

    /// What goes in and what comes out.
    fn shape(&self) -> Shape;

    /// Its weights by name, as safetensors, with its settings.
    ///
    /// # Errors
    /// A device that fails.
    fn save(&self) -> Result<Vec<u8>, FitError>;

    /// Itself, for a network that goes on from it.
    fn as_any(&self) -> &dyn Any;
}

/// Windows answered together.
const TOGETHER: usize = 512;

struct TaughtLayers<L> {
    layers: L,
    card: keep::Card,
}

impl<A: Architecture> Network for A {
    fn training(&self) -> &Training {
        Architecture::training(self)
    }

    fn parameters(&self, shape: Shape) -> Result<usize, FitError> {
        Ok(self.layers(shape, &mut Draw::new(&Ctx::new(0))?)?.num_params())
    }

    fn learn(&self, ctx: &Ctx, lesson: &Lesson<'_>) -> Result<Box<dyn Taught>, FitError> {
        let (shape, mut draw) = (lesson.shape, Draw::new(ctx)?);
        let from =
            lesson.from.and_then(|from| from.as_any().downcast_ref::<TaughtLayers<A::Layers>>());
        let layers = match from.filter(|from| from.card.shape == shape) {
            Some(from) => from.layers.clone().train(),
            None => self.layers(shape, &mut draw)?,
        };
        let layers = train::train(ctx, (layers, draw), lesson, Architecture::training(self))?;
        Ok(Box::new(TaughtLayers { layers: layers.valid(), card: keep::Card::of(self, shape) }))
    }

    fn load(&self, ctx: &Ctx, shape: Shape, bytes: &[u8]) -> Result<Box<dyn Taught>, FitError> {
        let card = keep::Card::of(self, shape);
        // Layers may draw a weight, and then another in its place.
        let mut draw = Draw::within(ctx, 2 * keep::admit(&card, bytes)?)?;
        let layers = self.layers(shape, &mut draw)?.valid();
        draw.enough()?;
        Ok(Box::new(TaughtLayers { layers: keep::load(layers, bytes)?, card }))
    }
}

impl<L: Layers> Taught for TaughtLayers<L> {
    fn answer(&self, device: Device, x: &[f32]) -> Result<Vec<f32>, FitError> {
        let Shape { steps, channels, .. } = self.card.shape;
        let device = device.open()?;
        let mut all = Vec::new();
        for part in x.chunks(TOGETHER * steps * channels) {
            let windows = part.len() / (steps * channels);
            let data = TensorData::new(part.to_vec(), [windows, steps, channels]);
            let said = self.layers.forward(Tensor::from_data(data, &device), &mut Noise(None));
            all.extend(numbers(said)?);
        }
        Ok(all)
    }

    fn shape(&self) -> Shape {
        self.card.shape
    }

    fn save(&self) -> Result<Vec<u8>, FitError> {
        keep::save(&self.layers, &self.card)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The numbers of a tensor, row by row.
fn numbers<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, FitError> {
    let failed = |e: &dyn Debug| FitError::Failed(format!("the device gave no numbers: {e:?}"));
    let data = tensor.try_into_data().map_err(|e| failed(&e))?;
    data.try_into_vec::<f32>().map_err(|e| failed(&e))
}

/// Refuses a window of fewer than `need` steps.
///
/// # Errors
/// In words.
pub(crate) fn window_of(need: usize, shape: Shape) -> Result<(), FitError> {
    match shape.steps {
        steps if steps >= need => Ok(()),
        steps => {
            Err(FitError::Failed(format!("a window of {steps} is too short: {need} at least")))
        }
    }
}

/// Refuses a layer without width.
///
/// # Errors
/// By the setting's name.
pub(crate) fn widths(name: &'static str, all: &[usize]) -> Result<(), SettingError> {
    SettingError::unless(!all.contains(&0), name, "widths of at least 1", format!("{all:?}"))
}
