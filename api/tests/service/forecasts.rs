//! Forecasts from forms, and forecasts as jobs.

use serde_json::{Value, json};

use super::{JSON, ROWS, Service};

pub fn form(parts: &[(&str, &str, &str)]) -> ((&'static str, &'static str), String) {
    let part = |(name, kind, text): &(&str, &str, &str)| {
        format!(
            "--b\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"f\"\r\n\
             Content-Type: {kind}\r\n\r\n{text}\r\n"
        )
    };
    let text: String = parts.iter().map(part).collect();
    (("content-type", "multipart/form-data; boundary=b"), text + "--b--\r\n")
}

/// A form gives what the same rows in JSON give, whatever the order of its parts.
#[test]
fn forms() {
    let service = Service::start(|_| {});
    let ask = r#"{"model": "naive", "horizon": 2}"#;
    let rows = json!({"rows": {"ds": ["2024-01-01", "2024-01-02", "2024-01-03"], "y": [1, 2, 3],
        "unique_id": ["a", "a", "a"]}, "model": "naive", "horizon": 2});
    let inline = service.send(("POST", "/v1/forecasts"), &[JSON], rows.to_string().as_bytes());
    assert_eq!(inline.status, 200, "{}", inline.body);
    let (ask, rows) = (("ask", "application/json", ask), ("rows", "text/csv", ROWS));
    for parts in [[ask, rows], [rows, ask]] {
        let (kind, text) = form(&parts);
        let reply = service.send(("POST", "/v1/forecasts"), &[kind], text.as_bytes());
        assert_eq!((reply.status, reply.body), (200, inline.body.clone()));
    }
    for (parts, words) in [
        (vec![rows], "needs `ask`"),
        (vec![ask, rows, rows], "one `rows`"),
        (vec![ask, ("row", "text/csv", ROWS)], "here is `row`"),
        (vec![ask], "give `rows`"),
        (vec![ask, ("rows", "image/png", ROWS)], "image/png"),
    ] {
        let (kind, text) = form(&parts);
        let reply = service.send(("POST", "/v1/forecasts"), &[kind], text.as_bytes());
        assert!(
            reply.status >= 400 && reply.body.contains(words),
            "{} {}",
            reply.status,
            reply.body
        );
    }
}

/// Asked as a job, rows of the request and rows of a set give the answer that waiting gives, under
/// the job's run; it has no leaderboard.
#[test]
fn jobs() {
    let service = Service::start(|_| {});
    assert_eq!(service.put("s").status, 201);
    let columns = json!({"when": ["2024-01-01", "2024-01-02", "2024-01-03"], "x": [1, 2, 3]});
    let data = json!({"time": "when", "target": "x"});
    for body in [
        json!({"set": "s", "model": "auto", "horizon": 1}),
        json!({"rows": columns, "data": data, "model": ["naive", "ses"], "horizon": 2, "levels": [80]}),
    ] {
        let body = body.to_string();
        let now = service.send(("POST", "/v1/forecasts"), &[JSON], body.as_bytes());
        assert_eq!(now.status, 200, "{}", now.body);
        let now: Value = now.json();
        let prefer = ("prefer", "respond-async, wait=1");
        let job = service.send(("POST", "/v1/forecasts"), &[JSON, prefer], body.as_bytes());
        assert_eq!(job.status, 202, "{}", job.body);
        let job: Value = job.json();
        assert_eq!(job["kind"], "forecast");
        let id = job["id"].as_str().unwrap();
        let job = service.ended(id);
        assert_eq!(job["state"], "done", "{job}");
        let rows = service.ask("GET", &format!("/v1/runs/{id}/forecasts"));
        let rows: Value = rows.json();
        assert_eq!(rows, now["forecasts"]);
        let run = service.ask("GET", &format!("/v1/runs/{id}"));
        let run: Value = run.json();
        assert_eq!(run["manifest"]["models"], now["models"]);
        for what in ["leaderboard", "scores", "report"] {
            let path = format!("/v1/runs/{id}/{what}");
            assert_eq!(service.ask("GET", &path).status, 404, "{what}");
        }
    }
}

/// What takes longer than the server waits becomes a job by itself.
#[test]
fn long() {
    let service = Service::start(|config| config.limits.forecast_s = 0);
    assert_eq!(service.put("s").status, 201);
    let body = r#"{"set": "s", "model": "naive", "horizon": 1}"#;
    let reply = service.send(("POST", "/v1/forecasts"), &[JSON], body.as_bytes());
    assert_eq!(reply.status, 202, "{}", reply.body);
    let job: Value = reply.json();
    assert_eq!(service.ended(job["id"].as_str().unwrap())["state"], "done");
}
