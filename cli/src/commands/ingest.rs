//! `almanac ingest`: raw files become one tidy panel.

use std::path::Path;

use almanac_api::{Error, Read, from_text, panel};
use serde_json::json;

use crate::Outcome;
use crate::args::Ingest;
use crate::commands::{describe, lab, word};
use crate::fields::{self, Fields};
use crate::say::Say;
use crate::table::{Column, Table};

/// Reads, audits, tidies and writes.
pub fn run(args: &Ingest, say: &Say) -> Result<Outcome, Error> {
    let mut fields = Fields::default();
    fields::source(&mut fields, "", &args.sources, &args.reading)?;
    fields::sets(&mut fields, &args.set)?;
    let source = from_text(Path::new("source"), "", &fields.0)?;
    let read = lab(&args.reading.data_root).read(&source)?;
    describe(&read, None, say);
    for line in &read.audit.reading {
        say.remark(line);
    }
    if let Some(path) = &args.out {
        panel::write(path, &read.panel)?;
        say.remark(&format!("wrote {}", path.display()));
    }
    if args.json {
        let panel = &read.panel;
        say.json(&json!({
            "series": panel.len(), "rows": panel.rows(), "freq": panel.calendar.freq.to_string(),
            "season": panel.season, "files": read.files, "audit": read.audit,
            "tidied": read.tidied, "out": args.out,
        }));
    } else if args.audit {
        findings(&read, say);
    }
    Ok(Outcome::Done)
}

fn findings(read: &Read, say: &Say) {
    let mut table = Table::new(vec![
        Column::left("finding", 0),
        Column::left("series", 0),
        Column::right("rows", 0),
        Column::left("first", 1),
    ]);
    for found in &read.audit.findings {
        let series = found.unique_id.clone().unwrap_or("(all)".into());
        table.row(vec![word(&found.code), series, found.count.to_string(), found.first.clone()]);
    }
    match read.audit.findings.is_empty() {
        true => say.remark("nothing found"),
        false => say.table(&table),
    }
}
