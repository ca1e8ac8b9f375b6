//! Keys are told once, and stand nowhere else: not in a log, not in a file, not in an answer.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::client::{Answer, Server};
use super::{SPEC, long};
use crate::Desk;

/// The answer to a request with these heads; no key may stand in it but that which it made.
fn ask(server: &Server, (method, path): (&str, &str), head: &[(&str, &str)], body: &str) -> Answer {
    let answer = server.with(method, path, head, body);
    // The hint shows how a key begins.
    let told = answer.text().replace("alm_…", "").contains("alm_");
    assert!(!told || (method, path) == ("POST", "/v1/keys"), "{}", answer.text());
    answer
}

/// Every file below a folder that holds one of these words.
fn holding(folder: &Path, words: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, words));
            continue;
        }
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        found.extend(
            words
                .iter()
                .filter(|word| text.contains(*word))
                .map(|word| format!("{} holds {word}", path.display())),
        );
    }
    found
}

/// Sets, forecasts, jobs and keys, with the right key and with wrong ones in odd places.
fn walk(server: &Server, desk: &Desk, token: &str, wrong: &str) -> Vec<String> {
    let bearer = format!("Bearer {token}");
    let right = [("Authorization", bearer.as_str())];
    let rows = String::from_utf8(desk.bytes("sales.csv")).unwrap();
    let csv = [right[0], ("Content-Type", "text/csv")];
    let put = server.try_send("PUT", "/v1/sets/sales", &csv, rows.as_bytes()).unwrap();
    assert_eq!(put.status, 201, "{}", put.text());
    let forecast = r#"{"set": "sales", "model": "theta", "horizon": 2}"#;
    assert_eq!(ask(server, ("POST", "/v1/forecasts"), &right, forecast).status, 200);
    let broken = r#"{"set": "sales", "model": "thet", "horizon": 2}"#;
    assert_eq!(ask(server, ("POST", "/v1/forecasts"), &right, broken).status, 422);
    let job = ask(server, ("POST", "/v1/backtests"), &right, SPEC).json();
    let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
    while ["queued", "running"]
        .contains(&ask(server, ("GET", &path), &right, "").json()["state"].as_str().unwrap())
    {
        thread::sleep(Duration::from_millis(20));
    }
    let made = ask(server, ("POST", "/v1/keys"), &right, r#"{"name": "b", "role": "read"}"#).json();
    let second = made["token"].as_str().unwrap().to_string();
    let second_id = made["id"].as_str().unwrap().to_string();
    let listed = ask(server, ("GET", "/v1/keys"), &right, "");
    assert!(listed.text().contains(&second_id), "{}", listed.text());
    let odd = [
        vec![("Authorization", format!("Bearer {wrong}"))],
        vec![("Authorization", format!("Basic {token}"))],
        vec![("Authorization", token.to_string())],
        vec![("Authorization", format!("Bearer {wrong}")), ("Authorization", bearer.clone())],
        vec![("Cookie", format!("key={token}"))],
        vec![("X-Api-Key", token.to_string())],
        vec![("X-Request-Id", bearer.clone())],
    ];
    for head in &odd {
        let head: Vec<(&str, &str)> =
            head.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(ask(server, ("GET", "/v1/sets"), &head, "").status, 401, "{head:?}");
        assert_eq!(ask(server, ("POST", "/v1/backtests"), &head, SPEC).status, 401, "{head:?}");
    }
    let in_path = format!("/v1/sets?key={token}&token={second}");
    assert_eq!(ask(server, ("GET", &in_path), &[], "").status, 401);
    assert_eq!(ask(server, ("GET", &in_path), &right, "").status, 400);
    let gone = format!("/v1/keys/{second_id}");
    assert_eq!(ask(server, ("DELETE", &gone), &right, "").status, 204);
    let revoked = format!("Bearer {second}");
    assert_eq!(ask(server, ("GET", "/v1/sets"), &[("Authorization", &revoked)], "").status, 401);
    vec![token.into(), second, wrong.into()]
}

/// With everything logged that there is to log, as text and as JSON, no secret of a key is, be it
/// right, wrong or revoked; the store's files hold hashes.
#[test]
fn keys_are_told_once() {
    for how in ["text", "json"] {
        let desk = long();
        let made: Value = desk.json("key create admin --role admin --json --store store");
        let token = made["token"].as_str().unwrap();
        let wrong = format!("{}{}", &token[..token.len() - 8], "01234567");
        let words = format!("serve --addr 127.0.0.1:0 --store store --keys --set log={how}");
        let mut command = desk.command(&words);
        command.env("RUST_LOG", "trace");
        let server = Server::run(command);
        let secrets: Vec<String> = walk(&server, &desk, token, &wrong)
            .iter()
            .map(|token| token.rsplit('_').next().unwrap().to_string())
            .collect();
        assert!(secrets.iter().all(|secret| secret.len() == 48));
        let (code, said) = server.stop();
        assert_eq!(code, Some(0));
        assert!(said.contains("answered") && said.contains("DEBUG"), "too little is logged");
        for secret in &secrets {
            let line = said.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "logged as {how}");
        }
        assert_eq!(holding(&desk.path("store"), &secrets), Vec::<String>::new());
        let hashed = holding(&desk.path("store"), &["$argon2id$".to_string()]);
        assert!(!hashed.is_empty() && hashed.iter().all(|path| path.contains("almanac.db")));
    }
}
