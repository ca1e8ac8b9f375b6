//! A walk over orders to the lowest AICc.
//!
//! Hyndman & Khandakar, Automatic time series forecasting, Journal of Statistical Software 27,
//! 2008, §3.2, with the first better neighbour taken at once.

use super::fit::{Fit, Method, Sample, fit, search};
use super::poly::Order;

/// A root nearer to the unit circle than this is a difference too few or too many. (One of Θ is not
/// refused: a season that does not change is common, and the exact filter needs no invertibility.)
const RADIUS: f64 = 1.01;
/// Models tried at most.
const MOST: usize = 94;
/// Models from which a search that ended in a refused one starts again.
const AGAIN: usize = 4;

/// Changes of p, q, P, Q that lead to the neighbours.
const NEIGHBOURS: [[isize; 4]; 16] = [
    [0, 0, -1, 0],
    [0, 0, 0, -1],
    [0, 0, 1, 0],
    [0, 0, 0, 1],
    [0, 0, -1, -1],
    [0, 0, -1, 1],
    [0, 0, 1, -1],
    [0, 0, 1, 1],
    [-1, 0, 0, 0],
    [0, -1, 0, 0],
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [-1, -1, 0, 0],
    [-1, 1, 0, 0],
    [1, -1, 0, 0],
    [1, 1, 0, 0],
];

/// Where to walk.
pub struct Space<'a> {
    /// The series without and with a column for the constant.
    pub samples: [&'a Sample; 2],
    /// The most lags of each kind; its differences are those of every model.
    pub most: Order,
    /// Whether a constant is tried.
    pub constant: bool,
    /// Which likelihood compares the models.
    pub method: Method,
}

/// A model of the walk.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Its lags.
    pub order: Order,
    /// Whether it has a constant.
    pub constant: bool,
    /// Its fit.
    pub fit: Fit,
    /// AICc; infinite where a root is too near to the unit circle.
    pub criterion: f64,
}

impl Space<'_> {
    /// The best model of the walk, fitted by exact likelihood.
    ///
    /// # Errors
    /// Whatever `go_on`, asked before each fit, returns.
    pub fn walk<E>(&self, go_on: &mut dyn FnMut() -> Result<(), E>) -> Result<Candidate, E> {
        let mut walk = Walk { space: self, tried: Vec::new(), best: 0 };
        for lags in [[2, 2, 1, 1], [0, 0, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1]] {
            go_on()?;
            walk.visit(walk.at_most(lags), self.constant);
        }
        go_on()?;
        walk.visit([0; 4], false);
        while walk.tried.len() < MOST && walk.step(go_on)? {}
        walk.finish(go_on)
    }

    fn candidate(&self, lags: [usize; 4], constant: bool, method: Method) -> Candidate {
        let [ar, ma, seasonal_ar, seasonal_ma] = lags;
        let order = Order { ar, ma, seasonal_ar, seasonal_ma, ..self.most };
        let sample = self.samples[usize::from(constant)];
        let fit = match method {
            Method::Exact => fit(&order, sample),
            Method::Conditional => search(&order, sample, &vec![0.0; order.count()], method),
        };
        let aicc = fit.aicc();
        let usable = aicc.is_finite() && order.is_clear_of(&fit.coefficients, RADIUS);
        let criterion = if usable { aicc } else { f64::INFINITY };
        Candidate { order, constant, fit, criterion }
    }
}

fn lags(order: &Order) -> [usize; 4] {
    [order.ar, order.ma, order.seasonal_ar, order.seasonal_ma]
}

struct Walk<'a> {
    space: &'a Space<'a>,
    tried: Vec<Candidate>,
    best: usize,
}

impl Walk<'_> {
    fn at_most(&self, wanted: [usize; 4]) -> [usize; 4] {
        let most = lags(&self.space.most);
        std::array::from_fn(|i| wanted[i].min(most[i]))
    }

    /// Tries a model; whether it is better than all before.
    fn visit(&mut self, lags_of: [usize; 4], constant: bool) -> bool {
        let known = |tried: &Candidate| lags(&tried.order) == lags_of && tried.constant == constant;
        if self.tried.iter().any(known) {
            return false;
        }
        let candidate = self.space.candidate(lags_of, constant, self.space.method);
        let better = self.tried.is_empty() || candidate.criterion < self.tried[self.best].criterion;
        if better {
            self.best = self.tried.len();
        }
        self.tried.push(candidate);
        better
    }

    /// To the first neighbour that is better; whether there is one.
    fn step<E>(&mut self, go_on: &mut dyn FnMut() -> Result<(), E>) -> Result<bool, E> {
        let (here, constant) = (lags(&self.tried[self.best].order), self.tried[self.best].constant);
        for change in NEIGHBOURS {
            let moved: [Option<usize>; 4] =
                std::array::from_fn(|i| here[i].checked_add_signed(change[i]));
            let [Some(p), Some(q), Some(sp), Some(sq)] = moved else { continue };
            let next = [p, q, sp, sq];
            if next != self.at_most(next) {
                continue;
            }
            go_on()?;
            if self.visit(next, constant) {
                return Ok(true);
            }
        }
        go_on()?;
        Ok(self.space.constant && self.visit(here, !constant))
    }

    /// The best model by exact likelihood: the walk's own, or, where that is refused now, the end of
    /// an exact walk from the best ones.
    fn finish<E>(mut self, go_on: &mut dyn FnMut() -> Result<(), E>) -> Result<Candidate, E> {
        let best = self.tried.swap_remove(self.best);
        if self.space.method == Method::Exact {
            return Ok(best);
        }
        let exact = self.space.candidate(lags(&best.order), best.constant, Method::Exact);
        if exact.criterion.is_finite() {
            return Ok(exact);
        }
        self.tried.sort_by(|a, b| a.criterion.total_cmp(&b.criterion));
        let space = Space { method: Method::Exact, ..*self.space };
        let mut walk = Walk { space: &space, tried: vec![exact], best: 0 };
        for tried in self.tried.iter().take(AGAIN) {
            go_on()?;
            walk.visit(lags(&tried.order), tried.constant);
        }
        walk.visit([0; 4], space.constant);
        while walk.tried.len() < MOST && walk.step(go_on)? {}
        Ok(walk.tried.swap_remove(walk.best))
    }
}
