//! `almanac forecast`: all of the past, then the steps ahead.

use almanac_api::{Error, Written};

use crate::Outcome;
use crate::args::Forecast;
use crate::commands::{describe, end, lab, style};
use crate::fields::{self, Fields};
use crate::say::Say;
use crate::stop::Bar;

/// Forecasts every series with every model asked for.
pub fn run(args: &Forecast, say: &Say) -> Result<Outcome, Error> {
    let style = style(args.out.as_deref(), args.json)?;
    let study = lab(&args.data.reading.data_root).ahead(written(args)?)?;
    describe(&study.read, study.rows.as_ref().map(|rows| rows.table()), say);
    let bar = Bar::new(say);
    let ctx = bar.watch(study.ctx())?;
    let forecasts = study.forecast(&ctx, &bar);
    bar.end();
    end(&forecasts?, (style, args.out.as_deref()), args.strict, say)
}

fn written(args: &Forecast) -> Result<Written, Error> {
    let missing = |what: &str, hint: &str| Err(Error::mistake(what, hint.to_string()));
    if args.data.files.is_empty() {
        return missing("no data", "give --data FILE");
    }
    if args.ask.models.is_empty() {
        return missing("no model", "give --model NAME; `almanac models` lists them");
    }
    if args.ask.horizon.is_none() {
        return missing("no horizon", "say how many steps ahead, as in --horizon 14");
    }
    let mut files = args.data.files.clone();
    files.extend(args.future.iter().map(|path| path.display().to_string()));
    let mut fields = Fields::default();
    fields::source(&mut fields, "data.", &files, &args.data.reading)?;
    fields::ask(&mut fields, &args.ask)?;
    fields::sets(&mut fields, &args.ask.set)?;
    Written::read(None, &fields.0)
}
