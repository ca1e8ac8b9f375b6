//! Connections: taken, bounded in number and patience, and ended in order.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::{App, Shared, router};
use crate::config::Config;
use crate::store::Store;
use crate::{Error, Lab};

/// Serves until `stop` is done; then open requests have their grace, and jobs end at a fold.
/// `ready` is told the address.
///
/// # Errors
/// An address that is taken or open without protection, a store that cannot be opened.
pub async fn serve(
    config: Config,
    lab: Lab,
    stop: impl Future<Output = ()>,
    ready: impl FnOnce(std::net::SocketAddr),
) -> Result<(), Error> {
    let store = Store::open(&config.store).await?;
    guarded(&config, &store).await?;
    let taken = |e| Error::mistake(format!("cannot listen on {}: {e}", config.addr), None);
    let listener = TcpListener::bind(config.addr).await.map_err(taken)?;
    ready(listener.local_addr().map_err(taken)?);
    let grace = Duration::from_secs(config.grace_s);
    let app = App::new(config, lab, store).await?;
    accept(&app, &listener, stop, grace).await;
    app.queue.stop();
    if tokio::time::timeout(grace, app.queue.idle()).await.is_err() {
        tracing::warn!(
            "a job did not stop in time; it goes on from its last fold at the next start"
        );
    }
    app.store.close().await;
    Ok(())
}

/// Refuses an address that others can reach where nothing protects it.
async fn guarded(config: &Config, store: &Store) -> Result<(), Error> {
    if config.is_local() {
        return Ok(());
    }
    if !config.proxy {
        let message = format!("{} can be reached by other machines without TLS", config.addr);
        let hint = "put a proxy before it that does TLS and say --proxy, or listen on 127.0.0.1";
        return Err(Error::mistake(message, hint.to_string()));
    }
    if !store.keys().await?.iter().any(|key| key.is_live()) {
        let message =
            format!("{} can be reached by other machines and there is no key", config.addr);
        return Err(Error::mistake(message, "make one with `almanac key create`".to_string()));
    }
    Ok(())
}

async fn accept(
    app: &Shared,
    listener: &TcpListener,
    stop: impl Future<Output = ()>,
    grace: Duration,
) {
    let service = TowerToHyperService::new(router(Arc::clone(app)));
    let limits = &app.config.limits;
    let seats = Arc::new(Semaphore::new(limits.connections));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(limits.header_s));
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        // A permit is waited for before a connection is taken: the rest wait in the system's queue.
        let next = async {
            let seat = Arc::clone(&seats).acquire_owned().await;
            (seat, listener.accept().await)
        };
        let (seat, taken) = tokio::select! {
            next = next => next,
            () = &mut stop => break,
        };
        let stream = match taken {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be taken");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
        let connection = http.serve_connection(TokioIo::new(stream), service.clone());
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke off");
            }
            drop(seat);
        });
    }
    // Listeners of events would wait for their jobs: those end first.
    app.queue.stop();
    if tokio::time::timeout(grace, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
}
