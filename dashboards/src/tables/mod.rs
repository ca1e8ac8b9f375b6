//! Tables and lists as HTML: one file a part of the page.

mod audit;
mod calls;
mod contrasts;
mod failures;
mod leaderboard;
mod money;
mod origin;
mod sets;
mod worst;

pub use audit::{audit, counted, fixes, words as found};
pub use calls::calls;
pub use contrasts::contrasts;
pub use failures::failures;
pub use leaderboard::leaderboard;
pub use money::{earnings, positions};
pub use origin::origin;
pub use sets::{sets, winners};
pub use worst::worst;

use crate::text::escape;

/// A table that scrolls sideways within itself and can be reached by keyboard.
pub fn scrolling(name: &'static str, table: &str) -> String {
    format!("<div class=scroll role=region tabindex=0 aria-label=\"{name}\">{table}</div>")
}

/// The mark of a model whose scores are no forecast's.
fn leak() -> String {
    "<span class=leak title=\"Reads columns before they are known: its scores are no \
     forecast's\">leak</span>"
        .to_string()
}

/// Names and values side by side; the values are HTML.
pub fn facts(class: &'static str, pairs: &[(&'static str, String)]) -> String {
    let row =
        |(name, value): &(&str, String)| format!("<div><dt>{name}</dt><dd>{value}</dd></div>");
    format!("<dl class=\"{class}\">{}</dl>", pairs.iter().map(row).collect::<String>())
}

/// Escaped names, the first few of them, and how many more there are.
fn some_of<'a>(names: impl Iterator<Item = &'a str>, most: usize) -> String {
    let names: Vec<&str> = names.collect();
    let shown: Vec<String> = names.iter().take(most).map(|name| escape(name)).collect();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {} more", shown.join(", "), crate::text::count(more)),
    }
}
