//! One file a command: words become a request, an answer becomes words.

pub mod backtest;
mod board;
pub mod compare;
mod demo;
pub mod fit;
pub mod forecast;
pub mod ingest;
pub mod key;
pub mod predict;
pub mod replay;
pub mod rosters;
pub mod serve;

use std::path::{Path, PathBuf};

use almanac_api::{Error, Forecasts, Lab, Read, Style};
use almanac_data::{Table, Tidied};

use crate::Outcome;
use crate::say::Say;
use crate::table::count;

/// A lab with the folder of sets that a flag or the environment names.
fn lab(data_root: &Option<PathBuf>) -> Lab {
    let named = std::env::var_os("ALMANAC_DATA").filter(|value| !value.is_empty());
    Lab { data_root: data_root.clone().or(named.map(PathBuf::from)) }
}

/// How an answer is written: as its file ends, else as JSON or CSV.
fn style(out: Option<&Path>, json: bool) -> Result<Style, Error> {
    match (out, json) {
        (Some(path), _) => Style::of(path),
        (None, true) => Ok(Style::Json),
        (None, false) => Ok(Style::Csv),
    }
}

/// An answer to its file, or to stdout.
fn give(bytes: &[u8], out: Option<&Path>, say: &Say) -> Result<(), Error> {
    match out {
        Some(path) => {
            almanac_api::write(path, bytes)?;
            say.remark(&format!("wrote {}", path.display()));
        }
        None => say.data(&String::from_utf8_lossy(bytes)),
    }
    Ok(())
}

/// Tells of the first failures (model, series, reason); whether there are any.
fn tell(failures: &[(String, String, String)], say: &Say) -> bool {
    for (model, id, reason) in failures.iter().take(5) {
        say.remark(&format!("`{model}` on series `{id}`: {reason}"));
    }
    if !failures.is_empty() {
        say.remark(&format!("{} in all", count(failures.len(), "failure")));
    }
    !failures.is_empty()
}

/// Gives forecasts, and tells of failures.
fn end(
    forecasts: &Forecasts,
    (style, out): (Style, Option<&Path>),
    strict: bool,
    say: &Say,
) -> Result<Outcome, Error> {
    give(&forecasts.bytes(style)?, out, say)?;
    let failed = tell(&forecasts.failures, say);
    Ok(if failed && strict { Outcome::Incomplete } else { Outcome::Done })
}

/// What was changed, in a few words.
fn changed(tidied: &Tidied, say: &Say) {
    for fix in &tidied.fixes {
        let (code, how) = (word(&fix.code), &fix.how);
        let (rows, series) = (count(fix.rows, "row"), count(fix.series, "series"));
        say.remark(&format!("tidied {code}: {how}, {rows} in {series}"));
    }
}

/// What was read and what was changed, in a few words.
fn describe(read: &Read, table: Option<&Table>, say: &Say) {
    let panel = &read.panel;
    let rows = count(read.files.iter().map(|file| file.rows).sum(), "row");
    match table {
        Some(table) => say.remark(&format!(
            "read {rows}: a table of {} and {}, target {}, {}",
            count(table.ids.len(), "row"),
            count(table.x.width(), "column"),
            table.target,
            count(panel.len(), "test set"),
        )),
        None => say.remark(&format!(
            "read {rows} of {}, frequency {}, season {}",
            count(panel.len(), "series"),
            panel.calendar.freq,
            panel.season
        )),
    }
    changed(&read.tidied, say);
    let undeclared = read.audit.findings.iter();
    let undeclared = undeclared.filter(|found| found.code == almanac_data::Code::Undeclared);
    let names: Vec<&str> = undeclared.map(|found| found.first.as_str()).collect();
    if !names.is_empty() {
        say.remark(&format!("left out, since nobody declared them: {}", names.join(", ")));
    }
}

/// A code as it is written in JSON.
fn word(code: &almanac_data::Code) -> String {
    let value = serde_json::to_value(code).unwrap_or_default();
    value.as_str().unwrap_or_default().replace('_', " ")
}
