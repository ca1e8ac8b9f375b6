//! Names are text, whatever they hold and however long they are.

use serde_json::{Value, json};

use super::Server;
use super::visit::Visitor;

/// What a name may hold: markup, quotes, an emoji, and 500 letters.
fn hostile(kind: &str) -> String {
    let start = format!("<img src=x onerror=\"window.strange=1\">'\"&amp;</script><b>{kind} 🦄 ");
    let rest = 500 - start.chars().count();
    start + &"x".repeat(rest)
}

#[test]
fn names_are_text_on_every_page() {
    let server = Server::start(&[]);
    let Some(mut visitor) = Visitor::at(&server) else { return };
    let visitor = &mut visitor;
    visitor.go("/");
    let (set, series, column) = (hostile("set"), hostile("series"), hostile("column"));
    let mut rows: Vec<Value> = Vec::new();
    for day in 0..60 {
        let y = if day % 13 == 5 { json!(null) } else { json!(day % 7) };
        rows.push(json!({"unique_id": series, "ds": day, "y": y, column.as_str(): day % 2}));
    }
    let encoded = visitor.tab.run(&format!("encodeURIComponent({})", json!(set)));
    let (set_path, known) = (
        encoded.as_str().unwrap().to_string(),
        visitor.tab.run(&format!("encodeURIComponent({})", json!(column))),
    );
    let path = format!("/v1/sets/{set_path}?known={}&season=7", known.as_str().unwrap());
    let (status, answer) = visitor.fetch("PUT", &path, Some(json!(rows)));
    assert_eq!(status, 201, "{answer}");
    let models = json!([{"use": "naive", "name": hostile("model")}, {"use": "theta"}]);
    let spec = json!({"data": {"set": set}, "folds": {"horizon": 7, "count": 2}, "model": models, "score": {"levels": [80]}});
    let jobs: Vec<String> = (0..2)
        .map(|_| {
            let (status, job) = visitor.fetch("POST", "/v1/backtests", Some(spec.clone()));
            assert_eq!(status, 202, "{job}");
            job["id"].as_str().unwrap().to_string()
        })
        .collect();
    for id in &jobs {
        visitor.go(&format!("/jobs/{id}"));
        visitor.until("document.querySelector('.state.done, .state.failed')", "it ends");
        assert!(visitor.text(".kicker").contains("done"), "{}", visitor.text("main"));
    }
    let (a, b) = (&jobs[0], &jobs[1]);
    let pages = [
        "/".to_string(),
        "/sets".to_string(),
        format!("/sets/{set_path}"),
        format!("/runs/new?set={set_path}&add={set_path}"),
        format!("/runs/{a}"),
        format!("/runs/{a}?q={set_path}"),
        format!("/runs/new?like={a}"),
        format!("/compare?a={a}&b={b}"),
        format!("/studio?set={set_path}&model=theta&horizon=7"),
        format!("/jobs/{a}"),
    ];
    for path in pages {
        visitor.go(&path);
        visitor.until("document.querySelector('h1')", &path);
        assert_eq!(visitor.count("img"), 0, "{path}");
        assert_eq!(visitor.tab.run("typeof window.strange"), "undefined", "{path}");
        assert!(
            visitor.text("main").contains("<img src=x") || visitor.count("option") > 0,
            "{path}"
        );
        visitor.tab.show(390, "dark");
        visitor.tab.until("document.documentElement.scrollWidth", json!(390), &path);
        visitor.tab.show(1440, "light");
        visitor.quiet(&path);
    }
}
