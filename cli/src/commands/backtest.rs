//! `almanac backtest`: walk forward, rank, keep.

use almanac_api::{Ctx, Error, Override, Place, Plan, Run, Study, Written};
use serde_json::json;

use crate::Outcome;
use crate::args::Backtest;
use crate::commands::{board, demo, describe, lab};
use crate::fields;
use crate::say::Say;
use crate::stop::Bar;
use crate::table::{Column, Table, bytes, count, seconds};

/// Models that run where nobody names any.
const USUAL: [&str; 5] = ["naive", "seasonal_naive", "auto_ets", "auto_theta", "auto_arima"];

/// Runs a spec, a data file with flags, or the demo.
pub fn run(args: &Backtest, say: &Say) -> Result<Outcome, Error> {
    let lab = lab(&args.data.reading.data_root);
    if is_bare(args) {
        return demo::run(&lab, args, say);
    }
    let written = written(args, say)?;
    let study = lab.study(written)?;
    describe(&study.read, study.rows.as_ref().map(|rows| rows.table()), say);
    let plan = study.plan()?;
    if args.dry_run {
        estimate(&plan, &study.ctx(), args.json, say);
        return Ok(Outcome::Done);
    }
    if let Some(limit) = &args.memory_limit {
        within(limit, &plan)?;
    }
    let place = match (&args.out, args.force) {
        (Some(out), false) => Place::At(out.clone()),
        (None, false) => Place::Near("almanac-run".into()),
        (out, true) => Place::Over(out.clone().unwrap_or("almanac-run".into())),
    };
    let run = walk(&study, &plan, &place, say)?;
    if run.was_there {
        let folder = run.folder.display();
        say.remark(&format!("{folder} holds this run already; --force runs it again"));
    }
    match args.json {
        true => say.data(&run.json()?),
        false => {
            board::show(&run, say);
            board::explain(say);
        }
    }
    Ok(end(&run, args.strict, say))
}

/// Runs a plan with a bar, and stops in order on Ctrl-C.
pub fn walk(study: &Study, plan: &Plan<'_>, place: &Place, say: &Say) -> Result<Run, Error> {
    let bar = Bar::new(say);
    let ctx = bar.watch(study.ctx())?;
    let run = study.run(plan, &ctx, place, &bar);
    bar.end();
    run
}

/// Says which models failed; under `--strict` that is an end of its own.
pub fn end(run: &Run, strict: bool, say: &Say) -> Outcome {
    let failures = run.failures();
    if failures == 0 {
        return Outcome::Done;
    }
    let times = count(failures, "time");
    say.remark(&format!("{times} a model gave no answer of its own: the report lists the reasons"));
    if strict { Outcome::Incomplete } else { Outcome::Done }
}

/// Whether nothing says what to run.
fn is_bare(args: &Backtest) -> bool {
    let ask = &args.ask;
    args.spec.is_none()
        && args.data.files.is_empty()
        && ask.models.is_empty()
        && ask.horizon.is_none()
        && ask.set.is_empty()
}

/// The spec from its file and from flags.
fn written(args: &Backtest, say: &Say) -> Result<Written, Error> {
    let mut fields = fields::backtest(args)?;
    if args.spec.is_some() {
        return Written::read(args.spec.as_deref(), &fields.0);
    }
    let has = |fields: &[Override], start: &str| fields.iter().any(|f| f.path.starts_with(start));
    let table = fields.0.iter().any(|f| f.path == "task" && f.value.as_str() == Some("regress"));
    if !has(&fields.0, "data.set") && !has(&fields.0, "data.path") {
        let hint = "give --data FILE, or no arguments at all for a demo".to_string();
        return Err(Error::mistake("no data", hint));
    }
    if !table && !has(&fields.0, "folds.horizon") {
        let hint = "say how many steps ahead, as in --horizon 14".to_string();
        return Err(Error::mistake("no horizon", hint));
    }
    if !has(&fields.0, "model") {
        fields.models(&USUAL);
        say.remark(&format!("models: {}; --model NAME chooses", USUAL.join(", ")));
    }
    Written::read(None, &fields.0)
}

