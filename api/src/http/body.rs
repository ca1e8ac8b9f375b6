//! Bodies: read piece by piece, within limits, into memory or a file.

use std::fmt::Display;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use almanac_data::{Format, Source};
use almanac_ingest::{From, Given, Read};
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use futures_util::{Stream, StreamExt};
use multer::{Constraints, Multipart, SizeLimit};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::rows::Rows;
use super::{Answer, Problem, Shared};
use crate::Error;
use crate::config::Limits;
use crate::store::blocking;

/// Bytes of a form that are of no part.
const BETWEEN: u64 = 1 << 16;

/// A body in JSON.
pub async fn json<T: DeserializeOwned>(app: &Shared, headers: &HeaderMap, body: Body) -> Answer<T> {
    Ok(json_printed(app, headers, body).await?.0)
}

/// The same with the SHA-256 of its bytes, by which it is known again.
pub async fn json_printed<T: DeserializeOwned>(
    app: &Shared,
    headers: &HeaderMap,
    body: Body,
) -> Answer<(T, String)> {
    match kind(headers) {
        "application/json" => {}
        other => return Err(wrong_type(other, "application/json")),
    }
    let bytes = memory(app, body.into_data_stream()).await?;
    let print = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((parse(&app.config.limits, &bytes)?, print))
}

fn parse<T: DeserializeOwned>(limits: &Limits, bytes: &[u8]) -> Answer<T> {
    let deep = depth(bytes);
    if deep > limits.json_depth {
        let words = format!("{deep} objects and lists in one another, over {}", limits.json_depth);
        return Err(Problem::over("json_depth", words));
    }
    serde_json::from_slice(bytes).map_err(|e| match e.is_data() {
        true => Error::mistake(e.to_string(), None).into(),
        false => Problem::bad(e.to_string()),
    })
}

/// How deep objects and lists lie in one another; text is no matter.
fn depth(bytes: &[u8]) -> usize {
    let (mut now, mut most, mut in_text, mut escaped) = (0_usize, 0, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' | b'[' => {
                now += 1;
                most = most.max(now);
            }
            b'}' | b']' => now = now.saturating_sub(1),
            _ => {}
        }
    }
    most
}

/// Rows in any format that `Content-Type` names; what the source says goes before what is found.
pub async fn rows(app: &Shared, headers: &HeaderMap, body: Body, source: Source) -> Answer<Read> {
    let limits = &app.config.limits;
    if kind(headers) == "application/json" {
        let rows: Rows = parse(limits, &memory(app, body.into_data_stream()).await?)?;
        let from = From::Columns(Arc::new(rows.0));
        let most = Some((limits.rows, limits.unpacked_bytes));
        let given = Given { name: "the body".into(), source: Source::default(), from, most };
        return Ok(blocking(move || Ok(almanac_ingest::read_given(&source, &given)?)).await?);
    }
    let format = format(kind(headers))?;
    Table { file: file(app, body.into_data_stream()).await?, format }.read(app, source).await
}

/// A table in a file of its own.
pub struct Table {
    file: NamedTempFile,
    format: Option<Format>,
}

impl Table {
    /// A file of a form, whose first bytes say its format.
    pub async fn of(app: &Shared, part: multer::Field<'_>) -> Answer<Table> {
        Ok(Table { file: file(app, part).await?, format: None })
    }

    /// Its rows, as `ingest` takes them, for as long as it is held.
    pub fn given(&self, app: &Shared) -> Given {
        let limits = &app.config.limits;
        let most = Some((limits.rows, limits.unpacked_bytes));
        let source = Source { format: self.format, ..Source::default() };
        let from = From::File(self.file.path().into());
        Given { name: "the body".into(), source, from, most }
    }

    /// Its rows; what the source says goes before what is found.
    pub async fn read(self, app: &Shared, source: Source) -> Answer<Read> {
        let given = self.given(app);
        let work = move || {
            let read = almanac_ingest::read_given(&source, &given);
            drop(self);
            Ok(read?)
        };
        Ok(blocking(work).await?)
    }
}

/// Whether a body is a form.
pub fn is_form(headers: &HeaderMap) -> bool {
    kind(headers) == "multipart/form-data"
}

