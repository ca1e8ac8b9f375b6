//! Laws of kept models: what is read back answers and moves on with the same bits, and what is damaged
//! breaks nothing.

use almanac_data::{Ahead, FitError, Forecast, Panel, PanelView, Task};
use almanac_models::lift::{Directed, Reduce, tuned, tuned_classes};
use almanac_models::{Ctx, Entry, Fitted, Model, PerSeries, Settings, classify, regress};
use serde_json::{Map, Value, json};

use crate::networks;
use crate::subjects::{Subject, agree, all_obey};
use crate::verdict::{Named, hold};

const HORIZON: usize = 3;
/// Rows of each series that are learnt from; of 44.
const CUTOFF: usize = 36;

/// Two series with columns.
fn panel() -> Panel {
    let mut panel = networks::panel(|row| 40.0 + (row % 5) as f64);
    panel.values_mut().iter_mut().for_each(|value| *value += 20.0);
    panel
}

/// A model of panels that answers with forecasts.
trait OfPanels:
    for<'a> Task<Train<'a> = PanelView<'a>, Ask<'a> = Ahead<'a>, Answer = Vec<Forecast>>
{
}
impl<T: for<'a> Task<Train<'a> = PanelView<'a>, Ask<'a> = Ahead<'a>, Answer = Vec<Forecast>>>
    OfPanels for T
{
}

/// Work on what every series shows up to a row.
fn shown<R>(panel: &Panel, rows: usize, work: impl FnOnce(Ahead<'_>) -> R) -> R {
    let ends = (0..panel.len()).map(|series| (series, panel.span(series).start + rows));
    let cut = panel.cut(ends, usize::MAX, HORIZON);
    work(Ahead { horizon: HORIZON, past: cut.past(panel), future: cut.future(panel) })
}

fn fit<T: OfPanels>(model: &dyn Model<T>, panel: &Panel) -> Result<Box<dyn Fitted<T>>, FitError> {
    shown(panel, CUTOFF, |ask| model.fit(&Ctx::new(5), ask.past))
}

fn say<T: OfPanels>(
    fitted: &dyn Fitted<T>,
    panel: &Panel,
    rows: usize,
) -> Result<Vec<Forecast>, FitError> {
    shown(panel, rows, |ask| fitted.predict(&Ctx::new(5), ask))
}

fn bits(forecasts: &[Forecast]) -> String {
    forecasts.iter().map(|forecast| format!("{forecast:?}\n")).collect()
}

/// What is read back says the same at the end of the fit and later, is written the same again, and is
/// refused where it ends early; with bytes changed, at so many places, it is refused, or answers something.
fn kept<T: OfPanels>(model: &dyn Model<T>, panel: &Panel, places: usize) -> Result<(), String> {
    let fitted = fit(model, panel).map_err(|e| e.to_string())?;
    let bytes = fitted.keep().map_err(|e| e.to_string())?;
    let again = model.restore(&bytes).map_err(|e| e.to_string())?;
    for rows in [CUTOFF, CUTOFF + 4] {
        let say = |fitted: &dyn Fitted<T>| say(fitted, panel, rows).map(|said| bits(&said));
        if say(again.as_ref()) != say(fitted.as_ref()) {
            return Err(format!("{:?} after {:?}", say(again.as_ref()), say(fitted.as_ref())));
        }
    }
    if again.keep().as_ref() != Ok(&bytes) {
        return Err("is written otherwise after it was read".into());
    }
    for at in (0..bytes.len()).step_by((bytes.len() / places).max(1)) {
        if model.restore(&bytes[..at]).is_ok() {
            return Err(format!("read of {at} bytes of {}", bytes.len()));
        }
        for change in [0x01, 0x10, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= change;
            let Ok(read) = model.restore(&damaged) else { continue };
            let _ = say(read.as_ref(), panel, CUTOFF + 2);
        }
    }
    if model.restore(&[bytes, vec![0]].concat()).is_ok() {
        return Err("read with a byte more".into());
    }
    Ok(())
}

/// Forecasters of single series, lifted or not.
#[test]
fn kept_forecasters_say_the_same() {
    let panel = panel();
    all_obey("kept and read back, the same bits", |subject| {
        kept(&PerSeries { method: subject.again() }, &panel, 400)
    });
}

/// Moved by two rows and by three is moved by five, read back in between or not; and a question about
/// a later end is answered as if it had been moved there.
#[test]
fn kept_forecasters_move_on() {
    let panel = panel();
    all_obey("later by 2 then 3 equals later by 5", |subject: &Subject| {
        let model = PerSeries { method: subject.again() };
        let words = |e: FitError| e.to_string();
        let to = |fitted: &dyn Fitted<_>, rows: usize| {
            let moved = shown(&panel, rows, |ask| fitted.later(&Ctx::new(5), ask.past));
            moved.map_err(words)?.ok_or_else(|| "does not move".to_string())
        };
        let fitted = fit(&model, &panel).map_err(words)?;
        let two = to(fitted.as_ref(), CUTOFF + 2)?;
        let two = model.restore(&two.keep().map_err(words)?).map_err(words)?;
        let moved = to(two.as_ref(), CUTOFF + 5)?;
        let by_steps = say(moved.as_ref(), &panel, CUTOFF + 5).map_err(words)?;
        let at_once = to(fitted.as_ref(), CUTOFF + 5)?;
        let at_once = say(at_once.as_ref(), &panel, CUTOFF + 5).map_err(words)?;
        let asked = say(fitted.as_ref(), &panel, CUTOFF + 5).map_err(words)?;
        if bits(&at_once) != bits(&asked) {
            return Err("moved, it says other than when asked there".into());
        }
        by_steps.iter().zip(&at_once).try_for_each(|(a, b)| agree(a, b, 100.0, 1e-9))
    });
}

/// Series are known by name: in another order the same is said; a series that was not fitted, and a
/// past that lacks rows, are refused in words.
#[test]
fn series_are_known_by_name() {
    let panel = panel();
    let model = PerSeries { method: Subject::again(&crate::subjects::subjects()[0]) };
    let fitted = fit(&model, &panel).unwrap();
    let one = |series: usize, first: usize, id: Option<&str>| {
        let own = panel.series(series);
        let ends = vec![(id.unwrap_or(own.id).to_string(), own.len() - first)];
        let (at, y) = (own.at[first..].to_vec(), own.y[first..].to_vec());
        Panel::new("one", panel.calendar.clone(), ends, at, y).unwrap()
    };
    let all = say(fitted.as_ref(), &panel, CUTOFF).unwrap();
    let second = say(fitted.as_ref(), &one(1, 0, None), CUTOFF).unwrap();
    assert_eq!(bits(&second), bits(&all[1..]));
    let stranger = say(fitted.as_ref(), &one(1, 0, Some("c")), CUTOFF).unwrap_err();
    assert_eq!(stranger.to_string(), "no series `c` was fitted: fit again");
    let moved = say(fitted.as_ref(), &one(1, 4, None), CUTOFF - 4).unwrap_err();
    assert!(
        moved.to_string().starts_with("was fitted on 36 rows up to 35; this past has 32"),
        "{moved}"
    );
    let early = say(fitted.as_ref(), &panel, CUTOFF - 4).unwrap_err();
    assert!(early.to_string().contains("this past has none up to there"), "{early}");
}

/// Networks on windows, with channels, a spread and two seeds.
#[test]
fn kept_networks_say_the_same() {
    let panel = panel();
    let windows = json!({
        "features": {"columns": true, "chaos": {"dimension": 2}},
        "ahead": {"columns": {"weekend": [0]}},
        "windows": 1,
    });
    networks::all_obey("kept and read back, the same bits", |subject| {
        kept(&subject.with(json!({"seeds": 2}), windows.clone(), HORIZON), &panel, 20)
    });
}

/// A learner inside a lift.
struct Lifted<M: ?Sized + 'static> {
    label: String,
    entry: &'static Entry<M>,
    lift: Value,
    tune: Option<Value>,
}

