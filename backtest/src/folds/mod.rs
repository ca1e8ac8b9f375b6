//! Where past and future part: over time for every series, or between groups.

mod grouped;

use std::collections::BTreeSet;

use almanac_data::{Clock, Cut, Panel, Stamp};

use crate::error::PlanError;
use crate::spec::{Align, FoldKind, FoldSpec, Refit};

pub use grouped::{Split, grouped};

/// Folds over time, checked against a panel.
///
/// ```text
/// rows    ──────── past ────────┃── gap ──┃── horizon ──┃── step, and the next fold's end
///         ◀── window (sliding) ─┘ origin
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Folds {
    /// Number of folds.
    pub count: usize,
    /// Steps that are scored.
    pub horizon: usize,
    /// Steps between the end of the past and the first that is scored.
    pub gap: usize,
    /// Steps from one cutoff to the next; `None` where cutoffs were given.
    pub step: Option<usize>,
    window: usize,
    origins: Origins,
}

#[derive(Debug, Clone, PartialEq)]
enum Origins {
    /// Counted from the end of each series.
    FromEnd { step: usize },
    /// One stamp a fold: the last that may be known.
    Cutoffs(Vec<Stamp>),
    /// None: rows of a table have no order.
    Rows,
}

impl Folds {
    /// Checks what was written against the panel.
    ///
    /// # Errors
    /// A field out of range, or a first fold for which no series has a past.
    pub fn new(spec: &FoldSpec, panel: &Panel) -> Result<Folds, PlanError> {
        check(spec)?;
        let longest = panel.iter().map(|series| series.len()).max().unwrap_or(0);
        range(
            spec.gap.saturating_add(spec.horizon) < longest.max(2),
            "horizon",
            &format!("shorter, gap included, than the longest series, {longest} rows"),
            &spec.horizon,
        )?;
        let step = spec.step.unwrap_or(spec.horizon);
        let ahead = spec.gap + spec.horizon;
        if matches!(spec.kind, FoldKind::Shuffled | FoldKind::Grouped) {
            let must = "rolling, sliding or given for a panel: its rows have an order";
            range(false, "kind", must, &"one of a table")?;
        }
        let origins = match (spec.kind, spec.align) {
            (FoldKind::Given, _) => Origins::Cutoffs(given(&spec.cutoffs, panel.calendar.clock)?),
            (_, Align::Calendar) => Origins::Cutoffs(dates(panel, ahead, step, spec.count)?),
            (_, Align::Series) => Origins::FromEnd { step },
        };
        let count = match &origins {
            Origins::Cutoffs(stamps) => stamps.len(),
            Origins::FromEnd { .. } | Origins::Rows => spec.count,
        };
        let folds = Folds {
            count,
            horizon: spec.horizon,
            gap: spec.gap,
            step: (spec.kind != FoldKind::Given).then_some(step),
            window: spec.window.unwrap_or(usize::MAX),
            origins,
        };
        let begins = |fold| (0..panel.len()).any(|s| folds.origin(panel, fold, s).is_some());
        match spec.kind {
            _ if begins(0) => Ok(folds),
            _ if !begins(count - 1) && longest > ahead => Err(PlanError::NoValue),
            FoldKind::Given => Err(cutoffs("after the first value", &spec.cutoffs[0])),
            _ => Err(no_past(count, step, ahead, longest)),
        }
    }

    /// Folds of a table, of which at most `longest` rows are asked at once.
    pub fn of_rows(count: usize, longest: usize) -> Folds {
        Folds {
            count,
            horizon: longest,
            gap: 0,
            step: None,
            window: usize::MAX,
            origins: Origins::Rows,
        }
    }

    /// The row of the panel at which this series' future begins in this fold; `None` where no
    /// value was observed before it.
    pub fn origin(&self, panel: &Panel, fold: usize, series: usize) -> Option<usize> {
        let span = panel.span(series);
        let origin = match &self.origins {
            Origins::FromEnd { step } => {
                let back = self.gap + self.horizon + (self.count - 1 - fold) * step;
                span.end.checked_sub(back).filter(|&origin| origin > span.start)?
            }
            Origins::Cutoffs(stamps) => {
                span.start + panel.series(series).at.partition_point(|&at| at <= stamps[fold])
            }
            Origins::Rows => return None,
        };
        let past = self.cut_at(panel, series, origin);
        let observed = past.past(panel).series(0).y.iter().any(|value| !value.is_nan());
        observed.then_some(origin)
    }

    /// One series cut at this fold.
    pub fn cut(&self, panel: &Panel, fold: usize, series: usize) -> Option<Cut> {
        let origin = self.origin(panel, fold, series)?;
        Some(self.cut_at(panel, series, origin))
    }

    /// All series that have a past, cut at this fold.
    pub fn cut_all(&self, panel: &Panel, fold: usize) -> Cut {
        let origin = |series| Some((series, self.origin(panel, fold, series)?));
        let origins = (0..panel.len()).filter_map(origin);
        panel.cut(origins, self.window, self.gap + self.horizon)
    }

