//! Sequential minimal optimisation: two weights at a time, one up and one down by the same.
//!
//! ```text
//! up[t] = y[t] − f[t] ∓ ε where β[t] can rise      low[t] = y[t] − f[t] ∓ ε where it can fall      f = Kβ
//! i = argmax up      j = argmax (up[i] − low[j])²/(K[i][i] + K[j][j] − 2·K[i][j])
//! step = (up[i] − low[j])/(K[i][i] + K[j][j] − 2·K[i][j]), as far as the box and zero let it
//! ```
//!
//! Done when max up − min low is below the tolerance. Rows that cannot move for long are set aside
//! where the whole matrix does not fit, and are asked again at the end.
//! Platt 1998; Fan, Chen & Lin, Journal of Machine Learning Research 6, 2005.

use super::Points;
use super::cache::Cache;

/// What is to be minimised: see the module.
pub struct Problem<'a> {
    /// Rows of the kernel.
    pub points: &'a Points,
    /// y
    pub target: &'a [f64],
    /// ε
    pub slack: f64,
    /// The least each weight may be, at most 0, and the most, at least 0.
    pub bounds: &'a [(f64, f64)],
}

/// When to stop, and how much memory rows of the kernel may take.
#[derive(Debug, Clone, Copy)]
pub struct Stop {
    /// How far the best rise may be above the best fall.
    pub tolerance: f64,
    /// Bytes for rows of the kernel.
    pub bytes: usize,
}

/// Weights of the rows, and what is added.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution {
    /// β
    pub weights: Vec<f64>,
    /// b
    pub offset: f64,
}

/// Why there is no solution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halt {
    /// It was asked to stop.
    Asked,
    /// Too many steps.
    Steps,
    /// A number that is not finite.
    NotFinite,
}

/// Steps after which it gives up.
const STEPS: usize = 10_000_000;
/// Steps between two looks at which rows can be set aside.
const PAUSE: usize = 1000;
/// Values looked at side by side.
const WIDE: usize = 8;

/// Rows that are still asked.
struct Active {
    ids: Vec<usize>,
    points: Points,
    diagonal: Vec<f32>,
    /// y ∓ ε where the weight can rise, −∞ elsewhere.
    up: Vec<f64>,
    /// y ∓ ε where the weight can fall, ∞ elsewhere.
    low: Vec<f64>,
    f: Vec<f64>,
    cache: Cache,
    scores: Vec<f32>,
    most_up: f64,
    least_low: f64,
}

/// Minimises; `go_on` is asked now and then.
///
/// # Errors
/// Asked to stop, too many steps, numbers that are not finite.
pub fn solve(
    problem: &Problem<'_>,
    stop: Stop,
    mut go_on: impl FnMut() -> bool,
) -> Result<Solution, Halt> {
    let rows = problem.target.len();
    let mut weights = vec![0.0; rows];
    let mut active = Active::new(problem, (0..rows).collect(), &weights, vec![0.0; rows], stop);
    let mut shrinks = rows * rows * 4 > stop.bytes;
    let mut aim = if shrinks { 10.0 * stop.tolerance } else { stop.tolerance };
    for step in 1..=STEPS {
        let gap = active.most_up - active.least_low;
        if gap.is_nan() || gap < aim {
            if active.ids.len() < rows {
                shrinks = aim > stop.tolerance;
                active = active.with_all(problem, &weights, stop);
            } else if aim <= stop.tolerance {
                let finite = active.f.iter().all(|f| f.is_finite());
                let solution = Solution { offset: active.offset(), weights };
                return if finite { Ok(solution) } else { Err(Halt::NotFinite) };
            }
            aim = stop.tolerance;
            continue;
        }
        if step % PAUSE == 0 {
            if !go_on() {
                return Err(Halt::Asked);
            }
            if shrinks {
                active.shrink(stop);
                continue;
            }
        }
        active.step(problem, &mut weights);
    }
    Err(Halt::Steps)
}

