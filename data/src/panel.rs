//! A panel: many series of one calendar, held in columns; and its one knife.
//!
//! ```text
//! rows   0 ─────────────────▶ n        series i owns rows ends[i−1] .. ends[i]
//! at     stamp of each row             y  value of each row, NaN = missing
//! ```
//!
//! A model never holds a panel. It is handed a [`PanelView`] of the past and a [`Future`] that
//! has stamps and known columns but no values; only a metric sees the truth.

use std::collections::HashSet;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::error::PanelError;
use crate::time::{Calendar, Stamp};

/// When a column becomes known, relative to the row it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// One value for a series, known always.
    Static,
    /// Known in advance: calendars, holidays, price plans.
    Known,
    /// Known at the end of its own row.
    Past,
    /// Known when the bar opens.
    Open,
    /// Known when the bar closes.
    Close,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 5] = [Role::Static, Role::Known, Role::Past, Role::Open, Role::Close];
}

/// A named column beside the values.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name in the source.
    pub name: String,
    /// When it becomes known.
    pub role: Role,
    /// One number a row, or one a series when static; NaN = missing.
    pub values: Vec<f64>,
    /// For words: what the numbers 0, 1, … stand for. Empty for numbers.
    pub labels: Vec<String>,
}

/// Many series of one calendar.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// Name of the set, for people.
    pub name: String,
    /// What the stamps mean.
    pub calendar: Calendar,
    /// Observations in one season, for models that do not state their own; at first the calendar's.
    pub season: usize,
    /// Columns beside the values, in the order they were declared.
    pub columns: Vec<Column>,
    ids: Vec<String>,
    ends: Vec<usize>,
    at: Vec<Stamp>,
    y: Vec<f64>,
}

/// One series of a panel, or the part of it that a view lets through.
#[derive(Debug, Clone, Copy)]
pub struct Series<'a> {
    /// Its name.
    pub id: &'a str,
    /// Stamps, increasing.
    pub at: &'a [Stamp],
    /// Values; NaN = missing.
    pub y: &'a [f64],
    panel: &'a Panel,
    span: Span,
}

/// Consecutive rows of one series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Index of the series in its panel.
    pub series: usize,
    /// First row, counted in the panel.
    pub start: usize,
    /// One past the last row.
    pub end: usize,
}

/// Part of a panel that may be looked at: some series, some rows of each.
#[derive(Debug, Clone, Copy)]
pub struct PanelView<'a> {
    panel: &'a Panel,
    spans: &'a [Span],
}

/// The rows after a cut without their values: stamps and columns known in advance.
#[derive(Debug, Clone, Copy)]
pub struct Future<'a> {
    panel: &'a Panel,
    spans: &'a [Span],
    same_row: bool,
}

/// A panel cut in two: for each series the rows before and the rows after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    past: Vec<Span>,
    truth: Vec<Span>,
}

impl Panel {
    /// A panel from its columns: `ends[i]` is one past the last row of series `i`.
    ///
    /// # Errors
    /// Lengths that differ, stamps that do not increase inside a series, a name twice.
    pub fn new(
        name: impl Into<String>,
        calendar: Calendar,
        series: Vec<(String, usize)>,
        at: Vec<Stamp>,
        y: Vec<f64>,
    ) -> Result<Panel, PanelError> {
        let (ids, ends): (Vec<String>, Vec<usize>) = series.into_iter().unzip();
        let rows = ends.last().copied().unwrap_or(0);
        for (column, got) in [("ds", at.len()), ("y", y.len())] {
            if got != rows {
                return Err(PanelError::Length { column: column.into(), need: rows, got });
            }
        }
        let mut seen = HashSet::new();
        let mut start = 0;
        for (id, &end) in ids.iter().zip(&ends) {
            if !seen.insert(id) {
                return Err(PanelError::Twice(id.clone()));
            }
            let own = at.get(start..end).unwrap_or_default();
            if let Some(row) = own.windows(2).position(|pair| pair[1] <= pair[0]) {
                return Err(PanelError::Disorder { id: id.clone(), row: row + 2 });
            }
            start = end;
        }
        let season = calendar.season();
        Ok(Panel { name: name.into(), calendar, season, columns: Vec::new(), ids, ends, at, y })
    }

