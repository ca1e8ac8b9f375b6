//! How often the intervals of a kept model held what came after it was fitted.

use serde::{Deserialize, Serialize};
use statrs::distribution::{Binomial, DiscreteCDF};

/// Step of the adapted level: a miss of a level α moves it by so much of its distance.
const STEP: f64 = 0.02;
/// Levels in percent that can be watched.
pub const WATCHED: std::ops::RangeInclusive<f64> = 1.0..=99.9;
/// Times after which drift may be told.
const ENOUGH: u64 = 20;
/// What a p-value is below where there is drift.
const SURE: f64 = 0.01;

/// The coverage of intervals of one level, time by time.
///
/// ```text
/// share       rows inside ÷ rows, at one time
/// adapted     aₜ₊₁ = aₜ + STEP · (level − 100 · shareₜ)     of the interval at level aₜ
/// p_value     P(X ≤ Σ share), X ~ binomial(times, level)    series of one time count as one, since
///                                                            they move together
/// ```
///
/// The adapted level is adaptive conformal inference (Gibbs and Candès 2021, eq. 2) in levels: an
/// interval asked for at it holds `level` percent in the long run, whatever drifts, as far as one of
/// 99.9 percent can.
///
/// The p-value is that of one look. Who looks after every time sees some alarm of a model that is
/// right more often than 1 %: of independent rows in 4 % of 100 times, in 9 % of 1,000.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// The level in percent.
    pub level: f64,
    /// Times that were seen.
    pub times: u64,
    /// Rows that were seen, over all series.
    pub rows: u64,
    /// Rows that the interval held.
    pub inside: u64,
    /// The sum over times of the share of rows that it held.
    pub held: f64,
    /// The level to ask for so that `level` percent are held.
    pub adapted: f64,
}

impl Coverage {
    /// Nothing seen yet.
    pub fn new(level: f64) -> Coverage {
        Coverage { level, times: 0, rows: 0, inside: 0, held: 0.0, adapted: level }
    }

    /// Takes the rows of one time: how many there are, how many the interval of the level held, and
    /// how many that of the adapted level.
    pub fn see(&mut self, rows: usize, inside: usize, adapted: usize) {
        if rows == 0 {
            return;
        }
        let share = |inside: usize| inside as f64 / rows as f64;
        self.times += 1;
        self.rows += rows as u64;
        self.inside += inside as u64;
        self.held += share(inside);
        let moved = self.adapted + STEP * (self.level - 100.0 * share(adapted));
        self.adapted = moved.clamp(*WATCHED.start(), *WATCHED.end());
    }

    /// The rows that were held, in percent of all; none before the first.
    pub fn percent(&self) -> Option<f64> {
        (self.rows > 0).then(|| 100.0 * self.inside as f64 / self.rows as f64)
    }

    /// How probable so few held rows are where the level is true.
    pub fn p_value(&self) -> f64 {
        let law = Binomial::new(self.level / 100.0, self.times);
        // A sum of shares may lie a hair below a whole number.
        law.map_or(1.0, |law| law.cdf((self.held + 1e-9).floor() as u64))
    }

    /// Whether too few rows were held, and enough were seen to say so.
    pub fn has_drifted(&self) -> bool {
        self.times >= ENOUGH && self.p_value() < SURE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of ten times at 80 %, seven held and three not: P(X ≤ 7) = 0.3222; the level adapts by hand.
    #[test]
    fn by_hand() {
        let mut seen = Coverage::new(80.0);
        assert_eq!((seen.percent(), seen.has_drifted()), (None, false));
        (0..7).for_each(|_| seen.see(1, 1, 1));
        (0..3).for_each(|_| seen.see(1, 0, 0));
        assert_eq!((seen.percent(), seen.times), (Some(70.0), 10));
        assert!((seen.p_value() - 0.322_200_473_6).abs() < 1e-9, "{}", seen.p_value());
        let by_hand = 80.0 - 7.0 * 0.02 * 20.0 + 3.0 * 0.02 * 80.0;
        assert!((seen.adapted - by_hand).abs() < 1e-9, "{}", seen.adapted);
    }

    /// A hundred series that miss at once are one miss; twenty times without one held are drift.
    #[test]
    fn series_of_one_time_are_one() {
        let mut seen = Coverage::new(80.0);
        seen.see(100, 0, 0);
        assert!((seen.p_value() - 0.2).abs() < 1e-12);
        let mut thirds = Coverage::new(80.0);
        (0..21).for_each(|_| thirds.see(3, 1, 1));
        let seven = Binomial::new(0.8, 21).unwrap().cdf(7);
        assert!((thirds.p_value() - seven).abs() < 1e-15);
        (1..20).for_each(|_| seen.see(100, 0, 0));
        assert!(seen.has_drifted());
        let mut whole = Coverage::new(80.0);
        (0..40).for_each(|_| whole.see(10, 8, 8));
        assert!(!whole.has_drifted() && (whole.adapted - 80.0).abs() < 1e-9);
    }

    /// Asked at the adapted level, errors that grew are held again: the interval of a normal law
    /// whose spread has doubled.
    #[test]
    fn the_adapted_level_holds() {
        use statrs::distribution::{ContinuousCDF, Normal};
        let normal = Normal::new(0.0, 1.0).unwrap();
        let half = |level: f64| normal.inverse_cdf(0.5 + level / 200.0);
        let mut seen = Coverage::new(80.0);
        let mut late = 0;
        for time in 0..4000_u32 {
            // Quantiles of the doubled law in a fixed order that visits all of them.
            let place = f64::from(time * 1597 % 4000) + 0.5;
            let error = 2.0 * normal.inverse_cdf(place / 4000.0);
            let inside = |level: f64| usize::from(error.abs() <= half(level));
            let held = inside(seen.adapted);
            late += if time >= 2000 { held } else { 0 };
            seen.see(1, inside(80.0), held);
        }
        assert!(seen.has_drifted());
        assert!((late as f64 / 2000.0 - 0.8).abs() < 0.02, "{late}");
    }
}
