//! What can be wrong with a spec, as facts: where it stands, and a way out.

use almanac_data::nearest;
use almanac_models::SettingError;
use toml::de::DeTable;

use crate::spec::{Spec, TaskName};

/// Text that is no spec.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SpecError {
    /// Line, from 1; 0 where the text has no place for it.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// A spec that cannot be run.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// No series to forecast.
    #[error("the panel has no series")]
    NoSeries,
    /// No model to run.
    #[error("the spec names no model")]
    NoModel,
    /// A model that is in no roster.
    #[error("unknown model `{name}`")]
    Model {
        /// Which `[[model]]`, from 0; `None` for the baseline.
        place: Option<usize>,
        /// What was written.
        name: String,
        /// What was probably meant.
        nearest: Option<String>,
    },
    /// A model of another task.
    #[error("`{name}` is {kind}, and task {} asks for {}", task.name(), task.asks_for())]
    Task {
        /// Which `[[model]]`, from 0; `None` for the baseline.
        place: Option<usize>,
        /// What was written.
        name: String,
        /// What it is.
        kind: &'static str,
        /// The task of the spec.
        task: TaskName,
    },
    /// A setting of a model, of its lift or of its features.
    #[error("model `{model}`: {error}")]
    Setting {
        /// Which `[[model]]`, from 0.
        place: usize,
        /// The model.
        model: String,
        /// What is wrong.
        error: SettingError,
    },
    /// Two models of one name.
    #[error("two models are named `{name}`")]
    Twice {
        /// Which `[[model]]` is the second, from 0.
        place: usize,
        /// The name.
        name: String,
    },
    /// A metric that is in no roster.
    #[error("unknown metric `{name}`")]
    Metric {
        /// The field that names it.
        field: &'static str,
        /// What was written.
        name: String,
        /// What was probably meant.
        nearest: Option<String>,
    },
    /// A value out of range.
    #[error("{table}.{field} must be {must}, not {got}")]
    Range {
        /// The table of the spec.
        table: &'static str,
        /// The field.
        field: &'static str,
        /// What it must be.
        must: String,
        /// What it is.
        got: String,
    },
    /// A price without returns.
    #[error("money needs prices above 0: series `{series}` has {price} at {at}")]
    Price {
        /// The series.
        series: String,
        /// The stamp, as text.
        at: String,
        /// The price.
        price: f64,
    },
    /// A table of settings for learners, in a run without one.
    #[error("no model of the run reads [{table}]")]
    Unread {
        /// The table.
        table: &'static str,
    },
    /// Nothing to learn from, however many folds.
    #[error("no series has a value before its last cutoff")]
    NoValue,
    /// More past than any series has.
    #[error(
        "the first of {folds} folds needs {need} rows before the end, the longest series has {longest}"
    )]
    NoPast {
        /// Folds asked for.
        folds: usize,
        /// Rows needed.
        need: usize,
        /// Rows of the longest series, or stamps of the panel.
        longest: usize,
        /// The number of folds that would fit.
        fit: usize,
    },
}

impl PlanError {
    /// What to do about it, in one line.
    pub fn hint(&self) -> Option<String> {
        match self {
            PlanError::NoSeries => Some("check the data's filters and names".into()),
            PlanError::NoModel => Some("add [[model]] with use = \"auto_ets\"".into()),
            PlanError::Model { nearest, .. } => Some(match nearest {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`almanac models` lists them".into(),
            }),
            PlanError::Task { .. } => Some("`almanac models` lists each kind".into()),
            PlanError::Setting { error, .. } => error.hint(),
            PlanError::Twice { .. } => Some("give one of them another name".into()),
            PlanError::Metric { nearest, .. } => Some(match nearest {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`almanac metrics` lists them".into(),
            }),
            PlanError::Price { .. } => Some("leave [money] out, or name a target of prices".into()),
            PlanError::Unread { .. } => Some("leave it out, or add a learner such as ridge".into()),
            PlanError::Range { .. } | PlanError::NoValue => None,
            PlanError::NoPast { fit: 0, .. } => Some("use a shorter horizon".into()),
            PlanError::NoPast { fit, .. } => Some(format!("at most {fit} folds fit")),
        }
    }