impl Problem<'_> {
    /// What a rise and a fall of this weight are measured by, before f is taken off.
    fn ends(&self, id: usize, weight: f64) -> (f64, f64) {
        let (y, slack, (low, high)) = (self.target[id], self.slack, self.bounds[id]);
        let rise = if weight >= 0.0 { y - slack } else { y + slack };
        let fall = if weight > 0.0 { y - slack } else { y + slack };
        let rise = if weight < high { rise } else { f64::NEG_INFINITY };
        (rise, if weight > low { fall } else { f64::INFINITY })
    }
}

impl Active {
    fn new(
        problem: &Problem<'_>,
        ids: Vec<usize>,
        weights: &[f64],
        f: Vec<f64>,
        stop: Stop,
    ) -> Active {
        let (up, low) = ids.iter().map(|&id| problem.ends(id, weights[id])).unzip();
        let points = problem.points.select(&ids);
        let mut active = Active {
            diagonal: points.diagonal(),
            cache: Cache::new(ids.len(), stop.bytes),
            scores: vec![0.0; ids.len()],
            ids,
            points,
            up,
            low,
            f,
            most_up: 0.0,
            least_low: 0.0,
        };
        active.look();
        active
    }

    /// One pair of weights.
    fn step(&mut self, problem: &Problem<'_>, weights: &mut [f64]) {
        let most = self.most_up;
        let i = position(self.up.iter().zip(&self.f).map(|(up, f)| up - f == most));
        self.cache.have(i, &self.points);
        let j = self.partner(i);
        self.cache.have(j, &self.points);
        let (row_i, row_j) = (self.cache.row(i), self.cache.row(j));
        let curve = (self.diagonal[i] + self.diagonal[j] - 2.0 * row_i[j]).max(1e-12);
        let wish = (most - (self.low[j] - self.f[j])) / f64::from(curve);
        let ends = [self.ids[i], self.ids[j]];
        let [rising, falling] = ends.map(|id| weights[id]);
        let bends = problem.slack > 0.0;
        let top = if bends && rising < 0.0 { 0.0 } else { problem.bounds[ends[0]].1 };
        let floor = if bends && falling > 0.0 { 0.0 } else { problem.bounds[ends[1]].0 };
        let step = wish.min(top - rising).min(falling - floor);
        weights[ends[0]] = if step == top - rising { top } else { rising + step };
        weights[ends[1]] = if step == falling - floor { floor } else { falling - step };
        for (at, id) in [(i, ends[0]), (j, ends[1])] {
            (self.up[at], self.low[at]) = problem.ends(id, weights[id]);
        }
        let moved = row_i.iter().zip(row_j).map(|(a, b)| f64::from(a - b));
        self.f.iter_mut().zip(moved).for_each(|(f, k)| *f += step * k);
        self.look();
    }

    /// The row whose fall pairs best with the rise of row `i`.
    fn partner(&mut self, i: usize) -> usize {
        let (most, own) = (self.most_up, self.diagonal[i]);
        let ends = self.low.iter().zip(&self.f).zip(self.cache.row(i).iter().zip(&self.diagonal));
        for (score, ((low, f), (k, diagonal))) in self.scores.iter_mut().zip(ends) {
            let gain = (most - (low - f)) as f32;
            let gain = if gain > 0.0 { gain } else { 0.0 };
            let curve = own + diagonal - 2.0 * k;
            let curve = if curve > 1e-12 { curve } else { 1e-12 };
            *score = gain * gain / curve;
        }
        let mut best = [0.0_f32; WIDE];
        let wide = self.scores.chunks_exact(WIDE);
        let rest = wide.remainder().iter().fold(0.0, |best: f32, &score| best.max(score));
        for scores in wide {
            for (best, &score) in best.iter_mut().zip(scores) {
                *best = if score > *best { score } else { *best };
            }
        }
        let best = best.into_iter().fold(rest, f32::max);
        position(self.scores.iter().map(|&score| score == best))
    }

