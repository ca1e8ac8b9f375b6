//! The dashboard in a real browser, on a real server: `chromium` in the path, or what
//! `ALMANAC_BROWSER` names; without one the tests say so and end.
//!
//! ```text
//! ALMANAC_SHOTS=DIR     pictures of every page, 1440 and 390 pixels wide, light and dark
//! ALMANAC_AXE=axe.min.js     every page is looked at by axe-core
//! ALMANAC_DATA=DIR      NN5 is uploaded and tested as well
//! ```

#[path = "../../../dashboards/tests/browser/devtools.rs"]
mod devtools;
mod names;
mod visit;
mod walk;

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread::JoinHandle;

use almanac_api::config::Config;
use almanac_api::store::{Role, Store};
use almanac_api::{Lab, http};
use tempfile::TempDir;
use tokio::sync::oneshot;

/// A server with a store of its own, until it is dropped.
struct Server {
    folder: TempDir,
    addr: SocketAddr,
    tokens: Vec<String>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// One that asks for keys where there are roles to make them for.
    fn start(roles: &[Role]) -> Server {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let config = Config {
            addr: SocketAddr::from(([127, 0, 0, 1], 0)),
            store: folder.path().join("store"),
            threads: 1,
            job_threads: 1,
            grace_s: 2,
            keys: !roles.is_empty(),
            ..Config::default()
        };
        let tokens = runtime.block_on(async {
            let store = Store::open(&config.store).await.unwrap();
            let mut tokens = Vec::new();
            for role in roles {
                tokens.push(store.create_key(role.name(), *role, None).await.unwrap().token);
            }
            store.close().await;
            tokens
        });
        let (stop, stopped) = oneshot::channel();
        let (told, ready) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let stopped = async { stopped.await.unwrap_or(()) };
            let ready = move |addr| told.send(addr).unwrap();
            runtime.block_on(http::serve(config, Lab::default(), stopped, ready)).unwrap();
        });
        let addr = ready.recv().unwrap();
        Server { folder, addr, tokens, stop: Some(stop), thread: Some(thread) }
    }

    /// A file in the server's folder, outside its store.
    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let ended = self.thread.take().is_none_or(|thread| thread.join().is_ok());
        assert!(ended || std::thread::panicking(), "the server failed");
    }
}

/// Three shops over 300 days: a week's wave, and a holiday that sells.
fn shops() -> String {
    let mut text = String::from("shop,date,sales,holiday\n");
    for (place, shop) in ["east", "north", "south"].iter().enumerate() {
        for day in 0..300_u32 {
            let holiday = u32::from(day % 23 == 7);
            let noise = (day * 7919 + place as u32 * 104_729) % 97;
            let wave = (f64::from(day) * std::f64::consts::TAU / 7.0).sin();
            let sales = 100.0 + 20.0 * wave + 40.0 * f64::from(holiday) + f64::from(noise) / 9.0;
            let date = chrono::NaiveDate::from_ymd_opt(2023, 1, 1).unwrap()
                + chrono::Days::new(u64::from(day));
            text.push_str(&format!("{shop},{date},{sales:.2},{holiday}\n"));
        }
    }
    text
}
