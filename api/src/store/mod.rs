//! What a server keeps: names and states in SQLite, rows and results in files beside it.
//!
//! ```text
//! DIR/almanac.db      sets, jobs, models, keys, replies, writes
//!     sets/FILE       a tidy panel as Parquet; a change writes a new file and then its name
//!     runs/ID/        the folder of a run
//!     models/FILE     what a model learnt; a later state is a new file and then its name
//!     uploads/        bodies that are being read; empty after a start
//! ```
//!
//! A file is complete before the database names it, so that whatever a kill leaves behind is a file
//! that nobody names: it is removed at the next start.

mod jobs;
mod keys;
mod merge;
mod models;
mod panels;
mod replies;
mod sets;

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use rand::TryRng;
use rand::rngs::SysRng;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Row, SqlSafeStr};
use tempfile::NamedTempFile;

use crate::Error;

pub use jobs::{Job, JobKind, Queued, State, Task};
pub use keys::{Key, Role, Secret};
pub use merge::{Appended, Conflict};
pub use models::{KeptModel, NewModel};
pub use replies::{Once, Reply};
pub use sets::{Facts, KeptSet};
pub(crate) use sets::{blocking, to_its_end};

/// Connections to the database.
const CONNECTIONS: u32 = 8;

/// An open store. Only one process holds it.
#[derive(Clone)]
pub struct Store {
    pub(crate) root: Arc<PathBuf>,
    pub(crate) db: SqlitePool,
    /// One writer of sets at a time: what two clients append at once is appended one by one.
    pub(crate) writing: Arc<tokio::sync::Mutex<()>>,
    panels: Arc<panels::Panels>,
    _lock: Arc<File>,
}

impl Store {
    /// Opens a folder as a store, makes it one where it is empty, and removes what a kill left.
    ///
    /// # Errors
    /// A folder that cannot be written, is held by another process, or is of a newer version.
    pub async fn open(root: &Path) -> Result<Store, Error> {
        for folder in ["sets", "runs", "models", "uploads"] {
            let path = root.join(folder);
            fs::create_dir_all(&path).map_err(Error::io("write", &path))?;
        }
        let lock = lock(root)?;
        let options = SqliteConnectOptions::new()
            .filename(root.join("almanac.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true);
        let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS);
        let db = pool.connect_with(options).await?;
        migrations().run(&db).await.map_err(|e| {
            Error::mistake(format!("cannot bring {} up to date: {e}", root.display()), None)
        })?;
        let writing = Arc::default();
        let (root, panels) = (Arc::new(root.into()), Arc::new(panels::Panels::new(0)));
        let store = Store { root, db, writing, panels, _lock: Arc::new(lock) };
        store.sweep().await?;
        Ok(store)
    }

    /// An empty file for a body that is being read; it goes when it is dropped.
    ///
    /// # Errors
    /// A full disk.
    pub fn upload(&self) -> Result<NamedTempFile, Error> {
        let folder = self.root.join("uploads");
        NamedTempFile::new_in(&folder).map_err(Error::io("write", &folder))
    }

    /// Where the folder of a run is.
    pub fn run_folder(&self, id: &str) -> PathBuf {
        self.root.join("runs").join(id)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), Error> {
        sqlx::query("SELECT 1").execute(&self.db).await?;
        Ok(())
    }

    /// Notes who wrote what.
    ///
    /// # Errors
    /// A full disk.
    pub async fn note_write(
        &self,
        (owner, request): (&str, &str),
        (method, path): (&str, &str),
        status: u16,
    ) -> Result<(), Error> {
        let sql = "INSERT INTO writes (at, owner, request, method, path, status) \
                   VALUES (?, ?, ?, ?, ?, ?)";
        let query = sqlx::query(sql).bind(now()).bind(owner).bind(request);
        query.bind(method).bind(path).bind(status).execute(&self.db).await?;
        Ok(())
    }

    /// Ends all connections; what was answered stays.
    pub async fn close(&self) {
        self.db.close().await;
    }

    /// Removes files that nobody names.
    pub(crate) async fn sweep(&self) -> Result<(), Error> {
        let sql = "SELECT file FROM sets UNION SELECT file FROM jobs WHERE file IS NOT NULL \
                   AND state IN ('queued', 'running')";
        let named = sqlx::query(sql).fetch_all(&self.db).await?;
        let named: BTreeSet<String> = named.iter().map(|row| row.get(0)).collect();
        let runs = sqlx::query("SELECT id FROM jobs").fetch_all(&self.db).await?;
        let runs: BTreeSet<String> = runs.iter().map(|row| row.get(0)).collect();
        let models = sqlx::query("SELECT file FROM models").fetch_all(&self.db).await?;
        let models: BTreeSet<String> = models.iter().map(|row| row.get(0)).collect();
        let none = BTreeSet::new();
        for (folder, kept) in
            [("sets", named), ("runs", runs), ("models", models), ("uploads", none)]
        {
            let folder = self.root.join(folder);
            let entries = fs::read_dir(&folder).map_err(Error::io("read", &folder))?;
            for entry in entries.flatten() {
                if kept.contains(entry.file_name().to_string_lossy().as_ref()) {
                    continue;
                }
                let path = entry.path();
                let gone =
                    if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
                gone.map_err(Error::io("write", &path))?;
            }
        }
        Ok(())
    }
}

/// The steps from an empty database to today's, in order. A step that was released never changes.
fn migrations() -> Migrator {
    const STEPS: &[(&str, &str)] = &[
        ("start", include_str!("../../migrations/0001_start.sql")),
        ("kinds", include_str!("../../migrations/0002_kinds.sql")),
        ("models", include_str!("../../migrations/0003_models.sql")),
        ("requests", include_str!("../../migrations/0004_requests.sql")),
        ("versions", include_str!("../../migrations/0005_versions.sql")),
    ];
    let step = |(place, (name, sql)): (usize, &(&'static str, &'static str))| {
        let number = place as i64 + 1;
        Migration::new(number, (*name).into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(STEPS.iter().enumerate().map(step).collect())
}

/// Held for as long as the store is open.
fn lock(root: &Path) -> Result<File, Error> {
    let path = root.join("lock");
    let file = File::create(&path).map_err(Error::io("write", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let message = format!("{} is held by another server", root.display());
            Err(Error::mistake(message, "stop it, or give another --store".to_string()))
        }
        Err(TryLockError::Error(e)) => Err(Error::io("write", &path)(e)),
    }
}

/// Milliseconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// So many random bytes, in hexadecimal.
///
/// # Errors
/// A system without randomness.
pub(crate) fn random(bytes: usize) -> Result<String, Error> {
    let mut all = vec![0; bytes];
    SysRng.try_fill_bytes(&mut all).map_err(|e| Error::Failed(format!("no randomness: {e}")))?;
    Ok(all.iter().map(|byte| format!("{byte:02x}")).collect())
}
