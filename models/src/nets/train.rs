//! The one training loop: mini-batches downhill, until the epochs or the patience are used up.
//!
//! ```text
//! examples in the order of time   ─────────── learnt from ───────────┃── held back ──
//! epoch:  shuffle, batch by batch: loss, slopes, a step of Adam       loss: kept if the best
//! ```
//!
//! What is held back is the newest part; with none held back every epoch is run and the last
//! weights stay. A loss that is not finite ends the fit at once and says where.
//! Prechelt (1998), Early stopping, but when?

use almanac_data::FitError;
use burn::tensor::{Tensor, TensorData};
use rand::RngExt;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::adam::Adam;
use super::loss::Loss;
use super::{Draw, Layers, Lesson, Noise, Schedule, numbers};
use crate::{Ctx, Epoch, Setting, SettingError, Settings};

/// How a network is trained.
///
/// | name     | default  | range                          | meaning                                  |
/// |----------|----------|--------------------------------|------------------------------------------|
/// | epochs   | 50       | >= 1                           | passes over the examples                 |
/// | batch    | 32       | >= 1                           | examples of a step                       |
/// | steps    | all      | >= 1                           | most steps of an epoch                   |
/// | rate     | 0.001    | > 0                            | length of a step                         |
/// | schedule | constant | constant, linear, cosine, warmup, steps | how the rate goes over training |
/// | decay    | 0        | >= 0                           | share of the rate that weights shrink by |
/// | clip     | 0        | >= 0                           | longest slope; 0 = any                   |
/// | loss     | mse      | mse, mae, huber, quantile, gaussian, student | what is made small         |
/// | delta    | 1        | > 0                            | where huber turns straight               |
/// | df       | 5        | > 0                            | degrees of freedom of student            |
/// | levels   | 9 of them | each within 0 to 1            | quantiles of quantile                    |
/// | hold     | 0        | [0, 1)                         | newest share of examples, to stop by     |
/// | patience | 10       | >= 1                           | epochs without a better held-back loss   |
/// | seeds    | 1        | >= 1                           | networks whose answers are averaged      |
/// | warm     | none     | >= 1                           | epochs of a refit that goes on from the last fit |
/// | warm_steps | all    | >= 1                           | most steps of such an epoch              |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Training {
    /// Passes over the examples.
    pub epochs: usize,
    /// Examples of a step.
    pub batch: usize,
    /// Most steps of an epoch; left out, all.
    pub steps: Option<usize>,
    /// Length of a step.
    pub rate: f64,
    /// How the rate goes over training.
    pub schedule: Schedule,
    /// Share of the rate that weights shrink by at each step (AdamW).
    pub decay: f64,
    /// Longest slope over all weights; longer ones are shortened. 0 = any.
    pub clip: f64,
    /// What is made small.
    pub loss: Loss,
    /// Where huber turns from squares to straight lines.
    pub delta: f64,
    /// Degrees of freedom of student.
    pub df: f64,
    /// Quantiles of quantile, increasing.
    pub levels: Vec<f64>,
    /// Newest share of the examples, held back to stop by.
    pub hold: f64,
    /// Epochs without a better held-back loss after which training stops.
    pub patience: usize,
    /// Networks trained from other weights, whose answers are averaged.
    pub seeds: usize,
    /// Epochs of a refit that goes on from the last fit; left out, a refit starts anew.
    pub warm: Option<usize>,
    /// Most steps of an epoch of such a refit; left out, as `steps`.
    pub warm_steps: Option<usize>,
}

impl Default for Training {
    fn default() -> Training {
        Training {
            epochs: 50,
            batch: 32,
            steps: None,
            rate: 0.001,
            schedule: Schedule::Constant,
            decay: 0.0,
            clip: 0.0,
            loss: Loss::Mse,
            delta: 1.0,
            df: 5.0,
            levels: vec![0.025, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.975],
            hold: 0.0,
            patience: 10,
            seeds: 1,
            warm: None,
            warm_steps: None,
        }
    }
}

