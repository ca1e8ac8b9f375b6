//! From files to a panel: the path of [`crate::read`], step by step.

use almanac_data::{Calendar, Clock, Code, Column, Freq, Layout, Panel, Role, Source, nearest};
use chrono_tz::Tz;
use polars::prelude::*;

use crate::cells::Origin;
use crate::conditions::Conditions;
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
}

/// What grows while files are read.
#[derive(Default)]
struct State {
    rows: Rows,
    notes: Notes,
    /// Of the first file; the others must agree.
    first: Option<(Roles, Times)>,
    freq: Option<String>,
    conditions: Conditions,
}

pub(crate) fn read(source: &Source, inputs: &[Input]) -> Result<Read, ReadError> {
    let settings = Settings::of(source)?;
    let mut state = State::default();
    let mut files = Vec::with_capacity(inputs.len());
    for input in inputs {
        let alone = inputs.iter().filter(|other| other.stem() == input.stem()).count() == 1;
        let series = if alone { input.stem() } else { &input.name };
        let (rows, print) = input.hashed(|| state.file(source, &settings, input, series))?;
        files.push(input.described(print, rows, &mut state.notes));
    }
    let State { mut rows, mut notes, first, freq: file_freq, conditions } = state;
    if rows.at.is_empty() {
        return Err(conditions.nothing_left(inputs));
    }
    let target = first.as_ref().map_or(String::new(), |(roles, _)| roles.targets.join(" "));
    rows.clock = first.map(|(_, times)| clock(&times, &settings, &rows, &mut notes)).transpose()?;
    let mut grouped = Grouped::from_rows(rows, &mut notes);
    between(source, &mut grouped, &mut notes)?;
    for series in 0..grouped.len() {
        let span = grouped.span(series);
        numbers::zeros(&mut grouped.y[span], source.tidy.zeros, series as u32, &mut notes);
    }
    grouped.join(source.tidy.duplicates, &mut notes)?;
    let mut stated = match (settings.freq, file_freq) {
        (None, Some(text)) => text.parse().ok(),
        (stated, _) => stated,
    };
    if let (Some(coarser), Some(how)) = (settings.coarser, &source.resample) {
        resample::resample(&mut grouped, coarser, (&target, how.how), &mut notes)?;
        stated = Some(coarser);
    }
    let calendar = freq::calendar(&grouped, stated, source.tidy.weeks, &mut notes)?;
    let season = source.season.unwrap_or_else(|| calendar.season());
    findings::look(&grouped, &calendar, season, &mut notes);
    grid::regularise(&mut grouped, &calendar, &source.tidy, &mut notes)?;
    let (audit, tidied) = notes.finish(&grouped.ids);
    let mut panel = panel(name(source, inputs), grouped, calendar)?;
    panel.season = season;
    Ok(Read { panel, audit, tidied, files })
}

/// Leaves out what stands before `from` and after `to`.
fn between(source: &Source, grouped: &mut Grouped, notes: &mut Notes) -> Result<(), ReadError> {
    let clock = grouped.clock;
    let read = |name, text: &Option<String>| {
        let wrong = |text: &String| {
            let like = grouped.at.first().map(|&at| clock.show(at)).unwrap_or_default();
            let reason = format!("not a stamp of these rows, which look like {like}");
            ReadError::Setting { name, value: text.clone(), reason }
        };
        text.as_ref().map(|text| clock.read(text).ok_or_else(|| wrong(text))).transpose()
    };
    let (from, to) = (read("from", &source.from)?, read("to", &source.to)?);
    let out = grouped.keep(|at| from.is_none_or(|from| at >= from) && to.is_none_or(|to| at <= to));
    if grouped.at.is_empty() {
        let (name, value) = match (&source.from, &source.to) {
            (Some(from), _) => ("from", from.clone()),
            (None, to) => ("to", to.clone().unwrap_or_default()),
        };
        let reason = "no row is left between `from` and `to`".into();
        return Err(ReadError::Setting { name, value, reason });
    }
    if out > 0 {
        notes.say(format!("{out} rows before `from` or after `to` left out"));
    }
    Ok(())
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
        if source.season == Some(0) {
            let reason = "a season has at least 1 observation; 1 is none".into();
            return Err(ReadError::Setting { name: "season", value: "0".into(), reason });
        }
        Ok(Settings {
            freq: source.freq.as_ref().map(|text| freq("freq", text)).transpose()?,
            coarser: source.resample.as_ref().map(|to| freq("resample", &to.freq)).transpose()?,
            zone: source.zone.as_ref().map(zone).transpose()?,
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
        let decimal = numbers::mark(source, &head, &roles.targets, &input.name)?;
        if decimal == b',' {
            self.notes.say("decimal mark: `,`");
        }
        if roles.id.is_none() && roles.layout == Layout::Long {
            self.notes.say(format!("no column names series: `{series}`"));
        }
        let zone = settings.zone;
        let sheet = Sheet {
            origin: Origin { name: &input.name, unit, decimal },
            series,
            roles: &roles,
            times: &times,
            zone,
            bad_rows: source.tidy.bad_rows,
        };
        let wanted = Wanted { columns: Some(roles.wanted()), keep: roles.keep.clone() };
        let kept = wanted.take(head).map_err(|e| input.malformed(e))?;
        let mut count = 0;
        let mut add = |frame: &DataFrame| {
            count += frame.height();
            if count > input.most.0 {
                return Err(ReadError::TooMany { what: "rows", got: count, most: input.most.0 });
            }
            self.rows.add(frame, &sheet, &mut self.notes)
        };
        add(&kept)?;
        drop(kept);
        readers::each(reader, &wanted, |frame| add(&frame))?;
        Ok(count)
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
        self.conditions = Conditions::of(&roles.keep, head)?;
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

/// The set's name, else that of its one file.
pub(crate) fn name(source: &Source, inputs: &[Input]) -> String {
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
        let labels = column.words.map_or(Vec::new(), |words| words.in_order(&mut values));
        panel =
            panel.with_column(Column { name: column.name, role: column.role, values, labels })?;
    }
    Ok(panel)
}
