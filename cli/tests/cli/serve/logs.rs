//! What a server tells of its work: lines with spans, and metrics.

use serde_json::{Value, json};

use super::client::Server;
use super::{SPEC, ended, uploaded};

/// The lines of a job lie in its span, which names the request that asked for it; each model of each
/// fold has one, with how many series it was fitted on and how long that took.
#[test]
fn a_job_is_a_span() {
    let (desk, server) = uploaded();
    assert_eq!(server.stop().0, Some(0));
    let mut command = desk.command("serve --addr 127.0.0.1:0 --store store --set log=json");
    command.env("RUST_LOG", "almanac_api=debug");
    let server = Server::run(command);
    let asked = server.with("POST", "/v1/backtests", &[("X-Request-Id", "asked-here")], SPEC);
    assert_eq!(asked.header("x-request-id").unwrap(), "asked-here");
    let id = asked.json()["id"].as_str().unwrap().to_string();
    assert_eq!(ended(&server, &id)["state"], "done");
    let (_, said) = server.stop();
    let lines: Vec<Value> =
        said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let span = |line: &Value| {
        let spans = line["spans"].as_array().cloned().unwrap_or_default();
        spans.into_iter().find(|span| span["name"] == "job")
    };
    let own: Vec<&Value> = lines.iter().filter(|line| span(line).is_some()).collect();
    for line in &own {
        let span = span(line).unwrap();
        assert_eq!((&span["id"], &span["owner"]), (&json!(id), &json!("local")), "{line}");
        assert_eq!(span["request"], "asked-here", "{line}");
    }
    let fitted: Vec<&Value> =
        own.iter().map(|line| &line["fields"]).filter(|own| own["message"] == "fitted").collect();
    // Three models and the baseline, sixty times.
    assert_eq!(fitted.len(), 4 * 60);
    assert_eq!((&fitted[0]["fold"], &fitted[0]["model"]), (&json!(0), &json!("auto_theta")));
    assert_eq!((&fitted[0]["series"], &fitted[0]["failures"]), (&json!(3), &json!(0)));
    assert!(fitted.iter().any(|own| own["fit_s"].as_f64().unwrap() > 0.0));
    let end = own.iter().find(|line| line["fields"]["message"] == "a job ended").unwrap();
    assert_eq!(
        (&end["fields"]["state"], &span(end).unwrap()["models"]),
        (&json!("done"), &json!(3))
    );
}

/// Requests, jobs, fits and memory are counted.
#[test]
fn metrics() {
    let (_desk, server) = uploaded();
    let ask = r#"{"set": "sales", "model": ["theta", "naive"], "horizon": 2}"#;
    assert_eq!(server.json("POST", "/v1/forecasts", ask).status, 200);
    let text = server.get("/metrics").text();
    for line in [
        r#"almanac_fits_total{model="theta"} 3"#,
        r#"almanac_fit_seconds_count{model="theta"} 3"#,
        r#"almanac_fit_seconds_bucket{model="naive",le="+Inf"} 3"#,
        r#"almanac_fit_failures_total{model="naive"} 0"#,
        r#"almanac_jobs{state="queued"} 0"#,
        r#"almanac_requests_total{route="/v1/forecasts",method="POST",status="200"} 1"#,
        "almanac_resident_bytes ",
        "almanac_uptime_seconds ",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
}
