//! Whether it lives, whether it can work, and how much it does.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Answer, Refused, Shared};
use crate::store::State as JobState;

/// That it lives.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// Always `ok`.
    status: &'static str,
    /// Almanac's version.
    version: &'static str,
}

/// Lives: answers as long as the process does.
#[utoipa::path(get, operation_id = "healthz", path = "/healthz", tag = "service", security(()),
    responses((status = 200, body = Health)))]
pub async fn healthz() -> Json<Health> {
    Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") })
}

/// Can work: the store answers, and it is not stopping.
#[utoipa::path(get, operation_id = "readyz", path = "/readyz", tag = "service", security(()),
    responses((status = 200, body = Health), Refused<'_>))]
pub async fn readyz(State(app): State<Shared>) -> Answer<Json<Health>> {
    if app.queue.is_stopping() {
        return Err(crate::Error::Stopped.into());
    }
    app.store.ping().await?;
    Ok(healthz().await)
}

/// Prometheus metrics.
#[utoipa::path(get, operation_id = "metrics", path = "/metrics", tag = "service",
    responses((status = 200, body = String, content_type = "text/plain"), Refused<'_>))]
pub async fn metrics(State(app): State<Shared>) -> Answer<impl IntoResponse> {
    for state in [JobState::Queued, JobState::Running] {
        let count = app.store.count_jobs(state).await?;
        metrics::gauge!("almanac_jobs", "state" => state.name()).set(count as f64);
    }
    metrics::gauge!("almanac_uptime_seconds").set(app.started.elapsed().as_secs_f64());
    if let Some(bytes) = crate::meter::resident() {
        metrics::gauge!("almanac_resident_bytes").set(bytes as f64);
    }
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    Ok((kind, app.metrics.render()))
}

/// The recorder of this process: the one there is, or a new one.
pub fn recorder() -> PrometheusHandle {
    static ONE: std::sync::OnceLock<PrometheusHandle> = std::sync::OnceLock::new();
    let seconds = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0];
    ONE.get_or_init(|| {
        let builder = PrometheusBuilder::new();
        let suffix = Matcher::Suffix("seconds".into());
        let builder = builder.set_buckets_for_metric(suffix, &seconds);
        let recorder = builder.unwrap_or_else(|_| PrometheusBuilder::new()).build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another recorder has the metrics");
        }
        handle
    })
    .clone()
}
