//! Laws of the loop: blind to the future, indifferent to threads, to the order of work and to
//! being interrupted.

use almanac_backtest::{
    End, FoldKind, FoldSpec, ModelSpec, Plan, Progress, Refit, Sink, SinkError, Spec, Summary,
};
use almanac_data::{Calendar, Clock, Column, FoldResult, Freq, Panel, Role, Stamp};
use almanac_models::Ctx;
use almanac_models::forecast::ROSTER;

const DAY: i64 = 86_400_000_000;

/// Four daily series: a clean one, one with holes, a short one, and one that ends early.
fn panel() -> Panel {
    let lengths = [60, 64, 23, 40];
    let (mut series, mut at, mut y) = (Vec::new(), Vec::new(), Vec::new());
    for (place, length) in lengths.into_iter().enumerate() {
        for t in 0..length {
            let wave = [3.0, 1.0, 0.0, 2.0, 5.0, 9.0, 7.0][t % 7];
            let noise = ((t * 37 + place * 11) % 17) as f64 / 5.0;
            let hole = place == 1 && t % 9 == 4;
            at.push(Stamp(t as i64 * DAY));
            y.push(if hole { f64::NAN } else { 20.0 + 0.1 * t as f64 + wave + noise });
        }
        series.push((format!("s{place}"), y.len()));
    }
    Panel::new("laws", Calendar::new(Clock::Date, Freq::Days(1)), series, at, y).unwrap()
}

/// Three folds that overlap behind a gap, and models that fill, that move on, and a lift.
fn spec() -> Spec {
    let text = r#"
        data = {}
        folds = { horizon = 6, count = 3, step = 4, gap = 1 }
        score = { metrics = ["mase", "smape", "rmse", "crps", "pinball", "coverage", "msis"] }
        [[model]]
        use = "seasonal_naive"
        [[model]]
        use = "naive"
        [[model]]
        use = "window_mean"
        [[model]]
        use = "theta"
        [[model]]
        use = "croston"
        [[model]]
        use = "drift"
        lift = { kind = "conformal", windows = 5 }
        [[model]]
        use = "random_forest"
        trees = 3
        lift = { scope = "panel", strategy = "direct", windows = 0, features = { rolling = [3] } }
        [[model]]
        use = "ridge"
        lift = { target = ["seasonal_difference"], features = { lags = [1], calendar = ["weekday"] } }
        [[model]]
        use = "cnn"
        repeats = 2
        filters = [2]
        train = { epochs = 2, warm = 1, hold = 0.2 }
        lift = { window = 7, level = "mean", target = ["min_max"], ahead = { calendar = ["weekday"] } }
        [[model]]
        use = "cnn"
        name = "cnn_of_all"
        refit = 2
        filters = [2]
        train = { epochs = 1, warm = 1, seeds = 2 }
        lift = { window = 5, scope = "panel", unit = "mean", features = { rolling = [3] } }
    "#;
    Spec::from_toml(text).unwrap()
}

/// The same folds for tellers of directions, of single series and of the panel.
fn directions() -> Spec {
    let text = r#"
        task = "direction"
        data = {}
        folds = { horizon = 2, count = 3, step = 4, refit = 2 }
        features = { lags = [1, 2, 7] }
        [[variant]]
        name = "alone"
        [[variant]]
        name = "together"
        lift = { scope = "panel" }
        features = { lags = false, rolling = [3] }
        [[model]]
        use = "tree"
    "#;
    Spec::from_toml(text).unwrap()
}

#[derive(Default)]
struct Kept {
    folds: Vec<FoldResult>,
    stop: Option<(usize, Ctx)>,
}

impl Sink for Kept {
    fn fold(&mut self, result: &FoldResult) -> Result<(), SinkError> {
        let mut result = result.clone();
        // Seconds are the only thing that may differ.
        for answered in &mut result.answers {
            (answered.fit_s, answered.predict_s) = (0.0, 0.0);
        }
        self.folds.push(result);
        if let Some((after, ctx)) = &self.stop
            && self.folds.len() == *after
        {
            ctx.cancel();
        }
        Ok(())
    }
}

struct Silent;

impl Progress for Silent {
    fn tick(&self, _done: usize, _total: usize) {}
}

fn run_from(spec: &Spec, panel: &Panel, from: usize) -> Vec<FoldResult> {
    let plan = Plan::new(spec, panel).unwrap();
    let mut kept = Kept::default();
    let end = plan.run(&Ctx::new(7), from, &mut kept, &Silent).unwrap();
    assert_eq!(end, End::Done);
    kept.folds
}

fn run(spec: &Spec, panel: &Panel) -> Vec<FoldResult> {
    run_from(spec, panel, 0)
}

/// Every bit of everything, NaN included.
fn bits(folds: &[FoldResult]) -> String {
    format!("{folds:?}")
}

