//! Multivariate adaptive regression splines: sums of products of hinges, grown and cut back.
//!
//! ```text
//! ŷ = Σ a[m]·B[m](x)      B = product of at most `degree` hinges max(0, ±(x[j] − t)), or x[j]
//! GCV = (RSS / n) / (1 − C/n)²      C = terms + penalty·(terms − 1)/2
//! ```
//!
//! Forward, the pair of hinges that lowers RSS most is added, over all terms to multiply it with,
//! columns and knots, until R² gains less than `thresh` or `terms` are there; a line takes the
//! place of a pair where no knot helps. Backward, the term that is missed least goes, and the size of
//! least GCV stays. Straight beyond the outer knots, so it extrapolates. Greedy: an interaction
//! without a part of one column alone is not found. Friedman (1991), Multivariate Adaptive
//! Regression Splines.

use almanac_data::{FitError, Matrix};
use almanac_kernels::hinges::{Found, Scan, outside};
use almanac_kernels::least_squares::{Triangle, triangle};
use serde::{Deserialize, Serialize};

use super::{Predict, Regress, as_learnt, complete};
use crate::standard::Standard;
use crate::{Ctx, Setting, SettingError, Settings};

/// Sums of products of hinges.
///
/// | name     | default           | range  | meaning                                   |
/// |----------|-------------------|--------|-------------------------------------------|
/// | degree   | 1                 | >= 1   | hinges in a product, at most              |
/// | terms    | 2 a column, 21–201 | >= 1  | terms before cutting back, at most        |
/// | penalty  | 2, degree > 1: 3  | >= 0   | what a knot costs, in parameters          |
/// | thresh   | 0.001             | [0, 1) | gain in R² below which growing stops      |
/// | min_span | from the rows     | >= 1   | rows from knot to knot                    |
/// | end_span | from the columns  | >= 1   | rows between an end and the first knot    |
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mars {
    /// Hinges in a product, at most.
    pub degree: usize,
    /// Terms before cutting back, at most, a pair counting as two; left out, two a column and one,
    /// from 21 to 201.
    pub terms: Option<usize>,
    /// What a knot costs, in parameters; left out, 2, or 3 with products.
    pub penalty: Option<f64>,
    /// Gain in R² below which growing stops.
    pub thresh: f64,
    /// Rows from knot to knot; left out, as many as make a run of noise of that sign unlikely.
    pub min_span: Option<usize>,
    /// Rows between an end and the first knot; left out, the like.
    pub end_span: Option<usize>,
}

impl Default for Mars {
    fn default() -> Mars {
        Mars {
            degree: 1,
            terms: None,
            penalty: None,
            thresh: 0.001,
            min_span: None,
            end_span: None,
        }
    }
}

impl Settings for Mars {
    const TABLE: &'static [Setting] = &[
        Setting { name: "degree", range: ">= 1", meaning: "hinges in a product, at most" },
        Setting {
            name: "terms",
            range: ">= 1, or left out",
            meaning: "terms before cutting back, at most; left out, two a column, from 21 to 201",
        },
        Setting {
            name: "penalty",
            range: ">= 0, or left out",
            meaning: "what a knot costs, in parameters; left out, 2, or 3 with products",
        },
        Setting {
            name: "thresh",
            range: "[0, 1)",
            meaning: "gain in R² below which growing stops",
        },
        Setting {
            name: "min_span",
            range: ">= 1, or left out",
            meaning: "rows from knot to knot; left out, enough to pass over runs of noise",
        },
        Setting {
            name: "end_span",
            range: ">= 1, or left out",
            meaning: "rows between an end and the first knot; left out, from the number of columns",
        },
    ];

    fn check(&self) -> Result<(), SettingError> {
        SettingError::unless(self.degree > 0, "degree", "at least 1", self.degree)?;
        SettingError::unless(self.terms != Some(0), "terms", "at least 1", 0)?;
        let penalty = self.penalty.unwrap_or(2.0);
        SettingError::unless(
            0.0 <= penalty && penalty.is_finite(),
            "penalty",
            "at least 0",
            penalty,
        )?;
        let thresh = (0.0..1.0).contains(&self.thresh);
        SettingError::unless(thresh, "thresh", "in [0, 1)", self.thresh)?;
        SettingError::unless(self.min_span != Some(0), "min_span", "at least 1", 0)?;
        SettingError::unless(self.end_span != Some(0), "end_span", "at least 1", 0)
    }
}