    /// Adds a column.
    ///
    /// # Errors
    /// A length that is neither the number of rows nor, when static, the number of series.
    pub fn with_column(mut self, column: Column) -> Result<Panel, PanelError> {
        let need = if column.role == Role::Static { self.len() } else { self.y.len() };
        let got = column.values.len();
        if got != need {
            return Err(PanelError::Length { column: column.name, need, got });
        }
        self.columns.push(column);
        Ok(self)
    }

    /// Number of series.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is no series.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Number of rows over all series.
    pub fn rows(&self) -> usize {
        self.y.len()
    }

    /// Bytes held by rows and columns.
    pub fn bytes(&self) -> usize {
        16 * self.rows() + self.columns.iter().map(|column| 8 * column.values.len()).sum::<usize>()
    }

    /// Names of the series, in order.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// Every value of the panel, to change in place: for tests of leaks.
    pub fn values_mut(&mut self) -> &mut [f64] {
        &mut self.y
    }

    /// All rows of one series.
    pub fn span(&self, series: usize) -> Span {
        let start = if series == 0 { 0 } else { self.ends[series - 1] };
        Span { series, start, end: self.ends[series] }
    }

    /// One series.
    pub fn series(&self, series: usize) -> Series<'_> {
        self.read(self.span(series))
    }

    /// All series, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Series<'_>> {
        (0..self.len()).map(|series| self.series(series))
    }

    /// A view through these spans.
    pub fn view<'a>(&'a self, spans: &'a [Span]) -> PanelView<'a> {
        PanelView { panel: self, spans }
    }

    /// **The only place where past and future part.** Span by span, the past is the last `window`
    /// rows before row `origin` (all of them for `usize::MAX`), the truth the `horizon` rows from
    /// it on, as far as they exist. `origins` counts rows of the panel and goes with `series`.
    pub fn cut(
        &self,
        origins: impl IntoIterator<Item = (usize, usize)>,
        window: usize,
        horizon: usize,
    ) -> Cut {
        let (past, truth) = origins
            .into_iter()
            .map(|(series, origin)| {
                let all = self.span(series);
                let origin = origin.clamp(all.start, all.end);
                let first = origin.saturating_sub(window).max(all.start);
                let last = origin.saturating_add(horizon).min(all.end);
                let span = |start, end| Span { series, start, end };
                (span(first, origin), span(origin, last))
            })
            .unzip();
        Cut { past, truth }
    }

    fn read(&self, span: Span) -> Series<'_> {
        let rows = span.start..span.end;
        Series {
            id: &self.ids[span.series],
            at: &self.at[rows.clone()],
            y: &self.y[rows],
            panel: self,
            span,
        }
    }
}

impl Cut {
    /// What a model may see.
    pub fn past<'a>(&'a self, panel: &'a Panel) -> PanelView<'a> {
        panel.view(&self.past)
    }

    /// Stamps and known columns after the cut.
    pub fn future<'a>(&'a self, panel: &'a Panel) -> Future<'a> {
        Future { panel, spans: &self.truth, same_row: false }
    }

    /// What only a metric may see.
    pub fn truth<'a>(&'a self, panel: &'a Panel) -> PanelView<'a> {
        panel.view(&self.truth)
    }

    /// Number of series.
    pub fn len(&self) -> usize {
        self.past.len()
    }

    /// Whether no series is left.
    pub fn is_empty(&self) -> bool {
        self.past.is_empty()
    }
}

impl<'a> PanelView<'a> {
    /// Number of series in view.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether nothing is in view.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Number of rows in view.
    pub fn rows(&self) -> usize {
        self.spans.iter().map(|span| span.end - span.start).sum()
    }

    /// Observations in one season, for models that do not state their own.
    pub fn season(&self) -> usize {
        self.panel.season
    }

    /// What the stamps mean.
    pub fn calendar(&self) -> &'a Calendar {
        &self.panel.calendar
    }

    /// The series at this place of the view.
    pub fn series(&self, place: usize) -> Series<'a> {
        self.panel.read(self.spans[place])
    }

    /// All series in view, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Series<'a>> + use<'a> {
        let (panel, spans) = (self.panel, self.spans);
        spans.iter().map(move |&span| panel.read(span))
    }

    /// Only these places of the view.
    pub fn part(&self, places: Range<usize>) -> PanelView<'a> {
        PanelView { panel: self.panel, spans: &self.spans[places] }
    }
}

