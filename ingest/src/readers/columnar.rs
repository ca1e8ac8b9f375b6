//! Parquet and Arrow IPC, scanned slice by slice.

use std::io::{BufReader, Read};

use almanac_data::Source;
use polars::prelude::*;

use super::{Opened, PLACE, Reader, Wanted, guarded};
use crate::error::ReadError;
use crate::input::{Bytes, Input};

/// Rows of a slice.
const SLICE: usize = 1 << 18;

/// Rows not yet read, and what is known of their columns.
struct Scanned {
    input: Input,
    rows: LazyFrame,
    schema: SchemaRef,
    from: usize,
    count: usize,
    said: &'static str,
}

pub(super) fn parquet(input: &Input, _: &Source) -> Opened {
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
    let mut head = Vec::new();
    let read = input.raw()?.take(6).read_to_end(&mut head);
    read.map_err(|e| input.io(&e))?;
    if head == b"ARROW1" {
        let sources = sources(input)?;
        return scanned(input, "format: Arrow file", || {
            let hive_options = HiveOptions::new_disabled();
            let args =
                UnifiedScanArgs { cache: false, glob: false, hive_options, ..Default::default() };
            LazyFrame::scan_ipc_sources(sources, IpcScanOptions::default(), args)
        });
    }
    let mut bytes = Vec::new();
    BufReader::new(input.raw()?).read_to_end(&mut bytes).map_err(|e| input.io(&e))?;
    scanned(input, "format: Arrow stream", || {
        Ok(IpcStreamReader::new(std::io::Cursor::new(bytes)).finish()?.lazy())
    })
}

fn scanned(
    input: &Input,
    said: &'static str,
    open: impl FnOnce() -> PolarsResult<LazyFrame>,
) -> Opened {
    let (rows, schema, count) = guarded(input, || {
        let mut rows = open()?;
        let schema = rows.collect_schema()?;
        let counted = rows.clone().select([len().cast(DataType::UInt64)]).collect()?;
        let count = counted.columns()[0].u64()?.get(0).unwrap_or(0);
        Ok((rows.with_row_index(PLACE, Some(1)), schema, count as usize))
    })?;
    Ok(Box::new(Scanned { input: input.clone(), rows, schema, from: 0, count, said }))
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
        while self.from < self.count {
            let slice = self.rows.clone().slice(self.from as i64, SLICE as IdxSize);
            let rows = wanted.of(slice, &self.schema);
            self.from += SLICE;
            let frame = guarded(&self.input, || rows.collect())?;
            if frame.height() > 0 {
                return Ok(Some(frame));
            }
        }
        Ok(None)
    }

    fn said(&self) -> Vec<String> {
        vec![self.said.into()]
    }
}
