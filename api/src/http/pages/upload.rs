//! A new set: the file is taken, looked at, and kept once somebody has said so.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use almanac_dashboards::app::{self, ColumnLine, Frame, SetLine, Upload};
use almanac_data::Source;
use almanac_ingest::{Read, glance, read_given};
use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use multer::Multipart;

use super::super::body::{self, Table};
use super::super::{Answer, Problem, Shared, query, sets};
use super::form::{Pairs, Sealed, sealed};
use super::{page, see};
use crate::queue::locked;
use crate::store::{blocking, random};
use crate::{Error, Override, from_text};

/// Files that wait, and for how long.
const MOST: usize = 20;
const PATIENCE: Duration = Duration::from_secs(3600);

/// A file that waits to become a set.
struct Waits {
    id: String,
    since: Instant,
    name: String,
    table: Arc<Table>,
}

/// Files that wait to become sets; they go with the server.
#[derive(Default)]
pub struct Waiting(Mutex<Vec<Waits>>);

impl Waiting {
    fn add(&self, name: String, table: Table) -> Result<String, Error> {
        let id = random(12)?;
        let mut all = locked(&self.0);
        all.retain(|one| one.since.elapsed() < PATIENCE);
        all.truncate(MOST - 1);
        let table = Arc::new(table);
        all.insert(0, Waits { id: id.clone(), since: Instant::now(), name, table });
        Ok(id)
    }

    fn get(&self, id: &str) -> Answer<(String, Arc<Table>)> {
        let found = locked(&self.0)
            .iter()
            .find(|one| one.id == id)
            .map(|one| (one.name.clone(), Arc::clone(&one.table)));
        found.ok_or_else(|| {
            let words = "the file waits no longer";
            Problem::new(StatusCode::NOT_FOUND, "no_upload", words).hint("choose it once more")
        })
    }

    fn forget(&self, id: &str) {
        locked(&self.0).retain(|one| one.id != id);
    }
}

/// The form that takes a file.
pub async fn ask(Extension(frame): Extension<Frame>) -> Response {
    page(app::new_set(&frame, None))
}

/// Takes a file, and shows how it would be read.
pub async fn take(
    State(app): State<Shared>,
    Extension(frame): Extension<Frame>,
    headers: HeaderMap,
    body: Body,
) -> Answer<Response> {
    let (fields, table) = match multipart(&app, &frame, &headers, body).await {
        Ok(taken) => taken,
        Err(problem)
            if problem.status.is_client_error() && problem.status != StatusCode::FORBIDDEN =>
        {
            let page = page(app::new_set(&frame, Some(problem.words())));
            return Ok((problem.status, page).into_response());
        }
        Err(problem) => return Err(problem),
    };
    let name = fields.get("file").to_string();
    let id = app.waiting.add(name, table)?;
    look(&app, &frame, &Pairs(vec![("upload".into(), id)])).await
}

/// A form with a file in it; its seal stands before the file.
pub async fn multipart(
    app: &Shared,
    frame: &Frame,
    headers: &HeaderMap,
    body: Body,
) -> Answer<(Pairs, Table)> {
    let said = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let bad = |e: multer::Error| Problem::bad(format!("a form that cannot be read: {e}"));
    let boundary = multer::parse_boundary(said.unwrap_or_default()).map_err(bad)?;
    let mut form = Multipart::new(body.into_data_stream(), boundary);
    let (mut fields, mut table) = (Pairs::default(), None);
    while let Some(mut part) = body::in_time(app, form.next_field()).await?.map_err(bad)? {
        let name = part.name().unwrap_or_default().to_string();
        match part.file_name().map(str::to_string) {
            Some(file) if table.is_none() => {
                sealed(frame, fields.get("csrf"))?;
                if file.is_empty() {
                    return Err(Problem::bad("no file was chosen"));
                }
                fields.0.push((name, file));
                table = Some(Table::of(app, part).await?);
            }
            _ => {
                let mut text = Vec::new();
                while let Some(piece) = body::in_time(app, part.chunk()).await?.map_err(bad)? {
                    text.extend_from_slice(&piece);
                    if text.len() > 10_000 {
                        return Err(Problem::over("form", "a field of over 10000 bytes"));
                    }
                }
                fields.0.push((name, String::from_utf8_lossy(&text).into_owned()));
            }
        }
    }
    sealed(frame, fields.get("csrf"))?;
    Ok((fields, table.ok_or_else(|| Problem::bad("no file was chosen"))?))
}

/// Reads it as the form says; keeps it where that was asked.
pub async fn keep(
    State(app): State<Shared>,
    Extension(frame): Extension<Frame>,
    Sealed(form): Sealed,
) -> Answer<Response> {
    if form.get("do") != "keep" {
        return look(&app, &frame, &form).await;
    }
    let name = form.get("name").trim().to_string();
    let (read, free) = (read(&app, &form).await, is_free(&app, &name).await);
    let (Ok(read), Ok(())) = (read, free) else {
        return look(&app, &frame, &form).await;
    };
    app.store.put_set(&name, read).await?;
    app.waiting.forget(form.get("upload"));
    Ok(see(&format!("/sets/{}", sets::encoded(&name))))
}

