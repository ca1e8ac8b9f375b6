//! Reduce: a regressor made a forecaster, through features of each series' past.
//!
//! ```text
//! recursive   ẑ[1] = f(features of the past), ẑ[2] = f(features of the past with ẑ[1]), …
//! direct      ẑ[h] = f_h(features of the past)                one fit a step
//! multi       ẑ[h] = f(features of the past, h)               one fit, the step a column
//! ```
//!
//! z is the target after its transforms. With scope `panel` one fit learns from the rows of every
//! series. Rows whose value was filled are not learnt from; nor are rows without all features.
//! With `windows`, errors over the last horizons of the past, held back one after another, give the
//! spread: in units of each series' own mean absolute change, pooled over the series.
//! Ben Taieb, Bontempi, Atiya & Sorjamaa (2012), A review and comparison of strategies for
//! multi-step ahead time series forecasting.

pub(crate) mod errors;
pub(crate) mod layout;

use std::collections::BTreeMap;
use std::sync::Arc;

use almanac_data::{Ahead, FitError, Forecast, Forecasting, PanelView, Role};
use serde::{Deserialize, Serialize};

use crate::features::{Facts, Features, Learnt};
use crate::lift::scaled::Scaled;
use crate::lift::target::Transform;
use crate::regress::{Predict, Regress};
use crate::{Ctx, Fitted, Model, Setting, SettingError, Settings, Written, keep};
use errors::Errors;
use layout::{Laid, Rows, See, Source, Which};

/// How a learner of single values answers several steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strategy {
    /// One fit of the next step, fed with its own forecasts.
    #[default]
    Recursive,
    /// One fit a step.
    Direct,
    /// One fit of all steps, the step a column.
    Multi,
}

/// What one fit learns from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// One series.
    #[default]
    Series,
    /// Every series of the panel.
    Panel,
}

/// What features read of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reads {
    /// Its values after the transforms of the target.
    #[default]
    Target,
    /// Its values as they are.
    Values,
}

/// A regressor made a forecaster.
///
/// | name     | default   | range                    | meaning                                   |
/// |----------|-----------|--------------------------|-------------------------------------------|
/// | strategy | recursive | recursive, direct, multi | how several steps are answered            |
/// | scope    | series    | series, panel            | what one fit learns from                  |
/// | target   | []        | transforms               | done to values first, undone on forecasts |
/// | reads    | target    | target, values           | what features read: transformed, or not   |
/// | origins  | all       | >= 1                     | last rows of each series learnt from      |
/// | windows  | 1         | >= 0                     | horizons held back for the spread         |
/// | features | the spec's| a table                  | what the learner is told of each row      |
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reduce {
    /// How several steps are answered.
    pub strategy: Strategy,
    /// What one fit learns from.
    pub scope: Scope,
    /// Done to values first, undone on forecasts.
    pub target: Vec<Transform>,
    /// What features read of a series.
    pub reads: Reads,
    /// Only the last so many rows of each series are learnt from; left out, all.
    pub origins: Option<usize>,
    /// Horizons held back to learn the spread from; 0 = no spread.
    pub windows: usize,
    /// What the learner is told of each row; left out, the spec's `[features]`.
    pub features: Option<Written>,
}

impl Default for Reduce {
    fn default() -> Reduce {
        Reduce {
            strategy: Strategy::Recursive,
            scope: Scope::Series,
            target: Vec::new(),
            reads: Reads::Target,
            origins: None,
            windows: 1,
            features: None,
        }
    }
}

