//! The Kalman filter of an ARIMA process at its level: missing values exact, O(new) to move on.
//!
//! ```text
//! state    α (r entries: entry i is what the past says about i steps ahead of the differences)
//!          and the last s = d + m·D values, newest first
//! value    y[t] = α[0] + Σ δ[j]·y[t−j]
//! move     α[i] ← φ[i+1]·α[0] + α[i+1] + θ[i]·ε      values shift by one
//! ```
//!
//! The transition is never a matrix: it shifts and adds. While no value among the last s is
//! missing their covariance is zero and only the r × r block is touched; once that has settled
//! nothing is. The first s values are taken as given; one of them that is missing starts with
//! a variance of 10⁶ innovations, and the value that finds it is left out of the likelihood.
//! Harvey, Forecasting, Structural Time Series Models and the Kalman Filter, §3.4.

use serde::{Deserialize, Serialize};

use super::autocov::first_column;
use super::likelihood::Sums;
use super::poly::{Order, Polynomials};
use crate::MOST;

/// Variance, in innovations, of a missing value among the first ones.
const UNKNOWN: f64 = 1e6;
/// A value with at least this variance was found, not predicted.
const FOUND: f64 = 1e4;
/// Below this the covariance has settled.
const SETTLED: f64 = 1e-13;

/// A filter over several columns that share its gains; column 0 is the series.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Kalman {
    phi: Vec<f64>,
    theta: Vec<f64>,
    delta: Vec<(usize, f64)>,
    /// r and s.
    size: (usize, usize),
    states: Vec<Vec<f64>>,
    /// (r + s)², in innovations.
    cov: Vec<f64>,
    /// Covariance of the value to come with the state, before it is seen.
    with_value: Vec<f64>,
    /// Values seen without a gap, up to now.
    seen: usize,
    /// Values moved over.
    age: usize,
    settled: bool,
    /// Missing ones among the first values that nothing has found yet.
    unknown: usize,
}

crate::checked!(Kalman, |filter| {
    let (r, s) = filter.size;
    let n = r.saturating_add(s);
    let lags = |(lag, _): &(usize, f64)| 1 <= *lag && *lag <= s;
    r >= 1
        && [&filter.phi, &filter.theta].iter().all(|weights| weights.len() == r)
        && filter.delta.iter().all(lags)
        && filter.states.iter().all(|state| state.len() == n)
        && n.checked_mul(n) == Some(filter.cov.len())
        && filter.with_value.len() == n
        && [filter.seen, filter.age].iter().all(|&count| count < MOST)
});

impl Kalman {
    /// A filter that has been given the first `order.lost()` rows of each column.
    pub fn new(order: &Order, coefficients: &[f64], heads: &[&[f64]]) -> Kalman {
        let poly = Polynomials::new(order, &[coefficients]);
        let first: Vec<f64> = first_column(&poly).iter().map(|lane| lane.0[0]).collect();
        let real = |lanes: &[crate::lanes::Lanes]| lanes.iter().map(|lane| lane.0[0]).collect();
        let (r, s) = (order.states(), order.lost());
        let mut filter = Kalman {
            phi: real(&poly.phi),
            theta: real(&poly.theta),
            delta: order.differences(),
            size: (r, s),
            states: Vec::new(),
            cov: vec![0.0; (r + s) * (r + s)],
            with_value: vec![0.0; r + s],
            seen: s,
            age: 0,
            settled: false,
            unknown: 0,
        };
        filter.stationary(&first);
        filter.take_heads(heads);
        filter
    }

    /// Whether it filters one column of a process of this order.
    pub fn is_of(&self, order: &Order) -> bool {
        self.size == (order.states(), order.lost()) && self.states.len() == 1
    }

    /// The α block from its first column: the fixed point of the transition, last entries first.
    fn stationary(&mut self, first: &[f64]) {
        let (r, n) = (self.size.0, self.size.0 + self.size.1);
        let at = |i: usize| first.get(i).copied().unwrap_or(0.0);
        for i in (0..r).rev() {
            for j in (0..r).rev() {
                let inner =
                    if i + 1 < r && j + 1 < r { self.cov[(i + 1) * n + j + 1] } else { 0.0 };
                let (pi, pj) = (self.phi[i], self.phi[j]);
                self.cov[i * n + j] = pi * pj * first[0]
                    + pi * at(j + 1)
                    + pj * at(i + 1)
                    + inner
                    + self.theta[i] * self.theta[j];
            }
        }
    }

