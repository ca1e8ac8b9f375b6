//! Sums of products.

/// Σ a·b in eight sums side by side.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// The products of every pair of columns, each row with a weight: the lower triangle, row after row.
/// Columns lie one after another.
pub fn gram(columns: &[f64], weights: &[f64], out: &mut Vec<f64>) {
    let rows = weights.len();
    let mut heavy = vec![0.0; rows];
    out.clear();
    for (at, column) in columns.chunks_exact(rows).enumerate() {
        heavy.iter_mut().zip(column.iter().zip(weights)).for_each(|(h, (v, w))| *h = v * w);
        out.extend(columns.chunks_exact(rows).take(at + 1).map(|other| dot(&heavy, other)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Eleven ones and their places: 0 + 1 + … + 10.
    #[test]
    fn dot_takes_the_rest_along() {
        let places: Vec<f64> = (0..11).map(f64::from).collect();
        assert_eq!(dot(&[1.0; 11], &places), 55.0);
    }

    /// Columns (1, 2) and (3, 4) with weights 10 and 1: 10 + 4, 30 + 8, 90 + 16.
    #[test]
    fn gram_by_hand() {
        let mut out = vec![];
        gram(&[1.0, 2.0, 3.0, 4.0], &[10.0, 1.0], &mut out);
        assert_eq!(out, [14.0, 38.0, 106.0]);
    }
}
