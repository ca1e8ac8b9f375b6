//! Real files, against what their own descriptions count.

use almanac_data::{Code, Freq, Source};
use almanac_ingest::Read;

use super::data_root;

fn read(path: &str, settings: &str) -> Option<Read> {
    let mut source: Source = toml::from_str(settings).unwrap();
    source.path = vec![data_root()?.join(path).display().to_string()];
    Some(almanac_ingest::read(&source, None).unwrap())
}

/// Two to three years of four machines: 8,579 of 9,124 days are there.
#[test]
fn absent_days_of_cash_machines() {
    let Some(read) = read("atm/cub_atm_daily.parquet", "") else { return };
    assert_eq!(
        (read.panel.len(), read.files[0].rows, read.audit.count(Code::Gaps)),
        (4, 8_579, 545)
    );
}

/// 127, 127 and 121 hours without an exchange.
#[test]
fn absent_hours_of_an_exchange() {
    let Some(read) = read("finance/crypto_hourly.parquet", "") else { return };
    assert_eq!(
        (read.panel.calendar.freq, read.audit.count(Code::Gaps)),
        ("h".parse().unwrap(), 375)
    );
}

/// 75 bars from 09:15; one share lacks nine on the day of its demerger.
#[test]
fn five_minute_sessions() {
    let Some(read) = read("finance/nse_intraday_5min.parquet", "") else { return };
    let minute = 60_000_000;
    let freq = Freq::Sessions { every: 5 * minute, open: 555 * minute, close: 925 * minute };
    assert_eq!((read.panel.calendar.freq, read.panel.season), (freq, 75));
    assert_eq!(read.audit.count(Code::Gaps), 9);
}

/// Sessions on Saturdays and Sundays stay, and are counted.
#[test]
fn sessions_on_weekends() {
    let Some(read) = read("finance/nifty50_daily.parquet", "") else { return };
    assert_eq!(read.panel.calendar.freq, Freq::BusinessDays);
    assert_eq!((read.panel.rows(), read.audit.count(Code::OffGrid)), (5_226, 24));
}

/// The weeks of study P1: 522 to learn from, 83 to be judged on, whose opens have the mean that pandas
/// finds: weekdays of the file on `bdate_range`, filled forward.
#[test]
fn whole_weeks_of_the_index() {
    let settings = "target = \"open\"\nfrom = \"2008-12-29\"\nto = \"2020-07-31\"\nfreq = \"B\"\n\
                    tidy = { weeks = \"whole\", gaps = \"previous\" }";
    let Some(read) = read("finance/nifty50_daily.parquet", settings) else { return };
    let y = read.panel.series(0).y;
    assert_eq!(y.len(), 5 * (522 + 83));
    let mean = y[5 * 522..].iter().sum::<f64>() / 415.0;
    assert!((mean - 11_069.780_361_445_783).abs() < 1e-9, "{mean}");
}

/// A day of 24 hourly bars closes with its last: the same series as the daily file.
#[test]
fn hourly_bars_close_as_daily_bars() {
    let settings = "resample = { freq = \"D\", how = \"last\" }";
    let Some(hours) = read("finance/crypto_hourly.parquet", settings) else { return };
    let Some(days) = read("finance/crypto_daily.parquet", "") else { return };
    assert_eq!(super::shown(&hours), super::shown(&days));
}

/// Five- and fifteen-minute bars joined to three parts of a day, against pandas: `groupby` by symbol
/// and slot with first, max, min, last and sum. Of each column the first three values, the last, and
/// the sum of every value times its place from 1.
#[test]
fn bars_become_the_slots_of_another_program() {
    let Some(root) = data_root() else { return };
    let read = |set: &str| {
        let source = Source { set: Some(set.into()), ..Default::default() };
        almanac_ingest::read(&source, Some(&root)).unwrap()
    };
    let shares = read("nse_slots");
    assert_eq!((shares.panel.len(), shares.panel.rows(), shares.panel.season), (30, 22_110, 3));
    check(
        &shares,
        "TCS",
        &[
            [3314.3, 3283.1, 3285.0, 3912.5, 1038644001.95],
            [3318.8, 3290.0, 3294.25, 3936.9, 1043629563.15],
            [3280.05, 3280.2, 3268.75, 3897.85, 1033786792.05],
            [3283.05, 3284.8, 3274.0, 3906.75, 1038676394.5999999],
            [541472.0, 274006.0, 842978.0, 1297283.0, 208836645867.0],
        ],
    );
    check(
        &shares,
        "RELIANCE",
        &[
            [2438.35, 2448.3, 2476.1, 3123.9, 753216386.3000001],
            [2454.45, 2487.8, 2499.3, 3162.0, 756923287.2499999],
            [2435.75, 2448.3, 2475.15, 3121.95, 749546486.5],
            [2448.65, 2476.35, 2491.65, 3128.25, 753337588.95],
            [1343473.0, 2207092.0, 2256171.0, 5807040.0, 560602903637.0],
        ],
    );
    let one = read("reliance_slots");
    assert_eq!(one.panel.rows(), 6_620);
    check(
        &one,
        "RELIANCE",
        &[
            [532.0, 529.63, 530.0, 1531.0, 17462548212.14],
            [533.25, 531.23, 530.0, 1531.45, 17559965085.18],
            [529.0, 528.25, 526.3, 1508.05, 17361347411.2],
            [529.58, 530.0, 527.2, 1516.0, 17459313985.249996],
        ],
    );
}

#[track_caller]
fn check(read: &Read, id: &str, expected: &[[f64; 5]]) {
    let k = read.panel.iter().position(|series| series.id == id).unwrap();
    let before: usize = read.panel.iter().take(k).map(|series| series.y.len()).sum();
    let own = before..before + read.panel.series(k).y.len();
    let names: Vec<&str> = read.panel.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["high", "low", "close", "volume"][..expected.len() - 1]);
    let beside = read.panel.columns.iter().map(|column| &column.values[own.clone()]);
    for (values, want) in [read.panel.series(k).y].into_iter().chain(beside).zip(expected) {
        let ends = [values[0], values[1], values[2], values[values.len() - 1]];
        assert_eq!(ends, want[..4]);
        let sum: f64 = values.iter().enumerate().map(|(k, value)| value * (k + 1) as f64).sum();
        assert!((sum / want[4] - 1.0).abs() < 1e-12, "{sum} where {}", want[4]);
    }
}

/// 411 days on which a machine was empty or out of order, as its description counts.
#[test]
fn zeros_of_cash_machines() {
    let Some(read) =
        read("atm/nn5_daily.parquet", "target = \"y\"\ntidy = { zeros = \"missing\" }")
    else {
        return;
    };
    let fixes = read.tidied.fixes.iter().filter(|fix| fix.code == Code::Zeros);
    assert_eq!(
        fixes.map(|fix| (fix.how.as_str(), fix.rows)).collect::<Vec<_>>(),
        [("missing", 411)]
    );
}
