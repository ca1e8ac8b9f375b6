//! REPORT → HTML: pure functions from the nouns to pages that need no network.
//!
//! A page is one file: style, plotly.js, figures and tables. Everything that a user could have
//! written (names of sets, series and models, settings, reasons) is escaped on the way in, and a
//! content security policy lets no script run but the two that ship with the page.
#![forbid(unsafe_code)]

mod api;
pub mod app;
mod figures;
mod look;
mod page;
mod tables;
mod text;
mod verdict;

pub use api::api_page;
pub use page::{PLOTLY_JS, report};
