//! Hot loops: slices in, slices out.

pub mod ses;
