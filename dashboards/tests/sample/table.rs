//! Reports of tables, and of learners in variants.

use almanac_data::*;
use serde_json::{Map, json};

use super::{HOSTILE, build, noise};

/// Fourteen learners on three groups of features, four test sets, as of a study of batteries.
pub fn cells() -> Report {
    let learners = [
        "extra_trees",
        "gaussian_process",
        "lasso",
        "elastic_net",
        "ridge",
        "bayesian_ridge",
        "random_forest",
        "svr",
        "adaboost",
        "linear",
        "knn",
        "mlp",
        "gradient_boosting",
        "tree",
    ];
    let names = learners
        .iter()
        .flat_map(|name| ["full", "discharge", "variance"].map(|group| format!("{name}/{group}")));
    let names: Vec<String> = names.chain(["mean".to_string()]).collect();
    let sets = [("test1", 1), ("test1 without b2c1", 1), ("test2", 1), ("5-fold, 5 times", 25)];
    let mut report = table(&names, &sets);
    report.leaderboard.contrasts = pairs(&learners, &["variance", "discharge", "full"])
        .map(|c| Contrast { set: Some("5-fold, 5 times".to_string()), units: 25, ..c })
        .collect();
    report
}

/// Every text of a table is markup.
pub fn hostile() -> Report {
    let name = |end: &str| format!("{HOSTILE} {end}");
    let mut report = table(&[name("a/b"), name("a/c"), name("d")], &[(HOSTILE, 2), ("set", 1)]);
    report.leaderboard.rows[0].leaks = true;
    report.sets[0].points[0].0 = HOSTILE.to_string();
    report.leaderboard.contrasts = pairs(&[HOSTILE], &[HOSTILE, "b"])
        .map(|c| Contrast { set: Some(HOSTILE.to_string()), ..c })
        .collect();
    report
}

/// A panel on which learners run in four variants, the first of which sees what it forecasts.
pub fn leaky() -> Report {
    let variants = ["chaos_and_weekday", "chaos", "lags_and_weekday", "lags"];
    let learners = ["forest", "svr", "mlp"];
    let names = learners.iter().flat_map(|l| variants.map(|variant| format!("{l}/{variant}")));
    let names: Vec<String> = names.chain(["seasonal_naive".to_string()]).collect();
    let mut report = build(&names, 1, 4);
    report.leaderboard.contrasts = pairs(&learners, &variants).collect();
    let first = &mut report.leaderboard.rows[0];
    (first.leaks, first.in_mcs) = (true, None);
    report
}

/// The first pair of a learner is told apart, the second not, the third does not differ.
fn pairs<'a>(learners: &'a [&str], variants: &'a [&str]) -> impl Iterator<Item = Contrast> + 'a {
    let two = |at: usize| variants[at + 1..].iter().map(move |second| (variants[at], *second));
    let pairs: Vec<(&str, &str)> = (0..variants.len()).flat_map(two).collect();
    learners.iter().flat_map(move |learner| {
        pairs.clone().into_iter().enumerate().map(|(i, (first, second))| Contrast {
            set: None,
            learner: learner.to_string(),
            first: first.to_string(),
            second: second.to_string(),
            units: 111,
            difference: [-1.53, 0.21, 0.0][i % 3],
            p_paired: [Some(0.0004), Some(0.31), None][i % 3],
            p_two_sample: Some([0.21, 0.74, 1.0][i % 3]),
            wins: [0.81, 0.43, 0.0][i % 3],
        })
    })
}

fn table(models: &[String], sets: &[(&str, usize)]) -> Report {
    let mut report = build(models, 1, 25);
    let board = &mut report.leaderboard;
    (board.task, board.data) = ("regress".to_string(), "matr".to_string());
    (board.primary_metric, board.baseline) =
        ("mape".to_string(), models.last().cloned().unwrap_or_default());
    for (i, row) in board.rows.iter_mut().enumerate() {
        let (mape, rmse) = (9.08 + 0.6 * i as f64, 135.1 + 6.4 * i as f64);
        row.scores = Map::from_iter([("mape".into(), json!(mape)), ("rmse".into(), json!(rmse))]);
        row.failures = 0;
    }
    let measure = |(metric, unit): (&str, &str)| Measure {
        metric: metric.into(),
        unit: unit.into(),
        better: Better::Lower,
    };
    report.measures = [("mape", "%"), ("rmse", "value")].map(measure).into();
    let set = |(place, (name, folds)): (usize, &(&str, usize))| TestSet {
        name: name.to_string(),
        folds: *folds,
        scores: models
            .iter()
            .enumerate()
            .flat_map(|(m, model)| scores(model, m, place, *folds))
            .collect(),
        points: (0..30).map(|row| point(row + 40 * place)).collect(),
    };
    report.sets = sets.iter().enumerate().map(set).collect();
    (report.charts, report.by_step, report.failures) = (vec![], vec![], vec![]);
    report.audit = Audit::default();
    (report.manifest.series, report.manifest.rows) = (sets.len(), 249);
    (report.manifest.freq, report.manifest.span) = ("1".into(), ("1".into(), "124".into()));
    report.manifest.filled = Map::new();
    report
}

fn scores(model: &str, m: usize, place: usize, folds: usize) -> [SetScore; 2] {
    ["mape", "rmse"].map(|metric| {
        let size = if metric == "mape" { 1.0 } else { 15.0 };
        let mean = size * (9.0 + 0.6 * m as f64 + 2.0 * noise(m + 100 * place));
        let sd = if folds > 1 { 0.15 * mean } else { f64::NAN };
        SetScore { model: model.to_string(), metric: metric.to_string(), mean, sd }
    })
}

fn point(row: usize) -> (String, f64, f64) {
    let y = 800.0 + 700.0 * noise(row);
    (format!("b{}c{}", 1 + row % 3, row), y, y * (1.0 + 0.15 * noise(row + 500)))
}
