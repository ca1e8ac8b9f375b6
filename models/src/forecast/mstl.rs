//! MSTL: seasons taken away one by one by loess, the rest forecast by any other model.
//!
//! ```text
//! y = season₁ + season₂ + … + rest      mean[h] = inner mean[h] + Σ last cycle of seasonᵢ at h
//! ```
//!
//! The spread is the inner model's: the seasons count as known. Seasons of fewer than two cycles in
//! the past are left in the rest. Good for long series with several seasons, such as hours; a season
//! that grows with its level wants logarithms first.
//! Bandara, Hyndman & Bergmeir, MSTL: A seasonal-trend decomposition algorithm for time series with
//! multiple seasonal patterns, arXiv 2107.13462, 2021.

use almanac_data::{FitError, Forecast};
use almanac_kernels::MOST;
use almanac_kernels::stl::{Stl, mstl};
use serde::{Deserialize, Serialize};

use crate::forecast::{Extrapolate, Next, Past, Univariate};
use crate::roster::Inner;
use crate::{Ctx, Setting, SettingError, Settings};

/// Seasons by loess, and any model for the rest.
///
/// | name    | default     | range       | meaning                                             |
/// |---------|-------------|-------------|-----------------------------------------------------|
/// | seasons | the panel's | each >= 2   | observations in one cycle of each season            |
/// | window  | 11          | odd, >= 3   | cycles within which the shortest season changes     |
/// | robust  | false       | true, false | whether outliers are kept out of the seasons        |
/// | inner   | "auto_ets"  | a model     | forecasts what is left, without a season of its own |
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mstl {
    /// Observations in one cycle of each season; left out, the panel's.
    pub seasons: Option<Vec<usize>>,
    /// Cycles within which the shortest season changes; each longer season takes four more.
    pub window: usize,
    /// Whether outliers are kept out of the seasons.
    pub robust: bool,
    /// Forecasts what is left, without a season of its own.
    pub inner: Inner,
}

impl Default for Mstl {
    fn default() -> Mstl {
        Mstl { seasons: None, window: 11, robust: false, inner: Inner::Name("auto_ets".into()) }
    }
}

