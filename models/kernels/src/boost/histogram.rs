//! Sums of words by bin: the loop in which boosting spends its time.

use super::words::{minus, plus};

/// Sums by bin of one column.
pub type Histogram<const S: usize> = [[i64; S]; 256];

/// Up to eight columns of bins, those of a row side by side in one word.
pub struct Pack {
    /// Which columns, in order.
    pub columns: Vec<usize>,
    rows: Vec<u64>,
}

/// The chosen columns in packs of about equal width; at least two packs, to share the work.
pub fn pack(columns: &[Vec<u8>], chosen: &[usize]) -> Vec<Pack> {
    let packs = chosen.len().div_ceil(8).max(2);
    let width = chosen.len().div_ceil(packs).max(1);
    let rows = columns.first().map_or(0, Vec::len);
    let one = |chosen: &[usize]| {
        let mut words = vec![0_u64; rows];
        for (lane, &column) in chosen.iter().enumerate() {
            let bins = words.iter_mut().zip(&columns[column]);
            bins.for_each(|(word, &bin)| *word |= u64::from(bin) << (8 * lane));
        }
        Pack { columns: chosen.to_vec(), rows: words }
    };
    chosen.chunks(width).map(one).collect()
}

impl Pack {
    /// The histograms of the pack's columns over these rows.
    pub fn sums<const S: usize>(&self, rows: &[u32], words: &[[i64; S]]) -> Vec<Histogram<S>> {
        let mut sums = vec![[[0; S]; 256]; self.columns.len()];
        match self.columns.len() {
            1 => self.add::<1, S>(rows, words, &mut sums),
            2 => self.add::<2, S>(rows, words, &mut sums),
            3 => self.add::<3, S>(rows, words, &mut sums),
            4 => self.add::<4, S>(rows, words, &mut sums),
            5 => self.add::<5, S>(rows, words, &mut sums),
            6 => self.add::<6, S>(rows, words, &mut sums),
            7 => self.add::<7, S>(rows, words, &mut sums),
            _ => self.add::<8, S>(rows, words, &mut sums),
        }
        sums
    }

    fn add<const W: usize, const S: usize>(
        &self,
        rows: &[u32],
        words: &[[i64; S]],
        sums: &mut [Histogram<S>],
    ) {
        let Some(sums) = sums.first_chunk_mut::<W>() else { return };
        for &row in rows {
            let word = words[row as usize];
            let mut bins = self.rows[row as usize];
            for sums in sums.iter_mut() {
                let sum = &mut sums[(bins & 255) as usize];
                *sum = plus(*sum, word);
                bins >>= 8;
            }
        }
    }
}

/// What is left of histograms when a part's are taken away.
pub fn rest<const S: usize>(all: &[Histogram<S>], part: &[Histogram<S>]) -> Vec<Histogram<S>> {
    let column = |(all, part): (&Histogram<S>, &Histogram<S>)| {
        std::array::from_fn(|bin| minus(all[bin], part[bin]))
    };
    all.iter().zip(part).map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Eleven columns in two packs: each bin sums the words of its rows, and a part and the rest
    /// make the whole.
    #[test]
    fn sums_by_hand() {
        let columns: Vec<Vec<u8>> = (0..11).map(|c| vec![c, 255, c, 3]).collect();
        let chosen: Vec<usize> = (0..11).collect();
        let packs = pack(&columns, &chosen);
        let widths: Vec<usize> = packs.iter().map(|pack| pack.columns.len()).collect();
        assert_eq!(widths, [6, 5]);
        let words = [[1], [10], [100], [1000]];
        let all = packs[1].sums(&[0, 1, 2, 3], &words);
        assert_eq!((all[4][10], all[4][255], all[4][3]), ([101], [10], [1000]));
        let part = packs[1].sums(&[0, 3], &words);
        assert_eq!(rest(&all, &part), packs[1].sums(&[1, 2], &words));
    }
}
