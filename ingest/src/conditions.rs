//! Conditions on rows, and what to say when no row meets them.

use polars::prelude::*;

use crate::error::ReadError;
use crate::input::Input;

/// A condition, and some values that it could have matched.
struct Condition {
    column: String,
    value: String,
    have: Vec<String>,
}

/// The conditions of a source.
#[derive(Default)]
pub(crate) struct Conditions(Vec<Condition>);

impl Conditions {
    /// Remembers what the first rows have in the columns that are asked about.
    pub fn of(keep: &[(String, String)], head: &DataFrame) -> PolarsResult<Conditions> {
        let condition = |(column, value): &(String, String)| {
            let values = head.column(column)?.cast(&DataType::String)?.unique_stable()?;
            let have = values.str()?.iter().flatten().take(20).map(String::from).collect();
            Ok(Condition { column: column.clone(), value: value.clone(), have })
        };
        Ok(Conditions(keep.iter().map(condition).collect::<PolarsResult<_>>()?))
    }

    /// Why there is no row: the first condition that nothing seen could meet, or files without rows.
    pub fn nothing_left(self, inputs: &[Input]) -> ReadError {
        let absent = |condition: &Condition| !condition.have.contains(&condition.value);
        let at = self.0.iter().position(absent).unwrap_or(0);
        match self.0.into_iter().nth(at) {
            Some(Condition { column, value, have }) => {
                ReadError::NothingLeft { column, value, have }
            }
            None => ReadError::Empty {
                path: inputs.iter().map(|input| input.name.as_str()).collect::<Vec<_>>().join(", "),
            },
        }
    }
}
