//! OnWindows: a network made a forecaster, through windows of each series' past.
//!
//! ```text
//! rows   ──── window: steps × channels ────┃ horizon        channel 1  the series, transformed
//!        r − window + 1  …  r (the origin) ┃ r + 1 …        others     features of row r + 1, and
//!                                                                      of row r + horizon (ahead)
//! ```
//!
//! A window is measured from its own last value or mean (`level`) and in its own deviation or mean
//! absolute value (`unit`), where asked for; the answer is brought back the same way. Transforms,
//! features and the scales of channels are those of the past that was fitted. Windows never straddle
//! two series; targets that are missing are not learnt from. With `windows`, the errors of the last
//! horizons of the past give the spread: honest where the training holds them back.
//! Lim & Zohren (2021), Time-series forecasting with deep learning: a survey.

mod examples;

use std::collections::BTreeMap;
use std::sync::Arc;

use almanac_data::{Ahead, FitError, Forecast, Forecasting, PanelView, Role};
use serde::{Deserialize, Serialize};

use crate::features::{Facts, Features, Learnt};
use crate::lift::reduce::errors::{Errors, width};
use crate::lift::reduce::layout::{Laid, See, Source};
use crate::lift::reduce::{Reads, Scope};
use crate::lift::target::{Line, Scaling, Transform};
use crate::nets::{Ensemble, Goal, KeptEnsemble, Lesson, Network, Shape};
use crate::{Ctx, Fitted, Model, Setting, SettingError, Settings, Written, keep};
use examples::{Channels, Told, Values, Windows};

/// What the values of a window are measured from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nothing.
    #[default]
    None,
    /// Its last value.
    Last,
    /// Its mean.
    Mean,
}

/// What the values of a window are measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// As they are.
    #[default]
    None,
    /// Its standard deviation.
    Deviation,
    /// The mean of its absolute values.
    Mean,
}

/// A network made a forecaster.
///
/// | name     | default   | range                   | meaning                                       |
/// |----------|-----------|-------------------------|-----------------------------------------------|
/// | window   | two horizons or seasons | >= 1      | rows that the network sees                    |
/// | scope    | series    | series, panel           | what one fit learns from                      |
/// | target   | []        | transforms              | done to values first, undone on forecasts     |
/// | reads    | target    | target, values          | what features read: transformed, or not       |
/// | level    | none      | none, last, mean        | what a window is measured from                |
/// | unit     | none      | none, deviation, mean   | what a window is measured in                  |
/// | features | none      | a table                 | channels: what is known of the next row       |
/// | ahead    | none      | a table                 | channels: what is known of the row a horizon on |
/// | scale    | standardize | standardize, scale, min_max | how those channels are scaled           |
/// | origins  | all       | >= 1                    | last windows of each series learnt from       |
/// | windows  | 0         | >= 0                    | last horizons whose errors give the spread    |
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OnWindows {
    /// Rows that the network sees; left out, two horizons or two seasons, whichever is more.
    pub window: Option<usize>,
    /// What one fit learns from.
    pub scope: Scope,
    /// Done to values first, undone on forecasts.
    pub target: Vec<Transform>,
    /// What features read.
    pub reads: Reads,
    /// What a window is measured from.
    pub level: Level,
    /// What a window is measured in.
    pub unit: Unit,
    /// Channels: what is known of the next row.
    pub features: Option<Written>,
    /// Channels: what is known of the row a horizon on.
    pub ahead: Option<Written>,
    /// How those channels are scaled.
    pub scale: Scaling,
    /// Only the last so many windows of each series are learnt from; left out, all.
    pub origins: Option<usize>,
    /// Last horizons of the past whose errors give the spread.
    pub windows: usize,
}

