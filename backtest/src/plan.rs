//! What the program needs: everything in a spec looked up, checked and counted.

use std::collections::BTreeSet;

use almanac_data::{Forecasting, Measure, Panel, Stamp, nearest};
use almanac_models::lift::{LIFTS, lift};
use almanac_models::{Model, PerSeries, Written, entry};

use crate::error::PlanError;
use crate::folds::Folds;
use crate::metrics::{Gauge, Read, USUAL, gauges};
use crate::spec::{ModelSpec, RunSpec, ScoreSpec, Spec};

const MOST_THREADS: usize = 1024;

/// A run that cannot be wrong: names resolved, settings checked, folds counted.
pub struct Plan<'a> {
    pub(crate) panel: &'a Panel,
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

/// A model under its name in the run.
pub(crate) struct Named {
    pub name: String,
    pub model: Box<dyn Model<Forecasting>>,
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
        if panel.is_empty() {
            return Err(PlanError::NoSeries);
        }
        if spec.model.is_empty() {
            return Err(PlanError::NoModel);
        }
        check_run(&spec.run)?;
        let folds = Folds::new(&spec.folds, panel)?;
        let mut spec = spec.clone();
        let levels = levels(&mut spec.score)?;
        let gauges = all_gauges(&spec.score, &levels)?;
        let primary = primary(&spec.score, &gauges, &levels)?;
        let baseline = spec.score.baseline.clone().unwrap_or_else(|| {
            if panel.season > 1 { "seasonal_naive" } else { "naive" }.to_string()
        });
        join(&mut spec.model, &baseline)?;
        if gauges.iter().any(|gauge| matches!(gauge.metric.read, Read::Relative(_))) {
            join(&mut spec.model, "naive2")?;
        }
        number(&mut spec.model)?;
        let mut models = Vec::with_capacity(spec.model.len());
        for (place, written) in spec.model.iter_mut().enumerate() {
            models.push(build(place, written)?);
        }
        let at = models.iter().position(|model| model.name == baseline).unwrap_or(0);
        (spec.folds.step, spec.folds.count) = (folds.step, folds.count);
        spec.score = ScoreSpec {
            metrics: gauges.iter().map(|gauge| gauge.name.clone()).collect(),
            primary: Some(gauges[primary].name.clone()),
            baseline: Some(baseline),
            ..spec.score
        };
        let simplest = build(0, &mut ModelSpec::of("naive"))?;
        Ok(Plan { panel, folds, models, gauges, primary, baseline: at, levels, simplest, spec })
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

    /// The cutoff of each fold, the first series' where they differ.
    pub fn cutoffs(&self) -> Vec<Stamp> {
        self.folds.cutoffs(self.panel)
    }

    /// The panel.
    pub fn panel(&self) -> &'a Panel {
        self.panel
    }
}

fn check_run(run: &RunSpec) -> Result<(), PlanError> {
    let range = |ok: bool, field, must: String, got: String| {
        if ok { Ok(()) } else { Err(PlanError::Range { table: "run", field, must, got }) }
    };
    let (threads, device) = (run.threads, run.device.as_deref().unwrap_or("auto"));
    let most = format!("at most {MOST_THREADS}");
    range(threads <= MOST_THREADS, "threads", most, threads.to_string())?;
    // The resolved spec must hold it, and TOML's integers have a sign.
    let most = format!("at most {}", i64::MAX);
    range(i64::try_from(run.seed).is_ok(), "seed", most, run.seed.to_string())?;
    let known = ["auto", "cpu"].contains(&device);
    range(known, "device", "auto or cpu: no other is built in".into(), format!("`{device}`"))
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

/// The metrics asked for, with those that others are relative to, each once.
fn all_gauges(score: &ScoreSpec, levels: &[f64]) -> Result<Vec<Gauge>, PlanError> {
    let usual = || USUAL.iter().map(|name| name.to_string()).collect();
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
    let mut seen = BTreeSet::new();
    found.retain(|gauge| seen.insert(gauge.name.clone()));
    Ok(found)
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
fn join(models: &mut Vec<ModelSpec>, name: &str) -> Result<(), PlanError> {
    let own = |model: &ModelSpec| model.name.as_deref().unwrap_or(&model.entry) == name;
    if models.iter().any(own) {
        return Ok(());
    }
    entry(name).map_err(|_| {
        let known = models.iter().map(|model| model.name.as_deref().unwrap_or(&model.entry));
        let roster = almanac_models::forecast::ROSTER.iter().map(|entry| entry.name);
        let near = nearest(name, known.chain(roster)).map(str::to_string);
        PlanError::Model { place: None, name: name.into(), nearest: near }
    })?;
    models.push(ModelSpec::of(name));
    Ok(())
}

/// Gives every model a name of its own: `ses`, `ses_2`, `ses_3`.
fn number(models: &mut [ModelSpec]) -> Result<(), PlanError> {
    let mut taken = BTreeSet::new();
    for (place, name) in models.iter().map(|model| &model.name).enumerate() {
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

/// Builds a model and writes its defaults into its spec.
fn build(place: usize, written: &mut ModelSpec) -> Result<Named, PlanError> {
    let entry = entry(&written.entry).map_err(|near| PlanError::Model {
        place: Some(place),
        name: written.entry.clone(),
        nearest: near.map(str::to_string),
    })?;
    let wrong = |error| PlanError::Setting { place, model: written.entry.clone(), error };
    let mut method = (entry.build)(&written.settings).map_err(wrong)?;
    written.settings = without_nulls((entry.resolve)(&written.settings).map_err(wrong)?);
    if let Some(own) = &mut written.lift {
        method = lift(own, method).map_err(wrong)?;
        *own = without_nulls(whole_lift(own));
    }
    let name = written.name.clone().unwrap_or_else(|| written.entry.clone());
    Ok(Named { name, model: Box::new(PerSeries { method }) })
}

/// A lift's `kind` and all its settings, in the order of its table.
fn whole_lift(written: &Written) -> Written {
    let kind = written.get("kind").cloned().unwrap_or_default();
    let line = LIFTS.iter().find(|line| kind == line.name);
    let rows = line.map(|line| (line.settings)()).unwrap_or_default();
    let value = |name| written.get(name).cloned();
    let settings = rows.into_iter().map(|row| (row.name, value(row.name).unwrap_or(row.default)));
    let all = std::iter::once(("kind", kind.clone())).chain(settings);
    all.map(|(name, value)| (name.to_string(), value)).collect()
}

/// A setting left out stays left out: TOML has no null.
fn without_nulls(settings: Written) -> Written {
    settings.into_iter().filter(|(_, value)| !value.is_null()).collect()
}
