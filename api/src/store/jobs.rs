//! Jobs: work that waits, runs, and ends; and the fair order among what waits.

use std::fs;

use almanac_data::Source;
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection, Row, SqliteConnection};
use utoipa::ToSchema;

use super::sets::json;
use super::{Once, Reply, Store, now, random, replies};
use crate::Error;

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobKind {
    /// Walks models forward over folds.
    Backtest,
    /// Forecasts rows ahead.
    Forecast,
    /// Fits a model, and keeps it.
    Train,
}

impl JobKind {
    fn name(self) -> &'static str {
        match self {
            JobKind::Backtest => "backtest",
            JobKind::Forecast => "forecast",
            JobKind::Train => "train",
        }
    }

    fn of(name: &str) -> JobKind {
        let all = [JobKind::Forecast, JobKind::Train];
        all.into_iter().find(|kind| kind.name() == name).unwrap_or(JobKind::Backtest)
    }
}

/// What a job is to do.
#[derive(Debug, Clone)]
pub struct Task {
    /// Of which kind.
    pub kind: JobKind,
    /// In a few words.
    pub title: String,
    /// In full: a spec in TOML.
    pub spec: String,
    /// The kept set whose rows it reads, as they are when it is queued.
    pub set: Option<String>,
    /// Or rows that are kept for it: a file, and how to read it.
    pub rows: Option<(String, Source)>,
    /// What its kind is told beside the spec, in JSON.
    pub more: Option<String>,
}

/// What came of putting a task into the queue.
#[derive(Debug)]
pub enum Queued {
    /// A job that waits for its turn.
    New(Box<Job>),
    /// The request was sent before.
    Known(Reply),
}

/// What has become of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It waits for its turn.
    Queued,
    /// It is at work.
    Running,
    /// Its run is there.
    Done,
    /// It could not be done; `error` says why.
    Failed,
    /// Somebody stopped it.
    Cancelled,
}

impl State {
    /// Whether nothing more will happen.
    pub fn is_end(self) -> bool {
        !matches!(self, State::Queued | State::Running)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            State::Queued => "queued",
            State::Running => "running",
            State::Done => "done",
            State::Failed => "failed",
            State::Cancelled => "cancelled",
        }
    }

    fn of(name: &str) -> State {
        let all = [State::Queued, State::Running, State::Done, State::Cancelled];
        all.into_iter().find(|state| state.name() == name).unwrap_or(State::Failed)
    }
}

/// A job as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Job {
    /// Its id, which is also that of its run.
    pub id: String,
    /// What it does.
    pub kind: JobKind,
    /// The same in a few words.
    pub title: String,
    /// What has become of it.
    pub state: State,
    /// Answers that are there: one for each fold, series and model.
    pub done: i64,
    /// Answers that there will be; 0 before it is planned.
    pub total: i64,
    /// Why it failed.
    pub error: Option<String>,
    /// When it was asked for, in Unix milliseconds.
    pub created: i64,
    /// When it began, in Unix milliseconds.
    pub started: Option<i64>,
    /// When it ended, in Unix milliseconds.
    pub ended: Option<i64>,
    /// Whose it is: the id of a key, or `local`.
    pub owner: String,
    /// Its spec, in TOML.
    #[serde(skip)]
    pub spec: String,
    /// The rows that it reads, where they are a kept set's: its file, and how to read it.
    #[serde(skip)]
    pub rows: Option<(String, String)>,
    /// What its kind is told beside the spec.
    #[serde(skip)]
    pub more: Option<String>,
    /// The id of the request that asked for it.
    #[serde(skip)]
    pub request: String,
    #[serde(skip)]
    pub(crate) seq: i64,
}

impl Job {
    fn of(row: &SqliteRow) -> Job {
        Job {
            id: row.get("id"),
            kind: JobKind::of(row.get("kind")),
            title: row.get("title"),
            state: State::of(row.get("state")),
            done: row.get("done"),
            total: row.get("total"),
            error: row.get("error"),
            created: row.get("created"),
            started: row.get("started"),
            ended: row.get("ended"),
            owner: row.get("owner"),
            spec: row.get("spec"),
            rows: row.get::<Option<_>, _>("file").zip(row.get("source")),
            more: row.get("more"),
            request: row.get("request"),
            seq: row.get("seq"),
        }
    }
}

