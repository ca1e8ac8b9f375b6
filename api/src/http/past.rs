//! Where the rows of a request come from: itself, a set that is kept, a set that the program knows.

use std::sync::Arc;

use almanac_backtest::{Spec, TaskName};
use almanac_data::Source;
use almanac_ingest::{From, Given, Read, ReadTable};

use super::rows::Rows;
use super::{Answer, Problem, Shared, body};
use crate::store::{JobKind, Store, Task};
use crate::{Error, Lab, Study, Written};

/// Rows that only want a thread to be read.
#[derive(Clone)]
pub enum Past {
    /// Rows that came with the request, perhaps in a file that goes with this.
    Given(Arc<(Given, Option<body::Table>)>),
    /// A set that is kept.
    Set(Store, Box<Given>),
    /// A set that the program knows by itself, and its name.
    Known(Lab, String),
}

impl Past {
    /// Of the only one of rows, a table and the name of a set that is there.
    pub async fn of(
        app: &Shared,
        rows: Option<Rows>,
        table: Option<body::Table>,
        set: Option<&str>,
    ) -> Answer<Past> {
        match (rows, table, set) {
            (Some(rows), None, None) => {
                let most = Some((app.config.limits.rows, u64::MAX));
                let from = From::Columns(Arc::new(rows.0));
                let given = Given { name: "rows".into(), source: Source::default(), from, most };
                Ok(Past::Given(Arc::new((given, None))))
            }
            (None, Some(table), None) => Ok(Past::Given(Arc::new((table.given(app), Some(table))))),
            (None, None, Some(name)) => match app.store.set(name).await? {
                Some(set) => Ok(Past::Set(app.store.clone(), Box::new(app.store.given(&set)))),
                None => {
                    almanac_ingest::cards::find(name).map_err(|_| Error::no_set(name))?;
                    Ok(Past::Known(app.lab.clone(), name.to_string()))
                }
            },
            _ => Err(Error::mistake("give `rows` or the name of a `set`", None).into()),
        }
    }

    /// The way in which other rows were read, for these.
    pub fn how(&self, source: Source) -> Source {
        let set = match self {
            Past::Known(_, name) => Some(name.clone()),
            _ => None,
        };
        Source { set, path: Vec::new(), ..source }
    }

    /// The series.
    pub fn read(&self, source: &Source) -> Result<Read, Error> {
        match self {
            Past::Given(given) => Ok(almanac_ingest::read_given(source, &given.0)?),
            Past::Set(store, given) => store.read(source, given),
            Past::Known(lab, _) => lab.read(source),
        }
    }

    /// Rows of a table that are asked about.
    pub fn asked(&self, source: &Source) -> Result<ReadTable, Error> {
        match self {
            Past::Given(given) => Ok(almanac_ingest::read_asked_given(source, &given.0)?),
            Past::Set(_, given) => Ok(almanac_ingest::read_asked_given(source, given)?),
            Past::Known(lab, _) => lab.asked(source),
        }
    }

    /// The study of a spec; of a table, `walked` says whether its folds are.
    pub fn study(&self, spec: Spec, walked: bool) -> Result<Study, Error> {
        let written = Written::of(spec);
        match self {
            Past::Known(lab, _) if walked => lab.study(written),
            Past::Known(lab, _) => lab.lesson(written),
            Past::Set(..) if written.spec.task != TaskName::Regress => {
                let read = self.read(&written.spec.data)?;
                Ok(Study::of(written, read))
            }
            Past::Set(_, given) => Study::given(written, given, walked),
            Past::Given(given) => Study::given(written, &given.0, walked),
        }
    }

    /// A spec over these rows as a job: rows that came with the request are kept for it. `more` is
    /// what its kind is told besides.
    pub async fn task(
        self,
        app: &Shared,
        (kind, title): (JobKind, String),
        mut spec: Spec,
        more: Option<String>,
    ) -> Answer<Task> {
        let set = spec.data.set.clone().filter(|_| matches!(self, Past::Set(..)));
        let rows = match &self {
            Past::Set(..) | Past::Known(..) => None,
            Past::Given(_) if spec.task == TaskName::Regress => {
                let words = "rows of a table are fitted while you wait, not as a job";
                return Err(Error::mistake(words, None).into());
            }
            Past::Given(_) => {
                let source = std::mem::take(&mut spec.data);
                spec.data.set = Some("rows".into());
                let read = crate::store::blocking(move || self.read(&source)).await?;
                let (file, source, _) = app.store.keep_rows(read.panel).await?;
                Some((file, source))
            }
        };
        spec.run.threads = app.config.job_threads();
        let spec = spec.to_toml().map_err(|e| Problem::bad(e.to_string()))?;
        Ok(Task { kind, title: title.chars().take(200).collect(), spec, set, rows, more })
    }
}
