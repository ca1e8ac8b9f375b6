//! The laws that every line of the features' roster obeys.
//!
//! ```text
//! past ── known ──┃ origin ── poisoned, or not there ──▶      no bit of a feature may move
//! ```

use almanac_data::{Calendar, Clock, Freq, Role, Stamp};
use almanac_models::Written;
use almanac_models::features::{Beside, Features, Learnt, ROSTER, Track};

/// A feature as a person writes it; from how many past rows on and up to which step it has values.
struct Subject {
    name: &'static str,
    written: &'static str,
    rows: usize,
    steps: usize,
}

const fn subject(name: &'static str, written: &'static str, rows: usize, steps: usize) -> Subject {
    Subject { name, written, rows, steps }
}

const SUBJECTS: &[Subject] = &[
    subject("lags", "[]", 28, 1),
    subject("lags", "[3,9]", 9, 3),
    subject("seasonal_lags", "[]", 28, 14),
    subject("differences", "[]", 8, 14),
    subject("rolling", "[3,7]", 7, 14),
    subject(
        "rolling",
        r#"{"windows":[5],"of":["mean","std","min","max","median","sum","q10"],"offset":2}"#,
        7,
        14,
    ),
    subject("rolling_seasonal", r#"{"counts":[2],"of":["mean","std","median"]}"#, 28, 14),
    subject("expanding", r#"["mean","std","min","max","sum"]"#, 1, 14),
    subject("ewm", "[0.1,0.5,1.0]", 1, 14),
    subject(
        "calendar",
        r#"["weekday","weekday_number","weekend","business_day","day","day_of_year","week","month",
            "month_onehot","quarter","year","hour","hour_onehot","minute","slot","month_start",
            "month_end"]"#,
        1,
        14,
    ),
    subject("holidays", r#"{"dates":["2024-01-26","2024-03-29"],"near":2}"#, 1, 14),
    subject("fourier", r#"{"pairs":2,"periods":[7.0,30.4]}"#, 1, 14),
    subject("fourier", "3", 1, 14),
    subject("columns", "true", 1, 14),
    subject("columns", r#"{"close":[1,2],"holiday":[0,1],"size":[0]}"#, 2, 1),
    subject("step", "true", 1, 14),
    subject("chaos", "true", usize::MAX, 0),
    subject("chaos", r#"{"lag":2,"dimension":3}"#, 5, 14),
    subject(
        "chaos",
        r#"{"rule":"decay","most_dimension":4,"only_if_chaotic":true}"#,
        usize::MAX,
        0,
    ),
    subject("slots", "true", usize::MAX, 0),
    subject("slots", r#"{"lag":0,"index":"index"}"#, usize::MAX, 0),
    subject(
        "indicators",
        r#"{"of":["sma_5","wma_5","ema_5","rsi_7","bollinger_6_2","cci_6","macd_3_6_4","roc_3",
            "momentum_4","atr_5","stochastic_5_3","williams_5","obv","mfi_5","adx_4"],"levels":"value"}"#,
        9,
        14,
    ),
    subject("indicators", r#"{"of":["ema","macd","atr","adx_14"],"levels":"both"}"#, usize::MAX, 0),
];

const ROWS: usize = 90;

/// A small series with every kind of column, as if it were all known.
struct World {
    y: Vec<f64>,
    at: Vec<Stamp>,
    calendar: Calendar,
    season: usize,
    columns: Vec<(&'static str, Role, Vec<f64>)>,
}

impl World {
    fn new(y: impl Fn(usize) -> f64, season: usize) -> World {
        let calendar = Calendar::new(Clock::Date, Freq::Days(1));
        let first = Clock::Date.read("2024-01-01").unwrap();
        let mut at = vec![first];
        at.extend(calendar.after(first, ROWS + 20));
        let y: Vec<f64> = (0..ROWS).map(y).collect();
        let around = |f: fn(f64, usize) -> f64| {
            y.iter().enumerate().map(|(row, &value)| f(value, row)).collect::<Vec<f64>>()
        };
        let columns = vec![
            ("open", Role::Open, around(|y, row| y - (row % 3) as f64)),
            ("high", Role::Close, around(|y, row| y + 1.0 + (row % 4) as f64)),
            ("low", Role::Close, around(|y, row| y - 3.0 - (row % 2) as f64)),
            ("close", Role::Close, around(|y, _| y)),
            ("volume", Role::Past, around(|_, row| 100.0 + (row * row % 17) as f64)),
            ("index", Role::Past, around(|_, row| 50.0 + (row * 7 % 11) as f64)),
            ("holiday", Role::Known, (0..ROWS + 20).map(|row| (row % 9 / 8) as f64).collect()),
            ("size", Role::Static, vec![4.0]),
        ];
        World { y, at, calendar, season, columns }
    }

    /// The series with its first `origin` rows as past; the rest is there but not known.
    fn track(&self, origin: usize, same_row: bool) -> Track<'_> {
        let beside = self.columns.iter().map(|(name, role, values)| {
            let cut = origin.min(values.len());
            let (past, ahead) = (&values[..cut], &values[cut..]);
            Beside { name, role: *role, past, ahead }
        });
        Track {
            id: "a",
            y: self.y.clone(),
            at: self.at.clone(),
            calendar: &self.calendar,
            season: self.season,
            beside: beside.collect(),
            same_row,
        }
    }

    /// The same with everything changed that is not known at this origin.
    fn poisoned(&self, origin: usize, same_row: bool) -> World {
        let wreck = |values: &[f64], from: usize| {
            let worse = |(row, &value): (usize, &f64)| match row < from {
                true => value,
                false => -7e9 * value - row as f64 - 3.0,
            };
            values.iter().enumerate().map(worse).collect::<Vec<_>>()
        };
        let columns = self.columns.iter().map(|(name, role, values)| match role {
            Role::Static | Role::Known => (*name, *role, values.clone()),
            _ => (*name, *role, wreck(values, origin + usize::from(same_row))),
        });
        World {
            y: wreck(&self.y, origin),
            at: self.at.clone(),
            calendar: self.calendar.clone(),
            season: self.season,
            columns: columns.collect(),
        }
    }
}

fn worlds() -> Vec<(&'static str, World)> {
    let wavy = |row: usize| 20.0 + (row as f64 * 0.9).sin() * 4.0 + (row * row % 7) as f64;
    vec![
        ("wavy", World::new(wavy, 7)),
        ("no season", World::new(wavy, 1)),
        ("flat", World::new(|_| 5.0, 7)),
        ("zero", World::new(|_| 0.0, 7)),
        ("huge", World::new(move |row| 1e12 * wavy(row), 7)),
        ("tiny", World::new(move |row| 1e-12 * wavy(row), 7)),
        ("signed", World::new(move |row| wavy(row) - 22.0, 7)),
    ]
}

fn features(subject: &Subject, same_row: bool) -> Features {
    let written =
        format!(r#"{{"{}":{},"allow_same_row":{same_row}}}"#, subject.name, subject.written);
    let written: Written = serde_json::from_str(&written).unwrap();
    Features::read(&written).unwrap_or_else(|error| panic!("{}: {error}", subject.name))
}

fn label(subject: &Subject, world: &str, origin: usize, step: usize) -> String {
    format!("{} = {}, {world}, origin {origin}, step {step}", subject.name, subject.written)
}

fn at(learnt: &Learnt, track: &Track<'_>, origin: usize, step: usize) -> Vec<f64> {
    let mut out = Vec::new();
    learnt.at(&track.seen(origin, step), &mut out);
    out
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Each subject that learns from the past up to this origin, in each world.
fn each(origin: usize, same_row: bool, law: impl Fn(&Subject, &str, &World, &Features)) {
    for (name, world) in worlds() {
        for subject in SUBJECTS {
            let features = features(subject, same_row);
            let learnt = features.learn(&world.track(origin, same_row).seen(origin, 1)).map(|_| ());
            match learnt {
                Ok(()) => law(subject, name, &world, &features),
                Err(error) => assert!(
                    error.to_string().contains("allow_same_row = true") && !same_row,
                    "{}: {error}",
                    label(subject, name, origin, 1)
                ),
            }
        }
    }
}

#[test]
fn every_line_has_a_subject() {
    for line in ROSTER {
        assert!(SUBJECTS.iter().any(|subject| subject.name == line.name), "{}", line.name);
    }
}

/// Whatever is not known at the origin may be anything: no bit moves, nor does what is learnt.
#[test]
fn the_future_changes_no_bit() {
    for (origin, same_row) in [(2, false), (40, false), (70, false), (40, true)] {
        each(origin, same_row, |subject, name, world, features| {
            let poisoned = world.poisoned(origin, same_row);
            let (track, other) = (world.track(origin, same_row), poisoned.track(origin, same_row));
            let learnt = features.learn(&track.seen(origin, 1)).unwrap();
            let again = features.learn(&other.seen(origin, 1)).unwrap();
            assert_eq!(learnt.names(world.season), again.names(world.season));
            for step in [1, 2, 7, 8] {
                let (own, poisoned) =
                    (at(&learnt, &track, origin, step), at(&again, &other, origin, step));
                assert_eq!(bits(&own), bits(&poisoned), "{}", label(subject, name, origin, step));
            }
        });
    }
}

/// A series that ends at the origin says the same as one that goes on.
#[test]
fn a_prefix_is_enough() {
    for origin in [2, 40, 70] {
        each(origin, false, |subject, name, world, features| {
            let whole = world.track(ROWS, false);
            let mut prefix = world.track(origin, false);
            prefix.y.truncate(origin);
            for beside in prefix.beside.iter_mut().filter(|beside| beside.role != Role::Known) {
                beside.ahead = &[];
            }
            let learnt = features.learn(&prefix.seen(origin, 1)).unwrap();
            for step in [1, 3, 9] {
                let (own, short) =
                    (at(&learnt, &whole, origin, step), at(&learnt, &prefix, origin, step));
                assert_eq!(bits(&own), bits(&short), "{}", label(subject, name, origin, step));
            }
        });
    }
}

/// One value a name, and none twice.
#[test]
fn names_and_values_agree() {
    for origin in [1, 5, 60] {
        each(origin, false, |subject, name, world, features| {
            let track = world.track(origin, false);
            let learnt = features.learn(&track.seen(origin, 1)).unwrap();
            let mut names = learnt.names(world.season);
            for step in [1, 2, 14] {
                let got = at(&learnt, &track, origin, step).len();
                assert_eq!(got, names.len(), "{}", label(subject, name, origin, step));
            }
            names.sort();
            names.dedup();
            assert_eq!(names.len(), learnt.names(world.season).len(), "{}", subject.name);
        });
    }
}

/// A long enough past gives finite values; a short one may lack some, but none is infinite.
#[test]
fn values_are_finite_once_the_past_is_long() {
    for origin in [1, 2, 3, 8, 9, 28, 29, 60, ROWS] {
        each(origin, false, |subject, name, world, features| {
            let track = world.track(origin, false);
            let learnt = features.learn(&track.seen(origin, 1)).unwrap();
            for step in 1..=14 {
                let got = at(&learnt, &track, origin, step);
                let label = label(subject, name, origin, step);
                assert!(!got.iter().any(|value| value.is_infinite()), "{label}: {got:?}");
                if subject.rows <= origin && step <= subject.steps {
                    assert!(got.iter().all(|value| value.is_finite()), "{label}: {got:?}");
                }
            }
        });
    }
}

/// Walking over a growing past is asking for each row, bit for bit; a shorter past starts anew.
#[test]
fn a_walk_is_row_by_row() {
    each(60, false, |subject, name, world, features| {
        let track = world.track(60, false);
        let learnt = features.learn(&track.seen(60, 1)).unwrap();
        let mut walk = learnt.walk();
        for (origin, step) in [(1, 1), (2, 1), (30, 3), (30, 4), (31, 1), (60, 1), (12, 2), (50, 7)]
        {
            let mut got = Vec::new();
            walk.at(&track.seen(origin, step), &mut got);
            let want = at(&learnt, &track, origin, step);
            assert_eq!(bits(&got), bits(&want), "{}", label(subject, name, origin, step));
        }
    });
}
