//! What is found is counted; what is changed is counted.

use almanac_data::{Code, Fix, Role};
use almanac_ingest::{Read, ReadError};

use super::{csv, shown};

fn found(read: &Read) -> Vec<(Code, usize, &str)> {
    read.audit.findings.iter().map(|f| (f.code, f.count, f.first.as_str())).collect()
}

fn fixed(read: &Read) -> Vec<(Code, &str, usize)> {
    read.tidied
        .fixes
        .iter()
        .map(|Fix { code, how, rows, .. }| (*code, how.as_str(), *rows))
        .collect()
}

/// 10 and 20 at one stamp: what each way of resolving makes of it.
#[test]
fn duplicates_by_hand() {
    let text = "ds,y\n1,1\n2,10\n2,\n2,20\n3,3\n";
    for (how, y) in [("mean", 15), ("sum", 30), ("first", 10), ("last", 20)] {
        let read = csv(text, &format!("tidy = {{ duplicates = \"{how}\" }}")).unwrap();
        assert_eq!(shown(&read), [format!("f 1=1 2={y} 3=3")]);
        assert_eq!(fixed(&read), [(Code::Duplicates, how, 2)]);
        assert!(found(&read).contains(&(Code::Duplicates, 2, "2")));
    }
    assert!(matches!(csv(text, ""), Err(ReadError::Conflict { count: 3, .. })));
}

/// Rows that agree are joined without being asked, and counted.
#[test]
fn equal_rows_are_joined() {
    let read = csv("ds,y,x\n1,1,5\n2,2,6\n2,2,6\n3,3,7\n", "target=\"y\"\nknown=[\"x\"]").unwrap();
    assert_eq!(shown(&read), ["f 1=1 2=2 3=3"]);
    assert_eq!(read.panel.columns[0].values, [5.0, 6.0, 7.0]);
    assert_eq!(fixed(&read), [(Code::Duplicates, "joined", 1)]);
    let differ = csv("ds,y,x\n1,1,5\n2,2,6\n2,2,9\n3,3,7\n", "target=\"y\"\nknown=[\"x\"]");
    assert!(differ.unwrap_err().to_string().contains("x 6 and x 9"));
}

/// A gap between 2 and 5 holds 3 and 4.
#[test]
fn gaps_by_hand() {
    let text = "ds,y\n1,1\n2,2\n5,5\n6,6\n";
    for (how, rows) in [
        ("keep", "f 1=1 2=2 3=NaN 4=NaN 5=5 6=6"),
        ("zero", "f 1=1 2=2 3=0 4=0 5=5 6=6"),
        ("previous", "f 1=1 2=2 3=2 4=2 5=5 6=6"),
    ] {
        let read = csv(text, &format!("tidy = {{ gaps = \"{how}\" }}")).unwrap();
        assert_eq!(shown(&read), [rows]);
        assert_eq!(fixed(&read), [(Code::Gaps, how, 2)]);
        assert!(found(&read).contains(&(Code::Gaps, 2, "3")));
    }
}

/// Friday, the session of a Saturday, Tuesday: with whole weeks Monday is as Friday was, in the column
/// known at the close as well, and Saturday is gone; other calendars have no such weeks.
#[test]
fn whole_weeks_by_hand() {
    let text = "ds,y,x\n2024-01-04,1,5\n2024-01-05,2,6\n2024-01-06,9,9\n2024-01-09,3,7\n";
    let settings = |tidy: &str| format!("target=\"y\"\npast=[\"x\"]\n{tidy}");
    let whole = "freq=\"B\"\ntidy = { weeks = \"whole\", gaps = \"previous\" }";
    let read = csv(text, &settings(whole)).unwrap();
    assert_eq!(shown(&read), ["f 2024-01-04=1 2024-01-05=2 2024-01-08=2 2024-01-09=3"]);
    assert_eq!(read.panel.columns[0].values, [5.0, 6.0, 6.0, 7.0]);
    assert_eq!(fixed(&read), [(Code::Gaps, "previous", 1), (Code::OffGrid, "drop", 1)]);
    let kept = csv(text, &settings("freq=\"B\"\ntidy = { weeks = \"whole\" }")).unwrap();
    assert!(kept.panel.columns[0].values[2].is_nan());
    let other = csv(text, &settings(&whole.replace('B', "D"))).unwrap_err().to_string();
    assert!(other.contains("tidy.weeks") && other.contains("only business days"), "{other}");
}