    /// The best rise and the best fall.
    fn look(&mut self) {
        let mut up = [f64::NEG_INFINITY; WIDE];
        let mut low = [f64::INFINITY; WIDE];
        let mut see = |ups: &[f64], lows: &[f64], fs: &[f64]| {
            for at in 0..fs.len() {
                let (rise, fall) = (ups[at] - fs[at], lows[at] - fs[at]);
                up[at] = if rise > up[at] { rise } else { up[at] };
                low[at] = if fall < low[at] { fall } else { low[at] };
            }
        };
        let whole = self.f.len() / WIDE * WIDE;
        for at in (0..whole).step_by(WIDE) {
            see(&self.up[at..at + WIDE], &self.low[at..at + WIDE], &self.f[at..at + WIDE]);
        }
        see(&self.up[whole..], &self.low[whole..], &self.f[whole..]);
        self.most_up = up.into_iter().fold(f64::NEG_INFINITY, f64::max);
        self.least_low = low.into_iter().fold(f64::INFINITY, f64::min);
    }

    /// Sets rows aside that neither rise nor fall better than some other falls or rises.
    fn shrink(&mut self, stop: Stop) {
        let stays = |&at: &usize| {
            let (up, low) = (self.up[at] - self.f[at], self.low[at] - self.f[at]);
            up >= self.least_low || low <= self.most_up
        };
        let kept: Vec<usize> = (0..self.ids.len()).filter(stays).collect();
        // A copy is worth it where rows get a tenth shorter.
        if kept.len() * 10 > self.ids.len() * 9 {
            return;
        }
        let pick = |values: &[f64]| -> Vec<f64> { kept.iter().map(|&at| values[at]).collect() };
        (self.up, self.low, self.f) = (pick(&self.up), pick(&self.low), pick(&self.f));
        self.ids = kept.iter().map(|&at| self.ids[at]).collect();
        self.diagonal = kept.iter().map(|&at| self.diagonal[at]).collect();
        self.points = self.points.select(&kept);
        self.cache.keep(&kept, stop.bytes);
        self.scores.truncate(kept.len());
    }

    /// All rows again: f of those set aside is summed from the weights.
    fn with_all(self, problem: &Problem<'_>, weights: &[f64], stop: Stop) -> Active {
        let mut f = vec![f64::NAN; weights.len()];
        self.ids.iter().zip(&self.f).for_each(|(&id, &value)| f[id] = value);
        let aside: Vec<usize> = (0..f.len()).filter(|&id| f[id].is_nan()).collect();
        let points = problem.points.select(&aside);
        let mut sums = vec![0.0; aside.len()];
        let mut values = vec![0.0; aside.len()];
        for (id, &weight) in weights.iter().enumerate().filter(|(_, weight)| **weight != 0.0) {
            points.values(&problem.points.point(id), &mut values);
            sums.iter_mut().zip(&values).for_each(|(sum, k)| *sum += weight * f64::from(*k));
        }
        aside.iter().zip(&sums).for_each(|(&id, &sum)| f[id] = sum);
        Active::new(problem, (0..weights.len()).collect(), weights, f, stop)
    }

    /// What weights inside their box agree on; where there is none, the middle of the best rise and
    /// the best fall, or that of the two that there is.
    fn offset(&self) -> f64 {
        let free = self.up.iter().zip(&self.low).zip(&self.f).filter(|((up, low), _)| up == low);
        let (sum, count) = free.fold((0.0, 0.0), |(sum, n), ((up, _), f)| (sum + up - f, n + 1.0));
        match (self.most_up.is_finite(), self.least_low.is_finite()) {
            _ if count > 0.0 => sum / count,
            (true, true) => self.most_up / 2.0 + self.least_low / 2.0,
            (true, false) => self.most_up,
            (false, true) => self.least_low,
            (false, false) => 0.0,
        }
    }
}

