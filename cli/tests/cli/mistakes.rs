//! What people get wrong: each is a clear error with a way out, or an audited fix; never a panic.

use crate::Desk;

/// A file, a command, how it ends, and words that must stand on stderr.
struct Case {
    name: &'static str,
    content: &'static [u8],
    words: &'static str,
    code: i32,
    says: &'static [&'static str],
}

const fn case(
    name: &'static str,
    content: &'static [u8],
    words: &'static str,
    code: i32,
    says: &'static [&'static str],
) -> Case {
    Case { name, content, words, code, says }
}

const SMALL: &str = "backtest --data FILE --model naive --horizon 1 --out run";

/// Data that is broken, and data that only looks so.
const DATA: &[Case] = &[
    case(
        "absent.csv",
        b"",
        "backtest --data nothere.csv --model naive --horizon 1",
        2,
        &["nothere.csv"],
    ),
    case("empty.csv", b"", SMALL, 2, &["empty.csv", "no rows"]),
    case("heading.csv", b"unique_id,ds,y\n", SMALL, 2, &["heading.csv", "no rows"]),
    case("garbage.csv", b"\x00\x01\xff\xfe\x9c\x00\x7f\x00\x13", SMALL, 2, &["garbage.csv"]),
    case("garbage.parquet", b"PAR1 and then nothing", SMALL, 2, &["garbage.parquet"]),
    case(
        "text.csv",
        b"ds,y\n2020-01-01,1\n2020-01-02,two\n2020-01-03,3\n",
        SMALL,
        2,
        &["two", "y"],
    ),
    case(
        "dates.csv",
        b"ds,y\n2020-01-01,1\n2020-13-45,2\n2020-01-03,3\n",
        SMALL,
        2,
        &["2020-13-45"],
    ),
    case(
        "ragged.csv",
        b"ds,y\n2020-01-01,1\n2020-01-02\n2020-01-03,3,4,5\n",
        SMALL,
        2,
        &["ragged.csv"],
    ),
    case(
        "twice.csv",
        b"ds,y\n2020-01-01,1\n2020-01-02,2\n2020-01-02,5\n2020-01-03,3\n",
        SMALL,
        2,
        &["2020-01-02", "duplicates"],
    ),
    case(
        "column.csv",
        b"ds,y\n2020-01-01,1\n2020-01-02,2\n",
        "backtest --data FILE --target amuont --model naive --horizon 1",
        2,
        &["amuont", "y"],
    ),
    case("one.csv", b"ds,y\n2020-01-01,1\n", SMALL, 2, &["needs"]),
    case(
        "missing.csv",
        b"ds,y\n2020-01-01,\n2020-01-02,\n2020-01-03,\n",
        SMALL,
        2,
        &["no series has a value"],
    ),
    case(
        "delimiter.csv",
        b"ds,y\n2020-01-01,1\n2020-01-02,2\n",
        "backtest --data FILE --set data.delimiter=\";\" --model naive --horizon 1",
        2,
        &["delimiter.csv"],
    ),
    case(
        "zones.csv",
        b"ds,y\n2020-01-01T00:00:00+01:00,1\n2020-01-02T00:00:00,2\n2020-01-03T00:00:00+05:30,3\n",
        SMALL,
        2,
        &["zones.csv"],
    ),
    case(
        "nothing.csv",
        b"ds,region,y\n2020-01-01,n,1\n2020-01-02,n,2\n",
        "backtest --data FILE --where region=moon --model naive --horizon 1",
        2,
        &["moon"],
    ),
];

/// Flaws that are read, counted and told.
const FIXED: &[Case] = &[
    case(
        "disorder.csv",
        b"ds,y\n2020-01-03,3\n2020-01-01,1\n2020-01-02,2\n2020-01-04,4\n",
        SMALL,
        0,
        &[],
    ),
    case(
        "infinite.csv",
        b"ds,y\n2020-01-01,1\n2020-01-02,inf\n2020-01-03,3\n2020-01-04,4\n2020-01-05,5\n",
        SMALL,
        0,
        &[],
    ),
    case(
        "nan.csv",
        b"ds,y\n2020-01-01,1\n2020-01-02,NaN\n2020-01-03,3\n2020-01-04,4\n2020-01-05,5\n",
        SMALL,
        0,
        &[],
    ),
    case(
        "mean.csv",
        b"ds,y\n2020-01-01,1\n2020-01-02,2\n2020-01-02,5\n2020-01-03,3\n2020-01-04,3\n",
        "backtest --data FILE --model naive --horizon 1 --duplicates mean",
        0,
        &["duplicates"],
    ),
    case(
        "huge.csv",
        b"ds,y\n2020-01-01,1e300\n2020-01-02,-1e300\n2020-01-03,1e300\n2020-01-04,1e300\n",
        SMALL,
        0,
        &[],
    ),
    case(
        "flat.csv",
        b"ds,y\n2020-01-01,5\n2020-01-02,5\n2020-01-03,5\n2020-01-04,5\n",
        SMALL,
        0,
        &[],
    ),
];

