//! Fields of forms: each with its label, and help where it needs some.

use crate::text::{escape, prose};

/// A field with its label and help; `control` is HTML that has this id.
pub fn field(id: &str, label: &str, control: &str, help: &str) -> String {
    let help = match help {
        "" => String::new(),
        help => format!("<small id=\"{id}-help\">{}</small>", prose(help)),
    };
    format!("<p class=field><label for=\"{id}\">{}</label>{control}{help}</p>", escape(label))
}

/// A line to type in.
pub fn line(id: &str, name: &str, value: &str, more: &str) -> String {
    format!(
        "<input id=\"{id}\" name=\"{}\" value=\"{}\" autocomplete=off {more}>",
        escape(name),
        escape(value)
    )
}

/// A whole number within limits.
pub fn whole(id: &str, name: &str, value: &str, (least, most): (usize, usize)) -> String {
    line(id, name, value, &format!("type=number inputmode=numeric min={least} max={most} step=1"))
}

/// A choice of one: what is sent, what is shown.
pub fn choice<'a>(
    id: &str,
    name: &str,
    chosen: &str,
    all: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> String {
    let option = |(value, shown): (&str, &str)| {
        let selected = if value == chosen { " selected" } else { "" };
        format!("<option value=\"{}\"{selected}>{}</option>", escape(value), escape(shown))
    };
    let options: String = all.into_iter().map(option).collect();
    format!("<select id=\"{id}\" name=\"{}\">{options}</select>", escape(name))
}

/// Hidden fields that carry the rest of an address.
pub fn carried<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let one = |(name, value): (&str, &str)| {
        format!("<input type=hidden name=\"{}\" value=\"{}\">", escape(name), escape(value))
    };
    pairs.into_iter().map(one).collect()
}
