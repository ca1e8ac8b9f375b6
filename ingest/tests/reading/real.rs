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

/// A day of 24 hourly bars closes with its last: the same series as the daily file.
#[test]
fn hourly_bars_close_as_daily_bars() {
    let settings = "resample = { freq = \"D\", how = \"last\" }";
    let Some(hours) = read("finance/crypto_hourly.parquet", settings) else { return };
    let Some(days) = read("finance/crypto_daily.parquet", "") else { return };
    assert_eq!(super::shown(&hours), super::shown(&days));
}
