//! A model trained once and asked later: the loop's own fit at its first fold, kept, and put to the
//! loop's own question when there is one.
//!
//! ```text
//! Plan::train ──▶ Trained ──keep──▶ Learnt ──restore──▶ Trained ──▶ Plan::answer_with
//! the past        fitted            bytes               fitted      another past, steps ahead
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use almanac_data::{
    Calendar, Column, FitError, FoldResult, Forecasting, Matrix, Panel, PanelError, Role, Stamp,
    Table, nearest,
};
use almanac_models::lift::Scope;
use almanac_models::regress::Predict;
use almanac_models::{Bytes, Ctx, Fitted, SettingError};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::Pool;
use crate::error::PlanError;
use crate::plan::Plan;
use crate::question::{Held, Question, caught};
use crate::ready::{About, Ready, build, columns};
use crate::shared::{PanelFit, Shared};
use crate::sink::{Progress, RunError};
use crate::spec::Spec;

/// What was fitted, or why nothing was.
type Fit = Result<Arc<dyn Fitted<Forecasting>>, FitError>;

/// What the first model of a plan learnt.
#[derive(Clone)]
pub enum Trained {
    /// Of each series for itself.
    Series(BTreeMap<String, Fit>),
    /// Of all series at once.
    Panel(Arc<dyn Fitted<Forecasting>>),
    /// Of the rows of a table, in these columns.
    Rows(Vec<String>, Arc<dyn Predict>),
}

/// The same as bytes, or the reason why there are none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Learnt {
    /// Of each series for itself.
    Series(BTreeMap<String, Result<Bytes, String>>),
    /// Of all series at once.
    Panel(Bytes),
    /// Of the rows of a table, in these columns.
    Rows(Vec<String>, Bytes),
}

/// A column that a panel had when a model was trained on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// When it becomes known.
    pub role: Role,
    /// What its numbers 0, 1, … stand for; empty where they are numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
}

impl Declared {
    /// A column of a panel.
    pub fn of(column: &Column) -> Declared {
        let Column { name, role, labels, .. } = column.clone();
        Declared { name, role, labels }
    }

    /// Makes this column of another panel what it was in the fit: its words have the same numbers.
    ///
    /// # Errors
    /// A column that is not there or becomes known at another time, a word that was not learnt.
    pub fn take(&self, panel: &mut Panel) -> Result<(), String> {
        let name = &self.name;
        let names = panel.columns.iter().map(|column| column.name.as_str());
        let near = nearest(name, names).map(|near| format!("; did you mean `{near}`?"));
        let column = panel.columns.iter_mut().find(|column| column.name == *name);
        let column = column.ok_or_else(|| {
            format!("the data has no column `{name}`{}", near.unwrap_or_default())
        })?;
        if column.role != self.role {
            return Err(format!("column `{name}` becomes known at another time than in the fit"));
        }
        if column.labels == self.labels {
            return Ok(());
        }
        let place = |word: &String| self.labels.iter().position(|known| known == word);
        let places: Vec<Option<usize>> = column.labels.iter().map(place).collect();
        let renumber = |value: &f64| match places.get(*value as usize) {
            _ if value.is_nan() => Ok(f64::NAN),
            Some(Some(place)) => Ok(*place as f64),
            _ => {
                let word = column.labels.get(*value as usize).cloned().unwrap_or_default();
                Err(format!("column `{name}` has `{word}`, which the model has not learnt"))
            }
        };
        column.values = column.values.iter().map(renumber).collect::<Result<_, String>>()?;
        column.labels.clone_from(&self.labels);
        Ok(())
    }
}

