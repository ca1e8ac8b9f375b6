//! A study becomes a run folder, fold by fold; what is finished stays finished.

use std::path::{Path, PathBuf};

use almanac_backtest::{End, Plan, Progress, RunError, Sink, SinkError, Summary};
use almanac_data::{FoldResult, Leaderboard, Manifest, Panel, Report, Stamp};
use almanac_models::Ctx;

use crate::folder::{Folder, Holds, Identity, look, read_json, read_text, write_json};
use crate::lab::Study;
use crate::meter::Meter;
use crate::parts::Shape;
use crate::tables::{Names, TableFile};
use crate::{Error, atomic};

/// What a run has come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its folder.
    pub folder: PathBuf,
    /// The models in rank order.
    pub leaderboard: Leaderboard,
    /// Where it came from.
    pub manifest: Manifest,
    /// Whether it was there already, so that nothing was computed.
    pub was_there: bool,
    /// What its page was drawn from; none where it was there already.
    pub report: Option<Box<Report>>,
}

/// Where a run goes.
#[derive(Debug, Clone)]
pub enum Place {
    /// This folder, if it is free or holds the same run.
    At(PathBuf),
    /// This folder, replacing any other run in it, and starting afresh.
    Over(PathBuf),
    /// The first of this folder, the same with `-2`, `-3` …, that is free or holds the same run.
    Near(PathBuf),
}

impl Study {
    /// Runs the plan into a folder, going on where an interrupted run of the same spec and data
    /// stopped.
    ///
    /// # Errors
    /// A folder that holds another run or cannot be written; [`Error::Interrupted`] when the
    /// context was cancelled.
    pub fn run(
        &self,
        plan: &Plan<'_>,
        ctx: &Ctx,
        place: &Place,
        progress: &dyn Progress,
    ) -> Result<Run, Error> {
        let identity = Identity::new(plan.spec(), &self.read.files)?;
        let (path, holds) = place.choose(&identity)?;
        if holds == Holds::Finished {
            return Run::open(&path).map(|run| Run { was_there: true, ..run });
        }
        let folder = Folder::take(&path, &identity, holds == Holds::Unfinished)?;
        let mut keeper = Keeper { folder: &folder, summary: Summary::new(plan), refused: None };
        let kept = folder.folds().min(plan.fold_count());
        let shape = Shape { levels: plan.levels().len(), metrics: plan.metric_names().len() };
        for fold in 0..kept {
            keeper.summary.feed(&folder.fold(fold, shape)?);
        }
        let end = plan.run(ctx, kept, &mut keeper, progress);
        let Keeper { summary, refused, .. } = keeper;
        match end {
            Ok(End::Done) => {}
            Ok(End::Cancelled { fold }) => {
                return Err(Error::Interrupted {
                    folder: path,
                    done: fold,
                    folds: plan.fold_count(),
                });
            }
            Err(RunError::Sink(_)) if let Some(error) = refused => return Err(error),
            Err(error) => return Err(Error::Failed(error.to_string())),
        }
        self.join_parts(&folder, plan, shape)?;
        let manifest = self.manifest(plan, &summary, kept > 0);
        let report = summary.report(ctx, manifest, self.read.audit.clone());
        atomic::write(&folder.file("spec.toml"), report.spec.as_bytes())?;
        write_json(&folder.file("leaderboard.json"), &report.leaderboard)?;
        let page = almanac_dashboards::report(&report);
        atomic::write(&folder.file("report.html"), page.as_bytes())?;
        write_json(&folder.file("manifest.json"), &report.manifest)?;
        folder.finish()?;
        let (leaderboard, manifest) = (report.leaderboard.clone(), report.manifest.clone());
        let report = Some(Box::new(report));
        Ok(Run { folder: path, leaderboard, manifest, was_there: false, report })
    }

