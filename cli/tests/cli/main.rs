//! The real program on real files: what it writes, what it says, how it ends.

mod commands;
mod kept;
mod learners;
mod mistakes;
mod networks;
mod resume;
mod runs;
mod serve;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder of its own for each test, and the program in it.
struct Desk {
    folder: TempDir,
}

/// How a call ended and what it said.
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Desk {
    /// An empty folder with one file of data: three monthly series of 48 rows, `sales.csv`.
    fn new() -> Desk {
        let desk = Desk { folder: tempfile::tempdir().unwrap() };
        desk.write("sales.csv", sales(48));
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// The program in this folder, with words parted by blanks.
    fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_almanac"));
        command.args(words.split_whitespace()).current_dir(self.folder.path());
        command.env_remove("ALMANAC_DATA").env_remove("NO_COLOR");
        command
    }

    fn run(&self, words: &str) -> Said {
        Said::of(self.command(words).output().unwrap())
    }

    /// Runs what must end well.
    fn done(&self, words: &str) -> Said {
        let said = self.run(words);
        assert_eq!(said.code, 0, "almanac {words}\n{}", said.err);
        said
    }

    fn json(&self, words: &str) -> serde_json::Value {
        let said = self.done(words);
        serde_json::from_str(&said.out).unwrap_or_else(|e| panic!("{e} in {}", said.out))
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }
}

impl Said {
    fn of(output: Output) -> Said {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let (out, err) = (text(output.stdout), text(output.stderr));
        assert!(!err.contains("panicked"), "{err}");
        Said { code: output.status.code().unwrap_or(-1), out, err }
    }
}

/// Three series by month with a level, a slope and a season of their own.
fn sales(rows: usize) -> String {
    let mut text = String::from("unique_id,ds,y\n");
    for (place, id) in ["north", "south", "west"].iter().enumerate() {
        for t in 0..rows {
            let (year, month) = (2015 + t / 12, t % 12 + 1);
            let wave = (t as f64 * std::f64::consts::TAU / 12.0 + place as f64).sin();
            let noise = ((t * 7919 + place * 104_729) % 101) as f64 / 50.0 - 1.0;
            let y = 100.0 + 30.0 * place as f64 + 0.4 * t as f64 + 12.0 * wave + 3.0 * noise;
            text += &format!("{id},{year}-{month:02}-01,{y:.3}\n");
        }
    }
    text
}

/// The tables of a run that no clock can change.
fn tables(desk: &Desk, folder: &str) -> [Vec<u8>; 2] {
    ["forecasts.parquet", "scores.parquet"].map(|name| desk.bytes(&format!("{folder}/{name}")))
}

fn exists(path: &Path) -> bool {
    path.exists()
}
