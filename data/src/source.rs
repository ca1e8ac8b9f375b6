//! How to read a set: what a card says, what the `[data]` part of a spec says, what flags say.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

/// Where rows come from, which column is what, and what to do about flaws.
///
/// Every field may be left out: what is not said is found in the data, and the audit says how.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Source {
    /// Name of a set with a card; the fields below then override the card's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set: Option<String>,
    /// Files or globs.
    #[serde(deserialize_with = "one_or_many", skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<String>,
    /// File format; left out, by ending and content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// One row a value, or one column a series; left out, found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layout: Option<Layout>,
    /// Column that names the series; left out, by the usual names, or one series.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Column of time; left out, by the usual names or the only one that reads as time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// Column of values; left out, by the usual names or the only number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Columns known in advance.
    #[serde(deserialize_with = "one_or_many", skip_serializing_if = "Vec::is_empty")]
    pub known: Vec<String>,
    /// Columns known at the end of their own row.
    #[serde(deserialize_with = "one_or_many", skip_serializing_if = "Vec::is_empty")]
    pub past: Vec<String>,
    /// Columns known when a bar opens.
    #[serde(deserialize_with = "one_or_many", skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<String>,
    /// Columns known when a bar closes.
    #[serde(deserialize_with = "one_or_many", skip_serializing_if = "Vec::is_empty")]
    pub close: Vec<String>,
    /// Columns with one value for a series.
    #[serde(
        rename = "static",
        deserialize_with = "one_or_many",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub statics: Vec<String>,
    /// Of a table: columns to learn from; left out, every column of numbers without another part.
    #[serde(deserialize_with = "one_or_many", skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// Of a table: columns of words by which folds part its rows, as groups or given splits.
    #[serde(deserialize_with = "one_or_many", skip_serializing_if = "Vec::is_empty")]
    pub label: Vec<String>,
    /// Of a table: whether the target names classes; left out, where it is words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classes: Option<bool>,
    /// Of a table: files with further columns for its rows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub join: Vec<Joined>,
    /// Of a table: a file with curves measured for each row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub curves: Option<CurveFile>,
    /// Keep only rows where these columns have these values (as text).
    #[serde(rename = "where", skip_serializing_if = "BTreeMap::is_empty")]
    pub keep: BTreeMap<String, String>,
    /// Keep only rows from this stamp on, as the series' clock shows it: `2008-12-29`, `42`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Keep only rows up to this stamp, itself included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Frequency, as in `D`, `5min`, `MS`; left out, inferred for the panel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub freq: Option<String>,
    /// Observations in one season; left out, the frequency's usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub season: Option<usize>,
    /// IANA time zone in which the data lives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Date format in chrono's notation; left out, found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_format: Option<String>,
    /// Encoding of text files, as in `windows-1252`; left out, UTF-8, or UTF-16 where a mark says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// Column delimiter of text files; left out, found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// Decimal mark of text files, `.` or `,`; left out, found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<char>,
    /// Bring rows to a coarser frequency while reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resample: Option<Resample>,
    /// What to do about flaws.
    pub tidy: Tidy,
}

/// File formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Delimited text.
    Csv,
    /// Text delimited by tabs.
    Tsv,
    /// Apache Parquet.
    Parquet,
    /// Apache Arrow IPC, file or stream.
    Arrow,
    /// One JSON object a line.
    Ndjson,
    /// Monash archive's `.tsf`.
    Tsf,
    /// Open, high, low, close, volume bars in any of the formats above: `open` is known when a bar
    /// opens, the others when it closes.
    Bars,
}

/// How values lie in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// One row a value: id, time, target.
    Long,
    /// One column a series, beside a column of time.
    Wide,
}

/// A coarser frequency and how values join.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resample {
    /// The frequency to come to, as in `D` or `W`.
    pub freq: String,
    /// How values join.
    pub how: Join,
}

/// A file with one row for each row of a table, found by its name.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Joined {
    /// The file; in a card, under the data root.
    pub path: String,
    /// SHA-256 that the file should have, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Column that names rows; left out, as in the table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Keep only rows where these columns have these values (as text).
    #[serde(rename = "where", skip_serializing_if = "BTreeMap::is_empty")]
    pub keep: BTreeMap<String, String>,
    /// Columns to take; left out, every column of numbers without another part.
    #[serde(deserialize_with = "one_or_many", skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
}

