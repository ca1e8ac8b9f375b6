//! The other commands, and how every command speaks.

use std::process::Stdio;

use crate::{Desk, exists};

/// stdout has the forecast and nothing else; several models have a column of their names.
#[test]
fn forecasts_on_stdout() {
    let desk = Desk::new();
    let said = desk.done("forecast --data sales.csv --model naive --horizon 2 --level 90");
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!((lines[0], lines.len()), ("unique_id,ds,mean,lo-90,hi-90", 1 + 3 * 2));
    let last = crate::sales(48);
    let last = last.lines().rfind(|line| line.starts_with("north")).unwrap();
    let last: f64 = last.rsplit(',').next().unwrap().parse().unwrap();
    assert!(lines[1].starts_with(&format!("north,2019-01-01,{last},")), "{}", lines[1]);
    let said = desk.done("forecast --data sales.csv --model naive --model drift --horizon 1");
    assert_eq!(said.out.lines().next(), Some("model,unique_id,ds,mean,lo-80,hi-80,lo-95,hi-95"));
    assert_eq!(said.out.lines().count(), 1 + 2 * 3);
}

/// The ending of the file is its format, and all formats hold the same numbers.
#[test]
fn forecasts_in_files() {
    let desk = Desk::new();
    let words = "forecast --data sales.csv --model ses --horizon 2 --out";
    for name in ["a.csv", "a.json", "a.ndjson", "a.parquet"] {
        assert_eq!(desk.done(&format!("{words} {name}")).out, "");
    }
    let list: serde_json::Value = serde_json::from_slice(&desk.bytes("a.json")).unwrap();
    let csv = String::from_utf8(desk.bytes("a.csv")).unwrap();
    let first: Vec<&str> = csv.lines().nth(1).unwrap().split(',').collect();
    let text = String::from_utf8(desk.bytes("a.json")).unwrap();
    assert!(text.contains(&format!("\"mean\": {},", first[2])), "{text}");
    assert_eq!(list[0]["ds"], first[1]);
    let lines = String::from_utf8(desk.bytes("a.ndjson")).unwrap();
    let line: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(line, list[0]);
    assert_eq!(desk.bytes("a.parquet")[..4], *b"PAR1");
}

/// Rows at the end without a value are the ones that are forecast.
#[test]
fn rows_without_a_value_are_forecast() {
    let desk = Desk::new();
    let rows = "ds,y\n2020-01-01,1\n2020-01-02,2\n2020-01-03,3\n2020-01-04,\n2020-01-05,\n";
    desk.write("open.csv", rows);
    let said = desk.done("forecast --data open.csv --model naive --horizon 2");
    let days: Vec<&str> =
        said.out.lines().skip(1).map(|line| line.split(',').nth(1).unwrap()).collect();
    assert_eq!(days, ["2020-01-04", "2020-01-05"]);
}

/// A clean panel reads back as what it was, and the audit tells what was done.
#[test]
fn ingest_writes_a_panel() {
    let desk = Desk::new();
    let said = desk.json("ingest sales.csv --out panel.parquet --json");
    assert_eq!((said["series"].as_u64(), said["freq"].as_str()), (Some(3), Some("MS")));
    let csv = desk.done("forecast --data sales.csv --model ses --horizon 1").out;
    assert_eq!(desk.done("forecast --data panel.parquet --model ses --horizon 1").out, csv);
    desk.write(
        "gap.csv",
        "ds,y\n2020-01-01,1\n2020-01-02,2\n2020-01-03,3\n2020-01-06,9\n2020-01-07,9\n",
    );
    let said = desk.done("ingest gap.csv --audit --freq D");
    assert!(said.out.contains("gaps"), "{}", said.out);
    assert_eq!(desk.run("ingest sales.csv").code, 2);
}

/// Every roster lists itself, and shows one line with its settings.
#[test]
fn rosters() {
    let desk = Desk::new();
    let models = desk.json("models --json");
    let names: Vec<&str> =
        models.as_array().unwrap().iter().map(|model| model["name"].as_str().unwrap()).collect();
    assert!(names.len() >= 8 && names[0] == "naive");
    let ses = desk.json("models ses --json");
    assert!(ses["settings"].as_array().unwrap().iter().any(|s| s["name"] == "alpha"));
    assert!(desk.done("models ses").out.contains("alpha"));
    let nile = desk.json("sets nile --json");
    assert!(nile["licence"].as_str().unwrap().contains("ublic domain") && nile["here"] == true);
    assert!(desk.done("metrics mase").out.contains("better: lower"));
    let slip = desk.run("metrics masse");
    assert_eq!(slip.code, 2);
    assert!(slip.err.contains("did you mean `mase`?"), "{}", slip.err);
}

