//! A combination: the forecasts of several methods made one.
//!
//! ```text
//! mean, weighted   quantile[h](p) = Σ w·quantile of each member[h](p)      Σ w = 1
//! median           quantile[h](p) = median of the members' quantiles
//! weighted         w ∝ 1/(mean squared error over the last `holdout` values, from before them)
//! ```
//!
//! Averaging quantiles keeps the shape of the members' distributions and stays as narrow as they
//! are, where mixing them would widen. Rarely best on one series, rarely bad on any. A member that
//! fails fails the combination, by its name. A past too short to hold values back weighs members
//! equally.
//! Bates & Granger (1969), Operational Research Quarterly 20; Lichtendahl, Grushka-Cockayne &
//! Winkler (2013), Management Science 59.

use almanac_data::{FitError, Forecast, Spread};
use serde::{Deserialize, Serialize};

use crate::forecast::{Extrapolate, Missing, Next, Past, Univariate};
use crate::roster::Inner;
use crate::{Ctx, Setting, SettingError, Settings};

/// Several methods made one.
///
/// | name    | default                          | range                  | meaning                     |
/// |---------|----------------------------------|------------------------|-----------------------------|
/// | models  | auto_ets, auto_theta, auto_arima | at least one           | the members                 |
/// | how     | mean                             | mean, median, weighted | how members become one      |
/// | holdout | one season, a third at the most  | >= 1                   | values that decide weights  |
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Combine {
    /// The members: names, or tables with `use` and settings.
    pub models: Vec<Inner>,
    /// How members become one.
    pub how: How,
    /// Values held back to weigh members; left out, one season, at most a third of the past.
    pub holdout: Option<usize>,
}

/// How members become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// Each counts the same.
    Mean,
    /// The one in the middle, quantile by quantile.
    Median,
    /// Smaller past errors count more.
    Weighted,
}

impl Default for Combine {
    fn default() -> Combine {
        let models = ["auto_ets", "auto_theta", "auto_arima"].map(|name| Inner::Name(name.into()));
        Combine { models: models.to_vec(), how: How::Mean, holdout: None }
    }
}

