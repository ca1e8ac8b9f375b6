//! Learners, features, lifts and tables through the program: what works, and what people get wrong.

use crate::Desk;

/// Words that end well or badly: the exit code and what stderr must say.
type Case = (&'static str, i32, &'static [&'static str]);

const PANEL: &str = "backtest --data sales.csv --horizon 3 --out run ";

/// After `PANEL`.
const PANELS: &[Case] = &[
    ("--model rigde", 2, &["unknown model `rigde`", "did you mean `ridge`?"]),
    ("--model logistic", 2, &["`logistic` is a classifier", "forecasters and regressors"]),
    ("--model ridge --set task=direction", 2, &["`ridge` is a regressor", "asks for classifiers"]),
    (
        "--model logistic --baseline naive --set task=direction",
        2,
        &["`naive` is a forecaster of single series"],
    ),
    ("--model random_forest:trees=0", 2, &["`trees` must be >= 1, not 0"]),
    ("--model svr:c=-1", 2, &["`c` must be > 0, not -1"]),
    ("--model ridge:alhpa=1", 2, &["unknown setting `alhpa`", "did you mean `alpha`?"]),
    ("--model ridge --set features.lagz=[1]", 2, &["`lagz`", "did you mean `lags`?"]),
    ("--model ridge --set features.lags=[0]", 2, &["features.lags", "at least 1"]),
    ("--model ridge --set features.lags=many", 2, &["features.lags", "it takes row numbers"]),
    ("--model ridge --set features.rolling=[0]", 2, &["features.rolling", "it takes windows"]),
    ("--model ridge --set features.battery=full", 2, &["unknown setting `battery`", "lags"]),
    ("--model ridge --set features.allow_same_row=maybe", 2, &["true or false", "maybe"]),
    ("--model ridge --set lift.scoope=panel", 2, &["`scoope`", "did you mean `scope`?"]),
    ("--model ridge --set lift.scope=world", 2, &["scope", "world", "panel"]),
    ("--model ridge --set lift.kind=rows", 2, &["rows", "does not fit", "reduce"]),
    ("--model ridge --set lift.origins=0", 2, &["origins", "at least 1"]),
    ("--model ridge --set lift.tune={}", 2, &["space", "at least one setting"]),
    ("--model ridge --set lift.tune={space={alhpa=[1]}}", 2, &["did you mean `alpha`?"]),
    ("--model ridge --set lift.tune={space={alpha=[]}}", 2, &["space", "lists with values"]),
    ("--model ridge --set lift.tune={space={alpha=[-1]}}", 2, &["alpha", "-1"]),
    ("--model ridge --set folds.kind=shuffled", 2, &["for a panel", "rows have an order"]),
    ("--model ridge --set features.columns={volume=[1]}", 2, &["no column `volume`"]),
    ("--model ridge --set features.lags=[100]", 0, &["3 times a model gave no answer of its own"]),
    ("--model ridge --set features.lags=[100] --strict", 3, &["3 times"]),
];

const TABLE: &str = "backtest --data FILE --id cell --set task=regress --out run ";

/// A file of rows, after `TABLE`.
const ROWS: &[(&str, &str, &str, i32, &[&str])] = &[
    ("constant.csv", "cell,x,z,y\na,1,5,2\nb,2,5,4\nc,3,5,5\nd,4,5,9\n", "", 0, &["4 rows"]),
    ("flat.csv", "cell,x,y\na,1,3\nb,2,3\nc,3,3\nd,4,3\n", "", 0, &["target y"]),
    ("one.csv", "cell,x,y\na,1,3\n", "", 2, &["folds.count", "the number of rows"]),
    ("two.csv", "cell,x,y\na,1,3\nb,2,4\n", "", 0, &["2 rows and 1 column"]),
    ("wide.csv", "cell,p,q,r,s,y\na,1,2,3,4,3\nb,2,1,9,4,4\nc,5,1,3,2,4\n", "", 0, &["4 columns"]),
    ("hole.csv", "cell,x,y\na,1,3\nb,,4\nc,3,5\nd,4,6\n", "", 0, &["a model gave no answer"]),
    ("inf.csv", "cell,x,y\na,1,3\nb,inf,4\nc,3,5\nd,4,6\n", "", 0, &["a model gave no answer"]),
    ("words.csv", "cell,x,y\na,1,3\nb,two,4\nc,3,5\n", "--set data.columns=[\"x\"]", 2, &["two"]),
    ("absent.csv", "cell,x,y\na,1,3\nb,2,4\n", "--set data.columns=[\"xx\"]", 2, &["xx", "`x`?"]),
    ("twice.csv", "cell,x,y\na,1,3\na,2,4\nc,3,5\n", "", 2, &["a"]),
    ("order.csv", "cell,x,y\na,1,3\nb,2,4\n", "--set folds.kind=rolling", 2, &["have no order"]),
    (
        "by.csv",
        "cell,g,x,y\na,k,1,3\nb,m,2,4\n",
        "--set folds.kind=grouped --set folds.by=gg --set data.label=[\"g\"]",
        2,
        &["folds.by", "did you mean `g`?"],
    ),
    (
        "group.csv",
        "cell,g,x,y\na,k,1,3\nb,k,2,4\n",
        "--set folds.kind=grouped --set folds.by=g --set data.label=[\"g\"]",
        2,
        &["two groups or more"],
    ),
    (
        "train.csv",
        "cell,g,x,y\na,learn,1,3\nb,test,2,4\n",
        "--set folds.kind=given --set folds.by=g --set folds.train=lern --set data.label=[\"g\"]",
        2,
        &["folds.train", "did you mean `learn`?"],
    ),
    ("curves.csv", "cell,x,y\na,1,3\nb,2,4\n", "--set features.battery=full", 2, &["no curves"]),
    ("group2.csv", "cell,x,y\na,1,3\nb,2,4\n", "--set features.battery=all", 2, &["discharge"]),
    ("column.csv", "cell,x,y\na,1,3\nb,2,4\n", "--set features.columns=[\"xy\"]", 2, &["`xy`"]),
    ("lags.csv", "cell,x,y\na,1,3\nb,2,4\n", "--set features.lags=[1]", 2, &["lags", "columns"]),
];

/// Specs with a mistake in a deep table: the line of it.
const DEEP: &[(&str, &[&str])] = &[
    ("[features]\nlags = [1]\nlagz = [2]\n", &["line 9, column 1", "did you mean `lags`?"]),
    ("[lift]\nscoope = \"panel\"\n", &["line 8, column 1", "did you mean `scope`?"]),
    (
        "[[variant]]\nname = \"a\"\nfeatures = { rollin = [3] }\n",
        &["line 9, column 14", "did you mean `rolling`?"],
    ),
    ("[[variant]]\nname = \"a\"\nfeaturs = {}\n", &["line 9", "did you mean `features`?"]),
    ("[lift.tune.space]\nalhpa = [1]\n", &["line 8, column 1", "did you mean `alpha`?"]),
];

pub fn check(desk: &Desk, words: &str, code: i32, says: &[&str]) {
    let said = desk.run(words);
    assert_eq!(said.code, code, "almanac {words}\n{}{}", said.out, said.err);
    for word in says {
        assert!(said.err.contains(word), "`{word}` is not in what `{words}` says:\n{}", said.err);
    }
}

#[test]
fn wrong_learners() {
    let desk = Desk::new();
    for (words, code, says) in PANELS {
        check(&desk, &format!("{PANEL}{words} --force"), *code, says);
    }
}

#[test]
fn odd_tables() {
    let desk = Desk::new();
    let usual = "--target y --model linear --set folds.count=2 --force";
    for (name, content, words, code, says) in ROWS {
        desk.write(name, content);
        let kind = if words.contains("folds.kind") { "" } else { "--set folds.kind=shuffled" };
        let words = format!("{}{usual} {kind} {words}", TABLE.replace("FILE", name));
        check(&desk, &words, *code, says);
    }
    let words = TABLE.replace("FILE", "two.csv");
    check(&desk, &format!("{words} {usual} --target yy").replace("--target y ", ""), 2, &["yy"]);
}

#[test]
fn deep_mistakes_have_lines() {
    let desk = Desk::new();
    let start = "[data]\npath = \"sales.csv\"\n[folds]\nhorizon = 3\n[[model]]\nuse = \"ridge\"\n";
    for (text, says) in DEEP {
        desk.write("spec.toml", format!("{start}{text}"));
        check(&desk, "backtest spec.toml --out run", 2, says);
    }
    // A flag is behind it: no line of the file.
    desk.write("spec.toml", start);
    let said = desk.run("backtest spec.toml --set features.lagz=[1] --out run");
    assert!(said.code == 2 && !said.err.contains("line "), "{}", said.err);
}

/// A column that closes with its own row is refused by name before the run; the switch marks it.
#[test]
fn late_columns() {
    let desk = Desk::new();
    let bar = |t: usize| format!("2020-01-{:02},{},{}\n", t + 1, t * t % 17, t % 5);
    desk.write("bars.csv", "ds,y,volume\n".to_string() + &(0..30).map(bar).collect::<String>());
    let words = "backtest --data bars.csv --horizon 1 --folds 2 --model ridge --out run \
                 --set data.past=[\"volume\"] --set features.columns={volume=[0]}";
    let says = ["column `volume`", "at the end of its row", "1 row before", "allow_same_row"];
    check(&desk, words, 2, &says);
    let said = desk.done(&format!("{words} --set features.allow_same_row=true"));
    assert!(said.out.contains("ridge (leak)") && said.err.contains("before they are known"));
    check(&desk, &words.replace("[0]", "[1]").replace("--out run", "--out past"), 0, &[]);
}

/// Series that never rise have one class only; prices that are negative have no returns.
#[test]
fn one_class_and_no_price() {
    let desk = Desk::new();
    let down = |t: usize| format!("2020-01-{:02},{}\n", t + 1, 5.0 - t as f64);
    desk.write("down.csv", "ds,y\n".to_string() + &(0..30).map(down).collect::<String>());
    let words = "backtest --data down.csv --horizon 1 --folds 2 --out run --force";
    check(&desk, &format!("{words} --model logistic --set task=direction"), 0, &[]);
    check(&desk, &format!("{words} --model ridge --set money.long_only=true"), 2, &["above 0"]);
}

/// A reduced learner at the end of the data: steps ahead, and a calendar beyond it.
#[test]
fn forecasts_of_a_learner() {
    let desk = Desk::new();
    let words = "forecast --data sales.csv --horizon 4 --model ridge --model random_forest:trees=5 \
                 --set features.lags=[1,12] --set features.calendar=[\"month_onehot\"]";
    for scope in ["series", "panel"] {
        let said = desk.done(&format!("{words} --set lift.scope={scope}"));
        let means: Vec<f64> = said
            .out
            .lines()
            .skip(1)
            .map(|line| line.split(',').nth(3).unwrap().parse().unwrap())
            .collect();
        assert_eq!(means.len(), 2 * 3 * 4);
        assert!(means.iter().all(|mean| (70.0..250.0).contains(mean)), "{scope}: {means:?}");
    }
}

/// Fits of one learner for the panel are counted once a fold, tests of a table once a test.
#[test]
fn dry_runs() {
    let desk = Desk::new();
    let words = "backtest --data sales.csv --model ridge --horizon 3 --folds 2 --dry-run --json";
    assert_eq!(desk.json(words)["fits"], 2 * 3 * 2);
    assert_eq!(desk.json(&format!("{words} --set lift.scope=panel"))["fits"], 2 + 3 * 2);
    desk.write("rows.csv", "cell,x,y\na,1,3\nb,2,4\nc,3,6\nd,4,7\ne,5,9\n");
    let words = "backtest --data rows.csv --id cell --target y --set task=regress --model linear \
                 --set folds.kind=shuffled --set folds.count=2 --dry-run";
    let cost = desk.json(&format!("{words} --json"));
    assert_eq!((&cost["fits"], &cost["rows"]), (&4.into(), &10.into()));
    let said = desk.done(words);
    assert!(said.out.contains("test set") && !said.out.contains("cutoff"), "{}", said.out);
    assert!(said.err.contains("a table of 5 rows and 1 column, target y, 1 test set"));
}

/// One list of all that a spec can name; a name of two kinds is shown as both.
#[test]
fn everything_is_listed() {
    let desk = Desk::new();
    let all = desk.json("models --json");
    let kinds = |name: &str| -> Vec<String> {
        let lines = all.as_array().unwrap().iter().filter(|line| line["name"] == name);
        lines.map(|line| line["kind"].as_str().unwrap().to_string()).collect()
    };
    assert_eq!(kinds("tree"), ["regressor", "classifier"]);
    assert_eq!(kinds("naive"), ["forecaster"]);
    for lift in ["conformal", "reduce", "direction", "rows", "tuned"] {
        assert_eq!(kinds(lift), ["lift"]);
    }
    assert_eq!((kinds("lags"), kinds("battery")), (vec!["feature".into()], vec!["feature".into()]));
    assert_eq!(desk.json("models tree --json").as_array().map(Vec::len), Some(2));
    let said = desk.done("models lags").out;
    assert!(said.contains("kind: feature") && said.contains("takes: row numbers"), "{said}");
    check(&desk, "models lgas", 2, &["did you mean `lags`?"]);
    check(&desk, "models lineer", 2, &["did you mean `linear`?"]);
    assert!(desk.done("models").out.contains("\n\nclassifiers\n"));
}
