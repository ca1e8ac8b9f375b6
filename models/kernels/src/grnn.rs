//! Means weighted by nearness, and how well they foretell a row that is left out.
//!
//! ```text
//! d(a, b) = Σ q[k]·(a[k] − b[k])²      q = 1 / 2σ²
//! ŷ(a)    = Σ y[j]·w[j] / Σ w[j]       w[j] = exp(min d − d(a, j))
//! ```
//!
//! The nearest row has weight 1, so that no sum of weights vanishes: where all others underflow,
//! the nearest row answers. Rows lie one after another.

/// Weights below exp(−40) are lost beside the nearest row's 1.
const FAR: f64 = 40.0;

/// The distance of two rows.
fn distance(a: &[f64], b: &[f64], q: &[f64]) -> f64 {
    a.iter().zip(b).zip(q).map(|((a, b), q)| q * (a - b) * (a - b)).sum()
}

/// The mean of `y` around one row.
pub fn answer(x: &[f64], y: &[f64], q: &[f64], ask: &[f64]) -> f64 {
    let away: Vec<f64> = x.chunks_exact(q.len()).map(|row| distance(row, ask, q)).collect();
    let nearest = away.iter().copied().fold(f64::INFINITY, f64::min);
    mean(&away, y, nearest, 1.0)
}

fn mean(away: &[f64], y: &[f64], nearest: f64, q: f64) -> f64 {
    let (mut top, mut bottom) = (0.0, 0.0);
    for (away, y) in away.iter().zip(y) {
        let exponent = q * (away - nearest);
        if exponent < FAR {
            let weight = (-exponent).exp();
            top += weight * y;
            bottom += weight;
        }
    }
    top / bottom
}

/// Squared distances of all pairs of rows; a row is infinitely far from itself.
pub fn pairs(x: &[f64], width: usize) -> Vec<f64> {
    let (rows, q) = (x.len() / width, vec![1.0; width]);
    let mut pairs = vec![f64::INFINITY; rows * rows];
    for (i, a) in x.chunks_exact(width).enumerate() {
        for (j, b) in x.chunks_exact(width).enumerate().take(i) {
            let away = distance(a, b, &q);
            pairs[i * rows + j] = away;
            pairs[j * rows + i] = away;
        }
    }
    pairs
}

/// Mean squared error of the mean around each row without that row; one q for all columns.
pub fn left_out(pairs: &[f64], y: &[f64], q: f64) -> f64 {
    let errors = pairs.chunks_exact(y.len()).zip(y).map(|(away, own)| {
        let nearest = away.iter().copied().fold(f64::INFINITY, f64::min);
        (mean(away, y, nearest, q) - own).powi(2)
    });
    errors.sum::<f64>() / y.len() as f64
}

/// The same with a q for each column; writes the error's slopes in ln σ.
pub fn left_out_each(x: &[f64], y: &[f64], q: &[f64], slopes: &mut [f64]) -> f64 {
    let (rows, width) = (y.len(), q.len());
    let (mut away, mut total) = (vec![0.0; rows], 0.0);
    slopes.fill(0.0);
    let mut bend = vec![0.0; width];
    for (i, (own, value)) in x.chunks_exact(width).zip(y).enumerate() {
        for (away, row) in away.iter_mut().zip(x.chunks_exact(width)) {
            *away = distance(own, row, q);
        }
        away[i] = f64::INFINITY;
        let nearest = away.iter().copied().fold(f64::INFINITY, f64::min);
        let answer = mean(&away, y, nearest, 1.0);
        let mut weights = 0.0;
        bend.fill(0.0);
        for ((row, y), away) in x.chunks_exact(width).zip(y).zip(&away) {
            if away - nearest < FAR {
                let weight = (nearest - away).exp();
                weights += weight;
                let pull = weight * (answer - y);
                for ((bend, a), b) in bend.iter_mut().zip(own).zip(row) {
                    *bend += pull * (a - b) * (a - b);
                }
            }
        }
        total += (answer - value).powi(2);
        for ((slope, bend), q) in slopes.iter_mut().zip(&bend).zip(q) {
            *slope -= 4.0 * (answer - value) * bend * q / (weights * rows as f64);
        }
    }
    total / rows as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Between 0 ↦ 1 and 2 ↦ 5, at 1 the weights are equal: 3. At 0 they are 1 and exp(−4·q).
    #[test]
    fn answer_by_hand() {
        let (x, y) = ([0.0, 2.0], [1.0, 5.0]);
        assert_eq!(answer(&x, &y, &[0.5], &[1.0]), 3.0);
        let weight = (-2.0_f64).exp();
        let want = (1.0 + 5.0 * weight) / (1.0 + weight);
        assert!((answer(&x, &y, &[0.5], &[0.0]) - want).abs() < 1e-15);
    }

    /// A thousand widths away every weight underflows, and the nearest row answers.
    #[test]
    fn far_away_the_nearest_answers() {
        assert_eq!(answer(&[0.0, 2.0], &[1.0, 5.0], &[0.5], &[1e8]), 5.0);
    }

    /// Of two rows each is foretold by the other: the error is the squared difference.
    #[test]
    fn left_out_by_hand() {
        let (x, y) = ([0.0, 2.0], [1.0, 5.0]);
        assert_eq!(left_out(&pairs(&x, 1), &y, 0.5), 16.0);
        assert_eq!(left_out_each(&x, &y, &[0.5], &mut [0.0]), 16.0);
    }

    /// Slopes are limits of differences, and one q for all is the same q for each.
    #[test]
    fn slopes_are_differences() {
        let x: Vec<f64> = (0..24).map(|k| f64::from(k * k % 13) / 3.0).collect();
        let y: Vec<f64> = x.chunks_exact(2).map(|row| row[0].sin() + 0.3 * row[1]).collect();
        let q = |log: &[f64]| log.iter().map(|log| 0.5 * (-2.0 * log).exp()).collect::<Vec<_>>();
        let error = |log: &[f64]| left_out_each(&x, &y, &q(log), &mut [0.0; 2]);
        let (at, mut slopes) = ([0.1, -0.2], [0.0; 2]);
        left_out_each(&x, &y, &q(&at), &mut slopes);
        let step = 1e-5;
        let first = (error(&[0.1 + step, -0.2]) - error(&[0.1 - step, -0.2])) / (2.0 * step);
        let second = (error(&[0.1, -0.2 + step]) - error(&[0.1, -0.2 - step])) / (2.0 * step);
        assert!((slopes[0] - first).abs() < 1e-7, "{slopes:?} {first}");
        assert!((slopes[1] - second).abs() < 1e-7, "{slopes:?} {second}");
        let one = left_out(&pairs(&x, 2), &y, 0.5);
        assert!((one - error(&[0.0, 0.0])).abs() < 1e-12);
    }
}
