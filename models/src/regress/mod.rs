//! Learners of a value from a row of numbers: one file and one roster line each.
//!
//! A file knows rows, never a series, a fold or a table's name. Lifts make it a forecaster.

mod adaboost;
mod bagging;
mod bayesian_ridge;
mod elastic_net;
mod extra_trees;
mod gaussian_process;
mod gmdh;
mod gradient_boosting;
mod grnn;
pub(crate) mod knn;
mod lasso;
pub(crate) mod linear;
mod mars;
mod mean;
pub(crate) mod mlp;
mod random_forest;
mod ridge;
pub(crate) mod svr;
mod tree;

use almanac_data::{FitError, Matrix};

use crate::Ctx;
use crate::nets::{AttentionLstm, BiLstm, Cnn, Gru, Lstm, Recurrent, Rnn, learner};
use crate::roster::{Entry, line};

/// Every regressor, simplest first.
pub const ROSTER: &[Entry<dyn Regress>] = &[
    line::<dyn Regress, mean::Mean>("mean", "the mean of what was seen, whatever is asked"),
    line::<dyn Regress, linear::Linear>("linear", "least squares; the shortest slopes of equals"),
    line::<dyn Regress, ridge::Ridge>("ridge", "least squares with short slopes"),
    line::<dyn Regress, lasso::Lasso>("lasso", "least squares with few slopes"),
    line::<dyn Regress, elastic_net::ElasticNet>("elastic_net", "few slopes, and short ones"),
    line::<dyn Regress, bayesian_ridge::BayesianRidge>(
        "bayesian_ridge",
        "ridge, its penalty from the evidence",
    ),
    line::<dyn Regress, gaussian_process::GaussianProcess>(
        "gaussian_process",
        "every smooth function, weighed by how well it meets the rows",
    ),
    line::<dyn Regress, knn::Knn>("knn", "the mean of the nearest rows"),
    line::<dyn Regress, svr::Svr>("svr", "a tube as flat as it can be, through the rows"),
    line::<dyn Regress, tree::Tree>("tree", "a tree that splits where the squares fall most"),
    line::<dyn Regress, bagging::Bagging>("bagging", "the mean of trees over drawn rows"),
    line::<dyn Regress, random_forest::RandomForest>(
        "random_forest",
        "the mean of deep trees over drawn rows and columns",
    ),
    line::<dyn Regress, extra_trees::ExtraTrees>(
        "extra_trees",
        "the mean of trees with random thresholds",
    ),
    line::<dyn Regress, adaboost::Adaboost>(
        "adaboost",
        "boosted trees that answer with a weighted median (AdaBoost.R2)",
    ),
    line::<dyn Regress, gradient_boosting::GradientBoosting>(
        "gradient_boosting",
        "many small trees, each fitted to what the ones before left over",
    ),
    line::<dyn Regress, mars::Mars>("mars", "products of hinges, grown and cut back"),
    line::<dyn Regress, gmdh::Gmdh>("gmdh", "layers of quadratics of pairs, chosen by other rows"),
    line::<dyn Regress, grnn::Grnn>("grnn", "the mean of all rows, weighted by nearness"),
    line::<dyn Regress, mlp::Mlp>("mlp", "layers of bent sums, walked downhill"),
    learner::<Cnn>("short filters slid over the columns, and sums of what they find"),
    learner::<Recurrent<Rnn>>("plain units that read the columns one by one"),
    learner::<Recurrent<Gru>>(
        "units that read columns one by one and keep what two gates let them",
    ),
    learner::<Recurrent<Lstm>>(
        "units that read columns one by one, with a memory behind three gates",
    ),
    learner::<Recurrent<BiLstm>>("the same, one layer reading forth and one back"),
    learner::<Recurrent<AttentionLstm>>(
        "the same, its outputs at all columns weighed by attention",
    ),
];

/// A regressor: settings, before any data.
pub trait Regress: Send + Sync {
    /// Learns `y` from the rows of `x`; targets are finite, and there is at least one row.
    ///
    /// # Errors
    /// Fewer rows than the method can use, missing values that it does not read, arithmetic that
    /// left the finite numbers.
    fn fit(&self, ctx: &Ctx, x: &Matrix, y: &[f64]) -> Result<Box<dyn Predict>, FitError>;
}

/// The same after.
///
/// The second method is there because what a column was worth is known to the fitted thing alone. Its
/// attribute writes and reads every implementor by its name: what was learnt can be kept.
#[typetag::serde]
pub trait Predict: Send + Sync {
    /// A value for each row; columns as in the fit.
    ///
    /// # Errors
    /// Missing values that the method does not read.
    fn predict(&self, x: &Matrix) -> Result<Vec<f64>, FitError>;

    /// How much each column lowered the error in the fit, in shares of 1; `None` where the method
    /// does not tell.
    fn importance(&self) -> Option<Vec<f64>> {
        None
    }
}

/// Refuses rows with missing values, by the method's and the column's name.
///
/// # Errors
/// [`FitError::Missing`] with their number.
pub fn complete(model: &'static str, x: &Matrix) -> Result<(), FitError> {
    let count = x.columns().flatten().filter(|value| value.is_nan()).count();
    if count == 0 { Ok(()) } else { Err(FitError::Missing { model, count }) }
}

/// Refuses rows of more or fewer columns than were learnt from.
///
/// # Errors
/// Both numbers, in words.
pub(crate) fn as_learnt(columns: usize, x: &Matrix) -> Result<(), FitError> {
    match x.width() {
        width if width == columns => Ok(()),
        width => {
            Err(FitError::Failed(format!("learnt from {columns} columns, asked with {width}")))
        }
    }
}

/// Refuses fewer than `need` rows.
///
/// # Errors
/// [`FitError::TooShort`].
pub fn at_least(need: usize, x: &Matrix) -> Result<(), FitError> {
    let got = x.rows();
    if got < need { Err(FitError::TooShort { need, got }) } else { Ok(()) }
}
