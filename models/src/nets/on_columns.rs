//! OnColumns: a network as a learner of rows, the columns of a row read as steps of a window.
//!
//! ```text
//! row [x₁ … x_p] ──▶ window of p / channels steps ──▶ network ──▶ value, or chances of classes
//! ```
//!
//! Columns stand step by step: the channels of the first step, then those of the second. They and
//! the values are standardised inside, since rates mean nothing otherwise.

use almanac_data::{FitError, Matrix};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::loss::Goal;
use super::{Architecture, Ensemble, Examples, Lesson, Shape, Training, table};
use crate::classify::{Chances, ClassWeight, Classes, Classify};
use crate::keep::Name;
use crate::regress::{Predict, Regress, as_learnt, complete};
use crate::settings::refuse_strangers;
use crate::standard::{self, Standard};
use crate::{Ctx, Entry, SettingError, SettingRow, Written};

const CHANNELS: &str = "channels";

/// A network on rows.
struct OnColumns<A> {
    network: A,
    channels: usize,
}

/// A regressor's line of a network.
pub(crate) const fn learner<A: Architecture + 'static>(about: &'static str) -> Entry<dyn Regress> {
    let build =
        |written: &Written| Ok(Box::new(OnColumns::<A>::read(written)?) as Box<dyn Regress>);
    Entry { name: A::NAME, about, settings: lines::<A>, build, resolve: resolve::<A> }
}

/// A classifier's line of a network.
pub(crate) const fn teller<A: Architecture + 'static>(about: &'static str) -> Entry<dyn Classify> {
    let build =
        |written: &Written| Ok(Box::new(OnColumns::<A>::read(written)?) as Box<dyn Classify>);
    Entry { name: A::NAME, about, settings: lines::<A>, build, resolve: resolve::<A> }
}

fn lines<A: Architecture>() -> Vec<SettingRow> {
    let channels = SettingRow {
        name: CHANNELS,
        default: Value::from(1),
        range: ">= 1",
        meaning: "columns of one step of the window",
        inside: Vec::new(),
    };
    table::<A>().into_iter().chain([channels]).collect()
}

fn resolve<A: Architecture>(written: &Written) -> Result<Written, SettingError> {
    let own = OnColumns::<A>::read(written)?;
    let whole = serde_json::to_value(&own.network).unwrap_or_default();
    let mut whole = whole.as_object().cloned().unwrap_or_default();
    whole.insert(CHANNELS.into(), own.channels.into());
    Ok(whole)
}

impl<A: Architecture> OnColumns<A> {
    fn read(written: &Written) -> Result<Self, SettingError> {
        let names = lines::<A>().iter().map(|row| row.name.to_string()).collect();
        refuse_strangers("", written, names)?;
        let mut own = written.clone();
        let channels = match own.shift_remove(CHANNELS) {
            None => 1,
            Some(value) => value.as_u64().filter(|&count| count > 0).ok_or_else(|| {
                SettingError::Range { name: CHANNELS, must: "at least 1", got: value.to_string() }
            })? as usize,
        };
        Ok(OnColumns { network: A::read(&own)?, channels })
    }

    fn training(&self) -> &Training {
        Architecture::training(&self.network)
    }

    /// Columns as a window.
    fn shape(&self, x: &Matrix, outputs: usize) -> Result<Shape, FitError> {
        let (columns, channels) = (x.width(), self.channels);
        if columns == 0 || columns % channels != 0 {
            return Err(FitError::Failed(format!(
                "{columns} columns cannot be read as steps of {channels} channels"
            )));
        }
        Ok(Shape { steps: columns / channels, channels, horizon: 1, outputs })
    }
}

/// Standardised rows, each with its target.
struct Rows {
    width: usize,
    x: Vec<f64>,
    y: Vec<f64>,
}

impl Examples for Rows {
    fn count(&self) -> usize {
        self.y.len()
    }

    fn put(&self, at: usize, x: &mut [f32], y: &mut [f32]) {
        let row = &self.x[at * self.width..][..self.width];
        x.iter_mut().zip(row).for_each(|(x, value)| *x = *value as f32);
        y[0] = self.y[at] as f32;
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Self")]
struct Fitted {
    columns: Vec<Standard>,
    target: Standard,
    goal: Goal,
    name: Name,
    taught: Ensemble,
}

almanac_kernels::checked!(Fitted, |fitted| {
    let outputs = fitted.goal.outputs();
    let fits = |shape: Shape| {
        let columns = shape.steps.checked_mul(shape.channels);
        columns == Some(fitted.columns.len()) && (shape.horizon, shape.outputs) == (1, outputs)
    };
    outputs > 0 && !fitted.columns.is_empty() && fitted.taught.shape().is_some_and(fits)
});

impl Fitted {
    fn said(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
        complete(self.name.0, x)?;
        as_learnt(self.columns.len(), x)?;
        self.taught.answer(standard::rows(&self.columns, x).iter().map(|x| *x as f32).collect())
    }
}

impl<A: Architecture + 'static> Regress for OnColumns<A> {
    fn fit(&self, ctx: &Ctx, x: &Matrix, y: &[f64]) -> Result<Box<dyn Predict>, FitError> {
        complete(A::NAME, x)?;
        let (columns, target) = (Standard::columns(x)?, Standard::of(y)?);
        let goal = Goal::of(self.training());
        let shape = self.shape(x, goal.outputs())?;
        let y = y.iter().map(|value| target.to(*value)).collect();
        let examples = Rows { width: x.width(), x: standard::rows(&columns, x), y };
        let lesson = Lesson { shape, examples: &examples, goal: goal.clone(), from: None };
        let taught = Ensemble::teach(ctx, &self.network, &lesson, None)?;
        Ok(Box::new(Fitted { columns, target, goal, name: Name(A::NAME), taught }))
    }
}

#[typetag::serde(name = "Network")]
impl Predict for Fitted {
    fn predict(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
        let said = self.said(x)?;
        let each = said.chunks_exact(self.goal.outputs());
        Ok(each.map(|said| self.target.back(self.goal.centre(said))).collect())
    }
}

impl<A: Architecture + 'static> Classify for OnColumns<A> {
    fn fit(&self, ctx: &Ctx, x: &Matrix, y: &Classes<'_>) -> Result<Box<dyn Chances>, FitError> {
        complete(A::NAME, x)?;
        let columns = Standard::columns(x)?;
        let target = Standard { mean: 0.0, sd: 1.0 };
        let mut weights = vec![1.0; y.count];
        for (&class, weight) in y.of.iter().zip(y.weights(ClassWeight::Balanced)) {
            weights[class] = weight as f32;
        }
        let goal = Goal::Chances(weights);
        let shape = self.shape(x, goal.outputs())?;
        let of = y.of.iter().map(|&class| class as f64).collect();
        let examples = Rows { width: x.width(), x: standard::rows(&columns, x), y: of };
        let lesson = Lesson { shape, examples: &examples, goal: goal.clone(), from: None };
        let taught = Ensemble::teach(ctx, &self.network, &lesson, None)?;
        Ok(Box::new(Fitted { columns, target, goal, name: Name(A::NAME), taught }))
    }
}

#[typetag::serde(name = "Network")]
impl Chances for Fitted {
    fn chances(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
        let said = self.said(x)?;
        let shares = |said: &[f64]| {
            let most = said.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = said.iter().map(|z| (z - most).exp()).sum();
            said.iter().map(|z| (z - most).exp() / sum).collect::<Vec<_>>()
        };
        Ok(said.chunks_exact(self.goal.outputs()).flat_map(shares).collect())
    }
}
