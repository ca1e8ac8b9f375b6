//! The settings of boosting that do not depend on the loss, and which rows and columns they draw.

use almanac_data::FitError;
use almanac_kernels::boost::Rule;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

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

    /// What limits a tree.
    pub(super) fn rule(&self) -> Rule {
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

impl Growth {
    /// Rows to learn from and rows held out, each in order.
    pub(super) fn part(
        &self,
        rows: usize,
        rng: &mut ChaCha8Rng,
    ) -> Result<(Vec<u32>, Vec<u32>), FitError> {
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
pub(super) fn pick(rng: &mut ChaCha8Rng, count: usize, share: f64) -> Vec<usize> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    /// A third of nine is three of them, each once and in order; every share has at least one.
    #[test]
    fn picks_by_hand() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        for _ in 0..20 {
            let picked = pick(&mut rng, 9, 1.0 / 3.0);
            assert!(picked.len() == 3 && picked.is_sorted_by(|a, b| a < b) && picked[2] < 9);
        }
        assert_eq!(pick(&mut rng, 4, 0.01).len(), 1);
        assert_eq!(pick(&mut rng, 4, 1.0), [0, 1, 2, 3]);
    }

    /// A quarter of eight rows: the last two, or two of any; the others are learnt from.
    #[test]
    fn rows_part_by_hand() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let last = Growth { patience: 1, held: 0.25, ..Growth::default() };
        assert_eq!(last.part(8, &mut rng).unwrap(), ((0..6).collect(), vec![6, 7]));
        let random = Growth { held_rows: Held::Random, ..last.clone() };
        let (seen, held) = random.part(8, &mut rng).unwrap();
        assert_eq!((seen.len(), held.len()), (6, 2));
        assert!(held.iter().all(|row| !seen.contains(row)));
        assert!(last.part(1, &mut rng).is_err());
    }
}
