//! A table laid out for the loop: its test sets stand where a panel has series, its rows where a
//! series has steps.
//!
//! ```text
//! panel   series = test set      stamps = row numbers, from 1      y = the target
//! table   fold k of a test set   learns from some rows, is judged on others
//! ```

use std::collections::BTreeSet;

use almanac_data::{Calendar, Panel, Stamp, Table, nearest};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::error::PlanError;
use crate::folds::{Split, grouped};
use crate::spec::{FoldKind, FoldSpec};

/// A table with its folds.
#[derive(Debug, Clone, PartialEq)]
pub struct TableRows {
    table: Table,
    panel: Panel,
    /// By test set, then by fold.
    splits: Vec<Vec<Split>>,
}

impl TableRows {
    /// Parts the rows as the folds say; the seed shuffles.
    ///
    /// # Errors
    /// Folds that only a panel can have, a column or a value that is not there, too few rows.
    pub fn new(spec: &FoldSpec, seed: u64, table: Table) -> Result<TableRows, PlanError> {
        let mut sets = match spec.kind {
            FoldKind::Given => given(spec, &table)?,
            FoldKind::Grouped => by_group(spec, &table)?,
            FoldKind::Shuffled => Vec::new(),
            FoldKind::Rolling | FoldKind::Sliding => {
                let must = "shuffled, grouped or given: rows of a table have no order";
                return Err(range("kind", must, "an order of time"));
            }
        };
        if spec.kind == FoldKind::Shuffled || spec.repeats.is_some() {
            sets.push(shuffled(spec, seed, table.ids.len())?);
        }
        let panel = lay_out(&table, &sets)?;
        let splits = sets.into_iter().map(|(_, splits)| splits).collect();
        Ok(TableRows { table, panel, splits })
    }

    /// All rows learnt from, and all asked: for a model that is kept, not judged.
    ///
    /// # Errors
    /// None that a table that was read can cause.
    pub fn whole(table: Table) -> Result<TableRows, PlanError> {
        let all: Vec<usize> = (0..table.ids.len()).collect();
        let split = Split { train: all.clone(), test: all };
        let panel = lay_out(&table, &[("all rows".into(), vec![split.clone()])])?;
        Ok(TableRows { table, panel, splits: vec![vec![split]] })
    }

    /// The table.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The test sets as series.
    pub fn panel(&self) -> &Panel {
        &self.panel
    }

