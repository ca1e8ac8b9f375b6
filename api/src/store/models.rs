//! Models that are kept: their bytes in a file, and what is known of them in the database.

use std::fs;

use serde_json::Value;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::sets::{json, read};
use super::{Store, blocking, now, random, to_its_end};
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
        let own = self.clone();
        to_its_end(async move {
            let file = own.keep_bytes(&new.bytes).await?;
            let named = own.name_model(&new, &file).await;
            if !matches!(named, Ok(true)) {
                own.drop_bytes(&file)?;
            }
            named?;
            let kept = own.model(&new.id).await?;
            kept.ok_or_else(|| Error::Failed("the model cannot be kept".into()))
        })
        .await
    }

    /// Gives a model its version; not where one is kept under its id.
    async fn name_model(&self, new: &NewModel, file: &str) -> Result<bool, Error> {
        let mut db = self.db.begin_with("BEGIN IMMEDIATE").await?;
        let sql = "SELECT 1 FROM models WHERE id = ?";
        if sqlx::query(sql).bind(&new.id).fetch_optional(&mut *db).await?.is_some() {
            return Ok(false);
        }
        let sql = "INSERT INTO model_names (name, last) VALUES (?, 1) \
                   ON CONFLICT (name) DO UPDATE SET last = last + 1 RETURNING last";
        // All rows are asked for: a step that failed shows at its end.
        let rows = sqlx::query(sql).bind(&new.name).fetch_all(&mut *db).await?;
        let version: Option<i64> = rows.first().map(|row| row.get("last"));
        let sql = "INSERT INTO models \
                   (id, name, version, owner, file, card, scores, follows, watch, created) \
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let query = sqlx::query(sql).bind(&new.id).bind(&new.name).bind(version).bind(&new.owner);
        let query = query.bind(file).bind(json(&new.card)?);
        let query = query.bind(new.scores.as_ref().map(json).transpose()?).bind(&new.follows);
        query.bind(json(&new.watch)?).bind(now()).execute(&mut *db).await?;
        db.commit().await?;
        Ok(true)
    }

    async fn keep_bytes(&self, bytes: &[u8]) -> Result<String, Error> {
        let file = random(12)?;
        let path = self.root.join("models").join(&file);
        let bytes = bytes.to_vec();
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
        let parts = which.rsplit_once('@').map(|(name, version)| (name, version.parse::<i64>()));
        let (name, version) = match parts {
            Some((name, Ok(version))) => (name, Some(version)),
            // A name holds no `@`: nothing is found.
            _ => (which, None),
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
    /// A damaged store; a model that was deleted in between.
    pub async fn model_bytes(&self, model: &KeptModel) -> Result<Vec<u8>, Error> {
        let read = |file: &str| {
            let path = self.root.join("models").join(file);
            blocking(move || fs::read(&path).map_err(Error::io("read", &path)))
        };
        match read(&model.file).await {
            // It was moved since: its later state has another file.
            Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                let now = self.model(&model.id).await?;
                read(&now.ok_or_else(|| absent(&model.id))?.file).await
            }
            read => read,
        }
    }

    /// Notes how a model's intervals held new rows, and its card and state after them, where it has
    /// a state; whether the model is still there.
    ///
    /// # Errors
    /// A full disk.
    pub async fn move_model(
        &self,
        model: &KeptModel,
        watch: &Watch,
        state: Option<(Value, Vec<u8>)>,
    ) -> Result<bool, Error> {
        let (card, file) = match state {
            Some((card, bytes)) => (card, self.keep_bytes(&bytes).await?),
            None => (model.card.clone(), model.file.clone()),
        };
        let sql = "UPDATE models SET watch = ?, card = ?, file = ? WHERE id = ?";
        let query = sqlx::query(sql).bind(json(watch)?).bind(json(&card)?);
        let done = query.bind(&file).bind(&model.id).execute(&self.db).await;
        let there = matches!(&done, Ok(done) if done.rows_affected() > 0);
        if file != model.file {
            self.drop_bytes(if there { &model.file } else { &file })?;
        }
        done?;
        Ok(there)
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

fn absent(id: &str) -> Error {
    Error::Absent { noun: "model", name: id.into(), hint: None }
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
