//! The service: routes over the lab and its store.
//!
//! ```text
//! request ─▶ id, log, metrics ─▶ key, role, rate ─▶ body, within limits ─▶ handler ─▶ answer
//!                                                    │
//!                             short work: the pool ──┴── long work: the queue
//! ```

// utoipa's macros write the paths of types in full.
#![allow(unused_qualifications)]

pub mod auth;
mod body;
mod docs;
mod forecasts;
mod health;
mod jobs;
mod keys;
mod layers;
mod models;
mod origins;
pub mod pages;
mod past;
mod problem;
mod query;
mod rosters;
mod rows;
mod runs;
mod serve;
mod sets;
mod spec;
mod table;
mod tls;

use std::sync::Arc;
use std::time::Instant;

use axum::http::StatusCode;
use axum::{Router, middleware};
use metrics_exporter_prometheus::PrometheusHandle;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::config::Config;
use crate::queue::Queue;
use crate::store::Store;
use crate::{Error, Lab, WORKER};

use docs::ByKey;
pub use problem::{Problem, Refused};
pub use serve::serve;

/// What every handler may use.
pub struct App {
    pub(crate) config: Config,
    pub(crate) lab: Lab,
    pub(crate) store: Store,
    pub(crate) queue: Arc<Queue>,
    /// Threads that forecast; those of the server never do.
    pub(crate) workers: rayon::ThreadPool,
    pub(crate) doors: auth::Doors,
    pub(crate) openapi: String,
    /// Held while models are told of new rows.
    pub(crate) following: tokio::sync::Mutex<()>,
    /// What pages look at again and again.
    pub(crate) shelf: pages::shelf::Shelf,
    /// Files that wait to become sets.
    pub(crate) waiting: pages::upload::Waiting,
    metrics: PrometheusHandle,
    started: Instant,
}

/// A handler's share of [`App`].
pub type Shared = Arc<App>;

/// The answer of a handler.
pub type Answer<T> = Result<T, Problem>;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Almanac",
        description = "Forecasts, backtests and the sets they rest on. Every route takes and gives JSON; \
                       tables also come and go as CSV, NDJSON, Parquet and Arrow. Errors are problem \
                       details with a stable `code`."
    ),
    tags(
        (name = "sets", description = "Panels that are kept"),
        (name = "forecasts", description = "Forecasts, now"),
        (name = "models", description = "Models that were fitted once and answer later"),
        (name = "backtests", description = "Jobs and their runs"),
        (name = "rosters", description = "What there is to choose from"),
        (name = "keys", description = "Who may do what"),
        (name = "service", description = "Health, metrics, this document"),
    ),
    security((), ("key" = [])),
    components(schemas(problem::ProblemDetails)),
    modifiers(&ByKey)
)]
struct Doc;

/// Every route, and the document that is generated from them.
pub fn routes() -> (Router<Shared>, utoipa::openapi::OpenApi) {
    let (routes, mut document) = OpenApiRouter::with_openapi(Doc::openapi())
        .routes(routes!(sets::list))
        .routes(routes!(sets::show, sets::put, sets::delete))
        .routes(routes!(sets::series))
        .routes(routes!(sets::rows, sets::append))
        .routes(routes!(sets::audit))
        .routes(routes!(forecasts::create))
        .routes(routes!(models::create, models::list))
        .routes(routes!(models::show, models::delete))
        .routes(routes!(models::predict))
        .routes(routes!(models::events))
        .routes(routes!(models::file))
        .routes(routes!(jobs::create))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::show, jobs::cancel))
        .routes(routes!(jobs::events))
        .routes(routes!(runs::list))
        .routes(routes!(runs::show, runs::delete))
        .routes(routes!(runs::leaderboard))
        .routes(routes!(runs::forecasts))
        .routes(routes!(runs::scores))
        .routes(routes!(runs::report))
        .routes(routes!(rosters::list))
        .routes(routes!(rosters::show))
        .routes(routes!(keys::list, keys::create))
        .routes(routes!(keys::revoke))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
        .routes(routes!(docs::openapi))
        .routes(routes!(docs::page))
        .split_for_parts();
    docs::settle(&mut document);
    (routes, document)
}

impl App {
    /// Everything made ready, jobs that a kill left unfinished included.
    ///
    /// # Errors
    /// A store that cannot be opened, a system without threads.
    pub async fn new(config: Config, lab: Lab, store: Store) -> Result<Shared, Error> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(config.threads());
        let workers = pool.thread_name(|_| WORKER.into()).build();
        let workers = workers.map_err(|e| Error::Failed(format!("cannot start threads: {e}")))?;
        let queue = Queue::start(&config, lab.clone(), store.clone()).await?;
        let (_, document) = routes();
        let openapi = document.to_pretty_json().map_err(|e| Error::Failed(e.to_string()))?;
        let doors = auth::Doors::new(&config)?;
        let metrics = health::recorder();
        let (started, following) = (Instant::now(), Default::default());
        let (shelf, waiting) = Default::default();
        let app = Arc::new(App {
            config,
            lab,
            store,
            queue,
            workers,
            doors,
            openapi,
            following,
            shelf,
            waiting,
            metrics,
            started,
        });
        models::follow::tell(&app, None);
        Ok(app)
    }
}

/// The whole service as one tower of layers.
pub fn router(app: Shared) -> Router {
    let (routes, _) = routes();
    routes
        .merge(pages::routes(&app))
        .fallback(|| async {
            Problem::new(StatusCode::NOT_FOUND, "no_such_route", "no such route")
        })
        .method_not_allowed_fallback(|| async {
            let words = "this route does not know the method";
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "no_such_method", words)
        })
        .layer(middleware::from_fn_with_state(app.clone(), auth::guard))
        .layer(middleware::from_fn_with_state(app.clone(), origins::allow))
        .layer(middleware::from_fn_with_state(app.clone(), layers::observed))
        .with_state(app)
}
