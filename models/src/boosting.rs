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

use almanac_data::{FitError, Matrix};
use almanac_kernels::boost::{
    self, Binned, Grown, Pack, Rule, Team, Tree, View, Words, grow, pack,
};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::Ctx;
use crate::settings::{Setting, SettingError};

/// How trees are grown and how many, whatever the loss; its rows stand in the learners' tables.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct Growth {
    /// Trees, one an output and round.
    pub rounds: usize,
    /// Share of each tree's answer that counts.
    pub learning_rate: f64,
    /// Leaves of a tree at most.
    pub leaves: usize,
    /// Splits on a path at most; left out, as many as leaves allow.
    pub depth: Option<usize>,
    /// Rows of a leaf at least.
    pub min_leaf: usize,
    /// Shrinks leaves: added to sums of curvatures.
    pub l2: f64,
    /// Shrinks leaves: taken from sums of slopes.
    pub l1: f64,
    /// What a split must gain.
    pub gain: f64,
    /// Bins of a column at most, besides that of missing values.
    pub bins: usize,
    /// Share of the rows that a round sees.
    pub rows: f64,
    /// Share of the columns that a tree sees.
    pub columns: f64,
    /// Rounds without a better score on rows held out, after which to stop; 0 = never.
    pub patience: usize,
    /// Share of the rows held out, where there is patience.
    pub held: f64,
    /// Which rows are held out.
    pub held_rows: Held,
}

/// Which rows are held out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Held {
    /// The last ones: rows are in the order of time.
    #[default]
    Last,
    /// Any.
    Random,
}

impl Default for Growth {
    fn default() -> Self {
        Growth {
            rounds: 100,
            learning_rate: 0.1,
            leaves: 31,
            depth: None,
            min_leaf: 20,
            l2: 0.0,
            l1: 0.0,
            gain: 0.0,
            bins: 255,
            rows: 1.0,
            columns: 1.0,
            patience: 0,
            held: 0.1,
            held_rows: Held::Last,
        }
    }
}

const fn line(name: &'static str, range: &'static str, meaning: &'static str) -> Setting {
    Setting { name, range, meaning }
}

impl Growth {
    const TABLE: [Setting; 14] = [
        line("rounds", ">= 1", "trees, one an output and round"),
        line("learning_rate", "in (0, 1]", "share of each tree's answer that counts"),
        line("leaves", ">= 2", "leaves of a tree at most"),
        line("depth", ">= 1", "splits on a path at most; left out, as many as leaves allow"),
        line("min_leaf", ">= 1", "rows of a leaf at least"),
        line("l2", ">= 0", "shrinks leaves: added to sums of curvatures"),
        line("l1", ">= 0", "shrinks leaves: taken from sums of slopes"),
        line("gain", ">= 0", "what a split must gain"),
        line("bins", "2 to 255", "bins of a column at most, besides that of missing values"),
        line("rows", "in (0, 1]", "share of the rows that a round sees"),
        line("columns", "in (0, 1]", "share of the columns that a tree sees"),
        line("patience", ">= 0", "rounds that held-out rows may not get better; 0 = no end"),
        line("held", "in (0, 1)", "share of the rows held out, where there is patience"),
        line("held_rows", "last, random", "which rows are held out"),
    ];

    /// A learner's own lines before these; `N` is how many that makes.
    pub(crate) const fn table<const N: usize>(own: &[Setting]) -> [Setting; N] {
        let mut table = [Growth::TABLE[0]; N];
        let mut at = 0;
        while at < N {
            table[at] = if at < own.len() { own[at] } else { Growth::TABLE[at - own.len()] };
            at += 1;
        }
        table
    }

