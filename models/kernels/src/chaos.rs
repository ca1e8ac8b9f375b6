//! Signs of chaos in a series: a lag, a dimension, and how fast neighbours part.
//!
//! ```text
//! r(k)  = Σ (y[t] − ȳ)(y[t+k] − ȳ) / Σ (y[t] − ȳ)²
//! Y(i)  = x[i], x[i+τ], …, x[i+(d−1)τ]      n the nearest other one, not at the same place
//! E(d)  = mean ‖Y(i) − Y(n)‖ in d + 1 over in d, by the largest difference     E1(d) = E(d+1)/E(d)
//! E*(d) = mean |x[i+dτ] − x[n+dτ]|                                             E2(d) = E*(d+1)/E*(d)
//! S(k)  = mean ln ‖Y(i+k) − Y(n+k)‖         its slope is the largest exponent, in logs a row
//! ```
//!
//! E1 near 1 from some d on: that dimension unfolds the series; E2 near 1 for every d: noise. At
//! worst a quadratic number of distances. Cao, Physica D 110, 1997; Rosenstein, Collins & De Luca, Physica
//! D 65, 1993.

/// r(0) … r(most); NaN where nothing varies.
pub fn autocorrelation(y: &[f64], most: usize) -> Vec<f64> {
    let mean = y.iter().sum::<f64>() / y.len() as f64;
    let e: Vec<f64> = y.iter().map(|value| value - mean).collect();
    let product = |k: usize| e.iter().zip(&e[k..]).map(|(a, b)| a * b).sum::<f64>();
    let whole = product(0);
    (0..=most.min(y.len().saturating_sub(1))).map(|k| product(k) / whole).collect()
}

/// E1 and E2 for dimensions 1 …
#[derive(Debug, Clone, PartialEq)]
pub struct Cao {
    /// How much the distances between neighbours still grow with one more dimension.
    pub e1: Vec<f64>,
    /// How much that one more value still depends on the neighbourhood.
    pub e2: Vec<f64>,
}

/// E1 and E2 for dimensions 1 … `most`, or as far as there are two rows of `most + 2` values.
pub fn cao(y: &[f64], lag: usize, most: usize) -> Cao {
    let longest = y.len().saturating_sub(2) / lag.max(1);
    let means: Vec<[f64; 2]> = (1..=longest.min(most + 1)).map(|d| growth(y, lag, d)).collect();
    let ratio = |which: usize| means.windows(2).map(|two| two[1][which] / two[0][which]).collect();
    Cao { e1: ratio(0), e2: ratio(1) }
}

/// Rows in the order of their first values, so that a search for a neighbour can end early: no norm
/// is less than the difference of first values.
struct Sorted<'a> {
    y: &'a [f64],
    order: Vec<usize>,
    places: Vec<usize>,
}

