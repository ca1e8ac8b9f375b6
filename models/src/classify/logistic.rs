//! Logistic regression: the logarithms of the chances are planes.
//!
//! ```text
//! p[k] = exp(b[k] + w[k]·row) / Σ over classes      least of −C·Σ weight·ln p[class of the row] + ½·Σ|w|²
//! ```
//!
//! With two classes the penalty lies on the difference of their slopes. The penalty keeps slopes
//! finite where a plane parts the classes without error, and means the same for every column: they
//! want one scale. Found by Newton's steps, whose matrix has (classes · columns)² numbers. A class
//! without rows has no chance. Missing values are refused.
//! Cox 1958; Bishop, Pattern Recognition and Machine Learning, 2006, §4.3.

use almanac_data::{FitError, Matrix};
use almanac_kernels::sums::{dot, gram};
use nalgebra::{Cholesky, DMatrix, DVector};
use serde::{Deserialize, Serialize};

use super::{Chances, ClassWeight, Classes, Classify, MOST_CLASSES};
use crate::regress::linear::centre;
use crate::regress::{as_learnt, complete};
use crate::{Ctx, Setting, SettingError, Settings};

/// Logistic regression with a ridge penalty.
///
/// | name         | default | range          | meaning                                     |
/// |--------------|---------|----------------|---------------------------------------------|
/// | c            | 1       | > 0            | what an error costs beside the squared slopes |
/// | class_weight | none    | none, balanced | whether every class counts the same         |
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Logistic {
    /// What an error costs beside the squared slopes.
    pub c: f64,
    /// Whether every class counts the same.
    pub class_weight: ClassWeight,
}

impl Default for Logistic {
    fn default() -> Self {
        Logistic { c: 1.0, class_weight: ClassWeight::None }
    }
}

impl Settings for Logistic {
    const TABLE: &'static [Setting] = &[
        Setting {
            name: "c",
            range: "> 0",
            meaning: "what an error costs beside the squared slopes",
        },
        Setting {
            name: "class_weight",
            range: "none, balanced",
            meaning: "whether every class counts the same",
        },
    ];

    fn check(&self) -> Result<(), SettingError> {
        SettingError::unless(0.0 < self.c && self.c.is_finite(), "c", "> 0", self.c)
    }
}

/// What is minimised: centred columns with a column of ones behind them.
struct Loss {
    columns: Vec<f64>,
    rows: usize,
    /// The place of each row's class among those seen.
    of: Vec<usize>,
    weights: Vec<f64>,
    seen: usize,
    penalty: f64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Self")]
struct Planes {
    /// Which of all classes the planes are of.
    classes: Vec<usize>,
    count: usize,
    means: Vec<f64>,
    /// Slopes and intercept of each class.
    planes: Vec<f64>,
}

almanac_kernels::checked!(Planes, |fitted| {
    let numbers = fitted.classes.len().checked_mul(fitted.means.len() + 1);
    !fitted.classes.is_empty()
        && numbers == Some(fitted.planes.len())
        && fitted.classes.iter().all(|&class| class < fitted.count)
        && fitted.count < MOST_CLASSES
});

impl Classify for Logistic {
    fn fit(
        &self,
        ctx: &Ctx,
        x: &Matrix,
        classes: &Classes<'_>,
    ) -> Result<Box<dyn Chances>, FitError> {
        let (means, mut columns) = centre("logistic", x)?;
        columns.extend(vec![1.0; x.rows()]);
        let counts = classes.counts();
        let present: Vec<usize> = (0..classes.count).filter(|&class| counts[class] > 0).collect();
        let place = |class: &usize| present.partition_point(|other| other < class);
        let loss = Loss {
            columns,
            rows: x.rows(),
            of: classes.of.iter().map(place).collect(),
            weights: classes.weights(self.class_weight),
            seen: present.len(),
            // Two planes at half the difference each bear half of its square.
            penalty: if present.len() == 2 { 2.0 } else { 1.0 } / self.c,
        };
        let planes = loss.minimise(ctx)?;
        Ok(Box::new(Planes { classes: present, count: classes.count, means, planes }))
    }
}

/// Newton steps at most.
const STEPS: usize = 200;

impl Loss {
    fn minimise(&self, ctx: &Ctx) -> Result<Vec<f64>, FitError> {
        let width = self.columns.len() / self.rows;
        let mut planes = vec![0.0; self.seen * width];
        if self.seen < 2 {
            return Ok(planes);
        }
        let (mut value, mut chances) = self.value(&planes);
        // Below this every chance is certain to twelve places.
        let certain = 1e-12 * value;
        for _ in 0..STEPS {
            ctx.go_on()?;
            let gradient = self.gradient(&planes, &chances);
            let step = solve(self.curvature(&chances, width), &gradient)
                .ok_or(FitError::NotFinite("a Newton step"))?;
            let fall = dot(&gradient, step.as_slice());
            let mut length = 1.0;
            let next = loop {
                let next: Vec<f64> =
                    planes.iter().zip(&step).map(|(plane, step)| plane - length * step).collect();
                let (value_there, chances_there) = self.value(&next);
                if value_there <= value - 1e-4 * length * fall {
                    break Some((next, value_there, chances_there));
                }
                length /= 2.0;
                if length < 1e-10 {
                    break None;
                }
            };
            // No step lowers the value further than rounding does: this is the minimum.
            let Some(next) = next else { return Ok(planes) };
            (planes, value, chances) = next;
            if fall <= 1e-10 * value || value <= certain {
                return Ok(planes);
            }
        }
        Err(FitError::Failed(format!("no minimum after {STEPS} steps")))
    }

