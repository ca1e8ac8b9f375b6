//! Metrics of returns, r = y / last − 1 from the last value known at the cutoff.
//!
//! On prices, whose level hardly moves from step to step, any forecast near the last value looks
//! good; on returns the forecast of no change scores 0 of 1. A last value of 0 has no return.
//! Campbell & Thompson, Review of Financial Studies 21 (2008).

use almanac_data::{Better, Forecast};

use super::tally::Tally;
use super::{Estimate, Judged, Metric, Read, mean, pairs};

/// Metrics of relative changes.
pub const RETURNS: &[Metric] = &[
    Metric {
        name: "return_mae",
        unit: "%",
        better: |_| Better::Lower,
        estimates: Estimate::Median,
        power: 1,
        read: Read::One(return_mae),
        about: "100 · mean |r − r̂|, r = y / last − 1, last the last known value",
    },
    Metric {
        name: "return_rmse",
        unit: "%",
        better: |_| Better::Lower,
        estimates: Estimate::Mean,
        power: 2,
        read: Read::One(return_rmse),
        about: "100 · root of the mean (r − r̂)²",
    },
    Metric {
        name: "return_r2",
        unit: "",
        better: |_| Better::Higher,
        estimates: Estimate::Mean,
        power: 1,
        read: Read::Pooled(return_r2),
        about: "1 − Σ(r − r̂)² / Σr²: above 0 beats the forecast of no change",
    },
];

/// Errors of returns.
fn errors<'a>(judged: &Judged<'a>, forecast: &'a Forecast) -> impl Iterator<Item = f64> + use<'a> {
    let last = judged.yard.last;
    pairs(judged, forecast).map(move |(y, f)| 100.0 * (f - y) / last)
}

fn return_mae(judged: &Judged<'_>, forecast: &Forecast) -> f64 {
    mean(errors(judged, forecast).map(f64::abs))
}

fn return_rmse(judged: &Judged<'_>, forecast: &Forecast) -> f64 {
    mean(errors(judged, forecast).map(|error| error * error)).sqrt()
}

fn return_r2(tally: &Tally) -> f64 {
    let m = &tally.returns;
    1.0 - m.errors / (m.yy + m.n * m.y * m.y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Yard;

    /// From 50, truths 51 and 48 are returns of 2 % and −4 %, forecasts 52 and 50 of 4 % and 0:
    /// errors of 2 % and 4 %, squares 20 against 20 of the returns, as good as no change.
    #[test]
    fn returns_by_hand() {
        let yard = Yard { last: 50.0, absolute: f64::NAN, squared: f64::NAN };
        let judged = Judged { truth: &[51.0, f64::NAN, 48.0], yard, levels: &[] };
        let forecast = Forecast::point(vec![52.0, 9.0, 50.0]);
        assert!((return_mae(&judged, &forecast) - 3.0).abs() < 1e-12);
        assert!((return_rmse(&judged, &forecast) - 10.0_f64.sqrt()).abs() < 1e-12);
        assert!(return_r2(&Tally::of(&judged, &forecast)).abs() < 1e-12);
        let exact = Forecast::point(vec![51.0, 9.0, 48.0]);
        assert_eq!(return_r2(&Tally::of(&judged, &exact)), 1.0);
    }

    /// Without a last value, or with one of 0, nothing is said.
    #[test]
    fn no_return_from_nothing() {
        let yard = Yard { last: 0.0, absolute: 1.0, squared: 1.0 };
        let judged = Judged { truth: &[1.0], yard, levels: &[] };
        assert!(return_r2(&Tally::of(&judged, &Forecast::point(vec![1.0]))).is_nan());
    }
}
