//! From an empty store to a compared run, as somebody new would go.

use almanac_api::store::Role;
use serde_json::json;

use super::visit::Visitor;
use super::{Server, shops};

/// A finished run of these models on a set, through the form; its address.
fn run(visitor: &mut Visitor, set: &str, models: &[&str], horizon: &str) -> String {
    visitor.go(&format!("/runs/new?set={set}"));
    let folds = visitor.count(".folds li");
    visitor.write("#horizon", horizon);
    visitor.until(
        &format!("location.search.includes('horizon={horizon}')"),
        "the horizon is in the address",
    );
    visitor.write("#count", "2");
    visitor.until("document.querySelectorAll('.folds li').length === 2", "two folds are drawn");
    assert_eq!(folds, 3, "three folds at first");
    for taken in (0..3).rev() {
        visitor.press(&format!("#model-{taken} button[name=drop]"));
        visitor.until(
            &format!("document.querySelectorAll('fieldset.model').length === {taken}"),
            "a model goes",
        );
    }
    for (place, model) in models.iter().enumerate() {
        visitor.write("#add", model);
        visitor.until(
            &format!("document.querySelectorAll('fieldset.model').length === {}", place + 1),
            "a model comes",
        );
    }
    visitor.until("document.querySelector('button[value=start]')", "it may start");
    visitor.look("new-run");
    visitor.follow("button[value=start]");
    visitor.until("document.querySelector('a[href^=\"/runs/\"].button')", "the job ends");
    visitor.look("job");
    visitor.follow("a[href^=\"/runs/\"].button");
    visitor.drawn(5);
    visitor.tab.run("location.pathname").as_str().unwrap().to_string()
}

#[test]
fn from_an_empty_store_to_a_compared_run() {
    let server = Server::start(&[]);
    let Some(mut visitor) = Visitor::at(&server) else { return };
    let visitor = &mut visitor;
    visitor.go("/");
    assert!(visitor.text("main").contains("three steps"));
    visitor.look("home-empty");
    uploads(visitor, &server);
    let first = run(visitor, "shops", &["theta", "ridge"], "14");
    drills(visitor, &first);
    takes_along(visitor, &server, &first);
    let second = run(visitor, "shops", &["theta", "auto_ets"], "7");
    compares(visitor, &first, &second);
    asks_what_if(visitor);
    fails(visitor);
    for (path, name) in [("/", "home"), ("/sets", "sets"), ("/models", "models"), ("/keys", "keys")]
    {
        visitor.go(path);
        visitor.look(name);
    }
    visitor.go_refused("/nowhere/at/all");
    visitor.go_refused("/sets/none");
    visitor.look("problem");
    let id = first.trim_start_matches("/runs/");
    visitor.go("/");
    for path in [
        "/",
        "/sets/shops",
        "/runs/new?set=shops",
        &first,
        &format!("{first}?fold=1&model=theta"),
        &format!("/compare?a={id}&b={}", second.trim_start_matches("/runs/")),
        "/studio?set=shops&model=theta",
    ] {
        let (middle, slowest) = visitor.pace(path, 40);
        println!("{path}: p50 {middle:.1} ms, p99 {slowest:.1} ms");
    }
    visitor.leaves();
}

/// A file is looked at, a column is given its role, and the set is kept.
fn uploads(visitor: &mut Visitor, server: &Server) {
    let file = server.file("shops.csv", &shops());
    visitor.follow("a[href=\"/sets/new\"]");
    visitor.look("upload");
    visitor.choose("#file", &file);
    visitor.follow("form[action=\"/sets/new\"] button");
    assert_eq!(visitor.count("select[name=role]"), 4);
    let roles = "[...document.querySelectorAll('select[name=role]')].map((s) => s.value).join()";
    visitor.look("roles");
    assert_eq!(visitor.tab.run(roles), "id,time,target,", "what is proposed");
    visitor.write("#role-3", "known");
    visitor.follow("button[value=look]");
    assert_eq!(visitor.tab.run(roles), "id,time,target,known");
    assert!(visitor.text("dl.facts").contains("daily"), "{}", visitor.text("main"));
    visitor.follow("button[value=keep]");
    assert_eq!(visitor.tab.run("location.pathname"), "/sets/shops");
    visitor.drawn(4);
    visitor.look("set");
    visitor.write("#q", "nor");
    visitor
        .until("document.querySelectorAll('#list tbody tr').length === 1", "one series is found");
    visitor.press("#list tbody a");
    visitor.until("document.querySelector('#one h3').textContent === 'north'", "it is shown");
    assert_eq!(visitor.tab.run("new URLSearchParams(location.search).get('series')"), "north");
    visitor.drawn(4);
    visitor.quiet("set");
}

