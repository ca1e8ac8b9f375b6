//! The recursion over a series, with the derivatives of every error by every free parameter.
//!
//! Each state carries a row of derivatives, one lane a parameter; rows are padded to whole
//! vectors, and a pass without lanes is the plain filter. Errors r are gathered as Σr², Σr·∂r and
//! Σ∂r·∂rᵀ: all that a Gauss-Newton step needs.

use super::{Error, Errors, Form, Season, State, Trend, Weights};

/// Derivatives of the states (in and out) and of the weights, in lanes.
pub(super) struct Tangent<'a, const L: usize> {
    pub level: [f64; L],
    pub slope: [f64; L],
    /// One row for each season of the state.
    pub season: &'a mut [[f64; L]],
    pub alpha: [f64; L],
    pub beta: [f64; L],
    pub gamma: [f64; L],
    pub phi: [f64; L],
}

/// What a pass gathers.
pub(super) struct Sums<const L: usize> {
    pub errors: Errors,
    /// Σ r·∂r
    pub slope: [f64; L],
    /// Σ ∂r·∂rᵀ on and above the diagonal, whole vectors at a time.
    pub curve: [[f64; L]; L],
    /// Σ ∂μ/μ where errors multiply, else 0.
    pub logs: [f64; L],
}

/// Moves `state` and `tangent` over `y`. None where a mean that must be positive is not.
pub(super) fn pass<const L: usize>(
    form: Form,
    weights: &Weights,
    state: &mut State,
    y: &[f64],
    tangent: &mut Tangent<'_, L>,
) -> Option<Sums<L>> {
    let run = match (form.trend, form.season) {
        (Trend::None, Season::None) => run::<L, false, NONE>,
        (Trend::None, Season::Additive) => run::<L, false, ADD>,
        (Trend::None, Season::Multiplicative) => run::<L, false, MULTIPLY>,
        (_, Season::None) => run::<L, true, NONE>,
        (_, Season::Additive) => run::<L, true, ADD>,
        (_, Season::Multiplicative) => run::<L, true, MULTIPLY>,
    };
    run(form.error, weights, state, y, tangent)
}

const NONE: u8 = 0;
const ADD: u8 = 1;
const MULTIPLY: u8 = 2;

fn run<const L: usize, const TREND: bool, const SEASON: u8>(
    error: Error,
    weights: &Weights,
    state: &mut State,
    y: &[f64],
    tangent: &mut Tangent<'_, L>,
) -> Option<Sums<L>> {
    let mut gather = Gather::new(error);
    let unseen = Weights { alpha: 0.0, beta: 0.0, gamma: 0.0, phi: weights.phi };
    let (mut level, mut slope, mut place) = (state.level, state.slope, 0);
    for &value in y {
        let seen = !value.is_nan();
        let w = if seen { weights } else { &unseen };
        let s = if SEASON == NONE { 0.0 } else { state.season[place] };
        let step = Step::of::<TREND, SEASON>(w.phi, [level, slope, s], value);
        if (SEASON == MULTIPLY && step.q <= 0.0)
            || ((SEASON == MULTIPLY || error == Error::Multiplicative) && step.mean <= 0.0)
        {
            return None;
        }
        if L > 0 {
            let mean = tangent.step::<TREND, SEASON>(w, &step, place);
            if seen {
                gather.rows(value, &step, &mean);
            }
        }
        if seen {
            gather.error(&step);
        }
        level = step.q + w.alpha * step.to_level;
        slope = step.faded + w.beta * step.to_level;
        if SEASON != NONE {
            state.season[place] = s + w.gamma * step.to_season;
            place = if place + 1 == state.season.len() { 0 } else { place + 1 };
        }
    }
    (state.level, state.slope) = (level, slope);
    state.season.rotate_left(place);
    Some(gather.sums())
}

/// One step without its derivatives.
struct Step {
    slope: f64,
    faded: f64,
    q: f64,
    s: f64,
    mean: f64,
    e: f64,
    /// 1/s and 1/q where the season multiplies, else 1.
    inverse: (f64, f64),
    to_level: f64,
    to_season: f64,
}

