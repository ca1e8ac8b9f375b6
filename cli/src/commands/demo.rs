//! The demo: real series of different kinds, shipped with the program.

use std::path::Path;

use almanac_api::{Error, Lab, Override, Place, Written};
use serde_json::json;

use crate::Outcome;
use crate::args::Backtest;
use crate::commands::{backtest, board};
use crate::fields;
use crate::say::{Paint, Say};

/// Models and scores of all demo sets.
const SPEC: &str = include_str!("demo.toml");

/// Sets with their horizon and number of folds.
const SETS: [(&str, i64, i64); 3] = [("quarters", 8, 8), ("elnino", 12, 10), ("nile", 5, 8)];

/// Runs the demo; flags such as `--threads` or `--seed` hold for every set.
pub fn run(lab: &Lab, args: &Backtest, say: &Say) -> Result<Outcome, Error> {
    let root = args.out.clone().unwrap_or("almanac-run-demo".into());
    let flags = fields::backtest(args)?.0;
    let mut boards = Vec::new();
    let mut outcome = Outcome::Done;
    for (set, horizon, folds) in SETS {
        let mut fields = vec![
            Override::new("data.set", set),
            Override::new("folds.horizon", horizon),
            Override::new("folds.count", folds),
        ];
        fields.extend(flags.iter().cloned());
        let study = lab.study(Written::from_text(Path::new("demo.toml"), SPEC, &fields)?)?;
        let plan = study.plan()?;
        let run = backtest::walk(&study, &plan, &Place::Over(root.join(set)), say)?;
        if args.json {
            boards.push(json!(run.leaderboard));
        } else {
            let about = lab.roster(almanac_api::Roster::Sets, Some(set))?;
            let title = about[0]["title"].as_str().unwrap_or(set).to_string();
            say.data(&format!(
                "{}: {horizon} steps ahead, {folds} folds\n",
                say.paint(Paint::Bold, &title)
            ));
            board::show(&run, say);
            say.data("\n");
        }
        if let Outcome::Incomplete = backtest::end(&run, args.strict, say) {
            outcome = Outcome::Incomplete;
        }
    }
    if args.json {
        say.json(&json!(boards));
    } else {
        board::explain(say);
        say.remark("now your own: almanac backtest --data FILE --horizon H");
    }
    Ok(outcome)
}
