//! A model fitted once, with all that is needed to answer later.
//!
//! ```text
//! Study::train ──▶ Kept ──to_bytes──▶ a file ──from_bytes──▶ Kept ──▶ Kept::predict
//!
//! ALMANAC MODEL ┃ SHA-256 of the rest ┃ length of the card ┃ card, JSON ┃ what was learnt, MessagePack
//! ```

use std::path::Path;
use std::time::{Instant, SystemTime};

use almanac_backtest::{
    Declared, FoldSpec, Learnt, Plan, Progress, RunError, Spec, TableRows, TaskName, Trained,
};
use almanac_data::{Column, FitError, Panel, Source, Stamp, Table};
use almanac_ingest::Read;
use almanac_models::Ctx;
use chrono::{DateTime, Utc};
use rmp_serde::Deserializer;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::forecast::{Silent, lengthen};
use crate::lab::Study;
use crate::spec::Written;
use crate::tables::Names;
use crate::values::Values;
use crate::{Error, Forecasts, atomic};

/// What every kept model begins with.
const MAGIC: &[u8] = b"ALMANAC MODEL\n";
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Things within things in what was learnt, models' own bytes apart.
const DEEPEST: usize = 16;

/// A model fitted once, with all that is needed to answer later.
#[derive(Clone)]
pub struct Kept {
    /// What it is, for people.
    pub card: ModelCard,
    trained: Trained,
}

/// What a kept model is: what was asked of which model, on which data, when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelCard {
    /// Almanac's version, the only one that reads it.
    pub version: String,
    /// What it answers.
    pub task: TaskName,
    /// The model's name in the roster.
    pub model: String,
    /// The steps ahead that it was fitted for; of rows, 1.
    pub horizon: usize,
    /// When it was fitted, in UTC.
    pub fitted: String,
    /// Seconds that the fit took.
    pub fit_s: f64,
    /// What it learnt from.
    pub data: Lesson,
    /// Series on which it could not learn, with the reasons.
    pub failures: Vec<(String, String)>,
    /// The spec with every default: how rows are read, the model's settings and lift, the seed.
    pub spec: Spec,
}

/// The data that a model learnt from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lesson {
    /// Name of the set.
    pub name: String,
    /// Number of series; of a table, 0.
    pub series: usize,
    /// Number of rows.
    pub rows: usize,
    /// The first stamp of all; none of a table.
    pub first: Option<String>,
    /// The last stamp of all.
    pub last: Option<String>,
    /// The last stamp that it has been moved to since.
    pub moved_to: Option<String>,
    /// Frequency; none of a table.
    pub frequency: Option<String>,
    /// Observations in one season.
    pub season: usize,
    /// SHA-256 of each file.
    pub sha256: Vec<String>,
    /// Columns beside the values; none of a table.
    pub columns: Vec<Declared>,
    /// Of a table: the column that is asked.
    pub target: Option<String>,
}

impl Study {
    /// The study's one model, fitted on all of its rows; its folds mean nothing here.
    ///
    /// # Errors
    /// A spec that cannot be run, or of several models; a model that learns of no series, or not of
    /// the whole; [`Error::Stopped`] when the context was cancelled.
    pub fn train(&self, ctx: &Ctx, progress: &dyn Progress) -> Result<Kept, Error> {
        let mut written = self.written.clone();
        let Spec { model, variant, folds, .. } = &mut written.spec;
        if model.len() != 1 || !variant.is_empty() || model[0].repeats.is_some_and(|k| k > 1) {
            let hint = "name one model, without variants and repeats".to_string();
            return Err(Error::mistake("one model is kept at a time", hint));
        }
        *folds = FoldSpec { horizon: folds.horizon, ..FoldSpec::default() };
        let spec = &written.spec;
        let start = Instant::now();
        let (panel, rows);
        let plan = match &self.rows {
            Some(table) => {
                rows = TableRows::whole(table.table().clone()).map_err(|e| written.refuse(e))?;
                Plan::of_rows(spec, &rows)
            }
            None => {
                panel = lengthen(&self.read.panel, spec.folds.horizon)?;
                Plan::new(spec, &panel)
            }
        };
        let plan = plan.map_err(|error| written.refuse(error))?;
        let trained = plan.train(ctx, progress).map_err(unlearnt)?;
        let failures = trained.failures();
        if let (Trained::Series(fits), Some((id, reason))) = (&trained, failures.first())
            && failures.len() == fits.len()
        {
            let message = format!("the model learns of no series: `{id}`: {reason}");
            return Err(Error::mistake(message, None));
        }
        let mut card = ModelCard::of(&plan, self);
        (card.failures, card.fit_s) = (failures, start.elapsed().as_secs_f64());
        Ok(Kept { card, trained })
    }
}

