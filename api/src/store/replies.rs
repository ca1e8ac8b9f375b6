//! Requests that are done once, however often they are sent: idempotency keys.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::{Store, now};
use crate::Error;

/// How long a key is known, in milliseconds: a day.
const KEPT: i64 = 86_400_000;

/// A request that carries an idempotency key.
#[derive(Debug, Clone, PartialEq)]
pub struct Once {
    /// The key, which its owner chose.
    pub key: String,
    /// What is asked: another request may not have the same key.
    pub asked: String,
}

/// What the first request with a key came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// What was asked.
    pub asked: String,
    /// The id of the job that it made.
    pub job: String,
}

impl Store {
    /// What this owner's key came to.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn reply(&self, owner: &str, key: &str) -> Result<Option<Reply>, Error> {
        known(&mut *self.db.acquire().await?, owner, key).await
    }
}

async fn known(db: &mut SqliteConnection, owner: &str, key: &str) -> Result<Option<Reply>, Error> {
    let sql = "SELECT asked, body FROM replies WHERE owner = ? AND key = ? AND created > ?";
    let row = sqlx::query(sql).bind(owner).bind(key).bind(now() - KEPT);
    let of = |row: SqliteRow| Reply {
        asked: row.get("asked"),
        job: String::from_utf8_lossy(&row.get::<Vec<u8>, _>("body")).into_owned(),
    };
    Ok(row.fetch_optional(db).await?.map(of))
}

/// Takes a key for a job, and forgets old ones; what the key came to where it is taken.
pub(super) async fn claim(
    db: &mut SqliteConnection,
    owner: &str,
    once: &Once,
    job: &str,
) -> Result<Option<Reply>, Error> {
    if let Some(reply) = known(db, owner, &once.key).await? {
        return Ok(Some(reply));
    }
    let old = sqlx::query("DELETE FROM replies WHERE created <= ?").bind(now() - KEPT);
    old.execute(&mut *db).await?;
    let sql = "INSERT INTO replies (owner, key, asked, status, body, created) \
               VALUES (?, ?, ?, 202, ?, ?)";
    let query = sqlx::query(sql).bind(owner).bind(&once.key).bind(&once.asked);
    query.bind(job.as_bytes()).bind(now()).execute(db).await?;
    Ok(None)
}