/// What the form says of the columns.
fn said(form: &Pairs) -> Answer<Source> {
    let mut all = Vec::new();
    let mut lists: Vec<(&str, Vec<String>)> =
        ["known", "past", "static"].map(|role| (role, Vec::new())).into();
    for (column, role) in form.all("column").zip(form.all("role")) {
        match lists.iter_mut().find(|(own, _)| *own == role) {
            Some((_, list)) => list.push(column.into()),
            None if role.is_empty() => {}
            None => all.push(Override::new(role, column.to_string())),
        }
    }
    let lists = lists.into_iter().filter(|(_, list)| !list.is_empty());
    all.extend(lists.map(|(role, list)| Override::new(role, list)));
    for name in ["freq", "tidy.duplicates"] {
        if !form.get(name).is_empty() {
            all.push(Override::new(name, form.get(name).to_string()));
        }
    }
    if let Some(season) = form.number("season") {
        all.push(Override::new("season", season as i64));
    }
    let source: Source = from_text("form".as_ref(), "", &all)?;
    query::inside(&source)?;
    Ok(source)
}

async fn read(app: &Shared, form: &Pairs) -> Answer<Read> {
    let (_, table) = app.waiting.get(form.get("upload"))?;
    let (source, given) = (said(form)?, table.given(app));
    Ok(blocking(move || Ok(read_given(&source, &given)?)).await?)
}

async fn look(app: &Shared, frame: &Frame, form: &Pairs) -> Answer<Response> {
    let (file, table) = app.waiting.get(form.get("upload"))?;
    let given = table.given(app);
    let found = blocking(move || Ok(glance(&Source::default(), &given)?)).await?;
    let mut form = form.clone();
    if form.all("column").next().is_none() {
        for one in &found {
            form.0.push(("column".into(), one.name.clone()));
            form.0.push(("role".into(), one.role.unwrap_or_default().into()));
        }
    }
    let cells = |name: &str| found.iter().find(|one| one.name == name).map(|one| one.cells.clone());
    let line = |(name, role): (&str, &str)| ColumnLine {
        name: name.into(),
        role: role.into(),
        sample: cells(name).unwrap_or_default(),
    };
    let columns = form.all("column").zip(form.all("role")).map(line).collect();
    let name = match form.get("name") {
        "" => free_name(app, file.split('.').next().unwrap_or_default()).await?,
        name => name.to_string(),
    };
    let mut view = Upload { id: form.get("upload").into(), name, columns, ..Upload::default() };
    view.fields = form.0.clone();
    let refused = match read(app, &form).await {
        Ok(read) => {
            told(&mut view, read);
            is_free(app, &view.name).await.err()
        }
        Err(problem) => Some(problem),
    };
    view.refused = refused.map(|problem| {
        let (detail, hint) = problem.words();
        let detail = detail.strip_prefix("the body: ").unwrap_or(detail);
        // What a flag would say is chosen here.
        let hint = hint.map(|hint| match hint.starts_with("name it with --") {
            true => "choose below what each column is".to_string(),
            false => hint.to_string(),
        });
        (detail.into(), hint)
    });
    Ok(page(app::roles(frame, &view)))
}

/// Whether a new set may have this name.
async fn is_free(app: &Shared, name: &str) -> Answer<()> {
    sets::named(name)?;
    match app.store.set(name).await? {
        None => Ok(()),
        Some(_) => {
            let words = "a set of this name is kept already";
            let problem = Problem::new(StatusCode::CONFLICT, "name_taken", words);
            Err(problem.hint("give this one another name, or append to that one on its page"))
        }
    }
}

/// The name of a file, with a number behind it where it is taken.
async fn free_name(app: &Shared, stem: &str) -> Answer<String> {
    let stem = if stem.is_empty() { "set" } else { stem };
    for number in 1..100 {
        let name = if number == 1 { stem.to_string() } else { format!("{stem}-{number}") };
        if is_free(app, &name).await.is_ok() {
            return Ok(name);
        }
    }
    Ok(stem.into())
}

fn told(view: &mut Upload, read: Read) {
    let panel = &read.panel;
    let set = SetLine {
        size: (panel.len(), panel.rows()),
        span: crate::run::span(panel),
        freq: panel.calendar.freq.to_string(),
        ..SetLine::default()
    };
    view.read = Some((set, panel.season));
    view.reading = read.audit.reading;
    for finding in read.audit.findings {
        match view.findings.iter_mut().find(|(own, _)| *own == finding.code) {
            Some((_, count)) => *count += finding.count,
            None => view.findings.push((finding.code, finding.count)),
        }
    }
}
