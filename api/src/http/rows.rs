//! Rows in JSON: records or columns, read straight into cells.
//!
//! ```text
//! records   [{"unique_id": "a", "ds": "2024-01-01", "y": 1.5}, …]
//! columns   {"unique_id": ["a", …], "ds": ["2024-01-01", …], "y": [1.5, …]}
//! ```

use std::borrow::Cow;
use std::fmt;

use almanac_ingest::Cells;
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, ObjectBuilder, OneOfBuilder, Schema, SchemaType, Type,
};
use utoipa::{PartialSchema, ToSchema};

/// Columns a body may have.
const MOST_COLUMNS: usize = 1000;

/// Named columns of one length.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rows(pub Vec<(String, Cells)>);

impl Rows {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self.0.first() {
            None => 0,
            Some((_, Cells::Words(words))) => words.len(),
            Some((_, Cells::Numbers(numbers))) => numbers.len(),
        }
    }

    /// Adds the rows of another; columns that one of them lacks are empty there.
    pub fn join(self, other: Rows) -> Rows {
        let (first, second) = (self.len(), other.len());
        let mut table = Table::default();
        for (rows, start) in [(self, 0), (other, first)] {
            for (name, cells) in rows.0 {
                let column = table.column(Cow::Owned(name));
                match cells {
                    Cells::Words(words) => words.into_iter().enumerate().for_each(|(k, word)| {
                        column.put(start + k, word.map_or(Cell::None, Cell::Word));
                    }),
                    Cells::Numbers(all) => all.into_iter().enumerate().for_each(|(k, number)| {
                        column.put(start + k, Cell::Number(number));
                    }),
                }
            }
        }
        table.height = first + second;
        table.finish()
    }
}

/// A value of a row.
enum Cell {
    None,
    Number(f64),
    Word(String),
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Cell, D::Error> {
        struct Flat;
        impl Visitor<'_> for Flat {
            type Value = Cell;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, text, true, false or null")
            }

            fn visit_f64<E>(self, value: f64) -> Result<Cell, E> {
                Ok(Cell::Number(value))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Cell, E> {
                Ok(whole(value as f64, || value.to_string()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Cell, E> {
                Ok(whole(value as f64, || value.to_string()))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Cell, E> {
                Ok(Cell::Number(f64::from(u8::from(value))))
            }

            fn visit_str<E>(self, value: &str) -> Result<Cell, E> {
                Ok(Cell::Word(value.into()))
            }

            fn visit_unit<E>(self) -> Result<Cell, E> {
                Ok(Cell::None)
            }
        }
        from.deserialize_any(Flat)
    }
}

/// A whole number, as text where a float would lose its end.
fn whole(value: f64, text: impl Fn() -> String) -> Cell {
    if value.abs() < 9e15 { Cell::Number(value) } else { Cell::Word(text()) }
}

/// Columns that grow.
#[derive(Default)]
struct Table {
    columns: Vec<Growing>,
    height: usize,
    /// Where the last key was found: rows mostly have their keys in one order.
    last: usize,
}

struct Growing {
    name: String,
    numbers: Vec<f64>,
    /// Once a word has come.
    words: Option<Vec<Option<String>>>,
}

impl Table {
    fn column(&mut self, name: Cow<'_, str>) -> &mut Growing {
        let count = self.columns.len();
        let near = (0..count).map(|k| (self.last + 1 + k) % count);
        let found = near.into_iter().find(|&k| self.columns[k].name == name);
        let place = found.unwrap_or_else(|| {
            let name = name.into_owned();
            self.columns.push(Growing { name, numbers: Vec::new(), words: None });
            count
        });
        self.last = place;
        &mut self.columns[place]
    }

    fn finish(self) -> Rows {
        let height = self.height;
        let finish = |mut column: Growing| {
            column.fill(height);
            let cells = match column.words {
                Some(words) => Cells::Words(words),
                None => Cells::Numbers(column.numbers),
            };
            (column.name, cells)
        };
        Rows(self.columns.into_iter().map(finish).collect())
    }
}

impl Growing {
    fn fill(&mut self, height: usize) {
        match &mut self.words {
            Some(words) => words.resize(height, None),
            None => self.numbers.resize(height, f64::NAN),
        }
    }

    fn put(&mut self, row: usize, cell: Cell) {
        self.fill(row);
        if let (Cell::Word(_), None) = (&cell, &self.words) {
            let text = |number: &f64| (!number.is_nan()).then(|| number.to_string());
            self.words = Some(self.numbers.iter().map(text).collect());
        }
        match (&mut self.words, cell) {
            (Some(words), Cell::Word(word)) => words.push(Some(word)),
            (Some(words), Cell::Number(number)) => words.push(Some(number.to_string())),
            (Some(words), Cell::None) => words.push(None),
            (None, Cell::Number(number)) => self.numbers.push(number),
            (None, _) => self.numbers.push(f64::NAN),
        }
    }
}

impl<'de> Deserialize<'de> for Rows {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Rows, D::Error> {
        from.deserialize_any(Either)
    }
}

struct Either;

impl<'de> Visitor<'de> for Either {
    type Value = Rows;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records, or an object of columns")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Rows, A::Error> {
        let mut table = Table::default();
        while rows.next_element_seed(Record(&mut table))?.is_some() {
            table.height += 1;
        }
        Ok(table.finish())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut columns: A) -> Result<Rows, A::Error> {
        let mut table = Table::default();
        let mut height = None;
        while let Some(name) = columns.next_key::<Cow<'de, str>>()? {
            let cells: Vec<Cell> = columns.next_value()?;
            let (own, first) = (cells.len(), *height.get_or_insert(cells.len()));
            if own != first {
                let words = format!("column `{name}` has {own} cells, the first has {first}");
                return Err(de::Error::custom(words));
            }
            if table.columns.iter().any(|column| column.name == name) {
                return Err(de::Error::custom(format!("two columns `{name}`")));
            }
            few(&table)?;
            let column = table.column(name);
            cells.into_iter().enumerate().for_each(|(row, cell)| column.put(row, cell));
        }
        table.height = height.unwrap_or(0);
        Ok(table.finish())
    }
}

fn few<E: de::Error>(table: &Table) -> Result<(), E> {
    match table.columns.len() {
        0..MOST_COLUMNS => Ok(()),
        _ => Err(E::custom(format!("more than {MOST_COLUMNS} columns"))),
    }
}

/// One record, into a table.
struct Record<'a>(&'a mut Table);

