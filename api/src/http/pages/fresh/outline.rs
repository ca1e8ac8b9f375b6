//! How folds fall on the longest series, and what a plan will cost.

use std::collections::BTreeMap;

use almanac_backtest::{FoldKind, FoldSpec, Plan, Refit};
use almanac_dashboards::app::{Cost, Fold, Outline};
use almanac_data::{Leaderboard, Panel};

use super::super::super::{Answer, Shared};
use crate::folder::read_json;
use crate::store::{JobKind, State as JobState, blocking};

/// Folds that are drawn.
const DRAWN: usize = 60;
/// Earlier runs that are asked what a fit takes.
const RUNS: u32 = 30;

/// The folds on the longest series; none where they do not fit on it.
pub fn folds(spec: &FoldSpec, panel: &Panel) -> Option<Outline> {
    let longest = panel.iter().max_by_key(|series| series.len())?;
    let rows = longest.len();
    let show =
        |row: usize| longest.at.get(row).map(|&at| panel.calendar.show(at)).unwrap_or_default();
    let ahead = spec.gap.checked_add(spec.horizon)?;
    let step = spec.step.unwrap_or(spec.horizon);
    let fold = |number: usize| {
        let back = (spec.count - 1 - number).checked_mul(step)?.checked_add(ahead)?;
        let origin = rows.checked_sub(back).filter(|origin| *origin > 0)?;
        let window = spec.window.filter(|_| spec.kind == FoldKind::Sliding);
        let from = origin.saturating_sub(window.unwrap_or(origin));
        let asked = origin + spec.gap;
        Some(Fold { cutoff: show(origin - 1), rows: [from, origin, asked, asked + spec.horizon] })
    };
    let folds: Vec<Fold> = (0..spec.count).rev().take(DRAWN).filter_map(fold).collect();
    let folds: Vec<Fold> = folds.into_iter().rev().collect();
    (!folds.is_empty()).then(|| Outline { rows, span: (show(0), show(rows - 1)), folds })
}

/// What a plan will cost, by what earlier runs took for one fit.
pub async fn cost(app: &Shared, plan: &Plan<'_>) -> Answer<Cost> {
    let rates = rates(app).await?;
    let (series, folds) = (plan.panel().len(), plan.fold_count());
    let fits = match plan.spec().folds.refit {
        Refit::Every => series * folds,
        Refit::Never => series,
        Refit::Folds(every) => series * folds.div_ceil(every.max(1)),
    };
    let models = plan.spec().model.iter().zip(plan.model_names());
    let line = |(model, name): (&almanac_backtest::ModelSpec, &str)| {
        (name.to_string(), fits, rates.get(&model.entry).copied())
    };
    Ok(Cost {
        size: (series, folds),
        models: models.map(line).collect(),
        threads: app.config.job_threads(),
    })
}

/// Seconds of a fit and its forecast, by the roster's name: the newest run that has one says it.
async fn rates(app: &Shared) -> Answer<BTreeMap<String, f64>> {
    let jobs = app.store.jobs(None, Some(JobState::Done), RUNS).await?;
    let runs = jobs.into_iter().filter(|job| job.kind == JobKind::Backtest);
    let folders: Vec<_> = runs.map(|job| (app.store.run_folder(&job.id), job.total)).collect();
    let work = move || {
        let mut rates = BTreeMap::new();
        for (folder, answers) in folders {
            let Ok(board) = read_json::<Leaderboard>(&folder, "leaderboard.json") else { continue };
            let each = answers as f64 / board.rows.len().max(1) as f64;
            for row in board.rows.iter().filter(|_| each > 0.0) {
                let name = row.model.split(['/', '#']).next().unwrap_or_default();
                rates.entry(name.to_string()).or_insert((row.fit_s + row.predict_s) / each);
            }
        }
        Ok(rates)
    };
    Ok(blocking(work).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use almanac_data::{Calendar, Stamp};

    /// 20 rows, two folds of horizon 3 after a gap of 1: the last truth ends at row 20, the one before
    /// three rows earlier; a window of 5 begins five rows before its origin.
    #[test]
    fn folds_by_hand() {
        let at = (0..20).map(Stamp).collect();
        let ends = vec![("a".to_string(), 20)];
        let panel = Panel::new("x", Calendar::steps(), ends, at, vec![1.0; 20]).unwrap();
        let spec = FoldSpec {
            horizon: 3,
            count: 2,
            gap: 1,
            window: Some(5),
            kind: FoldKind::Sliding,
            ..FoldSpec::default()
        };
        let found = folds(&spec, &panel).unwrap();
        assert_eq!(found.folds[0].rows, [8, 13, 14, 17]);
        assert_eq!(found.folds[1].rows, [11, 16, 17, 20]);
        assert_eq!(found.folds[1].cutoff, "15");
        assert!(folds(&FoldSpec { horizon: 30, ..spec }, &panel).is_none());
    }
}
