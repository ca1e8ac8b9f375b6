//! Points of a kernel, and its values between one point and all.

use serde::{Deserialize, Serialize};

/// How alike two rows are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Kernel {
    /// a·b
    Linear,
    /// (γ·a·b + constant)^degree
    Poly {
        /// Scale of the product.
        gamma: f64,
        /// What is added to it.
        constant: f64,
        /// The power.
        degree: i32,
    },
    /// exp(−γ·|a − b|²)
    Rbf {
        /// Scale of the squared distance.
        gamma: f64,
    },
}

/// Where points are measured from and in what unit, so that 32 bits hold them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    kernel: Kernel,
    centre: Vec<f64>,
    unit: f64,
}

/// Points in a frame, column after column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Points {
    frame: Frame,
    rows: usize,
    columns: Vec<f32>,
}

crate::checked!(Points, |points| {
    points.rows.checked_mul(points.frame.centre.len()) == Some(points.columns.len())
});

/// Points looked at together: their sums stay in the first cache.
const BLOCK: usize = 1024;
/// Beyond this a square would leave the numbers of 32 bits; a kernel of distance is zero long before.
const FAR: f64 = 1e17;

impl Frame {
    /// The frame of these columns. Weights that sum to zero cannot tell where a linear kernel or one of
    /// distance is measured from, so it is the mean.
    pub fn new<'a>(kernel: Kernel, columns: impl Iterator<Item = &'a [f64]>) -> Frame {
        let unit = match kernel {
            Kernel::Linear => 1.0,
            Kernel::Poly { gamma, .. } | Kernel::Rbf { gamma } => gamma.sqrt(),
        };
        let mean = |column: &[f64]| match kernel {
            Kernel::Poly { .. } => 0.0,
            _ => column.iter().sum::<f64>() / column.len() as f64,
        };
        Frame { kernel, centre: columns.map(mean).collect(), unit }
    }

    /// Columns that a row must have.
    pub fn width(&self) -> usize {
        self.centre.len()
    }

    /// A row as a point of this frame.
    pub fn place(&self, row: &[f64]) -> Vec<f32> {
        let row = row.iter().copied();
        row.enumerate().map(|(column, value)| self.value(column, value)).collect()
    }

    fn value(&self, column: usize, value: f64) -> f32 {
        ((value - self.centre[column]) * self.unit).clamp(-FAR, FAR) as f32
    }
}

impl Points {
    /// Columns in a frame.
    pub fn new<'a>(frame: Frame, columns: impl Iterator<Item = &'a [f64]>) -> Points {
        let mut points = Points { rows: 0, columns: vec![], frame };
        for (at, column) in columns.enumerate() {
            points.rows = column.len();
            points.columns.extend(column.iter().map(|&value| points.frame.value(at, value)));
        }
        points
    }

    /// Number of points.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The frame of the points.
    pub fn frame(&self) -> &Frame {
        &self.frame
    }

    /// These points, in this order.
    pub fn select(&self, rows: &[usize]) -> Points {
        let each = self.columns.chunks_exact(self.rows.max(1));
        let columns = each.flat_map(|column| rows.iter().map(|&row| column[row])).collect();
        Points { frame: self.frame.clone(), rows: rows.len(), columns }
    }

    /// One point.
    pub fn point(&self, row: usize) -> Vec<f32> {
        self.columns.iter().skip(row).step_by(self.rows).copied().collect()
    }

    /// The kernel's value of each point with itself.
    pub fn diagonal(&self) -> Vec<f32> {
        let own = |row: usize| {
            let mut value = [0.0];
            let one = self.select(&[row]);
            one.values(&one.columns, &mut value);
            value[0]
        };
        match self.frame.kernel {
            Kernel::Rbf { .. } => vec![1.0; self.rows],
            _ => (0..self.rows).map(own).collect(),
        }
    }

    /// The kernel's value of `point` with each of the points.
    pub fn values(&self, point: &[f32], out: &mut [f32]) {
        for (block, out) in out.chunks_mut(BLOCK).enumerate() {
            let span = block * BLOCK..block * BLOCK + out.len();
            let columns = self.columns.chunks_exact(self.rows).map(|column| &column[span.clone()]);
            out.fill(0.0);
            match self.frame.kernel {
                Kernel::Rbf { .. } => {
                    for (column, &own) in columns.zip(point) {
                        for (sum, value) in out.iter_mut().zip(column) {
                            let off = value - own;
                            *sum += off * off;
                        }
                    }
                    out.iter_mut().for_each(|sum| *sum = exp_minus(*sum));
                }
                Kernel::Linear => products(columns, point, out),
                Kernel::Poly { constant, degree, .. } => {
                    products(columns, point, out);
                    let constant = constant as f32;
                    out.iter_mut().for_each(|sum| *sum = (*sum + constant).powi(degree));
                }
            }
        }
    }

    /// Σ weights·values for each of the points `asked`, plus `offset`.
    pub fn answers(
        &self,
        weights: &[f64],
        offset: f64,
        asked: impl Iterator<Item = Vec<f32>>,
    ) -> Vec<f64> {
        let mut values = vec![0.0; self.rows];
        let answer = |point: Vec<f32>| {
            self.values(&point, &mut values);
            offset + dot(weights, &values)
        };
        asked.map(answer).collect()
    }
}

