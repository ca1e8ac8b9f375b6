//! Who asks, what they may do, and how often.
//!
//! ```text
//! Authorization: Bearer alm_<id>_<secret> ─▶ a key, live ─▶ its role reaches the route ─▶ its rate
//! nothing, from this machine              ─▶ `local`, who may do everything
//! ```

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::{Answer, Problem, Shared};
use crate::config::Config;
use crate::queue::locked;
use crate::store::Role;

/// How long a secret that was right is taken without hashing it again.
const REMEMBERED: Duration = Duration::from_secs(300);
/// Secrets that are remembered, and owners whose rate is.
const MOST: usize = 10_000;

/// Who asks.
#[derive(Debug, Clone, PartialEq)]
pub struct Who {
    /// The id of a key, or `local`.
    pub owner: String,
    /// What they may do.
    pub role: Role,
}

/// What is remembered of who asked.
pub struct Doors {
    local: bool,
    rate: (f64, f64),
    right: Mutex<HashMap<[u8; 32], (String, Instant)>>,
    buckets: Mutex<HashMap<String, (f64, Instant)>>,
}

/// The role that a route asks for; none where anybody may.
pub fn needs(method: &Method, route: &str) -> Option<Role> {
    match (method, route) {
        (_, "/healthz" | "/readyz" | "/openapi.json" | "/docs" | "/") => None,
        (_, route) if route.starts_with("/v1/keys") => Some(Role::Admin),
        (&Method::GET | &Method::HEAD, _) => Some(Role::Read),
        (&Method::POST, "/v1/forecasts" | "/v1/models/{id}/predict") => Some(Role::Read),
        _ => Some(Role::Write),
    }
}

impl Doors {
    /// None has passed yet.
    pub fn new(config: &Config) -> Doors {
        let local = config.is_local() && !config.keys;
        let rate = (f64::from(config.limits.rate), f64::from(config.limits.burst.max(1)));
        Doors { local, rate, right: Mutex::default(), buckets: Mutex::default() }
    }

    /// Forgets every secret: a key was revoked.
    pub fn forget(&self) {
        locked(&self.right).clear();
    }

    /// Takes one request of an owner; how long to wait where there were too many.
    fn take(&self, owner: &str) -> Option<Duration> {
        let (rate, burst) = self.rate;
        if rate == 0.0 {
            return None;
        }
        let mut buckets = locked(&self.buckets);
        if buckets.len() > MOST {
            buckets.retain(|_, (_, at)| at.elapsed().as_secs_f64() * rate < burst);
        }
        let (left, at) = buckets.entry(owner.into()).or_insert((burst, Instant::now()));
        *left = (*left + at.elapsed().as_secs_f64() * rate).min(burst);
        *at = Instant::now();
        if *left < 1.0 {
            return Some(Duration::from_secs_f64((1.0 - *left) / rate));
        }
        *left -= 1.0;
        None
    }
}

fn unknown() -> Problem {
    let words = "no key, or none that opens anything here";
    let problem = Problem::new(StatusCode::UNAUTHORIZED, "no_key", words);
    problem.hint("send `Authorization: Bearer alm_…`; `almanac key create` makes one")
}

async fn who(app: &Shared, sent: Option<header::HeaderValue>) -> Answer<Who> {
    let Some(sent) = sent else {
        return match app.doors.local {
            true => Ok(Who { owner: "local".into(), role: Role::Admin }),
            false => Err(unknown()),
        };
    };
    let token = sent.to_str().ok().and_then(|sent| sent.strip_prefix("Bearer "));
    let token = token.ok_or_else(unknown)?.trim();
    let parts = token.strip_prefix("alm_").and_then(|token| token.split_once('_'));
    let (id, secret) = parts.ok_or_else(unknown)?;
    // Where a fast hash of the whole token is known, nothing about the secret can be learnt from time.
    let print: [u8; 32] = Sha256::digest(token.as_bytes()).into();
    let known = locked(&app.doors.right).get(&print).cloned();
    let key = match known.filter(|(_, at)| at.elapsed() < REMEMBERED) {
        Some((id, _)) => app.store.key(&id).await?,
        None => {
            let key = app.store.verify(id, secret).await?;
            if let Some(key) = &key {
                let mut right = locked(&app.doors.right);
                if right.len() > MOST {
                    right.clear();
                }
                right.insert(print, (key.id.clone(), Instant::now()));
            }
            key
        }
    };
    let key = key.filter(|key| key.is_live()).ok_or_else(unknown)?;
    Ok(Who { owner: key.id, role: key.role })
}

/// Lets a request through, with [`Who`] in its extensions, or refuses it.
pub async fn guard(State(app): State<Shared>, mut request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_string());
    let needed = route.as_deref().and_then(|route| needs(request.method(), route));
    let Some(needed) = needed else { return next.run(request).await };
    let sent = request.headers().get(header::AUTHORIZATION).cloned();
    let who = match who(&app, sent).await {
        Ok(who) => who,
        Err(problem) => {
            let mut response = problem.into_response();
            let scheme = header::HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
            return response;
        }
    };
    if who.role < needed {
        let words =
            format!("this takes the role `{}`, the key has `{}`", needed.name(), who.role.name());
        return Problem::new(StatusCode::FORBIDDEN, "role", words).into_response();
    }
    if let Some(wait) = app.doors.take(&who.owner) {
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate", "too many requests");
        let mut response =
            problem.hint("the limit is the server's setting `limits.rate`").into_response();
        let seconds = header::HeaderValue::from(wait.as_secs() + 1);
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
        return response;
    }
    let writes = needed > Role::Read;
    let about = (who.owner.clone(), request.method().clone(), request.uri().path().to_string());
    let id = request.extensions().get::<super::layers::RequestId>().cloned().unwrap_or_default();
    request.extensions_mut().insert(who);
    let response = next.run(request).await;
    if writes {
        let (owner, method, path) = &about;
        let status = response.status().as_u16();
        let noted = app.store.note_write((owner, &id.0), (method.as_str(), path), status).await;
        if let Err(error) = noted {
            tracing::warn!(%error, "a write cannot be noted");
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reading takes the least, keys the most, and a forecast changes nothing.
    #[test]
    fn roles_by_route() {
        assert_eq!(needs(&Method::GET, "/healthz"), None);
        assert_eq!(needs(&Method::GET, "/v1/sets"), Some(Role::Read));
        assert_eq!(needs(&Method::POST, "/v1/forecasts"), Some(Role::Read));
        assert_eq!(needs(&Method::PUT, "/v1/sets/{name}"), Some(Role::Write));
        assert_eq!(needs(&Method::GET, "/v1/keys"), Some(Role::Admin));
        assert_eq!(needs(&Method::GET, "/metrics"), Some(Role::Read));
    }

    /// Two at once, then one a second.
    #[test]
    fn rates() {
        let mut config = Config::default();
        (config.limits.rate, config.limits.burst) = (1, 2);
        let doors = Doors::new(&config);
        assert!(doors.take("a").is_none() && doors.take("a").is_none());
        assert!(doors.take("a").is_some_and(|wait| wait <= Duration::from_secs(1)));
        assert!(doors.take("b").is_none());
    }
}
