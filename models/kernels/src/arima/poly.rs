//! Orders, coefficients and the polynomials they multiply out to.

use serde::{Deserialize, Serialize};

use crate::lanes::{Lanes, WIDTH};

/// Which lags a model has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Lags of φ.
    pub ar: usize,
    /// Differences from step to step.
    pub diff: usize,
    /// Lags of θ.
    pub ma: usize,
    /// Lags of Φ, in seasons.
    pub seasonal_ar: usize,
    /// Differences from season to season.
    pub seasonal_diff: usize,
    /// Lags of Θ, in seasons.
    pub seasonal_ma: usize,
    /// Observations in one season.
    pub season: usize,
}

impl Order {
    /// An order from the usual two triples.
    pub fn new(order: [usize; 3], seasonal: [usize; 3], season: usize) -> Order {
        let ([ar, diff, ma], [seasonal_ar, seasonal_diff, seasonal_ma]) = (order, seasonal);
        Order { ar, diff, ma, seasonal_ar, seasonal_diff, seasonal_ma, season }
    }

    /// Number of coefficients.
    pub fn count(&self) -> usize {
        self.ar + self.ma + self.seasonal_ar + self.seasonal_ma
    }

    /// Values that differencing takes away.
    pub fn lost(&self) -> usize {
        self.diff + self.season * self.seasonal_diff
    }

    /// Longest lag of φ·Φ.
    pub fn ar_reach(&self) -> usize {
        self.ar + self.season * self.seasonal_ar
    }

    /// Longest lag of θ·Θ.
    pub fn ma_reach(&self) -> usize {
        self.ma + self.season * self.seasonal_ma
    }

    /// Length of the state.
    pub fn states(&self) -> usize {
        self.ar_reach().max(self.ma_reach() + 1)
    }

    /// The four blocks of a coefficient slice.
    pub fn blocks(&self) -> [std::ops::Range<usize>; 4] {
        let mut end = 0;
        [self.ar, self.ma, self.seasonal_ar, self.seasonal_ma].map(|len| {
            end += len;
            end - len..end
        })
    }

    /// Lags δ of the differences: (1 − L)ᵈ(1 − Lᵐ)ᴰ = 1 − Σ δ[j]·Lʲ, as (lag, weight).
    pub fn differences(&self) -> Vec<(usize, f64)> {
        let mut poly = vec![1.0];
        let lags = std::iter::repeat_n(1, self.diff)
            .chain(std::iter::repeat_n(self.season, self.seasonal_diff));
        for lag in lags {
            let before = poly.clone();
            poly.resize(before.len() + lag, 0.0);
            before.iter().enumerate().for_each(|(i, c)| poly[i + lag] -= c);
        }
        let lags = poly.iter().enumerate().skip(1).filter(|(_, c)| **c != 0.0);
        lags.map(|(lag, c)| (lag, -c)).collect()
    }

    /// (1 − L)ᵈ(1 − Lᵐ)ᴰ of a column; shorter by [`Order::lost`].
    pub fn difference(&self, column: &[f64]) -> Vec<f64> {
        let minus = |y: Vec<f64>, lag: usize| -> Vec<f64> {
            y.iter().zip(y.iter().skip(lag)).map(|(before, after)| after - before).collect()
        };
        let y = (0..self.seasonal_diff).fold(column.to_vec(), |y, _| minus(y, self.season));
        (0..self.diff).fold(y, |y, _| minus(y, 1))
    }

    /// Coefficients of a stationary, invertible model from any numbers.
    ///
    /// Each number becomes a partial autocorrelation x/√(1 + x²), and these become coefficients by
    /// the Durbin-Levinson recursion (Jones 1980).
    pub fn coefficients(&self, free: &[f64]) -> Vec<f64> {
        let mut out: Vec<f64> = free.iter().map(|x| x / (1.0 + x * x).sqrt()).collect();
        for (block, range) in self.blocks().into_iter().enumerate() {
            let a = &mut out[range];
            (0..a.len()).for_each(|k| levinson_up(&mut a[..=k]));
            if block % 2 == 1 {
                a.iter_mut().for_each(|value| *value = -*value);
            }
        }
        out
    }

    /// The numbers that give these coefficients; `None` outside the stationary, invertible region.
    pub fn free(&self, coefficients: &[f64]) -> Option<Vec<f64>> {
        let mut out = coefficients.to_vec();
        for (block, range) in self.blocks().into_iter().enumerate() {
            let a = &mut out[range];
            if block % 2 == 1 {
                a.iter_mut().for_each(|value| *value = -*value);
            }
            if !partials(a) {
                return None;
            }
            a.iter_mut().for_each(|r| *r /= (1.0 - *r * *r).sqrt());
        }
        Some(out)
    }

    /// Whether every root of φ, θ (in terms of L) and Φ (of Lᵐ) lies outside this radius (>= 1).
    pub fn is_clear_of(&self, coefficients: &[f64], radius: f64) -> bool {
        let [ar, ma, seasonal_ar, _] = self.blocks();
        [(ar, 1.0), (ma, -1.0), (seasonal_ar, 1.0)].into_iter().all(|(range, sign)| {
            let scale = |(i, c): (usize, &f64)| sign * c * radius.powi(i as i32 + 1);
            let mut scaled: Vec<f64> = coefficients[range].iter().enumerate().map(scale).collect();
            partials(&mut scaled)
        })
    }
}

