//! Results: what one model said about one series at one fold, and how good it was.

use crate::time::Stamp;

/// One model's answer about one series at one fold, with its truth and scores.
///
/// Steps are rows `0..ds.len()`, step 1 first; lists over steps have one length.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// Index of the model in the run.
    pub model: usize,
    /// Index of the series in the panel.
    pub series: usize,
    /// Last stamp of the past.
    pub cutoff: Stamp,
    /// The stamps forecast.
    pub ds: Vec<Stamp>,
    /// The truth; NaN where it is missing or not there yet.
    pub y: Vec<f64>,
    /// Expected values: the baseline's after a failure.
    pub mean: Vec<f64>,
    /// Lower and upper ends over steps, one pair for each level of the run, in its order.
    pub bands: Vec<(Vec<f64>, Vec<f64>)>,
    /// One score for each metric of the run, in its order; NaN where undefined.
    pub scores: Vec<f64>,
    /// Why the model itself gave no answer.
    pub error: Option<String>,
    /// Missing values of the past that were filled before the fit.
    pub filled: usize,
    /// Seconds of fitting; 0 where an earlier fit was used.
    pub fit_s: f64,
    /// Seconds of predicting.
    pub predict_s: f64,
}

/// Everything that one fold gave: models within series, series in the panel's order.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldResult {
    /// Which fold, from 0.
    pub fold: usize,
    /// The answers, ordered by series, then by model.
    pub answers: Vec<Answered>,
}
