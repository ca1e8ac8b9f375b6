//! What is too much is refused, and the limit named.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use crate::{CSV, JSON, Service};

fn small() -> Service {
    Service::start(|config| {
        let limits = &mut config.limits;
        (limits.json_bytes, limits.body_bytes, limits.unpacked_bytes) = (2000, 50_000, 1 << 20);
        (limits.rows, limits.header_s, limits.body_s) = (100, 1, 1);
        limits.ahead = 1000;
    })
}

/// Rows without an end to them: 16 MiB that pack into less than the limit of a body.
fn many() -> Vec<u8> {
    let mut text = b"unique_id,ds,y\n".to_vec();
    let row = b"a,2024-01-01,1\n";
    while text.len() < 16 << 20 {
        text.extend_from_slice(row);
    }
    text
}

/// A body that unpacks to more than is allowed is read no further.
#[test]
fn bombs() {
    let service = small();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&many()).unwrap();
    let zstd = zstd::encode_all(many().as_slice(), 3).unwrap();
    for (kind, bytes) in [("application/gzip", gzip.finish().unwrap()), ("application/zstd", zstd)]
    {
        assert!(bytes.len() < 50_000, "{kind}: {}", bytes.len());
        for kind in [kind, "text/csv"] {
            let reply = service.send(("PUT", "/v1/sets/x"), &[("content-type", kind)], &bytes);
            reply.refused(413, "limits.unpacked_bytes");
        }
    }
    service.ask("GET", "/v1/sets/x").refused(404, "no_such_set");
}

/// Depth, bytes and rows.
#[test]
fn sizes() {
    let service = small();
    let deep = format!("{}1{}", "[".repeat(10), "]".repeat(10));
    let long = format!(r#"{{"y": [{}1]}}"#, "1, ".repeat(1000));
    let routes = [
        ("POST", "/v1/forecasts"),
        ("POST", "/v1/backtests"),
        ("PUT", "/v1/sets/x"),
        ("POST", "/v1/keys"),
    ];
    for route in routes {
        service.send(route, &[JSON], deep.as_bytes()).refused(413, "limits.json_depth");
        service.send(route, &[JSON], long.as_bytes()).refused(413, "limits.json_bytes");
    }
    let rows = &many()[..30_015];
    service.send(("PUT", "/v1/sets/x"), &[CSV], rows).refused(413, "limits.rows");
    service.send(("PUT", "/v1/sets/x"), &[CSV], &many()).refused(413, "limits.body_bytes");
    service.send(("POST", "/v1/keys"), &[CSV], b"a").refused(415, "application/json");
    let far = br#"{"rows": [], "horizon": 10001}"#;
    service.send(("POST", "/v1/forecasts"), &[JSON], far).refused(413, "limits.horizon");
    let wide = br#"{"rows": {"id": ["a", "b"], "ds": [1, 1], "y": [1, 2]}, "horizon": 600,
        "model": "naive"}"#;
    service.send(("POST", "/v1/forecasts"), &[JSON], wide).refused(413, "limits.ahead");
}

/// A client that sends its head a byte at a time is let go, and one that stops in its body is told.
#[test]
fn slow_clients() {
    let service = small();
    let mut stream = service.connect();
    let started = Instant::now();
    let mut closed = false;
    for byte in b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: ".iter().cycle() {
        let gone = stream.write_all(&[*byte]).is_err();
        if gone || started.elapsed() > Duration::from_secs(10) {
            closed = gone;
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(closed && started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());

    let mut stream = service.connect();
    let head = "PUT /v1/sets/x HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/csv\r\ncontent-length: 100\r\n\r\nab";
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = [0; 2000];
    let count = stream.read(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer[..count]);
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}
