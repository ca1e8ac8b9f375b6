//! Networks through the program: how they are listed, trained and told of, and what goes wrong.

use crate::learners::check;
use crate::{Desk, tables};

const PANEL: &str = "backtest --data sales.csv --horizon 3 --out run --force ";

/// After `PANEL`.
const SLIPS: &[(&str, i32, &[&str])] = &[
    ("--model cnn:widht=3", 2, &["unknown setting `widht`", "did you mean `width`?"]),
    ("--model cnn:width=0", 2, &["`width` must be at least 1, not 0"]),
    ("--model cnn:train.epoch=3", 2, &["unknown setting `train.epoch`", "did you mean `epochs`?"]),
    ("--model cnn:train.zzzzzz=3", 2, &["unknown setting `train.zzzzzz`", "it has epochs, batch"]),
    ("--model cnn:train.rate=0", 2, &["`train.rate` must be above 0, not 0"]),
    ("--model cnn:train.rate=fast", 2, &["`train.rate`", "fast"]),
    ("--model cnn:train.epochs=0", 2, &["`train.epochs` must be at least 1, not 0"]),
    ("--model cnn:train.hold=1", 2, &["`train.hold` must be within [0, 1), not 1"]),
    ("--model cnn:train.loss=mean", 2, &["`train.loss`", "mean", "mse"]),
    ("--model cnn:train.levels=[0.9,0.1]", 2, &["`train.levels` must be increasing"]),
    ("--model cnn:train=fast", 2, &["setting `train`", "fast"]),
    ("--model cnn --set lift.window=0", 2, &["`window` must be at least 1, not 0"]),
    ("--model cnn --set lift.windw=3", 2, &["`windw`", "did you mean `window`?"]),
    ("--model cnn --set lift.level=first", 2, &["`level`", "first", "last"]),
    ("--model cnn --set lift.kind=rows", 2, &["rows does not fit", "\"windows\" or \"reduce\""]),
    ("--model cnn --set lift.tune={space={width=[2]}}", 2, &["on windows is not tuned"]),
    ("--model cnn --set lift.kind=reduce --set lift.window=3", 2, &["unknown setting `window`"]),
    ("--model cnn --set task=direction --set lift.kind=windows", 2, &["\"direction\" does"]),
    ("--model cn --set task=direction", 2, &["unknown model `cn`", "did you mean `cnn`?"]),
    ("--model cnn --device cuda", 2, &["no device `cuda` in this build: it has auto and cpu"]),
    ("--model cnn --horizon 48", 2, &["folds.horizon must be shorter", "48 rows"]),
    ("--model cnn:train.epochs=2 --set lift.window=2", 0, &["3 times a model gave no answer"]),
    ("--model cnn:train.epochs=2 --set lift.window=46", 0, &["3 times a model gave no answer"]),
    ("--model cnn:train.epochs=40,train.rate=1e9", 0, &["3 times a model gave no answer"]),
];

#[test]
fn wrong_networks() {
    let desk = Desk::new();
    for (words, code, says) in SLIPS {
        let words = format!("{PANEL}{words}");
        let words =
            if words.contains("--horizon 48") { words.replace("--horizon 3", "") } else { words };
        check(&desk, &words, *code, says);
    }
}

#[test]
fn a_slip_in_training_has_its_line() {
    let desk = Desk::new();
    let start = "[data]\npath = \"sales.csv\"\n[folds]\nhorizon = 3\n[[model]]\nuse = \"cnn\"\n";
    for (text, says) in [
        ("[model.train]\nrate = 0.1\nepoch = 3\n", ["line 9, column 1", "did you mean `epochs`?"]),
        ("train = { rate = -1 }\n", ["line 7, column 11", "must be above 0, not -1"]),
        ("[run]\ndevice = \"gpu\"\n", ["line 8, column 10", "no device `gpu`"]),
    ] {
        desk.write("spec.toml", format!("{start}{text}"));
        check(&desk, "backtest spec.toml --out run", 2, &says);
    }
}

/// Odd pasts give answers or rows with a reason, and always an end: constant, with holes, huge, with
/// exactly one window, and one value short of it.
#[test]
fn odd_pasts() {
    let desk = Desk::new();
    let day = |t: usize| format!("2020-{:02}-{:02}", t / 28 + 1, t % 28 + 1);
    let wave = |t: usize| (t as f64 * 0.9).sin();
    let hole = |t: usize| if t % 5 == 2 { String::new() } else { wave(t).to_string() };
    for (name, rows, value, says) in [
        ("constant", 40, &(|_| "7".into()) as &dyn Fn(usize) -> String, ""),
        ("holes", 40, &hole, ""),
        ("huge", 40, &|t| format!("{}", 1e12 * wave(t)), "1 time a model gave no answer"),
        ("one_window", 8 + 2 + 2, &|t| wave(t).to_string(), ""),
        ("too_short", 8 + 2 + 1, &|t| wave(t).to_string(), "1 time a model gave no answer"),
    ] {
        let line = |t: usize| format!("{},{}\n", day(t), value(t));
        let text: String = (0..rows).map(line).collect();
        desk.write(&format!("{name}.csv"), format!("ds,y\n{text}"));
        let words = format!(
            "backtest --data {name}.csv --freq D --horizon 2 --model cnn:train.epochs=2 \
             --set lift.window=8 --gaps keep --out {name} --baseline naive"
        );
        let said = desk.done(&words);
        assert_eq!(said.err.contains("gave no answer"), !says.is_empty(), "{name}: {}", said.err);
        assert!(said.err.contains(says), "{name}: {}", said.err);
    }
}

