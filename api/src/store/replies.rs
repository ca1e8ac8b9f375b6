//! Answers that are given again to the same request: idempotency keys.

use sqlx::Row;

use super::{Store, now};
use crate::Error;

/// How long an answer is kept, in milliseconds: a day.
const KEPT: i64 = 86_400_000;

/// What was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// What was asked: a fingerprint of method, path and body.
    pub asked: String,
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Store {
    /// What was answered to this owner's key.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn reply(&self, owner: &str, key: &str) -> Result<Option<Reply>, Error> {
        let sql = "SELECT asked, status, body FROM replies \
                   WHERE owner = ? AND key = ? AND created > ?";
        let row = sqlx::query(sql).bind(owner).bind(key).bind(now() - KEPT);
        let of = |row: sqlx::sqlite::SqliteRow| Reply {
            asked: row.get("asked"),
            status: row.get::<u16, _>("status"),
            body: row.get("body"),
        };
        Ok(row.fetch_optional(&self.db).await?.map(of))
    }

    /// Keeps an answer, and forgets old ones.
    ///
    /// # Errors
    /// A full disk.
    pub async fn keep_reply(&self, owner: &str, key: &str, reply: &Reply) -> Result<(), Error> {
        let old = sqlx::query("DELETE FROM replies WHERE created <= ?").bind(now() - KEPT);
        old.execute(&self.db).await?;
        let sql = "INSERT OR REPLACE INTO replies \
                   (owner, key, asked, status, body, created) VALUES (?, ?, ?, ?, ?, ?)";
        let query = sqlx::query(sql).bind(owner).bind(key).bind(&reply.asked).bind(reply.status);
        let query = query.bind(&reply.body).bind(now());
        query.execute(&self.db).await?;
        Ok(())
    }
}
