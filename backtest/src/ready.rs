//! Models made ready: looked up in the roster of their task, lifted, with every default written down.

use almanac_data::{
    Ahead, FitError, Forecast, Forecasting, Matrix, Panel, PanelView, Role, Table, nearest,
};
use almanac_models::classify::Classify;
use almanac_models::features::battery::{Battery, FORM};
use almanac_models::lift::{
    Directed, DirectedModel, LIFTS, OnRows, OnWindows, Reduce, Scope, lift, tuned, tuned_classes,
};
use almanac_models::nets::Network;
use almanac_models::regress::Regress;
use almanac_models::{
    Ctx, Entry, Fitted, Inner, Model, PerSeries, SettingError, Settings, Written, classify, entry,
    find, nets, regress,
};
use serde_json::Value;

use crate::error::PlanError;
use crate::spec::{ModelSpec, Refit, TaskName};

/// A model under its name in the run.
pub(crate) struct Named {
    pub name: String,
    pub model: Ready,
    /// Whether one fit sees one series or the whole panel.
    pub scope: Scope,
    /// Whether it reads columns of the row asked before they are known.
    pub same_row: bool,
    /// When it is fitted again; left out, as the folds say.
    pub refit: Option<Refit>,
    /// Whether a refit goes on from the fit before.
    pub warm: bool,
    /// Whether it answers no more steps than it was built for.
    pub bound: bool,
}

impl Named {
    fn new(written: &ModelSpec, model: Ready) -> Named {
        let name = written.name.clone().unwrap_or_else(|| written.entry.clone());
        let refit = written.refit;
        let (scope, same_row, warm, bound) = (Scope::Series, false, false, false);
        Named { name, model, scope, same_row, refit, warm, bound }
    }

    /// The name without the number of a repeat.
    pub fn group(&self) -> &str {
        let number = |after: &str| !after.is_empty() && after.bytes().all(|b| b.is_ascii_digit());
        match self.name.rsplit_once('#') {
            Some((before, after)) if number(after) => before,
            _ => &self.name,
        }
    }
}

/// A model for the nouns of its task.
pub(crate) enum Ready {
    /// One of series.
    Panel(Box<dyn Model<Forecasting>>),
    /// One of rows, with the columns that it learns from.
    Rows(Box<dyn Regress>, Matrix),
}

/// What a model is built for.
#[derive(Clone, Copy)]
pub(crate) struct About<'a> {
    pub task: TaskName,
    /// Steps ahead, gap included.
    pub horizon: usize,
    /// The data, for its columns and when each becomes known.
    pub panel: &'a Panel,
    /// The table, of a task of rows.
    pub table: Option<&'a Table>,
}

impl<'a> About<'a> {
    /// Columns beside the values, each with when it becomes known.
    fn declared(&self) -> Vec<(&'a str, Role)> {
        self.panel.columns.iter().map(|column| (column.name.as_str(), column.role)).collect()
    }
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

    fn restore(&self, kept: &[u8]) -> Result<Box<dyn Fitted<Forecasting>>, FitError> {
        Ok(Box::new(FittedTold(self.0.restore(kept)?)))
    }
}

struct FittedTold(Box<dyn Fitted<almanac_data::Direction>>);

impl Fitted<Forecasting> for FittedTold {
    fn predict(&self, ctx: &Ctx, ask: Ahead<'_>) -> Result<Vec<Forecast>, FitError> {
        self.0.predict(ctx, ask)
    }

    fn keep(&self) -> Result<Vec<u8>, FitError> {
        self.0.keep()
    }
}

/// Builds a model, and writes its defaults into its spec.
pub(crate) fn build(
    about: About<'_>,
    place: usize,
    written: &mut ModelSpec,
) -> Result<Named, PlanError> {
    let series = about.task == TaskName::Forecast && entry(&written.entry).is_ok();
    let model = written.entry.clone();
    let wrong = |error| PlanError::Setting { place, model: model.clone(), error };
    match about.task {
        TaskName::Forecast if series => one_series(written).map_err(wrong),
        TaskName::Forecast => match find(nets::ROSTER, &written.entry) {
            Ok(line) if on_windows(written).map_err(wrong)? => {
                windowed(about, line, written).map_err(wrong)
            }
            _ => {
                let line = look_up(about.task, regress::ROSTER, place, written)?;
                reduced(about, line, written).map_err(wrong)
            }
        },
        TaskName::Direction => {
            let line = look_up(about.task, classify::ROSTER, place, written)?;
            directed(about, line, written).map_err(wrong)
        }
        TaskName::Regress => {
            let line = look_up(about.task, regress::ROSTER, place, written)?;
            on_rows(about.table, line, written).map_err(wrong)
        }
    }
}

