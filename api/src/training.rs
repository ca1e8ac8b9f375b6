//! A model fitted once, to be kept: with a backtest before, where asked.

use almanac_data::{Leaderboard, Source};
use almanac_models::Ctx;
use serde::{Deserialize, Serialize};

use crate::follow::Watch;
use crate::kept::observed;
use crate::{Error, Kept, Progress, Study};

/// What is wanted of a training beside its spec.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Training {
    /// The name that the model is kept under.
    pub name: String,
    /// Whether the spec's folds are walked before.
    pub backtest: bool,
    /// Levels in percent whose intervals are watched.
    pub watch: Vec<f64>,
    /// The set whose rows it follows.
    pub follows: Option<String>,
    /// How rows are read, as it was asked: those of a question are read so.
    pub data: Source,
}

/// A model that was fitted.
pub struct Trained {
    /// The model.
    pub kept: Kept,
    /// What its backtest said.
    pub scores: Option<Leaderboard>,
    /// What it watches, from the end of its rows on.
    pub watch: Watch,
}

impl Study {
    /// Fits the study's one model on all of its rows.
    ///
    /// # Errors
    /// A spec that cannot be run or names several models; a fit that failed.
    pub fn trained(
        mut self,
        training: &Training,
        ctx: &Ctx,
        progress: &dyn Progress,
    ) -> Result<Trained, Error> {
        self.choose(ctx)?;
        let own = self.ctx().stopped_with(ctx);
        let scores = match training.backtest {
            true => Some(self.leaderboard(&own, progress)?),
            false => None,
        };
        let mut kept = self.train(&own, progress)?;
        kept.card.spec.data = training.data.clone();
        let watch = Watch::new(&training.watch, observed(&self.read.panel));
        Ok(Trained { kept, scores, watch })
    }
}
