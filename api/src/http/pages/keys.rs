//! The way in and out, and keys.

use almanac_dashboards::app::{self, Frame, KeyLine, Keys};
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use super::super::auth;
use super::super::query::Path;
use super::super::{Answer, Problem, Shared};
use super::form::{Pairs, Sealed};
use super::{page, see};
use crate::store::Role;

/// The form of the login.
pub async fn ask(Extension(frame): Extension<Frame>, uri: Uri) -> Answer<Response> {
    let asked = Pairs::of(&uri)?;
    if !frame.stranger {
        return Ok(see(inside(asked.get("next"))));
    }
    Ok(page(app::login(&frame, inside(asked.get("next")), None)))
}

/// An address of this server, whatever was asked.
fn inside(next: &str) -> &str {
    let plain =
        next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n']);
    if plain && next.is_ascii() { next } else { "/" }
}

/// Lets a key in.
pub async fn login(
    State(app): State<Shared>,
    Extension(frame): Extension<Frame>,
    Sealed(form): Sealed,
) -> Answer<Response> {
    let next = inside(form.get("next"));
    let who = match auth::known(&app, form.get("key").trim()).await {
        Ok(who) => who,
        Err(problem) if problem.status == StatusCode::UNAUTHORIZED => {
            let text = app::login(&frame, next, Some("This key opens nothing here."));
            return Ok((StatusCode::UNAUTHORIZED, page(text)).into_response());
        }
        Err(problem) => return Err(problem),
    };
    let cookie =
        app.doors.sessions.open(&who.owner, app.config.tls.is_some() || app.config.proxy)?;
    Ok(with_cookie(see(next), &cookie))
}

/// Ends a login.
pub async fn logout(
    State(app): State<Shared>,
    headers: HeaderMap,
    Sealed(_): Sealed,
) -> Answer<Response> {
    let cookie = app.doors.sessions.close(&headers);
    Ok(with_cookie(see("/login"), &cookie))
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// All keys.
pub async fn list(
    State(app): State<Shared>,
    Extension(frame): Extension<Frame>,
) -> Answer<Response> {
    show(&app, &frame, None).await
}

async fn show(app: &Shared, frame: &Frame, token: Option<String>) -> Answer<Response> {
    let keys = app.store.keys().await?;
    let line = |key: crate::store::Key| KeyLine {
        live: key.is_live(),
        role: key.role.name().into(),
        at: (key.created, key.expires, key.revoked),
        id: key.id,
        name: key.name,
    };
    let keys = Keys { keys: keys.into_iter().map(line).collect(), token };
    Ok(page(app::keys(frame, &keys)))
}

/// Makes a key, and tells its token once.
pub async fn create(
    State(app): State<Shared>,
    Extension(frame): Extension<Frame>,
    Sealed(form): Sealed,
) -> Answer<Response> {
    let (name, days) = (form.get("name").trim(), form.get("days"));
    let role =
        Role::of(form.get("role")).ok_or_else(|| Problem::bad("a role is read, write or admin"))?;
    let days: Option<u32> = match days {
        "" => None,
        days => Some(days.parse().map_err(|_| Problem::bad("days are a whole number"))?),
    };
    let within = days.is_none_or(|days| (1..=36_500).contains(&days));
    if !(1..=200).contains(&name.chars().count()) || !within {
        let words = "a key has a name of 1 to 200 letters, and lives 1 to 36500 days";
        return Err(Problem::bad(words));
    }
    let secret = app.store.create_key(name, role, days).await?;
    show(&app, &frame, Some(secret.token)).await
}

/// Revokes a key.
pub async fn revoke(
    State(app): State<Shared>,
    Path(id): Path<String>,
    Sealed(_): Sealed,
) -> Answer<Response> {
    let was = app.store.revoke_key(&id).await?;
    app.doors.forget();
    if was { Ok(see("/keys")) } else { Err(Problem::absent("key", &id)) }
}

#[cfg(test)]
mod tests {
    use super::inside;

    /// A login leads to this server alone.
    #[test]
    fn no_way_out() {
        assert_eq!(inside("/runs/7?fold=2"), "/runs/7?fold=2");
        for bad in ["//evil.example", "https://evil.example", "/\\evil.example", "", "/a\r\nb"] {
            assert_eq!(inside(bad), "/");
        }
    }
}
