//! A spec from a file and from flags; every mistake with its place and the nearest right name.

use std::fs;
use std::path::{Path, PathBuf};

use almanac_backtest::{PlanError, Spec};
use almanac_data::nearest;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use crate::Error;

/// A field that a flag sets, by its dotted path, as in `model.0.alpha`.
#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    /// Names and places from the root, parted by dots.
    pub path: String,
    /// Its value.
    pub value: Value,
}

impl Override {
    /// A field and its value.
    pub fn new(path: impl Into<String>, value: impl Into<Value>) -> Override {
        Override { path: path.into(), value: value.into() }
    }

    /// From `key=value`; the value is read as TOML, and as text when that fails.
    ///
    /// # Errors
    /// No `=` in it, or nothing before it.
    pub fn parse(text: &str) -> Result<Override, Error> {
        let parts = text.split_once('=').map(|(key, value)| (key.trim(), value.trim()));
        match parts {
            Some((key, value)) if !key.is_empty() => Ok(Override::new(key, scalar(value))),
            _ => Err(Error::mistake(
                format!("cannot read `{text}` as key=value"),
                "write it as in --set model.0.alpha=0.3".to_string(),
            )),
        }
    }
}

/// A value as in TOML; what is not TOML is text.
pub fn scalar(text: &str) -> Value {
    let table = format!("value = {text}").parse::<Table>();
    let value = table.ok().filter(|table| table.len() == 1);
    value.and_then(|mut table| table.remove("value")).unwrap_or_else(|| text.into())
}

/// A spec, and where it was written.
#[derive(Debug, Clone)]
pub struct Written {
    /// What was written, flags included.
    pub spec: Spec,
    file: PathBuf,
    text: String,
    /// Tables of the spec that flags touched.
    touched: Vec<String>,
}

impl Written {
    /// Reads a spec from a file, or from nothing, and sets what flags say.
    ///
    /// # Errors
    /// A file that is not there, text that is not TOML, fields that do not exist or do not fit.
    pub fn read(file: Option<&Path>, overrides: &[Override]) -> Result<Written, Error> {
        let text = match file {
            Some(path) => fs::read_to_string(path).map_err(|e| {
                Error::mistake(format!("cannot read {}: {e}", path.display()), None)
            })?,
            None => String::new(),
        };
        Written::from_text(file.unwrap_or(Path::new("spec")), &text, overrides)
    }

    /// The same from text; `name` stands in messages.
    ///
    /// # Errors
    /// As for [`Written::read`].
    pub fn from_text(name: &Path, text: &str, overrides: &[Override]) -> Result<Written, Error> {
        let spec = from_text(name, text, overrides)?;
        let touched = overrides.iter().filter_map(|one| one.path.split('.').next());
        let touched = touched.map(str::to_string).collect();
        Ok(Written { spec, file: name.into(), text: text.into(), touched })
    }

    /// A spec that never was text.
    pub fn of(spec: Spec) -> Written {
        Written { spec, file: PathBuf::new(), text: String::new(), touched: Vec::new() }
    }

    /// A plan's refusal, with its place in the file unless a flag is behind it.
    pub(crate) fn refuse(&self, error: PlanError) -> Error {
        let (message, hint) = (error.to_string(), error.hint());
        let tables: &[&str] = match &error {
            PlanError::Range { table, .. } => &[table],
            PlanError::NoPast { .. } => &["folds"],
            PlanError::Price { .. } => &["money"],
            PlanError::Unread { table } => &[table],
            PlanError::Metric { .. }
            | PlanError::Model { place: None, .. }
            | PlanError::Task { place: None, .. } => &["score"],
            PlanError::Setting { .. } => &["model", "features", "lift", "variant"],
            _ => &["model"],
        };
        match error.place(&self.text) {
            Some((line, column)) if !self.touched.iter().any(|own| tables.contains(&&**own)) => {
                Error::Text { file: self.file.clone(), line, column, message, hint }
            }
            _ => Error::Mistake { message, hint },
        }
    }
}