    fn take_heads(&mut self, heads: &[&[f64]]) {
        let (r, s) = self.size;
        let n = r + s;
        let known = |row: usize| heads.iter().all(|head| !head[row].is_nan());
        let rows: Vec<usize> = (0..s).filter(|&row| known(row)).collect();
        for head in heads {
            let mean = rows.iter().map(|&row| head[row]).sum::<f64>() / rows.len().max(1) as f64;
            let mut state = vec![0.0; n];
            for row in 0..s {
                state[r + s - 1 - row] = if known(row) { head[row] } else { mean };
            }
            self.states.push(state);
        }
        for row in (0..s).filter(|&row| !known(row)) {
            let place = r + s - 1 - row;
            self.cov[place * n + place] = UNKNOWN;
            self.unknown += 1;
            self.seen = s - 1 - row;
        }
    }

    /// Entries of the state whose covariance is not all zero.
    fn active(&self) -> usize {
        if self.seen >= self.size.1 { self.size.0 } else { self.size.0 + self.size.1 }
    }

    /// The part of the value to come that a state knows.
    fn expected(&self, state: &[f64]) -> f64 {
        self.delta.iter().fold(state[0], |sum, (lag, d)| sum + d * state[self.size.0 + lag - 1])
    }

    /// Moves over one row of values; NaN in any of them makes the row missing. Writes the
    /// innovations and gives their variance, unless the row is missing.
    pub fn step(&mut self, row: &[f64], innovations: &mut [f64]) -> Option<f64> {
        let observed = row.iter().all(|value| !value.is_nan());
        let variance = self.weigh();
        for c in 0..self.states.len() {
            let mut state = std::mem::take(&mut self.states[c]);
            let expected = self.expected(&state);
            let mut value = expected;
            if observed {
                let v = row[c] - expected;
                innovations[c] = v;
                value = row[c];
                let active = self.active();
                for (x, gain) in state.iter_mut().zip(&self.with_value[..active]) {
                    *x += gain * v / variance;
                }
            }
            self.shift(&mut state, value);
            self.states[c] = state;
        }
        if observed {
            self.learn(variance);
        }
        self.spread(observed, variance);
        self.seen = if observed { self.seen + 1 } else { 0 };
        self.age += 1;
        if observed && self.age.is_multiple_of(8) && !self.settled {
            self.settle();
        }
        observed.then_some(variance)
    }

    /// Fills `with_value` and gives the variance of the value to come.
    fn weigh(&mut self) -> f64 {
        let (r, n, active) = (self.size.0, self.size.0 + self.size.1, self.active());
        for i in 0..active {
            self.with_value[i] = self.cov[i * n];
        }
        if active > r {
            for &(lag, d) in &self.delta {
                for i in 0..active {
                    self.with_value[i] += d * self.cov[i * n + r + lag - 1];
                }
            }
            return self
                .delta
                .iter()
                .fold(self.with_value[0], |sum, (lag, d)| sum + d * self.with_value[r + lag - 1]);
        }
        self.with_value[0]
    }

    fn shift(&self, state: &mut [f64], value: f64) {
        let (r, s) = self.size;
        let first = state[0];
        for i in 0..r - 1 {
            state[i] = self.phi[i] * first + state[i + 1];
        }
        state[r - 1] = self.phi[r - 1] * first;
        if s > 0 {
            state.copy_within(r..r + s - 1, r + 1);
            state[r] = value;
        }
    }

    /// The covariance after the value has been seen.
    fn learn(&mut self, variance: f64) {
        let (n, active) = (self.size.0 + self.size.1, self.active());
        if self.settled {
            return;
        }
        for i in 0..active {
            let gain = self.with_value[i] / variance;
            let row = &mut self.cov[i * n..i * n + active];
            for (c, w) in row.iter_mut().zip(&self.with_value[..active]) {
                *c -= gain * w;
            }
        }
        if active == n {
            // Exactly: the value just seen is known.
            self.with_value.fill(0.0);
        }
    }

