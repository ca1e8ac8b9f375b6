//! The test sets of a table: every model's scores over the folds of each.

use almanac_data::{SetScore, TestSet};

use crate::summary::{Mean, Summary};

/// Most rows of a test set that a report keeps.
const POINTS: usize = 2000;

impl Summary<'_> {
    /// One entry a test set, models in this order; nothing for a panel.
    pub(super) fn sets(&self, order: &[usize]) -> Vec<TestSet> {
        let plan = self.plan;
        let Some(rows) = plan.rows else { return Vec::new() };
        let set = |(place, name): (usize, &String)| {
            let score = |model: usize, gauge: usize| {
                let row = |seed: usize| (place * plan.models.len() + seed) * plan.gauges.len();
                let all = self.seeds(model).iter().map(|&seed| self.scores[row(seed) + gauge]);
                SetScore {
                    model: plan.models[model].group().to_string(),
                    metric: plan.gauges[gauge].name.clone(),
                    mean: self.over_seeds(model, |seed| self.series_score(place, seed, gauge)),
                    sd: all.fold(Mean::default(), Mean::with).deviation(),
                }
            };
            let gauges = 0..plan.gauges.len();
            let scores =
                order.iter().flat_map(|&model| gauges.clone().map(move |gauge| (model, gauge)));
            TestSet {
                name: name.clone(),
                folds: (0..rows.folds()).filter(|&fold| rows.split(place, fold).is_some()).count(),
                scores: scores.map(|(model, gauge)| score(model, gauge)).collect(),
                points: self.points_of(place, self.best(order)),
            }
        };
        plan.panel.ids().iter().enumerate().map(set).collect()
    }

    /// Name, truth and forecast of the rows that a model was asked at the set's last fold, evenly
    /// thinned to what a page can draw.
    fn points_of(&self, set: usize, model: usize) -> Vec<(String, f64, f64)> {
        let names = self.plan.row_names().unwrap_or_default();
        let name = |row: i64| names.get(row as usize - 1).cloned().unwrap_or_default();
        let asked = self.latest.get(&(set, model)).into_iter();
        let point = |(at, (y, mean)): (&almanac_data::Stamp, (&f64, &f64))| (name(at.0), *y, *mean);
        let every = |rows: usize| rows.div_ceil(POINTS).max(1);
        asked
            .flat_map(|a| a.ds.iter().zip(a.y.iter().zip(&a.mean)).step_by(every(a.ds.len())))
            .map(point)
            .collect()
    }
}
