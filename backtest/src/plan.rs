//! What the program needs: everything in a spec looked up, checked and counted.

use std::collections::BTreeSet;

use almanac_data::{Measure, Panel, Stamp};
use almanac_models::{classify, entry, find, regress};

use crate::error::PlanError;
use crate::expand::{expand, learns};
use crate::folds::Folds;
use crate::metrics::{Estimate, Gauge, Read, USUAL, USUAL_DIRECTION, USUAL_ROWS, gauges};
use crate::money;
use crate::ready::{About, Named, build, unknown};
use crate::rows::TableRows;
use crate::spec::{ModelSpec, Refit, RunSpec, ScoreSpec, Spec, TaskName};

const MOST_THREADS: usize = 1024;

/// A run that cannot be wrong: names resolved, settings checked, folds counted.
pub struct Plan<'a> {
    pub(crate) panel: &'a Panel,
    /// The table behind the panel, where the task is one of rows.
    pub(crate) rows: Option<&'a TableRows>,
    pub(crate) folds: Folds,
    pub(crate) models: Vec<Named>,
    pub(crate) gauges: Vec<Gauge>,
    /// Index of the metric that ranks.
    pub(crate) primary: usize,
    /// Index of the model that the others are measured against.
    pub(crate) baseline: usize,
    /// Levels of intervals, 0 < level < 1, increasing.
    pub(crate) levels: Vec<f64>,
    /// What answers when a model and the baseline both fail.
    pub(crate) simplest: Named,
    spec: Spec,
}

