//! From files to a panel: the path of [`crate::read`], step by step.

use std::sync::mpsc::sync_channel;
use std::thread;

use almanac_data::{
    Calendar, Clock, Code, Column, Freq, Layout, Panel, Role, Source, SourceFile, nearest,
};
use chrono_tz::Tz;
use polars::prelude::*;

use crate::error::ReadError;
use crate::gather::{Rows, Sheet};
use crate::input::Input;
use crate::names::Roles;
use crate::notes::Notes;
use crate::order::Grouped;
use crate::readers::{self, Wanted};
use crate::times::{Kind, Times};
use crate::{Read, findings, freq, grid, numbers, resample};

const DAY: i64 = 86_400_000_000;

/// A source's settings, understood.
struct Settings {
    freq: Option<Freq>,
    coarser: Option<Freq>,
    zone: Option<Tz>,
    decimal: Option<u8>,
}

/// What grows while files are read.
#[derive(Default)]
struct State {
    rows: Rows,
    notes: Notes,
    /// Of the first file; the others must agree.
    first: Option<(Roles, Times)>,
    freq: Option<String>,
    conditions: Vec<Condition>,
}

/// A condition on rows, and some values that it could have matched.
struct Condition {
    column: String,
    value: String,
    have: Vec<String>,
}

pub(crate) fn read(source: &Source, inputs: &[Input]) -> Result<Read, ReadError> {
    let settings = Settings::of(source)?;
    let mut state = State::default();
    let mut files = Vec::with_capacity(inputs.len());
    for input in inputs {
        let alone = inputs.iter().filter(|other| other.stem() == input.stem()).count() == 1;
        let series = if alone { input.stem() } else { &input.name };
        let (rows, print) = thread::scope(|scope| {
            let print = scope.spawn(|| input.fingerprint());
            let rows = state.file(source, &settings, input, series)?;
            let print = print.join().map_err(|_| input.malformed("cannot be hashed"))?;
            Ok::<_, ReadError>((rows, print?))
        })?;
        let (sha256, bytes) = print;
        if input.promised.as_ref().is_some_and(|promised| *promised != sha256) {
            state.notes.say(format!(
                "{} is not the file its card describes: SHA-256 {sha256}",
                input.name
            ));
        }
        files.push(SourceFile { path: input.name.clone(), sha256, bytes, rows });
    }
    let State { mut rows, mut notes, first, freq: file_freq, conditions } = state;
    if rows.at.is_empty() {
        return Err(nothing_left(inputs, conditions));
    }
    rows.clock = first.map(|(_, times)| clock(&times, &settings, &rows, &mut notes)).transpose()?;
    let mut grouped = Grouped::from_rows(rows, &mut notes);
    grouped.join(source.tidy.duplicates, &mut notes)?;
    let mut stated = match (settings.freq, file_freq) {
        (None, Some(text)) => text.parse().ok(),
        (stated, _) => stated,
    };
    if let (Some(coarser), Some(how)) = (settings.coarser, &source.resample) {
        resample::resample(&mut grouped, coarser, how.how, &mut notes)?;
        stated = Some(coarser);
    }
    let calendar = freq::calendar(&grouped, stated, &mut notes)?;
    let season = source.season.unwrap_or_else(|| calendar.season());
    findings::look(&grouped, &calendar, season, &mut notes);
    grid::regularise(&mut grouped, &calendar, &source.tidy, &mut notes)?;
    let (audit, tidied) = notes.finish(&grouped.ids);
    let mut panel = panel(name(source, inputs), grouped, calendar)?;
    panel.season = season;
    Ok(Read { panel, audit, tidied, files })
}

impl Settings {
    fn of(source: &Source) -> Result<Settings, ReadError> {
        let freq = |name, text: &String| {
            text.parse::<Freq>().map_err(|e| ReadError::Setting {
                name,
                value: text.clone(),
                reason: e.to_string(),
            })
        };
        let zone = |name: &String| {
            name.parse::<Tz>().map_err(|_| {
                let all = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
                let reason = match nearest(name, all) {
                    Some(close) => format!("no such time zone: did you mean `{close}`?"),
                    None => "no such time zone: use a name such as Europe/Berlin".into(),
                };
                ReadError::Setting { name: "zone", value: name.clone(), reason }
            })
        };
        let decimal = |mark: char| match mark {
            '.' | ',' => Ok(mark as u8),
            other => Err(ReadError::Setting {
                name: "decimal",
                value: other.into(),
                reason: "a decimal mark is `.` or `,`".into(),
            }),
        };
        if source.season == Some(0) {
            let reason = "a season has at least 1 observation; 1 is none".into();
            return Err(ReadError::Setting { name: "season", value: "0".into(), reason });
        }
        Ok(Settings {
            freq: source.freq.as_ref().map(|text| freq("freq", text)).transpose()?,
            coarser: source.resample.as_ref().map(|to| freq("resample", &to.freq)).transpose()?,
            zone: source.zone.as_ref().map(zone).transpose()?,
            decimal: source.decimal.map(decimal).transpose()?,
        })
    }
}

