//! Text in blocks of whole lines, so that a file of any size is read in a few megabytes.

use std::io::Read;

use super::encoding;
use crate::error::ReadError;
use crate::input::Input;

/// Bytes of a block; a line longer than sixteen blocks is refused.
const BLOCK: usize = 4 << 20;

/// A text read block by block.
pub(crate) struct Text {
    from: Box<dyn Read + Send>,
    pub name: String,
    held: Vec<u8>,
    done: bool,
    /// The encoding, where it is not UTF-8.
    encoding: Option<&'static str>,
    /// Number of the first line held, from 1.
    pub line: usize,
}

impl Text {
    pub fn open(input: &Input, stated: Option<&str>) -> Result<Text, ReadError> {
        let (from, encoding) = encoding::open(input, stated)?;
        let (name, held) = (input.name.clone(), Vec::new());
        let mut text = Text { from, name, held, done: false, encoding, line: 1 };
        text.fill()?;
        if text.held.starts_with(b"\xEF\xBB\xBF") {
            text.held.drain(..3);
        }
        if text.held.iter().take(64).any(|&byte| byte == 0) {
            return Err(text.malformed("zero bytes: this is not UTF-8 text".into()));
        }
        Ok(text)
    }

    /// What is held now, and whether nothing follows it.
    pub fn held(&self) -> (&[u8], bool) {
        (&self.held, self.done)
    }

    /// What is peculiar about it, for the audit.
    pub fn said(&self) -> Option<String> {
        self.encoding.map(|name| format!("encoding: {name}"))
    }

    /// Forgets what was understood: bytes from the front, holding this many line ends.
    pub fn take(&mut self, bytes: usize, lines: usize) {
        self.held.drain(..bytes);
        self.line += lines;
    }

    /// Reads one more block behind what is held.
    pub fn fill(&mut self) -> Result<(), ReadError> {
        if self.held.len() > 16 * BLOCK {
            return Err(self.malformed("a line of more than 64 MiB, or a quote left open".into()));
        }
        let before = self.held.len();
        let read = self.from.by_ref().take(BLOCK as u64).read_to_end(&mut self.held);
        let broken = read.map_err(|e| e.to_string());
        if let Err(reason) = broken {
            return Err(self.malformed(reason));
        }
        self.done = self.held.len() - before < BLOCK;
        Ok(())
    }

    /// Up to `most` whole lines from the front, with their numbers; empty at the end of the text.
    pub fn lines(&mut self, most: usize) -> Result<Vec<(usize, String)>, ReadError> {
        loop {
            let ends: Vec<usize> = memchr::memchr_iter(b'\n', &self.held).take(most).collect();
            let mut end = ends.last().map_or(0, |last| last + 1);
            if self.done && ends.len() < most {
                end = self.held.len();
            }
            if end == 0 && !self.done {
                self.fill()?;
                continue;
            }
            let text = utf8(&self.held[..end], self.line, &self.name)?;
            let numbered = text.lines().enumerate();
            let lines = numbered.map(|(k, line)| (self.line + k, line.to_string())).collect();
            self.take(end, ends.len());
            if self.held.len() < BLOCK / 2 && !self.done {
                self.fill()?;
            }
            return Ok(lines);
        }
    }

    pub fn malformed(&self, reason: String) -> ReadError {
        ReadError::Malformed { place: place(&self.name, self.line), reason }
    }
}

/// The bytes as text.
///
/// # Errors
/// The line of the first byte that is not UTF-8.
pub(crate) fn utf8<'a>(bytes: &'a [u8], line: usize, name: &str) -> Result<&'a str, ReadError> {
    std::str::from_utf8(bytes).map_err(|e| {
        let good = &bytes[..e.valid_up_to()];
        let line = line + memchr::memchr_iter(b'\n', good).count();
        let byte = bytes.get(e.valid_up_to()).copied().unwrap_or_default();
        let reason =
            format!("byte 0x{byte:02X} is not UTF-8 text: state `encoding`, or save it as UTF-8");
        ReadError::Malformed { place: place(name, line), reason }
    })
}

/// A line of a file, in words.
pub(crate) fn place(name: &str, line: usize) -> String {
    format!("{name}, line {line}")
}