/// Both ends stay; a stamp that cannot be read, and ends with nothing between them, are mistakes.
#[test]
fn between_two_stamps() {
    let text = "ds,y\n2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n2024-01-04,4\n";
    let read = csv(text, "from = \"2024-01-02\"\nto = \"2024-01-03\"").unwrap();
    assert_eq!(shown(&read), ["f 2024-01-02=2 2024-01-03=3"]);
    let said = |settings| csv(text, settings).unwrap_err().to_string();
    assert!(said("from = \"monday\"").contains("which look like 2024-01-01"));
    assert!(said("from = \"2025-01-01\"").contains("no row is left"));
}

/// The first value has none before it and stays missing.
#[test]
fn missing_values_by_hand() {
    let text = "ds,y\n1,\n2,2\n3,NA\n4,inf\n5,5\n";
    let read = csv(text, "").unwrap();
    assert_eq!(shown(&read), ["f 1=NaN 2=2 3=NaN 4=NaN 5=5"]);
    assert_eq!(fixed(&read), [(Code::Infinite, "missing", 1)]);
    assert_eq!((read.audit.count(Code::Missing), read.audit.count(Code::Infinite)), (2, 1));
    let read = csv(text, "tidy = { missing = \"previous\" }").unwrap();
    assert_eq!(shown(&read), ["f 1=NaN 2=2 3=2 4=2 5=5"]);
    assert!(fixed(&read).contains(&(Code::Missing, "previous", 2)));
    let read = csv(text, "tidy = { missing = \"zero\" }").unwrap();
    assert_eq!(shown(&read), ["f 1=0 2=2 3=0 4=0 5=5"]);
}

#[test]
fn bad_rows_are_dropped_when_told() {
    let text =
        "unique_id,ds,y\na,2020-01-01,1\na,soon,9\n,2020-01-02,9\na,2020-01-02,2\na,2020-01-03,2\n";
    let read = csv(text, "tidy = { bad_rows = \"drop\" }").unwrap();
    assert_eq!(shown(&read), ["a 2020-01-01=1 2020-01-02=2 2020-01-03=2"]);
    assert_eq!(fixed(&read), [(Code::BadTime, "drop", 1), (Code::NoId, "drop", 1)]);
    for (code, line) in [(Code::BadTime, "f.csv, line 3"), (Code::NoId, "f.csv, line 4")] {
        let first = found(&read).into_iter().find(|found| found.0 == code).unwrap().2;
        assert!(first.ends_with(line), "{first}");
    }
}

#[test]
fn disorder_is_sorted() {
    let read = csv("ds,y\n3,3\n1,1\n2,2\n4,4\n", "").unwrap();
    assert_eq!(shown(&read), ["f 1=1 2=2 3=3 4=4"]);
    assert_eq!(fixed(&read), [(Code::Disorder, "sort", 3)]);
    assert_eq!(read.audit.count(Code::Disorder), 2);
}

/// Constant, negative, far out, short: each series its own flaw.
#[test]
fn values_are_looked_at() {
    let mut text = String::from("unique_id,ds,y\n");
    for k in 0..40 {
        text.push_str(&format!("constant,{k},7\n"));
        text.push_str(&format!("negative,{k},{}\n", if k == 9 { -1 } else { 5 + k % 3 }));
        text.push_str(&format!("outlier,{k},{}\n", if k == 5 { 500 } else { k % 10 }));
    }
    text.push_str("short,0,1\nshort,1,2\n");
    let read = csv(&text, "").unwrap();
    let by_series: Vec<(Code, &str, usize, &str)> = read
        .audit
        .findings
        .iter()
        .map(|f| (f.code, f.unique_id.as_deref().unwrap(), f.count, f.first.as_str()))
        .collect();
    assert_eq!(
        by_series,
        [
            (Code::Constant, "constant", 40, "7 throughout"),
            (Code::Negative, "negative", 1, "9: -1"),
            (Code::Outliers, "outlier", 1, "5: 500"),
            (Code::TooShort, "short", 2, "2 values where one season is 1"),
        ]
    );
}

/// 24 hours of 1 make days of 24; the day that begins at noon has 12.
#[test]
fn hours_become_days() {
    let rows: String = (12..84)
        .map(|hour| format!("2020-01-{:02} {:02}:00,1,{hour}\n", hour / 24 + 1, hour % 24))
        .collect();
    let text = format!("ds,y,x\n{rows}");
    let settings = "target=\"y\"\npast=[\"x\"]\nresample = { freq = \"D\", how = \"sum\" }";
    let read = csv(&text, settings).unwrap();
    assert_eq!(shown(&read), ["f 2020-01-01=12 2020-01-02=24 2020-01-03=24 2020-01-04=12"]);
    assert_eq!(read.panel.columns[0].values, [23.0, 47.0, 71.0, 83.0]);
    assert_eq!(read.panel.season, 7);
}

