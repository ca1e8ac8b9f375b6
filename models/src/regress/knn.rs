//! K nearest neighbours: the mean of the rows that look most like the one asked.
//!
//! ```text
//! ŷ = Σ w·y / Σ w over the k nearest rows      w = 1, or 1/distance
//! ```
//!
//! Never leaves the range of what it saw; poor where columns are many or of different scales:
//! standardise them. Exact; of equally near rows the earlier is taken; a row at distance zero
//! has all the weight. Missing values are refused. Cover & Hart, IEEE Trans. Inf. Theory 13, 1967.

use almanac_data::{FitError, Matrix};
use almanac_kernels::neighbours::nearest;
use serde::{Deserialize, Serialize};

use super::{Predict, Regress, as_learnt, at_least, complete};
use crate::{Ctx, Setting, SettingError, Settings};

/// The mean of the nearest rows.
///
/// | name       | default | range             | meaning                              |
/// |------------|---------|-------------------|--------------------------------------|
/// | neighbours | 5       | >= 1              | how many rows answer                 |
/// | weights    | uniform | uniform, distance | whether a nearer row counts for more |
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Knn {
    /// How many rows answer.
    pub neighbours: usize,
    /// Whether a nearer row counts for more.
    pub weights: Weights,
}

/// What a neighbour counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Weights {
    /// All the same.
    #[default]
    Uniform,
    /// One over its distance.
    Distance,
}

impl Default for Knn {
    fn default() -> Self {
        Knn { neighbours: 5, weights: Weights::Uniform }
    }
}

impl Settings for Knn {
    const TABLE: &'static [Setting] = &[
        Setting { name: "neighbours", range: ">= 1", meaning: "how many rows answer" },
        Setting {
            name: "weights",
            range: "uniform, distance",
            meaning: "whether a nearer row counts for more",
        },
    ];

    fn check(&self) -> Result<(), SettingError> {
        SettingError::unless(1 <= self.neighbours, "neighbours", ">= 1", self.neighbours)
    }
}

/// The rows themselves.
#[derive(Serialize, Deserialize)]
pub(crate) struct Memory {
    settings: Knn,
    #[serde(with = "crate::keep::table")]
    x: Matrix,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Self")]
struct Remembered {
    memory: Memory,
    y: Vec<f64>,
}

almanac_kernels::checked!(Remembered, |known| known.memory.is_of(&known.y));

impl Regress for Knn {
    fn fit(&self, _ctx: &Ctx, x: &Matrix, y: &[f64]) -> Result<Box<dyn Predict>, FitError> {
        Ok(Box::new(Remembered { memory: Memory::new(self, x)?, y: y.to_vec() }))
    }
}

#[typetag::serde]
impl Predict for Remembered {
    fn predict(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
        let mean = |near: Vec<(f64, usize)>| near.iter().map(|(w, row)| w * self.y[*row]).sum();
        Ok(self.memory.neighbours(x)?.map(mean).collect())
    }
}

impl Memory {
    /// Keeps the rows.
    pub(crate) fn new(settings: &Knn, x: &Matrix) -> Result<Memory, FitError> {
        complete("knn", x)?;
        at_least(settings.neighbours, x)?;
        Ok(Memory { settings: settings.clone(), x: x.clone() })
    }

    /// Whether these targets are those of its rows.
    pub(crate) fn is_of<T>(&self, targets: &[T]) -> bool {
        self.x.rows() == targets.len() && self.settings.neighbours <= targets.len()
    }

    /// For each row asked its neighbours with their weights, which sum to 1.
    pub(crate) fn neighbours(
        &self,
        asked: &Matrix,
    ) -> Result<impl Iterator<Item = Vec<(f64, usize)>>, FitError> {
        complete("knn", asked)?;
        as_learnt(self.x.width(), asked)?;
        let columns: Vec<f64> = self.x.columns().flatten().copied().collect();
        let rows = asked.by_rows();
        let (width, settings) = (asked.width(), &self.settings);
        Ok((0..asked.rows()).map(move |row| {
            let row = &rows[row * width..][..width];
            weighed(nearest(&columns, row, settings.neighbours), settings.weights)
        }))
    }
}

/// Weights in the place of squared distances.
fn weighed(mut near: Vec<(f64, usize)>, weights: Weights) -> Vec<(f64, usize)> {
    if weights == Weights::Distance {
        let same = near.iter().filter(|(square, _)| *square == 0.0).count();
        if same > 0 {
            near.truncate(same);
        } else {
            let first = near.first().map_or(1.0, |(square, _)| *square);
            near.iter_mut().for_each(|(square, _)| *square = (first / *square).sqrt());
            let total: f64 = near.iter().map(|(weight, _)| weight).sum();
            near.iter_mut().for_each(|(weight, _)| *weight /= total);
            return near;
        }
    }
    let share = 1.0 / near.len() as f64;
    near.iter_mut().for_each(|(square, _)| *square = share);
    near
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(settings: &Knn, at: &[f64]) -> Vec<f64> {
        let table = |a: &[f64]| Matrix::from_columns(vec![("a".into(), a.to_vec())]).unwrap();
        let x = table(&[0.0, 1.0, 3.0, 3.0]);
        let fitted = settings.fit(&Ctx::new(1), &x, &[1.0, 2.0, 4.0, 8.0]).unwrap();
        fitted.predict(&table(at)).unwrap()
    }

    /// From 2 the nearest two are 1 and the first 3 (a tie by row): (2 + 4)/2; from 3 both 3.
    #[test]
    fn two_neighbours_by_hand() {
        let settings = Knn { neighbours: 2, ..Knn::default() };
        assert_eq!(answers(&settings, &[2.0, 3.0]), [3.0, 6.0]);
    }

    /// From ½ both are equally far; from ¼ weights 4 and 4/3: (1·4 + 2·4/3)/(16/3); at 0 its own.
    #[test]
    fn distance_weights_by_hand() {
        let settings = Knn { neighbours: 2, weights: Weights::Distance };
        for (got, want) in answers(&settings, &[0.5, 0.25, 0.0]).iter().zip([1.5, 1.25, 1.0]) {
            assert!((got - want).abs() < 1e-12, "{got} {want}");
        }
    }

    /// More neighbours than rows are refused with their number.
    #[test]
    fn too_few_rows() {
        let x = Matrix::from_columns(vec![("a".into(), vec![1.0])]).unwrap();
        let error = Knn::default().fit(&Ctx::new(1), &x, &[1.0]).err();
        assert_eq!(error, Some(FitError::TooShort { need: 5, got: 1 }));
    }
}
