//! Windows, weights and dates against pandas.

use almanac_data::{Calendar, Clock, Freq};
use almanac_models::features::{Features, Track};

use crate::{assert_close, case, numbers};

/// What is known after a row is asked of the next one; what is said of a row is asked of it.
#[test]
fn windows_as_pandas() {
    let case = case("windows");
    let calendar = Calendar::new(Clock::Date, Freq::Days(1));
    let first = Clock::Date.read(case["first_day"].as_str().unwrap()).unwrap();
    let y = numbers(&case["y"]);
    let mut at = vec![first];
    at.extend(calendar.after(first, y.len()));
    let beside = Vec::new();
    let track = Track { id: "a", y, at, calendar: &calendar, season: 7, beside, same_row: false };
    let written = r#"{
        "rolling": {"windows": [9], "of": ["mean","std","min","max","median","sum","q15"]},
        "expanding": ["mean","std","min","max"], "ewm": [0.2, 0.9], "differences": [1, 7],
        "rolling_seasonal": [4],
        "calendar": ["weekday_number","day_of_year","week","month","quarter","year","month_start",
                     "month_end","weekend"]}"#;
    let back = r#"{"rolling": {"windows": [5], "offset": 3}}"#;
    let mut met = 0;
    for written in [written, back] {
        let features = Features::read(&serde_json::from_str(written).unwrap()).unwrap();
        let learnt = features.learn(&track.seen(30, 1)).unwrap();
        let names = learnt.names(7);
        for (key, known) in [("until", 1), ("at", 0)] {
            for (name, want) in case[key].as_object().unwrap() {
                let Some(place) = names.iter().position(|own| own == name) else { continue };
                let value = |row: &f64| {
                    let mut out = Vec::new();
                    learnt.at(&track.seen(*row as usize + known, 1), &mut out);
                    out[place]
                };
                let got: Vec<f64> = numbers(&case["rows"]).iter().map(value).collect();
                assert_close(name, &got, &numbers(want), case["tolerance"].as_f64().unwrap());
                met += 1;
            }
        }
    }
    let all = |key: &str| case[key].as_object().unwrap().len();
    assert_eq!(met, all("until") + all("at"));
}
