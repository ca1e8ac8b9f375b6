//! `almanac fit`: a model learns once, and is kept in a file.

use almanac_api::{Error, ModelCard, Override, Written};
use serde_json::to_string_pretty;

use crate::Outcome;
use crate::args::Fit;
use crate::commands::{describe, lab, tell};
use crate::fields::{self, Fields};
use crate::say::Say;
use crate::stop::Bar;
use crate::table::count;

/// Fits the one model on all of the data, and writes it.
pub fn run(args: &Fit, say: &Say) -> Result<Outcome, Error> {
    let study = lab(&args.data.reading.data_root).lesson(written(args)?)?;
    describe(&study.read, study.rows.as_ref().map(|rows| rows.table()), say);
    let bar = Bar::new(say);
    let ctx = bar.watch(study.ctx())?;
    let kept = study.train(&ctx, &bar);
    bar.end();
    let kept = kept?;
    kept.write(&args.out)?;
    say.remark(&format!("wrote {}: {}", args.out.display(), words(&kept.card)));
    let card = &kept.card;
    let failure =
        |(id, reason): &(String, String)| (card.model.clone(), id.clone(), reason.clone());
    let failed = tell(&card.failures.iter().map(failure).collect::<Vec<_>>(), say);
    if args.json {
        say.data(&(to_string_pretty(card).unwrap_or_default() + "\n"));
    }
    Ok(if failed && args.strict { Outcome::Incomplete } else { Outcome::Done })
}

/// A card in a few words.
fn words(card: &ModelCard) -> String {
    let (model, data) = (&card.model, &card.data);
    let rows = count(data.rows, "row");
    match (&data.last, &data.frequency) {
        (Some(last), Some(frequency)) => {
            let series = count(data.series, "series");
            format!("{model} of {series}, {rows} up to {last}, frequency {frequency}")
        }
        _ => format!("{model} of {rows}"),
    }
}

fn written(args: &Fit) -> Result<Written, Error> {
    let mut fields = Fields::default();
    fields::data(&mut fields, &args.data)?;
    fields::ask(&mut fields, &args.ask)?;
    fields::sets(&mut fields, &args.ask.set)?;
    if args.spec.is_some() {
        return Written::read(args.spec.as_deref(), &fields.0);
    }
    let missing = |what: &str, hint: &str| Err(Error::mistake(what, hint.to_string()));
    let table = fields.0.iter().any(|f| f.path == "task" && f.value.as_str() == Some("regress"));
    match &args.ask {
        _ if args.data.files.is_empty() => {
            missing("no data", "give a SPEC.toml, or --data FILE with --model NAME")
        }
        ask if ask.models.is_empty() => {
            missing("no model", "give --model NAME; `almanac models` lists them")
        }
        ask if !table && ask.horizon.is_none() => {
            missing("no horizon", "say how many steps ahead, as in --horizon 14")
        }
        ask => {
            // Rows of a table have no steps, and a fit has no folds: any number will do.
            fields.0.push(Override::new("folds.horizon", ask.horizon.unwrap_or(1) as i64));
            Written::read(None, &fields.0)
        }
    }
}
