//! A series laid out for a learner: rows of features, and the value that each row asks.

use almanac_data::{Ahead, Calendar, FitError, Matrix, PanelError, PanelView, Role, Series, Stamp};

use crate::Ctx;
use crate::features::{Beside, Features, Learnt, Seen, Track, Walk};
use crate::forecast::fill;
use crate::lift::target::{Line, Transform, Transformed, transform_as};

/// A column of a source: its name, when it becomes known, its values.
type SourceColumn<'a> = (&'a str, Role, &'a [f64]);

/// The rows of one series that may be learnt from, and what is known of the rows after them.
pub(crate) struct Source<'a> {
    id: &'a str,
    at: &'a [Stamp],
    y: &'a [f64],
    columns: Vec<SourceColumn<'a>>,
    ahead: Vec<SourceColumn<'a>>,
    stamps_ahead: Vec<Stamp>,
    calendar: &'a Calendar,
    season: usize,
}

/// A series after transforms, as features see it.
pub(crate) struct Laid<'a> {
    pub track: Track<'a>,
    /// The transformed values, row by row, and how to bring forecasts back.
    pub target: Transformed,
    /// Whether the value behind each row was observed, not filled.
    pub observed: Vec<bool>,
    /// The last complete values in their own unit, for scales and directions.
    pub y: Vec<f64>,
    /// Missing values that were filled.
    pub filled: usize,
}

/// What features are shown of a series.
#[derive(Debug, Clone, Copy)]
pub(crate) struct See<'l> {
    /// Its values as they are; else those after the transforms.
    pub values: bool,
    /// Columns of the row asked before they are known.
    pub same_row: bool,
    /// Lines of the transforms that an earlier part of the series gave; empty = its own.
    pub lines: &'l [Line],
}

/// Rows for a learner.
#[derive(Default)]
pub(crate) struct Rows {
    names: Vec<String>,
    values: Vec<f64>,
    /// What each row asks.
    pub y: Vec<f64>,
    /// When what it asks is known.
    at: Vec<Stamp>,
}

/// Which rows of a series are laid out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Which {
    /// Steps ahead: from, to, both included.
    pub steps: (usize, usize),
    /// Only the last so many origins of each series.
    pub origins: usize,
    /// Whether the step itself is a column.
    pub step_column: bool,
}

