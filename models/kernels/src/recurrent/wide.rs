//! Numbers of 32 bits that go the same way, in the widest registers that the processor has.

use std::ops::{Add, Div, Mul, Sub};

/// A loop that is compiled once for each width of registers.
pub(super) trait Loop {
    /// `WIDTH` numbers fill a register: 4, 8 or 16; from 8 on products and sums are fused.
    fn run<const WIDTH: usize>(self);
}

/// Runs a loop in the widest registers there are.
pub(super) fn widest(work: impl Loop) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        if has!("avx512f") && has!("avx512vl") && has!("avx512dq") && has!("fma") {
            // SAFETY: the processor has just said that it knows these instructions.
            return unsafe { sixteen(work) };
        }
        if has!("avx2") && has!("fma") {
            // SAFETY: as above.
            return unsafe { eight(work) };
        }
    }
    work.run::<4>();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx2,fma")]
fn sixteen(work: impl Loop) {
    work.run::<16>();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn eight(work: impl Loop) {
    work.run::<8>();
}

/// a·b + c, rounded once where registers of this width have an instruction for it.
#[inline(always)]
pub(super) fn fused<const WIDTH: usize>(a: f32, b: f32, c: f32) -> f32 {
    if WIDTH > 4 { a.mul_add(b, c) } else { a * b + c }
}

/// How many units go together.
pub(super) const UNITS: usize = 8;

/// Eight numbers; every operation is done on each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Units<const WIDTH: usize>(pub(super) [f32; UNITS]);

macro_rules! each {
    ($trait:ident, $method:ident, $op:tt) => {
        impl<const WIDTH: usize> $trait for Units<WIDTH> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Units(std::array::from_fn(|at| self.0[at] $op other.0[at]))
            }
        }
    };
}

each!(Add, add, +);
each!(Sub, sub, -);
each!(Mul, mul, *);
each!(Div, div, /);

/// 1.5·2²³: added to a small number it leaves the nearest integer in the lowest bits.
const ROUND: f32 = 12_582_912.0;
/// ln 2 in two parts, the first short enough that its multiples are exact.
const LN_2: [f32; 2] = [355.0 / 512.0, -2.121_944_4e-4];
/// 1/7!, 1/6!, …, 1/2!.
const TAYLOR: [f32; 6] = [1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5];

impl<const WIDTH: usize> Units<WIDTH> {
    /// The same number eight times.
    #[inline(always)]
    pub(super) fn all(value: f32) -> Self {
        Units([value; UNITS])
    }

    /// self·b + c
    #[inline(always)]
    pub(super) fn times_plus(self, b: Self, c: Self) -> Self {
        Units(std::array::from_fn(|at| fused::<WIDTH>(self.0[at], b.0[at], c.0[at])))
    }

    /// exp z − 1 to two units in the last place, also near 0; z is held within ±87.
    ///
    /// ```text
    /// z = n·ln 2 + r     exp z − 1 = 2ⁿ·(exp r − 1) + (2ⁿ − 1)     |r| ≤ ½·ln 2
    /// ```
    #[inline(always)]
    fn exp_less_one(self) -> Self {
        let z = Units(self.0.map(|z| z.clamp(-87.0, 87.0)));
        let shifted = z.times_plus(Self::all(std::f32::consts::LOG2_E), Self::all(ROUND));
        let whole = shifted - Self::all(ROUND);
        let r = whole.times_plus(Self::all(-LN_2[0]), z);
        let r = whole.times_plus(Self::all(-LN_2[1]), r);
        let mut sum = Self::all(TAYLOR[0]);
        for term in &TAYLOR[1..] {
            sum = sum.times_plus(r, Self::all(*term));
        }
        let power = |bits: u32| f32::from_bits((bits << 23).wrapping_add(1.0_f32.to_bits()));
        let scale = Units(shifted.0.map(|value| power(value.to_bits())));
        scale.times_plus((r * r).times_plus(sum, r), scale - Self::all(1.0))
    }

    /// 1 / (1 + exp(−z))
    #[inline(always)]
    pub(super) fn sigmoid(self) -> Self {
        Self::all(1.0) / (Self::all(2.0) + (Self::all(0.0) - self).exp_less_one())
    }

    /// (exp 2z − 1) / (exp 2z + 1)
    #[inline(always)]
    pub(super) fn tanh(self) -> Self {
        let less_one = (self + self).exp_less_one();
        less_one / (less_one + Self::all(2.0))
    }

    /// max(0, z); NaN stays.
    #[inline(always)]
    pub(super) fn relu(self) -> Self {
        Units(self.0.map(|z| if z < 0.0 { 0.0 } else { z }))
    }

    /// `self` where the other is above 0, else 0.
    #[inline(always)]
    pub(super) fn where_positive(self, other: Self) -> Self {
        Units(std::array::from_fn(|at| if other.0[at] > 0.0 { self.0[at] } else { 0.0 }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Both<'a>(&'a mut [f32], &'a mut [f32]);

    impl Loop for Both<'_> {
        #[inline(always)]
        fn run<const WIDTH: usize>(self) {
            let (s, t) = (self.0.as_chunks_mut::<8>().0, self.1.as_chunks_mut::<8>().0);
            for (s, t) in s.iter_mut().zip(t) {
                *s = Units::<WIDTH>(*s).sigmoid().0;
                *t = Units::<WIDTH>(*t).tanh().0;
            }
        }
    }

    /// Within 4 units in the last place of the same in 64 bits, from 1e-30 to 100, in every width.
    #[test]
    fn bends_agree_with_wider_arithmetic() {
        let sizes = (0..4000).map(|k| 10.0_f32.powf(-30.0 + 32.0 * k as f32 / 3999.0));
        let z: Vec<f32> = sizes.flat_map(|size| [size, -size]).collect();
        let check = |run: &dyn Fn(Both)| {
            let (mut s, mut t) = (z.clone(), z.clone());
            run(Both(&mut s, &mut t));
            for ((z, s), t) in z.iter().zip(&s).zip(&t) {
                let wide = f64::from(*z);
                let sigmoid = 1.0 / (1.0 + (-wide.max(-87.0)).exp());
                assert!((f64::from(*s) / sigmoid - 1.0).abs() < 5e-7, "sigmoid {z}: {s} {sigmoid}");
                assert!((f64::from(*t) / wide.tanh() - 1.0).abs() < 5e-7, "tanh {z}: {t}");
            }
        };
        check(&|both| widest(both));
        check(&|both| both.run::<4>());
    }

    /// What is not a number must not look like one.
    #[test]
    fn nan_stays() {
        let nan = Units::<4>::all(f32::NAN);
        assert!(
            nan.sigmoid().0[0].is_nan() && nan.tanh().0[3].is_nan() && nan.relu().0[7].is_nan()
        );
    }
}
