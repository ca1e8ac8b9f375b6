//! The envelope of Arrow IPC, checked before its content is read.
//!
//! A message states the lengths of its buffers, and whoever decodes it allocates them before reading.
//! A length that the file does not have room for would end the program, not just the reading.

use std::io::{self, Read, Seek, SeekFrom};

use polars_arrow_format::ipc::planus::ReadAsRoot;
use polars_arrow_format::ipc::{MessageHeaderRef, MessageRef, RecordBatchRef};

/// Rows that a byte of a message may stand for, compressed.
const DENSE: usize = 4096;

/// Checks message by message from here to the end of the stream.
pub(super) fn check(mut from: impl Read + Seek, size: u64) -> Result<(), String> {
    let broken = |e: io::Error| e.to_string();
    loop {
        let mut length = word(&mut from)?;
        if length == Some(u32::MAX) {
            length = word(&mut from)?;
        }
        let Some(length) = length.filter(|&length| length > 0) else { return Ok(()) };
        let mut bytes = Vec::new();
        from.by_ref().take(u64::from(length)).read_to_end(&mut bytes).map_err(broken)?;
        if bytes.len() < length as usize {
            return Err("a message is cut short".into());
        }
        let room = size.saturating_sub(from.stream_position().map_err(broken)?);
        let body = message(&bytes, room).map_err(|e| format!("a message is broken: {e}"))?;
        from.seek(SeekFrom::Current(body)).map_err(broken)?;
    }
}

fn word(from: &mut impl Read) -> Result<Option<u32>, String> {
    let mut bytes = [0; 4];
    match from.read_exact(&mut bytes) {
        Ok(()) => Ok(Some(u32::from_le_bytes(bytes))),
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(e) => Err(e.to_string()),
    }
}

/// The length of the body, which has room for every buffer that the message names.
fn message(bytes: &[u8], room: u64) -> Result<i64, String> {
    let words = |e: polars_arrow_format::ipc::planus::Error| e.to_string();
    let message = MessageRef::read_as_root(bytes).map_err(words)?;
    let body = message.body_length().map_err(words)?;
    if body < 0 || body as u64 > room {
        return Err(format!("a body of {body} bytes where {room} follow"));
    }
    let batch = match message.header().map_err(words)? {
        Some(MessageHeaderRef::RecordBatch(batch)) => Some(batch),
        Some(MessageHeaderRef::DictionaryBatch(batch)) => batch.data().map_err(words)?,
        _ => None,
    };
    match batch.map(|batch| largest(batch).map_err(words)).transpose()? {
        Some((buffer, _)) if buffer < 0 || buffer > body => {
            Err(format!("a buffer of {buffer} bytes in a body of {body}"))
        }
        Some((_, rows)) if rows < 0 || rows as usize / DENSE > body as usize => {
            Err(format!("{rows} rows in a body of {body} bytes"))
        }
        _ => Ok(body),
    }
}

/// The longest buffer and the most rows; what is negative counts as the largest.
fn largest(
    batch: RecordBatchRef<'_>,
) -> Result<(i64, i64), polars_arrow_format::ipc::planus::Error> {
    let worst = |a: i64, b: i64| if (b as u64) > (a as u64) { b } else { a };
    let buffers = batch.buffers()?.into_iter().flatten();
    let buffer = buffers.map(|buffer| buffer.length()).fold(0, worst);
    let nodes = batch.nodes()?.into_iter().flatten();
    let rows = nodes.map(|node| node.length()).fold(batch.length()?, worst);
    Ok((buffer, rows))
}
