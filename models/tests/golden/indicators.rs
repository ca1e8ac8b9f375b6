//! Technical indicators against TA-Lib.

use almanac_data::{Calendar, Role, Stamp};
use almanac_models::Written;
use almanac_models::features::{Beside, Features, Track};
use serde_json::json;

use crate::{assert_close, case, numbers};

/// The same numbers at the same bars, and none later than there.
#[test]
fn indicators_as_talib() {
    let case = case("indicators");
    let bar = |name| numbers(&case["bars"][name]);
    let bars = ["high", "low", "volume"].map(|name| (name, bar(name)));
    let calendar = Calendar::steps();
    let column = |(name, past): &'_ (&'static str, Vec<f64>)| (*name, past.clone());
    let bars: Vec<(&str, Vec<f64>)> = bars.iter().map(column).collect();
    let beside =
        bars.iter().map(|(name, past)| Beside { name, role: Role::Close, past, ahead: &[] });
    let y = bar("close");
    let at = (0..=y.len() as i64).map(Stamp).collect();
    let beside = beside.collect();
    let track = Track { id: "a", y, at, calendar: &calendar, season: 1, beside, same_row: false };

    for (name, want) in case["expect"].as_object().unwrap() {
        let mut written = Written::new();
        written.insert("indicators".into(), json!({"of": [name], "levels": "value"}));
        let features = Features::read(&written).unwrap();
        let learnt = features.learn(&track.seen(20, 1)).unwrap();
        let after = |row: f64| {
            let mut out = Vec::new();
            learnt.at(&track.seen(row as usize + 1, 1), &mut out);
            out
        };
        let columns = want.as_array().unwrap();
        for (place, want) in columns.iter().enumerate() {
            let rows = numbers(&case["rows"]);
            let got: Vec<f64> = rows.iter().map(|&row| after(row)[place]).collect();
            assert_close(name, &got, &numbers(want), case["tolerance"].as_f64().unwrap());
            let first = numbers(&case["first"][name])[place];
            assert!(after(first)[place].is_finite(), "{name} begins later than bar {first}");
        }
    }
}
