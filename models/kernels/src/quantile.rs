//! A quantile of values that are not sorted.

/// The quantile at this share of at least one value, on the line between neighbours where it falls
/// between them; the values end up in another order.
pub fn quantile(values: &mut [f64], share: f64) -> f64 {
    let place = share * (values.len() - 1) as f64;
    let below = place as usize;
    let (_, low, above) = values.select_nth_unstable_by(below, f64::total_cmp);
    let low = *low;
    let high = above.iter().copied().fold(f64::INFINITY, f64::min);
    if above.is_empty() { low } else { low + (place - below as f64) * (high - low) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 1 2 4 the quantile 3/4 lies half-way from 2 to 4; the ends are the ends.
    #[test]
    fn quantile_by_hand() {
        let at = |share| quantile(&mut [4.0, 1.0, 2.0], share);
        assert_eq!([0.0, 0.5, 0.75, 1.0].map(at), [1.0, 2.0, 3.0, 4.0]);
    }
}
