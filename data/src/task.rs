//! A task is an empty type that names four nouns: a classifier in a forecast table does not compile.

use crate::forecast::Forecast;
use crate::panel::{Future, PanelView};

/// What fit may see, what predict is given, what comes back, and what only a metric may see.
pub trait Task: 'static {
    /// What fit may see.
    type Train<'a>: Copy + Send + Sync;
    /// What predict is given.
    type Ask<'a>: Copy + Send + Sync;
    /// What comes back.
    type Answer: Send;
    /// What only a metric may see.
    type Truth<'a>: Copy + Send + Sync;
}

/// Panel → one distribution a step, for every series in view.
pub enum Forecasting {}

impl Task for Forecasting {
    type Train<'a> = PanelView<'a>;
    type Ask<'a> = Ahead<'a>;
    type Answer = Vec<Forecast>;
    type Truth<'a> = PanelView<'a>;
}

/// Panel → for each step the probability that the series stands higher than at the cutoff: the
/// mean of each answer.
pub enum Direction {}

impl Task for Direction {
    type Train<'a> = PanelView<'a>;
    type Ask<'a> = Ahead<'a>;
    type Answer = Vec<Forecast>;
    type Truth<'a> = PanelView<'a>;
}

/// The question of a forecast: how many steps, after which past, with what known in advance.
///
/// The past goes up to the cutoff, so that a model fitted at an earlier fold answers at a later
/// one without refitting.
#[derive(Debug, Clone, Copy)]
pub struct Ahead<'a> {
    /// Steps ahead.
    pub horizon: usize,
    /// Everything known at the cutoff.
    pub past: PanelView<'a>,
    /// Stamps and columns known in advance; may end early or be empty.
    pub future: Future<'a>,
}

impl<'a> Ahead<'a> {
    /// The same question about only these places of the view.
    pub fn part(&self, places: std::ops::Range<usize>) -> Ahead<'a> {
        Ahead {
            horizon: self.horizon,
            past: self.past.part(places.clone()),
            future: self.future.part(places),
        }
    }
}
