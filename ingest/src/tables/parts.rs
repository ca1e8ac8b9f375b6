//! Which column of a table is what: as declared, else by what it holds.

use std::collections::{BTreeMap, BTreeSet};

use almanac_data::{CurveFile, Joined, Source};
use polars::prelude::*;

use crate::cells;
use crate::error::ReadError;
use crate::names::{Heading, TARGETS};
use crate::numbers;

/// What each column of a file is for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parts {
    pub id: Option<String>,
    /// The target, empty where the file has none; the first of the words or of the numbers.
    pub target: String,
    pub classes: bool,
    pub numbers: Vec<String>,
    pub words: Vec<String>,
    pub keep: Vec<(String, String)>,
    /// Columns that are left out.
    pub undeclared: Vec<String>,
}

/// The column that is asked.
pub(super) struct Target {
    pub name: String,
    pub number: u32,
    pub y: Vec<f64>,
    pub classes: Vec<String>,
}

impl Target {
    /// Of rows that are asked about. No row is left out for what nobody knows: 0 stands for it here.
    pub fn unknown(name: &str, rows: usize) -> Target {
        Target { name: name.into(), number: 0, y: vec![0.0; rows], classes: Vec::new() }
    }
}

/// What rows are read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    /// To learn from: each has a target.
    Lesson,
    /// To be asked about: a target that is there is not looked at.
    Question,
}

impl Parts {
    /// Of a table's own file. A named column that it lacks may come with a joined file.
    pub fn of_table(source: &Source, heading: &Heading<'_>, what: For) -> Result<Parts, ReadError> {
        let have = |name: &String, role| heading.have(name, role);
        let id = source.id.as_ref().map(|id| have(id, "id")).transpose()?;
        // Folds part a lesson by them; a question has none.
        let labels = source.label.iter().filter(|_| what == For::Lesson);
        let labels: Vec<String> =
            labels.map(|name| have(name, "label")).collect::<Result<_, _>>()?;
        let keep = conditions(&source.keep, heading)?;
        let mut taken: Vec<&String> = id.iter().chain(&labels).collect();
        taken.extend(keep.iter().map(|(column, _)| column));
        let target = match what {
            For::Lesson => target(source, heading, &taken)?,
            For::Question => source.target.clone().unwrap_or_default(),
        };
        taken.push(&target);
        let columns = match source.columns.as_slice() {
            [] => numeric(heading, &taken)?,
            named => {
                once(named, &target)?;
                let all = named.iter().map(|name| have(name, "columns"));
                match source.join.is_empty() {
                    true => all.collect::<Result<_, _>>()?,
                    false => all.flatten().collect(),
                }
            }
        };
        let column = heading.series(&target);
        let classes = source.classes.unwrap_or_else(|| column.is_some_and(cells::are_classes));
        let used = |name: &&String| !taken.contains(name) && !columns.contains(name);
        let undeclared = heading.names.iter().filter(used).cloned().collect();
        let (mut numbers, mut words) = (columns, labels);
        if what == For::Lesson {
            if classes { &mut words } else { &mut numbers }.insert(0, target.clone());
        }
        Ok(Parts { id, target, classes, numbers, words, keep, undeclared })
    }

    /// Of a file with further columns.
    pub fn of_joined(joined: &Joined, id: &str, heading: &Heading<'_>) -> Result<Parts, ReadError> {
        let id = heading.have(id, "id")?;
        let keep = conditions(&joined.keep, heading)?;
        let mut taken: Vec<&String> = vec![&id];
        taken.extend(keep.iter().map(|(column, _)| column));
        let numbers = match joined.columns.as_slice() {
            [] => numeric(heading, &taken)?,
            named => named
                .iter()
                .map(|name| heading.have(name, "columns"))
                .collect::<Result<Vec<_>, _>>()?,
        };
        Ok(Parts { id: Some(id), numbers, keep, ..Parts::default() })
    }

