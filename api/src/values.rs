//! Values that a kept model says of the rows of a table.

use std::sync::Arc;

use crate::tables::{batch, numbers, words};
use crate::{Error, Style, tables};

/// A value for each row.
pub struct Values {
    ids: Vec<String>,
    target: String,
    values: Vec<f64>,
}

impl Values {
    pub(crate) fn new(ids: Vec<String>, target: String, values: Vec<f64>) -> Values {
        Values { ids, target, values }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// All of them in a style: the row's name, and the value under the target's name.
    ///
    /// # Errors
    /// None that values can cause.
    pub fn bytes(&self, style: Style) -> Result<Vec<u8>, Error> {
        let values = numbers(self.values.iter().copied());
        let columns =
            vec![words("row", self.ids.iter()), (self.target.clone(), Arc::new(values) as _)];
        let table = batch(columns).map_err(|e| Error::Failed(e.to_string()))?;
        tables::bytes(&[table], style)
    }
}