    /// The same, with the past from this row of the panel on.
    pub fn cut_from(&self, panel: &Panel, fold: usize, from: (usize, usize)) -> Option<Cut> {
        let (series, start) = from;
        let origin = self.origin(panel, fold, series)?;
        Some(panel.cut([(series, origin)], origin - start, self.gap + self.horizon))
    }

    fn cut_at(&self, panel: &Panel, series: usize, origin: usize) -> Cut {
        panel.cut([(series, origin)], self.window, self.gap + self.horizon)
    }

    /// The fold at which the model that answers at `fold` is fitted: the latest at which models
    /// are to be fitted again, or the first after it at which the series has a past.
    pub fn fitted_at(&self, refit: Refit, panel: &Panel, (fold, series): (usize, usize)) -> usize {
        let begins = |&at: &usize| self.origin(panel, at, series).is_some();
        (refit.before(fold)..fold).find(begins).unwrap_or(fold)
    }

    /// The same for a model of the whole panel: the first fold at which any series has a past.
    pub fn due(&self, refit: Refit, panel: &Panel, fold: usize) -> usize {
        let begins = |&at: &usize| (0..panel.len()).any(|s| self.origin(panel, at, s).is_some());
        (refit.before(fold)..fold).find(begins).unwrap_or(fold)
    }

    /// How many fits one model needs for one series.
    pub fn fits(&self, refit: Refit) -> usize {
        match refit {
            Refit::Every => self.count,
            Refit::Never => 1,
            Refit::Folds(every) => self.count.div_ceil(every),
        }
    }

    /// The cutoff of each fold: the last stamp of the past, of the first series that has one.
    pub fn cutoffs(&self, panel: &Panel) -> Vec<Stamp> {
        let cutoff = |fold| {
            let series = (0..panel.len()).find_map(|series| self.cut(panel, fold, series));
            let past = series.as_ref().map(|cut| cut.past(panel).series(0).at);
            past.and_then(|at| at.last().copied()).unwrap_or_default()
        };
        (0..self.count).map(cutoff).collect()
    }
}

fn check(spec: &FoldSpec) -> Result<(), PlanError> {
    let sliding = spec.kind == FoldKind::Sliding;
    let given = spec.kind == FoldKind::Given;
    range(spec.horizon > 0, "horizon", "at least 1", &spec.horizon)?;
    range(spec.count > 0, "count", "at least 1", &spec.count)?;
    range(spec.step != Some(0), "step", "at least 1", &0)?;
    range(spec.window != Some(0), "window", "at least 1", &0)?;
    range(!sliding || spec.window.is_some(), "window", "given for sliding folds", &"left out")?;
    range(
        sliding || spec.window.is_none(),
        "kind",
        "\"sliding\" where a window is given",
        &"other",
    )?;
    range(
        given || spec.cutoffs.is_empty(),
        "kind",
        "\"given\" where cutoffs are listed",
        &"other",
    )?;
    range(!given || !spec.cutoffs.is_empty(), "cutoffs", "listed for given folds", &"empty")?;
    let reach = spec.count.checked_mul(spec.step.unwrap_or(spec.horizon));
    let reach = reach.and_then(|reach| reach.checked_add(spec.gap)?.checked_add(spec.horizon));
    range(reach.is_some(), "count", "a number of folds that fits the data", &spec.count)
}

fn range(ok: bool, field: &'static str, must: &str, got: &dyn ToString) -> Result<(), PlanError> {
    let (must, got) = (must.to_string(), got.to_string());
    if ok { Ok(()) } else { Err(PlanError::Range { table: "folds", field, must, got }) }
}

/// Reads cutoffs by the panel's clock; they must increase.
fn given(written: &[String], clock: Clock) -> Result<Vec<Stamp>, PlanError> {
    let example = clock.show(Stamp(1));
    let mut stamps: Vec<Stamp> = Vec::with_capacity(written.len());
    for text in written {
        let like = || cutoffs(&format!("stamps such as {example}"), text);
        let stamp = clock.read(text).ok_or_else(like)?;
        if stamps.last().is_some_and(|&last| stamp <= last) {
            return Err(cutoffs("in increasing order", text));
        }
        stamps.push(stamp);
    }
    Ok(stamps)
}

fn cutoffs(must: &str, got: &str) -> PlanError {
    let (must, got) = (must.into(), format!("`{got}`"));
    PlanError::Range { table: "folds", field: "cutoffs", must, got }
}

/// Cutoffs counted back from the last of all stamps in the panel.
fn dates(panel: &Panel, ahead: usize, step: usize, count: usize) -> Result<Vec<Stamp>, PlanError> {
    let need = ahead + (count - 1) * step + 1;
    let mut stamps = BTreeSet::new();
    for series in panel.iter() {
        stamps.extend(series.at.iter().rev().take(need));
        while stamps.len() > need {
            stamps.pop_first();
        }
    }
    let stamps: Vec<Stamp> = stamps.into_iter().collect();
    if stamps.len() < need {
        return Err(no_past(count, step, ahead, stamps.len()));
    }
    Ok((0..count).map(|fold| stamps[fold * step]).collect())
}

