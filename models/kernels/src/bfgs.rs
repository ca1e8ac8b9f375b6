//! BFGS: a minimum of a smooth function, from values and gradients.
//!
//! ```text
//! step = −H·g      H ← (I − ρ·s·yᵀ)·H·(I − ρ·y·sᵀ) + ρ·s·sᵀ      s, y changes of x, g;  ρ = 1/sᵀy
//! ```
//!
//! The line search halves (by a parabola) until the value falls enough; a point where the function
//! is not finite counts as infinitely high. Nocedal & Wright, Numerical Optimization, 2nd ed., §6.1.

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub struct Stop {
    /// After so many steps.
    pub steps: usize,
    /// When a step lowers the value by less than this.
    pub fall: f64,
}

/// Where the search ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Minimum {
    /// The point.
    pub x: Vec<f64>,
    /// The value there.
    pub value: f64,
}

/// A point with its value and gradient.
#[derive(Clone)]
struct Point {
    x: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
}

/// Walks down from `x`. The function writes its gradient into its second argument.
pub fn minimise(
    function: impl FnMut(&[f64], &mut [f64]) -> f64,
    x: Vec<f64>,
    stop: Stop,
) -> Minimum {
    let inverse = Inverse::new(x.len());
    walk(function, x, stop, inverse)
}

/// The same for many parameters: only the last ten steps are remembered, not a square of numbers.
/// Nocedal & Wright, Numerical Optimization, 2nd ed., §7.2.
pub fn minimise_many(
    function: impl FnMut(&[f64], &mut [f64]) -> f64,
    x: Vec<f64>,
    stop: Stop,
) -> Minimum {
    walk(function, x, stop, Recent::default())
}

/// What is known of second derivatives.
trait Curvature {
    /// Writes the step and gives its slope.
    fn descend(&self, gradient: &[f64], step: &mut [f64]) -> f64;
    /// Takes in one step: points and gradients before and after.
    fn learn(&mut self, x: [&[f64]; 2], gradient: [&[f64]; 2]);
    /// Whether nothing is known.
    fn is_fresh(&self) -> bool;
    /// Forgets.
    fn forget(&mut self);
}

fn walk(
    mut function: impl FnMut(&[f64], &mut [f64]) -> f64,
    x: Vec<f64>,
    stop: Stop,
    mut inverse: impl Curvature,
) -> Minimum {
    let n = x.len();
    let mut here = Point { gradient: vec![0.0; n], value: 0.0, x };
    here.value = function(&here.x, &mut here.gradient);
    let mut next = here.clone();
    let mut step = vec![0.0; n];
    for _ in 0..stop.steps {
        if n == 0 || !here.value.is_finite() || here.gradient.iter().any(|g| !g.is_finite()) {
            break;
        }
        let mut slope = inverse.descend(&here.gradient, &mut step);
        if slope >= 0.0 {
            inverse.forget();
            slope = inverse.descend(&here.gradient, &mut step);
        }
        line_search(&mut function, &here, (&step, slope), &mut next);
        if next.value.is_nan() || next.value >= here.value {
            if inverse.is_fresh() {
                break;
            }
            inverse.forget();
            continue;
        }
        let fall = here.value - next.value;
        inverse.learn([&here.x, &next.x], [&here.gradient, &next.gradient]);
        std::mem::swap(&mut here, &mut next);
        if fall < stop.fall {
            break;
        }
    }
    Minimum { x: here.x, value: here.value }
}

/// Moves `next` along the step until the value falls enough for the slope, or gives up.
fn line_search(
    function: &mut impl FnMut(&[f64], &mut [f64]) -> f64,
    here: &Point,
    step: (&[f64], f64),
    next: &mut Point,
) {
    let (step, slope) = step;
    // A step longer than 3 in a parameter leaves the region where the gradient means anything.
    let longest = step.iter().fold(0.0_f64, |m, s| m.max(s.abs()));
    let mut length = if longest > 3.0 { 3.0 / longest } else { 1.0 };
    for _ in 0..30 {
        for ((next, x), s) in next.x.iter_mut().zip(&here.x).zip(step) {
            *next = x + length * s;
        }
        next.value = function(&next.x, &mut next.gradient);
        let linear = slope * length;
        if next.value <= here.value + 1e-4 * linear {
            return;
        }
        let parabola = -0.5 * linear / (next.value - here.value - linear) * length;
        let usable = parabola.is_finite();
        length = if usable { parabola.clamp(0.1 * length, 0.5 * length) } else { 0.2 * length };
    }
}

/// The inverse of the matrix of second derivatives, as far as it is known.
struct Inverse {
    n: usize,
    entries: Vec<f64>,
    /// Nothing is known: the entries are not read.
    fresh: bool,
}

