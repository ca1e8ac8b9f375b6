//! Flags become fields of a spec.

use std::path::Path;

use almanac_api::{Error, Override, from_text, scalar};
use toml::{Table, Value};

use crate::args::{Ask, Backtest, Data, Reading};

/// Fields collected from flags.
#[derive(Default)]
pub struct Fields(pub Vec<Override>);

impl Fields {
    fn put(&mut self, path: &str, value: Option<impl Into<Value>>) {
        self.0.extend(value.map(|value| Override::new(path, value)));
    }

    fn list<V: Into<Value> + Clone>(&mut self, path: &str, values: &[V]) {
        let list = (!values.is_empty())
            .then(|| Value::Array(values.iter().cloned().map(Into::into).collect()));
        self.put(path, list);
    }

    /// Models by their names alone.
    pub fn models(&mut self, names: &[&str]) {
        let named = |name: &&str| Table::from_iter([("use".to_string(), Value::from(*name))]);
        let models: Vec<Table> = names.iter().map(named).collect();
        // In front, so that `--set model.0.…` still reaches them.
        self.0.insert(0, Override::new("model", models));
    }

    fn count(&mut self, path: &str, value: Option<usize>) {
        // TOML's numbers end there; no count that large passes any check.
        self.put(path, value.map(|value| i64::try_from(value).unwrap_or(i64::MAX)));
    }
}

/// The fields of a source: `prefix` is `data.` inside a spec and empty for a source alone.
pub fn source(
    fields: &mut Fields,
    prefix: &str,
    files: &[String],
    reading: &Reading,
) -> Result<(), Error> {
    let at = |name: &str| format!("{prefix}{name}");
    match files {
        [name] if names_a_set(name) => fields.put(&at("set"), Some(name.as_str())),
        _ => fields.list(&at("path"), files),
    }
    let texts = [
        ("id", &reading.id),
        ("time", &reading.time),
        ("target", &reading.target),
        ("freq", &reading.freq),
        ("zone", &reading.zone),
        ("tidy.duplicates", &reading.duplicates),
        ("tidy.gaps", &reading.gaps),
        ("tidy.bad_rows", &reading.bad_rows),
    ];
    for (name, text) in texts {
        fields.put(&at(name), text.as_deref());
    }
    fields.list(&at("known"), &reading.known);
    fields.count(&at("season"), reading.season);
    let mut keep = Table::new();
    for condition in &reading.keep {
        let Some((column, value)) = condition.split_once('=') else {
            let hint = "write it as in --where region=north".to_string();
            return Err(Error::mistake(format!("cannot read `{condition}` as COL=VALUE"), hint));
        };
        keep.insert(column.trim().into(), value.trim().into());
    }
    fields.put(&at("where"), (!keep.is_empty()).then_some(keep));
    Ok(())
}

/// The fields of a backtest's flags; `--set` comes last and so wins.
pub fn backtest(args: &Backtest) -> Result<Fields, Error> {
    let mut fields = Fields::default();
    data(&mut fields, &args.data)?;
    ask(&mut fields, &args.ask)?;
    fields.count("folds.count", args.folds);
    fields.count("folds.step", args.step);
    fields.count("folds.gap", args.gap);
    fields.put("folds.align", args.align.as_deref());
    fields.put("folds.refit", args.refit.as_deref());
    match args.window.as_deref() {
        None => {}
        Some("expanding") => fields.put("folds.kind", Some("rolling")),
        Some(text) => {
            let rows = text.parse::<u32>().ok().filter(|&rows| rows > 0).ok_or_else(|| {
                let hint = "write --window expanding or --window 365".to_string();
                Error::mistake(format!("cannot read --window `{text}`"), hint)
            })?;
            fields.put("folds.kind", Some("sliding"));
            fields.put("folds.window", Some(i64::from(rows)));
        }
    }
    fields.list("score.metrics", &args.metrics);
    fields.put("score.primary", args.primary.as_deref());
    fields.put("score.baseline", args.baseline.as_deref());
    sets(&mut fields, &args.ask.set)?;
    Ok(fields)
}

/// `[data]` from flags.
pub fn data(fields: &mut Fields, args: &Data) -> Result<(), Error> {
    source(fields, "data.", &args.files, &args.reading)
}

/// Models, horizon, levels and the machine from flags.
pub fn ask(fields: &mut Fields, args: &Ask) -> Result<(), Error> {
    let models = args.models.iter().map(|text| model(text)).collect::<Result<Vec<_>, _>>()?;
    fields.list("model", &models);
    fields.count("folds.horizon", args.horizon);
    fields.list("score.levels", &args.levels);
    fields.put("run.seed", args.seed);
    fields.count("run.threads", args.threads);
    fields.put("run.device", args.device.as_deref());
    Ok(())
}

/// `--set` flags.
pub fn sets(fields: &mut Fields, texts: &[String]) -> Result<(), Error> {
    for text in texts {
        fields.0.push(Override::parse(text)?);
    }
    Ok(())
}

/// A model from `name` or `name:key=value,key=value`; commas inside brackets do not part, and dots
/// reach into tables.
fn model(text: &str) -> Result<Table, Error> {
    let (name, settings) = text.split_once(':').unwrap_or((text, ""));
    let mut fields = vec![Override::new("use", name.trim())];
    let mut depth = 0;
    let parts = settings.split(|c| {
        depth += i32::from(matches!(c, '[' | '{')) - i32::from(matches!(c, ']' | '}'));
        c == ',' && depth == 0
    });
    for part in parts.filter(|part| !part.trim().is_empty()) {
        let Some((key, value)) = part.split_once('=') else {
            let hint = format!("write it as in {name}:season=12");
            return Err(Error::mistake(format!("cannot read setting `{part}` of --model"), hint));
        };
        fields.push(Override::new(key.trim(), scalar(value.trim())));
    }
    from_text(Path::new("--model"), "", &fields)
}

/// Whether a word given as data is the name of a set and not a path.
fn names_a_set(word: &str) -> bool {
    !word.contains(['.', '/', '\\', '*', '?', '[']) && !Path::new(word).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Settings after the colon keep their types, also lists.
    #[test]
    fn models() {
        let table = model("mstl:seasons=[7, 365],inner=ets,robust=true").unwrap();
        assert_eq!(table["use"].as_str(), Some("mstl"));
        assert_eq!(table["seasons"].as_array().map(Vec::len), Some(2));
        assert_eq!(table["inner"].as_str(), Some("ets"));
        assert_eq!(table["robust"].as_bool(), Some(true));
        let table = model("cnn:train.epochs=2,train.rate=0.1,width=3").unwrap();
        assert_eq!(table["train"].as_table().map(Table::len), Some(2));
        assert!(model("ses:alpha").is_err());
        assert_eq!(model("naive").unwrap().len(), 1);
    }
}
