//! Nouns to answers. A [`Model`] is settings before any data, a [`Fitted`] is the same after.
//!
//! ```text
//! past ──▶ Model::fit ──▶ Fitted::predict ◀── ask        no files, no clock, no printing
//! ```
//!
//! Forecasting methods for one series implement the smaller pair [`Univariate`] and
//! [`Extrapolate`]; the lift [`PerSeries`] makes a panel model of each. To add one, write a file
//! in `forecast/` and a line in its roster: `docs/add_a_model.md` walks through it.
#![forbid(unsafe_code)]

mod boosting;
pub mod classify;
#[cfg(feature = "faults")]
mod faults;
pub mod features;
pub mod forecast;
mod keep;
pub mod lift;
pub mod nets;
pub mod regress;
mod roster;
mod settings;
mod standard;
mod trees;

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use almanac_data::{FitError, Task};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

pub use forecast::{Extrapolate, Missing, Next, Past, Univariate};
pub use lift::{PerSeries, lift};
pub use roster::{Entry, Inner, entry, find};
pub use serde_bytes::ByteBuf as Bytes;
pub use settings::{Setting, SettingError, SettingRow, Settings, Written, rows};

/// Settings, before any data.
///
/// The second method is there because a network that learnt at one fold may go on from there at the
/// next, which a fit without a memory cannot. The third gives back what was learnt in an earlier run
/// of the program: only the settings know what it means.
pub trait Model<T: Task>: Send + Sync {
    /// Learns from what `train` shows.
    ///
    /// # Errors
    /// Too little data, values outside the method's domain, arithmetic that left the finite numbers.
    fn fit(&self, ctx: &Ctx, train: T::Train<'_>) -> Result<Box<dyn Fitted<T>>, FitError>;

    /// The same after an earlier fit of this model, from which one that is warm goes on.
    ///
    /// # Errors
    /// As of [`Model::fit`].
    fn refit(
        &self,
        ctx: &Ctx,
        train: T::Train<'_>,
        before: &dyn Fitted<T>,
    ) -> Result<Box<dyn Fitted<T>>, FitError> {
        let _ = before;
        self.fit(ctx, train)
    }

    /// What [`Fitted::keep`] wrote, as it was: the same bits are answered.
    ///
    /// # Errors
    /// Bytes that are damaged, or that another model or the same with other settings learnt, where
    /// that can be told.
    fn restore(&self, kept: &[u8]) -> Result<Box<dyn Fitted<T>>, FitError>;
}

/// The same, after.
///
/// Besides answering, it can be written down, so that who asks need not be who fitted; and it can be
/// moved to a later end, so that rows that come in are gone over once.
pub trait Fitted<T: Task>: Send + Sync {
    /// Answers `ask`, for every item in it, in order.
    ///
    /// # Errors
    /// Regressors absent ahead, or an answer that would not be finite.
    fn predict(&self, ctx: &Ctx, ask: T::Ask<'_>) -> Result<T::Answer, FitError>;

    /// What was learnt, without the settings, as bytes that [`Model::restore`] reads.
    ///
    /// # Errors
    /// A device that does not give its weights.
    fn keep(&self) -> Result<Vec<u8>, FitError>;

    /// The same parameters at the end of a later past, by single steps or at once; `None` where
    /// nothing stands at an end, and what was learnt answers from any past that it is shown.
    ///
    /// # Errors
    /// A past that does not go on from the one that was fitted.
    fn later(&self, ctx: &Ctx, past: T::Train<'_>) -> Result<Option<Box<dyn Fitted<T>>>, FitError> {
        let _ = (ctx, past);
        Ok(None)
    }

    /// Itself, where a refit can go on from it.
    fn as_any(&self) -> Option<&dyn Any> {
        None
    }
}

/// What a fit may know of its surroundings: randomness, threads, and whether to stop.
#[derive(Debug, Clone, Default)]
pub struct Ctx {
    /// Everything random follows from it.
    pub seed: u64,
    /// Threads that one fit may use.
    pub threads: usize,
    /// Where networks are computed.
    pub device: nets::Device,
    cancel: Arc<AtomicBool>,
    /// The model that is fitted, for who is told of it.
    model: Arc<str>,
    watch: Option<Watch>,
}

/// An epoch of a network's training, as it ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Epoch {
    /// Its number, from 1.
    pub epoch: usize,
    /// How many there are at most.
    pub epochs: usize,
    /// The mean loss in it.
    pub loss: f64,
    /// The loss on what is held back.
    pub held: Option<f64>,
}

/// Who is told of a model's epochs.
#[derive(Clone)]
struct Watch(Arc<Told>);

/// What is called with a model's name and its epoch.
type Told = dyn Fn(&str, &Epoch) + Send + Sync;

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watch")
    }
}

impl Ctx {
    /// A context of one thread.
    pub fn new(seed: u64) -> Ctx {
        Ctx { seed, threads: 1, ..Ctx::default() }
    }

    /// The same, telling of every epoch of a network's training, with the model's name.
    pub fn watched(self, watch: impl Fn(&str, &Epoch) + Send + Sync + 'static) -> Ctx {
        Ctx { watch: Some(Watch(Arc::new(watch))), ..self }
    }

    /// Tells of an epoch.
    pub(crate) fn tell(&self, epoch: &Epoch) {
        if let Some(Watch(watch)) = &self.watch {
            watch(&self.model, epoch);
        }
    }

    /// The same with a seed of its own for this name, so that results do not depend on scheduling.
    pub fn named(&self, name: &str) -> Ctx {
        // FNV-1a: stable over versions and machines, which the standard hasher does not promise.
        let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        let start = 0xcbf2_9ce4_8422_2325;
        let seed = self.seed.to_le_bytes().into_iter().chain(name.bytes()).fold(start, mix);
        Ctx { seed, ..self.clone() }
    }

    /// The same for the model of this name: with a seed of its own, and told of under its name.
    pub fn of_model(&self, name: &str) -> Ctx {
        Ctx { model: name.into(), ..self.named(name) }
    }

    /// A fresh generator from the seed.
    pub fn rng(&self) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(self.seed)
    }

    /// `work` for `0 .. count`, in order; on several threads where the context has them, so that
    /// what is computed does not depend on their number.
    pub fn map<T: Send>(&self, count: usize, work: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
        match self.threads {
            0 | 1 => (0..count).map(work).collect(),
            _ => (0..count).into_par_iter().map(work).collect(),
        }
    }

    /// The same context for work that is done beside other work, and so has one thread.
    pub fn single(&self) -> Ctx {
        self.with_threads(1)
    }

    /// The same context for work that has so many threads to itself.
    pub fn with_threads(&self, threads: usize) -> Ctx {
        Ctx { threads, ..self.clone() }
    }

    /// The same, stopped where the other is.
    pub fn stopped_with(self, other: &Ctx) -> Ctx {
        Ctx { cancel: Arc::clone(&other.cancel), ..self }
    }

    /// Asks all work under this context, and under its named children, to stop.
    pub fn cancel(&self) {
        self.cancel.store(true, Ordering::Relaxed);
    }

    /// Whether to go on.
    ///
    /// # Errors
    /// [`FitError::Cancelled`] once [`Ctx::cancel`] was called.
    pub fn go_on(&self) -> Result<(), FitError> {
        if self.cancel.load(Ordering::Relaxed) { Err(FitError::Cancelled) } else { Ok(()) }
    }
}
