//! Laws of answers: length, finiteness, order of quantiles, honest needs, equivariance.

use almanac_data::{FitError, Forecast, Spread};
use almanac_models::{Ctx, Past};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::subjects::{
    NOT_FLAT, NOT_SCALED, NOT_SHIFTED, Subject, agree, all_obey, kinds, noise, ordinary, subjects,
};

/// What must hold of any forecast: its length, finite numbers, quantiles that do not cross.
fn sound(forecast: &Forecast, steps: usize) -> Result<(), String> {
    if forecast.len() != steps {
        return Err(format!("{} steps where {steps} were asked", forecast.len()));
    }
    if !forecast.is_finite() {
        return Err(format!("not finite: {forecast:?}"));
    }
    if !forecast.has_spread() {
        return Err("no spread".into());
    }
    for step in 0..steps {
        let grid = [0.001, 0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975, 0.999];
        let at: Vec<f64> = grid.iter().map(|&p| forecast.quantile(step, p)).collect();
        if !at.is_sorted() {
            return Err(format!("quantiles cross at step {}: {at:?}", step + 1));
        }
        let ((low80, high80), (low95, high95)) =
            (forecast.interval(step, 0.8), forecast.interval(step, 0.95));
        if !(low95 <= low80 && low80 <= high80 && high80 <= high95) {
            return Err(format!("intervals do not nest at step {}", step + 1));
        }
    }
    Ok(())
}

/// A sound forecast; a refusal of what is too short or outside the domain, and of nothing else.
fn sound_or_refused(subject: &Subject, y: &[f64], season: usize) -> Result<(), String> {
    match (subject.forecast(y, season, 9), subject.outside(y)) {
        (Ok(forecast), None) => {
            sound(&forecast, 9)?;
            let largest = y.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
            match forecast.mean.iter().find(|mean| mean.abs() > 1e3 * largest) {
                Some(mean) => Err(format!("runs away to {mean} from at most {largest}")),
                None => Ok(()),
            }
        }
        (Err(FitError::TooShort { .. }), _) if y.len() < 4 * season + 8 => Ok(()),
        (Err(FitError::Domain { must, got }), Some(outside)) if (must, got) == outside => Ok(()),
        (Ok(_), Some((must, got))) => Err(format!("accepted {got}, which is not {must}")),
        (Err(why), _) => Err(format!("refused: {why}")),
    }
}

/// Flat, empty of demand, huge, tiny, short, seasonal and odd series all get a sound answer.
#[test]
fn every_kind_of_series_is_safe() {
    all_obey("every kind of series gets a sound answer", |subject| {
        let broken: Vec<String> = kinds()
            .iter()
            .filter_map(|(kind, y)| Some((kind, sound_or_refused(subject, y, 4).err()?)))
            .map(|(kind, why)| format!("on `{kind}`: {why}"))
            .collect();
        if broken.is_empty() { Ok(()) } else { Err(broken.join("; ")) }
    });
}

/// The answer has the length asked, and looking further does not change the near.
#[test]
fn the_answer_has_the_length_asked() {
    let y = ordinary(40);
    all_obey("the answer has the length asked", |subject| {
        let far = subject.forecast(&y, 4, 200).map_err(|e| e.to_string())?;
        sound(&far, 200)?;
        for steps in [1, 4, 9] {
            let near = subject.forecast(&y, 4, steps).map_err(|e| e.to_string())?;
            sound(&near, steps)?;
            // Paths are drawn one after the other, so a longer look draws others.
            if !matches!(far.spread, Spread::Draws(_)) {
                let mut cut = far.clone();
                cut.mean.truncate(steps);
                agree(&near, &cut, 100.0, 1e-9).map_err(|e| format!("{steps} steps, {e}"))?;
            }
        }
        Ok(())
    });
}

/// Random series of random lengths, scales and seasons.
#[test]
fn random_series_are_safe() {
    let value = prop_oneof![
        8 => -10.0..10.0_f64,
        1 => Just(0.0),
        1 => -1e6..1e6_f64,
    ];
    let strategy = (proptest::collection::vec(value, 1..40), 1_usize..9, -9_i32..10);
    let config = Config { cases: 12, failure_persistence: None, ..Config::default() };
    for subject in subjects() {
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let verdict = TestRunner::new_with_rng(config.clone(), rng).run(&strategy, |drawn| {
            let (y, season, power) = drawn;
            let y: Vec<f64> = y.iter().map(|value| value * 10.0_f64.powi(power)).collect();
            sound_or_refused(&subject, &y, season).map_err(TestCaseError::fail)
        });
        if let Err(why) = verdict {
            panic!("law broken: random series are safe\n  {}: {why}", subject.label);
        }
    }
}

