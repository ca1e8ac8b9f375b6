//! What was learnt, as bytes and back.
//!
//! ```text
//! lift's name ┃ what it learnt: MessagePack, structs as maps of named fields, every bit of a number
//! ```
//!
//! Settings are not among it: a model is built from its spec, and then given back what it had learnt.
//! Nothing that is read is run, and parts that do not fit together are refused here, not when asked.

use almanac_data::FitError;
use rmp_serde::Deserializer;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Serialize, Serializer};

use crate::classify::Chances;
use crate::forecast::Extrapolate;
use crate::regress::Predict;
use crate::{classify, regress};

/// Things within things: what is kept has fewer, and a thread's stack has room for so many.
const DEEPEST: usize = 64;

pub(crate) fn failed(why: &dyn std::fmt::Display) -> FitError {
    FitError::Failed(format!("what was kept {why}"))
}

/// What a lift of this name learnt.
pub(crate) fn write(lift: &str, learnt: &impl Serialize) -> Result<Vec<u8>, FitError> {
    let cannot = |error| failed(&format!("cannot be written: {error}"));
    let mut kept = rmp_serde::to_vec_named(lift).map_err(cannot)?;
    kept.extend(rmp_serde::to_vec_named(learnt).map_err(cannot)?);
    Ok(kept)
}

/// What [`write`] wrote for a lift of this name.
pub(crate) fn read<T: DeserializeOwned>(lift: &str, kept: &[u8]) -> Result<T, FitError> {
    let mut rest = kept;
    let of: String = next(&mut rest)?;
    if of != lift {
        return Err(failed(&format!("was learnt by `{of}`, not by `{lift}`")));
    }
    let learnt = next(&mut rest)?;
    match rest.len() {
        0 => Ok(learnt),
        more => Err(failed(&format!("goes on for {more} bytes after its end"))),
    }
}

fn next<T: DeserializeOwned>(rest: &mut &[u8]) -> Result<T, FitError> {
    let mut from = Deserializer::new(rest);
    from.set_max_depth(DEEPEST);
    T::deserialize(&mut from).map_err(|error| failed(&format!("cannot be read: {error}")))
}

/// Refuses what a model with other settings learnt.
pub(crate) fn unless(fits: bool, what: &str) -> Result<(), FitError> {
    if fits { Ok(()) } else { Err(failed(&format!("was learnt with other settings: {what}"))) }
}

macro_rules! of_rows {
    ($learnt:ident, $kind:literal) => {
        impl dyn $learnt {
            /// What was learnt from rows, as bytes.
            ///
            /// # Errors
            /// A device that does not give its weights.
            pub fn keep(&self) -> Result<Vec<u8>, FitError> {
                write($kind, &self)
            }

            /// The same from what [`Self::keep`] wrote.
            ///
            /// # Errors
            /// Bytes that are damaged, or of something else.
            pub fn restore(kept: &[u8]) -> Result<Box<dyn $learnt>, FitError> {
                read($kind, kept)
            }
        }
    };
}

of_rows!(Predict, "values of rows");
of_rows!(Chances, "chances of rows");

/// A method's name, which must be one of the rosters'.
pub(crate) struct Name(pub &'static str);

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Name, D::Error> {
        let name = String::deserialize(from)?;
        let known = regress::ROSTER.iter().map(|line| line.name);
        let known = known.chain(classify::ROSTER.iter().map(|line| line.name));
        let found = known.map(Name).find(|known| known.0 == name);
        found.ok_or_else(|| D::Error::custom(format!("no model `{name}`")))
    }
}

/// A table's numbers: the columns with their names.
pub(crate) mod table {
    use almanac_data::Matrix;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(x: &Matrix, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(x.names().iter().zip(x.columns()))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Matrix, D::Error> {
        Matrix::from_columns(Vec::deserialize(from)?).map_err(D::Error::custom)
    }
}

/// A matrix: its rows, its columns, and its numbers column by column.
pub(crate) mod matrix {
    use nalgebra::DMatrix;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(matrix: &DMatrix<f64>, to: S) -> Result<S::Ok, S::Error> {
        (matrix.nrows(), matrix.ncols(), matrix.as_slice()).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<DMatrix<f64>, D::Error> {
        let (rows, columns, numbers) = <(usize, usize, Vec<f64>)>::deserialize(from)?;
        match rows.checked_mul(columns) == Some(numbers.len()) {
            true => Ok(DMatrix::from_vec(rows, columns, numbers)),
            false => Err(D::Error::custom(format!("not {rows} rows of {columns} numbers"))),
        }
    }
}

/// A fitted method that others may hold as well.
pub(crate) mod shared {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Extrapolate;

    pub fn serialize<S: Serializer>(
        fitted: &Arc<dyn Extrapolate>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        fitted.as_ref().serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Arc<dyn Extrapolate>, D::Error> {
        Box::<dyn Extrapolate>::deserialize(from).map(Arc::from)
    }
}
