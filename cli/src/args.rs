//! The words of the command line, and nothing else: what they mean is checked below.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::examples::*;

/// From a raw file to an honest leaderboard, a report and forecasts.
#[derive(Parser)]
#[command(name = "almanac", version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "Start with `almanac backtest`: it runs a demo on real series.")]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    /// Colours: when a terminal reads along, always, or never; NO_COLOR is honoured
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// No progress and no remarks on stderr, only errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Tell of every epoch of a network's training on stderr
    #[arg(long, short, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Subcommand)]
pub enum Command {
    /// Walk models forward through data and rank them; without arguments, a demo
    Backtest(Box<Backtest>),
    /// Fit a model to all of the past and forecast the next steps
    Forecast(Box<Forecast>),
    /// Fit a model to all of the past, or to all rows of a table, and keep it in a file
    Fit(Box<Fit>),
    /// Answer from a kept model: the next steps of series, or values of rows
    Predict(Box<Predict>),
    /// Read raw files, audit and tidy them, and write one clean Parquet panel
    Ingest(Box<Ingest>),
    /// Forecasters, networks, learners, lifts and features, with their settings, defaults and ranges
    Models(Roster),
    /// The sets of data with a card
    Sets(Roster),
    /// The metrics
    Metrics(Roster),
    /// What changed between two runs, and whether it is real
    Compare(Compare),
    /// Run a finished run again and compare it bit for bit
    Replay(Replay),
    /// Serve the REST API; `--print-config` shows every setting
    Serve(Serve),
    /// Keys of the REST API
    #[command(after_help = EXAMPLES_KEY)]
    Key(KeyArgs),
    /// Completions for a shell
    #[command(after_help = EXAMPLES_COMPLETIONS)]
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: Shell,
    },
}

/// Where rows come from.
#[derive(Args, Default)]
#[command(next_help_heading = "Data")]
pub struct Data {
    /// A file, a glob, or the name of a set (see `almanac sets`); may be repeated
    #[arg(long = "data", value_name = "FILE")]
    pub files: Vec<String>,
    #[command(flatten)]
    pub reading: Reading,
}

/// How rows are read.
#[derive(Args, Default)]
#[command(next_help_heading = "Data")]
pub struct Reading {
    /// Column that names the series
    #[arg(long, value_name = "COL")]
    pub id: Option<String>,
    /// Column of time
    #[arg(long, value_name = "COL")]
    pub time: Option<String>,
    /// Column of values
    #[arg(long, value_name = "COL")]
    pub target: Option<String>,
    /// Columns known in advance, such as holidays
    #[arg(long, value_name = "COL")]
    pub known: Vec<String>,
    /// Keep only rows where a column has this value
    #[arg(long = "where", value_name = "COL=VALUE")]
    pub keep: Vec<String>,
    /// Frequency, such as D, B, W, MS, h or 5min; found when left out
    #[arg(long)]
    pub freq: Option<String>,
    /// Observations in one season; the frequency's usual one when left out
    #[arg(long, value_name = "S")]
    pub season: Option<usize>,
    /// Time zone of the data, such as Europe/Berlin
    #[arg(long)]
    pub zone: Option<String>,
    /// Rows of one series and stamp that disagree: refuse, mean, sum, first, last
    #[arg(long, value_name = "HOW")]
    pub duplicates: Option<String>,
    /// Stamps that are absent: keep, zero, previous, refuse
    #[arg(long, value_name = "HOW")]
    pub gaps: Option<String>,
    /// Rows whose time or series cannot be read: refuse, drop
    #[arg(long, value_name = "HOW")]
    pub bad_rows: Option<String>,
    /// Folder with further sets [env: ALMANAC_DATA]
    #[arg(long, value_name = "DIR")]
    pub data_root: Option<PathBuf>,
}