/// Seasons that are long, or longer than the past: a day of minutes, a year of days.
#[test]
fn long_seasons_are_safe() {
    let y: Vec<f64> = ordinary(300).iter().map(|value| value + 100.0).collect();
    all_obey("long seasons are safe", |subject| {
        for (rows, season) in [(300, 96), (300, 288), (300, 365), (30, 1440)] {
            sound_or_refused(subject, &y[..rows], season)
                .map_err(|why| format!("{rows} values of season {season}: {why}"))?;
        }
        Ok(())
    });
}

/// `TooShort.need` is honest: one value less fails in the same words, exactly that many work.
#[test]
fn needs_are_honest() {
    let y: Vec<f64> = noise(31, 60).iter().map(|e| 20.0 + e).collect();
    all_obey("TooShort.need is honest", |subject| {
        for season in [1, 4, 12] {
            let fit = |n: usize| {
                subject.method.fit(&Ctx::new(1), &Past::new(&y[..n], season)).map(|_| ())
            };
            for n in 1..40 {
                let need = match fit(n) {
                    Ok(()) => continue,
                    Err(FitError::TooShort { need, got }) if got == n && need > n => need,
                    Err(other) => return Err(format!("season {season}, {n} values: {other:?}")),
                };
                let (less, exactly) = (fit(need - 1), fit(need));
                let honest =
                    matches!(less, Err(FitError::TooShort { need: same, .. }) if same == need);
                if !honest || exactly.is_err() {
                    return Err(format!(
                        "season {season}, {n} values: says {need}; one less gives {less:?}, exactly that many {exactly:?}"
                    ));
                }
            }
        }
        Ok(())
    });
}

/// A flat series is forecast by its own value.
#[test]
fn flat_stays_flat() {
    all_obey("flat stays flat", |subject| {
        if subject.is_in(NOT_FLAT) {
            return Ok(());
        }
        let forecast = subject.forecast(&[5.0; 40], 4, 9).map_err(|e| e.to_string())?;
        let off = forecast.mean.iter().find(|mean| (**mean - 5.0).abs() > 1e-6);
        off.map_or(Ok(()), |mean| Err(format!("5, 5, 5, … is continued by {mean}")))
    });
}

/// A noisy series has a spread, about as wide as its noise allows.
#[test]
fn noise_has_a_spread() {
    let y: Vec<f64> = noise(41, 60).iter().map(|e| 20.0 + e).collect();
    all_obey("noise of deviation 1 has a spread near 1", |subject| {
        if subject.is_in(NOT_FLAT) {
            return Ok(());
        }
        let forecast = subject.forecast(&y, 1, 1).map_err(|e| e.to_string())?;
        let sd = forecast.sd(0);
        if 0.3 < sd && sd < 4.0 { Ok(()) } else { Err(format!("one step ahead: {sd}")) }
    });
}

/// Other units, other numbers, the same forecast.
#[test]
fn scaling_scales() {
    transformed("scaling the past scales the forecast", NOT_SCALED, 8.0, 0.0);
}

/// Another zero, the same forecast around it.
#[test]
fn shifting_shifts() {
    transformed("shifting the past shifts the forecast", NOT_SHIFTED, 1.0, 1000.0);
}

/// Forecasts `factor·y + shift` and compares with the transformed forecast of `y`.
fn transformed(law: &str, exceptions: &[(&str, &str)], factor: f64, shift: f64) {
    let y = ordinary(48);
    let moved: Vec<f64> = y.iter().map(|value| factor * value + shift).collect();
    all_obey(law, |subject| {
        if subject.is_in(exceptions) {
            return Ok(());
        }
        let plain = subject.forecast(&y, 4, 8).map_err(|e| e.to_string())?;
        let moved = subject.forecast(&moved, 4, 8).map_err(|e| e.to_string())?;
        // The noise has deviation 1: agreement is asked to a thousandth of it.
        for step in 0..8 {
            let pairs = [
                ("mean", factor * plain.mean[step] + shift, moved.mean[step]),
                ("deviation", factor * plain.sd(step), moved.sd(step)),
            ];
            let off = pairs.iter().find(|(_, want, got)| (want - got).abs() > 1e-3 * factor);
            if let Some((what, want, got)) = off {
                return Err(format!("step {}: {what} {got}, not {want}", step + 1));
            }
        }
        Ok(())
    });
}
