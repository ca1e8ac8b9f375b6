//! Money: what positions taken on a run's answers would have earned.

use serde::{Deserialize, Serialize};

/// The models' accounts beside buy and hold, under each level of cost.
///
/// Figures that are undefined, as a ratio to a spread of zero, are null.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Money {
    /// How an answer becomes a position and where it trades, in words.
    pub rule: String,
    /// Levels of cost, in basis points of what is traded, increasing; slippage included.
    pub costs_bp: Vec<f64>,
    /// Times between decisions.
    pub periods: usize,
    /// The years that they take.
    pub years: f64,
    /// Stamps of the curves, as text: the start, then ends of periods, thinned.
    pub at: Vec<String>,
    /// One account a model, in rank order.
    pub accounts: Vec<Account>,
    /// The same money in every series, from the first trade to the last.
    pub hold: Account,
    /// By level of cost: how often the model that is best on half of the time is no better than the
    /// median on the other half; null where there are too few periods or models.
    pub overfitting: Vec<Option<f64>>,
    /// What a reader must know, in words.
    pub notes: Vec<String>,
}

/// One model's account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// The model.
    pub name: String,
    /// What is traded in a year, in multiples of the account: in and out of everything is 2.
    pub turnover: Option<f64>,
    /// Share of positions that earned before costs.
    pub hit_rate: Option<f64>,
    /// Mean size of positions, as a share of the account.
    pub exposure: Option<f64>,
    /// Cost in basis points at which all that was earned is gone; null where nothing was.
    pub break_even_bp: Option<f64>,
    /// One entry a level of cost.
    pub earned: Vec<Earned>,
}

/// What one account earned under one level of cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Earned {
    /// Growth over all periods: 0.1 is a tenth more.
    pub total: f64,
    /// Growth in a year, compounded.
    pub cagr: Option<f64>,
    /// Standard deviation of returns, of a year.
    pub volatility: Option<f64>,
    /// Mean return over standard deviation, of a year.
    pub sharpe: Option<f64>,
    /// Mean return over the root of the mean square of losses, of a year.
    pub sortino: Option<f64>,
    /// Growth in a year over the deepest drawdown.
    pub calmar: Option<f64>,
    /// Deepest fall from a height before it, as a share of that height.
    pub max_drawdown: f64,
    /// Probability that the true Sharpe ratio is above 0.
    pub probabilistic_sharpe: Option<f64>,
    /// The same above what the best of as many models without skill would show.
    pub deflated_sharpe: Option<f64>,
    /// The account at the curves' stamps; it begins at 1.
    pub equity: Vec<f64>,
    /// The fall from the height before, at the same stamps, the deepest since the one before.
    pub drawdown: Vec<f64>,
}
