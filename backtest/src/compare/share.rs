//! How sure a share is: the interval of Wilson.
//!
//! ```text
//! (p̂ + z²/2n ± z·√(p̂(1 − p̂)/n + z²/4n²)) / (1 + z²/n)        z the normal quantile of (1 + level)/2
//! ```
//!
//! It never leaves 0 … 1 and holds its level with few trials, and it takes trials as independent:
//! of shares that rise and fall on the same day, count days, not shares.
//! Wilson, JASA 22 (1927); Brown, Cai & DasGupta, Statistical Science 16 (2001).

use almanac_data::Forecast;

/// Lower and upper end of the share of which `hits` of `trials` were seen, at 0 < level < 1; 0 and
/// 1 where nothing was tried.
pub fn share_interval(hits: u64, trials: u64, level: f64) -> (f64, f64) {
    if trials == 0 {
        return (0.0, 1.0);
    }
    let n = trials as f64;
    let share = hits as f64 / n;
    let z = Forecast::normal(vec![0.0], [1.0]).quantile(0, (1.0 + level) / 2.0);
    let centre = share + z * z / (2.0 * n);
    let half = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    (((centre - half) / scale).max(0.0), ((centre + half) / scale).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without a hit the lower end is 0 and the upper z²/(n + z²); all hits are the mirror image.
    #[test]
    fn ends_at_the_ends() {
        let z2 = 1.959_963_984_540_054_f64.powi(2);
        let (low, high) = share_interval(0, 10, 0.95);
        assert!(low.abs() < 1e-15 && (high - z2 / (10.0 + z2)).abs() < 1e-9, "{low} {high}");
        let (low, high) = share_interval(10, 10, 0.95);
        assert!((low - 10.0 / (10.0 + z2)).abs() < 1e-9 && (high - 1.0).abs() < 1e-15);
    }

    /// Nothing tried, nothing known.
    #[test]
    fn no_trial_is_no_knowledge() {
        assert_eq!(share_interval(0, 0, 0.95), (0.0, 1.0));
    }
}