impl Plan<'_> {
    /// Whether its first model answers no more steps than it was fitted for.
    pub fn is_bound(&self) -> bool {
        self.models[0].bound
    }

    /// What the first model of a spec of rows is told of each row of a table.
    ///
    /// # Errors
    /// A column that is not there, with the nearest that is.
    pub fn columns(spec: &Spec, table: &Table) -> Result<Matrix, SettingError> {
        let lift = spec.model.first().and_then(|model| model.lift.as_ref());
        columns(Some(table), lift.and_then(|lift| lift.get("features")))
    }

    /// Fits the first model on the past of the first fold, of a table on all of its rows: what the
    /// loop would ask there. A series on which it fails is kept with the reason.
    ///
    /// # Errors
    /// A system without threads; of a model of all series or of rows, why it could not learn; that
    /// the context was cancelled.
    pub fn train(&self, ctx: &Ctx, progress: &dyn Progress) -> Result<Trained, RunError> {
        let pool = Pool::of(self.threads())?;
        let named = &self.models[0];
        let trained = match (&named.model, named.scope) {
            (Ready::Rows(learner, x), _) => {
                let rows = self.rows.ok_or_else(no_table)?;
                let ctx = ctx.of_model(&named.name).with_threads(self.threads());
                let learn = || caught(|| learner.fit(&ctx, x, &rows.table().y));
                let fitted = pool.install(learn)?;
                Trained::Rows(x.names().to_vec(), fitted.into())
            }
            (Ready::Panel(_), Scope::Panel) => {
                let mut shared = Shared::nothing(self);
                shared.fit(ctx, 0, &pool);
                let fit = shared.get(0).ok_or_else(no_table)?;
                Trained::Panel(fit.fitted.clone()?)
            }
            (Ready::Panel(_), Scope::Series) => self.train_each(ctx, &pool, progress)?,
        };
        ctx.go_on()?;
        Ok(trained)
    }

    fn train_each(
        &self,
        ctx: &Ctx,
        pool: &Pool,
        progress: &dyn Progress,
    ) -> Result<Trained, FitError> {
        let (ctx, done) = (&self.sized(ctx), AtomicUsize::new(0));
        let fit = |series: usize| {
            let fit = Question::new(self, 0, series).fit(ctx, &self.models[0]);
            progress.tick(done.fetch_add(1, Ordering::Relaxed) + 1, self.panel.len());
            ctx.go_on().map(|()| (self.panel.ids()[series].clone(), fit))
        };
        let all = || (0..self.panel.len()).into_par_iter().map(fit).collect::<Result<_, _>>();
        Ok(Trained::Series(pool.install(all)?))
    }

    /// What the first model, trained earlier, says of the first fold; where it cannot, the baseline
    /// answers with the reason, as in a run.
    ///
    /// # Errors
    /// A system without threads; that the context was cancelled.
    pub fn answer_with(
        &self,
        ctx: &Ctx,
        trained: &Trained,
        progress: &dyn Progress,
    ) -> Result<FoldResult, RunError> {
        let (pool, ctx) = (Pool::of(self.threads())?, &self.sized(ctx));
        let done = AtomicUsize::new(0);
        let ask = |series: usize| {
            let question = Question::new(self, 0, series);
            let (mut held, shared) = trained.held(&self.panel.ids()[series]);
            let answer = question.answer(ctx, 0, &mut held, shared.as_ref());
            progress.tick(done.fetch_add(1, Ordering::Relaxed) + 1, self.panel.len());
            ctx.go_on().map(|()| answer)
        };
        let all =
            || (0..self.panel.len()).into_par_iter().map(ask).collect::<Result<_, FitError>>();
        Ok(FoldResult { fold: 0, answers: pool.install(all)? })
    }
}

impl Trained {
    /// What stands in the place of the fit of a series, or of all of them.
    fn held(&self, id: &str) -> (Option<Held>, Option<PanelFit>) {
        match self {
            Trained::Panel(fit) => (None, Some(PanelFit::of(Arc::clone(fit)))),
            Trained::Series(fits) => {
                let stranger = || Err(unknown(id));
                (Some(Held::of(fits.get(id).cloned().unwrap_or_else(stranger))), None)
            }
            Trained::Rows(..) => (Some(Held::of(Err(no_table()))), None),
        }
    }

    /// A value for each row of a table.
    ///
    /// # Errors
    /// A column that was learnt from and is not there; what the learner refuses.
    pub fn values(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
        let Trained::Rows(columns, fitted) = self else {
            return Err(FitError::Failed("learnt from series, not from rows of a table".into()));
        };
        let column = |name: &String| {
            let place = x.names().iter().position(|other| other == name);
            let place = place.ok_or_else(|| FitError::Failed(format!("no column `{name}`")))?;
            Ok((name.clone(), x.column(place).to_vec()))
        };
        let columns = columns.iter().map(column).collect::<Result<_, FitError>>()?;
        let x = Matrix::from_columns(columns).map_err(|e| FitError::Failed(e.to_string()))?;
        let values = caught(|| fitted.predict(&x))?;
        match values.iter().all(|value| value.is_finite()) {
            true => Ok(values),
            false => Err(FitError::NotFinite("a value")),
        }
    }

    /// Series on which it could not learn, with the reasons.
    pub fn failures(&self) -> Vec<(String, String)> {
        let Trained::Series(fits) = self else { return Vec::new() };
        let reason =
            |(id, fit): (&String, &Fit)| Some((id.clone(), fit.as_ref().err()?.to_string()));
        fits.iter().filter_map(reason).collect()
    }

