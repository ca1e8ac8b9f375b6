//! Support vector classification: between every two classes the boundary with the widest margin.
//!
//! ```text
//! distance(row) = b + Σ β[t]·k(x[t], row)      0 ≤ ±β[t] ≤ C·weight, + for the first class; Σ β = 0
//! p(first | either) = 1/(1 + exp(slope·distance + intercept))
//! p = argmin Σ over pairs (p(j | either)·p[i] − p(i | either)·p[j])²      Σ p = 1
//! ```
//!
//! Slope and intercept are fitted to distances of rows that were not learnt from: every fifth row of
//! each class, five times. They are rough where a class has few rows. Columns want one scale; time
//! grows with the square of the rows. A class without rows has no chance. Missing values are refused.
//! Cortes & Vapnik, Machine Learning 20, 1995; Platt 1999; Wu, Lin & Weng 2004.

use almanac_data::{FitError, Matrix};
use almanac_kernels::svm::{Points, Problem, chance, couple, platt};
use serde::{Deserialize, Serialize};

use super::{Chances, ClassWeight, Classes, Classify, MOST_CLASSES};
use crate::regress::svr::{
    COEF0, DEGREE, GAMMA, Gamma, KERNEL, Likeness, OfColumns, Shape, Support, TOLERANCE,
};
use crate::regress::{as_learnt, complete};
use crate::{Ctx, Setting, SettingError, Settings};

/// Support vector classification with probabilities.
///
/// | name         | default | range             | meaning                                  |
/// |--------------|---------|-------------------|------------------------------------------|
/// | kernel       | rbf     | rbf, linear, poly | how rows are likened                     |
/// | c            | 1       | > 0               | what a row inside the margin costs       |
/// | gamma        | scale   | > 0 or scale      | how fast likeness falls; scale = 1/(columns · variance) |
/// | degree       | 3       | 1 ..= 10          | power of the poly kernel                 |
/// | coef0        | 0       | any               | what the poly kernel adds to the product |
/// | tolerance    | 0.001   | > 0               | how far the conditions may be broken     |
/// | class_weight | none    | none, balanced    | whether every class counts the same      |
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Svc {
    /// How rows are likened.
    pub kernel: Shape,
    /// What a row inside the margin costs.
    pub c: f64,
    /// How fast likeness falls.
    pub gamma: Gamma,
    /// Power of the poly kernel.
    pub degree: i32,
    /// What the poly kernel adds to the product.
    pub coef0: f64,
    /// How far the conditions of the minimum may be broken.
    pub tolerance: f64,
    /// Whether every class counts the same.
    pub class_weight: ClassWeight,
}

impl Default for Svc {
    fn default() -> Self {
        Svc {
            kernel: Shape::Rbf,
            c: 1.0,
            gamma: Gamma::Of(OfColumns::Scale),
            degree: 3,
            coef0: 0.0,
            tolerance: 1e-3,
            class_weight: ClassWeight::None,
        }
    }
}

impl Settings for Svc {
    const TABLE: &'static [Setting] = &[
        KERNEL,
        Setting { name: "c", range: "> 0", meaning: "what a row inside the margin costs" },
        GAMMA,
        DEGREE,
        COEF0,
        TOLERANCE,
        Setting {
            name: "class_weight",
            range: "none, balanced",
            meaning: "whether every class counts the same",
        },
    ];

    fn check(&self) -> Result<(), SettingError> {
        self.likeness().check(self.c, self.tolerance)
    }
}

/// Parts of a class that are held back in turn.
const PARTS: usize = 5;

/// The boundary between two classes, and what a distance from it means.
#[derive(Serialize, Deserialize)]
struct Boundary {
    support: Support,
    odds: (f64, f64),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Self")]
struct Boundaries {
    /// Which of all classes they lie between.
    classes: Vec<usize>,
    count: usize,
    /// Between the first and each later class, then the second and each later, …
    between: Vec<Boundary>,
}

/// The rows of two classes.
struct Pair<'a> {
    points: &'a Points,
    rows: Vec<usize>,
    first: Vec<bool>,
    /// Which part each row is held back with.
    part: Vec<usize>,
    costs: Vec<f64>,
    tolerance: f64,
}

impl Svc {
    fn likeness(&self) -> Likeness {
        let Svc { kernel, gamma, degree, coef0, .. } = *self;
        Likeness { kernel, gamma, degree, coef0 }
    }
}

almanac_kernels::checked!(Boundaries, |fitted| {
    let seen = fitted.classes.len();
    seen > 0
        && fitted.between.len() == seen * (seen - 1) / 2
        && fitted.classes.iter().all(|&class| class < fitted.count)
        && fitted.count < MOST_CLASSES
});

impl Classify for Svc {
    fn fit(
        &self,
        ctx: &Ctx,
        x: &Matrix,
        classes: &Classes<'_>,
    ) -> Result<Box<dyn Chances>, FitError> {
        complete("svc", x)?;
        let points = self.likeness().points(x);
        let costs = classes.weights(self.class_weight).into_iter().map(|weight| self.c * weight);
        let costs: Vec<f64> = costs.collect();
        let counts = classes.counts();
        let seen: Vec<usize> = (0..classes.count).filter(|&class| counts[class] > 0).collect();
        let pairs: Vec<[usize; 2]> =
            pairs(seen.len()).map(|pair| pair.map(|at| seen[at])).collect();
        let inner = if pairs.len() > 1 { ctx.single() } else { ctx.clone() };
        let between = ctx.map(pairs.len(), |at| {
            Pair::new(&points, classes.of, &costs, pairs[at], self.tolerance).learn(&inner)
        });
        let between = between.into_iter().collect::<Result<_, _>>()?;
        Ok(Box::new(Boundaries { classes: seen, count: classes.count, between }))
    }
}

