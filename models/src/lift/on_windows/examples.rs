//! Windows of laid out series: cut where they are asked for, so that a panel is held once.

use almanac_data::{FitError, Stamp};
use serde::{Deserialize, Serialize};

use super::{Level, OnWindows, Unit};
use crate::features::{Facts, Features, Learnt};
use crate::keep;
use crate::lift::reduce::layout::Laid;
use crate::lift::scaled::centre_and_width;
use crate::lift::target::{Line, Scaling};
use crate::nets::{Examples, Shape};

/// What a network is told besides the series: of the next row, and of the row a horizon on.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Told<F> {
    pub next: Option<F>,
    pub ahead: Option<F>,
}

/// Values of the channels beside the series, row by row from the first; NaN = not known.
pub(super) struct Values {
    width: usize,
    rows: Vec<f64>,
}

impl Told<Features> {
    pub fn each(&self) -> impl Iterator<Item = &Features> {
        self.next.iter().chain(&self.ahead)
    }

    /// What its features learn from a past.
    pub fn learn(&self, laid: &Laid<'_>) -> Result<Told<Learnt>, FitError> {
        let learn = |features: &Option<Features>| {
            features.as_ref().map(|features| laid.learn(features)).transpose()
        };
        Ok(Told { next: learn(&self.next)?, ahead: learn(&self.ahead)? })
    }
}

impl Told<Features> {
    /// The same from what its features learnt.
    pub fn restore(&self, kept: Told<Facts>) -> Result<Told<Learnt>, FitError> {
        let restore = |features: &Option<Features>, kept: Option<Facts>| {
            keep::unless(features.is_some() == kept.is_some(), "other channels")?;
            features.as_ref().zip(kept).map(|(features, kept)| features.restore(&kept)).transpose()
        };
        Ok(Told { next: restore(&self.next, kept.next)?, ahead: restore(&self.ahead, kept.ahead)? })
    }
}

impl Told<Learnt> {
    /// What its features learnt, in numbers.
    pub fn keep(&self) -> Told<Facts> {
        let keep = |learnt: &Option<Learnt>| learnt.as_ref().map(Learnt::keep);
        Told { next: keep(&self.next), ahead: keep(&self.ahead) }
    }

    fn width(&self, season: usize) -> usize {
        let count = |learnt: &Option<Learnt>| learnt.as_ref().map_or(0, |l| l.names(season).len());
        count(&self.next) + count(&self.ahead)
    }

    /// The channels of every row whose next row, or whose row a horizon on, has a stamp.
    pub fn values(&self, laid: &Laid<'_>, season: usize, horizon: usize) -> Values {
        self.rows(laid, season, (0, horizon))
    }

    /// The channels of the last `window` rows, which must all be known.
    pub fn last(
        &self,
        laid: &Laid<'_>,
        season: usize,
        (window, horizon): (usize, usize),
    ) -> Result<Values, FitError> {
        let first = laid.track.y.len().saturating_sub(window);
        let values = self.rows(laid, season, (first, horizon));
        match values.rows.iter().position(|value| value.is_nan()) {
            None => Ok(values),
            Some(place) => {
                let names = |learnt: &Option<Learnt>| {
                    learnt.as_ref().map(|l| l.names(season)).unwrap_or_default()
                };
                let all = [names(&self.next), names(&self.ahead)].concat();
                let column = all[place % values.width].clone();
                Err(FitError::Regressor { column, need: horizon })
            }
        }
    }

    fn rows(&self, laid: &Laid<'_>, season: usize, (first, horizon): (usize, usize)) -> Values {
        let (count, stamps) = (laid.track.y.len(), laid.track.at.len());
        let width = self.width(season);
        let mut rows = Vec::with_capacity(width * (count - first));
        let asked = [(&self.next, 1), (&self.ahead, horizon)];
        let asked = asked.iter().filter_map(|(learnt, step)| Some((learnt.as_ref()?, *step)));
        let mut walks: Vec<_> =
            asked.map(|(learnt, step)| (learnt.walk(), learnt.names(season).len(), step)).collect();
        for origin in if width > 0 { first + 1..count + 1 } else { 0..0 } {
            for (walk, own, step) in &mut walks {
                match origin + *step <= stamps {
                    true => walk.at(&laid.track.seen(origin, *step), &mut rows),
                    false => rows.extend(std::iter::repeat_n(f64::NAN, *own)),
                }
            }
        }
        Values { width, rows }
    }
}

/// What the channels beside the series are moved and divided by.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Channels(Vec<Line>);

