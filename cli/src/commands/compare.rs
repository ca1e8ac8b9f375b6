//! `almanac compare`: two runs side by side.

use almanac_api::{Comparison, Error};
use serde_json::json;

use crate::Outcome;
use crate::args::Compare;
use crate::commands::board::p_value;
use crate::commands::lab;
use crate::say::Say;
use crate::table::{Column, Table, number};

/// Says what changed and whether it is real.
pub fn run(args: &Compare, say: &Say) -> Result<Outcome, Error> {
    let comparison = lab(&None).compare(&args.run_a, &args.run_b, args.force)?;
    if !comparison.same_data {
        say.remark("the runs read different data: a difference may be the data's");
    }
    match args.json {
        true => say.json(&json!(comparison)),
        false => show(&comparison, say),
    }
    Ok(Outcome::Done)
}

fn show(comparison: &Comparison, say: &Say) {
    if comparison.spec.is_empty() {
        say.data("the specs are equal\n\n");
    } else {
        let titles = ["spec", "A", "B"];
        let mut table = Table::new(titles.map(|title| Column::left(title, 0)).into());
        for field in &comparison.spec {
            let shown = |value: &Option<String>| value.clone().unwrap_or("-".into());
            table.row(vec![field.path.clone(), shown(&field.a), shown(&field.b)]);
        }
        say.table(&table);
        say.data("\n");
    }
    models(comparison, say);
    if !comparison.series.is_empty() {
        say.data("\nseries that moved most\n");
        series(comparison, say);
    }
}

fn models(comparison: &Comparison, say: &Say) {
    let metric = &comparison.metric;
    let mut table = Table::new(vec![
        Column::left("model", 0),
        Column::right(format!("{metric} A"), 0),
        Column::right(format!("{metric} B"), 0),
        Column::right("change", 1),
        Column::right("p", 1),
        Column::left("pairs", 3),
        Column::right("seconds A", 2),
        Column::right("seconds B", 2),
    ]);
    let shown = |value: Option<f64>| value.map_or("-".into(), number);
    for model in &comparison.models {
        table.row(vec![
            model.model.clone(),
            shown(model.a),
            shown(model.b),
            change(model.a, model.b),
            model.p_value.map_or("-".into(), p_value),
            model.pairs.clone(),
            model.a_s.map_or("-".into(), |s| format!("{s:.2}")),
            model.b_s.map_or("-".into(), |s| format!("{s:.2}")),
        ]);
    }
    say.table(&table);
}

fn series(comparison: &Comparison, say: &Say) {
    let mut table = Table::new(vec![
        Column::left("model", 0),
        Column::left("series", 0),
        Column::right("A", 0),
        Column::right("B", 0),
        Column::right("change", 1),
    ]);
    for one in &comparison.series {
        let (a, b) = (number(one.a), number(one.b));
        let change = change(Some(one.a), Some(one.b));
        table.row(vec![one.model.clone(), one.unique_id.clone(), a, b, change]);
    }
    say.table(&table);
}

/// The change in percent of the first score.
fn change(a: Option<f64>, b: Option<f64>) -> String {
    match (a, b) {
        (Some(a), Some(b)) if a != 0.0 => format!("{:+.2}%", 100.0 * (b - a) / a.abs()),
        _ => "-".into(),
    }
}
