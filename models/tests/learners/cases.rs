//! Tables of every kind, each with a value and a class for each row.

use almanac_data::Matrix;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Rows to learn from.
#[derive(Debug, Clone)]
pub struct Case {
    /// As a failure names it.
    pub name: &'static str,
    /// The rows.
    pub x: Matrix,
    /// A value for each.
    pub y: Vec<f64>,
    /// A class for each.
    pub classes: Vec<usize>,
    /// How many classes there are.
    pub count: usize,
}

/// A matrix of these columns.
pub fn matrix(columns: Vec<Vec<f64>>) -> Matrix {
    let named = columns.into_iter().enumerate().map(|(at, column)| (format!("x{at}"), column));
    Matrix::from_columns(named.collect()).unwrap()
}

impl Case {
    /// Columns and values; classes are the values' thirds.
    fn new(name: &'static str, columns: Vec<Vec<f64>>, y: Vec<f64>) -> Case {
        let mut sorted = y.clone();
        sorted.sort_by(f64::total_cmp);
        let third = |k: usize| sorted[k * (y.len() - 1) / 3];
        let class = |value: &f64| usize::from(*value > third(1)) + usize::from(*value > third(2));
        let classes = y.iter().map(class).collect();
        Case { name, x: matrix(columns), y, classes, count: 3 }
    }

    /// The same rows with everything multiplied.
    fn scaled(&self, name: &'static str, x: f64, y: f64) -> Case {
        let x = self.x.map_columns(|_, value| x * value);
        let y = self.y.iter().map(|value| y * value).collect();
        Case { name, x, y, ..self.clone() }
    }

    /// The same rows with other classes.
    fn of_classes(&self, name: &'static str, class: impl Fn(usize) -> usize) -> Case {
        let classes = (0..self.y.len()).map(class).collect();
        Case { name, classes, ..self.clone() }
    }

    /// The same with a value missing.
    pub fn with_hole(&self) -> Case {
        let columns = self.x.columns().enumerate().map(|(at, column)| {
            let mut column = column.to_vec();
            if at == 1 {
                column[3] = f64::NAN;
            }
            column
        });
        Case { x: matrix(columns.collect()), ..self.clone() }
    }
}

/// Values that are nearly normal, with mean 0 and variance 1.
pub fn noise(seed: u64, count: usize) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut draw = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
    (0..count).map(|_| draw()).collect()
}

/// Two columns that matter and one that does not: y = 2·x0 − x1 + a tenth of noise.
pub fn ordinary(rows: usize, seed: u64) -> Case {
    let columns: Vec<Vec<f64>> = (0..3).map(|k| noise(seed + k, rows)).collect();
    let error = noise(seed + 3, rows);
    let y = (0..rows).map(|row| 2.0 * columns[0][row] - columns[1][row] + 0.1 * error[row]);
    let y = y.collect();
    Case::new("ordinary", columns, y)
}

/// A table of each kind.
pub fn kinds() -> Vec<Case> {
    let plain = ordinary(40, 100);
    let columns = || plain.x.columns().map(<[f64]>::to_vec).collect::<Vec<_>>();
    let with =
        |name, extra: Vec<Vec<f64>>| Case::new(name, [columns(), extra].concat(), plain.y.clone());
    let sums = |a: f64, b: f64| -> Vec<f64> {
        plain.x.column(0).iter().zip(plain.x.column(1)).map(|(x, y)| a * x + b * y).collect()
    };
    let shrunk = |name, rows| Case { name, ..ordinary(rows, 200) };
    let repeated: Vec<usize> = (0..40).map(|row| row % 8).collect();
    let again = plain.x.select(&repeated).columns().map(<[f64]>::to_vec).collect::<Vec<_>>();
    let alike = |y: &dyn Fn(usize) -> f64| (0..40).map(y).collect::<Vec<_>>();
    let mut outlier = plain.y.clone();
    outlier[7] = 1e6;
    let dummies = (0..4).map(|k| (0..40).map(|row| f64::from(row % 4 == k)).collect()).collect();
    vec![
        with("a constant column", vec![vec![3.0; 40]]),
        with("collinear columns", vec![sums(1.0, 1.0), sums(2.0, 0.0)]),
        with("a column far larger than the others", vec![sums(1e9, 1e8)]),
        with("indicator columns", dummies),
        Case::new("constant columns only", vec![vec![1.0; 40], vec![0.0; 40]], plain.y.clone()),
        Case::new("zeros", vec![vec![0.0; 40]; 2], vec![0.0; 40]),
        Case::new("a constant target", columns(), vec![5.0; 40]),
        Case::new("an outlying target", columns(), outlier),
        Case::new("duplicate rows", again.clone(), alike(&|row| plain.y[row % 8])),
        Case::new("duplicate rows of other targets", again, alike(&|row| plain.y[row])),
        Case::new("more columns than rows", (0..20).map(|k| noise(k, 8)).collect(), noise(50, 8)),
        shrunk("one row", 1),
        shrunk("two rows", 2),
        shrunk("three rows", 3),
        plain.scaled("huge values", 1e12, 1e12),
        plain.scaled("tiny values", 1e-12, 1e-12),
        plain.scaled("huge rows of tiny targets", 1e12, 1e-12),
        plain.scaled("tiny rows of huge targets", 1e-12, 1e12),
        plain.of_classes("one class only", |_| 1),
        plain.of_classes("a class without rows", |row| 2 * usize::from(plain.y[row] > 0.0)),
        plain.of_classes("a class of one row", |row| if row == 5 { 2 } else { row % 2 }),
        plain,
    ]
}