/// Refuses a plan that would need more memory than the user allows.
fn within(limit: &str, plan: &Plan<'_>) -> Result<(), Error> {
    let allowed = size(limit)?;
    let need = plan.bytes() as u64;
    if need <= allowed {
        return Ok(());
    }
    let message = format!(
        "the plan needs about {} for the panel and one fold's results, --memory-limit allows {}",
        bytes(need),
        bytes(allowed)
    );
    let hint = "run fewer series (--where) or models at a time, or a shorter horizon".to_string();
    Err(Error::mistake(message, hint))
}

/// Bytes from `500MB`, `2GiB` or a plain number.
fn size(text: &str) -> Result<u64, Error> {
    let digits =
        text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
    let (number, unit) = text.split_at(digits);
    let scale = match unit.trim().to_lowercase().as_str() {
        "" | "b" => 1.0,
        "kb" => 1e3,
        "mb" => 1e6,
        "gb" => 1e9,
        "kib" | "k" => 1024.0,
        "mib" | "m" => 1024.0 * 1024.0,
        "gib" | "g" => 1024.0 * 1024.0 * 1024.0,
        _ => 0.0,
    };
    match number.parse::<f64>() {
        Ok(number) if number * scale >= 1.0 => Ok((number * scale) as u64),
        _ => Err(Error::mistake(
            format!("cannot read `{text}` as a size"),
            "write it as in --memory-limit 2GiB".to_string(),
        )),
    }
}

/// Prints folds, fits and what they will cost.
fn estimate(plan: &Plan<'_>, ctx: &Ctx, as_json: bool, say: &Say) {
    let cost = plan.cost(ctx);
    let show = |stamp| plan.panel().calendar.show(stamp);
    let cutoffs: Vec<String> = plan.cutoffs().into_iter().map(show).collect();
    if as_json {
        let models: serde_json::Map<_, _> =
            cost.models.iter().map(|(name, s)| (name.clone(), json!(s))).collect();
        say.json(&json!({
            "series": cost.series, "folds": cost.folds, "cutoffs": cutoffs, "fits": cost.fits,
            "rows": cost.rows, "cpu_s": cost.cpu_s, "wall_s": cost.wall_s, "bytes": cost.bytes,
            "models_cpu_s": models,
        }));
        return;
    }
    say.table(&match plan.row_names() {
        Some(_) => tests(plan),
        None => walked(cutoffs),
    });
    say.data("\n");
    let mut models =
        Table::new(vec![Column::left("model", 0), Column::right("processor seconds", 0)]);
    for (name, cpu_s) in &cost.models {
        models.row(vec![name.clone(), format!("{cpu_s:.2}")]);
    }
    say.table(&models);
    say.data(&format!(
        "\n{}, {}, {}, {}\nabout {} processor, {} wall on {}, {} of memory for panel and results\n",
        match plan.row_names() {
            Some(_) => count(cost.series, "test set"),
            None => count(cost.series, "series"),
        },
        count(cost.folds, "fold"),
        count(cost.fits, "fit"),
        count(cost.rows, "forecast row"),
        seconds(cost.cpu_s),
        seconds(cost.wall_s),
        count(plan.threads(), "thread"),
        bytes(cost.bytes as u64)
    ));
}

/// Folds over time.
fn walked(cutoffs: Vec<String>) -> Table {
    let mut folds = Table::new(vec![Column::right("fold", 0), Column::left("cutoff", 0)]);
    for (fold, cutoff) in cutoffs.into_iter().enumerate() {
        folds.row(vec![(fold + 1).to_string(), cutoff]);
    }
    folds
}

/// Test sets of a table.
fn tests(plan: &Plan<'_>) -> Table {
    let mut sets = Table::new(vec![Column::left("test set", 0), Column::right("rows", 0)]);
    for series in plan.panel().iter() {
        sets.row(vec![series.id.to_string(), series.len().to_string()]);
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decimal and binary units differ; a word is no size.
    #[test]
    fn sizes() {
        assert_eq!(size("2GiB").unwrap(), 2 << 30);
        assert_eq!(size("1.5 MB").unwrap(), 1_500_000);
        assert_eq!(size("4096").unwrap(), 4096);
        assert!(size("much").is_err() && size("0").is_err() && size("3 apples").is_err());
    }
}
