//! Metrics of the distribution of a forecast.

use almanac_data::{Better, Forecast, Spread};
use statrs::function::erf::erfc;

use super::{Estimate, Judged, Metric, Read, mean};

/// Metrics of the distribution. A forecast without a spread is a point mass at its mean.
pub const SPREAD: &[Metric] = &[
    Metric {
        name: "crps",
        unit: "value",
        better: |_| Better::Lower,
        estimates: Estimate::Distribution,
        power: 1,
        read: Read::One(mean_crps),
        about: "continuous ranked probability score; |y − ŷ| for a forecast without spread",
    },
    Metric {
        name: "pinball",
        unit: "value",
        better: |_| Better::Lower,
        estimates: Estimate::Quantiles,
        power: 1,
        read: Read::One(pinball),
        about: "quantile loss, mean over the median and both ends of each interval",
    },
    Metric {
        name: "coverage",
        unit: "",
        better: Better::Near,
        estimates: Estimate::Quantiles,
        power: 1,
        read: Read::Level(coverage),
        about: "share of truths inside the interval of this level",
    },
    Metric {
        name: "winkler",
        unit: "value",
        better: |_| Better::Lower,
        estimates: Estimate::Quantiles,
        power: 1,
        read: Read::Level(winkler),
        about: "width of the interval, plus 2/α times what lies outside (α = 1 − level)",
    },
    Metric {
        name: "msis",
        unit: "",
        better: |_| Better::Lower,
        estimates: Estimate::Quantiles,
        power: 1,
        read: Read::Level(|judged, forecast, level| {
            winkler(judged, forecast, level) / judged.yard.absolute
        }),
        about: "winkler / mean |y[t] − y[t−season]| of the past (M4 at level 95)",
    },
];

/// Steps that have a truth, from 0, with it.
fn steps<'a>(judged: &Judged<'a>) -> impl Iterator<Item = (usize, f64)> + use<'a> {
    judged.truth.iter().copied().enumerate().filter(|(_, y)| !y.is_nan())
}

fn mean_crps(judged: &Judged<'_>, forecast: &Forecast) -> f64 {
    mean(steps(judged).map(|(step, y)| crps(forecast, step, y)))
}

