//! The same small panel in every format comes out the same.

use std::io::Write;

use almanac_data::{Code, Role};
use polars::prelude::*;

use super::{csv, read, read_files, shown};

const TEXT: &str =
    "unique_id,ds,y\na,2020-01-01,1.5\na,2020-01-02,\na,2020-01-03,3\nb,2020-01-01,4\n";
const SHOWN: [&str; 2] = ["a 2020-01-01=1.5 2020-01-02=NaN 2020-01-03=3", "b 2020-01-01=4"];

fn frame() -> DataFrame {
    let days = Series::new("ds".into(), [18262i32, 18263, 18264, 18262]);
    let columns = vec![
        Column::new("unique_id".into(), ["a", "a", "a", "b"]),
        days.cast(&DataType::Date).unwrap().into_column(),
        Column::new("y".into(), [Some(1.5), None, Some(3.0), Some(4.0)]),
    ];
    DataFrame::new(4, columns).unwrap()
}

pub fn parquet() -> Vec<u8> {
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes).finish(&mut frame()).unwrap();
    bytes
}

pub fn arrow_file() -> Vec<u8> {
    let mut bytes = Vec::new();
    IpcWriter::new(&mut bytes).finish(&mut frame()).unwrap();
    bytes
}

pub fn arrow_stream() -> Vec<u8> {
    let mut bytes = Vec::new();
    IpcStreamWriter::new(&mut bytes).finish(&mut frame()).unwrap();
    bytes
}

pub fn gzip(text: &str) -> Vec<u8> {
    gzip_bytes(text.as_bytes())
}

pub fn gzip_bytes(bytes: &[u8]) -> Vec<u8> {
    let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    to.write_all(bytes).unwrap();
    to.finish().unwrap()
}

pub const TSF: &str = "# a comment\n@relation small\n@attribute series_name string\n\
    @attribute start_timestamp date\n@frequency daily\n@missing true\n@data\n\
    a:2020-01-01 00-00-00:1.5,?,3\nb:2020-01-01 00-00-00:4\n";

pub fn ndjson() -> String {
    let rows = [("a", 1, "1.5"), ("a", 2, "null"), ("a", 3, "3"), ("b", 1, "4")];
    let line = |(id, day, y): (&str, u32, &str)| {
        format!("{{\"unique_id\":\"{id}\",\"ds\":\"2020-01-0{day}\",\"y\":{y}}}\n")
    };
    rows.map(line).concat()
}

#[test]
fn every_format_gives_one_panel() {
    let swapped = |mark: char| TEXT.replace(',', &mark.to_string());
    let comma = swapped(';').replace("1.5", "1,5");
    let zstd = zstd::encode_all(TEXT.as_bytes(), 3).unwrap();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("f.csv", TEXT.into()),
        ("f.tsv", swapped('\t').into()),
        ("f.txt", swapped('|').into()),
        ("semicolon.csv", comma.into()),
        ("bom.csv", format!("\u{feff}{TEXT}").into()),
        ("crlf.csv", TEXT.replace('\n', "\r\n").into()),
        ("no_last_line_end.csv", TEXT.trim_end().into()),
        ("quoted.csv", TEXT.replace("a,", "\"a\",").into()),
        ("f.csv.gz", gzip(TEXT)),
        ("f.csv.zst", zstd),
        ("wrong_ending.csv", parquet()),
        ("f.parquet", parquet()),
        ("f.arrow", arrow_file()),
        ("f.arrows", arrow_stream()),
        ("f.ndjson", ndjson().into()),
        ("f.jsonl.gz", gzip(&ndjson())),
        ("f.tsf", TSF.into()),
    ];
    for (name, bytes) in cases {
        let read = read(name, &bytes, "").unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(shown(&read), SHOWN, "{name}");
        assert_eq!(read.files[0].bytes, bytes.len() as u64, "{name}");
        assert_eq!((read.files[0].rows, read.audit.count(Code::Missing)), (4, 1), "{name}");
    }
}

/// `printf 'ds,y\n1,1\n2,2\n' | sha256sum`.
#[test]
fn the_fingerprint_is_sha256() {
    let read = csv("ds,y\n1,1\n2,2\n", "").unwrap();
    let known = "1aefc0c91859abf72c12e35b747df62b6745035a0e23a791fcd4bae08050d2af";
    assert_eq!(read.files[0].sha256, known);
}

