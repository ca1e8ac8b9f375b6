//! The program `almanac`: words in, words and tables out; the lab does the work.
#![forbid(unsafe_code)]

mod args;
mod commands;
mod examples;
mod fields;
mod say;
mod stop;
mod table;

use std::process::ExitCode;

use almanac_api::{Error, Kind, Roster, WORKER};
use clap::{CommandFactory, Parser};

use args::{Cli, Command};
use say::Say;

/// How the program ends when nothing went wrong.
pub enum Outcome {
    /// All that was asked for is done.
    Done,
    /// Done, but a comparison failed: a replay that is not identical.
    Differs,
    /// Done, but a model failed on a series and `--strict` was given.
    Incomplete,
}

fn main() -> ExitCode {
    let loud = std::panic::take_hook();
    // A model that panics is a row with its reason: the run goes on, and stderr stays readable.
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() != Some(WORKER) {
            loud(panic);
        }
    }));
    let cli = Cli::parse();
    let say = Say::new(cli.color, cli.quiet, cli.verbose);
    match run(cli.command, &say) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Differs) => ExitCode::from(1),
        Ok(Outcome::Incomplete) => ExitCode::from(3),
        Err(error) => {
            say.failure(&error);
            ExitCode::from(match error.kind() {
                Kind::Failure => 1,
                Kind::Mistake => 2,
                Kind::Interrupted => 130,
            })
        }
    }
}

fn run(command: Command, say: &Say) -> Result<Outcome, Error> {
    match command {
        Command::Backtest(args) => commands::backtest::run(&args, say),
        Command::Forecast(args) => commands::forecast::run(&args, say),
        Command::Fit(args) => commands::fit::run(&args, say),
        Command::Predict(args) => commands::predict::run(&args, say),
        Command::Ingest(args) => commands::ingest::run(&args, say),
        Command::Models(args) => commands::rosters::run(Roster::Models, &args, say),
        Command::Sets(args) => commands::rosters::run(Roster::Sets, &args, say),
        Command::Metrics(args) => commands::rosters::run(Roster::Metrics, &args, say),
        Command::Compare(args) => commands::compare::run(&args, say),
        Command::Replay(args) => commands::replay::run(&args, say),
        Command::Serve(args) => commands::serve::run(&args, say),
        Command::Key(args) => commands::key::run(&args, say),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "almanac", &mut script);
            say.data(&String::from_utf8_lossy(&script));
            Ok(Outcome::Done)
        }
    }
}
