//! Names that would like to be something else.

use crate::{JSON, Service};

/// Names that look like paths or SQL are text; what is no name is refused.
#[test]
fn names_are_text() {
    let service = Service::start(|_| ());
    let kept = [
        ("..%2f..%2fetc", "../../etc"),
        ("%2e%2e", ".."),
        ("..%5cwindows", "..\\windows"),
        ("%2Fetc%2Fpasswd", "/etc/passwd"),
        ("'%3B%20DROP%20TABLE%20sets%3B%20--", "'; DROP TABLE sets; --"),
        ("a%22b%27c", "a\"b'c"),
        ("%F0%9F%93%88", "📈"),
    ];
    for (path, name) in kept {
        let reply = service.put(path);
        assert_eq!(reply.status, 201, "{path}: {}", reply.body);
        let set: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(set["name"], name);
        let rows = service.ask("GET", &format!("/v1/sets/{path}/rows"));
        assert!(rows.body.contains("2024-01-03"), "{path}: {}", rows.body);
    }
    service.put("a%00b").refused(400, "control characters");
    service.put("%0a").refused(400, "control characters");
    service.put("%ff").refused(400, "bad_request");
    service.put(&"x".repeat(501)).refused(400, "1 to 500 letters");

    let list = service.ask("GET", "/v1/sets?cursor='%20OR%201=1%20--");
    let list: serde_json::Value = serde_json::from_str(&list.body).unwrap();
    assert!(list["sets"].as_array().unwrap().len() <= kept.len());
    let beside = std::fs::read_dir(service.folder.path()).unwrap().count();
    assert_eq!(beside, 1, "something lies beside the store");
    let files = std::fs::read_dir(service.folder.path().join("store/sets")).unwrap();
    let names: Vec<String> =
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names.len(), kept.len());
    let plain = |name: &String| name.len() == 24 && name.bytes().all(|b| b.is_ascii_hexdigit());
    assert!(names.iter().all(plain), "{names:?}");
}

/// No id of a job, a run, a key or a roster leads out of the store.
#[test]
fn ids_lead_nowhere() {
    let service = Service::start(|_| ());
    for id in ["..", "..%2f..%2fetc", "%00", "'%20OR%20'1'='1", "*"] {
        for path in ["jobs/ID", "jobs/ID/events", "runs/ID", "runs/ID/report", "rosters/models/ID"]
        {
            let path = format!("/v1/{}", path.replace("ID", id));
            service.ask("GET", &path).refused(404, "no_such_");
        }
        for path in ["jobs/ID", "runs/ID", "keys/ID", "sets/ID"] {
            let path = format!("/v1/{}", path.replace("ID", id));
            service.ask("DELETE", &path).refused(404, "no_such_");
        }
    }
}

/// Files of the server are not read on request, whatever the route.
#[test]
fn files_of_the_server() {
    let service = Service::start(|_| ());
    service.put("x");
    let fields = [
        r#""path": "/etc/passwd""#,
        r#""path": ["a", "b"]"#,
        r#""join": [{"path": "/etc/passwd"}]"#,
        r#""curves": {"path": "/etc/passwd"}"#,
    ];
    for field in fields {
        let spec = format!(
            r#"{{"data": {{"set": "x", {field}}}, "folds": {{}}, "model": [{{"use": "naive"}}]}}"#
        );
        let reply = service.send(("POST", "/v1/backtests"), &[JSON], spec.as_bytes());
        reply.refused(422, "names files of the server");
        let wanted =
            format!(r#"{{"set": "x", "horizon": 1, "model": "naive", "data": {{{field}}}}}"#);
        let reply = service.send(("POST", "/v1/forecasts"), &[JSON], wanted.as_bytes());
        reply.refused(422, "names files of the server");
    }
    let reply = service.send(("PUT", "/v1/sets/y?path=/etc/passwd"), &[JSON], b"[]");
    reply.refused(422, "names files of the server");
}
