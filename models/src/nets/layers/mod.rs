//! Layers, each a module of burn whose weights are drawn from a fit's own generator.

mod additive;
mod conv;
mod deep;
mod dense;
mod dropout;
mod recurrent;

pub use additive::Additive;
pub use conv::{Conv, pool};
pub use deep::{Deep, Ways};
pub use dense::{Dense, Stack};
pub use dropout::dropout;
pub use recurrent::{Both, Recurrent, lstm};
