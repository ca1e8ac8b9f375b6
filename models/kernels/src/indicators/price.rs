//! Indicators of the last price alone.

use super::{Bar, Indicator, Smooth, Window, share};

/// The mean of the last prices.
pub struct Sma(Window);

/// The mean of the last prices, weighted 1 for the oldest to n for the newest.
pub struct Wma(Window);

/// The exponential mean of prices.
pub struct Ema(Smooth);

/// Relative strength, 0 to 100: what part of all moves, smoothed, was upwards; 50 without a move.
pub struct Rsi {
    last: Option<f64>,
    gain: Smooth,
    loss: Smooth,
}

/// Where the price lies in the band `width` standard deviations around its mean, 0 at the lower and
/// 1 at the upper edge (½ where the band has no width), and the band's width against the mean.
pub struct Bollinger {
    window: Window,
    width: f64,
}

/// Fast less slow exponential mean, its own exponential mean, and the difference of both.
pub struct Macd {
    fast: Smooth,
    slow: Smooth,
    signal: Smooth,
    wait: usize,
}

/// The price less that of some bars before.
pub struct Momentum(Window);

/// The change since some bars before, in percent.
pub struct Roc(Window);

impl Sma {
    /// Of `size` bars.
    pub fn new(size: usize) -> Sma {
        Sma(Window::new(size))
    }
}

impl Wma {
    /// Of `size` bars.
    pub fn new(size: usize) -> Wma {
        Wma(Window::new(size))
    }
}

impl Ema {
    /// Of `size` bars: α = 2/(size + 1).
    pub fn new(size: usize) -> Ema {
        Ema(Smooth::exponential(size))
    }
}

impl Rsi {
    /// Smoothed over `size` bars.
    pub fn new(size: usize) -> Rsi {
        Rsi { last: None, gain: Smooth::wilder(size), loss: Smooth::wilder(size) }
    }
}

impl Bollinger {
    /// A band `width` standard deviations around the mean of `size` bars.
    pub fn new(size: usize, width: f64) -> Bollinger {
        Bollinger { window: Window::new(size), width }
    }
}

impl Macd {
    /// From the means of `fast` and of `slow` bars, and the mean of `signal` of their differences.
    pub fn new(fast: usize, slow: usize, signal: usize) -> Macd {
        Macd {
            fast: Smooth::exponential(fast),
            slow: Smooth::exponential(slow),
            signal: Smooth::exponential(signal),
            wait: slow.saturating_sub(fast),
        }
    }
}

impl Momentum {
    /// Over `size` bars.
    pub fn new(size: usize) -> Momentum {
        Momentum(Window::new(size + 1))
    }
}

impl Roc {
    /// Over `size` bars.
    pub fn new(size: usize) -> Roc {
        Roc(Window::new(size + 1))
    }
}

impl Indicator for Sma {
    fn push(&mut self, bar: Bar) {
        self.0.push(bar.close);
    }

    fn read(&self, out: &mut Vec<f64>) {
        out.push(self.0.mean());
    }
}

impl Indicator for Wma {
    fn push(&mut self, bar: Bar) {
        self.0.push(bar.close);
    }

    fn read(&self, out: &mut Vec<f64>) {
        let size = self.0.size as f64;
        out.push(self.0.read(|values| {
            let weighted = values.iter().zip(1..).map(|(value, weight)| value * f64::from(weight));
            weighted.sum::<f64>() / (size * (size + 1.0) / 2.0)
        }));
    }
}

impl Indicator for Ema {
    fn push(&mut self, bar: Bar) {
        self.0.push(bar.close);
    }

    fn read(&self, out: &mut Vec<f64>) {
        out.push(self.0.read());
    }
}

impl Indicator for Rsi {
    fn push(&mut self, bar: Bar) {
        if let Some(last) = self.last.replace(bar.close) {
            self.gain.push((bar.close - last).max(0.0));
            self.loss.push((last - bar.close).max(0.0));
        }
    }

    fn read(&self, out: &mut Vec<f64>) {
        let (gain, loss) = (self.gain.read(), self.loss.read());
        out.push(100.0 * share(gain, gain + loss, 0.5));
    }
}

