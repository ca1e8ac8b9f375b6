//! Two panels of one set become one: what is new, what is there already, what disagrees.

use std::collections::BTreeMap;

use almanac_data::{Calendar, Column, Panel, PanelError, Role, Stamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::Error;

/// Conflicts that are told in full.
const TOLD: usize = 100;

/// What became of rows that were sent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct Appended {
    /// Rows that were not there, or had no value.
    pub added: usize,
    /// Rows that were there with the same value.
    pub same: usize,
    /// Rows that were there with another value.
    pub conflicting: usize,
    /// Whether those were replaced.
    pub replaced: bool,
    /// The first of them.
    pub conflicts: Vec<Conflict>,
}

/// A row that is there with another value.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Conflict {
    /// Its series.
    pub unique_id: String,
    /// Its stamp.
    pub ds: String,
    /// The value that is kept.
    pub kept: f64,
    /// The value that was sent.
    pub sent: f64,
}

/// Rows of one series by stamp: of each, its row in the old panel and in the new.
type Places = BTreeMap<Stamp, (Option<usize>, Option<usize>)>;

/// The counts, and the panel after; none where nothing changes.
///
/// # Errors
/// Panels on different clocks or with different columns.
pub(crate) fn merged(
    old: &Panel,
    new: &Panel,
    replace: bool,
) -> Result<(Appended, Option<Panel>), Error> {
    alike(old, new)?;
    let mut series: BTreeMap<&str, Places> = BTreeMap::new();
    for (panel, is_new) in [(old, false), (new, true)] {
        for one in panel.iter() {
            let start = one.span().start;
            let places = series.entry(one.id).or_default();
            for (k, at) in one.at.iter().enumerate() {
                let place = places.entry(*at).or_default();
                *(if is_new { &mut place.1 } else { &mut place.0 }) = Some(start + k);
            }
        }
    }
    let mut all = Merge { old, new, replace, appended: Appended::default() };
    let rows = all.rows(&series);
    let mut appended = all.appended;
    appended.replaced = replace && appended.conflicting > 0;
    if (appended.conflicting > 0 && !replace) || appended.added + appended.conflicting == 0 {
        return Ok((appended, None));
    }
    let panel = rows.panel(old, new, &series).map_err(|e| Error::Failed(e.to_string()))?;
    Ok((appended, Some(panel)))
}

fn alike(old: &Panel, new: &Panel) -> Result<(), Error> {
    if old.calendar.clock != new.calendar.clock {
        let show = |calendar: &Calendar| match calendar.clock {
            almanac_data::Clock::Step => "steps".to_string(),
            almanac_data::Clock::Date => "dates".into(),
            almanac_data::Clock::Wall => "times of day without a zone".into(),
            almanac_data::Clock::Zone(zone) => format!("times in {zone}"),
        };
        let message =
            format!("the set counts {}, these rows {}", show(&old.calendar), show(&new.calendar));
        return Err(Error::mistake(message, "write times as the set does".to_string()));
    }
    let absent = old.columns.iter().find(|own| !new.columns.iter().any(|c| c.name == own.name));
    match absent {
        Some(column) if column.role != Role::Static => Err(Error::mistake(
            format!("the rows lack the column `{}` of the set", column.name),
            "send every column that the set has".to_string(),
        )),
        _ => Ok(()),
    }
}

struct Merge<'a> {
    old: &'a Panel,
    new: &'a Panel,
    replace: bool,
    appended: Appended,
}

/// Rows of the panel after: value, row of the old panel, row of the new.
struct Rows(Vec<(Stamp, f64, Option<usize>, Option<usize>)>);

impl Merge<'_> {
    fn rows(&mut self, series: &BTreeMap<&str, Places>) -> Rows {
        let (mut rows, mut y_old, mut y_new) = (Vec::new(), Vec::new(), Vec::new());
        self.old.iter().for_each(|one| y_old.extend_from_slice(one.y));
        self.new.iter().for_each(|one| y_new.extend_from_slice(one.y));
        for (id, places) in series {
            for (&at, &(before, after)) in places {
                let kept = before.map_or(f64::NAN, |row| y_old[row]);
                let sent = after.map_or(f64::NAN, |row| y_new[row]);
                let y = self.value(id, at, kept, sent);
                rows.push((at, y, before, after));
            }
        }
        Rows(rows)
    }

    fn value(&mut self, id: &str, at: Stamp, kept: f64, sent: f64) -> f64 {
        match (kept.is_nan(), sent.is_nan()) {
            (_, true) => kept,
            (true, false) => {
                self.appended.added += 1;
                sent
            }
            (false, false) if kept == sent => {
                self.appended.same += 1;
                kept
            }
            (false, false) => {
                self.appended.conflicting += 1;
                if self.appended.conflicts.len() < TOLD {
                    let ds = self.old.calendar.show(at);
                    let conflict = Conflict { unique_id: id.into(), ds, kept, sent };
                    self.appended.conflicts.push(conflict);
                }
                if self.replace { sent } else { kept }
            }
        }
    }
}

