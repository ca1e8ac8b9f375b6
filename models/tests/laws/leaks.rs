//! Laws of the panel: the future is out of reach, order and repetition change nothing, holes are met.

use almanac_data::{Ahead, Calendar, Column, FitError, Forecast, Forecasting, Panel, Role, Stamp};
use almanac_models::{Ctx, Missing, Model, PerSeries};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::subjects::{Subject, all_obey, noise, ordinary, subjects};

const ROWS: usize = 44;
const CUTOFF: usize = 36;
const HORIZON: usize = 5;

/// Three series of 44 rows, in this order.
fn panel(order: [usize; 3]) -> Panel {
    let all = [
        ("ordinary", ordinary(ROWS)),
        ("noise", noise(51, ROWS).iter().map(|e| 30.0 + e).collect()),
        (
            "demand",
            (0..ROWS).map(|t| if t % 3 == 1 { 9.0 + (t % 5) as f64 } else { 1.0 }).collect(),
        ),
    ];
    let chosen = order.map(|place| &all[place]);
    let ends = chosen.iter().enumerate().map(|(i, (id, _))| (id.to_string(), (i + 1) * ROWS));
    let at = (0..3 * ROWS).map(|row| Stamp((row % ROWS) as i64)).collect();
    let y = chosen.iter().flat_map(|(_, y)| y.clone()).collect();
    let mut panel = Panel::new("law", Calendar::steps(), ends.collect(), at, y).unwrap();
    panel.season = 4;
    panel
}

/// The forecasts of every series at the cutoff, through the one knife.
fn answers(subject: &Subject, panel: &Panel) -> Result<Vec<Forecast>, FitError> {
    let cut = panel.cut(
        (0..panel.len()).map(|series| (series, panel.span(series).start + CUTOFF)),
        usize::MAX,
        HORIZON,
    );
    let model = PerSeries { method: subject.again() };
    let ctx = Ctx::new(5);
    let fitted = Model::<Forecasting>::fit(&model, &ctx, cut.past(panel))?;
    let (past, future) = (cut.past(panel), cut.future(panel));
    fitted.predict(&ctx, Ahead { horizon: HORIZON, past, future })
}

/// Every number of a forecast, as bits.
fn bits(forecasts: &[Forecast]) -> String {
    forecasts.iter().map(|forecast| format!("{forecast:?}\n")).collect()
}

/// Every value after the cutoff may be anything: no bit of the answer changes.
#[test]
fn poisoning_the_future_changes_nothing() {
    let clean = panel([0, 1, 2]);
    let poisons: [fn(usize) -> f64; 4] =
        [|_| f64::NAN, |_| 1e300, |_| f64::NEG_INFINITY, |row| (row as f64).sin() * 1e6];
    all_obey("poisoning the future changes nothing", |subject| {
        let expected = bits(&answers(subject, &clean).map_err(|e| e.to_string())?);
        for (which, poison) in poisons.iter().enumerate() {
            let mut panel = clean.clone();
            for (row, value) in panel.values_mut().iter_mut().enumerate() {
                if row % ROWS >= CUTOFF {
                    *value = poison(row);
                }
            }
            let poisoned = answers(subject, &panel).map_err(|e| e.to_string())?;
            if bits(&poisoned) != expected {
                return Err(format!("poison {which} got through"));
            }
        }
        Ok(())
    });
}

/// Columns that are not known in advance may be anything everywhere; columns that are, anything
/// beyond the horizon.
#[test]
fn poisoning_columns_changes_nothing() {
    let column = |name: &str, role, value: &dyn Fn(usize) -> f64| Column {
        name: name.into(),
        role,
        values: (0..3 * ROWS).map(value).collect(),
        labels: Vec::new(),
    };
    let with = |poison: f64| {
        let weekend = |row: usize| match row % ROWS {
            t if t < CUTOFF + HORIZON => (t % 6 == 0) as u8 as f64,
            _ => poison,
        };
        let mut panel = panel([0, 1, 2]).with_column(column("weekend", Role::Known, &weekend));
        for role in [Role::Past, Role::Open, Role::Close] {
            let name = format!("{role:?}");
            panel = panel.and_then(|p| p.with_column(column(&name, role, &|_| poison)));
        }
        panel.unwrap()
    };
    let (clean, poisoned) = (with(0.0), with(f64::NAN));
    all_obey("poisoning columns changes nothing", |subject| {
        let expected = answers(subject, &clean).map_err(|e| e.to_string())?;
        let got = answers(subject, &poisoned).map_err(|e| e.to_string())?;
        if bits(&got) == bits(&expected) { Ok(()) } else { Err("a column got through".into()) }
    });
}

