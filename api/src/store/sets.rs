//! Sets that somebody uploaded: a tidy panel in a file, and what is known of it in the database.

use std::fs;
use std::path::Path;

use almanac_data::{Audit, Panel, Source, Tidied};
use almanac_ingest::{From, Given, Read};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use tracing::Instrument;
use utoipa::ToSchema;

use super::merge::{Appended, merged};
use super::{Store, now, random};
use crate::{Error, atomic, panel};

/// What is known of a set without reading it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Facts {
    /// Number of series.
    pub series: usize,
    /// Number of rows, those without a value included.
    pub rows: usize,
    /// First stamp.
    pub first: String,
    /// Last stamp.
    pub last: String,
    /// Frequency.
    pub freq: String,
    /// Observations in one season.
    pub season: usize,
    /// Columns beside the values.
    pub columns: Vec<String>,
    /// SHA-256 of the kept file, in hexadecimal.
    pub sha256: String,
    /// Bytes of the kept file.
    pub bytes: u64,
}

/// A set as it is kept.
#[derive(Debug, Clone)]
pub struct KeptSet {
    /// Its name.
    pub name: String,
    /// How its file is read.
    pub source: Source,
    /// What is known of it.
    pub facts: Facts,
    /// What was found in the raw rows, and what was done about it.
    pub audit: (Audit, Tidied),
    /// When it was uploaded, in Unix milliseconds.
    pub created: i64,
    /// When rows last changed, in Unix milliseconds.
    pub changed: i64,
    pub(crate) file: String,
}

impl Store {
    /// Keeps a panel under a name, in the place of what was there; whether the name is new.
    ///
    /// # Errors
    /// A full disk.
    pub async fn put_set(&self, name: &str, read: Read) -> Result<(KeptSet, bool), Error> {
        let (own, name) = (self.clone(), name.to_string());
        to_its_end(async move {
            let _one = own.writing.lock().await;
            own.replace(&name, read).await
        })
        .await
    }

    /// Adds rows to a set. Values that are there already are left; values that disagree stand in
    /// the answer, and nothing is changed unless they are to be replaced.
    ///
    /// # Errors
    /// A set that is not there, rows on another clock or with other columns, a full disk.
    pub async fn append(&self, name: &str, rows: Read, replace: bool) -> Result<Appended, Error> {
        let (own, name) = (self.clone(), name.to_string());
        to_its_end(async move { own.add(&name, rows, replace).await }).await
    }

    async fn add(&self, name: &str, rows: Read, replace: bool) -> Result<Appended, Error> {
        let _one = self.writing.lock().await;
        let set = self.set(name).await?.ok_or_else(|| Error::no_set(name))?;
        let (own, given) = (self.clone(), self.given(&set));
        let work = move || -> Result<(Appended, Option<Panel>), Error> {
            let old = own.read(&Source::default(), &given)?;
            merged(&old.panel, &rows.panel, replace)
        };
        let (appended, panel) = blocking(work).await?;
        let Some(panel) = panel else { return Ok(appended) };
        let upload = self.upload()?;
        let source = kept_source(&panel);
        let path = upload.path().to_path_buf();
        let work = move || -> Result<Read, Error> {
            panel::write(&path, &panel)?;
            let given = Given { name: "rows".into(), source, from: From::File(path), most: None };
            Ok(almanac_ingest::read_given(&Source::default(), &given)?)
        };
        let mut read = blocking(work).await?;
        (read.audit, read.tidied) = set.audit;
        self.replace(name, read).await?;
        Ok(appended)
    }

    /// Writes the file, then names it; the old file goes unless a job still reads it.
    async fn replace(&self, name: &str, read: Read) -> Result<(KeptSet, bool), Error> {
        let Read { panel, audit, tidied, .. } = read;
        let (file, source, facts) = self.keep_rows(panel).await?;
        let old = self.set(name).await?;
        let created = old.as_ref().map_or_else(now, |old| old.created);
        let audit = (audit, tidied);
        let set =
            KeptSet { name: name.into(), source, facts, audit, created, changed: now(), file };
        let sql = "INSERT OR REPLACE INTO sets (name, file, source, facts, audit, created, changed) \
                   VALUES (?, ?, ?, ?, ?, ?, ?)";
        let query = sqlx::query(sql).bind(name).bind(&set.file).bind(json(&set.source)?);
        let query = query.bind(json(&set.facts)?).bind(json(&set.audit)?);
        let named = query.bind(created).bind(set.changed).execute(&self.db).await;
        if let Err(error) = named {
            self.drop_file(&set.file).await?;
            return Err(error.into());
        }
        if let Some(old) = &old {
            self.drop_file(&old.file).await?;
        }
        Ok((set, old.is_none()))
    }

    /// Writes rows to a file that nothing names yet: a sweep would remove it.
    ///
    /// # Errors
    /// A full disk.
    pub(crate) async fn keep_rows(&self, panel: Panel) -> Result<(String, Source, Facts), Error> {
        let file = random(12)?;
        let path = self.root.join("sets").join(&file);
        let source = kept_source(&panel);
        let work = move || -> Result<Facts, Error> {
            panel::write(&path, &panel)?;
            facts(&panel, &path)
        };
        Ok((file, source, blocking(work).await?))
    }