impl ModelCard {
    /// Of the first model of a plan over a study's data.
    fn of(plan: &Plan<'_>, study: &Study) -> ModelCard {
        let mut spec = plan.spec().clone();
        spec.model.truncate(1);
        (spec.money, spec.run.threads) = (None, 0);
        (spec.score.metrics, spec.score.primary) = (Vec::new(), None);
        ModelCard {
            version: VERSION.into(),
            task: spec.task,
            model: spec.model[0].entry.clone(),
            horizon: if study.rows.is_some() { 1 } else { spec.folds.horizon },
            fitted: DateTime::<Utc>::from(SystemTime::now()).to_rfc3339(),
            fit_s: 0.0,
            data: Lesson::of(&study.read, study.rows.as_ref().map(TableRows::table)),
            failures: Vec::new(),
            spec,
        }
    }
}

impl Lesson {
    fn of(read: &Read, table: Option<&Table>) -> Lesson {
        let sha256 = read.files.iter().map(|file| file.sha256.clone()).collect();
        if let Some(table) = table {
            return Lesson {
                name: table.name.clone(),
                series: 0,
                rows: table.ids.len(),
                first: None,
                last: None,
                moved_to: None,
                frequency: None,
                season: 1,
                sha256,
                columns: Vec::new(),
                target: Some(table.target.clone()),
            };
        }
        let panel = &read.panel;
        let show = |stamp| panel.calendar.show(stamp);
        let firsts = panel.iter().filter_map(|series| series.at.first().copied());
        Lesson {
            name: panel.name.clone(),
            series: panel.len(),
            rows: panel.rows(),
            first: firsts.min().map(show),
            last: last(panel),
            moved_to: None,
            frequency: Some(panel.calendar.freq.to_string()),
            season: panel.season,
            sha256,
            columns: panel.columns.iter().map(Declared::of).collect(),
            target: None,
        }
    }
}

/// The last stamp at which any series was observed.
pub(crate) fn observed(panel: &Panel) -> Option<Stamp> {
    let last = |series: almanac_data::Series<'_>| {
        series.y.iter().rposition(|value| !value.is_nan()).map(|row| series.at[row])
    };
    panel.iter().filter_map(last).max()
}

/// The same as text.
fn last(panel: &Panel) -> Option<String> {
    observed(panel).map(|stamp| panel.calendar.show(stamp))
}

