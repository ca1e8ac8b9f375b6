//! The queue: jobs run one after another, tell of their progress, and go on after a kill.
//!
//! ```text
//! POST ─▶ queued ─▶ running ─▶ done | failed
//!           │          └─────▶ cancelled         a kill leaves `running`: queued again at the start
//! events  each job has a log; a listener reads it from where it was, and waits at its end
//! ```

mod log;
mod threads;
mod told;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::{Notify, watch};
use tracing::Instrument;
use tracing::field::Empty;

use crate::config::Config;
use crate::http::pages::shelf;
use crate::store::{Job, JobKind, NewModel, Once, Queued, State, Store, Task, blocking};
use crate::training::Training;
use crate::{Ctx, Error, Lab, Place, Study, Written};

pub use log::{Event, Log};
use told::Teller;
pub use told::Unwatched;

/// Logs that are held; beyond, those of jobs that have ended go.
const LOGS: usize = 200;
/// How often a job's progress goes to the store.
const NOTED: Duration = Duration::from_millis(500);

/// How long a store that refused is left alone.
const AGAIN: Duration = Duration::from_secs(1);

/// The jobs of a server.
pub struct Queue {
    lab: Lab,
    store: Store,
    pool: rayon::ThreadPool,
    /// Jobs at work, and the logs of all since the start.
    at_work: Mutex<HashMap<String, Ctx>>,
    logs: Mutex<HashMap<String, Arc<Log>>>,
    wake: Notify,
    stop: watch::Sender<bool>,
    /// Sets event ids of this start apart from those of another.
    start: String,
}

impl Queue {
    /// A queue at work.
    ///
    /// # Errors
    /// A store that cannot be written, a system without threads.
    pub async fn start(config: &Config, lab: Lab, store: Store) -> Result<Arc<Queue>, Error> {
        let pool = threads::pool(config.job_threads())?;
        store.requeue().await?;
        let queue = Arc::new(Queue {
            lab,
            store,
            pool,
            at_work: Mutex::default(),
            logs: Mutex::default(),
            wake: Notify::new(),
            stop: watch::Sender::new(false),
            start: crate::store::random(3)?,
        });
        for _ in 0..config.limits.jobs {
            tokio::spawn(Arc::clone(&queue).work());
        }
        Ok(queue)
    }

    /// Puts a task at the end of its owner's queue. Where nothing comes of it, rows that were kept
    /// for it alone go.
    ///
    /// # Errors
    /// As of [`Store::queue`].
    pub async fn add(
        &self,
        asker: (&str, &str),
        task: &Task,
        once: Option<&Once>,
        most: u32,
    ) -> Result<Queued, Error> {
        let queued = self.store.queue(asker, task, once, most).await;
        match (&queued, &task.rows) {
            (Ok(Queued::New(job)), _) => {
                self.log(&job.id).add("state", json!({ "state": State::Queued }));
                self.wake.notify_one();
            }
            (_, Some((file, _))) => self.store.drop_file(file).await?,
            (_, None) => {}
        }
        queued
    }

    /// Whether it takes no more work.
    pub fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// Stops: jobs at work end at their last fold, and wait for the next start.
    pub fn stop(&self) {
        self.stop.send_replace(true);
        locked(&self.at_work).values().for_each(Ctx::cancel);
        locked(&self.logs).values().for_each(|log| log.close());
    }