#[derive(Args)]
#[command(after_help = EXAMPLES_BACKTEST)]
pub struct Backtest {
    /// A spec; flags override what it says
    #[arg(value_name = "SPEC.toml")]
    pub spec: Option<PathBuf>,
    #[command(flatten)]
    pub data: Data,
    #[command(flatten)]
    pub ask: Ask,
    /// Number of folds
    #[arg(long, value_name = "K", help_heading = "Folds")]
    pub folds: Option<usize>,
    /// Steps from one cutoff to the next; the horizon when left out
    #[arg(long, value_name = "N", help_heading = "Folds")]
    pub step: Option<usize>,
    /// Steps between the end of the past and the first step that is scored
    #[arg(long, value_name = "N", help_heading = "Folds")]
    pub gap: Option<usize>,
    /// Last cutoff before each series' own end, or at one date for all: series, calendar
    #[arg(long, value_name = "HOW", help_heading = "Folds")]
    pub align: Option<String>,
    /// When models are fitted again: every, never, or every K folds
    #[arg(long, value_name = "WHEN", help_heading = "Folds")]
    pub refit: Option<String>,
    /// All of the past (expanding), or its last N rows
    #[arg(long, value_name = "expanding|N", help_heading = "Folds")]
    pub window: Option<String>,
    /// Metrics to compute; may be repeated
    #[arg(long = "metric", value_name = "NAME", help_heading = "Scores")]
    pub metrics: Vec<String>,
    /// The metric that ranks
    #[arg(long, value_name = "NAME", help_heading = "Scores")]
    pub primary: Option<String>,
    /// The model that others are measured against
    #[arg(long, value_name = "NAME", help_heading = "Scores")]
    pub baseline: Option<String>,
    /// Folder for the results; left out, almanac-run, or almanac-run-2 when that holds another run
    #[arg(long, value_name = "DIR", help_heading = "Run")]
    pub out: Option<PathBuf>,
    /// Replace another run in the folder
    #[arg(long, help_heading = "Run")]
    pub force: bool,
    /// Refuse to start when the plan needs more memory than this, such as 2GiB
    #[arg(long, value_name = "SIZE", help_heading = "Run")]
    pub memory_limit: Option<String>,
    /// Print folds, fits and an estimate of seconds and bytes, and stop
    #[arg(long, help_heading = "Run")]
    pub dry_run: bool,
    /// Exit with 3 when a model failed on a series
    #[arg(long, help_heading = "Run")]
    pub strict: bool,
    /// Print the leaderboard as JSON
    #[arg(long, help_heading = "Run")]
    pub json: bool,
}

/// What is asked of which models.
#[derive(Args, Default)]
#[command(next_help_heading = "Models")]
pub struct Ask {
    /// A model, with settings after a colon: theta or ses:alpha=0.3; may be repeated
    #[arg(long = "model", value_name = "NAME")]
    pub models: Vec<String>,
    /// Steps ahead
    #[arg(long, value_name = "H")]
    pub horizon: Option<usize>,
    /// Level of an interval in percent; may be repeated
    #[arg(long = "level", value_name = "L")]
    pub levels: Vec<f64>,
    /// Any field of the spec, such as model.0.alpha=0.3, features.lags=[1,7] or lift.scope=panel
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Everything random follows from it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..))]
    pub seed: Option<i64>,
    /// Threads; 0 = all
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Where networks are computed: auto, cpu, or wgpu where it is built in
    #[arg(long, value_name = "NAME")]
    pub device: Option<String>,
}

