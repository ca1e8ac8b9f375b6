//! Where a search for the best states begins.

use super::{Form, Season, State, Trend};

/// States from a classical decomposition: the season from centred moving averages, level and slope
/// from the first two seasons (at least ten values) of what is left. The first value must be there.
pub fn start(y: &[f64], form: Form, length: usize) -> State {
    let season = match form.season {
        Season::None => Vec::new(),
        kind => seasonal(y, kind, length),
    };
    let window = (2 * season.len()).max(10).min(y.len());
    let adjusted = |t: usize| match form.season {
        Season::None => y[t],
        Season::Additive => y[t] - season[t % length],
        Season::Multiplicative => y[t] / season[t % length],
    };
    let (level, slope) = line((0..window).map(|t| ((t + 1) as f64, adjusted(t))));
    match form.trend {
        Trend::None => State { level: mean((0..window).map(adjusted)), slope: 0.0, season },
        _ => State { level, slope, season },
    }
}

/// The first value without slope or season: where errors are relative to the mean, it is positive.
pub(super) fn flat(y: &[f64], form: Form, length: usize) -> State {
    let season = match form.season {
        Season::None => Vec::new(),
        Season::Additive => vec![0.0; length],
        Season::Multiplicative => vec![1.0; length],
    };
    State { level: y[0], slope: 0.0, season }
}

/// One value a phase, summing to zero, or to their number where they multiply.
fn seasonal(y: &[f64], kind: Season, length: usize) -> Vec<f64> {
    let multiplies = kind == Season::Multiplicative;
    let against = |value: f64, trend: f64| match multiplies {
        true => value / trend,
        false => value - trend,
    };
    let half = length / 2;
    // Half-weights at both ends of an even window centre it; fewer than two seasons have one mean.
    let trend = |t: usize| {
        if y.len() < 2 * length {
            return Some(mean(y.iter().copied()));
        }
        let window = y.get(t.checked_sub(half)?..=t + half)?;
        let sum: f64 = window.iter().sum();
        let ends = (window[0] + window[2 * half]) / 2.0;
        Some(if length.is_multiple_of(2) {
            (sum - ends) / length as f64
        } else {
            sum / length as f64
        })
    };
    let ratios: Vec<f64> =
        (0..y.len()).map(|t| trend(t).map_or(f64::NAN, |trend| against(y[t], trend))).collect();
    let neutral = if multiplies { 1.0 } else { 0.0 };
    let phase = |k: usize| {
        let mean = mean(ratios.iter().skip(k).step_by(length).copied());
        if mean.is_finite() { mean } else { neutral }
    };
    let mut season: Vec<f64> = (0..length).map(phase).collect();
    let centre = mean(season.iter().copied());
    for value in &mut season {
        *value = if multiplies { (*value / centre).max(0.01) } else { *value - centre };
    }
    season
}

/// The mean of what is there; NaN of nothing.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = values
        .filter(|value| value.is_finite())
        .fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + value));
    sum / count
}

/// Intercept and slope of the least-squares line through what is there.
fn line(points: impl Iterator<Item = (f64, f64)> + Clone) -> (f64, f64) {
    let there = || points.clone().filter(|(_, y)| y.is_finite());
    let (x0, y0) = (mean(there().map(|(x, _)| x)), mean(there().map(|(_, y)| y)));
    let (xx, xy) = there()
        .fold((0.0, 0.0), |(xx, xy), (x, y)| (xx + (x - x0) * (x - x0), xy + (x - x0) * (y - y0)));
    let slope = if xx > 0.0 { xy / xx } else { 0.0 };
    (y0 - slope * x0, slope)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ets::Error;

    fn form(trend: Trend, season: Season) -> Form {
        Form { error: Error::Additive, trend, season }
    }

    /// A line with a season of ±3 is taken apart exactly: 5 + 2t, and (3, 0, −3).
    #[test]
    fn a_line_with_a_season_by_hand() {
        let season = [3.0, 0.0, -3.0];
        let y: Vec<f64> = (0..12).map(|t| 5.0 + 2.0 * (t + 1) as f64 + season[t % 3]).collect();
        let state = start(&y, form(Trend::Additive, Season::Additive), 3);
        assert!((state.level - 5.0).abs() < 1e-9 && (state.slope - 2.0).abs() < 1e-9);
        assert!(state.season.iter().zip(season).all(|(a, b)| (a - b).abs() < 1e-9));
    }

    /// 10 times (0.5, 1, 1.5, 1), with a hole: the factors come out and the level is ten.
    #[test]
    fn factors_by_hand() {
        let factors = [0.5, 1.0, 1.5, 1.0];
        let mut y: Vec<f64> = (0..16).map(|t| 10.0 * factors[t % 4]).collect();
        y[5] = f64::NAN;
        let state = start(&y, form(Trend::None, Season::Multiplicative), 4);
        assert!((state.level - 10.0).abs() < 1e-9);
        assert!(state.season.iter().zip(factors).all(|(a, b)| (a - b).abs() < 1e-9));
    }
}
