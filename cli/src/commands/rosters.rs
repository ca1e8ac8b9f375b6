//! `almanac models`, `sets` and `metrics`: what there is to choose from.

use almanac_api::{Error, Roster};
use serde_json::Value;

use crate::Outcome;
use crate::args;
use crate::commands::lab;
use crate::say::{Paint, Say};
use crate::table::{Column, Table};

/// Lists a roster, or shows one line of it in full.
pub fn run(roster: Roster, args: &args::Roster, say: &Say) -> Result<Outcome, Error> {
    let lines = lab(&args.data_root).roster(roster, args.name.as_deref())?;
    match (args.json, &args.name) {
        (true, Some(_)) if lines.len() == 1 => say.json(&lines[0]),
        (true, _) => say.json(&Value::Array(lines)),
        (false, Some(_)) => apart(lines.chunks(1), say, |line| one(&line[0], say)),
        (false, None) => {
            let groups = lines.chunk_by(|one, other| one["kind"] == other["kind"]);
            apart(groups, say, |group| all(group, say));
        }
    }
    Ok(Outcome::Done)
}

/// Shows one group after another with an empty line between them.
fn apart<'a>(groups: impl Iterator<Item = &'a [Value]>, say: &Say, show: impl Fn(&'a [Value])) {
    for (place, group) in groups.enumerate() {
        if place > 0 {
            say.data("\n");
        }
        show(group);
    }
}

fn all(lines: &[Value], say: &Say) {
    if let Some(kind) = lines[0]["kind"].as_str() {
        say.data(&format!("{}\n", say.paint(Paint::Bold, &format!("{kind}s"))));
    }
    let mut table = Table::new(vec![Column::left("name", 0), Column::left("about", 1)]);
    for line in lines {
        let absent = if line["here"] == false { " (its file is not here)" } else { "" };
        let about = match &line["title"] {
            Value::String(title) => format!("{title}: {}", text(&line["about"])),
            _ => text(&line["about"]),
        };
        table.row(vec![text(&line["name"]), about + absent]);
    }
    say.table(&table);
}

fn one(line: &Value, say: &Say) {
    say.data(&format!("{}\n", say.paint(Paint::Bold, &text(&line["name"]))));
    let Some(fields) = line.as_object() else { return };
    for (name, value) in fields.iter().filter(|(name, _)| *name != "name" && *name != "settings") {
        match value {
            Value::Object(inner) => {
                inner
                    .iter()
                    .for_each(|(key, value)| say.data(&format!("{name}.{key}: {}\n", text(value))));
            }
            Value::Null => {}
            value => say.data(&format!("{}: {}\n", name.replace('_', " "), text(value))),
        }
    }
    let Some(settings) = line["settings"].as_array() else { return };
    if settings.is_empty() {
        say.data("no settings\n");
        return;
    }
    let mut table = Table::new(vec![
        Column::left("setting", 0),
        Column::left("default", 0),
        Column::left("range", 0),
        Column::left("meaning", 0),
    ]);
    settings.iter().for_each(|setting| fill(&mut table, "", setting));
    say.data("\n");
    say.table(&table);
}

/// A row for a setting; for one that is a table a row of each in it, as in `train.rate`.
fn fill(table: &mut Table, within: &str, setting: &Value) {
    let [name, range, meaning] = ["name", "range", "meaning"].map(|key| text(&setting[key]));
    let name = format!("{within}{name}");
    if let Some(inside) = setting["inside"].as_array() {
        return inside.iter().for_each(|setting| fill(table, &format!("{name}."), setting));
    }
    let default = match &setting["default"] {
        Value::Null => "from the data".to_string(),
        value => text(value),
    };
    table.row(vec![name, default, range, meaning]);
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}
