//! A visitor: goes to pages, presses, fills in, and demands quiet.

use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use super::Server;
use super::devtools::{self, Tab};

/// A browser at a server.
pub struct Visitor {
    pub tab: Tab,
    origin: String,
    axe: Option<String>,
    /// What axe-core found.
    flaws: Vec<String>,
}

impl Visitor {
    /// None where there is no browser.
    pub fn at(server: &Server) -> Option<Visitor> {
        let Some(browser) = devtools::browser() else {
            println!("skipped: no chromium in the path, and ALMANAC_BROWSER is not set");
            return None;
        };
        let axe = std::env::var("ALMANAC_AXE").ok();
        let axe = axe.map(|path| std::fs::read_to_string(path).unwrap());
        let origin = format!("http://{}", server.addr);
        let mut tab = Tab::open(&browser);
        tab.show(1440, "light");
        Some(Visitor { tab, origin, axe, flaws: Vec::new() })
    }

    /// The end of a visit: no page that was looked at has a serious flaw.
    pub fn leaves(&self) {
        assert!(self.flaws.is_empty(), "{}", self.flaws.join("\n"));
    }

    /// Goes to a page, which must be quiet.
    pub fn go(&mut self, path: &str) {
        let events = self.tab.go(&format!("{}{path}", self.origin));
        self.demand(path, events, false);
    }

    /// The same of a page that says no: a browser notes its status.
    pub fn go_refused(&mut self, path: &str) {
        let events = self.tab.go(&format!("{}{path}", self.origin));
        self.demand(path, events, true);
    }

    /// No message, no exception, no dialog, no request to anywhere else.
    fn demand(&self, what: &str, events: Vec<(String, Value)>, refused: bool) {
        for (event, params) in events {
            match event.as_str() {
                "Network.requestWillBeSent" => {
                    let url = params["request"]["url"].as_str().unwrap_or_default();
                    let own = url.starts_with(&self.origin)
                        || url.starts_with("blob:")
                        || url.starts_with("data:");
                    assert!(own, "{what} asks {url}");
                }
                "Log.entryAdded" if refused && params["entry"]["source"] == "network" => {}
                "Runtime.exceptionThrown"
                | "Runtime.consoleAPICalled"
                | "Log.entryAdded"
                | "Page.javascriptDialogOpening" => panic!("{what}: {event}: {params}"),
                _ => {}
            }
        }
    }

    /// Nothing has been said since it was last asked.
    pub fn quiet(&mut self, what: &str) {
        let events = self.tab.happened();
        self.demand(what, events, false);
    }

    /// Presses what leads to another page.
    pub fn follow(&mut self, selector: &str) {
        self.leave(selector, false);
    }

    /// The same where the next page says no.
    pub fn follow_refused(&mut self, selector: &str) {
        self.leave(selector, true);
    }

    fn leave(&mut self, selector: &str, refused: bool) {
        let before = self.tab.happened();
        self.demand(selector, before, refused);
        let found = self.tab.run(&format!("!!document.querySelector({})", json!(selector)));
        assert_eq!(found, true, "{selector} on {}", self.text("h1"));
        self.tab.run(&format!(
            "{{ setTimeout(() => document.querySelector({}).click()); }}",
            json!(selector)
        ));
        self.tab.loaded();
        let events = self.tab.happened();
        self.demand(selector, events, refused);
    }

    /// Presses what changes the page.
    pub fn press(&mut self, selector: &str) {
        self.tab.run(&format!("document.querySelector({}).click()", json!(selector)));
    }

    /// Writes into a field, as somebody who leaves it then.
    pub fn write(&mut self, selector: &str, value: &str) {
        self.tab.run(&format!(
            "{{ const field = document.querySelector({}); field.value = {}; \
             field.dispatchEvent(new Event('change', {{ bubbles: true }})); }}",
            json!(selector),
            json!(value)
        ));
    }

    /// Gives a file to a form.
    pub fn choose(&mut self, selector: &str, file: &str) {
        let document = self.tab.ask("DOM.getDocument", json!({}));
        let query = json!({"nodeId": document["root"]["nodeId"], "selector": selector});
        let node = self.tab.ask("DOM.querySelector", query);
        self.tab.ask("DOM.setFileInputFiles", json!({"nodeId": node["nodeId"], "files": [file]}));
    }

    pub fn text(&mut self, selector: &str) -> String {
        let text = self
            .tab
            .run(&format!("document.querySelector({})?.textContent ?? ''", json!(selector)));
        text.as_str().unwrap_or_default().to_string()
    }