impl<'a> Plan<'a> {
    /// Looks everything up.
    ///
    /// A baseline that is not among the models joins them, and so does `naive2` where a metric is
    /// relative to it.
    ///
    /// # Errors
    /// The first thing in the spec that cannot be run, with the nearest right name.
    pub fn new(spec: &Spec, panel: &'a Panel) -> Result<Plan<'a>, PlanError> {
        let folds = || Folds::new(&spec.folds, panel);
        Plan::with(spec, panel, None, &folds)
    }

    /// The same for a table.
    ///
    /// # Errors
    /// As of [`Plan::new`].
    pub fn of_rows(spec: &Spec, rows: &'a TableRows) -> Result<Plan<'a>, PlanError> {
        let folds = || Ok(Folds::of_rows(rows.folds(), rows.longest()));
        Plan::with(spec, rows.panel(), Some(rows), &folds)
    }

    fn with(
        spec: &Spec,
        panel: &'a Panel,
        rows: Option<&'a TableRows>,
        folds: &dyn Fn() -> Result<Folds, PlanError>,
    ) -> Result<Plan<'a>, PlanError> {
        if panel.is_empty() {
            return Err(PlanError::NoSeries);
        }
        check_models(spec)?;
        check_run(&spec.run)?;
        let folds = folds()?;
        let mut spec = spec.clone();
        money::fill(&mut spec, panel)?;
        if spec.task != TaskName::Forecast {
            // A probability is its own spread, and learners of rows state none.
            spec.score.levels.clear();
        }
        let levels = levels(&mut spec.score)?;
        let gauges = all_gauges(spec.task, &spec.score, &levels)?;
        let primary = primary(&spec.score, &gauges, &levels)?;
        let simplest = simplest(spec.task);
        let baseline = spec.score.baseline.clone().unwrap_or_else(|| match spec.task {
            TaskName::Forecast if panel.season > 1 => "seasonal_naive".into(),
            _ => simplest.into(),
        });
        let relative = gauges.iter().any(|gauge| matches!(gauge.metric.read, Read::Relative(_)));
        let joining: Vec<&str> =
            [Some(baseline.as_str()), relative.then_some("naive2")].into_iter().flatten().collect();
        let horizon = spec.folds.gap + spec.folds.horizon;
        let about = About { task: spec.task, horizon, panel, table: rows.map(TableRows::table) };
        let (models, written) = models(&spec, about, &joining)?;
        spec.model = written;
        (spec.features, spec.lift, spec.variant) = Default::default();
        spec.run.device = spec.run.device.chosen();
        let at = models.iter().position(|model| model.name == baseline).unwrap_or(0);
        if rows.is_none() {
            (spec.folds.step, spec.folds.count) = (folds.step, folds.count);
        }
        spec.score = ScoreSpec {
            metrics: gauges.iter().map(|gauge| gauge.name.clone()).collect(),
            primary: Some(gauges[primary].name.clone()),
            baseline: Some(baseline),
            ..spec.score
        };
        let simplest = build(about, 0, &mut ModelSpec::of(simplest))?;
        let baseline = at;
        Ok(Plan { panel, rows, folds, models, gauges, primary, baseline, levels, simplest, spec })
    }

    /// When a model is fitted again.
    pub(crate) fn refit(&self, model: &Named) -> Refit {
        model.refit.unwrap_or(self.spec.folds.refit)
    }

    /// Models that are one but for their seeds, in the run's order; each group has one at least.
    pub(crate) fn groups(&self) -> Vec<Vec<usize>> {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (model, named) in self.models.iter().enumerate() {
            let same = |group: &&mut Vec<usize>| self.models[group[0]].group() == named.group();
            match groups.iter_mut().find(same) {
                Some(group) => group.push(model),
                None => groups.push(vec![model]),
            }
        }
        groups
    }

    /// The spec with every default filled in: running it again gives the same bits.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// The models' names in the run, in its order.
    pub fn model_names(&self) -> Vec<&str> {
        self.models.iter().map(|model| model.name.as_str()).collect()
    }

    /// The metrics' names, in the order of [`Answered::scores`](almanac_data::Answered::scores).
    pub fn metric_names(&self) -> Vec<&str> {
        self.gauges.iter().map(|gauge| gauge.name.as_str()).collect()
    }

    /// How each metric is read.
    pub fn measures(&self) -> Vec<Measure> {
        let measure = |gauge: &Gauge| Measure {
            metric: gauge.name.clone(),
            unit: gauge.metric.unit.into(),
            better: gauge.better(),
        };
        self.gauges.iter().map(measure).collect()
    }

    /// Levels of intervals, in percent, increasing.
    pub fn levels(&self) -> &[f64] {
        &self.spec.score.levels
    }

    /// Number of folds.
    pub fn fold_count(&self) -> usize {
        self.folds.count
    }

    /// The cutoff of each fold, the first series' where they differ; of a table, its number.
    pub fn cutoffs(&self) -> Vec<Stamp> {
        match self.rows {
            Some(rows) => (1..=rows.folds() as i64).map(Stamp).collect(),
            None => self.folds.cutoffs(self.panel),
        }
    }

    /// Names of the rows of the table behind the panel, where there is one.
    pub fn row_names(&self) -> Option<&'a [String]> {
        self.rows.map(|rows| rows.table().ids.as_slice())
    }

    /// The panel.
    pub fn panel(&self) -> &'a Panel {
        self.panel
    }
}

/// Every model of the spec and those that must join, under names of their own, each with its spec
/// as resolved.
fn models(
    spec: &Spec,
    about: About<'_>,
    joining: &[&str],
) -> Result<(Vec<Named>, Vec<ModelSpec>), PlanError> {
    let (mut places, mut written): (Vec<usize>, Vec<ModelSpec>) = expand(spec).into_iter().unzip();
    for name in joining {
        join(spec.task, &mut written, name)?;
    }
    places.resize(written.len(), spec.model.len());
    number(&places, &mut written)?;
    let mut models = Vec::with_capacity(written.len());
    for (&place, written) in places.iter().zip(&mut written) {
        models.push(build(about, place, written)?);
    }
    Ok((models, written))
}