impl Channels {
    /// Over the known values of all series.
    pub fn of(scaling: Scaling, parts: &[(Laid<'_>, Values)]) -> Result<Channels, FitError> {
        let width = parts.first().map_or(0, |(_, values)| values.width);
        if parts.iter().any(|(_, values)| values.width != width) {
            let message = "features that differ from series to series need scope = \"series\"";
            return Err(FitError::Failed(message.into()));
        }
        let line = |channel: usize| {
            let own = |values: &Values| {
                let column = values.rows.iter().skip(channel).step_by(width);
                column.copied().filter(|value| !value.is_nan()).collect::<Vec<_>>()
            };
            let all: Vec<f64> = parts.iter().flat_map(|(_, values)| own(values)).collect();
            Line::of(scaling, &all)
        };
        Ok(Channels((0..width).map(line).collect()))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    fn scaled(&self, row: &[f64]) -> impl Iterator<Item = f32> {
        row.iter().zip(&self.0).map(|(value, line)| line.at(*value) as f32)
    }
}

/// Every window that may be learnt from.
pub(super) struct Windows {
    level: Level,
    unit: Unit,
    shape: Shape,
    series: Vec<Rows>,
    /// Series and origin of each, in the order of time.
    places: Vec<(u32, u32)>,
}

struct Rows {
    z: Vec<f64>,
    observed: Vec<bool>,
    beside: Vec<f32>,
}

/// The last window of a series, and how to bring its answer back.
pub(super) struct Last {
    pub x: Vec<f32>,
    pub level: f64,
    pub unit: f64,
}

impl Windows {
    /// The windows of these series whose rows are all known and which have a target.
    ///
    /// # Errors
    /// Not one window.
    pub fn cut(
        settings: &OnWindows,
        shape: Shape,
        channels: &Channels,
        parts: &[(Laid<'_>, Values)],
    ) -> Result<Windows, FitError> {
        let need = shape.steps + shape.horizon;
        let (mut series, mut places) = (Vec::with_capacity(parts.len()), Vec::new());
        for (at, (laid, values)) in parts.iter().enumerate() {
            let count = laid.target.z.len();
            let known = values.known(count);
            let last = settings.origins.unwrap_or(usize::MAX).saturating_add(shape.horizon - 1);
            let first = shape.steps.max(count.saturating_sub(last));
            for origin in first..(count + 1).saturating_sub(shape.horizon) {
                let asked = laid.observed[origin..origin + shape.horizon].contains(&true);
                if asked && known[origin - 1] >= shape.steps {
                    places.push((laid.track.at[origin], at as u32, origin as u32));
                }
            }
            let rows = values.rows.chunks_exact(values.width.max(1));
            let beside = rows.flat_map(|row| channels.scaled(row)).collect();
            series.push(Rows { z: laid.target.z.clone(), observed: laid.observed.clone(), beside });
        }
        if places.is_empty() {
            let longest = parts.iter().map(|(laid, _)| laid.target.z.len()).max().unwrap_or(0);
            return Err(FitError::TooShort { need, got: longest });
        }
        places
            .sort_unstable_by_key(|&(when, series, origin): &(Stamp, _, _)| (when, series, origin));
        let places = places.into_iter().map(|(_, series, origin)| (series, origin)).collect();
        Ok(Windows { level: settings.level, unit: settings.unit, shape, series, places })
    }

    /// The window at the end of a series; one that is too short is led in by its first row.
    pub fn last(
        settings: &OnWindows,
        shape: Shape,
        channels: &Channels,
        (laid, values): (&Laid<'_>, Values),
    ) -> Last {
        let z = &laid.target.z[laid.target.z.len().saturating_sub(shape.steps)..];
        let (level, unit) = (settings.level.of(z), settings.unit.of(z));
        let mut x = vec![0.0; shape.steps * shape.channels];
        for (step, out) in x.chunks_exact_mut(shape.channels).enumerate() {
            let row = (step + z.len()).saturating_sub(shape.steps);
            out[0] = ((z[row] - level) / unit) as f32;
            let beside = &values.rows[row * values.width..][..values.width];
            out[1..].iter_mut().zip(channels.scaled(beside)).for_each(|(x, value)| *x = value);
        }
        Last { x, level, unit }
    }
}

impl Values {
    /// Of each row, how many up to it have all their channels.
    fn known(&self, rows: usize) -> Vec<usize> {
        if self.width == 0 {
            return (1..=rows).collect();
        }
        let mut known = 0;
        let row = |row: &[f64]| {
            known = if row.iter().any(|value| value.is_nan()) { 0 } else { known + 1 };
            known
        };
        self.rows.chunks_exact(self.width).map(row).collect()
    }
}

impl Level {
    fn of(self, z: &[f64]) -> f64 {
        match self {
            Level::None => 0.0,
            Level::Last => z.last().copied().unwrap_or(0.0),
            Level::Mean => z.iter().sum::<f64>() / z.len().max(1) as f64,
        }
    }
}

impl Unit {
    fn of(self, z: &[f64]) -> f64 {
        let unit = match self {
            Unit::None => 1.0,
            Unit::Deviation => centre_and_width(z).1,
            Unit::Mean => z.iter().map(|value| value.abs()).sum::<f64>() / z.len().max(1) as f64,
        };
        if unit > 0.0 { unit } else { 1.0 }
    }
}

impl Examples for Windows {
    fn count(&self) -> usize {
        self.places.len()
    }

    fn put(&self, at: usize, x: &mut [f32], y: &mut [f32]) {
        let (series, origin) = self.places[at];
        let (rows, origin) = (&self.series[series as usize], origin as usize);
        let (first, wide) = (origin - self.shape.steps, self.shape.channels);
        let z = &rows.z[first..origin];
        let (level, unit) = (self.level.of(z), self.unit.of(z));
        for (step, out) in x.chunks_exact_mut(wide).enumerate() {
            out[0] = ((z[step] - level) / unit) as f32;
            out[1..].copy_from_slice(&rows.beside[(first + step) * (wide - 1)..][..wide - 1]);
        }
        for (step, out) in y.iter_mut().enumerate() {
            let row = origin + step;
            *out = match rows.observed[row] {
                true => ((rows.z[row] - level) / unit) as f32,
                false => f32::NAN,
            };
        }
    }
}