/// A regressor made a forecaster of so many steps.
fn reduced(
    about: About<'_>,
    line: &'static Entry<dyn Regress>,
    written: &mut ModelSpec,
) -> Result<Named, SettingError> {
    let (reduce, tune) = settings::<Reduce>("reduce", written)?;
    let learner = match &tune {
        Some(tune) => tuned(tune, line, &written.settings)?,
        None => (line.build)(&written.settings)?,
    };
    resolve(line, written)?;
    let model = reduce.around(learner, about.horizon)?;
    model.admit(&about.declared())?;
    let (scope, same_row, bound) = (model.scope(), model.same_row(), model.is_bound());
    let model = Ready::Panel(Box::new(model));
    Ok(Named { scope, same_row, bound, ..Named::new(written, model) })
}

/// Whether a network is shown windows, not rows of features.
fn on_windows(written: &ModelSpec) -> Result<bool, SettingError> {
    let kind = written.lift.as_ref().and_then(|lift| lift.get("kind"));
    let on_rows = find(regress::ROSTER, &written.entry).is_ok();
    match kind.map(|kind| kind.as_str().unwrap_or_default()) {
        None | Some("windows") => Ok(true),
        Some("reduce") if on_rows => Ok(false),
        Some(other) => {
            let fits = if on_rows { "\"windows\" or \"reduce\" does" } else { "\"windows\" does" };
            let message = format!("{other} does not fit this network in this task; {fits}");
            Err(SettingError::Type { name: "kind".into(), message })
        }
    }
}

/// A network made a forecaster of so many steps.
fn windowed(
    about: About<'_>,
    line: &'static Entry<dyn Network>,
    written: &mut ModelSpec,
) -> Result<Named, SettingError> {
    let (windows, tune) = settings::<OnWindows>("windows", written)?;
    if tune.is_some() {
        let message = "a network on windows is not tuned: name its settings".into();
        return Err(SettingError::Type { name: "tune".into(), message });
    }
    let network = (line.build)(&written.settings)?;
    resolve(line, written)?;
    let model = windows.around(network, about.horizon)?;
    model.admit(&about.declared())?;
    let (scope, same_row, warm) = (model.scope(), model.same_row(), model.warm());
    let model = Ready::Panel(Box::new(model));
    Ok(Named { scope, same_row, warm, bound: true, ..Named::new(written, model) })
}

/// A classifier made a teller of directions for so many steps.
fn directed(
    about: About<'_>,
    line: &'static Entry<dyn Classify>,
    written: &mut ModelSpec,
) -> Result<Named, SettingError> {
    let (directed, tune) = settings::<Directed>("direction", written)?;
    let learner = match &tune {
        Some(tune) => tuned_classes(tune, line, &written.settings)?,
        None => (line.build)(&written.settings)?,
    };
    resolve(line, written)?;
    let model = directed.around(learner, about.horizon)?;
    model.admit(&about.declared())?;
    let (scope, same_row) = (model.scope(), model.same_row());
    let model = Ready::Panel(Box::new(Told(model)));
    Ok(Named { scope, same_row, bound: true, ..Named::new(written, model) })
}

/// A regressor of a table's rows, with the columns that it learns from.
fn on_rows(
    table: Option<&Table>,
    line: &'static Entry<dyn Regress>,
    written: &mut ModelSpec,
) -> Result<Named, SettingError> {
    let mut own = written.lift.take().unwrap_or_default();
    let features = own.shift_remove("features");
    let x = columns(table, features.as_ref())?;
    written.lift = Some(own);
    let (rows, tune) = settings::<OnRows>("rows", written)?;
    if let (Some(own), Some(features)) = (&mut written.lift, features) {
        own.insert("features".into(), features);
    }
    let learner = match &tune {
        Some(tune) => tuned(tune, line, &written.settings)?,
        None => (line.build)(&written.settings)?,
    };
    resolve(line, written)?;
    let model = Ready::Rows(rows.around(learner), x);
    Ok(Named::new(written, model))
}

