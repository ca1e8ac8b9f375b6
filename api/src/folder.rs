//! A run folder: the contract files of a finished run, or the parts of one that is under way.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use almanac_backtest::Spec;
use almanac_data::{FoldResult, Manifest, SourceFile};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::parts::Shape;
use crate::{Error, atomic, parts};

/// The files of a finished run.
pub const FILES: [&str; 6] = [
    "spec.toml",
    "manifest.json",
    "forecasts.parquet",
    "scores.parquet",
    "leaderboard.json",
    "report.html",
];

/// Where the parts of an unfinished run are kept.
const PARTS: &str = ".unfinished";
/// Held by the process at work.
const LOCK: &str = "lock";
/// Whose parts they are.
const STATE: &str = "run.json";

/// What makes two runs the same: everything that a result depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// Almanac's version.
    pub version: String,
    /// The resolved spec without the number of threads, on which no result depends.
    pub spec: String,
    /// Fingerprints of the data.
    pub sha256: Vec<String>,
}

/// A folder that this process may write in.
pub struct Folder {
    path: PathBuf,
    /// Held while the run is under way, so that no other process writes here.
    lock: File,
}

/// What a folder holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Holds {
    /// Nothing of ours.
    Nothing,
    /// This run, finished.
    Finished,
    /// This run, under way or interrupted.
    Unfinished,
    /// Another run, or files with our names; in words.
    Other(String),
}

impl Identity {
    /// Of a resolved spec over these files.
    ///
    /// # Errors
    /// Numbers that TOML cannot hold.
    pub fn new(spec: &Spec, files: &[SourceFile]) -> Result<Identity, Error> {
        let mut spec = spec.clone();
        spec.run.threads = 0;
        // Through a table, which sorts settings by name: their order in a file means nothing.
        let table = toml::Table::try_from(&spec).map_err(|e| Error::Failed(e.to_string()))?;
        Ok(Identity {
            version: env!("CARGO_PKG_VERSION").into(),
            spec: table.to_string(),
            sha256: files.iter().map(|file| file.sha256.clone()).collect(),
        })
    }

    /// How another run differs, in words; `None` when it is the same.
    fn differs(&self, other: &Identity) -> Option<String> {
        if self == other {
            return None;
        }
        let what = match other {
            other if other.sha256 != self.sha256 => "other data",
            other if other.spec != self.spec => "another spec",
            _ => return Some(format!("a run of version {}", other.version)),
        };
        Some(format!("a run of {what}"))
    }
}

/// What a folder holds, as seen by a run of this identity.
///
/// # Errors
/// A folder that cannot be read.
pub fn look(path: &Path, own: &Identity) -> Result<Holds, Error> {
    let verdict = |theirs: Identity, same: Holds| match own.differs(&theirs) {
        None => same,
        Some(what) => Holds::Other(what),
    };
    if path.is_file() {
        return Ok(Holds::Other("no folder: it is a file".into()));
    }
    let state = path.join(PARTS).join(STATE);
    if state.is_file() {
        let text = fs::read(&state).map_err(Error::io("read", &state))?;
        let theirs = serde_json::from_slice::<Identity>(&text);
        return Ok(theirs.map_or(Holds::Unfinished, |theirs| verdict(theirs, Holds::Unfinished)));
    }
    if path.join("manifest.json").is_file() {
        let theirs = finished(path);
        let other = Holds::Other("files of another program".into());
        return Ok(theirs.map_or(other, |theirs| verdict(theirs, Holds::Finished)));
    }
    let ours = FILES.iter().find(|name| path.join(name).exists());
    Ok(ours.map_or(Holds::Nothing, |name| Holds::Other(format!("a file `{name}` without its run"))))
}

/// The identity of a finished run.
fn finished(path: &Path) -> Option<Identity> {
    let manifest = fs::read(path.join("manifest.json")).ok()?;
    let manifest: Manifest = serde_json::from_slice(&manifest).ok()?;
    let spec: Spec = toml::from_str(&fs::read_to_string(path.join("spec.toml")).ok()?).ok()?;
    let same = Identity::new(&spec, &manifest.sources).ok()?;
    Some(Identity { version: manifest.version, ..same })
}

