//! The nouns, in the order data travels: a source says how raw rows are read, a calendar gives stamps their meaning, series
//! join a panel, a panel is cut into past and truth, a model answers with a forecast,
//! a forecast gets scores, scores make a report. No input or output happens here.
#![forbid(unsafe_code)]

mod audit;
mod error;
mod forecast;
mod money;
mod panel;
mod report;
mod score;
mod source;
mod table;
mod task;
mod time;

pub use audit::{Audit, Code, Finding, Fix, Tidied};
pub use error::{FitError, PanelError, nearest};
pub use forecast::{Forecast, LEVELS, Spread};
pub use money::{Account, Earned, Money};
pub use panel::{Column, Cut, Future, Panel, PanelView, Role, Series, Span};
pub use report::{
    Bands, Better, Calls, Contrast, Curve, Diagnostics, Leaderboard, Manifest, Measure, Rank,
    Repeats, Report, SeriesChart, SetScore, SourceFile, TestSet,
};
pub use score::{Answered, FoldResult};
pub use source::{
    BadRows, CurveFile, Duplicates, Format, Gaps, Join, Joined, Layout, Resample, Source, Tidy,
    Weeks, Zeros,
};
pub use table::{Curves, Matrix, Table};
pub use task::{Ahead, Direction, Forecasting, Task};
pub use time::{Calendar, Clock, Freq, FreqError, Slots, Stamp};
