//! Reports made in code, the same on every run: one as a run gives it, and the odd ones.
#![allow(dead_code)]

mod table;

use almanac_data::*;
use serde_json::{Map, Value, json};

/// The names of the reports there are.
pub const NAMES: [&str; 9] =
    ["plain", "one", "many", "traded", "hostile", "bare", "table", "leaky", "hostile_table"];

/// Text that would run as a script or load a picture if a page forgot to escape it.
pub const HOSTILE: &str = "</script><img src=x onerror=alert(1)>\"'&<b>%{y}";

/// A report by its name.
pub fn report(name: &str) -> Option<Report> {
    let plain = ["auto_ets", "theta", "auto_arima", "mstl", "seasonal_naive", "naive"];
    Some(match name {
        "plain" => build(&plain.map(String::from), 14, 4),
        "one" => alone(),
        "many" => crowd(),
        "traded" => traded(),
        "hostile" => hostile(),
        "bare" => bare(),
        "table" => table::cells(),
        "leaky" => table::leaky(),
        "hostile_table" => table::hostile(),
        _ => return None,
    })
}

/// One model, one step, one fold, and a series with holes.
fn alone() -> Report {
    let mut report = build(&["seasonal_naive".to_string()], 1, 1);
    report.charts[0].past_y[20..30].fill(f64::NAN);
    report.failures.clear();
    report.leaderboard.rows[0].failures = 0;
    report
}

/// Fifteen models with long names, one of them far off, 240 failures, holes in truth and forecasts.
fn crowd() -> Report {
    let name = |i: usize| match i {
        3 => "seasonal_naive".to_string(),
        i => format!("conformal_combination_of_everything_with_a_long_name_{i}"),
    };
    let mut report = build(&(0..15).map(name).collect::<Vec<_>>(), 56, 12);
    for i in 0..240 {
        let row = &mut report.leaderboard.rows[9 + i % 3];
        row.failures += 1;
        let model = row.model.clone();
        let reason = ["needs 28 values, has 9", "the search did not converge"][i % 2];
        report.failures.push((model, format!("store_{i:04}_department_food"), reason.to_string()));
    }
    for chart in &mut report.charts {
        chart.y[5..9].fill(f64::NAN);
        chart.models[0].mean[20..24].fill(f64::NAN);
        chart.models[0].bands[0].1[20..24].fill(f64::NAN);
    }
    report.by_step[1].values[3] = f64::NAN;
    report.leaderboard.rows[5].skill = Some(-8.0);
    report
}

/// Directions of prices, with what positions on them would have earned over 600 days.
fn traded() -> Report {
    let names = ["forest", "svc", "logistic", "knn", "seasonal_naive"].map(String::from);
    let mut report = build(&names, 1, 12);
    let board = &mut report.leaderboard;
    (board.task, board.primary_metric) = ("direction".to_string(), "accuracy".to_string());
    for (m, row) in board.rows.iter_mut().enumerate() {
        let scores = [("accuracy", 0.548 - 0.011 * m as f64), ("base_rate", 0.526), ("f1", 0.61)];
        row.scores =
            scores.map(|(name, score)| (name.to_string(), json!(score))).into_iter().collect();
        row.skill = None;
    }
    let measure = |(metric, better): (&str, _)| Measure {
        metric: metric.into(),
        unit: String::new(),
        better,
    };
    report.measures =
        [("accuracy", Better::Higher), ("base_rate", Better::Near(0.5)), ("f1", Better::Higher)]
            .map(measure)
            .into();
    report.calls = names.iter().enumerate().map(|(m, name)| calls(m, name)).collect();
    report.money = Some(money(&names, 600));
    report
}

fn calls(m: usize, model: &str) -> Calls {
    let right = 5480 - 110 * m as u64;
    let half = 0.0098;
    let accuracy = right as f64 / 10_000.0;
    Calls {
        model: model.to_string(),
        true_up: right - 2600,
        false_up: 4740 - 2600,
        true_down: 2600,
        false_down: 5260 + 2600 - right,
        interval: (accuracy - half, accuracy + half),
    }
}

