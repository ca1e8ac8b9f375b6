//! API keys: shown once, kept as hashes.
//!
//! ```text
//! alm_<id>_<secret>     id finds the row; argon2id of the secret is kept
//! ```

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use utoipa::ToSchema;

use super::{Store, now, random};
use crate::Error;

/// What a key may do; each may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Ask and forecast; change nothing.
    Read,
    /// Upload, train, run.
    Write,
    /// Keys.
    Admin,
}

impl Role {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Role::Read => "read",
            Role::Write => "write",
            Role::Admin => "admin",
        }
    }

    /// The role of this name.
    pub fn of(name: &str) -> Option<Role> {
        [Role::Read, Role::Write, Role::Admin].into_iter().find(|role| role.name() == name)
    }
}

/// A key as it is listed: without its secret.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Key {
    /// Its id, which is also its first part.
    pub id: String,
    /// What it is for, in its maker's words.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// When it was made, in Unix milliseconds.
    pub created: i64,
    /// When it ends by itself, in Unix milliseconds.
    pub expires: Option<i64>,
    /// When it was revoked, in Unix milliseconds.
    pub revoked: Option<i64>,
}

impl Key {
    /// Whether it opens anything now.
    pub fn is_live(&self) -> bool {
        self.revoked.is_none() && self.expires.is_none_or(|end| now() < end)
    }

    fn of(row: &SqliteRow) -> Key {
        let role: String = row.get("role");
        Key {
            id: row.get("id"),
            name: row.get("name"),
            role: Role::of(&role).unwrap_or(Role::Read),
            created: row.get("created"),
            expires: row.get("expires"),
            revoked: row.get("revoked"),
        }
    }
}

/// A new key, the only time its secret is told.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Secret {
    /// What to send as `Authorization: Bearer …`.
    pub token: String,
    /// The key.
    #[serde(flatten)]
    pub key: Key,
}

impl Store {
    /// Makes a key that lives for so many days, or until it is revoked.
    ///
    /// # Errors
    /// A full disk.
    pub async fn create_key(
        &self,
        name: &str,
        role: Role,
        days: Option<u32>,
    ) -> Result<Secret, Error> {
        let (id, secret) = (random(6)?, random(24)?);
        let hash = Argon2::default().hash_password(secret.as_bytes());
        let hash = hash.map_err(|e| Error::Failed(format!("cannot hash a key: {e}")))?.to_string();
        let created = now();
        let expires = days.map(|days| created + i64::from(days) * 86_400_000);
        let sql = "INSERT INTO keys (id, name, role, hash, created, expires) \
                   VALUES (?, ?, ?, ?, ?, ?)";
        let query = sqlx::query(sql).bind(&id).bind(name).bind(role.name()).bind(hash);
        query.bind(created).bind(expires).execute(&self.db).await?;
        let token = format!("alm_{id}_{secret}");
        let key = Key { id, name: name.into(), role, created, expires, revoked: None };
        Ok(Secret { token, key })
    }

    /// Every key, the oldest first.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn keys(&self) -> Result<Vec<Key>, Error> {
        let rows = sqlx::query("SELECT * FROM keys ORDER BY rowid").fetch_all(&self.db);
        Ok(rows.await?.iter().map(Key::of).collect())
    }

    /// Revokes a key; whether it was there and live.
    ///
    /// # Errors
    /// A full disk.
    pub async fn revoke_key(&self, id: &str) -> Result<bool, Error> {
        let sql = "UPDATE keys SET revoked = ? WHERE id = ? AND revoked IS NULL";
        let done = sqlx::query(sql).bind(now()).bind(id).execute(&self.db).await?;
        Ok(done.rows_affected() > 0)
    }

    /// The key of this id, live or not.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn key(&self, id: &str) -> Result<Option<Key>, Error> {
        let row = sqlx::query("SELECT * FROM keys WHERE id = ?").bind(id);
        Ok(row.fetch_optional(&self.db).await?.as_ref().map(Key::of))
    }

    /// The key of this id if the secret is its own. It takes as long for an id that is not there.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn verify(&self, id: &str, secret: &str) -> Result<Option<Key>, Error> {
        let row = sqlx::query("SELECT * FROM keys WHERE id = ?").bind(id);
        let row = row.fetch_optional(&self.db).await?;
        let hash = row.as_ref().map_or(NOBODY.to_string(), |row| row.get("hash"));
        let secret = secret.to_string();
        let same = tokio::task::spawn_blocking(move || {
            let hash = PasswordHash::new(&hash).ok()?;
            Argon2::default().verify_password(secret.as_bytes(), &hash).ok()
        });
        let same = same.await.ok().flatten().is_some();
        Ok(row.filter(|_| same).as_ref().map(Key::of))
    }
}

/// A hash that no secret has, of the same cost as any other.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                      AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
