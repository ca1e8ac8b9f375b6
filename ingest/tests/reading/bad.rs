//! Bad input: each a clear error with its place and a way out, none a panic.

use almanac_ingest::ReadError;

use super::{csv, read, read_files};

const GOOD: &str = "unique_id,ds,y\na,2020-01-01,1\na,2020-01-02,2\na,2020-01-03,3\n";

/// The message of a refusal, after the folder's name, and its hint.
fn refusal(result: Result<almanac_ingest::Read, ReadError>) -> (String, String) {
    let error = match result {
        Ok(read) => panic!("was read: {:?}", super::shown(&read)),
        Err(error) => error,
    };
    let words = error.to_string();
    let words = match words.rfind("/f.") {
        Some(at) if words.starts_with('/') => words[at + 1..].to_string(),
        _ => words,
    };
    (words, error.hint().unwrap_or_default())
}

#[track_caller]
fn refused(result: Result<almanac_ingest::Read, ReadError>, message: &str, hint: &str) {
    let (words, way_out) = refusal(result);
    assert!(words.contains(message), "message: {words}");
    assert!(way_out.contains(hint), "hint: {way_out}");
}

#[test]
fn files_that_are_no_tables() {
    refused(csv("", ""), "f.csv: no rows", "");
    refused(csv("\n\n\n", ""), "f.csv: no rows", "");
    refused(csv("unique_id,ds,y\n", ""), "f.csv: no rows", "");
    let garbage: Vec<u8> = (0..4000u32).map(|k| (k * 7919 % 251) as u8).collect();
    refused(read("f.csv", &garbage, ""), "f.csv, line 1: zero bytes", "");
    let garbage: Vec<u8> = garbage.iter().map(|byte| byte | 0x80).collect();
    refused(read("f.csv", &garbage, ""), "is not UTF-8", "");
    refused(read("f.csv", b"PK\x03\x04....", ""), "zip archive or spreadsheet", "");
    refused(read("f.csv", b"\x89HDF\r\n\x1a\n", ""), "HDF5", "");
    refused(read("f.csv", b"\xFF\xFEu\0n\0", ""), "f.csv: no rows", "");
    refused(read("f.csv", b"\xFF\xFEu\0\n\0\x00\xDC", ""), "bytes that are no UTF-16 text", "");
    refused(csv(GOOD, "encoding = \"utf-9\""), "`encoding` = `utf-9`: it is utf-8", "");
    refused(
        read("f.csv", b"ds,y\n2020-01-01,1\n2020-01-02,caf\xE9\n", ""),
        "line 3: byte 0xE9",
        "",
    );
    refused(csv("ds,y\r2020-01-01,1\r2020-01-02,2\r", ""), "CR alone", "");
    refused(read("f.json", "[{\"ds\":1,\"y\":2}]", ""), "one object a line", "");
}

#[test]
fn files_that_are_cut_short() {
    refused(read("f.parquet", b"PAR1\x15\x00\x15", ""), "f.parquet:", "");
    refused(read("f.arrow", b"ARROW1\0\0\xff\xff\xff\xff\x10\0", ""), "f.arrow:", "");
    refused(read("f.arrows", b"\xff\xff\xff\xff\x10\0\0\0", ""), "f.arrows:", "");
    let whole = super::formats::gzip_bytes(&super::formats::parquet());
    refused(read("f.parquet.gz", &whole, ""), "f.parquet.gz: compressed as a whole", "");
    refused(read("f.csv.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03KI", ""), "f.csv.gz", "");
    refused(read("f.csv.zst", b"\x28\xb5\x2f\xfd\x04\x58", ""), "f.csv.zst", "");
    refused(read("f.ndjson", "{\"ds\":1,\"y\":2}\n{\"ds\":2,\"y\"", ""), "f.ndjson, line 2:", "");
    refused(
        read("f.tsf", "@attribute series_name string\n@data\nT1,2,3\n", ""),
        "line 3: no `:`",
        "",
    );
    refused(read("f.tsf", "@relation x\n", ""), "no @data", "");
    refused(csv("ds,y\n2020-01-01,\"1\n2020-01-02,2\n", ""), "line 2: a quote is never closed", "");
}

#[test]
fn a_truncated_parquet_is_refused_at_every_length() {
    let whole = super::formats::parquet();
    for length in (0..whole.len()).step_by(whole.len() / 40) {
        assert!(read("f.parquet", &whole[..length], "").is_err(), "{length} bytes");
    }
}

#[test]
fn paths_that_lead_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("cash.csv"), GOOD).unwrap();
    let read = |path: &str| {
        let path = vec![folder.path().join(path).display().to_string()];
        almanac_ingest::read(&almanac_data::Source { path, ..Default::default() }, None)
    };
    refused(read("cahs.csv"), "no file matches", "cash.csv`?");
    refused(read("*.parquet"), "no file matches", "");
    refused(read(""), "is a folder: name its files", "");
    refused(read_files(&[], ""), "neither a set nor a path", "--data FILE");
}