impl Settings for OnWindows {
    const TABLE: &'static [Setting] = &[
        Setting {
            name: "window",
            range: ">= 1, or left out",
            meaning: "rows that the network sees; left out, two horizons or seasons",
        },
        Setting { name: "scope", range: "series or panel", meaning: "what one fit learns from" },
        Setting {
            name: "target",
            range: "transforms, as in [\"log\", \"min_max\"]",
            meaning: "done to values first, undone on forecasts",
        },
        Setting {
            name: "reads",
            range: "target or values",
            meaning: "what features read: values after the transforms, or as they are",
        },
        Setting {
            name: "level",
            range: "none, last or mean",
            meaning: "what the values of a window are measured from",
        },
        Setting {
            name: "unit",
            range: "none, deviation or mean",
            meaning: "what the values of a window are measured in",
        },
        Setting {
            name: "features",
            range: "a table of features, or left out",
            meaning: "channels beside the series: what is known of the next row",
        },
        Setting {
            name: "ahead",
            range: "a table of features, or left out",
            meaning: "channels beside the series: what is known of the row a horizon on",
        },
        Setting {
            name: "scale",
            range: "standardize, scale or min_max",
            meaning: "how channels beside the series are scaled",
        },
        Setting {
            name: "origins",
            range: ">= 1, or left out",
            meaning: "only the last so many windows of each series are learnt from",
        },
        Setting {
            name: "windows",
            range: ">= 0",
            meaning: "last horizons of the past whose errors give the spread; 0 = none",
        },
    ];

    fn check(&self) -> Result<(), SettingError> {
        SettingError::unless(self.window != Some(0), "window", "at least 1", 0)?;
        SettingError::unless(self.origins != Some(0), "origins", "at least 1", 0)
    }
}

impl OnWindows {
    /// This network as a forecaster of so many steps.
    ///
    /// # Errors
    /// Features that cannot be read.
    pub fn around(
        self,
        network: Box<dyn Network>,
        horizon: usize,
    ) -> Result<Windowed, SettingError> {
        let read = |written: &Option<Written>| match written {
            Some(table) if !table.is_empty() => Features::read(table).map(Some),
            _ => Ok(None),
        };
        let told = Told { next: read(&self.features)?, ahead: read(&self.ahead)? };
        Ok(Windowed { settings: self, network: network.into(), told: Arc::new(told), horizon })
    }
}

/// A network as a forecaster of a fixed number of steps.
#[derive(Clone)]
pub struct Windowed {
    settings: OnWindows,
    network: Arc<dyn Network>,
    told: Arc<Told<Features>>,
    horizon: usize,
}

/// What was learnt, and what of each series.
struct FittedWindows {
    model: Windowed,
    shape: Shape,
    goal: Goal,
    channels: Channels,
    series: BTreeMap<String, OfSeries>,
    taught: Ensemble,
    errors: Option<Errors>,
}

/// What was learnt of one series: lines of its transforms, and what its features learnt.
#[derive(Clone)]
struct OfSeries {
    lines: Vec<Line>,
    told: Told<Learnt>,
}

/// What is kept of a fit.
#[derive(Serialize, Deserialize)]
struct Kept {
    shape: Shape,
    channels: Channels,
    series: BTreeMap<String, (Vec<Line>, Told<Facts>)>,
    weights: KeptEnsemble,
    errors: Option<Errors>,
}

const LIFT: &str = "windows";

/// Numbers of a window that is read back: more of them take more room than there is.
const MOST_NUMBERS: usize = 1 << 24;

impl Windowed {
    /// What one fit learns from.
    pub fn scope(&self) -> Scope {
        self.settings.scope
    }

    /// Whether features read columns that are not known yet.
    pub fn same_row(&self) -> bool {
        self.told.each().any(|features| features.same_row)
    }

    /// Whether a panel with these columns holds what its features ask for, early enough.
    ///
    /// # Errors
    /// As of [`Features::admit`].
    pub fn admit(&self, columns: &[(&str, Role)]) -> Result<(), SettingError> {
        self.told.each().try_for_each(|features| features.admit(columns))
    }

    /// Whether a refit goes on from the last fit.
    pub fn warm(&self) -> bool {
        self.network.training().warm.is_some()
    }

    /// Rows that the network sees.
    fn window(&self, season: usize) -> usize {
        self.settings.window.unwrap_or((2 * self.horizon).max(2 * season).max(8))
    }

