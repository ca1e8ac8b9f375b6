//! Text of other encodings, decoded as it is read: UTF-16 by its mark, Windows-1252 as stated.

use std::io::{self, Read};

use crate::error::ReadError;
use crate::input::{self, Input};

#[derive(Clone, Copy)]
enum Encoding {
    Utf16(fn([u8; 2]) -> u16),
    Windows1252,
}

/// What Windows-1252 has from 0x80 to 0x9F, where Latin-1 has control characters.
const WINDOWS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// A text that becomes UTF-8 on its way.
struct Decoded {
    from: Box<dyn Read + Send>,
    encoding: Encoding,
    /// Bytes that are not yet a whole letter.
    rest: Vec<u8>,
    held: Vec<u8>,
    given: usize,
    done: bool,
}

/// The text of a file as UTF-8, and the name of its encoding where that is another.
pub(super) fn open(
    input: &Input,
    stated: Option<&str>,
) -> Result<(Box<dyn Read + Send>, Option<&'static str>), ReadError> {
    let head = input::head(input.text()?).map_err(|e| input.malformed(e))?;
    let (encoding, name) = match (head.as_slice(), stated.map(str::to_lowercase).as_deref()) {
        ([0xFF, 0xFE, ..], _) => (Encoding::Utf16(u16::from_le_bytes), "UTF-16LE"),
        ([0xFE, 0xFF, ..], _) => (Encoding::Utf16(u16::from_be_bytes), "UTF-16BE"),
        (_, None | Some("utf-8" | "utf8")) => return Ok((input.text()?, None)),
        (_, Some("windows-1252" | "latin1" | "latin-1" | "iso-8859-1")) => {
            (Encoding::Windows1252, "windows-1252")
        }
        (_, Some(other)) => {
            let reason = "it is utf-8 or windows-1252; UTF-16 is known by its mark".into();
            return Err(ReadError::Setting { name: "encoding", value: other.into(), reason });
        }
    };
    let mut from = input.text()?;
    if let Encoding::Utf16(_) = encoding {
        from.read_exact(&mut [0; 2]).map_err(|e| input.malformed(e))?;
    }
    let (rest, held) = (Vec::new(), Vec::new());
    Ok((Box::new(Decoded { from, encoding, rest, held, given: 0, done: false }), Some(name)))
}

impl Decoded {
    /// Decodes one more block.
    fn fill(&mut self) -> io::Result<()> {
        let read = self.from.by_ref().take(1 << 16).read_to_end(&mut self.rest)?;
        self.done = read == 0;
        let (text, used) = match self.encoding {
            Encoding::Utf16(unit) => utf16(&self.rest, unit, self.done)?,
            Encoding::Windows1252 => {
                let letter = |&byte: &u8| match byte {
                    0x80..=0x9F => WINDOWS[usize::from(byte - 0x80)],
                    other => char::from(other),
                };
                (self.rest.iter().map(letter).collect::<String>(), self.rest.len())
            }
        };
        self.rest.drain(..used);
        (self.held, self.given) = (text.into_bytes(), 0);
        Ok(())
    }
}

/// The whole letters of these bytes, and how many bytes they are.
fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16, last: bool) -> io::Result<(String, usize)> {
    let broken = || io::Error::other("bytes that are no UTF-16 text");
    let mut units: Vec<u16> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
    if last && bytes.len() % 2 == 1 {
        return Err(broken());
    }
    if !last && units.last().is_some_and(|unit| (0xD800..0xDC00).contains(unit)) {
        units.pop();
    }
    let text = char::decode_utf16(units.iter().copied()).collect::<Result<String, _>>();
    Ok((text.map_err(|_| broken())?, 2 * units.len()))
}

impl Read for Decoded {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.held.len() && !self.done {
            self.fill()?;
        }
        let count = (&self.held[self.given..]).read(out)?;
        self.given += count;
        Ok(count)
    }
}