fn check_run(run: &RunSpec) -> Result<(), PlanError> {
    let range = |ok: bool, field, must: String, got: String| {
        if ok { Ok(()) } else { Err(PlanError::Range { table: "run", field, must, got }) }
    };
    let threads = run.threads;
    let most = format!("at most {MOST_THREADS}");
    range(threads <= MOST_THREADS, "threads", most, threads.to_string())?;
    // The resolved spec must hold it, and TOML's integers have a sign.
    let most = format!("at most {}", i64::MAX);
    range(i64::try_from(run.seed).is_ok(), "seed", most, run.seed.to_string())
}

/// Levels as shares, in increasing order.
fn levels(score: &mut ScoreSpec) -> Result<Vec<f64>, PlanError> {
    if let Some(level) = score.levels.iter().find(|&&level| !(0.0 < level && level < 100.0)) {
        let must = "above 0 and below 100, in percent".into();
        let got = level.to_string();
        return Err(PlanError::Range { table: "score", field: "levels", must, got });
    }
    score.levels.sort_by(f64::total_cmp);
    score.levels.dedup();
    Ok(score.levels.iter().map(|level| level / 100.0).collect())
}

fn look_up(field: &'static str, name: &str, levels: &[f64]) -> Result<Vec<Gauge>, PlanError> {
    gauges(name, levels).map_err(|near| PlanError::Metric {
        field,
        name: name.into(),
        nearest: near.map(str::to_string),
    })
}

/// What answers when a model and the baseline both fail.
fn simplest(task: TaskName) -> &'static str {
    match task {
        TaskName::Forecast => "naive",
        TaskName::Direction => "prior",
        TaskName::Regress => "mean",
    }
}

/// The metrics asked for, with those that others are relative to, each once.
fn all_gauges(task: TaskName, score: &ScoreSpec, levels: &[f64]) -> Result<Vec<Gauge>, PlanError> {
    let usual = match task {
        TaskName::Direction => USUAL_DIRECTION,
        TaskName::Regress => USUAL_ROWS,
        TaskName::Forecast => USUAL,
    };
    let usual = || usual.iter().map(|name| name.to_string()).collect();
    let written: Vec<String> =
        if score.metrics.is_empty() { usual() } else { score.metrics.clone() };
    let mut found: Vec<Gauge> = Vec::new();
    for name in written.iter().chain(&score.primary) {
        for gauge in look_up("metrics", name, levels)? {
            if let Read::Relative(parts) = gauge.metric.read {
                for part in parts {
                    found.extend(look_up("metrics", part, levels)?);
                }
            }
            found.push(gauge);
        }
    }
    if found.is_empty() {
        let must = "metrics that need no level, where no level is given";
        let got = written.join(", ");
        return Err(PlanError::Range { table: "score", field: "metrics", must: must.into(), got });
    }
    let chance = |gauge: &&Gauge| gauge.metric.estimates == Estimate::Probability;
    let directions = task == TaskName::Direction;
    if let Some(stranger) = found.iter().find(|gauge| chance(gauge) != directions) {
        let must = match directions {
            true => "metrics of directions, such as accuracy",
            false => "metrics of values, such as rmse: directions are another task",
        };
        let (must, got) = (must.into(), format!("`{}`", stranger.name));
        return Err(PlanError::Range { table: "score", field: "metrics", must, got });
    }
    let mut seen = BTreeSet::new();
    found.retain(|gauge| seen.insert(gauge.name.clone()));
    Ok(found)
}

/// Refuses a run without models, and tables of features and lifts that none of them reads.
fn check_models(spec: &Spec) -> Result<(), PlanError> {
    if spec.model.is_empty() {
        return Err(PlanError::NoModel);
    }
    if spec.model.iter().any(|model| model.repeats == Some(0)) {
        let (must, got) = ("at least 1".into(), "0".into());
        return Err(PlanError::Range { table: "model", field: "repeats", must, got });
    }
    if spec.model.iter().any(|model| learns(spec.task, &model.entry)) {
        return Ok(());
    }
    let written = [
        ("features", !spec.features.is_empty()),
        ("lift", !spec.lift.is_empty()),
        ("variant", !spec.variant.is_empty()),
    ];
    match written.into_iter().find(|(_, written)| *written) {
        None => Ok(()),
        Some((table, _)) => Err(PlanError::Unread { table }),
    }
}