/// A form of two parts: `ask` in JSON, and `rows` in a file.
pub async fn form<T: DeserializeOwned>(
    app: &Shared,
    headers: &HeaderMap,
    body: Body,
) -> Answer<(T, Option<Table>)> {
    let said = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let bad = |e: multer::Error| match e {
        multer::Error::StreamSizeExceeded { limit } => {
            Problem::over("body_bytes", format!("a form of over {limit} bytes"))
        }
        e => Problem::bad(format!("a form that cannot be read: {e}")),
    };
    let boundary = multer::parse_boundary(said.unwrap_or_default()).map_err(bad)?;
    // What lies between parts counts too: it is held until a part begins.
    let limits = &app.config.limits;
    let most = limits.body_bytes.saturating_add(limits.json_bytes).saturating_add(BETWEEN);
    let most = Constraints::new().size_limit(SizeLimit::new().whole_stream(most));
    let mut form = Multipart::with_constraints(body.into_data_stream(), boundary, most);
    let (mut ask, mut table) = (None, None);
    while let Some(part) = in_time(app, form.next_field()).await?.map_err(bad)? {
        match part.name() {
            Some("ask") if ask.is_none() => {
                ask = Some(parse(&app.config.limits, &memory(app, part).await?)?);
            }
            Some("rows") if table.is_none() => {
                let kind = part.content_type().map(ToString::to_string).unwrap_or_default();
                let kind = kind.split(';').next().unwrap_or_default();
                let format = format(if kind == "text/plain" { "" } else { kind })?;
                table = Some(Table { file: file(app, part).await?, format });
            }
            other => {
                let name = other.unwrap_or_default();
                let words = format!("a form has one `ask` and one `rows`; here is `{name}`");
                return Err(Problem::bad(words));
            }
        }
    }
    let ask = ask.ok_or_else(|| Problem::bad("a form needs `ask`: what is asked, in JSON"))?;
    Ok((ask, table))
}

/// The format that a body is in; none where its first bytes are to say.
fn format(kind: &str) -> Answer<Option<Format>> {
    Ok(match kind {
        "text/csv" => Some(Format::Csv),
        "text/tab-separated-values" => Some(Format::Tsv),
        "application/x-ndjson" | "application/jsonl" => Some(Format::Ndjson),
        "application/vnd.apache.parquet" => Some(Format::Parquet),
        "application/vnd.apache.arrow.stream" | "application/vnd.apache.arrow.file" => {
            Some(Format::Arrow)
        }
        "application/octet-stream" | "application/gzip" | "application/zstd" | "" => None,
        other => {
            let known = "text/csv, application/json, application/x-ndjson, \
                         application/vnd.apache.parquet or application/vnd.apache.arrow.stream";
            return Err(wrong_type(other, known));
        }
    })
}

/// `Content-Type` without its parameters.
fn kind(headers: &HeaderMap) -> &str {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.unwrap_or_default().split(';').next().unwrap_or_default().trim()
}

fn wrong_type(got: &str, known: &str) -> Problem {
    let words = format!("cannot read a body of type `{got}`");
    let problem = Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "wrong_type", words);
    problem.hint(format!("send {known}"))
}

/// A body in memory, up to what JSON may have.
async fn memory<E: Display>(app: &Shared, body: impl Parts<E>) -> Answer<Vec<u8>> {
    let mut all = Vec::new();
    each(app, body, ("json_bytes", app.config.limits.json_bytes), |part| {
        all.extend_from_slice(part);
        Ok(())
    })
    .await?;
    Ok(all)
}

/// A body in a file of its own.
async fn file<E: Display>(app: &Shared, body: impl Parts<E>) -> Answer<NamedTempFile> {
    let mut file = app.store.upload()?;
    let path = file.path().to_path_buf();
    each(app, body, ("body_bytes", app.config.limits.body_bytes), |part| {
        Ok(file.write_all(part).map_err(Error::io("write", &path))?)
    })
    .await?;
    Ok(file)
}

/// What comes piece by piece.
trait Parts<E>: Stream<Item = Result<Bytes, E>> + Unpin {}

impl<E, S: Stream<Item = Result<Bytes, E>> + Unpin> Parts<E> for S {}

/// What is waited for no longer than for the next part of a body.
pub async fn in_time<T>(app: &Shared, next: impl Future<Output = T>) -> Answer<T> {
    let wait = Duration::from_secs(app.config.limits.body_s);
    tokio::time::timeout(wait, next).await.map_err(|_| {
        let words = format!("no part of the body came for {} s", wait.as_secs());
        Problem::new(StatusCode::REQUEST_TIMEOUT, "slow_body", words)
    })
}

async fn each<E: Display>(
    app: &Shared,
    mut body: impl Parts<E>,
    (limit, most): (&str, u64),
    mut take: impl FnMut(&Bytes) -> Answer<()>,
) -> Answer<()> {
    let mut size = 0;
    loop {
        let Some(part) = in_time(app, body.next()).await? else { return Ok(()) };
        let part = part.map_err(|e| Problem::bad(format!("the body broke off: {e}")))?;
        size += part.len() as u64;
        if size > most {
            return Err(Problem::over(limit, format!("a body of over {most} bytes")));
        }
        take(&part)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Brackets inside text do not count, nor does a quote that is escaped.
    #[test]
    fn depths() {
        assert_eq!(depth(br#"{"a": [1, {"b": "[[[\"[["}]}"#), 3);
        assert_eq!(depth(b"[[[["), 4);
        assert_eq!(depth(b"1"), 0);
    }
}
