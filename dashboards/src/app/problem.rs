//! What a page says when it cannot be shown.

use super::{Frame, shell};
use crate::text::prose;

/// What went wrong, and a way out.
pub fn problem(frame: &Frame, status: u16, detail: &str, hint: Option<&str>) -> String {
    let title = match status {
        403 => "Not with this key",
        404 => "Not here",
        409 => "Not as things stand",
        413 => "Too large",
        429 => "Too much at once",
        400..500 => "That did not work",
        _ => "The server could not do it",
    };
    let hint = hint.map(|hint| format!("<p>{}</p>", prose(hint))).unwrap_or_default();
    let body = format!(
        "<h1>{title}</h1><p class=warning role=alert>{}</p>{hint}\
         <p><a href=/>Home</a></p><p class=note>Status {status}</p>",
        prose(detail)
    );
    shell(&Frame { title: title.into(), ..frame.clone() }, &body)
}
