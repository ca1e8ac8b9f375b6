//! How to reproduce the run: commands, version, seed, files and the spec.

use almanac_data::{Report, SourceFile};

use super::{facts, scrolling};
use crate::text::{bytes, count, escape, plural, prose, seconds};

/// Commands, facts of the run, files with their hashes, notes, and the spec.
pub fn origin(report: &Report) -> String {
    let run = &report.manifest;
    let threads = plural(run.threads, "thread", "threads");
    let resumed = if run.resumed { ", resumed after an interruption" } else { "" };
    let pairs = [
        ("Almanac", escape(&run.version)),
        ("Seed", run.seed.to_string()),
        ("Machine", format!("{threads}, {}", escape(&run.device))),
        (
            "Time",
            format!("{} s ({} s of processor){resumed}", seconds(run.wall_s), seconds(run.cpu_s)),
        ),
        ("Peak memory", bytes(run.peak_bytes)),
        ("Scores are", escape(&run.aggregation)),
    ];
    let about = facts("facts", &pairs);
    let filled = run.filled.iter().filter(|(_, n)| n.as_u64() != Some(0)).map(|(model, n)| {
        let n = escape(&n.to_string());
        format!("<li>{} filled {n} missing values of its own past.</li>", escape(model))
    });
    let notes: String = run.notes.iter().map(|note| format!("<li>{}</li>", prose(note))).collect();
    format!(
        "<p>The same spec, data and seed give the same bits, whatever the number of threads. Save \
         the spec below as <code>spec.toml</code>, or replay the folder of the run.</p>\
         <pre class=commands>almanac backtest spec.toml --out DIR\nalmanac replay DIR</pre>{about}{}\
         <ul class=notes>{}{notes}</ul><details open><summary>spec.toml</summary>\
         <pre tabindex=0 aria-label=\"spec\">{}</pre></details>",
        sources(&run.sources),
        filled.collect::<String>(),
        escape(&report.spec),
    )
}

fn sources(sources: &[SourceFile]) -> String {
    let row = |file: &SourceFile| {
        format!(
            "<tr><th scope=row class=name>{}</th><td class=n>{}</td><td class=n>{}</td>\
             <td><code>{}</code></td></tr>",
            escape(&file.path),
            count(file.rows),
            bytes(file.bytes),
            escape(&file.sha256)
        )
    };
    let rows: String = sources.iter().map(row).collect();
    scrolling(
        "Files read",
        &format!(
            "<table><thead><tr><th scope=col>File</th><th scope=col class=n>Rows</th>\
             <th scope=col class=n>Size</th><th scope=col>SHA-256</th></tr></thead>\
             <tbody>{rows}</tbody></table>"
        ),
    )
}