/// The demo needs no arguments: three sets, at least eight models, a report for each.
#[test]
fn demo() {
    let desk = Desk::new();
    let boards = desk.json("backtest --json");
    let boards = boards.as_array().unwrap();
    assert_eq!(boards.len(), 3);
    for board in boards {
        assert!(board["rows"].as_array().unwrap().len() >= 8);
    }
    assert!(exists(&desk.path("almanac-run-demo/nile/report.html")));
}

/// The table on stdout has one line a model, best first, and the words stand on stderr.
#[test]
fn the_leaderboard_is_a_table() {
    let desk = Desk::new();
    let words = "backtest --data sales.csv --model naive --model auto_theta --horizon 6 --folds 2 \
                 --primary mae --out run";
    let said = desk.done(words);
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(lines[0].starts_with("#  model"), "{}", said.out);
    assert_eq!(lines.len(), 1 + 3);
    let board = desk.json(&format!("{words} --json"));
    let best = board["rows"][0]["model"].as_str().unwrap();
    assert!(lines[1].contains(best), "{}", said.out);
    assert!(said.err.contains("report: run/report.html"), "{}", said.err);
    assert!(!said.out.contains('\x1b'));
    let colored = desk.command(&format!("{words} --color always")).output().unwrap();
    assert!(String::from_utf8(colored.stdout).unwrap().contains('\x1b'));
    assert_eq!(desk.done(&format!("{words} --quiet")).err, "");
}

/// A dry run writes nothing and counts what would be done.
#[test]
fn dry_run() {
    let desk = Desk::new();
    let words = "backtest --data sales.csv --model ses --horizon 3 --folds 4 --dry-run";
    let plan = desk.json(&format!("{words} --json"));
    // ses and the baseline seasonal_naive, on three series, at four folds.
    assert_eq!((plan["fits"].as_u64(), plan["rows"].as_u64()), (Some(24), Some(72)));
    assert_eq!(plan["cutoffs"][3], "2018-09-01");
    assert!(desk.done(words).out.contains("2018-09-01"));
    assert!(!exists(&desk.path("almanac-run")));
}

/// A replay is identical, notices a changed number, and refuses changed data.
#[test]
fn replay() {
    let desk = Desk::new();
    desk.done("backtest --data sales.csv --model auto_theta --horizon 3 --folds 2 --out run");
    assert!(desk.done("replay run").out.starts_with("identical: "));
    let verdict = desk.json("replay run --threads 1 --json");
    assert_eq!(verdict["identical"], true);
    desk.done("backtest --data sales.csv --model drift --horizon 3 --folds 2 --out other");
    std::fs::copy(desk.path("other/scores.parquet"), desk.path("run/scores.parquet")).unwrap();
    let differs = desk.run("replay run");
    assert_eq!(differs.code, 1, "{}", differs.err);
    assert!(differs.out.contains("scores.parquet: row 1:"), "{}", differs.out);
    desk.write("sales.csv", crate::sales(40));
    let refused = desk.run("replay other");
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("the data have changed"), "{}", refused.err);
}

/// Two runs of one spec differ in nothing; another setting shows in the spec and in the scores.
#[test]
fn compare() {
    let desk = Desk::new();
    let words = "backtest --data sales.csv --horizon 2 --folds 9 --primary mae";
    desk.done(&format!("{words} --model ses:alpha=0.2 --out a"));
    desk.done(&format!("{words} --model ses:alpha=0.9 --out b"));
    let same = desk.json("compare a a --json");
    assert_eq!(same["spec"].as_array().unwrap().len(), 0);
    assert_eq!(same["series"].as_array().unwrap().len(), 0);
    let said = desk.json("compare a b --json");
    assert_eq!(said["spec"][0]["path"], "model.0.alpha");
    let ses = &said["models"].as_array().unwrap().iter().find(|m| m["model"] == "ses").unwrap();
    assert_eq!(ses["pairs"], "9 folds");
    let p = ses["p_value"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&p) && ses["a"] != ses["b"]);
    assert!(desk.done("compare a b").out.contains("model.0.alpha"));
    desk.write("sales.csv", crate::sales(47));
    desk.done(&format!("{words} --model ses:alpha=0.2 --out c"));
    let refused = desk.run("compare a c");
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("different data") && refused.err.contains("--force"));
    assert!(desk.done("compare a c --force").err.contains("different data"));
}

/// Completions for three shells name the commands; help has examples.
#[test]
fn shells() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(desk.done(&format!("completions {shell}")).out.contains("backtest"));
    }
    for command in ["backtest", "forecast", "ingest", "models", "compare", "replay", "completions"]
    {
        assert!(desk.done(&format!("{command} --help")).out.contains("Examples:"), "{command}");
    }
}

/// A reader that goes away, as `head` does, is no failure.
#[test]
fn a_closed_pipe_is_quiet() {
    let desk = Desk::new();
    let mut command = desk.command("forecast --data sales.csv --model naive --horizon 400 --quiet");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}
