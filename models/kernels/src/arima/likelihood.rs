//! The exact likelihood of a stationary ARMA sample, for eight models at once, and its
//! conditional cousin.
//!
//! ```text
//! v[t] = w[t] − a[t][0]           a ← T·a + (b/f)·v                      innovations
//! g = m·u[0]                      f ← f + u[0]·g     m ← m·f/f₋          Chandrasekhar
//! b ← b + T·u·g                   u ← T·u − (b/f)·u[0]                   recursions
//! ```
//!
//! The state's covariance changes by a matrix of rank one from step to step, so that O(r) numbers
//! replace r² (Morf, Sidhu & Kailath 1974; Mélard 1984). Once u has died out the innovations obey
//! the ARMA recursion with its non-zero lags only. The conditional form starts there, with
//! innovations of zero before the longest autoregressive lag.

use super::autocov::first_column;
use super::poly::{Order, Polynomials};
use crate::lanes::{Lanes, WIDTH};

/// What a likelihood is made of: sums over the sample.
#[derive(Debug, Clone)]
pub struct Sums {
    /// Σ v[i]·v[j]/f over the columns, row by row; column 0 is the series.
    pub gram: Vec<f64>,
    /// Σ ln f.
    pub log_f: f64,
    /// Values that were counted.
    pub count: usize,
}

/// Below this the covariance has settled.
const SETTLED: f64 = 1e-13;

/// The sums of up to eight models of one order over differenced columns of one length.
pub fn sums(order: &Order, models: &[&[f64]], columns: &[Vec<f64>], exact: bool) -> Vec<Sums> {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has just said that it knows these instructions.
        return unsafe { sums_avx2(order, models, columns, exact) };
    }
    sums_plain(order, models, columns, exact)
}

/// The same arithmetic in wider registers: no fused operations, so the bits are the same. Measured on
/// 80 automatic fits to daily series: 28 % less time.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn sums_avx2(order: &Order, models: &[&[f64]], columns: &[Vec<f64>], exact: bool) -> Vec<Sums> {
    sums_plain(order, models, columns, exact)
}

#[inline(always)]
fn sums_plain(order: &Order, models: &[&[f64]], columns: &[Vec<f64>], exact: bool) -> Vec<Sums> {
    let poly = Polynomials::new(order, models);
    let mut run = Run::new(&poly, columns);
    if exact {
        run.transient();
    } else {
        run.from = order.ar_reach().min(run.len);
        run.count -= run.from;
    }
    run.settled();
    let lane = |lane: usize| Sums {
        gram: run.gram.iter().map(|sum| sum.0[lane]).collect(),
        log_f: run.log_f.0[lane],
        count: run.count,
    };
    (0..models.len().min(WIDTH)).map(lane).collect()
}

struct Run<'a> {
    poly: &'a Polynomials,
    columns: &'a [Vec<f64>],
    len: usize,
    /// The first step that [`Run::settled`] takes.
    from: usize,
    count: usize,
    /// Innovations, column after column.
    v: Vec<Lanes>,
    /// States of the columns at `from`, one after the other; empty in the conditional form.
    states: Vec<Lanes>,
    gram: Vec<Lanes>,
    log_f: Lanes,
}