/// The continuous ranked probability score of one step (from 0): ∫ (F(x) − 1{x ≥ y})² dx.
///
/// Exact for each kind of spread as [`Forecast`] defines it. Gneiting & Raftery, JASA 102 (2007),
/// §4.2; Jordan, Krüger & Lerch, Journal of Statistical Software 90 (2019), §2.
pub fn crps(forecast: &Forecast, step: usize, y: f64) -> f64 {
    match &forecast.spread {
        Spread::Normal(sd) if sd[step] > 0.0 => {
            let z = (y - forecast.mean[step]) / sd[step];
            let density = (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt();
            let within = 1.0 - erfc(z / std::f64::consts::SQRT_2);
            sd[step] * (z * within + 2.0 * density - 1.0 / std::f64::consts::PI.sqrt())
        }
        Spread::Normal(_) | Spread::None => (y - forecast.mean[step]).abs(),
        Spread::Draws(draws) => draws_crps(&draws[step], y),
        Spread::Quantiles { levels, values } => quantiles_crps(levels, &values[step], y),
    }
}

/// 2/n² · Σ (x[i] − y)·(n·1{y < x[i]} − i + ½) over the draws in increasing order, i from 1.
fn draws_crps(draws: &[f64], y: f64) -> f64 {
    let n = draws.len() as f64;
    let term = |(i, &x): (usize, &f64)| {
        let above = if y < x { n } else { 0.0 };
        (x - y) * (above - i as f64 - 0.5)
    };
    2.0 / (n * n) * draws.iter().enumerate().map(term).sum::<f64>()
}

/// The distribution function runs in lines between the levels and jumps at both ends.
fn quantiles_crps(levels: &[f64], values: &[f64], y: f64) -> f64 {
    // The integral of the square of a line from a to b over this width.
    let square = |width: f64, a: f64, b: f64| width * (a * a + a * b + b * b) / 3.0;
    let (first, last) = (values[0], values[values.len() - 1]);
    let mut total = (first - y).max(0.0) + (y - last).max(0.0);
    for (p, x) in levels.windows(2).zip(values.windows(2)) {
        let at = y.max(x[0]).min(x[1]);
        let width = x[1] - x[0];
        let middle = if width > 0.0 { p[0] + (p[1] - p[0]) * (at - x[0]) / width } else { p[0] };
        total += square(at - x[0], p[0], middle) + square(x[1] - at, 1.0 - middle, 1.0 - p[1]);
    }
    total
}

fn pinball(judged: &Judged<'_>, forecast: &Forecast) -> f64 {
    let loss = |step: usize, y: f64, p: f64| {
        let error = y - forecast.quantile(step, p);
        if error >= 0.0 { p * error } else { (p - 1.0) * error }
    };
    let ends = judged.levels.iter().flat_map(|level| [(1.0 - level) / 2.0, (1.0 + level) / 2.0]);
    let probabilities: Vec<f64> = ends.chain([0.5]).collect();
    mean(steps(judged).map(|(step, y)| mean(probabilities.iter().map(|&p| loss(step, y, p)))))
}

fn coverage(judged: &Judged<'_>, forecast: &Forecast, level: f64) -> f64 {
    let inside = |(step, y)| {
        let (low, high) = forecast.interval(step, level);
        f64::from(u8::from(low <= y && y <= high))
    };
    mean(steps(judged).map(inside))
}

fn winkler(judged: &Judged<'_>, forecast: &Forecast, level: f64) -> f64 {
    let cost = |(step, y): (usize, f64)| {
        let (low, high) = forecast.interval(step, level);
        high - low + 2.0 / (1.0 - level) * ((low - y).max(0.0) + (y - high).max(0.0))
    };
    mean(steps(judged).map(cost))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Yard, gauges};

    fn close(got: f64, expected: f64) {
        assert!((got - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{got} ≠ {expected}");
    }

    /// At its own mean a standard normal scores 2φ(0) − 1/√π; without spread it is the distance.
    #[test]
    fn crps_of_a_normal_by_hand() {
        let normal = Forecast::normal(vec![1.0], [4.0]);
        let pi = std::f64::consts::PI;
        close(crps(&normal, 0, 1.0), 2.0 * (2.0 / (2.0 * pi).sqrt() - 1.0 / pi.sqrt()));
        close(crps(&Forecast::point(vec![1.0]), 0, 4.0), 3.0);
        close(crps(&Forecast::normal(vec![1.0], [0.0]), 0, 4.0), 3.0);
    }

    /// Draws 0 and 2, truth 1: F − 1 is ½ below and −½ above, so ¼ + ¼; truth 5: ¼·2 + 3.
    #[test]
    fn crps_of_draws_by_hand() {
        let draws = Forecast::from_paths(&[vec![2.0], vec![0.0]], 1);
        close(crps(&draws, 0, 1.0), 0.5);
        close(crps(&draws, 0, 5.0), 3.5);
    }

    /// Levels 0.1 and 0.9 at 0 and 8: below y = 4 a line from 0.1 to 0.5, above its mirror image:
    /// 2·4·(0.01 + 0.05 + 0.25)/3. Truth 10 adds 2 to the whole line's 8·(0.01 + 0.09 + 0.81)/3.
    #[test]
    fn crps_of_quantiles_by_hand() {
        let spread = Spread::Quantiles { levels: vec![0.1, 0.9], values: vec![vec![0.0, 8.0]] };
        let forecast = Forecast { mean: vec![4.0], spread, filled: 0 };
        close(crps(&forecast, 0, 4.0), 8.0 * 0.31 / 3.0);
        close(crps(&forecast, 0, 10.0), 2.0 + 8.0 * 0.91 / 3.0);
    }

    /// One level of 80 %, ends 0 and 10 at p = 0.1 and 0.9, median 5; truths 4, 12 and one missing.
    fn score(name: &str) -> f64 {
        let row = vec![0.0, 5.0, 10.0];
        let spread = Spread::Quantiles { levels: vec![0.1, 0.5, 0.9], values: vec![row; 3] };
        let forecast = Forecast { mean: vec![5.0; 3], spread, filled: 0 };
        let yard = Yard::of(&[0.0, 2.0], 1);
        let judged = Judged { truth: &[4.0, f64::NAN, 12.0], yard, levels: &[0.8] };
        gauges(name, &[0.8]).unwrap()[0].read(&judged, &forecast)
    }

    /// Pinball of 4: 0.4, 0.5, 0.6; of 12: 1.2, 3.5, 1.8. Winkler of 4: 10; of 12: 10 + 10·2.
    #[test]
    fn intervals_by_hand() {
        close(score("pinball"), (0.4 + 0.5 + 0.6 + 1.2 + 3.5 + 1.8) / 6.0);
        close(score("coverage"), 0.5);
        close(score("winkler"), 20.0);
        close(score("msis"), 10.0);
    }
}
