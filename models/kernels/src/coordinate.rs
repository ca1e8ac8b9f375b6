//! Coordinate descent for squared errors with a penalty on slopes and their squares.
//!
//! ```text
//! least of  Σ (y − x·w)²/2n + l1·Σ|w| + l2·Σw²/2
//! w[j] ← soft(gradient[j] + G[j][j]·w[j], l1) / (G[j][j] + l2)      G = xᵀx/n, gradient = xᵀ(y − x·w)/n
//! ```
//!
//! A column of G is computed when its slope first moves; after that a sweep costs no look at the rows.
//! Friedman, Hastie & Tibshirani, Journal of Statistical Software 33(1), 2010.

use crate::sums::dot;

/// Centred columns, their slopes so far, and what is left to explain.
pub struct Descent<'a> {
    columns: &'a [f64],
    rows: usize,
    squares: Vec<f64>,
    products: Vec<Vec<f64>>,
    gradient: Vec<f64>,
    /// The greatest gradient with all slopes at zero: an `l1` above it leaves them there.
    pub most: f64,
    /// The slopes.
    pub slopes: Vec<f64>,
}

impl<'a> Descent<'a> {
    /// All slopes at zero; the columns lie one after another and are as long as `y`.
    pub fn new(columns: &'a [f64], y: &[f64]) -> Descent<'a> {
        let rows = y.len();
        let each = columns.chunks_exact(rows);
        let squares: Vec<f64> = each.clone().map(|c| dot(c, c) / rows as f64).collect();
        let gradient: Vec<f64> = each.map(|c| dot(c, y) / rows as f64).collect();
        let most = gradient.iter().fold(0.0, |most: f64, g| most.max(g.abs()));
        let (products, slopes) = (vec![vec![]; squares.len()], vec![0.0; squares.len()]);
        Descent { columns, rows, squares, products, gradient, most, slopes }
    }

    /// Sweeps until no condition of the minimum is broken by more than `tolerance · most`; false
    /// where `sweeps` were not enough.
    pub fn descend(&mut self, l1: f64, l2: f64, tolerance: f64, sweeps: usize) -> bool {
        (0..sweeps).any(|_| self.sweep(l1, l2) <= tolerance * self.most)
    }

    /// Moves each slope once; gives the worst break of a condition that it met.
    fn sweep(&mut self, l1: f64, l2: f64) -> f64 {
        let mut worst = 0.0_f64;
        for j in 0..self.slopes.len() {
            let (square, slope) = (self.squares[j], self.slopes[j]);
            if square <= 0.0 {
                continue;
            }
            let pull = self.gradient[j] + square * slope;
            let soft = pull.signum() * (pull.abs() - l1).max(0.0);
            let step = soft / (square + l2) - slope;
            if step == 0.0 {
                continue;
            }
            worst = worst.max(step.abs() * (square + l2));
            self.slopes[j] += step;
            if self.products[j].is_empty() {
                let own = &self.columns[j * self.rows..][..self.rows];
                let with = |c: &[f64]| dot(c, own) / self.rows as f64;
                self.products[j] = self.columns.chunks_exact(self.rows).map(with).collect();
            }
            let moved = self.gradient.iter_mut().zip(&self.products[j]);
            moved.for_each(|(gradient, product)| *gradient -= step * product);
        }
        worst
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Orthogonal columns part: G = diag(1, 1), gradient (2, 0.25); soft by ½ and 1 + l2 = 2 gives
    /// (1.5/2, 0).
    #[test]
    fn orthogonal_columns_by_hand() {
        let columns = [1.0, -1.0, 1.0, -1.0, 1.0, 1.0, -1.0, -1.0];
        let y = [2.25, -1.75, 1.75, -2.25];
        let mut descent = Descent::new(&columns, &y);
        assert_eq!(descent.most, 2.0);
        assert!(descent.descend(0.5, 1.0, 1e-12, 10));
        assert_eq!(descent.slopes, [0.75, 0.0]);
    }

    /// Nothing moves at or above the greatest gradient, and a column of zeros never does.
    #[test]
    fn a_great_penalty_leaves_zero() {
        let mut descent = Descent::new(&[1.0, -1.0, 0.0, 0.0], &[3.0, -3.0]);
        assert!(descent.descend(descent.most, 0.0, 1e-12, 1));
        assert_eq!(descent.slopes, [0.0, 0.0]);
    }
}
