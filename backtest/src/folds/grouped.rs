//! Folds between groups (cells, patients, recordings), and the gap that time needs around a test.

use std::collections::BTreeMap;

/// Rows to learn from and rows to be judged on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Rows to learn from, increasing.
    pub train: Vec<usize>,
    /// Rows to be judged on, increasing.
    pub test: Vec<usize>,
}

/// K folds in which no group is on both sides: groups go, largest first, to the fold with the
/// fewest rows so far, so that folds are of nearly equal size and do not depend on chance.
/// `count` above the number of groups gives one fold a group.
pub fn grouped<L: Ord>(labels: &[L], count: usize) -> Vec<Split> {
    let mut rows: BTreeMap<&L, Vec<usize>> = BTreeMap::new();
    for (row, label) in labels.iter().enumerate() {
        rows.entry(label).or_default().push(row);
    }
    let mut groups: Vec<Vec<usize>> = rows.into_values().collect();
    groups.sort_by_key(|group| (std::cmp::Reverse(group.len()), group[0]));
    let count = count.min(groups.len());
    let mut tests = vec![Vec::new(); count];
    for group in groups {
        if let Some(smallest) = tests.iter_mut().min_by_key(|test| test.len()) {
            smallest.extend(group);
        }
    }
    let split = |mut test: Vec<usize>| {
        test.sort_unstable();
        let train = (0..labels.len()).filter(|row| test.binary_search(row).is_err()).collect();
        Split { train, test }
    };
    tests.into_iter().map(split).collect()
}

impl Split {
    /// Takes from the training rows those whose time touches a test row's: `spans[row]` holds the
    /// first and last moment that a row's inputs and label use, and `embargo` is added after each
    /// test row, since what follows a test still remembers it.
    /// López de Prado, Advances in Financial Machine Learning, §7.4.
    pub fn purged(mut self, spans: &[(i64, i64)], embargo: i64) -> Split {
        let mut tests: Vec<(i64, i64)> = self
            .test
            .iter()
            .map(|&row| (spans[row].0, spans[row].1.saturating_add(embargo)))
            .collect();
        tests.sort_unstable();
        // After this the ends increase too, and one search finds the only test that can touch.
        let mut latest = i64::MIN;
        for (_, end) in &mut tests {
            latest = latest.max(*end);
            *end = latest;
        }
        self.train.retain(|&row| {
            let (start, end) = spans[row];
            let before = tests.partition_point(|test| test.0 <= end);
            before == 0 || tests[before - 1].1 < start
        });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sizes 3, 2, 1 in two folds: the 3 alone against 2 + 1, and no group on both sides.
    #[test]
    fn groups_stay_whole() {
        let labels = ["a", "b", "a", "c", "b", "a"];
        let folds = grouped(&labels, 2);
        assert_eq!(folds[0], Split { train: vec![1, 3, 4], test: vec![0, 2, 5] });
        assert_eq!(folds[1], Split { train: vec![0, 2, 5], test: vec![1, 3, 4] });
        assert_eq!(grouped(&labels, 9).len(), 3);
        assert!(grouped::<u8>(&[], 3).is_empty());
    }

    /// Rows 0…9 each use two moments, [t, t+1]; the test is rows 4 and 5, so moments 4…6. Rows 3
    /// and 6 touch it; an embargo of 2 takes rows 7 and 8 too.
    #[test]
    fn purge_and_embargo_by_hand() {
        let spans: Vec<(i64, i64)> = (0..10).map(|t| (t, t + 1)).collect();
        let split = || Split { train: vec![0, 1, 2, 3, 6, 7, 8, 9], test: vec![4, 5] };
        assert_eq!(split().purged(&spans, 0).train, [0, 1, 2, 7, 8, 9]);
        assert_eq!(split().purged(&spans, 2).train, [0, 1, 2, 9]);
    }

    /// A long test row hides a later short one: the row between them is still touched.
    #[test]
    fn a_long_test_reaches_over_a_short_one() {
        let spans = [(0, 100), (10, 11), (50, 51), (101, 102)];
        let split = Split { train: vec![2, 3], test: vec![0, 1] };
        assert_eq!(split.purged(&spans, 0).train, [3]);
    }
}
