//! Columns in memory: one frame, and no file.

use std::sync::Arc;

use polars::prelude::*;

use super::{PLACE, Reader, Wanted};
use crate::error::ReadError;
use crate::given::Cells;

struct Columns(Option<Arc<Vec<(String, Cells)>>>);

pub(super) fn open(columns: &Arc<Vec<(String, Cells)>>) -> Box<dyn Reader> {
    Box::new(Columns(Some(Arc::clone(columns))))
}

impl Reader for Columns {
    fn next(&mut self, wanted: &Wanted) -> Result<Option<DataFrame>, ReadError> {
        let Some(columns) = self.0.take() else { return Ok(None) };
        let broken = |e: PolarsError| ReadError::Malformed {
            place: "the rows".into(),
            reason: e.to_string(),
        };
        let frame = frame(&columns).map_err(broken)?;
        let frame = wanted.take(frame).map_err(broken)?;
        Ok((frame.height() > 0).then_some(frame))
    }

    fn said(&self) -> Vec<String> {
        Vec::new()
    }

    fn ended(&self) -> bool {
        self.0.is_none()
    }
}

fn frame(columns: &[(String, Cells)]) -> PolarsResult<DataFrame> {
    let height = columns.first().map_or(0, |(_, cells)| match cells {
        Cells::Words(words) => words.len(),
        Cells::Numbers(numbers) => numbers.len(),
    });
    let column = |(name, cells): &(String, Cells)| match cells {
        Cells::Words(words) => {
            let words = words.iter().map(Option::as_deref).collect::<Vec<_>>();
            Column::new(name.as_str().into(), words)
        }
        Cells::Numbers(numbers) => Column::new(name.as_str().into(), numbers.as_slice()),
    };
    let mut all: Vec<Column> = columns.iter().map(column).collect();
    all.push(Column::new(PLACE.into(), (1..=height as u32).collect::<Vec<_>>()));
    DataFrame::new(height, all)
}
