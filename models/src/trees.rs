//! Trees that are grown on one table and answer as one: what learners of trees share.

use almanac_data::{FitError, Matrix};
use almanac_kernels::tree::{Entropy, Gini, Grown, Limits, Ranks, Squares, Target, Tree};
use almanac_kernels::tree::{exact, random};
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use crate::classify::{Chances, Classes};
use crate::regress::{Predict, as_learnt, at_least};
use crate::{Ctx, Setting, SettingError};

/// Rows that are answered together: they and a tree fit into a core's cache.
const BLOCK: usize = 1024;

pub(crate) const TREES: Setting =
    Setting { name: "trees", range: ">= 1", meaning: "number of trees" };
pub(crate) const DEPTH: Setting = Setting {
    name: "depth",
    range: ">= 1",
    meaning: "splits above a leaf at most; none: no limit",
};
pub(crate) const MIN_SPLIT: Setting =
    Setting { name: "min_split", range: ">= 2", meaning: "rows that a node needs to be split" };
pub(crate) const MIN_LEAF: Setting =
    Setting { name: "min_leaf", range: ">= 1", meaning: "rows of a leaf at least" };
pub(crate) const FEATURES: Setting = Setting {
    name: "features",
    range: "all, sqrt, a share below 1, a number >= 1",
    meaning: "columns drawn for each split",
};
pub(crate) const BOOTSTRAP: Setting = Setting {
    name: "bootstrap",
    range: "true, false",
    meaning: "whether each tree sees rows drawn with replacement",
};
pub(crate) const ROWS: Setting =
    Setting { name: "rows", range: "(0, 1]", meaning: "share of the rows that each tree sees" };
pub(crate) const RATE: Setting =
    Setting { name: "rate", range: "> 0", meaning: "share of a tree's say" };
pub(crate) const CRITERION: Setting =
    Setting { name: "criterion", range: "gini, entropy", meaning: "impurity that splits lower" };
pub(crate) const CLASS_WEIGHT: Setting = Setting {
    name: "class_weight",
    range: "none, balanced",
    meaning: "whether all classes count the same",
};

/// Columns drawn for each split.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Features {
    /// In words.
    Word(Word),
    /// A share below 1, or a number.
    Number(f64),
}

/// A number of columns in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Word {
    /// Every column.
    All,
    /// The square root of their number.
    Sqrt,
}

impl Features {
    pub(crate) const ALL: Features = Features::Word(Word::All);
    pub(crate) const SQRT: Features = Features::Word(Word::Sqrt);

    /// How many of so many columns.
    fn of(self, width: usize) -> usize {
        let count = match self {
            Features::Word(Word::All) => width,
            Features::Word(Word::Sqrt) => width.isqrt(),
            Features::Number(share) if share < 1.0 => (share * width as f64) as usize,
            Features::Number(count) => count as usize,
        };
        count.max(1)
    }
}

/// Impurity of a node with shares p of its classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Criterion {
    /// 1 − Σ p².
    #[default]
    Gini,
    /// −Σ p·ln p.
    Entropy,
}

/// How far trees may grow.
pub(crate) struct Shape {
    pub depth: Option<usize>,
    pub min_split: usize,
    pub min_leaf: usize,
    pub features: Features,
}

impl Shape {
    /// Whether so many trees of this shape make sense.
    pub fn check(&self, trees: usize) -> Result<(), SettingError> {
        let (depth, features) = (self.depth.unwrap_or(1), self.features);
        let in_range = match features {
            Features::Word(_) => true,
            Features::Number(n) => (0.0 < n && n < 1.0) || (n >= 1.0 && n.fract() == 0.0),
        };
        SettingError::unless(trees >= 1, "trees", TREES.range, trees)?;
        SettingError::unless(depth >= 1, "depth", DEPTH.range, depth)?;
        SettingError::unless(self.min_split >= 2, "min_split", MIN_SPLIT.range, self.min_split)?;
        SettingError::unless(self.min_leaf >= 1, "min_leaf", MIN_LEAF.range, self.min_leaf)?;
        SettingError::unless(in_range, "features", FEATURES.range, format!("{features:?}"))
    }

    fn limits(&self, width: usize) -> Limits {
        Limits {
            depth: self.depth.unwrap_or(usize::MAX),
            min_split: self.min_split,
            min_leaf: self.min_leaf,
            features: self.features.of(width),
        }
    }
}

/// What trees learn.
pub(crate) enum Goal<'a> {
    Values(&'a [f64]),
    Classes(Classes<'a>, Criterion),
}

/// A table made ready, from which one tree after another grows.
pub(crate) struct Ground<'a> {
    soil: Soil,
    goal: Goal<'a>,
    limits: Limits,
}

/// The table in the order that splits are found in.
enum Soil {
    Sorted(Ranks),
    Rows(Vec<f64>),
}