impl Settings for Reduce {
    const TABLE: &'static [Setting] = &[
        Setting {
            name: "strategy",
            range: "recursive, direct or multi",
            meaning: "how several steps are answered",
        },
        Setting { name: "scope", range: "series or panel", meaning: "what one fit learns from" },
        Setting {
            name: "target",
            range: "transforms, as in [\"log\", \"seasonal_difference\"]",
            meaning: "done to values first, undone on forecasts",
        },
        Setting {
            name: "reads",
            range: "target or values",
            meaning: "whether features read the series after those transforms, or as it is",
        },
        Setting {
            name: "origins",
            range: ">= 1, or left out",
            meaning: "only the last so many rows of each series are learnt from",
        },
        Setting {
            name: "windows",
            range: ">= 0",
            meaning: "horizons held back to learn the spread from; 0 = no spread",
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

impl Reduce {
    /// This learner as a forecaster of so many steps.
    ///
    /// # Errors
    /// Features that cannot be read.
    pub fn around(
        self,
        learner: Box<dyn Regress>,
        horizon: usize,
    ) -> Result<Reduced, SettingError> {
        let features = Features::read(self.features.as_ref().unwrap_or(&Written::new()))?;
        let learner = Scaled(learner);
        Ok(Reduced { settings: self, learner, features: Arc::new(features), horizon })
    }
}

/// A regressor as a forecaster of a fixed number of steps.
pub struct Reduced {
    settings: Reduce,
    learner: Scaled<dyn Regress>,
    features: Arc<Features>,
    horizon: usize,
}

struct FittedReduced {
    recipe: Recipe,
    fits: Fits,
    errors: Option<Errors>,
}

/// What a fit and its questions share.
struct Recipe {
    settings: Reduce,
    features: Arc<Features>,
    horizon: usize,
}

/// What is kept of a fit.
#[derive(Serialize, Deserialize)]
struct Kept<M> {
    models: M,
    learnt: BTreeMap<String, Facts>,
    errors: Option<Errors>,
}

const LIFT: &str = "reduce";

/// What was learnt: one fit, or one a step; and what features learnt of each series.
struct Fits {
    models: Vec<Box<dyn Predict>>,
    learnt: BTreeMap<String, Learnt>,
}

impl Reduced {
    /// What one fit learns from.
    pub fn scope(&self) -> Scope {
        self.settings.scope
    }

    /// Whether it answers no more steps than it was built for.
    pub fn is_bound(&self) -> bool {
        self.settings.strategy != Strategy::Recursive
    }

    /// Whether features read columns that are not known yet.
    pub fn same_row(&self) -> bool {
        self.features.same_row
    }

    /// Whether a panel with these columns holds what its features ask for, early enough.
    ///
    /// # Errors
    /// As of [`Features::admit`].
    pub fn admit(&self, columns: &[(&str, Role)]) -> Result<(), SettingError> {
        self.features.admit(columns)
    }
}

impl Model<Forecasting> for Reduced {
    fn fit(
        &self,
        ctx: &Ctx,
        train: PanelView<'_>,
    ) -> Result<Box<dyn Fitted<Forecasting>>, FitError> {
        let recipe = self.recipe();
        let sources: Vec<Source<'_>> =
            train.iter().map(|series| Source::of(&series, &train)).collect();
        let fits = recipe.fit(ctx, &self.learner, &sources)?;
        let errors = match self.settings.windows {
            0 => None,
            windows => Some(self.held_back(ctx, &recipe, &sources, windows)?),
        };
        Ok(Box::new(FittedReduced { recipe, fits, errors }))
    }

    fn restore(&self, kept: &[u8]) -> Result<Box<dyn Fitted<Forecasting>>, FitError> {
        let recipe = self.recipe();
        let Kept::<Vec<Box<dyn Predict>>> { models, learnt, errors } = keep::read(LIFT, kept)?;
        let fits = recipe.steps().len();
        keep::unless(models.len() == fits, "another strategy or horizon")?;
        keep::unless(errors.is_some() == (self.settings.windows > 0), "other windows")?;
        let learnt = self.features.restore_all(learnt)?;
        Ok(Box::new(FittedReduced { recipe, fits: Fits { models, learnt }, errors }))
    }
}

impl Reduced {
    fn recipe(&self) -> Recipe {
        Recipe {
            settings: self.settings.clone(),
            features: Arc::clone(&self.features),
            horizon: self.horizon,
        }
    }

    /// Errors over the last horizons of the past, each forecast by a fit on what came before it;
    /// a past too short for that gives none.
    fn held_back(
        &self,
        ctx: &Ctx,
        recipe: &Recipe,
        sources: &[Source<'_>],
        windows: usize,
    ) -> Result<Errors, FitError> {
        let mut errors = Errors::new(self.horizon);
        for window in (1..=windows).rev() {
            ctx.go_on()?;
            let back = window * self.horizon;
            let early: Vec<(Source<'_>, &Source<'_>)> = sources
                .iter()
                .filter(|source| source.rows() > back)
                .map(|source| (source.before(source.rows() - back), source))
                .collect();
            let (pasts, wholes): (Vec<_>, Vec<_>) = early.into_iter().unzip();
            let Ok(fits) = recipe.fit(ctx, &self.learner, &pasts) else { continue };
            let said = ctx.map(pasts.len(), |at| {
                let laid = recipe.lay(&pasts[at])?;
                let mean = recipe.answer(&fits, laid, self.horizon)?.0;
                Ok::<_, FitError>(mean)
            });
            for ((past, whole), said) in pasts.iter().zip(wholes).zip(said) {
                if let Ok(mean) = said {
                    let truth = &whole.y()[past.rows()..][..self.horizon];
                    errors.add(truth, &mean, errors::width(past.y()));
                }
            }
        }
        Ok(errors.sorted())
    }
}

impl Recipe {
    fn lay<'a>(&self, source: &Source<'a>) -> Result<Laid<'a>, FitError> {
        let values = self.settings.reads == Reads::Values;
        source.lay(
            &self.settings.target,
            See { values, same_row: self.features.same_row, lines: &[] },
        )
    }

    fn which(&self, from: usize, to: usize) -> Which {
        Which {
            steps: (from, to),
            origins: self.settings.origins.unwrap_or(usize::MAX),
            step_column: self.settings.strategy == Strategy::Multi,
        }
    }

    /// The steps that each fit answers: from, to, both included.
    fn steps(&self) -> Vec<(usize, usize)> {
        match self.settings.strategy {
            Strategy::Recursive => vec![(1, 1)],
            Strategy::Direct => (1..=self.horizon).map(|step| (step, step)).collect(),
            Strategy::Multi => vec![(1, self.horizon)],
        }
    }

    /// One fit, or one a step. A series that cannot be laid out is left to its own question, unless
    /// there is no other.
    fn fit(
        &self,
        ctx: &Ctx,
        learner: &Scaled<dyn Regress>,
        sources: &[Source<'_>],
    ) -> Result<Fits, FitError> {
        let lay = |at: usize| {
            let laid = self.lay(&sources[at])?;
            let learnt = laid.learn(&self.features)?;
            Ok((laid, learnt))
        };
        let mut all = Vec::with_capacity(sources.len());
        let mut refused = FitError::TooShort { need: 1, got: 0 };
        for one in ctx.map(sources.len(), lay) {
            match one {
                Ok(one) => all.push(one),
                Err(error) => refused = error,
            }
        }
        if all.is_empty() {
            return Err(refused);
        }
        let steps = self.steps();
        let mut models = Vec::with_capacity(steps.len());
        for (from, to) in steps {
            ctx.go_on()?;
            let rows = Rows::join(ctx, all.len(), |at| {
                let (laid, learnt) = &all[at];
                laid.rows(learnt, self.which(from, to), |origin, step| laid.z(origin, step))
            })?;
            let (x, y) = rows.matrix()?;
            models.push(learner.fit(&ctx.named(&from.to_string()), &x, &y)?);
        }
        let named = all.into_iter().map(|(laid, learnt)| (laid.track.id.to_string(), learnt));
        Ok(Fits { models, learnt: named.collect() })
    }

    /// The means of the steps ahead, and how many values were filled.
    fn answer(
        &self,
        fits: &Fits,
        mut laid: Laid<'_>,
        steps: usize,
    ) -> Result<(Vec<f64>, usize), FitError> {
        if self.settings.strategy != Strategy::Recursive && steps > self.horizon {
            let horizon = self.horizon;
            return Err(FitError::Failed(format!("was fitted for {horizon} steps, not {steps}")));
        }
        let own = match fits.learnt.get(laid.track.id) {
            Some(learnt) => learnt.clone(),
            None => laid.learn(&self.features)?,
        };
        let z = match self.settings.strategy {
            Strategy::Multi => fits.models[0].predict(&laid.ask(&own, self.which(1, steps))?)?,
            Strategy::Direct => {
                let step = |step: usize| {
                    let x = laid.ask(&own, self.which(step, step))?;
                    one(fits.models[step - 1].predict(&x)?)
                };
                (1..=steps).map(step).collect::<Result<_, FitError>>()?
            }
            Strategy::Recursive => {
                let mut ahead = Vec::with_capacity(steps);
                for _ in 0..steps {
                    let x = laid.ask(&own, self.which(1, 1))?;
                    ahead.push(one(fits.models[0].predict(&x)?)?);
                    laid.feed_back(&ahead, self.settings.reads == Reads::Values);
                }
                ahead
            }
        };
        Ok((laid.target.back(&z), laid.filled))
    }
}

/// The value of the only row asked.
fn one(values: Vec<f64>) -> Result<f64, FitError> {
    values.first().copied().ok_or(FitError::NotFinite("the forecast"))
}

impl Fitted<Forecasting> for FittedReduced {
    fn predict(&self, ctx: &Ctx, ask: Ahead<'_>) -> Result<Vec<Forecast>, FitError> {
        let answer = |place| {
            let source = Source::asked(&ask, place);
            let laid = self.recipe.lay(&source)?;
            let (mean, filled) = self.recipe.answer(&self.fits, laid, ask.horizon)?;
            let forecast = match &self.errors {
                Some(errors) => errors.around(mean, errors::width(source.y())),
                None => Forecast::point(mean),
            };
            if !forecast.is_finite() {
                return Err(FitError::NotFinite("the forecast"));
            }
            Ok(Forecast { filled, ..forecast })
        };
        ctx.map(ask.past.len(), answer).into_iter().collect()
    }

    fn keep(&self) -> Result<Vec<u8>, FitError> {
        let learnt = self.fits.learnt.iter().map(|(id, learnt)| (id.clone(), learnt.keep()));
        let (models, errors) = (&self.fits.models, self.errors.clone());
        keep::write(LIFT, &Kept { models, learnt: learnt.collect(), errors })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use almanac_data::{Calendar, Panel, Stamp};

    fn panel(series: &[&[f64]]) -> Panel {
        let mut end = 0;
        let ends = series.iter().enumerate().map(|(at, y)| {
            end += y.len();
            (format!("s{at}"), end)
        });
        let ends = ends.collect();
        let at = series.iter().flat_map(|y| (1..=y.len() as i64).map(Stamp)).collect();
        Panel::new("p", Calendar::steps(), ends, at, series.concat()).unwrap()
    }

    fn forecast(text: &str, series: &[&[f64]], horizon: usize) -> Result<Vec<Forecast>, FitError> {
        let written: Written = serde_json::from_str(text).unwrap();
        let mean = crate::find(crate::regress::ROSTER, "mean").ok().unwrap();
        let mean = (mean.build)(&Written::new()).unwrap();
        let model = Reduce::read(&written).unwrap().around(mean, horizon).unwrap();
        let panel = panel(series);
        let ends = (0..panel.len()).map(|at| (at, panel.span(at).end));
        let cut = panel.cut(ends, usize::MAX, horizon);
        let (past, future) = (cut.past(&panel), cut.future(&panel));
        let ctx = Ctx::new(1);
        model.fit(&ctx, past)?.predict(&ctx, Ahead { horizon, past, future })
    }

    const PLAIN: &str = r#"{"windows":0,"target":["difference"],"features":{"lags":[1]}}"#;

    /// Differences of 1 2 4 7 are 1 2 3; two of them have a lag, their mean is 2.5.
    #[test]
    fn a_mean_of_differences_is_a_drift() {
        for strategy in ["recursive", "multi"] {
            let text = PLAIN.replace("{\"w", &format!("{{\"strategy\":\"{strategy}\",\"w"));
            let said = forecast(&text, &[&[1.0, 2.0, 4.0, 7.0]], 2);
            let mean = said.map(|said| said[0].mean.clone());
            match strategy {
                "recursive" => assert_eq!(mean.unwrap(), [9.5, 12.0]),
                // Lag 1 of the second step is not known: the column is named.
                _ => assert!(
                    matches!(mean, Err(FitError::Regressor { column, .. }) if column == "lag_1")
                ),
            }
        }
    }

    /// Reading values as they are: returns of 100 110 121 are 0.1; lags of 100 and 110 stay so, and
    /// what is fed back is 133.1, not a return.
    #[test]
    fn features_may_read_values_as_they_are() {
        let text = r#"{"windows":0,"target":["returns"],"reads":"values","features":{"lags":[1]}}"#;
        let said = forecast(text, &[&[100.0, 110.0, 121.0, 133.1]], 2).unwrap();
        let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(close(said[0].mean[0], 146.41) && close(said[0].mean[1], 161.051));
    }

    /// Direct: step 2 of 1 2 4 7 learns from the differences two rows on, 3 alone … too few.
    #[test]
    fn direct_fits_a_model_a_step() {
        let text = r#"{"windows":0,"strategy":"direct","features":{"seasonal_lags":[1]}}"#;
        let said = forecast(text, &[&[1.0, 2.0, 4.0, 7.0, 9.0]], 2).unwrap();
        assert_eq!(said[0].mean, [(2.0 + 4.0 + 7.0 + 9.0) / 4.0, (4.0 + 7.0 + 9.0) / 3.0]);
    }

    /// One fit over two series: the mean of 2 3 and of 20 30, the first rows having no lag; a hole
    /// is filled for features, counted, and not learnt from.
    #[test]
    fn a_panel_is_one_fit() {
        let text = r#"{"windows":0,"scope":"panel","features":{"lags":[1]}}"#;
        let series: [&[f64]; 2] = [&[1.0, 2.0, 3.0], &[10.0, f64::NAN, 30.0]];
        let said = forecast(text, &series, 1).unwrap();
        assert_eq!((said[0].mean[0], said[1].mean[0]), (35.0 / 3.0, 35.0 / 3.0));
        assert_eq!((said[0].filled, said[1].filled), (0, 1));
    }

    /// Held-back horizons give a spread, and a past too short for them none.
    #[test]
    fn windows_give_a_spread() {
        let text = r#"{"windows":3,"features":{"lags":[1]}}"#;
        let y: Vec<f64> = (0..12).map(|t| f64::from(t * 7 % 5)).collect();
        assert!(forecast(text, &[&y], 2).unwrap()[0].has_spread());
        assert!(!forecast(text, &[&y[..4]], 2).unwrap()[0].has_spread());
    }
}
