//! Figures of an account, from its return of each period.
//!
//! ```text
//! equity[k] = Π (1 + r)             drawdown[k] = 1 − equity[k] / max equity so far
//! CAGR      = equity^(1/years) − 1          volatility = sd(r)·√q          q periods a year
//! Sharpe    = mean(r)/sd(r)·√q              Sortino    = mean(r)/√(mean of min(r, 0)²)·√q
//! Calmar    = CAGR / deepest drawdown       break-even c: Π (1 + g − c·traded) = 1
//! ```
//!
//! Returns are simple, the rate of cash is zero, and a drawdown is seen at ends of periods only.
//! Sharpe, Journal of Portfolio Management 21 (1994); Sortino & Price, Journal of Investing 3 (1994).

use almanac_data::Earned;

use super::sharpe::Shape;

/// Most points of a curve.
pub const POINTS: usize = 500;

/// The account after each period, from 1; one that is lost stays lost.
pub fn equity(returns: &[f64]) -> Vec<f64> {
    let mut value = 1.0;
    let grow = |r: &f64| {
        value *= (1.0 + r).max(0.0);
        value
    };
    std::iter::once(1.0).chain(returns.iter().map(grow)).collect()
}

/// The fall from the height so far, as a share of it.
pub fn drawdown(equity: &[f64]) -> Vec<f64> {
    let mut height = 0.0_f64;
    let fall = |value: &f64| {
        height = height.max(*value);
        1.0 - value / height
    };
    equity.iter().map(fall).collect()
}

/// Everything about the returns of one account under one cost; `bar` is the Sharpe ratio of one
/// period that the best of models without skill would show.
pub fn earned(returns: &[f64], years: f64, bar: f64) -> Earned {
    let equity = equity(returns);
    let drawdown = drawdown(&equity);
    let total = equity.last().copied().unwrap_or(1.0) - 1.0;
    let deepest = drawdown.iter().copied().fold(0.0, f64::max);
    let shape = Shape::of(returns);
    let a_year = returns.len() as f64 / years;
    let centre = mean(returns.iter().copied());
    let down = mean(returns.iter().map(|r| r.min(0.0).powi(2))).sqrt();
    let cagr = some((1.0 + total).powf(1.0 / years) - 1.0);
    Earned {
        total,
        cagr,
        volatility: deviation(returns).map(|sd| sd * a_year.sqrt()),
        sharpe: shape.map(|shape| shape.sharpe * a_year.sqrt()),
        sortino: some(centre / down * a_year.sqrt()),
        calmar: cagr.and_then(|cagr| some(cagr / deepest)),
        max_drawdown: deepest,
        probabilistic_sharpe: shape.and_then(|shape| shape.above(0.0)),
        deflated_sharpe: shape.and_then(|shape| shape.above(bar)),
        equity: thinned(&equity, |part| part[part.len() - 1]),
        drawdown: thinned(&drawdown, |part| part.iter().copied().fold(0.0, f64::max)),
    }
}

/// The cost, as a share of what is traded, at which nothing is left; `None` where nothing was
/// earned or nothing was traded.
pub fn break_even(gross: &[f64], traded: &[f64]) -> Option<f64> {
    let left = |cost: f64| {
        let net: Vec<f64> = gross.iter().zip(traded).map(|(g, t)| g - cost * t).collect();
        equity(&net).last().copied().unwrap_or(1.0) - 1.0
    };
    if left(0.0) <= 0.0 || traded.iter().all(|&t| t == 0.0) {
        return None;
    }
    let mut high = 1e-4;
    while left(high) > 0.0 {
        high *= 2.0;
    }
    let mut low = 0.0;
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        if left(middle) > 0.0 { low = middle } else { high = middle }
    }
    Some((low + high) / 2.0)
}

/// At most [`POINTS`] values: the first, then one for each of equal parts of the rest.
pub fn thinned<T: Copy>(values: &[T], read: impl Fn(&[T]) -> T) -> Vec<T> {
    let Some((&first, rest)) = values.split_first() else { return Vec::new() };
    let part = rest.len().div_ceil(POINTS - 1).max(1);
    std::iter::once(first).chain(rest.chunks(part).map(read)).collect()
}

/// NaN of nothing.
pub fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

/// What is not a number is no figure.
pub fn some(value: f64) -> Option<f64> {
    Some(value).filter(|value| value.is_finite())
}

