//! What can go wrong in the lab, whose turn it is then, and a way out.

use std::io;
use std::path::{Path, PathBuf};

use almanac_ingest::ReadError;
use parquet::errors::ParquetError;

/// Why the lab did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refused to read or write.
    #[error("cannot {doing} {path}: {source}", path = path.display())]
    Io {
        /// `read` or `write`.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A Parquet file that cannot be written, or is damaged.
    #[error("cannot {doing} {path}: {source}", path = path.display())]
    Parquet {
        /// `read` or `write`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: ParquetError,
    },
    /// A place in a text that cannot be used.
    #[error("{file}, line {line}, column {column}: {message}", file = file.display())]
    Text {
        /// The file.
        file: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong.
        message: String,
        /// A way out.
        hint: Option<String>,
    },
    /// Something asked for that cannot be done.
    #[error("{message}")]
    Mistake {
        /// What is wrong.
        message: String,
        /// A way out.
        hint: Option<String>,
    },
    /// Data that cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A folder that holds something else.
    #[error("{folder} holds {what}", folder = folder.display())]
    Taken {
        /// The folder.
        folder: PathBuf,
        /// What it holds.
        what: String,
    },
    /// Anything else that failed, in words.
    #[error("{0}")]
    Failed(String),
    /// A name that stands for nothing.
    #[error("no {noun} `{name}`")]
    Absent {
        /// What kind of thing.
        noun: &'static str,
        /// The name.
        name: String,
        /// A way out.
        hint: Option<String>,
    },
    /// More work than the server takes.
    #[error("there are already {most} {what}")]
    Busy {
        /// Of what.
        what: &'static str,
        /// How many it takes.
        most: u32,
    },
    /// More than a server's limit allows.
    #[error("{what}")]
    Over {
        /// The limit's name.
        limit: &'static str,
        /// What is too much, and how much there may be.
        what: String,
    },
    /// The database refused.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// Stopped by its user, with nothing to keep.
    #[error("interrupted")]
    Stopped,
    /// The run was stopped by its user.
    #[error("interrupted: {done} of {folds} folds are kept in {folder}", folder = folder.display())]
    Interrupted {
        /// The folder.
        folder: PathBuf,
        /// Folds that are finished.
        done: usize,
        /// Folds of the run.
        folds: usize,
    },
}

/// Whose turn it is after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The arguments, the spec or the data must change.
    Mistake,
    /// The machine failed: no space, no permission.
    Failure,
    /// The user stopped it.
    Interrupted,
}

impl Error {
    /// Something asked for that cannot be done.
    pub fn mistake(message: impl Into<String>, hint: impl Into<Option<String>>) -> Error {
        Error::Mistake { message: message.into(), hint: hint.into() }
    }

    /// No set of this name is kept.
    pub(crate) fn no_set(name: &str) -> Error {
        let hint = Some("GET /v1/sets lists them; PUT /v1/sets/{name} makes one".to_string());
        Error::Absent { noun: "set", name: name.into(), hint }
    }

    /// For `map_err`: the system refused `doing` something to a path.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error + use<> {
        let path = path.to_path_buf();
        move |source| Error::Io { doing, path, source }
    }

    /// A Parquet file that cannot be written or read.
    pub(crate) fn parquet(doing: &'static str, path: &Path, source: ParquetError) -> Error {
        Error::Parquet { doing, path: path.into(), source }
    }

    /// Whose turn it is.
    pub fn kind(&self) -> Kind {
        match self {
            Error::Io { .. }
            | Error::Parquet { .. }
            | Error::Database(_)
            | Error::Busy { .. }
            | Error::Failed(_) => Kind::Failure,
            Error::Interrupted { .. } | Error::Stopped => Kind::Interrupted,
            _ => Kind::Mistake,
        }
    }

    /// Whether the disk is at its end.
    pub(crate) fn is_full(&self) -> bool {
        let words = match self {
            Error::Io { source, .. } => return source.kind() == io::ErrorKind::StorageFull,
            Error::Parquet { source, .. } => source.to_string(),
            Error::Database(error) => error.to_string(),
            _ => return false,
        };
        words.contains("No space left") || words.contains("disk is full")
    }

    /// What to do about it, in one line.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Text { hint, .. } | Error::Mistake { hint, .. } | Error::Absent { hint, .. } => {
                hint.clone()
            }
            Error::Busy { .. } => Some("try again later".into()),
            Error::Read(error) => error.hint(),
            Error::Taken { .. } => {
                Some("give another folder with --out, or --force to replace it".into())
            }
            Error::Interrupted { .. } => Some("the same command goes on from there".into()),
            Error::Io { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull => Some("the disk is full".into()),
                io::ErrorKind::PermissionDenied => Some("choose a folder that is yours".into()),
                _ => None,
            },
            Error::Parquet { .. }
            | Error::Over { .. }
            | Error::Database(_)
            | Error::Failed(_)
            | Error::Stopped => None,
        }
    }
}
