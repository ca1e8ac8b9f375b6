//! A tidy panel as a Parquet file: `unique_id`, `ds`, `y` and the declared columns.

use std::path::Path;
use std::sync::Arc;

use almanac_data::{Column, Panel, Role};
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use parquet::errors::ParquetError;

use crate::Error;
use crate::tables::{Named, TableFile, batch, numbers, stamps, words};

/// Rows that are turned into columns at a time, and those of the series that passes this number.
const ROWS_AT_ONCE: usize = 500_000;

/// Writes a panel, a bounded number of rows at a time.
///
/// # Errors
/// A file that cannot be written.
pub fn write(path: &Path, panel: &Panel) -> Result<(), Error> {
    let mut file = TableFile::new(path);
    let mut start = 0;
    while start < panel.len() {
        let limit = panel.span(start).start + ROWS_AT_ONCE;
        let more = (start + 1..panel.len()).find(|&series| limit < panel.span(series).end);
        let end = more.unwrap_or(panel.len());
        file.add(table(panel, start..end))?;
        start = end;
    }
    file.close()
}

/// Some rows of these series, from the first that is asked for, and whether more follow.
///
/// # Errors
/// None that a panel can cause.
pub fn page(
    panel: &Panel,
    some: std::ops::Range<usize>,
    start: usize,
    count: usize,
) -> Result<(RecordBatch, bool), Error> {
    let failed = |e: ParquetError| Error::Failed(e.to_string());
    let (mut first, mut skip) = (some.start, start);
    while first < some.end && skip >= panel.series(first).len() {
        skip -= panel.series(first).len();
        first += 1;
    }
    let mut last = first;
    let mut rows = 0;
    while last < some.end && rows < skip + count {
        rows += panel.series(last).len();
        last += 1;
    }
    let whole = table(panel, first..last).map_err(failed)?;
    let here = whole.num_rows().saturating_sub(skip).min(count);
    let more = last < some.end || skip + count < rows;
    Ok((whole.slice(skip.min(whole.num_rows()), here), more))
}

fn table(panel: &Panel, some: std::ops::Range<usize>) -> Result<RecordBatch, ParquetError> {
    let series = || some.clone().map(|place| panel.series(place));
    let ids = some.clone().flat_map(|s| series_rows(panel, s).map(move |_| &panel.ids()[s]));
    let at = series().flat_map(|series| series.at.iter().copied().map(Some));
    let y = series().flat_map(|series| series.y.iter().copied());
    let mut columns = vec![
        words("unique_id", ids),
        ("ds".to_string(), stamps(panel.calendar.clock, at)),
        ("y".to_string(), Arc::new(numbers(y)) as ArrayRef),
    ];
    columns.extend(panel.columns.iter().map(|column| beside(panel, column, some.clone())));
    batch(columns)
}

/// A declared column over these series; a static one is repeated in every row.
fn beside(panel: &Panel, column: &Column, some: std::ops::Range<usize>) -> Named {
    let of_row = |series: usize, row: usize| match column.role {
        Role::Static => column.values[series],
        _ => column.values[row],
    };
    let values = some.flat_map(|s| series_rows(panel, s).map(move |row| of_row(s, row)));
    let array: ArrayRef = if column.labels.is_empty() {
        Arc::new(numbers(values))
    } else {
        let label = |code: f64| column.labels.get(code as usize).filter(|_| !code.is_nan());
        Arc::new(values.map(label).collect::<StringArray>())
    };
    (column.name.clone(), array)
}

fn series_rows(panel: &Panel, series: usize) -> std::ops::Range<usize> {
    let span = panel.span(series);
    span.start..span.end
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use almanac_data::{Calendar, Clock, Freq, Stamp};
    use arrow_array::Array;
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Float64Type, TimestampMicrosecondType};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;

    /// Missing values are null, words stand as words, stamps keep their zone.
    #[test]
    fn a_panel_comes_back() {
        let clock = Clock::Zone(chrono_tz::Europe::Berlin);
        let calendar = Calendar::new(clock, Freq::Micros(3_600_000_000));
        let at = [0, 3_600_000_000, 0].map(Stamp).to_vec();
        let ends = vec![("a".to_string(), 2), ("b".to_string(), 3)];
        let panel = Panel::new("x", calendar, ends, at, vec![1.5, f64::NAN, 3.0]).unwrap();
        let column = Column {
            name: "kind".into(),
            role: Role::Static,
            values: vec![1.0, f64::NAN],
            labels: vec!["shop".into(), "street".into()],
        };
        let panel = panel.with_column(column).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.parquet");
        write(&path, &panel).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
        let table = reader.build().unwrap().next().unwrap().unwrap();
        let stamps = table.column(1).as_primitive::<TimestampMicrosecondType>();
        assert_eq!((stamps.timezone(), stamps.value(1)), (Some("Europe/Berlin"), 3_600_000_000));
        let y = table.column(2).as_primitive::<Float64Type>();
        assert!(y.is_null(1) && y.value(2) == 3.0);
        let kind = table.column(3).as_string::<i32>();
        assert!(kind.value(1) == "street" && kind.is_null(2));
    }
}
