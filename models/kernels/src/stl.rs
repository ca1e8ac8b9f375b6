//! Seasonal-trend decomposition by loess: one season (STL) or several (MSTL).
//!
//! ```text
//! y = season + trend + remainder
//! season: loess along each place of the cycle, less its own low-pass      trend: loess of y − season
//! ```
//!
//! Cleveland, Cleveland, McRae & Terpenning, STL, Journal of Official Statistics 6, 1990. Bandara,
//! Hyndman & Bergmeir, MSTL, arXiv 2107.13462, 2021. Strength of a season: Wang, Smith & Hyndman,
//! Characteristic-based clustering for time series data, 2006.

use crate::loess::{Curve, Loess};

/// How to decompose. The defaults are those of R's `stl`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stl {
    /// Observations in one cycle.
    pub period: usize,
    /// Along each place of the cycle; its window counts cycles.
    pub seasonal: Loess,
    /// Of the series without season.
    pub trend: Loess,
    /// Takes what moves slowly out of the season.
    pub low_pass: Loess,
    /// Whether all cycles are made alike in the end.
    pub periodic: bool,
    /// Rounds of season and trend.
    pub inner: usize,
    /// Rounds of robustness weights.
    pub outer: usize,
}

/// A decomposition into one season; the three sum to the series.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// What repeats.
    pub seasonal: Vec<f64>,
    /// What moves slowly.
    pub trend: Vec<f64>,
    /// The rest.
    pub remainder: Vec<f64>,
}

/// A decomposition into several seasons; all sum to the series.
#[derive(Debug, Clone, PartialEq)]
pub struct ManyParts {
    /// One for each period asked for, in its order.
    pub seasonal: Vec<Vec<f64>>,
    /// What moves slowly.
    pub trend: Vec<f64>,
    /// The rest.
    pub remainder: Vec<f64>,
}

impl Stl {
    /// Seasons that change within about `window` cycles (odd, at least 3).
    pub fn new(period: usize, window: usize) -> Stl {
        let trend = 1.5 * period as f64 / (1.0 - 1.5 / window as f64);
        Stl {
            period,
            seasonal: Loess::skipping(window, 0),
            trend: Loess::skipping(trend.ceil() as usize | 1, 1),
            low_pass: Loess::skipping(period | 1, 1),
            periodic: false,
            inner: 2,
            outer: 0,
        }
    }

    /// One season for all `n` values.
    pub fn periodic(period: usize, n: usize) -> Stl {
        Stl { periodic: true, ..Stl::new(period, 10 * n + 1) }
    }

    /// The same, hardly moved by outliers.
    pub fn robust(self) -> Stl {
        Stl { inner: 1, outer: 15, ..self }
    }

    /// The parts of a series; `None` with fewer than two cycles, or without a cycle.
    pub fn decompose(&self, y: &[f64]) -> Option<Parts> {
        let (n, period) = (y.len(), self.period);
        if period < 2 || n < 2 * period {
            return None;
        }
        let mut parts =
            Parts { seasonal: vec![0.0; n], trend: vec![0.0; n], remainder: vec![0.0; n] };
        let mut room = Room::new(n, period);
        let mut rho: Option<Vec<f64>> = None;
        for outer in 0..=self.outer {
            for _ in 0..self.inner {
                self.round(y, rho.as_deref(), &mut parts, &mut room);
            }
            if outer < self.outer {
                rho = Some(robustness(y, &parts));
            }
        }
        if self.periodic {
            for place in 0..period {
                let values = parts.seasonal.iter().skip(place).step_by(period);
                let mean = values.clone().sum::<f64>() / values.len() as f64;
                parts.seasonal.iter_mut().skip(place).step_by(period).for_each(|s| *s = mean);
            }
        }
        for (t, rest) in parts.remainder.iter_mut().enumerate() {
            *rest = y[t] - parts.seasonal[t] - parts.trend[t];
        }
        Some(parts)
    }

