//! Why a source could not be read: facts with places and numbers, and a way out.

use almanac_data::PanelError;

/// What stopped a reading.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Neither a set nor a path.
    #[error("no data: neither a set nor a path is named")]
    NoSource,
    /// A set that has no card.
    #[error("unknown set `{name}`")]
    UnknownSet {
        /// As written.
        name: String,
        /// The set that may have been meant.
        nearest: Option<String>,
    },
    /// A set whose card is known and whose file is not there.
    #[error("set `{name}` is not here: {title}, from {origin}")]
    SetAbsent {
        /// The set.
        name: String,
        /// What it is.
        title: String,
        /// Where it comes from.
        origin: String,
        /// Where its file is looked for.
        place: String,
    },
    /// A card that cannot be read.
    #[error("card `{name}`: {reason}")]
    BadCard {
        /// The card.
        name: String,
        /// What is wrong in it.
        reason: String,
    },
    /// A path that leads nowhere, or a pattern that matches nothing.
    #[error("no file matches `{path}`")]
    NoFile {
        /// As written.
        path: String,
        /// The neighbour that may have been meant.
        nearest: Option<String>,
    },
    /// The system refused.
    #[error("{path}: {reason}")]
    Io {
        /// The file.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// A file without bytes, without rows, or with a heading alone.
    #[error("{path}: no rows")]
    Empty {
        /// The file.
        path: String,
    },
    /// Bytes that are not what they should be: binary, truncated, broken.
    #[error("{place}: {reason}")]
    Malformed {
        /// The file, with line or row where one is known.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// A row with more or fewer fields than the heading.
    #[error("{place}: {got} fields where the heading has {need}")]
    Ragged {
        /// File and line.
        place: String,
        /// Fields of this row.
        got: usize,
        /// Fields of the heading.
        need: usize,
    },
    /// Two columns of one name.
    #[error("{place}: column `{column}` occurs twice")]
    ColumnTwice {
        /// The file.
        place: String,
        /// The column.
        column: String,
    },
    /// A column that was asked for and is not there.
    #[error("{place}: no column `{column}` for `{role}`")]
    NoColumn {
        /// The file.
        place: String,
        /// As written.
        column: String,
        /// What it was wanted for.
        role: &'static str,
        /// The column that may have been meant.
        nearest: Option<String>,
        /// The columns that are there.
        have: Vec<String>,
    },
    /// Several columns could serve, or none does.
    #[error("{place}: cannot tell which column is the {role}: {}", listed(candidates))]
    Unclear {
        /// The file.
        place: String,
        /// `time`, `target` or `id`: also the name of the flag.
        role: &'static str,
        /// The columns that could serve; where none can, all columns.
        candidates: Vec<String>,
    },
    /// Text where a number is expected.
    #[error("{place}: `{value}` in column `{column}` is not a number")]
    NotNumeric {
        /// File and line.
        place: String,
        /// The column.
        column: String,
        /// The text.
        value: String,
    },
    /// A time that cannot be read.
    #[error("{place}: cannot read `{value}` in column `{column}` as a time ({expected})")]
    BadTime {
        /// File and line.
        place: String,
        /// The column.
        column: String,
        /// The text.
        value: String,
        /// The format that the column otherwise has, or that no format fits.
        expected: String,
    },
    /// Dates that can be read in two ways.
    #[error("{place}: `{value}` in column `{column}` reads as {first} and as {second}")]
    DateOrder {
        /// The file.
        place: String,
        /// The column.
        column: String,
        /// A value.
        value: String,
        /// One format that fits every value seen.
        first: String,
        /// The other.
        second: String,
    },
    /// A row without the name of its series, or a row of a table without its own or its group's.
    #[error("{place}: column `{column}` does not name a {what}")]
    NoId {
        /// File and line.
        place: String,
        /// The column.
        column: String,
        /// `series`, `row` or `group`.
        what: &'static str,
    },
    /// A setting with a value that nothing can be done with.
    #[error("`{name}` = `{value}`: {reason}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// As written.
        value: String,
        /// Why not.
        reason: String,
    },
    /// A condition that no row meets.
    #[error("no row has {column} = `{value}`")]
    NothingLeft {
        /// The column of the condition.
        column: String,
        /// The value asked for.
        value: String,
        /// Some values that are there.
        have: Vec<String>,
    },
    /// Rows of one series and stamp that disagree.
    #[error("series `{id}` has {count} rows at {at} that disagree: {first} and {second}")]
    Conflict {
        /// The series.
        id: String,
        /// The stamp.
        at: String,
        /// How many rows stand there.
        count: usize,
        /// Two of their values.
        first: String,
        /// Two of their values.
        second: String,
    },
    /// A column said to be static that changes.
    #[error(
        "column `{column}` is said to be static and changes in series `{id}`: {first}, {second}"
    )]
    NotStatic {
        /// The column.
        column: String,
        /// The series.
        id: String,
        /// A value.
        first: String,
        /// Another value.
        second: String,
    },
    /// Stamps without a usual distance.
    #[error(
        "no frequency: the most usual distance, {usual}, holds for {share} % of the {steps} steps"
    )]
    Irregular {
        /// The most usual distance.
        usual: String,
        /// Percent of the steps that have it.
        share: usize,
        /// Steps between neighbours, over all series.
        steps: usize,
    },
    /// Stamps beside the grid of the frequency.
    #[error("{count} stamps are not on the grid of {freq}: the first is {at} in series `{id}`")]
    OffGrid {
        /// How many.
        count: usize,
        /// The frequency.
        freq: String,
        /// The series of the first.
        id: String,
        /// The first.
        at: String,
    },
    /// Series of several frequencies in one panel.
    #[error("series of several frequencies: {}", listed(found))]
    MixedFrequency {
        /// Each frequency with how many series have it.
        found: Vec<String>,
    },
    /// A regular grid that would be nearly empty.
    #[error("a regular grid of {freq} would have {would} rows where the data has {rows}")]
    TooSparse {
        /// The frequency.
        freq: String,
        /// Rows after tidying.
        would: usize,
        /// Rows that are there.
        rows: usize,
    },
    /// Gaps or missing values where the settings allow none.
    #[error("series `{id}` has no {what} at {at}, and {} more are absent", count - 1)]
    Absent {
        /// `row` or `value`.
        what: &'static str,
        /// The series of the first.
        id: String,
        /// The first stamp.
        at: String,
        /// How many in all.
        count: usize,
    },
    /// A row of a table without a target, where the settings allow none.
    #[error("{place}: no value in column `{column}`, nor in {} more rows", count - 1)]
    NoTarget {
        /// File and line of the first.
        place: String,
        /// The column of the target.
        column: String,
        /// How many in all.
        count: usize,
    },
    /// Two rows of one name that differ.
    #[error("row `{id}` stands at {first} and differs at {second}")]
    RowTwice {
        /// The name.
        id: String,
        /// File and line.
        first: String,
        /// File and line.
        second: String,
    },
    /// Rows of a table for which another file has nothing.
    #[error("row `{id}` at {place} has nothing in {file}, and {} more have nothing", count - 1)]
    Unmatched {
        /// The name of the first.
        id: String,
        /// Its file and line.
        place: String,
        /// The other file.
        file: String,
        /// How many in all.
        count: usize,
    },
    /// A curve without the number of its cycle.
    #[error("{place}: `{value}` in column `{column}` is no number of a cycle")]
    NotCycle {
        /// File and line.
        place: String,
        /// The column.
        column: String,
        /// The value.
        value: String,
    },
    /// More than this reader can hold.
    #[error("{what}: {got}, the most is {most}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How much.
        got: usize,
        /// The limit.
        most: usize,
    },
    /// Parts that do not make a panel.
    #[error(transparent)]
    Panel(#[from] PanelError),
}

