//! The theta recursions: exponential smoothing pulled along a line.
//!
//! ```text
//! μ[t] = ℓ[t−1] + ω·g[t]      g[t] = βᵗ⁻¹·A + (1 − βᵗ)/α·B      ℓ[t] = α·y[t] + β·ℓ[t−1]
//! ω = 1 − 1/θ      β = 1 − α      A + B·t the least-squares line of all values, or of those so far
//! ```
//!
//! Errors are affine in ω and in the first level, so for each α the best of both follow in closed
//! form, and one number is left to search.
//! Fiorucci, Pellegrini, Louzada, Petropoulos & Koehler, Models for optimising the theta method
//! and their relationship to state space models, International Journal of Forecasting 32, 2016.

use serde::{Deserialize, Serialize};

/// α tried in one pass.
const LANES: usize = 8;

/// Where α is searched.
const RANGE: [f64; 2] = [0.1, 0.99];

/// Which line pulls, and how hard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// The line of the values so far, instead of that of all values.
    pub moving: bool,
    /// Whether ω is fitted; ½ otherwise, which is θ = 2.
    pub free: bool,
}

/// A fitted recursion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Theta {
    /// Share of an error that enters the level.
    pub alpha: f64,
    /// Weight of the line, 0 to 1.
    pub omega: f64,
    /// Whether the line moves with each value.
    pub moving: bool,
    /// Sum of squared one-step errors, those of the first few steps left out.
    pub sse: f64,
    /// How many errors that are.
    pub errors: usize,
    /// How many numbers were fitted, the line's two among them where it stands still.
    pub spent: usize,
    /// Where it stands.
    pub state: State,
}

/// Where a recursion stands; values are differences to `origin`, so that a high level costs no digits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct State {
    origin: f64,
    count: usize,
    level: f64,
    /// βᵗ after t values.
    decay: f64,
    line: Line,
}

/// A line that can move: A + B·t and the mean of the values so far.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Line {
    mean: f64,
    a: f64,
    b: f64,
}

impl Line {
    /// Least squares through all values.
    fn through(y: &[f64], origin: f64) -> Line {
        let n = y.len().max(1) as f64;
        let middle = (n + 1.0) / 2.0;
        let mean = y.iter().map(|y| y - origin).sum::<f64>() / n;
        let cross: f64 =
            y.iter().enumerate().map(|(t, y)| ((t + 1) as f64 - middle) * (y - origin)).sum();
        let b = if y.len() < 2 { 0.0 } else { 12.0 * cross / (n * (n * n - 1.0)) };
        Line { mean, a: mean - b * middle, b }
    }

    /// The same with one value more than `count`.
    fn with(self, y: f64, count: usize) -> Line {
        let t = count as f64 + 1.0;
        let mean = (count as f64 * self.mean + y) / t;
        let b = match count {
            0 => 0.0,
            _ => ((t - 2.0) * self.b + 6.0 * (y - self.mean) / t) / (t + 1.0),
        };
        Line { mean, a: mean - b * (t + 1.0) / 2.0, b }
    }
}

impl Theta {
    /// The recursion with these parameters through these values, from a first level.
    pub fn through(y: &[f64], parameters: [f64; 3], moving: bool) -> Theta {
        let mut fitted = Theta::before(y, parameters, moving);
        for &y in y {
            fitted.update(y);
        }
        fitted
    }

    /// The same before the first of the values.
    fn before(y: &[f64], [alpha, omega, start]: [f64; 3], moving: bool) -> Theta {
        let origin = y.first().copied().unwrap_or_default();
        let line = if moving { Line::default() } else { Line::through(y, origin) };
        let state = State { origin, count: 0, level: start - origin, decay: 1.0, line };
        Theta { alpha, omega, moving, sse: 0.0, errors: 0, spent: 0, state }
    }

    /// The expected next value.
    pub fn ahead(&self) -> f64 {
        self.state.origin + self.pull(&self.state)
    }

    /// Moves on by one value.
    pub fn update(&mut self, y: f64) {
        let (mut state, y) = (self.state, y - self.state.origin);
        self.step(&mut state, y);
        self.state = state;
    }

    /// The expected values of the next steps.
    pub fn path(&self, steps: usize) -> Vec<f64> {
        let mut later = self.clone();
        let next = |_| {
            let mean = later.ahead();
            later.update(mean);
            mean
        };
        (0..steps).map(next).collect()
    }

    /// The variance of each of the next steps over that of one error.
    pub fn growth(&self, steps: usize) -> Vec<f64> {
        if !self.moving {
            let share = self.alpha * self.alpha;
            return (0..steps).map(|step| 1.0 + share * step as f64).collect();
        }
        // An error moves each later expectation by a share of itself; the shares' squares add up.
        let mut growth = vec![1.0; steps];
        let mut decay = self.state.decay;
        for first in 0..steps {
            let count = self.state.count + first;
            let line = Line::default();
            let mut shock = State { origin: 0.0, count, level: 0.0, decay, line };
            let mut value = 1.0;
            for growth in &mut growth[first + 1..] {
                self.step(&mut shock, value);
                value = self.pull(&shock);
                *growth += value * value;
            }
            decay = decayed(decay, self.alpha);
        }
        growth
    }

