//! Least squares: the plane with the smallest sum of squared errors.
//!
//! ```text
//! x − x̄ = U·diag(s)·Vᵀ      slopes = Σ V[k]·(U[k]ᵀ(y − ȳ))/s[k] over s[k] > ε·max(n, p)·s[1]
//! ŷ = ȳ + (row − x̄)·slopes
//! ```
//!
//! Among equal planes (columns that repeat each other, more columns than rows) it is the one with the
//! shortest slopes. Follows noise where columns are many; a far row drags it; columns whose sizes
//! differ by more than 10¹⁵ want standardising first. Missing values are refused.
//! Golub & Van Loan, Matrix Computations, 4th ed., §5.5.

use almanac_data::{FitError, Matrix};
use almanac_kernels::sums::dot;
use nalgebra::{DMatrix, DVector, SVD};
use serde::{Deserialize, Serialize};

use super::{Predict, Regress, as_learnt, complete};
use crate::keep::Name;
use crate::{Ctx, Setting, Settings};

/// Least squares with an intercept; no settings.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Linear {}

impl Settings for Linear {
    const TABLE: &'static [Setting] = &[];
}

/// Means of the columns, and the columns without them, one after another.
pub(super) struct Centred {
    pub(super) means: Vec<f64>,
    pub(super) columns: Vec<f64>,
    pub(super) mean: f64,
    pub(super) y: Vec<f64>,
}

/// What every linear learner answers with.
#[derive(Serialize, Deserialize)]
pub(super) struct Plane {
    model: Name,
    intercept: f64,
    slopes: Vec<f64>,
}

/// Centred rows along their principal directions, where a penalty is a division.
pub(super) struct Spectrum {
    centred: Centred,
    /// Singular values.
    pub(super) sizes: Vec<f64>,
    directions: DMatrix<f64>,
    /// The target along each direction.
    pub(super) along: Vec<f64>,
}

impl Regress for Linear {
    fn fit(&self, _ctx: &Ctx, x: &Matrix, y: &[f64]) -> Result<Box<dyn Predict>, FitError> {
        let spectrum = Spectrum::new("linear", x, y)?;
        let largest = spectrum.sizes.iter().fold(0.0, |most: f64, &size| most.max(size));
        let least = f64::EPSILON * x.rows().max(x.width()) as f64 * largest;
        let inverse = |size: f64| if size > least { 1.0 / size } else { 0.0 };
        let slopes = spectrum.slopes(inverse);
        Ok(Box::new(spectrum.plane("linear", slopes)?))
    }
}

#[typetag::serde]
impl Predict for Plane {
    fn predict(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
        complete(self.model.0, x)?;
        as_learnt(self.slopes.len(), x)?;
        let mut answer = vec![self.intercept; x.rows()];
        for (column, slope) in x.columns().zip(&self.slopes).filter(|(_, slope)| **slope != 0.0) {
            answer.iter_mut().zip(column).for_each(|(answer, value)| *answer += slope * value);
        }
        Ok(answer)
    }
}

impl Centred {
    /// Takes the means out.
    pub(super) fn new(model: &'static str, x: &Matrix, y: &[f64]) -> Result<Centred, FitError> {
        let (means, columns) = centre(model, x)?;
        let mean = average(y);
        if !mean.is_finite() {
            return Err(FitError::NotFinite("the mean"));
        }
        Ok(Centred { means, columns, mean, y: y.iter().map(|value| value - mean).collect() })
    }

    /// The plane of these slopes through the means.
    pub(super) fn plane(&self, model: &'static str, slopes: Vec<f64>) -> Result<Plane, FitError> {
        let intercept = self.mean - dot(&self.means, &slopes);
        if !intercept.is_finite() {
            return Err(FitError::NotFinite("a slope"));
        }
        Ok(Plane { model: Name(model), intercept, slopes })
    }
}