/// The place of the metric that ranks: it needs a score for each series.
fn primary(score: &ScoreSpec, gauges: &[Gauge], levels: &[f64]) -> Result<usize, PlanError> {
    let ranks = |gauge: &Gauge| !matches!(gauge.metric.read, Read::Relative(_));
    let Some(name) = &score.primary else {
        return Ok(gauges.iter().position(ranks).unwrap_or(0));
    };
    let wanted = look_up("primary", name, levels)?;
    let [one] = wanted.as_slice() else {
        let must = "one metric: write its level, as in coverage-80".into();
        let got = format!("`{name}`");
        return Err(PlanError::Range { table: "score", field: "primary", must, got });
    };
    if !ranks(one) {
        let must = "a metric of single series".into();
        let got = format!("`{name}`");
        return Err(PlanError::Range { table: "score", field: "primary", must, got });
    }
    Ok(gauges.iter().position(|gauge| gauge.name == one.name).unwrap_or(0))
}

/// Adds a model of the roster unless one of this name runs already.
fn join(task: TaskName, models: &mut Vec<ModelSpec>, name: &str) -> Result<(), PlanError> {
    let own = |model: &ModelSpec| model.name.as_deref().unwrap_or(&model.entry) == name;
    if models.iter().any(own) {
        return Ok(());
    }
    let is_there = match task {
        TaskName::Forecast => entry(name).is_ok(),
        TaskName::Direction => find(classify::ROSTER, name).is_ok(),
        TaskName::Regress => find(regress::ROSTER, name).is_ok(),
    };
    if !is_there {
        let run: Vec<&str> =
            models.iter().map(|model| model.name.as_deref().unwrap_or(&model.entry)).collect();
        return Err(unknown(task, None, name, &run));
    }
    models.push(ModelSpec::of(name));
    Ok(())
}

/// Gives every model a name of its own: `ses`, `ses_2`, `ses_3`.
fn number(places: &[usize], models: &mut [ModelSpec]) -> Result<(), PlanError> {
    let mut taken = BTreeSet::new();
    for (&place, name) in places.iter().zip(models.iter().map(|model| &model.name)) {
        if let Some(name) = name
            && !taken.insert(name.clone())
        {
            return Err(PlanError::Twice { place, name: name.clone() });
        }
    }
    for model in models.iter_mut().filter(|model| model.name.is_none()) {
        let numbered = (2..).map(|k| format!("{}_{k}", model.entry));
        let mut names = std::iter::once(model.entry.clone()).chain(numbered);
        model.name = names.find(|name| taken.insert(name.clone()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use almanac_data::Calendar;

    fn said(text: &str) -> String {
        let at = (1..=9).map(Stamp).collect();
        let panel = Panel::new("p", Calendar::steps(), vec![("a".into(), 9)], at, vec![1.0; 9]);
        let text = format!("data = {{}}\nfolds.horizon = 1\n{text}\n[[model]]\nuse = \"naive\"");
        let spec = Spec::from_toml(&text).unwrap();
        Plan::new(&spec, &panel.unwrap()).err().unwrap().to_string()
    }

    /// Settings that nothing reads, metrics of another task, and a model run no time, are mistakes.
    #[test]
    fn nothing_is_ignored() {
        let error = said("[[model]]\nuse = \"drift\"\nrepeats = 0");
        assert_eq!(error, "model.repeats must be at least 1, not 0");
        assert_eq!(said("features.lags = [1]"), "no model of the run reads [features]");
        let error = said("score.metrics = [\"accuracy\"]");
        assert!(error.contains("metrics of values") && error.contains("`accuracy`"), "{error}");
    }
}
