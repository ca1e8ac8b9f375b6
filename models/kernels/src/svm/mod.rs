//! Support vectors: kernel values by rows, and the search for the weights of the rows.
//!
//! ```text
//! answer(x) = Σ β[t]·k(x[t], x) + b
//! β = argmin ½·βᵀKβ − yᵀβ + ε·Σ|β|     Σ β = 0     low ≤ β ≤ high
//! ```
//!
//! Regression has the box −C … C; a class is ε = 0, y = ±1 and a box on its own side of zero.

mod cache;
mod chances;
mod points;
mod smo;

pub use chances::{chance, couple, platt};
pub use points::{Frame, Kernel, Points};
pub use smo::{Halt, Problem, Solution, Stop, solve};
