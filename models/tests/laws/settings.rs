//! Laws of settings, over the rosters of forecasters, networks, regressors and classifiers.

use almanac_models::{
    Entry, SettingError, SettingRow, Written, classify, find, forecast, nets, regress,
};
use serde_json::{Map, Value};

use crate::verdict::{Named, hold};

type Verdict = Result<(), SettingError>;
type Suggests = dyn Fn(&str) -> Option<&'static str>;

/// One line of a roster, whatever it builds.
struct Line {
    name: &'static str,
    about: &'static str,
    rows: Vec<SettingRow>,
    resolve: fn(&Written) -> Result<Written, SettingError>,
    build: Box<dyn Fn(&Written) -> Verdict>,
    suggests: Box<Suggests>,
}

impl Named for Line {
    fn label(&self) -> &str {
        self.name
    }
}

fn lines_of<M: ?Sized>(roster: &'static [Entry<M>]) -> impl Iterator<Item = Line> {
    roster.iter().map(move |entry| Line {
        name: entry.name,
        about: entry.about,
        rows: (entry.settings)(),
        resolve: entry.resolve,
        build: Box::new(|written| (entry.build)(written).map(|_| ())),
        suggests: Box::new(|name| find(roster, name).err().flatten()),
    })
}

fn lines() -> Vec<Line> {
    let forecasters = lines_of(forecast::ROSTER);
    let learners = lines_of(regress::ROSTER).chain(lines_of(classify::ROSTER));
    forecasters.chain(lines_of(nets::ROSTER)).chain(learners).collect()
}

/// Names are unique in their roster and spelt as a specification spells them; a slip of the finger
/// finds its model.
#[test]
fn names_are_found() {
    hold("names are found", &lines(), |line| {
        let Line { name, about, .. } = line;
        let spelt = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !name.chars().all(spelt) {
            return Err("not in snake case".into());
        }
        let slip = (line.suggests)(&format!("{name}q"));
        if slip != Some(name) {
            return Err(format!("`{name}q` suggests {slip:?}"));
        }
        let poor = about.len() <= 10 || about.ends_with('.');
        if poor { Err(format!("about is `{about}`")) } else { Ok(()) }
    });
}

/// No roster has two lines of one name.
#[test]
fn names_are_unique() {
    fn unique<M: ?Sized>(roster: &[Entry<M>]) {
        for (place, line) in roster.iter().enumerate() {
            let twice = roster[..place].iter().any(|other| other.name == line.name);
            assert!(!twice, "`{}` occurs twice", line.name);
        }
    }
    unique(forecast::ROSTER);
    unique(nets::ROSTER);
    unique(regress::ROSTER);
    unique(classify::ROSTER);
}

/// The table has one line for each serialised field, in words that help.
#[test]
fn the_table_is_the_settings() {
    hold("the table of settings is the settings", &lines(), |line| {
        let resolved = (line.resolve)(&Map::new()).map_err(|e| e.to_string())?;
        let mut fields: Vec<&str> = resolved.keys().map(String::as_str).collect();
        let mut table: Vec<&str> = line.rows.iter().map(|row| row.name).collect();
        fields.sort_unstable();
        table.sort_unstable();
        if fields != table {
            return Err(format!("fields {fields:?}, table {table:?}"));
        }
        let poor = |text: &str| text.is_empty() || text.ends_with('.');
        let bad =
            line.rows.iter().find(|r| poor(r.range) || poor(r.meaning) || r.meaning.len() < 10);
        bad.map_or(Ok(()), |row| Err(format!("says too little, or ends in a full stop: {row:?}")))
    });
}

/// Settings with every default filled in build the same, and resolve to themselves.
#[test]
fn resolved_settings_are_settings() {
    hold("resolved settings resolve to themselves", &lines(), |line| {
        (line.build)(&Map::new()).map_err(|e| format!("empty settings: {e}"))?;
        let once = (line.resolve)(&Map::new()).map_err(|e| e.to_string())?;
        let again = (line.resolve)(&once).map_err(|e| e.to_string())?;
        (line.build)(&once).map_err(|e| format!("resolved settings: {e}"))?;
        if once == again { Ok(()) } else { Err(format!("{once:?} became {again:?}")) }
    });
}

/// A letter too many is refused with the name as written and the name as meant.
#[test]
fn a_misspelt_setting_is_refused() {
    hold("a misspelt setting is refused by name", &lines(), |line| {
        let refused = |wrong: &str| -> Result<Option<String>, String> {
            let written = Map::from_iter([(wrong.to_string(), Value::from(1))]);
            match (line.build)(&written) {
                Err(SettingError::Unknown { name, nearest, .. }) if name == wrong => Ok(nearest),
                other => Err(format!("`{wrong}` gives {other:?}")),
            }
        };
        refused("no_such_thing")?;
        for row in &line.rows {
            let nearest = refused(&format!("{}x", row.name))?;
            if nearest.as_deref() != Some(row.name) {
                return Err(format!("`{}x` suggests {nearest:?}", row.name));
            }
            for inner in &row.inside {
                let wrong = format!("{}x", inner.name);
                let table = Map::from_iter([(wrong.clone(), Value::from(1))]).into();
                let written = Map::from_iter([(row.name.to_string(), table)]);
                let near = Some(inner.name.to_string());
                match (line.build)(&written) {
                    Err(SettingError::Unknown { name, nearest, .. })
                        if name == format!("{}.{wrong}", row.name) && nearest == near => {}
                    other => return Err(format!("`{}.{wrong}` gives {other:?}", row.name)),
                }
            }
        }
        Ok(())
    });
}

/// A value of another type is refused with the setting's name.
#[test]
fn a_value_of_another_type_is_refused() {
    hold("a setting of the wrong type is refused by name", &lines(), |line| {
        for row in &line.rows {
            let wrong = match row.inside.is_empty() {
                true => Value::from_iter([("what", Value::Null)]),
                false => Value::from("what"),
            };
            let written = Map::from_iter([(row.name.to_string(), wrong)]);
            match (line.build)(&written) {
                Err(SettingError::Type { name, .. }) if name == row.name => {}
                Err(SettingError::Inner { .. } | SettingError::Range { .. }) => {}
                other => return Err(format!("an object for `{}` gives {other:?}", row.name)),
            }
        }
        Ok(())
    });
}
