//! Parquet and Arrow IPC: a few rows to settle the columns, then the rest as a stream of frames.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek, SeekFrom};
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, sync_channel};

use almanac_data::Source;
use polars::prelude::*;

use super::{Opened, PLACE, Reader, Wanted, envelope, guarded, pages};
use crate::error::ReadError;
use crate::input::{Bytes, Input};

/// Rows of a frame, as near as the file's own groups allow.
const ROWS: usize = 1 << 18;

/// Rows not yet read, and what is known of their columns.
struct Scanned {
    input: Input,
    rows: LazyFrame,
    schema: SchemaRef,
    said: &'static str,
    /// Rows given out before the columns were settled.
    head: usize,
    /// The rest, once it is asked for.
    frames: Option<Receiver<Result<DataFrame, ReadError>>>,
}

pub(super) fn parquet(input: &Input, _: &Source) -> Opened {
    if let Bytes::File(path) = &input.bytes {
        let file = File::open(path).map_err(|e| input.io(&e))?;
        guarded(input, || Ok(pages::check(file)))?.map_err(|e| input.malformed(e))?;
    }
    let sources = sources(input)?;
    scanned(input, "format: Parquet", || {
        let hive_options = HiveOptions::new_disabled();
        let args =
            ScanArgsParquet { cache: false, glob: false, hive_options, ..Default::default() };
        LazyFrame::scan_parquet_sources(sources, args)
    })
}

/// An Arrow file can be sliced; a stream has no index and is read whole.
pub(super) fn arrow(input: &Input, _: &Source) -> Opened {
    let mut bytes = Vec::new();
    input.raw()?.take(6).read_to_end(&mut bytes).map_err(|e| input.io(&e))?;
    if let (b"ARROW1", Bytes::File(path)) = (bytes.as_slice(), &input.bytes) {
        let mut file = File::open(path).map_err(|e| input.io(&e))?;
        let size = file.seek(SeekFrom::End(0)).map_err(|e| input.io(&e))?;
        file.seek(SeekFrom::Start(8)).map_err(|e| input.io(&e))?;
        envelope::check(BufReader::new(file), size).map_err(|e| input.malformed(e))?;
        let sources = sources(input)?;
        return scanned(input, "format: Arrow file", || {
            let hive_options = HiveOptions::new_disabled();
            let args =
                UnifiedScanArgs { cache: false, glob: false, hive_options, ..Default::default() };
            LazyFrame::scan_ipc_sources(sources, IpcScanOptions::default(), args)
        });
    }
    bytes.clear();
    input.raw()?.read_to_end(&mut bytes).map_err(|e| input.io(&e))?;
    envelope::check(Cursor::new(&bytes), bytes.len() as u64).map_err(|e| input.malformed(e))?;
    scanned(input, "format: Arrow stream", || {
        Ok(IpcStreamReader::new(Cursor::new(bytes)).finish()?.lazy())
    })
}

fn scanned(
    input: &Input,
    said: &'static str,
    open: impl FnOnce() -> PolarsResult<LazyFrame>,
) -> Opened {
    let (rows, schema) = guarded(input, || {
        let mut rows = open()?;
        let schema = rows.collect_schema()?;
        Ok((rows.with_row_index(PLACE, Some(1)), schema))
    })?;
    let input = input.clone();
    Ok(Box::new(Scanned { input, rows, schema, said, head: 0, frames: None }))
}

/// The file as Polars takes it.
fn sources(input: &Input) -> Result<ScanSources, ReadError> {
    let Bytes::File(path) = &input.bytes else {
        return Err(input.malformed("shipped sets are delimited text"));
    };
    let path = PlRefPath::try_from_path(path).map_err(|e| input.malformed(e))?;
    Ok(ScanSources::Paths([path].into_iter().collect()))
}

impl Reader for Scanned {
    fn next(&mut self, wanted: &Wanted) -> Result<Option<DataFrame>, ReadError> {
        if wanted.columns.is_none() {
            let rows = wanted.of(self.rows.clone().slice(0, ROWS as IdxSize), &self.schema);
            self.head = ROWS;
            let frame = guarded(&self.input, || rows.collect())?;
            return Ok(Some(frame).filter(|frame| frame.height() > 0));
        }
        let frames = match self.frames.take() {
            Some(frames) => frames,
            None => {
                let rest = self.rows.clone().slice(self.head as i64, IdxSize::MAX);
                stream(self.input.clone(), wanted.of(rest, &self.schema))
            }
        };
        let frame = frames.recv().ok().transpose()?;
        self.frames = Some(frames);
        Ok(frame)
    }

    fn said(&self) -> Vec<String> {
        vec![self.said.into()]
    }
}

/// Runs the plan on the streaming engine, which hands over each frame as it is ready and in order.
fn stream(input: Input, rows: LazyFrame) -> Receiver<Result<DataFrame, ReadError>> {
    let (send, frames) = sync_channel(1);
    std::thread::spawn(move || {
        let hand = send.clone();
        let give = PlanCallback::new(move |frame: DataFrame| Ok(hand.send(Ok(frame)).is_err()));
        let done = guarded(&input, || {
            let rows = rows.sink_batches(give, true, NonZeroUsize::new(ROWS))?;
            rows.collect_with_engine(Engine::Streaming)
        });
        if let Err(error) = done {
            // Whoever read has gone: there is nobody to tell.
            let _ = send.send(Err(error));
        }
    });
    frames
}
