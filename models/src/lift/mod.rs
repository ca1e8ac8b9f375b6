//! Adaptors that turn one kind of model into another.

mod per_series;

pub use per_series::PerSeries;