/// Every bit of what models said.
fn said(folds: &[FoldResult]) -> Vec<(String, Vec<u64>)> {
    let answers = folds.iter().flat_map(|fold| &fold.answers);
    let numbers = |answered: &almanac_data::Answered| {
        let bands = answered.bands.iter().flat_map(|(low, high)| low.iter().chain(high));
        let bits = answered.mean.iter().chain(bands).map(|value| value.to_bits()).collect();
        (format!("{:?} {:?}", answered.cutoff, answered.error), bits)
    };
    answers.map(numbers).collect()
}

fn refits() -> [Refit; 3] {
    [Refit::Every, Refit::Never, Refit::Folds(2)]
}

/// Whatever stands after a cutoff, no model's answer at that cutoff changes by a bit.
#[test]
fn the_future_is_out_of_reach() {
    for (refit, mut spec) in refits().into_iter().flat_map(|r| [(r, spec()), (r, directions())]) {
        spec.folds.refit = refit;
        let honest = run(&spec, &panel());
        // The rows from the first cutoff of each series on: the last fold is checked by itself.
        for fold in 0..3 {
            let mut poisoned = panel();
            for series in 0..poisoned.len() {
                let span = poisoned.span(series);
                let after = spec.folds.horizon + spec.folds.gap + (2 - fold) * 4;
                let from = span.end.saturating_sub(after).max(span.start);
                poisoned.values_mut()[from..span.end].fill(1e9);
            }
            let lied = run(&spec, &poisoned);
            assert_eq!(said(&honest[..=fold]), said(&lied[..=fold]), "{refit:?}, fold {fold}");
            assert_ne!(bits(&honest[fold..=fold]), bits(&lied[fold..=fold]), "truth was not read");
        }
    }
}

/// The same for every line of the roster with its defaults, refitted and moved on, on one thread
/// and on three.
#[test]
fn no_model_of_the_roster_reaches_the_future() {
    let short = |panel: &Panel| {
        let (mut at, mut y) = (Vec::new(), Vec::new());
        let series = panel.iter().take(2).map(|series| {
            at.extend(&series.at[..34]);
            y.extend(&series.y[..34]);
            (series.id.to_string(), y.len())
        });
        let series = series.collect();
        Panel::new("short", panel.calendar.clone(), series, at, y).unwrap()
    };
    let (honest, mut poisoned) = (short(&panel()), short(&panel()));
    for series in 0..2 {
        let end = poisoned.span(series).end;
        poisoned.values_mut()[end - 3..end].fill(-1e7);
    }
    let mut spec = spec();
    spec.folds = FoldSpec { horizon: 3, count: 2, step: Some(2), ..FoldSpec::default() };
    spec.model = ROSTER.iter().map(|entry| ModelSpec::of(entry.name)).collect();
    for refit in [Refit::Every, Refit::Never] {
        spec.folds.refit = refit;
        spec.run.threads = 1;
        let one = run(&spec, &honest);
        spec.run.threads = 3;
        let other = run(&spec, &poisoned);
        assert_eq!(said(&one), said(&other), "{refit:?}");
    }
}

/// A column known only at the end of its own row changes no bit, even when it holds the truth.
#[test]
fn a_past_column_is_never_shown() {
    let mut leak: Vec<f64> = panel().iter().flat_map(|s| s.y.to_vec()).collect();
    leak.rotate_left(1);
    let tempting =
        [Role::Past, Role::Close, Role::Open].into_iter().fold(panel(), |panel, role| {
            let column = Column {
                name: format!("{role:?}"),
                role,
                values: leak.clone(),
                labels: Vec::new(),
            };
            panel.with_column(column).unwrap()
        });
    assert_eq!(bits(&run(&spec(), &panel())), bits(&run(&spec(), &tempting)));
}

/// One, two and eight threads give the same bits in the same order.
#[test]
fn threads_change_nothing() {
    for (refit, spec) in refits().into_iter().flat_map(|r| [(r, spec()), (r, directions())]) {
        let with = |threads| {
            let mut spec = spec.clone();
            spec.folds.refit = refit;
            spec.run.threads = threads;
            bits(&run(&spec, &panel()))
        };
        let one = with(1);
        assert_eq!(one, with(2));
        assert_eq!(one, with(8));
    }
}

/// A run taken up at any fold gives what the uninterrupted run gave from there on.
#[test]
fn resumed_is_uninterrupted() {
    for (refit, mut spec) in refits().into_iter().flat_map(|r| [(r, spec()), (r, directions())]) {
        spec.folds.refit = refit;
        let whole = run(&spec, &panel());
        for from in 0..3 {
            let rest = run_from(&spec, &panel(), from);
            assert_eq!(bits(&whole[from..]), bits(&rest), "{refit:?} from {from}");
        }
    }
}

