//! The laws that every regressor and every classifier obeys, whatever it computes; `laws.rs` holds
//! the laws of their settings.
//!
//! A new line is under all of them at once. A law that a learner cannot obey is named, with the
//! reason, in one of the tables of `learners/subjects.rs`.

#[path = "learners/answers.rs"]
mod answers;
#[path = "learners/cases.rs"]
mod cases;
#[path = "learners/kept.rs"]
mod kept;
#[path = "learners/sameness.rs"]
mod sameness;
#[path = "learners/subjects.rs"]
mod subjects;
#[path = "laws/verdict.rs"]
mod verdict;