impl<'a> Source<'a> {
    /// A series of a past, with nothing known after it.
    pub fn of(series: &Series<'a>, view: &PanelView<'a>) -> Source<'a> {
        let columns = |role| series.columns(role).into_iter().map(move |(n, v)| (n, role, v));
        Source {
            id: series.id,
            at: series.at,
            y: series.y,
            columns: Role::ALL.into_iter().flat_map(columns).collect(),
            ahead: Vec::new(),
            stamps_ahead: Vec::new(),
            calendar: view.calendar(),
            season: view.season(),
        }
    }

    /// The series at this place of a question.
    pub fn asked(ask: &Ahead<'a>, place: usize) -> Source<'a> {
        let series = ask.past.series(place);
        let mut stamps = ask.future.at(place).to_vec();
        let last = stamps.last().or(series.at.last()).copied().unwrap_or_default();
        let beyond = ask.horizon.saturating_sub(stamps.len());
        stamps.extend(ask.past.calendar().after(last, beyond));
        let columns =
            |role| ask.future.columns(place, role).into_iter().map(move |(n, v)| (n, role, v));
        Source {
            ahead: Role::ALL.into_iter().flat_map(columns).collect(),
            stamps_ahead: stamps,
            ..Source::of(&series, &ask.past)
        }
    }

    /// The series' name.
    pub fn id(&self) -> &'a str {
        self.id
    }

    /// Observations in one season.
    pub fn season(&self) -> usize {
        self.season
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.y.len()
    }

    /// The values as they are.
    pub fn y(&self) -> &'a [f64] {
        self.y
    }

    /// The same series ended before this row: what was known in advance of the rest stays known.
    pub fn before(&self, row: usize) -> Source<'a> {
        let part = |&(name, role, values): &SourceColumn<'a>| match role {
            Role::Static => ((name, role, values), (name, role, values)),
            Role::Known => ((name, role, &values[..row]), (name, role, &values[row..])),
            _ => ((name, role, &values[..row]), (name, role, &[][..])),
        };
        let (columns, ahead) = self.columns.iter().map(part).unzip();
        let stamps_ahead = self.at[row..].to_vec();
        let (at, y) = (&self.at[..row], &self.y[..row]);
        Source { id: self.id, at, y, columns, ahead, stamps_ahead, ..*self }
    }

    /// The series filled, transformed and laid out.
    ///
    /// # Errors
    /// No observed value, or values that a transform cannot read.
    pub fn lay(&self, target: &[Transform], see: See<'_>) -> Result<Laid<'a>, FitError> {
        let first = self.y.iter().position(|value| !value.is_nan());
        let first = first.ok_or(FitError::TooShort { need: 1, got: 0 })?;
        let raw = &self.y[first..];
        let y = fill(raw, self.season);
        let target = transform_as(target, &y, self.season, see.lines)?;
        let start = first + target.lost;
        let beside = |&(name, role, past): &SourceColumn<'a>| {
            let ahead = self.ahead.iter().find(|(other, of, _)| *other == name && *of == role);
            let past = if role == Role::Static { past } else { &past[start..] };
            Beside { name, role, past, ahead: ahead.map_or(&[][..], |(_, _, values)| values) }
        };
        let track = Track {
            id: self.id,
            y: if see.values { y[target.lost..].to_vec() } else { target.z.clone() },
            at: self.at[start..].iter().copied().chain(self.stamps_ahead.iter().copied()).collect(),
            calendar: self.calendar,
            season: self.season,
            beside: self.columns.iter().map(beside).collect(),
            same_row: see.same_row,
        };
        let observed = raw[target.lost..].iter().map(|value| !value.is_nan()).collect();
        let filled = raw.iter().filter(|value| value.is_nan()).count();
        Ok(Laid { track, target, observed, y, filled })
    }
}

impl Laid<'_> {
    /// What the features learn from this past.
    ///
    /// # Errors
    /// A past from which one cannot be learnt.
    pub fn learn(&self, features: &Features) -> Result<Learnt, FitError> {
        features.learn(&self.track.past())
    }

    /// Rows whose features are all known and whose value was observed; `asks` says what the row
    /// after `origin` values asks at a step.
    pub fn rows(&self, learnt: &Learnt, which: Which, asks: impl Fn(usize, usize) -> f64) -> Rows {
        let count = self.track.y.len();
        let mut rows = Rows { names: names(learnt, self.track.season, which), ..Rows::default() };
        let (from, to) = which.steps;
        let mut walk = learnt.walk();
        for origin in (count + 1).saturating_sub(which.origins.saturating_add(from)).max(1)..count {
            for step in (from..=to).take_while(|step| origin + step <= count) {
                if self.observed[origin + step - 1] {
                    rows.push(&self.track.seen(origin, step), &mut walk, which, asks(origin, step));
                }
            }
        }
        rows
    }

    /// The value of a row as the learner sees it.
    pub fn z(&self, origin: usize, step: usize) -> f64 {
        self.target.z[origin + step - 1]
    }

    /// Lets features see the newest of these forecasts as if it were a value.
    pub fn feed_back(&mut self, ahead: &[f64], values: bool) {
        let back = if values { self.target.back(ahead).last().copied() } else { None };
        self.track.y.extend(back.or(ahead.last().copied()));
    }

    /// Features of the rows `steps` after all values.
    ///
    /// # Errors
    /// A feature that is not known at one of them, by name.
    pub fn ask(&self, learnt: &Learnt, which: Which) -> Result<Matrix, FitError> {
        let names = names(learnt, self.track.season, which);
        let (mut values, origin) = (Vec::new(), self.track.y.len());
        for step in which.steps.0..=which.steps.1 {
            learnt.at(&self.track.seen(origin, step), &mut values);
            values.extend(which.step_column.then_some(step as f64));
        }
        if let Some(place) = values.iter().position(|value| value.is_nan()) {
            let column = names[place % names.len()].clone();
            return Err(FitError::Regressor { column, need: which.steps.1 });
        }
        matrix(names, &values)
    }
}