impl<'a> Future<'a> {
    /// The rows ahead of the series at this place.
    pub fn at(&self, place: usize) -> &'a [Stamp] {
        self.panel.read(self.spans[place]).at
    }

    /// Columns known in advance over the rows ahead of the series at this place, by name.
    pub fn known(&self, place: usize) -> Vec<(&'a str, &'a [f64])> {
        self.panel.read(self.spans[place]).columns(Role::Known)
    }

    /// The same, with the first row ahead's columns readable before they are known. A leak, and
    /// the only one: for studies that repeat what a paper did.
    pub fn with_same_row(self) -> Future<'a> {
        Future { same_row: true, ..self }
    }

    /// Columns of one role over the rows ahead, as far as they may be read: those known in advance
    /// over all of them, others over the first where [`Future::with_same_row`] allowed it.
    pub fn columns(&self, place: usize, role: Role) -> Vec<(&'a str, &'a [f64])> {
        let columns = self.panel.read(self.spans[place]).columns(role);
        match role {
            Role::Known | Role::Static => columns,
            _ if self.same_row => {
                let first = |values: &'a [f64]| &values[..values.len().min(1)];
                columns.into_iter().map(|(name, values)| (name, first(values))).collect()
            }
            _ => columns.into_iter().map(|(name, _)| (name, &[][..])).collect(),
        }
    }

    /// Only these places.
    pub fn part(&self, places: Range<usize>) -> Future<'a> {
        Future { spans: &self.spans[places], ..*self }
    }
}

impl<'a> Series<'a> {
    /// Number of rows, missing ones included.
    pub fn len(&self) -> usize {
        self.y.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.y.is_empty()
    }

    /// The columns of one role over these rows, by name. A static column is its one value.
    pub fn columns(&self, role: Role) -> Vec<(&'a str, &'a [f64])> {
        let rows = match role {
            Role::Static => self.span.series..self.span.series + 1,
            _ => self.span.start..self.span.end,
        };
        let columns = self.panel.columns.iter().filter(|column| column.role == role);
        columns.map(|column| (column.name.as_str(), &column.values[rows.clone()])).collect()
    }

    /// Where these rows stand in the panel.
    pub fn span(&self) -> Span {
        self.span
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel() -> Panel {
        let series = vec![("a".to_string(), 4), ("b".to_string(), 7)];
        let at = [1, 2, 3, 4, 1, 2, 3].map(Stamp).to_vec();
        let y = vec![1.0, 2.0, 3.0, 4.0, 10.0, 20.0, 30.0];
        Panel::new("small", Calendar::steps(), series, at, y).unwrap()
    }

    /// Past and truth meet at the origin, and a short future stays short.
    #[test]
    fn a_cut_shares_no_row() {
        let panel = panel();
        let cut = panel.cut([(0, 2), (1, 6)], usize::MAX, 2);
        let values = |view: PanelView<'_>| view.iter().map(|s| s.y.to_vec()).collect::<Vec<_>>();
        assert_eq!(values(cut.past(&panel)), [vec![1.0, 2.0], vec![10.0, 20.0]]);
        assert_eq!(values(cut.truth(&panel)), [vec![3.0, 4.0], vec![30.0]]);
        assert_eq!(cut.future(&panel).at(1), [Stamp(3)]);
    }

    /// A window of one keeps one row.
    #[test]
    fn a_sliding_window_forgets() {
        let panel = panel();
        let cut = panel.cut([(0, 3)], 1, 1);
        assert_eq!(cut.past(&panel).series(0).y, [3.0]);
    }

    /// Equal neighbours are disorder, and the error names the series and the row.
    #[test]
    fn stamps_must_increase() {
        let at = [1, 2, 2].map(Stamp).to_vec();
        let refused = Panel::new("x", Calendar::steps(), vec![("a".into(), 3)], at, vec![0.0; 3]);
        assert_eq!(refused, Err(PanelError::Disorder { id: "a".into(), row: 3 }));
    }
}
