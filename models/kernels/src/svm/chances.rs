//! Distances from a boundary to probabilities, and probabilities of pairs to those of classes.

/// Slope and intercept of the logarithm of the odds against, by distance from the boundary.
///
/// ```text
/// p = 1/(1 + exp(slope·distance + intercept))      targets (n₊ + 1)/(n₊ + 2) and 1/(n₋ + 2)
/// ```
///
/// Platt 1999, by Newton's steps as in Lin, Lin & Weng, Machine Learning 68, 2007.
pub fn platt(distances: &[f64], positive: &[bool]) -> (f64, f64) {
    let yes = positive.iter().filter(|&&yes| yes).count() as f64;
    let no = positive.len() as f64 - yes;
    let target =
        |yes_here: &bool| if *yes_here { (yes + 1.0) / (yes + 2.0) } else { 1.0 / (no + 2.0) };
    let rows: Vec<(f64, f64)> =
        distances.iter().copied().zip(positive.iter().map(target)).collect();
    let value = |(slope, intercept): (f64, f64)| -> f64 {
        rows.iter().map(|&(d, t)| loss(slope * d + intercept, t)).sum()
    };
    let mut here = (0.0, ((no + 1.0) / (yes + 1.0)).ln());
    let mut low = value(here);
    for _ in 0..100 {
        let (mut g, mut h) = ([0.0; 2], [1e-12, 0.0, 1e-12]);
        for &(d, t) in &rows {
            let p = chance(slope_at(here, d));
            let (off, curve) = (t - p, p * (1.0 - p));
            g = [g[0] + d * off, g[1] + off];
            h = [h[0] + d * d * curve, h[1] + d * curve, h[2] + curve];
        }
        let det = h[0] * h[2] - h[1] * h[1];
        let step = ((h[2] * g[0] - h[1] * g[1]) / det, (h[0] * g[1] - h[1] * g[0]) / det);
        let fall = g[0] * step.0 + g[1] * step.1;
        if !fall.is_finite() || fall < 1e-12 {
            break;
        }
        let mut length = 1.0;
        let next = loop {
            let next = (here.0 - length * step.0, here.1 - length * step.1);
            if value(next) < low - 1e-4 * length * fall {
                break next;
            }
            length /= 2.0;
            if length < 1e-10 {
                return here;
            }
        };
        (here, low) = (next, value(next));
    }
    here
}

fn slope_at((slope, intercept): (f64, f64), distance: f64) -> f64 {
    slope * distance + intercept
}

/// −t·ln p − (1 − t)·ln(1 − p) for p = 1/(1 + e^z), without overflow.
fn loss(z: f64, t: f64) -> f64 {
    let beyond = (-z.abs()).exp().ln_1p();
    if z >= 0.0 { t * z + beyond } else { (t - 1.0) * z + beyond }
}

/// 1/(1 + e^z), kept off 0 and 1.
pub fn chance(z: f64) -> f64 {
    (1.0 / (1.0 + z.exp())).clamp(1e-7, 1.0 - 1e-7)
}

/// Probabilities of classes from those of pairs: `of[i · count + j]` is that of `i` where it is `i` or
/// `j`.
///
/// ```text
/// p = argmin Σ (of[j][i]·p[i] − of[i][j]·p[j])²      Σ p = 1
/// ```
///
/// Wu, Lin & Weng, Journal of Machine Learning Research 5, 2004, second approach.
pub fn couple(of: &[f64], count: usize) -> Vec<f64> {
    let entry = |i: usize, j: usize| match i == j {
        true => (0..count).filter(|&k| k != i).map(|k| of[k * count + i].powi(2)).sum(),
        false => -of[j * count + i] * of[i * count + j],
    };
    let q: Vec<f64> = (0..count * count).map(|at| entry(at / count, at % count)).collect();
    let mut p = vec![1.0 / count as f64; count];
    for _ in 0..10_000 {
        let products: Vec<f64> =
            q.chunks_exact(count).map(|row| row.iter().zip(&p).map(|(q, p)| q * p).sum()).collect();
        let whole: f64 = p.iter().zip(&products).map(|(p, product)| p * product).sum();
        let worst =
            products.iter().fold(0.0, |worst: f64, product| worst.max((product - whole).abs()));
        if worst < 1e-10 {
            break;
        }
        for i in 0..count {
            let row = &q[i * count..][..count];
            let product: f64 = row.iter().zip(&p).map(|(q, p)| q * p).sum();
            let whole = quadratic(&q, &p);
            p[i] += (whole - product) / row[i];
            let sum: f64 = p.iter().sum();
            p.iter_mut().for_each(|p| *p /= sum);
        }
    }
    p
}

/// pᵀQp.
fn quadratic(q: &[f64], p: &[f64]) -> f64 {
    let rows = q.chunks_exact(p.len()).zip(p);
    rows.map(|(row, own)| own * row.iter().zip(p).map(|(q, p)| q * p).sum::<f64>()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Distances that say nothing leave the targets' mean: three of four have (3·4/5 + 1/3)/4.
    #[test]
    fn platt_without_knowledge() {
        let (slope, intercept) = platt(&[1.0; 4], &[true, true, true, false]);
        let p = chance(slope + intercept);
        assert!((p - (3.0 * 0.8 + 1.0 / 3.0) / 4.0).abs() < 1e-6, "{p}");
    }

    /// Pairs that agree, p[i]/(p[i] + p[j]), give back p.
    #[test]
    fn agreeing_pairs_are_given_back() {
        let want = [0.5, 0.3, 0.2];
        let of: Vec<f64> = (0..9).map(|at| want[at / 3] / (want[at / 3] + want[at % 3])).collect();
        for (got, want) in couple(&of, 3).iter().zip(want) {
            assert!((got - want).abs() < 1e-7, "{got} {want}");
        }
    }
}
