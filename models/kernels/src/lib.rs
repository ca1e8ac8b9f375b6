//! Hot loops: slices in, slices out.

pub mod arima;
pub mod bfgs;
pub mod boost;
pub mod chaos;
pub mod classical;
pub mod coordinate;
pub mod ets;
pub mod garch;
pub mod indicators;
pub mod kpss;
pub mod lanes;
pub mod loess;
pub mod neighbours;
pub mod quantile;
pub mod ses;
pub mod stl;
pub mod sums;
pub mod svm;
pub mod theta;
pub mod tree;
