//! Ctrl-C: once to stop in order, twice to stop at once; and the progress bar that it interrupts.

use std::process::exit;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use almanac_api::{Ctx, Error, Progress};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::say::Say;

/// What runs now, for the signal's handler.
static RUNNING: Mutex<Option<Ctx>> = Mutex::new(None);

/// How often the user asked to stop.
static ASKED: AtomicUsize = AtomicUsize::new(0);

/// Stops what runs under this context, instead of the program, when the user asks.
///
/// # Errors
/// A system that does not let signals be handled.
pub fn on_signal(ctx: &Ctx) -> Result<(), Error> {
    let first = {
        let mut running = RUNNING.lock().unwrap_or_else(|poison| poison.into_inner());
        running.replace(ctx.clone()).is_none()
    };
    if !first {
        return Ok(());
    }
    ctrlc::set_handler(|| {
        if ASKED.fetch_add(1, Ordering::Relaxed) > 0 {
            exit(130);
        }
        let running = RUNNING.lock().unwrap_or_else(|poison| poison.into_inner());
        if let Some(ctx) = running.as_ref() {
            ctx.cancel();
        }
    })
    .map_err(|e| Error::Failed(format!("cannot handle Ctrl-C: {e}")))
}

/// A bar on stderr with an estimate of the time left; nothing where nobody looks.
pub struct Bar(ProgressBar);

impl Bar {
    /// A bar that shows itself when work begins.
    pub fn new(say: &Say) -> Bar {
        let target = match say.shows_progress() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        let style = ProgressStyle::with_template(
            "{bar:30} {percent:>3} %  {pos} of {len} answers, {eta} left",
        );
        if let Ok(style) = style {
            bar.set_style(style);
        }
        Bar(bar)
    }

    /// Takes the bar away.
    pub fn end(&self) {
        self.0.finish_and_clear();
    }
}

impl Progress for Bar {
    fn tick(&self, done: usize, total: usize) {
        if self.0.length() != Some(total as u64) {
            // What was resumed says nothing about how long the rest takes.
            self.0.set_length(total as u64);
            self.0.set_position(done as u64);
            self.0.reset_eta();
        }
        self.0.set_position(self.0.position().max(done as u64));
    }
}