/// One factor of a term.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Hinge {
    column: usize,
    shape: Shape,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
enum Shape {
    /// max(0, x − t)
    Above(f64),
    /// max(0, t − x)
    Below(f64),
    /// x
    Line,
}

type Term = Vec<Hinge>;

#[derive(Serialize, Deserialize)]
#[serde(remote = "Self")]
struct FittedMars {
    columns: Vec<Standard>,
    target: Standard,
    terms: Vec<Term>,
    weights: Vec<f64>,
}

almanac_kernels::checked!(FittedMars, |fitted| {
    let mut hinges = fitted.terms.iter().flatten();
    hinges.all(|hinge| hinge.column < fitted.columns.len())
});

impl Regress for Mars {
    fn fit(&self, ctx: &Ctx, x: &Matrix, y: &[f64]) -> Result<Box<dyn Predict>, FitError> {
        complete("mars", x)?;
        let (columns, target) = (Standard::columns(x)?, Standard::of(y)?);
        let x = x.map_columns(|at, value| columns[at].to(value));
        let y: Vec<f64> = y.iter().map(|&y| target.to(y)).collect();
        let grown = self.grow(ctx, &x, &y)?;
        let penalty = self.penalty.unwrap_or(if self.degree > 1 { 3.0 } else { 2.0 });
        let (kept, weights) = cut_back(&grown.values, &y, penalty);
        let terms = kept.into_iter().map(|term| grown.terms[term].clone()).collect();
        Ok(Box::new(FittedMars { columns, target, terms, weights }))
    }
}

#[typetag::serde]
impl Predict for FittedMars {
    fn predict(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
        complete("mars", x)?;
        as_learnt(self.columns.len(), x)?;
        let x = x.map_columns(|at, value| self.columns[at].to(value));
        let mut answer = vec![0.0; x.rows()];
        for (term, weight) in self.terms.iter().zip(&self.weights) {
            let values = values(term, &x);
            answer.iter_mut().zip(values).for_each(|(answer, value)| *answer += weight * value);
        }
        Ok(answer.into_iter().map(|z| self.target.back(z)).collect())
    }
}

impl Hinge {
    fn at(self, x: f64) -> f64 {
        match self.shape {
            Shape::Above(knot) => (x - knot).max(0.0),
            Shape::Below(knot) => (knot - x).max(0.0),
            Shape::Line => x,
        }
    }
}

fn values(term: &Term, x: &Matrix) -> Vec<f64> {
    let mut values = vec![1.0; x.rows()];
    for hinge in term {
        let column = x.column(hinge.column);
        values.iter_mut().zip(column).for_each(|(value, &x)| *value *= hinge.at(x));
    }
    values
}

/// Terms as they are grown.
struct Grown {
    terms: Vec<Term>,
    values: Vec<Vec<f64>>,
    /// The same made orthonormal, by rows.
    basis: Vec<f64>,
    /// What they leave of the target.
    left: Vec<f64>,
}

impl Grown {
    /// Takes in a term, unless the others make it up.
    fn add(&mut self, term: Term, x: &Matrix) {
        let (values, width) = (values(&term, x), self.terms.len());
        let Some(part) = outside(&self.basis, width, &values) else { return };
        let along: f64 = part.iter().zip(&self.left).map(|(q, r)| q * r).sum();
        self.left.iter_mut().zip(&part).for_each(|(left, q)| *left -= along * q);
        let rows = self.basis.chunks_exact(width).zip(&part);
        self.basis = rows.flat_map(|(row, own)| row.iter().chain([own]).copied()).collect();
        self.terms.push(term);
        self.values.push(values);
    }
}

