//! The house rules, as ordinary tests: nothing to argue about. Soft limits print, hard limits fail.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Crates by layer: who may import whom (docs/architecture.md shows the same table).
const IMPORTS: &[(&str, &str, &[&str])] = &[
    ("data", "almanac-data", &[]),
    ("models/kernels", "almanac-kernels", &[]),
    ("ingest", "almanac-ingest", &["almanac-data"]),
    ("dashboards", "almanac-dashboards", &["almanac-data"]),
    ("models", "almanac-models", &["almanac-data", "almanac-kernels"]),
    ("backtest", "almanac-backtest", &["almanac-data", "almanac-models"]),
    (
        "api",
        "almanac-api",
        &[
            "almanac-data",
            "almanac-ingest",
            "almanac-models",
            "almanac-backtest",
            "almanac-dashboards",
        ],
    ),
    ("cli", "almanac", &["almanac-api", "almanac-data"]),
];

/// Libraries that only one crate may know.
const HOMES: &[(&str, &str)] =
    &[("polars", "ingest"), ("parquet", "api"), ("arrow", "api"), ("plotly", "dashboards")];

/// A name that says nothing hides a missing noun.
const EMPTY_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "common", "misc", "manager"];

/// Files of a roster's folder that stand beside its lines: what all of them use.
const NO_MODELS: &[&str] = &[
    "mod",
    "battery",
    "seen",
    "walk",
    "adam",
    "device",
    "draw",
    "keep",
    "loss",
    "on_columns",
    "schedule",
    "train",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A source file: its path from the root, and its lines up to its tests.
struct Source {
    path: String,
    all: String,
    lines: Vec<String>,
}

/// Every Rust file of the workspace's own `src` folders that is not all tests, in the order of their
/// names.
fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    for (folder, _, _) in IMPORTS {
        walk(&root().join(folder).join("src"), &mut found);
    }
    found.sort();
    let read = |path: PathBuf| {
        let all = fs::read_to_string(&path).unwrap();
        let before_tests = all.split("\n#[cfg(test)]").next().unwrap_or_default();
        let lines = before_tests.lines().map(str::to_string).collect();
        let path = path.strip_prefix(root()).unwrap().display().to_string();
        Source { path, lines, all }
    };
    found.into_iter().map(read).collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            walk(&entry, found);
        } else if entry.extension().is_some_and(|ending| ending == "rs")
            && !entry.ends_with("tests.rs")
        {
            found.push(entry);
        }
    }
}

fn verdict(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The functions of a file: first line, name, signature, number of lines.
fn functions(source: &Source) -> Vec<(usize, String, String, usize)> {
    let starts_fn = |line: &str| {
        let words = line.trim_start();
        let bare = words.trim_start_matches("pub(crate) ").trim_start_matches("pub ");
        let bare = bare.trim_start_matches("const ").trim_start_matches("unsafe ");
        bare.strip_prefix("fn ").map(str::to_string)
    };
    let mut found = Vec::new();
    for (at, line) in source.lines.iter().enumerate() {
        let Some(rest) = starts_fn(line) else { continue };
        let close = format!("{}}}", " ".repeat(indent(line)));
        let opens = source.lines[at..].iter().position(|l| l.ends_with('{') || l.ends_with(';'));
        let Some(opens) = opens.map(|offset| at + offset) else { continue };
        let signature = source.lines[at..=opens].join(" ");
        let one_line = signature.ends_with(';') || line.ends_with('}');
        let end = source.lines[opens..].iter().position(|l| *l == close).map(|o| opens + o);
        let length = if one_line { 1 } else { end.unwrap_or(opens) - at + 1 };
        let name = rest.split(['(', '<']).next().unwrap_or_default().to_string();
        found.push((at + 1, name, signature, length));
    }
    found
}

/// Splits at commas that stand outside brackets.
fn arguments(signature: &str) -> Vec<String> {
    let name_end = signature.find("fn ").unwrap_or(0);
    let mut depth = 0;
    let mut inside = String::new();
    let mut parts = Vec::new();
    let mut angle = 0;
    let mut before = ' ';
    for c in signature[name_end..].chars() {
        match c {
            '(' | '[' | '{' if depth > 0 || (c == '(' && angle == 0) => {
                depth += 1;
                if depth > 1 {
                    inside.push(c);
                }
            }
            ')' | ']' | '}' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
                inside.push(c);
            }
            '<' => {
                angle += 1;
                inside.push(c);
            }
            '>' if before != '-' => {
                angle -= 1;
                inside.push(c);
            }
            ',' if depth == 1 && angle == 0 => parts.push(std::mem::take(&mut inside)),
            _ if depth > 0 => inside.push(c),
            _ => {}
        }
        before = c;
    }
    parts.push(inside);
    let parts = parts.into_iter().map(|part| part.trim().to_string());
    parts.filter(|part| !part.is_empty()).collect()
}

