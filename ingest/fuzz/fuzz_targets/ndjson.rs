//! `cargo +nightly fuzz run ndjson`: any bytes as `f.ndjson`, a panel or an error.
#![no_main]

use almanac_data::Source;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(folder) = tempfile::tempdir() else { return };
    let path = folder.path().join("f.ndjson");
    if std::fs::write(&path, bytes).is_ok() {
        let path = vec![path.display().to_string()];
        let _ = almanac_ingest::read(&Source { path, ..Default::default() }, None);
    }
});
