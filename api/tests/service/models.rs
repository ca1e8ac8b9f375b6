//! Models that are kept: trained once, asked later, told of new rows.

use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use super::{CSV, JSON, Service};

/// Forty days of two series: weeks upon a slope.
fn rows(days: std::ops::Range<u32>) -> String {
    let first = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
    let day = |k: u32| first + Days::new(k.into());
    let line = |id: &str, k: u32| format!("{id},{},{}\n", day(k), k + 10 * (k % 7));
    let lines = days.flat_map(|k| [line("a", k), line("b", k)]);
    format!("unique_id,ds,y\n{}", lines.collect::<String>())
}

fn stocked() -> Service {
    let service = Service::start(|_| {});
    let put = service.send(("PUT", "/v1/sets/cash"), &[CSV], rows(0..28).as_bytes());
    assert_eq!(put.status, 201, "{}", put.body);
    service
}

fn train(model: &str) -> Value {
    json!({"name": "cash", "spec": {"data": {"set": "cash"}, "model": [{"use": model}],
        "folds": {"horizon": 7, "count": 2}}})
}

fn post(service: &Service, path: &str, body: &Value) -> super::Reply {
    service.send(("POST", path), &[JSON], body.to_string().as_bytes())
}

/// A kept model says what the same model says when it is fitted for the question; a second training
/// is a second version, and deleting one leaves the other.
#[test]
fn kept() {
    let service = stocked();
    let asked = json!({"set": "cash", "model": "theta", "horizon": 7, "levels": [80]});
    let now = post(&service, "/v1/forecasts", &asked).json();
    let mut wanted = train("theta");
    wanted["backtest"] = json!(true);
    let made = post(&service, "/v1/models", &wanted);
    assert_eq!(made.status, 201, "{}", made.body);
    let made = made.json();
    assert_eq!((&made["version"], &made["follows"]), (&json!(1), &json!("cash")));
    let rows = made["scores"]["rows"].as_array().unwrap();
    assert!(rows.iter().any(|row| row["model"] == "theta"), "{made}");
    let id = made["id"].as_str().unwrap();
    for which in [id, "cash", "cash@1"] {
        let path = format!("/v1/models/{which}/predict");
        let said = post(&service, &path, &json!({"levels": [80]})).json();
        assert_eq!(said["forecasts"], now["forecasts"], "{which}");
    }
    let second = post(&service, "/v1/models", &train("naive")).json();
    assert_eq!(second["version"], 2);
    let newest = service.ask("GET", "/v1/models/cash").json();
    assert_eq!(newest["id"], second["id"]);
    let all = service.ask("GET", "/v1/models?name=cash&limit=1").json();
    assert_eq!((&all["models"][0]["version"], all["next"].is_string()), (&json!(2), true));
    assert_eq!(service.ask("DELETE", "/v1/models/cash@2").status, 204);
    assert_eq!(service.ask("GET", "/v1/models/cash").json()["id"], id);
    service.ask("GET", "/v1/models/cash@2").refused(404, "no model `cash@2`");
    let file = service.ask("GET", &format!("/v1/models/{id}/file"));
    assert!(file.status == 200 && !file.body.is_empty());
}