impl Kept {
    /// All of it, as bytes; writing a model twice gives the same.
    ///
    /// # Errors
    /// A device that does not give its weights.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let failed = |e: &dyn std::fmt::Display| Error::Failed(format!("cannot be kept: {e}"));
        let card = serde_json::to_vec(&self.card).map_err(|e| failed(&e))?;
        let learnt = self.trained.keep().map_err(|e| failed(&e))?;
        let mut rest = u32::try_from(card.len()).map_err(|e| failed(&e))?.to_le_bytes().to_vec();
        rest.extend(card);
        rest.extend(rmp_serde::to_vec_named(&learnt).map_err(|e| failed(&e))?);
        Ok([MAGIC, &Sha256::digest(&rest), &rest].concat())
    }

    /// A model from what [`Kept::to_bytes`] gave. Nothing in it is run.
    ///
    /// # Errors
    /// Bytes that are no model, were cut or altered, or are of another version of the program.
    pub fn from_bytes(bytes: &[u8]) -> Result<Kept, Error> {
        let damaged = |why: &str| {
            let hint = "copy it again from where it was made, or fit again".to_string();
            Error::mistake(format!("the kept model {why}"), hint)
        };
        let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| damaged("is no kept model"))?;
        let (digest, rest) = rest.split_at_checked(32).ok_or_else(|| damaged("is cut short"))?;
        if digest != Sha256::digest(rest).as_slice() {
            return Err(damaged("is cut short or altered: its digest is not that of its bytes"));
        }
        let (length, rest) = rest.split_first_chunk().ok_or_else(|| damaged("has no card"))?;
        let length = u32::from_le_bytes(*length) as usize;
        let (card, mut learnt) =
            rest.split_at_checked(length).ok_or_else(|| damaged("has no card"))?;
        let Of { version } = serde_json::from_slice(card).map_err(|_| damaged("has no card"))?;
        if version != VERSION {
            let message = format!("the kept model is of almanac {version}, and this is {VERSION}");
            return Err(Error::mistake(message, "fit again with this version".to_string()));
        }
        let unread = |e: &dyn std::fmt::Display| damaged(&format!("cannot be read: {e}"));
        let card: ModelCard = serde_json::from_slice(card).map_err(|e| unread(&e))?;
        let mut from = Deserializer::new(&mut learnt);
        from.set_max_depth(DEEPEST);
        let learnt = Learnt::deserialize(&mut from).map_err(|e| unread(&e))?;
        let trained = Trained::restore(&card.spec, &card.data.columns, &learnt);
        Ok(Kept { trained: trained.map_err(|e| unread(&e))?, card })
    }

    /// Writes it to a file, all of it or nothing.
    ///
    /// # Errors
    /// As of [`Kept::to_bytes`]; a file that cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        atomic::write(path, &self.to_bytes()?)
    }

    /// Reads it from a file.
    ///
    /// # Errors
    /// A file that is not there; as of [`Kept::from_bytes`], with its name.
    pub fn read(path: &Path) -> Result<Kept, Error> {
        let absent = |e| Error::mistake(format!("cannot read {}: {e}", path.display()), None);
        let bytes = std::fs::read(path).map_err(absent)?;
        Kept::from_bytes(&bytes)
            .map_err(|error| Error::mistake(format!("{}: {error}", path.display()), error.hint()))
    }

    /// How rows are read for it: as in the fit, from the same place.
    pub fn source(&self) -> Source {
        let mut source = self.card.spec.data.clone();
        source.target = self.card.data.target.clone().or(source.target);
        source
    }

    /// The context to ask it in: its seed and device, and a handle by which it is stopped.
    pub fn ctx(&self) -> Ctx {
        let mut ctx = Ctx::new(self.card.spec.run.seed);
        ctx.device = self.card.spec.run.device;
        ctx
    }

    /// Forecasts, or chances of a rise, of the steps after every series of `read`, which has to hold
    /// each series from where it began in the fit. Rows at its end without a value are known columns
    /// ahead. Where the model cannot answer for a series, the baseline does, with the reason.
    ///
    /// # Errors
    /// Another frequency, a column that is not there or not known ahead, more steps than it was
    /// fitted for, a task of rows; [`Error::Stopped`] when the context was cancelled.
    pub fn predict(
        &self,
        read: Read,
        levels: &[f64],
        horizon: usize,
        ctx: &Ctx,
    ) -> Result<Forecasts, Error> {
        let panel = self.fitting(&read.panel)?;
        let mut spec = self.card.spec.clone();
        (spec.score.levels, spec.folds.horizon) = (levels.to_vec(), horizon);
        let study = Study::of(Written::of(spec), Read { panel, ..read }).ahead()?;
        let plan = study.plan()?;
        let fitted = self.card.horizon;
        if plan.is_bound() && horizon > fitted {
            let message = format!("the model was fitted for {fitted} steps, not {horizon}");
            let hint = format!("ask for {fitted} at most, or fit again with --horizon {horizon}");
            return Err(Error::mistake(message, hint));
        }
        let fold = plan.answer_with(ctx, &self.trained, &Silent).map_err(unlearnt)?;
        Ok(Forecasts::of(Names::of(&plan), fold, 1))
    }

    /// A value for each row of a table.
    ///
    /// # Errors
    /// A model of series; a column that is not there; missing values that it does not read.
    pub fn values(&self, table: &Table) -> Result<Values, Error> {
        if self.card.task != TaskName::Regress {
            return Err(Error::mistake("the model answers for series, not for rows", None));
        }
        let refuse = |e: &dyn std::fmt::Display| Error::mistake(e.to_string(), None);
        let x = Plan::columns(&self.card.spec, table).map_err(|e| refuse(&e))?;
        let values = self.trained.values(&x).map_err(|e| refuse(&e))?;
        let target = self.card.data.target.clone().unwrap_or_else(|| table.target.clone());
        Ok(Values::new(table.ids.clone(), target, values))
    }

    /// The same model at the end of later rows, its parameters kept; `None` where it stands nowhere
    /// and answers from any past that it is shown.
    ///
    /// # Errors
    /// As of [`Kept::predict`] of such rows.
    pub fn later(&self, read: &Read, ctx: &Ctx) -> Result<Option<Kept>, Error> {
        let panel = lengthen(&self.fitting(&read.panel)?, 0)?;
        let moved = self.trained.later(ctx, &panel).map_err(|e| unlearnt(RunError::Fit(e)))?;
        Ok(moved.map(|trained| {
            let mut card = self.card.clone();
            card.data.moved_to = last(&panel);
            Kept { card, trained }
        }))
    }

    /// The panel as the model knows it: its frequency, its season, its columns and their words.
    fn fitting(&self, panel: &Panel) -> Result<Panel, Error> {
        let lesson = &self.card.data;
        let Some(frequency) = &lesson.frequency else {
            return Err(Error::mistake(
                "the model answers for rows of a table, not for series",
                None,
            ));
        };
        let got = panel.calendar.freq.to_string();
        if got != *frequency {
            let message = format!("the model learnt of frequency {frequency}; this data has {got}");
            return Err(Error::mistake(
                message,
                "give data of that frequency, or fit again".to_string(),
            ));
        }
        let mut panel = panel.clone();
        panel.season = lesson.season;
        for column in &lesson.columns {
            column.take(&mut panel).map_err(|message| {
                Error::mistake(
                    message,
                    "the model learnt with it: fit again without, or give it".to_string(),
                )
            })?;
        }
        // In the order of the fit, and no other: some methods know columns by their place.
        let place = |column: &Column| lesson.columns.iter().position(|own| own.name == column.name);
        panel.columns.retain(|column| place(column).is_some());
        panel.columns.sort_by_key(place);
        Ok(panel)
    }
}

