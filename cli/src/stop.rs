//! Ctrl-C: once to stop in order, twice to stop at once; and the progress bar that it interrupts.

use std::process::exit;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use almanac_api::{Ctx, Epoch, Error, Progress};
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
fn on_signal(ctx: &Ctx) -> Result<(), Error> {
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
pub struct Bar {
    bar: ProgressBar,
    say: Say,
}

impl Bar {
    /// A bar that shows itself when work begins.
    pub fn new(say: &Say) -> Bar {
        let target = match say.shows_progress() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        let style = ProgressStyle::with_template(
            "{bar:30} {percent:>3} %  {pos} of {len} answers, {eta} left  {wide_msg}",
        );
        if let Ok(style) = style {
            bar.set_style(style);
        }
        Bar { bar, say: *say }
    }

    /// The context of a run that is stopped by the user, and whose networks tell of their epochs
    /// here: on the bar, or in lines of their own where every one is wanted.
    ///
    /// # Errors
    /// As of [`on_signal`].
    pub fn watch(&self, ctx: Ctx) -> Result<Ctx, Error> {
        on_signal(&ctx)?;
        let (bar, say) = (self.bar.clone(), self.say);
        Ok(match (say.is_verbose(), say.shows_progress()) {
            (true, _) => ctx.watched(move |model, epoch| {
                let line = words(model, epoch);
                bar.suspend(|| say.remark(&line));
            }),
            (false, true) => ctx.watched(move |model, epoch| bar.set_message(words(model, epoch))),
            (false, false) => ctx,
        })
    }

    /// Takes the bar away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Bar {
    fn tick(&self, done: usize, total: usize) {
        if self.bar.length() != Some(total as u64) {
            // What was resumed says nothing about how long the rest takes.
            self.bar.set_length(total as u64);
            self.bar.set_position(done as u64);
            self.bar.reset_eta();
        }
        self.bar.set_position(self.bar.position().max(done as u64));
    }
}

/// An epoch in words.
fn words(model: &str, epoch: &Epoch) -> String {
    let Epoch { epoch, epochs, loss, held } = epoch;
    let held = held.map(|held| format!(", held back {held:.4}")).unwrap_or_default();
    format!("{model}: epoch {epoch} of {epochs}, loss {loss:.4}{held}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The loss of what is held back is told where something is.
    #[test]
    fn epochs_in_words() {
        let epoch = Epoch { epoch: 3, epochs: 50, loss: 0.25, held: Some(0.5) };
        assert_eq!(words("cnn", &epoch), "cnn: epoch 3 of 50, loss 0.2500, held back 0.5000");
        let epoch = Epoch { held: None, ..epoch };
        assert_eq!(words("cnn", &epoch), "cnn: epoch 3 of 50, loss 0.2500");
    }
}
