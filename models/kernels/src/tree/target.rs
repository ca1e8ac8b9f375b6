//! What trees add up over rows, and what a sum is worth.

/// Targets of rows with their weights: sums of them are what splits are judged by.
pub trait Target {
    /// A sum over rows.
    type Sum: Clone;

    /// Number of rows.
    fn rows(&self) -> usize;

    /// The weight of a row; rows of none are left out.
    fn weight(&self, row: usize) -> f64;

    /// The sum over no rows.
    fn nothing(&self) -> Self::Sum;

    /// Adds a row so many times: 1, 0, or −1 to take it away.
    fn add(&self, sum: &mut Self::Sum, row: usize, times: f64);

    /// Takes a sum away.
    fn take(&self, sum: &mut Self::Sum, other: &Self::Sum);

    /// Weight times impurity, negated, up to a constant that splits do not change; −∞ without
    /// weight.
    fn worth(&self, sum: &Self::Sum) -> f64;

    /// Whether two rows have the same target.
    fn same(&self, a: usize, b: usize) -> bool;

    /// The numbers of a leaf.
    fn leaf(&self, sum: &Self::Sum, leaves: &mut Vec<f64>);
}

/// Squared error: `worth = (Σ w·y)² / Σ w`, a leaf is the mean.
#[derive(Debug, Clone)]
pub struct Squares<'a> {
    y: &'a [f64],
    centre: f64,
    rows: Vec<[f64; 2]>,
}

impl<'a> Squares<'a> {
    /// These values with their weights.
    pub fn new(y: &'a [f64], weights: &[f64]) -> Squares<'a> {
        // Around zero, squares of sums lose no digits to a common level.
        let centre = y.iter().sum::<f64>() / y.len().max(1) as f64;
        let rows = y.iter().zip(weights).map(|(y, &weight)| [weight, weight * (y - centre)]);
        Squares { y, centre, rows: rows.collect() }
    }
}

impl Target for Squares<'_> {
    type Sum = [f64; 2];

    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn weight(&self, row: usize) -> f64 {
        self.rows[row][0]
    }

    fn nothing(&self) -> [f64; 2] {
        [0.0; 2]
    }

    #[inline(always)]
    fn add(&self, sum: &mut [f64; 2], row: usize, times: f64) {
        let [weight, value] = self.rows[row];
        sum[0] += times * weight;
        sum[1] += times * value;
    }

    #[inline(always)]
    fn take(&self, sum: &mut [f64; 2], other: &[f64; 2]) {
        sum[0] -= other[0];
        sum[1] -= other[1];
    }

    #[inline(always)]
    fn worth(&self, &[weight, value]: &[f64; 2]) -> f64 {
        if weight > 0.0 { value * value / weight } else { f64::NEG_INFINITY }
    }

    fn same(&self, a: usize, b: usize) -> bool {
        self.y[a] == self.y[b]
    }

    fn leaf(&self, &[weight, value]: &[f64; 2], leaves: &mut Vec<f64>) {
        leaves.push(self.centre + value / weight);
    }
}

/// Classes of rows with their weights; a leaf is the share of each.
#[derive(Debug, Clone)]
struct Labels<'a> {
    of: &'a [usize],
    count: usize,
    weights: &'a [f64],
}

/// Gini's impurity: `worth = Σ w[c]² / Σ w`.
#[derive(Debug, Clone)]
pub struct Gini<'a>(Labels<'a>);

/// Entropy: `worth = Σ w[c]·ln(w[c] / Σ w)`.
#[derive(Debug, Clone)]
pub struct Entropy<'a>(Labels<'a>);

macro_rules! classes {
    ($name:ident, $worth:expr) => {
        impl<'a> $name<'a> {
            /// The class of each row, below `count`, and its weight.
            pub fn new(of: &'a [usize], count: usize, weights: &'a [f64]) -> $name<'a> {
                $name(Labels { of, count, weights })
            }
        }

        impl Target for $name<'_> {
            type Sum = Vec<f64>;

            fn rows(&self) -> usize {
                self.0.of.len()
            }

            fn weight(&self, row: usize) -> f64 {
                self.0.weights[row]
            }

            fn nothing(&self) -> Vec<f64> {
                vec![0.0; self.0.count]
            }

            #[inline(always)]
            fn add(&self, sum: &mut Vec<f64>, row: usize, times: f64) {
                sum[self.0.of[row]] += times * self.0.weights[row];
            }

            fn take(&self, sum: &mut Vec<f64>, other: &Vec<f64>) {
                sum.iter_mut().zip(other).for_each(|(sum, other)| *sum -= other);
            }

            #[inline(always)]
            fn worth(&self, sum: &Vec<f64>) -> f64 {
                let weight: f64 = sum.iter().sum();
                let worth: fn(&[f64], f64) -> f64 = $worth;
                if weight > 0.0 { worth(sum, weight) } else { f64::NEG_INFINITY }
            }

            fn same(&self, a: usize, b: usize) -> bool {
                self.0.of[a] == self.0.of[b]
            }

            fn leaf(&self, sum: &Vec<f64>, leaves: &mut Vec<f64>) {
                let weight: f64 = sum.iter().sum();
                leaves.extend(sum.iter().map(|sum| sum / weight));
            }
        }
    };
}

classes!(Gini, |sum, weight| sum.iter().map(|sum| sum * sum).sum::<f64>() / weight);
classes!(Entropy, |sum, weight| {
    let some = sum.iter().filter(|&&sum| sum > 0.0);
    some.map(|sum| sum * (sum / weight).ln()).sum()
});

#[cfg(test)]
mod tests {
    use super::*;

    /// Three rows of one class and one of another: 4·(gini − 1) = −(9 + 1)/4 and
    /// 3·ln(3/4) + ln(1/4), negated impurities times 4 up to a constant.
    #[test]
    fn worths_by_hand() {
        let (of, weights) = ([0, 0, 1, 0], [1.0; 4]);
        let (gini, entropy) = (Gini::new(&of, 2, &weights), Entropy::new(&of, 2, &weights));
        assert_eq!(gini.worth(&vec![3.0, 1.0]), 2.5);
        assert_eq!(entropy.worth(&vec![3.0, 1.0]), 3.0 * 0.75_f64.ln() + 0.25_f64.ln());
        assert_eq!(gini.worth(&vec![0.0, 0.0]), f64::NEG_INFINITY);
    }

    /// 1 and 3, the second twice: centred −1 and 1, weighted sum 1, weight 3, mean 2 + 1/3.
    #[test]
    fn squares_by_hand() {
        let squares = Squares::new(&[1.0, 3.0], &[1.0, 2.0]);
        let mut sum = squares.nothing();
        squares.add(&mut sum, 0, 1.0);
        squares.add(&mut sum, 1, 1.0);
        let mut leaves = Vec::new();
        squares.leaf(&sum, &mut leaves);
        assert_eq!((squares.worth(&sum), leaves[0]), (1.0 / 3.0, 2.0 + 1.0 / 3.0));
    }
}
