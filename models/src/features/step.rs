//! The step: how many rows after the origin the row asked is.
//!
//! Lets one direct learner answer for every step. Ben Taieb, Bontempi, Atiya & Sorjamaa, Expert
//! Systems with Applications 39, 2012.

use serde::Deserialize;

use super::{Feature, Form, Seen};

/// The step, as it is.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Step(bool);

impl Form for Step {
    fn check(&self) -> Result<(), String> {
        if self.0 { Ok(()) } else { Err("leave it out instead of false".into()) }
    }
}

impl Feature for Step {
    fn names(&self, _season: usize) -> Vec<String> {
        vec!["step".into()]
    }

    fn at(&self, seen: &Seen<'_>, out: &mut Vec<f64>) {
        out.push(seen.step as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::tests::{plain, values};

    /// The third row after the origin is step 3.
    #[test]
    fn step_by_hand() {
        assert_eq!(values(&Step(true), &plain(&[1.0, 2.0], 1), 2, 3), [3.0]);
    }
}
