//! `almanac serve`: settings from everywhere, then the service until somebody stops it.

use std::fs;

use almanac_api::config::{Config, Log};
use almanac_api::{Error, Override, http};

use crate::Outcome;
use crate::args::Serve;
use crate::commands::lab;
use crate::say::Say;

/// Serves, or prints the settings.
pub fn run(args: &Serve, say: &Say) -> Result<Outcome, Error> {
    let config = config(args)?;
    if args.print_config {
        say.data(&config.to_toml()?);
        return Ok(Outcome::Done);
    }
    log(config.log);
    let lab = lab(&config.data_root);
    let (words, scheme) = (*say, if config.tls.is_some() { "https" } else { "http" });
    let ready = move |addr| {
        let url = format!("{scheme}://{addr}");
        words.remark(&format!("serving on {url}, the routes on {url}/docs"))
    };
    runtime()?.block_on(http::serve(config, lab, stopped(), ready))?;
    Ok(Outcome::Done)
}

fn config(args: &Serve) -> Result<Config, Error> {
    let text = match &args.config {
        Some(path) => Some((
            path,
            fs::read_to_string(path).map_err(|e| {
                Error::mistake(format!("cannot read {}: {e}", path.display()), None)
            })?,
        )),
        None => None,
    };
    let shown = |path: &std::path::PathBuf| path.display().to_string();
    let mut flags: Vec<Override> = Vec::new();
    flags.extend(args.addr.as_deref().map(|addr| Override::new("addr", addr)));
    flags.extend(args.store.as_ref().map(|store| Override::new("store", shown(store))));
    flags.extend(args.data_root.as_ref().map(|root| Override::new("data_root", shown(root))));
    flags.extend(args.tls_cert.as_ref().map(|path| Override::new("tls.cert", shown(path))));
    flags.extend(args.tls_key.as_ref().map(|path| Override::new("tls.key", shown(path))));
    flags.extend(args.proxy.then(|| Override::new("proxy", true)));
    flags.extend(args.keys.then(|| Override::new("keys", true)));
    for text in &args.set {
        flags.push(Override::parse(text)?);
    }
    let file = text.as_ref().map(|(path, text)| (path.as_path(), text.as_str()));
    Config::read(file, std::env::vars(), flags)
}

/// What is logged goes to stderr; `RUST_LOG` says how much.
fn log(how: Log) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env();
    let filter =
        filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,almanac_api=info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match how {
        Log::Text => log.init(),
        Log::Json => log.json().init(),
    }
}

/// A runtime for what waits.
pub fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|e| Error::Failed(format!("cannot start threads: {e}")))
}

/// Done once the user or the system asks to stop.
async fn stopped() {
    let (send, done) = tokio::sync::oneshot::channel();
    let mut send = Some(send);
    let handled = ctrlc::set_handler(move || match send.take() {
        // Whoever waits is there as long as the program.
        Some(send) => {
            let _ = send.send(());
        }
        None => std::process::exit(130),
    });
    match handled {
        Ok(()) => {
            let _ = done.await;
        }
        Err(error) => {
            tracing::error!(%error, "cannot handle Ctrl-C");
            std::future::pending::<()>().await;
        }
    }
}
