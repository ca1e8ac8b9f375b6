//! Files that appear under their name only when they are complete.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::Error;

/// A file being written under a temporary name beside its own.
pub struct Atomic {
    path: PathBuf,
    temp: PathBuf,
    file: BufWriter<File>,
    done: bool,
}

impl Atomic {
    /// Opens the temporary file; what an interrupted writer left there is overwritten.
    ///
    /// # Errors
    /// A folder that is not there or not writable.
    pub fn create(path: &Path) -> Result<Atomic, Error> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let temp = path.with_file_name(format!(".{name}.unfinished"));
        let file = File::create(&temp).map_err(Error::io("write", path))?;
        Ok(Atomic { path: path.into(), temp, file: BufWriter::new(file), done: false })
    }

    /// Makes sure that the bytes are on the disk and gives the file its name.
    ///
    /// # Errors
    /// A full disk, a folder that went away.
    pub fn commit(mut self) -> Result<(), Error> {
        let finish = |own: &mut Atomic| {
            own.file.flush()?;
            own.file.get_ref().sync_all()?;
            fs::rename(&own.temp, &own.path)
        };
        finish(&mut self).map_err(Error::io("write", &self.path))?;
        self.done = true;
        sync_folder(&self.path).map_err(Error::io("write", &self.path))
    }
}

/// Writes a whole file at once.
///
/// # Errors
/// As for [`Atomic`].
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut file = Atomic::create(path)?;
    file.write_all(bytes).map_err(Error::io("write", path))?;
    file.commit()
}

impl Write for Atomic {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Atomic {
    fn drop(&mut self) {
        if !self.done {
            // Nothing can be done about a temporary file that does not go away.
            let _ = fs::remove_file(&self.temp);
        }
    }
}

/// SHA-256 of a file in hexadecimal, and its size.
///
/// # Errors
/// A file that cannot be read.
pub fn fingerprint(path: &Path) -> Result<(String, u64), Error> {
    let read = || -> io::Result<(String, u64)> {
        let mut hash = HashWriter(Sha256::new());
        let size = io::copy(&mut File::open(path)?, &mut hash)?;
        Ok((hash.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect(), size))
    };
    read().map_err(Error::io("read", path))
}

struct HashWriter(Sha256);

impl Write for HashWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A rename is safe from a power cut once its folder is on the disk; only Unix can open one.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Until the commit the old content stands; a writer that gives up leaves nothing behind.
    #[test]
    fn all_or_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        write(&path, b"old").unwrap();
        let mut file = Atomic::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        drop(file);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        write(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }
}