impl<'a> Sorted<'a> {
    fn new(y: &'a [f64], rows: usize) -> Sorted<'a> {
        let mut order: Vec<usize> = (0..rows).collect();
        order.sort_by(|&i, &j| y[i].total_cmp(&y[j]));
        let mut places = vec![0; rows];
        order.iter().enumerate().for_each(|(place, &row)| places[row] = place);
        Sorted { y, order, places }
    }

    /// The nearest row and its distance, the first of equals; `far` is infinite for one that does not count.
    fn nearest(&self, i: usize, far: impl Fn(usize) -> f64) -> Option<(f64, usize)> {
        let (mut near, mut at) = (f64::INFINITY, i);
        let (below, above) = self.order.split_at(self.places[i]);
        let mut look = |j: usize| {
            let far = far(j);
            if far < near || (far == near && j < at) {
                (near, at) = (far, j);
            }
            (self.y[i] - self.y[j]).abs() <= near
        };
        let _ = above[1..].iter().all(|&j| look(j)) & below.iter().rev().all(|&j| look(j));
        near.is_finite().then_some((near, at))
    }
}

/// E and E* of one dimension.
fn growth(y: &[f64], lag: usize, dimension: usize) -> [f64; 2] {
    let rows = y.len() - dimension * lag;
    let sorted = Sorted::new(y, rows);
    let (mut sums, mut count) = ([0.0; 2], 0.0);
    for i in 0..rows {
        let far = |j: usize| {
            let places = (0..dimension).map(|k| k * lag);
            let far =
                places.fold(0.0, |far: f64, place| far.max((y[i + place] - y[j + place]).abs()));
            if far > 0.0 { far } else { f64::INFINITY }
        };
        if let Some((near, at)) = sorted.nearest(i, far) {
            let next = (y[i + dimension * lag] - y[at + dimension * lag]).abs();
            sums = [sums[0] + near.max(next) / near, sums[1] + next];
            count += 1.0;
        }
    }
    sums.map(|sum| sum / count)
}

impl Cao {
    /// The first dimension on E1's plateau: over 0.9 and less than 0.05 from the next, and so the
    /// one after it. `None` where there is no plateau.
    pub fn dimension(&self) -> Option<usize> {
        let level = |two: &[f64]| two[0] > 0.9 && (two[1] - two[0]).abs() < 0.05;
        let plateau = |three: &[f64]| level(&three[..2]) && level(&three[1..]);
        self.e1.windows(3).position(plateau).map(|at| at + 1)
    }
}

/// Rows in the mean period: the inverse of the mean frequency, weighted by its power. `None` where
/// nothing varies.
pub fn period(y: &[f64]) -> Option<f64> {
    let n = y.len() as f64;
    let mean = y.iter().sum::<f64>() / n;
    let (mut power, mut weighted) = (0.0, 0.0);
    for wave in 1..=y.len() / 2 {
        // Goertzel's recursion: one multiplication a row.
        let frequency = wave as f64 / n;
        let twice = 2.0 * (std::f64::consts::TAU * frequency).cos();
        let step = |(a, b): (f64, f64), value: &f64| (value - mean + twice * a - b, a);
        let (a, b) = y.iter().fold((0.0, 0.0), step);
        let own = a * a + b * b - twice * a * b;
        power += own;
        weighted += frequency * own;
    }
    let period = power / weighted;
    period.is_finite().then_some(period)
}

/// S(0) … S(steps − 1) over embedded rows that have `steps` later ones; neighbours are more than
/// `apart` rows away. Empty where there are none.
pub fn divergence(y: &[f64], [dimension, lag]: [usize; 2], apart: usize, steps: usize) -> Vec<f64> {
    let rows = (y.len() + lag).saturating_sub(dimension * lag + steps);
    let distance = |i: usize, j: usize| -> f64 {
        let places = (0..dimension).map(|k| k * lag);
        places.map(|place| (y[i + place] - y[j + place]).powi(2)).sum::<f64>().sqrt()
    };
    let sorted = Sorted::new(y, rows);
    let mut sums = vec![(0.0, 0.0); steps];
    for i in 0..rows {
        let far = |j: usize| if i.abs_diff(j) > apart { distance(i, j) } else { f64::INFINITY };
        let Some((_, near)) = sorted.nearest(i, far) else { continue };
        for (k, (sum, count)) in sums.iter_mut().enumerate() {
            let far = distance(i + k, near + k);
            if far > 0.0 {
                *sum += far.ln();
                *count += 1.0;
            }
        }
    }
    let met = sums.iter().all(|(_, count)| *count > 0.0);
    if met { sums.iter().map(|(sum, count)| sum / count).collect() } else { Vec::new() }
}

/// The slope of the least squares line through the curve; `None` for fewer than two points.
pub fn slope(curve: &[f64]) -> Option<f64> {
    let n = curve.len() as f64;
    let (middle, mean) = ((n - 1.0) / 2.0, curve.iter().sum::<f64>() / n);
    let off = |k: usize| k as f64 - middle;
    let along: f64 = curve.iter().enumerate().map(|(k, s)| off(k) * (s - mean)).sum();
    let slope = along / (0..curve.len()).map(|k| off(k).powi(2)).sum::<f64>();
    slope.is_finite().then_some(slope)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1 2 3 4 has deviations −1½ −½ ½ 1½: r(1) = (¾ − ¼ + ¾)/5.
    #[test]
    fn autocorrelation_by_hand() {
        assert_eq!(autocorrelation(&[1.0, 2.0, 3.0, 4.0], 1), [1.0, 0.25]);
        assert!(autocorrelation(&[3.0; 4], 1)[1].is_nan());
    }

    /// A line: every neighbour is one row away, whatever the dimension, and so is the next value.
    #[test]
    fn a_line_has_one_dimension() {
        let line: Vec<f64> = (0..30).map(f64::from).collect();
        let cao = cao(&line, 1, 5);
        assert_eq!((cao.e1.clone(), cao.e2.clone()), (vec![1.0; 5], vec![1.0; 5]));
        assert_eq!(cao.dimension(), Some(1));
    }

    /// Where each row is twice the last, neighbours part by ln 2 a row.
    #[test]
    fn doubling_parts_by_ln_2() {
        let y: Vec<f64> = (0..40).map(|row| f64::powi(2.0, row)).collect();
        let curve = divergence(&y, [2, 1], 1, 6);
        assert!((slope(&curve).unwrap() - 2f64.ln()).abs() < 1e-12);
        assert!(divergence(&[1.0; 40], [2, 1], 1, 6).is_empty());
    }

    /// A sine of eight rows has its power at one frequency.
    #[test]
    fn period_of_a_sine() {
        let y: Vec<f64> =
            (0..64).map(|t| (f64::from(t) * std::f64::consts::TAU / 8.0).sin()).collect();
        assert!((period(&y).unwrap() - 8.0).abs() < 1e-9);
        assert_eq!(period(&[2.0; 9]), None);
    }
}
