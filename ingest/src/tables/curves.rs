//! The curves of a table's rows, out of a file with one row for each row and cycle.

use std::collections::HashMap;

use almanac_data::{Code, CurveFile, Curves, Source};

use super::{Log, Parts, Rows, beside, flaws};
use crate::error::ReadError;
use crate::input;

/// The curves of each row, in the order of cycles.
pub(super) fn read(
    rows: &Rows,
    file: &CurveFile,
    source: &Source,
    keep: &mut [bool],
    log: &mut Log,
) -> Result<Curves, ReadError> {
    let id = beside::id(source, file.id.as_ref(), "curves")?;
    let inputs = [input::one(&file.path, file.sha256.as_ref())?];
    let settings = Source { decimal: source.decimal, ..Source::default() };
    let find = |heading: &crate::names::Heading<'_>| Parts::of_curves(file, id, heading);
    let (other, _) = Rows::read(&inputs, &settings, log, find)?;
    let mut own = vec![true; other.len()];
    flaws::named(&other, "row", source.tidy.bad_rows, &mut own, &mut log.notes)?;
    let cycles = cycles(&other)?;
    let how = source.tidy.duplicates;
    flaws::once(&other, |k| (cycles[k], 0.0), how, &mut own, &mut log.notes)?;
    let mut of: HashMap<&str, Vec<usize>> = HashMap::new();
    for k in (0..other.len()).filter(|&k| own[k]) {
        of.entry(other.ids[k].as_str()).or_default().push(k);
    }
    let points = &other.numbers[1..];
    let curves = Curves {
        points: points.len(),
        rows: rows
            .ids
            .iter()
            .map(|id| {
                let mut order = of.get(id.as_str()).cloned().unwrap_or_default();
                order.sort_by_key(|&k| cycles[k]);
                let values =
                    order.iter().flat_map(|&k| points.iter().map(move |(_, v)| v[k] as f32));
                (order.iter().map(|&k| cycles[k]).collect(), values.collect())
            })
            .collect(),
    };
    let name = &inputs[0].name;
    let lacks = |row: usize| curves.rows[row].0.is_empty();
    flaws::without(rows, (name, lacks), source.tidy.bad_rows, keep, &mut log.notes)?;
    rows.ids.iter().for_each(|id| drop(of.remove(id.as_str())));
    let strange = of.values().map(Vec::len).sum::<usize>();
    if strange > 0 {
        let first = of.values().flatten().min().map_or(String::new(), |&k| other.place(k));
        log.notes.find_in_source(Code::Unmatched, strange, || first);
    }
    log.notes.say(format!("curves of {} points from {name}", points.len()));
    Ok(curves)
}

/// The cycle of each curve.
fn cycles(other: &Rows) -> Result<Vec<u32>, ReadError> {
    let (name, values) = &other.numbers[0];
    let cycle = |(k, &value): (usize, &f64)| match value {
        whole if (0.0..=f64::from(u32::MAX)).contains(&whole) && whole.fract() == 0.0 => {
            Ok(whole as u32)
        }
        other_value => Err(ReadError::NotCycle {
            place: other.place(k),
            column: name.clone(),
            value: other_value.to_string(),
        }),
    };
    values.iter().enumerate().map(cycle).collect()
}