impl ReadError {
    /// What the reader of the message can do about it.
    pub fn hint(&self) -> Option<String> {
        use ReadError::*;
        if let Some(words) = self.plain_hint() {
            return Some(words);
        }
        let meant = |nearest: &Option<String>| {
            nearest.as_ref().map(|name| format!("did you mean `{name}`?"))
        };
        Some(match self {
            UnknownSet { nearest, .. } => meant(nearest).unwrap_or("see `almanac sets`".into()),
            SetAbsent { place, .. } => format!("put its file at {place}"),
            NoFile { nearest, .. } => meant(nearest)?,
            NoColumn { nearest, have, .. } => {
                meant(nearest).unwrap_or_else(|| format!("the columns are {}", listed(have)))
            }
            Unclear { candidates, .. }
                if candidates.iter().any(|name| name.contains(SEPARATORS)) =>
            {
                "is the delimiter right? state `delimiter`".into()
            }
            Unclear { role, .. } => format!("name it with --{role} COLUMN"),
            NotNumeric { .. } => {
                "name another column with --target or in `columns`, or leave such rows out with --where"
                    .into()
            }
            DateOrder { first, second, .. } => {
                format!("state date_format = \"{first}\" or \"{second}\"")
            }
            NothingLeft { have, .. } if !have.is_empty() => format!("it has {}", listed(have)),
            Conflict { .. } => "say which counts: tidy = { duplicates = \"mean\" } \
                (or sum, first, last), or name the column of series with --id"
                .into(),
            NotStatic { column, .. } => format!("declare `{column}` as known or past"),
            Irregular { .. } | OffGrid { .. } | TooSparse { .. } => {
                "bring it to a grid with resample = { freq = \"D\", how = \"sum\" }, \
                or state `freq`"
                    .into()
            }
            MixedFrequency { .. } => {
                "keep one of them with --where, resample to the coarsest, or state `freq`".into()
            }
            Absent { what, .. } => {
                let setting = if *what == "row" { "gaps" } else { "missing" };
                format!("allow it: tidy = {{ {setting} = \"keep\" }}")
            }
            _ => return None,
        })
    }

    /// What can be done, where it is the same whatever the facts.
    fn plain_hint(&self) -> Option<String> {
        use ReadError::*;
        let words = match self {
            NoSource => "give --data FILE, or `set` or `path` under [data]",
            Ragged { .. } => "is the delimiter right? state `delimiter`",
            NoId { .. } => "leave such rows out with tidy = { bad_rows = \"drop\" }",
            BadTime { .. } => {
                "state `date_format`, or leave such rows out with \
                tidy = { bad_rows = \"drop\" }"
            }
            Unclear { role: "columns", .. } => {
                "no column holds numbers to learn from: name them in `columns`"
            }
            NoTarget { .. } => "leave such rows out: tidy = { missing = \"keep\" }",
            RowTwice { .. } => {
                "say which counts: tidy = { duplicates = \"first\" } (or last), \
                or name another column with --id"
            }
            Unmatched { .. } => "leave such rows out with tidy = { bad_rows = \"drop\" }",
            _ => return None,
        };
        Some(words.into())
    }
}

/// What stands in the name of a column only where the heading was not taken apart.
const SEPARATORS: [char; 4] = [',', ';', '\t', '|'];

/// Words for a message: at most twelve, each in backquotes.
fn listed(words: &[String]) -> String {
    let shown: Vec<String> = words.iter().take(12).map(|word| format!("`{word}`")).collect();
    match words.len().saturating_sub(12) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