impl<'de> de::DeserializeSeed<'de> for Record<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Record<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record: an object of cells")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut cells: A) -> Result<(), A::Error> {
        let row = self.0.height;
        while let Some(name) = cells.next_key::<Cow<'de, str>>()? {
            let column = self.0.column(name);
            if column.words.as_ref().map_or(column.numbers.len(), Vec::len) > row {
                let words = format!("row {} has `{}` twice", row + 1, column.name);
                cells.next_value::<IgnoredAny>()?;
                return Err(de::Error::custom(words));
            }
            column.put(row, cells.next_value()?);
            few(self.0)?;
        }
        Ok(())
    }
}

impl ToSchema for Rows {}

impl PartialSchema for Rows {
    fn schema() -> RefOr<Schema> {
        let flat = [Type::Number, Type::String, Type::Boolean, Type::Null];
        let cell = ObjectBuilder::new().schema_type(SchemaType::from_iter(flat));
        let cell = cell.minimum(Some(-1e300)).maximum(Some(1e300)).build();
        let open = |cell| AdditionalProperties::RefOr(RefOr::T(Schema::Object(cell)));
        let record = ObjectBuilder::new().additional_properties(Some(open(cell.clone()))).build();
        let column = ArrayBuilder::new().items(cell).build();
        let columns = AdditionalProperties::RefOr(RefOr::T(Schema::Array(column)));
        let columns = ObjectBuilder::new().additional_properties(Some(columns)).build();
        let records = ArrayBuilder::new().items(record).build();
        let either = OneOfBuilder::new().item(records).item(columns);
        let about = "Rows: a list of records, or an object of columns of one length.";
        Schema::OneOf(either.description(Some(about)).build()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Rows, String> {
        serde_json::from_str(text).map_err(|e| e.to_string())
    }

    /// Records and columns say the same; a key that a record lacks is an empty cell.
    #[test]
    fn both_forms() {
        let records =
            r#"[{"ds": "2024-01-01", "y": 1}, {"y": 2.5, "ds": "2024-01-02"}, {"y": null}]"#;
        let columns = r#"{"ds": ["2024-01-01", "2024-01-02", null], "y": [1, 2.5, null]}"#;
        let rows = read(records).unwrap();
        assert_eq!(rows.len(), 3);
        let days = ["2024-01-01", "2024-01-02"].map(|day| Some(day.to_string()));
        assert_eq!(rows.0[0].1, Cells::Words(vec![days[0].clone(), days[1].clone(), None]));
        assert_eq!(format!("{rows:?}"), format!("{:?}", read(columns).unwrap()));
    }

    /// Numbers that meet a word become words, as they were written.
    #[test]
    fn mixed_cells_are_words() {
        let rows = read(r#"{"id": [7, "b", true, null]}"#).unwrap();
        let words = [Some("7"), Some("b"), Some("1"), None].map(|w| w.map(str::to_string));
        assert_eq!(rows.0[0].1, Cells::Words(words.to_vec()));
        let joined = rows.clone().join(read(r#"{"x": [1]}"#).unwrap());
        assert_eq!((joined.len(), joined.0.len()), (5, 2));
    }

    /// What is not flat, not of one length, or said twice is refused with its place.
    #[test]
    fn refusals() {
        assert!(read(r#"[{"y": [1]}]"#).unwrap_err().contains("a number, text"));
        assert!(read(r#"{"y": [1], "ds": []}"#).unwrap_err().contains("`ds` has 0 cells"));
        assert!(read(r#"[{"y": 1, "y": 2}]"#).unwrap_err().contains("row 1 has `y` twice"));
        assert!(read("[1]").is_err() && read("3").is_err());
    }
}
