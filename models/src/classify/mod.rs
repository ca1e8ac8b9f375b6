//! Learners of a class from a row of numbers: one file and one roster line each.

mod adaboost;
mod bagging;
mod extra_trees;
mod gradient_boosting;
mod knn;
mod logistic;
mod mlp;
mod prior;
mod random_forest;
mod svc;
mod tree;

use almanac_data::{FitError, Matrix};

use crate::Ctx;
use crate::nets::{AttentionLstm, BiLstm, Cnn, Gru, Lstm, Recurrent, Rnn, teller};
use crate::roster::{Entry, line};

/// Every classifier, simplest first.
pub const ROSTER: &[Entry<dyn Classify>] = &[
    line::<dyn Classify, prior::Prior>("prior", "the shares of the classes, whatever is asked"),
    line::<dyn Classify, knn::KnnClasses>(
        "knn",
        "the shares of the classes among the nearest rows",
    ),
    line::<dyn Classify, logistic::Logistic>("logistic", "logarithms of the chances as planes"),
    line::<dyn Classify, svc::Svc>("svc", "the boundaries with the widest margins"),
    line::<dyn Classify, tree::Tree>("tree", "a tree that splits where impurity falls most"),
    line::<dyn Classify, bagging::Bagging>("bagging", "the mean of trees over drawn rows"),
    line::<dyn Classify, random_forest::RandomForest>(
        "random_forest",
        "the mean of deep trees over drawn rows and columns",
    ),
    line::<dyn Classify, extra_trees::ExtraTrees>(
        "extra_trees",
        "the mean of trees with random thresholds",
    ),
    line::<dyn Classify, adaboost::Adaboost>("adaboost", "boosted trees that vote (SAMME)"),
    line::<dyn Classify, gradient_boosting::GradientBoosting>(
        "gradient_boosting",
        "many small trees, each moving the odds down the slope of the log loss",
    ),
    line::<dyn Classify, mlp::Mlp>("mlp", "layers of bent sums, walked downhill"),
    teller::<Cnn>("short filters slid over the columns, and sums of what they find"),
    teller::<Recurrent<Rnn>>("plain units that read the columns one by one"),
    teller::<Recurrent<Gru>>("units that read columns one by one and keep what two gates let them"),
    teller::<Recurrent<Lstm>>(
        "units that read columns one by one, with a memory behind three gates",
    ),
    teller::<Recurrent<BiLstm>>("the same, one layer reading forth and one back"),
    teller::<Recurrent<AttentionLstm>>("the same, its outputs at all columns weighed by attention"),
];

/// Classes that what is read back may have: chances of more take more room than there is.
const MOST_CLASSES: usize = 1 << 16;

/// A classifier: settings, before any data.
pub trait Classify: Send + Sync {
    /// Learns classes `0 .. classes` from the rows of `x`; there is at least one row, and a class
    /// may have none.
    ///
    /// # Errors
    /// Fewer rows than the method can use, missing values that it does not read, arithmetic that
    /// left the finite numbers.
    fn fit(
        &self,
        ctx: &Ctx,
        x: &Matrix,
        classes: &Classes<'_>,
    ) -> Result<Box<dyn Chances>, FitError>;
}

/// The class of each row.
#[derive(Debug, Clone, Copy)]
pub struct Classes<'a> {
    /// Class of each row, below `count`.
    pub of: &'a [usize],
    /// How many classes there are.
    pub count: usize,
}

/// The same after.
///
/// The second method is there because what a column was worth is known to the fitted thing alone. Its
/// attribute writes and reads every implementor by its name: what was learnt can be kept.
#[typetag::serde]
pub trait Chances: Send + Sync {
    /// For each row a probability of each class, rows one after another; each row sums to 1.
    ///
    /// # Errors
    /// Missing values that the method does not read.
    fn chances(&self, x: &Matrix) -> Result<Vec<f64>, FitError>;

    /// How much each column lowered the impurity in the fit, in shares of 1; `None` where the
    /// method does not tell.
    fn importance(&self) -> Option<Vec<f64>> {
        None
    }
}

/// Weights of classes in a fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClassWeight {
    /// Every row counts the same.
    #[default]
    None,
    /// Every class counts the same: a row weighs n / (classes seen · rows of its class).
    Balanced,
}

impl Classes<'_> {
    /// Number of rows of each class.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.count];
        self.of.iter().for_each(|&class| counts[class] += 1);
        counts
    }

    /// The weight of each row.
    pub fn weights(&self, how: ClassWeight) -> Vec<f64> {
        let counts = self.counts();
        let seen = counts.iter().filter(|&&count| count > 0).count() as f64;
        let weight = |class: usize| match how {
            ClassWeight::None => 1.0,
            ClassWeight::Balanced => self.of.len() as f64 / (seen * counts[class] as f64),
        };
        self.of.iter().map(|&class| weight(class)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three of one class and one of another: 4/(2·3) and 4/(2·1); the third class has no row.
    #[test]
    fn balanced_weights_by_hand() {
        let classes = Classes { of: &[0, 0, 0, 2], count: 3 };
        let weights = classes.weights(ClassWeight::Balanced);
        assert_eq!(weights, [4.0 / 6.0, 4.0 / 6.0, 4.0 / 6.0, 2.0]);
    }
}