    /// The variance of an error.
    pub fn variance(&self) -> f64 {
        self.sse / self.errors.saturating_sub(self.spent).max(1) as f64
    }

    /// Schwarz's criterion: the smaller, the better the fit for what it spends.
    pub fn bic(&self) -> f64 {
        let errors = self.errors.max(1) as f64;
        errors * (self.sse / errors).ln() + self.spent as f64 * errors.ln()
    }

    fn pull(&self, State { level, decay, line, .. }: &State) -> f64 {
        let rest = (1.0 - decay * (1.0 - self.alpha)) / self.alpha;
        level + self.omega * (decay * line.a + rest * line.b)
    }

    fn step(&self, state: &mut State, y: f64) {
        state.level += self.alpha * (y - state.level);
        state.decay = decayed(state.decay, self.alpha);
        if self.moving {
            state.line = state.line.with(y, state.count);
        }
        state.count += 1;
    }
}

/// The best recursion of this form; fewer than nine values leave ω at ½. An empty slice stays at zero.
pub fn fit(y: &[f64], form: Form) -> Theta {
    let origin = y.first().copied().unwrap_or_default();
    let skip = (y.len() / 2).clamp(1, 3);
    let count = y.len().saturating_sub(skip);
    let free = form.free && count >= 6;
    let rows = rows(y, origin, form.moving);
    // Where α is large the first level soon matters to nothing but one error, which it would erase.
    let reach = 2.0 * rows.iter().fold(0.0, |reach: f64, row| reach.max(row.y.abs()));
    let [mut left, mut right] = RANGE;
    let mut best = Best { alpha: right, omega: 0.5, start: 0.0, sse: f64::INFINITY };
    // Each round keeps two cells of nine: eight rounds leave 6e-6 of the range. The first looks at
    // the ends too, where the best α often lies.
    for round in 0..8 {
        let (cells, first) = if round == 0 { (LANES - 1, 0) } else { (LANES + 1, 1) };
        let step = (right - left) / cells as f64;
        let alphas: [f64; LANES] = std::array::from_fn(|lane| left + step * (lane + first) as f64);
        for (alpha, sums) in alphas.into_iter().zip(pass(&rows, alphas, skip)) {
            let here = sums.best(alpha, free, reach);
            if here.sse < best.sse {
                best = here;
            }
        }
        (left, right) = ((best.alpha - step).max(RANGE[0]), (best.alpha + step).min(RANGE[1]));
    }
    let fitted = Theta::through(y, [best.alpha, best.omega, best.start + origin], form.moving);
    let spent = 2 + usize::from(free) + if form.moving { 0 } else { 2 };
    if count <= spent {
        // The fit leaves nothing to tell the size of an error by, so each change counts as one.
        let sse = y.windows(2).map(|pair| (pair[1] - pair[0]).powi(2)).sum();
        return Theta { sse, errors: y.len().saturating_sub(1), spent: 0, ..fitted };
    }
    Theta { sse: best.sse, errors: count, spent, ..fitted }
}

/// A value and the line that pulls on its expectation.
struct Row {
    y: f64,
    a: f64,
    b: f64,
}

fn rows(y: &[f64], origin: f64, moving: bool) -> Vec<Row> {
    let mut line = if moving { Line::default() } else { Line::through(y, origin) };
    let row = |(count, y): (usize, &f64)| {
        let y = y - origin;
        let Line { a, b, .. } = line;
        if moving {
            line = line.with(y, count);
        }
        Row { y, a, b }
    };
    y.iter().enumerate().map(row).collect()
}

/// What least squares needs: the sums of r², rq, q², rg, qg and g², where r is the error at ω = 0 and
/// first level 0, q the share of the first level and g the pull; an error is r − ω·g − q·start.
struct Sums([f64; 6]);

struct Best {
    alpha: f64,
    omega: f64,
    start: f64,
    sse: f64,
}

impl Sums {
    /// The best ω and first level at this α, the level no further than `reach` from the first value.
    fn best(&self, alpha: f64, free: bool, reach: f64) -> Best {
        let [rr, rq, qq, rg, qg, gg] = self.0;
        let across = qq * gg - qg * qg;
        let mut omega = if free && across > 1e-12 * qq * gg {
            ((qq * rg - qg * rq) / across).clamp(0.0, 1.0)
        } else {
            0.5
        };
        let open = if qq > 0.0 { (rq - omega * qg) / qq } else { 0.0 };
        let start = open.clamp(-reach, reach);
        if free && start != open && gg > 0.0 {
            omega = ((rg - start * qg) / gg).clamp(0.0, 1.0);
        }
        let cross = omega * rg + start * rq - omega * start * qg;
        let sse = rr - 2.0 * cross + omega * omega * gg + start * start * qq;
        Best { alpha, omega, start, sse: sse.max(0.0) }
    }
}