impl Settings for Mstl {
    const TABLE: &'static [Setting] = &[
        Setting {
            name: "seasons",
            range: "a list, each >= 2, or left out",
            meaning: "observations in one cycle of each season; left out, the panel's",
        },
        Setting {
            name: "window",
            range: "odd, >= 3",
            meaning: "cycles within which the shortest season changes; each longer one takes 4 more",
        },
        Setting {
            name: "robust",
            range: "true or false",
            meaning: "whether outliers are kept out of the seasons",
        },
        Setting {
            name: "inner",
            range: "a model, or { use = \"…\", its settings }",
            meaning: "forecasts what is left, without a season of its own",
        },
    ];

    fn check(&self) -> Result<(), SettingError> {
        let seasons = self.seasons.as_deref().unwrap_or_default();
        if let Some(short) = seasons.iter().find(|&&season| season < 2) {
            return SettingError::unless(false, "seasons", "at least 2 each", short);
        }
        let odd = self.window >= 3 && !self.window.is_multiple_of(2);
        SettingError::unless(odd, "window", "odd and at least 3", self.window)?;
        self.inner.build().map(|_| ())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Self")]
struct FittedMstl {
    /// The last cycle of each season.
    cycles: Vec<Vec<f64>>,
    /// Values since the cycles ended.
    since: usize,
    /// The past without seasons.
    rest: Vec<f64>,
    inner: Box<dyn Extrapolate>,
}

almanac_kernels::checked!(FittedMstl, |fitted| {
    fitted.since < MOST && fitted.cycles.iter().all(|cycle| !cycle.is_empty())
});

impl Univariate for Mstl {
    fn fit(&self, ctx: &Ctx, past: &Past<'_>) -> Result<Box<dyn Extrapolate>, FitError> {
        past.at_least(1)?;
        let mut seasons = self.seasons.clone().unwrap_or_else(|| vec![past.season]);
        seasons.retain(|&season| season > 1 && 2 * season <= past.y.len());
        seasons.sort_unstable();
        seasons.dedup();
        let stl = |(place, &season): (usize, &usize)| {
            let stl = Stl::new(season, self.window + 4 * place);
            if self.robust { stl.robust() } else { stl }
        };
        let stls: Vec<Stl> = seasons.iter().enumerate().map(stl).collect();
        let parts = mstl(past.y, &stls).map_or(Vec::new(), |parts| parts.seasonal);
        let mut rest = past.y.to_vec();
        for part in &parts {
            rest.iter_mut().zip(part).for_each(|(rest, part)| *rest -= part);
        }
        let last = |(part, &season): (&Vec<f64>, &usize)| part[part.len() - season..].to_vec();
        let cycles = parts.iter().zip(&seasons).map(last).collect();
        let inner = self.inner.build().map_err(|e| FitError::Failed(e.to_string()))?;
        let inner = inner.fit(ctx, &alone(&rest, past))?;
        Ok(Box::new(FittedMstl { cycles, since: 0, rest, inner }))
    }
}

impl FittedMstl {
    /// All seasons together, so many values after their cycles ended.
    fn seasonal(&self, after: usize) -> f64 {
        self.cycles.iter().map(|cycle| cycle[after % cycle.len()]).sum()
    }
}

#[typetag::serde]
impl Extrapolate for FittedMstl {
    fn steps(&self, ctx: &Ctx, next: &Next<'_>) -> Result<Forecast, FitError> {
        let seasonal: Vec<f64> =
            (0..next.steps).map(|step| self.seasonal(self.since + step)).collect();
        Ok(self.inner.steps(ctx, next)?.shift(&seasonal))
    }

    fn later(&self, past: &Past<'_>, new: usize) -> Result<Box<dyn Extrapolate>, FitError> {
        let since = self.since + new;
        let shown = past.y.len();
        // A sliding window may show less than is new.
        let first = shown.saturating_sub(new);
        let mut rest = if shown < new { Vec::new() } else { self.rest.clone() };
        let fresh = (first..shown).map(|t| past.y[t] - self.seasonal(since + t - shown));
        rest.extend(fresh);
        rest.drain(..rest.len().saturating_sub(shown));
        let inner = self.inner.later(&alone(&rest, past), new)?;
        Ok(Box::new(FittedMstl { cycles: self.cycles.clone(), since, rest, inner }))
    }
}

/// The past as the inner model gets it: without season.
fn alone<'a>(rest: &'a [f64], past: &Past<'a>) -> Past<'a> {
    Past { y: rest, season: 1, known: past.known.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(inner: &str, seasons: &[usize]) -> Mstl {
        let inner = Inner::Name(inner.into());
        Mstl { seasons: Some(seasons.to_vec()), inner, ..Mstl::default() }
    }

    fn look(method: &Mstl, y: &[f64], steps: usize) -> Forecast {
        let ctx = Ctx::new(1);
        method.fit(&ctx, &Past::new(y, 1)).unwrap().steps(&ctx, &Next::plain(steps)).unwrap()
    }

    /// Two seasons on a level, around naive: both go on where they stood.
    #[test]
    fn two_seasons_go_on() {
        let at = |t: usize| 50.0 + [1.0, -3.0, 2.0][t % 3] + [4.0, 0.0, 1.0, -2.0, -3.0][t % 5];
        let y: Vec<f64> = (0..100).map(at).collect();
        let got = look(&with("naive", &[5, 3]), &y, 7);
        for (step, mean) in got.mean.iter().enumerate() {
            assert!((mean - at(100 + step)).abs() < 0.05, "{step}: {mean}");
        }
    }

    /// With fewer than two cycles nothing is taken away: the inner model alone.
    #[test]
    fn too_short_for_a_season() {
        let y = [3.0, 5.0, 1.0, 4.0, 2.0];
        assert_eq!(look(&with("naive", &[3]), &y, 2), look(&with("naive", &[7]), &y, 2));
        assert_eq!(look(&with("drift", &[3]), &y, 2).mean, [1.75, 1.5]);
    }

    /// An inner model that is not there is refused before any data.
    #[test]
    fn inner_is_checked() {
        let error = with("niave", &[7]).check().unwrap_err().to_string();
        assert_eq!(error, "inner model `niave`: unknown; did you mean `naive`?");
    }
}
