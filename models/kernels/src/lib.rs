//! Hot loops: slices in, slices out.

pub mod loess;
pub mod ses;
pub mod stl;
