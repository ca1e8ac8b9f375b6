//! Direction: a classifier that says whether a series will stand higher, through features of its past.
//!
//! ```text
//! up[h] = y[n + h] > y[n]       P(up[h]) = f_h(features of the past)       one fit a step
//! ```
//!
//! A value that stays the same is not up. With scope `panel` one fit learns from every series.
//! Christoffersen & Diebold (2006), Financial Asset Returns, Direction-of-Change Forecasting, and
//! Volatility Dynamics.

use std::collections::BTreeMap;
use std::sync::Arc;

use almanac_data::{Ahead, Direction, FitError, Forecast, PanelView, Role};
use serde::{Deserialize, Serialize};

use crate::classify::{Chances, Classes, Classify};
use crate::features::{Facts, Features, Learnt};
use crate::lift::reduce::Scope;
use crate::lift::reduce::layout::{Laid, Rows, See, Source, Which};
use crate::lift::scaled::Scaled;
use crate::lift::target::Transform;
use crate::{Ctx, Fitted, Model, Setting, SettingError, Settings, Written, keep};

/// A classifier of directions.
///
/// | name     | default    | range         | meaning                               |
/// |----------|------------|---------------|---------------------------------------|
/// | scope    | series     | series, panel | what one fit learns from              |
/// | target   | []         | transforms    | done to the values that features read |
/// | origins  | all        | >= 1          | last rows of each series learnt from  |
/// | features | the spec's | a table       | what the learner is told of each row  |
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Directed {
    /// What one fit learns from.
    pub scope: Scope,
    /// Done to the values that features read.
    pub target: Vec<Transform>,
    /// Only the last so many rows of each series are learnt from; left out, all.
    pub origins: Option<usize>,
    /// What the learner is told of each row; left out, the spec's `[features]`.
    pub features: Option<Written>,
}

impl Settings for Directed {
    const TABLE: &'static [Setting] = &[
        Setting { name: "scope", range: "series or panel", meaning: "what one fit learns from" },
        Setting {
            name: "target",
            range: "transforms, as in [\"returns\"]",
            meaning: "done to the values that features read",
        },
        Setting {
            name: "origins",
            range: ">= 1, or left out",
            meaning: "only the last so many rows of each series are learnt from",
        },
        Setting {
            name: "features",
            range: "a table of features, or left out",
            meaning: "what the learner is told of each row; left out, the spec's [features]",
        },
    ];

    fn check(&self) -> Result<(), SettingError> {
        SettingError::unless(self.origins != Some(0), "origins", "at least 1", 0)
    }
}

impl Directed {
    /// This learner as a teller of directions for so many steps.
    ///
    /// # Errors
    /// Features that cannot be read.
    pub fn around(
        self,
        learner: Box<dyn Classify>,
        horizon: usize,
    ) -> Result<DirectedModel, SettingError> {
        let features = Features::read(self.features.as_ref().unwrap_or(&Written::new()))?;
        let recipe = Arc::new(Recipe { settings: self, features, horizon });
        Ok(DirectedModel { recipe, learner: Scaled(learner) })
    }
}

/// A classifier that tells directions for a fixed number of steps.
pub struct DirectedModel {
    recipe: Arc<Recipe>,
    learner: Scaled<dyn Classify>,
}

/// What a fit and its questions share.
struct Recipe {
    settings: Directed,
    features: Features,
    horizon: usize,
}

struct FittedDirection {
    recipe: Arc<Recipe>,
    /// One fit a step.
    models: Vec<Box<dyn Chances>>,
    learnt: BTreeMap<String, Learnt>,
}

/// What is kept of a fit.
#[derive(Serialize, Deserialize)]
struct Kept<M> {
    models: M,
    learnt: BTreeMap<String, Facts>,
}

const LIFT: &str = "direction";

impl DirectedModel {
    /// What one fit learns from.
    pub fn scope(&self) -> Scope {
        self.recipe.settings.scope
    }

    /// Whether features read columns that are not known yet.
    pub fn same_row(&self) -> bool {
        self.recipe.features.same_row
    }

    /// Whether a panel with these columns holds what its features ask for, early enough.
    ///
    /// # Errors
    /// As of [`Features::admit`].
    pub fn admit(&self, columns: &[(&str, Role)]) -> Result<(), SettingError> {
        self.recipe.features.admit(columns)
    }
}

impl Recipe {
    fn lay<'a>(&self, source: &Source<'a>) -> Result<Laid<'a>, FitError> {
        source.lay(
            &self.settings.target,
            See { values: false, same_row: self.features.same_row, lines: &[] },
        )
    }

    fn which(&self, step: usize) -> Which {
        let origins = self.settings.origins.unwrap_or(usize::MAX);
        Which { steps: (step, step), origins, step_column: false }
    }
}

/// 1 where the series stands higher `step` rows after its first `origin` laid-out values, else 0.
fn up(laid: &Laid<'_>, origin: usize, step: usize) -> f64 {
    let at = laid.target.lost + origin - 1;
    f64::from(u8::from(laid.y[at + step] > laid.y[at]))
}

