//! A one-series method over a panel: each series alone, each with its own seed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use almanac_data::{
    Ahead, Calendar, FitError, Forecast, Forecasting, PanelView, Role, Series, Stamp,
};
use serde::{Deserialize, Serialize};

use crate::forecast::{Extrapolate, Missing, Next, Past, Univariate, fill};
use crate::{Ctx, Fitted, Model, keep};

const LIFT: &str = "per_series";

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
    series: BTreeMap<String, OfSeries>,
}

/// What was fitted on one series, and where it stands.
#[derive(Clone, Serialize, Deserialize)]
struct OfSeries {
    /// Rows of the past up to there.
    rows: usize,
    /// The stamp of the last of them.
    last: Stamp,
    #[serde(with = "crate::keep::shared")]
    fitted: Arc<dyn Extrapolate>,
}

impl OfSeries {
    /// At the end of a past.
    fn at(series: &Series<'_>, fitted: Box<dyn Extrapolate>) -> OfSeries {
        let last = series.at.last().copied().unwrap_or_default();
        OfSeries { rows: series.at.len(), last, fitted: fitted.into() }
    }

    /// Moved to the end of a later past.
    fn later(
        &self,
        series: &Series<'_>,
        past: &PanelView<'_>,
        missing: Missing,
    ) -> Result<OfSeries, FitError> {
        let new = self.new_rows(series, past.calendar())?;
        let own = OwnPast::of(series, past.season(), missing)?;
        Ok(OfSeries::at(series, self.fitted.later(&own.past(), new)?))
    }

    /// How many rows came after the last one seen, in a past that begins where the fitted one did.
    fn new_rows(&self, series: &Series<'_>, calendar: &Calendar) -> Result<usize, FitError> {
        let place = series.at.binary_search(&self.last);
        match place.map(|place| place + 1) {
            Ok(rows) if rows == self.rows => Ok(series.at.len() - rows),
            found => {
                let [rows, last] = [self.rows.to_string(), calendar.show(self.last)];
                let found = found.map_or("none".into(), |rows| rows.to_string());
                Err(FitError::Failed(format!(
                    "was fitted on {rows} rows up to {last}; this past has {found} up to there: fit \
                     again, or give all rows"
                )))
            }
        }
    }
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
            Ok((series.id.to_string(), OfSeries::at(&series, fitted)))
        };
        let series = train.iter().map(fit).collect::<Result<_, FitError>>()?;
        Ok(Box::new(FittedSeries { missing, series }))
    }

    fn restore(&self, kept: &[u8]) -> Result<Box<dyn Fitted<Forecasting>>, FitError> {
        let series = keep::read(LIFT, kept)?;
        Ok(Box::new(FittedSeries { missing: self.method.missing(), series }))
    }
}

impl Fitted<Forecasting> for FittedSeries {
    fn predict(&self, ctx: &Ctx, ask: Ahead<'_>) -> Result<Vec<Forecast>, FitError> {
        let answer = |(place, series): (usize, Series<'_>)| {
            let known = self.series.get(series.id).ok_or_else(|| {
                FitError::Failed(format!("no series `{}` was fitted: fit again", series.id))
            })?;
            let new = known.new_rows(&series, ask.past.calendar())?;
            let own = OwnPast::of(&series, ask.past.season(), self.missing)?;
            let next = Next { steps: ask.horizon, known: ask.future.known(place) };
            let ctx = ctx.named(series.id);
            let mut forecast = match new {
                0 => known.fitted.steps(&ctx, &next)?,
                _ => known.fitted.later(&own.past(), new)?.steps(&ctx, &next)?,
            };
            if !forecast.is_finite() {
                return Err(FitError::NotFinite("the forecast"));
            }
            forecast.filled = own.filled;
            Ok(forecast)
        };
        ask.past.iter().enumerate().map(answer).collect()
    }

    fn keep(&self) -> Result<Vec<u8>, FitError> {
        keep::write(LIFT, &self.series)
    }

    fn later(
        &self,
        ctx: &Ctx,
        past: PanelView<'_>,
    ) -> Result<Option<Box<dyn Fitted<Forecasting>>>, FitError> {
        let mut moved = self.series.clone();
        for series in past.iter() {
            ctx.go_on()?;
            let Some(known) = moved.get_mut(series.id) else { continue };
            // One that cannot be moved stays where it is, and says why when it is asked.
            if let Ok(later) = known.later(&series, &past, self.missing) {
                *known = later;
            }
        }
        Ok(Some(Box::new(FittedSeries { missing: self.missing, series: moved })))
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
