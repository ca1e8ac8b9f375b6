//! A run that was stopped, by force or by Ctrl-C, goes on and ends as if nothing had happened.

use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::{Desk, Said, exists, tables};

const RUN: &str = "backtest --data sales.csv --model auto_theta --model ses --model naive \
                   --horizon 1 --folds 100 --threads 1 --out";

/// A desk whose run takes long enough to be stopped half-way.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("sales.csv", crate::sales(150));
    desk
}

/// Starts a run and waits until it has kept its third fold.
fn started(desk: &Desk, folder: &str) -> Child {
    let mut command = desk.command(&format!("{RUN} {folder}"));
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let part = desk.path(&format!("{folder}/.unfinished/fold-0002.parquet"));
    let start = Instant::now();
    while !exists(&part) {
        assert!(start.elapsed() < Duration::from_secs(120), "no fold was kept");
        sleep(Duration::from_micros(200));
    }
    child
}

/// What an uninterrupted run gives.
fn whole(desk: &Desk) -> [Vec<u8>; 2] {
    desk.done(&format!("{RUN} whole"));
    tables(desk, "whole")
}

fn scores(desk: &Desk, folder: &str) -> Vec<serde_json::Value> {
    let text = desk.bytes(&format!("{folder}/leaderboard.json"));
    let board: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let rows = board["rows"].as_array().unwrap().iter();
    rows.map(|row| serde_json::json!([row["model"], row["scores"], row["p_value"]])).collect()
}

/// kill -9 half-way, the same command again: the same bytes, and the manifest says so.
#[test]
fn killed_and_resumed() {
    let desk = desk();
    let mut child = started(&desk, "run");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!exists(&desk.path("run/manifest.json")), "it was too fast to be killed");
    assert!(exists(&desk.path("run/.unfinished/fold-0002.parquet")));
    desk.done(&format!("{RUN} run"));
    assert_eq!(tables(&desk, "run"), whole(&desk));
    assert_eq!(scores(&desk, "run"), scores(&desk, "whole"));
    assert!(!exists(&desk.path("run/.unfinished")));
    let manifest = desk.bytes("run/manifest.json");
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!(manifest["resumed"], true);
}

/// Ctrl-C keeps what is finished, ends with 130 and says how to go on.
#[test]
#[cfg(unix)]
fn interrupted_and_resumed() {
    let desk = desk();
    let child = started(&desk, "run");
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let said = Said::of(child.wait_with_output().unwrap());
    assert_eq!(said.code, 130, "{}", said.err);
    assert!(said.err.contains("of 100 folds are kept in run"), "{}", said.err);
    assert!(said.err.contains("the same command goes on"), "{}", said.err);
    assert_eq!(said.out, "");
    desk.done(&format!("{RUN} run"));
    assert_eq!(tables(&desk, "run"), whole(&desk));
}

/// Another command does not take over what an interrupted one has kept.
#[test]
fn parts_of_another_run_are_refused() {
    let desk = desk();
    let mut child = started(&desk, "run");
    child.kill().unwrap();
    child.wait().unwrap();
    let refused = desk.run(&format!("{RUN} run --seed 5"));
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("another spec"), "{}", refused.err);
    desk.done(&format!("{RUN} run --seed 5 --force"));
}

/// Two processes never write into one folder.
#[test]
fn one_process_at_a_time() {
    let desk = desk();
    let mut child = started(&desk, "run");
    let second = desk.run(&format!("{RUN} run"));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(second.code, 2, "{}", second.err);
    assert!(second.err.contains("another process"), "{}", second.err);
}