/// One thread and two, today and in a replay: the same bits. The device that was used is on record.
#[test]
fn the_same_bits() {
    let desk = Desk::new();
    let words = "backtest --data sales.csv --horizon 3 --folds 2 --seed 4 --set lift.window=12 \
                 --model cnn:train.epochs=3,train.seeds=2,train.hold=0.2 --out";
    desk.done(&format!("{words} one --threads 1"));
    desk.done(&format!("{words} two --threads 2 --device cpu"));
    assert_eq!(tables(&desk, "one"), tables(&desk, "two"));
    assert!(desk.done("replay two --threads 1").out.contains("identical"));
    let manifest: serde_json::Value =
        serde_json::from_slice(&desk.bytes("two/manifest.json")).unwrap();
    assert_eq!(manifest["device"], "cpu");
    let spec = String::from_utf8(desk.bytes("two/spec.toml")).unwrap();
    assert!(spec.contains("device = \"cpu\"") && spec.contains("[model.train]"), "{spec}");
    desk.done(&format!("{} three", words.replace("--seed 4", "--seed 5")));
    assert_ne!(tables(&desk, "one"), tables(&desk, "three"));
}

/// Every epoch is told where asked for, with its losses and the model's name in the run; else none.
#[test]
fn epochs_are_told() {
    let desk = Desk::new();
    desk.write(
        "own.toml",
        "[data]\npath = \"sales.csv\"\n[folds]\nhorizon = 3\n[[model]]\nuse = \"cnn\"\n\
                            name = \"mine\"\ntrain = { epochs = 2, hold = 0.2 }\n",
    );
    let said = desk.done("backtest own.toml --out a --verbose");
    assert_eq!(said.err.matches("mine: epoch 2 of 2, loss ").count(), 3, "{}", said.err);
    assert!(said.err.contains(", held back "), "{}", said.err);
    assert!(!desk.done("backtest own.toml --out b").err.contains("epoch"));
    assert_eq!(desk.run("backtest own.toml --out c --verbose --quiet").code, 2);
    let said = desk.done(
        "forecast --data sales.csv --horizon 2 --model cnn:train.epochs=2 --set lift.scope=panel -v",
    );
    assert_eq!(said.err.matches("cnn: epoch").count(), 2, "{}", said.err);
}

/// A network on windows, on rows of features, on rows of a table, and as a teller of directions.
#[test]
fn networks_in_every_task() {
    let desk = Desk::new();
    let row = |t: usize| format!("r{t},{},{},{},{},{}\n", t % 7, t % 3, t % 5, t, 2 * t);
    desk.write("rows.csv", "id,a,b,c,d,y\n".to_string() + &(0..20).map(row).collect::<String>());
    let epochs = "--model cnn:train.epochs=2";
    for words in [
        format!("{PANEL}{epochs} --set lift.window=12"),
        format!("{PANEL}{epochs} --set lift.kind=reduce --set features.lags=[1,2,3,12]"),
        format!("{PANEL}{epochs} --set task=direction --set features.lags=[1,2,3,12]")
            .replace("--horizon 3", "--horizon 1 --folds 2"),
        "backtest --data rows.csv --id id --target y --set task=regress --set folds.kind=shuffled \
         --set folds.count=2 --model cnn:train.epochs=2,channels=2,width=1 --out rows"
            .to_string(),
    ] {
        let said = desk.done(&words);
        assert!(!said.err.contains("gave no answer"), "{words}\n{}", said.err);
    }
    let said = desk.done(
        "backtest --data rows.csv --id id --target y --set task=regress --set folds.kind=shuffled \
         --set folds.count=2 --model cnn:train.epochs=2,channels=3 --out odd",
    );
    assert!(said.err.contains("gave no answer"), "{}", said.err);
}

/// Networks are listed with how they are trained, under each kind that they are.
#[test]
fn networks_are_listed() {
    let desk = Desk::new();
    let all = desk.json("models cnn --json");
    let kinds: Vec<&str> =
        all.as_array().unwrap().iter().filter_map(|l| l["kind"].as_str()).collect();
    assert_eq!(kinds, ["network", "regressor", "classifier"]);
    for line in all.as_array().unwrap() {
        let settings = line["settings"].as_array().unwrap();
        let train = settings.iter().find(|row| row["name"] == "train").unwrap();
        let inside = train["inside"].as_array().unwrap();
        let epochs = inside.iter().find(|row| row["name"] == "epochs").unwrap();
        assert_eq!(epochs["default"], train["default"]["epochs"]);
    }
    let said = desk.done("models cnn").out;
    assert!(said.contains("train.epochs") && said.contains("passes over"), "{said}");
    let windows = desk.json("models windows --json");
    assert_eq!(
        (&windows["kind"], &windows["settings"][0]["name"]),
        (&"lift".into(), &"window".into())
    );
    assert!(desk.done("models").out.contains("\n\nnetworks\n"));
    for shell in ["bash", "zsh", "fish"] {
        let said = desk.done(&format!("completions {shell}")).out;
        assert!(said.contains("device") && said.contains("verbose"), "{shell}");
    }
}
