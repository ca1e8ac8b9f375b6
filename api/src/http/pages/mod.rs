//! The dashboard's routes: they fill views from the store, `dashboards` makes pages of them.
//!
//! ```text
//! request ─▶ cookie or this machine ─▶ role ─▶ seal of a form ─▶ handler ─▶ view ─▶ page
//! ```

mod assets;
mod compare;
mod form;
mod fresh;
mod home;
mod keys;
mod runs;
pub mod session;
mod sets;
pub mod shelf;
mod studio;
pub mod upload;

use almanac_dashboards::app::{self, Frame};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};

use super::auth::{self, Who};
use super::{Problem, Shared};
use crate::store::Role;

/// Every page.
pub fn routes(app: &Shared) -> Router<Shared> {
    assets::prepare();
    Router::new()
        .route("/", get(home::home))
        .route("/sets", get(home::sets))
        .route("/sets/new", get(upload::ask).post(upload::take))
        .route("/sets/keep", post(upload::keep))
        .route("/sets/{name}", get(sets::show))
        .route("/sets/{name}/append", post(sets::append))
        .route("/sets/{name}/delete", post(sets::delete))
        .route("/jobs/{id}", get(home::job))
        .route("/jobs/{id}/cancel", post(home::cancel))
        .route("/runs", post(fresh::start))
        .route("/runs/new", get(fresh::form))
        .route("/runs/{id}", get(runs::show))
        .route("/runs/{id}/files/{name}", get(runs::file))
        .route("/runs/{id}/delete", post(runs::delete))
        .route("/compare", get(compare::show))
        .route("/studio", get(studio::show))
        .route("/models", get(home::models))
        .route("/keys", get(keys::list).post(keys::create))
        .route("/keys/{id}/revoke", post(keys::revoke))
        .route("/login", get(keys::ask).post(keys::login))
        .route("/logout", post(keys::logout))
        .route("/assets/{name}", get(assets::file))
        .layer(from_fn_with_state(app.clone(), enter))
}

/// The role that a page asks for; none where anybody may.
fn needs(method: &Method, path: &str) -> Option<Role> {
    match path {
        "/login" | "/logout" => None,
        path if path.starts_with("/assets/") => None,
        path if path == "/keys" || path.starts_with("/keys/") => Some(Role::Admin),
        "/runs/new" | "/sets/new" => Some(Role::Write),
        _ if method == Method::GET || method == Method::HEAD => Some(Role::Read),
        _ => Some(Role::Write),
    }
}

/// Lets a request for a page through, with its [`Frame`] and [`Who`], or sends it to the login.
async fn enter(State(app): State<Shared>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path().to_string();
    if is_foreign(&request) {
        let words = "another site's page sent this form";
        return refused(&Frame::default(), &Problem::new(StatusCode::FORBIDDEN, "foreign", words));
    }
    let who = auth::who(&app, request.headers()).await;
    let frame = frame(&app, request.headers(), who.as_ref().ok());
    if let Some(needed) = needs(request.method(), &path) {
        let who = match who {
            Ok(who) => who,
            Err(problem) if problem.status != StatusCode::UNAUTHORIZED => {
                return refused(&frame, &problem);
            }
            Err(_) => return to_login(&request),
        };
        if let Some(response) = auth::refusal(&app, &who, needed) {
            let problem = response.extensions().get::<Problem>().cloned();
            return problem.map_or(response, |problem| refused(&frame, &problem));
        }
        request.extensions_mut().insert(who);
    }
    request.extensions_mut().insert(frame.clone());
    let noted = auth::Noted::of(&request);
    let mut response = next.run(request).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        response = refused(&frame, &problem);
    }
    noted.keep(&app, response.status()).await;
    response
}

/// Whether a browser says that another site's page asks for a change.
fn is_foreign(request: &Request) -> bool {
    let site = request.headers().get("sec-fetch-site").and_then(|value| value.to_str().ok());
    request.method() == Method::POST && site.is_some_and(|site| site != "same-origin")
}

/// What every page shows of who looks.
fn frame(app: &Shared, headers: &HeaderMap, who: Option<&Who>) -> Frame {
    let sessions = &app.doors.sessions;
    let session = sessions.of(headers).filter(|_| who.is_some());
    let role = who.map(|who| who.role);
    Frame {
        token: session.as_ref().map_or(sessions.local_token(), |own| &own.token).into(),
        writes: role >= Some(Role::Write),
        admin: role >= Some(Role::Admin),
        owner: session.map(|session| session.key),
        stranger: who.is_none(),
        ..Frame::default()
    }
}

fn to_login(request: &Request) -> Response {
    let next = request.uri().path_and_query().map_or("/", |place| place.as_str());
    let place = match *request.method() == Method::GET {
        true => format!("/login?next={}", app::encoded(next)),
        false => "/login".into(),
    };
    see(&place)
}

/// The browser goes on at another address.
fn see(place: &str) -> Response {
    let place = HeaderValue::from_str(place).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response()
}

fn refused(frame: &Frame, problem: &Problem) -> Response {
    let (detail, hint) = problem.words();
    let text = app::problem(frame, problem.status.as_u16(), detail, hint);
    (problem.status, page(text)).into_response()
}

/// A page, with what it may load and do.
fn page(text: String) -> Response {
    ([(header::CONTENT_SECURITY_POLICY, app::POLICY)], Html(text)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looking takes the least, forms that change take more, keys the most.
    #[test]
    fn roles_by_page() {
        assert_eq!(needs(&Method::GET, "/login"), None);
        assert_eq!(needs(&Method::GET, "/sets/x"), Some(Role::Read));
        assert_eq!(needs(&Method::POST, "/sets/x/delete"), Some(Role::Write));
        assert_eq!(needs(&Method::GET, "/runs/new"), Some(Role::Write));
        assert_eq!(needs(&Method::POST, "/keys/ab/revoke"), Some(Role::Admin));
        assert_eq!(needs(&Method::GET, "/keysmith"), Some(Role::Read));
    }
}
