//! The real service on a real socket: who may do what, and what it refuses.

mod document;
mod forecasts;
mod limits;
mod models;
mod names;
mod origins;
mod panics;
mod roles;
mod strangers;
mod tls;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use almanac_api::config::Config;
use almanac_api::store::{Role, Store};
use almanac_api::{Lab, http};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::oneshot;

/// Three days of one series.
const ROWS: &str = "unique_id,ds,y\na,2024-01-01,1\na,2024-01-02,2\na,2024-01-03,3\n";
const CSV: (&str, &str) = ("content-type", "text/csv");
const JSON: (&str, &str) = ("content-type", "application/json");

/// A service with a store of its own, until it is dropped.
struct Service {
    folder: TempDir,
    addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What was answered.
struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Service {
    fn start(settle: impl FnOnce(&mut Config)) -> Service {
        Service::with_keys(settle, &[]).0
    }

    /// The same, and the tokens of keys of these roles.
    fn with_keys(settle: impl FnOnce(&mut Config), roles: &[Role]) -> (Service, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let mut config = Config {
            addr: SocketAddr::from(([127, 0, 0, 1], 0)),
            store: folder.path().join("store"),
            threads: 1,
            job_threads: 1,
            grace_s: 2,
            ..Config::default()
        };
        settle(&mut config);
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
        (Service { folder, addr, stop: Some(stop), thread: Some(thread) }, tokens)
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.addr).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    fn ask(&self, method: &str, path: &str) -> Reply {
        self.send((method, path), &[], b"")
    }

    fn send(&self, asked: (&str, &str), head: &[(&str, &str)], body: &[u8]) -> Reply {
        self.speak(asked, &[&[("host", "localhost")], head].concat(), body)
    }

    /// A question to the service by another name.
    fn as_host(&self, host: &str, path: &str) -> Reply {
        self.speak(("GET", path), &[("host", host)], b"")
    }

    fn speak(&self, (method, path): (&str, &str), head: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut stream = self.connect();
        let mut text = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
        for (name, value) in head {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        stream.write_all(text.as_bytes()).unwrap();
        // A body that is refused may not be read to its end.
        let _ = stream.write_all(body);
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("{method} {path}: no answer: {text}"));
        Reply { status, head: head.to_lowercase(), body: body.into() }
    }

    fn put(&self, name: &str) -> Reply {
        self.send(("PUT", &format!("/v1/sets/{name}")), &[CSV], ROWS.as_bytes())
    }
}

impl Service {
    /// What a stream of events says first.
    fn listen(&self, path: &str) -> String {
        let mut stream = self.connect();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
        let mut bytes = [0; 1 << 16];
        let mut said = String::new();
        while !said.contains("data: ") || !said.ends_with("\n\n\r\n") {
            let count = stream.read(&mut bytes).unwrap();
            assert!(count > 0, "the stream ended: {said}");
            said += &String::from_utf8_lossy(&bytes[..count]);
        }
        said
    }

    /// Waits until a job has ended; its last state.
    fn ended(&self, id: &str) -> Value {
        let start = Instant::now();
        loop {
            let job = self.ask("GET", &format!("/v1/jobs/{id}")).json();
            if !["queued", "running"].contains(&job["state"].as_str().unwrap()) {
                return job;
            }
            assert!(start.elapsed() < Duration::from_secs(60), "{job}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let ended = self.thread.take().is_none_or(|thread| thread.join().is_ok());
        assert!(ended || std::thread::panicking(), "the service failed");
    }
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e} in {}", self.body))
    }

    /// Problem details of this status with these words in them.
    fn refused(&self, status: u16, words: &str) {
        assert_eq!(self.status, status, "{}", self.body);
        assert!(self.head.contains("application/problem+json"), "{}", self.head);
        assert!(self.body.contains(words), "{words}: {}", self.body);
    }
}