impl State {
    /// Reads one file to its end; the number of its rows.
    fn file(
        &mut self,
        source: &Source,
        settings: &Settings,
        input: &Input,
        series: &str,
    ) -> Result<usize, ReadError> {
        let (mut reader, unit) = readers::open(input, source)?;
        let head = reader.next(&Wanted::default())?;
        let head = head.ok_or_else(|| ReadError::Empty { path: input.name.clone() })?;
        for said in reader.said() {
            self.notes.say(said);
        }
        let (roles, times) = self.understand(source, input, &head)?;
        self.freq = self.freq.take().or(reader.freq());
        let decimal = match settings.decimal {
            Some(mark) => mark,
            None => decimal(&roles, &head, &input.name)?,
        };
        if decimal == b',' {
            self.notes.say("decimal mark: `,`");
        }
        if roles.id.is_none() && roles.layout == Layout::Long {
            self.notes.say(format!("no column names series: `{series}`"));
        }
        let zone = settings.zone;
        let sheet = Sheet {
            name: &input.name,
            unit,
            series,
            roles: &roles,
            times: &times,
            zone,
            decimal,
            bad_rows: source.tidy.bad_rows,
        };
        let wanted = Wanted { columns: Some(roles.wanted()), keep: roles.keep.clone() };
        let kept = wanted.take(head).map_err(|e| input.malformed(e))?;
        let count = kept.height();
        self.rows.add(&kept, &sheet, &mut self.notes)?;
        drop(kept);
        Ok(count + self.rest(reader, &wanted, &sheet)?)
    }

    /// Reads on while another thread parses: one frame is understood as the next is read.
    fn rest(
        &mut self,
        mut reader: Box<dyn readers::Reader>,
        wanted: &Wanted,
        sheet: &Sheet<'_>,
    ) -> Result<usize, ReadError> {
        thread::scope(|scope| {
            let (send, frames) = sync_channel(1);
            scope.spawn(move || {
                loop {
                    let frame = reader.next(wanted);
                    let more = matches!(frame, Ok(Some(_)));
                    if send.send(frame).is_err() || !more {
                        return;
                    }
                }
            });
            let mut count = 0;
            while let Ok(frame) = frames.recv() {
                let Some(frame) = frame? else { break };
                count += frame.height();
                self.rows.add(&frame, sheet, &mut self.notes)?;
            }
            Ok(count)
        })
    }

    /// Roles and time of a file by its first rows; those of the first file hold for all.
    fn understand(
        &mut self,
        source: &Source,
        input: &Input,
        head: &DataFrame,
    ) -> Result<(Roles, Times), ReadError> {
        let mut source = source.clone();
        if let Some((roles, _)) = &self.first {
            source.id = roles.id.clone();
            source.time = Some(roles.time.clone());
            source.layout = Some(roles.layout);
            if roles.layout == Layout::Long {
                source.target = roles.targets.first().cloned();
            }
        }
        let roles = Roles::find(&source, head, &input.name)?;
        let column = head.column(&roles.time).map_err(|e| input.malformed(e))?;
        let times = Times::find(
            column.as_materialized_series(),
            source.date_format.as_deref(),
            &input.name,
        )?;
        if let Some((_, before)) = &self.first {
            if before.kind != times.kind {
                let words = format!(
                    "time is {} here and {} in the files before",
                    times.said(),
                    before.said()
                );
                return Err(input.malformed(words));
            }
            return Ok((roles, times));
        }
        self.introduce(&roles, &times, head).map_err(|e| input.malformed(e))?;
        Ok((roles, times))
    }

