//! Who asks, what they may do, and how often.
//!
//! ```text
//! Authorization: Bearer alm_<id>_<secret> ─▶ a key, live ─▶ its role reaches the route ─▶ its rate
//! nothing, from this machine              ─▶ `local`, who may do everything
//! ```

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::pages::session::Sessions;
use super::{Answer, Problem, Shared};
use crate::Error;
use crate::config::Config;
use crate::queue::locked;
use crate::store::{Key, Role};

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
    /// The id of their request, once it is let through.
    pub request: String,
}

/// What is remembered of who asked.
pub struct Doors {
    local: bool,
    rate: (f64, f64),
    right: Mutex<HashMap<[u8; 32], (String, Instant)>>,
    buckets: Mutex<HashMap<String, (f64, Instant)>>,
    /// Who logged in to the dashboard.
    pub(super) sessions: Sessions,
}

/// The role that a route asks for; none where anybody may.
pub fn needs(method: &Method, route: &str) -> Option<Role> {
    match (method, route) {
        // Pages have a guard of their own, which leads to the login.
        (_, route) if !route.starts_with("/v1/") && route != "/metrics" => None,
        (_, route) if route.starts_with("/v1/keys") => Some(Role::Admin),
        (&Method::GET | &Method::HEAD, _) => Some(Role::Read),
        (&Method::POST, "/v1/forecasts" | "/v1/models/{id}/predict") => Some(Role::Read),
        _ => Some(Role::Write),
    }
}

impl Doors {
    /// None has passed yet.
    ///
    /// # Errors
    /// A system without randomness.
    pub fn new(config: &Config) -> Result<Doors, Error> {
        let local = config.is_local() && !config.keys;
        let rate = (f64::from(config.limits.rate), f64::from(config.limits.burst.max(1)));
        let (right, buckets) = Default::default();
        Ok(Doors { local, rate, right, buckets, sessions: Sessions::new()? })
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

/// Whose request it is: a key's, a login's, or this machine's.
pub async fn who(app: &Shared, headers: &HeaderMap) -> Answer<Who> {
    let Some(sent) = headers.get(header::AUTHORIZATION) else {
        return match app.doors.sessions.of(headers) {
            Some(session) => live(app.store.key(&session.key).await?),
            None if app.doors.local && (app.config.proxy || is_own(headers)) => {
                Ok(Who { owner: "local".into(), role: Role::Admin, request: String::new() })
            }
            None if app.doors.local => {
                let words = "without keys this server answers to localhost and to addresses alone";
                let problem = Problem::new(StatusCode::FORBIDDEN, "host", words);
                Err(problem
                    .hint("ask for it by its address, start it with --keys, or with --proxy"))
            }
            None => Err(unknown()),
        };
    };
    let token = sent.to_str().ok().and_then(|sent| sent.strip_prefix("Bearer "));
    known(app, token.ok_or_else(unknown)?.trim()).await
}

/// Whether a request is for a host that no stranger's name server can name: else a page of theirs
/// could speak as if from this machine.
fn is_own(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST) else { return true };
    let host = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok());
    host.is_some_and(|host| {
        let name = host.host().trim_matches(['[', ']']);
        name == "localhost" || name.parse::<IpAddr>().is_ok()
    })
}

/// Whose token it is.
pub async fn known(app: &Shared, token: &str) -> Answer<Who> {
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
    live(key)
}

fn live(key: Option<Key>) -> Answer<Who> {
    let key = key.filter(Key::is_live).ok_or_else(unknown)?;
    Ok(Who { owner: key.id, role: key.role, request: String::new() })
}

/// Why they may not do what takes this role, now.
pub fn refusal(app: &Shared, who: &Who, needed: Role) -> Option<Response> {
    if who.role < needed {
        let words =
            format!("this takes the role `{}`, the key has `{}`", needed.name(), who.role.name());
        return Some(Problem::new(StatusCode::FORBIDDEN, "role", words).into_response());
    }
    let wait = app.doors.take(&who.owner)?;
    let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate", "too many requests");
    let mut response =
        problem.hint("the limit is the server's setting `limits.rate`").into_response();
    let seconds = header::HeaderValue::from(wait.as_secs() + 1);
    response.headers_mut().insert(header::RETRY_AFTER, seconds);
    Some(response)
}

/// A browser sends its cookie with whatever a page asks: a change needs the login's token besides.
fn meant(app: &Shared, request: &Request) -> Answer<()> {
    let headers = request.headers();
    let reads = [Method::GET, Method::HEAD].contains(request.method());
    if reads || headers.contains_key(header::AUTHORIZATION) {
        return Ok(());
    }
    let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let is_named = origin.is_some_and(|own| app.config.origins.iter().any(|named| named == own));
    if site.is_some_and(|site| !["same-origin", "none"].contains(&site)) && !is_named {
        let words = "another site's page may not change anything here";
        return Err(Problem::new(StatusCode::FORBIDDEN, "foreign", words));
    }
    let Some(session) = app.doors.sessions.of(headers) else { return Ok(()) };
    match headers.get("x-csrf-token").is_some_and(|sent| *sent == *session.token) {
        true => Ok(()),
        false => {
            let words = "a change by cookie needs the header `x-csrf-token`";
            Err(Problem::new(StatusCode::FORBIDDEN, "seal", words))
        }
    }
}

/// What the log of writes says of a request.
pub struct Noted(Option<(String, String, Method, String)>);

impl Noted {
    /// Of a request with [`Who`] in its extensions; nothing of one that reads.
    pub fn of(request: &Request) -> Noted {
        let who = request.extensions().get::<Who>();
        let id = request.extensions().get::<super::layers::RequestId>().cloned();
        let (method, path) = (request.method().clone(), request.uri().path().to_string());
        let who = who.filter(|_| ![Method::GET, Method::HEAD].contains(&method));
        Noted(who.map(|who| (who.owner.clone(), id.unwrap_or_default().0, method, path)))
    }

    /// Keeps it, with how the request ended.
    pub async fn keep(self, app: &Shared, status: StatusCode) {
        let Some((owner, id, method, path)) = self.0 else { return };
        let noted =
            app.store.note_write((&owner, &id), (method.as_str(), &path), status.as_u16()).await;
        if let Err(error) = noted {
            tracing::warn!(%error, "a write cannot be noted");
        }
    }
}

/// Lets a request through, with [`Who`] in its extensions, or refuses it.
pub async fn guard(State(app): State<Shared>, mut request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_string());
    let needed = route.as_deref().and_then(|route| needs(request.method(), route));
    let Some(needed) = needed else { return next.run(request).await };
    let who = match who(&app, request.headers()).await {
        Ok(who) => who,
        Err(problem) => {
            let mut response = problem.into_response();
            let scheme = header::HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
            return response;
        }
    };
    if let Some(response) = refusal(&app, &who, needed) {
        return response;
    }
    if let Err(problem) = meant(&app, &request) {
        return problem.into_response();
    }
    let id = request.extensions().get::<super::layers::RequestId>().cloned().unwrap_or_default();
    request.extensions_mut().insert(Who { request: id.0, ..who });
    let noted = if needed > Role::Read { Noted::of(&request) } else { Noted(None) };
    let response = next.run(request).await;
    noted.keep(&app, response.status()).await;
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
        let doors = Doors::new(&config).unwrap();
        assert!(doors.take("a").is_none() && doors.take("a").is_none());
        assert!(doors.take("a").is_some_and(|wait| wait <= Duration::from_secs(1)));
        assert!(doors.take("b").is_none());
    }
}
