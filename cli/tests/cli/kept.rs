//! Models fitted to a file and asked from it.

use crate::{Desk, sales};

const FIT: &str = "fit --data sales.csv --horizon 3 --out sales.model";

/// Fitted, kept and asked, a model says to the byte what `forecast` says; its card tells what it is.
#[test]
fn a_kept_model_forecasts() {
    let desk = Desk::new();
    for model in [
        "auto_ets",
        "linear --set lift.scope=panel",
        "dlinear:train.epochs=2 --set lift.scope=panel",
    ] {
        let card = desk.json(&format!("{FIT} --model {model} --json"));
        assert_eq!((card["task"].as_str(), card["horizon"].as_u64()), (Some("forecast"), Some(3)));
        let data = &card["data"];
        assert_eq!((data["series"].as_u64(), data["rows"].as_u64()), (Some(3), Some(144)));
        assert_eq!(
            (data["frequency"].as_str(), data["last"].as_str()),
            (Some("MS"), Some("2018-12-01"))
        );
        assert_eq!(data["sha256"][0].as_str().map(str::len), Some(64));
        let said = desk.done("predict --model sales.model").out;
        let now = desk.done(&format!("forecast --data sales.csv --horizon 3 --model {model}")).out;
        assert_eq!(said, now, "{model}");
    }
    let said = desk.done("predict --model sales.model --horizon 2 --level 90 --json");
    let rows: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((rows.as_array().unwrap().len(), rows[0]["lo-90"].is_number()), (6, true));
}

/// Rows that came since the fit are moved over; a series that was not there has the baseline's forecast
/// and the reason, and `--strict` says so with its exit code.
#[test]
fn a_kept_model_sees_later_rows() {
    let desk = Desk::new();
    desk.done(&format!("{FIT} --model ses"));
    let later = sales(52).replace("west", "east");
    desk.write("later.csv", &later);
    let said =
        desk.done("predict --model sales.model --data later.csv --horizon 1 --out later.json");
    assert!(
        said.err.contains("`ses` on series `east`") && said.err.contains("fit again"),
        "{}",
        said.err
    );
    let rows: serde_json::Value = serde_json::from_slice(&desk.bytes("later.json")).unwrap();
    assert_eq!((rows.as_array().unwrap().len(), rows[1]["ds"].as_str()), (3, Some("2019-05-01")));
    assert_eq!(desk.run("predict --model sales.model --data later.csv --strict").code, 3);
}

/// Chances of a rise are kept like forecasts.
#[test]
fn directions_are_kept() {
    let desk = Desk::new();
    let ask = "--set task=direction --set features.lags=[3,4]";
    desk.done(&format!("{FIT} --model logistic {ask}"));
    let said = desk.done("predict --model sales.model");
    assert_eq!(
        said.out,
        desk.done(&format!("forecast --data sales.csv --horizon 3 --model logistic {ask}")).out
    );
}

/// A model of rows answers rows without a target, by the names of their columns.
#[test]
fn rows_are_asked_without_a_target() {
    let desk = Desk::new();
    let row = |n: usize| format!("c{n},{n},{},{}\n", n * n % 7, 2 * n + 3 * (n * n % 7));
    desk.write("cells.csv", format!("cell,x,z,life\n{}", (0..30).map(row).collect::<String>()));
    let fit = "fit --data cells.csv --id cell --target life --set task=regress --model linear --out m.model";
    assert_eq!(desk.json(&format!("{fit} --json"))["data"]["rows"], 30);
    desk.write("new.csv", "z,cell,x\n2,n1,10\n0,n2,1\n");
    let said = desk.done("predict --model m.model --data new.csv");
    let mut lines = said.out.lines().map(|line| line.split(',').collect::<Vec<_>>());
    assert_eq!(lines.next().unwrap(), ["row", "life"]);
    for (line, (row, value)) in lines.zip([("n1", 26.0), ("n2", 2.0)]) {
        assert_eq!(line[0], row);
        assert!((line[1].parse::<f64>().unwrap() - value).abs() < 1e-9, "{line:?}");
    }
    desk.write("less.csv", "cell,x\nn1,10\n");
    let cases = [
        ("--data less.csv", "no column `z`"),
        ("--data new.csv --horizon 2", "--horizon means nothing to a model of rows"),
    ];
    for (words, says) in cases {
        let said = desk.run(&format!("predict --model m.model {words}"));
        assert!(said.code == 2 && said.err.contains(says), "{words}: {}", said.err);
    }
}

/// What people get wrong, and what disks do, is told by name.
#[test]
fn mistakes() {
    let desk = Desk::new();
    desk.done(&format!("{FIT} --model auto_theta"));
    desk.done("fit --data sales.csv --horizon 3 --model ridge --set lift.strategy=multi --out multi.model");
    let whole = desk.bytes("sales.model");
    desk.write("short.model", &whole[..whole.len() - 9]);
    let mut altered = whole.clone();
    altered[whole.len() / 2] ^= 1;
    desk.write("altered.model", altered);
    let daily: String = (1..=28).map(|day| format!("north,2020-01-{day:02},{day}\n")).collect();
    desk.write("daily.csv", format!("unique_id,ds,y\n{daily}"));
    let promo = |line: &str| match line.starts_with("unique") {
        true => format!("{line},promo\n"),
        false => format!("{line},0\n"),
    };
    desk.write("promo.csv", sales(48).lines().map(promo).collect::<String>());
    desk.done("fit --data promo.csv --known promo --horizon 3 --model sarimax --out promo.model");
    let cases = [
        ("predict --model none.model", 2, "cannot read none.model"),
        ("predict --model sales.csv", 2, "sales.csv: the kept model is no kept model"),
        ("predict --model short.model", 2, "short.model: the kept model is cut short or altered"),
        (
            "predict --model altered.model",
            2,
            "altered.model: the kept model is cut short or altered",
        ),
        (
            "predict --model sales.model --data daily.csv",
            2,
            "learnt of frequency MS; this data has D",
        ),
        ("predict --model multi.model --horizon 4", 2, "was fitted for 3 steps, not 4"),
        ("predict --model promo.model", 2, "column `promo` is not known at 2019-01-01"),
        ("predict --model promo.model --data sales.csv", 2, "promo"),
        (
            "fit --data sales.csv --model ses --model naive --horizon 3 --out two.model",
            2,
            "one model is kept",
        ),
        ("fit --model ses --horizon 3 --out x.model", 2, "no data"),
        ("fit --data sales.csv --horizon 3 --out x.model", 2, "no model"),
        ("fit --data sales.csv --model ses --out x.model", 2, "no horizon"),
        ("fit --data sales.csv --model see --horizon 3 --out x.model", 2, "did you mean `ses`?"),
        ("fit --data sales.csv --model ses --horizon 3 --out nowhere/x.model", 1, "nowhere"),
    ];
    for (words, code, says) in cases {
        let said = desk.run(words);
        assert!(
            said.code == code && said.err.contains(says),
            "{words}: {} {}",
            said.code,
            said.err
        );
    }
}