    fn see<'l>(&self, lines: &'l [Line]) -> See<'l> {
        See { values: self.settings.reads == Reads::Values, same_row: self.same_row(), lines }
    }

    /// A series laid out along what an earlier fit learnt of it, or what is learnt of it now.
    fn lay<'a>(
        &self,
        source: &Source<'a>,
        season: usize,
        from: Option<&FittedWindows>,
    ) -> Result<(OfSeries, Laid<'a>, Values), FitError> {
        let known = from.and_then(|from| from.series.get(source.id()));
        let lines = known.map(|known| known.lines.as_slice()).unwrap_or_default();
        let laid = source.lay(&self.settings.target, self.see(lines))?;
        let told = match known {
            Some(known) => known.told.clone(),
            None => self.told.learn(&laid)?,
        };
        let values = told.values(&laid, season, self.horizon);
        let of = OfSeries { lines: laid.target.lines(), told };
        Ok((of, laid, values))
    }

    /// Learns from a past, going on from an earlier fit where there is one.
    fn learn(
        &self,
        ctx: &Ctx,
        train: PanelView<'_>,
        from: Option<&FittedWindows>,
    ) -> Result<FittedWindows, FitError> {
        let sources: Vec<Source<'_>> =
            train.iter().map(|series| Source::of(&series, &train)).collect();
        let season = train.season();
        let lay = |at: usize| self.lay(&sources[at], season, from);
        let (mut series, mut parts) = (BTreeMap::new(), Vec::with_capacity(sources.len()));
        let mut refused = FitError::TooShort { need: 1, got: 0 };
        for (one, source) in ctx.map(sources.len(), lay).into_iter().zip(&sources) {
            match one {
                Ok((of, laid, values)) => {
                    series.insert(source.id().to_string(), of);
                    parts.push((laid, values));
                }
                Err(error) => refused = error,
            }
        }
        if parts.is_empty() {
            return Err(refused);
        }
        let goal = Goal::of(self.network.training());
        let channels = match from {
            Some(from) => from.channels.clone(),
            None => Channels::of(self.settings.scale, &parts)?,
        };
        let shape = Shape {
            steps: self.window(season),
            channels: 1 + channels.len(),
            horizon: self.horizon,
            outputs: goal.outputs(),
        };
        let examples = Windows::cut(&self.settings, shape, &channels, &parts)?;
        let lesson = Lesson { shape, examples: &examples, goal: goal.clone(), from: None };
        let before = from.map(|from| &from.taught);
        let taught = Ensemble::teach(ctx, self.network.as_ref(), &lesson, before)?;
        let model = self.clone();
        let mut fitted =
            FittedWindows { model, shape, goal, channels, series, taught, errors: None };
        if self.settings.windows > 0 && fitted.goal.outputs() == 1 {
            fitted.errors = Some(fitted.held_back(&sources)?);
        }
        Ok(fitted)
    }
}

impl Model<Forecasting> for Windowed {
    fn fit(
        &self,
        ctx: &Ctx,
        train: PanelView<'_>,
    ) -> Result<Box<dyn Fitted<Forecasting>>, FitError> {
        Ok(Box::new(self.learn(ctx, train, None)?))
    }

    fn refit(
        &self,
        ctx: &Ctx,
        train: PanelView<'_>,
        before: &dyn Fitted<Forecasting>,
    ) -> Result<Box<dyn Fitted<Forecasting>>, FitError> {
        let before = before.as_any().and_then(|any| any.downcast_ref::<FittedWindows>());
        Ok(Box::new(self.learn(ctx, train, before.filter(|_| self.warm()))?))
    }

    fn restore(&self, kept: &[u8]) -> Result<Box<dyn Fitted<Forecasting>>, FitError> {
        let Kept { shape, channels, series, weights, errors } = keep::read(LIFT, kept)?;
        let goal = Goal::of(self.network.training());
        let window = self.settings.window.unwrap_or(shape.steps);
        keep::unless(shape.steps == window && window > 0, "another window")?;
        let numbers = shape.steps.saturating_mul(shape.channels);
        keep::unless(numbers <= MOST_NUMBERS, "a window of more numbers than one can have")?;
        keep::unless(shape.horizon == self.horizon, "another horizon")?;
        keep::unless(shape.channels == 1 + channels.len(), "other channels")?;
        keep::unless(shape.outputs == goal.outputs(), "another loss")?;
        let taught = weights.load(self.network.as_ref(), shape)?;
        let restore = |(id, (lines, told)): (String, (Vec<Line>, Told<Facts>))| {
            Ok((id, OfSeries { lines, told: self.told.restore(told)? }))
        };
        let series = series.into_iter().map(restore).collect::<Result<_, FitError>>()?;
        let model = self.clone();
        Ok(Box::new(FittedWindows { model, shape, goal, channels, series, taught, errors }))
    }
}