/// The same seed gives the same bits.
#[test]
fn same_seed_same_bits() {
    let panel = panel([0, 1, 2]);
    all_obey("same seed, same bits", |subject| {
        let [once, again] = [(); 2].map(|()| answers(subject, &panel).map(|a| bits(&a)));
        if once == again { Ok(()) } else { Err("two fits differ".into()) }
    });
}

/// A series does not know its neighbours: in another order, the same bits.
#[test]
fn order_of_series_does_not_matter() {
    let (one, other) = (panel([0, 1, 2]), panel([2, 0, 1]));
    all_obey("the order of series does not matter", |subject| {
        let one = answers(subject, &one).map_err(|e| e.to_string())?;
        let other = answers(subject, &other).map_err(|e| e.to_string())?;
        let back = [other[1].clone(), other[2].clone(), other[0].clone()];
        if bits(&one) == bits(&back) { Ok(()) } else { Err("order matters".into()) }
    });
}

/// Holes at the start, in the middle and at the end are met; filled ones are counted.
#[test]
fn holes_are_met() {
    let holes = [0, 1, 11, 12, 13, 14, 20, 27, CUTOFF - 2, CUTOFF - 1];
    let mut panel = panel([0, 1, 2]);
    for (row, value) in panel.values_mut().iter_mut().enumerate() {
        if holes.contains(&(row % ROWS)) {
            *value = f64::NAN;
        }
    }
    all_obey("missing values are met", |subject| {
        let filled = match subject.method.missing() {
            Missing::Exact => 0,
            // The two at the start are dropped, not filled.
            Missing::Fill => holes.len() - 2,
        };
        for forecast in answers(subject, &panel).map_err(|e| e.to_string())? {
            if forecast.len() != HORIZON || forecast.filled != filled {
                let (steps, got) = (forecast.len(), forecast.filled);
                return Err(format!("{steps} steps, {got} filled where {filled} were missing"));
            }
        }
        Ok(())
    });
}

/// Whatever is missing, and however much.
#[test]
fn random_holes_are_met() {
    let value = prop_oneof![3 => 10.0..20.0_f64, 2 => Just(f64::NAN)];
    let values = proptest::collection::vec(value, 1..40);
    let config = Config { cases: 12, failure_persistence: None, ..Config::default() };
    for subject in subjects() {
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let verdict = TestRunner::new_with_rng(config.clone(), rng).run(&values, |y| {
            let at = (0..y.len()).map(|row| Stamp(row as i64)).collect();
            let ends = vec![("holes".to_string(), y.len())];
            let mut panel = Panel::new("law", Calendar::steps(), ends, at, y).unwrap();
            panel.season = 4;
            match answers(&subject, &panel) {
                Ok(_) | Err(FitError::TooShort { .. }) => Ok(()),
                Err(why) => Err(TestCaseError::fail(why.to_string())),
            }
        });
        if let Err(why) = verdict {
            panic!("law broken: random holes are met\n  {}: {why}", subject.label);
        }
    }
}

/// A series without any value is too short, in words.
#[test]
fn nothing_but_holes_is_too_short() {
    let mut panel = panel([0, 1, 2]);
    panel.values_mut()[..ROWS].fill(f64::NAN);
    all_obey("nothing but holes is too short", |subject| match answers(subject, &panel) {
        Err(FitError::TooShort { got: 0, .. }) => Ok(()),
        other => Err(format!("{other:?}")),
    });
}