    /// Line and column, from 1, of the culprit in the text that the spec was read from.
    pub fn place(&self, text: &str) -> Option<(usize, usize)> {
        let table = DeTable::parse(text).ok()?;
        let root = table.get_ref();
        let field = |table: &str, field: &str| {
            let (_, value) = root.iter().find(|(key, _)| key.get_ref() == table)?;
            Some(key_start(value.get_ref().as_table()?, field).unwrap_or(value.span().start))
        };
        let model = |place: usize, field: &str| {
            let (_, models) = root.iter().find(|(key, _)| key.get_ref() == "model")?;
            let model = models.get_ref().as_array()?.get(place)?;
            Some(key_start(model.get_ref().as_table()?, field).unwrap_or(model.span().start))
        };
        let start = match self {
            PlanError::NoSeries | PlanError::NoModel | PlanError::NoValue => None,
            PlanError::Model { place, .. } | PlanError::Task { place, .. } => match place {
                Some(place) => model(*place, "use"),
                None => field("score", "baseline"),
            },
            PlanError::Twice { place, .. } => model(*place, "name"),
            PlanError::Setting { place, error, .. } => {
                let (table, name) = setting_name(error);
                let near = near_model(root, *place);
                let inside = near.iter().filter_map(|near| inner(near, table));
                let deep = inside.chain(near.iter().copied()).find_map(|t| key_start(t, name));
                deep.or_else(|| model(*place, name))
            }
            PlanError::Metric { field: name, .. } => field("score", name),
            PlanError::Range { table, field: name, .. } => field(table, name),
            PlanError::NoPast { .. } => field("folds", "count"),
            PlanError::Unread { table } => key_start(root, table),
            PlanError::Price { .. } => field("money", "position"),
        }?;
        Some(line_column(text, start))
    }
}

impl Spec {
    /// Reads a spec.
    ///
    /// # Errors
    /// Text that is no TOML, a field that does not exist, a value of another type.
    pub fn from_toml(text: &str) -> Result<Spec, SpecError> {
        toml::from_str(text).map_err(|error| {
            let (line, column) = error.span().map_or((0, 0), |span| line_column(text, span.start));
            let message = error.message().trim_end().to_string();
            let hint = near_field(&message);
            SpecError { line, column, message, hint }
        })
    }

    /// The spec as text that [`Spec::from_toml`] reads back.
    ///
    /// # Errors
    /// Numbers that TOML cannot hold.
    pub fn to_toml(&self) -> Result<String, SpecError> {
        toml::to_string_pretty(self).map_err(|error| SpecError {
            line: 0,
            column: 0,
            message: error.to_string(),
            hint: None,
        })
    }
}

/// Serde writes "unknown field `horzion`, expected one of `kind`, `horizon`".
fn near_field(message: &str) -> Option<String> {
    let rest =
        message.strip_prefix("unknown field ").or(message.strip_prefix("unknown variant "))?;
    let mut words = rest.split('`').skip(1).step_by(2);
    let wrong = words.next()?;
    nearest(wrong, words).map(|near| format!("did you mean `{near}`?"))
}

/// Tables in which a setting of a model may stand, its own first: its lift, then those of the spec.
fn near_model<'a>(root: &'a DeTable<'a>, place: usize) -> Vec<&'a DeTable<'a>> {
    let list = |name| {
        let (_, value) = root.iter().find(|(key, _)| key.get_ref() == name)?;
        value.get_ref().as_array()
    };
    let model = list("model").and_then(|models| models.get(place)?.get_ref().as_table());
    let variants = list("variant").into_iter().flat_map(|all| all.iter());
    let variants = variants.filter_map(|variant| variant.get_ref().as_table());
    let mut found: Vec<&DeTable<'_>> = model.into_iter().chain(variants).chain([root]).collect();
    let mut at = 0;
    while let Some(&table) = found.get(at) {
        let within = ["lift", "features", "tune", "space"];
        found.extend(within.into_iter().filter_map(|name| inner(table, name)));
        at += 1;
    }
    found
}

fn inner<'a>(table: &'a DeTable<'a>, name: &str) -> Option<&'a DeTable<'a>> {
    let (_, value) = table.iter().find(|(key, _)| key.get_ref() == name)?;
    value.get_ref().as_table()
}

/// The table of a setting and its name there: `features` and `lags` of `features.lags`.
fn setting_name(error: &SettingError) -> (&str, &str) {
    let name = whole_name(error);
    let (table, name) = name.rsplit_once('.').unwrap_or(("", name));
    (table.rsplit('.').next().unwrap_or(table), name)
}

fn whole_name(error: &SettingError) -> &str {
    match error {
        SettingError::Unknown { name, .. } | SettingError::Type { name, .. } => name,
        SettingError::Range { name, .. } => name,
        SettingError::Inner { .. } => "model",
    }
}

