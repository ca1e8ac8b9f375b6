//! Cards: what a named set is, where it comes from, under which terms, and how to read it.
//!
//! A card is `data/sets/<name>/card.toml`. A set whose file lies beside its card is shipped inside
//! the program; any other is looked for under the data root, at the card's `file`.

use std::path::Path;

use almanac_data::{Source, nearest};
use serde::{Deserialize, Serialize};

use crate::error::ReadError;

/// What is known about a set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// Name by which a source asks for it.
    pub name: String,
    /// What it is, in one line.
    pub title: String,
    /// Unit, span, and what is peculiar.
    pub about: String,
    /// Where it comes from.
    pub origin: String,
    /// Terms under which it may be used.
    pub licence: String,
    /// The file: beside the card, or under the data root.
    pub file: String,
    /// SHA-256 of the file, in hexadecimal, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// How to read it; its `set` and `path` stay empty.
    pub source: Source,
}

/// A card as shipped: its text and, for the small sets, the bytes of its file.
pub(crate) struct Shipped {
    name: &'static str,
    card: &'static str,
    pub(crate) bytes: Option<&'static [u8]>,
}

macro_rules! shipped {
    ($name:literal) => {
        Shipped {
            name: $name,
            card: include_str!(concat!("../../data/sets/", $name, "/card.toml")),
            bytes: None,
        }
    };
    ($name:literal, $file:literal) => {
        Shipped {
            bytes: Some(include_bytes!(concat!("../../data/sets/", $name, "/", $file))),
            ..shipped!($name)
        }
    };
}

const SETS: &[Shipped] = &[
    shipped!("co2", "co2.csv"),
    shipped!("crypto_daily"),
    shipped!("crypto_hourly"),
    shipped!("cub_atm"),
    shipped!("djia_daily"),
    shipped!("elnino", "elnino.csv"),
    shipped!("hospital"),
    shipped!("household_power"),
    shipped!("m3"),
    shipped!("m4_daily_tails_400"),
    shipped!("m4_hourly"),
    shipped!("m4_weekly"),
    shipped!("m4_yearly_1500"),
    shipped!("matr"),
    shipped!("nifty50_daily"),
    shipped!("nifty50_stocks_daily_panel"),
    shipped!("nile", "nile.csv"),
    shipped!("nn5_daily"),
    shipped!("nse_intraday_5min"),
    shipped!("nse_slots"),
    shipped!("quarters", "quarters.csv"),
    shipped!("reliance_15min"),
    shipped!("reliance_slots"),
    shipped!("sp500_daily_panel"),
    shipped!("stocknet_prices_daily"),
    shipped!("sunspots", "sunspots.csv"),
    shipped!("tourism"),
    shipped!("us_macro", "us_macro.csv"),
];

/// Every card, in the order of names.
///
/// # Errors
/// A card that cannot be read.
pub fn all() -> Result<Vec<Card>, ReadError> {
    SETS.iter().map(Shipped::read).collect()
}

/// The card of a set.
///
/// # Errors
/// A name without a card, with the nearest name that has one.
pub fn find(name: &str) -> Result<Card, ReadError> {
    lookup(name)?.read()
}

/// Whether the set's files can be read here.
pub fn is_here(card: &Card, data_root: Option<&Path>) -> bool {
    let shipped = lookup(&card.name).is_ok_and(|set| set.bytes.is_some());
    let joined = card.source.join.iter().map(|file| &file.path);
    let curves = card.source.curves.iter().map(|file| &file.path);
    let mut files = [&card.file].into_iter().chain(joined).chain(curves);
    shipped || data_root.is_some_and(|root| files.all(|file| root.join(file).is_file()))
}

pub(crate) fn lookup(name: &str) -> Result<&'static Shipped, ReadError> {
    SETS.iter().find(|set| set.name == name).ok_or_else(|| ReadError::UnknownSet {
        name: name.into(),
        nearest: nearest(name, SETS.iter().map(|set| set.name)).map(String::from),
    })
}

impl Shipped {
    pub(crate) fn read(&self) -> Result<Card, ReadError> {
        toml::from_str(self.card)
            .map_err(|e| ReadError::BadCard { name: self.name.into(), reason: e.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each card carries the name it is found by, and the names are in order.
    #[test]
    fn cards_are_named_and_sorted() {
        let names: Vec<String> = all().unwrap().into_iter().map(|card| card.name).collect();
        assert_eq!(names, SETS.iter().map(|set| set.name).collect::<Vec<_>>());
        assert!(names.is_sorted());
    }

    #[test]
    fn a_slip_finds_its_set() {
        let refused = find("sunspot").unwrap_err();
        assert_eq!(refused.hint().unwrap(), "did you mean `sunspots`?");
    }
}