impl Inverse {
    fn new(n: usize) -> Inverse {
        Inverse { n, entries: vec![0.0; n * n], fresh: true }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// How point and gradient changed.
fn changes(x: [&[f64]; 2], gradient: [&[f64]; 2]) -> [Vec<f64>; 2] {
    [x, gradient].map(|[before, after]| after.iter().zip(before).map(|(a, b)| a - b).collect())
}

/// Downhill, a step of at most 1.
fn straight_down(gradient: &[f64], step: &mut [f64]) {
    let norm = dot(gradient, gradient).sqrt().max(1.0);
    step.iter_mut().zip(gradient).for_each(|(s, g)| *s = -g / norm);
}

impl Curvature for Inverse {
    fn is_fresh(&self) -> bool {
        self.fresh
    }

    fn forget(&mut self) {
        self.fresh = true;
    }

    fn descend(&self, gradient: &[f64], step: &mut [f64]) -> f64 {
        if self.fresh {
            straight_down(gradient, step);
        } else {
            for (s, row) in step.iter_mut().zip(self.entries.chunks_exact(self.n)) {
                *s = -dot(row, gradient);
            }
        }
        dot(step, gradient)
    }

    fn learn(&mut self, x: [&[f64]; 2], gradient: [&[f64]; 2]) {
        let n = self.n;
        let [s, y] = changes(x, gradient);
        let (sy, yy) = (dot(&s, &y), dot(&y, &y));
        if sy.is_nan() || sy <= 1e-10 * (dot(&s, &s) * yy).sqrt() {
            return;
        }
        if self.fresh {
            self.entries.fill(0.0);
            self.entries.iter_mut().step_by(n + 1).for_each(|h| *h = sy / yy);
            self.fresh = false;
        }
        let hy: Vec<f64> = self.entries.chunks_exact(n).map(|row| dot(row, &y)).collect();
        let scale = (1.0 + dot(&y, &hy) / sy) / sy;
        for i in 0..n {
            for j in 0..n {
                self.entries[i * n + j] += scale * s[i] * s[j] - (hy[i] * s[j] + s[i] * hy[j]) / sy;
            }
        }
    }
}

/// The last steps: changes of point and gradient, and their product.
#[derive(Default)]
struct Recent(std::collections::VecDeque<(Vec<f64>, Vec<f64>, f64)>);

impl Curvature for Recent {
    fn is_fresh(&self) -> bool {
        self.0.is_empty()
    }

    fn forget(&mut self) {
        self.0.clear();
    }

    fn descend(&self, gradient: &[f64], step: &mut [f64]) -> f64 {
        let Some((_, y, sy)) = self.0.back() else {
            straight_down(gradient, step);
            return dot(step, gradient);
        };
        step.iter_mut().zip(gradient).for_each(|(step, g)| *step = -g);
        let mut along = Vec::with_capacity(self.0.len());
        for (s, y, sy) in self.0.iter().rev() {
            let by = dot(s, step) / sy;
            step.iter_mut().zip(y).for_each(|(step, y)| *step -= by * y);
            along.push(by);
        }
        let scale = sy / dot(y, y);
        step.iter_mut().for_each(|step| *step *= scale);
        for ((s, y, sy), along) in self.0.iter().zip(along.into_iter().rev()) {
            let by = along - dot(y, step) / sy;
            step.iter_mut().zip(s).for_each(|(step, s)| *step += by * s);
        }
        dot(step, gradient)
    }

    fn learn(&mut self, x: [&[f64]; 2], gradient: [&[f64]; 2]) {
        let [s, y] = changes(x, gradient);
        let sy = dot(&s, &y);
        if sy > 1e-10 * (dot(&s, &s) * dot(&y, &y)).sqrt() {
            self.0.push_back((s, y, sy));
            if self.0.len() > 10 {
                self.0.pop_front();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rosenbrock's valley ends at (1, 1) with value 0.
    #[test]
    fn rosenbrock() {
        let valley = |x: &[f64], g: &mut [f64]| {
            let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
            g[0] = -2.0 * a - 400.0 * x[0] * b;
            g[1] = 200.0 * b;
            a * a + 100.0 * b * b
        };
        let stop = Stop { steps: 200, fall: 1e-16 };
        let (start, many) = (vec![-1.2, 1.0], minimise_many(valley, vec![-1.2, 1.0], stop));
        for found in [minimise(valley, start, stop), many] {
            assert!(found.value < 1e-12, "{found:?}");
            assert!((found.x[0] - 1.0).abs() < 1e-6 && (found.x[1] - 1.0).abs() < 1e-6);
        }
    }

    /// A wall of infinity is not entered: x − ln x has its minimum 1 at x = 1.
    #[test]
    fn stays_in_the_domain() {
        let bowl = |x: &[f64], g: &mut [f64]| {
            g[0] = 1.0 - 1.0 / x[0];
            if x[0] > 0.0 { x[0] - x[0].ln() } else { f64::INFINITY }
        };
        let found = minimise(bowl, vec![3.0], Stop { steps: 100, fall: 1e-15 });
        assert!((found.x[0] - 1.0).abs() < 1e-6, "{found:?}");
    }
}
