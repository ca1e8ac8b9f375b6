//! Pages of other sites, which a browser on this machine may be made to show.

use super::{CSV, ROWS, Service};

/// Without keys, a host that a stranger's name server can name is refused, whatever is asked.
#[test]
fn strange_hosts() {
    let service = Service::start(|_| {});
    for (host, status) in [
        ("localhost", 200),
        ("127.0.0.1:8080", 200),
        ("[::1]:8080", 200),
        ("evil.example", 403),
        ("localhost.evil.example:8080", 403),
        ("127.0.0.1.evil.example", 403),
    ] {
        let reply = service.as_host(host, "/v1/sets");
        assert_eq!(reply.status, status, "{host}: {}", reply.body);
    }
    let proxied = Service::start(|config| config.proxy = true);
    assert_eq!(proxied.as_host("lab.example", "/v1/sets").status, 200);
}

/// A change that another site's page asks for is refused; its own page, and a program, may.
#[test]
fn foreign_pages() {
    let service = Service::start(|config| config.origins = vec!["https://lab.example".into()]);
    assert_eq!(service.put("s").status, 201);
    let append = |head: &[(&str, &str)]| {
        let head = [&[CSV], head].concat();
        service.send(("POST", "/v1/sets/s/rows?conflicts=replace"), &head, ROWS.as_bytes())
    };
    append(&[("sec-fetch-site", "cross-site")]).refused(403, "another site");
    append(&[("sec-fetch-site", "same-site")]).refused(403, "another site");
    for head in [&[][..], &[("sec-fetch-site", "same-origin")], &[("sec-fetch-site", "none")]] {
        assert_eq!(append(head).status, 200);
    }
    let named = [("sec-fetch-site", "cross-site"), ("origin", "https://lab.example")];
    assert_eq!(append(&named).status, 200);
}
