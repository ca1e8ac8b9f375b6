//! Layers, each a module of burn whose weights are drawn from a fit's own generator.

mod additive;
mod attention;
mod block;
mod conv;
mod deep;
mod dense;
mod dropout;
mod favor;
mod norm;
mod recurrent;
#[cfg(test)]
pub(crate) mod tests;

pub use additive::Additive;
pub use attention::{Attention, Heads, Meeting};
pub use block::{Block, FeedForward, Plan as BlockPlan};
pub use conv::{Conv, pool};
pub use deep::{Deep, Ways};
pub use dense::{Dense, Stack};
pub use dropout::dropout;
pub use favor::Favor;
pub use norm::Norm;
pub use recurrent::{Both, Recurrent, lstm};