impl FittedWindows {
    /// What the network says of the steps after a source, and how many values were filled.
    fn answer(&self, source: &Source<'_>) -> Result<(Forecast, f64), FitError> {
        let (model, horizon) = (&self.model, self.shape.horizon);
        let known = self.series.get(source.id());
        let lines = known.map(|known| known.lines.as_slice()).unwrap_or_default();
        let laid = source.lay(&model.settings.target, model.see(lines))?;
        let told = match known {
            Some(known) => known.told.clone(),
            None => model.told.learn(&laid)?,
        };
        let values = told.last(&laid, source.season(), (self.shape.steps, horizon))?;
        let window = Windows::last(&model.settings, self.shape, &self.channels, (&laid, values));
        let said = self.taught.answer(window.x)?;
        let back = |value: f64| window.level + window.unit * value;
        let forecast = self.goal.forecast(&said, back, |ahead| laid.target.back(ahead))?;
        Ok((Forecast { filled: laid.filled, ..forecast }, width(source.y())))
    }

    /// Errors over the last horizons of the past.
    fn held_back(&self, sources: &[Source<'_>]) -> Result<Errors, FitError> {
        let (mut errors, horizon) = (Errors::new(self.shape.horizon), self.shape.horizon);
        for source in sources {
            for window in 1..=self.model.settings.windows {
                let Some(row) = source.rows().checked_sub(window * horizon) else { continue };
                if row < self.shape.steps {
                    continue;
                }
                let (forecast, width) = self.answer(&source.before(row))?;
                errors.add(&source.y()[row..][..horizon], &forecast.mean, width);
            }
        }
        Ok(errors.sorted())
    }
}

impl Fitted<Forecasting> for FittedWindows {
    fn predict(&self, ctx: &Ctx, ask: Ahead<'_>) -> Result<Vec<Forecast>, FitError> {
        if ask.horizon > self.shape.horizon {
            let (fitted, asked) = (self.shape.horizon, ask.horizon);
            return Err(FitError::Failed(format!("was fitted for {fitted} steps, not {asked}")));
        }
        let (season, steps) = (ask.past.season(), self.shape.steps);
        if self.model.window(season) != steps {
            let words =
                format!("was fitted with windows of {steps} rows, not for seasons of {season}");
            return Err(FitError::Failed(words));
        }
        let answer = |place| {
            let (forecast, width) = self.answer(&Source::asked(&ask, place))?;
            let filled = forecast.filled;
            let forecast = match &self.errors {
                Some(errors) => Forecast { filled, ..errors.around(forecast.mean, width) },
                None => forecast,
            };
            let forecast = forecast.first(ask.horizon);
            if forecast.is_finite() {
                Ok(forecast)
            } else {
                Err(FitError::NotFinite("the forecast"))
            }
        };
        ctx.map(ask.past.len(), answer).into_iter().collect()
    }

    fn keep(&self) -> Result<Vec<u8>, FitError> {
        let of = |(id, of): (&String, &OfSeries)| (id.clone(), (of.lines.clone(), of.told.keep()));
        let kept = Kept {
            shape: self.shape,
            channels: self.channels.clone(),
            series: self.series.iter().map(of).collect(),
            weights: self.taught.keep()?,
            errors: self.errors.clone(),
        };
        keep::write(LIFT, &kept)
    }

    fn as_any(&self) -> Option<&dyn std::any::Any> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::{Nhits, Training};
    use almanac_data::{Calendar, Column, Panel, Stamp};
    use rand::RngExt;

    const SERIES: usize = 16;
    const ROWS: usize = 150;

    /// y[t] = size·promo[t] + 2·rain[t − 1]: a column that is known ahead and seldom 1, by a column
    /// of the series, and a column whose last value is known. The last row has a promo.
    fn panel() -> Panel {
        let mut rng = Ctx::new(7).rng();
        let size: Vec<f64> = (0..SERIES).map(|at| 4.0 + at as f64).collect();
        let mut promo: Vec<f64> =
            (0..SERIES * ROWS).map(|_| f64::from(u8::from(rng.random_bool(0.1)))).collect();
        promo.iter_mut().skip(ROWS - 1).step_by(ROWS).for_each(|promo| *promo = 1.0);
        let rain: Vec<f64> = (0..SERIES * ROWS).map(|_| rng.random_range(-1.0..1.0)).collect();
        let wet = |row: usize| if row.is_multiple_of(ROWS) { 0.0 } else { 2.0 * rain[row - 1] };
        let y = (0..SERIES * ROWS).map(|row| size[row / ROWS] * promo[row] + wet(row)).collect();
        let ends = (1..=SERIES).map(|end| (format!("s{end}"), end * ROWS)).collect();
        let at = (0..SERIES * ROWS).map(|row| Stamp((row % ROWS) as i64)).collect();
        let columns = [
            ("size", Role::Static, size),
            ("promo", Role::Known, promo),
            ("rain", Role::Past, rain),
        ];
        let panel = Panel::new("p", Calendar::steps(), ends, at, y).unwrap();
        columns.into_iter().fold(panel, |panel, (name, role, values)| {
            panel
                .with_column(Column { name: name.into(), role, values, labels: Vec::new() })
                .unwrap()
        })
    }

