//! The laws that every line of a roster obeys, whatever it computes: settings of all of them, answers
//! of forecasters. `learners.rs` holds the laws of learners' answers.
//!
//! A new line is under all of them at once. A law that a method cannot obey is named, with the
//! reason, in one of the tables of `laws/subjects.rs`.

#[path = "laws/answers.rs"]
mod answers;
#[path = "laws/kept.rs"]
mod kept;
#[path = "laws/leaks.rs"]
mod leaks;
#[path = "laws/networks.rs"]
mod networks;
#[path = "laws/settings.rs"]
mod settings;
#[path = "laws/subjects.rs"]
mod subjects;
#[path = "laws/verdict.rs"]
mod verdict;
#[path = "laws/walking.rs"]
mod walking;