fn key_start(table: &DeTable<'_>, field: &str) -> Option<usize> {
    table.iter().find(|(key, _)| key.get_ref() == field).map(|(key, _)| key.span().start)
}

fn line_column(text: &str, start: usize) -> (usize, usize) {
    let before = &text[..start.min(text.len())];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;
    use almanac_data::{Calendar, Panel, Stamp};

    const GOOD: &str = "[data]\nset = \"x\"\n[folds]\nhorizon = 2\n[[model]]\nuse = \"naive\"\n\
                        [[model]]\nuse = \"seasonal_naive\"\nseason = 2\n[score]\nmetrics = [\"mae\"]\n";

    fn refused(from: &str, to: &str) -> (PlanError, Option<(usize, usize)>) {
        let at = (1..=9).map(Stamp).collect();
        let series = vec![("a".to_string(), 9)];
        let panel = Panel::new("p", Calendar::steps(), series, at, vec![1.0; 9]).unwrap();
        let text = GOOD.replace(from, to);
        assert_ne!(text, GOOD);
        let error = crate::Plan::new(&Spec::from_toml(&text).unwrap(), &panel).err().unwrap();
        let place = error.place(&text);
        (error, place)
    }

    /// A misspelt field is found by line and column, and the right one is named.
    #[test]
    fn a_misspelt_field() {
        let error = Spec::from_toml(&GOOD.replace("horizon", "horzion")).unwrap_err();
        assert_eq!((error.line, error.column), (4, 1));
        assert_eq!(error.hint.as_deref(), Some("did you mean `horizon`?"));
        assert!(error.message.starts_with("unknown field `horzion`"));
        let error = Spec::from_toml("[data\n").unwrap_err();
        assert_eq!(error.line, 1);
        let cuda = GOOD.replace("[score]", "[run]\ndevice = \"cuda\"\n[score]");
        let error = Spec::from_toml(&cuda).unwrap_err();
        assert!(error.message.starts_with("no device `cuda` in this build: it has auto and cpu"));
        assert_eq!((error.line, error.column), (11, 10));
    }

    /// What only the plan can know points at its line too, with the nearest right name.
    #[test]
    fn what_cannot_be_planned() {
        let said = |from, to| {
            let (error, place) = refused(from, to);
            (error.to_string(), error.hint(), place)
        };
        let near = |name: &str| Some(format!("did you mean `{name}`?"));
        let (text, hint, place) = said("\"naive\"", "\"niave\"");
        assert_eq!((text.as_str(), hint), ("unknown model `niave`", near("naive")));
        assert_eq!(place, Some((6, 1)));
        let (text, hint, place) = said("season =", "seson =");
        assert_eq!(text, "model `seasonal_naive`: unknown setting `seson`");
        assert_eq!((hint, place), (near("season"), Some((9, 1))));
        let (text, hint, place) = said("[\"mae\"]", "[\"maee\"]");
        assert_eq!((text.as_str(), hint), ("unknown metric `maee`", near("mae")));
        assert_eq!(place, Some((11, 1)));
        let (text, _, place) = said("metrics = [\"mae\"]", "levels = []\nmetrics = [\"coverage\"]");
        let must = "metrics that need no level, where no level is given";
        assert_eq!(text, format!("score.metrics must be {must}, not coverage"));
        assert_eq!(place, Some((12, 1)));
        let (text, _, _) = said("[score]", "[run]\nthreads = 5000\n[score]");
        assert_eq!(text, "run.threads must be at most 1024, not 5000");
        let (text, _, place) = said("horizon = 2", "horizon = 0");
        assert_eq!(text, "folds.horizon must be at least 1, not 0");
        assert_eq!(place, Some((4, 1)));
        let (text, hint, place) = said("horizon = 2", "count = 4\nhorizon = 3");
        assert_eq!(
            text,
            "the first of 4 folds needs 13 rows before the end, the longest series has 9"
        );
        assert_eq!((hint.as_deref(), place), (Some("at most 2 folds fit"), Some((4, 1))));
        let (text, hint, place) = said("metrics", "baseline = \"nave\"\nmetrics");
        assert_eq!((text.as_str(), hint), ("unknown model `nave`", near("naive")));
        assert_eq!(place, Some((11, 1)));
        let names = "name = \"a\"\n[[model]]\nuse = \"drift\"\nname = \"a\"";
        let (text, _, place) = said("season = 2", names);
        assert_eq!((text.as_str(), place), ("two models are named `a`", Some((12, 1))));
    }
}
