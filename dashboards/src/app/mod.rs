//! The dashboard: one file a page, each a pure function from a view to HTML.
//!
//! ```text
//! store ─▶ api/src/http/pages fills a view ─▶ here: view ─▶ HTML ─▶ browser
//! form or link ─▶ an address ─▶ the same page, of which the script takes the parts that changed
//! ```
//!
//! Every choice is part of the address, so that pages work without scripts, can be sent to a
//! colleague, and go back. Figures and tables are those of the report.

mod assets;
mod compare;
mod describe;
mod forms;
mod home;
mod jobs;
mod keys;
mod models;
mod newrun;
mod problem;
mod run;
mod set;
mod studio;
mod upload;

use serde_json::Value;

use crate::figures;
use crate::text::{count, escape, plural};

pub use assets::{Asset, assets};
pub use compare::{Change, Compare, Shift, compare};
pub use home::{Health, Home, SetLine, home, sets};
pub use jobs::{JobLine, job};
pub use keys::{KeyLine, Keys, keys, login};
pub use models::{ModelLine, models};
pub use newrun::{Chosen, Cost, Fold, NewRun, Outline, new_run};
pub use problem::problem;
pub use run::{Choice, Explorer, Names, Scored, run};
pub use set::{OneSeries, SeriesLine, SetPage, set};
pub use studio::{Future, Studio, mark, studio};
pub use upload::{ColumnLine, Upload, new_set, roles};

/// What a page may load and do: its own files, styles that plotly writes, and nothing from anywhere
/// else. No script stands in a page.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                          img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; \
                          base-uri 'none'; frame-ancestors 'none'";

/// Who looks, and at what.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// What the browser's tab says, as text.
    pub title: String,
    /// The address of the part of the dashboard that the page belongs to.
    pub part: &'static str,
    /// What every form that writes must carry.
    pub token: String,
    /// Whether who looks may upload and run.
    pub writes: bool,
    /// Whether they may make keys.
    pub admin: bool,
    /// Who they are, where they logged in.
    pub owner: Option<String>,
    /// Whether nobody has logged in, and somebody must.
    pub stranger: bool,
}

/// Parts of the dashboard: address, name.
const PARTS: [(&str, &str); 7] = [
    ("/", "Home"),
    ("/sets", "Sets"),
    ("/runs/new", "New run"),
    ("/compare", "Compare"),
    ("/studio", "Studio"),
    ("/models", "Models"),
    ("/keys", "Keys"),
];

impl Frame {
    /// A hidden field with the token, for a form that writes.
    pub fn sealed(&self) -> String {
        format!("<input type=hidden name=csrf value=\"{}\">", escape(&self.token))
    }

    fn navigation(&self) -> String {
        if self.stranger {
            return String::new();
        }
        let shown = |(place, _): &&(&str, &str)| match *place {
            "/keys" => self.admin,
            "/runs/new" => self.writes,
            _ => true,
        };
        let link = |(place, name): &(&str, &str)| {
            let here = if *place == self.part { " aria-current=page" } else { "" };
            format!("<a href=\"{place}\"{here}>{name}</a>")
        };
        let links: String = PARTS.iter().filter(shown).map(link).collect();
        let out = self.owner.as_ref().map(|owner| {
            format!(
                "<form method=post action=/logout class=out>{}<span>key {}</span>\
                 <button>Log out</button></form>",
                self.sealed(),
                escape(owner)
            )
        });
        let out = out.unwrap_or_default();
        format!("<nav aria-label=Dashboard>{links}<a href=/docs>API</a></nav>{out}")
    }
}

/// A whole page around its body, which is HTML.
fn shell(frame: &Frame, body: &str) -> String {
    let link =
        |name: &str| assets().iter().find(|one| one.name == name).map_or("", |one| &one.path);
    format!(
        "<!doctype html><html lang=en><head><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width, initial-scale=1\">\
         <meta name=color-scheme content=\"light dark\"><title>{} · Almanac</title>\
         <link rel=icon href=\"{}\"><link rel=stylesheet href=\"{}\">\
         <script defer src=\"{}\"></script><script defer src=\"{}\"></script>\
         <script defer src=\"{}\"></script></head><body class=app>\
         <a class=skip href=\"#main\">Skip to the page</a>\
         <header class=bar><a class=brand href=/>Almanac</a>{}</header>\
         <main id=main tabindex=-1>{body}</main><p id=said role=status aria-live=polite></p>\
         <script type=\"application/json\" id=template>{}</script></body></html>\n",
        escape(&frame.title),
        link("icon.svg"),
        link("app.css"),
        link("plotly.js"),
        link("page.js"),
        link("app.js"),
        frame.navigation(),
        figures::inert(&figures::template()),
    )
}

/// A text as a part of an address: a path's or a query's.
pub fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let of =
        |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(of).collect()
}

/// A part of a page that the script exchanges when the address changes.
fn part(id: &str, html: &str) -> String {
    format!("<div id={id} data-part>{html}</div>")
}

/// A section with a heading, as in the report.
fn section(id: &str, title: &str, html: &str) -> String {
    format!("<section id={id}><h2>{title}</h2>{html}</section>")
}

/// Where a list goes on: which page of it is shown, of how many things, and links to its neighbours.
fn pages((found, page, per_page): (usize, usize, usize), to: &dyn Fn(usize) -> String) -> String {
    let last = found.saturating_sub(1) / per_page.max(1);
    let link =
        |page: usize, word: &str| format!("<a data-go href=\"{}\">{word}</a>", escape(&to(page)));
    let before = page.checked_sub(1).map(|page| link(page, "Previous")).unwrap_or_default();
    let after = if page < last { link(page + 1, "Next") } else { String::new() };
    format!(
        "<p class=pages><span>{} · page {} of {}</span>{before}{after}</p>",
        plural(found, "series", "series"),
        count(page + 1),
        count(last + 1)
    )
}

/// A moment given in Unix milliseconds, in UTC to the minute.
fn moment(ms: i64) -> String {
    let days = ms.div_euclid(86_400_000);
    let minutes = ms.rem_euclid(86_400_000) / 60_000;
    // Days to a civil date: Hinnant, "chrono-compatible low-level date algorithms".
    let z = days + 719_468;
    let (era, day_of_era) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute) = (minutes / 60, minutes % 60);
    let text = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}");
    format!("<time datetime=\"{}Z\">{text}\u{a0}UTC</time>", text.replace(' ', "T"))
}

/// A value of a setting as a person writes it: text without its quotes.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 951,782,400 s after 1970 is the leap day of 2000.
    #[test]
    fn moments_by_hand() {
        assert!(moment(951_782_400_000).contains(">2000-02-29 00:00\u{a0}UTC<"));
        assert!(moment(-60_000).contains("\"1969-12-31T23:59Z\""));
    }

    /// Whatever a name holds, it stays inside its address.
    #[test]
    fn addresses_hold_any_name() {
        assert_eq!(encoded("a/b?\"<é"), "a%2Fb%3F%22%3C%C3%A9");
    }

    /// Who may not write is offered no run, and a stranger nothing.
    #[test]
    fn navigation_follows_the_role() {
        let read = Frame::default().navigation();
        assert!(!read.contains("/runs/new") && !read.contains("/keys") && read.contains("/studio"));
        let stranger = Frame { stranger: true, ..Frame::default() };
        assert_eq!(stranger.navigation(), "");
    }
}
