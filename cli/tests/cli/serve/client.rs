//! A server of the program, and the little HTTP that it takes to speak with it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

use crate::Desk;

/// A running server; it is killed when it is dropped.
pub struct Server {
    child: Child,
    said: Option<JoinHandle<String>>,
    pub address: String,
}

/// What a server answered.
pub struct Answer {
    pub status: u16,
    head: String,
    body: Vec<u8>,
}

/// One event of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub kind: String,
    pub id: String,
    pub data: Value,
}

impl Server {
    /// A server over the desk's `store`, on a port of its own.
    pub fn start(desk: &Desk, more: &str) -> Server {
        Server::run(desk.command(&format!("serve --addr 127.0.0.1:0 --store store {more}")))
    }

    /// The server that a command starts.
    pub fn run(mut command: Command) -> Server {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = lines.by_ref().map(Result::unwrap).find_map(|line| {
            let (_, rest) = line.split_once("serving on http://")?;
            Some(rest.split(',').next()?.to_string())
        });
        // What it says later is read, so that it never waits for a full pipe.
        let said = std::thread::spawn(move || {
            lines.map_while(Result::ok).fold(String::new(), |said, line| said + &line + "\n")
        });
        Server { child, said: Some(said), address: address.expect("it did not start") }
    }

    /// The same store, after this server is gone.
    pub fn again(mut self, desk: &Desk) -> Server {
        self.child.wait().unwrap();
        Server::start(desk, "")
    }

    /// What kills it from another thread.
    pub fn killer(&self) -> Killer {
        Killer(self.child.id())
    }

    /// Asks it to stop; how it ended, and all that it said.
    pub fn stop(mut self) -> (Option<i32>, String) {
        Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        let status = self.child.wait().unwrap();
        (status.code(), self.said.take().unwrap().join().unwrap())
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", b"")
    }

    pub fn json(&self, method: &str, path: &str, body: &str) -> Answer {
        self.send(method, path, "application/json", body.as_bytes())
    }

    pub fn with(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let all = [headers, &[("Content-Type", "application/json")]].concat();
        self.try_send(method, path, &all, body.as_bytes()).expect("no answer")
    }

    pub fn send(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> Answer {
        let answer = self.try_send(method, path, &[("Content-Type", kind)], body);
        answer.expect("no answer")
    }

    /// One request on a connection of its own; none where it broke off.
    pub fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Option<Answer> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(120))).ok()?;
        let mut head =
            format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            head += &format!("{name}: {value}\r\n");
        }
        head += &format!("Content-Length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(body).ok()?;
        let mut all = Vec::new();
        stream.read_to_end(&mut all).ok()?;
        Answer::read(&all)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends the signal that nobody can refuse.
pub struct Killer(u32);

impl Killer {
    pub fn kill(&self) {
        Command::new("kill").args(["-9", &self.0.to_string()]).status().unwrap();
    }
}

impl Answer {
    fn read(all: &[u8]) -> Option<Answer> {
        let split = all.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&all[..split]).into_owned();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let mut answer = Answer { status, head, body: all[split + 4..].to_vec() };
        if answer.header("transfer-encoding").is_some() {
            answer.body = whole(&answer.body)?;
        }
        let length = answer.header("content-length").and_then(|length| length.parse().ok());
        (length.is_none_or(|length: usize| length == answer.body.len())).then_some(answer)
    }

    pub fn header(&self, name: &str) -> Option<String> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().into())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e} in {}", self.text()))
    }
}

/// Chunks put together; none where the last is missing.
fn whole(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).ok()?, 16).ok()?;
        rest = &rest[line + 2..];
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
    }
}

/// What a server says on a path until it ends the stream, as it comes.
pub fn stream(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut all = String::new();
    stream.read_to_string(&mut all).unwrap();
    all
}

/// All events until the server ends the stream.
pub fn events(server: &Server, path: &str, last: Option<&str>) -> Vec<Event> {
    let headers: Vec<_> = last.iter().map(|last| ("Last-Event-ID", *last)).collect();
    let text = server.try_send("GET", path, &headers, b"").expect("the stream broke off").text();
    let event = |block: &str| {
        let field = |name: &str| {
            let value = block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            value.map(str::to_string)
        };
        let data = serde_json::from_str(&field("data")?).unwrap();
        Some(Event { kind: field("event")?, id: field("id")?, data })
    };
    text.split("\n\n").filter_map(event).collect()
}

impl Event {
    pub fn number(&self) -> u64 {
        self.id.rsplit('-').next().unwrap().parse().unwrap()
    }
}
