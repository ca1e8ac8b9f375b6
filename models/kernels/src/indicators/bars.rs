//! Indicators of whole bars: high, low, last price and volume.

use super::{Bar, Indicator, Smooth, Window, share};

/// The typical price's distance from its mean, in 0.015 mean absolute deviations; 0 without any.
pub struct Cci(Window);

/// The smoothed true range: the bar's range, reaching back to the last close.
pub struct Atr {
    last: Option<f64>,
    range: Smooth,
}

/// Where the price lies in the range of the last bars, in percent, and the mean of that; 50 without
/// a range.
pub struct Stochastic {
    highs: Window,
    lows: Window,
    places: Window,
}

/// The same place, from −100 at the low to 0 at the high.
pub struct Williams(Stochastic);

/// Volume of bars that rose less volume of bars that fell, from the first bar on.
pub struct Obv {
    last: Option<f64>,
    volume: f64,
}

/// What part of the money of the last bars, in percent, moved at rising typical prices; 50 without any.
pub struct Mfi {
    last: Option<f64>,
    up: Window,
    down: Window,
}

/// The strength of a trend, 0 to 100, and the two directed strengths that it compares.
pub struct Adx {
    last: Option<Bar>,
    range: Total,
    up: Total,
    down: Total,
    apart: Smooth,
}

/// Wilder's sum, which forgets one part in `size` at every step once it has seen `size − 1`.
struct Total {
    size: usize,
    count: usize,
    sum: f64,
}

impl Total {
    fn new(size: usize) -> Total {
        Total { size, count: 0, sum: 0.0 }
    }

    fn push(&mut self, value: f64) {
        self.count += 1;
        let forgotten = if self.count < self.size { 0.0 } else { self.sum / self.size as f64 };
        self.sum += value - forgotten;
    }
}

fn typical(bar: Bar) -> f64 {
    (bar.high + bar.low + bar.close) / 3.0
}

fn true_range(bar: Bar, last: f64) -> f64 {
    (bar.high - bar.low).max((bar.high - last).abs()).max((bar.low - last).abs())
}

impl Cci {
    /// Of `size` bars.
    pub fn new(size: usize) -> Cci {
        Cci(Window::new(size))
    }
}

impl Atr {
    /// Smoothed over `size` bars.
    pub fn new(size: usize) -> Atr {
        Atr { last: None, range: Smooth::wilder(size) }
    }
}

impl Stochastic {
    /// The place in the range of `size` bars, and the mean of `smooth` such places.
    pub fn new(size: usize, smooth: usize) -> Stochastic {
        Stochastic {
            highs: Window::new(size),
            lows: Window::new(size),
            places: Window::new(smooth),
        }
    }
}

impl Williams {
    /// In the range of `size` bars.
    pub fn new(size: usize) -> Williams {
        Williams(Stochastic::new(size, 1))
    }
}

impl Obv {
    /// Before the first bar.
    pub fn new() -> Obv {
        Obv { last: None, volume: f64::NAN }
    }
}

impl Default for Obv {
    fn default() -> Obv {
        Obv::new()
    }
}

impl Mfi {
    /// Of `size` changes.
    pub fn new(size: usize) -> Mfi {
        Mfi { last: None, up: Window::new(size), down: Window::new(size) }
    }
}

impl Adx {
    /// Smoothed over `size` bars.
    pub fn new(size: usize) -> Adx {
        let total = || Total::new(size);
        let (range, up, down) = (total(), total(), total());
        Adx { last: None, range, up, down, apart: Smooth::wilder(size) }
    }

    /// Both directed strengths, in percent.
    fn directed(&self) -> [f64; 2] {
        let of = |total: &Total| match total.count < total.size {
            true => f64::NAN,
            false => 100.0 * share(total.sum, self.range.sum, 0.0),
        };
        [of(&self.up), of(&self.down)]
    }
}

impl Indicator for Cci {
    fn push(&mut self, bar: Bar) {
        self.0.push(typical(bar));
    }

    fn read(&self, out: &mut Vec<f64>) {
        let mean = self.0.mean();
        let off = self.0.read(|values| {
            values.iter().map(|value| (value - mean).abs()).sum::<f64>() / values.len() as f64
        });
        let last = self.0.values.back().copied().unwrap_or(f64::NAN);
        out.push(share(last - mean, 0.015 * off, 0.0));
    }
}

impl Indicator for Atr {
    fn push(&mut self, bar: Bar) {
        if let Some(last) = self.last.replace(bar.close) {
            self.range.push(true_range(bar, last));
        }
    }

    fn read(&self, out: &mut Vec<f64>) {
        out.push(self.range.read());
    }
}

