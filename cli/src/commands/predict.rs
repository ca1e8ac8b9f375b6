//! `almanac predict`: answers from a kept model, without a fit.

use std::path::Path;

use almanac_api::{Error, Kept, from_text};
use almanac_data::Source;

use crate::Outcome;
use crate::args::Predict;
use crate::commands::{changed, describe, end, give, lab, style};
use crate::fields::{self, Fields};
use crate::say::Say;
use crate::stop::Bar;

/// Reads the model and the data, and asks.
pub fn run(args: &Predict, say: &Say) -> Result<Outcome, Error> {
    let style = style(args.out.as_deref(), args.json)?;
    let mut kept = Kept::read(&args.model)?;
    kept.card.spec.run.threads = args.threads.unwrap_or(0);
    let (lab, source) = (lab(&args.data.reading.data_root), source(args, &kept)?);
    if kept.card.data.target.is_some() {
        let asked = lab.asked(&source)?;
        changed(&asked.tidied, say);
        let values = rows(args, &kept, &asked.table)?;
        give(&values.bytes(style)?, args.out.as_deref(), say)?;
        return Ok(Outcome::Done);
    }
    let read = lab.read(&source)?;
    describe(&read, None, say);
    let horizon = args.horizon.unwrap_or(kept.card.horizon);
    let bar = Bar::new(say);
    let ctx = bar.watch(kept.ctx())?;
    let levels = match args.levels.as_slice() {
        [] => &kept.card.spec.score.levels,
        given => given,
    };
    let forecasts = kept.predict(read, levels, horizon, &ctx);
    bar.end();
    end(&forecasts?, (style, args.out.as_deref()), args.strict, say)
}

/// Values of a table's rows: they have no steps and no levels.
fn rows(
    args: &Predict,
    kept: &Kept,
    table: &almanac_data::Table,
) -> Result<almanac_api::Values, Error> {
    let flag = [("--horizon", args.horizon.is_some()), ("--level", !args.levels.is_empty())];
    match flag.into_iter().find(|(_, given)| *given) {
        None => kept.values(table),
        Some((flag, _)) => {
            let message = format!("{flag} means nothing to a model of rows");
            Err(Error::mistake(message, "leave it out".to_string()))
        }
    }
}

/// Where rows come from: as in the fit, unless flags say otherwise.
fn source(args: &Predict, kept: &Kept) -> Result<Source, Error> {
    let mut source = kept.source();
    let mut files = args.data.files.clone();
    if files.is_empty() && args.future.is_some() {
        files = source.set.iter().chain(&source.path).cloned().collect();
    }
    files.extend(args.future.iter().map(|path| path.display().to_string()));
    if !files.is_empty() {
        (source.set, source.path) = (None, Vec::new());
    }
    let mut fields = Fields::default();
    fields::source(&mut fields, "", &files, &args.data.reading)?;
    let text = toml::to_string(&source).map_err(|e| Error::Failed(e.to_string()))?;
    from_text(Path::new("the model's data"), &text, &fields.0)
}
