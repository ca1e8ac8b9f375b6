//! Laws over the roster of metrics.

use almanac_backtest::{Estimate, Gauge, Judged, Read, Yard, gauges, metrics};
use almanac_data::{Better, Forecast, Spread};

const LEVELS: [f64; 2] = [0.8, 0.95];
const PAST: [f64; 8] = [4.0, 7.0, 5.0, 6.5, 8.0, 6.0, 9.0, 7.5];
const TRUTH: [f64; 5] = [8.0, 6.0, f64::NAN, 9.5, 7.0];

fn all() -> Vec<Gauge> {
    let own = |estimates| estimates != Estimate::Probability;
    let scored = metrics().filter(|metric| !matches!(metric.read, Read::Relative(_)));
    scored
        .filter(|metric| own(metric.estimates))
        .flat_map(|metric| gauges(metric.name, &LEVELS).unwrap())
        .collect()
}

/// The score of a forecast that is off by `bias` at every other step, everything times `scale`.
fn score(gauge: &Gauge, bias: f64, scale: f64) -> f64 {
    let scaled = |values: &[f64]| values.iter().map(|v| v * scale).collect::<Vec<_>>();
    let (past, truth) = (scaled(&PAST), scaled(&TRUTH));
    let means = TRUTH.iter().enumerate().map(|(step, y)| {
        let centre = if y.is_nan() { 7.0 } else { *y };
        scale * (centre + if step % 2 == 0 { bias } else { bias / 2.0 })
    });
    let mean: Vec<f64> = means.collect();
    let variance = vec![(scale * 0.5).powi(2); mean.len()];
    let forecast = Forecast::normal(mean, variance);
    let judged = Judged { truth: &truth, yard: Yard::of(&past, 2), levels: &LEVELS };
    gauge.read(&judged, &forecast)
}

/// A forecast that hits the truth beats one that is off by two deviations at some steps, and that
/// one beats one that is far off. Of coverage only the latter: all inside is more than 80 %.
#[test]
fn nearer_is_better() {
    for gauge in all() {
        let losses = [0.0, 1.0, -6.0].map(|bias| gauge.loss(score(&gauge, bias, 1.0)));
        let name = &gauge.name;
        assert!(losses.iter().all(|loss| loss.is_finite()), "{name}: {losses:?}");
        if name.starts_with("coverage") {
            assert!(losses[1] < losses[2], "{name}: {losses:?}");
        } else {
            assert!(losses[0] < losses[1] && losses[1] <= losses[2], "{name}: {losses:?}");
        }
    }
}

/// A point at the truth scores what the roster calls good: 0, 1, or the target.
#[test]
fn the_truth_scores_best() {
    let truth = [8.0, 6.0, 9.5];
    let forecast = Forecast::point(truth.to_vec());
    let judged = Judged { truth: &truth, yard: Yard::of(&PAST, 2), levels: &LEVELS };
    for gauge in all() {
        let got = gauge.read(&judged, &forecast);
        let best = match gauge.better() {
            _ if gauge.metric.name == "coverage" => 1.0,
            Better::Lower => 0.0,
            Better::Higher => 1.0,
            Better::Near(target) => target,
        };
        assert!((got - best).abs() < 1e-12, "{}: {got} instead of {best}", gauge.name);
    }
}

/// In other money the score changes as its unit says: values with it, squares twice, ratios not.
#[test]
fn units_are_what_the_roster_says() {
    for gauge in all() {
        for scale in [1e-9, 3.0, 1e9] {
            let factor = match gauge.metric.unit {
                "value" => scale,
                "value²" => scale * scale,
                _ => 1.0,
            };
            let (one, other) = (score(&gauge, 2.0, 1.0), score(&gauge, 2.0, scale));
            let near = (other - one * factor).abs() <= 1e-9 * (one * factor).abs();
            assert!(near, "{} × {scale}: {other} instead of {}", gauge.name, one * factor);
        }
    }
}

/// However the same distribution is told, its scores agree: normal, as draws, as quantiles.
#[test]
fn scores_do_not_depend_on_how_a_spread_is_told() {
    let normal = Forecast::normal(vec![7.0], [4.0]);
    let probabilities: Vec<f64> = (0..4000).map(|k| (f64::from(k) + 0.5) / 4000.0).collect();
    let values: Vec<f64> = probabilities.iter().map(|&p| normal.quantile(0, p)).collect();
    let told = |spread| Forecast { mean: vec![7.0], spread, filled: 0 };
    let others = [
        told(Spread::Draws(vec![values.clone()])),
        told(Spread::Quantiles { levels: probabilities, values: vec![values] }),
    ];
    let judged = Judged { truth: &[9.3], yard: Yard::of(&PAST, 2), levels: &LEVELS };
    for gauge in all() {
        let expected = gauge.read(&judged, &normal);
        for other in &others {
            let got = gauge.read(&judged, other);
            let same = expected.is_nan() && got.is_nan();
            assert!(same || (got - expected).abs() <= 2e-3 * expected.abs(), "{}", gauge.name);
        }
    }
}

/// Of probabilities of up: those on the right side beat hesitant ones where confidence counts, and
/// both beat those on the wrong side; the share of ups is what it is.
#[test]
fn the_right_side_is_better() {
    let truth = [1.0, 0.0, f64::NAN, 1.0, 0.0];
    let said = [[1.0, 0.0, 0.5, 1.0, 0.0], [0.8, 0.6, 0.5, 0.7, 0.4], [0.1, 0.9, 0.5, 0.6, 0.7]];
    let judged = Judged { truth: &truth, yard: Yard::of(&[1.0, 0.0], 1), levels: &[] };
    for metric in metrics().filter(|metric| metric.estimates == Estimate::Probability) {
        let gauge = &gauges(metric.name, &[]).unwrap()[0];
        let loss =
            |mean: &[f64; 5]| gauge.loss(gauge.read(&judged, &Forecast::point(mean.to_vec())));
        let [best, middling, worst] = said.each_ref().map(loss);
        if metric.name == "base_rate" {
            assert_eq!([best, middling, worst], [0.0; 3]);
        } else {
            assert!(best <= middling && middling < worst, "{}", metric.name);
        }
    }
}