impl Settings for Training {
    const TABLE: &'static [Setting] = &[
        Setting::new("epochs", ">= 1", "passes over the examples"),
        Setting::new("batch", ">= 1", "examples of a step"),
        Setting::new("steps", ">= 1, or left out", "most steps of an epoch"),
        Setting::new("rate", "> 0", "length of a step"),
        Setting::new("schedule", "constant, linear, cosine, warmup or steps", "how the rate goes"),
        Setting::new("decay", ">= 0", "share of the rate that weights shrink by"),
        Setting::new("clip", ">= 0", "longest slope over all weights; 0 = any"),
        Setting::new(
            "loss",
            "mse, mae, huber, quantile, gaussian or student",
            "what is made small",
        ),
        Setting::new("delta", "> 0", "where huber turns straight"),
        Setting::new("df", "> 0", "degrees of freedom of student"),
        Setting::new("levels", "increasing, each within 0 to 1", "quantiles of quantile"),
        Setting::new("hold", "[0, 1)", "newest share of examples, to stop by"),
        Setting::new("patience", ">= 1", "epochs without a better held-back loss"),
        Setting::new("seeds", ">= 1", "networks whose answers are averaged"),
        Setting::new(
            "warm",
            ">= 1, or left out",
            "epochs of a refit that goes on from the last fit",
        ),
        Setting::new("warm_steps", ">= 1, or left out", "most steps of an epoch of such a refit"),
    ];

    fn check(&self) -> Result<(), SettingError> {
        let at_least_1 = [
            ("train.epochs", self.epochs),
            ("train.batch", self.batch),
            ("train.patience", self.patience),
            ("train.seeds", self.seeds),
            ("train.steps", self.steps.unwrap_or(1)),
            ("train.warm", self.warm.unwrap_or(1)),
        ];
        for (name, value) in at_least_1 {
            SettingError::unless(value >= 1, name, "at least 1", value)?;
        }
        for (name, value) in
            [("train.rate", self.rate), ("train.delta", self.delta), ("train.df", self.df)]
        {
            SettingError::unless(value > 0.0 && value.is_finite(), name, "above 0", value)?;
        }
        for (name, value) in [("train.decay", self.decay), ("train.clip", self.clip)] {
            SettingError::unless(value >= 0.0 && value.is_finite(), name, "at least 0", value)?;
        }
        SettingError::unless(
            (0.0..1.0).contains(&self.hold),
            "train.hold",
            "within [0, 1)",
            self.hold,
        )?;
        let inside = self.levels.iter().all(|level| *level > 0.0 && *level < 1.0);
        let rising = self.levels.windows(2).all(|pair| pair[0] < pair[1]);
        let must = "increasing levels within 0 to 1";
        let levels = !self.levels.is_empty() && inside && rising;
        SettingError::unless(levels, "train.levels", must, format!("{:?}", self.levels))
    }
}

/// What one epoch ended with.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Done {
    loss: f64,
    held: Option<f64>,
}

struct Loop<'a> {
    ctx: &'a Ctx,
    lesson: &'a Lesson<'a>,
    training: &'a Training,
    epochs: usize,
    steps: usize,
    draw: Draw,
    adam: Adam,
}

/// Layers after training; `draw` is where their weights came from.
pub(crate) fn train<L: Layers>(
    ctx: &Ctx,
    (layers, draw): (L, Draw),
    lesson: &Lesson<'_>,
    training: &Training,
) -> Result<L, FitError> {
    let count = lesson.examples.count();
    let held = (training.hold * count as f64).round() as usize;
    if count <= held {
        return Err(FitError::Failed(format!("{count} windows are too few to learn from")));
    }
    keep_memory();
    let (epochs, steps) = match training.warm {
        Some(warm) if lesson.from.is_some() => (warm, training.warm_steps.or(training.steps)),
        _ => (training.epochs, training.steps),
    };
    let steps = steps.unwrap_or(usize::MAX);
    let adam = Adam::new(training);
    let mut own = Loop { ctx, lesson, training, epochs, steps, draw, adam };
    own.run(layers, count - held, count)
}

