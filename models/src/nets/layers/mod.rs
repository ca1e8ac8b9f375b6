//! Layers, each a module of burn whose weights are drawn from a fit's own generator.

mod conv;
mod dense;
mod dropout;
mod recurrent;

pub use conv::{Conv, pool};
pub use dense::{Dense, Stack};
pub use dropout::dropout;
pub use recurrent::{Both, Recurrent, lstm};