impl Model<Direction> for DirectedModel {
    fn fit(&self, ctx: &Ctx, train: PanelView<'_>) -> Result<Box<dyn Fitted<Direction>>, FitError> {
        let sources: Vec<Source<'_>> =
            train.iter().map(|series| Source::of(&series, &train)).collect();
        let lay = |at: usize| {
            let laid = self.recipe.lay(&sources[at])?;
            let learnt = laid.learn(&self.recipe.features)?;
            Ok((laid, learnt))
        };
        let (good, bad): (Vec<_>, Vec<_>) =
            ctx.map(sources.len(), lay).into_iter().partition(Result::is_ok);
        let all: Vec<(Laid<'_>, Learnt)> = good.into_iter().flatten().collect();
        if all.is_empty() {
            let refused = bad.into_iter().find_map(Result::err);
            return Err(refused.unwrap_or(FitError::TooShort { need: 1, got: 0 }));
        }
        let mut models = Vec::with_capacity(self.recipe.horizon);
        for step in 1..=self.recipe.horizon {
            ctx.go_on()?;
            let rows = Rows::join(ctx, all.len(), |at| {
                let (laid, learnt) = &all[at];
                laid.rows(learnt, self.recipe.which(step), |origin, step| up(laid, origin, step))
            })?;
            let (x, y) = rows.matrix()?;
            let of: Vec<usize> = y.iter().map(|&up| up as usize).collect();
            let classes = Classes { of: &of, count: 2 };
            models.push(self.learner.fit(&ctx.named(&step.to_string()), &x, &classes)?);
        }
        let named = all.into_iter().map(|(laid, learnt)| (laid.track.id.to_string(), learnt));
        let learnt = named.collect();
        Ok(Box::new(FittedDirection { recipe: Arc::clone(&self.recipe), models, learnt }))
    }

    fn restore(&self, kept: &[u8]) -> Result<Box<dyn Fitted<Direction>>, FitError> {
        let recipe = Arc::clone(&self.recipe);
        let Kept::<Vec<Box<dyn Chances>>> { models, learnt } = keep::read(LIFT, kept)?;
        keep::unless(models.len() == recipe.horizon, "another horizon")?;
        let learnt = recipe.features.restore_all(learnt)?;
        Ok(Box::new(FittedDirection { recipe, models, learnt }))
    }
}

impl Fitted<Direction> for FittedDirection {
    fn predict(&self, ctx: &Ctx, ask: Ahead<'_>) -> Result<Vec<Forecast>, FitError> {
        let horizon = self.models.len();
        if ask.horizon > horizon {
            let steps = ask.horizon;
            return Err(FitError::Failed(format!("was fitted for {horizon} steps, not {steps}")));
        }
        let answer = |place| {
            let laid = self.recipe.lay(&Source::asked(&ask, place))?;
            let own = match self.learnt.get(laid.track.id) {
                Some(learnt) => learnt.clone(),
                None => laid.learn(&self.recipe.features)?,
            };
            let chance = |step: usize| {
                let x = laid.ask(&own, self.recipe.which(step))?;
                let chances = self.models[step - 1].chances(&x)?;
                chances.get(1).copied().ok_or(FitError::NotFinite("the forecast"))
            };
            let mean = (1..=ask.horizon).map(chance).collect::<Result<_, FitError>>()?;
            Ok(Forecast { filled: laid.filled, ..Forecast::point(mean) })
        };
        ctx.map(ask.past.len(), answer).into_iter().collect()
    }

    fn keep(&self) -> Result<Vec<u8>, FitError> {
        let learnt = self.learnt.iter().map(|(id, learnt)| (id.clone(), learnt.keep())).collect();
        keep::write(LIFT, &Kept { models: &self.models, learnt })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use almanac_data::{Calendar, Panel, Stamp};

    /// 1 2 1 3 3 4: three of five steps go up, and three of four pairs of steps.
    #[test]
    fn shares_of_ups_by_hand() {
        let y = vec![1.0, 2.0, 1.0, 3.0, 3.0, 4.0];
        let at = (1..=6).map(Stamp).collect();
        let panel = Panel::new("p", Calendar::steps(), vec![("a".into(), 6)], at, y).unwrap();
        let prior = crate::find(crate::classify::ROSTER, "prior").ok().unwrap();
        let prior = (prior.build)(&Written::new()).unwrap();
        let features = serde_json::from_str(r#"{"seasonal_lags":[1]}"#).unwrap();
        let settings = Directed { features: Some(features), ..Directed::default() };
        let model = settings.around(prior, 2).unwrap();
        let cut = panel.cut([(0, 6)], usize::MAX, 2);
        let (past, future) = (cut.past(&panel), cut.future(&panel));
        let ctx = Ctx::new(1);
        let fitted = model.fit(&ctx, past).unwrap();
        let said = fitted.predict(&ctx, Ahead { horizon: 2, past, future }).unwrap();
        // One step: up, down, up, same, up. Two steps: same, up, up, up.
        assert_eq!(said[0].mean, [3.0 / 5.0, 3.0 / 4.0]);
    }
}