    /// Joins the kept folds into the two tables, one fold in memory at a time.
    fn join_parts(&self, folder: &Folder, plan: &Plan<'_>, shape: Shape) -> Result<(), Error> {
        let names = Names::of(plan);
        let mut forecasts = TableFile::new(folder.file("forecasts.parquet"));
        let mut scores = TableFile::new(folder.file("scores.parquet"));
        for fold in 0..plan.fold_count() {
            let fold = folder.fold(fold, shape)?;
            forecasts.add(names.forecasts(&fold))?;
            scores.add(names.scores(&fold))?;
        }
        forecasts.close()?;
        scores.close()
    }

    fn manifest(&self, plan: &Plan<'_>, summary: &Summary<'_>, resumed: bool) -> Manifest {
        let (panel, cost) = (&self.read.panel, self.meter.read());
        let mut notes = summary.notes();
        if resumed {
            notes.push("seconds and memory are those since the run was last resumed".into());
        }
        if !Meter::complete() {
            notes.push("this system does not tell processor seconds and peak memory".into());
        }
        Manifest {
            version: env!("CARGO_PKG_VERSION").into(),
            seed: plan.spec().run.seed,
            threads: plan.threads(),
            device: plan.spec().run.device.name().into(),
            sources: self.read.files.clone(),
            series: panel.len(),
            rows: panel.rows(),
            span: span(panel),
            freq: panel.calendar.freq.to_string(),
            season: panel.season,
            tidied: self.read.tidied.clone(),
            filled: summary.filled(),
            aggregation: plan.aggregation(),
            notes,
            wall_s: cost.wall_s,
            cpu_s: cost.cpu_s,
            peak_bytes: cost.peak_bytes,
            resumed,
        }
    }
}

/// First and last stamp of a panel, as text.
pub(crate) fn span(panel: &Panel) -> (String, String) {
    let show = |stamp: Option<&Stamp>| stamp.map(|&at| panel.calendar.show(at)).unwrap_or_default();
    let first = panel.iter().filter_map(|series| series.at.first()).min();
    let last = panel.iter().filter_map(|series| series.at.last()).max();
    (show(first), show(last))
}

impl Run {
    /// A finished run.
    ///
    /// # Errors
    /// A folder without one, or with damaged files.
    pub fn open(folder: &Path) -> Result<Run, Error> {
        let leaderboard = read_json(folder, "leaderboard.json")?;
        let manifest = read_json(folder, "manifest.json")?;
        Ok(Run { folder: folder.into(), leaderboard, manifest, was_there: true, report: None })
    }

    /// `leaderboard.json` as it stands in the folder.
    ///
    /// # Errors
    /// A file that is not there.
    pub fn json(&self) -> Result<String, Error> {
        read_text(&self.folder, "leaderboard.json")
    }

    /// Series × folds on which some model gave no answer of its own.
    pub fn failures(&self) -> usize {
        self.leaderboard.rows.iter().map(|row| row.failures).sum()
    }
}

impl Place {
    /// The folder and what it holds, if this run may go there.
    fn choose(&self, identity: &Identity) -> Result<(PathBuf, Holds), Error> {
        match self {
            Place::At(path) => match look(path, identity)? {
                Holds::Other(what) => Err(Error::Taken { folder: path.clone(), what }),
                holds => Ok((path.clone(), holds)),
            },
            Place::Over(path) => Ok((path.clone(), Holds::Other(String::new()))),
            Place::Near(path) => {
                let mut k = 1;
                loop {
                    let path = if k == 1 { path.clone() } else { numbered(path, k) };
                    match look(&path, identity)? {
                        Holds::Other(_) => k += 1,
                        holds => return Ok((path, holds)),
                    }
                }
            }
        }
    }
}

fn numbered(path: &Path, k: usize) -> PathBuf {
    PathBuf::from(format!("{}-{k}", path.display()))
}

/// Keeps each fold on the disk before it counts.
struct Keeper<'a> {
    folder: &'a Folder,
    summary: Summary<'a>,
    refused: Option<Error>,
}

impl Sink for Keeper<'_> {
    fn fold(&mut self, result: &FoldResult) -> Result<(), SinkError> {
        if let Err(error) = self.folder.keep(result) {
            let words = error.to_string();
            self.refused = Some(error);
            return Err(SinkError(words));
        }
        self.summary.feed(result);
        Ok(())
    }
}