impl Store {
    /// Puts a job at the end of its owner's queue, and takes the request's key for it in the same
    /// step.
    ///
    /// # Errors
    /// More jobs waiting than `most`; a full disk.
    pub async fn queue(
        &self,
        (owner, request): (&str, &str),
        task: &Task,
        once: Option<&Once>,
        most: u32,
    ) -> Result<Queued, Error> {
        let mut db = self.db.acquire().await?;
        let queued = queue_in(&mut db, (owner, request), task, once, most).await;
        // SQLite undoes a step that finds the disk full, and sqlx goes on counting it as open: the
        // next step on this connection would be refused.
        if matches!(queued, Err(Error::Database(_))) {
            db.close_on_drop();
        }
        queued
    }

    /// A job by its id.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn job(&self, id: &str) -> Result<Option<Job>, Error> {
        let row = sqlx::query("SELECT * FROM jobs WHERE id = ?").bind(id);
        Ok(row.fetch_optional(&self.db).await?.as_ref().map(Job::of))
    }

    /// Jobs, the newest first, those before `before` alone; of one state where one is named.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn jobs(
        &self,
        before: Option<i64>,
        state: Option<State>,
        count: u32,
    ) -> Result<Vec<Job>, Error> {
        let sql = "SELECT * FROM jobs WHERE (?1 IS NULL OR seq < ?1) \
                   AND (?2 IS NULL OR state = ?2) ORDER BY seq DESC LIMIT ?3";
        let query = sqlx::query(sql).bind(before).bind(state.map(State::name)).bind(count);
        Ok(query.fetch_all(&self.db).await?.iter().map(Job::of).collect())
    }

    /// How many jobs are in a state.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn count_jobs(&self, state: State) -> Result<i64, Error> {
        let row = sqlx::query("SELECT count(*) FROM jobs WHERE state = ?").bind(state.name());
        Ok(row.fetch_one(&self.db).await?.get(0))
    }

    /// Takes the next job: of those that wait, the one whose owner has the fewest before it, running
    /// ones included.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn next_job(&self) -> Result<Option<Job>, Error> {
        let sql = "UPDATE jobs SET state = 'running', started = ?1 WHERE seq = ( \
                       SELECT seq FROM ( \
                           SELECT seq, row_number() OVER (PARTITION BY owner ORDER BY seq) + ( \
                               SELECT count(*) FROM jobs AS r \
                               WHERE r.state = 'running' AND r.owner = q.owner) AS turn \
                           FROM jobs AS q WHERE state = 'queued') \
                       ORDER BY turn, seq LIMIT 1) RETURNING *";
        // To the end: a full disk is told after the row, when the change is to stay.
        let rows = sqlx::query(sql).bind(now()).fetch_all(&self.db).await?;
        Ok(rows.first().map(Job::of))
    }

    /// Jobs that were running when the server died wait again: they go on from their last fold.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn requeue(&self) -> Result<u64, Error> {
        let sql = "UPDATE jobs SET state = 'queued', started = NULL WHERE state = 'running'";
        Ok(sqlx::query(sql).execute(&self.db).await?.rows_affected())
    }

    /// Notes how far a job is.
    ///
    /// # Errors
    /// A full disk.
    pub async fn note_progress(&self, id: &str, done: i64, total: i64) -> Result<(), Error> {
        let sql = "UPDATE jobs SET done = ?, total = ? WHERE id = ? AND state = 'running'";
        sqlx::query(sql).bind(done).bind(total).bind(id).execute(&self.db).await?;
        Ok(())
    }

    /// Ends a job that has not ended; whether it had not.
    ///
    /// # Errors
    /// A full disk.
    pub async fn end_job(
        &self,
        id: &str,
        state: State,
        error: Option<&str>,
    ) -> Result<bool, Error> {
        let sql = "UPDATE jobs SET state = ?1, error = ?2, ended = ?3, \
                   done = CASE WHEN ?1 = 'done' THEN total ELSE done END \
                   WHERE id = ?4 AND state IN ('queued', 'running') RETURNING file";
        let query = sqlx::query(sql).bind(state.name()).bind(error).bind(now()).bind(id);
        let rows = query.fetch_all(&self.db).await?;
        for file in rows.iter().filter_map(|row| row.get::<Option<String>, _>("file")) {
            if let Err(error) = self.drop_file(&file).await {
                tracing::warn!(%error, "a file that nobody names stays until the next start");
            }
        }
        Ok(!rows.is_empty())
    }

    /// Forgets a job that has ended, and its run; whether it was there.
    ///
    /// # Errors
    /// A folder that cannot be removed.
    pub async fn delete_run(&self, id: &str) -> Result<bool, Error> {
        let sql = "DELETE FROM jobs WHERE id = ? AND state IN ('done', 'failed', 'cancelled')";
        let done = sqlx::query(sql).bind(id).execute(&self.db).await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        let folder = self.run_folder(id);
        match fs::remove_dir_all(&folder) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::io("write", &folder)(e))
            }
            _ => Ok(true),
        }
    }
}

