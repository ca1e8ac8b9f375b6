//! Pages of other origins.

use crate::{CSV, ROWS, Service};

const PAGE: &str = "https://page.example";

fn ask_first(service: &Service, origin: &str) -> crate::Reply {
    let head = [
        ("origin", origin),
        ("access-control-request-method", "PUT"),
        ("access-control-request-headers", "authorization,content-type"),
    ];
    service.send(("OPTIONS", "/v1/sets/x"), &head, b"")
}

/// A page that the settings name may ask before it has a key, send what clients send, and read what
/// they read.
#[test]
fn a_named_page() {
    let (service, _) =
        Service::with_keys(|config| (config.origins, config.keys) = (vec![PAGE.into()], true), &[]);
    let first = ask_first(&service, PAGE);
    assert_eq!((first.status, first.body.as_str()), (204, ""));
    for line in [
        "access-control-allow-origin: https://page.example\r\n",
        "access-control-allow-methods: get, head, put, post, delete\r\n",
        "access-control-allow-headers: authorization, content-type, idempotency-key, last-event-id,",
        "access-control-max-age: 3600\r\n",
        "vary: origin\r\n",
    ] {
        assert!((first.head.clone() + "\r\n").contains(line), "{line} in {}", first.head);
    }
    assert!(!first.head.contains("credentials"), "{}", first.head);
    let refused = service.send(("GET", "/v1/sets"), &[("origin", PAGE)], b"");
    refused.refused(401, "no_key");
    assert!(refused.head.contains("access-control-allow-origin: https://page.example"));
    assert!(refused.head.contains("access-control-expose-headers: almanac-failures, almanac-next"));
}

/// No other page may, however alike its origin looks; nor any where no origin is named.
#[test]
fn other_pages() {
    let named = Service::start(|config| config.origins = vec![PAGE.into()]);
    let alike = [
        "https://page.example.org",
        "http://page.example",
        "https://page.example:444",
        "https://PAGE.example",
        "null",
        "*",
    ];
    for origin in alike {
        let first = ask_first(&named, origin);
        first.refused(405, "no_such_method");
        assert!(!first.head.contains("access-control"), "{origin}: {}", first.head);
        let put = named.send(("PUT", "/v1/sets/x"), &[CSV, ("origin", origin)], ROWS.as_bytes());
        assert!(!put.head.contains("access-control"), "{origin}: {}", put.head);
    }
    let unnamed = Service::start(|_| ());
    ask_first(&unnamed, PAGE).refused(405, "no_such_method");
}
