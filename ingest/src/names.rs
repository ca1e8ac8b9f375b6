//! Which column is what: as declared, else by the usual names, else the only one that can be.

use almanac_data::{Format, Layout, Role, Source, nearest};
use polars::prelude::*;

use crate::cells;
use crate::error::ReadError;
use crate::numbers;
use crate::readers::PLACE;
use crate::times::{Kind, Times};

/// The usual names, in small letters, tier by tier: a name of an earlier tier wins over a later.
const IDS: [&[&str]; 3] = [
    &["unique_id"],
    &["item_id", "series_id", "series_name"],
    &[
        "id", "series", "symbol", "ticker", "machine", "atm", "atm_name", "item", "store",
        "sensor", "key",
    ],
];
const TIMES: [&[&str]; 4] = [
    &["ds"],
    &["timestamp"],
    &["date", "datetime", "date_time", "time", "ts", "ts_utc", "ts_ist"],
    &["day", "week", "month", "quarter", "year", "step", "period", "t"],
];
pub(crate) const TARGETS: [&[&str]; 3] = [&["y"], &["target"], &["value", "values"]];
const BAR: [&str; 3] = ["open", "high", "low"];
/// Parts of a bar that are known when it closes.
const CLOSED: [&str; 4] = ["high", "low", "close", "volume"];

/// What each column is for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Roles {
    pub id: Option<String>,
    pub time: String,
    /// One column of values; in the wide layout one for each series.
    pub targets: Vec<String>,
    pub layout: Layout,
    pub columns: Vec<(String, Role)>,
    /// Columns that are left out.
    pub undeclared: Vec<String>,
    /// Only rows where these columns have these values.
    pub keep: Vec<(String, String)>,
}

/// The columns of first rows, by name.
pub(crate) struct Heading<'a> {
    frame: &'a DataFrame,
    place: &'a str,
    pub names: Vec<String>,
}

impl Roles {
    /// Roles of the columns of these first rows.
    ///
    /// # Errors
    /// A declared column that is not there; a role for which no or several columns can serve.
    pub fn find(source: &Source, frame: &DataFrame, place: &str) -> Result<Roles, ReadError> {
        let heading = Heading::new(frame, place);
        let mut columns = heading.declared(source)?;
        let mut keep = Vec::new();
        for (column, value) in &source.keep {
            keep.push((heading.have(column, "where")?, value.clone()));
        }
        let stated = |name: &Option<String>, word| {
            name.as_ref().map(|name| heading.have(name, word)).transpose()
        };
        let free = |taken: &[Option<&String>]| -> Vec<String> {
            let free = heading.names.iter().filter(|name| {
                columns.iter().all(|(column, _)| column != *name) && !taken.contains(&Some(name))
            });
            free.cloned().collect()
        };
        plain_layout(source)?;
        let (id, target) = (stated(&source.id, "id")?, stated(&source.target, "target")?);
        let id = match id {
            None if source.layout != Some(Layout::Wide) => {
                heading.usual(&IDS, &free(&[target.as_ref()]), "id")?
            }
            other => other,
        };
        let time = match stated(&source.time, "time")? {
            Some(time) => time,
            None => heading.time(&free(&[id.as_ref(), target.as_ref()]))?,
        };
        let rest = free(&[id.as_ref(), Some(&time)]);
        let (targets, layout) = match target {
            Some(target) => (vec![target], Layout::Long),
            None => heading.targets(source, id.as_ref(), rest)?,
        };
        let used = |name: &String| {
            targets.contains(name) || [Some(&time), id.as_ref()].contains(&Some(name))
        };
        let mut undeclared = free(&[]);
        undeclared.retain(|name| !used(name));
        if source.format == Some(Format::Bars) {
            columns.extend(parts_of_bar(&mut undeclared));
        }
        Ok(Roles { id, time, targets, layout, columns, undeclared, keep })
    }

    /// The columns to read.
    pub fn wanted(&self) -> Vec<String> {
        let mut wanted: Vec<String> = self.id.iter().cloned().collect();
        let columns = self.columns.iter().map(|(name, _)| name);
        for name in [&self.time].into_iter().chain(&self.targets).chain(columns) {
            if !wanted.contains(name) {
                wanted.push(name.clone());
            }
        }
        wanted
    }
}

/// Takes the parts of a bar out of these columns, each with the role that its name gives it.
fn parts_of_bar(undeclared: &mut Vec<String>) -> Vec<(String, Role)> {
    let role = |name: &String| match name.to_lowercase().as_str() {
        "open" => Some(Role::Open),
        other => CLOSED.contains(&other).then_some(Role::Close),
    };
    let parts = undeclared.iter().filter_map(|name| Some((name.clone(), role(name)?))).collect();
    undeclared.retain(|name| role(name).is_none());
    parts
}

/// The wide layout leaves no room for a name of the series or of the target.
fn plain_layout(source: &Source) -> Result<(), ReadError> {
    for (name, value) in [("id", &source.id), ("target", &source.target)] {
        if let (Some(Layout::Wide), Some(value)) = (source.layout, value) {
            let reason = "in the wide layout each column is a series".into();
            return Err(ReadError::Setting { name, value: value.clone(), reason });
        }
    }
    Ok(())
}

