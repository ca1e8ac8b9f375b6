//! ARIMA: what is left after differencing depends on its own past and on past surprises.
//!
//! ```text
//! φ(L)·Φ(Lᵐ)·(1 − L)ᵈ·(1 − Lᵐ)ᴰ·(y[t] − c[t]) = θ(L)·Θ(Lᵐ)·ε[t]      c[t] = µ, or µ·t after a difference
//! var[h] = σ²·Σ ψ[j]², j < h      ψ of the whole left side      σ² = rss / (n − coefficients)
//! ```
//!
//! Fitted by exact Gaussian likelihood (of the differences, given the first d + m·D values), missing
//! values included. Good where dependence is linear and lasting; it knows one season only.
//! Box, Jenkins, Reinsel & Ljung (2015), Time Series Analysis, 5th ed., ch. 4 to 9; Hyndman &
//! Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., ch. 9.

use almanac_data::{FitError, Forecast};
use almanac_kernels::MOST;
use almanac_kernels::arima::{Fit, Kalman, Order, Sample, fit};
use serde::{Deserialize, Serialize};

use crate::forecast::{Extrapolate, Missing, Next, Past, Univariate, fill};
use crate::{Ctx, Setting, SettingError, Settings};

/// Autoregression, differences and moving average of given orders.
///
/// | name           | default     | range          | meaning                                       |
/// |----------------|-------------|----------------|-----------------------------------------------|
/// | order          | [1, 1, 1]   | p, d, q        | lags of φ, differences, lags of θ              |
/// | seasonal_order | [0, 0, 0]   | P, D, Q        | the same from season to season                 |
/// | season         | the panel's | >= 1           | observations in one cycle                      |
/// | constant       | where d+D=0 | d + D at most 1 | a mean; after one difference, a drift          |
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Arima {
    /// p, d, q.
    pub order: [usize; 3],
    /// P, D, Q.
    pub seasonal_order: [usize; 3],
    /// Observations in one cycle; left out, the panel's.
    pub season: Option<usize>,
    /// A mean, or after one difference a drift; left out, where there is no difference.
    pub constant: Option<bool>,
}

impl Default for Arima {
    fn default() -> Arima {
        Arima { order: [1, 1, 1], seasonal_order: [0; 3], season: None, constant: None }
    }
}

impl Settings for Arima {
    const TABLE: &'static [Setting] = &[
        Setting {
            name: "order",
            range: "[p, d, q]: p, q <= 100, d <= 3",
            meaning: "lags of the autoregression, differences, lags of the moving average",
        },
        Setting {
            name: "seasonal_order",
            range: "[P, D, Q]: P, Q <= 10, D <= 2",
            meaning: "the same three, from season to season",
        },
        Setting {
            name: "season",
            range: ">= 1, or left out",
            meaning: "observations in one cycle; left out, the panel's",
        },
        Setting {
            name: "constant",
            range: "true, false, or left out; true with at most one difference",
            meaning: "a mean, after one difference a drift; left out, where nothing is differenced",
        },
    ];

    fn check(&self) -> Result<(), SettingError> {
        let ([p, d, q], [sp, sd, sq]) = (self.order, self.seasonal_order);
        let show = |order: [usize; 3]| format!("{order:?}");
        let plain = p <= 100 && q <= 100 && d <= 3;
        SettingError::unless(plain, "order", "p, q <= 100, d <= 3", show(self.order))?;
        let seasonal = sp <= 10 && sq <= 10 && sd <= 2;
        let got = show(self.seasonal_order);
        SettingError::unless(seasonal, "seasonal_order", "P, Q <= 10, D <= 2", &got)?;
        SettingError::unless(self.season != Some(0), "season", "at least 1", 0)?;
        let without = self.season == Some(1) && self.seasonal_order != [0; 3];
        SettingError::unless(!without, "seasonal_order", "[0, 0, 0] with a season of 1", &got)?;
        let steep = self.constant == Some(true) && d + sd > 1;
        SettingError::unless(!steep, "constant", "false with more than one difference", true)
    }
}

impl Arima {
    /// The order for this past, and whether a constant goes with it.
    fn chosen(&self, past: &Past<'_>) -> Result<(Order, bool), FitError> {
        let season = self.season.unwrap_or(past.season);
        if season < 2 && self.seasonal_order != [0; 3] {
            let text =
                "seasonal_order needs a season of at least 2: the panel has none; set season";
            return Err(FitError::Failed(text.into()));
        }
        let order = Order::new(self.order, self.seasonal_order, season);
        let differenced = order.diff + order.seasonal_diff > 0;
        Ok((order, self.constant.unwrap_or(!differenced)))
    }

    /// Fits with these regressors of the past.
    pub(crate) fn fit_with(
        &self,
        past: &Past<'_>,
        names: Vec<String>,
    ) -> Result<FittedArima, FitError> {
        let (order, constant) = self.chosen(past)?;
        let mean = Mean { names, constant };
        let need = order.lost() + order.count() + mean.len() + 1;
        let columns = mean.columns(past);
        let whole = |t: &usize| columns.iter().all(|column| !column[*t].is_nan());
        let got = (0..past.y.len()).filter(whole).count();
        if got < need {
            return Err(FitError::TooShort { need, got });
        }
        let sample = mean.sample(&order, past, columns);
        let fit = fit(&order, &sample);
        FittedArima::new(past, order, mean, fit)
    }
}

