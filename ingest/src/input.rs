//! Which files a source means, and their bytes: globs, named sets, compression, fingerprints.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use almanac_data::{Format, Source, SourceFile, Tidy, nearest};
use sha2::{Digest, Sha256};

use crate::cards::{self, Card};
use crate::error::ReadError;
use crate::given::{Cells, From, Given};
use crate::notes::Notes;

/// One file, or the bytes of a shipped set.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    /// As a person would write it.
    pub name: String,
    pub bytes: Bytes,
    /// SHA-256 that the card promises.
    pub promised: Option<String>,
    /// The most rows that are taken, and bytes once unpacked.
    pub most: (usize, u64),
}

#[derive(Clone)]
pub(crate) enum Bytes {
    File(PathBuf),
    Shipped(&'static [u8]),
    /// Columns that were parsed elsewhere.
    Columns(Arc<Vec<(String, Cells)>>),
}

/// As many as there are.
const ANY: (usize, u64) = (usize::MAX, u64::MAX);

/// What a file is known by.
pub(crate) struct Print {
    sha256: String,
    bytes: u64,
}

/// The source with its card's words filled in, and the inputs it means.
pub(crate) fn resolve(
    source: &Source,
    data_root: Option<&Path>,
) -> Result<(Source, Vec<Input>), ReadError> {
    let Some(name) = &source.set else {
        if source.path.is_empty() {
            return Err(ReadError::NoSource);
        }
        let inputs = source.path.iter().map(|path| files(path)).collect::<Result<Vec<_>, _>>()?;
        return Ok((source.clone(), inputs.concat()));
    };
    let set = cards::lookup(name)?;
    let card = set.read()?;
    let bytes = match set.bytes {
        Some(bytes) => Bytes::Shipped(bytes),
        None => Bytes::File(here(&card, &card.file, data_root)?),
    };
    let mut stated = card.source.clone();
    let joined = stated.join.iter_mut().map(|file| &mut file.path);
    for path in joined.chain(stated.curves.as_mut().map(|file| &mut file.path)) {
        *path = here(&card, path, data_root)?.display().to_string();
    }
    let input = Input { name: name.clone(), bytes, promised: card.sha256, most: ANY };
    Ok((merge(stated, source), vec![input]))
}

/// The same for rows that somebody gives.
pub(crate) fn given(source: &Source, given: &Given) -> (Source, Input) {
    let bytes = match &given.from {
        From::File(path) => Bytes::File(path.clone()),
        From::Columns(columns) => Bytes::Columns(Arc::clone(columns)),
    };
    let most = given.most.unwrap_or(ANY);
    let input = Input { name: given.name.clone(), bytes, promised: None, most };
    (merge(given.source.clone(), source), input)
}

/// Where a file of a set lies.
fn here(card: &Card, file: &str, data_root: Option<&Path>) -> Result<PathBuf, ReadError> {
    let path = data_root.unwrap_or(Path::new("DATA_ROOT")).join(file);
    if data_root.is_some() && path.is_file() {
        return Ok(path);
    }
    Err(ReadError::SetAbsent {
        name: card.name.clone(),
        title: card.title.clone(),
        origin: card.origin.clone(),
        place: path.display().to_string(),
    })
}

/// The one file that a table's settings name beside its own.
pub(crate) fn one(path: &str, sha256: Option<&String>) -> Result<Input, ReadError> {
    match <[Input; 1]>::try_from(files(path)?) {
        Ok([input]) => Ok(Input { promised: sha256.cloned(), ..input }),
        Err(many) => {
            let reason = format!("{} files match where one is meant", many.len());
            Err(ReadError::Io { path: path.into(), reason })
        }
    }
}

/// What the user says, over what the card says.
fn merge(card: Source, over: &Source) -> Source {
    let over = over.clone();
    let many = |over: Vec<String>, card| if over.is_empty() { card } else { over };
    Source {
        set: over.set,
        path: Vec::new(),
        format: over.format.or(card.format),
        layout: over.layout.or(card.layout),
        id: over.id.or(card.id),
        time: over.time.or(card.time),
        target: over.target.or(card.target),
        known: many(over.known, card.known),
        past: many(over.past, card.past),
        open: many(over.open, card.open),
        close: many(over.close, card.close),
        statics: many(over.statics, card.statics),
        columns: many(over.columns, card.columns),
        label: many(over.label, card.label),
        classes: over.classes.or(card.classes),
        join: if over.join.is_empty() { card.join } else { over.join },
        curves: over.curves.or(card.curves),
        keep: if over.keep.is_empty() { card.keep } else { over.keep },
        from: over.from.or(card.from),
        to: over.to.or(card.to),
        freq: over.freq.or(card.freq),
        season: over.season.or(card.season),
        zone: over.zone.or(card.zone),
        date_format: over.date_format.or(card.date_format),
        encoding: over.encoding.or(card.encoding),
        delimiter: over.delimiter.or(card.delimiter),
        decimal: over.decimal.or(card.decimal),
        resample: over.resample.or(card.resample),
        tidy: if over.tidy == Tidy::default() { card.tidy } else { over.tidy },
    }
}

/// The files of one path or pattern, sorted.
fn files(path: &str) -> Result<Vec<Input>, ReadError> {
    let file = |path: PathBuf| Input {
        name: path.display().to_string(),
        bytes: Bytes::File(path),
        promised: None,
        most: ANY,
    };
    if Path::new(path).is_file() {
        return Ok(vec![file(path.into())]);
    }
    if Path::new(path).is_dir() {
        let reason = format!("is a folder: name its files, as in {path}/*.csv");
        return Err(ReadError::Io { path: path.into(), reason });
    }
    let matches = glob::glob(path)
        .map_err(|e| ReadError::Io { path: path.into(), reason: format!("not a pattern: {e}") })?;
    let mut found: Vec<PathBuf> = matches.flatten().filter(|path| path.is_file()).collect();
    found.sort();
    if found.is_empty() {
        return Err(ReadError::NoFile { path: path.into(), nearest: neighbour(path) });
    }
    Ok(found.into_iter().map(file).collect())
}

/// The file in the same folder whose name is closest.
fn neighbour(path: &str) -> Option<String> {
    let path = Path::new(path);
    let name = path.file_name()?.to_str()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let entries = folder.unwrap_or(Path::new(".")).read_dir().ok()?;
    let mut names: Vec<String> =
        entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    let close = nearest(name, names.iter().map(String::as_str))?;
    Some(path.with_file_name(close).display().to_string())
}

impl Input {
    /// Name without folder and endings: the name of a series that has no other.
    pub fn stem(&self) -> &str {
        let name = self.name.rsplit(['/', '\\']).next().unwrap_or(&self.name);
        name.split('.').next().filter(|stem| !stem.is_empty()).unwrap_or(name)
    }