    /// The value of planes, and the chances of each class, class after class.
    fn value(&self, planes: &[f64]) -> (f64, Vec<f64>) {
        let width = self.columns.len() / self.rows;
        let mut chances = vec![0.0; self.seen * self.rows];
        for (plane, chances) in planes.chunks_exact(width).zip(chances.chunks_exact_mut(self.rows))
        {
            for (slope, column) in plane.iter().zip(self.columns.chunks_exact(self.rows)) {
                chances.iter_mut().zip(column).for_each(|(sum, value)| *sum += slope * value);
            }
        }
        let mut value = 0.0;
        let mut one = vec![0.0; self.seen];
        for row in 0..self.rows {
            let own = chances[self.of[row] * self.rows + row];
            one.iter_mut().enumerate().for_each(|(k, one)| *one = chances[k * self.rows + row]);
            value += self.weights[row] * (normalise(&mut one) - own);
            one.iter().enumerate().for_each(|(k, one)| chances[k * self.rows + row] = *one);
        }
        let slopes = planes.chunks_exact(width).flat_map(|plane| &plane[..width - 1]);
        (value + 0.5 * self.penalty * slopes.map(|slope| slope * slope).sum::<f64>(), chances)
    }

    fn gradient(&self, planes: &[f64], chances: &[f64]) -> Vec<f64> {
        let width = self.columns.len() / self.rows;
        let mut gradient = Vec::with_capacity(planes.len());
        for (class, chances) in chances.chunks_exact(self.rows).enumerate() {
            let off = |row: usize| chances[row] - f64::from(u8::from(self.of[row] == class));
            let off: Vec<f64> = (0..self.rows).map(|row| self.weights[row] * off(row)).collect();
            gradient.extend(self.columns.chunks_exact(self.rows).map(|column| dot(column, &off)));
        }
        for (at, (gradient, plane)) in gradient.iter_mut().zip(planes).enumerate() {
            // The intercepts bear no penalty.
            *gradient += if at % width + 1 < width { self.penalty * plane } else { 0.0 };
        }
        gradient
    }