    /// Whether the values make sense.
    pub(crate) fn check(&self) -> Result<(), SettingError> {
        let share = |value: f64| 0.0 < value && value <= 1.0;
        let positive = |value: f64| 0.0 <= value && value.is_finite();
        SettingError::unless(self.rounds >= 1, "rounds", "at least 1", self.rounds)?;
        SettingError::unless(
            share(self.learning_rate),
            "learning_rate",
            "in (0, 1]",
            self.learning_rate,
        )?;
        SettingError::unless(self.leaves >= 2, "leaves", "at least 2", self.leaves)?;
        SettingError::unless(self.depth != Some(0), "depth", "at least 1", 0)?;
        SettingError::unless(self.min_leaf >= 1, "min_leaf", "at least 1", self.min_leaf)?;
        SettingError::unless(positive(self.l2), "l2", "at least 0", self.l2)?;
        SettingError::unless(positive(self.l1), "l1", "at least 0", self.l1)?;
        SettingError::unless(positive(self.gain), "gain", "at least 0", self.gain)?;
        SettingError::unless((2..=255).contains(&self.bins), "bins", "2 to 255", self.bins)?;
        SettingError::unless(share(self.rows), "rows", "in (0, 1]", self.rows)?;
        SettingError::unless(share(self.columns), "columns", "in (0, 1]", self.columns)?;
        SettingError::unless(share(self.held) && self.held < 1.0, "held", "in (0, 1)", self.held)
    }

    fn rule(&self) -> Rule {
        Rule {
            leaves: self.leaves,
            depth: self.depth.unwrap_or(usize::MAX),
            min_leaf: self.min_leaf,
            l1: self.l1,
            l2: self.l2,
            gain: self.gain,
        }
    }
}

/// What the rounds go down.
pub(crate) trait Loss: Sync {
    /// The best constant of each output over these rows.
    fn start(&self, rows: &[u32]) -> Vec<f64>;

    /// Slopes and curvatures of every row, by output, where the scores stand; `rows` are those
    /// learnt from.
    fn slopes(&mut self, rows: &[u32], scores: &[Vec<f64>], out: &mut [Slopes]);

    /// The mean loss of these rows.
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
pub(crate) struct Boosted {
    start: Vec<f64>,
    rounds: Vec<Vec<Tree>>,
    width: usize,
}

impl Boosted {
    /// The score of each row, by output.
    pub fn scores(&self, x: &Matrix) -> Vec<Vec<f64>> {
        let columns: Vec<&[f64]> = x.columns().collect();
        let output = |(at, &start): (usize, &f64)| {
            let mut scores = vec![start; x.rows()];
            boost::add(self.rounds.iter().map(|round| &round[at]), &columns, &mut scores);
            scores
        };
        self.start.iter().enumerate().map(output).collect()
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
    let (mut best, mut at_best) = (f64::INFINITY, 0);
    while rounds.len() < growth.rounds {
        ctx.go_on()?;
        course.loss.slopes(&seen, &course.scores, &mut slopes);
        let round = course.round(&seen, &slopes, &mut rng)?;
        let grown = round.iter().any(|tree| !tree.gains.is_empty());
        if !grown && growth.rows == 1.0 && growth.columns == 1.0 {
            break;
        }
        rounds.push(round);
        if growth.patience > 0 {
            let mean = course.loss.mean(&held, &course.scores);
            if mean < best {
                (best, at_best) = (mean, rounds.len());
            } else if rounds.len() - at_best >= growth.patience {
                break;
            }
        }
    }
    if growth.patience > 0 {
        rounds.truncate(at_best);
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

impl Growth {
    /// Rows to learn from and rows held out, each in order.
    fn part(&self, rows: usize, rng: &mut ChaCha8Rng) -> Result<(Vec<u32>, Vec<u32>), FitError> {
        let every = 0..rows as u32;
        if self.patience == 0 {
            return Ok((every.collect(), Vec::new()));
        }
        if rows < 2 {
            return Err(FitError::TooShort { need: 2, got: rows });
        }
        let count = ((self.held * rows as f64).ceil() as usize).clamp(1, rows - 1);
        let held: Vec<u32> = match self.held_rows {
            Held::Last => every.clone().skip(rows - count).collect(),
            Held::Random => {
                pick(rng, rows, count as f64 / rows as f64).iter().map(|&at| at as u32).collect()
            }
        };
        let seen = every.filter(|row| held.binary_search(row).is_err()).collect();
        Ok((seen, held))
    }
}

/// A share of `0 .. count`, at least one, in order, each as likely as any other.
fn pick(rng: &mut ChaCha8Rng, count: usize, share: f64) -> Vec<usize> {
    let mut wanted = ((share * count as f64).round() as usize).clamp(1, count.max(1));
    let mut picked = Vec::with_capacity(wanted);
    for at in 0..count {
        if rng.random::<f64>() * ((count - at) as f64) < wanted as f64 {
            picked.push(at);
            wanted -= 1;
        }
    }
    picked
}