impl Indicator for Bollinger {
    fn push(&mut self, bar: Bar) {
        self.window.push(bar.close);
    }

    fn read(&self, out: &mut Vec<f64>) {
        let mean = self.window.mean();
        let variance = |v: f64| (v - mean).powi(2) / self.window.size as f64;
        let std = self.window.read(|values| values.iter().map(|&v| variance(v)).sum()).sqrt();
        let band = 2.0 * self.width * std;
        let last = self.window.values.back().copied().unwrap_or(f64::NAN);
        out.push(0.5 + share(last - mean, band, 0.0));
        out.push(if band == 0.0 { 0.0 } else { share(band, mean, f64::NAN) });
    }
}

impl Indicator for Macd {
    // The fast mean starts late, so that both have seen the same bars when the first difference is taken.
    fn push(&mut self, bar: Bar) {
        self.slow.push(bar.close);
        match self.wait.checked_sub(1) {
            Some(wait) => self.wait = wait,
            None => self.fast.push(bar.close),
        }
        let apart = self.fast.read() - self.slow.read();
        if !apart.is_nan() {
            self.signal.push(apart);
        }
    }

    fn read(&self, out: &mut Vec<f64>) {
        let (apart, signal) = (self.fast.read() - self.slow.read(), self.signal.read());
        out.extend([apart, signal, apart - signal]);
    }
}

impl Indicator for Momentum {
    fn push(&mut self, bar: Bar) {
        self.0.push(bar.close);
    }

    fn read(&self, out: &mut Vec<f64>) {
        out.push(self.0.read(|values| values[values.len() - 1] - values[0]));
    }
}

impl Indicator for Roc {
    fn push(&mut self, bar: Bar) {
        self.0.push(bar.close);
    }

    fn read(&self, out: &mut Vec<f64>) {
        out.push(self.0.read(|values| {
            let change = values[values.len() - 1] - values[0];
            if change == 0.0 { 0.0 } else { 100.0 * share(change, values[0], f64::NAN) }
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(mut indicator: impl Indicator, closes: &[f64]) -> Vec<f64> {
        for &close in closes {
            indicator.push(Bar { high: close, low: close, close, volume: 1.0 });
        }
        let mut out = Vec::new();
        indicator.read(&mut out);
        out
    }

    /// 1 2 6: mean 3, weighted (1 + 4 + 18)/6; the exponential mean of two starts at 1½ and moves ⅔ on.
    #[test]
    fn means_by_hand() {
        let closes = [1.0, 2.0, 6.0];
        assert_eq!(after(Sma::new(3), &closes), [3.0]);
        assert_eq!(after(Wma::new(3), &closes), [23.0 / 6.0]);
        assert_eq!(after(Ema::new(2), &closes), [1.5 + 4.5 * 2.0 / 3.0]);
        assert!(after(Sma::new(4), &closes)[0].is_nan());
    }

    /// Changes +1 and −3: gain ½, loss 3/2, a quarter of all moves; without moves 50, only up 100.
    #[test]
    fn strength_by_hand() {
        assert_eq!(after(Rsi::new(2), &[1.0, 2.0, -1.0]), [25.0]);
        assert_eq!(after(Rsi::new(2), &[4.0; 3]), [50.0]);
        assert_eq!(after(Rsi::new(2), &[1.0, 2.0, 3.0]), [100.0]);
    }

    /// 2 4: mean 3, deviation 1, band 1 to 5: the price is at ¾ of it, the band 4/3 of the mean.
    #[test]
    fn band_by_hand() {
        assert_eq!(after(Bollinger::new(2, 2.0), &[2.0, 4.0]), [0.75, 4.0 / 3.0]);
        assert_eq!(after(Bollinger::new(2, 2.0), &[0.0, 0.0]), [0.5, 0.0]);
    }

    /// From 4 to 5 in two bars: 1, which is 25 %.
    #[test]
    fn changes_by_hand() {
        assert_eq!(after(Momentum::new(2), &[4.0, 9.0, 5.0]), [1.0]);
        assert_eq!(after(Roc::new(2), &[4.0, 9.0, 5.0]), [25.0]);
    }
}
