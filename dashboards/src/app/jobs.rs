//! Jobs: a line with a live bar, and the page of one.

use super::{Frame, encoded, moment, part, shell};
use crate::text::{count, escape, prose};

/// A job as it stands.
#[derive(Debug, Clone, Default)]
pub struct JobLine {
    /// Its id, which is also its run's.
    pub id: String,
    /// `backtest`, `forecast` or `train`.
    pub kind: String,
    /// What it does, in a few words.
    pub title: String,
    /// `queued`, `running`, `done`, `failed` or `cancelled`.
    pub state: String,
    /// Answers there are, of how many.
    pub reached: (i64, i64),
    /// Why it failed.
    pub error: Option<String>,
    /// When it was asked for, began and ended, in Unix milliseconds.
    pub at: (i64, Option<i64>, Option<i64>),
}

impl JobLine {
    /// Whether nothing more will happen.
    pub fn ended(&self) -> bool {
        !matches!(self.state.as_str(), "queued" | "running")
    }

    /// Where a reader goes from its name: to the run once there is one.
    pub(super) fn place(&self) -> String {
        let ran = self.state == "done" && self.kind == "backtest";
        format!("/{}/{}", if ran { "runs" } else { "jobs" }, encoded(&self.id))
    }

    /// How long it took or has taken to its end.
    pub(super) fn took(&self) -> String {
        match self.at {
            (_, Some(began), Some(ended)) => seconds(ended - began),
            _ => "—".into(),
        }
    }

    /// A bar that the script keeps moving.
    pub(super) fn bar(&self) -> String {
        let (done, total) = self.reached;
        let value = if total > 0 { format!(" value={done} max={total}") } else { String::new() };
        let words = match self.state.as_str() {
            "queued" => "waiting for its turn".to_string(),
            "running" if total == 0 => "reading the data".to_string(),
            _ => format!(
                "{} of {} answers",
                count(done.max(0) as usize),
                count(total.max(0) as usize)
            ),
        };
        format!(
            "<div class=job data-job=\"{}\"><progress aria-label=\"Progress\"{value}></progress>\
             <span data-words>{words}</span></div>",
            escape(&self.id)
        )
    }
}

/// Milliseconds in words.
fn seconds(ms: i64) -> String {
    match ms.max(0) / 1000 {
        0 => format!("{} ms", ms.max(0)),
        s if s < 120 => format!("{s} s"),
        s if s < 7200 => format!("{} min", s / 60),
        s => format!("{} h {} min", s / 3600, s % 3600 / 60),
    }
}

/// The state as a coloured word.
pub(super) fn state(word: &str) -> String {
    format!("<span class=\"state {0}\">{0}</span>", escape(word))
}

/// The page of a job: its bar while it works, why it failed, where its run is.
pub fn job(frame: &Frame, job: &JobLine) -> String {
    let id = encoded(&job.id);
    let (asked, began, ended) = job.at;
    let mut facts = vec![("Asked for", moment(asked))];
    facts.extend(began.map(|at| ("Began", moment(at))));
    facts.extend(ended.map(|at| ("Ended", moment(at))));
    if ended.is_some() {
        facts.push(("Took", job.took()));
    }
    let next = match job.state.as_str() {
        "done" if job.kind == "backtest" => {
            format!("<p><a class=button href=\"/runs/{id}\">Open the run</a></p>")
        }
        "done" => format!(
            "<p>Its answers: <a href=\"/runs/{id}/files/forecasts.csv\" download>CSV</a>, \
             <a href=\"/runs/{id}/files/forecasts.parquet\" download>Parquet</a>.</p>"
        ),
        "failed" => format!(
            "<p class=warning role=alert>{}</p><p>Nothing was kept. Change what it names and start \
             again: <a href=\"/runs/new?like={id}\">edit this run</a>.</p>",
            prose(job.error.as_deref().unwrap_or("no reason was given"))
        ),
        "cancelled" => format!(
            "<p>Somebody stopped it. <a href=\"/runs/new?like={id}\">Start it again</a>.</p>"
        ),
        _ => String::new(),
    };
    let cancel = format!(
        "<form method=post action=\"/jobs/{id}/cancel\">{}<button>Cancel</button></form>",
        frame.sealed()
    );
    let working = match job.ended() {
        true => String::new(),
        false => format!(
            "{}<p class=note>It goes on when you close this page.</p>{}",
            job.bar(),
            if frame.writes { cancel } else { String::new() }
        ),
    };
    let body = format!(
        "<p class=kicker>{} · {}</p><h1 class=long>{}</h1>{}{}{}",
        escape(&job.kind),
        state(&job.state),
        escape(&job.title),
        working,
        next,
        crate::tables::facts("facts", &facts)
    );
    shell(&Frame { title: job.title.clone(), ..frame.clone() }, &part("job", &body))
}
