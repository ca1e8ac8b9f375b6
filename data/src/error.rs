//! What can go wrong with nouns, as facts; and the nearest right word.

use serde::{Deserialize, Serialize};

/// Why a model gave no answer for a series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub enum FitError {
    /// Fewer observations than the method can use; exactly `need` would work.
    #[error("needs {need} observations, has {got}")]
    TooShort {
        /// The smallest number that works.
        need: usize,
        /// What there was.
        got: usize,
    },
    /// Missing values that the method neither models nor fills.
    #[error(
        "{count} missing values; `{model}` needs a complete series: tidy with gaps = \"interpolate\""
    )]
    Missing {
        /// The method.
        model: &'static str,
        /// How many values are missing.
        count: usize,
    },
    /// Values outside the method's domain.
    #[error("needs {must} values, has {got}")]
    Domain {
        /// What the values must be, for instance `positive`.
        must: &'static str,
        /// The first value that is not.
        got: f64,
    },
    /// Regressors absent where the method needs them.
    #[error("regressor `{column}` is not known for all of the {need} steps asked")]
    Regressor {
        /// The column.
        column: String,
        /// How many future rows are needed.
        need: usize,
    },
    /// The arithmetic left the finite numbers.
    #[error("{0} is not finite")]
    NotFinite(&'static str),
    /// The method's code panicked; the message is the panic's.
    #[error("panicked: {0}")]
    Panicked(String),
    /// The run was stopped by its user.
    #[error("cancelled")]
    Cancelled,
    /// Anything else, said in words.
    #[error("{0}")]
    Failed(String),
}

/// A panel whose parts do not fit together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PanelError {
    /// Columns of different lengths.
    #[error("column `{column}` has {got} values where {need} are needed")]
    Length {
        /// The column.
        column: String,
        /// What is needed.
        need: usize,
        /// What came.
        got: usize,
    },
    /// Stamps of one series that do not increase.
    #[error("series `{id}`: stamps do not increase at row {row}")]
    Disorder {
        /// The series.
        id: String,
        /// The row inside the series, from 1.
        row: usize,
    },
    /// Two series of one name.
    #[error("series `{0}` occurs twice")]
    Twice(String),
}

/// The option closest to a misspelt word, if one is close enough to be meant.
pub fn nearest<'a>(word: &str, options: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    options
        .into_iter()
        .map(|option| (strsim::jaro_winkler(&lower, &option.to_lowercase()), option))
        .filter(|(likeness, _)| *likeness > 0.78)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, option)| option)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A slip of one letter finds its word; a word of another kind finds nothing.
    #[test]
    fn nearest_word() {
        let names = ["alpha", "beta", "season"];
        assert_eq!(nearest("alfa", names), Some("alpha"));
        assert_eq!(nearest("Saeson", names), Some("season"));
        assert_eq!(nearest("horizon", names), None);
    }
}
