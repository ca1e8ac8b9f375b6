//! What a run will cost, from a few fits on the data itself.

use almanac_models::Ctx;

use crate::plan::Plan;
use crate::question::Question;

/// Series that each model is tried on, at the first and at the last fold.
const TRIED: usize = 3;

/// What a run will cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Cost {
    /// Folds.
    pub folds: usize,
    /// Series.
    pub series: usize,
    /// Fits, over models, series and folds.
    pub fits: usize,
    /// Rows of forecasts.
    pub rows: usize,
    /// Processor seconds of each model, as tried, in the run's order.
    pub models: Vec<(String, f64)>,
    /// Processor seconds of all models.
    pub cpu_s: f64,
    /// Wall-clock seconds on the run's threads.
    pub wall_s: f64,
    /// Bytes of the panel and of one fold's results: what is in memory at once, beside what
    /// models need while they fit and what is kept of them between folds.
    pub bytes: usize,
}

impl Plan<'_> {
    /// Fits and predicts on a few series of short, middle and great length, and scales up.
    pub fn cost(&self, ctx: &Ctx) -> Cost {
        let (folds, series, models) = (self.folds.count, self.panel.len(), self.models.len());
        let fits = self.folds.fits() * series;
        let seconds = |model: usize| {
            let (fit_s, predict_s) = self.tried(ctx, model);
            (
                self.models[model].name.clone(),
                fit_s * fits as f64 + predict_s * (folds * series) as f64,
            )
        };
        let models_s: Vec<(String, f64)> = (0..models).map(seconds).collect();
        let cpu_s = models_s.iter().map(|(_, seconds)| seconds).sum::<f64>();
        let row = 8 * (3 + 2 * self.levels.len());
        let answer = size_of::<almanac_data::Answered>() + 8 * self.gauges.len();
        Cost {
            folds,
            series,
            fits: fits * models,
            rows: folds * series * models * self.folds.horizon,
            models: models_s,
            cpu_s,
            wall_s: cpu_s / self.threads() as f64,
            bytes: self.panel.bytes() + series * models * (answer + self.folds.horizon * row),
        }
    }

    /// Threads that a run uses.
    pub fn threads(&self) -> usize {
        match self.spec().run.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        }
    }

    /// Mean seconds of one fit and of one prediction.
    fn tried(&self, ctx: &Ctx, model: usize) -> (f64, f64) {
        let mut by_length: Vec<usize> = (0..self.panel.len()).collect();
        by_length.sort_by_key(|&series| self.panel.series(series).len());
        let places = (0..TRIED).map(|k| (2 * k + 1) * by_length.len() / (2 * TRIED));
        let mut series: Vec<usize> = places.map(|place| by_length[place]).collect();
        series.dedup();
        let mut folds = vec![0, self.folds.count - 1];
        folds.dedup();
        let (mut fit_s, mut predict_s) = (0.0, 0.0);
        for &fold in &folds {
            for &series in &series {
                let question = Question::new(self, fold, series);
                let attempt = question.ask(ctx, &self.models[model], &mut None);
                fit_s += attempt.fit_s;
                predict_s += attempt.predict_s;
            }
        }
        let count = (folds.len() * series.len()) as f64;
        (fit_s / count, predict_s / count)
    }
}
