//! What a server is told: a file, then the environment, then flags; the later wins.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{Error, Override, from_text};

/// Settings of a server.
///
/// | name        | default          | meaning                                              |
/// |-------------|------------------|------------------------------------------------------|
/// | addr        | 127.0.0.1:8080   | where it listens                                     |
/// | store       | almanac-store    | folder of sets, runs, jobs and keys                  |
/// | data_root   | none             | folder with further sets                             |
/// | threads     | 0                | threads that forecast; 0 = all                       |
/// | job_threads | 0                | threads of each job; 0 = all                         |
/// | keys        | false            | whether a key is needed on this machine too          |
/// | proxy       | false            | whether something before it does TLS                 |
/// | grace_s     | 20               | seconds that open requests have when it stops        |
/// | log         | text             | text or json                                         |
/// | origins     | []               | origins of pages that may ask (CORS)                 |
/// | held_bytes  | 268435456        | of sets that stay in memory once they were read      |
/// | tls         | none             | `cert` and `key`, two PEM files                      |
/// | limits      |                  | see [`Limits`]                                       |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where it listens.
    pub addr: SocketAddr,
    /// Folder of sets, runs, jobs and keys.
    pub store: PathBuf,
    /// Folder with further sets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_root: Option<PathBuf>,
    /// Threads that forecast; 0 = all.
    pub threads: usize,
    /// Threads of each job; 0 = all.
    pub job_threads: usize,
    /// Whether a key is needed on this machine too.
    pub keys: bool,
    /// Whether something before it does TLS.
    pub proxy: bool,
    /// Seconds that open requests have when it stops.
    pub grace_s: u64,
    /// How it logs.
    pub log: Log,
    /// Origins of pages that may ask.
    pub origins: Vec<String>,
    /// Bytes of sets that stay in memory once they were read.
    pub held_bytes: u64,
    /// TLS of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// What it refuses.
    pub limits: Limits,
}

/// What a server shows to be who it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The certificate, and those that vouch for it, in PEM.
    pub cert: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
}

/// How a server logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Log {
    /// For people.
    Text,
    /// An object a line.
    Json,
}

/// What a server refuses, with a clear 4xx.
///
/// | name          | default    | meaning                                             |
/// |---------------|------------|-----------------------------------------------------|
/// | body_bytes    | 268435456  | of a request, packed                                |
/// | json_bytes    | 33554432   | of a request in JSON                                |
/// | unpacked_bytes| 2147483648 | of a body, once unpacked                            |
/// | json_depth    | 9          | objects and lists in one another                    |
/// | rows          | 20000000   | of a set                                            |
/// | horizon       | 10000      | steps ahead                                         |
/// | ahead         | 1000000    | rows ahead over all series of a forecast            |
/// | models        | 100        | of one request                                      |
/// | queue         | 1000       | jobs that wait                                      |
/// | jobs          | 1          | jobs that run side by side                          |
/// | forecast_s    | 30         | seconds of a forecast                               |
/// | header_s      | 10         | seconds in which a request's head must come         |
/// | body_s        | 15         | seconds in which the next part of a body must come  |
/// | rate          | 0          | requests of a key in a second; 0 = any              |
/// | burst         | 200        | requests of a key at once, where there is a rate    |
/// | connections   | 4096       | open at a time                                      |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of a request, packed.
    pub body_bytes: u64,
    /// Bytes of a request in JSON.
    pub json_bytes: u64,
    /// Bytes of a body, once unpacked.
    pub unpacked_bytes: u64,
    /// Objects and lists in one another.
    pub json_depth: usize,
    /// Rows of a set.
    pub rows: usize,
    /// Steps ahead.
    pub horizon: usize,
    /// Rows ahead over all series of a forecast.
    pub ahead: usize,
    /// Models of one request.
    pub models: usize,
    /// Jobs that wait.
    pub queue: u32,
    /// Jobs that run side by side.
    pub jobs: usize,
    /// Seconds of a forecast.
    pub forecast_s: u64,
    /// Seconds in which a request's head must come.
    pub header_s: u64,
    /// Seconds in which the next part of a body must come.
    pub body_s: u64,
    /// Requests of a key in a second; 0 = any.
    pub rate: u32,
    /// Requests of a key at once, where there is a rate.
    pub burst: u32,
    /// Connections that are open at a time.
    pub connections: usize,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            addr: SocketAddr::from(([127, 0, 0, 1], 8080)),
            store: "almanac-store".into(),
            data_root: None,
            threads: 0,
            job_threads: 0,
            keys: false,
            proxy: false,
            grace_s: 20,
            log: Log::Text,
            origins: Vec::new(),
            held_bytes: 256 << 20,
            tls: None,
            limits: Limits::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            body_bytes: 256 << 20,
            json_bytes: 32 << 20,
            unpacked_bytes: 2 << 30,
            json_depth: 9,
            rows: 20_000_000,
            horizon: 10_000,
            ahead: 1_000_000,
            models: 100,
            queue: 1000,
            jobs: 1,
            forecast_s: 30,
            header_s: 10,
            body_s: 15,
            rate: 0,
            burst: 200,
            connections: 4096,
        }
    }
}

