//! Least squares by reflections: columns made triangular together with a target.
//!
//! ```text
//! Q·[A | y] = [R | Qᵀy]      slopes solve R·b = Qᵀy      what is left of y below R is unexplained
//! ```
//!
//! Golub & Van Loan, Matrix Computations, 4th ed., §5.2.

/// Columns after reflection: only what stands on and above the diagonal is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Triangle {
    /// Columns, one after another, `size` numbers each.
    pub entries: Vec<f64>,
    /// The target seen from the columns' directions.
    pub along: Vec<f64>,
    /// Sum of squares of the target that the columns leave.
    pub left: f64,
    /// How many columns there are.
    pub size: usize,
}

/// Reflects columns, one after another, and a target as long as each. Both are overwritten. There
/// are at least as many rows as columns.
pub fn triangle(columns: &mut [f64], y: &mut [f64]) -> Triangle {
    let rows = y.len();
    let size = columns.len() / rows;
    let mut entries = vec![0.0; size * size];
    for at in 0..size {
        let (head, rest) = columns.split_at_mut((at + 1) * rows);
        let whole = &mut head[at * rows..];
        entries[at * size..at * size + at].copy_from_slice(&whole[..at]);
        let pivot = &mut whole[at..];
        let length = pivot.iter().map(|v| v * v).sum::<f64>().sqrt();
        let corner = if pivot[0] > 0.0 { -length } else { length };
        entries[at * size + at] = corner;
        pivot[0] -= corner;
        let half = pivot.iter().map(|v| v * v).sum::<f64>() / 2.0;
        if half > 0.0 {
            for other in rest.chunks_exact_mut(rows).chain([&mut *y]) {
                let other = &mut other[at..];
                let along = pivot.iter().zip(&*other).map(|(a, b)| a * b).sum::<f64>() / half;
                other.iter_mut().zip(&*pivot).for_each(|(o, p)| *o -= along * p);
            }
        }
    }
    let left = y[size..].iter().map(|v| v * v).sum();
    Triangle { entries, along: y[..size].to_vec(), left, size }
}

impl Triangle {
    /// The slopes; 0 for a column that others make up.
    pub fn solve(&self) -> Vec<f64> {
        let size = self.size;
        let entry = |row: usize, column: usize| self.entries[column * size + row];
        let largest = (0..size).map(|k| entry(k, k).abs()).fold(0.0, f64::max);
        let mut slopes = vec![0.0; size];
        for row in (0..size).rev() {
            let known: f64 =
                (row + 1..size).map(|column| entry(row, column) * slopes[column]).sum();
            if entry(row, row).abs() > 1e-12 * largest {
                slopes[row] = (self.along[row] - known) / entry(row, row);
            }
        }
        slopes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Through (0, 1), (1, 2), (2, 6): slope 2.5, at 0 it is 0.5, errors 0.5 −1 0.5, squares 1.5.
    #[test]
    fn a_line_by_hand() {
        let mut columns = [1.0, 1.0, 1.0, 0.0, 1.0, 2.0];
        let triangle = triangle(&mut columns, &mut [1.0, 2.0, 6.0]);
        let slopes = triangle.solve();
        assert!((slopes[0] - 0.5).abs() < 1e-14 && (slopes[1] - 2.5).abs() < 1e-14, "{slopes:?}");
        assert!((triangle.left - 1.5).abs() < 1e-14);
    }

    /// A column twice is used once, a column of zeros not at all.
    #[test]
    fn equal_columns_are_one() {
        let mut columns = [1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 0.0, 0.0, 0.0];
        let triangle = triangle(&mut columns, &mut [2.0, 4.0, 6.0]);
        let slopes = triangle.solve();
        assert!((slopes[0] - 2.0).abs() < 1e-12, "{slopes:?}");
        assert_eq!(slopes[1..], [0.0, 0.0]);
        assert!(triangle.left < 1e-20);
    }
}