    /// The mean error in the last row, forecast from the row before.
    fn error(columns: &str) -> f64 {
        let text = format!(r#"{{"scope":"panel","window":4,"features":{{{columns}}}}}"#);
        let windows = OnWindows::read(&serde_json::from_str(&text).unwrap()).unwrap();
        let train = Training { epochs: 20, rate: 0.005, ..Training::default() };
        let network =
            Nhits { pool: vec![1], stretch: vec![1], dense: vec![32], train, ..Nhits::default() };
        let model = windows.around(Box::new(network), 1).unwrap();
        let panel = panel();
        let cut = panel.cut((0..SERIES).map(|at| (at, panel.span(at).end - 1)), usize::MAX, 1);
        let (ctx, past, future) = (Ctx::new(1), cut.past(&panel), cut.future(&panel));
        let ask = Ahead { horizon: 1, past, future };
        let said = model.fit(&ctx, past).unwrap().predict(&ctx, ask).unwrap();
        let truth = |at: usize| panel.series(at).y[ROWS - 1];
        let errors = said.iter().enumerate().map(|(at, said)| (said.mean[0] - truth(at)).abs());
        errors.sum::<f64>() / SERIES as f64
    }

    /// Without columns a promo comes as a surprise; the column known ahead tells that it comes, the
    /// series' own how much it means, and the last value of the third gives the rest.
    #[test]
    fn every_kind_of_column_is_learnt_from() {
        let none = error("");
        let known = error(r#""columns":{"promo":[0]}"#);
        let sized = error(r#""columns":{"promo":[0],"size":[0]}"#);
        let whole = error(r#""columns":true"#);
        assert!(none > 8.0 && known < 0.6 * none, "{none} {known}");
        assert!(sized < 0.6 * known, "{sized} {known}");
        assert!(whole < 0.4 * sized, "{whole} {sized}");
    }

    /// Ratios to the last value are not known where it is 0: windows over that row are not learnt
    /// from. Of values moved to 0 … 1 that would be every smallest one, of values as they are none.
    #[test]
    fn windows_with_an_unknown_channel_are_left_out() {
        let value = |row: i64| if row == 40 { 0.0 } else { 1.0 + (row % 7) as f64 };
        let learn = |settings: &str, y: Vec<f64>| {
            let ends = vec![("a".to_string(), y.len())];
            let at = (0..y.len() as i64).map(Stamp).collect();
            let panel = Panel::new("p", Calendar::steps(), ends, at, y).unwrap();
            let settings: OnWindows = serde_json::from_str(settings).unwrap();
            let train = Training { epochs: 1, ..Training::default() };
            let network = Box::new(Nhits { train, ..Nhits::default() });
            let model = settings.around(network, 2).unwrap();
            let cut = panel.cut([(0, 80)], usize::MAX, 1);
            model.fit(&Ctx::new(1), cut.past(&panel)).map(|_| ())
        };
        let zero: Vec<f64> = (0..80).map(value).collect();
        let told = r#""window":8,"features":{"indicators":["sma_3"]}"#;
        learn(&format!("{{{told}}}"), zero.clone()).unwrap();
        let scaled = format!(r#"{{{told},"target":["min_max"]}}"#);
        let whole: Vec<f64> = zero.iter().map(|value| value + 1.0).collect();
        let week = (0..80).map(|row| 1.0 + (row % 7) as f64).collect::<Vec<f64>>();
        assert!(learn(&scaled, week.clone()).is_err());
        let as_they_are = format!(r#"{{{told},"target":["min_max"],"reads":"values"}}"#);
        learn(&as_they_are, week).unwrap();
        learn(&scaled, whole).unwrap();
    }
}