/// Two slots of a day of hourly bars: bars join as bars do, the target as asked.
#[test]
fn bars_become_slots() {
    let mut text = String::from("symbol,date,open,high,low,close,volume\n");
    for day in [6, 7, 8, 9, 10, 13] {
        for hour in 9..15 {
            text.push_str(&format!(
                "X,2020-01-{day:02} {hour:02}:00,{hour},{},{},{},10\n",
                hour + 2,
                hour - 2,
                hour + 1
            ));
        }
    }
    let settings = "open = [\"open\"]\nclose = [\"high\", \"low\", \"volume\"]\n\
        resample = { freq = \"09:00,12:00\", how = \"last\" }";
    let read = csv(&text, settings).unwrap();
    assert!(
        shown(&read)[0]
            .starts_with("X 2020-01-06T09:00:00=12 2020-01-06T12:00:00=15 2020-01-07T09")
    );
    assert_eq!((read.panel.rows(), read.panel.season), (12, 2));
    let first: Vec<f64> = read.panel.columns.iter().map(|column| column.values[0]).collect();
    assert_eq!(first, [9.0, 13.0, 7.0, 30.0]);
    let next = read.panel.calendar.next(*read.panel.series(0).at.last().unwrap());
    assert_eq!(read.panel.calendar.show(next), "2020-01-14T09:00:00");
}

/// Whatever part of a bar is asked for joins as its name says, the others keep their roles.
#[test]
fn bars_join_by_their_names() {
    let mut text = String::from("symbol,date,open,high,low,close,volume,note\n");
    for day in [6, 7, 8, 9, 10, 13] {
        for (hour, open, high, low) in [(9, 5, 9, 4), (10, 6, 7, 1), (12, 2, 3, 2), (13, 8, 8, 0)] {
            let close = open + 1;
            text.push_str(&format!(
                "X,2020-01-{day:02} {hour:02}:30,{open},{high},{low},{close},{hour},1\n"
            ));
        }
    }
    let settings = |target: &str| {
        format!(
            "target = \"{target}\"\nformat = \"bars\"\n\
             resample = {{ freq = \"09:00,12:00\", how = \"bars\" }}"
        )
    };
    let read = csv(&text, &settings("open")).unwrap();
    assert_eq!(read.panel.series(0).y[..2], [5.0, 2.0]);
    let columns: Vec<(&str, Role, [f64; 2])> = read
        .panel
        .columns
        .iter()
        .map(|column| (column.name.as_str(), column.role, [column.values[0], column.values[1]]))
        .collect();
    let close = Role::Close;
    assert_eq!(
        columns,
        [
            ("high", close, [9.0, 8.0]),
            ("low", close, [1.0, 0.0]),
            ("close", close, [7.0, 9.0]),
            ("volume", close, [19.0, 25.0])
        ]
    );
    for (target, first) in [("high", [9.0, 8.0]), ("close", [7.0, 9.0]), ("volume", [19.0, 25.0])] {
        let read = csv(&text, &settings(target)).unwrap();
        assert_eq!(read.panel.series(0).y[..2], first, "{target}");
        assert_eq!(read.panel.columns[0].role, Role::Open);
    }
    let refused = csv(&text, &settings("note")).unwrap_err().to_string();
    assert!(refused.contains("target `note` is no part of a bar"), "{refused}");
}

/// A zero that means a machine out of order is missing, and counted.
#[test]
fn zeros_that_measure_nothing() {
    let text = "ds,y\n2020-01-01,0\n2020-01-02,4\n2020-01-03,-0.0\n2020-01-04,5\n";
    assert_eq!(csv(text, "").unwrap().panel.series(0).y[0], 0.0);
    let read = csv(text, "tidy = { zeros = \"missing\" }").unwrap();
    assert_eq!(shown(&read), ["f 2020-01-01=NaN 2020-01-02=4 2020-01-03=NaN 2020-01-04=5"]);
    let fix = &read.tidied.fixes[0];
    assert_eq!((fix.code, fix.how.as_str(), fix.rows, fix.series), (Code::Zeros, "missing", 2, 1));
}
