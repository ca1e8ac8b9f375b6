//! The search for weights and first states: Gauss-Newton from several starts.
//!
//! A round costs one pass and ends near the optimum in about ten. What it promises to gain tells
//! when to stop, and when a start or a whole form cannot win any more.

use super::layout::{Layout, Point};
use super::start::flat;
use super::{Errors, Form, Season, State, Weights, start};

const ROUNDS: usize = 60;

/// A start is given up when several times its promised gain would leave it behind the best.
const PATIENCE: f64 = 4.0;

/// Where searches begin: α, β/α, γ/(1 − α), φ. Smoothing likelihoods often have one summit for a
/// steady level and one for a lively one. The longer the season, the calmer the slope: β/α is
/// divided by its length.
const STARTS: [[f64; 4]; 5] = [
    [0.1, 0.1, 0.05, 0.97],
    [0.5, 0.1, 0.05, 0.9],
    [0.9, 0.05, 0.5, 0.85],
    [0.02, 0.1, 0.05, 0.97],
    [0.1, 0.9, 0.5, 0.9],
];

/// Weights that are given and not searched.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Fixed {
    /// Into the level.
    pub alpha: Option<f64>,
    /// Into the slope.
    pub beta: Option<f64>,
    /// Into the season.
    pub gamma: Option<f64>,
    /// Left of the slope.
    pub phi: Option<f64>,
}

/// What to fit to what.
#[derive(Debug, Clone, Copy)]
pub struct Problem<'a> {
    /// The series; NaN is missing, the first value is not.
    pub y: &'a [f64],
    /// The form.
    pub form: Form,
    /// Values in a season.
    pub season: usize,
    /// What is not searched.
    pub fixed: Fixed,
    /// The largest β/α that is searched; 1 is the whole usual region.
    pub liveliest: f64,
}

/// A fitted form.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Shares of an error that enter the states.
    pub weights: Weights,
    /// Before the first value.
    pub start: State,
    /// After the last.
    pub end: State,
    /// The errors between.
    pub errors: Errors,
}

impl Problem<'_> {
    /// How many numbers a fit chooses, first states included.
    pub fn free(&self) -> usize {
        let layout = Layout::new(self);
        let season = if self.form.season == Season::None { 0 } else { self.season - 1 };
        layout.lanes - layout.season() + season
    }

    /// The best fit, or None where no start has a likelihood, or none can come below `bar`.
    pub fn fit(&self, bar: f64) -> Option<Fit> {
        let layout = Layout::new(self);
        let mut best: Option<Climb> = None;
        for from in [start(self.y, self.form, self.season), flat(self.y, self.form, self.season)] {
            let mut begun = false;
            for [alpha, slope, gamma, phi] in STARTS {
                let bar = best.as_ref().map_or(bar, |best| best.loss().min(bar));
                let shares = [alpha, slope / from.season.len().max(1) as f64, gamma, phi];
                let point = layout.point(shares, from.clone());
                let climb = Climb::from(&layout, point, 1e-3, bar);
                begun |= climb.is_some();
                best = climb.filter(|climb| climb.loss() < bar).or(best);
            }
            // Decomposition may start means below zero; a flat start does not.
            if begun {
                break;
            }
        }
        let Climb { point, .. } = best?;
        let Climb { point, errors, end } = Climb::from(&layout, point, 1e-9, f64::INFINITY)?;
        Some(Fit { weights: layout.weights(&point), start: point.start, end, errors })
    }
}

/// Where a search from one start has come.
struct Climb {
    point: Point,
    errors: Errors,
    end: State,
}

impl Climb {
    fn loss(&self) -> f64 {
        self.errors.loss()
    }

    /// Goes on until a round promises less than `tolerance`, or `bar` is out of reach.
    fn from(layout: &Layout<'_>, mut point: Point, tolerance: f64, bar: f64) -> Option<Climb> {
        let (mut view, mut end) = layout.look(&point)?;
        let mut damping = 1e-3;
        for _ in 0..ROUNDS {
            let (step, gain) = view.step(&layout.room(&point), damping);
            let loss = view.errors.loss();
            if gain.is_nan() || gain < tolerance || loss - PATIENCE * gain > bar {
                break;
            }
            let next = layout.moved(&point, &step);
            match layout.look(&next) {
                Some((there, then)) if there.errors.loss() < loss => {
                    damping = match (loss - there.errors.loss()) / gain {
                        kept if kept > 0.75 => (damping / 10.0).max(1e-3),
                        kept if kept < 0.25 => damping * 4.0,
                        _ => damping,
                    };
                    (point, view, end) = (next, there, then);
                }
                _ if damping > 1e6 => break,
                _ => damping *= 10.0,
            }
        }
        Some(Climb { point, errors: view.errors, end })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ets::{Error, Trend};
    use crate::ses;

    const Y: [f64; 16] =
        [5.0, 9.0, 4.0, 6.0, 6.5, 10.0, 5.5, 7.0, 8.0, 12.0, 6.0, 9.5, 9.0, 14.0, 7.0, 10.0];

    fn problem(error: Error, trend: Trend, season: Season) -> Problem<'static> {
        let form = Form { error, trend, season };
        Problem { y: &Y, form, season: 4, fixed: Fixed::default(), liveliest: 1.0 }
    }

    /// The derivative that a pass gathers is the difference quotient of the loss, in every lane.
    #[test]
    fn slopes_are_difference_quotients() {
        for (error, trend, season) in [
            (Error::Additive, Trend::Damped, Season::Additive),
            (Error::Multiplicative, Trend::Damped, Season::Additive),
            (Error::Multiplicative, Trend::Damped, Season::Multiplicative),
            (Error::Multiplicative, Trend::None, Season::None),
        ] {
            let problem = problem(error, trend, season);
            let layout = Layout::new(&problem);
            let point = layout.point([0.3, 0.2, 0.4, 0.9], start(&Y, problem.form, 4));
            let view = layout.look(&point).unwrap().0;
            for lane in 0..layout.lanes {
                let mut step = [0.0; super::super::layout::LANES];
                step[lane] = 1e-5;
                let up = layout.look(&layout.moved(&point, &step)).unwrap().0.errors.loss();
                let promised = view.gain(&step);
                step[lane] = -1e-5;
                let down = layout.look(&layout.moved(&point, &step)).unwrap().0.errors.loss();
                let slope = (view.gain(&step) - promised) / 2e-5;
                let quotient = (up - down) / 2e-5;
                assert!((slope - quotient).abs() < 1e-4 * quotient.abs().max(1.0), "lane {lane}");
            }
        }
    }

    /// A level alone is simple smoothing: the fit reaches the sum of squares that a search over α
    /// with the best first level in closed form reaches.
    #[test]
    fn a_level_is_simple_smoothing() {
        let fit = problem(Error::Additive, Trend::None, Season::None).fit(f64::INFINITY).unwrap();
        let best = ses::fit(&Y, ses::Start::Best, [1e-4, 0.9999]);
        assert!((fit.errors.squares / best.sse - 1.0).abs() < 1e-6);
    }

    /// Four weights, two states and three of four seasons are free; given weights are not.
    #[test]
    fn free_numbers_are_counted() {
        let damped = problem(Error::Additive, Trend::Damped, Season::Additive);
        assert_eq!(damped.free(), 4 + 2 + 3);
        let fixed = Fixed { alpha: Some(0.2), phi: Some(0.9), ..Fixed::default() };
        assert_eq!(Problem { fixed, ..damped }.free(), 2 + 2 + 3);
        assert_eq!(Problem { season: 52, ..damped }.free(), 4 + 2 + 51);
    }
}
