//! Every route by every role.

use std::collections::BTreeSet;

use almanac_api::http::auth::needs;
use almanac_api::store::Role::{self, Admin, Read, Write};

use crate::Service;

/// What each route asks for. A route that is missing here fails the test.
const ROUTES: [(&str, &str, Option<Role>); 38] = [
    ("GET", "/healthz", None),
    ("GET", "/readyz", None),
    ("GET", "/openapi.json", None),
    ("GET", "/docs", None),
    ("GET", "/metrics", Some(Read)),
    ("GET", "/v1/sets", Some(Read)),
    ("GET", "/v1/sets/{name}", Some(Read)),
    ("PUT", "/v1/sets/{name}", Some(Write)),
    ("DELETE", "/v1/sets/{name}", Some(Write)),
    ("GET", "/v1/sets/{name}/series", Some(Read)),
    ("GET", "/v1/sets/{name}/rows", Some(Read)),
    ("POST", "/v1/sets/{name}/rows", Some(Write)),
    ("GET", "/v1/sets/{name}/audit", Some(Read)),
    ("POST", "/v1/forecasts", Some(Read)),
    ("POST", "/v1/models", Some(Write)),
    ("GET", "/v1/models", Some(Read)),
    ("GET", "/v1/models/{id}", Some(Read)),
    ("DELETE", "/v1/models/{id}", Some(Write)),
    ("POST", "/v1/models/{id}/predict", Some(Read)),
    ("GET", "/v1/models/{id}/events", Some(Read)),
    ("GET", "/v1/models/{id}/file", Some(Read)),
    ("POST", "/v1/backtests", Some(Write)),
    ("GET", "/v1/jobs", Some(Read)),
    ("GET", "/v1/jobs/{id}", Some(Read)),
    ("DELETE", "/v1/jobs/{id}", Some(Write)),
    ("GET", "/v1/jobs/{id}/events", Some(Read)),
    ("GET", "/v1/runs", Some(Read)),
    ("GET", "/v1/runs/{id}", Some(Read)),
    ("DELETE", "/v1/runs/{id}", Some(Write)),
    ("GET", "/v1/runs/{id}/leaderboard", Some(Read)),
    ("GET", "/v1/runs/{id}/forecasts", Some(Read)),
    ("GET", "/v1/runs/{id}/scores", Some(Read)),
    ("GET", "/v1/runs/{id}/report", Some(Read)),
    ("GET", "/v1/rosters/{roster}", Some(Read)),
    ("GET", "/v1/rosters/{roster}/{name}", Some(Read)),
    ("GET", "/v1/keys", Some(Admin)),
    ("POST", "/v1/keys", Some(Admin)),
    ("DELETE", "/v1/keys/{id}", Some(Admin)),
];

fn documented(service: &Service) -> BTreeSet<(String, String)> {
    let reply = service.ask("GET", "/openapi.json");
    let document: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    let methods = |(path, own): (&String, &serde_json::Value)| {
        let methods = own.as_object().unwrap().keys().map(|method| method.to_uppercase());
        methods.map(|method| (method, path.clone())).collect::<Vec<_>>()
    };
    paths.flat_map(methods).collect()
}

/// A method and a path with names for nothing, by nobody and by each role: refused exactly where
/// the role does not reach.
#[test]
fn every_route_by_every_role() {
    let roles = [Read, Write, Admin];
    let (service, tokens) = Service::with_keys(|config| config.keys = true, &roles);
    let written = ROUTES.iter().map(|(method, path, _)| (method.to_string(), path.to_string()));
    assert_eq!(written.collect::<BTreeSet<_>>(), documented(&service));
    for (method, path, needed) in ROUTES {
        assert_eq!(needs(&method.parse().unwrap(), path), needed, "{method} {path}");
        let real = path.replace("{roster}", "models").replace(['{', '}'], "");
        let nobody = service.ask(method, &real);
        match needed {
            None => assert_eq!(nobody.status, 200, "{method} {path}"),
            Some(_) => {
                nobody.refused(401, "no_key");
                assert!(nobody.head.contains("www-authenticate: bearer"), "{}", nobody.head);
            }
        }
        for (role, token) in roles.into_iter().zip(&tokens) {
            let key = format!("Bearer {token}");
            let reply = service.send((method, &real), &[("authorization", &key)], b"");
            match needed.is_none_or(|needed| role >= needed) {
                true => assert!(![401, 403].contains(&reply.status), "{method} {path} {role:?}"),
                false => reply.refused(403, "this takes the role"),
            }
            assert!(reply.status < 500, "{method} {path} {role:?}: {}", reply.body);
        }
    }
}

/// A secret, a scheme or an id that is wrong, or a key that was revoked, opens nothing.
#[test]
fn wrong_keys() {
    let (service, tokens) = Service::with_keys(|config| config.keys = true, &[Read, Admin]);
    let ask = |key: &str| service.send(("GET", "/v1/sets"), &[("authorization", key)], b"").status;
    let token = &tokens[0];
    let (id, secret) = (token.split('_').nth(1).unwrap(), token.split('_').nth(2).unwrap());
    assert_eq!(ask(&format!("Bearer {token}")), 200);
    let wrong = [
        format!("Bearer alm_{id}_{}", "0".repeat(secret.len())),
        format!("Bearer alm_{id}_"),
        format!("Bearer alm_{}_{secret}", "0".repeat(id.len())),
        format!("Bearer alm_'--_{secret}"),
        format!("Basic {token}"),
        format!("Bearer {token}0"),
        String::new(),
    ];
    for key in &wrong {
        assert_eq!(ask(key), 401, "{key}");
    }
    let admin = format!("Bearer {}", tokens[1]);
    let path = format!("/v1/keys/{id}");
    assert_eq!(service.send(("DELETE", &path), &[("authorization", &admin)], b"").status, 204);
    assert_eq!(ask(&format!("Bearer {token}")), 401);
}

/// A method that a route does not know is told which it does.
#[test]
fn unknown_methods() {
    let service = Service::start(|_| ());
    for (method, path, known) in [
        ("PATCH", "/v1/sets/x", "get,head,put,delete"),
        ("DELETE", "/v1/forecasts", "post"),
        ("TRACE", "/healthz", "get,head"),
        ("FROB", "/v1/jobs", "get,head"),
    ] {
        let reply = service.ask(method, path);
        reply.refused(405, "no_such_method");
        let allow = reply.head.lines().find_map(|line| line.strip_prefix("allow: "));
        let sorted = |text: &str| text.split(',').map(str::to_string).collect::<BTreeSet<_>>();
        assert_eq!(allow.map(sorted), Some(sorted(known)), "{method} {path}");
    }
    service.ask("GET", "/v1/nothing").refused(404, "no_such_route");
}