/// A column times a term.
struct Try {
    parent: usize,
    column: usize,
    found: Found,
}

impl Try {
    fn gain(&self) -> f64 {
        self.found.pair.map_or(self.found.line, |(gain, _)| gain)
    }
}

impl Mars {
    fn grow(&self, ctx: &Ctx, x: &Matrix, y: &[f64]) -> Result<Grown, FitError> {
        let (rows, width) = (x.rows(), x.width());
        let size = (rows as f64).sqrt().recip();
        let mut grown = Grown {
            terms: vec![Term::new()],
            values: vec![vec![1.0; rows]],
            basis: vec![size; rows],
            left: y.to_vec(),
        };
        let most = self.terms.unwrap_or((2 * width).clamp(20, 200) + 1).min(rows);
        let orders: Vec<Vec<usize>> = x.columns().map(falling).collect();
        let squares = |values: &[f64]| values.iter().map(|v| v * v).sum::<f64>();
        let total = squares(y);
        // A pair counts as two, also where one of them is made up by other terms.
        let mut counted = 1;
        while counted + 2 <= most && squares(&grown.left) > self.thresh * total {
            ctx.go_on()?;
            counted += 2;
            let found = self.scan(ctx, &grown, x, &orders);
            let best = found.iter().reduce(|a, b| if b.gain() > a.gain() { b } else { a });
            let Some(best) = best.filter(|best| best.gain() > self.thresh * total) else { break };
            let (parent, column) = (best.parent, best.column);
            let shapes = match best.found.pair {
                Some((gain, knot)) if gain > best.found.line * (1.0 + 1e-9) => {
                    vec![Shape::Above(knot), Shape::Below(knot)]
                }
                _ => vec![Shape::Line],
            };
            for shape in shapes {
                let term = [&grown.terms[parent][..], &[Hinge { column, shape }]].concat();
                grown.add(term, x);
            }
        }
        Ok(grown)
    }

    /// What each column is worth, times each term that may have another hinge.
    fn scan(&self, ctx: &Ctx, grown: &Grown, x: &Matrix, orders: &[Vec<usize>]) -> Vec<Try> {
        let open = |(parent, term): (usize, &Term)| {
            let free = |column: &usize| term.iter().all(|hinge| hinge.column != *column);
            let deep = term.len() < self.degree;
            let columns = (0..x.width()).filter(free).filter(|_| deep);
            columns.map(|column| (parent, column)).collect::<Vec<_>>()
        };
        let tries: Vec<(usize, usize)> = grown.terms.iter().enumerate().flat_map(open).collect();
        ctx.map(tries.len(), |at| {
            let (parent, column) = tries[at];
            let (from_end, apart) = self.spans(&grown.values[parent], x.width());
            let scan = Scan {
                basis: &grown.basis,
                width: grown.terms.len(),
                left: &grown.left,
                parent: &grown.values[parent],
                from_end,
                apart,
            };
            Try { parent, column, found: scan.column(x.column(column), &orders[column]) }
        })
    }

    /// Rows between an end and the first knot, and from knot to knot: a run of noise so long has a
    /// chance of a twentieth.
    fn spans(&self, parent: &[f64], width: usize) -> (usize, usize) {
        let used = parent.iter().filter(|value| **value != 0.0).count();
        let end = (3.0 - (0.05 / width as f64).log2()) as usize;
        let tries = (width * used).max(1) as f64;
        let apart = (-(-(0.95_f64.ln()) / tries).log2() / 2.5) as usize;
        (self.end_span.unwrap_or(end.max(1)), self.min_span.unwrap_or(apart.max(1)))
    }
}

/// Rows from the greatest value down.
fn falling(column: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..column.len()).collect();
    order.sort_by(|&a, &b| column[b].total_cmp(&column[a]));
    order
}