fn products<'a>(columns: impl Iterator<Item = &'a [f32]>, point: &[f32], out: &mut [f32]) {
    for (column, &own) in columns.zip(point) {
        out.iter_mut().zip(column).for_each(|(sum, value)| *sum += value * own);
    }
}

/// Σ a·b in eight sums side by side.
fn dot(a: &[f64], b: &[f32]) -> f64 {
    let mut sums = [0.0; 8];
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * f64::from(*b)).sum();
    for (a, b) in a.zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * f64::from(*b);
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// e^−d for d ≥ 0 to an ulp or two, without a branch or a call, so that a loop of it is vectorised:
/// 2^n times a series in what is left of −d below half a binary order.
#[inline(always)]
fn exp_minus(d: f32) -> f32 {
    // Adding 1.5·2²³ rounds to a whole number and leaves it in the low bits.
    const ROUND: f32 = 12_582_912.0;
    let x = if d < 87.0 { -d } else { -87.0 };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let r = (x - whole * 0.693_359_4) + whole * 2.121_944_4e-4;
    let series = 1.0 / 24.0 + r * (1.0 / 120.0 + r * (1.0 / 720.0 + r / 5040.0));
    let series = 1.0 + r * (1.0 + r * (0.5 + r * (1.0 / 6.0 + r * series)));
    series * f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(kernel: Kernel) -> Vec<f32> {
        let columns: [&[f64]; 2] = [&[1.0, 0.0, 3.0], &[2.0, 1.0, 2.0]];
        let frame = Frame::new(kernel, columns.into_iter());
        let points = Points::new(frame, columns.into_iter());
        let mut out = vec![0.0; 3];
        points.values(&points.point(0), &mut out);
        assert!((out[0] - points.diagonal()[0]).abs() < 1e-6);
        out
    }

    /// (1, 2) with itself, (0, 1) and (3, 2): squared distances 0 2 4; (½·5 + 1)² (½·2 + 1)² (½·7 + 1)².
    #[test]
    fn kernels_by_hand() {
        for (got, want) in values(Kernel::Rbf { gamma: 0.5 }).iter().zip([0.0_f64, 1.0, 2.0]) {
            assert!((f64::from(*got) - (-want).exp()).abs() < 1e-7);
        }
        let poly = Kernel::Poly { gamma: 0.5, constant: 1.0, degree: 2 };
        for (got, want) in values(poly).iter().zip([12.25, 4.0, 20.25]) {
            assert!((got - want).abs() < 1e-5);
        }
    }

    /// To four parts in ten million of the library's exponential, and never above 1.
    #[test]
    fn exponential_is_close() {
        for step in 0..87_000 {
            let d = step as f32 / 1000.0;
            let want = (-f64::from(d)).exp();
            assert!((f64::from(exp_minus(d)) / want - 1.0).abs() < 4e-7, "{d}");
        }
        assert!(exp_minus(f32::INFINITY) < 1e-37);
    }
}