#[test]
fn files_can_be_read_in_one_sitting() {
    let mut broken = Vec::new();
    for source in sources() {
        match source.lines.len() {
            0..=300 => {}
            301..=450 => println!("long: {} has {} lines", source.path, source.lines.len()),
            lines => broken.push(format!("{} has {lines} lines before its tests", source.path)),
        }
    }
    verdict("at most 450 lines before the tests", &broken);
}

#[test]
fn functions_are_short_and_take_few_arguments() {
    let mut broken = Vec::new();
    for source in sources() {
        for (line, name, signature, length) in functions(&source) {
            let place = format!("{}:{line} {name}", source.path);
            if length > 50 {
                broken.push(format!("{place} has {length} lines"));
            }
            let own = |argument: &String| !argument.ends_with("self") && !argument.contains("Ctx");
            let count = arguments(&signature).iter().filter(|argument| own(argument)).count();
            let kernel = source.path.starts_with("models/kernels");
            if count > if kernel { 7 } else { 5 } {
                broken.push(format!("{place} takes {count} arguments"));
            }
        }
    }
    verdict("at most 50 lines and 5 arguments besides ctx (7 for a kernel's slices)", &broken);
}

#[test]
fn comments_are_rare() {
    let mut by_crate: BTreeMap<String, (usize, usize, usize)> = BTreeMap::new();
    for source in sources() {
        let name = source.path.split("/src/").next().unwrap_or_default().to_string();
        let (code, docs, comments) = by_crate.entry(name).or_default();
        for line in source.lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty()) {
            match line {
                _ if line.starts_with("///") || line.starts_with("//!") => *docs += 1,
                _ if line.starts_with("//") => *comments += 1,
                _ => *code += 1,
            }
        }
    }
    let mut broken = Vec::new();
    for (name, (code, docs, comments)) in by_crate {
        let all = (code + docs + comments) as f64;
        let (docs, comments) = (docs as f64 / all, comments as f64 / all);
        println!("{name}: {:.0} % docs, {:.1} % comments", 100.0 * docs, 100.0 * comments);
        if comments > 0.04 {
            broken.push(format!("{name}: {:.1} % of lines are comments", 100.0 * comments));
        }
    }
    verdict("at most 4 % comments", &broken);
}

#[test]
fn library_code_neither_prints_nor_panics_on_purpose() {
    let words = [
        ".unwrap()",
        ".expect(",
        "println!",
        "eprintln!",
        "print!(",
        "todo!",
        "dbg!",
        "panic!(",
        "unimplemented!",
    ];
    let mut broken = Vec::new();
    for source in sources().into_iter().filter(|source| !source.path.starts_with("cli/")) {
        for (at, line) in source.lines.iter().enumerate() {
            if line.trim_start().starts_with("//") {
                continue;
            }
            let found = words.iter().filter(|word| line.contains(**word));
            broken.extend(found.map(|word| format!("{}:{} {word}", source.path, at + 1)));
        }
    }
    verdict("only the command line prints, and nothing panics on purpose", &broken);
}

#[test]
fn unsafe_lives_in_kernels_alone() {
    let mut broken = Vec::new();
    for (folder, _, _) in IMPORTS.iter().filter(|(folder, _, _)| *folder != "models/kernels") {
        let roots = ["lib.rs", "main.rs"].map(|file| root().join(folder).join("src").join(file));
        for file in roots.iter().filter(|file| file.exists()) {
            if !fs::read_to_string(file).unwrap().contains("#![forbid(unsafe_code)]") {
                broken.push(format!("{} does not forbid unsafe code", file.display()));
            }
        }
    }
    verdict("unsafe code is forbidden outside models/kernels", &broken);
}

