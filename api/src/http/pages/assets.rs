//! Files that pages load: kept by browsers for ever, since their names change with their content.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::LazyLock;

use almanac_dashboards::app::{Asset, assets};
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::super::query::Path;
use super::super::{Answer, Problem};

/// Each compressed once, when the first is asked for.
static PACKED: LazyLock<BTreeMap<&str, (&Asset, Bytes)>> = LazyLock::new(|| {
    let pack = |asset: &'static Asset| {
        let mut out = GzEncoder::new(Vec::new(), Compression::best());
        // Writing into memory does not fail.
        let _ = out.write_all(asset.text.as_bytes());
        (asset.path.as_str(), (asset, Bytes::from(out.finish().unwrap_or_default())))
    };
    assets().iter().map(pack).collect()
});

/// Compresses them, so that no request waits for it.
pub fn prepare() {
    LazyLock::force(&PACKED);
}

/// A file.
pub async fn file(Path(name): Path<String>, headers: HeaderMap) -> Answer<Response> {
    let found = PACKED.get(format!("/assets/{name}").as_str());
    let (asset, packed) = found.ok_or_else(|| Problem::absent("file", &name))?;
    let takes = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let kept = [
        (header::CONTENT_TYPE, asset.kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::VARY, "accept-encoding"),
    ];
    if takes.is_some_and(|takes| takes.split(',').any(|one| one.trim().starts_with("gzip"))) {
        let coding = [(header::CONTENT_ENCODING, "gzip")];
        return Ok((StatusCode::OK, kept, coding, Body::from(packed.clone())).into_response());
    }
    Ok((StatusCode::OK, kept, asset.text.as_str()).into_response())
}
