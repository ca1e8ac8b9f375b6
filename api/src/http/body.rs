//! Bodies: read piece by piece, within limits, into memory or a file.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use almanac_data::{Format, Source};
use almanac_ingest::{From, Given, Read};
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use tempfile::NamedTempFile;

use super::rows::Rows;
use super::{Answer, Problem, Shared};
use crate::Error;
use crate::config::Limits;
use crate::store::blocking;

/// A body in JSON.
pub async fn json<T: DeserializeOwned>(app: &Shared, headers: &HeaderMap, body: Body) -> Answer<T> {
    match kind(headers) {
        "application/json" => {}
        other => return Err(wrong_type(other, "application/json")),
    }
    parse(&app.config.limits, &memory(app, body).await?)
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
    let most = Some((limits.rows, limits.unpacked_bytes));
    let given = |from, source| Given { name: "the body".into(), source, from, most };
    if kind(headers) == "application/json" {
        let rows: Rows = parse(limits, &memory(app, body).await?)?;
        let given = given(From::Columns(Arc::new(rows.0)), Source::default());
        return Ok(blocking(move || Ok(almanac_ingest::read_given(&source, &given)?)).await?);
    }
    let format = format(headers)?;
    let file = file(app, body).await?;
    let said = Source { format, ..Source::default() };
    let given = given(From::File(file.path().into()), said);
    let read = blocking(move || Ok(almanac_ingest::read_given(&source, &given)?)).await?;
    drop(file);
    Ok(read)
}

/// The format that a body is in; none where its first bytes are to say.
fn format(headers: &HeaderMap) -> Answer<Option<Format>> {
    Ok(match kind(headers) {
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
async fn memory(app: &Shared, body: Body) -> Answer<Vec<u8>> {
    let mut all = Vec::new();
    each(app, body, ("json_bytes", app.config.limits.json_bytes), |part| {
        all.extend_from_slice(part);
        Ok(())
    })
    .await?;
    Ok(all)
}

/// A body in a file of its own.
async fn file(app: &Shared, body: Body) -> Answer<NamedTempFile> {
    let mut file = app.store.upload()?;
    let path = file.path().to_path_buf();
    each(app, body, ("body_bytes", app.config.limits.body_bytes), |part| {
        Ok(file.write_all(part).map_err(Error::io("write", &path))?)
    })
    .await?;
    Ok(file)
}

async fn each(
    app: &Shared,
    body: Body,
    (limit, most): (&str, u64),
    mut take: impl FnMut(&Bytes) -> Answer<()>,
) -> Answer<()> {
    let wait = Duration::from_secs(app.config.limits.body_s);
    let mut parts = body.into_data_stream();
    let mut size = 0;
    loop {
        let part = tokio::time::timeout(wait, parts.next()).await.map_err(|_| {
            let words = format!("no part of the body came for {} s", wait.as_secs());
            Problem::new(StatusCode::REQUEST_TIMEOUT, "slow_body", words)
        })?;
        let Some(part) = part else { return Ok(()) };
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