impl Indicator for Stochastic {
    fn push(&mut self, bar: Bar) {
        self.highs.push(bar.high);
        self.lows.push(bar.low);
        let low = self.lows.low();
        let place = 100.0 * share(bar.close - low, self.highs.high() - low, 0.5);
        if !place.is_nan() {
            self.places.push(place);
        }
    }

    fn read(&self, out: &mut Vec<f64>) {
        out.push(self.places.values.back().copied().unwrap_or(f64::NAN));
        out.push(self.places.mean());
    }
}

impl Indicator for Williams {
    fn push(&mut self, bar: Bar) {
        self.0.push(bar);
    }

    fn read(&self, out: &mut Vec<f64>) {
        out.push(self.0.places.mean() - 100.0);
    }
}

impl Indicator for Obv {
    fn push(&mut self, bar: Bar) {
        self.volume = match self.last.replace(bar.close) {
            None => bar.volume,
            Some(last) if bar.close > last => self.volume + bar.volume,
            Some(last) if bar.close < last => self.volume - bar.volume,
            Some(_) => self.volume,
        };
    }

    fn read(&self, out: &mut Vec<f64>) {
        out.push(self.volume);
    }
}

impl Indicator for Mfi {
    fn push(&mut self, bar: Bar) {
        let price = typical(bar);
        if let Some(last) = self.last.replace(price) {
            let money = price * bar.volume;
            self.up.push(if price > last { money } else { 0.0 });
            self.down.push(if price < last { money } else { 0.0 });
        }
    }

    fn read(&self, out: &mut Vec<f64>) {
        let sum = |window: &Window| window.read(|values| values.iter().sum());
        let (up, down) = (sum(&self.up), sum(&self.down));
        out.push(100.0 * share(up, up + down, 0.5));
    }
}

impl Indicator for Adx {
    fn push(&mut self, bar: Bar) {
        let Some(last) = self.last.replace(bar) else { return };
        let (up, down) = (bar.high - last.high, last.low - bar.low);
        self.up.push(if up > down && up > 0.0 { up } else { 0.0 });
        self.down.push(if down > up && down > 0.0 { down } else { 0.0 });
        self.range.push(true_range(bar, last.close));
        let [up, down] = self.directed();
        if !up.is_nan() {
            self.apart.push(100.0 * share((up - down).abs(), up + down, 0.0));
        }
    }

    fn read(&self, out: &mut Vec<f64>) {
        out.push(self.apart.read());
        out.extend(self.directed());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(mut indicator: impl Indicator, bars: &[[f64; 4]]) -> Vec<f64> {
        for &[high, low, close, volume] in bars {
            indicator.push(Bar { high, low, close, volume });
        }
        let mut out = Vec::new();
        indicator.read(&mut out);
        out
    }

    const BARS: [[f64; 4]; 3] =
        [[4.0, 2.0, 3.0, 10.0], [6.0, 4.0, 5.0, 20.0], [5.0, 1.0, 3.0, 5.0]];

    /// True ranges 3 (6 against the close of 3) and 4; the range of three bars is 1 to 6.
    #[test]
    fn ranges_by_hand() {
        assert_eq!(after(Atr::new(2), &BARS), [3.5]);
        assert_eq!(after(Stochastic::new(3, 1), &BARS), [40.0, 40.0]);
        assert_eq!(after(Williams::new(3), &BARS), [-60.0]);
    }

    /// Volume 10, up by 20, down by 5; money 5·20 up against 3·5 down.
    #[test]
    fn volume_by_hand() {
        assert_eq!(after(Obv::new(), &BARS), [25.0]);
        assert_eq!(after(Mfi::new(2), &BARS), [100.0 * 100.0 / 115.0]);
    }

    /// Typical 3 5 3: mean 11/3, deviations ⅔ 4/3 ⅔, mean 8/9: −⅔ of 0.015·8/9.
    #[test]
    fn distance_by_hand() {
        let got = after(Cci::new(3), &BARS)[0];
        assert!((got + 2.0 / 3.0 / (0.015 * 8.0 / 9.0)).abs() < 1e-9, "{got}");
    }

    /// One bar back: the last move was 1 up and 3 down, so down it is, 3 of a range of 4.
    #[test]
    fn trend_by_hand() {
        assert_eq!(after(Adx::new(1), &BARS), [100.0, 0.0, 75.0]);
    }

    /// Bars that never move have no place, no trend and no strain.
    #[test]
    fn flat_bars() {
        let flat = [[2.0, 2.0, 2.0, 1.0]; 9];
        assert_eq!(after(Stochastic::new(3, 2), &flat), [50.0, 50.0]);
        assert_eq!(after(Adx::new(3), &flat), [0.0, 0.0, 0.0]);
        assert_eq!((after(Cci::new(3), &flat), after(Mfi::new(3), &flat)), (vec![0.0], vec![50.0]));
    }
}
