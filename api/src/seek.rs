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

/// A column of whole numbers, or of stamps, and the value that is looked for.
pub type Number<'a> = (&'a str, i64);

/// All rows whose `unique_id` is this one, in their order. Pages that cannot hold the number are
/// passed over: rows that have another may come along.
///
/// # Errors
/// A file that is not there, or has no such columns.
pub fn series(
    path: &Path,
    id: &str,
    number: Option<Number<'_>>,
) -> Result<Vec<RecordBatch>, Error> {
    let damage = |e: ParquetError| Error::parquet("read", path, e);
    let file = File::open(path).map_err(Error::io("read", path))?;
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
    let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options);
    let reader = reader.map_err(damage)?;
    let place = |name: &str| {
        let columns = reader.parquet_schema().columns();
        let place = columns.iter().position(|column| column.name() == name);
        place.ok_or_else(|| damage(ParquetError::General(format!("no column `{name}`"))))
    };
    let ids = place("unique_id")?;
    let mut selection = pages(reader.metadata(), ids, &|index, page| match index {
        ColumnIndexMetaData::BYTE_ARRAY(names) => {
            let least = names.min_value(page).is_none_or(|least| least <= id.as_bytes());
            least && names.max_value(page).is_none_or(|most| id.as_bytes() <= most)
        }
        _ => true,
    });
    if let Some((name, value)) = number {
        let holds = |least: Option<i64>, most: Option<i64>| {
            least.is_none_or(|least| least <= value) && most.is_none_or(|most| value <= most)
        };
        let own = pages(reader.metadata(), place(name)?, &|index, page| match index {
            ColumnIndexMetaData::INT32(all) => holds(
                all.min_value(page).map(|&least| i64::from(least)),
                all.max_value(page).map(|&most| i64::from(most)),
            ),
            ColumnIndexMetaData::INT64(all) => {
                holds(all.min_value(page).copied(), all.max_value(page).copied())
            }
            _ => true,
        });
        selection = selection.intersection(&own);
    }
    let mask = ProjectionMask::leaves(reader.parquet_schema(), [ids]);
    let own = id.to_string();
    let same = move |batch: RecordBatch| {
        let ids = batch.column(0).as_string::<i32>();
        Ok(ids.iter().map(|found| Some(found == Some(own.as_str()))).collect::<BooleanArray>())
    };
    let filter = RowFilter::new(vec![Box::new(ArrowPredicateFn::new(mask, same))]);
    let rows = reader.with_row_selection(selection).with_row_filter(filter).build();
    rows.map_err(damage)?.map(|batch| batch.map_err(|e| damage(e.into()))).collect()
}

/// The rows of a column's pages that may hold what is looked for; all of a row group whose pages have
/// no index.
fn pages(
    metadata: &ParquetMetaData,
    place: usize,
    may_hold: &dyn Fn(&ColumnIndexMetaData, usize) -> bool,
) -> RowSelection {
    let (mut ranges, mut start) = (Vec::new(), 0);
    for (group, about) in metadata.row_groups().iter().enumerate() {
        let end = start + about.num_rows() as usize;
        let index = metadata.page_index_for_row_group(group);
        match index.page_locations(place).zip(index.column_index(place)) {
            None => ranges.push(start..end),
            Some((pages, values)) => {
                for (page, at) in
                    pages.iter().enumerate().filter(|(page, _)| may_hold(values, *page))
                {
                    let next =
                        pages.get(page + 1).map(|next| start + next.first_row_index as usize);
                    ranges.push(start + at.first_row_index as usize..next.unwrap_or(end));
                }
            }
        }
        start = end;
    }
    RowSelection::from_consecutive_ranges(ranges.into_iter(), start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use arrow_array::Int32Array;
    use arrow_array::types::Float64Type;

    use crate::tables::{TableFile, batch, numbers, words};

    /// 3 folds of 200,000 rows over 1,000 series: of one series every row of every fold comes, in
    /// order; with its fold, the rows of that fold do, and of no other series.
    #[test]
    fn rows_of_one_series() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        let mut file = TableFile::new(&path);
        let ids: Vec<String> = (0..1000).map(|k| format!("s{k:04}")).collect();
        for fold in 0..3 {
            let names = ids.iter().flat_map(|id| std::iter::repeat_n(id, 200));
            let values = (0..200_000).map(|row| f64::from(fold * 200_000 + row));
            let folds = Int32Array::from_iter_values((0..200_000).map(|_| fold));
            let columns = vec![
                words("unique_id", names),
                ("y".into(), Arc::new(numbers(values)) as _),
                ("fold".into(), Arc::new(folds) as _),
            ];
            file.add(batch(columns)).unwrap();
        }
        file.close().unwrap();
        let read = |id: &str, number| -> Vec<f64> {
            let batches = series(&path, id, number).unwrap();
            let y = |b: &RecordBatch| b.column(1).as_primitive::<Float64Type>().values().to_vec();
            batches.iter().flat_map(y).collect()
        };
        let of = |fold: i32| (0..200).map(move |k| f64::from(fold * 200_000 + 100_000 + k));
        assert_eq!(read("s0500", None), (0..3).flat_map(of).collect::<Vec<_>>());
        let one = read("s0500", Some(("fold", 1)));
        assert!(of(1).all(|y| one.contains(&y)) && one.len() < 600, "{} rows", one.len());
        assert!(read("s05000", None).is_empty() && series(&path, "s0500", Some(("x", 1))).is_err());
    }
}
