//! What a form says: names and values in their order, and the seal that a page of ours gave it.

use almanac_dashboards::app::Frame;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{Uri, header};

use super::super::{Answer, Problem, Shared, query};

/// Bytes of a form without a file: what fits into an address, by which it is taken apart.
const MOST: usize = 60_000;

/// Names and values, in the order in which they stand.
#[derive(Debug, Clone, Default)]
pub struct Pairs(pub Vec<(String, String)>);

impl Pairs {
    /// Those of an address.
    pub fn of(uri: &Uri) -> Answer<Pairs> {
        query::read(uri).map(Pairs)
    }

    /// The last value of a name; empty where there is none.
    pub fn get(&self, name: &str) -> &str {
        let found = self.0.iter().rev().find(|(own, _)| own == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// A number, where the value is one.
    pub fn number(&self, name: &str) -> Option<usize> {
        self.get(name).parse().ok()
    }

    /// All values of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// Refuses a form that did not come from a page of ours.
pub fn sealed(frame: &Frame, token: &str) -> Answer<()> {
    match !token.is_empty() && token == frame.token {
        true => Ok(()),
        false => {
            let words = "the form is not from this page, or the page is from before the last login";
            let problem = Problem::new(axum::http::StatusCode::FORBIDDEN, "seal", words);
            Err(problem.hint("go back, load the page again, and send the form once more"))
        }
    }
}

/// A form that writes, with its seal checked.
pub struct Sealed(pub Pairs);

impl FromRequest<Shared> for Sealed {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Shared) -> Answer<Sealed> {
        let frame = request.extensions().get::<Frame>().cloned().unwrap_or_default();
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if !kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
            return Err(Problem::bad("a form is sent as application/x-www-form-urlencoded"));
        }
        let wait = std::time::Duration::from_secs(app.config.limits.body_s);
        let body = axum::body::to_bytes(request.into_body(), MOST);
        let body: Bytes = tokio::time::timeout(wait, body)
            .await
            .map_err(|_| Problem::bad("the form came too slowly"))?
            .map_err(|_| Problem::over("form", format!("a form of over {MOST} bytes")))?;
        let text = String::from_utf8_lossy(&body);
        let uri = format!("/?{text}").parse::<Uri>();
        let pairs = Pairs::of(&uri.map_err(|e| Problem::bad(format!("no form: {e}")))?)?;
        sealed(&frame, pairs.get("csrf"))?;
        Ok(Sealed(pairs))
    }
}
