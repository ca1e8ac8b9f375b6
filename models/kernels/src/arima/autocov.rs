//! Stationary covariances of an ARMA process with unit innovations.
//!
//! ```text
//! γᵤ  of the pure autoregression, by Durbin-Levinson down and up again
//! γ(k) = Σ c(l)·γᵤ(k − l)      c(l) = Σ θ[j]·θ[j + l]
//! ```
//!
//! O(p²) where solving the Yule-Walker equations would be O(p³). Brockwell & Davis, Time Series:
//! Theory and Methods, 2nd ed., §3.3 and §5.2.

use super::poly::Polynomials;
use crate::lanes::Lanes;

/// Covariance of the state with the observation: the first column of the state's stationary
/// covariance, for the state whose entry i holds what the past says about i steps ahead.
pub fn first_column(poly: &Polynomials) -> Vec<Lanes> {
    let gamma = autocovariances(poly);
    let psi = psi(poly, poly.theta_lags.last().map_or(1, |last| last + 1));
    let mut column = vec![Lanes::ZERO; poly.phi.len()];
    for &lag in &poly.phi_lags {
        for i in 0..lag {
            column[i] += poly.phi[lag - 1] * gamma[lag - i];
        }
    }
    for lag in std::iter::once(0).chain(poly.theta_lags.iter().copied()) {
        for i in 0..=lag {
            column[i] += poly.theta[lag] * psi[lag - i];
        }
    }
    column
}

/// The first `count` weights of past innovations in the process.
pub fn psi(poly: &Polynomials, count: usize) -> Vec<Lanes> {
    let mut psi: Vec<Lanes> = Vec::with_capacity(count);
    for t in 0..count {
        let mut weight = poly.theta.get(t).copied().unwrap_or(Lanes::ZERO);
        for &lag in poly.phi_lags.iter().take_while(|lag| **lag <= t) {
            weight += poly.phi[lag - 1] * psi[t - lag];
        }
        psi.push(weight);
    }
    psi
}

/// γ(0) … γ(p); only γ(1) … are read by callers, and none without an autoregression.
fn autocovariances(poly: &Polynomials) -> Vec<Lanes> {
    let Some(&p) = poly.phi_lags.last() else { return Vec::new() };
    let q = poly.theta_lags.last().copied().unwrap_or(0);
    let gamma = autoregression(poly, p, p + q);
    let mut products = vec![Lanes::ZERO; q + 1];
    let lags: Vec<usize> = std::iter::once(0).chain(poly.theta_lags.iter().copied()).collect();
    for (place, &i) in lags.iter().enumerate() {
        for &j in &lags[place..] {
            products[j - i] += poly.theta[i] * poly.theta[j];
        }
    }
    let at = |k: usize| {
        let mut sum = products[0] * gamma[k];
        for l in 1..=q {
            sum += products[l] * (gamma[k.abs_diff(l)] + gamma[k + l]);
        }
        sum
    };
    (0..=p).map(at).collect()
}

/// γᵤ(0) … γᵤ(last) of the autoregression alone.
fn autoregression(poly: &Polynomials, p: usize, last: usize) -> Vec<Lanes> {
    let mut a = poly.phi[..p].to_vec();
    let mut variance = Lanes::ONE;
    for k in (0..p).rev() {
        let r = a[k];
        let scale = Lanes::ONE / (Lanes::ONE - r * r);
        for i in 0..k.div_ceil(2) {
            let j = k - 1 - i;
            (a[i], a[j]) = ((a[i] + r * a[j]) * scale, (a[j] + r * a[i]) * scale);
        }
        variance = variance * scale;
    }
    // `a` now holds partial autocorrelations: go up again and read one covariance at each lag.
    let mut gamma = Vec::with_capacity(last + 1);
    gamma.push(variance);
    let mut left = variance;
    for k in 0..p {
        let r = a[k];
        let mut next = r * left;
        for i in 0..k {
            next += a[i] * gamma[k - i];
        }
        gamma.push(next);
        for i in 0..k.div_ceil(2) {
            let j = k - 1 - i;
            (a[i], a[j]) = (a[i] - r * a[j], a[j] - r * a[i]);
        }
        left = left * (Lanes::ONE - r * r);
    }
    for k in p + 1..=last {
        let sum = poly
            .phi_lags
            .iter()
            .fold(Lanes::ZERO, |s, &lag| s + poly.phi[lag - 1] * gamma[k - lag]);
        gamma.push(sum);
    }
    gamma
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arima::Order;

    /// ARMA(1,1): γ(0) = (1 + θ² + 2φθ)/(1 − φ²), and the second state holds θ·ε: covariance θ.
    #[test]
    fn arma_by_hand() {
        let (phi, theta): (f64, f64) = (0.6, 0.3);
        let order = Order::new([1, 0, 1], [0, 0, 0], 1);
        let column = first_column(&Polynomials::new(&order, &[&[phi, theta]]));
        let variance = (1.0 + theta * theta + 2.0 * phi * theta) / (1.0 - phi * phi);
        assert!((column[0].0[0] - variance).abs() < 1e-12);
        assert!((column[1].0[0] - theta).abs() < 1e-12);
    }

    /// γ(0) is the sum of squared ψ weights, seasonal lags included.
    #[test]
    fn variance_is_the_sum_of_squares() {
        let order = Order::new([2, 0, 1], [1, 0, 1], 4);
        let poly = Polynomials::new(&order, &[&[0.5, -0.3, 0.4, 0.6, -0.5]]);
        let sum: f64 = psi(&poly, 400).iter().map(|weight| weight.0[0].powi(2)).sum();
        assert!((first_column(&poly)[0].0[0] / sum - 1.0).abs() < 1e-12);
    }
}
