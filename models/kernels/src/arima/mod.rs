//! ARIMA: its polynomials, its exact Gaussian likelihood, its filter and its fit.
//!
//! ```text
//! φ(L)·Φ(Lᵐ)·(1 − L)ᵈ·(1 − Lᵐ)ᴰ·(y[t] − x[t]ᵀβ) = θ(L)·Θ(Lᵐ)·ε[t]      ε ~ N(0, σ²)
//! φ(L) = 1 − φ₁L − …      θ(L) = 1 + θ₁L + …
//! ```
//!
//! Coefficients travel as one slice in the order φ, θ, Φ, Θ. A series without holes is differenced
//! and its likelihood comes from fast recursions ([`likelihood`]); one with holes is filtered at
//! its level ([`kalman`]). Both are the likelihood of the differences, given the first values.

pub mod autocov;
pub mod fit;
pub mod kalman;
pub mod likelihood;
pub mod poly;
pub mod stepwise;

pub use fit::{Fit, Method, Sample, fit, search};
pub use kalman::Kalman;
pub use poly::Order;
pub use stepwise::{Candidate, Space};
