//! The OpenAPI document, as clients are generated from it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

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
    let document: Value = serde_json::from_str(&said).unwrap();
    let items = document["paths"].as_object().unwrap().values();
    let routes: Vec<&Value> = items.flat_map(|item| item.as_object().unwrap().values()).collect();
    let ids: BTreeSet<&str> =
        routes.iter().map(|one| one["operationId"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), routes.len(), "two operations of one name");
    assert!(
        kept == said,
        "api/openapi.json is another from line {:?} on: run this test with ALMANAC_WRITE=1, and \
         look at what changed for clients",
        differs.map(|line| line + 1)
    );
}
