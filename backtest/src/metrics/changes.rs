//! Metrics of how truth and forecast move together: ratios of sums over all folds.

use almanac_data::Better;

use super::tally::{Moments, Tally};
use super::{Estimate, Metric, Read};

/// A line whose small scores are good, and that rewards the mean.
const fn error(
    name: &'static str,
    unit: &'static str,
    read: fn(&Tally) -> f64,
    about: &'static str,
) -> Metric {
    let (better, estimates) = ((|_| Better::Lower) as fn(f64) -> Better, Estimate::Mean);
    Metric { name, unit, better, estimates, power: 1, read: Read::Pooled(read), about }
}

/// A line whose large scores are good.
const fn likeness(name: &'static str, read: fn(&Tally) -> f64, about: &'static str) -> Metric {
    Metric { better: |_| Better::Higher, ..error(name, "", read, about) }
}

/// Metrics of levels, and of changes from the last value known at the cutoff.
pub const CHANGES: &[Metric] = &[
    likeness("r2", r2, "1 − Σ(y − ŷ)² / Σ(y − ȳ)², ȳ over the same steps"),
    likeness("correlation", |t| correlation(&t.levels), "Pearson's, of truth and forecast"),
    likeness(
        "change_correlation",
        |t| correlation(&t.changes),
        "Pearson's, of true and forecast change from the last known value",
    ),
    error(
        "change_rmse_percent",
        "%",
        change_rmse_percent,
        "100 · rmse / mean |y − last|, last the last known value",
    ),
    error(
        "mismatched_signs",
        "%",
        mismatched_signs,
        "share of steps on the wrong side of the last known value",
    ),
    error("theil_u", "", theil_u, "√(Σ(y − ŷ)² / Σ(y − last)²): below 1 beats naive"),
];

fn r2(t: &Tally) -> f64 {
    1.0 - t.levels.errors / t.levels.yy
}

fn correlation(m: &Moments) -> f64 {
    m.yf / (m.yy.sqrt() * m.ff.sqrt())
}

fn change_rmse_percent(t: &Tally) -> f64 {
    100.0 * (t.changes.errors * t.changes.n).sqrt() / t.changes.sizes
}

fn mismatched_signs(t: &Tally) -> f64 {
    100.0 * t.mismatched as f64 / t.changes.n
}

/// Theil's second: Theil, Applied Economic Forecasting, 1966.
fn theil_u(t: &Tally) -> f64 {
    let m = &t.changes;
    (m.errors / (m.yy + m.n * m.y * m.y)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three folds of one step, each from its own last value: 10 → 12 (forecast 11), 12 → 9 (13),
    /// 9 → 10 (12). Changes 2 −3 1 of size 6 and square 14, forecast as 1 1 3; errors −1 4 2.
    fn score(name: &str) -> f64 {
        let mut tally = Tally::default();
        for (last, y, f) in [(10.0, 12.0, 11.0), (12.0, 9.0, 13.0), (9.0, 10.0, 12.0)] {
            tally.add(last, y, f);
        }
        let metric = CHANGES.iter().find(|metric| metric.name == name).unwrap();
        let Read::Pooled(read) = metric.read else { panic!("{name} is not pooled") };
        read(&tally)
    }

    #[track_caller]
    fn close(name: &str, expected: f64) {
        assert!((score(name) - expected).abs() < 1e-12, "{name}: {}", score(name));
    }

    /// RMSE √7 over a mean size of 2; one sign of three is wrong; U = √(21/14).
    #[test]
    fn changes_by_hand() {
        close("change_rmse_percent", 50.0 * 7.0_f64.sqrt());
        close("mismatched_signs", 100.0 / 3.0);
        close("theil_u", 1.5_f64.sqrt());
    }

    /// Changes have mean 0, forecast ones 5/3: products 2 − 3 + 3 = 2, squares 14 and 11 − 25/3.
    /// Truths have mean 31/3 and squares 325 − 961/3; the forecasts 11 13 12 fall as those rise.
    #[test]
    fn likeness_by_hand() {
        close("change_correlation", 2.0 / (14.0_f64 * (8.0 / 3.0)).sqrt());
        close("r2", 1.0 - 21.0 / (14.0 / 3.0));
        close("correlation", -3.0 / (14.0_f64 / 3.0 * 2.0).sqrt());
    }

    /// A truth that never moves has no variance to explain, and naive makes no error to beat.
    #[test]
    fn nothing_to_explain() {
        let mut tally = Tally::default();
        (0..3).for_each(|_| tally.add(5.0, 5.0, 5.0));
        assert!(r2(&tally).is_nan() && theil_u(&tally).is_nan());
    }
}
