//! Laws of folds over time, on every small case.

use almanac_backtest::{Align, FoldKind, FoldSpec, Folds, PlanError};
use almanac_data::{Calendar, Panel, Stamp};

/// One series of `rows`, and one that is two rows shorter and begins one stamp later.
fn panel(rows: usize) -> Panel {
    let short = rows.saturating_sub(2).max(1);
    let at = (0..rows).chain(1..=short).map(|t| Stamp(t as i64)).collect();
    let series = vec![("long".to_string(), rows), ("short".to_string(), rows + short)];
    Panel::new("two", Calendar::steps(), series, at, vec![1.0; rows + short]).unwrap()
}

fn every_case() -> impl Iterator<Item = (usize, FoldSpec)> {
    let choices = (1..14).flat_map(|rows| (0..324).map(move |code: usize| (rows, code)));
    choices.map(|(rows, code)| {
        let digit = |size: usize, below: usize| code / below % size;
        let (horizon, gap, step) = (1 + digit(3, 1), digit(3, 3), 1 + digit(3, 9));
        let (count, sliding) = (1 + digit(3, 27), digit(2, 81) == 1);
        let align = if digit(2, 162) == 1 { Align::Calendar } else { Align::Series };
        let kind = if sliding { FoldKind::Sliding } else { FoldKind::Rolling };
        let window = sliding.then_some(2);
        (
            rows,
            FoldSpec {
                kind,
                horizon,
                count,
                step: Some(step),
                window,
                gap,
                align,
                ..FoldSpec::default()
            },
        )
    })
}

/// Past and truth meet at the cutoff and nowhere else; cutoffs are a step apart; the last truth ends
/// where the series ends; a window is never longer than asked; what does not fit is refused with
/// the number of folds that does.
#[test]
fn past_and_truth_never_meet() {
    let mut planned = 0;
    for (rows, spec) in every_case() {
        let panel = panel(rows);
        let reach = spec.gap + spec.horizon + (spec.count - 1) * spec.step.unwrap();
        let folds = match Folds::new(&spec, &panel) {
            Ok(folds) => folds,
            Err(PlanError::NoPast { need, longest, fit, .. }) => {
                assert!(need == reach + 1 && longest < need && fit < spec.count, "{spec:?}");
                let fewer = FoldSpec { count: fit.max(1), ..spec.clone() };
                assert_eq!(Folds::new(&fewer, &panel).is_ok(), fit > 0, "{rows} {fewer:?}");
                continue;
            }
            Err(other) => {
                assert!(spec.gap + spec.horizon >= rows, "{rows} {spec:?}: {other}");
                continue;
            }
        };
        planned += 1;
        for series in 0..2 {
            let mut before = None;
            for fold in 0..folds.count {
                let Some(cut) = folds.cut(&panel, fold, series) else { continue };
                let (past, truth) = (cut.past(&panel).series(0), cut.truth(&panel).series(0));
                let (seen, hidden) = (past.span(), truth.span());
                assert!(seen.start < seen.end && seen.end == hidden.start);
                assert!(truth.len() <= spec.gap + spec.horizon);
                assert!(past.len() <= spec.window.unwrap_or(usize::MAX));
                let apart = before.map(|before| seen.end - before);
                assert!(apart.is_none_or(|rows| rows <= spec.step.unwrap()));
                before = Some(seen.end);
                if spec.align == Align::Series {
                    assert!(apart.is_none_or(|rows| rows == spec.step.unwrap()));
                    assert_eq!(hidden.end - seen.end, spec.gap + spec.horizon);
                    let last = fold + 1 == folds.count;
                    assert!(!last || hidden.end == panel.span(series).end);
                }
            }
        }
    }
    assert!(planned > 1000, "only {planned} cases were planned");
}
