//! Metrics of the mean of a forecast.

use almanac_data::{Better, Forecast};

use super::{Estimate, Judged, Metric, Read, mean, pairs};

/// A line whose small scores are good, and that rewards the median.
const fn absolute(
    name: &'static str,
    unit: &'static str,
    read: fn(&Judged<'_>, &Forecast) -> f64,
    about: &'static str,
) -> Metric {
    let (better, estimates) = (lower as fn(f64) -> Better, Estimate::Median);
    Metric { name, unit, better, estimates, power: 1, read: Read::One(read), about }
}

/// The same for squares, which reward the mean.
const fn square(
    name: &'static str,
    unit: &'static str,
    read: fn(&Judged<'_>, &Forecast) -> f64,
    about: &'static str,
) -> Metric {
    Metric { estimates: Estimate::Mean, ..absolute(name, unit, read, about) }
}

/// The same for a root of squares.
const fn root(
    name: &'static str,
    unit: &'static str,
    read: fn(&Judged<'_>, &Forecast) -> f64,
    about: &'static str,
) -> Metric {
    Metric { power: 2, ..square(name, unit, read, about) }
}

fn lower(_level: f64) -> Better {
    Better::Lower
}

/// Metrics of the mean; [`Metric::estimates`] says which point a metric truly rewards.
pub const POINT: &[Metric] = &[
    absolute("mae", "value", mae, "mean |y − ŷ|"),
    square("mse", "value²", mse, "mean (y − ŷ)²"),
    root("rmse", "value", rmse, "root of the mean (y − ŷ)² of a series and fold"),
    root("rmse_mean", "", rmse_mean, "rmse / |mean y| over the same steps"),
    absolute("mape", "%", mape, "100 · mean |y − ŷ| / |y|; zero actuals are skipped"),
    absolute("smape", "%", smape, "200 · mean |y − ŷ| / (|y| + |ŷ|), 0 … 200"),
    absolute("wape", "%", wape, "100 · Σ|y − ŷ| / Σ|y|"),
    absolute("mase", "", mase, "mae / mean |y[t] − y[t−season]| of the past"),
    root("rmsse", "", rmsse, "rmse / root of the mean (y[t] − y[t−season])² of the past"),
    Metric {
        better: |_| Better::Near(0.0),
        ..square("bias", "value", bias, "mean ŷ − y: above 0 is too high")
    },
    Metric {
        better: |_| Better::Higher,
        ..square(
            "direction",
            "",
            direction,
            "share of steps on the right side of the last value before",
        )
    },
];

fn mae(judged: &Judged<'_>, forecast: &Forecast) -> f64 {
    mean(pairs(judged, forecast).map(|(y, f)| (y - f).abs()))
}

fn mse(judged: &Judged<'_>, forecast: &Forecast) -> f64 {
    mean(pairs(judged, forecast).map(|(y, f)| (y - f).powi(2)))
}

fn rmse(judged: &Judged<'_>, forecast: &Forecast) -> f64 {
    mse(judged, forecast).sqrt()
}

fn rmse_mean(judged: &Judged<'_>, forecast: &Forecast) -> f64 {
    rmse(judged, forecast) / mean(pairs(judged, forecast).map(|(y, _)| y)).abs()
}

fn mape(judged: &Judged<'_>, forecast: &Forecast) -> f64 {
    let nonzero = pairs(judged, forecast).filter(|(y, _)| *y != 0.0);
    100.0 * mean(nonzero.map(|(y, f)| ((y - f) / y).abs()))
}

fn smape(judged: &Judged<'_>, forecast: &Forecast) -> f64 {
    let share = |(y, f): (f64, f64)| match y.abs() + f.abs() {
        0.0 => 0.0,
        size => (y - f).abs() / size,
    };
    200.0 * mean(pairs(judged, forecast).map(share))
}

fn wape(judged: &Judged<'_>, forecast: &Forecast) -> f64 {
    let (errors, sizes) =
        pairs(judged, forecast).fold((0.0, 0.0), |(e, s), (y, f)| (e + (y - f).abs(), s + y.abs()));
    100.0 * errors / sizes
}

fn mase(judged: &Judged<'_>, forecast: &Forecast) -> f64 {
    mae(judged, forecast) / judged.yard.absolute
}

fn rmsse(judged: &Judged<'_>, forecast: &Forecast) -> f64 {
    (mse(judged, forecast) / judged.yard.squared).sqrt()
}

fn bias(judged: &Judged<'_>, forecast: &Forecast) -> f64 {
    mean(pairs(judged, forecast).map(|(y, f)| f - y))
}

/// No change counts as a direction of its own.
fn direction(judged: &Judged<'_>, forecast: &Forecast) -> f64 {
    let last = judged.yard.last;
    let right = |(y, f): (f64, f64)| (y - last).partial_cmp(&0.0) == (f - last).partial_cmp(&0.0);
    mean(pairs(judged, forecast).map(|pair| f64::from(u8::from(right(pair)))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Yard, gauges};

    /// The score of truth 2 4 _ 0 (one missing) against forecasts 1 6 9 0, after a past 1 3 4 0
    /// whose changes are 2, 1 and −4.
    fn score(name: &str) -> f64 {
        let truth = [2.0, 4.0, f64::NAN, 0.0];
        let yard = Yard::of(&[1.0, 3.0, 4.0, 0.0], 1);
        let forecast = Forecast::point(vec![1.0, 6.0, 9.0, 0.0]);
        let judged = Judged { truth: &truth, yard, levels: &[] };
        gauges(name, &[]).unwrap()[0].read(&judged, &forecast)
    }

    fn close(name: &str, expected: f64) {
        let got = score(name);
        assert!((got - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{name}: {got}");
    }

    /// Errors −1, 2, 0 of three steps.
    #[test]
    fn errors_by_hand() {
        close("mae", 1.0);
        close("mse", 5.0 / 3.0);
        close("rmse", (5.0_f64 / 3.0).sqrt());
        close("rmse_mean", (5.0_f64 / 3.0).sqrt() / 2.0);
        close("bias", 1.0 / 3.0);
    }

    /// Shares 1/2 and 2/4 (the zero is skipped); 1/3, 2/10 and 0/0 = 0; 3 of 6.
    #[test]
    fn percentages_by_hand() {
        close("mape", 50.0);
        close("smape", 200.0 * (1.0 / 3.0 + 0.2) / 3.0);
        close("wape", 50.0);
    }

    /// The past's mean change is 7/3, its mean square 21/3.
    #[test]
    fn scaled_by_hand() {
        close("mase", 3.0 / 7.0);
        close("rmsse", (5.0_f64 / 21.0).sqrt());
    }

    /// The last value is 0: 2 and 4 rose, as forecast; 0 stayed, as forecast.
    #[test]
    fn direction_by_hand() {
        close("direction", 1.0);
    }

    /// Without truth, and with a scale of zero, a score is undefined, not zero and not infinite.
    #[test]
    fn undefined_is_nan() {
        let forecast = Forecast::point(vec![1.0, 2.0]);
        for metric in POINT {
            let yard = Yard::of(&[5.0, 5.0], 1);
            let gauge = &gauges(metric.name, &[]).unwrap()[0];
            let nothing = Judged { truth: &[f64::NAN, f64::NAN], yard, levels: &[] };
            assert!(gauge.read(&nothing, &forecast).is_nan(), "{}", metric.name);
            let some = Judged { truth: &[4.0, 4.0], yard, levels: &[] };
            let undefined = ["mase", "rmsse"].contains(&metric.name);
            assert_eq!(gauge.read(&some, &forecast).is_nan(), undefined, "{}", metric.name);
        }
    }
}
