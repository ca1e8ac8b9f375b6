//! What a column is worth to a fitted regressor: how much worse it answers without knowing it.
//!
//! ```text
//! worth[j] = mean over repeats of   MSE(y, f(x with column j shuffled)) − MSE(y, f(x))
//! ```
//!
//! In squared units of the target. Rows it has not learnt tell what it can use, rows it has learnt
//! what it did use. Two columns that say the same share their worth, or hide each other's; a column
//! of noise may come out slightly below 0. Breiman (2001), Random Forests, §10.

use almanac_data::{FitError, Matrix};
use rand::seq::SliceRandom;

use crate::Ctx;
use crate::regress::Predict;

/// The rise in mean squared error when a column's values change rows, for each column.
///
/// # Errors
/// What the fitted regressor refuses; [`FitError::Cancelled`].
pub fn permutation_importance(
    ctx: &Ctx,
    fitted: &dyn Predict,
    x: &Matrix,
    y: &[f64],
    repeats: usize,
) -> Result<Vec<f64>, FitError> {
    let error = |x: &Matrix| -> Result<f64, FitError> {
        let squares = fitted.predict(x)?.iter().zip(y).map(|(f, y)| (f - y).powi(2)).sum::<f64>();
        Ok(squares / y.len() as f64)
    };
    let before = error(x)?;
    let worth = ctx.map(x.width(), |column| {
        let mut rng = ctx.named(&format!("column {column}")).rng();
        let mut order: Vec<usize> = (0..x.rows()).collect();
        let mut rise = 0.0;
        for _ in 0..repeats.max(1) {
            ctx.go_on()?;
            order.shuffle(&mut rng);
            let values = |(at, own): (usize, &[f64])| match at == column {
                true => order.iter().map(|&row| own[row]).collect(),
                false => own.to_vec(),
            };
            let columns = x.names().iter().cloned().zip(x.columns().enumerate().map(values));
            let shuffled = Matrix::from_columns(columns.collect());
            rise += error(&shuffled.map_err(|e| FitError::Failed(e.to_string()))?)? - before;
        }
        Ok(rise / repeats.max(1) as f64)
    });
    worth.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers with its first column.
    #[derive(serde::Serialize, serde::Deserialize)]
    struct First;

    #[typetag::serde]
    impl Predict for First {
        fn predict(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
            Ok(x.column(0).to_vec())
        }
    }

    /// y is the first of two columns. Shuffled, two of its draws differ by twice its variance,
    /// 2·(n² − 1)/12 for 0 … n − 1; the second column is worth nothing.
    #[test]
    fn worth_by_hand() {
        let y: Vec<f64> = (0..50).map(f64::from).collect();
        let x = Matrix::from_columns(vec![("a".into(), y.clone()), ("b".into(), vec![1.0; 50])]);
        let x = x.unwrap();
        let worth = permutation_importance(&Ctx::new(1), &First, &x, &y, 400).unwrap();
        let twice = 2.0 * (50.0 * 50.0 - 1.0) / 12.0;
        assert!((worth[0] / twice - 1.0).abs() < 0.03, "{worth:?} against {twice}");
        assert_eq!(worth[1], 0.0);
        let mut two = Ctx::new(1);
        two.threads = 2;
        assert_eq!(permutation_importance(&two, &First, &x, &y, 400).unwrap(), worth);
    }
}