    /// The same at the end of a later past; `None` where nothing stands at an end. Series that are
    /// not in this past, or cannot be moved over it, stay where they are.
    ///
    /// # Errors
    /// [`FitError::Cancelled`].
    pub fn later(&self, ctx: &Ctx, past: &Panel) -> Result<Option<Trained>, FitError> {
        let Trained::Series(fits) = self else { return Ok(None) };
        let (mut moved, mut any) = (fits.clone(), false);
        for (series, id) in past.ids().iter().enumerate() {
            let Some(fit) = moved.get_mut(id) else { continue };
            let Ok(fitted) = fit.clone() else { continue };
            let own = past.cut([(series, past.span(series).end)], usize::MAX, 0);
            match caught(|| fitted.later(ctx, own.past(past))) {
                Ok(Some(later)) => (*fit, any) = (Ok(later.into()), true),
                Err(FitError::Cancelled) => return Err(FitError::Cancelled),
                Ok(None) | Err(_) => {}
            }
        }
        Ok(any.then_some(Trained::Series(moved)))
    }

    /// What was learnt, as bytes.
    ///
    /// # Errors
    /// A device that does not give its weights.
    pub fn keep(&self) -> Result<Learnt, FitError> {
        let of_series = |(id, fit): (&String, &Fit)| {
            let kept = match fit {
                Ok(fitted) => Ok(Bytes::from(fitted.keep()?)),
                Err(reason) => Err(reason.to_string()),
            };
            Ok((id.clone(), kept))
        };
        Ok(match self {
            Trained::Series(fits) => {
                Learnt::Series(fits.iter().map(of_series).collect::<Result<_, FitError>>()?)
            }
            Trained::Panel(fitted) => Learnt::Panel(Bytes::from(fitted.keep()?)),
            Trained::Rows(columns, fitted) => {
                Learnt::Rows(columns.clone(), Bytes::from(fitted.keep()?))
            }
        })
    }

    /// What [`Trained::keep`] wrote, given back to the first model of a spec; `columns` are those of
    /// the panel that it learnt from.
    ///
    /// # Errors
    /// A spec whose model cannot be built; bytes that are damaged, or of another model.
    pub fn restore(
        spec: &Spec,
        columns: &[Declared],
        learnt: &Learnt,
    ) -> Result<Trained, FitError> {
        let (scope, each) = match learnt {
            Learnt::Rows(columns, kept) => {
                let fitted = <dyn Predict>::restore(kept)?.into();
                return Ok(Trained::Rows(columns.clone(), fitted));
            }
            Learnt::Series(kept) => (Scope::Series, kept.clone()),
            Learnt::Panel(kept) => {
                (Scope::Panel, BTreeMap::from([(String::new(), Ok(kept.clone()))]))
            }
        };
        let failed = |error: &dyn std::fmt::Display| FitError::Failed(error.to_string());
        let panel = stub(columns).map_err(|e| failed(&e))?;
        let horizon = spec.folds.gap + spec.folds.horizon;
        let about = About { task: spec.task, horizon, panel: &panel, table: None };
        let mut written = spec.model.first().cloned().ok_or_else(|| failed(&PlanError::NoModel))?;
        let named = build(about, 0, &mut written).map_err(|e| failed(&e))?;
        let Ready::Panel(model) = &named.model else { return Err(no_table()) };
        if named.scope != scope {
            return Err(failed(&"what was kept was learnt with another scope"));
        }
        let restore = |(id, kept): (String, Result<Bytes, String>)| match kept {
            Ok(kept) => Ok((id, Ok(model.restore(&kept)?.into()))),
            Err(reason) => Ok((id, Err(FitError::Failed(reason)))),
        };
        let mut fits =
            each.into_iter().map(restore).collect::<Result<BTreeMap<_, Fit>, FitError>>()?;
        match (scope, fits.pop_first()) {
            (Scope::Panel, Some((_, fit))) => fit.map(Trained::Panel),
            (_, first) => {
                fits.extend(first);
                Ok(Trained::Series(fits))
            }
        }
    }
}

/// A panel of one row with these columns: what a model is built for.
fn stub(columns: &[Declared]) -> Result<Panel, PanelError> {
    let ends = vec![(String::new(), 1)];
    let panel = Panel::new("", Calendar::steps(), ends, vec![Stamp(0)], vec![0.0]);
    columns.iter().try_fold(panel?, |panel, column| {
        let Declared { name, role, labels } = column.clone();
        panel.with_column(Column { name, role, values: vec![f64::NAN], labels })
    })
}

fn unknown(id: &str) -> FitError {
    FitError::Failed(format!("series `{id}` was not among those learnt from: fit again"))
}

fn no_table() -> FitError {
    FitError::Failed("rows of a table are asked where there are series, or the reverse".into())
}
