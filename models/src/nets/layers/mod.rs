//! Layers, each a module of burn whose weights are drawn from a fit's own generator.

mod conv;
mod dense;

pub use conv::{Conv, pool};
pub use dense::{Dense, Stack};