impl<'a> Run<'a> {
    #[inline(always)]
    fn new(poly: &'a Polynomials, columns: &'a [Vec<f64>]) -> Run<'a> {
        let len = columns[0].len();
        Run {
            poly,
            columns,
            len,
            from: 0,
            count: len,
            v: vec![Lanes::ZERO; len * columns.len()],
            states: Vec::new(),
            gram: vec![Lanes::ZERO; columns.len() * columns.len()],
            log_f: Lanes::ZERO,
        }
    }

    /// From the stationary start until the covariance has settled.
    #[inline(always)]
    fn transient(&mut self) {
        let (r, k) = (self.poly.phi.len(), self.columns.len());
        let phi = &self.poly.phi[..r];
        let column = first_column(self.poly);
        let mut f = column[0];
        let after = |i: usize| column.get(i + 1).copied().unwrap_or(Lanes::ZERO);
        let mut b: Vec<Lanes> = (0..r).map(|i| phi[i] * f + after(i)).collect();
        let mut u = b.clone();
        let mut inverse = Lanes::ONE / f;
        let mut m = -inverse;
        let mut states = vec![Lanes::ZERO; r * k];
        let mut product = Lanes::ONE;
        for t in 0..self.len {
            for (c, state) in states.chunks_exact_mut(r).enumerate() {
                let first = state[0];
                let v = Lanes::splat(self.columns[c][t]) - first;
                self.v[c * self.len + t] = v;
                let weight = v * inverse;
                for i in 0..r - 1 {
                    state[i] = state[i + 1] + phi[i] * first + b[i] * weight;
                }
                state[r - 1] = phi[r - 1] * first + b[r - 1] * weight;
            }
            self.add(t, inverse);
            product = product * f;
            if t % 8 == 7 {
                self.log_f += product.ln();
                product = Lanes::ONE;
                if u.iter().fold(Lanes::ZERO, |s, &u| s + u * u * m).peak() < SETTLED {
                    self.from = t + 1;
                    break;
                }
            }
            let first = u[0];
            let g = m * first;
            let next = f + first * g;
            m = m * next * inverse;
            inverse = Lanes::ONE / next;
            f = next;
            let share = first * inverse;
            for i in 0..r {
                let moved = if i + 1 < r { u[i + 1] } else { Lanes::ZERO } + phi[i] * first;
                b[i] += moved * g;
                u[i] = moved - b[i] * share;
            }
            self.from = t + 1;
        }
        self.log_f += product.ln();
        self.states = states;
    }

    /// The ARMA recursion from `from` on.
    #[inline(always)]
    fn settled(&mut self) {
        let (poly, len, from) = (self.poly, self.len, self.from);
        if from >= len {
            return;
        }
        let r = poly.phi.len();
        let longest = |lags: &[usize]| lags.last().copied().unwrap_or(0);
        let reach = longest(&poly.phi_lags).max(longest(&poly.theta_lags));
        let pairs = |lags: &[usize], of: &dyn Fn(usize) -> Lanes| -> Vec<(usize, Lanes)> {
            lags.iter().map(|&lag| (lag, of(lag))).collect()
        };
        let phi = pairs(&poly.phi_lags, &|lag| poly.phi[lag - 1]);
        let theta = pairs(&poly.theta_lags, &|lag| poly.theta[lag]);
        for (c, y) in self.columns.iter().enumerate() {
            let v = &mut self.v[c * len..(c + 1) * len];
            let early = |v: &[Lanes], t: usize, end: usize| {
                let mut sum = Lanes::ZERO;
                for &(lag, weight) in phi.iter().filter(|(lag, _)| *lag <= t && t - lag < end) {
                    sum += weight * y[t - lag];
                }
                for &(lag, weight) in theta.iter().filter(|(lag, _)| *lag <= t && t - lag < end) {
                    sum += weight * v[t - lag];
                }
                sum
            };
            // What the exact state knows and the recursion's own lags before `from` do not.
            let state = self.states.get(c * r..(c + 1) * r).unwrap_or(&[]);
            let extra: Vec<Lanes> =
                state.iter().enumerate().map(|(k, &a)| a - early(v, from + k, from)).collect();
            let soon = (from + r.max(reach)).min(len);
            for t in from..soon {
                let known = extra.get(t - from).copied().unwrap_or(Lanes::ZERO);
                v[t] = Lanes::splat(y[t]) - known - early(v, t, t);
            }
            for t in soon..len {
                let mut sum = Lanes::splat(y[t]);
                for &(lag, weight) in &phi {
                    sum -= weight * y[t - lag];
                }
                for &(lag, weight) in &theta {
                    sum -= weight * v[t - lag];
                }
                v[t] = sum;
            }
        }
        for t in from..len {
            self.add(t, Lanes::ONE);
        }
    }

    #[inline(always)]
    fn add(&mut self, t: usize, inverse: Lanes) {
        let k = self.columns.len();
        for i in 0..k {
            let scaled = self.v[i * self.len + t] * inverse;
            for j in 0..=i {
                let sum = scaled * self.v[j * self.len + t];
                self.gram[i * k + j] += sum;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(order: &Order, model: &[f64], w: &[f64], exact: bool) -> Sums {
        sums(order, &[model], &[w.to_vec()], exact).remove(0)
    }

    /// AR(1): the first value has variance 1/(1 − φ²), every other error is w[t] − φ·w[t−1].
    #[test]
    fn ar_one_by_formula() {
        let w: Vec<f64> = (0..40).map(|t| ((t * t) as f64).sin()).collect();
        let phi: f64 = 0.7;
        let sums = one(&Order::new([1, 0, 0], [0, 0, 0], 1), &[phi], &w, true);
        let rest: f64 = w.windows(2).map(|pair| (pair[1] - phi * pair[0]).powi(2)).sum();
        let first = w[0] * w[0] * (1.0 - phi * phi);
        assert!((sums.gram[0] - first - rest).abs() < 1e-12);
        assert!((sums.log_f + (1.0 - phi * phi).ln()).abs() < 1e-12);
    }

    /// MA(1): f[1] = 1 + θ², f[t+1] = 1 + θ² − θ²/f[t], prediction θ·v/f; steady only at infinity.
    #[test]
    fn ma_one_by_formula() {
        let w: Vec<f64> = (0..300).map(|t| ((t * t) as f64).cos()).collect();
        let theta: f64 = -0.9;
        let (mut f, mut ahead, mut squares, mut log_f) = (1.0 + theta * theta, 0.0, 0.0, 0.0);
        for value in &w {
            let v = value - ahead;
            squares += v * v / f;
            log_f += f64::ln(f);
            ahead = theta * v / f;
            f = 1.0 + theta * theta - theta * theta / f;
        }
        let sums = one(&Order::new([0, 0, 1], [0, 0, 0], 1), &[theta], &w, true);
        assert!((sums.gram[0] / squares - 1.0).abs() < 1e-12);
        assert!((sums.log_f - log_f).abs() < 1e-10);
    }

    /// Conditional AR(1) leaves the first value out.
    #[test]
    fn conditional_by_hand() {
        let order = Order::new([1, 0, 0], [0, 0, 0], 1);
        let sums = one(&order, &[0.5], &[2.0, 3.0, 1.0], false);
        assert_eq!((sums.gram[0], sums.count, sums.log_f), (4.0 + 0.25, 2, 0.0));
    }

    /// The lanes do not disturb each other.
    #[test]
    fn lanes_are_independent() {
        let order = Order::new([1, 0, 1], [0, 0, 1], 4);
        let w: Vec<f64> = (0..60).map(|t| ((t * t) as f64).sin()).collect();
        let models = [[0.5, 0.2, 0.3], [-0.4, 0.1, -0.6]];
        let columns = [w.clone()];
        let both = sums(&order, &[&models[0], &models[1]], &columns, true);
        for (sums, model) in both.iter().zip(&models) {
            let alone = one(&order, model, &w, true);
            assert!((sums.gram[0] / alone.gram[0] - 1.0).abs() < 1e-12);
        }
    }
}
