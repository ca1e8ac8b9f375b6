//! Home: what is at work, what came out last, what there is, and how the server is.

use super::forms::{field, line};
use super::jobs::{JobLine, state};
use super::{Frame, encoded, moment, part, section, shell};
use crate::tables::{facts, scrolling};
use crate::text::{bytes, count, escape, frequency};

/// What the page shows.
#[derive(Debug, Default)]
pub struct Home {
    /// Jobs that wait or work.
    pub working: Vec<JobLine>,
    /// Jobs that ended last.
    pub ended: Vec<JobLine>,
    /// Sets that changed last.
    pub sets: Vec<SetLine>,
    /// Sets that come with the program.
    pub known: Vec<(String, String)>,
    /// How the server is.
    pub health: Health,
}

/// A set in a list.
#[derive(Debug, Clone, Default)]
pub struct SetLine {
    /// Its name.
    pub name: String,
    /// Series and rows.
    pub size: (usize, usize),
    /// First and last stamp.
    pub span: (String, String),
    /// Frequency.
    pub freq: String,
    /// When its rows last changed, in Unix milliseconds.
    pub changed: i64,
}

/// How a server is.
#[derive(Debug, Default)]
pub struct Health {
    /// Almanac's version.
    pub version: String,
    /// Seconds since it started.
    pub up_s: u64,
    /// Bytes of memory that it holds, where the system says so.
    pub resident: Option<u64>,
    /// Jobs that wait, and that run.
    pub jobs: (i64, i64),
}

/// The first page.
pub fn home(frame: &Frame, home: &Home) -> String {
    let fresh = home.sets.is_empty() && home.ended.is_empty() && home.working.is_empty();
    let intro = if fresh { welcome(frame, home) } else { actions(frame) };
    let working = match home.working.is_empty() {
        true => "<p class=empty>Nothing is at work.</p>".to_string(),
        false => home.working.iter().map(at_work).collect(),
    };
    let mut body = format!("<h1>Almanac</h1>{intro}");
    if !fresh {
        body += &section("working", "At work", &part("at-work", &working));
        body += &section("runs", "Latest runs", &part("latest", &runs(frame, &home.ended)));
    }
    let mine = match home.sets.is_empty() {
        true => String::new(),
        false => list(&home.sets) + "<p><a href=/sets>All sets</a></p>",
    };
    body += &section("sets", "Sets", &(mine + &known(frame, &home.known)));
    body += &section("health", "Health", &health(&home.health));
    shell(&Frame { title: "Home".into(), part: "/", ..frame.clone() }, &body)
}

fn welcome(frame: &Frame, home: &Home) -> String {
    if !frame.writes {
        return "<p>Nothing is here yet, and this key may only read. Ask for a key that may write \
                to upload a set.</p>"
            .into();
    }
    let demo = home.known.first().map(|(name, _)| {
        format!(
            "<p>No file at hand? <a href=\"/runs/new?set={}\">Backtest the set <b>{}</b></a> that \
             comes with Almanac.</p>",
            encoded(name),
            escape(name)
        )
    });
    format!(
        "<p class=verdict>From a file to a forecast you can trust, in three steps.</p>\
         <ol class=steps><li><b>Upload</b> a CSV, Parquet or Arrow file: a column of dates, a column \
         of values, and one that names the series if there are several.</li>\
         <li><b>Backtest</b> a few models on its past. They come with sensible settings.</li>\
         <li><b>Read</b> the leaderboard: which model is best, and whether that is more than \
         luck.</li></ol><p><a class=button href=/sets/new>Upload a set</a></p>{}",
        demo.unwrap_or_default()
    )
}

fn actions(frame: &Frame) -> String {
    match frame.writes {
        true => "<p class=actions><a class=button href=/sets/new>Upload a set</a>\
                 <a class=button href=/runs/new>New run</a></p>"
            .into(),
        false => String::new(),
    }
}

fn at_work(job: &JobLine) -> String {
    format!(
        "<div class=working><a class=long href=\"{}\">{}</a>{}</div>",
        job.place(),
        escape(&job.title),
        job.bar()
    )
}

