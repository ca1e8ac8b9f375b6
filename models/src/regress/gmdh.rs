//! Group method of data handling: quadratics of pairs, in layers, chosen by rows they did not learn.
//!
//! ```text
//! z = a0 + a1·u + a2·v + a3·u·v + a4·u² + a5·v²      for each pair u, v of a layer's inputs
//! criterion = Σ (y − z)² / Σ y²                      over the rows held aside
//! ```
//!
//! Each layer keeps its best units, which are the next layer's inputs, until the best criterion no
//! longer falls; the answer is the best unit of the last layer that helped, or the mean where none
//! did. Columns and target are standardised inside. A polynomial of high degree runs away outside
//! the rows seen: a unit says at most three times the largest deviation of the target. Pairs grow
//! with the square of the columns. Ivakhnenko (1971), Polynomial Theory of Complex Systems.

use almanac_data::{FitError, Matrix};
use almanac_kernels::least_squares::triangle;
use serde::{Deserialize, Serialize};

use super::{Predict, Regress, as_learnt, at_least, complete};
use crate::standard::Standard;
use crate::{Ctx, Setting, SettingError, Settings};

/// What is added to the squares of a unit's terms, a row: pairs are often collinear.
const RIDGE: f64 = 1e-8;

/// Layers of quadratics of pairs.
///
/// | name   | default | range   | meaning                                   |
/// |--------|---------|---------|-------------------------------------------|
/// | layers | 5       | 1 … 12  | layers, at most                           |
/// | units  | 12      | >= 2    | units of a layer that are the next's inputs |
/// | share  | 0.3     | (0, 1)  | share of rows held aside to choose units  |
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Gmdh {
    /// Layers, at most.
    pub layers: usize,
    /// Units of a layer that are the next's inputs.
    pub units: usize,
    /// Share of rows, evenly spread, held aside to choose units.
    pub share: f64,
}

impl Default for Gmdh {
    fn default() -> Gmdh {
        Gmdh { layers: 5, units: 12, share: 0.3 }
    }
}

impl Settings for Gmdh {
    const TABLE: &'static [Setting] = &[
        Setting { name: "layers", range: "1 to 12", meaning: "layers of units, at most" },
        Setting {
            name: "units",
            range: ">= 2",
            meaning: "units of a layer that are the next one's inputs",
        },
        Setting {
            name: "share",
            range: "(0, 1)",
            meaning: "share of rows, evenly spread, held aside to choose units",
        },
    ];

    fn check(&self) -> Result<(), SettingError> {
        let layers = (1..=12).contains(&self.layers);
        SettingError::unless(layers, "layers", "from 1 to 12", self.layers)?;
        SettingError::unless(self.units >= 2, "units", "at least 2", self.units)?;
        SettingError::unless(0.0 < self.share && self.share < 1.0, "share", "in (0, 1)", self.share)
    }
}

/// One quadratic of two inputs of its layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Unit {
    inputs: [usize; 2],
    weights: Vec<f64>,
    /// The largest value it may say.
    most: f64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Self")]
struct FittedGmdh {
    columns: Vec<Standard>,
    target: Standard,
    /// Units kept, best first; the last layer holds the answer.
    layers: Vec<Vec<Unit>>,
}

almanac_kernels::checked!(FittedGmdh, |fitted| {
    let mut inputs = fitted.columns.len();
    fitted.layers.iter().all(|units| {
        let sound = |unit: &Unit| unit.inputs.iter().all(|&input| input < inputs);
        let all = !units.is_empty() && units.iter().all(sound);
        inputs = units.len();
        all
    })
});

impl Regress for Gmdh {
    fn fit(&self, ctx: &Ctx, x: &Matrix, y: &[f64]) -> Result<Box<dyn Predict>, FitError> {
        complete("gmdh", x)?;
        let aside = |row: usize| {
            let before = |row: usize| (row as f64 * self.share + 1e-9).floor();
            before(row + 1) > before(row)
        };
        let need = (1..).find(|&n| (0..n).any(aside) && !(0..n).all(aside)).unwrap_or(2);
        at_least(need, x)?;
        let (columns, target) = (Standard::columns(x)?, Standard::of(y)?);
        let y: Vec<f64> = y.iter().map(|&y| target.to(y)).collect();
        let most = 3.0 * y.iter().fold(0.0, |most: f64, y| most.max(y.abs()));
        let (judged, learnt): (Vec<usize>, Vec<usize>) = (0..y.len()).partition(|&row| aside(row));
        let mut inputs = standardised(&columns, x);
        let mut layers: Vec<Vec<Unit>> = Vec::new();
        let loss = |z: &dyn Fn(usize) -> f64| -> f64 {
            judged.iter().map(|&row| (z(row) - y[row]).powi(2)).sum()
        };
        let mut least = loss(&|_| 0.0);
        for _ in 0..self.layers {
            let pairs = pairs(inputs.len());
            let tried = ctx.map(pairs.len(), |at| {
                ctx.go_on()?;
                let weights = quadratic(pairs[at].map(|input| &inputs[input][..]), &y, &learnt);
                let unit = Unit { inputs: pairs[at], weights, most };
                let loss =
                    loss(&|row| unit.say(inputs[unit.inputs[0]][row], inputs[unit.inputs[1]][row]));
                Ok((loss, unit))
            });
            let mut tried = tried.into_iter().collect::<Result<Vec<_>, FitError>>()?;
            tried.sort_by(|a, b| a.0.total_cmp(&b.0));
            tried.truncate(self.units);
            match tried.first() {
                Some((loss, _)) if *loss < least => least = *loss,
                _ => break,
            }
            let units: Vec<Unit> = tried.into_iter().map(|(_, unit)| unit).collect();
            inputs = outputs(&units, &inputs);
            layers.push(units);
        }
        Ok(Box::new(FittedGmdh { columns, target, layers }))
    }
}