impl Folder {
    /// Takes a folder for a run: what it keeps of the same run stays, another run's files go.
    ///
    /// # Errors
    /// A folder that cannot be written, or in which another process is at work.
    pub fn take(path: &Path, own: &Identity, keep: bool) -> Result<Folder, Error> {
        let parts = path.join(PARTS);
        fs::create_dir_all(&parts).map_err(Error::io("write", path))?;
        let place = parts.join(LOCK);
        let lock = File::create(&place).map_err(Error::io("write", &place))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let what = "a run that another process is working on".into();
                return Err(Error::Taken { folder: path.into(), what });
            }
            Err(TryLockError::Error(e)) => return Err(Error::io("write", &place)(e)),
        }
        let folder = Folder { path: path.into(), lock };
        if !keep {
            folder.clear()?;
        }
        let state = serde_json::to_vec_pretty(own).unwrap_or_default();
        atomic::write(&folder.path.join(PARTS).join(STATE), &state)?;
        Ok(folder)
    }

    /// Where a file of the run stands.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// How many folds, from the first on, are kept.
    pub fn folds(&self) -> usize {
        (0..).take_while(|&fold| self.part(fold).is_file()).count()
    }

    /// Keeps a finished fold.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn keep(&self, fold: &FoldResult) -> Result<(), Error> {
        parts::write(&self.part(fold.fold), fold)
    }

    /// Reads a kept fold.
    ///
    /// # Errors
    /// A damaged part.
    pub fn fold(&self, fold: usize, shape: Shape) -> Result<FoldResult, Error> {
        parts::read(&self.part(fold), fold, shape)
    }

    /// Ends the run: the parts go, the contract files stay.
    ///
    /// # Errors
    /// Parts that cannot be removed.
    pub fn finish(self) -> Result<(), Error> {
        let parts = self.file(PARTS);
        fs::remove_dir_all(&parts).map_err(Error::io("write", &parts))?;
        drop(self.lock);
        Ok(())
    }

    fn part(&self, fold: usize) -> PathBuf {
        self.file(PARTS).join(format!("fold-{fold:04}.parquet"))
    }

    /// Removes what a run leaves, and nothing else. The manifest goes first: without it a folder
    /// does not pass for finished.
    fn clear(&self) -> Result<(), Error> {
        let contract = ["manifest.json"].into_iter().chain(FILES).map(|name| self.file(name));
        let parts = self.file(PARTS);
        let kept = fs::read_dir(&parts).map_err(Error::io("read", &parts))?;
        let kept = kept.flatten().map(|entry| entry.path());
        let kept = kept.filter(|path| !path.ends_with(LOCK));
        for path in contract.chain(kept).filter(|path| path.is_file()) {
            fs::remove_file(&path).map_err(Error::io("write", &path))?;
        }
        Ok(())
    }
}

/// Writes a file of a run as JSON that people can read too.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(value).map_err(|e| Error::Failed(e.to_string()))?;
    atomic::write(path, (text + "\n").as_bytes())
}

/// Reads a file of a finished run.
///
/// # Errors
/// A file that is not there or not what it should be.
pub fn read_json<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<T, Error> {
    let text = read_text(folder, name)?;
    serde_json::from_str(&text).map_err(|e| {
        Error::mistake(format!("{} is damaged: {e}", folder.join(name).display()), None)
    })
}

/// The same as text.
///
/// # Errors
/// A file that is not there.
pub fn read_text(folder: &Path, name: &str) -> Result<String, Error> {
    fs::read_to_string(folder.join(name)).map_err(|e| {
        let unfinished = folder.join(PARTS).is_dir();
        let hint = match unfinished {
            true => "the run in it is not finished: the command that began it goes on with it",
            false => "give the folder that `almanac backtest --out` wrote",
        };
        let message = format!("{} holds no finished run: {name}: {e}", folder.display());
        Error::mistake(message, hint.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use almanac_backtest::Plan;
    use almanac_data::{Calendar, Panel, Stamp};

    /// A resolved spec that was written and read back is the same run.
    #[test]
    fn identity_survives_the_file() {
        let at = (0..40).map(Stamp).collect();
        let y = (0..40).map(f64::from).collect();
        let panel = Panel::new("x", Calendar::steps(), vec![("a".into(), 40)], at, y).unwrap();
        let models: Vec<String> = almanac_models::forecast::ROSTER
            .iter()
            .map(|entry| format!("[[model]]\nuse = \"{}\"\n", entry.name))
            .collect();
        let text = format!("[data]\n[folds]\nhorizon = 2\n{}", models.concat());
        let spec: Spec = toml::from_str(&text).unwrap();
        let plan = Plan::new(&spec, &panel).unwrap();
        let own = Identity::new(plan.spec(), &[]).unwrap();
        let back: Spec = toml::from_str(&plan.spec().to_toml().unwrap()).unwrap();
        assert_eq!(Identity::new(&back, &[]).unwrap(), own);
    }
}
