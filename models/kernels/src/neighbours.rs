//! The nearest rows of a table, exactly.

/// Rows looked at together: their distances stay in the first cache.
const BLOCK: usize = 512;

/// The `count` rows nearest to `asked`, nearest first, as squared distances and rows; of equally
/// near rows the earlier comes first. Columns lie one after another; all numbers are finite.
pub fn nearest(columns: &[f64], asked: &[f64], count: usize) -> Vec<(f64, usize)> {
    let rows = columns.len() / asked.len().max(1);
    let mut found: Vec<(f64, usize)> = Vec::with_capacity(count + 1);
    let mut squares = [0.0; BLOCK];
    for start in (0..rows).step_by(BLOCK) {
        let squares = &mut squares[..BLOCK.min(rows - start)];
        squares.fill(0.0);
        for (column, &asked) in columns.chunks_exact(rows).zip(asked) {
            for (square, value) in squares.iter_mut().zip(&column[start..]) {
                let off = value - asked;
                *square += off * off;
            }
        }
        for (at, &square) in squares.iter().enumerate() {
            let full = found.len() == count;
            if full && found.last().is_none_or(|&(worst, _)| square >= worst) {
                continue;
            }
            let place = found.partition_point(|&(other, _)| other <= square);
            found.insert(place, (square, start + at));
            found.truncate(count);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From 2 the points 0 3 1 9 3 lie 4 1 1 49 1 away squared: rows 1, 2 and 4 in this order.
    #[test]
    fn nearest_by_hand() {
        let line = [0.0, 3.0, 1.0, 9.0, 3.0];
        assert_eq!(nearest(&line, &[2.0], 3), [(1.0, 1), (1.0, 2), (1.0, 4)]);
        assert_eq!(nearest(&line, &[2.0], 2), [(1.0, 1), (1.0, 2)]);
    }

    /// Over several blocks the answer is that of sorting everything.
    #[test]
    fn nearest_is_the_start_of_the_order() {
        let rows = 3 * BLOCK + 7;
        let columns: Vec<f64> = (0..2 * rows).map(|i| ((i * i * 31) % 1009) as f64).collect();
        let square =
            |row: usize| (columns[row] - 300.0).powi(2) + (columns[rows + row] - 700.0).powi(2);
        let mut all: Vec<(f64, usize)> = (0..rows).map(|row| (square(row), row)).collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        assert_eq!(nearest(&columns, &[300.0, 700.0], 20), all[..20]);
    }
}
