//! Eight numbers that go the same way: one recursion, eight parameter vectors at once.
//!
//! A time recursion is bound by latency, not by arithmetic: eight of them side by side cost
//! little more than one. That makes a gradient by differences as cheap as a value.

use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

/// How many numbers go together.
pub const WIDTH: usize = 8;

/// Eight numbers; every operation is done on each.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(align(64))]
pub struct Lanes(pub [f64; WIDTH]);

impl Lanes {
    /// Eight zeros.
    pub const ZERO: Lanes = Lanes([0.0; WIDTH]);
    /// Eight ones.
    pub const ONE: Lanes = Lanes([1.0; WIDTH]);

    /// The same number eight times.
    #[inline(always)]
    pub fn splat(value: f64) -> Lanes {
        Lanes([value; WIDTH])
    }

    /// Natural logarithms.
    pub fn ln(self) -> Lanes {
        Lanes(self.0.map(f64::ln))
    }

    /// The greatest magnitude of the eight; NaN counts as infinite.
    pub fn peak(self) -> f64 {
        let wide = |value: f64| if value.is_nan() { f64::INFINITY } else { value.abs() };
        self.0.into_iter().map(wide).fold(0.0, f64::max)
    }
}

macro_rules! each {
    ($trait:ident, $method:ident, $op:tt) => {
        impl $trait for Lanes {
            type Output = Lanes;
            #[inline(always)]
            fn $method(mut self, other: Lanes) -> Lanes {
                for (a, b) in self.0.iter_mut().zip(other.0) {
                    *a $op b;
                }
                self
            }
        }
    };
}

each!(Add, add, +=);
each!(Sub, sub, -=);
each!(Mul, mul, *=);
each!(Div, div, /=);

impl Mul<f64> for Lanes {
    type Output = Lanes;
    #[inline(always)]
    fn mul(self, factor: f64) -> Lanes {
        self * Lanes::splat(factor)
    }
}

impl Neg for Lanes {
    type Output = Lanes;
    #[inline(always)]
    fn neg(self) -> Lanes {
        Lanes(self.0.map(|value| -value))
    }
}

impl AddAssign for Lanes {
    #[inline(always)]
    fn add_assign(&mut self, other: Lanes) {
        *self = *self + other;
    }
}

impl SubAssign for Lanes {
    #[inline(always)]
    fn sub_assign(&mut self, other: Lanes) {
        *self = *self - other;
    }
}
