//! Money from a spec to a report.

use almanac_backtest::{Plan, PlanError, Progress, Sink, SinkError, Spec, Summary};
use almanac_data::{Audit, Calendar, Clock, FoldResult, Freq, Manifest, Panel, Report, Stamp};
use almanac_models::Ctx;

const DAY: i64 = 86_400_000_000;

/// Two series that go 1 % up and down in turns of two days, on a rising road.
fn panel() -> Panel {
    let (mut series, mut at, mut y) = (Vec::new(), Vec::new(), Vec::new());
    for place in 0..2 {
        let mut price = 100.0;
        for t in 0..120 {
            price *= if (t + place) % 4 < 2 { 1.0125 } else { 0.99 };
            at.push(Stamp(t as i64 * DAY));
            y.push(price);
        }
        series.push((format!("s{place}"), y.len()));
    }
    Panel::new("turns", Calendar::new(Clock::Date, Freq::BusinessDays), series, at, y).unwrap()
}

struct Fed<'a>(Summary<'a>);

impl Sink for Fed<'_> {
    fn fold(&mut self, result: &FoldResult) -> Result<(), SinkError> {
        self.0.feed(result);
        Ok(())
    }
}

struct Quiet;

impl Progress for Quiet {
    fn tick(&self, _done: usize, _total: usize) {}
}

fn report(text: &str, panel: &Panel) -> Report {
    let plan = Plan::new(&Spec::from_toml(text).unwrap(), panel).unwrap();
    let mut fed = Fed(Summary::new(&plan));
    plan.run(&Ctx::new(1), 0, &mut fed, &Quiet).unwrap();
    fed.0.report(&Ctx::new(1), Manifest::default(), Audit::default())
}

const FORECAST: &str = "data = {}\nfolds = { horizon = 1, count = 60 }\n\
    [money]\n[[model]]\nuse = \"drift\"\n[[model]]\nuse = \"naive\"\n";

/// Drift always expects a rise here, so it is buy and hold; naive expects nothing and holds nothing.
/// The last decision, at the row before the last, could not be left again: 59 of 60 are traded.
#[test]
fn a_forecast_is_traded_after_free_and_after_dear_costs() {
    let report = report(FORECAST, &panel());
    let money = report.money.unwrap();
    assert_eq!((money.costs_bp, money.periods), (vec![0.0, 50.0], 59));
    assert!((money.years - 59.0 / 252.0).abs() < 1e-12);
    let own = |name: &str| money.accounts.iter().find(|own| own.name == name).unwrap();
    assert_eq!(own("drift").earned, money.hold.earned);
    let [free, dear] = own("drift").earned.as_slice() else { panic!() };
    let moves =
        |t: usize| (0..2).map(|s| if (t + s) % 4 < 2 { 0.0125 } else { -0.01 }).sum::<f64>();
    let grown: f64 = (61..120).map(|t| 1.0 + moves(t) / 2.0).product();
    assert!((free.total - (grown - 1.0)).abs() < 1e-9, "{}", free.total);
    assert!(dear.total < free.total && free.total - dear.total < 0.011);
    let nothing = &own("naive");
    assert_eq!((nothing.earned[1].total, nothing.hit_rate), (0.0, None));
    assert!(money.overfitting[0].is_some());
    assert!(report.calls.is_empty());
}

/// A teller of directions that knows the turns is right about the next day and trades the day after:
/// what it calls is counted, and what it earns is another matter.
#[test]
fn directions_are_counted_and_traded() {
    let text = "task = \"direction\"\ndata = {}\nfeatures = { lags = [1, 2, 3, 4] }\n\
        folds = { horizon = 1, count = 60, refit = \"never\" }\n\
        [money]\ncosts_bp = [10]\n[[model]]\nuse = \"tree\"\n";
    let report = report(text, &panel());
    let names: Vec<&str> = report.calls.iter().map(|own| own.model.as_str()).collect();
    let ranked: Vec<&str> = report.leaderboard.rows.iter().map(|row| row.model.as_str()).collect();
    assert_eq!(names, ranked);
    let tree = report.calls.iter().find(|own| own.model == "tree").unwrap();
    assert_eq!((tree.count(), tree.base_rate()), (120, 0.5));
    let row = report.leaderboard.rows.iter().find(|row| row.model == "tree").unwrap();
    assert!((row.scores["accuracy"].as_f64().unwrap() - tree.accuracy()).abs() < 1e-12);
    assert!(tree.interval.0 < tree.accuracy() && tree.accuracy() <= tree.interval.1);
    assert_eq!(report.money.unwrap().costs_bp, [0.0, 10.0, 50.0]);
}

/// The resolved spec says what was left out, and gives the same money.
#[test]
fn the_resolved_spec_says_all() {
    let panel = panel();
    let first = report(FORECAST, &panel);
    assert!(first.spec.contains("periods_per_year = 252.0"), "{}", first.spec);
    let again = report(&first.spec, &panel);
    assert_eq!(first.money, again.money);
    let own = first.money.unwrap();
    let text = serde_json::to_string(&own).unwrap();
    let back: almanac_data::Money = serde_json::from_str(&text).unwrap();
    assert_eq!((&back.at, &back.notes, &back.rule), (&own.at, &own.notes, &own.rule));
    let undefined = |money: &almanac_data::Money| {
        money.accounts.iter().map(|own| own.earned[0].sharpe.is_none()).collect::<Vec<_>>()
    };
    assert_eq!(undefined(&back), undefined(&own));
}

/// What has no price is refused before a model runs, with its place in the spec.
#[test]
fn what_is_no_price_is_refused() {
    let mut panel = panel();
    panel.values_mut()[7] = -2.0;
    let refused = |text: &str, panel: &Panel| {
        let error = Plan::new(&Spec::from_toml(text).unwrap(), panel).err().unwrap();
        (error.place(text), error)
    };
    let (place, error) = refused(FORECAST, &panel);
    assert!(matches!(error, PlanError::Price { .. }));
    assert_eq!(error.to_string(), "money needs prices above 0: series `s0` has -2 at 1970-01-08");
    assert_eq!(place.unwrap().0, 3);
    panel.values_mut()[7] = 100.0;
    let text = FORECAST.replace("[money]\n", "[money]\nlong_only = true\nslippage_bp = -1\n");
    let (place, error) = refused(&text, &panel);
    assert_eq!(error.to_string(), "money.slippage_bp must be at least 0, not -1");
    assert_eq!(place, Some((5, 1)));
    assert!(Spec::from_toml(&FORECAST.replace("[money]\n", "[money]\ncost = 1\n")).is_err());
}
