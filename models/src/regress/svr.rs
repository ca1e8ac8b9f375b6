//! Support vector regression: a tube of width 2ε through the rows, as flat as it can be.
//!
//! ```text
//! ŷ = b + Σ β[t]·k(x[t], row)      |β[t]| ≤ C, Σ β = 0; β = 0 inside the tube
//! least of ½·βᵀKβ + ε·Σ|β| − yᵀβ
//! rbf exp(−γ·|a − b|²)      linear a·b      poly (γ·a·b + coef0)^degree
//! ```
//!
//! Errors below ε cost nothing and larger ones their size, so it stands outliers better than squares
//! do. Columns and target want one scale; time grows with the square of the rows, and with C. Kernel
//! values are held in 32 bits. Missing values are refused.
//! Drucker, Burges, Kaufman, Smola & Vapnik 1997; Fan, Chen & Lin, J. Mach. Learn. Res. 6, 2005.

use almanac_data::{FitError, Matrix};
use almanac_kernels::svm::{self, Frame, Halt, Kernel, Points, Problem, Solution, Stop};
use serde::{Deserialize, Serialize};

use super::{Predict, Regress, as_learnt, complete};
use crate::{Ctx, Setting, SettingError, Settings};

/// Support vector regression.
///
/// | name      | default | range             | meaning                                        |
/// |-----------|---------|-------------------|------------------------------------------------|
/// | kernel    | rbf     | rbf, linear, poly | how rows are likened                           |
/// | c         | 1       | > 0               | what an error outside the tube costs           |
/// | epsilon   | 0.1     | >= 0              | half the width of the tube                     |
/// | gamma     | scale   | > 0 or scale      | how fast likeness falls; scale = 1/(columns · variance) |
/// | degree    | 3       | 1 ..= 10          | power of the poly kernel                       |
/// | coef0     | 0       | any               | what the poly kernel adds to the product       |
/// | tolerance | 0.001   | > 0               | how far the conditions may be broken           |
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Svr {
    /// How rows are likened.
    pub kernel: Shape,
    /// What an error outside the tube costs.
    pub c: f64,
    /// Half the width of the tube.
    pub epsilon: f64,
    /// How fast likeness falls.
    pub gamma: Gamma,
    /// Power of the poly kernel.
    pub degree: i32,
    /// What the poly kernel adds to the product.
    pub coef0: f64,
    /// How far the conditions of the minimum may be broken.
    pub tolerance: f64,
}

/// Kernels by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// exp(−γ·|a − b|²)
    #[default]
    Rbf,
    /// a·b
    Linear,
    /// (γ·a·b + coef0)^degree
    Poly,
}

/// A number, or one that follows from the columns.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Gamma {
    /// Itself.
    Number(f64),
    /// From the columns.
    Of(OfColumns),
}

/// How γ follows from the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OfColumns {
    /// 1/(columns · variance of all their values); 1 where nothing varies.
    Scale,
}

impl Default for Svr {
    fn default() -> Self {
        Svr {
            kernel: Shape::Rbf,
            c: 1.0,
            epsilon: 0.1,
            gamma: Gamma::Of(OfColumns::Scale),
            degree: 3,
            coef0: 0.0,
            tolerance: 1e-3,
        }
    }
}

pub(crate) const KERNEL: Setting =
    Setting { name: "kernel", range: "rbf, linear, poly", meaning: "how rows are likened" };
pub(crate) const GAMMA: Setting = Setting {
    name: "gamma",
    range: "> 0 or scale",
    meaning: "how fast likeness falls with distance; scale is 1/(columns · variance)",
};
pub(crate) const DEGREE: Setting =
    Setting { name: "degree", range: "1 ..= 10", meaning: "power of the poly kernel" };
pub(crate) const COEF0: Setting =
    Setting { name: "coef0", range: "any", meaning: "what the poly kernel adds to the product" };
pub(crate) const TOLERANCE: Setting = Setting {
    name: "tolerance",
    range: "> 0",
    meaning: "how far the conditions of the minimum may be broken",
};

impl Settings for Svr {
    const TABLE: &'static [Setting] = &[
        KERNEL,
        Setting { name: "c", range: "> 0", meaning: "what an error outside the tube costs" },
        Setting { name: "epsilon", range: ">= 0", meaning: "half the width of the tube" },
        GAMMA,
        DEGREE,
        COEF0,
        TOLERANCE,
    ];

    fn check(&self) -> Result<(), SettingError> {
        let epsilon = self.epsilon;
        let ok = 0.0 <= epsilon && epsilon.is_finite();
        SettingError::unless(ok, "epsilon", ">= 0", epsilon)?;
        self.likeness().check(self.c, self.tolerance)
    }
}

/// What a kernel is made of, before the columns are seen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Likeness {
    pub(crate) kernel: Shape,
    pub(crate) gamma: Gamma,
    pub(crate) degree: i32,
    pub(crate) coef0: f64,
}

/// Bytes of kernel rows that one search holds at most.
const BYTES: usize = 200 << 20;

impl Likeness {
    /// Whether these and the two numbers of every search make sense.
    pub(crate) fn check(&self, c: f64, tolerance: f64) -> Result<(), SettingError> {
        let above = |name, value: f64| {
            SettingError::unless(0.0 < value && value.is_finite(), name, "> 0", value)
        };
        above("c", c)?;
        above("tolerance", tolerance)?;
        if let Gamma::Number(gamma) = self.gamma {
            above("gamma", gamma)?;
        }
        SettingError::unless(self.coef0.is_finite(), "coef0", "finite", self.coef0)?;
        let degree = self.degree;
        SettingError::unless((1..=10).contains(&degree), "degree", "in 1 ..= 10", degree)
    }