impl<'a> Ground<'a> {
    /// For the best of all splits.
    pub fn sorted(x: &Matrix, goal: Goal<'a>, shape: &Shape) -> Result<Ground<'a>, FitError> {
        at_least(1, x)?;
        let soil = Soil::Sorted(Ranks::new(&x.columns().collect::<Vec<_>>()));
        Ok(Ground { soil, goal, limits: shape.limits(x.width()) })
    }

    /// For random splits.
    pub fn unsorted(x: &Matrix, goal: Goal<'a>, shape: &Shape) -> Result<Ground<'a>, FitError> {
        at_least(1, x)?;
        Ok(Ground { soil: Soil::Rows(x.by_rows()), goal, limits: shape.limits(x.width()) })
    }

    /// A tree over rows of these weights.
    pub fn grow(&self, ctx: &Ctx, weights: &[f64]) -> Grown {
        let mut rng = ctx.rng();
        let draw = &mut || rng.next_u64();
        match &self.goal {
            Goal::Values(y) => self.split(&Squares::new(y, weights), draw),
            Goal::Classes(classes, Criterion::Gini) => {
                self.split(&Gini::new(classes.of, classes.count, weights), draw)
            }
            Goal::Classes(classes, Criterion::Entropy) => {
                self.split(&Entropy::new(classes.of, classes.count, weights), draw)
            }
        }
    }

    fn split<T: Target>(&self, target: &T, draw: &mut dyn FnMut() -> u64) -> Grown {
        match &self.soil {
            Soil::Sorted(ranks) => exact(ranks, target, &self.limits, draw),
            Soil::Rows(rows) => random(rows, target, &self.limits, draw),
        }
    }
}

/// Which rows a tree sees: so large a share of them, drawn with replacement or without.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rows {
    pub share: f64,
    pub back: bool,
}

impl Rows {
    pub const ALL: Rows = Rows { share: 1.0, back: false };

    /// The weights, times how often each row was drawn.
    fn weigh(self, ctx: &Ctx, weights: &[f64]) -> Vec<f64> {
        let (all, mut rng) = (weights.len(), ctx.named("rows").rng());
        let count = ((self.share * all as f64) as usize).max(1);
        let mut times = vec![0.0; all];
        if self.back {
            (0..count).for_each(|_| times[rng.random_range(0..all)] += 1.0);
        } else {
            let rows = rand::seq::index::sample(&mut rng, all, count);
            rows.into_iter().for_each(|row| times[row] = 1.0);
        }
        times.iter().zip(weights).map(|(times, weight)| times * weight).collect()
    }
}

/// Trees whose mean is the answer.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Self")]
pub(crate) struct Grove {
    #[serde(skip)]
    ctx: Ctx,
    trees: Vec<Tree>,
    importance: Vec<f64>,
}

almanac_kernels::checked!(Grove, |grove| {
    let width = grove.trees.first().map_or(0, Tree::width);
    width > 0
        && grove.trees.iter().all(|tree| tree.width() == width && asks(tree, &grove.importance))
});

/// Whether a tree asks no more than the columns that these shares are of.
pub(crate) fn asks(tree: &Tree, shares: &[f64]) -> bool {
    tree.columns() <= shares.len()
}

impl Grove {
    /// Grows trees, each from rows of its own.
    pub fn plant(
        ctx: &Ctx,
        ground: &Ground<'_>,
        trees: usize,
        rows: Rows,
        weights: &[f64],
    ) -> Result<Grove, FitError> {
        let grow = |tree: usize| {
            ctx.go_on()?;
            let ctx = ctx.named(&format!("tree {tree}"));
            Ok(ground.grow(&ctx, &rows.weigh(&ctx, weights)))
        };
        let grown: Vec<Grown> = ctx.map(trees, grow).into_iter().collect::<Result<_, _>>()?;
        let importance = importance(grown.iter().map(|grown| (grown, 1.0)));
        let trees = grown.into_iter().map(|grown| grown.tree).collect();
        Ok(Grove { ctx: ctx.clone(), trees, importance })
    }

    /// The mean of the trees' leaves, rows one after another.
    fn mean(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
        as_learnt(self.importance.len(), x)?;
        let sum = |rows: &[f64], sums: &mut [f64]| {
            self.trees.iter().for_each(|tree| tree.add(rows, x.width(), sums));
            sums.iter_mut().for_each(|sum| *sum /= self.trees.len() as f64);
        };
        Ok(blocks(&self.ctx, x, self.trees[0].width(), sum))
    }
}

/// `width` numbers for each row, worked out a row at a time from zeros.
pub(crate) fn answer(
    ctx: &Ctx,
    x: &Matrix,
    width: usize,
    work: impl Fn(&[f64], &mut [f64]) + Sync + Send,
) -> Vec<f64> {
    blocks(ctx, x, width, |rows, out| {
        for (row, out) in out.chunks_exact_mut(width).enumerate() {
            work(&rows[row * x.width()..][..x.width()], out);
        }
    })
}

/// `width` numbers for each row, worked out a block of rows at a time from zeros.
fn blocks(
    ctx: &Ctx,
    x: &Matrix,
    width: usize,
    work: impl Fn(&[f64], &mut [f64]) + Sync + Send,
) -> Vec<f64> {
    let rows = x.by_rows();
    let block = |block: usize| {
        let (start, end) = (block * BLOCK, x.rows().min((block + 1) * BLOCK));
        let mut out = vec![0.0; (end - start) * width];
        work(&rows[start * x.width()..end * x.width()], &mut out);
        out
    };
    ctx.map(x.rows().div_ceil(BLOCK), block).concat()
}

/// The weighted mean of what columns gained in trees, in shares of 1.
pub(crate) fn importance<'a>(grown: impl Iterator<Item = (&'a Grown, f64)>) -> Vec<f64> {
    let mut sums = Vec::new();
    for (grown, weight) in grown {
        sums.resize(grown.importance.len(), 0.0);
        sums.iter_mut().zip(&grown.importance).for_each(|(sum, share)| *sum += weight * share);
    }
    let all: f64 = sums.iter().sum();
    sums.iter().map(|sum| if all > 0.0 { sum / all } else { 0.0 }).collect()
}

#[typetag::serde]
impl Predict for Grove {
    fn predict(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
        self.mean(x)
    }

    fn importance(&self) -> Option<Vec<f64>> {
        Some(self.importance.clone())
    }
}

#[typetag::serde]
impl Chances for Grove {
    fn chances(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
        self.mean(x)
    }

    fn importance(&self) -> Option<Vec<f64>> {
        Some(self.importance.clone())
    }
}
