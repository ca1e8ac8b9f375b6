//! Walking: the same columns for row after row, without reading the whole past again for each.

use super::{Feature, Seen};

/// A state that is shown the past value by value: what it has not been shown it cannot know.
pub trait Running: Send {
    /// Moves on by the newest value of this past, which is one longer than the last one shown.
    fn push(&mut self, past: &Seen<'_>);

    /// Its columns' values after what it was shown.
    fn read(&self, out: &mut Vec<f64>);
}

/// The columns of one series for rows asked one after another.
pub struct Walk<'a> {
    features: Vec<&'a dyn Feature>,
    states: Vec<Option<Box<dyn Running>>>,
    shown: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(features: Vec<&'a dyn Feature>) -> Walk<'a> {
        let states = features.iter().map(|feature| feature.running()).collect();
        Walk { features, states, shown: 0 }
    }

    /// All columns' values for the row asked. The past may have grown since the last row that was
    /// asked, and must be the same up to there; a shorter past starts anew.
    pub fn at(&mut self, seen: &Seen<'_>, out: &mut Vec<f64>) {
        if seen.y.len() < self.shown {
            *self = Walk::new(std::mem::take(&mut self.features));
        }
        for state in self.states.iter_mut().flatten() {
            (self.shown + 1..=seen.y.len()).for_each(|origin| state.push(&seen.earlier(origin)));
        }
        self.shown = seen.y.len();
        for (feature, state) in self.features.iter().zip(&self.states) {
            match state {
                Some(state) => state.read(out),
                None => feature.at(seen, out),
            }
        }
    }
}

/// What a state says after it was shown the whole past.
pub(super) fn replay(mut state: impl Running, seen: &Seen<'_>, out: &mut Vec<f64>) {
    (1..=seen.y.len()).for_each(|origin| state.push(&seen.earlier(origin)));
    state.read(out);
}