    /// The columns in the frame of their kernel.
    pub(crate) fn points(&self, x: &Matrix) -> Points {
        let gamma = match self.gamma {
            Gamma::Number(gamma) => gamma,
            Gamma::Of(OfColumns::Scale) => scale(x),
        };
        let kernel = match self.kernel {
            Shape::Rbf => Kernel::Rbf { gamma },
            Shape::Linear => Kernel::Linear,
            Shape::Poly => Kernel::Poly { gamma, constant: self.coef0, degree: self.degree },
        };
        Points::new(Frame::new(kernel, x.columns()), x.columns())
    }
}

/// 1/(columns · variance of all values).
fn scale(x: &Matrix) -> f64 {
    let count = (x.rows() * x.width()) as f64;
    let mean = x.columns().flatten().sum::<f64>() / count;
    let variance = x.columns().flatten().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    let gamma = 1.0 / (x.width() as f64 * variance);
    if gamma.is_finite() && gamma > 0.0 { gamma } else { 1.0 }
}

/// The rows that bear a weight.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Self")]
pub(crate) struct Support {
    points: Points,
    weights: Vec<f64>,
    offset: f64,
}

almanac_kernels::checked!(Support, |support| support.points.rows() == support.weights.len());

impl Support {
    /// Searches for the weights.
    pub(crate) fn new(
        ctx: &Ctx,
        problem: &Problem<'_>,
        tolerance: f64,
    ) -> Result<Support, FitError> {
        let stop = Stop { tolerance, bytes: BYTES };
        let found = svm::solve(problem, stop, || ctx.go_on().is_ok());
        let Solution { weights, offset } = found.map_err(|halt| match halt {
            Halt::Asked => FitError::Cancelled,
            Halt::Steps => FitError::Failed("no minimum after ten million steps".into()),
            Halt::NotFinite => FitError::NotFinite("a kernel value"),
        })?;
        let bearing: Vec<usize> = (0..weights.len()).filter(|&row| weights[row] != 0.0).collect();
        let points = problem.points.select(&bearing);
        Ok(Support { points, weights: bearing.iter().map(|&row| weights[row]).collect(), offset })
    }

    /// Columns of a row.
    pub(crate) fn width(&self) -> usize {
        self.points.frame().width()
    }

    /// b + Σ β·k for each row.
    pub(crate) fn answers(&self, x: &Matrix) -> Vec<f64> {
        let (rows, frame) = (x.by_rows(), self.points.frame());
        self.at(rows.chunks_exact(x.width().max(1)).map(|row| frame.place(row)))
    }

    /// The same for points that are in its frame.
    pub(crate) fn at(&self, asked: impl Iterator<Item = Vec<f32>>) -> Vec<f64> {
        self.points.answers(&self.weights, self.offset, asked)
    }
}

impl Svr {
    fn likeness(&self) -> Likeness {
        let Svr { kernel, gamma, degree, coef0, .. } = *self;
        Likeness { kernel, gamma, degree, coef0 }
    }
}

impl Regress for Svr {
    fn fit(&self, ctx: &Ctx, x: &Matrix, y: &[f64]) -> Result<Box<dyn Predict>, FitError> {
        complete("svr", x)?;
        let points = self.likeness().points(x);
        let bounds = vec![(-self.c, self.c); y.len()];
        let problem = Problem { points: &points, target: y, slack: self.epsilon, bounds: &bounds };
        Ok(Box::new(Support::new(ctx, &problem, self.tolerance)?))
    }
}

#[typetag::serde]
impl Predict for Support {
    fn predict(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
        complete("svr", x)?;
        as_learnt(self.width(), x)?;
        Ok(self.answers(x))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(a: &[f64]) -> Matrix {
        Matrix::from_columns(vec![("a".into(), a.to_vec())]).unwrap()
    }

    /// Rows 0 and 2 with targets 1 and 5, ε = ½: the flattest line within ½ of both is 1.5 + 1.5·a.
    #[test]
    fn the_flattest_line_by_hand() {
        let settings = Svr { kernel: Shape::Linear, epsilon: 0.5, c: 100.0, ..Svr::default() };
        let fitted = settings.fit(&Ctx::new(1), &table(&[0.0, 2.0]), &[1.0, 5.0]).unwrap();
        for (got, want) in
            fitted.predict(&table(&[0.0, 1.0, 4.0])).unwrap().iter().zip([1.5, 3.0, 7.5])
        {
            assert!((got - want).abs() < 1e-3, "{got} {want}");
        }
    }

    /// Values 1 and 3 have variance 1, one column: γ = 1; a constant column has none, γ = 1 too.
    #[test]
    fn scale_by_hand() {
        assert_eq!(scale(&table(&[1.0, 3.0, 1.0, 3.0])), 1.0);
        assert_eq!(scale(&table(&[1.0, 5.0])), 0.25);
        assert_eq!(scale(&table(&[7.0; 3])), 1.0);
    }

    /// Inside the tube nothing bears a weight: the middle of the targets is the answer.
    #[test]
    fn a_wide_tube_is_flat() {
        let settings = Svr { epsilon: 3.0, ..Svr::default() };
        let fitted = settings.fit(&Ctx::new(1), &table(&[0.0, 2.0]), &[1.0, 5.0]).unwrap();
        assert_eq!(fitted.predict(&table(&[9.0])).unwrap(), [3.0]);
    }
}
