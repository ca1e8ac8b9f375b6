//! A new set: a file comes in, its columns are looked at, and only then it is kept.

use almanac_data::Code;

use super::forms::{carried, choice, field, line, whole};
use super::home::SetLine;
use super::{Frame, section, shell};
use crate::tables::{counted, facts, found, scrolling};
use crate::text::{count, escape, frequency, plural, prose};

/// What is known of a file that waits to be kept.
#[derive(Debug, Default)]
pub struct Upload {
    /// Under what it waits.
    pub id: String,
    /// The name that the set is to have.
    pub name: String,
    /// Its columns.
    pub columns: Vec<ColumnLine>,
    /// Frequency, season and other fields that were written.
    pub fields: Vec<(String, String)>,
    /// What came of reading it, and the season.
    pub read: Option<(SetLine, usize)>,
    /// What was said about reading it.
    pub reading: Vec<String>,
    /// What was found, and how much of it.
    pub findings: Vec<(Code, usize)>,
    /// Why it cannot be read so, and a way out.
    pub refused: Option<(String, Option<String>)>,
}

/// A column.
#[derive(Debug, Default)]
pub struct ColumnLine {
    /// Its name.
    pub name: String,
    /// What it is taken for: `id`, `time`, `target`, `known`, `past`, `static`, or empty.
    pub role: String,
    /// Its first cells.
    pub sample: Vec<String>,
}

/// What a column may be.
const ROLES: [(&str, &str); 7] = [
    ("id", "names the series"),
    ("time", "time"),
    ("target", "the values to forecast"),
    ("known", "known in advance (a holiday, a price)"),
    ("past", "known once its row has passed"),
    ("static", "one value for a series"),
    ("", "leave it out"),
];

/// The page that takes a file.
pub fn new_set(frame: &Frame, refused: Option<(&str, Option<&str>)>) -> String {
    let refused = refused.map(warning).unwrap_or_default();
    let file = "<input id=file type=file name=file required>";
    let body = format!(
        "<h1>Upload a set</h1><p>A table with a column of times, a column of values, and one that names \
         the series if there are several. Other columns may help models; you say below what they are. \
         Nothing is kept before you have seen how it was read.</p>{refused}\
         <form method=post action=/sets/new enctype=\"multipart/form-data\" data-busy>{}{}\
         <button>Look at it</button></form><details><summary>What should the file look like?</summary>\
         <pre>unique_id,ds,y\nshop-1,2024-01-01,12\nshop-1,2024-01-02,15\nshop-2,2024-01-01,7</pre>\
         <p>Columns may have other names, and any order. A file with one series needs no name for it. \
         One column a series, beside the times, is understood as well.</p></details>",
        frame.sealed(),
        field(
            "file",
            "File",
            file,
            "CSV, TSV, NDJSON, Parquet, Arrow or TSF; gzip and zstd are unpacked."
        ),
    );
    shell(&Frame { title: "Upload a set".into(), part: "/sets", ..frame.clone() }, &body)
}

fn warning((words, hint): (&str, Option<&str>)) -> String {
    let hint = hint.map(|hint| format!("; {}", prose(hint))).unwrap_or_default();
    format!("<p class=warning role=alert>{}{hint}</p>", prose(words))
}

/// The page that shows how a file is read, before it is kept.
pub fn roles(frame: &Frame, view: &Upload) -> String {
    let refused = view.refused.as_ref().map(|(words, hint)| warning((words, hint.as_deref())));
    let keep = match view.read {
        Some(_) => "<button name=do value=keep class=button>Keep it</button>",
        None => "",
    };
    let body = format!(
        "<h1>How shall it be read?</h1>{}{}<form method=post action=/sets/keep data-busy>{}{}{}{}\
         <p class=actions><button name=do value=look>Read it so</button>{keep}</p></form>{}",
        refused.unwrap_or_default(),
        read(view),
        frame.sealed(),
        carried([("upload", view.id.as_str())]),
        columns(view),
        fields(view),
        notes(view),
    );
    shell(&Frame { title: "How shall it be read?".into(), part: "/sets", ..frame.clone() }, &body)
}

/// What else is said of a set: its name, its clock, what to do about rows that disagree.
fn fields(view: &Upload) -> String {
    let value = |name: &str| {
        let found = view.fields.iter().find(|(own, _)| own == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let conflicts = [
        ("refuse", "refuse the file"),
        ("mean", "take their mean"),
        ("sum", "add them up"),
        ("first", "take the first"),
        ("last", "take the last"),
    ];
    let name = line("name", "name", &view.name, "required maxlength=500");
    let freq = line("freq", "freq", value("freq"), "placeholder=\"found in the rows\"");
    let season = whole("season", "season", value("season"), (1, 1_000_000));
    let same = choice("duplicates", "tidy.duplicates", value("tidy.duplicates"), conflicts);
    let usual = "Left empty, the usual one: 7 of days, 12 of months.";
    format!(
        "<div class=fields>{}{}{}{}</div>",
        field("name", "Name of the set", &name, ""),
        field("freq", "Frequency", &freq, "As in `D`, `W`, `MS`, `h`, `5min`."),
        field("season", "Season (steps)", &season, usual),
        field("duplicates", "If rows of one time disagree", &same, ""),
    )
}

fn read(view: &Upload) -> String {
    let Some((set, season)) = &view.read else { return String::new() };
    facts(
        "facts",
        &[
            ("Series", count(set.size.0)),
            ("Rows", count(set.size.1)),
            ("Span", format!("{} to {}", escape(&set.span.0), escape(&set.span.1))),
            ("Frequency", escape(&frequency(&set.freq))),
            ("Season", plural(*season, "step", "steps")),
        ],
    )
}

fn columns(view: &Upload) -> String {
    let row = |(place, column): (usize, &ColumnLine)| {
        let id = format!("role-{place}");
        format!(
            "<tr><th scope=row class=name><label for={id}>{}</label></th><td>{}{}</td><td class=words>{}</td></tr>",
            escape(&column.name),
            carried([("column", column.name.as_str())]),
            choice(&id, "role", &column.role, ROLES),
            escape(&column.sample.join(", ")),
        )
    };
    let table = format!(
        "<table class=list><thead><tr><th scope=col>Column</th><th scope=col>Is</th>\
         <th scope=col>Begins with</th></tr></thead><tbody>{}</tbody></table>",
        view.columns.iter().enumerate().map(row).collect::<String>()
    );
    match view.columns.is_empty() {
        true => String::new(),
        false => scrolling("Columns", &table),
    }
}

fn notes(view: &Upload) -> String {
    let reading: String =
        view.reading.iter().map(|line| format!("<li>{}</li>", prose(line))).collect();
    let line =
        |(code, n): &(Code, usize)| format!("<li>{}: {}</li>", found(*code), counted(*code, *n));
    let findings: String = view.findings.iter().map(line).collect();
    let findings = match findings.is_empty() {
        true => "<p>Nothing: the rows are clean.</p>".to_string(),
        false => format!("<ul>{findings}</ul>"),
    };
    match view.read {
        None => String::new(),
        Some(_) => {
            section("found", "What was found in its rows", &findings)
                + &section("reading", "How it was read", &format!("<ul>{reading}</ul>"))
        }
    }
}