    pub fn count(&mut self, selector: &str) -> u64 {
        let count = self.tab.run(&format!("document.querySelectorAll({}).length", json!(selector)));
        count.as_u64().unwrap_or_default()
    }

    /// Waits until a figure is drawn in each of its places.
    pub fn drawn(&mut self, least: u64) {
        self.tab.until(
            "document.querySelectorAll('[data-figure]:not(:has(.main-svg))').length",
            json!(0),
            "figures",
        );
        assert!(self.count("[data-figure]") >= least, "{} figures", self.count("[data-figure]"));
    }

    pub fn until(&mut self, expression: &str, what: &str) {
        self.tab.until(&format!("!!({expression})"), json!(true), what);
    }

    /// Asks the API as a script of the page would; status and answer.
    pub fn fetch(&mut self, method: &str, path: &str, body: Option<Value>) -> (u64, Value) {
        let body = body.map_or("undefined".into(), |body| format!("JSON.stringify({body})"));
        let answer = self.tab.run(&format!(
            "fetch({}, {{ method: '{method}', body: {body}, headers: {{ 'content-type': 'application/json' }} }})\
             .then(async (r) => [r.status, await r.json().catch(() => null)])",
            json!(path)
        ));
        (answer[0].as_u64().unwrap_or_default(), answer[1].clone())
    }

    /// A page looked at in every way: fits a phone, light and dark, axe, pictures.
    pub fn look(&mut self, name: &str) {
        self.tab.show(390, "light");
        self.tab.until("document.documentElement.scrollWidth", json!(390), name);
        self.pictures(name, 390);
        self.tab.show(1440, "light");
        self.pictures(name, 1440);
        self.inspect(name);
        self.quiet(name);
    }

    fn pictures(&mut self, name: &str, width: u32) {
        let Ok(folder) = std::env::var("ALMANAC_SHOTS") else { return };
        std::fs::create_dir_all(&folder).unwrap();
        for scheme in ["dark", "light"] {
            self.tab.show(width, scheme);
            self.tab.run("new Promise((done) => setTimeout(done, 250))");
            let height = self.tab.run("document.documentElement.scrollHeight").as_u64().unwrap();
            let clip =
                json!({"x": 0, "y": 0, "width": width, "height": height.min(6000), "scale": 1});
            let shot = self.tab.ask(
                "Page.captureScreenshot",
                json!({"clip": clip, "captureBeyondViewport": true}),
            );
            let bytes = decoded(shot["data"].as_str().unwrap());
            std::fs::write(Path::new(&folder).join(format!("{name}-{width}-{scheme}.png")), bytes)
                .unwrap();
        }
    }

    /// Nothing serious or critical by axe-core, in either scheme.
    fn inspect(&mut self, name: &str) {
        let Some(axe) = self.axe.clone() else { return };
        for scheme in ["dark", "light"] {
            self.tab.show(1440, scheme);
            self.tab.run(&format!("{axe}; true"));
            let found = self.tab.run(
                "axe.run(document, { resultTypes: ['violations'] }).then((r) => r.violations\
                 .filter((v) => ['serious', 'critical'].includes(v.impact))\
                 .map((v) => [v.id, v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200) + ' ' + (n.any[0]?.message ?? ''))]))",
            );
            if found != json!([]) {
                self.flaws.push(format!("{name}, {scheme}: {found}"));
            }
        }
    }

    /// Milliseconds of answers to the same request: the middle one and the slowest of a hundred.
    pub fn pace(&mut self, path: &str, times: usize) -> (f64, f64) {
        let mut took: Vec<f64> = (0..times)
            .map(|_| {
                let since = Instant::now();
                self.tab.run(&format!(
                    "fetch({}).then((r) => r.text()).then((t) => t.length)",
                    json!(path)
                ));
                1000.0 * since.elapsed().as_secs_f64()
            })
            .collect();
        took.sort_by(f64::total_cmp);
        (took[times / 2], took[(times * 99 / 100).min(times - 1)])
    }
}

/// Base64, by hand: the tests of this crate have no decoder.
fn decoded(text: &str) -> Vec<u8> {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let digits: Vec<u8> = text.bytes().filter(|&byte| byte != b'=').map(value).collect();
    let group = |four: &[u8]| {
        let bits = four.iter().fold(0_u32, |bits, &digit| bits << 6 | u32::from(digit))
            << (6 * (4 - four.len()));
        bits.to_be_bytes()[1..four.len()].to_vec()
    };
    digits.chunks(4).flat_map(group).collect()
}
