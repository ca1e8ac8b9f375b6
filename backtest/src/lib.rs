//! Spec → plan → scores → report.
#![forbid(unsafe_code)]

mod spec;

pub use spec::{Align, FoldKind, FoldSpec, ModelSpec, Refit, RunSpec, ScoreSpec, Spec, TaskName};
