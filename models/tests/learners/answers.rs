//! Laws of answers: finite, probabilities, honest needs, missing values, better than the baseline.

use std::panic::{AssertUnwindSafe, catch_unwind};

use almanac_data::FitError;
use almanac_models::Ctx;

use crate::cases::{Case, kinds, ordinary};
use crate::subjects::{BASELINES, REFUSED, Subject, all_obey};
use crate::verdict::words;

/// A sound answer for the rows learnt and for rows far outside them; a refusal of too few rows, and
/// of what the table of refusals names.
fn sound_or_refused(subject: &Subject, case: &Case) -> Result<(), String> {
    let listed = REFUSED.iter().filter(|(_, refused, _)| *refused == case.name);
    let refused = subject.is_in(listed.map(|(learner, _, _)| *learner));
    let rows = case.y.len();
    match subject.say(&Ctx::new(7), case, &case.x) {
        Ok(said) => {
            subject.sound(&said, case, rows)?;
            let most = case.y.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
            let wild = |value: &&f64| !subject.classifies() && value.abs() > 1e3 * most + 1e-6;
            if let Some(value) = said.values.iter().find(wild) {
                return Err(format!("runs away to {value} from at most {most}"));
            }
            let far = case.x.map_columns(|_, value| 100.0 * value);
            let said = subject.say(&Ctx::new(7), case, &far).map_err(|e| format!("far: {e}"))?;
            subject.sound(&said, case, rows).map_err(|e| format!("far: {e}"))
        }
        Err(FitError::TooShort { need, got }) if got == rows && need > rows && rows < 20 => Ok(()),
        Err(FitError::Domain { .. } | FitError::NotFinite(_) | FitError::Failed(_)) if refused => {
            Ok(())
        }
        Err(why) => Err(format!("refused: {why:?}")),
    }
}

/// Constant, collinear, duplicate, huge, tiny, few and one-sided rows all get a sound answer.
#[test]
fn every_kind_of_table_is_safe() {
    all_obey("every kind of table gets a sound answer", |subject| {
        let judge = |case: Case| {
            let verdict = catch_unwind(AssertUnwindSafe(|| sound_or_refused(subject, &case)));
            let why = match verdict {
                Ok(verdict) => verdict.err()?,
                Err(panic) => format!("panicked: {}", words(&*panic)),
            };
            Some(format!("on `{}`: {why}", case.name))
        };
        let broken: Vec<String> = kinds().into_iter().filter_map(judge).collect();
        if broken.is_empty() { Ok(()) } else { Err(broken.join("\n    ")) }
    });
}

/// One row fewer than asked for is refused with the same need; exactly that many work.
#[test]
fn need_is_honest() {
    all_obey("TooShort.need is honest", |subject| {
        for rows in 1..12 {
            let fit = |rows: usize| {
                let case = ordinary(rows, 300);
                subject.say(&Ctx::new(7), &case, &case.x).map(|_| ())
            };
            let need = match fit(rows) {
                Ok(()) => continue,
                Err(FitError::TooShort { need, got }) if got == rows && need > rows => need,
                Err(other) => return Err(format!("{rows} rows: {other:?}")),
            };
            let (less, exactly) = (fit(need - 1), fit(need));
            let honest = matches!(less, Err(FitError::TooShort { need: same, .. }) if same == need);
            if !honest || exactly.is_err() {
                return Err(format!(
                    "{rows} rows: says {need}; one less gives {less:?}, exactly that many {exactly:?}"
                ));
            }
        }
        Ok(())
    });
}

/// A missing value is read, or refused by the learner's own name; in the fit as in the question.
#[test]
fn missing_values_are_read_or_refused_by_name() {
    let (whole, ctx) = (ordinary(40, 400), Ctx::new(7));
    let holed = whole.with_hole();
    all_obey("missing values are read or refused by name", |subject| {
        for (what, learnt, asked) in [("learnt", &holed, &whole), ("asked", &whole, &holed)] {
            match subject.say(&ctx, learnt, &asked.x) {
                Ok(said) => subject.sound(&said, learnt, 40).map_err(|e| format!("{what}: {e}"))?,
                Err(FitError::Missing { model, count: 1 }) if model == subject.name => {}
                Err(other) => return Err(format!("{what}: {other:?}")),
            }
        }
        Ok(())
    });
}

/// A plain relation with little noise is learnt: smaller squared errors on fresh rows than those of
/// the mean, or of the classes' shares.
#[test]
fn an_easy_problem_is_learnt() {
    let (case, fresh) = (ordinary(120, 500), ordinary(80, 600));
    let mean = case.y.iter().sum::<f64>() / 120.0;
    let share = |class: usize| case.classes.iter().filter(|&&c| c == class).count() as f64 / 120.0;
    let truth = |row: usize, class: usize| f64::from(fresh.classes[row] == class);
    all_obey("an easy problem is learnt", |subject| {
        let said = subject.say(&Ctx::new(7), &case, &fresh.x).map_err(|e| e.to_string())?;
        let errors = |value: &dyn Fn(usize, usize) -> f64| -> f64 {
            let rows = 0..80;
            match subject.classifies() {
                true => rows
                    .flat_map(|row| (0..3).map(move |class| (row, class)))
                    .map(|(row, class)| (value(row, class) - truth(row, class)).powi(2))
                    .sum(),
                false => rows.map(|row| (value(row, 0) - fresh.y[row]).powi(2)).sum(),
            }
        };
        let width = if subject.classifies() { 3 } else { 1 };
        let own = errors(&|row, class| said.values[row * width + class]);
        let base = errors(&|_, class| if subject.classifies() { share(class) } else { mean });
        let baseline = subject.is_in(BASELINES.iter().map(|(learner, _)| *learner));
        if baseline || own < 0.8 * base { Ok(()) } else { Err(format!("{own} against {base}")) }
    });
}

/// A column of noise is worth less than each of the two that make the target.
#[test]
fn importance_ranks_what_matters() {
    let case = ordinary(120, 500);
    all_obey("importance ranks what matters", |subject| {
        let said = subject.say(&Ctx::new(7), &case, &case.x).map_err(|e| e.to_string())?;
        match said.importance.as_deref() {
            Some([first, second, noise]) if noise >= first || noise >= second => {
                Err(format!("{first} and {second}, noise {noise}"))
            }
            _ => Ok(()),
        }
    });
}
