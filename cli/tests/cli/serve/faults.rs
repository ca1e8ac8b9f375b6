//! Kills where they hurt most, a disk that is full, a clock that is wrong.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::client::{Answer, Server};
use super::{ended, long, uploaded};

const SHORT: &str =
    r#"{"data": {"set": "sales"}, "folds": {"horizon": 1}, "model": [{"use": "naive"}]}"#;

fn with_key(server: &Server, key: &str, spec: &str) -> Option<Answer> {
    let headers = [("Idempotency-Key", key), ("Content-Type", "application/json")];
    server.try_send("POST", "/v1/backtests", &headers, spec.as_bytes())
}

/// Kills the server after so many microseconds, while `work` speaks with it.
fn killed<T>(server: &Server, after: u64, work: impl FnOnce() -> T) -> T {
    let killer = server.killer();
    thread::scope(|scope| {
        scope.spawn(move || {
            thread::sleep(Duration::from_micros(after));
            killer.kill();
        });
        work()
    })
}

/// Sixteen clients send one key at once: one job. With another request the key is refused.
#[test]
fn one_key_at_once() {
    let (_desk, server) = uploaded();
    let ids: Vec<Value> = thread::scope(|scope| {
        let ask = |_| scope.spawn(|| with_key(&server, "k", SHORT).unwrap().json()["id"].clone());
        let asked: Vec<_> = (0..16).map(ask).collect();
        asked.into_iter().map(|asked| asked.join().unwrap()).collect()
    });
    assert!(ids[0].is_string() && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let other = with_key(&server, "k", &SHORT.replace("naive", "theta")).unwrap();
    assert_eq!((other.status, other.json()["code"].clone()), (422, json!("key_reused")));
    assert_eq!(server.get("/v1/jobs").json()["jobs"].as_array().unwrap().len(), 1);
}

/// Killed twenty times around a request with a key: sent again, it has made one job, not two; and
/// an answer that came through before the kill is the one that comes after it.
#[test]
fn one_job_for_a_key_whenever_it_is_killed() {
    let (desk, mut server) = uploaded();
    let mut answered = 0;
    for round in 0..20_u64 {
        let key = format!("key-{round}");
        let first = killed(&server, 300 + round * 1700 % 9001, || {
            let first = with_key(&server, &key, SHORT);
            // The kill comes, sooner or later.
            while server.try_send("GET", "/healthz", &[], b"").is_some() {}
            first
        });
        server = server.again(&desk);
        let again = with_key(&server, &key, SHORT).unwrap();
        assert_eq!(again.status, 202, "{}", again.text());
        if let Some(first) = first {
            answered += 1;
            assert_eq!(first.json()["id"], again.json()["id"]);
        }
        let jobs = server.get("/v1/jobs?limit=1000").json();
        assert_eq!(jobs["jobs"].as_array().unwrap().len() as u64, round + 1);
    }
    assert!((1..20).contains(&answered), "{answered} of 20 answers came before the kill");
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Killed twenty times among uploads, in the place of one another and of many series: what was
/// acknowledged is there, or what was sent after it; never a part; and nothing is left over.
#[test]
fn killed_among_uploads() {
    let desk = long();
    let mut server = Server::start(&desk, "");
    // By name: months of the last upload that was acknowledged.
    let mut kept: BTreeMap<String, usize> = BTreeMap::new();
    let mut cut = 0;
    for round in 0..20_usize {
        let mut sent = Vec::new();
        killed(&server, (2000 + 7919 * round as u64 % 60_000) * 4, || {
            for k in 0.. {
                let (name, months) = (format!("s{}", (round + k) % 5), 24 + 13 * round + k);
                let body = crate::sales(months);
                sent.push((name.clone(), months));
                let path = format!("/v1/sets/{name}");
                let head = [("Content-Type", "text/csv")];
                let Some(answer) = server.try_send("PUT", &path, &head, body.as_bytes()) else {
                    break;
                };
                assert!(answer.status < 300, "{}", answer.text());
                kept.insert(name, months);
            }
        });
        server = server.again(&desk);
        let store = desk.path("store");
        assert_eq!(names(&store.join("uploads")), Vec::<String>::new());
        let sets = server.get("/v1/sets").json();
        let sets = sets["sets"].as_array().unwrap();
        assert_eq!(names(&store.join("sets")).len(), sets.len());
        let (last, in_flight) = sent.last().unwrap();
        for set in sets {
            let name = set["name"].as_str().unwrap();
            let rows = server.get(&format!("/v1/sets/{name}/rows?limit=100000")).json();
            let months = rows.as_array().unwrap().len() / 3;
            assert_eq!(set["rows"], json!(months * 3));
            let whole = kept.get(name) == Some(&months) || (name == last && months == *in_flight);
            assert!(whole, "{name}: {months} months of {kept:?} or {in_flight}");
            kept.insert(name.into(), months);
        }
        assert!(kept.keys().all(|name| sets.iter().any(|set| set["name"] == name.as_str())));
        cut += usize::from(sent.len() > 1);
    }
    assert!(cut > 5, "it was nearly always killed before the first upload");
}

/// A small disk of its own, where the system lets us have one; it goes when it is dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: PathBuf, size: &str) -> Option<Disk> {
        fs::create_dir_all(&at).unwrap();
        let size = format!("size={size}");
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "none"]).arg(&at).output();
        match mount {
            Ok(done) if done.status.success() => Some(Disk(at)),
            _ => {
                eprintln!("skipped: no small disk can be mounted here (it takes root)");
                None
            }
        }
    }

    /// Fills what is left, but for so many bytes.
    fn fill(&self, but: usize) {
        let path = self.0.join("ballast");
        let mut all = vec![1_u8; 1 << 20];
        let mut file = fs::File::create(&path).unwrap();
        use std::io::Write;
        while all.len() > 512 {
            match file.write_all(&all) {
                Ok(()) => {}
                Err(_) => all.truncate(all.len() / 2),
            }
        }
        let size = file.metadata().unwrap().len();
        file.set_len(size.saturating_sub(but as u64)).unwrap();
    }

    fn free(&self) {
        fs::remove_file(self.0.join("ballast")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// On a full disk an upload, rows, a key and a job are answered with 507, a job at work fails and
/// says why; whatever only reads goes on, and so does everything once there is space.
#[test]
fn a_full_disk() {
    let desk = long();
    let Some(disk) = Disk::mount(desk.path("store"), "24m") else { return };
    let server = Server::start(&desk, "");
    let file = desk.bytes("sales.csv");
    let put = |name: &str| server.send("PUT", &format!("/v1/sets/{name}"), "text/csv", &file);
    assert_eq!(put("sales").status, 201);
    let row =
        |k: usize| format!(r#"[{{"unique_id": "west", "ds": "{}-07-01", "y": 1}}]"#, 2027 + k);
    let append = |k: usize| server.json("POST", "/v1/sets/sales/rows", &row(k));
    let job = || server.json("POST", "/v1/backtests", SHORT);
    let full = |answer: Answer| {
        assert_eq!(answer.status, 507, "{}", answer.text());
        assert_eq!(answer.json()["code"], "disk_full");
    };
    let before = server.get("/v1/sets/sales").json();
    for left in [0, 4096, 8192] {
        disk.fill(left);
        full(put("other"));
        full(append(0));
        if left == 0 {
            full(job());
            full(server.json("POST", "/v1/keys", r#"{"name": "x", "role": "read"}"#));
        }
        assert_eq!(server.get("/v1/sets/sales").json(), before);
        assert_eq!(server.get("/v1/sets/other").status, 404);
        let asked = r#"{"set": "sales", "model": "naive", "horizon": 1}"#;
        assert_eq!(server.json("POST", "/v1/forecasts", asked).status, 200);
        assert_eq!(names(&desk.path("store/uploads")), Vec::<String>::new());
        assert_eq!(names(&desk.path("store/sets")).len(), 1);
        disk.free();
    }
    // A job that began in time and finds no place for its folds.
    let long = SHORT.replace(r#""horizon": 1"#, r#""horizon": 1, "count": 120"#);
    let long = long.replace(r#"{"use": "naive"}"#, r#"{"use": "auto_arima"}"#);
    let id = server.json("POST", "/v1/backtests", &long).json()["id"].as_str().unwrap().to_string();
    while server.get(&format!("/v1/jobs/{id}")).json()["state"] == "queued" {}
    disk.fill(0);
    thread::sleep(Duration::from_secs(2));
    disk.free();
    let failed = ended(&server, &id);
    assert_eq!(
        (&failed["state"], &failed["error"]),
        (&json!("failed"), &json!("the server's disk is full"))
    );
    assert_eq!(append(0).status, 200);
    assert_eq!(put("other").status, 201);
    let asked = job();
    assert_eq!(asked.status, 202, "{}", asked.text());
    let id = asked.json()["id"].as_str().unwrap().to_string();
    assert_eq!(ended(&server, &id)["state"], "done");
    assert_eq!(server.stop().0, Some(0));
}