/// What the names of variables begin with; `__` parts tables, as in `ALMANAC_SERVE_LIMITS__ROWS`.
pub const PREFIX: &str = "ALMANAC_SERVE_";

impl Config {
    /// From a file's text, variables of the environment, and flags.
    ///
    /// # Errors
    /// A setting that does not exist or does not fit, with its place or its variable.
    pub fn read(
        file: Option<(&std::path::Path, &str)>,
        variables: impl Iterator<Item = (String, String)>,
        flags: Vec<Override>,
    ) -> Result<Config, Error> {
        let own = variables.filter_map(|(name, value)| {
            let name = name.strip_prefix(PREFIX)?.to_lowercase().replace("__", ".");
            Some(Override::new(name, crate::scalar(&value)))
        });
        let mut overrides: Vec<Override> = own.collect();
        overrides.sort_by(|a, b| a.path.cmp(&b.path));
        overrides.extend(flags);
        let (name, text) = file.unwrap_or((std::path::Path::new("config"), ""));
        let config: Config = from_text(name, text, &overrides)?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), Error> {
        let limits = &self.limits;
        let least = [
            ("limits.json_depth", limits.json_depth),
            ("limits.rows", limits.rows),
            ("limits.horizon", limits.horizon),
            ("limits.models", limits.models),
            ("limits.jobs", limits.jobs),
            ("limits.connections", limits.connections),
        ];
        match least.iter().find(|(_, value)| *value == 0) {
            Some((name, _)) => Err(Error::mistake(format!("`{name}` must be at least 1"), None)),
            None => Ok(()),
        }
    }

    /// As TOML.
    ///
    /// # Errors
    /// Numbers that TOML cannot hold.
    pub fn to_toml(&self) -> Result<String, Error> {
        toml::to_string(self).map_err(|e| Error::Failed(e.to_string()))
    }

    /// Whether only this machine can reach it.
    pub fn is_local(&self) -> bool {
        self.addr.ip().is_loopback()
    }

    /// Threads that forecast.
    pub fn threads(&self) -> usize {
        counted(self.threads)
    }

    /// Threads of each job.
    pub fn job_threads(&self) -> usize {
        counted(self.job_threads)
    }
}

fn counted(threads: usize) -> usize {
    match threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// A flag wins over a variable, a variable over the file, the file over what is usual.
    #[test]
    fn the_later_wins() {
        let file = "grace_s = 5\n[limits]\nrows = 10\nhorizon = 20\nrate = 1\n";
        let variables =
            [("ALMANAC_SERVE_LIMITS__HORIZON", "30"), ("ALMANAC_SERVE_LIMITS__RATE", "2")];
        let variables = variables.map(|(name, value)| (name.to_string(), value.to_string()));
        let flags = vec![Override::new("limits.rate", 3)];
        let read = Config::read(Some((Path::new("c.toml"), file)), variables.into_iter(), flags);
        let config = read.unwrap();
        let limits = &config.limits;
        assert_eq!((config.grace_s, limits.rows, limits.horizon, limits.rate), (5, 10, 30, 3));
        let back = Config::read(
            Some((Path::new("c.toml"), &config.to_toml().unwrap())),
            [].into_iter(),
            Vec::new(),
        );
        assert_eq!(back.unwrap(), config);
    }

    /// A slip is told with its place and neighbour.
    #[test]
    fn slips() {
        let read = |text| Config::read(Some((Path::new("c.toml"), text)), [].into_iter(), vec![]);
        let error = read("[limits]\nrow = 3\n").unwrap_err();
        assert!(error.to_string().starts_with("c.toml, line 2, column 1"), "{error}");
        assert_eq!(error.hint().unwrap(), "did you mean `rows`?");
        assert!(read("limits.jobs = 0").unwrap_err().to_string().contains("limits.jobs"));
    }
}