/// Arguments that cannot be.
const WORDS: &[(&str, i32, &[&str])] = &[
    (
        "backtest --data sales.csv --model naive --horizon 1 --season 0",
        2,
        &["season", "at least 1"],
    ),
    ("backtest --data / --model naive --horizon 1", 2, &["/"]),
    ("backtest / --model naive", 2, &["cannot read /"]),
    (
        "backtest --data sales.csv --model naive --horizon 1 --seed 18446744073709551615",
        2,
        &["18446744073709551615"],
    ),
    ("backtest --data sales.csv --model naive --horizon 18446744073709551615", 2, &["horizon"]),
    (
        "backtest --data sales.csv --model naive --horizon 1 --folds 1000000000000",
        2,
        &["at most 47 folds fit"],
    ),
    ("backtest --data sales.csv --model naive --horizon 1 --threads 100000", 2, &["threads"]),
    (
        "forecast --data sales.csv --model naive --horizon 1000000000000",
        2,
        &["1000000000000 steps of 3 series"],
    ),
    (
        "backtest --data sales.csv --model crostn --horizon 1",
        2,
        &["unknown model `crostn`", "did you mean `croston`?"],
    ),
    (
        "backtest --data sales.csv --model ses:alfa=0.3 --horizon 1",
        2,
        &["unknown setting `alfa`", "did you mean `alpha`?"],
    ),
    ("backtest --data sales.csv --model ses:alpha=7 --horizon 1", 2, &["alpha", "7"]),
    ("backtest --data sales.csv --model ses:alpha=high --horizon 1", 2, &["alpha", "high"]),
    (
        "backtest --data sales.csv --model ses:alpha --horizon 1",
        2,
        &["cannot read setting `alpha`"],
    ),
    (
        "backtest --data sales.csv --model naive --horizon 1 --metric smapee",
        2,
        &["unknown metric `smapee`", "did you mean `smape`?"],
    ),
    ("backtest --data sales.csv --model naive --horizon 1 --primary owa", 2, &["primary", "owa"]),
    (
        "backtest --data sales.csv --model naive --horizon 1 --baseline naiv",
        2,
        &["naiv", "did you mean `naive`?"],
    ),
    ("backtest --data sales.csv --model naive --horizon 500", 2, &["48"]),
    (
        "backtest --data sales.csv --model naive --horizon 0",
        2,
        &["horizon must be at least 1, not 0"],
    ),
    ("backtest --data sales.csv --model naive --horizon -3", 2, &["-3"]),
    (
        "backtest --data sales.csv --model naive --horizon 6 --folds 40",
        2,
        &["40 folds", "at most 7 folds fit"],
    ),
    (
        "backtest --data sales.csv --model naive --horizon 1 --folds 0",
        2,
        &["count must be at least 1"],
    ),
    ("backtest --data sales.csv --model naive", 2, &["no horizon", "--horizon 14"]),
    ("backtest --model naive --horizon 3", 2, &["no data", "--data FILE"]),
    ("backtest --data sales.csv --model naive --horizon 1 --level 0", 2, &["levels", "0"]),
    ("backtest --data sales.csv --model naive --horizon 1 --level many", 2, &["many"]),
    (
        "backtest --data sales.csv --model naive --horizon 1 --window wide",
        2,
        &["wide", "--window 365"],
    ),
    (
        "backtest --data sales.csv --model naive --horizon 1 --refit sometimes",
        2,
        &["sometimes", "every"],
    ),
    (
        "backtest --data sales.csv --model naive --horizon 1 --align diagonal",
        2,
        &["diagonal", "calendar"],
    ),
    ("backtest --data sales.csv --model naive --horizon 1 --where region", 2, &["COL=VALUE"]),
    (
        "backtest --data sales.csv --model naive --horizon 1 --set score.primry=mae",
        2,
        &["primry", "did you mean `primary`?"],
    ),
    (
        "backtest --data sales.csv --model naive --horizon 1 --set model.4.alpha=1",
        2,
        &["model.4.alpha", "list of 1"],
    ),
    ("backtest --data sales.csv --model naive --horizon 1 --set seed", 2, &["key=value"]),
    ("backtest --data sales.csv --model naive --horizon 1 --freq fortnight", 2, &["fortnight"]),
    (
        "backtest --data sales.csv --model naive --horizon 1 --zone Mars/Olympus",
        2,
        &["Mars/Olympus"],
    ),
    ("backtest --data niel --model naive --horizon 1", 2, &["niel", "did you mean `nile`?"]),
    (
        "backtest --data sales.csv --model naive --horizon 1 --memory-limit lots",
        2,
        &["lots", "2GiB"],
    ),
    (
        "backtest --data sales.csv --model naive --horizon 1 --memory-limit 1kB",
        2,
        &["needs about", "1000 B"],
    ),
    (
        "backtest --data sales.csv --model naive --horizon 1 --out sales.csv",
        2,
        &["sales.csv", "is a file"],
    ),
    ("backtest --data sales.csv --model naive --horizon 1 --out /proc/run", 1, &["/proc/run"]),
    ("backtest absent.toml", 2, &["absent.toml"]),
    ("backtest --horizn 3", 2, &["--horizn", "--horizon"]),
    ("bakctest", 2, &["backtest"]),
    (
        "forecast --data sales.csv --model naive --horizon 1 --out ahead.xls",
        2,
        &["ahead.xls", ".csv"],
    ),
    ("forecast --data sales.csv --horizon 1", 2, &["no model", "almanac models"]),
    ("forecast --data sales.csv --known holiday --model naive --horizon 1", 2, &["holiday"]),
    ("ingest nothere/*.csv --out panel.parquet", 2, &["nothere/*.csv"]),
    ("models crostn", 2, &["did you mean `croston`?"]),
    ("sets moon", 2, &["unknown set `moon`"]),
    ("replay nowhere", 2, &["nowhere holds no finished run"]),
    ("compare nowhere elsewhere", 2, &["nowhere holds no finished run"]),
    ("completions cmd", 2, &["cmd", "bash"]),
];

