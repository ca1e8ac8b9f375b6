//! Technical indicators, bar by bar: each is a state that has seen the bars pushed and no other.
//!
//! ```text
//! smoothed[n] = mean of the first n      smoothed[t] = smoothed[t−1] + α·(x[t] − smoothed[t−1])
//! exponential α = 2/(n + 1)              Wilder's α = 1/n
//! ```
//!
//! Until it has seen enough bars an indicator reads NaN. Wilder, New Concepts in Technical Trading
//! Systems, 1978.

mod bars;
mod price;

use std::collections::VecDeque;

pub use bars::{Adx, Atr, Cci, Mfi, Obv, Stochastic, Williams};
pub use price::{Bollinger, Ema, Macd, Momentum, Roc, Rsi, Sma, Wma};

/// One bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    /// The highest price.
    pub high: f64,
    /// The lowest price.
    pub low: f64,
    /// The last price.
    pub close: f64,
    /// What was traded.
    pub volume: f64,
}

/// An indicator that moves on bar by bar.
pub trait Indicator: Send {
    /// Moves on by one bar.
    fn push(&mut self, bar: Bar);

    /// Its values after the bars so far, behind those in `out`; always as many.
    fn read(&self, out: &mut Vec<f64>);
}

/// The newest values, at most so many.
struct Window {
    values: VecDeque<f64>,
    size: usize,
}

impl Window {
    fn new(size: usize) -> Window {
        Window { values: VecDeque::with_capacity(size), size }
    }

    fn push(&mut self, value: f64) {
        if self.values.len() == self.size {
            self.values.pop_front();
        }
        self.values.push_back(value);
    }

    /// What `of` makes of a full window; NaN before.
    fn read(&self, of: impl Fn(&VecDeque<f64>) -> f64) -> f64 {
        if self.values.len() == self.size { of(&self.values) } else { f64::NAN }
    }

    fn mean(&self) -> f64 {
        self.read(|values| values.iter().sum::<f64>() / values.len() as f64)
    }

    fn low(&self) -> f64 {
        self.read(|values| values.iter().copied().fold(f64::INFINITY, f64::min))
    }

    fn high(&self) -> f64 {
        self.read(|values| values.iter().copied().fold(f64::NEG_INFINITY, f64::max))
    }
}

/// An exponential mean whose first value is the mean of the first `size`.
struct Smooth {
    size: usize,
    share: f64,
    count: usize,
    value: f64,
}

impl Smooth {
    fn exponential(size: usize) -> Smooth {
        Smooth { size, share: 2.0 / (size as f64 + 1.0), count: 0, value: 0.0 }
    }

    fn wilder(size: usize) -> Smooth {
        Smooth { size, share: 1.0 / size as f64, count: 0, value: 0.0 }
    }

    fn push(&mut self, value: f64) {
        self.count += 1;
        let share = if self.count <= self.size { 1.0 / self.count as f64 } else { self.share };
        self.value += share * (value - self.value);
    }

    fn read(&self) -> f64 {
        if self.count < self.size { f64::NAN } else { self.value }
    }
}

/// `of / whole`, and `calm` where there is no whole to speak of.
fn share(of: f64, whole: f64, calm: f64) -> f64 {
    if whole == 0.0 { calm } else { of / whole }
}
