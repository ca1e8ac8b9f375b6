//! Rows of a kernel matrix, as many as fit.

use super::Points;

/// The rows asked for last.
pub struct Cache {
    rows: Vec<Vec<f32>>,
    /// When each row was asked for.
    asked: Vec<u64>,
    now: u64,
    held: usize,
    most: usize,
}

impl Cache {
    /// An empty cache for so many points and bytes; two rows always fit.
    pub fn new(points: usize, bytes: usize) -> Cache {
        let most = (bytes / (4 * points.max(1))).max(2);
        Cache { rows: vec![vec![]; points], asked: vec![0; points], now: 0, held: 0, most }
    }

    /// Has this row, computing it where it is not there. The row asked for before it stays.
    pub fn have(&mut self, row: usize, points: &Points) {
        self.now += 1;
        self.asked[row] = self.now;
        if !self.rows[row].is_empty() {
            return;
        }
        let mut values =
            if self.held < self.most { vec![0.0; points.rows()] } else { self.oldest() };
        points.values(&points.point(row), &mut values);
        self.rows[row] = values;
        self.held += 1;
    }

    /// A row that is there.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.rows[row]
    }

    /// Keeps these points alone, with what is known of them.
    pub fn keep(&mut self, kept: &[usize], bytes: usize) {
        let mut fewer = Cache { now: self.now, ..Cache::new(kept.len(), bytes) };
        for (place, &from) in kept.iter().enumerate() {
            fewer.asked[place] = self.asked[from];
            if !self.rows[from].is_empty() {
                fewer.rows[place] = kept.iter().map(|&to| self.rows[from][to]).collect();
                self.rows[from] = vec![];
                fewer.held += 1;
            }
        }
        *self = fewer;
    }

    /// Takes out the row that was not asked for the longest.
    fn oldest(&mut self) -> Vec<f32> {
        let there = (0..self.rows.len()).filter(|&row| !self.rows[row].is_empty());
        let oldest = there.min_by_key(|&row| self.asked[row]);
        self.held -= 1;
        oldest.map_or_else(Vec::new, |row| std::mem::take(&mut self.rows[row]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::svm::{Frame, Kernel};

    /// Three rows where two fit: the one asked for longest ago goes, and is right when it is back.
    #[test]
    fn the_oldest_row_goes() {
        let column: &[f64] = &[-1.0, 0.0, 1.0];
        let frame = Frame::new(Kernel::Linear, std::iter::once(column));
        let points = Points::new(frame, std::iter::once(column));
        let mut cache = Cache::new(3, 24);
        for row in [0, 1, 0, 2] {
            cache.have(row, &points);
        }
        assert!(cache.row(1).is_empty());
        assert_eq!((cache.row(0), cache.row(2)), (&[1.0, 0.0, -1.0][..], &[-1.0, 0.0, 1.0][..]));
        cache.keep(&[2, 0], 24);
        assert_eq!((cache.row(0), cache.row(1)), (&[1.0, -1.0][..], &[-1.0, 1.0][..]));
    }
}