#[test]
fn rows_of_the_wrong_shape() {
    let ragged = "unique_id,ds,y\na,2020-01-01,1\na,2020-01-02\n";
    refused(csv(ragged, ""), "f.csv, line 3: 2 fields where the heading has 3", "`delimiter`");
    let ragged = "ds,y\n2020-01-01,1\n\n2020-01-02,\"2\n\",3\n";
    refused(csv(ragged, ""), "f.csv, line 4: 3 fields where the heading has 2", "`delimiter`");
    refused(csv(GOOD, "delimiter = \";\""), "cannot tell which column is the time", "delimiter");
    refused(csv(GOOD, "delimiter = \"é\""), "`delimiter` = `é`", "");
    refused(csv("ds,y,y\n2020-01-01,1,2\n", ""), "column `y` occurs twice", "");
    refused(csv("2020-01-01,1\n2020-01-02,2\n", ""), "the first line looks like data", "");
    let nested = "{\"ds\":1,\"y\":{\"a\":1}}\n";
    refused(read("f.ndjson", nested, ""), "line 1: `y` holds an object", "");
}

#[test]
fn columns_that_cannot_be_told() {
    refused(
        csv(GOOD, "target = \"amont\""),
        "no column `amont` for `target`",
        "`unique_id`, `ds`, `y`",
    );
    refused(csv(GOOD, "target = \"Yy\""), "no column `Yy`", "did you mean `y`?");
    refused(csv(GOOD, "known = [\"holiday\"]"), "no column `holiday` for `known`", "");
    refused(csv(GOOD, "where = { shop = \"1\" }"), "no column `shop` for `where`", "");
    let two = "date,time,y\n2020-01-01,2020-01-01,1\n";
    refused(csv(two, ""), "which column is the time: `date`, `time`", "--time COLUMN");
    let two = "id,symbol,ds,y\na,b,2020-01-01,1\n";
    refused(csv(two, ""), "which column is the id: `id`, `symbol`", "--id COLUMN");
    let two = "unique_id,ds,sales,price\na,2020-01-01,1,2\n";
    refused(csv(two, ""), "which column is the target: `sales`, `price`", "--target COLUMN");
    let none = "unique_id,ds,colour\na,2020-01-01,red\n";
    refused(csv(none, ""), "f.csv, line 2: `red` in column `colour` is not a number", "--target");
    let none = "unique_id,ds,colour,shape\na,2020-01-01,red,round\n";
    refused(csv(none, ""), "which column is the target: `colour`, `shape`", "--target COLUMN");
}

#[test]
fn cells_that_cannot_be_read() {
    let text = "unique_id,ds,y\na,2020-01-01,1\na,2020-01-02,12 kg\n";
    refused(csv(text, ""), "f.csv, line 3: `12 kg` in column `y` is not a number", "--target");
    let text = "ds,y\n2020-01-01,1\n2020-13-45,2\n2020-01-03,2\n";
    refused(csv(text, ""), "f.csv, line 3: cannot read `2020-13-45` in column `ds`", "bad_rows");
    let text = "ds,y\nsoon,1\nlater,2\n";
    refused(csv(text, "time = \"ds\""), "no known form reads this column", "date_format");
    let far = "ds,y\n1,1\n2,2\n9223372036854775807,3\n";
    refused(csv(far, ""), "line 4: cannot read `9223372036854775807`", "");
    let text = "unique_id,ds,y\na,2020-01-01,1\n,2020-01-02,2\n";
    refused(csv(text, ""), "f.csv, line 3: column `unique_id` does not name a series", "bad_rows");
    let text = "ds,y\n01/02/2020,1\n02/02/2020,2\n";
    refused(csv(text, ""), "reads as %d/%m/%Y and as %m/%d/%Y", "date_format = \"%d/%m/%Y\"");
    let text = "ds;y\n2020-01-01;1,234\n2020-01-02;2,345\n";
    refused(csv(text, ""), "`decimal` = `1,234`", "");
    let text = "ds,y\n2020-01-01T00:00:00Z,1\n2020-01-01T01:00:00,2\n2020-01-01T02:00:00Z,2\n";
    refused(csv(text, ""), "line 3: cannot read `2020-01-01T01:00:00`", "");
    let text = "ds,y\n2023-03-26 01:00,1\n2023-03-26 02:30,2\n";
    refused(csv(text, "zone = \"Europe/Berlin\""), "an hour that exists in Europe/Berlin", "");
}

