//! Laws of settings.

use almanac_models::forecast::ROSTER;
use almanac_models::{SettingError, Univariate, entry};
use serde_json::{Map, Value};

use crate::subjects::all_obey;

/// Names are unique and spelt as a specification spells them; a slip of the finger finds its model.
#[test]
fn names_are_found() {
    for (place, line) in ROSTER.iter().enumerate() {
        let name = line.name;
        assert!(ROSTER[..place].iter().all(|other| other.name != name), "`{name}` occurs twice");
        let spelt = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(name.chars().all(spelt), "`{name}` is not in snake case");
        let slip = entry(&format!("{name}q")).err();
        assert_eq!(slip, Some(Some(name)), "`{name}q` does not suggest `{name}`");
        let about = line.about;
        assert!(about.len() > 10 && !about.ends_with('.'), "`{name}`: about is `{about}`");
    }
}

/// The table has one line for each serialised field, in words that help.
#[test]
fn the_table_is_the_settings() {
    all_obey("the table of settings is the settings", |subject| {
        let line = entry(subject.name).unwrap();
        let resolved = (line.resolve)(&Map::new()).map_err(|e| e.to_string())?;
        let mut fields: Vec<&str> = resolved.keys().map(String::as_str).collect();
        let rows = (line.settings)();
        let mut table: Vec<&str> = rows.iter().map(|row| row.name).collect();
        fields.sort_unstable();
        table.sort_unstable();
        if fields != table {
            return Err(format!("fields {fields:?}, table {table:?}"));
        }
        let poor = |text: &str| text.is_empty() || text.ends_with('.');
        let bad = rows.iter().find(|r| poor(r.range) || poor(r.meaning) || r.meaning.len() < 10);
        bad.map_or(Ok(()), |row| Err(format!("says too little, or ends in a full stop: {row:?}")))
    });
}

/// Settings with every default filled in build the same, and resolve to themselves.
#[test]
fn resolved_settings_are_settings() {
    all_obey("resolved settings resolve to themselves", |subject| {
        let line = entry(subject.name).unwrap();
        let once = (line.resolve)(&Map::new()).map_err(|e| e.to_string())?;
        let again = (line.resolve)(&once).map_err(|e| e.to_string())?;
        if once == again { Ok(()) } else { Err(format!("{once:?} became {again:?}")) }
    });
}

/// A letter too many is refused with the name as written and the name as meant.
#[test]
fn a_misspelt_setting_is_refused() {
    all_obey("a misspelt setting is refused by name", |subject| {
        let line = entry(subject.name).unwrap();
        let refused = |wrong: &str| -> Result<Option<String>, String> {
            let written = Map::from_iter([(wrong.to_string(), Value::from(1))]);
            match (line.build)(&written).map(|_: Box<dyn Univariate>| ()) {
                Err(SettingError::Unknown { name, nearest, .. }) if name == wrong => Ok(nearest),
                other => Err(format!("`{wrong}` gives {other:?}")),
            }
        };
        refused("no_such_thing")?;
        for row in (line.settings)() {
            let nearest = refused(&format!("{}x", row.name))?;
            if nearest.as_deref() != Some(row.name) {
                return Err(format!("`{}x` suggests {nearest:?}", row.name));
            }
        }
        Ok(())
    });
}

/// A value of another type is refused with the setting's name.
#[test]
fn a_value_of_another_type_is_refused() {
    all_obey("a setting of the wrong type is refused by name", |subject| {
        let line = entry(subject.name).unwrap();
        for row in (line.settings)() {
            let wrong = Value::from_iter([("what", Value::Null)]);
            let written = Map::from_iter([(row.name.to_string(), wrong)]);
            match (line.build)(&written).map(|_: Box<dyn Univariate>| ()) {
                Err(SettingError::Type { name, .. }) if name == row.name => {}
                Err(SettingError::Inner { .. } | SettingError::Range { .. }) => {}
                other => return Err(format!("an object for `{}` gives {other:?}", row.name)),
            }
        }
        Ok(())
    });
}