/// (0, 1), (0, 2), …, (1, 2), …
fn pairs(count: usize) -> impl Iterator<Item = [usize; 2]> {
    (0..count).flat_map(move |i| (i + 1..count).map(move |j| [i, j]))
}

impl<'a> Pair<'a> {
    fn new(
        points: &'a Points,
        of: &[usize],
        costs: &[f64],
        [first, second]: [usize; 2],
        tolerance: f64,
    ) -> Pair<'a> {
        let rows: Vec<usize> =
            (0..of.len()).filter(|&row| of[row] == first || of[row] == second).collect();
        let mut met = [0; 2];
        let mut turn = |row: &usize| {
            let own = &mut met[usize::from(of[*row] == second)];
            *own += 1;
            (*own - 1) % PARTS
        };
        Pair {
            points,
            part: rows.iter().map(&mut turn).collect(),
            first: rows.iter().map(|&row| of[row] == first).collect(),
            costs: rows.iter().map(|&row| costs[row]).collect(),
            rows,
            tolerance,
        }
    }

    fn learn(&self, ctx: &Ctx) -> Result<Boundary, FitError> {
        let held = ctx.map(PARTS, |part| -> Result<Vec<(f64, bool)>, FitError> {
            let (held, learnt): (Vec<usize>, Vec<usize>) =
                (0..self.rows.len()).partition(|&at| self.part[at] == part);
            let asked = held.iter().map(|&at| self.points.point(self.rows[at]));
            let distances = self.search(&ctx.single(), &learnt)?.at(asked);
            Ok(distances.into_iter().zip(held.iter().map(|&at| self.first[at])).collect())
        });
        let held = held.into_iter().collect::<Result<Vec<_>, _>>()?.concat();
        let (distances, first): (Vec<f64>, Vec<bool>) = held.into_iter().unzip();
        let all: Vec<usize> = (0..self.rows.len()).collect();
        Ok(Boundary { support: self.search(ctx, &all)?, odds: platt(&distances, &first) })
    }

    /// The boundary of these places among the rows.
    fn search(&self, ctx: &Ctx, places: &[usize]) -> Result<Support, FitError> {
        let rows: Vec<usize> = places.iter().map(|&at| self.rows[at]).collect();
        let target: Vec<f64> =
            places.iter().map(|&at| if self.first[at] { 1.0 } else { -1.0 }).collect();
        let bound = |&at: &usize| {
            if self.first[at] { (0.0, self.costs[at]) } else { (-self.costs[at], 0.0) }
        };
        let bounds: Vec<(f64, f64)> = places.iter().map(bound).collect();
        let points = self.points.select(&rows);
        let problem = Problem { points: &points, target: &target, slack: 0.0, bounds: &bounds };
        Support::new(ctx, &problem, self.tolerance)
    }
}

#[typetag::serde]
impl Chances for Boundaries {
    fn chances(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
        complete("svc", x)?;
        for boundary in &self.between {
            as_learnt(boundary.support.width(), x)?;
        }
        let distances: Vec<Vec<f64>> =
            self.between.iter().map(|boundary| boundary.support.answers(x)).collect();
        let seen = self.classes.len();
        let mut chances = vec![0.0; x.rows() * self.count];
        for (row, chances) in chances.chunks_exact_mut(self.count).enumerate() {
            let mut of = vec![0.0; seen * seen];
            for ([i, j], (boundary, distances)) in
                pairs(seen).zip(self.between.iter().zip(&distances))
            {
                let (slope, intercept) = boundary.odds;
                of[i * seen + j] = chance(slope * distances[row] + intercept);
                of[j * seen + i] = 1.0 - of[i * seen + j];
            }
            let own = couple(&of, seen);
            self.classes.iter().zip(own).for_each(|(&class, chance)| chances[class] = chance);
        }
        Ok(chances)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(of: &[usize], a: &[f64], at: &[f64]) -> Vec<f64> {
        let table = |a: &[f64]| Matrix::from_columns(vec![("a".into(), a.to_vec())]).unwrap();
        let settings = Svc { kernel: Shape::Linear, ..Svc::default() };
        let fitted = settings.fit(&Ctx::new(1), &table(a), &Classes { of, count: 4 }).unwrap();
        fitted.chances(&table(at)).unwrap()
    }

    /// Three groups on a line; class 2 has no row. Each middle is most likely its own, and the point
    /// halfway between two that mirror each other is either's alike.
    #[test]
    fn three_groups_on_a_line() {
        let a: Vec<f64> =
            (0..30).map(|t| f64::from(t % 10) / 10.0 + 5.0 * f64::from(t / 10)).collect();
        let of: Vec<usize> = (0..30).map(|t| [0, 1, 3][t / 10]).collect();
        let got = ask(&of, &a, &[0.45, 5.45, 10.45]);
        for (chances, class) in got.chunks(4).zip([0, 1, 3]) {
            assert!(chances[class] > 0.7 && chances[2] == 0.0, "{chances:?}");
        }
        let two: Vec<usize> = (0..20).map(|t| t / 10).collect();
        let mirrored: Vec<f64> = (0..20)
            .map(|t| if t < 10 { -1.0 - f64::from(t) } else { f64::from(t) - 9.0 })
            .collect();
        let middle = ask(&two, &mirrored, &[0.0]);
        assert!((middle[0] - 0.5).abs() < 1e-3, "{middle:?}");
    }
}
