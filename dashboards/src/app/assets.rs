//! Files that pages load: each named by its content, so that a browser keeps it for ever.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use crate::page::{PAGE_CSS, PAGE_JS, PLOTLY_JS};

/// A file.
#[derive(Debug)]
pub struct Asset {
    /// What it is called here.
    pub name: &'static str,
    /// Where a server has it.
    pub path: String,
    /// Its media type.
    pub kind: &'static str,
    /// What is in it.
    pub text: String,
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let asset = |name: &'static str, kind, text: String| {
        let print: String =
            Sha256::digest(text.as_bytes()).iter().take(6).map(|b| format!("{b:02x}")).collect();
        let (stem, ending) = name.split_once('.').unwrap_or((name, ""));
        Asset { name, path: format!("/assets/{stem}-{print}.{ending}"), kind, text }
    };
    let script = "text/javascript; charset=utf-8";
    let css = format!("{PAGE_CSS}\n{}", include_str!("../../assets/app.css"));
    vec![
        asset("plotly.js", script, PLOTLY_JS.into()),
        asset("page.js", script, PAGE_JS.into()),
        asset("app.js", script, include_str!("../../assets/app.js").into()),
        asset("app.css", "text/css; charset=utf-8", css),
        asset("icon.svg", "image/svg+xml", include_str!("../../assets/icon.svg").into()),
    ]
});

/// All of them.
pub fn assets() -> &'static [Asset] {
    &ASSETS
}
