//! Files of a run to take along: as they are, as CSV, and all in one.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path as FilePath, PathBuf};

use almanac_data::Leaderboard;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Crc;
use futures_util::StreamExt;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::io::ReaderStream;

use super::super::super::query::Path;
use super::super::super::{Answer, Problem, Shared, jobs};
use crate::store::{JobKind, State as JobState, blocking};
use crate::{Error, FILES, Run, Style, tables};

/// One of them.
pub async fn file(
    State(app): State<Shared>,
    Path((id, name)): Path<(String, String)>,
) -> Answer<Response> {
    let job = jobs::job(&app, &id).await.map_err(|_| Problem::absent("run", &id))?;
    if job.state != JobState::Done {
        let words = "the run is not finished";
        return Err(Problem::new(StatusCode::CONFLICT, "not_finished", words));
    }
    let folder = app.store.run_folder(&job.id);
    let known = match job.kind {
        JobKind::Backtest => true,
        JobKind::Forecast | JobKind::Train => name.starts_with("forecasts."),
    };
    let (kind, body) = match name.as_str() {
        _ if !known => return Err(Problem::absent("file", &name)),
        "run.zip" => ("application/zip", zip(&app, folder).await?),
        "leaderboard.csv" => {
            let run = blocking(move || Run::open(&folder)).await?;
            ("text/csv; charset=utf-8", Body::from(board(&run.leaderboard)))
        }
        "scores.csv" => ("text/csv; charset=utf-8", csv(folder.join("scores.parquet"))),
        "forecasts.csv" => ("text/csv; charset=utf-8", csv(folder.join("forecasts.parquet"))),
        own if FILES.contains(&own) => {
            let path = folder.join(own);
            let file = tokio::fs::File::open(&path).await.map_err(Error::io("read", &path))?;
            ("application/octet-stream", Body::from_stream(ReaderStream::new(file)))
        }
        other => return Err(Problem::absent("file", other)),
    };
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    let place = format!("attachment; filename=\"{}-{name}\"", job.id);
    if let Ok(place) = HeaderValue::from_str(&place) {
        headers.insert(header::CONTENT_DISPOSITION, place);
    }
    Ok((headers, body).into_response())
}

/// The leaderboard as a table.
fn board(board: &Leaderboard) -> String {
    let metrics: Vec<&String> =
        board.rows.first().map_or(Vec::new(), |row| row.scores.keys().collect());
    let mut text = String::from("rank,model");
    metrics.iter().for_each(|metric| text.push_str(&format!(",{}", tables::quoted(metric))));
    text.push_str(",skill,p_value,p_best,in_mcs,win_rate,failures,fit_s,predict_s\n");
    let number = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
    for (place, row) in board.rows.iter().enumerate() {
        let scores =
            metrics.iter().map(|metric| number(row.scores.get(*metric).and_then(|v| v.as_f64())));
        let mut cells = vec![(place + 1).to_string(), tables::quoted(&row.model)];
        cells.extend(scores);
        cells.extend([row.skill, row.p_value, row.p_best].map(number));
        cells.push(row.in_mcs.map_or(String::new(), |inside| inside.to_string()));
        cells.extend([number(row.win_rate), row.failures.to_string()]);
        cells.extend([row.fit_s.to_string(), row.predict_s.to_string()]);
        text.push_str(&(cells.join(",") + "\n"));
    }
    text
}

/// A table as CSV, piece by piece as it is read.
fn csv(path: PathBuf) -> Body {
    let (send, pieces) = mpsc::channel::<Result<Bytes, Error>>(4);
    tokio::task::spawn_blocking(move || {
        if let Err(error) = written(&path, &send) {
            // Whoever listened may have gone.
            let _ = send.blocking_send(Err(error));
        }
    });
    Body::from_stream(ReceiverStream::new(pieces).map(|piece| piece.map_err(std::io::Error::other)))
}

fn written(path: &FilePath, send: &mpsc::Sender<Result<Bytes, Error>>) -> Result<(), Error> {
    let damage = |e| Error::parquet("read", path, e);
    let file = File::open(path).map_err(Error::io("read", path))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).map_err(damage)?;
    let mut first = true;
    for batch in reader.with_batch_size(8192).build().map_err(damage)? {
        let batch = batch.map_err(|e| damage(e.into()))?;
        let mut bytes = tables::bytes(&[batch], Style::Csv)?;
        if !first {
            let head = bytes.iter().position(|&byte| byte == b'\n').map_or(0, |end| end + 1);
            bytes.drain(..head);
        }
        first = false;
        if send.blocking_send(Ok(bytes.into())).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

async fn zip(app: &Shared, folder: PathBuf) -> Answer<Body> {
    let upload = app.store.upload()?;
    let file = blocking(move || {
        packed(&folder, upload.as_file().try_clone().map_err(Error::io("write", &folder))?)
    })
    .await?;
    Ok(Body::from_stream(ReaderStream::new(tokio::fs::File::from_std(file))))
}

/// The files of a run one after another in a zip, stored as they are: the large ones are compressed
/// already. PKWARE's APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16.
fn packed(folder: &FilePath, mut out: File) -> Result<File, Error> {
    let (mut central, mut at, mut count) = (Vec::new(), 0_u32, 0_u16);
    for name in FILES {
        let path = folder.join(name);
        let mut file = File::open(&path).map_err(Error::io("read", &path))?;
        let (crc, size) = print(&mut file).map_err(Error::io("read", &path))?;
        let over = || Error::Over { limit: "zip", what: "the run has over 4 GiB".into() };
        let small = u32::try_from(size).map_err(|_| over())?;
        let fields = fields(name, crc, small);
        let head = [b"PK\x03\x04".as_slice(), &fields, name.as_bytes()].concat();
        let written = out.write_all(&head).and_then(|()| std::io::copy(&mut file, &mut out));
        written.map_err(Error::io("write", &path))?;
        let (made_by, place) = (20_u16.to_le_bytes(), at.to_le_bytes());
        for part in [b"PK\x01\x02", made_by.as_slice(), &fields, &[0; 10], &place, name.as_bytes()]
        {
            central.extend_from_slice(part);
        }
        let next = at.checked_add(head.len() as u32).and_then(|at| at.checked_add(small));
        at = next.ok_or_else(over)?;
        count += 1;
    }
    let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
    end.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    end.extend([(central.len() as u32).to_le_bytes(), at.to_le_bytes()].concat());
    end.extend([0, 0]);
    let rest = out.write_all(&central).and_then(|()| out.write_all(&end));
    let back = rest.and_then(|()| out.seek(SeekFrom::Start(0)).map(|_| ()));
    back.map_err(Error::io("write", folder))?;
    Ok(out)
}

/// The checksum and the size of a file, which is then at its start again.
fn print(file: &mut File) -> std::io::Result<(u32, u64)> {
    let (mut crc, mut size, mut buffer) = (Crc::new(), 0, vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            count => {
                crc.update(&buffer[..count]);
                size += count as u64;
            }
        }
    }
    file.seek(SeekFrom::Start(0))?;
    Ok((crc.sum(), size))
}

/// What a file's head and its line in the directory share: version 2.0, names in UTF-8, stored, the
/// first day of DOS, checksum, sizes, no extra field.
fn fields(name: &str, crc: u32, size: u32) -> Vec<u8> {
    let halves = [20_u16, 1 << 11, 0, 0, 33].map(u16::to_le_bytes).concat();
    let words = [crc, size, size].map(u32::to_le_bytes).concat();
    let lengths = [name.len() as u16, 0].map(u16::to_le_bytes).concat();
    [halves, words, lengths].concat()
}
