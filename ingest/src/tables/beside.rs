//! Further columns of a table's rows, out of another file.

use std::collections::HashMap;

use almanac_data::{Joined, Source};

use super::{Log, Parts, Rows, flaws};
use crate::error::ReadError;
use crate::input;

/// Puts the columns of another file beside the rows.
pub(super) fn join(
    rows: &mut Rows,
    joined: &Joined,
    source: &Source,
    keep: &mut [bool],
    log: &mut Log,
) -> Result<(), ReadError> {
    let id = id(source, joined.id.as_ref(), "join")?;
    let inputs = [input::one(&joined.path, joined.sha256.as_ref())?];
    let settings = Source { decimal: source.decimal, ..Source::default() };
    let find = |heading: &crate::names::Heading<'_>| Parts::of_joined(joined, id, heading);
    let (other, _) = Rows::read(&inputs, &settings, log, find)?;
    let mut own = vec![true; other.len()];
    flaws::named(&other, "row", source.tidy.bad_rows, &mut own, &mut log.notes)?;
    let how = source.tidy.duplicates;
    flaws::once(&other, |_| (0, 0.0), how, &mut own, &mut log.notes)?;
    let places: HashMap<&str, usize> =
        (0..other.len()).filter(|&k| own[k]).map(|k| (other.ids[k].as_str(), k)).collect();
    let from: Vec<Option<usize>> =
        rows.ids.iter().map(|id| places.get(id.as_str()).copied()).collect();
    let file = &inputs[0].name;
    let lacks = |row: usize| from[row].is_none();
    flaws::without(rows, (file, lacks), source.tidy.bad_rows, keep, &mut log.notes)?;
    log.notes.say(format!("{} columns joined from {file}", other.numbers.len()));
    for (name, values) in &other.numbers {
        let of = from.iter().map(|k| k.map_or(f64::NAN, |k| values[k])).collect();
        rows.numbers.push((name.clone(), of));
    }
    Ok(())
}

/// The column that names rows in another file.
pub(super) fn id<'a>(
    source: &'a Source,
    own: Option<&'a String>,
    name: &'static str,
) -> Result<&'a str, ReadError> {
    match (&source.id, own) {
        (Some(id), own) => Ok(own.unwrap_or(id)),
        (None, _) => Err(ReadError::Setting {
            name,
            value: "…".into(),
            reason: "rows without names cannot be found in another file: state `id`".into(),
        }),
    }
}
