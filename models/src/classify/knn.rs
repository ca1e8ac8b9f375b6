//! K nearest neighbours: the shares of the classes among the rows most like the one asked.
//!
//! ```text
//! p[c] = Σ w over those of class c / Σ w over the k nearest rows      w = 1, or 1/distance
//! ```
//!
//! An odd k cannot tie between two classes. All else as for the regressor of this name; missing
//! values are refused. Cover & Hart, IEEE Trans. Inf. Theory 13, 1967.

use almanac_data::{FitError, Matrix};
use serde::{Deserialize, Serialize};

use super::{Chances, Classes, Classify, MOST_CLASSES};
use crate::regress::knn::{Knn, Memory};
use crate::{Ctx, Setting, SettingError, Settings};

/// The classes of the nearest rows; settings as the regressor's.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KnnClasses(pub Knn);

impl Settings for KnnClasses {
    const TABLE: &'static [Setting] = Knn::TABLE;

    fn check(&self) -> Result<(), SettingError> {
        self.0.check()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Self")]
struct Remembered {
    memory: Memory,
    of: Vec<usize>,
    count: usize,
}

almanac_kernels::checked!(Remembered, |known| {
    known.memory.is_of(&known.of)
        && known.of.iter().all(|&class| class < known.count)
        && known.count < MOST_CLASSES
});

impl Classify for KnnClasses {
    fn fit(
        &self,
        _ctx: &Ctx,
        x: &Matrix,
        classes: &Classes<'_>,
    ) -> Result<Box<dyn Chances>, FitError> {
        let memory = Memory::new(&self.0, x)?;
        Ok(Box::new(Remembered { memory, of: classes.of.to_vec(), count: classes.count }))
    }
}

#[typetag::serde]
impl Chances for Remembered {
    fn chances(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
        let mut chances = Vec::with_capacity(x.rows() * self.count);
        for near in self.memory.neighbours(x)? {
            let start = chances.len();
            chances.resize(start + self.count, 0.0);
            near.iter().for_each(|&(weight, row)| chances[start + self.of[row]] += weight);
        }
        Ok(chances)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the three rows nearest to 0 two are of class 2; class 1 has no row at all.
    #[test]
    fn shares_by_hand() {
        let table = |a: &[f64]| Matrix::from_columns(vec![("a".into(), a.to_vec())]).unwrap();
        let classes = Classes { of: &[2, 0, 2, 0], count: 3 };
        let settings = KnnClasses(Knn { neighbours: 3, ..Knn::default() });
        let fitted = settings.fit(&Ctx::new(1), &table(&[0.1, 0.2, -0.3, 9.0]), &classes).unwrap();
        let got = fitted.chances(&table(&[0.0])).unwrap();
        for (got, want) in got.iter().zip([1.0 / 3.0, 0.0, 2.0 / 3.0]) {
            assert!((got - want).abs() < 1e-12, "{got} {want}");
        }
    }
}
