//! Laws of networks on windows: the future is out of reach, threads change no bit, odd pasts and
//! wild settings end in an answer or in an error with words.

use almanac_data::{Ahead, Calendar, Column, FitError, Forecast, Panel, Role, Stamp};
use almanac_models::lift::{OnWindows, Windowed};
use almanac_models::nets::{Network, ROSTER};
use almanac_models::{Ctx, Entry, Model, Settings};
use serde_json::{Map, Value, json};

use crate::subjects::{kinds, noise, ordinary};
use crate::verdict::{Named, hold};

const HORIZON: usize = 5;
const WINDOW: usize = 10;
const CUTOFF: usize = 36;
const ROWS: usize = 44;

/// A line of the roster.
pub struct Subject(&'static Entry<dyn Network>);

impl Named for Subject {
    fn label(&self) -> &str {
        self.0.name
    }
}

/// Holds a law against every network.
pub fn all_obey(law: &str, obeys: impl Fn(&Subject) -> Result<(), String>) {
    hold(law, &ROSTER.iter().map(Subject).collect::<Vec<_>>(), obeys);
}

impl Subject {
    /// The network, on windows of ten rows, trained for a moment with more settings.
    pub fn with(&self, train: Value, windows: Value, horizon: usize) -> Windowed {
        let mut own = json!({"epochs": 2, "batch": 8, "rate": 0.003});
        merge(&mut own, train);
        let network = (self.0.build)(&Map::from_iter([("train".into(), own)]));
        let mut lift = json!({"window": WINDOW, "scope": "panel", "target": ["standardize"]});
        merge(&mut lift, windows);
        let lift = OnWindows::read(lift.as_object().unwrap()).unwrap();
        lift.around(network.unwrap_or_else(|e| panic!("{e}")), horizon).unwrap()
    }

    fn plain(&self) -> Windowed {
        self.with(json!({}), json!({}), HORIZON)
    }
}

fn merge(into: &mut Value, more: Value) {
    let more = more.as_object().cloned().unwrap_or_default();
    into.as_object_mut().unwrap().extend(more);
}

/// One series of season 4.
fn alone(y: &[f64]) -> Panel {
    let at = (0..y.len()).map(|row| Stamp(row as i64)).collect();
    let ends = vec![("one".to_string(), y.len())];
    let mut panel = Panel::new("law", Calendar::steps(), ends, at, y.to_vec()).unwrap();
    panel.season = 4;
    panel
}

/// Fits all rows before `cutoff` of each series of `rows`, and looks ahead.
fn answers(
    ctx: &Ctx,
    model: &Windowed,
    panel: &Panel,
    (cutoff, horizon): (usize, usize),
) -> Result<Vec<Forecast>, FitError> {
    let series = 0..panel.len();
    let origins = series.map(|series| (series, panel.span(series).start + cutoff));
    let cut = panel.cut(origins, usize::MAX, horizon);
    let (past, future) = (cut.past(panel), cut.future(panel));
    model.fit(ctx, past)?.predict(ctx, Ahead { horizon, past, future })
}

/// An answer to this past, whole and finite, or a refusal in words.
fn sound_or_refused(model: &Windowed, y: &[f64]) -> Result<Option<Forecast>, String> {
    match answers(&Ctx::new(3), model, &alone(y), (y.len(), HORIZON)) {
        Ok(all) => match all.into_iter().next() {
            Some(forecast) if forecast.len() == HORIZON && forecast.is_finite() => {
                Ok(Some(forecast))
            }
            other => Err(format!("says {other:?}")),
        },
        Err(FitError::TooShort { need, got }) if need > got => Ok(None),
        Err(FitError::Failed(why)) if why.contains("diverged") => Ok(None),
        Err(why) => Err(format!("refused: {why:?}")),
    }
}

/// Two series with a column known ahead and one known at the end of its row; after the cutoff all
/// that is not known then is `poison`.
pub fn panel(poison: impl Fn(usize) -> f64) -> Panel {
    let after = |row: usize| row % ROWS >= CUTOFF;
    let both = [ordinary(ROWS), noise(51, ROWS)].concat();
    let y = (0..2 * ROWS).map(|row| if after(row) { poison(row) } else { both[row] }).collect();
    let ends = vec![("a".to_string(), ROWS), ("b".to_string(), 2 * ROWS)];
    let at = (0..2 * ROWS).map(|row| Stamp((row % ROWS) as i64)).collect();
    let mut panel = Panel::new("law", Calendar::steps(), ends, at, y).unwrap();
    panel.season = 4;
    let rain = noise(52, 2 * ROWS);
    let rain = (0..2 * ROWS).map(|row| if after(row) { poison(row) } else { rain[row] }).collect();
    let known = |row: usize| match row % ROWS {
        row if row < CUTOFF + HORIZON => f64::from(u8::from(row % 6 == 0)),
        _ => poison(row),
    };
    let known = (0..2 * ROWS).map(known).collect();
    [("rain", Role::Past, rain), ("weekend", Role::Known, known)].into_iter().fold(
        panel,
        |panel, (name, role, values)| {
            let column = Column { name: name.into(), role, values, labels: Vec::new() };
            panel.with_column(column).unwrap()
        },
    )
}

fn bits(forecasts: &[Forecast]) -> String {
    forecasts.iter().map(|forecast| format!("{forecast:?}\n")).collect()
}

/// Whatever comes after the cutoff, in the series and in its columns, no bit of the answer changes;
/// nor on two threads, nor at the second fit.
#[test]
fn networks_do_not_see_the_future() {
    let poisons: [fn(usize) -> f64; 4] =
        [|_| f64::NAN, |_| 1e300, |_| f64::NEG_INFINITY, |row| (row as f64).sin() * 1e6];
    let columns = json!({"features": {"columns": true}, "ahead": {"columns": {"weekend": [0]}}});
    all_obey("the future changes nothing, nor do threads", |subject| {
        let model = subject.with(json!({"seeds": 2, "hold": 0.2}), columns.clone(), HORIZON);
        let say = |ctx: &Ctx, panel: &Panel| {
            let said = answers(ctx, &model, panel, (CUTOFF, HORIZON)).map_err(|e| e.to_string());
            said.map(|said| bits(&said))
        };
        let clean = panel(|row| row as f64);
        let once = say(&Ctx::new(5), &clean)?;
        if say(&Ctx::new(5).with_threads(2), &clean)? != once {
            return Err("another answer on two threads".into());
        }
        for (which, poison) in poisons.iter().enumerate() {
            if say(&Ctx::new(5), &panel(poison))? != once {
                return Err(format!("poison {which} got through"));
            }
        }
        if say(&Ctx::new(6), &clean)? != once { Ok(()) } else { Err("every seed is one".into()) }
    });
}

/// Flat, huge, tiny, short and odd series get an answer or are too short; an answer does not run
/// away.
#[test]
fn networks_meet_every_kind_of_series() {
    all_obey("every kind of series gets a sound answer", |subject| {
        let model = subject.plain();
        let judge = |y: &[f64]| {
            let said = sound_or_refused(&model, y)?;
            let largest = y.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
            let wild = |mean: &&f64| mean.abs() > 1e3 * largest + 1e-6;
            match said.iter().flat_map(|said| &said.mean).find(wild) {
                Some(mean) => Err(format!("runs away to {mean} from at most {largest}")),
                None if said.is_none() && y.len() >= WINDOW + HORIZON => Err("no answer".into()),
                None => Ok(()),
            }
        };
        let broken = kinds().into_iter().filter_map(|(kind, y)| Some((kind, judge(&y).err()?)));
        let broken: Vec<_> = broken.map(|(kind, why)| format!("on `{kind}`: {why}")).collect();
        if broken.is_empty() { Ok(()) } else { Err(broken.join("; ")) }
    });
}

/// A flat series is forecast by its own value, since its deviation is nothing.
#[test]
fn networks_keep_flat_series_flat() {
    all_obey("flat stays flat", |subject| {
        let said = sound_or_refused(&subject.plain(), &[5.0; 40])?.ok_or("no answer")?;
        let off = said.mean.iter().find(|mean| (**mean - 5.0).abs() > 1e-6);
        off.map_or(Ok(()), |mean| Err(format!("5, 5, 5, … is continued by {mean}")))
    });
}

/// Holes in the past are filled and counted, and never learnt from as targets.
#[test]
fn networks_meet_holes() {
    let mut y = ordinary(40);
    [7, 8, 20, 38, 39].iter().for_each(|&hole| y[hole] = f64::NAN);
    all_obey("missing values are met", |subject| {
        let said = sound_or_refused(&subject.plain(), &y)?.ok_or("no answer")?;
        if said.filled == 5 { Ok(()) } else { Err(format!("{} filled", said.filled)) }
    });
}

/// One window is enough; one row less is too few, and the error says how many are needed.
#[test]
fn networks_learn_from_one_window() {
    let y = ordinary(WINDOW + HORIZON);
    all_obey("one window is enough, one row less too few", |subject| {
        sound_or_refused(&subject.plain(), &y)?.ok_or("refused one window")?;
        let less = y.len() - 1;
        match answers(&Ctx::new(3), &subject.plain(), &alone(&y[..less]), (less, HORIZON)) {
            Err(FitError::TooShort { need, got }) if (need, got) == (less + 1, less) => Ok(()),
            other => Err(format!("{less} rows: {other:?}")),
        }
    });
}

/// A horizon longer than the past is too long, in numbers.
#[test]
fn networks_refuse_a_horizon_beyond_the_past() {
    let y = ordinary(30);
    all_obey("a horizon longer than the past is refused", |subject| {
        let model = subject.with(json!({}), json!({}), 31);
        match answers(&Ctx::new(3), &model, &alone(&y), (30, 31)) {
            Err(FitError::TooShort { need, got: 30 }) if need == WINDOW + 31 => Ok(()),
            other => Err(format!("{other:?}")),
        }
    });
}

/// Steps that are far too long end in finite numbers or in an error that says where; a clip, a
/// schedule and held back windows change nothing about that.
#[test]
fn networks_that_diverge_say_so() {
    let y = ordinary(40);
    let trains = [
        json!({"rate": 1e9, "epochs": 20}),
        json!({"rate": 1e3, "epochs": 20, "hold": 0.3, "schedule": "cosine"}),
        json!({"rate": 1e9, "epochs": 20, "clip": 1.0, "loss": "huber"}),
    ];
    all_obey("divergence is named", |subject| {
        for train in &trains {
            let model = subject.with(train.clone(), json!({}), HORIZON);
            match answers(&Ctx::new(3), &model, &alone(&y), (40, HORIZON)) {
                Ok(said) if said.iter().all(Forecast::is_finite) => {}
                Err(FitError::Failed(why)) if why.contains("diverged") => {}
                Err(FitError::NotFinite(_)) => {}
                other => return Err(format!("{train}: {other:?}")),
            }
        }
        Ok(())
    });
}

/// Every loss has a forecast; quantiles and densities have a spread that does not cross.
#[test]
fn networks_answer_every_loss() {
    let y = ordinary(40);
    all_obey("every loss has a sound forecast", |subject| {
        for loss in ["mse", "mae", "huber", "quantile", "gaussian", "student"] {
            let model = subject.with(json!({"loss": loss}), json!({}), HORIZON);
            let said = sound_or_refused(&model, &y)?.ok_or_else(|| format!("{loss}: no answer"))?;
            let spreads = !matches!(loss, "mse" | "mae" | "huber");
            if said.has_spread() != spreads {
                return Err(format!("{loss}: spread is {}", said.has_spread()));
            }
            let grid = [0.025, 0.1, 0.5, 0.9, 0.975];
            let rises = |step| grid.map(|p| said.quantile(step, p)).is_sorted();
            if spreads && !(0..HORIZON).all(rises) {
                return Err(format!("{loss}: quantiles cross"));
            }
        }
        Ok(())
    });
}

/// A cancelled fit stops.
#[test]
fn networks_stop_when_told() {
    all_obey("a cancelled fit stops", |subject| {
        let ctx = Ctx::new(3);
        ctx.cancel();
        match answers(&ctx, &subject.plain(), &alone(&ordinary(40)), (40, HORIZON)) {
            Err(FitError::Cancelled) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    });
}
