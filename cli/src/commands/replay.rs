//! `almanac replay`: the same run again, bit for bit.

use almanac_api::Error;
use serde_json::json;

use crate::Outcome;
use crate::args::Replay;
use crate::commands::lab;
use crate::say::Say;
use crate::stop::Bar;
use crate::table::count;

/// Runs a finished run again and says whether every bit is the same.
pub fn run(args: &Replay, say: &Say) -> Result<Outcome, Error> {
    let replay = lab(&args.data_root).replay(&args.run, args.threads)?;
    let bar = Bar::new(say);
    let ctx = bar.watch(replay.study.ctx())?;
    let verdict = replay.run(&ctx, &bar);
    bar.end();
    let verdict = verdict?;
    let own = env!("CARGO_PKG_VERSION");
    if verdict.version != own {
        say.remark(&format!("made by version {}, replayed by {own}", verdict.version));
    }
    if args.json {
        say.json(&json!(verdict));
    } else if verdict.identical {
        say.data(&format!("identical: {}\n", count(verdict.rows, "row")));
    } else {
        say.data("different\n");
        verdict.differences.iter().for_each(|place| say.data(&format!("{place}\n")));
    }
    Ok(if verdict.identical { Outcome::Done } else { Outcome::Differs })
}