/// A one-series method, in the lift that was asked for.
fn one_series(written: &mut ModelSpec) -> Result<Named, SettingError> {
    let unknown = |near: Option<&str>| SettingError::Unknown {
        name: written.entry.clone(),
        nearest: near.map(String::from),
        known: Vec::new(),
    };
    let line = entry(&written.entry).map_err(unknown)?;
    let mut method = (line.build)(&written.settings)?;
    resolve(line, written)?;
    if let Some(own) = &mut written.lift {
        let settings = written.settings.clone();
        method = lift(own, &Inner::Table { name: written.entry.clone(), settings })?;
        *own = without_nulls(whole_lift(own));
    }
    let model = Ready::Panel(Box::new(PerSeries { method }));
    Ok(Named::new(written, model))
}

/// What is known of each row: every column of the table, those named, or what its curves say.
pub(crate) fn columns(
    table: Option<&Table>,
    features: Option<&Value>,
) -> Result<Matrix, SettingError> {
    let wrong =
        |name: &str, message| SettingError::Type { name: format!("features.{name}"), message };
    let Some(table) = table else {
        return Err(wrong("columns", "a table is needed".into()));
    };
    let none = Written::new();
    let features = features.and_then(Value::as_object).unwrap_or(&none);
    let mut all = Matrix::default();
    for (name, value) in features {
        let more = match name.as_str() {
            "columns" => named(table, value),
            "battery" => serde_json::from_value::<Battery>(value.clone())
                .map_err(|_| format!("cannot be read; it takes {FORM}"))
                .and_then(|battery| battery.read(table).map_err(|e| e.to_string())),
            _ => {
                let known = ["columns", "battery"];
                let nearest = nearest(name, known).map(String::from);
                let known = known.map(String::from).to_vec();
                return Err(SettingError::Unknown { name: name.clone(), nearest, known });
            }
        };
        let more = more.map_err(|message| wrong(name, message))?;
        all = all.beside(more).map_err(|e| wrong(name, e.to_string()))?;
    }
    Ok(if features.is_empty() { table.x.clone() } else { all })
}

/// The columns of these names.
fn named(table: &Table, value: &Value) -> Result<Matrix, String> {
    let names: Vec<String> = serde_json::from_value(value.clone()).map_err(|e| e.to_string())?;
    let all = table.x.names();
    let pick = |name: String| match all.iter().position(|other| *other == name) {
        Some(place) => Ok((name, table.x.column(place).to_vec())),
        None => {
            let near = nearest(&name, all.iter().map(String::as_str));
            let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            Err(format!("there is no column `{name}`{near}"))
        }
    };
    let columns = names.into_iter().map(pick).collect::<Result<_, String>>()?;
    Matrix::from_columns(columns).map_err(|e| e.to_string())
}

/// The line of a learner.
fn look_up<M: ?Sized>(
    task: TaskName,
    roster: &'static [Entry<M>],
    place: usize,
    written: &ModelSpec,
) -> Result<&'static Entry<M>, PlanError> {
    let unknown = |_| unknown(task, Some(place), &written.entry, &[]);
    find(roster, &written.entry).map_err(unknown)
}

/// A name that a task does not know: one of another task, or the nearest of its own and of those
/// the run has.
pub(crate) fn unknown(task: TaskName, place: Option<usize>, name: &str, run: &[&str]) -> PlanError {
    let kind = match name {
        _ if entry(name).is_ok() => Some("a forecaster of single series"),
        _ if find(regress::ROSTER, name).is_ok() => Some("a regressor"),
        _ if find(classify::ROSTER, name).is_ok() => Some("a classifier"),
        _ if find(nets::ROSTER, name).is_ok() => Some("a network on windows"),
        _ => None,
    };
    if let Some(kind) = kind {
        return PlanError::Task { place, name: name.into(), kind, task };
    }
    let series = names(almanac_models::forecast::ROSTER);
    let mut known = match task {
        TaskName::Forecast => [series, names(regress::ROSTER), names(nets::ROSTER)].concat(),
        TaskName::Direction => names(classify::ROSTER),
        TaskName::Regress => names(regress::ROSTER),
    };
    known.extend(run);
    let nearest = nearest(name, known).map(String::from);
    PlanError::Model { place, name: name.into(), nearest }
}

fn names<M: ?Sized>(roster: &'static [Entry<M>]) -> Vec<&'static str> {
    roster.iter().map(|entry| entry.name).collect()
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

/// A setting left out stays left out, in tables within as well: TOML has no null.
fn without_nulls(settings: Written) -> Written {
    let own = |(name, value): (String, Value)| match value {
        Value::Null => None,
        Value::Object(table) => Some((name, Value::Object(without_nulls(table)))),
        value => Some((name, value)),
    };
    settings.into_iter().filter_map(own).collect()
}