/// A fold, a model and a series are pressed, and stand in the address.
fn drills(visitor: &mut Visitor, place: &str) {
    visitor.look("run");
    visitor.press(".strip li:first-child a");
    visitor.until(
        "document.querySelector('#explorer figure h3').textContent.endsWith('fold 1')",
        "the first fold",
    );
    visitor.write("#model", "theta");
    visitor.until(
        "document.querySelector('#explorer figcaption').textContent.includes('theta')",
        "another model",
    );
    visitor.press("#series tbody tr:last-child a");
    let shown = "document.querySelector('#explorer figure h3').textContent === \
                 document.querySelector('#series tbody tr:last-child a').textContent + ', fold 1'";
    visitor.until(shown, "a series of the list");
    let address = visitor.tab.run("location.search");
    let address = address.as_str().unwrap();
    assert!(address.contains("model=theta") && address.contains("fold=1"), "{address}");
    visitor.drawn(5);
    let title = visitor.text("#explorer figure h3");
    visitor.go(&format!("{place}{address}"));
    assert_eq!(visitor.text("#explorer figure h3"), title, "the address says it all");
    visitor.press("#leaderboard th button");
    visitor.quiet("run");
}

/// Every file of the run comes, and all of them in one.
fn takes_along(visitor: &mut Visitor, server: &Server, place: &str) {
    let links = "[...document.querySelectorAll('a[download]')].map((a) => a.getAttribute('href'))";
    let links = visitor.tab.run(links);
    assert_eq!(links.as_array().unwrap().len(), 9);
    for link in links.as_array().unwrap() {
        let size = visitor
            .tab
            .run(&format!("fetch({link}).then(async (r) => r.ok && (await r.blob()).size)"));
        assert!(size.as_u64().is_some_and(|size| size > 40), "{link}: {size}");
    }
    let folder = server.folder.path().join("downloads");
    std::fs::create_dir(&folder).unwrap();
    let to = json!({"behavior": "allow", "downloadPath": folder.display().to_string()});
    visitor.tab.ask("Page.setDownloadBehavior", to);
    visitor.press("a[href$='run.zip']");
    let name = format!("{}-run.zip", place.trim_start_matches("/runs/"));
    let file = folder.join(name);
    let found = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        file.is_file()
    });
    assert!(found, "the zip was not saved");
    let bytes = std::fs::read(&file).unwrap();
    assert!(
        bytes.starts_with(b"PK\x03\x04") && bytes[bytes.len() - 22..].starts_with(b"PK\x05\x06")
    );
    assert_eq!(bytes[bytes.len() - 12], 6, "six files");
    visitor.press("#explorer button.data");
    let saved = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        std::fs::read_dir(&folder)
            .unwrap()
            .flatten()
            .any(|one| one.path().extension().is_some_and(|e| e == "csv"))
    });
    assert!(saved, "a chart's data was not saved");
    visitor.quiet("downloads");
}

fn compares(visitor: &mut Visitor, first: &str, second: &str) {
    visitor.go(&format!("/compare?a={}", first.trim_start_matches("/runs/")));
    visitor.write("#b", second.trim_start_matches("/runs/"));
    visitor.until("document.querySelector('#change table')", "the comparison comes");
    let text = visitor.text("#change");
    assert!(text.contains("folds.horizon") && text.contains("in one run only"), "{text}");
    visitor.look("compare");
}

/// A holiday that was not planned moves the forecast of a model that reads it.
fn asks_what_if(visitor: &mut Visitor) {
    visitor.go("/studio");
    visitor.look("studio-empty");
    visitor.write("#set", "shops");
    visitor.until("document.querySelector('#answer figure')", "an answer comes");
    visitor.write("#model", "ridge");
    visitor.until(
        "document.querySelector('#answer figure h3')?.textContent.startsWith('ridge')",
        "of the ridge",
    );
    let third = "document.querySelector('#answer details tbody tr:nth-child(3) td').textContent";
    let before = visitor.tab.run(third);
    visitor.write("#x0-2", "1");
    visitor.until(&format!("{third} !== {before}"), "a holiday moves it");
    visitor.write("#back", "30");
    visitor.until(
        "document.querySelector('#answer figcaption').textContent.includes('Mean absolute error')",
        "the past is known",
    );
    visitor.drawn(1);
    visitor.look("studio");
}

