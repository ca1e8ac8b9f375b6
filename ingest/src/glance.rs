//! A first look: the columns of a file as they lie in it, and what each would be taken for.

use almanac_data::{Layout, Role, Source};

use crate::error::ReadError;
use crate::given::Given;
use crate::input;
use crate::names::{Heading, Roles};
use crate::readers::{self, Wanted};

/// Cells of a column that are shown.
const SHOWN: usize = 4;

/// A column of a file that has not been read yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Glimpse {
    /// Its name.
    pub name: String,
    /// What it is taken for: `id`, `time`, `target`, the role that was said; none where it is left out
    /// or nothing could be found.
    pub role: Option<&'static str>,
    /// Its first cells, as text.
    pub cells: Vec<String>,
}

/// Looks at the first rows only. Where a panel would have to be told which column is what, the first
/// that may be it is proposed: somebody is asked before anything is kept.
///
/// # Errors
/// A file that is empty or cannot be read at all.
pub fn glance(source: &Source, given: &Given) -> Result<Vec<Glimpse>, ReadError> {
    let (source, input) = input::given(source, given);
    let (mut reader, _) = readers::open(&input, &source)?;
    let head = reader.next(&Wanted::default())?;
    let head = head.ok_or_else(|| ReadError::Empty { path: input.name.clone() })?;
    let heading = Heading::new(&head, &input.name);
    let as_target = |name: &String| {
        let source = Source { target: Some(name.clone()), ..source.clone() };
        Roles::find(&source, &head, &input.name).ok()
    };
    let mut roles = Roles::find(&source, &head, &input.name).ok();
    let mut numbers = heading.names.iter().filter(|name| heading.is_number(name));
    roles = roles.or_else(|| numbers.find_map(as_target));
    if let Some(roles) = roles.as_mut().filter(|roles| roles.id.is_none()) {
        let mut words = roles.undeclared.iter().filter(|name| !heading.is_number(name));
        roles.id = words.next().cloned();
    }
    let role = |name: &String| {
        let roles = roles.as_ref()?;
        match name {
            name if roles.id.as_ref() == Some(name) => Some("id"),
            name if roles.time == *name => Some("time"),
            name if roles.targets.contains(name) && roles.layout == Layout::Long => Some("target"),
            name => roles.columns.iter().find(|(own, _)| own == name).map(|(_, role)| word(*role)),
        }
    };
    let names = heading.names.clone();
    let glimpse = |name: String| {
        let column = head.column(&name).map_err(|e| input.malformed(e))?;
        let cells = column.as_materialized_series().head(Some(SHOWN));
        let cells = cells.iter().map(|cell| cell.str_value().into_owned()).collect();
        Ok(Glimpse { role: role(&name), name, cells })
    };
    names.into_iter().map(glimpse).collect()
}

fn word(role: Role) -> &'static str {
    match role {
        Role::Static => "static",
        Role::Known => "known",
        Role::Past => "past",
        Role::Open => "open",
        Role::Close => "close",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::given::{Cells, From};

    /// What was said holds; what nobody said is proposed; cells are as they were written.
    #[test]
    fn a_look() {
        let words = |all: [&str; 2]| Cells::Words(all.map(|word| Some(word.to_string())).to_vec());
        let columns = vec![
            ("shop".to_string(), words(["a", "a"])),
            ("date".to_string(), words(["2024-01-01", "2024-01-02"])),
            ("sales".to_string(), Cells::Numbers(vec![1.0, 2.5])),
            ("holiday".to_string(), Cells::Numbers(vec![0.0, 1.0])),
        ];
        let from = From::Columns(Arc::new(columns));
        let given = Given { name: "rows".into(), source: Source::default(), from, most: None };
        let target = Some("sales".to_string());
        let said = Source { target, known: vec!["holiday".into()], ..Source::default() };
        let found = glance(&said, &given).unwrap();
        let roles: Vec<_> = found.iter().map(|one| (one.name.as_str(), one.role)).collect();
        assert_eq!(
            roles[1..],
            [("date", Some("time")), ("sales", Some("target")), ("holiday", Some("known"))]
        );
        assert_eq!(found[1].cells, ["2024-01-01", "2024-01-02"]);
        let proposed: Vec<_> =
            glance(&Source::default(), &given).unwrap().iter().map(|one| one.role).collect();
        assert_eq!(proposed, [Some("id"), Some("time"), Some("target"), None]);
    }
}
