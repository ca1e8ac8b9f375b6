//! TLS of its own.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use almanac_api::config::{Config, Tls};
use almanac_api::store::{Role, Store};
use almanac_api::{Error, Lab, http};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::Service;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/service/tls").join(name)
}

fn tls(cert: &str, key: &str) -> Option<Tls> {
    Some(Tls { cert: file(cert), key: file(key) })
}

/// What it answers to a client that trusts this certificate alone.
fn ask(stream: TcpStream, trusted: &str) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file(trusted)).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let name = "localhost".try_into().unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(client, stream);
    write!(stream, "GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// A client that trusts the certificate is answered, and told to come with TLS again; one that trusts
/// another, or speaks no TLS, is not.
#[test]
fn answers_with_its_certificate() {
    let service = Service::start(|config| config.tls = tls("own.pem", "own-key.pem"));
    let answer = ask(service.connect(), "own.pem").unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("strict-transport-security: max-age=31536000"), "{answer}");
    let refused = ask(service.connect(), "other.pem").unwrap_err().to_string();
    assert!(refused.contains("certificate"), "{refused}");
    let mut plain = service.connect();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    let plain = Service::start(|_| ());
    assert!(!plain.ask("GET", "/healthz").head.contains("strict-transport"));
}

/// Clients that never greet are let go in time, and keep nobody waiting meanwhile; nor do they keep a
/// server that stops.
#[test]
fn silent_clients() {
    let start = |header_s| {
        Service::start(|config| {
            config.tls = tls("own.pem", "own-key.pem");
            config.limits.header_s = header_s;
        })
    };
    let service = start(1);
    let silent: Vec<TcpStream> = (0..50).map(|_| service.connect()).collect();
    let asked = Instant::now();
    assert!(ask(service.connect(), "own.pem").unwrap().starts_with("HTTP/1.1 200"));
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    for mut stream in silent {
        assert_eq!(stream.read(&mut [0; 9]).unwrap_or(0), 0);
    }
    let service = start(20);
    let _silent = service.connect();
    let stopped = Instant::now();
    drop(service);
    // The grace of these tests is two seconds.
    assert!(stopped.elapsed() < Duration::from_secs(5), "{:?}", stopped.elapsed());
}

/// Serves until it is ready, and then no longer; the address, or why it did not start.
fn served(settle: impl FnOnce(&mut Config), with_key: bool) -> Result<(), Error> {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let mut config = Config {
        addr: ([127, 0, 0, 1], 0).into(),
        store: folder.path().join("store"),
        ..Config::default()
    };
    settle(&mut config);
    runtime.block_on(async {
        if with_key {
            let store = Store::open(&config.store).await.unwrap();
            store.create_key("a", Role::Read, None).await.unwrap();
            store.close().await;
        }
        http::serve(config, Lab::default(), async {}, |_| ()).await
    })
}

/// Files that are missing, hold something else, or do not belong together are named.
#[test]
fn wrong_files() {
    let cases = [
        ("none.pem", "own-key.pem", "cannot read the certificate", "none.pem"),
        ("own.pem", "none.pem", "cannot read the private key", "none.pem"),
        ("own-key.pem", "own-key.pem", "there is no certificate in it", "own-key.pem"),
        ("own.pem", "own.pem", "there is no private key in it", "own.pem"),
        ("own.pem", "other-key.pem", "is not the key of", "other-key.pem"),
        ("make.sh", "own-key.pem", "there is no certificate in it", "make.sh"),
    ];
    for (cert, key, words, name) in cases {
        let refused = served(|config| config.tls = tls(cert, key), false).unwrap_err().to_string();
        assert!(refused.contains(words) && refused.contains(name), "{cert} {key}: {refused}");
    }
}

/// An open address takes TLS and a key; a proxy is not needed then.
#[test]
fn an_open_address() {
    let open = |config: &mut Config| {
        config.addr = ([0, 0, 0, 0], 0).into();
        config.tls = tls("own.pem", "own-key.pem");
    };
    let keyless = served(open, false).unwrap_err().to_string();
    assert!(keyless.contains("there is no key"), "{keyless}");
    served(open, true).unwrap();
}
