//! One law held against many subjects: every violation at once, each with its subject.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a failure names a subject by.
pub trait Named {
    /// The name, with settings where they are not the defaults.
    fn label(&self) -> &str;
}

/// Holds a law against every subject; a panic is a violation.
pub fn hold<S: Named>(law: &str, subjects: &[S], obeys: impl Fn(&S) -> Result<(), String>) {
    let judge = |subject: &S| {
        let verdict = catch_unwind(AssertUnwindSafe(|| obeys(subject)));
        let why =
            verdict.unwrap_or_else(|panic| Err(format!("panicked: {}", words(&*panic)))).err();
        why.map(|why| format!("  {}: {why}", subject.label()))
    };
    let broken: Vec<String> = subjects.iter().filter_map(judge).collect();
    assert!(broken.is_empty(), "law broken: {law}\n{}", broken.join("\n"));
}

/// The message of a panic.
pub fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words")
}
