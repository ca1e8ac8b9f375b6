//! Laws of sameness: same seed, any number of threads, any company of rows: the same answer.

use almanac_data::FitError;
use almanac_models::Ctx;

use crate::cases::ordinary;
use crate::subjects::all_obey;

/// The same seed gives the same bits, on one thread and on two.
#[test]
fn same_seed_same_bits() {
    let (case, fresh) = (ordinary(60, 700), ordinary(10, 800));
    all_obey("same seed, same bits, on any number of threads", |subject| {
        let say = |threads| {
            let mut ctx = Ctx::new(11);
            ctx.threads = threads;
            subject.say(&ctx, &case, &fresh.x).map_err(|e| e.to_string())
        };
        let once = say(1)?;
        if say(1)? != once {
            return Err("another answer at the second fit".into());
        }
        if say(2)? == once { Ok(()) } else { Err("another answer on two threads".into()) }
    });
}

/// A row's answer does not depend on the rows asked beside it.
#[test]
fn rows_are_answered_alone() {
    let (case, fresh) = (ordinary(60, 700), ordinary(5, 900));
    all_obey("a row is answered alone as in company", |subject| {
        let say = |rows: &[usize]| {
            let said = subject.say(&Ctx::new(11), &case, &fresh.x.select(rows));
            said.map(|said| said.values).map_err(|e| e.to_string())
        };
        let together = say(&[0, 1, 2, 3, 4])?;
        let alone = [0, 1, 2, 3, 4].map(|row| say(&[row]));
        let alone = alone.into_iter().collect::<Result<Vec<_>, _>>()?.concat();
        let off =
            together.iter().zip(&alone).find(|(a, b)| (*a - *b).abs() > 1e-9 * (1.0 + a.abs()));
        off.map_or(Ok(()), |(a, b)| Err(format!("{a} in company, {b} alone")))
    });
}

/// Asked to stop, a fit stops or has finished: nothing else comes of it.
#[test]
fn a_cancelled_fit_stops() {
    let case = ordinary(40, 700);
    all_obey("a cancelled fit stops", |subject| {
        let ctx = Ctx::new(11);
        ctx.cancel();
        match subject.say(&ctx, &case, &case.x) {
            Ok(_) | Err(FitError::Cancelled) => Ok(()),
            Err(other) => Err(format!("{other:?}")),
        }
    });
}
