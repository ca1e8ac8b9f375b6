//! Rows as they lie in the files: numbers, words, and the place of each.

use almanac_data::{Code, Source};
use polars::prelude::DataFrame;

use super::{Log, Parts};
use crate::cells::Origin;
use crate::conditions::Conditions;
use crate::error::ReadError;
use crate::input::Input;
use crate::names::Heading;
use crate::numbers;
use crate::readers::{self, PLACE, Wanted};

/// The columns that are asked for, by row.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// The column that names rows.
    pub id: String,
    /// A name for each row: its number where no column names it, empty where one is missing.
    pub ids: Vec<String>,
    pub numbers: Vec<(String, Vec<f64>)>,
    pub words: Vec<(String, Vec<String>)>,
    /// File and line of each row.
    at: Vec<(u32, u32)>,
    files: Vec<(String, &'static str)>,
}

impl Rows {
    /// Reads files that lie alike; their first rows say which column is what.
    pub fn read(
        inputs: &[Input],
        source: &Source,
        log: &mut Log,
        find: impl Fn(&Heading<'_>) -> Result<Parts, ReadError>,
    ) -> Result<(Rows, Parts), ReadError> {
        let mut rows = Rows::default();
        let mut first: Option<(Parts, Conditions)> = None;
        for input in inputs {
            let before = rows.len();
            let ((), print) = input.hashed(|| rows.file(input, source, log, &mut first, &find))?;
            log.files.push(input.described(print, rows.len() - before, &mut log.notes));
        }
        match first {
            Some((parts, _)) if rows.len() > 0 => Ok((rows, parts)),
            Some((_, conditions)) => Err(conditions.nothing_left(inputs)),
            None => Err(Conditions::default().nothing_left(inputs)),
        }
    }

    pub fn len(&self) -> usize {
        self.at.len()
    }

    /// File and line of a row, in words.
    pub fn place(&self, row: usize) -> String {
        let (file, number) = self.at[row];
        let (name, unit) = &self.files[file as usize];
        Origin { name, unit, decimal: b'.' }.numbered(number)
    }

    fn file(
        &mut self,
        input: &Input,
        source: &Source,
        log: &mut Log,
        first: &mut Option<(Parts, Conditions)>,
        find: &impl Fn(&Heading<'_>) -> Result<Parts, ReadError>,
    ) -> Result<(), ReadError> {
        let (mut reader, unit) = readers::open(input, source)?;
        let head = reader.next(&Wanted::default())?;
        let head = head.ok_or_else(|| ReadError::Empty { path: input.name.clone() })?;
        for said in reader.said() {
            log.notes.say(said);
        }
        let heading = Heading::new(&head, &input.name);
        let parts = match first {
            Some((parts, _)) => alike(parts, &heading)?,
            None => {
                let parts = find(&heading)?;
                let conditions = Conditions::of(&parts.keep, &head);
                let conditions = conditions.map_err(|e| input.malformed(e))?;
                self.declare(&parts, log);
                first.insert((parts, conditions)).0.clone()
            }
        };
        let decimal = numbers::mark(source, &head, &parts.numbers, &input.name)?;
        let origin = Origin { name: &input.name, unit, decimal };
        self.files.push((input.name.clone(), unit));
        let wanted = Wanted { columns: Some(parts.wanted()), keep: parts.keep.clone() };
        let kept = wanted.take(head).map_err(|e| input.malformed(e))?;
        self.add(&kept, &origin, &parts, log)?;
        drop(kept);
        readers::each(reader, &wanted, |frame| self.add(&frame, &origin, &parts, log))
    }

    fn declare(&mut self, parts: &Parts, log: &mut Log) {
        if !parts.undeclared.is_empty() {
            let names = || parts.undeclared.join(", ");
            log.notes.find_in_source(Code::Undeclared, parts.undeclared.len(), names);
        }
        self.id = parts.id.clone().unwrap_or_default();
        self.numbers = parts.numbers.iter().map(|name| (name.clone(), Vec::new())).collect();
        self.words = parts.words.iter().map(|name| (name.clone(), Vec::new())).collect();
    }

    /// Adds the rows of a frame. Infinite values become missing; both are counted by column.
    fn add(
        &mut self,
        frame: &DataFrame,
        origin: &Origin<'_>,
        parts: &Parts,
        log: &mut Log,
    ) -> Result<(), ReadError> {
        for (name, values) in &mut self.numbers {
            let mut new = origin.numbers(frame, name)?;
            let number = log.number(name);
            for (k, value) in new.iter_mut().enumerate().filter(|(_, value)| !value.is_finite()) {
                let missing = value.is_nan();
                let code = if missing { Code::Missing } else { Code::Infinite };
                log.notes.find(code, number, 1, || origin.place(frame, k));
                if !missing {
                    *value = f64::NAN;
                    log.notes.fix(Code::Infinite, "missing", number, 1);
                }
            }
            values.append(&mut new);
        }
        for (name, words) in &mut self.words {
            words.append(&mut origin.words(frame, name)?);
        }
        let before = self.ids.len();
        match &parts.id {
            Some(id) => self.ids.append(&mut origin.words(frame, id)?),
            None => self.ids.extend((1..=frame.height()).map(|k| (before + k).to_string())),
        }
        let places = frame.column(PLACE).and_then(|places| places.u32().cloned());
        let places = places.map_err(|e| origin.malformed(e))?;
        let file = self.files.len() as u32 - 1;
        self.at.extend(places.iter().map(|place| (file, place.unwrap_or_default())));
        Ok(())
    }
}

/// The parts of a further file: the same columns must be there.
fn alike(parts: &Parts, heading: &Heading<'_>) -> Result<Parts, ReadError> {
    let numbers = parts.numbers.iter().map(|name| (name, "columns"));
    let words = parts.words.iter().map(|name| (name, "label"));
    let id = parts.id.iter().map(|name| (name, "id"));
    for (name, role) in id.chain(words).chain(numbers) {
        if !heading.names.contains(name) {
            heading.have(name, role)?;
        }
    }
    Ok(parts.clone())
}