    pub fn io(&self, error: &io::Error) -> ReadError {
        ReadError::Io { path: self.name.clone(), reason: error.to_string() }
    }

    pub fn malformed(&self, reason: impl fmt::Display) -> ReadError {
        ReadError::Malformed { place: self.name.clone(), reason: reason.to_string() }
    }

    /// The bytes as they lie.
    pub fn raw(&self) -> Result<Box<dyn Read + Send>, ReadError> {
        Ok(match &self.bytes {
            Bytes::File(path) => Box::new(File::open(path).map_err(|e| self.io(&e))?),
            Bytes::Shipped(bytes) => Box::new(Cursor::new(*bytes)),
            Bytes::Columns(_) => Box::new(io::empty()),
        })
    }

    /// The bytes after gzip or zstd, found by their first bytes.
    pub fn text(&self) -> Result<Box<dyn Read + Send>, ReadError> {
        let head = head(self.raw()?).map_err(|e| self.io(&e))?;
        let raw = self.raw()?;
        let (left, most) = (self.most.1, self.most.1);
        Ok(match Packing::of(&head) {
            Packing::None => raw,
            Packing::Gzip => {
                let from = flate2::read::MultiGzDecoder::new(BufReader::new(raw));
                Box::new(Limited { from, left, most })
            }
            Packing::Zstd => {
                let from = zstd::stream::read::Decoder::new(raw).map_err(|e| self.io(&e))?;
                Box::new(Limited { from, left, most })
            }
        })
    }

    /// The format: as stated, or by first bytes, or by ending.
    pub fn format(&self, stated: Option<Format>) -> Result<Format, ReadError> {
        let head = head(self.text()?).map_err(|e| self.malformed(e))?;
        if head.is_empty() {
            return Err(ReadError::Empty { path: self.name.clone() });
        }
        for (magic, what) in [
            (&b"PK\x03\x04"[..], "a zip archive or spreadsheet: unpack it, or save it as CSV"),
            (b"\x89HDF", "an HDF5 file, which is no table"),
        ] {
            if head.starts_with(magic) {
                return Err(self.malformed(what));
            }
        }
        let seen = seen(&head);
        let raw = self::head(self.raw()?).map_err(|e| self.io(&e))?;
        if matches!(seen, Some(Format::Parquet | Format::Arrow)) && raw != head {
            return Err(self.malformed("compressed as a whole: unpack it first"));
        }
        match (stated, seen) {
            (Some(Format::Bars), Some(seen)) | (None, Some(seen)) => Ok(seen),
            (Some(stated), _) => Ok(stated),
            (None, None) => Ok(self.by_ending().unwrap_or(Format::Csv)),
        }
    }