#[test]
fn settings_that_mean_nothing() {
    refused(csv(GOOD, "freq = \"fortnight\""), "cannot read frequency `fortnight`", "");
    refused(csv(GOOD, "freq = \"3\""), "the column of time holds dates", "");
    refused(csv("ds,y\n1,1\n2,2\n", "freq = \"D\""), "the column of time holds steps", "");
    refused(csv(GOOD, "zone = \"Europe/Berlim\""), "did you mean `Europe/Berlin`?", "");
    refused(csv("ds,y\n1,1\n2,2\n", "zone = \"UTC\""), "plain steps have no time zone", "");
    refused(csv(GOOD, "decimal = \"x\""), "a decimal mark is `.` or `,`", "");
    refused(
        csv(GOOD, "resample = { freq = \"3\", how = \"sum\" }"),
        "plain steps come to a number",
        "",
    );
    refused(csv(GOOD, "freq = \"99999999999999MS\""), "cannot read frequency", "");
    refused(csv(GOOD, "layout = \"wide\"\nid = \"unique_id\""), "each column is a series", "");
    refused(csv(GOOD, "set = \"nn6\""), "unknown set `nn6`", "");
    let gone = csv(GOOD, "where = { unique_id = \"b\" }");
    refused(gone, "no row has unique_id = `b`", "it has `a`");
}

#[test]
fn rows_that_do_not_fit_together() {
    let twice = "unique_id,ds,y\na,2020-01-01,1\na,2020-01-01,2\na,2020-01-02,3\n";
    refused(
        csv(twice, ""),
        "series `a` has 2 rows at 2020-01-01 that disagree: 1 and 2",
        "duplicates",
    );
    let no_id = "name,ds,y\na,2020-01-01,1\nb,2020-01-01,2\n";
    refused(csv(no_id, ""), "2 rows at 2020-01-01", "--id");
    let text = "ds,y\n2020-01-01,1\n2020-01-02,2\n2020-01-09,3\n2020-03-30,4\n2020-11-30,4\n";
    refused(
        csv(text, ""),
        "a regular grid of D would have 335 rows where the data has 5",
        "resample",
    );
    let irregular = "ds,y\n2020-01-01 00:00:00,1\n2020-01-01 00:00:07,2\n2020-01-01 00:00:14,3\n2020-01-01 00:01:07,3\n";
    let message = "no frequency: the most usual distance, 7s, holds for 66 % of the 3 steps";
    refused(csv(irregular, ""), message, "resample");
    let hours: String = (0..200)
        .map(|k| {
            format!(
                "2020-01-{:02} {:02}:{:02},1\n",
                k / 24 + 1,
                k % 24,
                if k == 77 { 7 } else { 0 }
            )
        })
        .collect();
    refused(
        csv(&format!("ds,y\n{hours}"), ""),
        "not on the grid of h: the first is 2020-01-04T05:07:00",
        "resample",
    );
    let text = format!("ds,y\n{}", hours.replace(":07", ":00"));
    refused(csv(&text, "freq = \"B\""), "193 stamps are not on the grid of B", "resample");
    let mixed: String = (0..12)
        .flat_map(|k| {
            [format!("m,2020-{:02}-01,1\n", k + 1), format!("d,2020-01-{:02},1\n", k + 1)]
        })
        .collect();
    let mixed = format!("unique_id,ds,y\n{mixed}");
    refused(csv(&mixed, ""), "several frequencies: `D in 1 series`, `MS in 1 series`", "--where");
    let sparse = "ds,y\n2000-01-01 00:00:00,1\n2000-01-01 00:00:01,1\n2000-01-01 00:00:02,2\n2020-01-01 00:00:00,2\n";
    refused(
        csv(sparse, ""),
        "a regular grid of s would have 631152001 rows where the data has 4",
        "resample",
    );
    let gap = "ds,y\n2020-01-06,1\n2020-01-07,2\n2020-01-08,3\n2020-01-11,2\n";
    refused(
        csv(gap, "tidy = { gaps = \"refuse\" }"),
        "no row at 2020-01-09, and 1 more",
        "gaps = \"keep\"",
    );
    let missing = "ds,y\n2020-01-01,1\n2020-01-02,\n2020-01-03,3\n";
    refused(
        csv(missing, "tidy = { missing = \"refuse\" }"),
        "no value at 2020-01-02",
        "missing = \"keep\"",
    );
    let text = "unique_id,ds,y,area\na,2020-01-01,1,3\na,2020-01-02,2,4\n";
    refused(
        csv(text, "static = [\"area\"]"),
        "`area` is said to be static and changes in series `a`: 3, 4",
        "known",
    );
}

#[test]
fn files_that_do_not_fit_together() {
    let files: &[(&str, &[u8])] = &[("a.csv", GOOD.as_bytes()), ("f.csv", b"ds,y\n1,2\n2,3\n")];
    refused(read_files(files, ""), "no column `unique_id` for `id`", "");
    let steps = "unique_id,ds,y\na,1,2\na,2,3\n";
    let files: &[(&str, &[u8])] = &[("a.csv", GOOD.as_bytes()), ("f.csv", steps.as_bytes())];
    refused(read_files(files, ""), "time is steps here and ISO 8601 in the files before", "");
}
