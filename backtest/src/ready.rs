//! Models made ready: looked up in the roster of their task, lifted, with every default written down.

use almanac_data::{Ahead, FitError, Forecast, Forecasting, PanelView, nearest};
use almanac_models::lift::{
    Directed, DirectedModel, LIFTS, Reduce, Scope, lift, tuned, tuned_classes,
};
use almanac_models::{
    Ctx, Entry, Fitted, Model, PerSeries, SettingError, Settings, Written, classify, entry, find,
    regress,
};
use serde_json::Value;

use crate::error::PlanError;
use crate::spec::{ModelSpec, Spec, TaskName};

/// Learners that look at no feature: one of each is enough.
const BLIND: &[&str] = &["mean", "prior"];

/// A model under its name in the run.
pub(crate) struct Named {
    pub name: String,
    pub model: Box<dyn Model<Forecasting>>,
    /// Whether one fit sees one series or the whole panel.
    pub scope: Scope,
    /// Whether it reads columns of the row asked before they are known.
    pub same_row: bool,
}

/// A teller of directions where the loop wants a forecaster: the same nouns, the mean a probability.
struct Told(DirectedModel);

impl Model<Forecasting> for Told {
    fn fit(
        &self,
        ctx: &Ctx,
        train: PanelView<'_>,
    ) -> Result<Box<dyn Fitted<Forecasting>>, FitError> {
        Ok(Box::new(FittedTold(self.0.fit(ctx, train)?)))
    }
}

struct FittedTold(Box<dyn Fitted<almanac_data::Direction>>);

impl Fitted<Forecasting> for FittedTold {
    fn predict(&self, ctx: &Ctx, ask: Ahead<'_>) -> Result<Vec<Forecast>, FitError> {
        self.0.predict(ctx, ask)
    }
}

/// Every learner once for each variant, with its features and lift written into it; each with the
/// place of its `[[model]]`.
pub(crate) fn expand(spec: &Spec) -> Vec<(usize, ModelSpec)> {
    let mut all = Vec::new();
    for (place, written) in spec.model.iter().enumerate() {
        if !learns(spec.task, &written.entry) {
            all.push((place, written.clone()));
            continue;
        }
        let blind = BLIND.contains(&written.entry.as_str());
        if spec.variant.is_empty() || blind {
            let (features, lift) = (spec.features.clone(), spec.lift.clone());
            all.push((place, filled_in(written, written.name.clone(), features, lift)));
            continue;
        }
        for variant in &spec.variant {
            let own = written.name.as_deref().unwrap_or(&written.entry);
            let name = Some(format!("{own}/{}", variant.name));
            let features = over(&spec.features, &variant.features);
            let lift = over(&spec.lift, &variant.lift);
            all.push((place, filled_in(written, name, features, lift)));
        }
    }
    all
}

/// Whether this task's roster of this name is one of learners.
fn learns(task: TaskName, name: &str) -> bool {
    match task {
        TaskName::Forecast => entry(name).is_err() && find(regress::ROSTER, name).is_ok(),
        TaskName::Direction | TaskName::Regress => true,
    }
}

fn filled_in(
    written: &ModelSpec,
    name: Option<String>,
    features: Written,
    mut lift: Written,
) -> ModelSpec {
    if !features.is_empty() {
        lift.entry("features").or_insert(Value::Object(features));
    }
    let lift = over(&lift, written.lift.as_ref().unwrap_or(&Written::new()));
    ModelSpec { name, lift: Some(lift), ..written.clone() }
}

/// One table over another; `false` takes a line away.
fn over(below: &Written, above: &Written) -> Written {
    let mut all = below.clone();
    for (name, value) in above {
        match value {
            Value::Bool(false) => drop(all.shift_remove(name)),
            value => drop(all.insert(name.clone(), value.clone())),
        }
    }
    all
}

