//! Rounds of boosting, whatever the loss: each tree goes down the slope where the last one stopped.
//!
//! ```text
//! score[0] = the loss's best constant
//! score[r] = score[r−1] + rate · tree(slope of the loss at score[r−1])
//! leaf     = −Σ slope / (Σ curvature + l2)
//! ```
//!
//! Friedman 2001, Greedy function approximation: a gradient boosting machine, Annals of Statistics
//! 29; leaf-wise growth over histograms: Ke et al. 2017, LightGBM, NeurIPS 30; leaf values and
//! penalties: Chen & Guestrin 2016, XGBoost, KDD.

mod growth;

use almanac_data::{FitError, Matrix};
use almanac_kernels::MOST;
use almanac_kernels::boost::{self, Binned, Grown, Pack, Team, Tree, View, Words, grow, pack};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::Ctx;
use crate::regress::as_learnt;
pub use growth::Growth;
use growth::pick;

/// What the rounds go down.
pub(crate) trait Loss: Sync {
    /// The best constant of each output over these rows.
    fn start(&self, rows: &[u32]) -> Vec<f64>;

    /// Slopes and curvatures of every row, by output, where the scores stand; `rows` are those
    /// learnt from.
    fn slopes(&mut self, rows: &[u32], scores: &[Vec<f64>], out: &mut [Slopes]);

    /// How far off these rows are, on one scale for all rounds.
    fn mean(&self, rows: &[u32], scores: &[Vec<f64>]) -> f64;

    /// What is best added to the scores of a leaf's rows, where slope over curvature is not.
    fn leaf(&self, rows: &[u32], scores: &[f64]) -> Option<f64> {
        let _ = (rows, scores);
        None
    }
}

/// Slopes and curvatures of one output; no curvatures where all are 1.
#[derive(Default, Clone)]
pub(crate) struct Slopes {
    /// By row.
    pub slope: Vec<f64>,
    /// By row, or none.
    pub curve: Vec<f64>,
}

/// What the rounds end in.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Self")]
pub(crate) struct Boosted {
    start: Vec<f64>,
    rounds: Vec<Vec<Tree>>,
    width: usize,
}

almanac_kernels::checked!(Boosted, |boosted| {
    let one_each = |round: &Vec<Tree>| {
        round.len() == boosted.start.len()
            && round.iter().all(|tree| tree.columns() <= boosted.width)
    };
    !boosted.start.is_empty() && boosted.width < MOST && boosted.rounds.iter().all(one_each)
});

impl Boosted {
    /// The score of each row, by output.
    ///
    /// # Errors
    /// Other columns than those learnt from.
    pub fn scores(&self, x: &Matrix) -> Result<Vec<Vec<f64>>, FitError> {
        as_learnt(self.width, x)?;
        let columns: Vec<&[f64]> = x.columns().collect();
        let output = |(at, &start): (usize, &f64)| {
            let mut scores = vec![start; x.rows()];
            boost::add(self.rounds.iter().map(|round| &round[at]), &columns, &mut scores);
            scores
        };
        Ok(self.start.iter().enumerate().map(output).collect())
    }

    /// What splits of each column gained, in shares of 1.
    pub fn importance(&self) -> Vec<f64> {
        let mut gains = vec![0.0; self.width];
        let all = self.rounds.iter().flatten().flat_map(|tree| &tree.gains);
        all.for_each(|&(column, gain)| gains[column] += gain);
        let total: f64 = gains.iter().sum();
        gains.into_iter().map(|gain| if total > 0.0 { gain / total } else { 0.0 }).collect()
    }
}

impl Team for Ctx {
    fn map<T: Send>(&self, count: usize, work: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
        Ctx::map(self, count, work)
    }
}

