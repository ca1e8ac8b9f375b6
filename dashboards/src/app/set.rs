//! A set: what it is, its series, one of them in full, and what was found in its rows.

use std::collections::BTreeMap;

use almanac_data::{Audit, Finding, Tidied};

use super::forms::{carried, choice, field, line};
use super::home::SetLine;
use super::{Frame, describe, encoded, moment, pages, part, section, shell};
use crate::figures::series as figures;
use crate::tables::{counted, facts, fixes, found, scrolling};
use crate::text::{bytes, count, escape, frequency, plural};

/// Lags of the autocorrelation, at most.
const LAGS: usize = 60;
/// Findings of one kind that are listed with their series.
const LISTED: usize = 30;

/// What the page shows.
#[derive(Debug, Default)]
pub struct SetPage {
    /// Name, size, span, frequency.
    pub set: SetLine,
    /// Observations in one season.
    pub season: usize,
    /// Columns beside the values: name, role.
    pub columns: Vec<(String, &'static str)>,
    /// SHA-256 and size of the kept file.
    pub file: (String, u64),
    /// What was found in the raw rows, and what was done about it.
    pub audit: (Audit, Tidied),
    /// The search that is on, and the page of what it found, from 0.
    pub search: (String, usize),
    /// How many series it found, and those of this page.
    pub found: (usize, Vec<SeriesLine>),
    /// Series on a page.
    pub per_page: usize,
    /// The series that is shown in full.
    pub chosen: Option<OneSeries>,
}

/// A series in a list.
#[derive(Debug, Default)]
pub struct SeriesLine {
    /// Its name.
    pub id: String,
    /// Rows, and how many of them have no value.
    pub rows: (usize, usize),
    /// First and last stamp.
    pub span: (String, String),
    /// The share of rows without a value in equal stretches of the set's span; NaN where it has none.
    pub missing: Vec<f64>,
}

/// A series in full.
#[derive(Debug, Default)]
pub struct OneSeries {
    /// Its name.
    pub id: String,
    /// Stamps.
    pub at: Vec<String>,
    /// Values; NaN where there is none.
    pub y: Vec<f64>,
    /// Rows before these that are not shown.
    pub before: usize,
}

impl SetPage {
    fn address(&self, series: &str, page: usize) -> String {
        let search = match self.search.0.as_str() {
            "" => String::new(),
            search => format!("&q={}", encoded(search)),
        };
        let name = encoded(&self.set.name);
        format!("/sets/{name}?series={}{search}&page={page}", encoded(series))
    }
}

/// The page of a set.
pub fn set(frame: &Frame, view: &SetPage) -> String {
    let name = &view.set.name;
    let about = [
        ("Series", count(view.set.size.0)),
        ("Rows", count(view.set.size.1)),
        ("Span", format!("{} to {}", escape(&view.set.span.0), escape(&view.set.span.1))),
        ("Frequency", escape(&frequency(&view.set.freq))),
        ("Season", plural(view.season, "step", "steps")),
        ("Columns beside the values", columns(&view.columns)),
        ("Changed", moment(view.set.changed)),
        ("File", format!("{}, <code>{}</code>", bytes(view.file.1), short(&view.file.0))),
    ];
    let encoded = encoded(name);
    let runs = match frame.writes {
        true => {
            format!("<a class=button href=\"/runs/new?set={encoded}\">Backtest models on it</a>")
        }
        false => String::new(),
    };
    let body = format!(
        "<p class=kicker>Set</p><h1 class=long>{}</h1>{}<p class=actions>{runs}\
         <a class=button href=\"/studio?set={encoded}\">Forecast it</a></p>{}{}{}{}",
        escape(name),
        facts("facts", &about),
        section("series", "Series", &part("list", &list(view))),
        section("chosen", "One series", &part("one", &one(view))),
        section("audit", "What was found in its rows", &audit(view)),
        if frame.writes {
            section("change", "Change it", &change(frame, name))
        } else {
            String::new()
        },
    );
    shell(&Frame { title: name.clone(), part: "/sets", ..frame.clone() }, &body)
}

fn short(sha256: &str) -> String {
    escape(&sha256.chars().take(12).collect::<String>())
}

fn columns(all: &[(String, &'static str)]) -> String {
    let one = |(name, role): &(String, &'static str)| format!("{} ({role})", escape(name));
    match all.is_empty() {
        true => "none".into(),
        false => all.iter().map(one).collect::<Vec<_>>().join(", "),
    }
}

fn list(view: &SetPage) -> String {
    let (search, page) = &view.search;
    let chosen = view.chosen.as_ref().map_or("", |one| one.id.as_str());
    let form = format!(
        "<form method=get action=\"/sets/{}\" data-live role=search>{}{}<button>Find</button></form>",
        encoded(&view.set.name),
        carried([("series", chosen)]),
        field("q", "Find series whose name holds", &line("q", "q", search, "type=search"), "")
    );
    let (found, lines) = &view.found;
    let row = |one: &SeriesLine| {
        let here = if one.id == chosen { " aria-current=true" } else { "" };
        format!(
            "<tr><th scope=row><a class=name data-go href=\"{}\"{here}>{}</a></th>\
             <td class=n>{}</td><td class=n>{}</td><td>{}</td><td>{} to {}</td></tr>",
            escape(&view.address(&one.id, *page)),
            escape(&one.id),
            count(one.rows.0),
            count(one.rows.1),
            presence(one),
            escape(&one.span.0),
            escape(&one.span.1),
        )
    };
    if lines.is_empty() {
        return form + "<p class=empty>No series has a name that holds this.</p>";
    }
    let table = format!(
        "<table class=list><thead><tr><th scope=col>Series</th><th scope=col class=n>Rows</th>\
         <th scope=col class=n>Without a value</th><th scope=col>Where values are missing</th>\
         <th scope=col>Span</th></tr></thead><tbody>{}</tbody></table>",
        lines.iter().map(row).collect::<String>()
    );
    let to = |page: usize| view.address(chosen, page);
    form + &scrolling("Series", &table) + &pages((*found, *page, view.per_page), &to)
}

/// A strip over the set's span: blue where there are values, orange where they are missing.
fn presence(one: &SeriesLine) -> String {
    let wide = 140.0 / one.missing.len().max(1) as f64;
    let cell = |(k, share): (usize, &f64)| match share {
        share if share.is_nan() => String::new(),
        share => format!(
            "<rect x=\"{:.1}\" width=\"{wide:.1}\" height=10 class=\"{}\" opacity=\"{:.2}\"/>",
            k as f64 * wide,
            if *share > 0.0 { "gap" } else { "there" },
            if *share > 0.0 { 0.35 + 0.65 * share } else { 1.0 },
        ),
    };
    let cells: String = one.missing.iter().enumerate().map(cell).collect();
    let words = format!("{} of {} rows have no value", one.rows.1, one.rows.0);
    format!(
        "<svg class=presence viewBox=\"0 0 140 10\" role=img aria-label=\"{words}\">{cells}</svg>"
    )
}

fn one(view: &SetPage) -> String {
    let Some(one) = &view.chosen else {
        return "<p class=empty>Choose a series above.</p>".into();
    };
    let before = match one.before {
        0 => String::new(),
        before => format!(
            "<p class=note>The last {} rows; {} before them are not drawn.</p>",
            count(one.y.len()),
            count(before)
        ),
    };
    let missing = one.y.iter().filter(|v| v.is_nan()).count();
    if missing == one.y.len() {
        return format!("<h3 class=long>{}</h3><p>It has no value at all.</p>", escape(&one.id));
    }
    let lags = LAGS.max(2 * view.season + 2).min(400);
    let shapes = [
        describe::histogram(&one.y).map(|bins| figures::spread(&bins)),
        describe::memory(&one.y, lags).map(|r| figures::memory(&r, view.season)),
        describe::seasons(&one.y, view.season).map(|quartiles| figures::seasons(&quartiles)),
    ];
    format!(
        "<h3 class=long>{}</h3>{before}{}<div class=\"grid three\">{}</div>",
        escape(&one.id),
        figures::values(&one.id, &one.at, &one.y).html(),
        shapes.iter().flatten().map(|figure| figure.html()).collect::<String>()
    )
}

/// How the rows were read, and every finding with links to its series.
fn audit(view: &SetPage) -> String {
    let (audit, tidied) = &view.audit;
    let reading: String =
        audit.reading.iter().map(|line| format!("<li>{}</li>", crate::text::prose(line))).collect();
    let mut kinds: BTreeMap<_, Vec<&Finding>> = BTreeMap::new();
    for finding in &audit.findings {
        kinds.entry(finding.code).or_default().push(finding);
    }
    let kind = |findings: &Vec<&Finding>| {
        let link = |finding: &&Finding| {
            let rows = counted(finding.code, finding.count);
            let place = match &finding.unique_id {
                None => String::new(),
                Some(id) => format!(
                    "<a data-go href=\"{}#chosen\">{}</a>, ",
                    escape(&view.address(id, view.search.1)),
                    escape(id)
                ),
            };
            format!("<li>{place}{rows}, first {}</li>", escape(&finding.first))
        };
        let rest = match findings.len().saturating_sub(LISTED) {
            0 => String::new(),
            more => format!("<li>and {} more series</li>", count(more)),
        };
        let rows: usize = findings.iter().map(|finding| finding.count).sum();
        format!(
            "<details><summary><b>{}</b>: {} in {}</summary><ul>{}{rest}</ul></details>",
            found(findings[0].code),
            counted(findings[0].code, rows),
            plural(findings.len(), "place", "places"),
            findings.iter().take(LISTED).map(link).collect::<String>()
        )
    };
    let kinds: String = kinds.values().map(kind).collect();
    let kinds = if kinds.is_empty() { "<p class=empty>Nothing.</p>".into() } else { kinds };
    format!(
        "{kinds}<h3>What tidying changed</h3>{}<h3>How it was read</h3><ul>{reading}</ul>",
        fixes(&tidied.fixes)
    )
}

fn change(frame: &Frame, name: &str) -> String {
    let place = format!("/sets/{}", encoded(name));
    let file = "<input id=more type=file name=file required>";
    let conflicts = choice(
        "conflicts",
        "conflicts",
        "refuse",
        [("refuse", "change nothing, and tell me"), ("replace", "take the new values")],
    );
    format!(
        "<details><summary>Append rows</summary><form method=post action=\"{place}/append\" \
         enctype=\"multipart/form-data\" data-busy>{sealed}{}{}<button>Append</button></form></details>\
         <details><summary>Delete this set</summary><form method=post action=\"{place}/delete\">\
         {sealed}<p>Runs that read it stay. There is no way back.</p>\
         <button class=danger>Delete</button></form></details>",
        field("more", "File with further rows, columns as in the first", file, ""),
        field("conflicts", "If a row is there already with another value", &conflicts, ""),
        sealed = frame.sealed(),
    )
}
