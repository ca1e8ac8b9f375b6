//! Reading, from the outside: files in, panels and errors out.

mod bad;
mod formats;
mod fuzz;
mod laws;
mod real;
mod sets;
mod tables;
mod tidying;
mod times;

use std::path::PathBuf;

use almanac_data::Source;
use almanac_ingest::{Read, ReadError};

/// Reads files with these bytes; the settings are TOML, as under `[data]`.
fn read_files(files: &[(&str, &[u8])], settings: &str) -> Result<Read, ReadError> {
    let folder = tempfile::tempdir().unwrap();
    let paths = files.iter().map(|(name, bytes)| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    });
    let mut source: Source = toml::from_str(settings).unwrap();
    source.path = paths.collect();
    almanac_ingest::read(&source, None)
}

fn read(name: &str, bytes: impl AsRef<[u8]>, settings: &str) -> Result<Read, ReadError> {
    read_files(&[(name, bytes.as_ref())], settings)
}

fn csv(text: &str, settings: &str) -> Result<Read, ReadError> {
    read("f.csv", text, settings)
}

/// Each series as `id stamp=value …`.
fn shown(read: &Read) -> Vec<String> {
    let calendar = &read.panel.calendar;
    let line = |series: almanac_data::Series<'_>| {
        let rows = series.at.iter().zip(series.y);
        let rows: Vec<String> = rows.map(|(&at, y)| format!("{}={y}", calendar.show(at))).collect();
        format!("{} {}", series.id, rows.join(" "))
    };
    read.panel.iter().map(line).collect()
}

/// The folder of real data, where there is one.
fn data_root() -> Option<PathBuf> {
    let root = std::env::var_os("ALMANAC_DATA").map(PathBuf::from).filter(|root| root.is_dir());
    if root.is_none() {
        println!("skipped: ALMANAC_DATA names no folder");
    }
    root
}
