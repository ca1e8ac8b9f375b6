//! What stands in a path, and after its question mark.

use almanac_data::Source;
use axum::extract::FromRequestParts;
use axum::http::Uri;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use toml::Value;

use super::{Answer, Problem};
use crate::{Error, Override, from_text, scalar};

/// The names in a path, decoded; problem details where they are no text.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Path<T>, Problem> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|path| Path(path.0)).map_err(|e| Problem::bad(e.body_text()))
    }
}

/// Names and values, decoded, in the order in which they stand.
fn pairs(uri: &Uri) -> Answer<Vec<(String, String)>> {
    read(uri)
}

/// What a route takes from its query.
pub fn read<T: DeserializeOwned>(uri: &Uri) -> Answer<T> {
    let read = axum::extract::Query::<T>::try_from_uri(uri);
    read.map(|query| query.0).map_err(|e| Problem::bad(e.body_text()))
}

/// Settings by dotted names: a name said several times, or a value with commas in a list's place, is a list.
fn settings<T: DeserializeOwned>(pairs: Vec<(String, String)>, lists: &[&str]) -> Answer<T> {
    let mut all: Vec<Override> = Vec::new();
    for (name, text) in pairs {
        let value =
            |text: &str| if lists.contains(&name.as_str()) { text.into() } else { scalar(text) };
        let mut values: Vec<Value> = match lists.contains(&name.as_str()) {
            true => text.split(',').filter(|part| !part.is_empty()).map(value).collect(),
            false => vec![value(&text)],
        };
        match all.iter_mut().find(|one| one.path == name) {
            Some(one) => match &mut one.value {
                Value::Array(list) => list.append(&mut values),
                _ => return Err(Problem::bad(format!("`{name}` is said twice"))),
            },
            None if lists.contains(&name.as_str()) => all.push(Override::new(name, values)),
            None => all.extend(values.pop().map(|value| Override::new(name, value))),
        }
    }
    from_text("query".as_ref(), "", &all).map_err(|error| {
        let problem = Problem::bad(error.to_string());
        match error.hint() {
            Some(hint) => problem.hint(hint),
            None => problem,
        }
    })
}

/// How the rows of a body are to be read, and whether rows that disagree are replaced.
pub fn source(uri: &Uri) -> Answer<(Source, bool)> {
    let pairs = pairs(uri)?;
    let (own, fields): (Vec<_>, Vec<_>) =
        pairs.into_iter().partition(|(name, _)| name == "conflicts");
    let replace = match own.first().map(|(_, value)| value.as_str()) {
        None | Some("refuse") => false,
        Some("replace") => true,
        Some(other) => {
            return Err(Problem::bad(format!("`conflicts` is refuse or replace, not `{other}`")));
        }
    };
    let texts = ["id", "time", "target", "freq", "zone", "date_format", "encoding", "from", "to"];
    let lists = ["known", "past", "open", "close", "static"];
    // A column may be called `2024`: names are text whatever they look like.
    let source = settings(quoted(fields, &texts), &lists)?;
    inside(&source)?;
    Ok((source, replace))
}

fn quoted(pairs: Vec<(String, String)>, texts: &[&str]) -> Vec<(String, String)> {
    let quote = |(name, value): (String, String)| match texts.contains(&name.as_str()) {
        true => (name, Value::String(value).to_string()),
        false => (name, value),
    };
    pairs.into_iter().map(quote).collect()
}

/// Refuses a source that names files of this machine.
pub fn inside(source: &Source) -> Answer<()> {
    let names = [
        ("path", !source.path.is_empty()),
        ("join", !source.join.is_empty()),
        ("curves", source.curves.is_some()),
    ];
    match names.iter().find(|(_, said)| *said) {
        None => Ok(()),
        Some((name, _)) => {
            let error = Error::mistake(
                format!("`{name}` names files of the server, which are not read on request"),
                "upload a set, and name it".to_string(),
            );
            Err(error.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(query: &str) -> Answer<(Source, bool)> {
        source(&format!("/x?{query}").parse().unwrap())
    }

    /// Lists by commas or by repetition, dots into tables, names of columns as they are.
    #[test]
    fn sources() {
        let (source, replace) =
            of("id=2024&known=a,b&known=c&tidy.gaps=zero&season=7&conflicts=replace").unwrap();
        assert_eq!(source.id.as_deref(), Some("2024"));
        assert_eq!((source.known.len(), source.season, replace), (3, Some(7), true));
    }

    /// A stranger is named with its neighbour; files of the server are not read.
    #[test]
    fn refusals() {
        assert_eq!(of("tagret=x").unwrap_err().answer("").status().as_u16(), 400);
        assert_eq!(of("path=/etc/passwd").unwrap_err().status.as_u16(), 422);
        assert_eq!(of("id=a&id=b").unwrap_err().status.as_u16(), 400);
        assert_eq!(of("conflicts=maybe").unwrap_err().status.as_u16(), 400);
    }
}