impl Univariate for Arima {
    fn fit(&self, _ctx: &Ctx, past: &Past<'_>) -> Result<Box<dyn Extrapolate>, FitError> {
        Ok(Box::new(self.fit_with(past, Vec::new())?))
    }

    fn missing(&self) -> Missing {
        Missing::Exact
    }
}

/// What the process varies around: weights of known columns, and a constant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Mean {
    /// Known columns that are read.
    pub names: Vec<String>,
    /// Whether there is a constant: a mean, or after a difference a drift.
    pub constant: bool,
}

impl Mean {
    /// A constant, or nothing.
    pub fn constant(constant: bool) -> Mean {
        Mean { names: Vec::new(), constant }
    }

    /// Number of weights.
    pub fn len(&self) -> usize {
        self.names.len() + usize::from(self.constant)
    }

    /// The series, its regressors and, where there is a constant, a column that [`Mean::sample`]
    /// fills. A row where anything is missing is missing in the series.
    pub fn columns(&self, past: &Past<'_>) -> Vec<Vec<f64>> {
        let mut columns = vec![past.y.to_vec()];
        for name in &self.names {
            let found = past.known.iter().find(|(known, _)| known == name);
            columns.push(found.map_or(vec![f64::NAN; past.y.len()], |(_, values)| values.to_vec()));
        }
        for t in 0..past.y.len() {
            if columns.iter().any(|column| !column[t].is_finite()) {
                columns[0][t] = f64::NAN;
                columns[1..].iter_mut().for_each(|column| column[t] = 0.0);
            }
        }
        columns
    }

    /// What the likelihood reads.
    pub fn sample(&self, order: &Order, past: &Past<'_>, mut columns: Vec<Vec<f64>>) -> Sample {
        if self.constant {
            columns.push((0..past.y.len()).map(|t| constant_at(order, t)).collect());
        }
        let filled = fill(&columns[0], order.season);
        Sample::new(order, columns, &filled)
    }

    /// The mean at row `t`, given the regressors of that row.
    fn at(&self, order: &Order, beta: &[f64], row: (usize, &[f64])) -> f64 {
        let (t, known) = row;
        let weighted = known.iter().zip(beta).map(|(x, beta)| x * beta).sum::<f64>();
        let constant = if self.constant { beta[self.names.len()] } else { 0.0 };
        weighted + constant * constant_at(order, t)
    }
}

/// A constant of the differences, at the level: 1, or the time.
fn constant_at(order: &Order, t: usize) -> f64 {
    if order.lost() == 0 { 1.0 } else { t as f64 }
}

/// A lag or a season beyond it is none.
const LONGEST: usize = 1 << 20;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub(crate) struct FittedArima {
    order: Order,
    mean: Mean,
    fit: Fit,
    /// Variance of an innovation.
    sigma2: f64,
    /// At the end of the past, around the mean.
    filter: Kalman,
    /// Rows of the past.
    len: usize,
}

almanac_kernels::checked!(FittedArima, |fitted| {
    let Order { ar, diff, ma, seasonal_ar, seasonal_diff, seasonal_ma, season } = fitted.order;
    let orders = [ar, diff, ma, seasonal_ar, seasonal_diff, seasonal_ma, season];
    orders.iter().all(|&order| order < LONGEST)
        && fitted.filter.is_of(&fitted.order)
        && fitted.fit.beta.len() == fitted.mean.len()
        && fitted.len < MOST
});

impl FittedArima {
    /// The state at the end of the past, for coefficients found on it.
    pub fn new(past: &Past<'_>, order: Order, mean: Mean, fit: Fit) -> Result<Self, FitError> {
        if !fit.beta.iter().chain([&fit.rss]).all(|value| value.is_finite()) {
            return Err(FitError::NotFinite("the likelihood"));
        }
        let left = fit.count.saturating_sub(order.count() + mean.len()).max(1);
        let sigma2 = fit.rss / left as f64;
        let filter = Kalman::new(&order, &fit.coefficients, &[&vec![0.0; order.lost()]]);
        let mut fitted = FittedArima { order, mean, fit, sigma2, filter, len: 0 };
        let around = fitted.around(past, past.y.len());
        let head = &around[..order.lost()];
        fitted.filter = Kalman::new(&order, &fitted.fit.coefficients, &[head]);
        fitted.move_on(&around[order.lost()..]);
        fitted.len = past.y.len();
        Ok(fitted)
    }

