//! Hot loops: slices in, slices out.

pub mod adam;
pub mod arima;
pub mod bfgs;
pub mod boost;
pub mod chaos;
pub mod classical;
pub mod conv;
pub mod coordinate;
pub mod ets;
pub mod garch;
pub mod grnn;
pub mod hinges;
pub mod indicators;
pub mod kpss;
pub mod lanes;
pub mod least_squares;
pub mod loess;
pub mod neighbours;
pub mod perceptron;
mod product;
pub mod quantile;
pub mod recurrent;
mod room;
pub mod ses;
pub mod stl;
pub mod sums;
pub mod svm;
pub mod theta;
pub mod tree;
mod wide;

/// Which slopes of a layer are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Those by the weights: the layer stands first.
    Weights,
    /// Those by the inputs as well.
    Inputs,
}
