//! A browser driven over its DevTools pipe: JSON messages that end in a zero byte.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// One answer takes this long at most.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one tab, closed when dropped.
pub struct Tab {
    browser: Child,
    pipe: ChildStdin,
    messages: Receiver<Value>,
    waiting: VecDeque<Value>,
    session: Option<String>,
    last_id: u64,
    _profile: tempfile::TempDir,
}

/// The browser to use: `ALMANAC_BROWSER`, or `chromium` where it is found.
pub fn browser() -> Option<String> {
    std::env::var("ALMANAC_BROWSER").ok().or_else(|| {
        let path = std::env::var("PATH").unwrap_or_default();
        path.split(':')
            .map(|folder| format!("{folder}/chromium"))
            .find(|file| Path::new(file).exists())
    })
}

impl Tab {
    /// Starts the browser with an empty tab. The shell puts the pipes where the browser looks for
    /// them: it reads messages from file 3 and writes them to file 4.
    pub fn open(browser: &str) -> Tab {
        let profile = tempfile::tempdir().unwrap();
        let mut child = Command::new("sh")
            .arg("-c")
            .arg("exec \"$@\" 3<&0 4>&1 0</dev/null 1>/dev/null 2>/dev/null")
            .args(["sh", browser, "--headless=new", "--no-sandbox", "--disable-gpu"])
            .args([
                "--remote-debugging-pipe",
                "--hide-scrollbars",
                "--no-first-run",
                "--disable-dev-shm-usage",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (pipe, out) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (send, messages) = channel();
        thread::spawn(move || {
            for message in BufReader::new(out).split(0).map_while(Result::ok) {
                if send.send(serde_json::from_slice(&message).unwrap()).is_err() {
                    break;
                }
            }
        });
        let (waiting, session) = (VecDeque::new(), None);
        let mut tab =
            Tab { browser: child, pipe, messages, waiting, session, last_id: 0, _profile: profile };
        let target = tab.ask("Target.createTarget", json!({"url": "about:blank"}));
        let target = json!({"targetId": target["targetId"], "flatten": true});
        let attached = tab.ask("Target.attachToTarget", target);
        tab.session = attached["sessionId"].as_str().map(String::from);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            tab.ask(&format!("{domain}.enable"), json!({}));
        }
        tab
    }

    /// Sends a command and gives its result.
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        self.last_id += 1;
        let mut message = json!({"id": self.last_id, "method": method, "params": params});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.pipe.write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let mut answer = self.messages.recv_timeout(PATIENCE).expect(method);
            if answer["id"] == self.last_id {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].take();
            }
            self.waiting.push_back(answer);
        }
    }

    /// Opens an address and gives what happened until it was loaded, by method.
    pub fn go(&mut self, url: &str) -> Vec<(String, Value)> {
        let before = self.happened();
        self.ask("Page.navigate", json!({"url": url}));
        self.loaded();
        before.into_iter().chain(self.happened()).collect()
    }

    /// Waits until a page is loaded and drawn.
    pub fn loaded(&mut self) {
        let loaded = |event: &Value| event["method"] == "Page.loadEventFired";
        while !self.waiting.iter().any(loaded) {
            self.waiting.push_back(self.messages.recv_timeout(PATIENCE).expect("load"));
        }
        self.run("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))");
    }

    /// What happened since it was last asked.
    pub fn happened(&mut self) -> Vec<(String, Value)> {
        let name = |event: &Value| event["method"].as_str().unwrap_or_default().to_string();
        self.waiting.drain(..).map(|mut e| (name(&e), e["params"].take())).collect()
    }

    /// Runs an expression in the page and gives its value.
    pub fn run(&mut self, expression: &str) -> Value {
        let params = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let mut answer = self.ask("Runtime.evaluate", params);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].take()
    }

    /// Waits until an expression has a value; the browser redraws in its own time.
    pub fn until(&mut self, expression: &str, expected: Value, what: &str) {
        for _ in 0..200 {
            if self.run(expression) == expected {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(self.run(expression), expected, "{what}");
    }

    /// Gives the page a width in pixels, and light or dark ground.
    pub fn show(&mut self, width: u32, scheme: &str) {
        let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.ask("Emulation.setDeviceMetricsOverride", size);
        let scheme = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.ask("Emulation.setEmulatedMedia", json!({"features": scheme}));
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        let _ = self.browser.kill();
        let _ = self.browser.wait();
    }
}
