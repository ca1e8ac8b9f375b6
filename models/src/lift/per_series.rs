//! A one-series method over a panel: each series alone, each with its own seed.

use std::borrow::Cow;

use almanac_data::{Ahead, FitError, Forecast, Forecasting, PanelView, Role, Series};

use crate::forecast::{Extrapolate, Missing, Next, Past, Univariate, fill};
use crate::{Ctx, Fitted, Model};

/// A one-series method over a panel.
///
/// Leading missing values are dropped; later ones are given to the method as they are, or filled
/// from the past alone and counted, as the method asks.
pub struct PerSeries {
    /// The method.
    pub method: Box<dyn Univariate>,
}

struct FittedSeries {
    missing: Missing,
    /// For each series in view: its last row and what was fitted.
    series: Vec<(usize, Box<dyn Extrapolate>)>,
}

impl Model<Forecasting> for PerSeries {
    fn fit(
        &self,
        ctx: &Ctx,
        train: PanelView<'_>,
    ) -> Result<Box<dyn Fitted<Forecasting>>, FitError> {
        let missing = self.method.missing();
        let fit = |series: Series<'_>| {
            let own = OwnPast::of(&series, train.season(), missing)?;
            let fitted = self.method.fit(&ctx.named(series.id), &own.past())?;
            Ok((series.span().end, fitted))
        };
        let series = train.iter().map(fit).collect::<Result<_, FitError>>()?;
        Ok(Box::new(FittedSeries { missing, series }))
    }
}

impl Fitted<Forecasting> for FittedSeries {
    fn predict(&self, ctx: &Ctx, ask: Ahead<'_>) -> Result<Vec<Forecast>, FitError> {
        let answer = |(place, (end, fitted)): (usize, &(usize, Box<dyn Extrapolate>))| {
            let series = ask.past.series(place);
            let own = OwnPast::of(&series, ask.past.season(), self.missing)?;
            let next = Next { steps: ask.horizon, known: ask.future.known(place) };
            let ctx = ctx.named(series.id);
            let new = series.span().end - end;
            let mut forecast = match new {
                0 => fitted.steps(&ctx, &next)?,
                _ => fitted.later(&own.past(), new)?.steps(&ctx, &next)?,
            };
            if !forecast.is_finite() {
                return Err(FitError::NotFinite("the forecast"));
            }
            forecast.filled = own.filled;
            Ok(forecast)
        };
        self.series.iter().enumerate().map(answer).collect()
    }
}

/// The past of one series as its method wants it.
struct OwnPast<'a> {
    y: Cow<'a, [f64]>,
    season: usize,
    known: Vec<(&'a str, &'a [f64])>,
    filled: usize,
}

impl<'a> OwnPast<'a> {
    fn of(series: &Series<'a>, season: usize, missing: Missing) -> Result<OwnPast<'a>, FitError> {
        let Some(first) = series.y.iter().position(|value| !value.is_nan()) else {
            return Err(FitError::TooShort { need: 1, got: 0 });
        };
        let y = &series.y[first..];
        let known = series.columns(Role::Known);
        let known = known.into_iter().map(|(name, values)| (name, &values[first..])).collect();
        let holes = y.iter().filter(|value| value.is_nan()).count();
        let (y, filled) = match missing {
            Missing::Fill if holes > 0 => (Cow::Owned(fill(y, season)), holes),
            _ => (Cow::Borrowed(y), 0),
        };
        Ok(OwnPast { y, season, known, filled })
    }

    fn past(&self) -> Past<'_> {
        Past { y: &self.y, season: self.season, known: self.known.clone() }
    }
}