#[typetag::serde]
impl Predict for FittedGmdh {
    fn predict(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
        complete("gmdh", x)?;
        as_learnt(self.columns.len(), x)?;
        if self.layers.is_empty() {
            return Ok(vec![self.target.mean; x.rows()]);
        }
        let mut inputs = standardised(&self.columns, x);
        for units in &self.layers {
            inputs = outputs(units, &inputs);
        }
        Ok(inputs.swap_remove(0).into_iter().map(|z| self.target.back(z)).collect())
    }
}

impl Unit {
    fn say(&self, u: f64, v: f64) -> f64 {
        let value: f64 = self.weights.iter().zip(terms(u, v)).map(|(a, term)| a * term).sum();
        value.clamp(-self.most, self.most)
    }
}

fn standardised(columns: &[Standard], x: &Matrix) -> Vec<Vec<f64>> {
    let scaled = x.columns().zip(columns);
    scaled.map(|(column, own)| column.iter().map(|&value| own.to(value)).collect()).collect()
}

/// Every two inputs; an only one with itself.
fn pairs(inputs: usize) -> Vec<[usize; 2]> {
    if inputs == 1 {
        return vec![[0, 0]];
    }
    (0..inputs).flat_map(|u| (u + 1..inputs).map(move |v| [u, v])).collect()
}

fn outputs(units: &[Unit], inputs: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let output = |unit: &Unit| {
        let [u, v] = unit.inputs.map(|input| &inputs[input]);
        u.iter().zip(v).map(|(&u, &v)| unit.say(u, v)).collect()
    };
    units.iter().map(output).collect()
}

fn terms(u: f64, v: f64) -> [f64; 6] {
    [1.0, u, v, u * v, u * u, v * v]
}

/// The quadratic of least squares over these rows.
fn quadratic([u, v]: [&[f64]; 2], y: &[f64], rows: &[usize]) -> Vec<f64> {
    let height = rows.len() + 6;
    let (mut columns, mut target) = (vec![0.0; 6 * height], vec![0.0; height]);
    for (at, &row) in rows.iter().enumerate() {
        target[at] = y[row];
        for (term, value) in terms(u[row], v[row]).into_iter().enumerate() {
            columns[term * height + at] = value;
        }
    }
    for term in 1..6 {
        columns[term * height + rows.len() + term] = (RIDGE * rows.len() as f64).sqrt();
    }
    triangle(&mut columns, &mut target).solve()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> (Matrix, Vec<f64>, Vec<f64>) {
        let u: Vec<f64> = (0..40).map(|k| f64::from(k % 7) - 3.0).collect();
        let v: Vec<f64> = (0..40).map(|k| f64::from(k % 5) - 2.0).collect();
        let x = Matrix::from_columns(vec![("u".into(), u.clone()), ("v".into(), v.clone())]);
        (x.unwrap(), u, v)
    }

    /// A quadratic of two columns is one unit, found to the ridge.
    #[test]
    fn a_quadratic_is_one_unit() {
        let (x, u, v) = grid();
        let of = |(u, v): (&f64, &f64)| 1.0 + 2.0 * u - v + 0.5 * u * v - u * u;
        let y: Vec<f64> = u.iter().zip(&v).map(of).collect();
        let fitted = Gmdh::default().fit(&Ctx::new(1), &x, &y).unwrap();
        for (got, want) in fitted.predict(&x).unwrap().iter().zip(&y) {
            assert!((got - want).abs() < 1e-5, "{got}, not {want}");
        }
    }

    /// u²·v is no quadratic: two inputs are one pair, whose layers over a single unit raise degrees.
    #[test]
    fn layers_raise_the_degree() {
        let (x, u, _) = grid();
        let y: Vec<f64> = u.iter().map(|u| u.powi(4)).collect();
        let error = |layers: usize| {
            let fitted = Gmdh { layers, ..Gmdh::default() }.fit(&Ctx::new(1), &x, &y).unwrap();
            let said = fitted.predict(&x).unwrap();
            said.iter().zip(&y).map(|(a, b)| (a - b).powi(2)).sum::<f64>()
        };
        assert!(error(2) < 0.9 * error(1), "{} {}", error(2), error(1));
    }

    /// Every third row or so is held aside: with 0.3, the fourth is the first.
    #[test]
    fn need_is_the_first_row_aside() {
        let (x, u, _) = grid();
        let fit = |n: usize| {
            let rows: Vec<usize> = (0..n).collect();
            Gmdh::default().fit(&Ctx::new(1), &x.select(&rows), &u[..n]).map(|_| ())
        };
        assert_eq!(fit(3), Err(FitError::TooShort { need: 4, got: 3 }));
        assert_eq!(fit(4), Ok(()));
    }
}