impl Settings for Combine {
    const TABLE: &'static [Setting] = &[
        Setting {
            name: "models",
            range: "at least one name, or table with `use` and settings",
            meaning: "the members",
        },
        Setting {
            name: "how",
            range: "mean, median or weighted",
            meaning: "how members become one; weighted: by their past errors",
        },
        Setting {
            name: "holdout",
            range: ">= 1, or left out",
            meaning: "values held back to weigh members; left out, one season, at most a third",
        },
    ];

    fn check(&self) -> Result<(), SettingError> {
        SettingError::unless(!self.models.is_empty(), "models", "at least one", "none")?;
        SettingError::unless(self.holdout != Some(0), "holdout", "at least 1", 0)?;
        self.models.iter().try_for_each(|member| member.build().map(|_| ()))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Self")]
struct FittedCombine {
    how: How,
    members: Vec<Member>,
}

#[derive(Serialize, Deserialize)]
struct Member {
    name: String,
    weight: f64,
    fitted: Box<dyn Extrapolate>,
}

almanac_kernels::checked!(FittedCombine, |fitted| !fitted.members.is_empty());

impl Univariate for Combine {
    fn fit(&self, ctx: &Ctx, past: &Past<'_>) -> Result<Box<dyn Extrapolate>, FitError> {
        let mut members = self.members(ctx, past)?;
        if self.how == How::Weighted {
            let held = self.holdout.unwrap_or(past.season.max(1)).min(past.y.len() / 3);
            self.weigh(ctx, past, held, &mut members)?;
        }
        Ok(Box::new(FittedCombine { how: self.how, members }))
    }

    fn missing(&self) -> Missing {
        let fills = |member: &Inner| member.build().is_ok_and(|m| m.missing() == Missing::Fill);
        if self.models.iter().any(fills) { Missing::Fill } else { Missing::Exact }
    }
}

impl Combine {
    /// Every member, fitted, of equal weight.
    fn members(&self, ctx: &Ctx, past: &Past<'_>) -> Result<Vec<Member>, FitError> {
        let weight = 1.0 / self.models.len() as f64;
        let fits: Vec<Result<Member, FitError>> = self
            .models
            .iter()
            .map(|member| {
                let method = member.build().map_err(|e| FitError::Failed(e.to_string()))?;
                let fitted = method.fit(&ctx.named(member.name()), past);
                let name = member.name().to_string();
                match fitted {
                    Ok(fitted) => Ok(Member { name, weight, fitted }),
                    Err(why) => Err(of_member(&name, why)),
                }
            })
            .collect();
        let need = |fit: &Result<Member, FitError>| match fit {
            Err(FitError::TooShort { need, .. }) => Some(*need),
            _ => None,
        };
        match fits.iter().filter_map(need).max() {
            Some(need) => Err(FitError::TooShort { need, got: past.y.len() }),
            None => fits.into_iter().collect(),
        }
    }

    /// Weighs members by how well they forecast the last `held` values from before them.
    fn weigh(
        &self,
        ctx: &Ctx,
        past: &Past<'_>,
        held: usize,
        members: &mut [Member],
    ) -> Result<(), FitError> {
        let split = past.y.len() - held;
        let trial = match self.members(ctx, &past.before(split)) {
            Err(FitError::TooShort { .. }) => return Ok(()),
            trial => trial?,
        };
        let known = past.known.iter().map(|(name, values)| (*name, &values[split..])).collect();
        let next = Next { steps: held, known };
        let mut errors = Vec::with_capacity(trial.len());
        for member in &trial {
            let forecast = member.steps(ctx, &next)?;
            let squares = past.y[split..].iter().zip(&forecast.mean).map(|(y, m)| (y - m).powi(2));
            errors.push(squares.filter(|square| !square.is_nan()).sum::<f64>());
        }
        // A member without an error would take all: it takes a million times the worst one's share.
        let least = 1e-6 * errors.iter().copied().fold(0.0, f64::max);
        if least > 0.0 {
            let total: f64 = errors.iter().map(|error| 1.0 / error.max(least)).sum();
            for (member, error) in members.iter_mut().zip(errors) {
                member.weight = 1.0 / error.max(least) / total;
            }
        }
        Ok(())
    }
}

impl Member {
    fn steps(&self, ctx: &Ctx, next: &Next<'_>) -> Result<Forecast, FitError> {
        self.fitted.steps(&ctx.named(&self.name), next).map_err(|why| of_member(&self.name, why))
    }
}

#[typetag::serde]
impl Extrapolate for FittedCombine {
    fn steps(&self, ctx: &Ctx, next: &Next<'_>) -> Result<Forecast, FitError> {
        let members = self.members.iter().map(|member| member.steps(ctx, next));
        let members = members.collect::<Result<Vec<Forecast>, FitError>>()?;
        let one = |of: &dyn Fn(&Forecast) -> f64| match self.how {
            How::Median => median(members.iter().map(of).collect()),
            _ => members.iter().zip(&self.members).map(|(f, member)| member.weight * of(f)).sum(),
        };
        let mean: Vec<f64> = (0..next.steps).map(|step| one(&|f| f.mean[step])).collect();
        let normal = members.iter().all(|f| matches!(f.spread, Spread::Normal(_)));
        if normal && self.how != How::Median {
            let variance = (0..next.steps).map(|step| one(&|f| f.sd(step)).powi(2));
            return Ok(Forecast::normal(mean, variance));
        }
        Ok(Forecast::from_quantiles(mean, |step, p| one(&|f| f.quantile(step, p))))
    }

    fn later(&self, past: &Past<'_>, new: usize) -> Result<Box<dyn Extrapolate>, FitError> {
        let later = |member: &Member| {
            let fitted = member.fitted.later(past, new);
            let name = member.name.clone();
            match fitted {
                Ok(fitted) => Ok(Member { name, weight: member.weight, fitted }),
                Err(why) => Err(of_member(&name, why)),
            }
        };
        let members = self.members.iter().map(later).collect::<Result<_, FitError>>()?;
        Ok(Box::new(FittedCombine { how: self.how, members }))
    }
}

/// A member's error, with its name where the words alone do not say it.
fn of_member(name: &str, why: FitError) -> FitError {
    match why {
        FitError::TooShort { .. } | FitError::Cancelled | FitError::Regressor { .. } => why,
        why => FitError::Failed(format!("member `{name}`: {why}")),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        0 => (values[middle - 1] + values[middle]) / 2.0,
        _ => values[middle],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn combine(written: serde_json::Value) -> Combine {
        Combine::read(written.as_object().unwrap()).unwrap()
    }

    fn steps(method: &Combine, y: &[f64]) -> Forecast {
        let ctx = Ctx::new(1);
        method.fit(&ctx, &Past::new(y, 1)).unwrap().steps(&ctx, &Next::plain(1)).unwrap()
    }

    /// Naive says 6, the mean of the last two 5 and of the last three 10/3; means average,
    /// the median is the one in the middle, quantile by quantile.
    #[test]
    fn combinations_by_hand() {
        let y = [0.0, 4.0, 6.0];
        let two = json!({"use": "window_mean", "window": 2});
        let three = json!({"use": "window_mean", "window": 3});
        let mean = steps(&combine(json!({"models": ["naive", two]})), &y);
        assert_eq!(mean.mean, [5.5]);
        assert!(matches!(mean.spread, Spread::Normal(_)));
        let median = steps(&combine(json!({"models": ["naive", two, three], "how": "median"})), &y);
        assert_eq!((median.mean[0], median.quantile(0, 0.5)), (5.0, 5.0));
    }

    /// Held back: 6. Naive said 4 and missed by 2, the mean of the last two said 2 and missed by 4:
    /// weights 4/5 and 1/5 of 6 and 5.
    #[test]
    fn weights_by_hand() {
        let two = json!({"use": "window_mean", "window": 2});
        let settings = json!({"models": ["naive", two], "how": "weighted", "holdout": 1});
        assert!((steps(&combine(settings), &[0.0, 4.0, 6.0]).mean[0] - 5.8).abs() < 1e-12);
    }

    /// Who failed is said by name, and what a member's setting should have been called too.
    #[test]
    fn a_failing_member_is_named() {
        let ctx = Ctx::new(1);
        let method = combine(json!({"models": ["naive", "croston"]}));
        let refused = method.fit(&ctx, &Past::new(&[1.0, -2.0], 1)).err().unwrap();
        assert_eq!(refused.to_string(), "member `croston`: needs non-negative values, has -2");
        let slip = json!({"models": [{"use": "croston", "alfa": 1}]});
        let refused = Combine::read(slip.as_object().unwrap()).unwrap_err().to_string();
        assert_eq!(refused, "inner model `croston`: unknown setting `alfa`; did you mean `alpha`?");
    }
}
