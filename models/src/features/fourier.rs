//! Fourier terms: sines and cosines of the season.
//!
//! ```text
//! sin(2π·k·t/P), cos(2π·k·t/P)      k = 1 … pairs      P the season, or given periods in rows
//! ```
//!
//! t counts from a fixed date where rows are evenly spaced, so that series of different starts
//! agree; elsewhere (business days, sessions) from the first row. The sine at k = P/2 is always 0.
//! Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., §7.4.

use std::f64::consts::TAU;

use almanac_data::Freq;
use chrono::Datelike;
use serde::Deserialize;

use super::{Feature, Form, Or, Seen};

/// Pairs beyond it are no season's.
const MOST: usize = 1000;

/// Pairs of terms for each period.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Or<usize, Table>")]
pub struct Fourier(Table);

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    pairs: usize,
    #[serde(default)]
    periods: Vec<f64>,
}

impl From<Or<usize, Table>> for Fourier {
    fn from(written: Or<usize, Table>) -> Fourier {
        match written {
            Or::Short(pairs) => Fourier(Table { pairs, periods: Vec::new() }),
            Or::Table(table) => Fourier(table),
        }
    }
}

impl Form for Fourier {
    fn check(&self) -> Result<(), String> {
        match (1..=MOST).contains(&self.0.pairs)
            && self.0.periods.iter().all(|&p| p > 1.0 && p.is_finite())
        {
            true => Ok(()),
            false => Err("needs 1 to 1000 pairs, and periods over 1 row".into()),
        }
    }
}

impl Feature for Fourier {
    fn names(&self, season: usize) -> Vec<String> {
        let usual = [season as f64];
        let periods = if self.0.periods.is_empty() { &usual[..] } else { &self.0.periods };
        let name = |period: &f64, k, wave| format!("{wave}_{k}_of_{period}");
        let pair = |period, k| ["sin", "cos"].map(|wave| name(period, k, wave));
        periods.iter().flat_map(|p| (1..=self.0.pairs).flat_map(move |k| pair(p, k))).collect()
    }

    fn at(&self, seen: &Seen<'_>, out: &mut Vec<f64>) {
        let row = place(seen);
        let usual = [seen.season() as f64];
        let periods = if self.0.periods.is_empty() { &usual[..] } else { &self.0.periods };
        for period in periods {
            let turn = TAU * (row.rem_euclid(*period) / period);
            for k in 1..=self.0.pairs {
                let (sin, cos) = (turn * k as f64).sin_cos();
                out.extend([sin, cos]);
            }
        }
    }
}

/// The row asked, counted so that equal stamps have equal places where rows are evenly spaced.
fn place(seen: &Seen<'_>) -> f64 {
    let calendar = seen.calendar();
    let local = calendar.clock.local(seen.when);
    let stamp = local.map_or(seen.when.0, |local| local.and_utc().timestamp_micros()) as f64;
    match (calendar.freq, local) {
        (Freq::Steps(each) | Freq::Micros(each), _) => stamp / each as f64,
        (Freq::Days(days), _) => stamp / (86_400e6 * days as f64),
        (Freq::Months { count, .. }, Some(local)) => {
            (f64::from(local.year()) * 12.0 + f64::from(local.month0())) / count as f64
        }
        _ => seen.asked() as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::tests::{plain, values};

    /// With season 4, plain step 5 is a quarter turn past 0 again: sin 1, cos 0; twice it, 0 and −1.
    #[test]
    fn fourier_by_hand() {
        let fourier: Fourier = serde_json::from_str("2").unwrap();
        let got = values(&fourier, &plain(&[0.0; 4], 4), 4, 1);
        for (got, want) in got.iter().zip([1.0, 0.0, 0.0, -1.0]) {
            assert!((got - want).abs() < 1e-12, "{got} {want}");
        }
        assert_eq!(fourier.names(4)[3], "cos_2_of_4");
    }
}
