//! The model confidence set: which models cannot be told from the best.
//!
//! ```text
//! d[i] = L̄[i] − mean of L̄ over the models left      t[i] = d[i] / √(mean over samples of (d*[i] − d[i])²)
//! p = share of samples with max over i of (d*[i] − d[i])/√… ≥ max t      then the largest t leaves
//! ```
//!
//! A model's p-value is the largest p up to its leaving; the last one's is 1.
//! Hansen, Lunde & Nason, Econometrica 79 (2011), T_max; Politis & Romano, JASA 89 (1994).

use rand::{Rng, RngExt};

/// Resamples of units for a stationary bootstrap, drawn as they are asked for: blocks of geometric
/// length with mean `block`, running over the end to the start; `block` 1 draws units one by one.
pub fn resamples<R: Rng>(mut rng: R, units: usize, block: f64) -> impl Iterator<Item = Vec<usize>> {
    std::iter::repeat_with(move || {
        let mut unit = 0;
        let mut next = |place: usize| {
            let fresh = place == 0 || rng.random::<f64>() * block < 1.0;
            unit = if fresh { rng.random_range(0..units) } else { (unit + 1) % units };
            unit
        };
        (0..units).map(&mut next).collect()
    })
}

/// The p-value of each model, from its losses over units and from resamples of those units.
pub fn confidence_set(losses: &[Vec<f64>], samples: impl Iterator<Item = Vec<usize>>) -> Vec<f64> {
    let means: Vec<f64> = losses.iter().map(|own| mean(own.iter().copied())).collect();
    let moved = |sample: Vec<usize>| -> Vec<f64> {
        let star = losses.iter().map(|own| mean(sample.iter().map(|&unit| own[unit])));
        star.zip(&means).map(|(star, mean)| star - mean).collect()
    };
    let moved: Vec<Vec<f64>> = samples.map(moved).collect();
    let mut p_values = vec![1.0; losses.len()];
    let mut left: Vec<usize> = (0..losses.len()).collect();
    let mut largest = 0.0_f64;
    while left.len() > 1 {
        let (worst, p) = step(&means, &moved, &left);
        largest = largest.max(p);
        p_values[left.remove(worst)] = largest;
    }
    p_values
}

/// The place of the worst of the models left, and the p-value of all being equal.
fn step(means: &[f64], moved: &[Vec<f64>], left: &[usize]) -> (usize, f64) {
    // By pairs, so that equal models differ by exactly nothing.
    let centred = |values: &[f64]| -> Vec<f64> {
        let apart = |one: usize| mean(left.iter().map(|&other| values[one] - values[other]));
        left.iter().map(|&model| apart(model)).collect()
    };
    let stars: Vec<Vec<f64>> = moved.iter().map(|values| centred(values)).collect();
    let deviation = |place: usize| mean(stars.iter().map(|star| star[place].powi(2))).sqrt();
    let deviations: Vec<f64> = (0..left.len()).map(deviation).collect();
    let scaled = |values: &[f64]| -> Vec<f64> {
        // Without any variation a difference is beyond doubt, and no difference is none.
        let share = |(&value, &deviation): (&f64, &f64)| match value / deviation {
            share if share.is_nan() => 0.0,
            share => share,
        };
        values.iter().zip(&deviations).map(share).collect()
    };
    let largest = |values: Vec<f64>| {
        let places = values.into_iter().enumerate();
        places.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, 0.0))
    };
    let (worst, statistic) = largest(scaled(&centred(means)));
    let beyond = stars.iter().filter(|star| largest(scaled(star)).1 >= statistic).count();
    (worst, beyond as f64 / stars.len().max(1) as f64)
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

#[cfg(test)]
mod tests {
    use super::*;
    use almanac_models::Ctx;

    fn p_values(losses: &[Vec<f64>]) -> Vec<f64> {
        confidence_set(losses, resamples(Ctx::new(3).rng(), losses[0].len(), 1.0).take(500))
    }

    /// A model that always loses by much leaves with p = 0; the best stays with p = 1.
    #[test]
    fn a_clear_loser_leaves() {
        let good: Vec<f64> = (0..20).map(|i| 1.0 + f64::from(i % 3)).collect();
        let bad: Vec<f64> =
            good.iter().enumerate().map(|(i, v)| v + 9.0 + (i % 2) as f64).collect();
        assert_eq!(p_values(&[bad, good]), [0.0, 1.0]);
    }

    /// Equal models stay together: every sample's difference is as large as theirs, zero.
    #[test]
    fn equal_models_stay() {
        let same: Vec<f64> = (0..10).map(f64::from).collect();
        assert_eq!(p_values(&[same.clone(), same.clone(), same]), [1.0; 3]);
    }

    /// In blocks of mean length 4, three draws in four follow their neighbour.
    #[test]
    fn blocks_have_their_mean_length() {
        let samples = resamples(Ctx::new(1).rng(), 1000, 4.0).take(20);
        let follows = |s: Vec<usize>| s.windows(2).filter(|p| p[1] == (p[0] + 1) % 1000).count();
        let share = samples.map(follows).sum::<usize>() as f64 / (20.0 * 999.0);
        assert!((share - 0.75).abs() < 0.01, "{share}");
    }
}