/// One step of Durbin-Levinson in place: the last entry is a partial autocorrelation and the
/// others are the coefficients of one lag less.
fn levinson_up(a: &mut [f64]) {
    let k = a.len() - 1;
    let r = a[k];
    for i in 0..k.div_ceil(2) {
        let j = k - 1 - i;
        (a[i], a[j]) = (a[i] - r * a[j], a[j] - r * a[i]);
    }
}

/// Turns autoregressive coefficients into partial autocorrelations; false if one is not below 1.
fn partials(a: &mut [f64]) -> bool {
    for k in (0..a.len()).rev() {
        let r = a[k];
        if r.is_nan() || r.abs() >= 1.0 {
            return false;
        }
        let scale = 1.0 / (1.0 - r * r);
        for i in 0..k.div_ceil(2) {
            let j = k - 1 - i;
            (a[i], a[j]) = ((a[i] + r * a[j]) * scale, (a[j] + r * a[i]) * scale);
        }
    }
    true
}

/// The multiplied-out polynomials of up to eight models of one order.
pub struct Polynomials {
    /// φ·Φ: entry i belongs to lag i + 1; as long as the state.
    pub phi: Vec<Lanes>,
    /// θ·Θ: entry j belongs to lag j, entry 0 is 1; as long as the state.
    pub theta: Vec<Lanes>,
    /// Lags where φ·Φ is not zero.
    pub phi_lags: Vec<usize>,
    /// Lags from 1 where θ·Θ is not zero.
    pub theta_lags: Vec<usize>,
}

impl Polynomials {
    /// Multiplies out; lanes without a model repeat the first.
    pub fn new(order: &Order, models: &[&[f64]]) -> Polynomials {
        let lane = |i: usize| {
            let at = |lane: usize| models.get(lane).unwrap_or(&models[0])[i];
            Lanes(std::array::from_fn::<f64, WIDTH, _>(at))
        };
        let blocks = order.blocks().map(|range| range.map(lane).collect::<Vec<Lanes>>());
        let [ar, ma, seasonal_ar, seasonal_ma] = blocks;
        let mut phi = product(&ar, &seasonal_ar, order.season, -1.0);
        let mut theta = product(&ma, &seasonal_ma, order.season, 1.0);
        let used = |poly: &[Lanes]| (1..poly.len()).filter(|&i| poly[i] != Lanes::ZERO).collect();
        let (phi_lags, theta_lags) = (used(&phi), used(&theta));
        phi.remove(0);
        phi.resize(order.states(), Lanes::ZERO);
        theta.resize(order.states(), Lanes::ZERO);
        Polynomials { phi, theta, phi_lags, theta_lags }
    }
}

/// Σ of the terms of (1 ± a(L))·(1 ± b(Lᵐ)), each with the sign its own side of the model gives it.
fn product(a: &[Lanes], b: &[Lanes], season: usize, cross: f64) -> Vec<Lanes> {
    let mut out = vec![Lanes::ZERO; 1 + a.len() + season * b.len()];
    out[0] = Lanes::ONE;
    for (i, &a) in a.iter().enumerate() {
        out[i + 1] += a;
    }
    for (j, &b) in b.iter().enumerate() {
        let at = season * (j + 1);
        out[at] += b;
        for (i, &a) in a.iter().enumerate() {
            out[at + i + 1] += a * b * cross;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (1 − 0.5L)(1 − 0.3L⁴) = 1 − 0.5L − 0.3L⁴ + 0.15L⁵; (1 + 0.4L)(1 + 0.2L⁴) has +0.08L⁵.
    #[test]
    fn products_by_hand() {
        let order = Order::new([1, 0, 1], [1, 0, 1], 4);
        let poly = Polynomials::new(&order, &[&[0.5, 0.4, 0.3, 0.2]]);
        assert_eq!(poly.phi_lags, [1, 4, 5]);
        let phi: Vec<f64> = poly.phi.iter().map(|lane| lane.0[0]).collect();
        assert_eq!(phi, [0.5, 0.0, 0.0, 0.3, -0.15, 0.0]);
        let theta: Vec<f64> = poly.theta.iter().map(|lane| lane.0[0]).collect();
        assert_eq!(theta, [1.0, 0.4, 0.0, 0.0, 0.2, 0.4 * 0.2]);
    }

    /// Free numbers to coefficients and back is the identity, and any numbers are stationary.
    #[test]
    fn transform_round_trips() {
        let order = Order::new([3, 0, 2], [2, 0, 1], 12);
        let free = [0.3, -2.0, 0.7, 1.5, -0.2, 0.9, -0.4, 3.0];
        let coefficients = order.coefficients(&free);
        assert!(order.is_clear_of(&coefficients, 1.0));
        let back = order.free(&coefficients).unwrap();
        assert!(free.iter().zip(&back).all(|(a, b)| (a - b).abs() < 1e-12), "{back:?}");
    }

    /// φ = 0.995 has its root at 1.005: outside radius 1, inside radius 1.01.
    #[test]
    fn roots_by_hand() {
        let order = Order::new([1, 0, 0], [0, 0, 0], 1);
        assert!(order.is_clear_of(&[0.995], 1.0) && !order.is_clear_of(&[0.995], 1.01));
    }

    /// (1 − L)(1 − L⁴) = 1 − L − L⁴ + L⁵.
    #[test]
    fn differences_by_hand() {
        let order = Order::new([0, 1, 0], [0, 1, 0], 4);
        assert_eq!(order.differences(), [(1, 1.0), (4, 1.0), (5, -1.0)]);
    }
}