    /// The last `new` values, less the mean; missing where the past given is shorter than that.
    fn around(&self, past: &Past<'_>, new: usize) -> Vec<f64> {
        let beyond = new.saturating_sub(past.y.len());
        let first = past.y.len() - (new - beyond);
        let tail: Past<'_> = Past {
            y: &past.y[first..],
            season: past.season,
            known: past.known.iter().map(|(name, values)| (*name, &values[first..])).collect(),
        };
        let columns = self.mean.columns(&tail);
        let value = |t: usize| {
            let row: Vec<f64> = columns[1..].iter().map(|column| column[t]).collect();
            // Counted from the fit: a past that slides forgets its own first rows.
            let at = self.len + beyond + t;
            columns[0][t] - self.mean.at(&self.order, &self.fit.beta, (at, &row))
        };
        std::iter::repeat_n(f64::NAN, beyond).chain((0..new - beyond).map(value)).collect()
    }

    fn move_on(&mut self, around: &[f64]) {
        for &value in around {
            self.filter.step(&[value], &mut [0.0]);
        }
    }
}

#[typetag::serde]
impl Extrapolate for FittedArima {
    fn steps(&self, _ctx: &Ctx, next: &Next<'_>) -> Result<Forecast, FitError> {
        let column = |name: &String| {
            let found = next.known.iter().find(|(known, _)| known == name);
            found
                .and_then(|(_, values)| values.get(..next.steps))
                .filter(|values| values.iter().all(|value| value.is_finite()))
                .ok_or(FitError::Regressor { column: name.clone(), need: next.steps })
        };
        let known = self.mean.names.iter().map(column).collect::<Result<Vec<_>, _>>()?;
        let (mut around, variance) = self.filter.ahead(next.steps);
        let mut mean = around.swap_remove(0);
        for (step, value) in mean.iter_mut().enumerate() {
            let row: Vec<f64> = known.iter().map(|values| values[step]).collect();
            *value += self.mean.at(&self.order, &self.fit.beta, (self.len + step, &row));
        }
        Ok(Forecast::normal(mean, variance.into_iter().map(|v| v * self.sigma2)))
    }

    fn later(&self, past: &Past<'_>, new: usize) -> Result<Box<dyn Extrapolate>, FitError> {
        let mut later = self.clone();
        later.move_on(&self.around(past, new));
        later.len += new;
        Ok(Box::new(later))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(len: usize) -> Vec<f64> {
        (0..len).map(|t| ((t * t) as f64).sin() + (t % 7) as f64 + 0.05 * t as f64).collect()
    }

    /// (0,1,0) is a random walk: steps +2 and −4 give σ² = 10 and a variance that grows with it.
    #[test]
    fn random_walk_by_hand() {
        let ctx = Ctx::new(1);
        let method = Arima { order: [0, 1, 0], ..Arima::default() };
        let fitted = method.fit(&ctx, &Past::new(&[3.0, 5.0, 1.0], 1)).unwrap();
        let forecast = fitted.steps(&ctx, &Next::plain(2)).unwrap();
        assert_eq!(forecast, Forecast::normal(vec![1.0, 1.0], [10.0, 20.0]));
    }

    /// (0,0,0) is white noise around its mean, (0,1,0) with a constant the line through both ends.
    #[test]
    fn constants_by_hand() {
        let ctx = Ctx::new(1);
        let mean = |order, y: &[f64]| {
            let method = Arima { order, constant: Some(true), ..Arima::default() };
            let fitted = method.fit(&ctx, &Past::new(y, 1)).unwrap();
            fitted.steps(&ctx, &Next::plain(2)).unwrap().mean
        };
        assert_eq!(mean([0, 0, 0], &[1.0, 6.0, 2.0]), [3.0, 3.0]);
        assert_eq!(mean([0, 1, 0], &[1.0, 6.0, 5.0]), [7.0, 9.0]);
    }

    /// Moving on is filtering all again, holes or not, and two steps then three are five.
    #[test]
    fn later_is_refiltering() {
        let ctx = Ctx::new(1);
        let mut y = wave(90);
        for hole in [2, 40, 41, 82, 86, 89] {
            y[hole] = f64::NAN;
        }
        let method =
            Arima { order: [1, 1, 1], seasonal_order: [1, 1, 1], season: Some(7), constant: None };
        let early = method.fit_with(&Past::new(&y[..80], 7), Vec::new()).unwrap();
        let all = Past::new(&y, 7);
        let whole = FittedArima::new(&all, early.order, early.mean.clone(), early.fit.clone());
        let steps = |fitted: &dyn Extrapolate| fitted.steps(&ctx, &Next::plain(20)).unwrap();
        let want = steps(&FittedArima { sigma2: early.sigma2, ..whole.unwrap() });
        assert_eq!(steps(early.later(&all, 10).unwrap().as_ref()), want);
        let first = early.later(&Past::new(&y[..84], 7), 4).unwrap();
        assert_eq!(steps(first.later(&all, 6).unwrap().as_ref()), want);
    }

    /// A seasonal order without a season says what to do.
    #[test]
    fn a_season_is_needed() {
        let method = Arima { seasonal_order: [0, 1, 1], ..Arima::default() };
        let error = method.fit(&Ctx::new(1), &Past::new(&wave(50), 1)).err().unwrap();
        assert!(error.to_string().contains("set season"), "{error}");
    }
}
