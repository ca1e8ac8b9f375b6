//! The real server on loopback: a walk through it, kills at any point, many clients at once.

mod client;
mod faults;
mod logs;
mod secrets;

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Desk;
use client::{Answer, Server, events};

const SPEC: &str = r#"{"data": {"set": "sales"}, "folds": {"horizon": 1, "count": 60},
    "model": [{"use": "auto_theta"}, {"use": "ses"}, {"use": "naive"}]}"#;

/// A desk with a file of three series of 150 months, from 2015 on.
fn long() -> Desk {
    let desk = Desk::new();
    desk.write("sales.csv", crate::sales(150));
    desk
}

/// A desk whose file was uploaded as `sales`.
fn uploaded() -> (Desk, Server) {
    let desk = long();
    let server = Server::start(&desk, "");
    let sent = server.send("PUT", "/v1/sets/sales", "text/csv", &desk.bytes("sales.csv"));
    assert_eq!(sent.status, 201, "{}", sent.text());
    (desk, server)
}

fn backtest(server: &Server) -> String {
    let sent = server.json("POST", "/v1/backtests", SPEC);
    assert_eq!(sent.status, 202, "{}", sent.text());
    sent.json()["id"].as_str().unwrap().to_string()
}

/// Waits until a job has ended; its last state.
fn ended(server: &Server, id: &str) -> Value {
    let start = Instant::now();
    loop {
        let job = server.get(&format!("/v1/jobs/{id}")).json();
        if !["queued", "running"].contains(&job["state"].as_str().unwrap()) {
            return job;
        }
        assert!(start.elapsed() < Duration::from_secs(120), "{job}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Upload, look, forecast, backtest with its events, leaderboard, rows, report, delete.
#[test]
fn a_walk() {
    let (_desk, server) = uploaded();
    let set = server.get("/v1/sets/sales").json();
    assert_eq!(
        (&set["series"], &set["rows"], &set["freq"]),
        (&json!(3), &json!(450), &json!("MS"))
    );
    let asked = r#"{"set": "sales", "model": ["theta", "naive"], "horizon": 2, "levels": [80]}"#;
    let made = server.json("POST", "/v1/forecasts", asked).json();
    assert_eq!(made["models"], json!(["theta", "naive"]));
    assert_eq!(made["forecasts"].as_array().unwrap().len(), 12);
    let rows = r#"{"rows": {"ds": ["2024-01-01", "2024-01-02", "2024-01-03"], "y": [1, 2, 4]},
        "model": {"use": "ses", "alpha": 1.0}, "horizon": 1}"#;
    let made = server.json("POST", "/v1/forecasts", rows).json();
    assert_eq!(made["forecasts"][0]["mean"], json!(4.0));
    let id = backtest(&server);
    let told = events(&server, &format!("/v1/jobs/{id}/events"), None);
    assert_eq!(told.iter().filter(|event| event.kind == "fold").count(), 60);
    assert_eq!(told.last().unwrap().data["state"], "done");
    let board = server.get(&format!("/v1/runs/{id}/leaderboard")).json();
    assert_eq!(board["rows"].as_array().unwrap().len(), 4);
    let page = server.get(&format!("/v1/runs/{id}/forecasts?model=naive&series=west&limit=7"));
    assert_eq!(
        (page.json().as_array().unwrap().len(), page.header("almanac-next")),
        (7, Some("7".into()))
    );
    assert!(server.get(&format!("/v1/runs/{id}/report")).text().contains("<h1"));
    assert_eq!(server.send("DELETE", "/v1/sets/sales", "", b"").status, 204);
    assert_eq!(server.send("DELETE", &format!("/v1/runs/{id}"), "", b"").status, 204);
    assert_eq!(server.get("/v1/sets/sales").json()["code"], "no_such_set");
}

/// The run of a job has the bytes of the same spec at the command line.
#[test]
fn the_same_run_as_at_the_command_line() {
    let (desk, server) = uploaded();
    let id = backtest(&server);
    assert_eq!(ended(&server, &id)["state"], "done");
    let words = "backtest --data sales.csv --model auto_theta --model ses --model naive \
                 --horizon 1 --folds 60 --out run";
    desk.done(words);
    let kept = desk.bytes(&format!("store/runs/{id}/forecasts.parquet"));
    assert_eq!(kept, desk.bytes("run/forecasts.parquet"));
}

/// Rows that are there are left, rows that disagree change nothing unless they are to.
#[test]
fn appended_again() {
    let (_desk, server) = uploaded();
    let path = "/v1/sets/sales/rows";
    let rows = |y: u32| format!(r#"[{{"unique_id": "west", "ds": "2027-07-01", "y": {y}}}]"#);
    let first = server.json("POST", path, &rows(7)).json();
    assert_eq!((&first["added"], &first["same"]), (&json!(1), &json!(0)));
    let again = server.json("POST", path, &rows(7)).json();
    assert_eq!((&again["added"], &again["same"]), (&json!(0), &json!(1)));
    let other = server.json("POST", path, &rows(8));
    assert_eq!((other.status, &other.json()["conflicts"][0]["kept"]), (409, &json!(7.0)));
    let replaced = server.json("POST", &format!("{path}?conflicts=replace"), &rows(8)).json();
    assert_eq!(replaced["replaced"], true);
    let shown = server.get(&format!("{path}?series=west&from=2027-07-01")).json();
    assert_eq!(shown[0]["y"], json!(8.0));
}

/// The same key and request: the same job; the same key and another request: refused.
#[test]
fn one_job_for_one_key() {
    let (_desk, server) = uploaded();
    let ask = |spec: &str| server.with("POST", "/v1/backtests", &[("Idempotency-Key", "k1")], spec);
    let (first, again) = (ask(SPEC).json(), ask(SPEC).json());
    assert_eq!(first["id"], again["id"]);
    assert_eq!(ask(&SPEC.replace("60", "61")).json()["code"], "key_reused");
    assert_eq!(server.get("/v1/jobs").json()["jobs"].as_array().unwrap().len(), 1);
}

/// Two clients append different months at once: all of them are there.
#[test]
fn two_clients_at_once() {
    let (_desk, server) = uploaded();
    let append = |id: &'static str| {
        let server = &server;
        move || {
            for month in 7..=12 {
                let rows = format!(
                    r#"[{{"unique_id": "{id}", "ds": "2027-{month:02}-01", "y": {month}}}]"#
                );
                assert_eq!(server.json("POST", "/v1/sets/sales/rows", &rows).status, 200);
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(append("north"));
        scope.spawn(append("south"));
    });
    let set = server.get("/v1/sets/sales").json();
    assert_eq!(set["rows"], json!(450 + 12));
}

/// Two hundred listeners each get every event, in order; one that was away goes on where it was.
#[test]
fn many_listeners() {
    let (_desk, server) = uploaded();
    let id = backtest(&server);
    let path = format!("/v1/jobs/{id}/events");
    let all: Vec<_> = thread::scope(|scope| {
        let listen = |_| scope.spawn(|| events(&server, &path, None));
        let listeners: Vec<_> = (0..200).map(listen).collect();
        listeners.into_iter().map(|listener| listener.join().unwrap()).collect()
    });
    for told in &all {
        let numbers: Vec<u64> = told.iter().map(|event| event.number()).collect();
        assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
        assert_eq!(told.last().unwrap().data["state"], "done");
    }
    assert_eq!(all.iter().map(Vec::len).collect::<BTreeSet<_>>().len(), 1);
    let rest = events(&server, &path, Some(&all[0][4].id));
    assert_eq!(rest[0].number(), 6);
    let lost = events(&server, &path, Some("another-4"));
    assert_eq!(lost[0].kind, "snapshot");
}

/// Killed twenty times at any point: what was acknowledged is there, nothing is there by half, and
/// the job that ran all the while ends as if nothing had happened.
#[test]
fn killed_at_any_point() {
    let desk = long();
    let mut server = Server::start(&desk, "");
    assert_eq!(
        server.send("PUT", "/v1/sets/sales", "text/csv", &desk.bytes("sales.csv")).status,
        201
    );
    let id = backtest(&server);
    let mut acknowledged = 0;
    for round in 0..20_u64 {
        let stop = Instant::now() + Duration::from_millis(3 + round * round % 97);
        let killer = server.killer();
        thread::scope(|scope| {
            scope.spawn(move || {
                thread::sleep(stop.saturating_duration_since(Instant::now()));
                killer.kill();
            });
            // Each append has two rows: one without the other would be half an append.
            while let Some(sent) = append(&server, acknowledged) {
                assert_eq!(sent.status, 200, "{}", sent.text());
                acknowledged += 1;
            }
        });
        server = server.again(&desk);
        let rows = server.get("/v1/sets/sales").json()["rows"].as_u64().unwrap();
        let there = (rows - 450) / 2;
        assert_eq!(rows % 2, 0, "half an append");
        // The last one may have been kept without the answer having come through.
        assert!(there == acknowledged || there == acknowledged + 1, "{there} {acknowledged}");
        acknowledged = there;
    }
    assert!(acknowledged > 0, "it was always killed before the first append");
    assert_eq!(ended(&server, &id)["state"], "done");
    desk.done(
        "backtest --data sales.csv --model auto_theta --model ses --model naive \
         --horizon 1 --folds 60 --out run",
    );
    let kept = desk.bytes(&format!("store/runs/{id}/forecasts.parquet"));
    assert_eq!(kept, desk.bytes("run/forecasts.parquet"));
}

/// The next two months of one series; none when the server was gone.
fn append(server: &Server, done: u64) -> Option<Answer> {
    let month = |k: u64| format!("{}-{:02}-01", 2015 + (150 + k) / 12, (150 + k) % 12 + 1);
    let row = |k: u64| json!({ "unique_id": "west", "ds": month(k), "y": k });
    let rows = json!([row(2 * done), row(2 * done + 1)]).to_string();
    server.try_send(
        "POST",
        "/v1/sets/sales/rows",
        &[("Content-Type", "application/json")],
        rows.as_bytes(),
    )
}

/// Asked to stop, it ends in order with its job at a fold; the next start goes on.
#[test]
fn stopped_in_order() {
    let (desk, server) = uploaded();
    let id = backtest(&server);
    let address = server.address.clone();
    let path = format!("/v1/jobs/{id}/events");
    let listener = thread::spawn(move || client::stream(&address, &path));
    thread::sleep(Duration::from_millis(100));
    let asked = Instant::now();
    let (code, said) = server.stop();
    assert_eq!(code, Some(0), "{said}");
    // Well below the grace that open requests have: nobody waits for a listener.
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    assert!(listener.join().unwrap().contains("event: state"));
    let server = Server::start(&desk, "");
    assert_eq!(ended(&server, &id)["state"], "done");
}

/// A store has one server; an address that others reach has a proxy and a key, or is refused.
#[test]
fn refusals_at_the_start() {
    let (desk, _server) = uploaded();
    let second = desk.run("serve --addr 127.0.0.1:0 --store store");
    assert!(second.code == 2 && second.err.contains("another server"), "{}", second.err);
    let open = desk.run("serve --addr 0.0.0.0:0 --store other");
    assert!(open.code == 2 && open.err.contains("without TLS"), "{}", open.err);
    let keyless = desk.run("serve --addr 0.0.0.0:0 --proxy --store other");
    assert!(keyless.code == 2 && keyless.err.contains("almanac key create"), "{}", keyless.err);
    let slip = desk.run("serve --set limits.row=3");
    assert!(slip.code == 2 && slip.err.contains("did you mean `rows`"), "{}", slip.err);
}
