//! Money: answers → positions → trades at the next price → accounts, under costs.

mod figures;
mod fill;
mod ledger;
mod overfit;
mod rule;
mod sharpe;
mod statement;

pub use fill::{Decision, Fill, Oracle, Quote, Quotes};
pub use ledger::{Asked, Ledger};
pub use overfit::overfitting;
pub(crate) use rule::fill;
pub use rule::{MoneySpec, Position};
pub use sharpe::{Shape, bar};