/// Rows in the question, as JSON and as a file: the parameters stay, the past is theirs.
#[test]
fn other_rows() {
    let service = stocked();
    assert_eq!(post(&service, "/v1/models", &train("naive")).status, 201);
    let past = json!({"unique_id": ["a", "a", "b"], "y": [1, 5, 9],
        "ds": ["2024-03-01", "2024-03-02", "2024-03-02"]});
    let asked = json!({"rows": past, "horizon": 1});
    let reply = post(&service, "/v1/models/cash/predict", &asked);
    // A past that lacks the rows it was fitted on is no later past.
    assert!((400..500).contains(&reply.status) || reply.body.contains("reason"), "{}", reply.body);
    let longer = rows(0..30);
    let form = super::forecasts::form(&[
        ("ask", "application/json", r#"{"horizon": 2}"#),
        ("rows", "text/csv", &longer),
    ]);
    let said = service.send(("POST", "/v1/models/cash/predict"), &[form.0], form.1.as_bytes());
    assert_eq!(said.status, 200, "{}", said.body);
    let last = 29.0 + 10.0 * f64::from(29 % 7);
    assert_eq!(said.json()["forecasts"][0]["mean"], json!(last), "{}", said.body);
}

/// Rows that are appended move the model's state, are judged against its intervals, and are told to
/// whoever listens.
#[test]
fn following() {
    let service = stocked();
    let mut wanted = train("ses");
    wanted["watch"] = json!([80]);
    let id = post(&service, "/v1/models", &wanted).json()["id"].as_str().unwrap().to_string();
    let append = |days| {
        let body = rows(days);
        let reply = service.send(("POST", "/v1/sets/cash/rows"), &[CSV], body.as_bytes());
        assert_eq!(reply.status, 200, "{}", reply.body);
    };
    let seen = |count: u64| {
        let start = Instant::now();
        loop {
            let model = service.ask("GET", &format!("/v1/models/{id}")).json();
            if model["coverage"][0]["rows"] == json!(count) {
                return model;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "{model}");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    append(28..31);
    seen(6);
    append(31..36);
    let model = seen(16);
    let covered = &model["coverage"][0];
    assert!(covered["coverage"].as_f64().is_some() && covered["level"] == 80.0, "{model}");
    let told = service.listen(&format!("/v1/models/{id}/events"));
    assert!(told.contains("event: snapshot") && told.contains("\"rows\":16"), "{told}");
    // The same first fit, moved only now that it is asked, stands at the same end.
    let asked = json!({"horizon": 1});
    let said = post(&service, "/v1/models/cash/predict", &asked).json();
    let fresh = Service::start(|_| {});
    let put = fresh.send(("PUT", "/v1/sets/cash"), &[CSV], rows(0..28).as_bytes());
    assert_eq!(put.status, 201);
    assert_eq!(post(&fresh, "/v1/models", &train("ses")).status, 201);
    let whole = rows(0..36);
    let form = super::forecasts::form(&[
        ("ask", "application/json", r#"{"horizon": 1}"#),
        ("rows", "text/csv", &whole),
    ]);
    let other = fresh.send(("POST", "/v1/models/cash/predict"), &[form.0], form.1.as_bytes());
    assert_eq!(said["forecasts"], other.json()["forecasts"]);
    // Of the first model's past alone, the level is another.
    let early = post(&fresh, "/v1/models/cash/predict", &asked).json();
    assert_ne!(said["forecasts"][0]["mean"], early["forecasts"][0]["mean"]);
}

/// A name is as it was written: no version that is none, and no number given twice.
#[test]
fn versions() {
    let service = stocked();
    let made = |version: u64| {
        let made = post(&service, "/v1/models", &train("naive")).json();
        assert_eq!(made["version"], version);
    };
    made(1);
    made(2);
    for none in ["cash@", "cash@v2", "cash@latest", "cash@3"] {
        assert_eq!(service.ask("DELETE", &format!("/v1/models/{none}")).status, 404, "{none}");
    }
    assert_eq!(service.ask("DELETE", "/v1/models/cash").status, 204);
    assert_eq!(service.ask("GET", "/v1/models/cash").json()["version"], 1);
    made(3);
}

/// Rows in the request, trained as a job: asked with rows that are called as they were; one key is
/// one job, and other rows are another request.
#[test]
fn rows_as_a_job() {
    let service = stocked();
    let day = |k: usize| format!("2024-01-{:02}", k + 1);
    let sold = |k: usize| 5 + k + 10 * (k % 3 / 2);
    let rows = |count: usize| {
        json!({"shop": vec!["a"; count], "day": (0..count).map(day).collect::<Vec<_>>(),
            "sold": (0..count).map(sold).collect::<Vec<_>>(),
            "promo": (0..count).map(|k| k % 3 / 2).collect::<Vec<_>>()})
    };
    let data = json!({"id": "shop", "time": "day", "target": "sold", "known": ["promo"]});
    let body = |count| {
        json!({"name": "p", "rows": rows(count), "spec": {"data": data, "folds": {"horizon": 1},
            "model": [{"use": "sarimax", "order": [0, 0, 0]}]}})
    };
    let sent = |body: &Value| {
        let head = [JSON, ("idempotency-key", "once")];
        service.send(("POST", "/v1/models"), &head, body.to_string().as_bytes())
    };
    let job = sent(&body(20));
    assert_eq!(job.status, 202, "{}", job.body);
    let id = job.json()["id"].as_str().unwrap().to_string();
    assert_eq!(sent(&body(20)).json()["id"], id);
    sent(&body(21)).refused(422, "another request");
    assert_eq!(service.ended(&id)["state"], "done");
    let asked = json!({"rows": rows(20), "horizon": 1,
        "future": {"shop": ["a"], "day": [day(20)], "promo": [1]}});
    let said = post(&service, &format!("/v1/models/{id}/predict"), &asked);
    assert_eq!(said.status, 200, "{}", said.body);
    assert!(said.json()["failures"].as_array().unwrap().is_empty(), "{}", said.body);
}

/// As a job, a training's id is its model's.
#[test]
fn as_a_job() {
    let service = stocked();
    let body = train("theta").to_string();
    let prefer = ("prefer", "respond-async");
    let job = service.send(("POST", "/v1/models"), &[JSON, prefer], body.as_bytes());
    assert_eq!(job.status, 202, "{}", job.body);
    let id = job.json()["id"].as_str().unwrap().to_string();
    let job = service.ended(&id);
    assert_eq!((&job["state"], &job["kind"]), (&json!("done"), &json!("train")), "{job}");
    assert_eq!(service.ask("GET", &format!("/v1/models/{id}")).json()["name"], "cash");
}

/// Of a table, a line through the rows says the values of others; of a direction, a chance.
#[test]
fn other_tasks() {
    let service = stocked();
    let table = json!({"width": [1, 2, 3, 4, 5, 6, 7, 8], "price": [3, 5, 7, 9, 11, 13, 15, 17]});
    let spec = json!({"task": "regress", "data": {"target": "price"}, "folds": {"horizon": 1},
        "model": [{"use": "linear"}]});
    let made = post(&service, "/v1/models", &json!({"name": "p", "spec": spec, "rows": table}));
    assert_eq!(made.status, 201, "{}", made.body);
    let asked = json!({"rows": {"width": [10, 0.5]}});
    let said = post(&service, "/v1/models/p/predict", &asked);
    assert_eq!(said.status, 200, "{}", said.body);
    let values: Vec<f64> =
        said.json().as_array().unwrap().iter().map(|row| row["price"].as_f64().unwrap()).collect();
    assert!((values[0] - 21.0).abs() < 1e-9 && (values[1] - 2.0).abs() < 1e-9, "{values:?}");

    let spec = json!({"task": "direction", "data": {"set": "cash"}, "folds": {"horizon": 1},
        "model": [{"use": "prior"}]});
    let made = post(&service, "/v1/models", &json!({"name": "up", "spec": spec}));
    assert_eq!(made.status, 201, "{}", made.body);
    let said = post(&service, "/v1/models/up/predict", &json!({})).json();
    let chance = said["forecasts"][0]["mean"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&chance), "{said}");
}

/// What cannot be kept is refused by name.
#[test]
fn refusals() {
    let service = stocked();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut body = train("naive");
        change(&mut body);
        post(&service, "/v1/models", &body)
    };
    with(&|body| body["name"] = json!("a@b")).refused(400, "@");
    with(&|body| body["spec"]["model"] = json!([{"use": "naive"}, {"use": "ses"}]))
        .refused(422, "one model");
    with(&|body| body["spec"]["model"] = json!([{"use": "naiv"}])).refused(422, "naive");
    with(&|body| body["spec"]["data"]["set"] = json!("nothing")).refused(404, "nothing");
    with(&|body| body["watch"] = json!([120])).refused(422, "120");
    service.ask("GET", "/v1/models/none").refused(404, "no model `none`");
}