    /// The largest number of folds of a test set.
    pub fn folds(&self) -> usize {
        self.splits.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// The largest number of rows of a test.
    pub fn longest(&self) -> usize {
        self.splits.iter().flatten().map(|split| split.test.len()).max().unwrap_or(0)
    }

    /// Tests of all test sets: a fit for each.
    pub(crate) fn fits(&self) -> usize {
        self.splits.iter().map(Vec::len).sum()
    }

    /// Rows asked in all tests.
    pub(crate) fn asked(&self) -> usize {
        self.splits.iter().flatten().map(|split| split.test.len()).sum()
    }

    /// The rows of a test set at a fold, where it has that many.
    pub fn split(&self, set: usize, fold: usize) -> Option<&Split> {
        self.splits[set].get(fold)
    }
}

/// A test set: its name and its folds.
type Set = (String, Vec<Split>);

/// One set for each value of the column but the one learnt from, and once more without some rows.
fn given(spec: &FoldSpec, table: &Table) -> Result<Vec<Set>, PlanError> {
    let labels = column(spec, table)?;
    let train = spec.train.as_deref().unwrap_or("train");
    let rows = |value: &str| -> Vec<usize> {
        (0..labels.len()).filter(|&row| labels[row] == value).collect()
    };
    let learn = rows(train);
    if learn.is_empty() {
        let near = nearest(train, labels.iter().map(String::as_str));
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        return Err(range("train", "a value of the column", &format!("`{train}`{near}")));
    }
    if let Some(id) = spec.without.iter().find(|id| !table.ids.contains(id)) {
        return Err(range("without", "names of rows", &format!("`{id}`")));
    }
    let mut names: Vec<&String> = Vec::new();
    labels.iter().filter(|name| *name != train).for_each(|name| {
        if !names.contains(&name) {
            names.push(name);
        }
    });
    names.sort();
    let mut sets = Vec::new();
    for name in names {
        let test = rows(name);
        let kept: Vec<usize> =
            test.iter().copied().filter(|&row| !spec.without.contains(&table.ids[row])).collect();
        let fewer = kept.len() < test.len();
        sets.push((name.clone(), vec![Split { train: learn.clone(), test }]));
        if fewer {
            let name = format!("{name} without {}", spec.without.join(", "));
            sets.push((name, vec![Split { train: learn.clone(), test: kept }]));
        }
    }
    match sets.is_empty() {
        true => Err(range("by", "a column with test rows", "all rows to learn from")),
        false => Ok(sets),
    }
}

fn by_group(spec: &FoldSpec, table: &Table) -> Result<Vec<Set>, PlanError> {
    let labels = column(spec, table)?;
    let groups = labels.iter().collect::<BTreeSet<_>>().len();
    let by = spec.by.as_deref().unwrap_or_default();
    if groups < 2 {
        return Err(range("by", "a column of two groups or more", &format!("`{by}` of one")));
    }
    if spec.count < 2 || groups < spec.count {
        let must = format!("2 to {groups}, the number of groups");
        return Err(range("count", &must, &spec.count.to_string()));
    }
    Ok(vec![(format!("{} folds by {by}", spec.count), grouped(labels, spec.count))])
}

/// Every row is in one test of each repeat; tests differ by one row in size at most.
fn shuffled(spec: &FoldSpec, seed: u64, rows: usize) -> Result<Set, PlanError> {
    if spec.count < 2 || rows < spec.count {
        let must = format!("2 to {rows}, the number of rows");
        return Err(range("count", &must, &spec.count.to_string()));
    }
    let repeats = spec.repeats.unwrap_or(1);
    if repeats == 0 {
        return Err(range("repeats", "at least 1", "0"));
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut splits = Vec::with_capacity(repeats * spec.count);
    for _ in 0..repeats {
        let mut order: Vec<usize> = (0..rows).collect();
        order.shuffle(&mut rng);
        for fold in 0..spec.count {
            let bounds = [fold, fold + 1].map(|k| k * rows / spec.count);
            let mut test = order[bounds[0]..bounds[1]].to_vec();
            test.sort_unstable();
            let train = (0..rows).filter(|row| test.binary_search(row).is_err()).collect();
            splits.push(Split { train, test });
        }
    }
    let name = match repeats {
        1 => format!("{}-fold", spec.count),
        _ => format!("{}-fold, {repeats} times", spec.count),
    };
    Ok((name, splits))
}

/// The column of words that the folds go by.
fn column<'a>(spec: &FoldSpec, table: &'a Table) -> Result<&'a Vec<String>, PlanError> {
    let names = || table.labels.iter().map(|(name, _)| name.as_str());
    let all = names().collect::<Vec<_>>().join(", ");
    let must = match all.is_empty() {
        true => "a column that data.label names; it names none".to_string(),
        false => format!("one of {all}"),
    };
    let Some(by) = &spec.by else { return Err(range("by", &must, "left out")) };
    let found = table.labels.iter().find(|(name, _)| name == by);
    found.map(|(_, labels)| labels).ok_or_else(|| {
        let near = nearest(by, names()).map(|near| format!("; did you mean `{near}`?"));
        range("by", &must, &format!("`{by}`{}", near.unwrap_or_default()))
    })
}