/// Lets a piece of memory come and go. The C library gives the slopes of a step back to the system,
/// and asks for them again page by page, unless a piece this large was freed before.
fn keep_memory() {
    std::hint::black_box(Vec::<u8>::with_capacity(1 << 24));
}

impl Loop<'_> {
    fn run<L: Layers>(&mut self, mut layers: L, seen: usize, count: usize) -> Result<L, FitError> {
        let mut order: Vec<usize> = (0..seen).collect();
        let held: Vec<usize> = (seen..count).collect();
        let mut best: Option<(f64, L)> = None;
        let mut since = 0;
        for epoch in 0..self.epochs {
            order.shuffle(self.draw.rng());
            layers = layers.redraw(&mut self.draw);
            let (next, loss) = self.epoch(layers, &order, epoch)?;
            layers = next;
            let held = match held.is_empty() {
                true => None,
                false => Some(self.loss(&layers, &held)?),
            };
            self.tell(epoch, Done { loss, held });
            let Some(held) = held else { continue };
            since += 1;
            if best.as_ref().is_none_or(|(least, _)| held < *least) {
                best = Some((held, layers.clone()));
                since = 0;
            }
            if since >= self.training.patience {
                break;
            }
        }
        Ok(best.map_or(layers, |(_, layers)| layers))
    }

    fn tell(&self, epoch: usize, done: Done) {
        let (epochs, Done { loss, held }) = (self.epochs, done);
        self.ctx.tell(&Epoch { epoch: epoch + 1, epochs, loss, held });
    }

    /// One pass: the layers after it and their mean loss in it.
    fn epoch<L: Layers>(
        &mut self,
        mut layers: L,
        order: &[usize],
        epoch: usize,
    ) -> Result<(L, f64), FitError> {
        let batch = self.training.batch;
        let steps = order.len().div_ceil(batch).min(self.steps);
        let (mut sum, mut seen) = (0.0, 0);
        for (step, part) in order.chunks(batch).take(steps).enumerate() {
            self.ctx.go_on()?;
            let (x, y, mask) = self.batch(part, true);
            let mut noise = Noise(Some(rand::SeedableRng::seed_from_u64(self.draw.rng().random())));
            let loss = self.lesson.goal.loss(layers.forward(x, &mut noise), y, mask);
            let value = f64::from(numbers(loss.clone())?[0]);
            if !value.is_finite() {
                return Err(FitError::Failed(format!(
                    "training diverged: the loss is {value} at step {} of {steps} in epoch {} of {}; \
                     a lower `rate`, a `clip` or other scaling may help",
                    step + 1,
                    epoch + 1,
                    self.epochs
                )));
            }
            let done = (epoch as f64 + step as f64 / steps as f64) / self.epochs as f64;
            let rate = self.training.rate * self.training.schedule.at(done);
            layers = self.adam.step(layers, loss.backward(), rate)?;
            sum += value * part.len() as f64;
            seen += part.len();
        }
        Ok((layers, sum / seen as f64))
    }

    /// The mean loss over these examples, without slopes.
    fn loss<L: Layers>(&self, layers: &L, order: &[usize]) -> Result<f64, FitError> {
        let layers = layers.valid();
        let (mut sum, mut seen) = (0.0, 0);
        for part in order.chunks(super::TOGETHER) {
            self.ctx.go_on()?;
            let (x, y, mask) = self.batch(part, false);
            let said = layers.forward(x, &mut Noise(None));
            let loss = f64::from(numbers(self.lesson.goal.loss(said, y, mask))?[0]);
            sum += loss * part.len() as f64;
            seen += part.len();
        }
        Ok(sum / seen as f64)
    }

    /// Examples as tensors; targets that are not known are 0 and masked.
    fn batch(&self, part: &[usize], slopes: bool) -> (Tensor<3>, Tensor<2>, Option<Tensor<2>>) {
        let shape = self.lesson.shape;
        let (wide, ahead) = (shape.steps * shape.channels, shape.horizon);
        let (mut x, mut y) = (vec![0.0; part.len() * wide], vec![0.0; part.len() * ahead]);
        for ((&at, x), y) in part.iter().zip(x.chunks_mut(wide)).zip(y.chunks_mut(ahead)) {
            self.lesson.examples.put(at, x, y);
        }
        let known: Vec<f32> = y.iter().map(|y| f32::from(u8::from(!y.is_nan()))).collect();
        let whole = known.iter().all(|&known| known == 1.0);
        y.iter_mut().filter(|y| y.is_nan()).for_each(|y| *y = 0.0);
        let device = match slopes {
            true => self.draw.device.clone(),
            false => self.draw.device.clone().inner(),
        };
        let flat =
            |values| Tensor::<2>::from_data(TensorData::new(values, [part.len(), ahead]), &device);
        let mask = (!whole).then(|| flat(known));
        let x = TensorData::new(x, [part.len(), shape.steps, shape.channels]);
        (Tensor::from_data(x, &device), flat(y), mask)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::{Cnn, Ensemble, Examples, Goal, Network, Shape};

    /// Windows of a sine, each with the two values after it.
    struct Sine(usize);

    fn sine(t: usize) -> f32 {
        (t as f32 * 0.7).sin()
    }

    impl Examples for Sine {
        fn count(&self) -> usize {
            self.0
        }

        fn put(&self, at: usize, x: &mut [f32], y: &mut [f32]) {
            x.iter_mut().enumerate().for_each(|(step, x)| *x = sine(at + step));
            y.iter_mut().enumerate().for_each(|(step, y)| *y = sine(at + 8 + step));
        }
    }

    const SHAPE: Shape = Shape { steps: 8, channels: 1, horizon: 2, outputs: 1 };

    fn learn(ctx: &Ctx, train: Training) -> Result<Vec<f64>, FitError> {
        let network = Cnn { train, ..Cnn::default() };
        let goal = Goal::of(Network::training(&network));
        let lesson = Lesson { shape: SHAPE, examples: &Sine(200), goal, from: None };
        let window = (300..308).map(sine).collect();
        Ensemble::teach(ctx, &network, &lesson, None)?.answer(window)
    }

    /// A sine is the sum of two of its past values: small filters find it. The same seed gives the
    /// same bits on one thread and on two.
    #[test]
    fn a_sine_is_learnt() {
        let train = Training { rate: 0.01, epochs: 60, seeds: 3, hold: 0.2, ..Training::default() };
        let said = learn(&Ctx::new(1), train.clone()).unwrap();
        for (step, said) in said.iter().enumerate() {
            assert!((said - f64::from(sine(308 + step))).abs() < 0.1, "{said} at {step}");
        }
        assert_eq!(learn(&Ctx::new(1).with_threads(2), train.clone()).unwrap(), said);
        assert_ne!(learn(&Ctx::new(2), train).unwrap(), said);
    }

    /// A rate of a million leaves the finite numbers, and the error says where.
    #[test]
    fn divergence_is_named() {
        let error = learn(&Ctx::new(1), Training { rate: 1e6, ..Training::default() }).unwrap_err();
        assert!(error.to_string().contains("training diverged: the loss is"), "{error}");
    }

    /// Every epoch is told of, in order; a cancelled fit stops.
    #[test]
    fn epochs_are_told_and_cancelled() {
        let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let into = std::sync::Arc::clone(&seen);
        let ctx = Ctx::new(1).watched(move |_, epoch| into.lock().unwrap().push(epoch.epoch));
        learn(&ctx, Training { epochs: 3, ..Training::default() }).unwrap();
        assert_eq!(*seen.lock().unwrap(), [1, 2, 3]);
        ctx.cancel();
        assert_eq!(learn(&ctx, Training::default()).unwrap_err(), FitError::Cancelled);
    }
}
