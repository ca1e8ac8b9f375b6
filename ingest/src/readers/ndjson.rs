//! Newline-delimited JSON: one flat object a line.

use almanac_data::Source;
use polars::prelude::*;
use serde_json::{Map, Value};

use super::text::{Text, place};
use super::{Opened, PLACE, Reader, Wanted};
use crate::error::ReadError;
use crate::input::Input;

/// Lines read at a time.
const LINES: usize = 20_000;

struct Ndjson {
    text: Text,
    /// The keys of the first lines, in the order in which they came.
    keys: Vec<String>,
}

pub(super) fn open(input: &Input, source: &Source) -> Opened {
    Ok(Box::new(Ndjson { text: Text::open(input, source.encoding.as_deref())?, keys: Vec::new() }))
}

impl Reader for Ndjson {
    fn next(&mut self, wanted: &Wanted) -> Result<Option<DataFrame>, ReadError> {
        loop {
            let lines = self.text.lines(LINES)?;
            if lines.is_empty() {
                return Ok(None);
            }
            let frame = self.frame(&lines, wanted)?;
            let frame = wanted.take(frame).map_err(|e| self.text.malformed(e.to_string()))?;
            if frame.height() > 0 {
                return Ok(Some(frame));
            }
        }
    }

    fn said(&self) -> Vec<String> {
        ["format: NDJSON".into()].into_iter().chain(self.text.said()).collect()
    }
}

impl Ndjson {
    fn frame(
        &mut self,
        lines: &[(usize, String)],
        wanted: &Wanted,
    ) -> Result<DataFrame, ReadError> {
        let mut objects = Vec::with_capacity(lines.len());
        for (line, text) in lines.iter().filter(|(_, text)| !text.trim().is_empty()) {
            let refuse = |reason: String| ReadError::Malformed {
                place: place(&self.text.name, *line),
                reason,
            };
            if text.starts_with('[') {
                return Err(refuse("a JSON array: write one object a line".into()));
            }
            let object: Map<String, Value> =
                serde_json::from_str(text).map_err(|e| refuse(e.to_string()))?;
            if let Some((key, _)) = object.iter().find(|(_, v)| v.is_object() || v.is_array()) {
                return Err(refuse(format!("`{key}` holds an object or array: one value a key")));
            }
            objects.push((*line, object));
        }
        if self.keys.is_empty() {
            for key in objects.iter().flat_map(|(_, object)| object.keys()) {
                if !self.keys.contains(key) {
                    self.keys.push(key.clone());
                }
            }
        }
        let keys = self.keys.iter().filter(|key| wanted.has(key));
        let mut all: Vec<Column> = keys
            .map(|key| {
                let cells = objects.iter().map(|(_, object)| object.get(key).and_then(cell));
                Column::new(key.as_str().into(), cells.collect::<Vec<_>>())
            })
            .collect();
        let lines: Vec<u32> = objects.iter().map(|(line, _)| *line as u32).collect();
        all.push(Column::new(PLACE.into(), lines));
        DataFrame::new(objects.len(), all).map_err(|e| self.text.malformed(e.to_string()))
    }
}

/// A value as text; none where it is null.
fn cell(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