fn money(models: &[String], periods: usize) -> Money {
    let days = periods / 2;
    let earned = |m: usize, cost: f64| {
        let mut equity = vec![1.0];
        for day in 1..=days {
            let r = 0.0012 - 0.0004 * m as f64 - cost * 2e-5 + 0.012 * noise(day + 911 * m);
            equity.push(equity[day - 1] * (1.0 + r));
        }
        let height = |day: usize| equity[..=day].iter().copied().fold(0.0, f64::max);
        let drawdown: Vec<f64> = (0..=days).map(|day| 1.0 - equity[day] / height(day)).collect();
        Earned {
            total: equity[days] - 1.0,
            cagr: Some(equity[days].powf(0.42) - 1.0),
            volatility: Some(0.11),
            sharpe: (m != 3).then_some(1.3 - 0.4 * m as f64 - cost / 40.0),
            sortino: (m != 3).then_some(1.9 - 0.5 * m as f64 - cost / 30.0),
            calmar: Some(0.8 - 0.2 * m as f64),
            max_drawdown: drawdown.iter().copied().fold(0.0, f64::max),
            probabilistic_sharpe: Some(0.93 - 0.12 * m as f64),
            deflated_sharpe: Some(0.61 - 0.12 * m as f64),
            equity,
            drawdown,
        }
    };
    let account = |m: usize, name: &str| Account {
        name: name.to_string(),
        turnover: Some(212.4 / (1.0 + m as f64)),
        hit_rate: Some(0.53 - 0.01 * m as f64),
        exposure: Some(1.0 - 0.1 * m as f64),
        break_even_bp: (m < 2).then_some(14.2 - 6.0 * m as f64),
        earned: [0.0, 10.0, 50.0].map(|cost| earned(m, cost)).into(),
    };
    Money {
        rule: "the side of the edge; long and short, at most 1 of the account; traded at the end \
               of the next row"
            .to_string(),
        costs_bp: vec![0.0, 10.0, 50.0],
        periods,
        years: 2.38,
        at: (0..=days).map(|i| day(2 * i)).collect(),
        accounts: models.iter().enumerate().map(|(m, name)| account(m, name)).collect(),
        hold: account(1, "buy and hold"),
        overfitting: vec![Some(0.31), Some(0.47), None],
        notes: vec!["every series has an equal share of the money".to_string()],
    }
}

/// Every text that a user may have written is markup.
fn hostile() -> Report {
    let names = ["a", "b", "seasonal_naive"].map(|name| format!("{name} {HOSTILE}"));
    let mut report = build(&names, 7, 2);
    let text = || HOSTILE.to_string();
    let board = &mut report.leaderboard;
    (board.task, board.data, board.baseline) = (text(), text(), names[2].clone());
    board.rows[0].settings.insert(text(), json!(HOSTILE));
    board.primary_metric = text();
    for row in &mut board.rows {
        let score = row.scores.remove("smape").unwrap_or_default();
        row.scores.insert(text(), score);
    }
    (report.measures[0].metric, report.measures[0].unit) = (text(), text());
    report.spec = text();
    report.calls = names.iter().enumerate().map(|(m, name)| calls(m, name)).collect();
    let mut money = money(&names, 60);
    (money.rule, money.notes) = (text(), vec![text()]);
    money.at.fill(text());
    report.money = Some(money);
    report.folds.fill(text());
    for chart in &mut report.charts {
        (chart.unique_id, chart.why) = (text(), text());
        chart.at.fill(text());
        chart.past_at.fill(text());
    }
    report.worst = vec![(text(), 1.0)];
    report.failures = vec![(names[0].clone(), text(), text()), (text(), text(), text())];
    report.audit.reading = vec![text()];
    report.audit.findings =
        vec![Finding { code: Code::Gaps, unique_id: Some(text()), count: 1, first: text() }];
    let run = &mut report.manifest;
    (run.version, run.device, run.freq, run.aggregation) = (text(), text(), text(), text());
    (run.span, run.notes) = ((text(), text()), vec![text()]);
    run.filled.insert(text(), json!(HOSTILE));
    run.tidied.fixes[0].how = text();
    run.sources[0].path = text();
    run.sources[0].sha256 = text();
    report
}

/// Nothing but a model without a score.
fn bare() -> Report {
    let mut report = alone();
    report.leaderboard.rows[0].scores = Map::from_iter([("smape".to_string(), Value::Null)]);
    (report.charts, report.by_step, report.by_fold) = (vec![], vec![], vec![]);
    (report.diagnostics, report.worst) = (vec![], vec![]);
    (report.audit, report.measures) = (Audit::default(), vec![]);
    (report.manifest.tidied, report.manifest.sources) = (Tidied::default(), vec![]);
    report
}

