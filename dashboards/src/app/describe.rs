//! What one series looks like: how its values are spread, what they remember, what a season does.

/// Bars of a histogram.
const BARS: usize = 40;
/// Seasons beyond which a profile would be noise.
const LONGEST: usize = 400;

/// The middles, the width and the counts of equal bins; none of a series with one value or none.
pub fn histogram(y: &[f64]) -> Option<(Vec<f64>, f64, Vec<f64>)> {
    let finite = || y.iter().copied().filter(|v| v.is_finite());
    let (least, most) = (finite().reduce(f64::min)?, finite().reduce(f64::max)?);
    let width = (most - least) / BARS as f64;
    if width <= 0.0 || !width.is_finite() {
        return None;
    }
    let mut counts = vec![0.0; BARS];
    finite().for_each(|v| counts[(((v - least) / width) as usize).min(BARS - 1)] += 1.0);
    let middle = |bar: usize| least + (bar as f64 + 0.5) * width;
    Some(((0..BARS).map(middle).collect(), width, counts))
}

/// Autocorrelation from lag 1 on, over pairs that are both there, and the 95 % band of none.
pub fn memory(y: &[f64], lags: usize) -> Option<(Vec<f64>, f64)> {
    let finite: Vec<f64> = y.iter().copied().filter(|v| v.is_finite()).collect();
    let mean = finite.iter().sum::<f64>() / finite.len() as f64;
    let whole: f64 = finite.iter().map(|v| (v - mean).powi(2)).sum();
    let lags = lags.min(finite.len() / 2);
    if lags < 2 || whole <= 0.0 || !whole.is_finite() {
        return None;
    }
    let at = |lag: usize| {
        let pairs = y.iter().zip(&y[lag..]).map(|(a, b)| (a - mean) * (b - mean));
        pairs.filter(|product| product.is_finite()).sum::<f64>() / whole
    };
    Some(((1..=lags).map(at).collect(), 1.96 / (finite.len() as f64).sqrt()))
}

/// The quartiles of the values at each place of a season, counted from the first row.
pub fn seasons(y: &[f64], season: usize) -> Option<[Vec<f64>; 3]> {
    if !(2..=LONGEST).contains(&season) || y.len() < 2 * season {
        return None;
    }
    let mut quartiles = [const { Vec::new() }; 3];
    for place in 0..season {
        let own = y.iter().skip(place).step_by(season);
        let mut own: Vec<f64> = own.copied().filter(|v| v.is_finite()).collect();
        own.sort_by(f64::total_cmp);
        for (quartile, share) in quartiles.iter_mut().zip([0.25, 0.5, 0.75]) {
            quartile.push(quantile(&own, share));
        }
    }
    Some(quartiles)
}

/// Between the two nearest of values in order; NaN of none.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let at = share * last as f64;
    let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    low + (high - low) * at.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0 … 79 in 40 bins of two each; one value has no width.
    #[test]
    fn bins_by_hand() {
        let (middles, width, counts) =
            histogram(&(0..80).map(f64::from).collect::<Vec<_>>()).unwrap();
        assert_eq!((middles.len(), counts.iter().sum::<f64>()), (40, 80.0));
        assert!((width - 79.0 / 40.0).abs() < 1e-12);
        assert!(histogram(&[3.0, 3.0, f64::NAN]).is_none());
    }

    /// +1, −1, +1 … : neighbours are opposite, so r₁ = −(n − 1)/n.
    #[test]
    fn alternation_is_minus_one() {
        let y: Vec<f64> = (0..40).map(|k| if k % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let (r, _) = memory(&y, 5).unwrap();
        assert!((r[0] + 39.0 / 40.0).abs() < 1e-12 && (r[1] - 38.0 / 40.0).abs() < 1e-12);
        assert!(memory(&[1.0; 30], 5).is_none());
    }

    /// 1, 10, 2, 20, 3, 30 in seasons of two: medians 2 and 20; a gap is passed over.
    #[test]
    fn places_of_a_season() {
        let [low, middle, _] = seasons(&[1.0, 10.0, 2.0, 20.0, 3.0, 30.0], 2).unwrap();
        assert_eq!((middle, low[0]), (vec![2.0, 20.0], 1.5));
        assert_eq!(seasons(&[f64::NAN, 1.0, 4.0, 1.0], 2).unwrap()[1], [4.0, 1.0]);
        assert!(seasons(&[1.0; 5], 1).is_none());
    }
}
