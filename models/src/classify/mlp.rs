//! Multilayer perceptron for classes: layers of bent sums, their last made into chances.
//!
//! ```text
//! p[c] = exp(z[c]) / Σ exp(z)      loss = −mean ln p[own class] + l2/2 · Σ W² / rows
//! ```
//!
//! Settings, scales and walks are those of the regressor of this name. A class without rows has no
//! output, and no chance. Chances are too sure of themselves where `l2` is small.
//! Bridle (1990), Probabilistic Interpretation of Feedforward Classification Network Outputs.

use almanac_data::{FitError, Matrix};
use almanac_kernels::perceptron::Asked;
use serde::{Deserialize, Serialize};

use super::{Chances, Classes, Classify, MOST_CLASSES};
use crate::Ctx;
use crate::regress::mlp::Learnt;

pub use crate::regress::mlp::Mlp;

#[derive(Serialize, Deserialize)]
#[serde(remote = "Self")]
struct FittedMlp {
    learnt: Learnt,
    /// The class of each output.
    seen: Vec<usize>,
    count: usize,
}

almanac_kernels::checked!(FittedMlp, |fitted| {
    fitted.seen.len() == fitted.learnt.outputs()
        && fitted.seen.iter().all(|&class| class < fitted.count)
        && fitted.count < MOST_CLASSES
});

impl Classify for Mlp {
    fn fit(
        &self,
        ctx: &Ctx,
        x: &Matrix,
        classes: &Classes<'_>,
    ) -> Result<Box<dyn Chances>, FitError> {
        let counts = classes.counts();
        let seen: Vec<usize> = (0..classes.count).filter(|&class| counts[class] > 0).collect();
        let wanted =
            |&own: &usize| seen.iter().map(move |&class| f64::from(u8::from(class == own)));
        let y: Vec<f64> = classes.of.iter().flat_map(wanted).collect();
        let learnt = self.learn(ctx, x, &y, Asked::Chances)?;
        Ok(Box::new(FittedMlp { learnt, seen, count: classes.count }))
    }
}

#[typetag::serde]
impl Chances for FittedMlp {
    fn chances(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
        let answers = self.learnt.answers(x)?;
        let mut chances = vec![0.0; x.rows() * self.count];
        let rows = chances.chunks_exact_mut(self.count);
        for (row, answers) in rows.zip(answers.chunks_exact(self.seen.len())) {
            self.seen.iter().zip(answers).for_each(|(&class, chance)| row[class] = *chance);
        }
        Ok(chances)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two rows each of (0,0), (1,1) and of (0,1), (1,0): no line parts them, a layer between does;
    /// a third class without rows has no chance.
    #[test]
    fn exclusive_or_is_learnt() {
        let columns = [[0.0, 1.0, 0.0, 1.0].repeat(2), [0.0, 1.0, 1.0, 0.0].repeat(2)];
        let named = ["a", "b"].iter().zip(columns).map(|(name, c)| (name.to_string(), c));
        let x = Matrix::from_columns(named.collect()).unwrap();
        let classes = Classes { of: &[0, 0, 1, 1, 0, 0, 1, 1], count: 3 };
        let chances = |hidden: Vec<usize>| {
            let mlp = Mlp { hidden, l2: 1e-3, ..Mlp::default() };
            let fitted = Classify::fit(&mlp, &Ctx::new(1), &x, &classes).unwrap();
            fitted.chances(&x).unwrap()
        };
        for (row, class) in chances(vec![8]).chunks_exact(3).zip(classes.of) {
            assert!(row[*class] > 0.95 && row[2] == 0.0, "{row:?}");
        }
        assert!(chances(vec![]).chunks_exact(3).all(|row| (row[0] - 0.5).abs() < 1e-3));
    }
}
