//! Tables: rows of numbers in named columns, for learners that know no time.

use crate::error::PanelError;

/// Numbers in rows and named columns, held column by column; NaN = missing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Matrix {
    names: Vec<String>,
    rows: usize,
    values: Vec<f64>,
}

/// Rows to learn from or to be judged on: what is known of each, and what is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Name of the set, for people.
    pub name: String,
    /// A name for each row.
    pub ids: Vec<String>,
    /// What is known of each row.
    pub x: Matrix,
    /// Name of the column that is asked.
    pub target: String,
    /// The target of each row: a value, or the index of its class; NaN = missing.
    pub y: Vec<f64>,
    /// What the target's numbers 0, 1, … stand for; empty where it is a value.
    pub classes: Vec<String>,
    /// Columns of words beside the numbers, by which folds part rows: groups, given splits.
    pub labels: Vec<(String, Vec<String>)>,
    /// Curves measured for each row, where the set has them.
    pub curves: Option<Curves>,
}

/// For each row of a table, one curve a cycle, all over the same points.
#[derive(Debug, Clone, PartialEq)]
pub struct Curves {
    /// Points of a curve.
    pub points: usize,
    /// By row: the cycles' numbers, increasing, and their curves one after another.
    pub rows: Vec<(Vec<u32>, Vec<f32>)>,
}

impl Matrix {
    /// A matrix from its columns.
    ///
    /// # Errors
    /// Columns of different lengths.
    pub fn from_columns(columns: Vec<(String, Vec<f64>)>) -> Result<Matrix, PanelError> {
        let rows = columns.first().map_or(0, |(_, values)| values.len());
        let mut matrix = Matrix { rows, ..Matrix::default() };
        for (name, values) in columns {
            if values.len() != rows {
                return Err(PanelError::Length { column: name, need: rows, got: values.len() });
            }
            matrix.names.push(name);
            matrix.values.extend(values);
        }
        Ok(matrix)
    }

    /// A matrix from rows that lie one after another.
    ///
    /// # Errors
    /// A length that is no multiple of the number of names.
    pub fn from_rows(names: Vec<String>, values: &[f64]) -> Result<Matrix, PanelError> {
        let width = names.len();
        let rows = values.len() / width.max(1);
        if rows * width != values.len() {
            let column = names.last().cloned().unwrap_or_default();
            return Err(PanelError::Length { column, need: (rows + 1) * width, got: values.len() });
        }
        let mut turned = Vec::with_capacity(values.len());
        for column in 0..width {
            turned.extend(values[column..].iter().step_by(width));
        }
        Ok(Matrix { names, rows, values: turned })
    }

    /// Names of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.names.len()
    }

    /// The values of a column, by row.
    pub fn column(&self, column: usize) -> &[f64] {
        &self.values[column * self.rows..][..self.rows]
    }

    /// All columns, in order.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        (0..self.width()).map(|column| self.column(column))
    }

    /// The values of a row, by column.
    pub fn row(&self, row: usize) -> impl ExactSizeIterator<Item = f64> + '_ {
        (0..self.width()).map(move |column| self.values[column * self.rows + row])
    }

    /// All rows one after another.
    pub fn by_rows(&self) -> Vec<f64> {
        (0..self.rows).flat_map(|row| self.row(row)).collect()
    }

    /// These rows, in this order; one may occur more than once.
    pub fn select(&self, rows: &[usize]) -> Matrix {
        let pick = |column: &[f64]| rows.iter().map(|&row| column[row]).collect::<Vec<_>>();
        let values = self.columns().flat_map(pick).collect();
        Matrix { names: self.names.clone(), rows: rows.len(), values }
    }

    /// The same shape with every column mapped; the function is told its place.
    pub fn map_columns(&self, map: impl Fn(usize, f64) -> f64) -> Matrix {
        let columns = self.columns().enumerate();
        let values = columns.flat_map(|(at, column)| column.iter().map(move |&v| (at, v)));
        let values = values.map(|(at, value)| map(at, value)).collect();
        Matrix { names: self.names.clone(), rows: self.rows, values }
    }

    /// The columns of another matrix after these.
    ///
    /// # Errors
    /// Another number of rows.
    pub fn beside(mut self, other: Matrix) -> Result<Matrix, PanelError> {
        if self.names.is_empty() {
            return Ok(other);
        }
        if other.rows != self.rows && !other.names.is_empty() {
            let column = other.names.first().cloned().unwrap_or_default();
            return Err(PanelError::Length { column, need: self.rows, got: other.rows });
        }
        self.names.extend(other.names);
        self.values.extend(other.values);
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two rows 1 2 3 and 4 5 6: columns, rows and picks agree.
    #[test]
    fn rows_and_columns_by_hand() {
        let names = ["a", "b", "c"].map(String::from).to_vec();
        let matrix = Matrix::from_rows(names, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
        assert_eq!((matrix.rows(), matrix.width(), matrix.column(1)), (2, 3, &[2.0, 5.0][..]));
        assert_eq!(matrix.row(1).collect::<Vec<_>>(), [4.0, 5.0, 6.0]);
        assert_eq!(matrix.select(&[1, 1, 0]).column(2), [6.0, 6.0, 3.0]);
        assert_eq!(matrix.by_rows(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let shifted = matrix.map_columns(|at, value| value - at as f64);
        assert_eq!(shifted.column(2), [1.0, 4.0]);
    }

    /// Five numbers are not rows of two, and columns have one length.
    #[test]
    fn lengths_must_fit() {
        let names = || vec!["a".to_string(), "b".to_string()];
        assert!(Matrix::from_rows(names(), &[0.0; 5]).is_err());
        let uneven = vec![("a".to_string(), vec![1.0]), ("b".to_string(), vec![])];
        let error = Matrix::from_columns(uneven).unwrap_err();
        assert_eq!(error, PanelError::Length { column: "b".into(), need: 1, got: 0 });
    }
}
