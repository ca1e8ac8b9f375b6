//! Columns of numbers as at most 255 bins each.

use super::Team;

/// The bin of a missing value.
pub const MISSING: u8 = 255;

/// Columns as bins; the last bin is for missing values.
pub struct Binned {
    /// The bin of each row, by column.
    pub columns: Vec<Vec<u8>>,
    /// Upper edges of all bins but the last, by column, increasing.
    pub cuts: Vec<Vec<f64>>,
}

impl Binned {
    /// Columns in at most `bins` bins of about equal numbers of rows, `bins` at most 255: an edge
    /// between any two values where they are few.
    pub fn of(team: &impl Team, columns: &[&[f64]], bins: usize) -> Binned {
        let both = team.map(columns.len(), |at| {
            let cuts = cuts(columns[at], bins);
            let bin = |&value: &f64| match value.is_nan() {
                true => MISSING,
                false => cuts.partition_point(|&cut| cut < value) as u8,
            };
            (columns[at].iter().map(bin).collect(), cuts)
        });
        let (columns, cuts) = both.into_iter().unzip();
        Binned { columns, cuts }
    }
}

/// Edges between bins of about equal numbers of rows. A value with more rows than that has a bin of
/// its own, and the others share the rest, so that one heavy value costs the others no resolution.
fn cuts(column: &[f64], bins: usize) -> Vec<f64> {
    let mut sorted: Vec<f64> = column.iter().copied().filter(|value| !value.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let values: Vec<(f64, usize)> =
        sorted.chunk_by(|a, b| a == b).map(|same| (same[0], same.len())).collect();
    let cut = |at: usize| between(values[at].0, values[at + 1].0);
    if values.len() <= bins {
        return (1..values.len()).map(|at| cut(at - 1)).collect();
    }
    let heavy = |&(_, count): &(f64, usize)| count * bins >= sorted.len();
    let (mut rows, mut shares) = (sorted.len(), bins);
    for value in values.iter().filter(|value| heavy(value)) {
        (rows, shares) = (rows - value.1, shares - 1);
    }
    let (mut held, mut cuts) = (0, Vec::with_capacity(bins - 1));
    for (at, pair) in values.windows(2).enumerate() {
        held += pair[0].1;
        let full = held * shares.max(1) >= rows;
        let before_heavy = heavy(&pair[1]) && 2 * held * shares.max(1) >= rows;
        if !full && !heavy(&pair[0]) && !before_heavy {
            continue;
        }
        if !heavy(&pair[0]) {
            (rows, shares) = (rows.saturating_sub(held), shares.saturating_sub(1));
        }
        cuts.push(cut(at));
        held = 0;
        if cuts.len() + 1 == bins {
            break;
        }
    }
    cuts
}

/// A number that parts two others: at least the lower and below the higher.
fn between(low: f64, high: f64) -> f64 {
    let middle = low / 2.0 + high / 2.0;
    if low <= middle && middle < high { middle } else { low }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boost::tests::Alone;

    /// Values 1, 2, 4 part at 1.5 and 3, and a missing one has its own bin; eight values in two
    /// bins part in their middle.
    #[test]
    fn bins_by_hand() {
        let few = [4.0, 1.0, f64::NAN, 2.0, 1.0];
        let binned = Binned::of(&Alone, &[&few], 255);
        assert_eq!(binned.cuts[0], [1.5, 3.0]);
        assert_eq!(binned.columns[0], [2, 0, MISSING, 1, 0]);
        let many: Vec<f64> = (1..=8).map(f64::from).collect();
        let binned = Binned::of(&Alone, &[&many], 2);
        assert_eq!(binned.cuts[0], [4.5]);
        assert_eq!(binned.columns[0], [0, 0, 0, 0, 1, 1, 1, 1]);
    }

    /// Six rows of 0 among four others, three bins: 0 has its own, and each side has another.
    #[test]
    fn heavy_value_has_its_bin() {
        let column = [-2.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0];
        assert_eq!(Binned::of(&Alone, &[&column], 3).cuts[0], [-0.5, 0.5]);
    }

    /// Neighbouring floats, infinities and the largest floats still part.
    #[test]
    fn edges_part_any_two_values() {
        let next = f64::from_bits(1.0_f64.to_bits() + 1);
        for [low, high] in [[1.0, next], [f64::MIN, f64::MAX], [f64::NEG_INFINITY, f64::INFINITY]] {
            let binned = Binned::of(&Alone, &[&[high, low]], 255);
            assert_eq!(binned.columns[0], [1, 0], "{low} {high}");
        }
    }
}
