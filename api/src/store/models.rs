//! Models that are kept: their bytes in a file, and what is known of them in the database.

use std::fs;

use serde_json::Value;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::sets::{json, read};
use super::{Store, blocking, now, random};
use crate::follow::Watch;
use crate::{Error, atomic};

/// A model as it is kept.
#[derive(Debug, Clone)]
pub struct KeptModel {
    /// Its id, which is also that of the job that made it, where one did.
    pub id: String,
    /// Its name, shared by its versions.
    pub name: String,
    /// Its number among them, from 1.
    pub version: i64,
    /// Whose it is: the id of a key, or `local`.
    pub owner: String,
    /// What it is and what it learnt from.
    pub card: Value,
    /// The leaderboard of its backtest, where it had one.
    pub scores: Option<Value>,
    /// The set whose rows it follows.
    pub follows: Option<String>,
    /// How its intervals held what was appended there.
    pub watch: Watch,
    /// When it was kept, in Unix milliseconds.
    pub created: i64,
    pub(crate) file: String,
    pub(crate) seq: i64,
}

/// A model to keep.
#[derive(Debug)]
pub struct NewModel {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub owner: String,
    /// What it is and what it learnt from.
    pub card: Value,
    /// The leaderboard of its backtest.
    pub scores: Option<Value>,
    /// The set whose rows it follows.
    pub follows: Option<String>,
    /// What it watches there.
    pub watch: Watch,
    /// What was learnt.
    pub bytes: Vec<u8>,
}

impl Store {
    /// Keeps a model as the next version of its name. What is kept under the id already stays.
    ///
    /// # Errors
    /// A full disk.
    pub async fn keep_model(&self, new: NewModel) -> Result<KeptModel, Error> {
        let file = self.keep_bytes(new.bytes).await?;
        let sql = "INSERT INTO models \
                   (id, name, version, owner, file, card, scores, follows, watch, created) \
                   SELECT ?1, ?2, 1 + coalesce(max(version), 0), ?3, ?4, ?5, ?6, ?7, ?8, ?9 \
                   FROM models WHERE name = ?2 ON CONFLICT (id) DO NOTHING";
        let query = sqlx::query(sql).bind(&new.id).bind(&new.name).bind(&new.owner).bind(&file);
        let query = query.bind(json(&new.card)?).bind(new.scores.as_ref().map(json).transpose()?);
        let query = query.bind(&new.follows).bind(json(&new.watch)?).bind(now());
        if query.execute(&self.db).await?.rows_affected() == 0 {
            self.drop_bytes(&file)?;
        }
        self.model(&new.id).await?.ok_or_else(|| Error::Failed("the model is gone".into()))
    }

    async fn keep_bytes(&self, bytes: Vec<u8>) -> Result<String, Error> {
        let file = random(12)?;
        let path = self.root.join("models").join(&file);
        blocking(move || atomic::write(&path, &bytes)).await?;
        Ok(file)
    }

    fn drop_bytes(&self, file: &str) -> Result<(), Error> {
        let path = self.root.join("models").join(file);
        match fs::remove_file(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io("write", &path)(e)),
            _ => Ok(()),
        }
    }

    /// A model by its id, by `name@version`, or by its name: then the newest version.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn model(&self, which: &str) -> Result<Option<KeptModel>, Error> {
        let (name, version) = match which.rsplit_once('@') {
            Some((name, version)) => (name, version.parse::<i64>().ok()),
            None => (which, None),
        };
        let sql = "SELECT * FROM models \
                   WHERE id = ?1 OR (name = ?2 AND (?3 IS NULL OR version = ?3)) \
                   ORDER BY id = ?1 DESC, version DESC LIMIT 1";
        let row = sqlx::query(sql).bind(which).bind(name).bind(version);
        row.fetch_optional(&self.db).await?.as_ref().map(KeptModel::of).transpose()
    }

    /// Models, the newest first, those before `before` alone; of one name where one is given.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn models(
        &self,
        before: Option<i64>,
        name: Option<&str>,
        count: u32,
    ) -> Result<Vec<KeptModel>, Error> {
        let sql = "SELECT * FROM models WHERE (?1 IS NULL OR seq < ?1) \
                   AND (?2 IS NULL OR name = ?2) ORDER BY seq DESC LIMIT ?3";
        let rows = sqlx::query(sql).bind(before).bind(name).bind(count);
        rows.fetch_all(&self.db).await?.iter().map(KeptModel::of).collect()
    }

    /// The models that follow a set, or any set where none is named.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn followers(&self, set: Option<&str>) -> Result<Vec<KeptModel>, Error> {
        let sql = "SELECT * FROM models WHERE follows IS NOT NULL \
                   AND (?1 IS NULL OR follows = ?1) ORDER BY seq";
        let rows = sqlx::query(sql).bind(set).fetch_all(&self.db).await?;
        rows.iter().map(KeptModel::of).collect()
    }

    /// What a model learnt.
    ///
    /// # Errors
    /// A damaged store.
    pub async fn model_bytes(&self, model: &KeptModel) -> Result<Vec<u8>, Error> {
        let path = self.root.join("models").join(&model.file);
        blocking(move || fs::read(&path).map_err(Error::io("read", &path))).await
    }

    /// Notes how a model's intervals held new rows, and its state after them, where it has one.
    ///
    /// # Errors
    /// A full disk.
    pub async fn move_model(
        &self,
        model: &KeptModel,
        watch: &Watch,
        state: Option<Vec<u8>>,
    ) -> Result<(), Error> {
        let file = match state {
            Some(bytes) => self.keep_bytes(bytes).await?,
            None => model.file.clone(),
        };
        let sql = "UPDATE models SET watch = ?, file = ? WHERE id = ?";
        let query = sqlx::query(sql).bind(json(watch)?).bind(&file).bind(&model.id);
        let there = query.execute(&self.db).await?.rows_affected() > 0;
        let old = if there { &model.file } else { &file };
        if file != model.file { self.drop_bytes(old) } else { Ok(()) }
    }

    /// Forgets a model; whether it was there.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn delete_model(&self, id: &str) -> Result<bool, Error> {
        let row = sqlx::query("DELETE FROM models WHERE id = ? RETURNING file").bind(id);
        let Some(row) = row.fetch_optional(&self.db).await? else { return Ok(false) };
        self.drop_bytes(row.get("file"))?;
        Ok(true)
    }
}

impl KeptModel {
    fn of(row: &SqliteRow) -> Result<KeptModel, Error> {
        let text = |name: &str| row.get::<String, _>(name);
        let scores: Option<String> = row.get("scores");
        Ok(KeptModel {
            id: text("id"),
            name: text("name"),
            version: row.get("version"),
            owner: text("owner"),
            card: read(&text("card"))?,
            scores: scores.as_deref().map(read).transpose()?,
            follows: row.get("follows"),
            watch: read(&text("watch"))?,
            created: row.get("created"),
            file: text("file"),
            seq: row.get("seq"),
        })
    }
}