/// A job that cannot be done says why.
fn fails(visitor: &mut Visitor) {
    let spec =
        json!({"data": {"set": "shops"}, "folds": {"horizon": 7}, "model": [{"use": "thetta"}]});
    let (status, job) = visitor.fetch("POST", "/v1/backtests", Some(spec));
    assert_eq!(status, 202, "{job}");
    visitor.go(&format!("/jobs/{}", job["id"].as_str().unwrap()));
    visitor.until("document.querySelector('.warning')", "it fails");
    assert!(visitor.text(".warning").contains("theta"), "{}", visitor.text("main"));
    visitor.look("job-failed");
}

#[test]
fn a_key_opens_the_door() {
    let server = Server::start(&[Role::Read, Role::Admin]);
    let Some(mut visitor) = Visitor::at(&server) else { return };
    let visitor = &mut visitor;
    visitor.go("/sets");
    assert_eq!(visitor.tab.run("location.pathname + location.search"), "/login?next=%2Fsets");
    visitor.look("login");
    visitor.tab.run("{ document.querySelector('#key').value = 'alm_00_11'; }");
    visitor.follow_refused("main button");
    assert!(visitor.text(".warning").contains("opens nothing"));
    let log_in = |visitor: &mut Visitor, token: &str| {
        visitor.tab.run(&format!("{{ document.querySelector('#key').value = '{token}'; }}"));
        visitor.follow("main button");
    };
    log_in(visitor, &server.tokens[0]);
    assert_eq!(visitor.tab.run("location.pathname"), "/sets");
    assert_eq!(visitor.count("nav a[href=\"/runs/new\"], nav a[href=\"/keys\"]"), 0);
    assert_eq!(visitor.tab.run("document.cookie"), "", "no script sees the cookie");
    visitor.go_refused("/keys");
    assert!(visitor.text("main").contains("Not with this key"));
    visitor.follow(".out button");
    assert_eq!(visitor.tab.run("location.pathname"), "/login");
    log_in(visitor, &server.tokens[1]);
    visitor.go("/keys");
    visitor.tab.run("{ document.querySelector('#name').value = '<b>till</b>'; }");
    visitor.follow("#new button");
    let token = visitor.tab.run("document.querySelector('#token').value");
    assert!(token.as_str().unwrap().starts_with("alm_"));
    visitor.look("keys-made");
    refuses_what_is_not_meant(visitor);
    visitor.go("/keys");
    assert_eq!(visitor.count("#token"), 0, "told once");
    let live = visitor.count("main form[action$=revoke]");
    visitor.follow("main tr:last-child form[action$=revoke] button");
    assert_eq!(visitor.count("main form[action$=revoke]"), live - 1);
    visitor.leaves();
}

/// The cookie alone changes nothing: neither by the API, nor by a form without its seal.
fn refuses_what_is_not_meant(visitor: &mut Visitor) {
    let (status, answer) = visitor.fetch("DELETE", "/v1/sets/x", None);
    assert_eq!((status, answer["code"].as_str()), (403, Some("seal")));
    let (status, _) = visitor.fetch("GET", "/v1/sets", None);
    assert_eq!(status, 200, "reading needs no more than the cookie");
    let form = "fetch('/keys', { method: 'POST', body: new URLSearchParams({ name: 'x', role: 'admin' }) })\
                .then((r) => r.status)";
    assert_eq!(visitor.tab.run(form), 403);
    visitor.tab.happened();
}

/// NN5 as it was published, uploaded and tested.
#[test]
fn nn5_from_a_file_to_a_leaderboard() {
    let Ok(data) = std::env::var("ALMANAC_DATA") else {
        println!("skipped: ALMANAC_DATA is not set");
        return;
    };
    let server = Server::start(&[]);
    let Some(mut visitor) = Visitor::at(&server) else { return };
    let visitor = &mut visitor;
    visitor.go("/sets/new");
    visitor.choose("#file", &format!("{data}/{NN5}"));
    visitor.follow("form[action=\"/sets/new\"] button");
    assert_eq!(visitor.text(".warning"), "");
    visitor.tab.run("{ document.querySelector('#name').value = 'nn5'; }");
    visitor.follow("button[value=keep]");
    assert_eq!(visitor.tab.run("location.pathname"), "/sets/nn5", "{}", visitor.text("main"));
    visitor.drawn(4);
    visitor.look("nn5");
    run(visitor, "nn5", &["theta", "auto_ets"], "56");
    visitor.look("nn5-run");
    assert!(visitor.text("#leaderboard").contains("auto_ets"));
    visitor.leaves();
}

/// Where NN5 lies below the folder of data.
const NN5: &str = "atm/nn5_daily.parquet";
