//! The lab: one door to sets, studies, runs and forecasts.

use std::path::PathBuf;

use almanac_backtest::{Plan, PlanError, TableRows, TaskName};
use almanac_data::{Source, Table};
use almanac_ingest::{Card, Given, Read, ReadError, ReadTable, cards};
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
    /// The table behind the panel, where the task is one of rows.
    pub rows: Option<TableRows>,
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
        if written.spec.task != TaskName::Regress {
            let read = self.read(&written.spec.data)?;
            return Ok(Study { meter, ..Study::of(written, read) });
        }
        let table = almanac_ingest::read_table(&written.spec.data, self.data_root.as_deref())?;
        Ok(Study { meter, ..Study::folded(written, table)? })
    }

    /// Reads the data of a spec for a model that learns from all of it: no folds part it.
    ///
    /// # Errors
    /// As for [`Lab::read`].
    pub fn lesson(&self, written: Written) -> Result<Study, Error> {
        if written.spec.task != TaskName::Regress {
            return self.study(written);
        }
        let table = almanac_ingest::read_table(&written.spec.data, self.data_root.as_deref())?;
        Study::of_table(written, table)
    }

    /// Reads rows of a table that are to be asked about; they need no target.
    ///
    /// # Errors
    /// As for [`Lab::read`].
    pub fn asked(&self, source: &Source) -> Result<ReadTable, Error> {
        Ok(almanac_ingest::read_asked(source, self.data_root.as_deref())?)
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
    /// A spec over rows that no source names; of a table, `walked` says whether its folds are.
    ///
    /// # Errors
    /// As for [`Lab::read`].
    pub fn given(written: Written, given: &Given, walked: bool) -> Result<Study, Error> {
        if written.spec.task != TaskName::Regress {
            let read = almanac_ingest::read_given(&written.spec.data, given)?;
            return Ok(Study::of(written, read));
        }
        let table = almanac_ingest::read_table_given(&written.spec.data, given)?;
        match walked {
            true => Study::folded(written, table),
            false => Study::of_table(written, table),
        }
    }

    fn folded(written: Written, read: ReadTable) -> Result<Study, Error> {
        let rows = |table| TableRows::new(&written.spec.folds, written.spec.run.seed, table);
        Study::of_rows(&written, read, rows)
    }

    /// A spec over a panel that was read already.
    pub fn of(written: Written, read: Read) -> Study {
        Study { written, read, rows: None, meter: Meter::start() }
    }

    /// A spec over a table that was read already, all of its rows learnt from.
    ///
    /// # Errors
    /// None that a table that was read can cause.
    pub fn of_table(written: Written, read: ReadTable) -> Result<Study, Error> {
        Study::of_rows(&written, read, TableRows::whole)
    }

    fn of_rows(
        written: &Written,
        read: ReadTable,
        rows: impl FnOnce(Table) -> Result<TableRows, PlanError>,
    ) -> Result<Study, Error> {
        let ReadTable { table, audit, tidied, files } = read;
        let rows = rows(table).map_err(|error| written.refuse(error))?;
        let read = Read { panel: rows.panel().clone(), audit, tidied, files };
        Ok(Study { rows: Some(rows), ..Study::of(written.clone(), read) })
    }

    /// Looks everything up and counts the folds.
    ///
    /// # Errors
    /// The first thing in the spec that cannot be run, with its place in the file.
    pub fn plan(&self) -> Result<Plan<'_>, Error> {
        let spec = &self.written.spec;
        let plan = match &self.rows {
            Some(rows) => Plan::of_rows(spec, rows),
            None => Plan::new(spec, &self.read.panel),
        };
        plan.map_err(|error| self.written.refuse(error))
    }

    /// The context of its run: its seed and device, and a handle by which it is stopped.
    pub fn ctx(&self) -> Ctx {
        let run = &self.written.spec.run;
        let mut ctx = Ctx::new(run.seed);
        ctx.device = run.device;
        ctx
    }
}