impl Rows {
    fn panel(
        self,
        old: &Panel,
        new: &Panel,
        series: &BTreeMap<&str, Places>,
    ) -> Result<Panel, PanelError> {
        let mut end = 0;
        let ends = series.iter().map(|(id, places)| {
            end += places.len();
            (id.to_string(), end)
        });
        let ends: Vec<_> = ends.collect();
        let at = self.0.iter().map(|row| row.0).collect();
        let y = self.0.iter().map(|row| row.1).collect();
        let mut panel = Panel::new(old.name.clone(), old.calendar.clone(), ends, at, y)?;
        panel.season = old.season;
        for column in &old.columns {
            panel = panel.with_column(self.beside(column, (old, new), series))?;
        }
        Ok(panel)
    }

    /// A column after: what was sent, where it was, and what was kept elsewhere.
    fn beside(
        &self,
        column: &Column,
        (old, new): (&Panel, &Panel),
        series: &BTreeMap<&str, Places>,
    ) -> Column {
        let sent = new.columns.iter().find(|other| other.name == column.name);
        let mut labels = column.labels.clone();
        let mut of_new = |value: f64| match sent.and_then(|s| s.labels.get(value as usize)) {
            Some(label) if !value.is_nan() => {
                let place = labels.iter().position(|own| own == label).unwrap_or_else(|| {
                    labels.push(label.clone());
                    labels.len() - 1
                });
                place as f64
            }
            _ => value,
        };
        let mut pick = |before: Option<f64>, after: Option<f64>| {
            let after = after.filter(|value| !value.is_nan()).map(&mut of_new);
            after.or(before).unwrap_or(f64::NAN)
        };
        let sent_at = |row: usize| sent.map(|column| column.values[row]);
        let values = match column.role {
            Role::Static => {
                let place = |panel: &Panel, id: &str| {
                    panel.ids().binary_search_by(|own| own.as_str().cmp(id)).ok()
                };
                let of = |id: &&str| {
                    let before = place(old, id).map(|series| column.values[series]);
                    pick(before, place(new, id).and_then(sent_at))
                };
                series.keys().map(of).collect()
            }
            _ => {
                let rows = self.0.iter();
                let of = |(_, _, before, after): &(Stamp, f64, Option<usize>, Option<usize>)| {
                    pick(before.map(|row| column.values[row]), after.and_then(sent_at))
                };
                rows.map(of).collect()
            }
        };
        Column { name: column.name.clone(), role: column.role, values, labels }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(rows: &[(i64, f64)]) -> Panel {
        let (at, y) = rows.iter().map(|&(at, y)| (Stamp(at), y)).unzip();
        Panel::new("x", Calendar::steps(), vec![("a".into(), rows.len())], at, y).unwrap()
    }

    /// One row is new, one fills a hole, one is the same; sending them again changes nothing.
    #[test]
    fn what_is_there_is_left() {
        let old = panel(&[(1, 10.0), (2, f64::NAN), (3, 30.0)]);
        let new = panel(&[(2, 20.0), (3, 30.0), (4, 40.0)]);
        let (counts, after) = merged(&old, &new, false).unwrap();
        assert_eq!((counts.added, counts.same, counts.conflicting), (2, 1, 0));
        let after = after.unwrap();
        assert_eq!(after.series(0).y, [10.0, 20.0, 30.0, 40.0]);
        let (counts, again) = merged(&after, &new, false).unwrap();
        assert!(counts.same == 3 && again.is_none());
    }

    /// A value that disagrees is told, and changes nothing unless it is to be replaced.
    #[test]
    fn conflicts_are_told() {
        let (old, new) = (panel(&[(1, 10.0)]), panel(&[(1, 11.0), (2, 12.0)]));
        let (counts, after) = merged(&old, &new, false).unwrap();
        assert!(after.is_none() && counts.conflicting == 1);
        let told = Conflict { unique_id: "a".into(), ds: "1".into(), kept: 10.0, sent: 11.0 };
        assert_eq!(counts.conflicts, [told]);
        let (counts, after) = merged(&old, &new, true).unwrap();
        assert!(counts.replaced);
        assert_eq!(after.unwrap().series(0).y, [11.0, 12.0]);
    }
}