impl<'a> Heading<'a> {
    pub fn new(frame: &'a DataFrame, place: &'a str) -> Heading<'a> {
        let names = frame.get_column_names_owned().into_iter().map(|name| name.to_string());
        let names = names.filter(|name| name != PLACE && !name.is_empty()).collect();
        Heading { frame, place, names }
    }

    /// The columns beside the values, with their roles.
    fn declared(&self, source: &Source) -> Result<Vec<(String, Role)>, ReadError> {
        let mut columns = Vec::new();
        for (declared, role, word) in [
            (&source.statics, Role::Static, "static"),
            (&source.known, Role::Known, "known"),
            (&source.past, Role::Past, "past"),
            (&source.open, Role::Open, "open"),
            (&source.close, Role::Close, "close"),
        ] {
            for name in declared {
                columns.push((self.have(name, word)?, role));
            }
        }
        Ok(columns)
    }

    /// The column of this name, whatever its capitals if no column has it to the letter.
    pub fn have(&self, name: &str, role: &'static str) -> Result<String, ReadError> {
        let exact = self.names.iter().find(|have| *have == name);
        let close = || self.names.iter().find(|have| have.eq_ignore_ascii_case(name));
        exact.or_else(close).cloned().ok_or_else(|| ReadError::NoColumn {
            place: self.place.into(),
            column: name.into(),
            role,
            nearest: nearest(name, self.names.iter().map(String::as_str)).map(String::from),
            have: self.names.clone(),
        })
    }

    /// The free column with a usual name; several of one tier cannot be told apart.
    pub fn usual(
        &self,
        tiers: &[&[&str]],
        free: &[String],
        role: &'static str,
    ) -> Result<Option<String>, ReadError> {
        for tier in tiers {
            let named = |name: &&String| tier.contains(&name.to_lowercase().as_str());
            let candidates: Vec<String> = free.iter().filter(named).cloned().collect();
            match candidates.as_slice() {
                [] => {}
                [one] => return Ok(Some(one.clone())),
                _ => return Err(self.unclear(role, candidates)),
            }
        }
        Ok(None)
    }

    fn time(&self, free: &[String]) -> Result<String, ReadError> {
        if let Some(time) = self.usual(&TIMES, free, "time")? {
            return Ok(time);
        }
        let dated = |name: &&String| {
            let column = self.series(name);
            column
                .and_then(|column| Times::find(column, None, self.place).ok())
                .is_some_and(|times| times.kind != Kind::Step)
        };
        let candidates: Vec<String> = free.iter().filter(dated).cloned().collect();
        match candidates.as_slice() {
            _ if self.names.iter().all(|name| is_data(name)) => {
                let reason = "the first line looks like data, not like names of columns".into();
                Err(ReadError::Malformed { place: self.place.into(), reason })
            }
            [one] => Ok(one.clone()),
            [] => Err(self.unclear("time", free.to_vec())),
            _ => Err(self.unclear("time", candidates)),
        }
    }

    /// The column of values, or all of them in the wide layout.
    fn targets(
        &self,
        source: &Source,
        id: Option<&String>,
        rest: Vec<String>,
    ) -> Result<(Vec<String>, Layout), ReadError> {
        let numbers: Vec<String> =
            rest.iter().filter(|name| self.is_number(name)).cloned().collect();
        if source.layout == Some(Layout::Wide) {
            return match numbers.is_empty() {
                true => Err(self.unclear("target", rest)),
                false => Ok((numbers, Layout::Wide)),
            };
        }
        if let Some(target) = self.usual(&TARGETS, &rest, "target")? {
            return Ok((vec![target], Layout::Long));
        }
        let named = |word: &str| self.names.iter().find(|name| name.eq_ignore_ascii_case(word));
        let bars =
            source.format == Some(Format::Bars) || BAR.iter().all(|word| named(word).is_some());
        if let Some(close) = named("close").filter(|_| bars) {
            return Ok((vec![close.clone()], Layout::Long));
        }
        match numbers.len() {
            1 => Ok((numbers, Layout::Long)),
            n if n > 1 && n == rest.len() && id.is_none() && source.layout.is_none() => {
                Ok((numbers, Layout::Wide))
            }
            // The only one there is: whoever reads its cells names the one that is no number.
            0 if rest.len() == 1 => Ok((rest, Layout::Long)),
            0 => Err(self.unclear("target", rest)),
            _ => Err(self.unclear("target", numbers)),
        }
    }

    pub fn series(&self, name: &str) -> Option<&Series> {
        self.frame.column(name).ok().map(Column::as_materialized_series)
    }

    /// Whether these first rows hold numbers there.
    pub fn is_number(&self, name: &str) -> bool {
        self.series(name).is_some_and(cells::all_numbers)
    }

    pub fn unclear(&self, role: &'static str, candidates: Vec<String>) -> ReadError {
        let candidates = if candidates.is_empty() { self.names.clone() } else { candidates };
        ReadError::Unclear { place: self.place.into(), role, candidates }
    }
}

/// Whether a name of a column is a number or a date.
fn is_data(name: &str) -> bool {
    let alone = Series::new("".into(), [name]);
    numbers::parse(name, b'.').is_ok() || Times::find(&alone, None, "").is_ok()
}