    /// One round: season from the series without trend, trend from the series without season.
    fn round(&self, y: &[f64], rho: Option<&[f64]>, parts: &mut Parts, room: &mut Room) {
        let Room { rest, cycle, low, line, weight } = room;
        for (t, rest) in rest.iter_mut().enumerate() {
            *rest = y[t] - parts.trend[t];
        }
        self.seasons(rest, rho, cycle, weight);
        moving_mean(cycle, self.period, low);
        moving_mean(low, self.period, line);
        moving_mean(line, 3, low);
        let mut curve = Curve { y: low, rho: None, room: weight };
        self.low_pass.smooth(&mut curve, rest);
        for (t, season) in parts.seasonal.iter_mut().enumerate() {
            *season = cycle[self.period + t] - rest[t];
            rest[t] = y[t] - *season;
        }
        let mut curve = Curve { y: rest, rho, room: weight };
        self.trend.smooth(&mut curve, &mut parts.trend);
    }

    /// Each place of the cycle smoothed along the cycles, and continued by one cycle at each end.
    fn seasons(&self, rest: &[f64], rho: Option<&[f64]>, cycle: &mut [f64], weight: &mut Vec<f64>) {
        let every = |values: &[f64], place: usize| -> Vec<f64> {
            values.iter().skip(place).step_by(self.period).copied().collect()
        };
        for place in 0..self.period {
            let y = every(rest, place);
            let rho = rho.map(|rho| every(rho, place));
            let mut out = vec![0.0; y.len() + 2];
            let last = y.len();
            let mut curve = Curve { y: &y, rho: rho.as_deref(), room: weight };
            self.seasonal.smooth(&mut curve, &mut out[1..=last]);
            out[0] = self.seasonal.at(&mut curve, -1.0).unwrap_or(out[1]);
            out[last + 1] = self.seasonal.at(&mut curve, last as f64).unwrap_or(out[last]);
            for (slot, value) in cycle.iter_mut().skip(place).step_by(self.period).zip(out) {
                *slot = value;
            }
        }
    }
}

/// Working space of one decomposition.
struct Room {
    rest: Vec<f64>,
    cycle: Vec<f64>,
    low: Vec<f64>,
    line: Vec<f64>,
    weight: Vec<f64>,
}

impl Room {
    fn new(n: usize, period: usize) -> Room {
        let longer = |by: usize| Vec::with_capacity(n + by);
        let (low, line) = (longer(period + 1), longer(2));
        Room { rest: vec![0.0; n], cycle: vec![0.0; n + 2 * period], low, line, weight: longer(0) }
    }
}

/// The means of `width` neighbours, one for each place where all of them exist.
fn moving_mean(y: &[f64], width: usize, out: &mut Vec<f64>) {
    out.clear();
    let mut sum: f64 = y[..width].iter().sum();
    out.push(sum / width as f64);
    for (new, old) in y[width..].iter().zip(y) {
        sum += new - old;
        out.push(sum / width as f64);
    }
}

/// Bisquare weights: 1 where the fit is good, 0 beyond six median absolute remainders.
fn robustness(y: &[f64], parts: &Parts) -> Vec<f64> {
    let off: Vec<f64> = y
        .iter()
        .zip(&parts.seasonal)
        .zip(&parts.trend)
        .map(|((y, s), t)| (y - s - t).abs())
        .collect();
    let mut sorted = off.clone();
    sorted.sort_unstable_by(f64::total_cmp);
    let n = sorted.len();
    let reach = 3.0 * (sorted[n / 2] + sorted[(n - 1) / 2]);
    let size = y.iter().fold(0.0, |size: f64, y| size.max(y.abs()));
    if reach <= 1e-12 * size {
        // Remainders that are rounding alone tell no outlier.
        return vec![1.0; n];
    }
    let weight = |off: f64| match off {
        off if off <= 0.001 * reach => 1.0,
        off if off <= 0.999 * reach => (1.0 - (off / reach).powi(2)).powi(2),
        _ => 0.0,
    };
    off.into_iter().map(weight).collect()
}

