//! Rows of results: what was forecast, and how good it was.

use crate::time::Stamp;

/// One step of one forecast, with its truth.
#[derive(Debug, Clone, PartialEq)]
pub struct ForecastRow {
    /// The model's name in the run.
    pub model: String,
    /// The series.
    pub unique_id: String,
    /// Last stamp of the past.
    pub cutoff: Stamp,
    /// The stamp forecast.
    pub ds: Stamp,
    /// Steps ahead, from 1.
    pub step: usize,
    /// The truth; NaN where it is missing or not there yet.
    pub y: f64,
    /// The expected value.
    pub mean: f64,
    /// Lower and upper ends, one pair for each level of the run, in its order.
    pub bands: Vec<(f64, f64)>,
}

/// One number with its address, or the reason why there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreRow {
    /// The model's name in the run.
    pub model: String,
    /// The series.
    pub unique_id: String,
    /// Which fold, from 0.
    pub fold: usize,
    /// Last stamp of the past.
    pub cutoff: Stamp,
    /// The metric's name.
    pub metric: String,
    /// The score of what stands in the forecast (after a failure, the baseline's);
    /// NaN where the metric is undefined, for instance a percentage of zero.
    pub value: f64,
    /// Why the model itself gave no answer, or why the metric has no value.
    pub error: Option<String>,
}