/// Any settings from text with what flags say; `name` stands in messages.
///
/// # Errors
/// Text that is not TOML, fields that do not exist or do not fit.
pub fn from_text<T: DeserializeOwned>(
    name: &Path,
    text: &str,
    overrides: &[Override],
) -> Result<T, Error> {
    let mut root: Value = match text.parse::<Table>() {
        Ok(table) => table.into(),
        Err(error) => return Err(placed(name, text, &error)),
    };
    for one in overrides {
        set(&mut root, &one.path, one.value.clone())?;
    }
    root.try_into::<T>().map_err(|error| match toml::from_str::<T>(text) {
        // The text alone has the same fault: only there it has a place.
        Err(own) if own.message() == error.message() => placed(name, text, &own),
        _ => Error::mistake(error.message(), hint(error.message())),
    })
}

fn placed(name: &Path, text: &str, error: &toml::de::Error) -> Error {
    let message = error.message().to_string();
    let hint = hint(&message);
    let Some(span) = error.span() else { return Error::Mistake { message, hint } };
    let before = &text[..span.start.min(text.len())];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
    Error::Text { file: name.into(), line, column, message, hint }
}

/// Serde names the stranger first and then, in backquotes, all it knows.
fn hint(message: &str) -> Option<String> {
    let mut quoted = message.split('`').skip(1).step_by(2);
    if !message.starts_with("unknown") {
        return None;
    }
    let stranger = quoted.next()?;
    nearest(stranger, quoted).map(|near| format!("did you mean `{near}`?"))
}

fn set(root: &mut Value, path: &str, value: Value) -> Result<(), Error> {
    let refuse = |part: &str, why: &str| {
        Error::mistake(format!("cannot set `{path}`: `{part}` {why}"), None)
    };
    let mut at = root;
    for part in path.split('.') {
        at = match at {
            Value::Array(list) => {
                let count = list.len();
                let place = part.parse::<usize>().ok().filter(|&place| place < count);
                let place = place.ok_or_else(|| {
                    refuse(part, &format!("is not a place in a list of {count}, from 0"))
                })?;
                &mut list[place]
            }
            Value::Table(table) => table.entry(part).or_insert_with(|| Value::Table(Table::new())),
            _ => return Err(refuse(part, "stands below a plain value")),
        };
    }
    *at = value;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "[data]\npath = \"a.csv\"\n\n[folds]\nhorizon = 3\n\n[[model]]\nuse = \"naive\"\n";

    fn spec(text: &str, sets: &[&str]) -> Result<Spec, Error> {
        let overrides: Vec<Override> = sets.iter().map(|s| Override::parse(s).unwrap()).collect();
        Written::from_text(Path::new("s.toml"), text, &overrides).map(|written| written.spec)
    }

    /// Dotted paths reach into tables and lists, and make tables that are not there.
    #[test]
    fn flags_override() {
        let sets = ["folds.horizon=7", "score.primary=mase", "model.0.alpha=0.5", "run.seed=9"];
        let spec = spec(TEXT, &sets).unwrap();
        assert_eq!((spec.folds.horizon, spec.run.seed), (7, 9));
        assert_eq!(spec.score.primary.as_deref(), Some("mase"));
        assert_eq!(spec.model[0].settings["alpha"], 0.5);
    }

    /// A mistake in the file has its line and column, one in a flag its words; both a neighbour.
    #[test]
    fn mistakes_have_places() {
        let error = spec(&TEXT.replace("horizon", "horizn"), &[]).unwrap_err();
        assert!(matches!(error, Error::Text { line: 5, column: 1, .. }), "{error}");
        assert_eq!(error.hint().unwrap(), "did you mean `horizon`?");
        let error = spec(TEXT, &["score.primry=mase"]).unwrap_err();
        assert_eq!(error.hint().unwrap(), "did you mean `primary`?");
        let error = spec(TEXT, &["model.1.alpha=1"]).unwrap_err();
        assert!(error.to_string().contains("list of 1"), "{error}");
        let error = spec("[data\n", &[]).unwrap_err();
        assert!(matches!(error, Error::Text { line: 1, .. }), "{error}");
        assert!(spec(TEXT, &["folds.horizon=soon"]).is_err());
    }

    /// What is not TOML is text.
    #[test]
    fn values() {
        assert_eq!(scalar("0.3"), Value::Float(0.3));
        assert_eq!(scalar("[1, 7]"), Value::Array(vec![1.into(), 7.into()]));
        assert_eq!(scalar("true"), Value::Boolean(true));
        assert_eq!(scalar("mase"), Value::String("mase".into()));
        assert_eq!(scalar("1\nb = 2"), Value::String("1\nb = 2".into()));
    }
}
