//! Mutated bytes into every reader: an answer or an error, never a panic.
//!
//! Three hundred mutations for each reader, always the same; `ALMANAC_FUZZ_SECONDS` goes on from there
//! for so long, and a failure is found again by its number.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::time::{Duration, Instant};

use almanac_data::Source;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::formats;

/// Words that text readers care about.
const WORDS: [&str; 24] = [
    ",",
    ";",
    "\t",
    "\"",
    "\"\"",
    "\n",
    "\r\n",
    "NaN",
    "inf",
    "-",
    "1e308",
    "2020-01-01",
    "2020-02-30",
    "0000-00-00",
    "+05:30",
    "9999999999999",
    "@data\n",
    "@frequency daily\n",
    ":",
    "?",
    "{",
    "}",
    "null",
    "\u{feff}",
];

fn mutate(seeds: &[Vec<u8>], random: &mut StdRng) -> Vec<u8> {
    let mut bytes = seeds[random.random_range(0..seeds.len())].clone();
    for _ in 0..random.random_range(1..6) {
        let at = random.random_range(0..=bytes.len());
        let to = (at + random.random_range(0..40)).min(bytes.len());
        match random.random_range(0..7) {
            0 if at < bytes.len() => bytes[at] = random.random(),
            1 if at < bytes.len() => bytes[at] ^= 1 << random.random_range(0..8),
            2 => drop(bytes.drain(at..to)),
            3 => bytes.truncate(at),
            4 => {
                let copy = bytes[at..to].to_vec();
                bytes.splice(at..at, copy);
            }
            5 => {
                let other = &seeds[random.random_range(0..seeds.len())];
                let from = random.random_range(0..=other.len());
                let end = (from + 40).min(other.len());
                bytes.splice(at..to, other[from..end].iter().copied());
            }
            _ => {
                let word = WORDS[random.random_range(0..WORDS.len())];
                bytes.splice(at..at, word.bytes());
            }
        }
    }
    bytes
}

/// Panics inside Polars become errors; thousands of them need not be printed.
fn hush() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !panic.location().is_some_and(|at| at.file().contains("polars")) {
                usual(panic);
            }
        }));
    });
}

fn fuzz(name: &str, seeds: &[Vec<u8>], settings: &str) {
    let seconds = std::env::var("ALMANAC_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let budget = Duration::from_secs(seconds.unwrap_or(0));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let mut source: Source = toml::from_str(settings).unwrap();
    source.path = vec![path.display().to_string()];
    hush();
    let (start, mut runs, mut read) = (Instant::now(), 0u64, 0u64);
    while runs < 300 || start.elapsed() < budget {
        let bytes = mutate(seeds, &mut StdRng::seed_from_u64(runs));
        std::fs::write(&path, &bytes).unwrap();
        let answer = catch_unwind(AssertUnwindSafe(|| almanac_ingest::read(&source, None)));
        match answer {
            Ok(answer) => read += u64::from(answer.is_ok()),
            Err(_) => {
                panic!("{name}: mutation {runs} panics: {:?}", String::from_utf8_lossy(&bytes))
            }
        }
        runs += 1;
    }
    println!("{name}: {runs} mutations, {read} of them read, no panic");
}

fn delimited() -> Vec<Vec<u8>> {
    let texts = [
        "unique_id,ds,y\na,2020-01-01,1.5\na,2020-01-02,\na,2020-01-03,3\nb,2020-01-01,4\n",
        "ds;y;x\n01.02.2020 10:00;1,5;sun\n02.02.2020 10:00;2,5;\"rain;\n\"\n20.02.2020 10:00;2;\n",
        "symbol\tdate\topen\thigh\tlow\tclose\nX\t20200101\t1\t2\t1\t2\nX\t20200102\t1\t2\t1\t2\n",
        "date|north|south\n2020Q1|1|2\n2020Q2|1|2\n2020Q3|1|2\n",
        "ds,y\n2021-03-28T01:00:00+01:00,1\n2021-03-28T03:00:00+02:00,2\n2021-03-28T04:00:00+02:00,3\n",
        "ds,y\n1583020800,1\n1583024400,2\n1583028000,2\n",
    ];
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}

#[test]
fn delimited_text() {
    fuzz("f.csv", &delimited(), "");
}

#[test]
fn delimited_text_with_every_leniency() {
    let settings = "zone = \"Europe/Berlin\"\nresample = { freq = \"MS\", how = \"mean\" }\n\
        tidy = { duplicates = \"mean\", gaps = \"previous\", missing = \"zero\", bad_rows = \"drop\" }";
    fuzz("f.csv", &delimited(), settings);
}

#[test]
fn compressed_text() {
    let text = String::from_utf8(delimited().remove(0)).unwrap();
    let zstd = zstd::encode_all(text.as_bytes(), 3).unwrap();
    fuzz("f.csv.gz", &[formats::gzip(&text), zstd], "");
}

#[test]
fn parquet() {
    fuzz("f.parquet", &[formats::parquet()], "");
}

#[test]
fn arrow_files() {
    fuzz("f.arrow", &[formats::arrow_file()], "");
}

#[test]
fn arrow_streams() {
    fuzz("f.arrows", &[formats::arrow_stream()], "");
}

#[test]
fn ndjson() {
    fuzz("f.ndjson", &[formats::ndjson().into_bytes()], "tidy = { duplicates = \"last\" }");
}

#[test]
fn tsf() {
    let steps = formats::TSF.replace("@attribute start_timestamp date\n", "");
    let steps = steps.replace(":2020-01-01 00-00-00", "");
    fuzz("f.tsf", &[formats::TSF.into(), steps.into_bytes()], "");
}