/// The first place that holds.
fn position(mut holds: impl Iterator<Item = bool>) -> usize {
    holds.position(|holds| holds).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::svm::{Frame, Kernel};

    fn points(columns: &[&[f64]], kernel: Kernel) -> Points {
        let frame = Frame::new(kernel, columns.iter().copied());
        Points::new(frame, columns.iter().copied())
    }

    const STOP: Stop = Stop { tolerance: 1e-6, bytes: 1 << 20 };

    /// Two points ∓1 with targets ∓1, ε = ½: slope ½ touches both tubes; β = ∓¼ since slope = 2β.
    #[test]
    fn two_points_by_hand() {
        let points = points(&[&[-1.0, 1.0]], Kernel::Linear);
        let bounds = [(-10.0, 10.0); 2];
        let problem =
            Problem { points: &points, target: &[-1.0, 1.0], slack: 0.5, bounds: &bounds };
        let found = solve(&problem, STOP, || true).unwrap();
        assert!((found.weights[0] + 0.25).abs() < 1e-6 && (found.weights[1] - 0.25).abs() < 1e-6);
        assert!(found.offset.abs() < 1e-6);
        let problem = Problem { bounds: &[(-0.1, 0.1); 2], ..problem };
        assert_eq!(solve(&problem, STOP, || true).unwrap().weights, [-0.1, 0.1]);
    }

    /// Setting rows aside in a cache of a few rows changes no answer beyond the tolerance.
    #[test]
    fn shrinking_finds_the_same() {
        let n = 300;
        let a: Vec<f64> = (0..n).map(|t| f64::from(t * 37 % 300) / 50.0).collect();
        let y: Vec<f64> =
            a.iter().enumerate().map(|(t, a)| a.sin() + 0.3 * (t as f64 * 1.3).sin()).collect();
        let points = points(&[&a], Kernel::Rbf { gamma: 2.0 });
        let bounds = vec![(-5.0, 5.0); a.len()];
        let problem = Problem { points: &points, target: &y, slack: 0.1, bounds: &bounds };
        let whole = solve(&problem, STOP, || true).unwrap();
        let small = solve(&problem, Stop { bytes: 8000, ..STOP }, || true).unwrap();
        let at = |found: &Solution| {
            points.answers(
                &found.weights,
                found.offset,
                (0..n as usize).map(|row| points.point(row)),
            )
        };
        for (a, b) in at(&whole).iter().zip(at(&small)) {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
        assert!(whole.weights.iter().any(|w| w.abs() == 5.0) && whole.weights.contains(&0.0));
        assert!(whole.weights.iter().sum::<f64>().abs() < 1e-9);
    }

    /// One class alone is on its own side, and no rows on neither.
    #[test]
    fn one_side_alone() {
        let points = points(&[&[-1.0, 1.0]], Kernel::Linear);
        let problem =
            Problem { points: &points, target: &[-1.0; 2], slack: 0.0, bounds: &[(-1.0, 0.0); 2] };
        let want = Solution { weights: vec![0.0; 2], offset: -1.0 };
        assert_eq!(solve(&problem, STOP, || true), Ok(want));
        let problem = Problem { points: &points.select(&[]), target: &[], slack: 0.0, bounds: &[] };
        assert_eq!(solve(&problem, STOP, || true).map(|found| found.offset), Ok(0.0));
    }

    /// A kernel beyond 32 bits is refused.
    #[test]
    fn endless_values_are_refused() {
        let cube = Kernel::Poly { gamma: 1.0, constant: 0.0, degree: 3 };
        let points = points(&[&[-1e15, 1e15, 0.5]], cube);
        let (target, bounds) = ([-1.0, 1.0, 0.5], [(-10.0, 10.0); 3]);
        let problem = Problem { points: &points, target: &target, slack: 0.1, bounds: &bounds };
        assert_eq!(solve(&problem, STOP, || true), Err(Halt::NotFinite));
    }
}