    fn by_ending(&self) -> Option<Format> {
        let name = self.name.to_lowercase();
        let name = name.trim_end_matches(".gz").trim_end_matches(".zst");
        Some(match name.rsplit('.').next()? {
            "tsv" | "tab" => Format::Tsv,
            "parquet" | "pq" => Format::Parquet,
            "arrow" | "arrows" | "ipc" | "feather" => Format::Arrow,
            "ndjson" | "jsonl" | "json" => Format::Ndjson,
            "tsf" => Format::Tsf,
            _ => return None,
        })
    }

    /// Reads the file while another thread hashes it.
    pub fn hashed<T>(
        &self,
        read: impl FnOnce() -> Result<T, ReadError>,
    ) -> Result<(T, Print), ReadError> {
        if let Bytes::Columns(columns) = &self.bytes {
            return Ok((read()?, Print::of_columns(columns)));
        }
        thread::scope(|scope| {
            let print = scope.spawn(|| self.fingerprint());
            let done = read()?;
            let print = print.join().map_err(|_| self.malformed("cannot be hashed"))?;
            Ok((done, print?))
        })
    }

    /// The file as a run remembers it; one that is not what its card promises is noted.
    pub fn described(&self, print: Print, rows: usize, notes: &mut Notes) -> SourceFile {
        let Print { sha256, bytes } = print;
        if self.promised.as_ref().is_some_and(|promised| *promised != sha256) {
            let name = &self.name;
            notes.say(format!("{name} is not the file its card describes: SHA-256 {sha256}"));
        }
        SourceFile { path: self.name.clone(), sha256, bytes, rows }
    }

    /// SHA-256 in hexadecimal, and the size in bytes.
    fn fingerprint(&self) -> Result<Print, ReadError> {
        let mut from = self.raw()?;
        let (mut hash, mut size, mut block) = (Sha256::new(), 0, vec![0; 1 << 16]);
        loop {
            match from.read(&mut block).map_err(|e| self.io(&e))? {
                0 => break,
                n => {
                    hash.update(&block[..n]);
                    size += n as u64;
                }
            }
        }
        Ok(Print { sha256: hex(hash), bytes: size })
    }
}

impl Print {
    /// Of names and cells, each after its length.
    fn of_columns(columns: &[(String, Cells)]) -> Print {
        let (mut hash, mut bytes) = (Sha256::new(), 0);
        let mut add = |part: &[u8]| {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
            bytes += part.len() as u64;
        };
        for (name, cells) in columns {
            add(name.as_bytes());
            match cells {
                Cells::Words(words) => words.iter().for_each(|word| match word {
                    Some(word) => add(word.as_bytes()),
                    None => add(b"\0"),
                }),
                Cells::Numbers(numbers) => {
                    let all: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
                    add(&all);
                }
            }
        }
        Print { sha256: hex(hash), bytes }
    }
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Unpacked bytes, up to a limit.
struct Limited<R> {
    from: R,
    left: u64,
    most: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(into)? as u64;
        let over = || io::Error::other(format!("over {} bytes once unpacked", self.most));
        self.left = self.left.checked_sub(read).ok_or_else(over)?;
        Ok(read as usize)
    }
}

enum Packing {
    None,
    Gzip,
    Zstd,
}

impl Packing {
    fn of(head: &[u8]) -> Packing {
        match head {
            [0x1f, 0x8b, ..] => Packing::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Packing::Zstd,
            _ => Packing::None,
        }
    }
}

/// The format that the first bytes give away.
fn seen(head: &[u8]) -> Option<Format> {
    match head {
        [b'P', b'A', b'R', b'1', ..] => Some(Format::Parquet),
        [b'A', b'R', b'R', b'O', b'W', b'1', ..] | [0xff, 0xff, 0xff, 0xff, ..] => {
            Some(Format::Arrow)
        }
        [b'{', ..] => Some(Format::Ndjson),
        _ => None,
    }
}

/// Up to eight first bytes.
pub(crate) fn head(mut from: impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    from.by_ref().take(8).read_to_end(&mut head)?;
    Ok(head)
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bytes::File(path) => write!(f, "{}", path.display()),
            Bytes::Shipped(bytes) => write!(f, "{} bytes", bytes.len()),
            Bytes::Columns(columns) => write!(f, "{} columns", columns.len()),
        }
    }
}
