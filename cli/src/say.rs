//! The only place that prints. stdout is data, stderr is words and progress.

use std::io::{self, IsTerminal, Write};
use std::process::exit;

use almanac_api::Error;

use crate::args::Color;
use crate::table::Table;

/// How to speak to whoever is on the other side.
#[derive(Clone, Copy)]
pub struct Say {
    quiet: bool,
    verbose: bool,
    out_colors: bool,
    err_colors: bool,
    width: usize,
}

/// Ways to set a word off.
#[derive(Clone, Copy)]
pub enum Paint {
    Bold,
    Red,
}

impl Say {
    /// Looks at the terminal once.
    pub fn new(color: Color, quiet: bool, verbose: bool) -> Say {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colors = |terminal: bool| match color {
            Color::Auto => terminal && !plain,
            Color::Always => true,
            Color::Never => false,
        };
        let terminal = io::stdout().is_terminal();
        let width = if terminal { console::Term::stdout().size().1.into() } else { usize::MAX };
        Say {
            quiet,
            verbose,
            out_colors: colors(terminal),
            err_colors: colors(io::stderr().is_terminal()),
            width,
        }
    }

    /// Data on stdout. A reader that has gone away, as `head` does, ends the program quietly.
    pub fn data(&self, text: &str) {
        let mut out = io::stdout().lock();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        if let Err(error) = written {
            if error.kind() == io::ErrorKind::BrokenPipe {
                exit(0);
            }
            self.error(&format!("cannot write to stdout: {error}"), None);
            exit(1);
        }
    }

    /// A table on stdout, with bold titles.
    pub fn table(&self, table: &Table) {
        let (mut lines, gone) = table.lines(self.width);
        if let Some(titles) = lines.first_mut() {
            *titles = self.paint(Paint::Bold, titles);
        }
        self.data(&(lines.join("\n") + "\n"));
        if !gone.is_empty() {
            self.remark(&format!("left out on this narrow terminal: {}", gone.join(", ")));
        }
    }

    /// JSON on stdout.
    pub fn json(&self, value: &serde_json::Value) {
        self.data(&format!("{value:#}\n"));
    }

    /// A remark on stderr.
    pub fn remark(&self, text: &str) {
        if !self.quiet {
            self.words(text);
        }
    }

    /// A mistake or failure and the way out, on stderr.
    pub fn error(&self, text: &str, hint: Option<&str>) {
        self.words(&format!("{} {text}", self.alert(Paint::Red, "error:")));
        if let Some(hint) = hint {
            self.words(&format!("{} {hint}", self.alert(Paint::Bold, "hint:")));
        }
    }

    /// An error of the lab.
    pub fn failure(&self, error: &Error) {
        self.error(&error.to_string(), error.hint().as_deref());
    }

    /// Whether a progress bar has someone to look at it.
    pub fn shows_progress(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// Whether every epoch of a network is told of.
    pub fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// A word of stdout, set off where colours are wanted.
    pub fn paint(&self, paint: Paint, text: &str) -> String {
        painted(self.out_colors, paint, text)
    }

    fn alert(&self, paint: Paint, text: &str) -> String {
        painted(self.err_colors, paint, text)
    }

    fn words(&self, text: &str) {
        // Nobody is left to tell when stderr is closed.
        let _ = writeln!(io::stderr().lock(), "{text}");
    }
}

fn painted(colors: bool, paint: Paint, text: &str) -> String {
    let code = match paint {
        Paint::Bold => "1",
        Paint::Red => "31;1",
    };
    if colors { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
}
