//! Connections: taken, bounded in number and patience, and ended in order.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use super::{App, Shared, router, tls};
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
    let store = Store::open(&config.store).await?.holding(config.held_bytes);
    guarded(&config, &store).await?;
    let tls = config.tls.as_ref().map(tls::acceptor).transpose()?;
    let taken = |e| Error::mistake(format!("cannot listen on {}: {e}", config.addr), None);
    let listener = TcpListener::bind(config.addr).await.map_err(taken)?;
    ready(listener.local_addr().map_err(taken)?);
    let grace = Duration::from_secs(config.grace_s);
    let app = App::new(config, lab, store).await?;
    accept(&app, (&listener, tls), stop, grace).await;
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
    if !config.proxy && config.tls.is_none() {
        let message = format!("{} can be reached by other machines without TLS", config.addr);
        let hint = "give --tls-cert and --tls-key, or put a proxy before it that does TLS and \
                    say --proxy, or listen on 127.0.0.1";
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
    (listener, tls): (&TcpListener, Option<TlsAcceptor>),
    stop: impl Future<Output = ()>,
    grace: Duration,
) {
    let service = TowerToHyperService::new(router(Arc::clone(app)));
    let limits = &app.config.limits;
    let seats = Arc::new(Semaphore::new(limits.connections));
    let patience = Duration::from_secs(limits.header_s);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience);
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
        let greeting = Greeting { tls: tls.clone(), patience, http: http.clone() };
        let (watcher, service) = (graceful.watcher(), service.clone());
        tokio::spawn(async move {
            greeting.serve(stream, service, watcher).await;
            drop(seat);
        });
    }
    // Listeners of events would wait for their jobs: those end first.
    app.queue.stop();
    if tokio::time::timeout(grace, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
}

/// How a connection is greeted: with TLS or without, within some time.
struct Greeting {
    tls: Option<TlsAcceptor>,
    patience: Duration,
    http: http1::Builder,
}

type Service = TowerToHyperService<axum::Router>;

impl Greeting {
    async fn serve(self, stream: TcpStream, service: Service, watcher: Watcher) {
        let done = match &self.tls {
            None => self.speak(stream, service, watcher).await,
            Some(tls) => match tokio::time::timeout(self.patience, tls.accept(stream)).await {
                Ok(Ok(stream)) => self.speak(stream, service, watcher).await,
                Ok(Err(error)) => return tracing::debug!(%error, "a greeting failed"),
                Err(_) => return tracing::debug!("a greeting took too long"),
            },
        };
        if let Err(error) = done {
            tracing::debug!(%error, "a connection broke off");
        }
    }

    async fn speak(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        service: Service,
        watcher: Watcher,
    ) -> hyper::Result<()> {
        watcher.watch(self.http.serve_connection(TokioIo::new(stream), service)).await
    }
}