    /// Second derivatives: the lower triangle, block by block.
    fn curvature(&self, chances: &[f64], width: usize) -> DMatrix<f64> {
        let mut all = DMatrix::zeros(self.seen * width, self.seen * width);
        let mut block = Vec::new();
        for k in 0..self.seen {
            for l in 0..=k {
                let weight = |row: usize| {
                    let (a, b) = (chances[k * self.rows + row], chances[l * self.rows + row]);
                    self.weights[row] * if k == l { a * (1.0 - a) } else { -a * b }
                };
                let weights: Vec<f64> = (0..self.rows).map(weight).collect();
                gram(&self.columns, &weights, &mut block);
                for i in 0..width {
                    for j in 0..=i {
                        let value = block[i * (i + 1) / 2 + j];
                        all[(k * width + i, l * width + j)] = value;
                        all[(k * width + j, l * width + i)] = value;
                    }
                }
            }
            (0..width - 1).for_each(|j| all[(k * width + j, k * width + j)] += self.penalty);
        }
        // Moving all intercepts together changes nothing: this keeps their sum where it is.
        let intercepts = (1..=self.seen).map(|k| k * width - 1);
        let pin: f64 = intercepts.clone().map(|at| all[(at, at)]).sum();
        for (i, j) in intercepts.clone().flat_map(|i| intercepts.clone().map(move |j| (i, j))) {
            all[(i, j)] += pin;
        }
        all
    }
}

/// The solution with a positive definite matrix, of which the lower triangle is read; where rounding
/// has taken that away, with its diagonal raised until it is back.
fn solve(matrix: DMatrix<f64>, right: &[f64]) -> Option<DVector<f64>> {
    let right = DVector::from_column_slice(right);
    let raised = |raise: f64| {
        let mut matrix = matrix.clone();
        (0..matrix.nrows()).for_each(|i| matrix[(i, i)] *= 1.0 + raise);
        let step = Cholesky::new(matrix)?.solve(&right);
        step.iter().all(|value| value.is_finite()).then_some(step)
    };
    [0.0, 1e-12, 1e-10, 1e-8, 1e-6, 1e-4].into_iter().find_map(raised)
}

/// Logarithms, up to a sum, to probabilities; gives the logarithm of what they were divided by.
fn normalise(logarithms: &mut [f64]) -> f64 {
    let most = logarithms.iter().fold(f64::NEG_INFINITY, |most, &value| most.max(value));
    logarithms.iter_mut().for_each(|value| *value = (*value - most).exp());
    let sum: f64 = logarithms.iter().sum();
    logarithms.iter_mut().for_each(|value| *value /= sum);
    most + sum.ln()
}

#[typetag::serde]
impl Chances for Planes {
    fn chances(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
        complete("logistic", x)?;
        as_learnt(self.means.len(), x)?;
        let width = self.means.len();
        let mut chances = vec![0.0; x.rows() * self.count];
        for (row, chances) in chances.chunks_exact_mut(self.count).enumerate() {
            let row: Vec<f64> = x.row(row).zip(&self.means).map(|(v, mean)| v - mean).collect();
            let planes = self.planes.chunks_exact(width + 1);
            let mut own: Vec<f64> =
                planes.map(|plane| dot(&plane[..width], &row) + plane[width]).collect();
            normalise(&mut own);
            self.classes.iter().zip(own).for_each(|(&class, chance)| chances[class] = chance);
        }
        Ok(chances)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(settings: &Logistic, a: &[f64], of: &[usize], at: &[f64]) -> Vec<f64> {
        let table = |a: &[f64]| Matrix::from_columns(vec![("a".into(), a.to_vec())]).unwrap();
        let classes = Classes { of, count: 3 };
        let fitted = settings.fit(&Ctx::new(1), &table(a), &classes).unwrap();
        fitted.chances(&table(at)).unwrap()
    }

    /// A column that says nothing leaves the shares: 1 and 3 in four; class 1 has no row. Balanced, both
    /// seen classes count the same.
    #[test]
    fn nothing_known_leaves_the_shares() {
        let close = |got: &[f64], want: [f64; 3]| {
            assert!(got.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-9), "{got:?}");
        };
        let (a, of) = ([5.0; 4], [0, 2, 2, 2]);
        close(&ask(&Logistic::default(), &a, &of, &[1.0]), [0.25, 0.0, 0.75]);
        let balanced = Logistic { class_weight: ClassWeight::Balanced, ..Logistic::default() };
        close(&ask(&balanced, &a, &of, &[1.0]), [0.5, 0.0, 0.5]);
    }

    /// Two rows ∓1 parted without error: the slope w solves w = 2·C/(1 + e^w), and the chance at 1 is
    /// 1/(1 + e^−w); for C = 1 it is w = 0.674…
    #[test]
    fn separation_is_finite() {
        let got = ask(&Logistic::default(), &[-1.0, 1.0], &[0, 1], &[1.0]);
        let slope = (got[1] / got[0]).ln();
        assert!(
            (slope - 2.0 / (1.0 + slope.exp())).abs() < 1e-9 && (0.67..0.68).contains(&slope),
            "{slope}"
        );
        let certain =
            ask(&Logistic { c: 1e9, ..Logistic::default() }, &[-1.0, 1.0], &[0, 1], &[1.0]);
        assert!(certain[1] > 0.999_999 && certain.iter().all(|chance| chance.is_finite()));
    }
}
