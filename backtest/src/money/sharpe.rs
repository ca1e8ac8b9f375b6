//! How sure a Sharpe ratio is, given how returns are shaped and how many models were tried.
//!
//! ```text
//! PSR(S*) = Φ( (S − S*)·√(n − 1) / √(1 − γ₃·S + (γ₄ − 1)/4·S²) )       S mean/sd of one period
//! S₀ = √V·((1 − γ)·Φ⁻¹(1 − 1/N) + γ·Φ⁻¹(1 − 1/(N·e)))                  γ = 0.5772…, V variance of S
//! ```
//!
//! γ₃ and γ₄ are skewness and kurtosis; S₀ is what the best of N models without skill is expected to
//! show, and PSR(S₀) is the deflated ratio. Models alike count as many, which deflates too much.
//! Bailey & López de Prado, Journal of Risk 15 (2012); Journal of Portfolio Management 40 (2014).

use statrs::distribution::{ContinuousCDF, Normal};

use super::figures::{mean, some};

const EULER_GAMMA: f64 = 0.577_215_664_901_532_9;

/// The shape of returns over periods.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// Number of returns.
    pub n: f64,
    /// Their mean over their standard deviation.
    pub sharpe: f64,
    /// Third moment over the cube of the deviation; 0 of a normal.
    pub skew: f64,
    /// Fourth moment over its fourth power; 3 of a normal.
    pub kurtosis: f64,
}

impl Shape {
    /// `None` for fewer than two returns, or where they do not vary.
    pub fn of(returns: &[f64]) -> Option<Shape> {
        let n = returns.len() as f64;
        let centre = mean(returns.iter().copied());
        let moment = |power| mean(returns.iter().map(|r| (r - centre).powi(power)));
        let variance = moment(2);
        // Equal returns differ by rounding alone.
        let varies = variance > 1e-24 * centre * centre && variance > 0.0;
        (n > 1.0 && varies).then(|| Shape {
            n,
            sharpe: centre / (variance * n / (n - 1.0)).sqrt(),
            skew: moment(3) / variance.powf(1.5),
            kurtosis: moment(4) / (variance * variance),
        })
    }

    /// Probability that the true ratio is above `bar`.
    pub fn above(&self, bar: f64) -> Option<f64> {
        let s = self.sharpe;
        let spread = 1.0 - self.skew * s + (self.kurtosis - 1.0) / 4.0 * s * s;
        let score = (s - bar) * (self.n - 1.0).sqrt() / spread.sqrt();
        some(Normal::standard().cdf(score)).filter(|_| spread > 0.0)
    }
}

/// The ratio that the best of models without skill is expected to show: 0 for a single one.
pub fn bar(ratios: &[f64]) -> f64 {
    let n = ratios.len() as f64;
    if n < 2.0 {
        return 0.0;
    }
    let centre = mean(ratios.iter().copied());
    let variance = ratios.iter().map(|r| (r - centre).powi(2)).sum::<f64>() / (n - 1.0);
    best_of(n, variance)
}

fn best_of(n: f64, variance: f64) -> f64 {
    let quantile = |p: f64| Normal::standard().inverse_cdf(p);
    let [first, second] = [1.0 - 1.0 / n, 1.0 - 1.0 / (n * std::f64::consts::E)].map(quantile);
    variance.sqrt() * ((1.0 - EULER_GAMMA) * first + EULER_GAMMA * second)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hedge fund of the 2012 paper: 24 months of mean 0.036 and deviation 0.079. Were they
    /// normal, 0.982; with their skewness of −2.448 and kurtosis of 10.164, 0.913.
    #[test]
    fn the_papers_hedge_fund() {
        let normal = Shape { n: 24.0, sharpe: 0.036 / 0.079, skew: 0.0, kurtosis: 3.0 };
        let own = Shape { skew: -2.448, kurtosis: 10.164, ..normal };
        assert!((normal.above(0.0).unwrap() - 0.982).abs() < 1.5e-3);
        assert!((own.above(0.0).unwrap() - 0.913).abs() < 1e-3);
    }

    /// The strategist of the 2014 paper: 2.5 a year over 1250 days is the best of 100 trials whose
    /// ratios vary by ½ a year. The bar is 0.1132 a day, and 0.9004 is left of certainty.
    #[test]
    fn the_papers_strategist() {
        let best = best_of(100.0, 0.5 / 250.0);
        assert!((best - 0.1132).abs() < 5e-5, "{best}");
        let own = Shape { n: 1250.0, sharpe: 2.5 / 250.0_f64.sqrt(), skew: -3.0, kurtosis: 10.0 };
        assert!((own.above(best).unwrap() - 0.9004).abs() < 5e-4);
    }

    /// 1 and 3 (mean 2, deviation √2) are symmetric, and two points have the least kurtosis, 1.
    #[test]
    fn shapes_by_hand() {
        let shape = Shape::of(&[1.0, 3.0]).unwrap();
        assert!((shape.sharpe - 2.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!((shape.skew, shape.kurtosis), (0.0, 1.0));
        assert_eq!(Shape::of(&[0.1; 5]), None);
    }

    /// One model is no search: nothing to deflate. Ratios 0 and 2 vary by 2.
    #[test]
    fn a_single_model_sets_no_bar() {
        assert_eq!(bar(&[1.7]), 0.0);
        assert_eq!(bar(&[0.0, 2.0]), best_of(2.0, 2.0));
    }
}