fn no_past(folds: usize, step: usize, ahead: usize, longest: usize) -> PlanError {
    let need = ahead + (folds - 1) * step + 1;
    let fit = longest.checked_sub(ahead + 1).map_or(0, |spare| spare / step + 1);
    PlanError::NoPast { folds, need, longest, fit: fit.min(folds - 1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use almanac_data::Calendar;

    /// Series `a` has stamps 1..=10, `b` has 1..=6.
    fn panel() -> Panel {
        let series = vec![("a".to_string(), 10), ("b".to_string(), 16)];
        let at = (1..=10).chain(1..=6).map(Stamp).collect();
        Panel::new("two", Calendar::steps(), series, at, vec![1.0; 16]).unwrap()
    }

    fn origins(spec: &FoldSpec) -> Vec<Vec<Option<usize>>> {
        let panel = panel();
        let folds = Folds::new(spec, &panel).unwrap();
        let row = |fold| (0..2).map(|series| folds.origin(&panel, fold, series)).collect();
        (0..folds.count).map(row).collect()
    }

    /// Two folds of 2 ahead, 3 apart, gap 1: ends 10 − 3 = 7 and 7 − 3 = 4 for `a`; for `b` 3 and
    /// nothing, since 0 rows would be left.
    #[test]
    fn series_count_from_their_own_end() {
        let spec = FoldSpec { horizon: 2, count: 2, step: Some(3), gap: 1, ..FoldSpec::default() };
        assert_eq!(origins(&spec), [vec![Some(4), None], vec![Some(7), Some(13)]]);
    }

    /// One date for all: 2 before the last stamp 10 is 8, which is past the end of `b`.
    #[test]
    fn a_calendar_has_one_date() {
        let spec = FoldSpec { horizon: 2, align: Align::Calendar, ..FoldSpec::default() };
        assert_eq!(origins(&spec), [vec![Some(8), Some(16)]]);
        let folds = Folds::new(&spec, &panel()).unwrap();
        assert_eq!(folds.cutoffs(&panel()), [Stamp(8)]);
    }

    /// Cutoffs are read by the clock and must increase.
    #[test]
    fn given_cutoffs() {
        let cutoffs = |list: &[&str]| FoldSpec {
            kind: FoldKind::Given,
            cutoffs: list.iter().map(|&text| text.into()).collect(),
            ..FoldSpec::default()
        };
        assert_eq!(origins(&cutoffs(&["2", "5"])), [[Some(2), Some(12)], [Some(5), Some(15)]]);
        let refused = Folds::new(&cutoffs(&["5", "2"]), &panel()).unwrap_err();
        assert_eq!(refused.to_string(), "folds.cutoffs must be in increasing order, not `2`");
        let said = |list: &[&str]| Folds::new(&cutoffs(list), &panel()).unwrap_err().to_string();
        assert_eq!(said(&["monday"]), "folds.cutoffs must be stamps such as 1, not `monday`");
        assert_eq!(said(&["0", "4"]), "folds.cutoffs must be after the first value, not `0`");
    }

    /// A horizon as long as the data, and a panel without one observed value.
    #[test]
    fn nothing_to_learn_from() {
        let said = |horizon, panel: &Panel| {
            let spec = FoldSpec { horizon, ..FoldSpec::default() };
            Folds::new(&spec, panel).unwrap_err().to_string()
        };
        assert_eq!(
            said(10, &panel()),
            "folds.horizon must be shorter, gap included, than the longest series, 10 rows, not 10"
        );
        let mut empty = panel();
        empty.values_mut().fill(f64::NAN);
        assert_eq!(said(2, &empty), "no series has a value before its last cutoff");
    }

    /// 10 rows, 3 ahead: one row of past leaves room for (10 − 4)/3 + 1 = 3 folds.
    #[test]
    fn too_many_folds_say_how_many_fit() {
        let spec = FoldSpec { horizon: 3, count: 9, ..FoldSpec::default() };
        let error = Folds::new(&spec, &panel()).unwrap_err();
        assert_eq!(error, PlanError::NoPast { folds: 9, need: 28, longest: 10, fit: 3 });
        assert_eq!(error.hint().unwrap(), "at most 3 folds fit");
    }

    /// Every second fold fits: folds 0 1 2 3 4 use fits of 0 0 2 2 4.
    #[test]
    fn refit_every_second_fold() {
        let spec = FoldSpec { count: 5, refit: Refit::Folds(2), ..FoldSpec::default() };
        let (panel, folds) = (panel(), Folds::new(&spec, &panel()).unwrap());
        let refit = spec.refit;
        let at = |fold| folds.fitted_at(refit, &panel, (fold, 0));
        let used: Vec<usize> = (0..5).map(at).collect();
        assert_eq!((used, folds.fits(refit)), (vec![0, 0, 2, 2, 4], 3));
    }
}
