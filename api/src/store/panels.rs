//! Sets that were read lately: a forecast from a kept set need not unpack its file again.
//!
//! A change of a set writes a file of another name, so that what is held is never stale.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use almanac_data::{Panel, Source};
use almanac_ingest::{From, Given, Read};

use super::Store;
use crate::Error;
use crate::queue::locked;

/// The sets that are held, those read last at the end.
pub(super) struct Panels {
    most: u64,
    held: Mutex<VecDeque<Held>>,
}

struct Held {
    given: Given,
    source: Source,
    read: Arc<Read>,
    bytes: u64,
}

impl Panels {
    /// None yet; later so many bytes at most.
    pub(super) fn new(most: u64) -> Panels {
        Panels { most, held: Mutex::default() }
    }

    fn get(&self, source: &Source, given: &Given) -> Option<Arc<Read>> {
        let mut held = locked(&self.held);
        let place = held.iter().position(|one| one.source == *source && one.given == *given)?;
        let one = held.remove(place)?;
        let read = Arc::clone(&one.read);
        held.push_back(one);
        Some(read)
    }

    fn put(&self, source: &Source, given: &Given, read: &Arc<Read>) {
        let bytes = bytes(&read.panel);
        if bytes > self.most {
            return;
        }
        let mut held = locked(&self.held);
        let mut all = bytes + held.iter().map(|one| one.bytes).sum::<u64>();
        while all > self.most
            && let Some(old) = held.pop_front()
        {
            all -= old.bytes;
        }
        let (given, source, read) = (given.clone(), source.clone(), Arc::clone(read));
        held.push_back(Held { given, source, read, bytes });
    }

    /// Lets go of a file that is no more.
    pub(super) fn forget(&self, file: &std::path::Path) {
        let is_other = |one: &Held| !matches!(&one.given.from, From::File(path) if path == file);
        locked(&self.held).retain(is_other);
    }
}

/// What a panel takes in memory, all but exactly.
fn bytes(panel: &Panel) -> u64 {
    let columns: usize = panel.columns.iter().map(|column| column.values.len()).sum();
    let names: usize = panel.ids().iter().map(|id| id.len() + size_of::<String>()).sum();
    (panel.rows() * 16 + columns * 8 + names) as u64
}

impl Store {
    /// The same store, which holds so many bytes of sets that were read.
    pub fn holding(self, bytes: u64) -> Store {
        Store { panels: Arc::new(Panels::new(bytes)), ..self }
    }

    /// Reads rows that [`Store::given`] gave, unless they are held.
    ///
    /// # Errors
    /// Whatever stops the reading.
    pub fn read(&self, source: &Source, given: &Given) -> Result<Read, Error> {
        self.look(source, given).map(Arc::unwrap_or_clone)
    }

    /// The same to look at: what is held is not copied.
    ///
    /// # Errors
    /// As of [`Store::read`].
    pub fn look(&self, source: &Source, given: &Given) -> Result<Arc<Read>, Error> {
        if let Some(read) = self.panels.get(source, given) {
            return Ok(read);
        }
        let read = Arc::new(almanac_ingest::read_given(source, given)?);
        self.panels.put(source, given, &read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &str = "unique_id,ds,y\na,2024-01-01,1\na,2024-01-02,2\n";

    async fn stored(bytes: u64) -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).await.unwrap().holding(bytes);
        (folder, store)
    }

    async fn put(store: &Store, name: &str, rows: &str) -> Given {
        let mut file = store.upload().unwrap();
        std::io::Write::write_all(&mut file, rows.as_bytes()).unwrap();
        let from = From::File(file.path().into());
        let given = Given { name: name.into(), source: Source::default(), from, most: None };
        let read = almanac_ingest::read_given(&Source::default(), &given).unwrap();
        store.given(&store.put_set(name, read).await.unwrap().0)
    }

    fn names(store: &Store) -> Vec<String> {
        locked(&store.panels.held).iter().map(|one| one.given.name.clone()).collect()
    }

    /// What is held is what was read; another reading of the same file is another; a set that was
    /// replaced is read anew, and its old rows are let go.
    #[tokio::test(flavor = "multi_thread")]
    async fn never_stale() {
        let (_folder, store) = stored(1 << 20).await;
        let plain = Source::default();
        let given = put(&store, "a", ROWS).await;
        let first = store.read(&plain, &given).unwrap();
        assert_eq!(store.read(&plain, &given).unwrap(), first);
        assert_eq!(names(&store), ["a"]);
        let late = Source { from: Some("2024-01-02".into()), ..Source::default() };
        assert_eq!(store.read(&late, &given).unwrap().panel.rows(), 1);
        assert_eq!(names(&store), ["a", "a"]);
        let given = put(&store, "a", &ROWS.replace(",2\n", ",3\n")).await;
        assert_eq!(names(&store), Vec::<String>::new());
        assert_eq!(store.read(&plain, &given).unwrap().panel.series(0).y, [1.0, 3.0]);
    }

    /// The set that was read longest ago goes first; one that is larger than all may be is not held.
    #[tokio::test(flavor = "multi_thread")]
    async fn bounded() {
        let size = 2 * 16 + 1 + size_of::<String>() as u64;
        let (_folder, store) = stored(2 * size).await;
        let plain = Source::default();
        let mut given = Vec::new();
        for name in ["a", "b", "c"] {
            given.push(put(&store, name, ROWS).await);
        }
        for place in [0, 1, 0, 2] {
            store.read(&plain, &given[place]).unwrap();
        }
        assert_eq!(names(&store), ["a", "c"]);
        let large =
            put(&store, "large", &ROWS.replace("a,", &format!("{},", "x".repeat(99)))).await;
        store.read(&plain, &large).unwrap();
        assert_eq!(names(&store), ["a", "c"]);
    }
}