/// Specs with a mistake: the line and column of it.
const SPECS: &[(&str, &[&str])] = &[
    ("[data\n", &["spec.toml, line 1"]),
    (
        "[data]\npath = \"sales.csv\"\n[folds]\nhorizn = 3\n",
        &["line 4, column 1", "did you mean `horizon`?"],
    ),
    ("[data]\npath = \"sales.csv\"\n[folds]\nhorizon = \"three\"\n", &["line 4, column 11"]),
    (
        "[data]\npath = \"sales.csv\"\n[folds]\nhorizon = 3\n[[model]]\nuse = \"nave\"\n",
        &["line 6", "unknown model `nave`", "did you mean `naive`?"],
    ),
    (
        "[data]\npath = \"sales.csv\"\n[folds]\nhorizon = 3\n[[model]]\nuse = \"ses\"\nalfa = 0.3\n",
        &["line 7", "alfa", "did you mean `alpha`?"],
    ),
    (
        "[data]\npath = \"sales.csv\"\n[folds]\nhorizon = 0\n[[model]]\nuse = \"ses\"\n",
        &["line 4", "horizon"],
    ),
    ("[data]\npath = \"sales.csv\"\n[folds]\nhorizon = 3\n", &["model"]),
];

fn check(desk: &Desk, words: &str, code: i32, says: &[&str]) {
    let said = desk.run(words);
    assert_eq!(said.code, code, "almanac {words}\n{}{}", said.out, said.err);
    for &word in says {
        assert!(said.err.contains(word), "`{word}` is not in what `{words}` says:\n{}", said.err);
    }
    if code != 0 {
        assert!(said.err.contains("error:") && said.out.is_empty(), "{words}\n{}", said.err);
    }
}

#[test]
fn broken_data() {
    for case in DATA.iter().chain(FIXED) {
        let desk = Desk::new();
        if case.name != "absent.csv" {
            desk.write(case.name, case.content);
        }
        check(&desk, &case.words.replace("FILE", case.name), case.code, case.says);
    }
}

#[test]
fn wrong_words() {
    let desk = Desk::new();
    for (words, code, says) in WORDS {
        check(&desk, words, *code, says);
    }
}

#[test]
fn wrong_specs() {
    let desk = Desk::new();
    for (text, says) in SPECS {
        desk.write("spec.toml", text);
        check(&desk, "backtest spec.toml --out run", 2, says);
    }
}

/// A Parquet file cut short at any of several places.
#[test]
fn truncated_parquet() {
    let desk = Desk::new();
    desk.done("ingest sales.csv --out whole.parquet");
    let bytes = desk.bytes("whole.parquet");
    for length in [4, 8, bytes.len() / 2, bytes.len() - 1] {
        desk.write("cut.parquet", &bytes[..length]);
        let words = "backtest --data cut.parquet --model naive --horizon 1 --out run";
        check(&desk, words, 2, &["cut.parquet"]);
    }
}

/// Two columns that could be the target are named, and the flag that chooses.
#[test]
fn an_unclear_target_is_asked_for() {
    let desk = Desk::new();
    desk.write("two.csv", "ds,left,right\n2020-01-01,1,2\n2020-01-02,2,3\n2020-01-03,3,4\n");
    let words =
        "backtest --data two.csv --model naive --horizon 1 --out run --set data.layout=long";
    check(&desk, words, 2, &["left", "right", "--target"]);
    check(&desk, &format!("{words} --target left"), 0, &[]);
}