/// Puts a job into the queue and takes its key, both or neither.
async fn queue_in(
    db: &mut SqliteConnection,
    (owner, request): (&str, &str),
    task: &Task,
    once: Option<&Once>,
    most: u32,
) -> Result<Queued, Error> {
    let id = random(8)?;
    let mut db = db.begin_with("BEGIN IMMEDIATE").await?;
    if let Some(once) = once
        && let Some(reply) = replies::claim(&mut db, owner, once, &id).await?
    {
        return Ok(Queued::Known(reply));
    }
    let sql = "INSERT INTO jobs \
               (id, kind, owner, title, state, spec, file, source, more, created, request) \
               SELECT ?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?, ? \
               WHERE (SELECT count(*) FROM jobs WHERE state = 'queued') < ? RETURNING *";
    let Task { kind, title, spec, rows, more, .. } = task;
    let file = rows.as_ref().map(|(file, _)| file);
    let source = rows.as_ref().map(|(_, source)| json(source)).transpose()?;
    let query = sqlx::query(sql).bind(&id).bind(kind.name()).bind(owner);
    let query = query.bind(title).bind(spec).bind(file);
    let query = query.bind(source).bind(more).bind(now()).bind(request);
    let row = query.bind(most).fetch_optional(&mut *db).await?;
    let job = row.as_ref().map(Job::of);
    let job = job.ok_or(Error::Busy { what: "jobs in the queue", most })?;
    db.commit().await?;
    Ok(Queued::New(Box::new(job)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Role;

    fn task(title: &str) -> Task {
        Task {
            kind: JobKind::Backtest,
            title: title.into(),
            spec: String::new(),
            set: None,
            rows: None,
            more: None,
        }
    }

    async fn queued(store: &Store, title: &str, once: Option<&Once>) -> Queued {
        store.queue(("local", "r1"), &task(title), once, 10).await.unwrap()
    }

    /// A clock that was a year ahead went back: jobs and keys keep the order in which they were made,
    /// and an idempotency key still has its job.
    #[tokio::test]
    async fn the_clock_went_back() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).await.unwrap();
        let once = Once { key: "k".into(), asked: "a".into() };
        let Queued::New(first) = queued(&store, "first", Some(&once)).await else { panic!() };
        store.create_key("first", Role::Read, None).await.unwrap();
        for table in ["jobs", "replies", "keys"] {
            let sql = format!("UPDATE {table} SET created = created + 31536000000");
            sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&store.db).await.unwrap();
        }
        store.close().await;
        drop(store);
        let store = Store::open(folder.path()).await.unwrap();
        queued(&store, "second", None).await;
        store.create_key("second", Role::Read, None).await.unwrap();
        let Queued::Known(reply) = queued(&store, "first", Some(&once)).await else { panic!() };
        assert_eq!(reply, Reply { asked: "a".into(), job: first.id });
        let titles = |jobs: Vec<Job>| jobs.into_iter().map(|job| job.title).collect::<Vec<_>>();
        assert_eq!(titles(store.jobs(None, None, 9).await.unwrap()), ["second", "first"]);
        let names = store.keys().await.unwrap().into_iter().map(|key| key.name);
        assert_eq!(names.collect::<Vec<_>>(), ["first", "second"]);
        for title in ["first", "second"] {
            assert_eq!(store.next_job().await.unwrap().unwrap().title, title);
        }
    }

    /// What is refused in its last step leaves neither a job nor a key that is taken.
    #[tokio::test]
    async fn a_key_is_taken_with_its_job_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).await.unwrap();
        let once = Once { key: "k".into(), asked: "a".into() };
        let full = store.queue(("local", "r1"), &task("refused"), Some(&once), 0).await;
        assert!(matches!(full, Err(Error::Busy { .. })));
        assert_eq!(store.reply("local", "k").await.unwrap(), None);
        assert!(matches!(queued(&store, "taken", Some(&once)).await, Queued::New(_)));
    }
}