fn runs(frame: &Frame, ended: &[JobLine]) -> String {
    if ended.is_empty() {
        let start = if frame.writes { " <a href=/runs/new>Start one</a>." } else { "" };
        return format!("<p class=empty>No run has ended yet.{start}</p>");
    }
    let row = |job: &JobLine| {
        format!(
            "<tr><th scope=row><a class=name href=\"{}\">{}</a></th><td>{}</td><td>{}</td>\
             <td>{}</td><td class=n>{}</td></tr>",
            job.place(),
            escape(&job.title),
            escape(&job.kind),
            state(&job.state),
            job.at.2.map(moment).unwrap_or_default(),
            job.took()
        )
    };
    scrolling(
        "Latest runs",
        &format!(
            "<table class=list><thead><tr><th scope=col>Run</th><th scope=col>Kind</th>\
             <th scope=col>State</th><th scope=col>Ended</th><th scope=col class=n>Took</th></tr>\
             </thead><tbody>{}</tbody></table>",
            ended.iter().map(row).collect::<String>()
        ),
    )
}

fn list(sets: &[SetLine]) -> String {
    let row = |set: &SetLine| {
        format!(
            "<tr><th scope=row><a class=name href=\"/sets/{}\">{}</a></th><td class=n>{}</td>\
             <td class=n>{}</td><td>{}</td><td>{} to {}</td><td>{}</td></tr>",
            encoded(&set.name),
            escape(&set.name),
            count(set.size.0),
            count(set.size.1),
            escape(&frequency(&set.freq)),
            escape(&set.span.0),
            escape(&set.span.1),
            moment(set.changed)
        )
    };
    scrolling(
        "Sets",
        &format!(
            "<table class=list><thead><tr><th scope=col>Set</th><th scope=col class=n>Series</th>\
             <th scope=col class=n>Rows</th><th scope=col>Frequency</th><th scope=col>Span</th>\
             <th scope=col>Changed</th></tr></thead><tbody>{}</tbody></table>",
            sets.iter().map(row).collect::<String>()
        ),
    )
}

fn known(frame: &Frame, known: &[(String, String)]) -> String {
    let row = |(name, about): &(String, String)| {
        let name = match frame.writes {
            true => format!("<a href=\"/runs/new?set={}\">{}</a>", encoded(name), escape(name)),
            false => escape(name),
        };
        format!("<li>{name}: {}</li>", escape(about))
    };
    match known.is_empty() {
        true => String::new(),
        false => format!(
            "<details><summary>{} that come with Almanac</summary><ul>{}</ul></details>",
            crate::text::plural(known.len(), "set", "sets"),
            known.iter().map(row).collect::<String>()
        ),
    }
}

fn health(health: &Health) -> String {
    let (days, hours, minutes) =
        (health.up_s / 86_400, health.up_s / 3600 % 24, health.up_s / 60 % 60);
    let mut all = vec![
        ("Store", "<span class=\"state done\">answers</span>".to_string()),
        ("Jobs", format!("{} at work, {} waiting", health.jobs.1, health.jobs.0)),
        ("Up for", format!("{days} d {hours} h {minutes} min")),
        ("Version", escape(&health.version)),
    ];
    all.extend(health.resident.map(|held| ("Memory held", bytes(held))));
    facts("facts", &all)
}

/// All sets, with a search by name.
pub fn sets(frame: &Frame, all: &[SetLine], search: &str, next: Option<&str>) -> String {
    let upload = match frame.writes {
        true => "<p class=actions><a class=button href=/sets/new>Upload a set</a></p>",
        false => "",
    };
    let form = format!(
        "<form method=get action=/sets data-live role=search>{}</form>",
        field(
            "q",
            "Find a set by the start of its name",
            &line("q", "q", search, "type=search"),
            ""
        )
    );
    let shown = match (all.is_empty(), search) {
        (true, "") => "<p class=empty>No set is kept yet.</p>".to_string(),
        (true, _) => "<p class=empty>No set has a name that starts so.</p>".to_string(),
        _ => list(all),
    };
    let more = next.map(|next| {
        format!("<p><a href=\"/sets?after={}\" rel=next>Next page</a></p>", encoded(next))
    });
    let body = format!(
        "<h1>Sets</h1>{upload}{form}{}",
        part("found", &(shown + &more.unwrap_or_default()))
    );
    shell(&Frame { title: "Sets".into(), part: "/sets", ..frame.clone() }, &body)
}
