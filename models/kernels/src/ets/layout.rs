//! Which number of a form stands in which lane of the search.
//!
//! Searched are α, β/α, γ/(1 − α) and φ, each in an interval, which together are the usual region
//! 0 < β < α, 0 < γ < 1 − α; then level, slope and all of the season but the last, which keeps
//! the sum.

use super::pass::{Tangent, pass};
use super::quadratic::{Quadratic, Room};
use super::{Form, Problem, Season, State, Trend, Weights, admissible};

/// First states are searched for seasons up to this length; longer ones keep their start.
pub(super) const LONGEST: usize = 24;

/// Four weights, two states and all but one of the longest season, in whole vectors of four.
pub(super) const LANES: usize = 32;

/// A place in the box: α, β/α, γ/(1 − α), φ and the first states.
#[derive(Debug, Clone)]
pub(super) struct Point {
    pub shares: [f64; 4],
    pub start: State,
}

pub(super) struct Layout<'a> {
    problem: &'a Problem<'a>,
    /// Lane of each share; those that are not free have none.
    lane: [Option<usize>; 4],
    low: [f64; 4],
    high: [f64; 4],
    states: usize,
    season: usize,
    pub lanes: usize,
}

impl<'a> Layout<'a> {
    pub fn new(problem: &'a Problem<'a>) -> Layout<'a> {
        let Problem { form, fixed, liveliest, season, .. } = *problem;
        let trend = form.trend != Trend::None;
        let free = [
            fixed.alpha.is_none(),
            trend && fixed.beta.is_none(),
            form.season != Season::None && fixed.gamma.is_none(),
            form.trend == Trend::Damped && fixed.phi.is_none(),
        ];
        let mut shares = 0;
        let lane = free.map(|free| {
            shares += usize::from(free);
            free.then(|| shares - 1)
        });
        let mut low = [1e-4, 1e-4, 1e-4, 0.8];
        let mut high = [0.9999, liveliest.clamp(1e-4, 0.9999), 0.9999, 0.98];
        low[0] = fixed.beta.unwrap_or(0.0).max(low[0]);
        high[0] = (1.0 - fixed.gamma.unwrap_or(0.0)).clamp(low[0], high[0].max(low[0]));
        let length = if form.season == Season::None { 0 } else { season };
        let season = if length <= LONGEST { length.saturating_sub(1) } else { 0 };
        let states = shares + 1 + usize::from(trend);
        Layout { problem, lane, low, high, states, season, lanes: states + season }
    }

    /// How many values of the season are searched.
    pub fn season(&self) -> usize {
        self.season
    }

    /// How far each free share may go from here.
    pub fn room(&self, point: &Point) -> Room {
        let mut room = Room::default();
        for (k, lane) in self.lane.iter().enumerate() {
            if let Some(lane) = *lane {
                room[lane] = Some([self.low[k] - point.shares[k], self.high[k] - point.shares[k]]);
            }
        }
        room
    }

    /// The point with these shares, as near as the intervals allow.
    pub fn point(&self, shares: [f64; 4], start: State) -> Point {
        let clamp = |k: usize| shares[k].clamp(self.low[k], self.high[k]);
        Point { shares: std::array::from_fn(clamp), start }
    }

    pub fn weights(&self, point: &Point) -> Weights {
        let [alpha, slope, season, fade] = point.shares;
        let Problem { form, fixed, .. } = self.problem;
        let alpha = fixed.alpha.unwrap_or(alpha);
        let beta = fixed.beta.unwrap_or(slope * alpha);
        let gamma = fixed.gamma.unwrap_or(season * (1.0 - alpha));
        Weights {
            alpha,
            beta: if form.trend == Trend::None { 0.0 } else { beta },
            gamma: if form.season == Season::None { 0.0 } else { gamma },
            phi: if form.trend == Trend::Damped { fixed.phi.unwrap_or(fade) } else { 1.0 },
        }
    }

    pub fn moved(&self, point: &Point, step: &[f64; LANES]) -> Point {
        let mut next = point.clone();
        for (share, lane) in next.shares.iter_mut().zip(self.lane) {
            *share += lane.map_or(0.0, |lane| step[lane]);
        }
        let State { level, slope, season } = &mut next.start;
        if self.problem.form.trend == Trend::None {
            *level += step[self.states - 1];
        } else {
            *level += step[self.states - 2];
            *slope += step[self.states - 1];
        }
        if let Some((last, others)) = season[..].split_last_mut().filter(|_| self.season > 0) {
            for (value, change) in others.iter_mut().zip(&step[self.states..]) {
                *value += change;
                *last -= change;
            }
        }
        next
    }

    /// The loss around a point. None where it has none.
    pub fn look(&self, point: &Point) -> Option<(Quadratic, State)> {
        let weights = self.weights(point);
        let Form { trend, season, .. } = self.problem.form;
        if !admissible(&weights, trend, season, self.problem.season) {
            return None;
        }
        match self.lanes {
            ..=4 => self.run::<4>(&weights, point),
            5..=8 => self.run::<8>(&weights, point),
            9..=12 => self.run::<12>(&weights, point),
            13..=16 => self.run::<16>(&weights, point),
            17..=20 => self.run::<20>(&weights, point),
            _ => self.run::<LANES>(&weights, point),
        }
    }

    fn run<const L: usize>(&self, weights: &Weights, point: &Point) -> Option<(Quadratic, State)> {
        let mut rows = vec![[0.0; L]; point.start.season.len()];
        if let Some((last, others)) = rows.split_last_mut().filter(|_| self.season > 0) {
            for (row, lane) in others.iter_mut().zip(self.states..) {
                (row[lane], last[lane]) = (1.0, -1.0);
            }
        }
        let mut tangent = Tangent::new(&mut rows);
        if self.problem.form.trend == Trend::None {
            tangent.level[self.states - 1] = 1.0;
        } else {
            tangent.level[self.states - 2] = 1.0;
            tangent.slope[self.states - 1] = 1.0;
        }
        let [_, slope, season, _] = point.shares;
        let mut set = |lane: Option<usize>, rows: [f64; 4]| {
            if let Some(lane) = lane {
                let Tangent { alpha, beta, gamma, phi, .. } = &mut tangent;
                for (row, value) in [alpha, beta, gamma, phi].into_iter().zip(rows) {
                    row[lane] = value;
                }
            }
        };
        let when = |lane: usize, value: f64| if self.lane[lane].is_some() { value } else { 0.0 };
        set(self.lane[0], [1.0, when(1, slope), when(2, -season), 0.0]);
        set(self.lane[1], [0.0, weights.alpha, 0.0, 0.0]);
        set(self.lane[2], [0.0, 0.0, 1.0 - weights.alpha, 0.0]);
        set(self.lane[3], [0.0, 0.0, 0.0, 1.0]);
        let mut end = point.start.clone();
        let sums = pass(self.problem.form, weights, &mut end, self.problem.y, &mut tangent)?;
        Some((Quadratic::new(&sums, self.lanes), end))
    }
}
