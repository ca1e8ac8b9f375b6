//! A model that panics: a failure among answers, and the server answers on.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{JSON, Service};

fn ask(service: &Service, path: &str, body: &Value) -> Value {
    let reply = service.send(("POST", path), &[JSON], body.to_string().as_bytes());
    assert!(reply.status < 300, "{}", reply.body);
    serde_json::from_str(&reply.body).unwrap()
}

/// Inline, the failure is listed and the baseline's forecast stands in; beside it another model's own.
#[test]
fn in_a_forecast() {
    let service = Service::start(|_| ());
    let rows = json!({ "ds": ["2024-01-01", "2024-01-02", "2024-01-03"], "y": [1, 2, 4] });
    for _ in 0..3 {
        let body = json!({ "rows": rows, "model": ["panics", "drift"], "horizon": 1 });
        let made = ask(&service, "/v1/forecasts", &body);
        let means: Vec<_> =
            made["forecasts"].as_array().unwrap().iter().map(|row| &row["mean"]).collect();
        assert_eq!(means, [&json!(4.0), &json!(5.5)]);
        let failures = made["failures"].as_array().unwrap();
        assert_eq!((failures.len(), &failures[0]["model"]), (1, &json!("panics")));
        assert!(failures[0]["reason"].as_str().unwrap().contains("panicked"), "{failures:?}");
    }
    assert_eq!(service.ask("GET", "/healthz").status, 200);
}

/// In a job the failures are counted, and the job is done.
#[test]
fn in_a_job() {
    let service = Service::start(|_| ());
    service.put("x");
    let body = json!({ "data": { "set": "x" }, "folds": { "horizon": 1, "count": 2 },
        "model": [{ "use": "panics" }, { "use": "drift" }] });
    let id = ask(&service, "/v1/backtests", &body)["id"].as_str().unwrap().to_string();
    let read =
        |path: &str| -> Value { serde_json::from_str(&service.ask("GET", path).body).unwrap() };
    let mut job = read(&format!("/v1/jobs/{id}"));
    while ["queued", "running"].contains(&job["state"].as_str().unwrap()) {
        std::thread::sleep(Duration::from_millis(20));
        job = read(&format!("/v1/jobs/{id}"));
    }
    assert_eq!((&job["state"], &job["error"]), (&json!("done"), &Value::Null));
    let board = read(&format!("/v1/runs/{id}/leaderboard"));
    let failures = |model: &str| {
        let rows = board["rows"].as_array().unwrap();
        rows.iter().find(|row| row["model"] == model).unwrap()["failures"].clone()
    };
    assert_eq!((failures("panics"), failures("drift")), (json!(2), json!(0)));
    assert_eq!(service.ask("GET", "/readyz").status, 200);
}

/// It is no model for anybody else: no roster lists it, and a slip is not led to it.
#[test]
fn nowhere_listed() {
    let service = Service::start(|_| ());
    assert!(!service.ask("GET", "/v1/rosters/models").body.contains("panics"));
    service.ask("GET", "/v1/rosters/models/panics").refused(404, "no_such_");
    let body = br#"{"rows": {"ds": ["2024-01-01"], "y": [1]}, "model": "panicz", "horizon": 1}"#;
    let reply = service.send(("POST", "/v1/forecasts"), &[JSON], body);
    assert!(reply.status == 422 && !reply.body.contains("panics"), "{}", reply.body);
}