    /// The covariance one step on.
    fn spread(&mut self, observed: bool, variance: f64) {
        if self.settled && observed {
            return;
        }
        self.settled = false;
        let ((r, s), active) = (self.size, self.active());
        let n = r + s;
        let top: Vec<f64> = self.cov[..n].to_vec();
        let lags = s > 0 && (active > r || !observed);
        for i in 0..r {
            let phi = self.phi[i];
            let (before, below) = self.cov.split_at_mut((i + 1) * n);
            let (row, edge) = (&mut before[i * n..], if i + 1 < r { top[i + 1] } else { 0.0 });
            for j in 0..r {
                let inner = if i + 1 < r && j + 1 < r { below[j + 1] } else { 0.0 };
                let right = if j + 1 < r { top[j + 1] } else { 0.0 };
                row[j] = phi * (self.phi[j] * top[0] + right)
                    + self.phi[j] * edge
                    + inner
                    + self.theta[i] * self.theta[j];
            }
            if lags {
                for j in (r + 1..n).rev() {
                    row[j] = phi * top[j - 1] + if i + 1 < r { below[j - 1] } else { 0.0 };
                }
                let next = self.with_value.get(i + 1).filter(|_| i + 1 < r).copied().unwrap_or(0.0);
                row[r] = if observed { 0.0 } else { phi * self.with_value[0] + next };
            }
        }
        if lags {
            self.spread_lags(observed, variance);
        }
    }

    fn spread_lags(&mut self, observed: bool, variance: f64) {
        let (r, s) = self.size;
        let n = r + s;
        for i in (r + 1..n).rev() {
            for j in (r + 1..n).rev() {
                self.cov[i * n + j] = self.cov[(i - 1) * n + j - 1];
            }
        }
        for j in r + 1..n {
            let with = if observed { 0.0 } else { self.with_value[j - 1] };
            self.cov[r * n + j] = with;
            self.cov[j * n + r] = with;
        }
        self.cov[r * n + r] = if observed { 0.0 } else { variance };
        for i in 0..r {
            for j in r..n {
                self.cov[j * n + i] = self.cov[i * n + j];
            }
        }
    }

    /// Checks whether the covariance is that of one innovation, and makes it so.
    fn settle(&mut self) {
        let (r, n) = (self.size.0, self.size.0 + self.size.1);
        if self.active() > r {
            return;
        }
        let at = |i: usize, j: usize| self.theta[i] * self.theta[j];
        let near = |i: usize| (0..r).all(|j| (self.cov[i * n + j] - at(i, j)).abs() < SETTLED);
        if (0..r).all(near) {
            for i in 0..r {
                for j in 0..r {
                    self.cov[i * n + j] = self.theta[i] * self.theta[j];
                }
            }
            self.settled = true;
        }
    }

    /// Means of the next steps, column after column, and their variances in innovations.
    pub fn ahead(&self, steps: usize) -> (Vec<Vec<f64>>, Vec<f64>) {
        let mean = |state: &Vec<f64>| {
            let mut state = state.clone();
            let move_on = |_| {
                let value = self.expected(&state);
                self.shift(&mut state, value);
                value
            };
            (0..steps).map(move_on).collect()
        };
        (self.states.iter().map(mean).collect(), self.variances(steps))
    }

    /// Var[h] = g·P·gᵀ + Σ ψ² of the innovations in between, g the row that reads h steps ahead.
    fn variances(&self, steps: usize) -> Vec<f64> {
        let (r, s) = self.size;
        let (n, active) = (r + s, self.active());
        let mut g = vec![0.0; n];
        g[0] = 1.0;
        self.delta.iter().for_each(|(lag, d)| g[r + lag - 1] = *d);
        let mut noise = 0.0;
        let mut out = Vec::with_capacity(steps);
        for _ in 0..steps {
            let row = |i: usize| {
                let cov = &self.cov[i * n..i * n + active];
                g[i] * cov.iter().zip(&g).map(|(c, g)| c * g).sum::<f64>()
            };
            out.push((0..active).map(row).sum::<f64>() + noise);
            noise += g.iter().zip(&self.theta).map(|(g, theta)| g * theta).sum::<f64>().powi(2);
            let value = if s > 0 { g[r] } else { 0.0 };
            let first = value + g.iter().zip(&self.phi).map(|(g, phi)| g * phi).sum::<f64>();
            g.copy_within(..r - 1, 1);
            g[0] = first;
            if s > 0 {
                g.copy_within(r + 1.., r);
                g[n - 1] = 0.0;
                self.delta.iter().for_each(|(lag, d)| g[r + lag - 1] += value * d);
            }
        }
        out
    }
}