/// The terms of the subset of least GCV on the way down, and their weights; the first always stays.
fn cut_back(values: &[Vec<f64>], y: &[f64], penalty: f64) -> (Vec<usize>, Vec<f64>) {
    let rows = y.len() as f64;
    let mut now = triangle(&mut values.concat(), &mut y.to_vec());
    let mut kept: Vec<usize> = (0..values.len()).collect();
    let mut left = now.left;
    let mut best = (f64::INFINITY, kept.clone(), now.solve());
    loop {
        let cost = kept.len() as f64 + penalty * (kept.len() as f64 - 1.0) / 2.0;
        let gcv = left / rows / (1.0 - cost / rows).powi(2);
        if (cost < rows && gcv <= best.0) || kept.len() == 1 && best.0.is_infinite() {
            best = (gcv, kept.clone(), now.solve());
        }
        let rises = missed(&now);
        let least = (1..kept.len()).reduce(|a, b| if rises[b] < rises[a] { b } else { a });
        let Some(least) = least else { return (best.1, best.2) };
        kept.remove(least);
        let size = now.size;
        now.entries.drain(least * size..(least + 1) * size);
        let mut along = std::mem::take(&mut now.along);
        now = triangle(&mut now.entries, &mut along);
        left += now.left;
    }
}

/// By how much the sum of squares rises without each column: b² over the diagonal of (RᵀR)⁻¹.
fn missed(now: &Triangle) -> Vec<f64> {
    let (size, slopes) = (now.size, now.solve());
    let mut diagonal = vec![0.0; size];
    for unit in 0..size {
        let mut along = vec![0.0; size];
        along[unit] = 1.0;
        let inverse = Triangle { along, ..now.clone() }.solve();
        diagonal.iter_mut().zip(inverse).for_each(|(sum, v)| *sum += v * v);
    }
    slopes.iter().zip(diagonal).map(|(b, d)| if d > 0.0 { b * b / d } else { 0.0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(columns: &[&[f64]]) -> Matrix {
        let named = columns.iter().enumerate().map(|(at, c)| (at.to_string(), c.to_vec()));
        Matrix::from_columns(named.collect()).unwrap()
    }

    /// |x − 20| is two hinges at 20, and is followed beyond what was seen.
    #[test]
    fn a_corner_is_found() {
        let x: Vec<f64> = (0..40).map(f64::from).collect();
        let y: Vec<f64> = x.iter().map(|x| (x - 20.0).abs()).collect();
        let mars = Mars { min_span: Some(1), ..Mars::default() };
        let fitted = mars.fit(&Ctx::new(1), &table(&[&x]), &y).unwrap();
        let got = fitted.predict(&table(&[&[20.0, 0.5, 50.0]])).unwrap();
        for (got, want) in got.iter().zip([0.0, 19.5, 30.0]) {
            assert!((got - want).abs() < 1e-9, "{got}, not {want}");
        }
    }

    /// u·v on the positive side needs a product; with degree 2 it is there.
    #[test]
    fn products_need_degree_two() {
        let u: Vec<f64> = (0..80).map(|k| f64::from(k % 9)).collect();
        let v: Vec<f64> = (0..80).map(|k| f64::from(k * 7 % 11)).collect();
        let y: Vec<f64> = u.iter().zip(&v).map(|(u, v)| u * v).collect();
        let x = table(&[&u, &v]);
        let error = |degree: usize| {
            let fitted = Mars { degree, ..Mars::default() }.fit(&Ctx::new(1), &x, &y).unwrap();
            let said = fitted.predict(&x).unwrap();
            said.iter().zip(&y).map(|(a, b)| (a - b).powi(2)).sum::<f64>()
        };
        assert!(error(2) < 1e-6 * error(1), "{} {}", error(2), error(1));
    }

    /// Leaving out one of two orthogonal columns costs the square of what lies along it.
    #[test]
    fn missed_by_hand() {
        let now = triangle(&mut [1.0, 1.0, 1.0, -1.0], &mut [3.0, 1.0]);
        let rises = missed(&now);
        assert!((rises[0] - 8.0).abs() < 1e-12 && (rises[1] - 2.0).abs() < 1e-12, "{rises:?}");
    }
}