/// Builds a model for so many steps, and writes its defaults into its spec.
pub(crate) fn build(
    task: TaskName,
    horizon: usize,
    place: usize,
    written: &mut ModelSpec,
) -> Result<Named, PlanError> {
    let name = written.name.clone().unwrap_or_else(|| written.entry.clone());
    let model = written.entry.clone();
    let wrong = |error| PlanError::Setting { place, model: model.clone(), error };
    match task {
        TaskName::Forecast if entry(&written.entry).is_ok() => one_series(name, written, wrong),
        TaskName::Forecast => {
            let line = look_up(regress::ROSTER, place, written)?;
            let (reduce, tune) = settings::<Reduce>("reduce", written).map_err(wrong)?;
            let learner = match &tune {
                Some(tune) => tuned(tune, line, &written.settings),
                None => (line.build)(&written.settings),
            };
            let reduced = reduce.around(learner.map_err(wrong)?, horizon).map_err(wrong)?;
            resolve(line, written).map_err(wrong)?;
            let (scope, same_row) = (reduced.scope(), reduced.same_row());
            Ok(Named { name, model: Box::new(reduced), scope, same_row })
        }
        TaskName::Direction => {
            let line = look_up(classify::ROSTER, place, written)?;
            let (direct, tune) = settings::<Directed>("direction", written).map_err(wrong)?;
            let learner = match &tune {
                Some(tune) => tuned_classes(tune, line, &written.settings),
                None => (line.build)(&written.settings),
            };
            let model = direct.around(learner.map_err(wrong)?, horizon).map_err(wrong)?;
            resolve(line, written).map_err(wrong)?;
            let (scope, same_row) = (model.scope(), model.same_row());
            Ok(Named { name, model: Box::new(Told(model)), scope, same_row })
        }
        TaskName::Regress => Err(wrong(SettingError::Range {
            name: "task",
            must: "forecast or direction for a panel",
            got: "regress".into(),
        })),
    }
}

/// A one-series method, in the lift that was asked for.
fn one_series(
    name: String,
    written: &mut ModelSpec,
    wrong: impl Fn(SettingError) -> PlanError,
) -> Result<Named, PlanError> {
    let Ok(line) = entry(&written.entry) else {
        return Err(PlanError::Model { place: None, name, nearest: None });
    };
    let mut method = (line.build)(&written.settings).map_err(&wrong)?;
    resolve(line, written).map_err(&wrong)?;
    if let Some(own) = &mut written.lift {
        method = lift(own, method).map_err(wrong)?;
        *own = without_nulls(whole_lift(own));
    }
    let model = Box::new(PerSeries { method });
    Ok(Named { name, model, scope: Scope::Series, same_row: false })
}

/// The line of a learner; the nearest of it and, in a forecast, of the one-series methods.
fn look_up<M: ?Sized>(
    roster: &'static [Entry<M>],
    place: usize,
    written: &ModelSpec,
) -> Result<&'static Entry<M>, PlanError> {
    find(roster, &written.entry).map_err(|_| {
        let series = almanac_models::forecast::ROSTER.iter().map(|entry| entry.name);
        let names = roster.iter().map(|entry| entry.name).chain(series);
        let nearest = nearest(&written.entry, names).map(String::from);
        PlanError::Model { place: Some(place), name: written.entry.clone(), nearest }
    })
}

/// The settings of a learner's lift of this kind, and of its tuning; both go back into the spec
/// with every default.
fn settings<S: Settings>(
    kind: &str,
    written: &mut ModelSpec,
) -> Result<(S, Option<Written>), SettingError> {
    let mut own = written.lift.take().unwrap_or_default();
    match own.shift_remove("kind") {
        Some(other) if other != kind => {
            let message = format!("{other} does not fit a learner in this task; \"{kind}\" does");
            return Err(SettingError::Type { name: "kind".into(), message });
        }
        _ => {}
    }
    let tune = match own.shift_remove("tune") {
        None => None,
        Some(Value::Object(tune)) => Some(tune),
        Some(other) => {
            let message = format!("a table such as {{ space = {{ … }} }}, not {other}");
            return Err(SettingError::Type { name: "tune".into(), message });
        }
    };
    let settings = S::read(&own)?;
    let whole = serde_json::to_value(&settings).unwrap_or_default();
    let mut whole = without_nulls(whole.as_object().cloned().unwrap_or_default());
    whole.insert("kind".into(), kind.into());
    if let Some(tune) = &tune {
        whole.insert("tune".into(), Value::Object(tune.clone()));
    }
    written.lift = Some(whole);
    Ok((settings, tune))
}

fn resolve<M: ?Sized>(line: &Entry<M>, written: &mut ModelSpec) -> Result<(), SettingError> {
    written.settings = without_nulls((line.resolve)(&written.settings)?);
    Ok(())
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