    /// A set by its name.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn set(&self, name: &str) -> Result<Option<KeptSet>, Error> {
        let row = sqlx::query("SELECT * FROM sets WHERE name = ?").bind(name);
        row.fetch_optional(&self.db).await?.as_ref().map(KeptSet::of).transpose()
    }

    /// Sets in the order of names, after a name.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn sets(&self, after: &str, count: u32) -> Result<Vec<KeptSet>, Error> {
        let sql = "SELECT * FROM sets WHERE name > ? ORDER BY name LIMIT ?";
        let rows = sqlx::query(sql).bind(after).bind(count).fetch_all(&self.db).await?;
        rows.iter().map(KeptSet::of).collect()
    }

    /// Forgets a set; whether it was there.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn delete_set(&self, name: &str) -> Result<bool, Error> {
        let _one = self.writing.lock().await;
        let Some(set) = self.set(name).await? else { return Ok(false) };
        sqlx::query("DELETE FROM sets WHERE name = ?").bind(name).execute(&self.db).await?;
        self.drop_file(&set.file).await?;
        Ok(true)
    }

    /// A set's rows, as `ingest` takes them.
    pub fn given(&self, set: &KeptSet) -> Given {
        self.file(&set.name, &set.file, set.source.clone())
    }

    /// The rows that a job was given, whatever has become of their set.
    ///
    /// # Errors
    /// A damaged store.
    pub fn given_job(&self, name: &str, (file, source): &(String, String)) -> Result<Given, Error> {
        Ok(self.file(name, file, read(source)?))
    }

    fn file(&self, name: &str, file: &str, source: Source) -> Given {
        let path = self.root.join("sets").join(file);
        Given { name: name.into(), source, from: From::File(path), most: None }
    }

    /// Removes a file of rows unless a set or an unfinished job names it.
    pub(crate) async fn drop_file(&self, file: &str) -> Result<(), Error> {
        let sql = "SELECT 1 FROM sets WHERE file = ?1 UNION SELECT 1 FROM jobs \
                   WHERE file = ?1 AND state IN ('queued', 'running')";
        if sqlx::query(sql).bind(file).fetch_optional(&self.db).await?.is_some() {
            return Ok(());
        }
        let path = self.root.join("sets").join(file);
        self.panels.forget(&path);
        match fs::remove_file(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io("write", &path)(e)),
            _ => Ok(()),
        }
    }
}

impl KeptSet {
    /// Its rows as they are now: a file, and how to read it.
    pub fn rows(&self) -> (String, Source) {
        (self.file.clone(), self.source.clone())
    }

    fn of(row: &SqliteRow) -> Result<KeptSet, Error> {
        let text = |name: &str| row.get::<String, _>(name);
        Ok(KeptSet {
            name: text("name"),
            source: read(&text("source"))?,
            facts: read(&text("facts"))?,
            audit: read(&text("audit"))?,
            created: row.get("created"),
            changed: row.get("changed"),
            file: text("file"),
        })
    }
}

pub(super) fn json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|e| Error::Failed(e.to_string()))
}

pub(super) fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|e| Error::Failed(format!("damaged store: {e}")))
}

/// How a kept panel is read: everything that was found the first time is stated.
fn kept_source(panel: &Panel) -> Source {
    use almanac_data::{Clock, Format, Role};
    let columns = |role: Role| {
        let own = panel.columns.iter().filter(|column| column.role == role);
        own.map(|column| column.name.clone()).collect::<Vec<_>>()
    };
    let zone = match panel.calendar.clock {
        Clock::Zone(zone) => Some(zone.name().to_string()),
        _ => None,
    };
    Source {
        format: Some(Format::Parquet),
        id: Some("unique_id".into()),
        time: Some("ds".into()),
        target: Some("y".into()),
        known: columns(Role::Known),
        past: columns(Role::Past),
        open: columns(Role::Open),
        close: columns(Role::Close),
        statics: columns(Role::Static),
        freq: Some(panel.calendar.freq.to_string()),
        season: Some(panel.season),
        zone,
        ..Source::default()
    }
}

fn facts(panel: &Panel, path: &Path) -> Result<Facts, Error> {
    let (sha256, bytes) = atomic::fingerprint(path)?;
    let (first, last) = crate::run::span(panel);
    Ok(Facts {
        series: panel.len(),
        rows: panel.rows(),
        first,
        last,
        freq: panel.calendar.freq.to_string(),
        season: panel.season,
        columns: panel.columns.iter().map(|column| column.name.clone()).collect(),
        sha256,
        bytes,
    })
}

/// Does work to its end, whether or not the client that asked for it is still there: what is done
/// by half leaves a file that nobody names, or a job that nobody was told of.
pub(crate) async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::spawn(work.in_current_span()).await;
    done.unwrap_or_else(|e| Err(Error::Failed(format!("the work broke off: {e}"))))
}

/// Runs what takes long beside the threads that answer.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let span = tracing::Span::current();
    let done = tokio::task::spawn_blocking(move || span.in_scope(work)).await;
    done.unwrap_or_else(|e| Err(Error::Failed(format!("the work broke off: {e}"))))
}
