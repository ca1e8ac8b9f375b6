//! The pages of a Parquet file, counted before they are decoded.
//!
//! A page states how many values it holds, and whoever decodes it allocates them before reading. A
//! number that no page can hold would end the program, not just the reading.

use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;

use polars_parquet::parquet::metadata::ColumnChunkMetadata;
use polars_parquet::read::read_metadata;
use polars_parquet_format::PageHeader;
use polars_parquet_format::thrift::protocol::TCompactInputProtocol;

/// Bytes that the header of one page may take.
const HEADER: usize = 1 << 24;
/// Rows that a byte of a file may stand for: runs of one value are short.
const DENSE: u64 = 1 << 16;

/// Checks every page of every column.
pub(super) fn check(file: impl Read + Seek) -> Result<(), String> {
    let mut file = BufReader::new(file);
    let size = file.seek(SeekFrom::End(0)).map_err(words)?;
    let footer = read_metadata(&mut file).map_err(|e| e.to_string())?;
    for group in &footer.row_groups {
        let rows = group.num_rows();
        if rows as u64 / DENSE > size {
            return Err(format!("{rows} rows in a file of {size} bytes"));
        }
        for column in group.parquet_columns() {
            pages(&mut file, column, size).map_err(|e| {
                format!("column `{}`: {e}", column.descriptor().path_in_schema.join("."))
            })?;
        }
    }
    Ok(())
}

/// Walks from page to page of a column; their values are together at most the column's.
fn pages(
    file: &mut (impl Read + Seek),
    column: &ColumnChunkMetadata,
    size: u64,
) -> Result<(), String> {
    let Range { start: mut at, end } = column.byte_range();
    if end > size {
        return Err(format!("its pages lie outside the file of {size} bytes"));
    }
    let mut left = column.num_values();
    while at < end && left > 0 {
        file.seek(SeekFrom::Start(at)).map_err(words)?;
        let mut thrift = TCompactInputProtocol::new(file.take(end - at), HEADER);
        let page = PageHeader::read_from_in_protocol(&mut thrift);
        let page = page.map_err(|e| format!("a page: {e}"))?;
        let (values, counts) = values(&page);
        if counts.into_iter().any(|count| count < 0) || i64::from(values) > left {
            return Err(format!("a page of {values} values where {left} are left"));
        }
        left -= i64::from(values);
        let body = file.stream_position().map_err(words)?;
        let next = u64::try_from(page.compressed_page_size).ok().map(|length| body + length);
        at = next.filter(|&next| next <= end).ok_or("a page longer than its column")?;
    }
    Ok(())
}

/// The values that a page adds to its column, and every count that it states.
fn values(page: &PageHeader) -> (i32, [i32; 6]) {
    let first = page.data_page_header.as_ref().map_or(0, |data| data.num_values);
    let second = page
        .data_page_header_v2
        .as_ref()
        .map_or([0; 3], |data| [data.num_values, data.num_nulls, data.num_rows]);
    let words = page.dictionary_page_header.as_ref().map_or(0, |words| words.num_values);
    let [more, nulls, rows] = second;
    let own = first.saturating_add(more);
    (own, [first, more, nulls, rows, words, page.uncompressed_page_size])
}

fn words(e: io::Error) -> String {
    e.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars_parquet_format::thrift::protocol::TCompactOutputProtocol;
    use polars_parquet_format::{
        ColumnChunk, ColumnMetaData, CompressionCodec, DataPageHeader, Encoding,
        FieldRepetitionType, FileMetaData, PageType, RowGroup, SchemaElement, Type,
    };

    /// A file of one column of ten values in one page, which states this many.
    fn file(stated: i32) -> Vec<u8> {
        let mut bytes = b"PAR1".to_vec();
        let plain = Encoding::PLAIN;
        let data = DataPageHeader::new(stated, plain, Encoding::RLE, Encoding::RLE, None);
        let page = PageHeader::new(PageType::DATA_PAGE, 80, 80, None, data, None, None, None);
        let mut thrift = TCompactOutputProtocol::new(&mut bytes);
        page.write_to_out_protocol(&mut thrift).unwrap();
        bytes.extend([0; 80]);
        let (length, codec) = (bytes.len() as i64 - 4, CompressionCodec::UNCOMPRESSED);
        let column = ColumnMetaData {
            type_: Type::DOUBLE,
            encodings: vec![plain],
            path_in_schema: vec!["y".into()],
            codec,
            num_values: 10,
            total_uncompressed_size: length,
            total_compressed_size: length,
            key_value_metadata: None,
            data_page_offset: 4,
            index_page_offset: None,
            dictionary_page_offset: None,
            statistics: None,
            encoding_stats: None,
            bloom_filter_offset: None,
            bloom_filter_length: None,
            size_statistics: None,
        };
        let chunk = ColumnChunk::new(None, 4, column, None, None, None, None, None, None);
        let group = RowGroup::new(vec![chunk], length, 10, None, None, None, None);
        let element = |name: &str, type_, children| SchemaElement {
            type_,
            type_length: None,
            repetition_type: Some(FieldRepetitionType::REQUIRED),
            name: name.into(),
            num_children: children,
            converted_type: None,
            scale: None,
            precision: None,
            field_id: None,
            logical_type: None,
        };
        let schema = vec![element("rows", None, Some(1)), element("y", Some(Type::DOUBLE), None)];
        let footer = FileMetaData::new(1, schema, 10, vec![group], None, None, None, None, None);
        let mut tail = Vec::new();
        footer.write_to_out_protocol(&mut TCompactOutputProtocol::new(&mut tail)).unwrap();
        bytes.extend(&tail);
        bytes.extend((tail.len() as u32).to_le_bytes());
        bytes.extend(b"PAR1");
        bytes
    }

    /// Ten values in a column of ten are fine; more than there are, or fewer than none, are not.
    #[test]
    fn a_page_holds_what_its_column_holds() {
        let verdict = |stated| check(io::Cursor::new(file(stated)));
        assert_eq!(verdict(10), Ok(()));
        let refused =
            |stated| Err(format!("column `y`: a page of {stated} values where 10 are left"));
        assert_eq!(verdict(11), refused(11));
        assert_eq!(verdict(-1), refused(-1));
    }
}
