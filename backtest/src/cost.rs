//! What a run will cost, from a few fits on the data itself.

use almanac_data::Answered;
use almanac_models::Ctx;
use almanac_models::lift::Scope;

use crate::plan::Plan;
use crate::question::Question;
use crate::ready::Named;

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
    /// [`Plan::bytes`]: what is in memory at once, beside what models need while they fit and what
    /// is kept of them between folds.
    pub bytes: usize,
}

impl Plan<'_> {
    /// Fits and predicts on a few series of short, middle and great length, and scales up.
    pub fn cost(&self, ctx: &Ctx) -> Cost {
        let (folds, series, models) = (self.folds.count, self.panel.len(), self.models.len());
        // Of a table, test sets differ in their folds and rows.
        let (asked, rows) = match self.rows {
            Some(rows) => (rows.fits(), rows.asked()),
            None => (folds * series, folds * series * self.folds.horizon),
        };
        let fits = |named: &Named| match (self.rows, named.scope) {
            (Some(rows), _) => rows.fits(),
            (None, Scope::Panel) => self.folds.fits(self.refit(named)),
            (None, Scope::Series) => self.folds.fits(self.refit(named)) * series,
        };
        let seconds = |(model, named): (usize, &Named)| {
            let (fit_s, predict_s) = self.tried(ctx, model);
            // What a panel costs is told from single series of it.
            let all = if named.scope == Scope::Panel { series } else { 1 };
            let seconds = fit_s * (fits(named) * all) as f64 + predict_s * asked as f64;
            (named.name.clone(), seconds)
        };
        let by_model: Vec<(String, f64)> = self.models.iter().enumerate().map(seconds).collect();
        let cpu_s = by_model.iter().map(|(_, seconds)| seconds).sum::<f64>();
        Cost {
            folds,
            series,
            fits: self.models.iter().map(fits).sum(),
            rows: rows * models,
            models: by_model,
            cpu_s,
            wall_s: cpu_s / self.threads() as f64,
            bytes: self.bytes(),
        }
    }

    /// Bytes of the panel, of one fold's results and of their summary, without trying anything.
    pub fn bytes(&self) -> usize {
        // The last fold's results are in memory twice: where they are made, and summed up.
        let row = 2 * 8 * (3 + 2 * self.levels.len());
        let answer = 2 * size_of::<Answered>() + (2 + 4) * 8 * self.gauges.len();
        let answers = self.panel.len() * self.models.len();
        self.panel.bytes() + answers * (answer + self.folds.horizon * row)
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
        // The last fit of a warm model stands on all before it.
        let last = if self.models[model].warm { 0 } else { self.folds.count - 1 };
        let mut folds = vec![0, last];
        folds.dedup();
        let (mut fit_s, mut predict_s, mut count) = (0.0, 0.0, 0.0);
        for &fold in &folds {
            for &series in &series {
                let question = Question::new(self, fold, series);
                if !question.is_asked() {
                    continue;
                }
                count += 1.0;
                let attempt = question.ask(ctx, &self.models[model], &mut None);
                fit_s += attempt.fit_s;
                predict_s += attempt.predict_s;
            }
        }
        (fit_s / count, predict_s / count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Spec;
    use almanac_data::{Calendar, Panel, Stamp};

    /// Two series, five folds of three steps, refitted at folds 0, 2 and 4, a model and its
    /// baseline: 2·3·2 fits and 2·5·2·3 rows; trying them leaves the run's seconds above zero.
    #[test]
    fn counted_by_hand() {
        let at = (0..40).chain(0..30).map(Stamp).collect();
        let y = (0..70).map(|row| f64::from(row % 7)).collect();
        let series = vec![("a".to_string(), 40), ("b".to_string(), 70)];
        let panel = Panel::new("two", Calendar::steps(), series, at, y).unwrap();
        let text = "data = {}\nfolds = { horizon = 3, count = 5, refit = 2 }\nrun.threads = 2\n\
                    [[model]]\nuse = \"ses\"";
        let plan = Plan::new(&Spec::from_toml(text).unwrap(), &panel).unwrap();
        let cost = plan.cost(&Ctx::new(1));
        assert_eq!((cost.folds, cost.series, cost.fits, cost.rows), (5, 2, 12, 60));
        let names: Vec<&str> = cost.models.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["ses", "naive"]);
        assert!(cost.models[0].1 > 0.0 && (cost.wall_s - cost.cpu_s / 2.0).abs() < 1e-12);
        assert!(cost.bytes > panel.bytes());
    }
}