/// A file with one row for each row of a table and cycle, its values a curve.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CurveFile {
    /// The file; in a card, under the data root.
    pub path: String,
    /// SHA-256 that the file should have, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Column that names rows; left out, as in the table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Column of the cycle's number.
    pub cycle: String,
    /// What the columns of a curve begin with, before their numbers: `q` for `q00`, `q01`, ….
    pub values: String,
}

/// How several values become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Join {
    /// Their sum.
    Sum,
    /// Their mean.
    Mean,
    /// The first in time.
    First,
    /// The last in time.
    Last,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// As bars do, by the name of the column: open first, high largest, low smallest, close last,
    /// volume sum.
    Bars,
}

/// What to do about flaws; whatever is done is counted.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tidy {
    /// Rows of one series and stamp with different values. Rows that agree are always joined.
    pub duplicates: Duplicates,
    /// Stamps that the frequency expects and that are absent.
    pub gaps: Gaps,
    /// Of business days: which of them a week has.
    pub weeks: Weeks,
    /// Values that are missing in a row that is there. Of a table, rows without a target are left
    /// out or refused.
    pub missing: Gaps,
    /// What a target of zero says.
    pub zeros: Zeros,
    /// Rows whose time cannot be read, or whose series has no name. Of a table, rows without a name,
    /// a group, a joined row or a curve.
    pub bad_rows: BadRows,
}

/// What to do about rows of one series and stamp that disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Duplicates {
    /// An error that names the first.
    #[default]
    Refuse,
    /// Their mean.
    Mean,
    /// Their sum.
    Sum,
    /// The first as read.
    First,
    /// The last as read.
    Last,
}

/// What to do where a value is expected and absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Gaps {
    /// A missing value stands there.
    #[default]
    Keep,
    /// Zero.
    Zero,
    /// The value before it.
    Previous,
    /// An error that names the first.
    Refuse,
}

/// Which days a week of business days has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Weeks {
    /// Those at which some series has a row: a holiday of all is no gap, a session on a weekend stays.
    #[default]
    Traded,
    /// Monday to Friday: a holiday is a gap, its columns as those of the row before where gaps are
    /// answered by it; sessions on weekends are left out.
    Whole,
}

/// What a target of zero says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Zeros {
    /// That the value is zero.
    #[default]
    Keep,
    /// That there was nothing to measure, as at a machine out of order: the value is missing.
    Missing,
}

/// What to do about rows that cannot be placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BadRows {
    /// An error that names the first.
    #[default]
    Refuse,
    /// Left out and counted.
    Drop,
}

impl Source {
    /// The first setting that only a table can have.
    pub fn of_table(&self) -> Option<&'static str> {
        let set = [
            ("columns", !self.columns.is_empty()),
            ("label", !self.label.is_empty()),
            ("classes", self.classes.is_some()),
            ("join", !self.join.is_empty()),
            ("curves", self.curves.is_some()),
        ];
        set.into_iter().find(|(_, set)| *set).map(|(name, _)| name)
    }

    /// The first setting that only a panel can have.
    pub fn of_panel(&self) -> Option<&'static str> {
        let set = [
            ("layout", self.layout.is_some()),
            ("time", self.time.is_some()),
            ("known", !self.known.is_empty()),
            ("past", !self.past.is_empty()),
            ("open", !self.open.is_empty()),
            ("close", !self.close.is_empty()),
            ("static", !self.statics.is_empty()),
            ("freq", self.freq.is_some()),
            ("season", self.season.is_some()),
            ("zone", self.zone.is_some()),
            ("date_format", self.date_format.is_some()),
            ("resample", self.resample.is_some()),
            ("tidy.gaps", self.tidy.gaps != Gaps::Keep),
        ];
        set.into_iter().find(|(_, set)| *set).map(|(name, _)| name)
    }
}

fn one_or_many<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    Ok(match OneOrMany::deserialize(from)? {
        OneOrMany::One(word) => vec![word],
        OneOrMany::Many(words) => words,
    })
}
