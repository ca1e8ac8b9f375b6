//! Laws: what is written is read back, and the order of rows is nothing.

use proptest::prelude::*;

use super::{csv, read, shown};

/// Rows of a few series on a grid with gaps, as (series, step, value).
fn rows() -> impl Strategy<Value = Vec<(u8, u16, Option<i32>)>> {
    let row = (0..4u8, 0..30u16, proptest::option::weighted(0.9, -1_000_000..1_000_000i32));
    proptest::collection::vec(row, 3..80).prop_map(|mut rows| {
        rows.sort();
        rows.dedup_by_key(|row| (row.0, row.1));
        // Neighbours, so that the step is one.
        rows.extend([(9, 0, Some(1)), (9, 1, Some(2)), (9, 2, Some(3))]);
        rows.extend((3..40).map(|step| (9, step, Some(1))));
        rows
    })
}

fn text(rows: &[(u8, u16, Option<i32>)]) -> String {
    let line = |&(id, step, y): &(u8, u16, Option<i32>)| {
        let y = y.map_or(String::new(), |y| (f64::from(y) / 8.0).to_string());
        format!("s{id},{step},{y}\n")
    };
    format!("unique_id,ds,y\n{}", rows.iter().map(line).collect::<String>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Every row that was written stands in the panel, and every other row of it is missing.
    #[test]
    fn what_is_written_is_read(rows in rows()) {
        let read = csv(&text(&rows), "").unwrap();
        let mut found = 0;
        for series in read.panel.iter() {
            for (at, y) in series.at.iter().zip(series.y) {
                let own = rows.iter().find(|r| format!("s{}", r.0) == series.id && i64::from(r.1) == at.0);
                let written = own.and_then(|row| row.2).map(|y| f64::from(y) / 8.0);
                prop_assert_eq!(written, Some(*y).filter(|y| !y.is_nan()));
                found += usize::from(own.is_some());
            }
        }
        prop_assert_eq!(found, rows.len());
    }

    #[test]
    fn the_order_of_rows_is_nothing(rows in rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))) {
        let (sorted, shuffled) = rows;
        let (a, b) = (csv(&text(&sorted), "").unwrap(), csv(&text(&shuffled), "").unwrap());
        prop_assert_eq!(shown(&a), shown(&b));
        prop_assert_eq!(a.panel.calendar, b.panel.calendar);
    }

    /// A panel written as long text and read again is itself.
    #[test]
    fn reading_again_changes_nothing(rows in rows()) {
        let once = csv(&text(&rows), "").unwrap();
        let mut again = String::from("unique_id,ds,y\n");
        for series in once.panel.iter() {
            for (at, y) in series.at.iter().zip(series.y) {
                again.push_str(&format!("{},{},{}\n", series.id, at.0, y));
            }
        }
        let twice = csv(&again, "").unwrap();
        prop_assert_eq!(shown(&once), shown(&twice));
        prop_assert!(twice.tidied.fixes.is_empty());
    }

    /// Whatever text: a panel or an error, and the same one again.
    #[test]
    fn any_text_has_one_answer(body in "[a-c0-9,;\"\n\r .:-]{0,200}") {
        let text = format!("ds,y\n{body}");
        let answer = || match csv(&text, "tidy = { bad_rows = \"drop\", duplicates = \"last\" }") {
            Ok(read) => shown(&read).join("\n"),
            Err(e) => e.to_string().rsplit('/').next().unwrap_or_default().to_string(),
        };
        prop_assert_eq!(answer(), answer());
    }

    #[test]
    fn any_bytes_are_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), which in 0..6usize) {
        let name = ["f.csv", "f.tsf", "f.ndjson", "f.parquet", "f.arrow", "f.csv.gz"][which];
        let _ = read(name, bytes, "");
    }
}