/// Points that part thousands, where the comma is the decimal mark.
#[test]
fn continental_numbers() {
    let read = csv("Date;Amount\n30.01.2020;1.234,50\n31.01.2020;99,00\n01.02.2020;2.000\n", "");
    assert_eq!(shown(&read.unwrap()), ["f 2020-01-30=1234.5 2020-01-31=99 2020-02-01=2000"]);
}

/// A column of time beside columns of numbers: each column is a series.
#[test]
fn wide_is_found_or_stated() {
    let text = "date,north,south\n2020-01-01,1,10\n2020-01-02,2,20\n";
    let wide = ["north 2020-01-01=1 2020-01-02=2", "south 2020-01-01=10 2020-01-02=20"];
    assert_eq!(shown(&csv(text, "").unwrap()), wide);
    assert_eq!(shown(&csv(text, "layout = \"wide\"").unwrap()), wide);
    let one = csv(text, "target = \"south\"").unwrap();
    assert_eq!(shown(&one), ["f 2020-01-01=10 2020-01-02=20"]);
    let left_out = one.audit.findings.iter().find(|found| found.code == Code::Undeclared).unwrap();
    assert_eq!(left_out.first, "north");
}

/// Bars have their close as target. Said to be bars, each part has the role of its name; found to be
/// bars, what nobody declared is left out and named.
#[test]
fn bars_are_closes() {
    let text = "Symbol,Date,Open,High,Low,Close,Volume\nX,2020-01-01,1,3,1,2,100\nX,2020-01-02,2,4,2,3,50\n";
    let said = csv(text, "format = \"bars\"\npast = \"Volume\"").unwrap();
    let roles: Vec<_> = said.panel.columns.iter().map(|c| (c.name.as_str(), c.role)).collect();
    let (past, open, close) = (Role::Past, Role::Open, Role::Close);
    assert_eq!(roles, [("Volume", past), ("Open", open), ("High", close), ("Low", close)]);
    let bars = csv(text, "open = [\"open\"]\nclose = \"Volume\"").unwrap();
    assert_eq!(shown(&bars), ["X 2020-01-01=2 2020-01-02=3"]);
    let columns: Vec<_> =
        bars.panel.columns.iter().map(|c| (c.name.as_str(), &c.values[..])).collect();
    assert_eq!(columns, [("Open", &[1.0, 2.0][..]), ("Volume", &[100.0, 50.0][..])]);
    let left_out = bars.audit.findings.iter().find(|found| found.code == Code::Undeclared).unwrap();
    assert_eq!(left_out.first, "High, Low");
}

/// Several files are one panel; a file without names of series is a series.
#[test]
fn many_files_make_one_panel() {
    let files: &[(&str, &[u8])] =
        &[("north.csv", b"ds,y\n1,1\n2,2\n"), ("south.csv", b"ds,y\n1,10\n2,20\n")];
    let read = read_files(files, "").unwrap();
    assert_eq!(shown(&read), ["north 1=1 2=2", "south 1=10 2=20"]);
    assert_eq!(read.files.iter().map(|file| file.rows).collect::<Vec<_>>(), [2, 2]);
}

#[test]
fn a_glob_reads_what_it_matches() {
    let folder = tempfile::tempdir().unwrap();
    for (name, y) in [("b.csv", 2), ("a.csv", 1), ("other.txt", 3)] {
        std::fs::write(folder.path().join(name), format!("ds,y\n1,{y}\n2,{y}\n")).unwrap();
    }
    let path = vec![folder.path().join("*.csv").display().to_string()];
    let source = almanac_data::Source { path, ..Default::default() };
    let read = almanac_ingest::read(&source, None).unwrap();
    assert_eq!(shown(&read), ["a 1=1 2=1", "b 1=2 2=2"]);
}

/// Words become numbers in the order of their letters, whatever comes first in the file.
#[test]
fn words_have_labels() {
    let text = "ds,y,sky,open\n1,1,sun,true\n2,2,rain,false\n3,3,,true\n4,4,sun,true\n";
    let read = csv(text, "known = [\"sky\", \"open\"]\ntarget = \"y\"").unwrap();
    let sky = &read.panel.columns[0];
    assert_eq!(sky.labels, ["rain", "sun"]);
    assert_eq!(sky.values[..2], [1.0, 0.0]);
    assert!(sky.values[2].is_nan());
    assert_eq!(read.panel.columns[1].labels, ["false", "true"]);
}

