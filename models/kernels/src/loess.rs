//! Loess over equally spaced points: a weighted line through the nearest `window` of them.
//!
//! ```text
//! weight[j] = (1 − (|j − x|/h)³)³·rho[j]      h = distance to the farthest of the nearest
//! ```
//!
//! Cleveland, Robust locally weighted regression and smoothing scatterplots, JASA 74, 1979.

/// How to smooth: how many of the nearest points, a level (0) or a line (1) through them, and at
/// every how many points (a straight line in between).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loess {
    /// Points in a neighbourhood; odd.
    pub window: usize,
    /// 0 for a level, 1 for a line.
    pub degree: usize,
    /// Fitted at every so many points; 1 = at all.
    pub jump: usize,
}

/// A curve to smooth: the points, their robustness weights, and room for a neighbourhood's weights.
pub(crate) struct Curve<'a> {
    pub y: &'a [f64],
    pub rho: Option<&'a [f64]>,
    pub room: &'a mut Vec<f64>,
}

impl Loess {
    /// A smoother that skips a tenth of its window, as R's `stl` does.
    pub fn skipping(window: usize, degree: usize) -> Loess {
        Loess { window, degree, jump: window.div_ceil(10) }
    }

    /// The curve at its own points.
    pub(crate) fn smooth(self, curve: &mut Curve<'_>, out: &mut [f64]) {
        let n = curve.y.len();
        if n < 2 {
            out.copy_from_slice(curve.y);
            return;
        }
        let jump = self.jump.clamp(1, n - 1);
        // Away from the ends and without robustness a line through symmetric weights is their
        // mean, so that every neighbourhood shares one set of weights.
        let half = self.window / 2;
        let inside = if curve.rho.is_none() && self.window < n { half..n - half } else { 0..0 };
        let kernel = self.kernel();
        let mut before = 0;
        for i in (0..n).step_by(jump).chain((!(n - 1).is_multiple_of(jump)).then_some(n - 1)) {
            out[i] = if inside.contains(&i) {
                dot(&kernel, &curve.y[i - half..=i + half])
            } else {
                self.at(curve, i as f64).unwrap_or(curve.y[i])
            };
            let (from, to) = (out[before], out[i]);
            let steps = (i - before) as f64;
            for (k, between) in out[before..i].iter_mut().enumerate() {
                *between = from + (to - from) * k as f64 / steps;
            }
            before = i;
        }
    }

    /// The curve at `x`, which may lie outside its points; `None` where no weight is left.
    pub(crate) fn at(self, curve: &mut Curve<'_>, x: f64) -> Option<f64> {
        let n = curve.y.len();
        let window = self.window.min(n);
        let left = (x - (self.window / 2) as f64).clamp(0.0, (n - window) as f64) as usize;
        let near = left..left + window;
        let reach = (x - left as f64).max((left + window - 1) as f64 - x);
        let reach = reach + ((self.window - window) / 2) as f64;
        let weight = &mut *curve.room;
        weight.clear();
        weight.extend(near.clone().map(|j| tricube((j as f64 - x).abs(), reach)));
        if let Some(rho) = curve.rho {
            weight.iter_mut().zip(&rho[near.clone()]).for_each(|(w, rho)| *w *= rho);
        }
        let total: f64 = weight.iter().sum();
        if total <= 0.0 {
            return None;
        }
        let y = &curve.y[near];
        let level = dot(weight, y) / total;
        if self.degree == 0 || reach == 0.0 {
            return Some(level);
        }
        let place = |j: usize| (left + j) as f64;
        let centre = (0..window).map(|j| weight[j] * place(j)).sum::<f64>() / total;
        let (mut width, mut slope) = (0.0, 0.0);
        for (j, (w, y)) in weight.iter().zip(y).enumerate() {
            let off = place(j) - centre;
            width += w * off * off;
            slope += w * off * y;
        }
        // Points this close together, against the curve's length, tell no slope.
        let narrow = (width / total).sqrt() <= 0.001 * (n as f64 - 1.0);
        Some(if narrow { level } else { level + slope / width * (x - centre) })
    }

    /// The weights of a whole neighbourhood around its middle, with sum 1.
    fn kernel(self) -> Vec<f64> {
        let half = (self.window / 2) as f64;
        let mut weight: Vec<f64> =
            (0..self.window).map(|j| tricube((j as f64 - half).abs(), half)).collect();
        let total: f64 = weight.iter().sum();
        weight.iter_mut().for_each(|w| *w /= total);
        weight
    }
}

/// Next to the point 1, at the edge 0: within a thousandth of the reach of either, exactly so.
fn tricube(distance: f64, reach: f64) -> f64 {
    if distance <= 0.001 * reach {
        return 1.0;
    }
    if distance > 0.999 * reach {
        return 0.0;
    }
    let share = distance / reach;
    let rest = 1.0 - share * share * share;
    rest * rest * rest
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line of degree 1 gives a straight line back, at, between and beyond its points.
    #[test]
    fn a_line_stays_a_line() {
        let y: Vec<f64> = (0..20).map(|t| 3.0 - 0.5 * t as f64).collect();
        let mut curve = Curve { y: &y, rho: None, room: &mut Vec::new() };
        for (window, jump) in [(5, 1), (7, 3), (31, 4)] {
            let loess = Loess { window, degree: 1, jump };
            let mut out = vec![0.0; 20];
            loess.smooth(&mut curve, &mut out);
            assert!(out.iter().zip(&y).all(|(a, b)| (a - b).abs() < 1e-12));
            assert!((loess.at(&mut curve, 20.0).unwrap() + 7.0).abs() < 1e-12);
        }
    }

    /// Window 3 reaches its neighbours with weight 0, so the curve is the points; with a weight of
    /// 0 for the point itself nothing is left to fit.
    #[test]
    fn no_weight_no_fit() {
        let y = [1.0, 5.0, 2.0, 7.0];
        let loess = Loess { window: 3, degree: 0, jump: 1 };
        let mut curve = Curve { y: &y, rho: Some(&[1.0, 0.0, 1.0, 1.0]), room: &mut Vec::new() };
        assert_eq!(loess.at(&mut curve, 2.0), Some(2.0));
        assert_eq!(loess.at(&mut curve, 1.0), None);
    }
}