impl<M: ?Sized> Named for Lifted<M> {
    fn label(&self) -> &str {
        &self.label
    }
}

/// Every line of a roster in a lift of its own, in turns.
fn lifted<M: ?Sized>(roster: &'static [Entry<M>], lifts: &[Value]) -> Vec<Lifted<M>> {
    let lifted = |(at, entry): (usize, &'static Entry<M>)| {
        let lift = lifts[at % lifts.len()].clone();
        Lifted { label: format!("{} {lift}", entry.name), entry, lift, tune: None }
    };
    roster.iter().enumerate().map(lifted).collect()
}

/// Settings that make networks small and quick, none for others.
fn brief<M: ?Sized>(entry: &Entry<M>) -> Map<String, Value> {
    let mut settings = json!({});
    if (entry.settings)().iter().any(|row| row.name == "train") {
        settings = json!({"train": {"epochs": 2, "batch": 16}});
        if entry.name == "cnn" {
            settings["width"] = json!(2);
            settings["pool"] = json!([]);
        }
    }
    settings.as_object().cloned().unwrap()
}

/// Regressors made forecasters in every way, one of them tuned.
#[test]
fn kept_regressors_say_the_same() {
    let panel = panel();
    let lifts = [
        json!({"target": ["log", "difference"], "features": {"lags": [1, 2], "chaos": {"dimension": 2}}}),
        json!({"strategy": "direct", "scope": "panel", "features": {"lags": [3, 4], "columns": true}}),
        json!({"strategy": "multi", "windows": 0, "target": ["standardize"]}),
    ];
    let mut all = lifted(regress::ROSTER, &lifts);
    let knn = all.iter().find(|one| one.entry.name == "knn").unwrap().entry;
    let tune = Some(json!({"space": {"neighbours": [1, 3]}}));
    all.push(Lifted { label: "tuned knn".into(), entry: knn, lift: lifts[0].clone(), tune });
    hold("kept and read back, the same bits", &all, |one| {
        let settings = brief(one.entry);
        let learner = match &one.tune {
            Some(tune) => tuned(tune.as_object().unwrap(), one.entry, &settings),
            None => (one.entry.build)(&settings),
        };
        let lift = Reduce::read(one.lift.as_object().unwrap()).unwrap();
        kept(&lift.around(learner.unwrap(), HORIZON).unwrap(), &panel, 40)
    });
}