/// Several seasons, each found in what the others leave, shorter ones first; twice over where there
/// is more than one. Periods of fewer than two cycles in the series are left at zero; `None` where
/// that leaves none.
pub fn mstl(y: &[f64], stls: &[Stl]) -> Option<ManyParts> {
    let mut seasonal = vec![vec![0.0; y.len()]; stls.len()];
    let mut rest = y.to_vec();
    let mut trend = None;
    for _ in 0..stls.len().min(2) {
        for (stl, season) in stls.iter().zip(&mut seasonal) {
            rest.iter_mut().zip(&*season).for_each(|(rest, season)| *rest += season);
            let Some(parts) = stl.decompose(&rest) else { continue };
            rest.iter_mut().zip(&parts.seasonal).for_each(|(rest, season)| *rest -= season);
            *season = parts.seasonal;
            trend = Some(parts.trend);
        }
    }
    let trend = trend?;
    rest.iter_mut().zip(&trend).for_each(|(rest, trend)| *rest -= trend);
    Some(ManyParts { seasonal, trend, remainder: rest })
}

/// How strong the season of this period is, from 0 to 1, by the decomposition that automatic ARIMA
/// uses, in which seasons change within 11 cycles: max(0, 1 − Var(remainder)/Var(season + remainder)).
/// 0 with fewer than two cycles.
pub fn strength(y: &[f64], period: usize) -> f64 {
    // From the first value on, so that a flat series is flat in every bit.
    let level: Vec<f64> = y.iter().map(|value| value - y[0]).collect();
    let Some(parts) = Stl::new(period, 11).decompose(&level) else { return 0.0 };
    let both: Vec<f64> = parts.seasonal.iter().zip(&parts.remainder).map(|(s, r)| s + r).collect();
    let whole = variation(&both);
    if whole > 0.0 { (1.0 - variation(&parts.remainder) / whole).clamp(0.0, 1.0) } else { 0.0 }
}

/// Sum of squares around the mean.
fn variation(y: &[f64]) -> f64 {
    let mean = y.iter().sum::<f64>() / y.len() as f64;
    y.iter().map(|y| (y - mean).powi(2)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fixed season of sum zero on a straight line comes apart where lines are fitted along the
    /// cycles, at the ends too, and the season is all that strength sees.
    #[test]
    fn a_season_on_a_line() {
        let season = [3.0, -1.0, -4.0, 2.0];
        let y: Vec<f64> = (0..40).map(|t| 0.25 * t as f64 + season[t % 4]).collect();
        let lines = Stl { seasonal: Loess { window: 7, degree: 1, jump: 1 }, ..Stl::new(4, 7) };
        for stl in [lines, lines.robust()] {
            let parts = stl.decompose(&y).unwrap();
            let off =
                |t: usize| (parts.seasonal[t] - season[t % 4]).abs() + parts.remainder[t].abs();
            assert!((0..40).all(|t| off(t) < 1e-9), "{:?}", (0..40).map(off).fold(0.0, f64::max));
        }
        assert!(strength(&y, 4) > 0.999);
    }

    /// A periodic season repeats itself.
    #[test]
    fn periodic_seasons_are_alike() {
        let y: Vec<f64> = (0..25).map(|t| ((t * t) % 11) as f64).collect();
        let parts = Stl::periodic(4, 25).decompose(&y).unwrap();
        assert!(parts.seasonal.iter().zip(&parts.seasonal[4..]).all(|(a, b)| a == b));
    }

    /// One cycle and a half is no season; a flat series has none either.
    #[test]
    fn too_short_or_flat() {
        assert_eq!(Stl::new(4, 7).decompose(&[1.0; 7]), None);
        assert_eq!(strength(&[5.0; 40], 4), 0.0);
    }

    /// The parts of several seasons sum to the series.
    #[test]
    fn many_parts_sum_to_the_series() {
        let y: Vec<f64> = (0..90).map(|t| ((t * t) % 17) as f64 + ((t % 15) / 5) as f64).collect();
        let parts = mstl(&y, &[Stl::new(3, 11), Stl::new(15, 15)]).unwrap();
        for (t, y) in y.iter().enumerate() {
            let sum = parts.seasonal[0][t] + parts.seasonal[1][t] + parts.trend[t];
            assert!((sum + parts.remainder[t] - y).abs() < 1e-12);
        }
    }
}
