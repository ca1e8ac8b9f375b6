//! Classical seasonal adjustment: one index for each place of the cycle.
//!
//! ```text
//! index[j] = mean over cycles of y − m   or   of y/m      m = centred moving mean over one cycle
//! ```
//!
//! The indices are shifted to mean 0, or scaled to mean 1.
//! Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., §3.4.

use serde::{Deserialize, Serialize};

/// How a season acts on its series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Way {
    /// y = rest + index.
    Add,
    /// y = rest·index.
    Multiply,
}

/// The season of a series: an index for each place of the cycle, the first value's place first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Season {
    way: Way,
    index: Vec<f64>,
}

crate::checked!(Season, |season| !season.index.is_empty());

impl Season {
    /// No season: an index of 0 for every place.
    pub fn none() -> Season {
        Season { way: Way::Add, index: vec![0.0] }
    }

    /// The season of these values where a 90 % test finds one, by division on positive values and by
    /// subtraction on others; else none.
    pub fn standing_out(y: &[f64], period: usize) -> Season {
        if !is_seasonal(y, period) {
            return Season::none();
        }
        let ways: &[Way] =
            if y.iter().all(|&y| y > 0.0) { &[Way::Multiply, Way::Add] } else { &[Way::Add] };
        ways.iter().find_map(|&way| Season::of(y, period, way)).unwrap_or_else(Season::none)
    }

    /// The season of these values; `None` with fewer than two cycles, without a cycle, or where a
    /// multiplying index would not stay clear of zero.
    pub fn of(y: &[f64], period: usize, way: Way) -> Option<Season> {
        if period < 2 || y.len() < 2 * period {
            return None;
        }
        let half = period / 2;
        let (mut sum, mut count) = (vec![0.0; period], vec![0.0; period]);
        for t in half..y.len() - half {
            let around = &y[t - half..=t + half];
            let all: f64 = around.iter().sum();
            // An even cycle has no middle: its mean takes half of each end.
            let ends =
                if period.is_multiple_of(2) { (y[t - half] + y[t + half]) / 2.0 } else { 0.0 };
            let mean = (all - ends) / period as f64;
            sum[t % period] += if way == Way::Add { y[t] - mean } else { y[t] / mean };
            count[t % period] += 1.0;
        }
        let mut index: Vec<f64> = sum.iter().zip(&count).map(|(sum, count)| sum / count).collect();
        let mean = index.iter().sum::<f64>() / period as f64;
        for index in &mut index {
            *index = if way == Way::Add { *index - mean } else { *index / mean };
        }
        let clear = way == Way::Add || index.iter().all(|&index| index >= 0.01);
        clear.then_some(Season { way, index })
    }

    /// The values it was learned from without it.
    pub fn without(&self, y: &[f64]) -> Vec<f64> {
        y.iter().enumerate().map(|(place, &value)| self.remove(place, value)).collect()
    }

    /// A value at this place (from 0, the first value of the series) without its season.
    pub fn remove(&self, place: usize, value: f64) -> f64 {
        let index = self.index[place % self.index.len()];
        if self.way == Way::Add { value - index } else { value / index }
    }

    /// A value at this place with its season.
    pub fn restore(&self, place: usize, value: f64) -> f64 {
        let index = self.index[place % self.index.len()];
        if self.way == Way::Add { value + index } else { value * index }
    }

    /// What a distance without season is with it.
    pub fn widen(&self, place: usize, distance: f64) -> f64 {
        let index = self.index[place % self.index.len()];
        if self.way == Way::Add { distance } else { distance * index }
    }
}

/// Whether the autocorrelation at one period stands out at the 90 % level, by Bartlett's formula:
/// |r[m]| > 1.645·√((1 + 2·Σ r[k]²)/n) over k < m. Needs two cycles.
pub fn is_seasonal(y: &[f64], period: usize) -> bool {
    let n = y.len();
    if period < 2 || n < 2 * period {
        return false;
    }
    let mean = y.iter().map(|value| value - y[0]).sum::<f64>() / n as f64;
    let off: Vec<f64> = y.iter().map(|value| value - y[0] - mean).collect();
    let with = |lag: usize| off.iter().zip(&off[lag..]).map(|(a, b)| a * b).sum::<f64>();
    let whole = with(0);
    if whole <= 0.0 {
        return false;
    }
    let squares: f64 = (1..period).map(|lag| (with(lag) / whole).powi(2)).sum();
    let limit = 1.644_853_626_951_472_7 * ((1.0 + 2.0 * squares) / n as f64).sqrt();
    (with(period) / whole).abs() > limit
}

#[cfg(test)]
mod tests {
    use super::*;

    /// On a line, the centred mean is the line: an added season comes out exactly, with an even
    /// cycle and an odd one.
    #[test]
    fn a_season_on_a_line() {
        for index in [vec![1.0, -3.0, 2.0], vec![1.0, -3.0, 2.0, 0.0]] {
            let y: Vec<f64> = (0..13).map(|t| 2.0 * t as f64 + index[t % index.len()]).collect();
            let season = Season::of(&y, index.len(), Way::Add).unwrap();
            for (t, value) in y.iter().enumerate() {
                assert!((season.remove(t, *value) - 2.0 * t as f64).abs() < 1e-12);
                assert!((season.restore(t, season.remove(t, *value)) - value).abs() < 1e-12);
            }
        }
    }

    /// On a level, a multiplying season comes out exactly; an index of zero is refused.
    #[test]
    fn a_season_of_a_level() {
        let y = |index: [f64; 2]| (0..8).map(|t| 10.0 * index[t % 2]).collect::<Vec<f64>>();
        let season = Season::of(&y([0.5, 1.5]), 2, Way::Multiply).unwrap();
        assert!((season.remove(3, 15.0) - 10.0).abs() < 1e-12);
        assert!((season.widen(3, 2.0) - 3.0).abs() < 1e-12);
        assert_eq!(Season::of(&y([0.0, 2.0]), 2, Way::Multiply), None);
    }

    /// A repeated pattern is seasonal, one value throughout is not, and neither is one cycle.
    #[test]
    fn seasonal_or_not() {
        let y: Vec<f64> = (0..24).map(|t| [1.0, 5.0, 2.0, 8.0][t % 4]).collect();
        assert!(is_seasonal(&y, 4));
        assert!(!is_seasonal(&[7.0; 24], 4));
        assert!(!is_seasonal(&y[..7], 4));
    }
}
