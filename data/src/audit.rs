//! What was found in raw data, and what was done about it.

use serde::{Deserialize, Serialize};

/// What an audit can find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// Several rows of one series and stamp.
    Duplicates,
    /// Stamps that the frequency expects and that are absent.
    Gaps,
    /// Rows that are not in the order of time.
    Disorder,
    /// Rows without a value.
    Missing,
    /// Values that are infinite.
    Infinite,
    /// Text where a number is expected.
    NotNumeric,
    /// Stamps that could not be read.
    BadTime,
    /// One value throughout.
    Constant,
    /// Values below zero in a series that is elsewhere positive.
    Negative,
    /// Values far outside the middle half of their series.
    Outliers,
    /// Series whose frequency differs from the panel's.
    MixedFrequency,
    /// Stamps that do not lie on the grid of the frequency.
    OffGrid,
    /// Too few observations for the horizon and one season.
    TooShort,
    /// A column that nobody declared: left out.
    Undeclared,
    /// Rows without the name of a series.
    NoId,
    /// Zeros that stand for a missing value.
    Zeros,
    /// Rows of a table for which another file has nothing, or that no row of the table has.
    Unmatched,
}

/// One kind of thing found in one series, or in the source as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What it is.
    pub code: Code,
    /// The series, or the column of a table; `None` when it concerns the whole source.
    pub unique_id: Option<String>,
    /// How many rows.
    pub count: usize,
    /// First place, in words: a stamp, a file and line, a column.
    pub first: String,
}

/// Everything found in a source, and what was said about how it was read.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Audit {
    /// How the source was read: format, delimiter, decimal mark, date format, names, frequency.
    pub reading: Vec<String>,
    /// What was found, by code and series.
    pub findings: Vec<Finding>,
}

/// What tidying did, counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fix {
    /// The finding that was answered.
    pub code: Code,
    /// How: `mean`, `last`, `drop`, `sort`, `keep`, …
    pub how: String,
    /// Rows changed, added or left out.
    pub rows: usize,
    /// Series, or columns of a table, touched.
    pub series: usize,
}

/// All fixes of one reading.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Tidied {
    /// One entry for each code and way.
    pub fixes: Vec<Fix>,
}

impl Audit {
    /// How many rows a code concerns, over all series.
    pub fn count(&self, code: Code) -> usize {
        self.findings.iter().filter(|found| found.code == code).map(|found| found.count).sum()
    }
}
