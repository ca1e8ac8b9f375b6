//! Rows that no source names: the body of a request, a file that somebody keeps.

use std::path::PathBuf;
use std::sync::Arc;

use almanac_data::Source;

/// Rows, and how they are to be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// What messages call them.
    pub name: String,
    /// How to read them, as a card would say it; what a source says goes before.
    pub source: Source,
    /// Where they are.
    pub from: From,
    /// The most rows that are taken, and the most bytes once unpacked; left out, any.
    pub most: Option<(usize, u64)>,
}

/// Where given rows are.
#[derive(Debug, Clone, PartialEq)]
pub enum From {
    /// In a file of any format.
    File(PathBuf),
    /// In memory, parsed: columns of one length.
    Columns(Arc<Vec<(String, Cells)>>),
}

/// The cells of one column.
#[derive(Debug, Clone, PartialEq)]
pub enum Cells {
    /// Text; none where nothing stands.
    Words(Vec<Option<String>>),
    /// Numbers; NaN where nothing stands.
    Numbers(Vec<f64>),
}