#[derive(Args)]
#[command(after_help = EXAMPLES_FORECAST)]
pub struct Forecast {
    #[command(flatten)]
    pub data: Data,
    #[command(flatten)]
    pub ask: Ask,
    /// Known columns ahead: rows with the columns of the data and no value (which may as well stand at
    /// the end of the data itself)
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    pub future: Option<PathBuf>,
    /// File to write: .csv, .parquet, .ndjson or .json; left out, CSV on stdout
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub out: Option<PathBuf>,
    /// Exit with 3 when a model failed on a series
    #[arg(long, help_heading = "Output")]
    pub strict: bool,
    /// Print JSON instead of CSV
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

#[derive(Args)]
#[command(after_help = EXAMPLES_FIT)]
pub struct Fit {
    /// A spec of one model; flags override what it says
    #[arg(value_name = "SPEC.toml")]
    pub spec: Option<PathBuf>,
    #[command(flatten)]
    pub data: Data,
    #[command(flatten)]
    pub ask: Ask,
    /// File to write
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub out: PathBuf,
    /// Exit with 3 when the model failed on a series
    #[arg(long, help_heading = "Output")]
    pub strict: bool,
    /// Print the model's card as JSON
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

#[derive(Args)]
#[command(after_help = EXAMPLES_PREDICT)]
pub struct Predict {
    /// A file that `almanac fit` wrote
    #[arg(long, value_name = "FILE")]
    pub model: PathBuf,
    #[command(flatten)]
    pub data: Data,
    /// Steps ahead; as many as it was fitted for when left out
    #[arg(long, value_name = "H")]
    pub horizon: Option<usize>,
    /// Level of an interval in percent; may be repeated
    #[arg(long = "level", value_name = "L")]
    pub levels: Vec<f64>,
    /// Threads; 0 = all
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Known columns ahead: rows with the columns of the data and no value (which may as well stand at
    /// the end of the data itself)
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    pub future: Option<PathBuf>,
    /// File to write: .csv, .parquet, .ndjson or .json; left out, CSV on stdout
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub out: Option<PathBuf>,
    /// Exit with 3 when the model failed on a series
    #[arg(long, help_heading = "Output")]
    pub strict: bool,
    /// Print JSON instead of CSV
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

#[derive(Args)]
#[command(after_help = EXAMPLES_INGEST)]
pub struct Ingest {
    /// Files, globs, or the name of a set
    #[arg(required = true)]
    pub sources: Vec<String>,
    #[command(flatten)]
    pub reading: Reading,
    /// Any field of the source, such as tidy.missing=zero or delimiter=";"
    #[arg(help_heading = "Data", long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// The Parquet file to write
    #[arg(
        long,
        help_heading = "Output",
        value_name = "PANEL.parquet",
        required_unless_present = "audit"
    )]
    pub out: Option<PathBuf>,
    /// Print every finding
    #[arg(long, help_heading = "Output")]
    pub audit: bool,
    /// Print what was found and done as JSON
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

#[derive(Args)]
#[command(after_help = EXAMPLES_ROSTER)]
pub struct Roster {
    /// Only this one, in full
    pub name: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Folder with further sets [env: ALMANAC_DATA]
    #[arg(long, value_name = "DIR")]
    pub data_root: Option<PathBuf>,
}

#[derive(Args)]
#[command(after_help = EXAMPLES_COMPARE)]
pub struct Compare {
    /// The run before
    pub run_a: PathBuf,
    /// The run after
    pub run_b: PathBuf,
    /// Compare although the data differ
    #[arg(long)]
    pub force: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
#[command(after_help = EXAMPLES_REPLAY)]
pub struct Replay {
    /// The folder of a finished run
    pub run: PathBuf,
    /// Threads; 0 = all
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Folder with further sets [env: ALMANAC_DATA]
    #[arg(long, value_name = "DIR")]
    pub data_root: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
#[command(after_help = EXAMPLES_SERVE)]
pub struct Serve {
    /// Where to listen; 127.0.0.1:8080 when left out
    #[arg(long, value_name = "HOST:PORT")]
    pub addr: Option<String>,
    /// Folder of sets, runs, jobs and keys; almanac-store when left out
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,
    /// Settings in TOML; ALMANAC_SERVE_… variables override them, flags override both
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Any setting, such as limits.rows=1000000 or log=json
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Something before it does TLS: other machines may reach it, with keys
    #[arg(long)]
    pub proxy: bool,
    /// Certificate in PEM: it does TLS itself
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Private key of the certificate, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Ask for a key on this machine too
    #[arg(long)]
    pub keys: bool,
    /// Folder with further sets [env: ALMANAC_DATA]
    #[arg(long, value_name = "DIR")]
    pub data_root: Option<PathBuf>,
    /// Print the settings as they would hold, and stop
    #[arg(long)]
    pub print_config: bool,
}

#[derive(Args)]
pub struct KeyArgs {
    #[command(subcommand)]
    pub command: KeyCommand,
    /// Folder of the server; almanac-store when left out
    #[arg(long, global = true, value_name = "DIR")]
    pub store: Option<PathBuf>,
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
}

#[derive(Subcommand)]
pub enum KeyCommand {
    /// Make a key; its token is told once
    Create {
        /// What it is for
        name: String,
        /// What it may do: read, write, admin
        #[arg(long, default_value = "read")]
        role: String,
        /// Days until it ends by itself
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=36500))]
        days: Option<u32>,
    },
    /// List keys, without their secrets
    List,
    /// Revoke a key: it opens nothing any more
    Revoke {
        /// Its id, as `list` shows it
        id: String,
    },
}

const EXAMPLES_SERVE: &str = "\
Examples:
  almanac serve
  almanac serve --addr 127.0.0.1:9000 --store lab --set limits.jobs=2
  almanac serve --addr 0.0.0.0:8080 --proxy --config server.toml
  ALMANAC_SERVE_LIMITS__ROWS=1000000 almanac serve --print-config";

const EXAMPLES_KEY: &str = "\
Examples:
  almanac key create dashboard --role read --days 90
  almanac key list --store lab
  almanac key revoke 1f2e3d4c5b6a

A running server holds its store: make keys before it starts, or with POST /v1/keys.";