/// The sums of a likelihood over columns at their level, holes and all.
pub fn sums(order: &Order, coefficients: &[f64], columns: &[Vec<f64>]) -> Sums {
    let (lost, k) = (order.lost(), columns.len());
    let heads: Vec<&[f64]> = columns.iter().map(|column| &column[..lost]).collect();
    let mut filter = Kalman::new(order, coefficients, &heads);
    let mut sums = Sums { gram: vec![0.0; k * k], log_f: 0.0, count: 0 };
    let (mut row, mut v) = (vec![0.0; k], vec![0.0; k]);
    for t in lost..columns[0].len() {
        row.iter_mut().zip(columns).for_each(|(value, column)| *value = column[t]);
        let Some(variance) = filter.step(&row, &mut v) else { continue };
        if filter.unknown > 0 && variance > FOUND {
            filter.unknown -= 1;
            continue;
        }
        sums.log_f += variance.ln();
        sums.count += 1;
        for i in 0..k {
            for j in 0..=i {
                sums.gram[i * k + j] += v[i] * v[j] / variance;
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arima::likelihood;

    fn wave(len: usize) -> Vec<f64> {
        (0..len).map(|t| ((t * t) as f64).sin() + 0.1 * t as f64).collect()
    }

    /// A random walk's variance grows by one innovation a step, a missing last value included.
    #[test]
    fn random_walk_by_hand() {
        let order = Order::new([0, 1, 0], [0, 0, 0], 1);
        let mut filter = Kalman::new(&order, &[], &[&[5.0]]);
        assert_eq!(filter.ahead(3), (vec![vec![5.0; 3]], vec![1.0, 2.0, 3.0]));
        assert_eq!(filter.step(&[f64::NAN], &mut [0.0]), None);
        assert_eq!(filter.ahead(2).1, [2.0, 3.0]);
        assert_eq!(filter.step(&[7.0], &mut [0.0]), Some(2.0));
        assert_eq!(filter.ahead(1), (vec![vec![7.0]], vec![1.0]));
    }

    /// AR(1) over a hole of one: the next value has mean φ²·y and variance 1 + φ².
    #[test]
    fn ar_one_over_a_hole() {
        let order = Order::new([1, 0, 0], [0, 0, 0], 1);
        let mut filter = Kalman::new(&order, &[0.5], &[&[]]);
        filter.step(&[8.0], &mut [0.0]);
        filter.step(&[f64::NAN], &mut [0.0]);
        let mut v = [0.0];
        assert_eq!(filter.step(&[3.0], &mut v), Some(1.25));
        assert_eq!(v, [1.0]);
    }

    /// Without holes the filter at the level and the fast recursions over differences agree.
    #[test]
    fn agrees_with_the_fast_recursions() {
        let y = wave(90);
        for (order, model) in [
            (Order::new([2, 1, 1], [1, 1, 1], 7), vec![0.4, 0.2, 0.5, 0.3, -0.6]),
            (Order::new([0, 0, 2], [0, 0, 1], 4), vec![0.7, 0.4, 0.9]),
            (Order::new([1, 0, 0], [2, 0, 0], 12), vec![0.9, 0.3, 0.4]),
        ] {
            let w = order.difference(&y);
            let fast = likelihood::sums(&order, &[&model], &[w], true).remove(0);
            let slow = sums(&order, &model, std::slice::from_ref(&y));
            assert!((fast.gram[0] / slow.gram[0] - 1.0).abs() < 1e-9, "{order:?}");
            assert!((fast.log_f - slow.log_f).abs() < 1e-9, "{order:?}");
        }
    }

    /// A seasonal walk whose first season has a hole: the value one season later finds it, and
    /// everything after is as if the series had started there.
    #[test]
    fn a_hole_in_the_first_season_is_found() {
        let order = Order::new([0, 0, 0], [0, 1, 0], 3);
        let sums = sums(&order, &[], &[vec![1.0, f64::NAN, 2.0, 4.0, 5.0, 2.0, 4.0, 6.0]]);
        assert_eq!(sums.count, 4);
        assert!((sums.gram[0] - 10.0).abs() < 1e-4, "{sums:?}");
    }
}
