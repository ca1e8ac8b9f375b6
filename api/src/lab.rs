//! The lab: one door to sets, studies, runs and forecasts.

use std::path::PathBuf;

use almanac_backtest::Plan;
use almanac_data::Source;
use almanac_ingest::{Card, Read, ReadError, cards};
use almanac_models::Ctx;

use crate::Error;
use crate::meter::Meter;
use crate::spec::Written;

/// Where everything starts: it knows where further sets lie.
#[derive(Debug, Clone, Default)]
pub struct Lab {
    /// Folder with sets that are not shipped.
    pub data_root: Option<PathBuf>,
}

/// A spec whose data has been read.
pub struct Study {
    /// The spec as written.
    pub written: Written,
    /// The data.
    pub read: Read,
    pub(crate) meter: Meter,
}

impl Lab {
    /// Reads a source.
    ///
    /// # Errors
    /// Whatever stops the reading, with its place.
    pub fn read(&self, source: &Source) -> Result<Read, Error> {
        Ok(almanac_ingest::read(source, self.data_root.as_deref())?)
    }

    /// Reads the data of a spec.
    ///
    /// # Errors
    /// As for [`Lab::read`].
    pub fn study(&self, written: Written) -> Result<Study, Error> {
        let meter = Meter::start();
        let read = self.read(&written.spec.data)?;
        Ok(Study { written, read, meter })
    }

    /// The cards of all sets, each with whether its file is here.
    ///
    /// # Errors
    /// A card that cannot be read.
    pub fn sets(&self) -> Result<Vec<(Card, bool)>, ReadError> {
        let here = |card: Card| {
            let here = cards::is_here(&card, self.data_root.as_deref());
            (card, here)
        };
        Ok(cards::all()?.into_iter().map(here).collect())
    }
}

impl Study {
    /// Looks everything up and counts the folds.
    ///
    /// # Errors
    /// The first thing in the spec that cannot be run, with its place in the file.
    pub fn plan(&self) -> Result<Plan<'_>, Error> {
        Plan::new(&self.written.spec, &self.read.panel).map_err(|e| self.written.refuse(e))
    }

    /// The context of its run: its seed, and a handle by which it is stopped.
    pub fn ctx(&self) -> Ctx {
        Ctx::new(self.written.spec.run.seed)
    }
}