/// Means of the columns, and the columns without them, one after another.
pub(crate) fn centre(model: &'static str, x: &Matrix) -> Result<(Vec<f64>, Vec<f64>), FitError> {
    complete(model, x)?;
    let means: Vec<f64> = x.columns().map(average).collect();
    let without = |(column, mean): (&[f64], &f64)| -> Vec<f64> {
        column.iter().map(|value| value - mean).collect()
    };
    let columns: Vec<f64> = x.columns().zip(&means).flat_map(without).collect();
    match columns.iter().all(|value| value.is_finite()) {
        true => Ok((means, columns)),
        false => Err(FitError::NotFinite("the mean of a column")),
    }
}

fn average(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

impl Spectrum {
    /// Decomposes the rows.
    pub(super) fn new(model: &'static str, x: &Matrix, y: &[f64]) -> Result<Spectrum, FitError> {
        let centred = Centred::new(model, x, y)?;
        let (rows, width) = (y.len(), x.width());
        if width == 0 {
            let directions = DMatrix::zeros(0, 0);
            return Ok(Spectrum { centred, sizes: vec![], directions, along: vec![] });
        }
        let mut square = DMatrix::from_column_slice(rows, width, &centred.columns);
        let mut y = DVector::from_column_slice(&centred.y);
        if rows > width {
            let qr = square.qr();
            qr.q_tr_mul(&mut y);
            square = qr.r();
            y.resize_vertically_mut(width, 0.0);
        }
        let svd = SVD::try_new(square, true, true, f64::EPSILON, 1000 * width);
        let parts = svd.and_then(|svd| Some((svd.u?, svd.singular_values, svd.v_t?)));
        let (u, sizes, v) =
            parts.ok_or_else(|| FitError::Failed("singular values not found".into()))?;
        let along = (u.transpose() * y).as_slice().to_vec();
        let sizes = sizes.as_slice().to_vec();
        Ok(Spectrum { centred, sizes, directions: v.transpose(), along })
    }

    /// Slopes with each direction scaled by a function of its size.
    pub(super) fn slopes(&self, scale: impl Fn(f64) -> f64) -> Vec<f64> {
        let mut slopes = vec![0.0; self.centred.means.len()];
        for ((direction, &size), along) in
            self.directions.column_iter().zip(&self.sizes).zip(&self.along)
        {
            let weight = scale(size) * along;
            slopes.iter_mut().zip(direction.iter()).for_each(|(slope, v)| *slope += weight * v);
        }
        slopes
    }

    /// The plane of these slopes.
    pub(super) fn plane(&self, model: &'static str, slopes: Vec<f64>) -> Result<Plane, FitError> {
        self.centred.plane(model, slopes)
    }

    /// The sum of squares of the centred target.
    pub(super) fn total(&self) -> f64 {
        dot(&self.centred.y, &self.centred.y)
    }
}

/// Which of `path`'s planes errs least where it has not learnt: rows in five ordered blocks, each
/// judged by planes learnt from the others; the mean over blocks of the mean squared error.
pub(super) fn best_of_blocks(
    ctx: &Ctx,
    x: &Matrix,
    y: &[f64],
    path: impl Fn(&Matrix, &[f64]) -> Result<Vec<Plane>, FitError> + Sync,
) -> Result<usize, FitError> {
    let (rows, blocks) = (y.len(), y.len().min(5));
    let bound = |block: usize| block * (rows / blocks) + block.min(rows % blocks);
    let judged = ctx.map(blocks, |block| -> Result<Vec<f64>, FitError> {
        ctx.go_on()?;
        let (held, learnt): (Vec<usize>, Vec<usize>) =
            (0..rows).partition(|&row| bound(block) <= row && row < bound(block + 1));
        let pick = |rows: &[usize]| -> (Matrix, Vec<f64>) {
            (x.select(rows), rows.iter().map(|&row| y[row]).collect())
        };
        let ((x, y), (held_x, held_y)) = (pick(&learnt), pick(&held));
        let error = |plane: &Plane| -> Result<f64, FitError> {
            let errors: Vec<f64> =
                plane.predict(&held_x)?.iter().zip(&held_y).map(|(a, b)| a - b).collect();
            Ok(dot(&errors, &errors) / errors.len() as f64)
        };
        path(&x, &y)?.iter().map(error).collect()
    });
    let judged = judged.into_iter().collect::<Result<Vec<_>, _>>()?;
    let count = judged.first().map_or(0, Vec::len);
    let total = |place: usize| judged.iter().map(|errors| errors[place]).sum::<f64>();
    let best = (0..count).min_by(|&a, &b| total(a).total_cmp(&total(b)));
    best.ok_or_else(|| FitError::Failed("no candidate".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(columns: &[&[f64]]) -> Matrix {
        let named = columns.iter().enumerate().map(|(at, c)| (at.to_string(), c.to_vec()));
        Matrix::from_columns(named.collect()).unwrap()
    }

    fn answers(x: &Matrix, y: &[f64], ask: &Matrix) -> Vec<f64> {
        Linear {}.fit(&Ctx::new(1), x, y).unwrap().predict(ask).unwrap()
    }

    /// y = 1 + 2a − 3b without noise is found, and goes on outside the rows.
    #[test]
    fn a_plane_is_found() {
        let x = table(&[&[0.0, 1.0, 0.0, 2.0], &[0.0, 0.0, 1.0, 5.0]]);
        let got = answers(&x, &[1.0, 3.0, -2.0, -10.0], &table(&[&[10.0], &[1.0]]));
        assert!((got[0] - 18.0).abs() < 1e-12, "{got:?}");
    }

    /// A column twice is one column: y = 2a is shared as 1 and 1, so (3, 0) gives 3.
    #[test]
    fn repeated_columns_share_the_slope() {
        let a = [-1.0, 0.0, 1.0];
        let got = answers(&table(&[&a, &a]), &[-2.0, 0.0, 2.0], &table(&[&[3.0], &[0.0]]));
        assert!((got[0] - 3.0).abs() < 1e-12, "{got:?}");
    }

    /// Two rows, three columns: the shortest slopes through both differ from zero by the step
    /// y/|step|² along the step (2, 0, 1), |step|² = 5, rise 10.
    #[test]
    fn more_columns_than_rows_take_the_shortest_slopes() {
        let x = table(&[&[0.0, 2.0], &[7.0, 7.0], &[0.0, 1.0]]);
        let ask = table(&[&[1.0, 0.0, 0.0], &[7.0, 8.0, 7.0], &[0.0, 0.0, 1.0]]);
        let got = answers(&x, &[1.0, 11.0], &ask);
        for (got, want) in got.iter().zip([5.0, 1.0, 3.0]) {
            assert!((got - want).abs() < 1e-12, "{got} {want}");
        }
    }

    /// One row: its target for everything. Constant columns carry nothing.
    #[test]
    fn one_row_and_constant_columns() {
        assert_eq!(answers(&table(&[&[3.0]]), &[7.0], &table(&[&[100.0]])), [7.0]);
        let flat = table(&[&[1e12; 3]]);
        assert_eq!(answers(&flat, &[1.0, 2.0, 3.0], &flat), [2.0; 3]);
    }

    /// Seven rows in five blocks are 2 2 1 1 1; the candidate that says the row's own value wins.
    #[test]
    fn blocks_choose_the_truth() {
        let a: Vec<f64> = (0..7).map(f64::from).collect();
        let plane =
            |slope: f64| Plane { model: Name("linear"), intercept: 0.0, slopes: vec![slope] };
        let path = |_: &Matrix, _: &[f64]| Ok(vec![plane(0.5), plane(1.0), plane(2.0)]);
        assert_eq!(best_of_blocks(&Ctx::new(1), &table(&[&a]), &a, path), Ok(1));
    }
}