/// Methods without parameters say the same whether they are fitted again or moved on: at the last
/// fold the state is that of the last cutoff. Ones with parameters keep the first fold's.
#[test]
fn a_kept_fit_moves_on() {
    let means = |refit, model| {
        let mut spec = spec();
        spec.folds.refit = refit;
        let last = run(&spec, &panel()).pop().unwrap();
        let own = last.answers.into_iter().filter(move |a| a.model == model);
        own.map(|answered| answered.mean).collect::<Vec<_>>()
    };
    for model in [0, 1, 2] {
        assert_eq!(means(Refit::Every, model), means(Refit::Never, model));
    }
    assert_ne!(means(Refit::Every, 3), means(Refit::Never, 3));
}

/// A run that is stopped keeps its finished folds and says where to go on.
#[test]
fn cancelled_keeps_what_is_done() {
    let (panel, spec, ctx) = (panel(), spec(), Ctx::new(7));
    let plan = Plan::new(&spec, &panel).unwrap();
    let mut kept = Kept { stop: Some((1, ctx.clone())), ..Kept::default() };
    let end = plan.run(&ctx, 0, &mut kept, &Silent).unwrap();
    assert_eq!(end, End::Cancelled { fold: 1 });
    assert_eq!(bits(&kept.folds), bits(&run(&spec, &panel)[..1]));
}

/// The resolved spec, written and read again, runs to the same bits.
#[test]
fn the_resolved_spec_reproduces_the_run() {
    let panel = panel();
    let resolved = Plan::new(&spec(), &panel).unwrap().spec().to_toml().unwrap();
    let again = Spec::from_toml(&resolved).unwrap();
    assert_eq!(bits(&run(&spec(), &panel)), bits(&run(&again, &panel)));
    let twice = Plan::new(&again, &panel).unwrap().spec().to_toml().unwrap();
    assert_eq!(resolved, twice);
}

/// The short series has no past at the first fold: a row with the reason for every model, no
/// forecast, and every other row is whole.
#[test]
fn a_short_series_is_a_row_with_its_reason() {
    let mut spec = spec();
    spec.folds.count = 5;
    let folds = run(&spec, &panel());
    let missing: Vec<_> = folds[0].answers.iter().filter(|a| a.mean.is_empty()).collect();
    assert_eq!(missing.len(), 11);
    assert!(missing.iter().all(|answered| answered.series == 2));
    let reason = missing[0].error.as_deref().unwrap();
    assert_eq!(reason, "no value before the cutoff of fold 1 of 5 in 23 rows");
    let panel = panel();
    let plan = Plan::new(&spec, &panel).unwrap();
    let mut summary = Summary::new(&plan);
    summary.feed(&folds[0]);
    let note = "1 pairs of series and fold have no past: neither forecast nor scored";
    assert!(summary.notes().contains(&note.to_string()));
    let whole = folds.iter().flat_map(|fold| &fold.answers).filter(|a| !a.mean.is_empty());
    assert!(whole.clone().all(|a| a.mean.iter().all(|m| m.is_finite()) && a.ds.len() == 6));
    assert_eq!(whole.count() + 11, 5 * 4 * 11);
}

/// At one date for all, the series that ended before is forecast, not scored and counted.
#[test]
fn calendar_counts_series_without_truth() {
    let mut spec = spec();
    spec.folds.align = almanac_backtest::Align::Calendar;
    spec.folds.count = 1;
    let panel = panel();
    let plan = Plan::new(&spec, &panel).unwrap();
    let folds = run(&spec, &panel);
    let blind: Vec<_> =
        folds[0].answers.iter().filter(|a| a.y.iter().all(|y| y.is_nan())).collect();
    assert_eq!(blind.iter().map(|a| a.series).collect::<std::collections::BTreeSet<_>>().len(), 2);
    assert!(blind.iter().all(|a| a.error.is_none() && a.mean.len() == 6 && a.scores[0].is_nan()));
    let mut summary = Summary::new(&plan);
    summary.feed(&folds[0]);
    let notes = summary.notes().join("\n");
    assert!(notes.contains("2 of 4 series have no truth"), "{notes}");
}