/// The sums at several α at once: one recursion waits for itself, eight fill the waiting.
fn pass(rows: &[Row], alphas: [f64; LANES], skip: usize) -> [Sums; LANES] {
    let over = alphas.map(|alpha| 1.0 / alpha);
    let (mut level, mut decay) = ([0.0; LANES], [1.0; LANES]);
    let mut sums = [[0.0; LANES]; 6];
    for (count, &Row { y, a, b }) in rows.iter().enumerate() {
        let counted = if count < skip { 0.0 } else { 1.0 };
        for lane in 0..LANES {
            let r = y - level[lane];
            let q = decay[lane];
            let next = decayed(q, alphas[lane]);
            let g = q * a + (1.0 - next) * over[lane] * b;
            sums[0][lane] += counted * r * r;
            sums[1][lane] += counted * r * q;
            sums[2][lane] += counted * q * q;
            sums[3][lane] += counted * r * g;
            sums[4][lane] += counted * q * g;
            sums[5][lane] += counted * g * g;
            level[lane] += alphas[lane] * r;
            decay[lane] = next;
        }
    }
    std::array::from_fn(|lane| Sums(sums.map(|sum| sum[lane])))
}

/// One power of 1 − α more. Below 1e-100 nothing of the first level is left, and smaller numbers
/// are slow.
fn decayed(decay: f64, alpha: f64) -> f64 {
    if decay < 1e-100 { 0.0 } else { decay * (1.0 - alpha) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The moving line is the least-squares line of the values so far.
    #[test]
    fn the_moving_line_is_least_squares() {
        let y = [2.0, 5.0, 3.0, 8.0, 1.0];
        let mut line = Line::default();
        for (count, &value) in y.iter().enumerate() {
            line = line.with(value, count);
        }
        let want = Line::through(&y, 0.0);
        assert!((line.a - want.a).abs() < 1e-12 && (line.b - want.b).abs() < 1e-12);
        assert!((want.b - 0.1).abs() < 1e-12 && (want.mean - 3.8).abs() < 1e-12);
    }

    /// The sum of squares in closed form is that of the recursion's errors, and at the α that the
    /// search found it is smaller than beside it.
    #[test]
    fn the_search_minimises_the_errors() {
        let y: Vec<f64> = (0..40).map(|t| 1e6 + t as f64 + ((t * t) % 13) as f64).collect();
        for (moving, free) in [(false, false), (false, true), (true, false), (true, true)] {
            let at =
                |alpha| pass(&rows(&y, y[0], moving), [alpha; LANES], 3)[0].best(alpha, free, 1e3);
            let Best { alpha, omega, start, sse } = at(0.4);
            let mut theta = Theta::before(&y, [alpha, omega, start + y[0]], moving);
            let mut sum = 0.0;
            for (t, &value) in y.iter().enumerate() {
                let error = value - theta.ahead();
                sum += if t < 3 { 0.0 } else { error * error };
                theta.update(value);
            }
            assert!((sum / sse - 1.0).abs() < 1e-9, "{sum} {sse}");
            let fitted = fit(&y, Form { moving, free });
            for by in [-0.01, 0.01] {
                assert!(fitted.sse <= at((fitted.alpha + by).clamp(RANGE[0], RANGE[1])).sse);
            }
        }
    }

    /// Two values are fitted without error, but not known without: the change of 2 is one.
    #[test]
    fn a_perfect_fit_of_few_values_is_not_certain() {
        assert_eq!(fit(&[5.0, 7.0], Form { moving: false, free: false }).variance(), 4.0);
    }

    /// With A and B fixed, θ = 1 has no pull left: exponential smoothing, flat ahead, and an error
    /// of 1 weighs α on each later step: variances 1, 1 + α², 1 + 2α².
    #[test]
    fn without_pull_it_is_flat() {
        let theta = Theta::through(&[4.0, 8.0, 6.0], [0.5, 0.0, 4.0], false);
        assert_eq!(theta.path(2), [6.0, 6.0]);
        assert_eq!(theta.growth(3), [1.0, 1.25, 1.5]);
    }

    /// The growth of a moving line by its definition: the squared changes of the expectation that
    /// an error of 1 at each earlier step brings.
    #[test]
    fn growth_adds_up_shocks() {
        let y: Vec<f64> = (0..12).map(|t| ((t * 5) % 7) as f64).collect();
        let theta = fit(&y, Form { moving: true, free: true });
        let mut want = 1.0;
        for at in 0..3 {
            let mut moved = theta.clone();
            for step in 0..3 {
                moved.update(moved.ahead() + if step == at { 1.0 } else { 0.0 });
            }
            want += (moved.ahead() - theta.path(4)[3]).powi(2);
        }
        assert!((theta.growth(4)[3] - want).abs() < 1e-9);
    }
}
