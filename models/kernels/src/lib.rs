//! Hot loops: slices in, slices out.

pub mod adam;
pub mod arima;
pub mod bfgs;
pub mod boost;
pub mod chaos;
pub mod classical;
pub mod conv;
pub mod coordinate;
pub mod ets;
pub mod garch;
pub mod grnn;
pub mod hinges;
pub mod indicators;
pub mod kpss;
pub mod lanes;
pub mod least_squares;
pub mod loess;
pub mod neighbours;
pub mod perceptron;
mod product;
pub mod quantile;
pub mod recurrent;
mod room;
pub mod ses;
pub mod stl;
pub mod sums;
pub mod svm;
pub mod theta;
pub mod tree;
mod wide;

/// Counts of rows that are read back stay below it, so that sums of them cannot overflow.
pub const MOST: usize = 1 << 48;

/// Makes a type that derives serde with `remote = "Self"` refuse what does not fit together: what is
/// read back from bytes may come from anywhere, and must not break who asks it.
#[macro_export]
macro_rules! checked {
    ($of:ty, $sound:expr) => {
        impl ::serde::Serialize for $of {
            fn serialize<S: ::serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                <$of>::serialize(self, to)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $of {
            fn deserialize<D: ::serde::Deserializer<'de>>(from: D) -> Result<$of, D::Error> {
                let sound: fn(&$of) -> bool = $sound;
                let read = <$of>::deserialize(from)?;
                match sound(&read) {
                    true => Ok(read),
                    false => Err(::serde::de::Error::custom(concat!(
                        "the parts of ",
                        stringify!($of),
                        " do not fit together"
                    ))),
                }
            }
        }
    };
}

/// Which slopes of a layer are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Those by the weights: the layer stands first.
    Weights,
    /// Those by the inputs as well.
    Inputs,
}
