//! Laws of walking forward: moving on with the parameters kept, and stopping when told.

use almanac_data::{FitError, Forecast};
use almanac_models::{Ctx, Extrapolate, Missing, Next, Past};

use crate::subjects::{NO_PARAMETERS, SURPRISED, agree, all_obey, kinds, ordinary};

type Fitted = Box<dyn Extrapolate>;

fn look(fitted: &Fitted) -> Result<Forecast, String> {
    fitted.steps(&Ctx::new(3), &Next::plain(9)).map_err(|e| e.to_string())
}

fn later(fitted: &Fitted, y: &[f64], new: usize) -> Result<Fitted, String> {
    fitted.later(&Past::new(y, 4), new).map_err(|e| format!("later by {new}: {e}"))
}

/// Moving by two and then by three is moving by five, on every kind of series.
#[test]
fn later_adds_up() {
    all_obey("later by 2 then 3 equals later by 5", |subject| {
        let mut all = kinds();
        all.push(("ordinary", ordinary(48)));
        if subject.method.missing() == Missing::Exact {
            let holes = |(t, v): (usize, f64)| if t % 7 == 5 || t == 44 { f64::NAN } else { v };
            all.push(("with holes", ordinary(48).into_iter().enumerate().map(holes).collect()));
        }
        for (kind, y) in all.iter().filter(|(_, y)| y.len() == 48) {
            let named = |why: String| format!("on `{kind}`: {why}");
            let Ok(fitted) = subject.method.fit(&Ctx::new(3), &Past::new(&y[..40], 4)) else {
                continue;
            };
            let two = later(&fitted, &y[..42], 2).map_err(named)?;
            let five = look(&later(&two, &y[..45], 3).map_err(named)?).map_err(named)?;
            let at_once = look(&later(&fitted, &y[..45], 5).map_err(named)?).map_err(named)?;
            let seen = || y.iter().filter(|value| !value.is_nan());
            let scale = seen().fold(0.0, |most: f64, value| most.max(value.abs()));
            if !at_once.is_finite() {
                return Err(named("not finite after moving".into()));
            }
            agree(&five, &at_once, scale, 1e-9).map_err(named)?;
        }
        Ok(())
    });
}

/// Moving by nothing changes nothing.
#[test]
fn later_by_nothing_is_the_same() {
    let y = ordinary(40);
    all_obey("later by 0 is the same", |subject| {
        let fitted = subject.method.fit(&Ctx::new(3), &Past::new(&y, 4));
        let fitted = fitted.map_err(|e| e.to_string())?;
        agree(&look(&later(&fitted, &y, 0)?)?, &look(&fitted)?, 100.0, 1e-9)
    });
}

/// What was expected came: nothing is learnt, and the expectations beyond it stay.
#[test]
fn no_surprise_no_change() {
    let y = ordinary(40);
    all_obey("moving over one's own forecast keeps the rest of it", |subject| {
        if subject.is_in(SURPRISED) {
            return Ok(());
        }
        let fitted = subject.method.fit(&Ctx::new(3), &Past::new(&y, 4));
        let fitted = fitted.map_err(|e| e.to_string())?;
        let expected = look(&fitted)?.mean;
        let past = [&y[..], &expected[..3]].concat();
        let moved = look(&later(&fitted, &past, 3)?)?.mean;
        let off = moved.iter().zip(&expected[3..]).find(|(a, b)| (**a - **b).abs() > 1e-6);
        off.map_or(Ok(()), |(a, b)| Err(format!("{a} where {b} was expected")))
    });
}

/// Without parameters to learn, moving on is fitting again.
#[test]
fn later_is_a_fresh_fit_where_nothing_is_learnt() {
    let y = ordinary(48);
    all_obey("later equals a fresh fit", |subject| {
        if !NO_PARAMETERS.contains(&subject.label.as_str()) {
            return Ok(());
        }
        let fit = |y: &[f64]| subject.method.fit(&Ctx::new(3), &Past::new(y, 4));
        let moved = look(&later(&fit(&y[..40]).map_err(|e| e.to_string())?, &y, 8)?)?;
        let fresh = look(&fit(&y).map_err(|e| e.to_string())?)?;
        let off = moved.mean.iter().zip(&fresh.mean).find(|(a, b)| (**a - **b).abs() > 1e-7);
        off.map_or(Ok(()), |(a, b)| Err(format!("{a} against {b}")))
    });
}

/// A sliding window may show less of the past than was fitted, or less than is new.
#[test]
fn later_stands_a_short_window() {
    let y = ordinary(48);
    all_obey("later stands a short window", |subject| {
        let fitted = subject.method.fit(&Ctx::new(3), &Past::new(&y[..40], 4));
        let fitted = fitted.map_err(|e| e.to_string())?;
        for (window, new) in [(20, 3), (8, 8), (5, 8), (1, 8)] {
            match fitted.later(&Past::new(&y[48 - window..], 4), new) {
                Ok(moved) if look(&moved)?.is_finite() => {}
                Ok(_) => return Err(format!("{new} new in a window of {window}: not finite")),
                Err(FitError::TooShort { .. }) => {}
                Err(why) => return Err(format!("{new} new in a window of {window}: {why}")),
            }
        }
        Ok(())
    });
}

/// A cancelled search stops; a method without one may finish.
#[test]
fn cancelling_stops_a_search() {
    let y = ordinary(400);
    all_obey("a cancelled search stops", |subject| {
        let ctx = Ctx::new(3);
        ctx.cancel();
        match subject.method.fit(&ctx, &Past::new(&y, 12)) {
            Err(FitError::Cancelled) => Ok(()),
            Ok(_) if !subject.name.starts_with("auto_") => Ok(()),
            Ok(_) => Err("went on to the end".into()),
            Err(why) => Err(why.to_string()),
        }
    });
}