/// A summary fed from kept folds equals the one fed while running, whatever the number of folds.
#[test]
fn a_summary_has_no_memory_of_how_it_was_fed() {
    let (spec, panel) = (spec(), panel());
    let plan = Plan::new(&spec, &panel).unwrap();
    let folds = run(&spec, &panel);
    let mut summary = Summary::new(&plan);
    folds.iter().for_each(|fold| summary.feed(fold));
    let board = summary.leaderboard(&Ctx::new(7));
    assert_eq!(board.rows.len(), 10);
    assert_eq!(
        (board.baseline.as_str(), board.primary_metric.as_str()),
        ("seasonal_naive", "mase")
    );
    let baseline = board.rows.iter().find(|row| row.model == "seasonal_naive").unwrap();
    assert_eq!((baseline.skill, baseline.p_value, baseline.win_rate), (Some(0.0), None, None));
    // By hand: the mean over series of the per-series mean over folds.
    let series_mean = |series| {
        let scores = folds.iter().flat_map(|fold| &fold.answers);
        let own = scores.filter(|a| a.model == 1 && a.series == series).map(|a| a.scores[0]);
        let own: Vec<f64> = own.filter(|score| !score.is_nan()).collect();
        own.iter().sum::<f64>() / own.len() as f64
    };
    let expected = (0..4).map(series_mean).sum::<f64>() / 4.0;
    let naive = board.rows.iter().find(|row| row.model == "naive").unwrap();
    let got = naive.scores["mase"].as_f64().unwrap();
    assert!((got - expected).abs() < 1e-12 * expected, "{got} ≠ {expected}");
}

/// Sliding windows see only their rows: values before the window change nothing.
#[test]
fn a_sliding_window_forgets() {
    let mut spec = spec();
    (spec.folds.kind, spec.folds.window) = (FoldKind::Sliding, Some(12));
    spec.model.truncate(5);
    let honest = run(&spec, &panel());
    let mut changed = panel();
    for series in [0, 1] {
        let start = changed.span(series).start;
        changed.values_mut()[start..start + 20].fill(-5.0);
    }
    assert_eq!(bits(&honest), bits(&run(&spec, &changed)));
}

/// The same model twice is numbered, and draws of its own do not disturb the others.
#[test]
fn names_are_numbered() {
    let mut spec = spec();
    spec.model.push(ModelSpec::of("window_mean"));
    let panel = panel();
    let plan = Plan::new(&spec, &panel).unwrap();
    let names = [
        "seasonal_naive",
        "naive",
        "window_mean",
        "theta",
        "croston",
        "drift",
        "random_forest",
        "ridge",
        "cnn#1",
        "cnn#2",
        "cnn_of_all",
        "window_mean_2",
    ];
    assert_eq!(plan.model_names(), names);
    let (six, seven) = (run(&self::spec(), &panel), run(&spec, &panel));
    let others = |folds: &[FoldResult]| {
        let mut folds = folds.to_vec();
        folds.iter_mut().for_each(|fold| fold.answers.retain(|a| a.model < 6));
        bits(&folds)
    };
    assert_eq!(others(&six), others(&seven));
}

/// Mean absolute error of a regression on noise around a driver, with this column known: of the
/// row and the driver there.
fn error_with(column: impl Fn(usize, f64) -> f64) -> f64 {
    let rows = 120;
    let drawn = |seed: usize, t: usize| {
        let mixed = (t * 2_654_435_761 + seed * 40_503) % 1_000_003 * 7919 % 1_000_003;
        mixed as f64 / 500_001.5 - 1.0
    };
    let driver: Vec<f64> = (0..rows).map(|t| drawn(3, t)).collect();
    let y = (0..rows).map(|t| 10.0 + 4.0 * driver[t] + drawn(5, t)).collect();
    let at = (0..rows as i64).map(Stamp).collect();
    let known = Column {
        name: "known".into(),
        role: Role::Known,
        values: (0..rows).map(|t| column(t, driver[t])).collect(),
        labels: Vec::new(),
    };
    let panel = Panel::new("driven", Calendar::steps(), vec![("a".into(), rows)], at, y).unwrap();
    let panel = panel.with_column(known).unwrap();
    let text = "data = {}\nfolds = { horizon = 3, count = 20 }\nscore.metrics = [\"mae\"]\n\
                [[model]]\nuse = \"sarimax\"\norder = [0, 0, 0]";
    let plan_spec = Spec::from_toml(text).unwrap();
    let plan = Plan::new(&plan_spec, &panel).unwrap();
    let mut summary = Summary::new(&plan);
    run(&plan_spec, &panel).iter().for_each(|fold| summary.feed(fold));
    let board = summary.leaderboard(&Ctx::new(7));
    let row = board.rows.iter().find(|row| row.model == "sarimax").unwrap();
    assert_eq!(row.failures, 0);
    row.scores["mae"].as_f64().unwrap()
}

/// A known column of pure noise earns nothing; the one that drives the series earns a lot.
#[test]
fn noise_known_ahead_earns_nothing() {
    let constant = error_with(|_, _| 1.0);
    let noise =
        error_with(|t, _| ((t * 48_271 + 11) % 65_537 * 16_807 % 65_537) as f64 / 32_768.5 - 1.0);
    let driver = error_with(|_, driver| driver);
    assert!(noise > 0.98 * constant, "noise earned {noise} against {constant}");
    assert!(driver < 0.5 * constant, "the driver earned {driver} against {constant}");
}
