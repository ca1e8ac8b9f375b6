//! Layers, each a module of burn whose weights are drawn from a fit's own generator.

mod additive;
mod attention;
mod bend;
mod block;
mod conv;
mod conv_lstm;
mod decoder;
mod deep;
mod dense;
mod dropout;
mod favor;
mod filters;
mod flex;
mod norm;
mod recurrent;

pub use additive::Additive;
pub use attention::{Attention, Heads, Meeting};
pub use bend::Bend;
pub use block::{Block, FeedForward, Plan as BlockPlan};
pub use conv::{Conv, Edge, Walk, pool, pool_images};
pub use conv_lstm::ConvLstm;
pub use decoder::Decoder;
pub use deep::{Deep, Ways};
pub use dense::{Dense, Head, Stack};
pub use dropout::dropout;
pub use favor::Favor;
pub use filters::{Filters, Plan};
pub use norm::Norm;
pub use recurrent::{Both, Recurrent, lstm};