impl Step {
    #[inline(always)]
    fn of<const TREND: bool, const SEASON: u8>(
        phi: f64,
        [level, slope, s]: [f64; 3],
        value: f64,
    ) -> Step {
        let faded = if TREND { phi * slope } else { 0.0 };
        let q = level + faded;
        let (mean, inverse) = match SEASON {
            NONE => (q, (1.0, 1.0)),
            ADD => (q + s, (1.0, 1.0)),
            _ => (q * s, (1.0 / s, 1.0 / q)),
        };
        let e = if value.is_nan() { 0.0 } else { value - mean };
        let (to_level, to_season) = (e * inverse.0, e * inverse.1);
        Step { slope, faded, q, s, mean, e, inverse, to_level, to_season }
    }
}

impl<'a, const L: usize> Tangent<'a, L> {
    /// No derivatives yet.
    pub fn new(season: &'a mut [[f64; L]]) -> Tangent<'a, L> {
        let [level, slope, alpha, beta, gamma, phi] = [[0.0; L]; 6];
        Tangent { level, slope, season, alpha, beta, gamma, phi }
    }

    /// Moves every row by one step and gives the row of the mean.
    #[inline(always)]
    fn step<const TREND: bool, const SEASON: u8>(
        &mut self,
        w: &Weights,
        step: &Step,
        place: usize,
    ) -> [f64; L] {
        let mut mean = [0.0; L];
        let mut none = [0.0; L];
        let season = if SEASON == NONE { &mut none } else { &mut self.season[place] };
        for i in 0..L {
            let faded = if TREND { w.phi * self.slope[i] + step.slope * self.phi[i] } else { 0.0 };
            let q = self.level[i] + faded;
            // With y given, e/s changes by −∂μ/s − (e/s)·∂s/s, and e/q likewise.
            let (to_level, to_season);
            (mean[i], to_level, to_season) = match SEASON {
                NONE => (q, -q, 0.0),
                ADD => (q + season[i], -q - season[i], -q - season[i]),
                _ => {
                    let mean = step.s * q + step.q * season[i];
                    let level = (mean + step.to_level * season[i]) * step.inverse.0;
                    let season = (mean + step.to_season * q) * step.inverse.1;
                    (mean, -level, -season)
                }
            };
            self.level[i] = q + w.alpha * to_level + step.to_level * self.alpha[i];
            if TREND {
                self.slope[i] = faded + w.beta * to_level + step.to_level * self.beta[i];
            }
            if SEASON != NONE {
                season[i] += w.gamma * to_season + step.to_season * self.gamma[i];
            }
        }
        mean
    }
}

/// Sums under way; means are multiplied up and their logarithm taken now and then.
struct Gather<const L: usize> {
    relative: bool,
    sums: Sums<L>,
    product: f64,
}

impl<const L: usize> Gather<L> {
    fn new(error: Error) -> Gather<L> {
        let errors = Errors { count: 0, squares: 0.0, logs: 0.0 };
        let sums = Sums { errors, slope: [0.0; L], curve: [[0.0; L]; L], logs: [0.0; L] };
        Gather { relative: error == Error::Multiplicative, sums, product: 1.0 }
    }

    #[inline(always)]
    fn error(&mut self, step: &Step) {
        let errors = &mut self.sums.errors;
        errors.count += 1;
        if !self.relative {
            errors.squares += step.e * step.e;
            return;
        }
        let r = step.e / step.mean;
        errors.squares += r * r;
        self.product *= step.mean;
        if !(1e-150 < self.product && self.product < 1e150) {
            errors.logs += self.product.ln();
            self.product = 1.0;
        }
    }

    #[inline(always)]
    fn rows(&mut self, value: f64, step: &Step, mean: &[f64; L]) {
        let (mut r, mut factor) = (step.e, -1.0);
        if self.relative {
            let inverse = 1.0 / step.mean;
            (r, factor) = (r * inverse, -value * inverse * inverse);
            for (sum, mean) in self.sums.logs.iter_mut().zip(mean) {
                *sum += mean * inverse;
            }
        }
        let row = mean.map(|mean| factor * mean);
        for (sum, change) in self.sums.slope.iter_mut().zip(row) {
            *sum += r * change;
        }
        for (i, sums) in self.sums.curve.iter_mut().enumerate() {
            let first = i / 4 * 4;
            for (sum, change) in sums[first..].iter_mut().zip(&row[first..]) {
                *sum += row[i] * change;
            }
        }
    }

    fn sums(mut self) -> Sums<L> {
        self.sums.errors.logs += self.product.ln();
        self.sums
    }
}