    /// Of a file with curves: the cycle, then the columns of a curve in the order of their numbers.
    pub fn of_curves(
        file: &CurveFile,
        id: &str,
        heading: &Heading<'_>,
    ) -> Result<Parts, ReadError> {
        let id = heading.have(id, "id")?;
        let cycle = heading.have(&file.cycle, "cycle")?;
        let mut points: BTreeMap<u32, &String> = BTreeMap::new();
        let refuse = |reason| {
            let value = file.values.clone();
            Err(ReadError::Setting { name: "curves.values", value, reason })
        };
        for name in &heading.names {
            let number = name.strip_prefix(&file.values).filter(|rest| !rest.starts_with('+'));
            let Some(number) = number.and_then(|rest| rest.parse().ok()) else { continue };
            if let Some(before) = points.insert(number, name) {
                return refuse(format!("columns `{before}` and `{name}` are both number {number}"));
            }
        }
        let Some((&first, _)) = points.first_key_value() else {
            return refuse("no column is this and a number".into());
        };
        if let Some((absent, _)) = (first..).zip(points.keys()).find(|(want, have)| want != *have) {
            return refuse(format!("the columns are numbered and {absent} is absent"));
        }
        let numbers = [cycle].into_iter().chain(points.into_values().cloned()).collect();
        Ok(Parts { id: Some(id), numbers, ..Parts::default() })
    }

    /// The columns to read.
    pub fn wanted(&self) -> Vec<String> {
        let all = self.id.iter().chain(&self.numbers).chain(&self.words);
        let mut seen = BTreeSet::new();
        all.filter(|name| seen.insert(*name)).cloned().collect()
    }
}

/// The classes in order, by number where all are numbers; and each row's place among them.
pub(super) fn classes(words: &[String]) -> (Vec<String>, Vec<f64>) {
    let said = words.iter().filter(|word| !numbers::is_missing(word));
    let all: BTreeSet<&String> = said.collect();
    let mut classes: Vec<String> = all.into_iter().cloned().collect();
    let number = |word: &String| word.parse::<f64>().ok().filter(|number| number.is_finite());
    if classes.iter().all(|word| number(word).is_some()) {
        classes.sort_by(|a, b| number(a).partial_cmp(&number(b)).unwrap_or(a.cmp(b)));
    }
    let place: BTreeMap<&String, usize> =
        classes.iter().enumerate().map(|(k, word)| (word, k)).collect();
    let y = words.iter().map(|word| place.get(word).map_or(f64::NAN, |&k| k as f64)).collect();
    (classes, y)
}

fn target(source: &Source, heading: &Heading<'_>, taken: &[&String]) -> Result<String, ReadError> {
    if let Some(target) = &source.target {
        return heading.have(target, "target");
    }
    let free = heading.names.iter().filter(|name| !taken.contains(name));
    let free: Vec<String> = free.cloned().collect();
    heading.usual(&TARGETS, &free, "target")?.ok_or_else(|| heading.unclear("target", free))
}

fn conditions(
    keep: &BTreeMap<String, String>,
    heading: &Heading<'_>,
) -> Result<Vec<(String, String)>, ReadError> {
    let condition =
        |(column, value): (&String, &String)| Ok((heading.have(column, "where")?, value.clone()));
    keep.iter().map(condition).collect()
}

/// The columns of numbers that have no other part.
fn numeric(heading: &Heading<'_>, taken: &[&String]) -> Result<Vec<String>, ReadError> {
    let number = |name: &&String| {
        let yes = |column: &Series| cells::all_numbers(column) || column.dtype().is_bool();
        !taken.contains(name) && heading.series(name).is_some_and(yes)
    };
    let all: Vec<String> = heading.names.iter().filter(number).cloned().collect();
    match all.is_empty() {
        true => Err(heading.unclear("columns", Vec::new())),
        false => Ok(all),
    }
}

/// No column is named twice, and the target is not learned from.
fn once(columns: &[String], target: &str) -> Result<(), ReadError> {
    let refuse = |name: &String, reason: &str| {
        let (value, reason) = (name.clone(), reason.into());
        Err(ReadError::Setting { name: "columns", value, reason })
    };
    for (k, name) in columns.iter().enumerate() {
        if name.eq_ignore_ascii_case(target) {
            return refuse(name, "it is the target: nothing is left to predict");
        }
        if columns[..k].contains(name) {
            return refuse(name, "it is named twice");
        }
    }
    Ok(())
}