fn build(models: &[String], horizon: usize, folds: usize) -> Report {
    let curve = |base: usize, n: usize| {
        let name = |m: usize| models[m].clone();
        let value =
            |m: usize, i: usize| 9.0 + m as f64 + 0.15 * i as f64 + noise(base + 97 * m + i);
        (0..models.len())
            .map(|m| Curve { name: name(m), values: (0..n).map(|i| value(m, i)).collect() })
            .collect()
    };
    Report {
        leaderboard: leaderboard(models),
        measures: measures(),
        manifest: manifest(),
        audit: audit(),
        spec: SPEC.to_string(),
        horizon,
        folds: (0..folds).map(|fold| day(700 - horizon * (folds - fold))).collect(),
        charts: ["best", "median", "worst"].map(|why| chart(why, models, horizon)).into(),
        by_step: curve(0, horizon),
        by_fold: curve(5000, folds),
        diagnostics: (0..models.len()).map(|m| diagnostics(m, &models[m], horizon)).collect(),
        worst: (0..8).map(|i| (format!("NN5-{:03}", 101 - 7 * i), 61.3 - 5.7 * i as f64)).collect(),
        failures: vec![("theta".to_string(), "NN5-017".to_string(), FAILED.to_string())],
        calls: Vec::new(),
        money: None,
        sets: Vec::new(),
    }
}

const FAILED: &str = "needs 14 values, has 9";
const SPEC: &str = "task = \"forecast\"\n\n[data]\nset = \"nn5_daily\"\ntarget = \"y_filled\"\n\n\
    [folds]\nkind = \"rolling\"\nhorizon = 14\ncount = 4\n\n[[model]]\nuse = \"auto_ets\"\n\n\
    [score]\nmetrics = [\"smape\", \"mase\", \"mae\", \"coverage-80\"]\n\n[run]\nseed = 7\n";

fn leaderboard(models: &[String]) -> Leaderboard {
    let baseline = models.iter().find(|m| m.starts_with("seasonal_naive")).cloned();
    let rank = |(i, model): (usize, &String)| {
        let first = i == 0;
        let base = Some(model) == baseline.as_ref();
        let smape = 21.672 + 1.21 * i as f64;
        Rank {
            model: model.clone(),
            settings: Map::from_iter([
                ("season".to_string(), json!(7)),
                ("criterion".to_string(), json!("aicc")),
            ]),
            scores: Map::from_iter([
                ("smape".to_string(), json!(smape)),
                ("mase".to_string(), json!(0.8684 + 0.04 * i as f64)),
                ("mae".to_string(), json!(1234.5 + 80.0 * i as f64)),
                (
                    "coverage-80".to_string(),
                    if i == 1 { Value::Null } else { json!(81.2 - i as f64) },
                ),
            ]),
            skill: Some(1.0 - smape / 26.516),
            p_value: (!base).then_some([0.0004, 0.012, 0.21][i % 3]),
            p_best: (!first).then_some(0.3 / (1.0 + i as f64)),
            in_mcs: Some(i < 3),
            win_rate: (!base).then_some(0.81 - 0.04 * i as f64),
            failures: usize::from(i == 1),
            fit_s: 14.2 / (1.0 + i as f64 * i as f64),
            predict_s: 0.0002 * i as f64,
            leaks: false,
            repeats: None,
        }
    };
    Leaderboard {
        task: "forecast".to_string(),
        data: "nn5_daily".to_string(),
        baseline: baseline.clone().unwrap_or_default(),
        primary_metric: "smape".to_string(),
        rows: models.iter().enumerate().map(rank).collect(),
        contrasts: Vec::new(),
    }
}

fn measures() -> Vec<Measure> {
    let measure = |metric: &str, unit: &str, better| Measure {
        metric: metric.to_string(),
        unit: unit.to_string(),
        better,
    };
    vec![
        measure("smape", "%", Better::Lower),
        measure("mase", "", Better::Lower),
        measure("mae", "value", Better::Lower),
        measure("coverage-80", "%", Better::Near(80.0)),
    ]
}

