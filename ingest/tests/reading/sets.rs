//! Named sets: what a card promises is what the shipped file is.

use almanac_data::Source;
use almanac_ingest::{ReadError, cards};

use super::data_root;

fn set(name: &str) -> Source {
    Source { set: Some(name.into()), ..Default::default() }
}

#[test]
fn every_shipped_set_reads_as_its_card_says() {
    let mut shipped = 0;
    for card in cards::all().unwrap().iter().filter(|card| cards::is_here(card, None)) {
        let read = almanac_ingest::read(&set(&card.name), None).unwrap();
        assert_eq!(Some(&read.files[0].sha256), card.sha256.as_ref(), "{}", card.name);
        let freq = card.source.freq.as_deref().unwrap();
        assert_eq!(read.panel.calendar.freq.to_string(), freq, "{}", card.name);
        assert_eq!(read.panel.name, card.name);
        shipped += 1;
    }
    assert!(shipped >= 6);
}

/// What the frequency would be found to be is what the card states.
#[test]
fn found_frequencies_are_the_stated_ones() {
    for card in cards::all().unwrap().iter().filter(|card| cards::is_here(card, None)) {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/sets");
        let path = format!("{file}/{}/{}", card.name, card.file);
        let read = almanac_ingest::read(&Source { path: vec![path], ..Default::default() }, None);
        let found = read.unwrap().panel.calendar.freq.to_string();
        assert_eq!(Some(&found), card.source.freq.as_ref(), "{}", card.name);
    }
}

#[test]
fn an_absent_set_says_what_it_is_and_where_to_put_it() {
    let refused = almanac_ingest::read(&set("nn5_daily"), Some("/nowhere".as_ref())).unwrap_err();
    assert!(matches!(&refused, ReadError::SetAbsent { name, .. } if name == "nn5_daily"));
    assert!(
        refused.to_string().contains("111 machines in England, from NN5 forecasting competition")
    );
    assert_eq!(refused.hint().unwrap(), "put its file at /nowhere/atm/nn5_daily.parquet");
}

/// What the user says wins over the card.
#[test]
fn settings_override_the_card() {
    let read = almanac_ingest::read(&Source { season: Some(11), ..set("sunspots") }, None).unwrap();
    assert_eq!(read.panel.season, 11);
}

#[test]
fn every_card_of_real_data_reads() {
    let Some(root) = data_root() else { return };
    for card in cards::all().unwrap().iter().filter(|card| cards::is_here(card, Some(&root))) {
        let (source, root) = (set(&card.name), Some(root.as_path()));
        let audit = match card.source.of_table() {
            Some(_) => almanac_ingest::read_table(&source, root).map(|read| read.audit),
            None => almanac_ingest::read(&source, root).map(|read| read.audit),
        };
        let audit = audit.unwrap_or_else(|e| panic!("{}: {e}", card.name));
        let said = audit.reading.iter().any(|said| said.contains("not the file"));
        assert!(!said && card.sha256.is_some(), "{}: {:?}", card.name, audit.reading);
    }
}
