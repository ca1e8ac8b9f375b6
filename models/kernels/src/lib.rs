//! Hot loops: slices in, slices out.

pub mod classical;
pub mod loess;
pub mod ses;
pub mod stl;
pub mod theta;
