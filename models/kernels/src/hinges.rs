//! The knot at which a pair of hinges explains most of what is left.
//!
//! ```text
//! h(t) = b·max(0, x − t)      gain = (h·r)² / ‖h − its part in the basis‖²
//! ```
//!
//! Knots are visited from the greatest x down: every product with h grows by the step times a sum
//! over the rows passed, so that all knots of a column cost one pass over its rows.
//! Friedman (1991), Multivariate Adaptive Regression Splines, §3.9.

/// A part of a column that is smaller than this share of it is rounding.
const ROUNDING: f64 = 1e-9;

/// What is known before a column is tried.
pub struct Scan<'a> {
    /// Orthonormal columns so far, by rows: `width` numbers for each.
    pub basis: &'a [f64],
    /// How many they are.
    pub width: usize,
    /// What they leave of the target.
    pub left: &'a [f64],
    /// The term that hinges are multiplied with.
    pub parent: &'a [f64],
    /// Rows between an end and the first knot.
    pub from_end: usize,
    /// Rows on which the term is not 0, from knot to knot.
    pub apart: usize,
}

/// What a column is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// The fall of the sum of squares with a straight line.
    pub line: f64,
    /// The same with the best pair of hinges, and where its knot is.
    pub pair: Option<(f64, f64)>,
}

/// Part of `column` outside the basis, at length 1; none where nothing but rounding is left.
pub fn outside(basis: &[f64], width: usize, column: &[f64]) -> Option<Vec<f64>> {
    let size = |values: &[f64]| values.iter().map(|v| v * v).sum::<f64>().sqrt();
    let mut part = column.to_vec();
    // Twice is enough to be orthogonal to rounding.
    for _ in 0..2 {
        let mut along = vec![0.0; width];
        for (row, value) in basis.chunks_exact(width).zip(&part) {
            along.iter_mut().zip(row).for_each(|(along, q)| *along += q * value);
        }
        for (row, value) in basis.chunks_exact(width).zip(&mut part) {
            *value -= row.iter().zip(&along).map(|(q, along)| q * along).sum::<f64>();
        }
    }
    let left = size(&part);
    (left > ROUNDING.sqrt() * size(column)).then(|| part.iter().map(|v| v / left).collect())
}

impl Scan<'_> {
    /// Tries a column, whose rows are visited in this order: from the greatest value down.
    pub fn column(&self, x: &[f64], order: &[usize]) -> Found {
        let product: Vec<f64> = x.iter().zip(self.parent).map(|(x, b)| x * b).collect();
        let line = outside(self.basis, self.width, &product);
        let dot = |q: &[f64]| q.iter().zip(self.left).map(|(q, r)| q * r).sum::<f64>();
        let along = line.as_deref().map_or(0.0, dot);
        let mut pass = Pass { sums: vec![0.0; self.width + 2], ..Pass::default() };
        pass.along = pass.sums.clone();
        // Knots lie in the middle of what the ends leave.
        let room = order.len().saturating_sub(2 * self.from_end + 1);
        let first = self.from_end + (room % self.apart).div_ceil(2);
        let inside = self.from_end..order.len().saturating_sub(self.from_end);
        let (mut passed, mut fresh) = (0, false);
        let mut pair: Option<(f64, f64)> = None;
        for (place, &row) in order.iter().enumerate() {
            let b = self.parent[row];
            if b == 0.0 && !fresh {
                continue;
            }
            pass.move_to(x[row]);
            if fresh && inside.contains(&place) && passed % self.apart == first % self.apart {
                let gain = pass.gain();
                if gain > pair.map_or(0.0, |(gain, _)| gain) {
                    pair = Some((gain, x[row]));
                }
            }
            fresh = b != 0.0;
            passed += usize::from(fresh);
            let line = line.as_ref().map_or(0.0, |line| line[row]);
            let basis = &self.basis[row * self.width..][..self.width];
            let own = basis.iter().copied().chain([line, self.left[row] - along * line]);
            pass.sums.iter_mut().zip(own).for_each(|(sum, q)| *sum += b * q);
            pass.squares += b * b;
        }
        let line = along * along;
        Found { line, pair: pair.map(|(gain, knot)| (line + gain, knot)) }
    }
}

/// Sums over the rows above the knot.
#[derive(Default)]
struct Pass {
    at: Option<f64>,
    /// Σ b·q for each basis column, the line, and what is left of the target.
    sums: Vec<f64>,
    /// Σ h·q for the same.
    along: Vec<f64>,
    /// Σ b², Σ b·h, Σ h².
    squares: f64,
    mixed: f64,
    length: f64,
}

impl Pass {
    fn move_to(&mut self, knot: f64) {
        let step = self.at.map_or(0.0, |at| at - knot);
        self.at = Some(knot);
        if step > 0.0 {
            self.along.iter_mut().zip(&self.sums).for_each(|(along, sum)| *along += step * sum);
            self.length += step * (2.0 * self.mixed + step * self.squares);
            self.mixed += step * self.squares;
        }
    }

    fn gain(&self) -> f64 {
        let Some((left, basis)) = self.along.split_last() else { return 0.0 };
        let outside = self.length - basis.iter().map(|along| along * along).sum::<f64>();
        if outside > ROUNDING * self.length { left * left / outside } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// y = |x − 2| over 0 … 4, less its mean 1.2: no line helps, the pair at 2 explains all.
    #[test]
    fn the_knot_by_hand() {
        let x = [0.0, 1.0, 2.0, 3.0, 4.0];
        let left = [0.8, -0.2, -1.2, -0.2, 0.8];
        let basis = [5.0_f64.sqrt().recip(); 5];
        let scan =
            Scan { basis: &basis, width: 1, left: &left, parent: &[1.0; 5], from_end: 1, apart: 1 };
        let found = scan.column(&x, &[4, 3, 2, 1, 0]);
        assert!(found.line.abs() < 1e-20);
        let (gain, knot) = found.pair.unwrap();
        assert_eq!(knot, 2.0);
        assert!((gain - 2.8).abs() < 1e-12, "{gain}");
    }

    /// What is in the basis has no part outside it.
    #[test]
    fn nothing_is_outside_itself() {
        let basis = [0.6, 0.8];
        assert_eq!(outside(&basis, 1, &[3.0, 4.0]), None);
        let part = outside(&basis, 1, &[4.0, 3.0]).unwrap();
        assert!((part[0] - 0.8).abs() < 1e-15 && (part[1] + 0.6).abs() < 1e-15);
    }
}