/// Standard deviation with n − 1; `None` for fewer than two.
pub fn deviation(values: &[f64]) -> Option<f64> {
    let centre = mean(values.iter().copied());
    let squares = values.iter().map(|value| (value - centre).powi(2)).sum::<f64>();
    some((squares / (values.len() as f64 - 1.0)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETURNS: [f64; 4] = [0.1, -0.2, 0.25, -0.05];

    #[track_caller]
    fn close(got: impl Into<Option<f64>>, expected: f64) {
        let got = got.into().unwrap();
        assert!((got - expected).abs() < 1e-12, "{got} instead of {expected}");
    }

    /// 1 → 1.1 → 0.88 → 1.1 → 1.045: a fifth below 1.1, back, then a twentieth below.
    #[test]
    fn the_account_by_hand() {
        let earned = earned(&RETURNS, 2.0, 0.0);
        for (got, expected) in earned.equity.iter().zip([1.0, 1.1, 0.88, 1.1, 1.045]) {
            close(*got, expected);
        }
        for (got, expected) in earned.drawdown.iter().zip([0.0, 0.0, 0.2, 0.0, 0.05]) {
            close(*got, expected);
        }
        close(earned.total, 0.045);
        close(earned.max_drawdown, 0.2);
    }

    /// Two years at √1.045 each; over the deepest fall, a fifth.
    #[test]
    fn growth_by_hand() {
        let earned = earned(&RETURNS, 2.0, 0.0);
        close(earned.cagr, 1.045_f64.sqrt() - 1.0);
        close(earned.calmar, (1.045_f64.sqrt() - 1.0) / 0.2);
    }

    /// The mean is 0.025; squares about it 0.075² + 0.225² + 0.225² + 0.075² = 0.1125, over 3; two
    /// periods a year. Losses 0.2 and 0.05 have mean square 0.0425/4.
    #[test]
    fn ratios_by_hand() {
        let earned = earned(&RETURNS, 2.0, 0.0);
        close(earned.volatility, (0.0375 * 2.0_f64).sqrt());
        close(earned.sharpe, 0.025 / 0.0375_f64.sqrt() * 2.0_f64.sqrt());
        close(earned.sortino, 0.025 / 0.010_625_f64.sqrt() * 2.0_f64.sqrt());
    }

    /// Against a bar of 0 both probabilities are one; a higher bar leaves less.
    #[test]
    fn deflation_lowers_certainty() {
        let plain = earned(&RETURNS, 2.0, 0.0);
        assert_eq!(plain.probabilistic_sharpe, plain.deflated_sharpe);
        let deflated = earned(&RETURNS, 2.0, 0.3);
        assert!(deflated.deflated_sharpe.unwrap() < plain.probabilistic_sharpe.unwrap());
    }

    /// In and out for a gain of a tenth: 1 + 0.1 − 2c = 1 at 5 %. In two steps, 1.1 − c and 1 − c:
    /// c² − 2.1c + 0.1 = 0.
    #[test]
    fn break_even_by_hand() {
        close(break_even(&[0.1], &[2.0]), 0.05);
        close(break_even(&[0.1, 0.0], &[1.0, 1.0]), (2.1 - (2.1_f64.powi(2) - 0.4).sqrt()) / 2.0);
        assert_eq!(break_even(&[-0.1], &[2.0]), None);
        assert_eq!(break_even(&[0.0], &[0.0]), None);
    }

    /// Nothing held, nothing gained: no ratio to a spread of zero. All lost stays lost.
    #[test]
    fn edges() {
        let none = earned(&[0.0; 3], 1.0, 0.0);
        assert_eq!((none.total, none.max_drawdown), (0.0, 0.0));
        assert_eq!((none.sharpe, none.sortino, none.calmar), (None, None, None));
        assert_eq!(equity(&[-1.5, 3.0]), [1.0, 0.0, 0.0]);
    }

    /// 1001 points become 500 at most, the first and the last among them; the deepest of a part shows.
    #[test]
    fn curves_are_thin() {
        let values: Vec<f64> = (0..=1000).map(f64::from).collect();
        let thin = thinned(&values, |part| part[part.len() - 1]);
        assert!(thin.len() <= POINTS && thin[0] == 0.0 && thin[thin.len() - 1] == 1000.0);
        assert_eq!(thinned(&[1.0, 2.0], |part| part[0]), [1.0, 2.0]);
    }
}