/// The part of a card that every version has.
#[derive(Deserialize)]
struct Of {
    version: String,
}

fn unlearnt(error: RunError) -> Error {
    match error {
        RunError::Fit(FitError::Cancelled) => Error::Stopped,
        RunError::Fit(reason) => Error::mistake(format!("the model cannot learn: {reason}"), None),
        other => Error::Failed(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Style;
    use almanac_data::{Calendar, Column, Matrix, Role, Stamp};
    use almanac_ingest::ReadTable;

    const ROWS: usize = 40;

    /// Two series of season 4; the second is named.
    fn read(rows: usize, second: &str) -> Read {
        let value = |row: usize| 50.0 + (row % 4) as f64 * 3.0 + (row * row % 7) as f64;
        let y = (0..2 * rows).map(|row| value(row % rows) + (row / rows) as f64).collect();
        let at = (0..2 * rows).map(|row| Stamp((row % rows) as i64)).collect();
        let ends = vec![("a".to_string(), rows), (second.to_string(), 2 * rows)];
        let mut panel = Panel::new("two", Calendar::steps(), ends, at, y).unwrap();
        panel.season = 4;
        Read { panel, audit: Default::default(), tidied: Default::default(), files: Vec::new() }
    }

    fn study(text: &str, read: Read) -> Study {
        let text = format!("data = {{}}\nfolds.horizon = 3\n{text}");
        Study::of(Written::from_text(Path::new("s.toml"), &text, &[]).unwrap(), read)
    }

    fn csv(forecasts: &Forecasts) -> String {
        String::from_utf8(forecasts.bytes(Style::Csv).unwrap()).unwrap()
    }

    fn again(kept: &Kept) -> Kept {
        let bytes = kept.to_bytes().unwrap();
        let read = Kept::from_bytes(&bytes).unwrap();
        assert_eq!(read.to_bytes().unwrap(), bytes);
        read
    }

    /// Fitted, written, read and asked, a model says to the byte what `forecast` says at once; also of
    /// the whole panel, and of directions.
    #[test]
    fn a_kept_model_forecasts_as_if_it_were_fitted_now() {
        for text in [
            "[[model]]\nuse = \"auto_ets\"",
            "[[model]]\nuse = \"theta\"\nlift = { kind = \"conformal\" }",
            "[[model]]\nuse = \"ridge\"\nlift = { scope = \"panel\", features = { lags = [1, 4] } }",
            "task = \"direction\"\n[[model]]\nuse = \"logistic\"\nlift.features = { lags = [3, 4] }",
        ] {
            let levels = if text.contains("direction") { "" } else { "score.levels = [80]\n" };
            let text = format!("{levels}{text}");
            let now = study(&text, read(ROWS, "b"));
            let ctx = now.ctx();
            let kept = again(&now.train(&ctx, &Silent).unwrap());
            let said = kept.predict(read(ROWS, "b"), &[80.0], 3, &kept.ctx()).unwrap();
            let at_once = now.ahead().unwrap().forecast(&ctx, &Silent).unwrap();
            assert!(said.failures.is_empty(), "{:?}", said.failures);
            assert_eq!(csv(&said), csv(&at_once), "{text}");
        }
    }

    /// Rows that came since are moved over, at the question or before it; a model of rows of features
    /// has nothing to move.
    #[test]
    fn a_kept_model_moves_on() {
        let text = "[[model]]\nuse = \"ses\"";
        let kept = study(text, read(ROWS, "b")).train(&Ctx::new(0), &Silent).unwrap();
        let later = read(ROWS + 5, "b");
        let moved = again(&kept).later(&later, &kept.ctx()).unwrap().unwrap();
        assert_eq!(moved.card.data.moved_to.as_deref(), Some("44"));
        let say = |kept: &Kept| csv(&kept.predict(later.clone(), &[], 3, &kept.ctx()).unwrap());
        assert_eq!(say(&again(&moved)), say(&kept));
        let early = moved.predict(read(ROWS, "b"), &[], 3, &kept.ctx()).unwrap();
        assert!(
            early.failures[0].2.contains("this past has none up to there"),
            "{:?}",
            early.failures
        );
        let learner = "[[model]]\nuse = \"linear\"";
        let kept = study(learner, read(ROWS, "b")).train(&Ctx::new(0), &Silent).unwrap();
        assert!(kept.later(&later, &kept.ctx()).unwrap().is_none());
    }

    /// A series that was not fitted, and one on which the fit failed, get the baseline's forecast and
    /// the reason.
    #[test]
    fn single_failures_are_rows() {
        let mut short = read(ROWS, "b");
        short.panel.values_mut()[ROWS..2 * ROWS - 3].fill(f64::NAN);
        let text = "[[model]]\nuse = \"arima\"";
        let kept = again(&study(text, short.clone()).train(&Ctx::new(0), &Silent).unwrap());
        assert_eq!(kept.card.failures.len(), 1);
        let said = kept.predict(short, &[], 3, &kept.ctx()).unwrap();
        let (_, id, reason) = &said.failures[0];
        assert!(id == "b" && reason.ends_with("answers instead"), "{reason}");
        let said = kept.predict(read(ROWS, "c"), &[], 3, &kept.ctx()).unwrap();
        let (_, id, reason) = &said.failures[0];
        let words =
            "series `c` was not among those learnt from: fit again; `seasonal_naive` answers";
        assert!(id == "c" && reason.starts_with(words), "{reason}");
    }

    /// What cannot be asked is refused in words: too far, another frequency, an unknown column.
    #[test]
    fn wrong_questions_are_mistakes() {
        let mut with = read(ROWS, "b");
        let labels = ["north", "south"].map(String::from).to_vec();
        let region =
            Column { name: "region".into(), role: Role::Static, values: vec![0.0, 1.0], labels };
        with.panel = with.panel.with_column(region).unwrap();
        let text = "[[model]]\nuse = \"ridge\"\nlift = { strategy = \"multi\", features = { lags = [3], \
                    columns = { region = [0] } } }";
        let kept = study(text, with.clone()).train(&Ctx::new(0), &Silent).unwrap();
        let said = |read: Read, horizon| {
            kept.predict(read, &[], horizon, &kept.ctx()).err().unwrap().to_string()
        };
        assert_eq!(said(with.clone(), 4), "the model was fitted for 3 steps, not 4");
        assert_eq!(said(read(ROWS, "b"), 3), "the data has no column `region`");
        let mut daily = with.clone();
        daily.panel.calendar.freq = almanac_data::Freq::Steps(2);
        assert_eq!(said(daily, 3), "the model learnt of frequency 1; this data has 2");
        let mut other = with.clone();
        other.panel.columns[0].labels[1] = "west".into();
        assert!(said(other, 3).contains("has `west`, which the model has not learnt"));
        // The same words in another order are the same.
        let mut turned = with.clone();
        turned.panel.columns[0].labels.reverse();
        turned.panel.columns[0].values.reverse();
        let say = |read| csv(&kept.predict(read, &[], 3, &kept.ctx()).unwrap());
        assert_eq!(say(turned), say(with));
    }

    /// Cut anywhere or with any byte altered, the file is refused by name; so is one of another version.
    #[test]
    fn damaged_files_are_refused() {
        let text = "[[model]]\nuse = \"ses\"";
        let kept = study(text, read(ROWS, "b")).train(&Ctx::new(0), &Silent).unwrap();
        let bytes = kept.to_bytes().unwrap();
        let said = |bytes: &[u8]| Kept::from_bytes(bytes).err().map(|error| error.to_string());
        for at in 0..bytes.len() {
            assert!(said(&bytes[..at]).is_some_and(|words| words.starts_with("the kept model is")));
            let mut altered = bytes.clone();
            altered[at] ^= 0x20;
            assert!(said(&altered).is_some(), "byte {at}");
        }
        let mut other = kept.clone();
        other.card.version = "9.9.9".into();
        let words = format!("the kept model is of almanac 9.9.9, and this is {VERSION}");
        assert_eq!(said(&other.to_bytes().unwrap()), Some(words));
    }

    /// Rows of a table are answered by the names of their columns, in any order.
    #[test]
    fn rows_of_a_table() {
        let column =
            |k: usize| (0..30).map(|row| ((row * (k + 3)) % 11) as f64).collect::<Vec<_>>();
        let table = |names: [&str; 2]| Table {
            name: "rows".into(),
            ids: (0..30).map(|row| format!("r{row}")).collect(),
            x: Matrix::from_columns(names.map(|n| (n.to_string(), column(n.len()))).to_vec())
                .unwrap(),
            target: "y".into(),
            y: column(1).iter().zip(column(2)).map(|(a, b)| 2.0 * a - b).collect(),
            classes: Vec::new(),
            labels: Vec::new(),
            curves: None,
        };
        let text = "task = \"regress\"\ndata = {}\nfolds.horizon = 1\n[[model]]\nuse = \"linear\"";
        let written = Written::from_text(Path::new("s.toml"), text, &[]).unwrap();
        let (audit, tidied) = (Default::default(), Default::default());
        let read = ReadTable { table: table(["a", "bb"]), audit, tidied, files: Vec::new() };
        let study = Study::of_table(written, read).unwrap();
        let kept = again(&study.train(&Ctx::new(0), &Silent).unwrap());
        let say = |table| kept.values(&table).map(|values| values.bytes(Style::Csv).unwrap());
        let said = String::from_utf8(say(table(["a", "bb"])).unwrap()).unwrap();
        let first: f64 = said.lines().nth(2).unwrap().split(',').nth(1).unwrap().parse().unwrap();
        assert!(
            said.starts_with("row,y\n") && (first - table(["a", "bb"]).y[1]).abs() < 1e-9,
            "{said}"
        );
        assert_eq!(say(table(["bb", "a"])).unwrap(), said.as_bytes());
        assert_eq!(say(table(["a", "cc"])).err().unwrap().to_string(), "no column `bb`");
    }
}