impl Rows {
    fn push(&mut self, seen: &Seen<'_>, walk: &mut Walk<'_>, which: Which, y: f64) {
        let start = self.values.len();
        walk.at(seen, &mut self.values);
        self.values.extend(which.step_column.then_some(seen.step as f64));
        if y.is_nan() || self.values[start..].iter().any(|value| value.is_nan()) {
            self.values.truncate(start);
        } else {
            self.y.push(y);
            self.at.push(seen.when);
        }
    }

    /// All rows of several series, in the order of time: what learners hold back is the newest.
    ///
    /// # Errors
    /// Series whose features are not the same columns.
    pub fn join(
        ctx: &Ctx,
        count: usize,
        of: impl Fn(usize) -> Rows + Sync + Send,
    ) -> Result<Rows, FitError> {
        let parts: Vec<Rows> = ctx.map(count, of);
        let names = parts.first().map(|rows| rows.names.clone()).unwrap_or_default();
        if parts.iter().any(|rows| rows.names != names) {
            let message = "features that differ from series to series need scope = \"series\"";
            return Err(FitError::Failed(message.into()));
        }
        let places = parts.iter().enumerate();
        let mut order: Vec<(Stamp, usize, usize)> = places
            .flat_map(|(part, rows)| rows.at.iter().enumerate().map(move |(r, &at)| (at, part, r)))
            .collect();
        order.sort_unstable();
        let width = names.len();
        let mut all = Rows { names, ..Rows::default() };
        for (at, part, row) in order {
            all.values.extend(&parts[part].values[row * width..][..width]);
            all.y.push(parts[part].y[row]);
            all.at.push(at);
        }
        Ok(all)
    }

    /// The features and what they ask; refuses fewer than two rows.
    ///
    /// # Errors
    /// [`FitError::TooShort`] with the rows there are.
    pub fn matrix(self) -> Result<(Matrix, Vec<f64>), FitError> {
        match self.y.len() {
            got @ (0 | 1) => Err(FitError::Failed(format!(
                "{got} rows have all their features: a shorter lag or a longer past is needed"
            ))),
            _ => Ok((matrix(self.names, &self.values)?, self.y)),
        }
    }
}

fn names(learnt: &Learnt, season: usize, which: Which) -> Vec<String> {
    let mut names = learnt.names(season);
    names.extend(which.step_column.then(|| "step".to_string()));
    names
}

fn matrix(names: Vec<String>, values: &[f64]) -> Result<Matrix, FitError> {
    Matrix::from_rows(names, values).map_err(|e: PanelError| FitError::Failed(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use almanac_data::Panel;

    /// Rows of 1 2 3 and 10 20 30, one lag each, stand by their stamps: 2 20 3 30.
    #[test]
    fn rows_of_a_panel_stand_in_the_order_of_time() {
        let ends = vec![("a".to_string(), 3), ("b".to_string(), 6)];
        let at = [1, 2, 3, 1, 2, 3].map(Stamp).to_vec();
        let y = vec![1.0, 2.0, 3.0, 10.0, 20.0, 30.0];
        let panel = Panel::new("p", Calendar::steps(), ends, at, y).unwrap();
        let cut = panel.cut([(0, 3), (1, 6)], usize::MAX, 1);
        let view = cut.past(&panel);
        let features = Features::read(&serde_json::from_str(r#"{"lags":[1]}"#).unwrap()).unwrap();
        let see = See { values: false, same_row: false, lines: &[] };
        let which = Which { steps: (1, 1), origins: usize::MAX, step_column: false };
        let rows = Rows::join(&Ctx::new(1), 2, |place| {
            let laid = Source::of(&view.series(place), &view).lay(&[], see).unwrap();
            let learnt = laid.learn(&features).unwrap();
            laid.rows(&learnt, which, |origin, step| laid.z(origin, step))
        });
        let (x, y) = rows.unwrap().matrix().unwrap();
        assert_eq!((x.column(0), y), (&[1.0, 10.0, 2.0, 20.0][..], vec![2.0, 20.0, 3.0, 30.0]));
    }
}