    /// Waits until no job is at work.
    pub async fn idle(&self) {
        while !locked(&self.at_work).is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Stops one job; whether it had not ended.
    ///
    /// # Errors
    /// A store that cannot be written.
    pub async fn cancel(&self, id: &str) -> Result<bool, Error> {
        let ended = self.store.end_job(id, State::Cancelled, None).await?;
        if let Some(ctx) = locked(&self.at_work).get(id) {
            ctx.cancel();
        }
        if ended {
            self.log(id).end(json!({ "state": State::Cancelled }));
        }
        Ok(ended)
    }

    /// The log of a job.
    pub fn log(&self, id: &str) -> Arc<Log> {
        let mut logs = locked(&self.logs);
        if logs.len() > LOGS {
            logs.retain(|_, log| !log.has_ended());
        }
        Arc::clone(logs.entry(id.into()).or_insert_with(|| Arc::new(Log::new(&self.start))))
    }

    async fn work(self: Arc<Self>) {
        let mut stop = self.stop.subscribe();
        while !self.is_stopping() {
            match self.store.next_job().await {
                Ok(Some(job)) => {
                    // Whatever else waits may be for another of us.
                    self.wake.notify_one();
                    let span = tracing::info_span!(
                        "job",
                        id = job.id,
                        owner = job.owner,
                        request = job.request,
                        title = job.title,
                        models = Empty
                    );
                    self.clone().run(job).instrument(span).await;
                }
                Ok(None) => {
                    tokio::select! {
                        () = self.wake.notified() => {}
                        _ = stop.changed() => {}
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "the queue cannot read the store");
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }

    async fn run(self: Arc<Self>, job: Job) {
        let (log, began) = (self.log(&job.id), Instant::now());
        log.add("state", json!({ "state": State::Running }));
        let ctx = Ctx::new(0);
        locked(&self.at_work).insert(job.id.clone(), ctx.clone());
        if self.is_stopping() {
            ctx.cancel();
        }
        let noted =
            tokio::spawn(self.clone().note(job.id.clone(), Arc::clone(&log)).in_current_span());
        let (own, own_job, own_log) = (self.clone(), job.clone(), Arc::clone(&log));
        let end = blocking(move || own.study(&own_job, &ctx, &own_log)).await;
        noted.abort();
        let end = match end {
            Ok(Some(new)) => self.store.keep_model(new).await.map(|_| ()),
            end => end.map(|_| ()),
        };
        let (state, error) = match end {
            Ok(()) => (State::Done, None),
            Err(Error::Interrupted { .. } | Error::Stopped) if self.is_stopping() => {
                locked(&self.at_work).remove(&job.id);
                return;
            }
            Err(Error::Interrupted { .. } | Error::Stopped) => (State::Cancelled, None),
            Err(error) => (State::Failed, Some(error)),
        };
        let words = error.as_ref().map(words);
        let ended = self.end(&job.id, state, words.as_deref(), &log).await;
        locked(&self.at_work).remove(&job.id);
        // Else whoever cancelled it has said so.
        if ended {
            let seconds = began.elapsed().as_secs_f64();
            tracing::info!(state = state.name(), error = words, seconds, "a job ended");
            metrics::counter!("almanac_jobs_total", "state" => state.name()).increment(1);
            log.end(json!({ "state": state, "error": words }));
        }
    }

    /// Keeps how a job ended; whether it had not ended before. A disk that is full is waited for: a
    /// job may not stay at work for ever because its end found no place.
    async fn end(&self, id: &str, state: State, words: Option<&str>, log: &Log) -> bool {
        let (done, total) = log.reached();
        loop {
            let kept = match self.store.note_progress(id, done, total).await {
                Ok(()) => self.store.end_job(id, state, words).await,
                Err(error) => Err(error),
            };
            match kept {
                Ok(ended) => return ended,
                Err(error) => tracing::error!(%error, job = id, "the end of a job cannot be kept"),
            }
            if self.is_stopping() {
                return false;
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Keeps a job's progress in the store while it runs.
    async fn note(self: Arc<Self>, id: String, log: Arc<Log>) {
        let mut before = (0, 0);
        loop {
            tokio::time::sleep(NOTED).await;
            let reached = log.reached();
            if reached != before {
                before = reached;
                if let Err(error) = self.store.note_progress(&id, reached.0, reached.1).await {
                    tracing::warn!(%error, job = id, "progress cannot be kept");
                }
            }
        }
    }

    /// Reads the data and runs the study, on a thread that may take its time; the model that it made.
    fn study(&self, job: &Job, ctx: &Ctx, log: &Log) -> Result<Option<NewModel>, Error> {
        let written = Written::from_text("spec".as_ref(), &job.spec, &[])?;
        tracing::Span::current().record("models", written.spec.model.len());
        let study = match &job.rows {
            Some(rows) => {
                let set = written.spec.data.set.clone().unwrap_or_default();
                let given = self.store.given_job(&set, rows)?;
                let read = self.store.read(&written.spec.data, &given)?;
                Study::of(written, read)
            }
            None if job.kind == JobKind::Train && !training(job)?.backtest => {
                self.lab.lesson(written)?
            }
            None => self.lab.study(written)?,
        };
        let folder = self.store.run_folder(&job.id);
        threads::install(&self.pool, || match job.kind {
            JobKind::Backtest => backtest(&study, ctx, folder, log).map(|()| None),
            JobKind::Forecast => {
                let forecasts = study.answer(ctx, &Teller { log, folds: 1 })?;
                forecasts.keep(&folder).map(|()| None)
            }
            JobKind::Train => train(study, job, ctx, log).map(Some),
        })
    }
}

/// The model that a job of training made.
fn train(study: Study, job: &Job, ctx: &Ctx, log: &Log) -> Result<NewModel, Error> {
    let training = training(job)?;
    let trained = study.trained(&training, ctx, &Teller { log, folds: 1 })?;
    NewModel::of(job.id.clone(), &job.owner, &training, &trained)
}

fn training(job: &Job) -> Result<Training, Error> {
    let broken = |e: serde_json::Error| Error::Failed(format!("a damaged job: {e}"));
    serde_json::from_str(job.more.as_deref().unwrap_or_default()).map_err(broken)
}

fn backtest(study: &Study, ctx: &Ctx, folder: PathBuf, log: &Log) -> Result<(), Error> {
    let own = study.ctx().stopped_with(ctx);
    let plan = study.plan()?;
    let teller = Teller { log, folds: plan.fold_count() };
    let run = study.run(&plan, &own, &Place::At(folder.clone()), &teller)?;
    run.report.map_or(Ok(()), |report| shelf::keep(&folder, *report))
}

/// Why a job failed, for whoever asked for it: a full disk without the server's folders.
fn words(error: &Error) -> String {
    match error.hint() {
        _ if error.is_full() => "the server's disk is full".into(),
        Some(hint) => format!("{error}; {hint}"),
        None => error.to_string(),
    }
}

/// A lock that outlives a panic elsewhere: what it guards is whole between any two statements.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poison| poison.into_inner())
}
