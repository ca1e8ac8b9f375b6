//! Hot loops: slices in, slices out.

pub mod arima;
pub mod bfgs;
pub mod classical;
pub mod ets;
pub mod garch;
pub mod kpss;
pub mod lanes;
pub mod loess;
pub mod ses;
pub mod stl;
pub mod theta;
pub mod tree;