#[test]
fn manifests_agree_with_the_import_table() {
    let mut broken = Vec::new();
    for (folder, name, allowed) in IMPORTS {
        let text = fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
        let manifest: toml::Table = text.parse().unwrap();
        assert_eq!(manifest["package"]["name"].as_str(), Some(*name));
        let wanted = manifest.get("dependencies").and_then(toml::Value::as_table).unwrap();
        for used in wanted.keys() {
            if used.starts_with("almanac") && !allowed.contains(&used.as_str()) {
                broken.push(format!("{folder} imports {used}"));
            }
            let stranger = |(library, home): &&(&str, &str)| {
                used.split('-').next() == Some(*library) && folder != home
            };
            broken.extend(
                HOMES
                    .iter()
                    .filter(stranger)
                    .map(|(_, home)| format!("{folder} imports {used}, which lives in {home}")),
            );
        }
    }
    verdict("imports follow the table", &broken);
}

#[test]
fn names_say_something() {
    let empty = |source: &Source| {
        let parts = source.path.split('/').map(|part| part.trim_end_matches(".rs"));
        parts.into_iter().any(|part| EMPTY_NAMES.contains(&part))
    };
    let broken: Vec<String> =
        sources().into_iter().filter(empty).map(|source| source.path).collect();
    verdict("no utils, helpers, common, misc, manager", &broken);
}

#[test]
fn every_model_file_is_in_its_roster_and_has_a_test_and_a_reference() {
    let mut broken = Vec::new();
    for kind in ["forecast", "regress", "classify", "features", "nets"] {
        let folder = format!("models/src/{kind}/");
        let module = fs::read_to_string(root().join(&folder).join("mod.rs")).unwrap();
        let (_, roster) = module.split_once("pub const ROSTER").unwrap();
        let roster = roster.split("\n];").next().unwrap_or_default();
        for source in sources().into_iter().filter(|source| source.path.starts_with(&folder)) {
            let name = source.path.trim_start_matches(&folder).trim_end_matches(".rs");
            if !name.contains('/') && !NO_MODELS.contains(&name) {
                broken.extend(lacks(&source, name, roster));
            }
        }
    }
    verdict("a model is a file, a roster line, a test by hand and a reference", &broken);
}

fn lacks(source: &Source, name: &str, roster: &str) -> Vec<String> {
    let mut docs = source.lines.iter().filter(|line| line.starts_with("//!"));
    let cites = docs.any(|line| {
        line.contains("ed., §")
            || line.split(|c: char| !c.is_ascii_digit()).any(|n| {
                n.len() == 4 && n.parse().is_ok_and(|year: u32| 1900 < year && year < 2030)
            })
    });
    // A file may hold one line, named after its type, or several, named by their path.
    let camel: String = name.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect();
    let listed = [format!("{name}::"), format!("<{camel}>"), format!("<{camel}<")];
    let listed = listed.iter().any(|line| roster.contains(line));
    let found = [
        (!listed, "is not in the roster"),
        (!source.all.contains("#[test]"), "has no test by hand"),
        (!cites, "names no reference"),
    ];
    let broken = found.into_iter().filter(|(missing, _)| *missing);
    broken.map(|(_, what)| format!("{} {what}", source.path)).collect()
}

#[test]
fn every_golden_says_how_it_was_made() {
    let folder = root().join("models/tests/golden");
    let mut broken = Vec::new();
    for case in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
        if !case.is_dir() {
            continue;
        }
        let names: Vec<String> = fs::read_dir(&case)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        let script = names.iter().any(|name| name.ends_with(".py") || name.ends_with(".R"));
        if !script || !names.iter().any(|name| name.ends_with(".json")) {
            broken.push(format!("{}: {names:?}", case.display()));
        }
    }
    verdict("a golden is a folder of data and the script that made it", &broken);
}
