//! Rows that cannot be used or contradict each other, and columns that say nothing.

use std::collections::HashMap;

use almanac_data::{BadRows, Code, Duplicates, Gaps, Table, Tidy};

use super::parts::Target;
use super::{Log, Rows};
use crate::error::ReadError;
use crate::notes::Notes;

/// Which rows of a table stay: those with a name, groups and a target, one of each name.
pub(super) fn keep(
    rows: &Rows,
    target: &Target,
    tidy: &Tidy,
    notes: &mut Notes,
) -> Result<Vec<bool>, ReadError> {
    let mut keep = vec![true; rows.len()];
    named(rows, "row", tidy.bad_rows, &mut keep, notes)?;
    let missing: Vec<usize> =
        (0..rows.len()).filter(|&row| keep[row] && target.y[row].is_nan()).collect();
    if let (Gaps::Refuse, Some(&first)) = (tidy.missing, missing.first()) {
        let (place, column) = (rows.place(first), target.name.clone());
        return Err(ReadError::NoTarget { place, column, count: missing.len() });
    }
    for &row in &missing {
        keep[row] = false;
        if !target.classes.is_empty() {
            notes.find(Code::Missing, target.number, 1, || rows.place(row));
        }
        notes.fix(Code::Missing, "drop", target.number, 1);
    }
    once(rows, |row| (0, target.y[row]), tidy.duplicates, &mut keep, notes)?;
    Ok(keep)
}

/// Rows whose name or group is missing.
pub(super) fn named(
    rows: &Rows,
    what: &'static str,
    bad_rows: BadRows,
    keep: &mut [bool],
    notes: &mut Notes,
) -> Result<(), ReadError> {
    let groups = rows.words.iter().map(|(name, words)| (name.as_str(), "group", words));
    for (name, what, words) in [(rows.id.as_str(), what, &rows.ids)].into_iter().chain(groups) {
        for row in (0..rows.len()).filter(|&row| words[row].is_empty()) {
            if bad_rows == BadRows::Refuse {
                return Err(ReadError::NoId { place: rows.place(row), column: name.into(), what });
            }
            if std::mem::take(&mut keep[row]) {
                notes.find_in_source(Code::NoId, 1, || rows.place(row));
                notes.fix_source(Code::NoId, "drop", 1);
            }
        }
    }
    Ok(())
}

/// Leaves one row of each name and number, a mark's first part; its second is compared. Rows that agree are one; of others the settings say which.
pub(super) fn once(
    rows: &Rows,
    mark: impl Fn(usize) -> (u32, f64),
    how: Duplicates,
    keep: &mut [bool],
    notes: &mut Notes,
) -> Result<(), ReadError> {
    let alike = |a: f64, b: f64| a == b || a.is_nan() && b.is_nan();
    let equal = |a: usize, b: usize| {
        mark(a).1 == mark(b).1
            && rows.numbers.iter().all(|(_, values)| alike(values[a], values[b]))
            && rows.words.iter().all(|(_, words)| words[a] == words[b])
    };
    let mut seen: HashMap<(&str, u32), usize> = HashMap::new();
    for row in 0..rows.len() {
        if !keep[row] {
            continue;
        }
        let key = (rows.ids[row].as_str(), mark(row).0);
        let Some(&before) = seen.get(&key) else {
            seen.insert(key, row);
            continue;
        };
        notes.find_in_source(Code::Duplicates, 1, || rows.place(row));
        let (word, out) = match (equal(before, row), how) {
            (true, _) => ("joined", row),
            (false, Duplicates::First) => ("first", row),
            (false, Duplicates::Last) => ("last", before),
            (false, _) => {
                let (id, first, second) =
                    (rows.ids[row].clone(), rows.place(before), rows.place(row));
                return Err(ReadError::RowTwice { id, first, second });
            }
        };
        keep[out] = false;
        if out == before {
            seen.insert(key, row);
        }
        notes.fix_source(Code::Duplicates, word, 1);
    }
    Ok(())
}

/// Rows for which another file has nothing.
pub(super) fn without(
    rows: &Rows,
    (file, lacks): (&str, impl Fn(usize) -> bool),
    bad_rows: BadRows,
    keep: &mut [bool],
    notes: &mut Notes,
) -> Result<(), ReadError> {
    let lacking: Vec<usize> = (0..rows.len()).filter(|&row| keep[row] && lacks(row)).collect();
    if let (BadRows::Refuse, Some(&first)) = (bad_rows, lacking.first()) {
        let (id, place) = (rows.ids[first].clone(), rows.place(first));
        return Err(ReadError::Unmatched { id, place, file: file.into(), count: lacking.len() });
    }
    for &row in &lacking {
        keep[row] = false;
        notes.find_in_source(Code::Unmatched, 1, || format!("`{}` in {file}", rows.ids[row]));
        notes.fix_source(Code::Unmatched, "drop", 1);
    }
    Ok(())
}

/// Notes columns with one value throughout, or none.
pub(super) fn constant(table: &Table, log: &mut Log) {
    let columns = table.x.names().iter().map(String::as_str).zip(table.x.columns());
    for (name, values) in columns.chain([(table.target.as_str(), table.y.as_slice())]) {
        let mut said = values.iter().filter(|value| !value.is_nan());
        let first = said.next();
        if values.len() > 1 && said.all(|value| Some(value) == first) {
            let words = match (first, table.classes.get(first.map_or(0, |&v| v as usize))) {
                (None, _) => "no value at all".to_string(),
                (Some(_), Some(class)) if name == table.target => format!("{class} throughout"),
                (Some(value), _) => format!("{value} throughout"),
            };
            let number = log.number(name);
            log.notes.find(Code::Constant, number, values.len(), || words);
        }
    }
}