/// Small integers, decimals and categories of a typed file are numbers and words like any other.
#[test]
fn typed_columns_are_read() {
    let columns = vec![
        Column::new("ds".into(), [1u8, 2, 3]),
        Column::new("y".into(), [10u16, 20, 30]),
        Series::new("price".into(), ["1.25", "2.50", "3.75"])
            .cast(&DataType::Decimal(10, 2))
            .unwrap()
            .into_column(),
        Series::new("kind".into(), ["b", "a", "b"])
            .cast(&DataType::from_categories(Categories::global()))
            .unwrap()
            .into_column(),
        Column::new("flag".into(), [Some(true), None, Some(false)]),
    ];
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes).finish(&mut DataFrame::new(3, columns).unwrap()).unwrap();
    let settings = "target = \"y\"\nknown = [\"price\", \"kind\", \"flag\"]";
    let read = read("f.parquet", &bytes, settings).unwrap();
    assert_eq!(shown(&read), ["f 1=10 2=20 3=30"]);
    assert_eq!(read.panel.columns[0].values, [1.25, 2.5, 3.75]);
    assert_eq!(
        (&read.panel.columns[1].values[..], read.panel.columns[1].labels.len()),
        (&[1.0, 0.0, 1.0][..], 2)
    );
    assert_eq!(read.panel.columns[2].values[0], 1.0);
}

/// A text of many blocks, one row cut by each border, and quoted line ends.
#[test]
fn blocks_do_not_show() {
    let mut text = String::from("unique_id,ds,y,note\n");
    for k in 0..250_000 {
        text.push_str(&format!("s{},{},{}.5,\"line\nend, {k}\"\n", k % 7, k / 7, k));
    }
    assert!(text.len() > 8 << 20);
    let read = csv(&text, "").unwrap();
    assert_eq!((read.panel.len(), read.panel.rows()), (7, 250_000));
    let last = read.panel.series(6);
    assert_eq!((last.at[1000].0, last.y[1000]), (1000, 7006.5));
}

#[test]
fn conditions_keep_rows() {
    let text = "unique_id,ds,y,shop\na,1,1,7\na,1,5,8\na,2,2,7\nb,1,3,7\n";
    let kept = csv(text, "where = { shop = \"7\" }\ntarget = \"y\"").unwrap();
    assert_eq!(shown(&kept), ["a 1=1 2=2", "b 1=3"]);
    let kept = csv(text, "where = { Shop = \"7\", unique_id = \"b\" }\ntarget = \"y\"").unwrap();
    assert_eq!(shown(&kept), ["b 1=3"]);
}

/// The same text in UTF-16 of both orders, known by its mark, and in an encoding that is stated.
#[test]
fn other_encodings_read_the_same() {
    let text = "unique_id;ds;y\nZürich;2020-01-01;1,5\nGenève;2020-01-01;2\n";
    let expected = shown(&csv(text, "").unwrap());
    assert_eq!(expected, ["Genève 2020-01-01=2", "Zürich 2020-01-01=1.5"]);
    let units = || ['\u{feff}'].into_iter().chain(text.chars()).collect::<String>();
    let little: Vec<u8> = units().encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = units().encode_utf16().flat_map(u16::to_be_bytes).collect();
    let latin: Vec<u8> =
        text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
    for (bytes, settings, name) in [
        (little, "", "encoding: UTF-16LE"),
        (big, "", "encoding: UTF-16BE"),
        (latin.clone(), "encoding = \"latin1\"", "encoding: windows-1252"),
    ] {
        let read = read("f.csv", &bytes, settings).unwrap();
        assert_eq!(shown(&read), expected, "{name}");
        assert!(read.audit.reading.iter().any(|said| said == name), "{:?}", read.audit.reading);
    }
    let refused = read("f.csv", &latin, "").unwrap_err().to_string();
    assert!(refused.contains("line 2: byte 0xFC is not UTF-8 text: state `encoding`"), "{refused}");
}

/// A text of many blocks keeps its letters where blocks meet.
#[test]
fn long_texts_in_utf16() {
    let rows: String = (1..30_000).map(|k| format!("ß𝄞,{k},{k}\n")).collect();
    let text = format!("\u{feff}unique_id,ds,y\n{rows}");
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let read = read("f.csv", &bytes, "").unwrap();
    assert_eq!((read.panel.rows(), read.panel.series(0).id), (29_999, "ß𝄞"));
    assert_eq!(read.panel.series(0).y.iter().sum::<f64>(), 449_985_000.0);
}
