//! The loss around a point as a quadratic, and its lowest point in the box.
//!
//! With g the geometric mean of μ, the loss is n·ln Σ(g·r)²: a sum of squares, whatever the
//! errors are relative to. Its second derivative is taken as Σ∂(g·r)·∂(g·r)ᵀ (Gauss-Newton).

use super::Errors;
use super::layout::LANES;
use super::pass::Sums;

pub(super) struct Quadratic {
    pub errors: Errors,
    lanes: usize,
    /// Half the derivative of Σ(g·r)², over g²Σr².
    slope: [f64; LANES],
    /// Half the second derivative, likewise, on and above the diagonal.
    curve: [[f64; LANES]; LANES],
}

/// How far each lane may go; lanes that hold no share are not bounded.
pub(super) type Room = [Option<[f64; 2]>; 4];

impl Quadratic {
    pub fn new<const L: usize>(sums: &Sums<L>, lanes: usize) -> Quadratic {
        let (count, squares) = (sums.errors.count as f64, sums.errors.squares);
        let log = |i: usize| sums.logs[i] / count;
        let (mut slope, mut curve) = ([0.0; LANES], [[0.0; LANES]; LANES]);
        for i in 0..lanes {
            slope[i] = sums.slope[i] / squares + log(i);
            for (j, curve) in curve[i].iter_mut().enumerate().take(lanes).skip(i) {
                let cross = sums.slope[i] * log(j) + sums.slope[j] * log(i);
                *curve = (sums.curve[i][j] + cross) / squares + log(i) * log(j);
            }
        }
        Quadratic { errors: sums.errors, lanes, slope, curve }
    }

    /// A step towards the lowest point with `damping`, and what the loss should gain by it. Where
    /// the way meets the end of a lane's room, the lane is held there and the way turns to the
    /// lowest point of the rest; so no turn can lose.
    pub fn step(&self, room: &Room, damping: f64) -> ([f64; LANES], f64) {
        let mut held = [None; LANES];
        let mut step = [0.0; LANES];
        loop {
            let target = self.solve(&held, damping);
            let (mut share, mut end) = (1.0, None);
            for (lane, room) in room.iter().enumerate().filter(|(lane, _)| held[*lane].is_none()) {
                let Some([low, high]) = *room else { continue };
                let way = target[lane] - step[lane];
                let limit = if way < 0.0 { low } else { high };
                if way != 0.0 && (limit - step[lane]) / way < share {
                    (share, end) = ((limit - step[lane]) / way, Some((lane, limit)));
                }
            }
            for (step, target) in step.iter_mut().zip(target) {
                *step += share * (target - *step);
            }
            match end {
                Some((lane, limit)) => (held[lane], step[lane]) = (Some(limit), limit),
                None => return (step, self.gain(&step)),
            }
        }
    }

    /// What the loss should gain by a step, without damping.
    pub fn gain(&self, step: &[f64; LANES]) -> f64 {
        let change: f64 = (0..self.lanes)
            .map(|i| {
                let row: f64 = (i + 1..self.lanes).map(|j| 2.0 * self.curve[i][j] * step[j]).sum();
                step[i] * (2.0 * self.slope[i] + row + self.curve[i][i] * step[i])
            })
            .sum();
        -change * self.errors.count as f64
    }

    /// Solves (C + damping·diag C)·step = −slope, with some lanes held.
    fn solve(&self, held: &[Option<f64>; LANES], damping: f64) -> [f64; LANES] {
        let mut step = self.slope.map(|slope| -slope);
        let mut c = self.curve;
        for i in 0..self.lanes {
            // A lane without any effect would make the matrix singular.
            c[i][i] = c[i][i] * (1.0 + damping) + f64::MIN_POSITIVE;
            for j in i..self.lanes {
                match (held[i], held[j]) {
                    (None, None) => continue,
                    (None, Some(change)) => step[i] -= c[i][j] * change,
                    (Some(change), None) => step[j] -= c[i][j] * change,
                    (Some(_), Some(_)) => {}
                }
                c[i][j] = f64::from(u8::from(i == j));
            }
        }
        for (step, held) in step.iter_mut().zip(held) {
            *step = held.unwrap_or(*step);
        }
        solve(&mut c, &mut step, self.lanes);
        step
    }
}

/// Solves C·x = b in place by L·D·Lᵀ; C is read and overwritten on and above the diagonal.
fn solve(c: &mut [[f64; LANES]; LANES], x: &mut [f64; LANES], lanes: usize) {
    for k in 0..lanes {
        let (above, below) = c.split_at_mut(k + 1);
        let pivot_row = &mut above[k];
        pivot_row[k] = pivot_row[k].max(f64::MIN_POSITIVE);
        for (i, row) in (k + 1..lanes).zip(below) {
            let factor = pivot_row[i] / pivot_row[k];
            for (value, pivot) in row[i..lanes].iter_mut().zip(&pivot_row[i..lanes]) {
                *value -= factor * pivot;
            }
            x[i] -= factor * x[k];
        }
    }
    for i in (0..lanes).rev() {
        let sum: f64 = (i + 1..lanes).map(|j| c[i][j] * x[j]).sum();
        x[i] = (x[i] - sum) / c[i][i];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (x − 3)² + (y − 2)² + x·y is lowest where 2x + y = 6 and x + 2y = 4: at (8/3, 2/3), 28/3 below
    /// the value at the origin; with x up to 1 only, y = 3/2.
    #[test]
    fn a_box_by_hand() {
        let errors = Errors { count: 1, squares: 1.0, logs: 0.0 };
        let sums = Sums::<4> {
            errors,
            slope: [-3.0, -2.0, 0.0, 0.0],
            curve: [[1.0, 0.5, 0.0, 0.0], [0.5, 1.0, 0.0, 0.0], [0.0; 4], [0.0; 4]],
            logs: [0.0; 4],
        };
        let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
        let quadratic = Quadratic::new(&sums, 2);
        let (free, gain) = quadratic.step(&[None; 4], 0.0);
        assert!(near(free[0], 8.0 / 3.0) && near(free[1], 2.0 / 3.0) && near(gain, 28.0 / 3.0));
        let (held, _) = quadratic.step(&[Some([-9.0, 1.0]), None, None, None], 0.0);
        assert!(held[0] == 1.0 && near(held[1], 1.5));
    }
}