/// Boosts trees down a loss.
///
/// # Errors
/// Too few rows to hold any out; scores that leave the finite numbers.
pub(crate) fn boosted(
    ctx: &Ctx,
    growth: &Growth,
    x: &Matrix,
    loss: impl Loss,
) -> Result<Boosted, FitError> {
    let mut rng = ctx.rng();
    let (seen, held) = growth.part(x.rows(), &mut rng)?;
    let columns: Vec<&[f64]> = x.columns().collect();
    let binned = Binned::of(ctx, &columns, growth.bins);
    let start = loss.start(&seen);
    let mut course = Course {
        ctx,
        growth,
        loss,
        packs: pack(&binned.columns, &(0..x.width()).collect::<Vec<_>>()),
        binned,
        scores: start.iter().map(|&start| vec![start; x.rows()]).collect(),
        flat: Words::new(x.rows()),
        curved: Words::new(x.rows()),
        order: Vec::new(),
        spare: Vec::new(),
    };
    let mut slopes = vec![Slopes::default(); start.len()];
    let mut rounds = Vec::new();
    let mut best = (growth.patience > 0).then(|| (course.loss.mean(&held, &course.scores), 0));
    while rounds.len() < growth.rounds {
        ctx.go_on()?;
        course.loss.slopes(&seen, &course.scores, &mut slopes);
        let round = course.round(&seen, &slopes, &mut rng)?;
        let grown = round.iter().any(|tree| !tree.gains.is_empty());
        if !grown && growth.rows == 1.0 && growth.columns == 1.0 {
            break;
        }
        rounds.push(round);
        if let Some((least, at)) = &mut best {
            let mean = course.loss.mean(&held, &course.scores);
            if mean < *least {
                (*least, *at) = (mean, rounds.len());
            } else if rounds.len() - *at >= growth.patience {
                break;
            }
        }
    }
    if let Some((_, at)) = best {
        rounds.truncate(at);
    }
    Ok(Boosted { start, rounds, width: x.width() })
}

/// The state of the rounds.
struct Course<'a, L: Loss> {
    ctx: &'a Ctx,
    growth: &'a Growth,
    loss: L,
    binned: Binned,
    packs: Vec<Pack>,
    scores: Vec<Vec<f64>>,
    flat: Words<1>,
    curved: Words<2>,
    order: Vec<u32>,
    spare: Vec<u32>,
}

impl<L: Loss> Course<'_, L> {
    /// One tree an output.
    fn round(
        &mut self,
        seen: &[u32],
        slopes: &[Slopes],
        rng: &mut ChaCha8Rng,
    ) -> Result<Vec<Tree>, FitError> {
        let bag: Vec<u32> = match self.growth.rows {
            1.0 => seen.to_vec(),
            share => pick(rng, seen.len(), share).into_iter().map(|at| seen[at]).collect(),
        };
        let mut round = Vec::with_capacity(slopes.len());
        for (output, slopes) in slopes.iter().enumerate() {
            let peak = slopes.slope.iter().fold(0.0_f64, |peak, slope| peak.max(slope.abs()));
            if !peak.is_finite() {
                return Err(FitError::NotFinite("the slope of the loss"));
            }
            self.order.clear();
            self.order.extend_from_slice(&bag);
            let grown = self.tree(slopes, rng);
            round.push(self.step(grown, output, &bag)?);
        }
        Ok(round)
    }

    fn tree(&mut self, slopes: &Slopes, rng: &mut ChaCha8Rng) -> Grown {
        let width = self.binned.columns.len();
        let some = (self.growth.columns < 1.0)
            .then(|| pack(&self.binned.columns, &pick(rng, width, self.growth.columns)));
        let packs = some.as_ref().unwrap_or(&self.packs);
        let view = View { binned: &self.binned, packs };
        let (rule, order, spare) = (self.growth.rule(), &mut self.order, &mut self.spare);
        if slopes.curve.is_empty() {
            self.flat.set(&slopes.slope);
            grow(self.ctx, &view, &self.flat, &rule, order, spare)
        } else {
            self.curved.set(&slopes.slope, &slopes.curve);
            grow(self.ctx, &view, &self.curved, &rule, order, spare)
        }
    }

    /// Adds a tree to the scores: by its leaves where its rows went, by its splits elsewhere.
    fn step(&mut self, grown: Grown, output: usize, bag: &[u32]) -> Result<Tree, FitError> {
        let Grown { mut tree, leaves } = grown;
        let scores = &mut self.scores[output];
        for leaf in leaves {
            let rows = &self.order[leaf.rows];
            let node = &mut tree.nodes[leaf.node];
            node.value = self.loss.leaf(rows, scores).unwrap_or(node.value);
            node.value *= self.growth.learning_rate;
            if !node.value.is_finite() {
                return Err(FitError::NotFinite("a leaf"));
            }
            rows.iter().for_each(|&row| scores[row as usize] += node.value);
        }
        let mut bag = bag.iter().peekable();
        for (row, score) in scores.iter_mut().enumerate() {
            if bag.next_if(|&&bagged| bagged as usize == row).is_none() {
                *score += tree.of_bins(&self.binned.columns, row);
            }
        }
        Ok(tree)
    }
}
