//! The lab: sets are read, runs are kept in folders, forecasts are written to files.
//!
//! ```text
//! Spec ──▶ Lab::study ──▶ Study::plan ──▶ Study::run ──▶ Run        a folder of six files
//! written    data read      checked         fold by fold, resumable
//! ```
#![forbid(unsafe_code)]

mod atomic;
mod compare;
pub mod config;
mod error;
mod folder;
mod follow;
mod forecast;
pub mod http;
mod kept;
mod lab;
mod meter;
pub mod panel;
mod parts;
mod queue;
mod replay;
mod rosters;
mod run;
mod seek;
mod spec;
pub mod store;
mod tables;
mod training;
mod values;

pub use almanac_backtest::{Plan, Progress, Spec, WORKER};
pub use almanac_ingest::{Card, Read};
pub use almanac_models::{Ctx, Epoch};
pub use atomic::write;
pub use compare::{Comparison, Field, Moved, Series};
pub use error::{Error, Kind};
pub use folder::FILES;
pub use forecast::{Forecasts, Style};
pub use kept::{Kept, Lesson, ModelCard};
pub use lab::{Lab, Study};
pub use replay::{Replay, Verdict};
pub use rosters::Roster;
pub use run::{Place, Run};
pub use spec::{Override, Written, from_text, scalar};
pub use values::Values;
