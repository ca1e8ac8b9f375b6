//! Probability of backtest overfitting: whether the model that was best still is, on other times.
//!
//! ```text
//! time in S blocks; for each choice of S/2 of them: best = argmax Sharpe inside
//! ω = rank of best outside / (N + 1)      PBO = share of choices with ln(ω/(1 − ω)) ≤ 0
//! ```
//!
//! The ½ of pure luck and the 0 of a model that is always best are the marks to read it by. Blocks
//! are consecutive, so that what one period says of the next stays inside.
//! Bailey, Borwein, López de Prado & Zhu, Journal of Computational Finance 20 (2017).

/// Most blocks: 16 have 12,870 halves.
const BLOCKS: usize = 16;
/// Fewest periods of a block: a Sharpe ratio needs a spread.
const LEAST: usize = 4;

/// Sums over the returns of some blocks.
#[derive(Clone, Copy, Default)]
struct Sums {
    n: f64,
    sum: f64,
    square: f64,
}

impl Sums {
    fn add(self, other: Sums) -> Sums {
        let (n, sum) = (self.n + other.n, self.sum + other.sum);
        Sums { n, sum, square: self.square + other.square }
    }

    /// Without a spread there is no ratio, and nothing to choose it for.
    fn sharpe(self) -> f64 {
        let mean = self.sum / self.n;
        let variance = self.square / self.n - mean * mean;
        if variance > 1e-12 * mean * mean { mean / variance.sqrt() } else { 0.0 }
    }
}

/// From one list of returns a model, all over the same periods; `None` for one model, or for fewer
/// than four blocks of four periods.
pub fn overfitting(returns: &[Vec<f64>]) -> Option<f64> {
    let periods = returns.first()?.len();
    let blocks = (periods / LEAST / 2 * 2).min(BLOCKS);
    if returns.len() < 2 || blocks < 4 {
        return None;
    }
    let sums: Vec<Vec<Sums>> = returns.iter().map(|own| by_block(own, blocks)).collect();
    let halves = (0_u32..1 << blocks).filter(|half| half.count_ones() as usize == blocks / 2);
    let (mut lost, mut all) = (0.0, 0.0);
    for half in halves {
        lost += f64::from(u8::from(loses(&sums, half)));
        all += 1.0;
    }
    Some(lost / all)
}

/// Blocks differ by one period at most.
fn by_block(own: &[f64], blocks: usize) -> Vec<Sums> {
    let edge = |block: usize| block * own.len() / blocks;
    let sums = |block: usize| {
        let one = |&r: &f64| Sums { n: 1.0, sum: r, square: r * r };
        own[edge(block)..edge(block + 1)].iter().map(one).fold(Sums::default(), Sums::add)
    };
    (0..blocks).map(sums).collect()
}

/// Whether the model that is best inside the half is no better than the median outside it.
fn loses(sums: &[Vec<Sums>], half: u32) -> bool {
    let ratio = |own: &Vec<Sums>, inside: bool| {
        let chosen = own.iter().enumerate().filter(|(at, _)| (half >> at & 1 == 1) == inside);
        chosen.map(|(_, sums)| *sums).fold(Sums::default(), Sums::add).sharpe()
    };
    let inside: Vec<f64> = sums.iter().map(|own| ratio(own, true)).collect();
    let outside: Vec<f64> = sums.iter().map(|own| ratio(own, false)).collect();
    // The first of equals, as in the order of the run.
    let best = (0..inside.len()).rev().max_by(|&a, &b| inside[a].total_cmp(&inside[b]));
    let own = outside[best.unwrap_or(0)];
    let below = outside.iter().filter(|&&other| other < own).count() as f64;
    let equal = outside.iter().filter(|&&other| other == own).count() as f64;
    let rank = below + (equal + 1.0) / 2.0;
    2.0 * rank <= sums.len() as f64 + 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waves(level: f64, phase: usize) -> Vec<f64> {
        (0..64).map(|t| level + if (t + phase).is_multiple_of(2) { 0.01 } else { -0.01 }).collect()
    }

    /// A model that earns more at all times is best on both halves.
    #[test]
    fn a_better_model_stays_best() {
        assert_eq!(overfitting(&[waves(0.0, 0), waves(0.02, 1), waves(0.001, 0)]), Some(0.0));
    }

    /// Two models that earn in turns, block by block: the best of a half has had its blocks and
    /// loses the rest; where a half holds as many of each, they tie in the middle.
    #[test]
    fn what_won_has_had_its_turn() {
        let turns = |own: usize| -> Vec<f64> {
            let mean = |t: usize| if (t / 4) % 2 == own { 0.02 } else { -0.02 };
            (0..16).map(|t| mean(t) + if t % 2 == 0 { 0.01 } else { -0.01 }).collect()
        };
        assert_eq!(overfitting(&[turns(0), turns(1)]), Some(1.0));
    }

    /// One model has no rival; fifteen periods no four blocks of four.
    #[test]
    fn too_little_to_tell() {
        assert_eq!(overfitting(&[waves(0.0, 0)]), None);
        assert_eq!(
            overfitting(&[waves(0.0, 0)[..15].to_vec(), waves(0.0, 1)[..15].to_vec()]),
            None
        );
    }
}
