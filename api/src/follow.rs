//! A kept model beside rows that came after it was fitted: did its intervals hold them?

use std::collections::BTreeSet;

use almanac_backtest::Coverage;
use almanac_data::{Column, Panel, Role, Stamp};
use almanac_ingest::Read;
use almanac_models::Ctx;
use serde::{Deserialize, Serialize};

use crate::{Error, Kept};

/// Times that are judged at once; where more came, the last ones are.
const MOST: usize = 500;

/// How a model's intervals held what came after it, one step ahead.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Watch {
    /// The last stamp that was seen; none before the first row.
    pub to: Option<i64>,
    /// One for each level that is watched.
    pub levels: Vec<Coverage>,
}

impl Watch {
    /// Of these levels in percent, of rows after a stamp.
    pub fn new(levels: &[f64], to: Option<Stamp>) -> Watch {
        let levels = levels.iter().map(|&level| Coverage::new(level)).collect();
        Watch { to: to.map(|to| to.0), levels }
    }

    /// Judges every time after the last that was seen: its rows are forecast from those before.
    ///
    /// # Errors
    /// Rows that the model cannot be asked about.
    pub fn see(&mut self, kept: &Kept, read: &Read, ctx: &Ctx) -> Result<(), Error> {
        let panel = &read.panel;
        let rows = panel.iter().flat_map(|series| series.at.iter().zip(series.y));
        let known = rows.filter(|(_, y)| !y.is_nan()).map(|(at, _)| *at);
        let times: BTreeSet<Stamp> = known.filter(|at| Some(at.0) > self.to).collect();
        for &time in times.iter().skip(times.len().saturating_sub(MOST)) {
            if !self.levels.is_empty() {
                self.judge(kept, read, time, ctx)?;
            }
            self.to = Some(time.0);
        }
        Ok(())
    }

    fn judge(&mut self, kept: &Kept, read: &Read, time: Stamp, ctx: &Ctx) -> Result<(), Error> {
        let mut asked: Vec<f64> = self.levels.iter().flat_map(|c| [c.level, c.adapted]).collect();
        asked.sort_by(f64::total_cmp);
        asked.dedup();
        let place = |level: f64| asked.iter().position(|own| *own == level).unwrap_or_default();
        let panel = until(&read.panel, time)?;
        let ids = panel.ids().to_vec();
        let (audit, tidied, files) = (read.audit.clone(), read.tidied.clone(), read.files.clone());
        let past = Read { panel, audit, tidied, files };
        let said = kept.predict(past, &asked, 1, ctx)?;
        let (mut rows, mut held) = (0, vec![0; asked.len()]);
        for answer in said.answers().into_iter().filter(|answer| answer.error.is_none()) {
            let Ok(series) = read.panel.ids().binary_search(&ids[answer.series]) else { continue };
            let series = read.panel.series(series);
            let row = series.at.binary_search(&time).ok().filter(|_| answer.ds == [time]);
            let Some(y) = row.map(|row| series.y[row]).filter(|y| !y.is_nan()) else { continue };
            rows += 1;
            for (held, (low, high)) in held.iter_mut().zip(&answer.bands) {
                *held += usize::from(low[0] <= y && y <= high[0]);
            }
        }
        for coverage in &mut self.levels {
            let (plain, adapted) = (held[place(coverage.level)], held[place(coverage.adapted)]);
            coverage.see(rows, plain, adapted);
        }
        Ok(())
    }
}

/// The rows up to a time, whose own values are not known yet; series that begin later are left out.
fn until(panel: &Panel, time: Stamp) -> Result<Panel, Error> {
    let (mut ends, mut at, mut y, mut from) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut kept = Vec::new();
    for place in 0..panel.len() {
        let (series, span) = (panel.series(place), panel.span(place));
        let count = series.at.partition_point(|at| *at <= time);
        if series.y[..count].iter().zip(series.at).all(|(y, at)| y.is_nan() || *at == time) {
            continue;
        }
        at.extend_from_slice(&series.at[..count]);
        let hidden = |(y, at): (&f64, &Stamp)| if *at == time { f64::NAN } else { *y };
        y.extend(series.y[..count].iter().zip(series.at).map(hidden));
        from.extend(span.start..span.start + count);
        ends.push((series.id.to_string(), at.len()));
        kept.push(place);
    }
    let broken = |e: almanac_data::PanelError| Error::Failed(e.to_string());
    let name = panel.name.clone();
    let mut own = Panel::new(name, panel.calendar.clone(), ends, at, y).map_err(broken)?;
    own.season = panel.season;
    for column in &panel.columns {
        let rows = if column.role == Role::Static { &kept } else { &from };
        let values = rows.iter().map(|&row| column.values[row]).collect();
        own = own.with_column(Column { values, ..column.clone() }).map_err(broken)?;
    }
    Ok(own)
}
