//! What is found and what is done, counted while it happens.

use std::collections::{BTreeMap, BTreeSet};

use almanac_data::{Audit, Code, Finding, Fix, Tidied};

/// Findings and fixes by series number.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    reading: Vec<String>,
    found: BTreeMap<(Code, Option<u32>), (usize, String)>,
    fixed: BTreeMap<(Code, String), (usize, BTreeSet<u32>)>,
}

impl Notes {
    /// A sentence about how the source was read.
    pub fn say(&mut self, sentence: impl Into<String>) {
        let sentence = sentence.into();
        if !self.reading.contains(&sentence) {
            self.reading.push(sentence);
        }
    }

    /// Rows of a series with a flaw; the first place is kept.
    pub fn find(&mut self, code: Code, series: u32, rows: usize, first: impl FnOnce() -> String) {
        self.note(code, Some(series), rows, first);
    }

    /// A flaw of the source as a whole.
    pub fn find_in_source(&mut self, code: Code, rows: usize, first: impl FnOnce() -> String) {
        self.note(code, None, rows, first);
    }

    fn note(&mut self, code: Code, key: Option<u32>, rows: usize, first: impl FnOnce() -> String) {
        self.found.entry((code, key)).or_insert_with(|| (0, first())).0 += rows;
    }

    /// Rows of a series that were changed.
    pub fn fix(&mut self, code: Code, how: &str, series: u32, rows: usize) {
        let fix = self.fixed.entry((code, how.to_string())).or_default();
        fix.0 += rows;
        fix.1.insert(series);
    }

    /// Rows that were changed and belong to no series.
    pub fn fix_source(&mut self, code: Code, how: &str, rows: usize) {
        self.fixed.entry((code, how.to_string())).or_default().0 += rows;
    }

    /// Series have new numbers.
    pub fn renumber(&mut self, rank: &[u32]) {
        let found = std::mem::take(&mut self.found);
        let new = |series: u32| rank.get(series as usize).copied().unwrap_or(series);
        self.found = found.into_iter().map(|((c, key), v)| ((c, key.map(new)), v)).collect();
        for (_, series) in self.fixed.values_mut() {
            *series = series.iter().map(|&series| new(series)).collect();
        }
    }

    /// As nouns, with the names of the series.
    pub fn finish(self, ids: &[String]) -> (Audit, Tidied) {
        let findings = self.found.into_iter().map(|((code, key), (count, first))| Finding {
            code,
            unique_id: key.and_then(|series| ids.get(series as usize).cloned()),
            count,
            first,
        });
        let fixes = self.fixed.into_iter().map(|((code, how), (rows, series))| Fix {
            code,
            how,
            rows,
            series: series.len(),
        });
        let audit = Audit { reading: self.reading, findings: findings.collect() };
        (audit, Tidied { fixes: fixes.collect() })
    }
}