    /// What the first file settles for all, and the audit says of it.
    fn introduce(&mut self, roles: &Roles, times: &Times, head: &DataFrame) -> PolarsResult<()> {
        for (column, value) in &roles.keep {
            let values = head.column(column)?.cast(&DataType::String)?.unique_stable()?;
            let have = values.str()?.iter().flatten().take(20).map(String::from).collect();
            let (column, value) = (column.clone(), value.clone());
            self.conditions.push(Condition { column, value, have });
        }
        self.rows.declare(roles, head);
        let target = match roles.layout {
            Layout::Long => format!("`{}`", roles.targets.join("")),
            Layout::Wide => format!("{} columns, each a series", roles.targets.len()),
        };
        let id = roles.id.as_ref().map_or(String::new(), |id| format!("id: `{id}`, "));
        let time = format!("time: `{}` ({})", roles.time, times.said());
        self.notes.say(format!("{id}{time}, target: {target}"));
        if !roles.undeclared.is_empty() {
            let names = || roles.undeclared.join(", ");
            self.notes.find_in_source(Code::Undeclared, roles.undeclared.len(), names);
        }
        self.first = Some((roles.clone(), times.clone()));
        Ok(())
    }
}

/// The decimal mark that the values of the first rows show.
fn decimal(roles: &Roles, head: &DataFrame, place: &str) -> Result<u8, ReadError> {
    for target in &roles.targets {
        let Ok(column) = head.column(target) else { continue };
        let Ok(cells) = column.as_materialized_series().str() else { continue };
        if numbers::decimal(cells.iter().flatten(), place, target)? == b',' {
            return Ok(b',');
        }
    }
    Ok(b'.')
}

/// The clock of all rows. Wall times that are all midnights are dates.
fn clock(
    times: &Times,
    settings: &Settings,
    rows: &Rows,
    notes: &mut Notes,
) -> Result<Clock, ReadError> {
    Ok(match (times.kind, settings.zone) {
        (Kind::Step, Some(zone)) => {
            let reason = "plain steps have no time zone".into();
            return Err(ReadError::Setting { name: "zone", value: zone.to_string(), reason });
        }
        (Kind::Step, None) => Clock::Step,
        (Kind::Date, Some(zone)) => {
            notes.say(format!("dates without a time of day: zone {zone} changes nothing"));
            Clock::Date
        }
        (Kind::Date, None) => Clock::Date,
        (Kind::Wall | Kind::Instant, Some(zone)) => {
            notes.say(format!("zone: {zone} (stated)"));
            Clock::Zone(zone)
        }
        (Kind::Wall, None) if rows.at.iter().all(|at| at.0 % DAY == 0) => Clock::Date,
        (Kind::Wall, None) => Clock::Wall,
        (Kind::Instant, None) => {
            let zone = times.zone.as_deref().and_then(|name| name.parse().ok()).unwrap_or(Tz::UTC);
            notes.say(format!("zone: {zone}; state `zone` for another"));
            Clock::Zone(zone)
        }
    })
}

fn nothing_left(inputs: &[Input], conditions: Vec<Condition>) -> ReadError {
    let absent = |condition: &Condition| !condition.have.contains(&condition.value);
    let at = conditions.iter().position(absent).unwrap_or(0);
    match conditions.into_iter().nth(at) {
        Some(Condition { column, value, have }) => ReadError::NothingLeft { column, value, have },
        None => ReadError::Empty {
            path: inputs.iter().map(|input| input.name.as_str()).collect::<Vec<_>>().join(", "),
        },
    }
}

fn name(source: &Source, inputs: &[Input]) -> String {
    match (&source.set, inputs) {
        (Some(set), _) => set.clone(),
        (None, [one]) => one.stem().to_string(),
        (None, many) => format!("{} files", many.len()),
    }
}

/// The panel; series of which no row could be placed are not in it.
fn panel(name: String, rows: Grouped, calendar: Calendar) -> Result<Panel, ReadError> {
    let kept: Vec<usize> =
        (0..rows.len()).filter(|&series| !rows.span(series).is_empty()).collect();
    let series = kept.iter().map(|&k| (rows.ids[k].clone(), rows.ends[k])).collect();
    let mut panel = Panel::new(name, calendar, series, rows.at, rows.y)?;
    for column in rows.columns {
        let mut values = column.values;
        if column.role == Role::Static {
            values = kept.iter().map(|&k| values.get(k).copied().unwrap_or(f64::NAN)).collect();
        }
        let mut labels = column.labels.clone();
        labels.sort();
        let code = |label: &String| labels.binary_search(label).map_or(f64::NAN, |k| k as f64);
        let codes: Vec<f64> = column.labels.iter().map(code).collect();
        if !codes.is_empty() {
            for value in values.iter_mut().filter(|value| !value.is_nan()) {
                *value = codes.get(*value as usize).copied().unwrap_or(f64::NAN);
            }
        }
        panel =
            panel.with_column(Column { name: column.name, role: column.role, values, labels })?;
    }
    Ok(panel)
}
