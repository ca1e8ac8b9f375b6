//! Who has logged in: a random cookie stands for a key, for as long as both live.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};

use crate::Error;
use crate::queue::locked;
use crate::store::random;

/// How long a login lasts.
const LASTS: Duration = Duration::from_secs(12 * 3600);
/// Logins that are held; the oldest go.
const MOST: usize = 10_000;
const NAME: &str = "almanac";

/// A login.
#[derive(Debug, Clone)]
pub struct Session {
    /// The id of its key.
    pub key: String,
    /// What its forms carry.
    pub token: String,
    ends: Instant,
}

/// All logins. The cookie itself is not kept, only its SHA-256.
pub struct Sessions {
    all: Mutex<HashMap<[u8; 32], Session>>,
    /// What forms carry where nobody logs in.
    local: String,
}

impl Sessions {
    /// Nobody has logged in.
    ///
    /// # Errors
    /// A system without randomness.
    pub fn new() -> Result<Sessions, Error> {
        Ok(Sessions { all: Mutex::default(), local: random(16)? })
    }

    /// What forms carry where nobody logs in.
    pub fn local_token(&self) -> &str {
        &self.local
    }

    /// Lets a key in; the cookie to set.
    ///
    /// # Errors
    /// A system without randomness.
    pub fn open(&self, key: &str, secure: bool) -> Result<String, Error> {
        let (cookie, token) = (random(24)?, random(16)?);
        let session = Session { key: key.into(), token, ends: Instant::now() + LASTS };
        let mut all = locked(&self.all);
        all.retain(|_, session| session.ends > Instant::now());
        if all.len() >= MOST
            && let Some(oldest) = all.iter().min_by_key(|(_, s)| s.ends).map(|(print, _)| *print)
        {
            all.remove(&oldest);
        }
        all.insert(print(&cookie), session);
        let secure = if secure { "; Secure" } else { "" };
        let seconds = LASTS.as_secs();
        Ok(format!("{NAME}={cookie}; HttpOnly; SameSite=Strict; Path=/; Max-Age={seconds}{secure}"))
    }

    /// The login that a request's cookie stands for.
    pub fn of(&self, headers: &HeaderMap) -> Option<Session> {
        let found = locked(&self.all).get(&print(cookie(headers)?)).cloned();
        found.filter(|session| session.ends > Instant::now())
    }

    /// Ends the login; the cookie that takes the browser's away.
    pub fn close(&self, headers: &HeaderMap) -> String {
        if let Some(cookie) = cookie(headers) {
            locked(&self.all).remove(&print(cookie));
        }
        format!("{NAME}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0")
    }
}

fn print(cookie: &str) -> [u8; 32] {
    Sha256::digest(cookie.as_bytes()).into()
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let sent = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = sent.flat_map(|value| value.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| name.trim() == NAME).map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cookie opens its own login until it is closed; another opens nothing.
    #[test]
    fn logins() {
        let sessions = Sessions::new().unwrap();
        let set = sessions.open("k1", false).unwrap();
        let headers = |cookie: &str| {
            HeaderMap::from_iter([(header::COOKIE, format!("a=b; {cookie}").parse().unwrap())])
        };
        let own = headers(set.split(';').next().unwrap());
        assert_eq!(sessions.of(&own).unwrap().key, "k1");
        assert!(sessions.of(&headers("almanac=00")).is_none());
        assert!(set.contains("HttpOnly; SameSite=Strict") && !set.contains("Secure"));
        sessions.close(&own);
        assert!(sessions.of(&own).is_none());
    }
}
