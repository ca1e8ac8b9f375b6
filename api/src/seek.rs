//! The rows of one series in a table, found through the index of its pages rather than by reading all.
//!
//! ```text
//! row group ─▶ pages whose least and greatest name enclose the series ─▶ its rows
//! ```

use std::fs::File;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::{BooleanArray, RecordBatch};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowPredicateFn, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowFilter, RowSelection,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;

use crate::Error;

/// All rows whose `unique_id` is this one, in their order.
///
/// # Errors
/// A file that is not there, or has no such column.
pub fn series(path: &Path, id: &str) -> Result<Vec<RecordBatch>, Error> {
    let damage = |e: ParquetError| Error::parquet("read", path, e);
    let file = File::open(path).map_err(Error::io("read", path))?;
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
    let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options);
    let reader = reader.map_err(damage)?;
    let columns = reader.parquet_schema().columns();
    let place = columns.iter().position(|column| column.name() == "unique_id");
    let place = place.ok_or_else(|| damage(ParquetError::General("no `unique_id`".into())))?;
    let ranges = ranges(reader.metadata(), place, id.as_bytes());
    let all = reader.metadata().file_metadata().num_rows() as usize;
    let mask = ProjectionMask::leaves(reader.parquet_schema(), [place]);
    let own = id.to_string();
    let same = move |batch: RecordBatch| {
        let ids = batch.column(0).as_string::<i32>();
        Ok(ids.iter().map(|found| Some(found == Some(own.as_str()))).collect::<BooleanArray>())
    };
    let filter = RowFilter::new(vec![Box::new(ArrowPredicateFn::new(mask, same))]);
    let selection = RowSelection::from_consecutive_ranges(ranges.into_iter(), all);
    let rows = reader.with_row_selection(selection).with_row_filter(filter).build();
    rows.map_err(damage)?.map(|batch| batch.map_err(|e| damage(e.into()))).collect()
}

/// Rows of the pages that may hold this name; whole row groups where pages have no index.
fn ranges(metadata: &ParquetMetaData, place: usize, id: &[u8]) -> Vec<std::ops::Range<usize>> {
    let (mut ranges, mut start) = (Vec::new(), 0);
    for (group, about) in metadata.row_groups().iter().enumerate() {
        let end = start + about.num_rows() as usize;
        let index = metadata.page_index_for_row_group(group);
        let pages = index.page_locations(place).zip(index.column_index(place));
        match pages {
            Some((pages, ColumnIndexMetaData::BYTE_ARRAY(names))) => {
                for (page, at) in pages.iter().enumerate() {
                    let least = names.min_value(page).is_none_or(|least| least <= id);
                    if least && names.max_value(page).is_none_or(|most| id <= most) {
                        let next = pages.get(page + 1).map(|next| next.first_row_index as usize);
                        let from = start + at.first_row_index as usize;
                        ranges.push(from..next.map_or(end, |next| start + next));
                    }
                }
            }
            _ => ranges.push(start..end),
        }
        start = end;
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{TableFile, batch, numbers, words};
    use std::sync::Arc;

    /// 3 folds of 200,000 rows over 1,000 series: of one series every row of every fold comes, in
    /// order, from a few pages.
    #[test]
    fn rows_of_one_series() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        let mut file = TableFile::new(&path);
        let ids: Vec<String> = (0..1000).map(|k| format!("s{k:04}")).collect();
        for fold in 0..3 {
            let names = ids.iter().flat_map(|id| std::iter::repeat_n(id, 200));
            let values = (0..200_000).map(|row| f64::from(fold * 200_000 + row));
            let columns =
                vec![words("unique_id", names), ("y".into(), Arc::new(numbers(values)) as _)];
            file.add(batch(columns)).unwrap();
        }
        file.close().unwrap();
        let read = |id: &str| -> Vec<f64> {
            let batches = series(&path, id).unwrap();
            let y = |b: &RecordBatch| {
                b.column(1).as_primitive::<arrow_array::types::Float64Type>().values().to_vec()
            };
            batches.iter().flat_map(y).collect()
        };
        let own = read("s0500");
        let expected =
            (0..3).flat_map(|fold| (0..200).map(move |k| f64::from(fold * 200_000 + 100_000 + k)));
        assert_eq!(own, expected.collect::<Vec<_>>());
        assert!(read("s05000").is_empty());
        let reader = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
        let file = File::open(&path).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(file, reader).unwrap();
        let looked: usize =
            ranges(reader.metadata(), 0, b"s0500").iter().map(|range| range.len()).sum();
        assert!(looked < 150_000, "{looked} of 600,000 rows");
    }
}