fn manifest() -> Manifest {
    let fix = |code, how: &str, rows, series| Fix { code, how: how.to_string(), rows, series };
    Manifest {
        version: "0.1.0".to_string(),
        seed: 7,
        threads: 2,
        device: "cpu".to_string(),
        sources: vec![SourceFile {
            path: "nn5_daily.parquet".to_string(),
            sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_string(),
            bytes: 412_345,
            rows: 63_280,
        }],
        series: 80,
        rows: 63_280,
        span: (day(0), day(734)),
        freq: "D".to_string(),
        season: 7,
        tidied: Tidied {
            fixes: vec![fix(Code::Duplicates, "mean", 12, 3), fix(Code::Gaps, "keep", 40, 9)],
        },
        filled: Map::from_iter([
            ("theta".to_string(), json!(213)),
            ("naive".to_string(), json!(0)),
        ]),
        aggregation: "mean over series of the mean over folds".to_string(),
        notes: vec!["MASE scales by the in-sample seasonal naive, season 7".to_string()],
        wall_s: 12.61,
        cpu_s: 23.4,
        peak_bytes: 190_000_000,
        resumed: false,
    }
}

fn audit() -> Audit {
    let finding = |code, id: &str, count, first: &str| Finding {
        code,
        unique_id: (!id.is_empty()).then(|| id.to_string()),
        count,
        first: first.to_string(),
    };
    Audit {
        reading: vec![
            "Parquet, 3 columns: unique_id, ds, y_filled".to_string(),
            "daily, 80 series of 735 to 791 days".to_string(),
        ],
        findings: vec![
            finding(Code::Duplicates, "NN5-017", 12, "1996-05-01"),
            finding(Code::Gaps, "NN5-003", 31, "1996-12-24"),
            finding(Code::Gaps, "NN5-090", 9, "1997-01-01"),
            finding(Code::Undeclared, "", 1, "column `branch`"),
        ],
    }
}

fn chart(why: &str, models: &[String], horizon: usize) -> SeriesChart {
    let shift = why.len();
    let at = |from: usize, n: usize| (from..from + n).map(day).collect::<Vec<_>>();
    let value = |i: usize| {
        120.0
            + 40.0 * (i as f64 * std::f64::consts::TAU / 7.0).sin()
            + 12.0 * noise(i + 1000 * shift)
    };
    let bands = |(m, model): (usize, &String)| {
        let mean: Vec<f64> =
            (700..700 + horizon).map(|i| value(i) + 9.0 * noise(i + 77 * m + shift)).collect();
        let band = |level: f64, z: f64| {
            let half = |h: usize| z * (9.0 + m as f64) * (1.0 + 0.04 * h as f64);
            let side = |sign: f64| (0..horizon).map(|h| mean[h] + sign * half(h)).collect();
            (level, side(-1.0), side(1.0))
        };
        Bands { model: model.clone(), bands: vec![band(80.0, 1.28), band(95.0, 1.96)], mean }
    };
    SeriesChart {
        unique_id: format!("NN5-{:03}", 10 * shift),
        why: why.to_string(),
        score: 3.1 * shift as f64,
        past_at: at(700 - 70, 70),
        past_y: (700 - 70..700).map(value).collect(),
        at: at(700, horizon),
        y: (700..700 + horizon).map(value).collect(),
        models: models.iter().enumerate().map(bands).collect(),
    }
}

fn diagnostics(m: usize, model: &str, horizon: usize) -> Diagnostics {
    let normal = |i: usize| (2.2 * (i as f64 - 24.5) / 24.5).clamp(-2.2, 2.2);
    Diagnostics {
        model: model.to_string(),
        acf: (1..=20)
            .map(|lag| 0.09 * noise(lag + 31 * m) + f64::from(lag % 7 == 0) * 0.2)
            .collect(),
        acf_band: 0.11,
        qq: (0..50).map(|i| normal(i) * (1.0 + 0.05 * normal(i).powi(2))).collect(),
        qq_normal: (0..50).map(normal).collect(),
        coverage: [80.0, 95.0]
            .map(|level| {
                let share = |h| level / 100.0 - 0.004 * h as f64 + 0.02 * noise(h + m);
                (level, (0..horizon).map(|h| f64::min(share(h), 1.0)).collect())
            })
            .into(),
    }
}

/// Between −1 and 1, by a hash of its argument.
fn noise(i: usize) -> f64 {
    let x = (i as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    ((x ^ (x >> 32)) & 0xFFFF) as f64 / 32767.5 - 1.0
}

/// The stamp of a day, counted from 18 March 1996.
fn day(n: usize) -> String {
    let (mut year, mut rest) = (1996, n + 77);
    let length = |year: usize| if year.is_multiple_of(4) { 366 } else { 365 };
    while rest >= length(year) {
        rest -= length(year);
        year += 1;
    }
    let months = [31, length(year) - 337, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while rest >= months[month] {
        rest -= months[month];
        month += 1;
    }
    format!("{year}-{:02}-{:02}", month + 1, rest + 1)
}