fn lay_out(table: &Table, sets: &[Set]) -> Result<Panel, PlanError> {
    let (mut ends, mut at, mut y) = (Vec::new(), Vec::new(), Vec::new());
    for (name, splits) in sets {
        let mut rows: Vec<usize> = splits.iter().flat_map(|split| split.test.clone()).collect();
        rows.sort_unstable();
        rows.dedup();
        at.extend(rows.iter().map(|&row| Stamp(row as i64 + 1)));
        y.extend(rows.iter().map(|&row| table.y[row]));
        ends.push((name.clone(), y.len()));
    }
    let panel = Panel::new(table.name.clone(), Calendar::steps(), ends, at, y);
    panel.map_err(|error| range("by", "a column whose test sets have names", &error.to_string()))
}

fn range(field: &'static str, must: &str, got: &str) -> PlanError {
    PlanError::Range { table: "folds", field, must: must.into(), got: got.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use almanac_data::Matrix;

    fn table() -> Table {
        let split = ["train", "b", "train", "a", "a"].map(String::from).to_vec();
        let y: Vec<f64> = (0..5).map(f64::from).collect();
        Table {
            name: "five".into(),
            ids: (0..5).map(|row| format!("r{row}")).collect(),
            x: Matrix::from_columns(vec![("x".into(), y.clone())]).unwrap(),
            target: "y".into(),
            y,
            classes: Vec::new(),
            labels: vec![("split".into(), split)],
            curves: None,
        }
    }

    fn said(spec: FoldSpec) -> Result<TableRows, String> {
        TableRows::new(&spec, 1, table()).map_err(|error| error.to_string())
    }

    /// Rows 0 and 2 are learnt from; `a` is rows 3 and 4, and once more without row 4.
    #[test]
    fn given_sets_by_hand() {
        let spec = FoldSpec {
            kind: FoldKind::Given,
            by: Some("split".into()),
            without: vec!["r4".into()],
            ..FoldSpec::default()
        };
        let rows = said(spec.clone()).unwrap();
        assert_eq!(rows.panel().ids(), ["a", "a without r4", "b"]);
        let split = |test: &[usize]| Split { train: vec![0, 2], test: test.to_vec() };
        assert_eq!(rows.split(0, 0), Some(&split(&[3, 4])));
        assert_eq!(rows.split(1, 0), Some(&split(&[3])));
        assert_eq!((rows.split(2, 1), rows.folds(), rows.longest()), (None, 1, 2));
        assert_eq!(rows.panel().series(0).at, [Stamp(4), Stamp(5)]);
        let slip = said(FoldSpec { by: Some("splt".into()), ..spec.clone() }).unwrap_err();
        assert!(slip.ends_with("not `splt`; did you mean `split`?"), "{slip}");
        let slip = said(FoldSpec { train: Some("c".into()), ..spec }).unwrap_err();
        assert_eq!(slip, "folds.train must be a value of the column, not `c`");
    }

    /// Two repeats of two folds: each row is tested twice, and never learnt from in its own test.
    #[test]
    fn shuffled_folds_test_every_row() {
        let kind = FoldKind::Shuffled;
        let spec = FoldSpec { kind, count: 2, repeats: Some(2), ..FoldSpec::default() };
        let rows = said(spec.clone()).unwrap();
        assert_eq!((rows.panel().ids(), rows.folds()), (&["2-fold, 2 times".to_string()][..], 4));
        let mut tested = [0; 5];
        for split in (0..4).filter_map(|fold| rows.split(0, fold)) {
            split.test.iter().for_each(|&row| tested[row] += 1);
            assert!(split.test.iter().all(|row| !split.train.contains(row)));
            assert_eq!(split.test.len() + split.train.len(), 5);
        }
        assert_eq!(tested, [2; 5]);
        let error = said(FoldSpec { count: 9, ..spec }).unwrap_err();
        assert_eq!(error, "folds.count must be 2 to 5, the number of rows, not 9");
        assert!(said(FoldSpec::default()).unwrap_err().contains("rows of a table have no order"));
    }
}
