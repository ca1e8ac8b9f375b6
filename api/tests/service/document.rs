//! The OpenAPI document, as clients are generated from it.

use std::fs;
use std::path::Path;

use super::Service;

/// What the service says is what is committed; `ALMANAC_WRITE=1` writes it anew.
#[test]
fn as_committed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let said = Service::start(|_| {}).ask("GET", "/openapi.json").body + "\n";
    if std::env::var_os("ALMANAC_WRITE").is_some() {
        fs::write(&path, &said).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap();
    let differs = kept.lines().zip(said.lines()).position(|(kept, said)| kept != said);
    assert!(
        kept == said,
        "api/openapi.json is another from line {:?} on: run this test with ALMANAC_WRITE=1, and \
         look at what changed for clients",
        differs.map(|line| line + 1)
    );
}