/// Classifiers made tellers of directions, one of them tuned.
#[test]
fn kept_classifiers_say_the_same() {
    let panel = panel();
    let lifts = [
        json!({"target": ["returns"], "features": {"lags": [3, 4], "chaos": {"dimension": 2, "rule": "decay"}}}),
        json!({"scope": "panel", "features": {"lags": [3, 4]}}),
    ];
    let mut all = lifted(classify::ROSTER, &lifts);
    let knn = all.iter().find(|one| one.entry.name == "knn").unwrap().entry;
    let tune = Some(json!({"space": {"neighbours": [1, 3]}}));
    all.push(Lifted { label: "tuned knn".into(), entry: knn, lift: lifts[0].clone(), tune });
    hold("kept and read back, the same bits", &all, |one| {
        let settings = brief(one.entry);
        let learner = match &one.tune {
            Some(tune) => tuned_classes(tune.as_object().unwrap(), one.entry, &settings),
            None => (one.entry.build)(&settings),
        };
        let lift = Directed::read(one.lift.as_object().unwrap()).unwrap();
        kept(&lift.around(learner.unwrap(), HORIZON).unwrap(), &panel, 40)
    });
}

/// What one lift, or the same with other settings, has learnt is refused by what differs.
#[test]
fn what_another_model_learnt_is_refused() {
    let panel = panel();
    let mean = &regress::ROSTER[0];
    let reduced = |settings: Value, horizon| {
        let lift = Reduce::read(settings.as_object().unwrap()).unwrap();
        lift.around((mean.build)(&Map::new()).unwrap(), horizon).unwrap()
    };
    let direct = reduced(json!({"strategy": "direct", "features": {"lags": [3]}}), HORIZON);
    let bytes = fit(&direct, &panel).unwrap().keep().unwrap();
    let said = |model: &dyn Model<_>| model.restore(&bytes).err().unwrap().to_string();
    let words = said(&reduced(json!({"strategy": "direct"}), 9));
    assert_eq!(words, "what was kept was learnt with other settings: another strategy or horizon");
    let words = said(&reduced(json!({"strategy": "direct", "windows": 0}), HORIZON));
    assert!(words.ends_with("other windows"), "{words}");
    let words = said(&reduced(
        json!({"strategy": "direct", "features": {"lags": [3], "step": true}}),
        HORIZON,
    ));
    assert!(words.ends_with("other features"), "{words}");
    let words = said(&PerSeries { method: Subject::again(&crate::subjects::subjects()[0]) });
    assert_eq!(words, "what was kept was learnt by `reduce`, not by `per_series`");
}

/// Things within things without end are refused, and so is a length that no bytes follow.
#[test]
fn bombs_are_refused() {
    let model = PerSeries { method: Subject::again(&crate::subjects::subjects()[0]) };
    let head = [&[0xaa][..], b"per_series"].concat();
    let deep = [&head[..], &[0x81; 100_000]].concat();
    assert!(model.restore(&deep).is_err());
    let logged: Vec<u8> = [&[0x81, 0xac][..], b"FittedLogged"].concat().repeat(10_000);
    let one = [
        &[0x81, 0xa1][..],
        b"a",
        &[0x83, 0xa4],
        b"rows",
        &[1, 0xa4],
        b"last",
        &[1, 0xa6],
        b"fitted",
    ];
    let nested = [&head[..], &one.concat(), &logged].concat();
    let words = model.restore(&nested).err().unwrap().to_string();
    assert!(words.contains("depth limit exceeded"), "{words}");
    for long in [
        [0xdf, 0xff, 0xff, 0xff, 0xff],
        [0xdd, 0xff, 0xff, 0xff, 0xff],
        [0xdb, 0xff, 0xff, 0xff, 0xff],
    ] {
        assert!(model.restore(&[&head[..], &long].concat()).is_err());
    }
}
