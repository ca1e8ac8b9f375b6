//! Cells of a column, understood: numbers, words, and the place of each for whoever finds a flaw.

use std::collections::HashMap;
use std::fmt;

use polars::prelude::*;

use crate::error::ReadError;
use crate::numbers;
use crate::readers::PLACE;

/// What the cells of one file have in common.
pub(crate) struct Origin<'a> {
    pub name: &'a str,
    /// `line` or `row`.
    pub unit: &'static str,
    pub decimal: u8,
}

/// Words as numbers, in the order of first sight.
#[derive(Debug, Default)]
pub(crate) struct Words {
    pub labels: Vec<String>,
    codes: HashMap<String, u32>,
}

impl Origin<'_> {
    /// A row of a frame, in words.
    pub fn place(&self, frame: &DataFrame, k: usize) -> String {
        let places = frame.column(PLACE).and_then(|place| place.u32());
        match places.ok().and_then(|places| places.get(k)) {
            Some(number) => self.numbered(number),
            None => self.name.to_string(),
        }
    }

    /// A line or row of the file, in words.
    pub fn numbered(&self, number: u32) -> String {
        format!("{}, {} {number}", self.name, self.unit)
    }

    pub fn malformed(&self, error: impl fmt::Display) -> ReadError {
        ReadError::Malformed { place: self.name.into(), reason: error.to_string() }
    }

    pub fn column<'f>(&self, frame: &'f DataFrame, name: &str) -> Result<&'f Series, ReadError> {
        let column = frame.column(name).map_err(|e| self.malformed(e))?;
        Ok(column.as_materialized_series())
    }

    /// The numbers of a column; NaN where one is missing.
    ///
    /// # Errors
    /// A cell that is no number, with its place.
    pub fn numbers(&self, frame: &DataFrame, name: &str) -> Result<Vec<f64>, ReadError> {
        let column = self.column(frame, name)?;
        let not_numeric = |k: usize, value: String| ReadError::NotNumeric {
            place: self.place(frame, k),
            column: name.to_string(),
            value: value.chars().take(60).collect(),
        };
        let dtype = column.dtype();
        if let DataType::String = dtype {
            let cells = column.str().map_err(|e| self.malformed(e))?;
            let number = |(k, cell): (usize, Option<&str>)| match cell {
                None => Ok(f64::NAN),
                Some(cell) => numbers::parse(cell.trim(), self.decimal)
                    .map_err(|()| not_numeric(k, cell.to_string())),
            };
            return cells.iter().enumerate().map(number).collect();
        }
        if dtype.is_primitive_numeric() || dtype.is_decimal() || dtype.is_bool() || dtype.is_null()
        {
            let numbers = column.cast(&DataType::Float64).map_err(|e| self.malformed(e))?;
            let numbers = numbers.f64().map_err(|e| self.malformed(e))?;
            return Ok(numbers.iter().map(|number| number.unwrap_or(f64::NAN)).collect());
        }
        Err(not_numeric(0, format!("a column of {dtype}")))
    }

    /// The trimmed words of a column; empty where one is missing.
    pub fn words(&self, frame: &DataFrame, name: &str) -> Result<Vec<String>, ReadError> {
        let cells = self.column(frame, name)?.cast(&DataType::String);
        let cells = cells.map_err(|e| self.malformed(e))?;
        let cells = cells.str().map_err(|e| self.malformed(e))?;
        Ok(cells.iter().map(|cell| cell.unwrap_or_default().trim().to_string()).collect())
    }
}

impl Words {
    /// The words of a column as numbers; NaN where one is missing.
    pub fn encode(&mut self, column: &Series) -> PolarsResult<Vec<f64>> {
        let cells = column.cast(&DataType::String)?;
        let code = |cell: Option<&str>| {
            let word = cell.map(str::trim).filter(|word| !word.is_empty());
            word.map_or(f64::NAN, |word| {
                if let Some(&code) = self.codes.get(word) {
                    return f64::from(code);
                }
                let code = self.labels.len() as u32;
                self.labels.push(word.to_string());
                self.codes.insert(word.to_string(), code);
                f64::from(code)
            })
        };
        Ok(cells.str()?.iter().map(code).collect())
    }

    /// The words in order, and these numbers renamed to their places in it.
    pub fn in_order(self, values: &mut [f64]) -> Vec<String> {
        let mut labels = self.labels.clone();
        labels.sort();
        let code = |label: &String| labels.binary_search(label).map_or(f64::NAN, |k| k as f64);
        let codes: Vec<f64> = self.labels.iter().map(code).collect();
        for value in values.iter_mut().filter(|value| !value.is_nan()) {
            *value = codes.get(*value as usize).copied().unwrap_or(f64::NAN);
        }
        labels
    }
}

/// Whether some cell is a word that is neither a number nor a sign of a missing one.
pub(crate) fn has_words(column: &Series) -> bool {
    let categories = matches!(column.dtype(), DataType::Categorical(..) | DataType::Enum(..));
    categories || said(column).any(|cell| !is_number(cell))
}

/// Whether every cell is a number or missing, and one is a number.
pub(crate) fn all_numbers(column: &Series) -> bool {
    match column.dtype() {
        DataType::String => said(column).next().is_some() && said(column).all(is_number),
        dtype => dtype.is_primitive_numeric() || dtype.is_decimal(),
    }
}

/// Whether these are names of classes: words or truth values, and no number among them.
pub(crate) fn are_classes(column: &Series) -> bool {
    match column.dtype() {
        DataType::String => said(column).next().is_some() && !said(column).any(is_number),
        dtype => dtype.is_bool() || has_words(column),
    }
}

/// The cells of a column of text that hold something.
fn said(column: &Series) -> impl Iterator<Item = &str> {
    let cells = column.str().ok();
    let cells = cells.into_iter().flat_map(|cells| cells.iter().flatten());
    cells.map(str::trim).filter(|cell| !numbers::is_missing(cell))
}

fn is_number(cell: &str) -> bool {
    [b'.', b','].iter().any(|&decimal| numbers::parse(cell, decimal).is_ok())
}
