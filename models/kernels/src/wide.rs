//! Numbers of 32 bits that go the same way, in the widest registers that the processor has.
//!
//! Compiled from plain arrays, the same loops kept their sums in memory or fell apart into halves.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;
use std::ops::{Add, Div, Mul, Sub};

/// A loop that is compiled once for each kind of processor.
pub(crate) trait Loop {
    /// Runs it.
    fn run<P: Processor>(self);
}

/// What a processor has.
pub(crate) trait Processor {
    /// The widest register.
    type Line: Register;
    /// A register of as many numbers as units go together.
    type Part: Register;
}

struct Plain;

impl Processor for Plain {
    type Line = [f32; UNITS];
    type Part = [f32; UNITS];
}

/// Runs a loop in the widest registers there are.
pub(crate) fn widest(work: impl Loop) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        if has!("avx512f") && has!("avx512vl") && has!("avx2") && has!("fma") {
            // SAFETY: the processor has just said that it knows these instructions.
            return unsafe { avx512(work) };
        }
        if has!("avx2") && has!("fma") {
            // SAFETY: as above.
            return unsafe { avx2(work) };
        }
    }
    work.run::<Plain>();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
fn avx512(work: impl Loop) {
    struct Avx512;
    impl Processor for Avx512 {
        type Line = __m512;
        type Part = __m256;
    }
    work.run::<Avx512>();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2(work: impl Loop) {
    struct Avx2;
    impl Processor for Avx2 {
        type Line = __m256;
        type Part = __m256;
    }
    work.run::<Avx2>();
}

/// A register full of numbers.
///
/// # Safety
/// Its methods may be called in loops that run where the processor has it, and pointers must have
/// `COUNT` numbers behind them.
pub(crate) trait Register: Copy {
    /// Numbers of a register.
    const COUNT: usize;
    /// Reads.
    unsafe fn load(from: *const f32) -> Self;
    /// Writes.
    unsafe fn store(self, to: *mut f32);
    /// The same number everywhere.
    unsafe fn all(value: f32) -> Self;
    /// self·b + c, rounded once where there is an instruction for it.
    unsafe fn times_plus(self, b: Self, c: Self) -> Self;
    /// self + b
    unsafe fn plus(self, b: Self) -> Self;
    /// self − b
    unsafe fn minus(self, b: Self) -> Self;
    /// self·b
    unsafe fn times(self, b: Self) -> Self;
    /// self / b
    unsafe fn over(self, b: Self) -> Self;
    /// The greater; b where either is not a number.
    unsafe fn at_least(self, b: Self) -> Self;
    /// The lesser; b where either is not a number.
    unsafe fn at_most(self, b: Self) -> Self;
    /// 2ⁿ, where n stands in the lowest bits.
    unsafe fn power(self) -> Self;
    /// `self` where b is above 0, else 0.
    unsafe fn where_positive(self, b: Self) -> Self;
}

macro_rules! methods {
    ($($name:ident($($argument:ident: $type:ty),*) -> $out:ty = $body:expr;)*) => {$(
        #[inline(always)]
        unsafe fn $name($($argument: $type),*) -> $out {
            unsafe { $body }
        }
    )*};
}

#[cfg(target_arch = "x86_64")]
impl Register for __m512 {
    const COUNT: usize = 16;
    methods! {
        load(from: *const f32) -> Self = _mm512_loadu_ps(from);
        store(self: Self, to: *mut f32) -> () = _mm512_storeu_ps(to, self);
        all(value: f32) -> Self = _mm512_set1_ps(value);
        times_plus(self: Self, b: Self, c: Self) -> Self = _mm512_fmadd_ps(self, b, c);
        plus(self: Self, b: Self) -> Self = _mm512_add_ps(self, b);
        minus(self: Self, b: Self) -> Self = _mm512_sub_ps(self, b);
        times(self: Self, b: Self) -> Self = _mm512_mul_ps(self, b);
        over(self: Self, b: Self) -> Self = _mm512_div_ps(self, b);
        at_least(self: Self, b: Self) -> Self = _mm512_max_ps(self, b);
        at_most(self: Self, b: Self) -> Self = _mm512_min_ps(self, b);
        power(self: Self) -> Self = {
            let high = _mm512_slli_epi32::<23>(_mm512_castps_si512(self));
            _mm512_castsi512_ps(_mm512_add_epi32(high, _mm512_castps_si512(_mm512_set1_ps(1.0))))
        };
        where_positive(self: Self, b: Self) -> Self = {
            _mm512_maskz_mov_ps(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(b, _mm512_setzero_ps()), self)
        };
    }
}

#[cfg(target_arch = "x86_64")]
impl Register for __m256 {
    const COUNT: usize = UNITS;
    methods! {
        load(from: *const f32) -> Self = _mm256_loadu_ps(from);
        store(self: Self, to: *mut f32) -> () = _mm256_storeu_ps(to, self);
        all(value: f32) -> Self = _mm256_set1_ps(value);
        times_plus(self: Self, b: Self, c: Self) -> Self = _mm256_fmadd_ps(self, b, c);
        plus(self: Self, b: Self) -> Self = _mm256_add_ps(self, b);
        minus(self: Self, b: Self) -> Self = _mm256_sub_ps(self, b);
        times(self: Self, b: Self) -> Self = _mm256_mul_ps(self, b);
        over(self: Self, b: Self) -> Self = _mm256_div_ps(self, b);
        at_least(self: Self, b: Self) -> Self = _mm256_max_ps(self, b);
        at_most(self: Self, b: Self) -> Self = _mm256_min_ps(self, b);
        power(self: Self) -> Self = {
            let high = _mm256_slli_epi32::<23>(_mm256_castps_si256(self));
            _mm256_castsi256_ps(_mm256_add_epi32(high, _mm256_castps_si256(_mm256_set1_ps(1.0))))
        };
        where_positive(self: Self, b: Self) -> Self = {
            _mm256_and_ps(self, _mm256_cmp_ps::<_CMP_GT_OQ>(b, _mm256_setzero_ps()))
        };
    }
}

fn each(a: [f32; UNITS], b: [f32; UNITS], of: impl Fn(f32, f32) -> f32) -> [f32; UNITS] {
    std::array::from_fn(|at| of(a[at], b[at]))
}

impl Register for [f32; UNITS] {
    const COUNT: usize = UNITS;
    unsafe fn load(from: *const f32) -> Self {
        unsafe { *from.cast() }
    }
    unsafe fn store(self, to: *mut f32) {
        unsafe { *to.cast() = self }
    }
    unsafe fn all(value: f32) -> Self {
        [value; UNITS]
    }
    unsafe fn times_plus(self, b: Self, c: Self) -> Self {
        std::array::from_fn(|at| self[at] * b[at] + c[at])
    }
    unsafe fn plus(self, b: Self) -> Self {
        each(self, b, |a, b| a + b)
    }
    unsafe fn minus(self, b: Self) -> Self {
        each(self, b, |a, b| a - b)
    }
    unsafe fn times(self, b: Self) -> Self {
        each(self, b, |a, b| a * b)
    }
    unsafe fn over(self, b: Self) -> Self {
        each(self, b, |a, b| a / b)
    }
    unsafe fn at_least(self, b: Self) -> Self {
        each(self, b, |a, b| if a > b { a } else { b })
    }
    unsafe fn at_most(self, b: Self) -> Self {
        each(self, b, |a, b| if a < b { a } else { b })
    }
    unsafe fn power(self) -> Self {
        self.map(|n| f32::from_bits((n.to_bits() << 23).wrapping_add(1.0_f32.to_bits())))
    }
    unsafe fn where_positive(self, b: Self) -> Self {
        each(self, b, |a, b| if b > 0.0 { a } else { 0.0 })
    }
}

/// How many units go together at least.
pub(crate) const UNITS: usize = 8;

/// What is done to each unit of each row.
pub(crate) trait Step {
    /// Does it to the units of a row that fill a register, from one on.
    fn units<V: Register>(&mut self, row: usize, from: usize);
}

/// Takes a step over rows of units, a multiple of [`UNITS`].
pub(crate) fn each_unit(step: impl Step, rows: usize, units: usize) {
    struct Steps<S>(S, usize, usize);
    impl<S: Step> Loop for Steps<S> {
        #[inline(always)]
        fn run<P: Processor>(self) {
            let Steps(mut step, rows, units) = self;
            let lines = units / P::Line::COUNT * P::Line::COUNT;
            for row in 0..rows {
                (0..lines).step_by(P::Line::COUNT).for_each(|at| step.units::<P::Line>(row, at));
                (lines..units).step_by(UNITS).for_each(|at| step.units::<P::Part>(row, at));
            }
        }
    }
    widest(Steps(step, rows, units));
}

/// A register of numbers, one of each unit; every operation is done on each.
#[derive(Clone, Copy)]
pub(crate) struct Units<V>(V);

macro_rules! each {
    ($trait:ident, $method:ident, $own:ident) => {
        impl<V: Register> $trait for Units<V> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                // SAFETY: units are met only in loops that run where their register is.
                unsafe { Units(self.0.$own(other.0)) }
            }
        }
    };
}

each!(Add, add, plus);
each!(Sub, sub, minus);
each!(Mul, mul, times);
each!(Div, div, over);

/// 1.5·2²³: added to a small number it leaves the nearest integer in the lowest bits.
const ROUND: f32 = 12_582_912.0;
/// ln 2 in two parts, the first short enough that its multiples are exact.
const LN_2: [f32; 2] = [355.0 / 512.0, -2.121_944_4e-4];
/// (exp r − 1 − r) / r² for |r| ≤ ½·ln 2, least in its greatest relative error: 1.7e-8 of exp r − 1.
const REST: [f32; 5] = [1.388_252e-3, 8.366_527e-3, 4.166_72e-2, 1.666_654_3e-1, 4.999_999_7e-1];

// SAFETY, throughout: units are met only in loops that run where their register is.
impl<V: Register> Units<V> {
    /// Reads.
    #[inline(always)]
    pub(crate) fn of(from: &[f32]) -> Self {
        unsafe { Units(V::load(from[..V::COUNT].as_ptr())) }
    }

    /// Writes.
    #[inline(always)]
    pub(crate) fn put(self, to: &mut [f32]) {
        unsafe { self.0.store(to[..V::COUNT].as_mut_ptr()) }
    }

    /// The same number everywhere.
    #[inline(always)]
    pub(crate) fn all(value: f32) -> Self {
        unsafe { Units(V::all(value)) }
    }

    /// self·b + c
    #[inline(always)]
    pub(crate) fn times_plus(self, b: Self, c: Self) -> Self {
        unsafe { Units(self.0.times_plus(b.0, c.0)) }
    }

    /// exp z = 2ⁿ + 2ⁿ·(exp r − 1) with z = n·ln 2 + r, |r| ≤ ½·ln 2: both terms apart, so that 1 may
    /// be added or taken away without loss near 0. z is held within ±87.
    #[inline(always)]
    fn exp(self) -> [Self; 2] {
        let z = unsafe { V::all(-87.0).at_least(V::all(87.0).at_most(self.0)) };
        let shifted = Units(z).times_plus(Self::all(std::f32::consts::LOG2_E), Self::all(ROUND));
        let whole = shifted - Self::all(ROUND);
        let r = whole.times_plus(Self::all(-LN_2[0]), Units(z));
        let r = whole.times_plus(Self::all(-LN_2[1]), r);
        let rest = REST[1..].iter();
        let rest = rest.fold(Self::all(REST[0]), |sum, c| sum.times_plus(r, Self::all(*c)));
        let power = unsafe { Units(shifted.0.power()) };
        [power, power * (r * r).times_plus(rest, r)]
    }

    /// 1 / (1 + exp(−z))
    #[inline(always)]
    pub(crate) fn sigmoid(self) -> Self {
        let [power, rest] = (Self::all(0.0) - self).exp();
        Self::all(1.0) / (power + Self::all(1.0) + rest)
    }

    /// (exp 2z − 1) / (exp 2z + 1)
    #[inline(always)]
    pub(crate) fn tanh(self) -> Self {
        let [power, rest] = (self + self).exp();
        let less_one = power - Self::all(1.0) + rest;
        less_one / (less_one + Self::all(2.0))
    }

    /// max(0, z); NaN stays.
    #[inline(always)]
    pub(crate) fn relu(self) -> Self {
        unsafe { Units(V::all(0.0).at_least(self.0)) }
    }

    /// `self` where the other is above 0, else 0.
    #[inline(always)]
    pub(crate) fn where_positive(self, other: Self) -> Self {
        unsafe { Units(self.0.where_positive(other.0)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Both<'a>(&'a mut [f32], &'a mut [f32]);

    impl Step for Both<'_> {
        #[inline(always)]
        fn units<V: Register>(&mut self, _: usize, from: usize) {
            let (s, t) = (&mut self.0[from..], &mut self.1[from..]);
            Units::<V>::of(s).sigmoid().put(s);
            Units::<V>::of(t).tanh().put(t);
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
                let sigmoid = 1.0 / (1.0 + (-wide.clamp(-87.0, 87.0)).exp());
                assert!((f64::from(*s) / sigmoid - 1.0).abs() < 5e-7, "sigmoid {z}: {s} {sigmoid}");
                assert!((f64::from(*t) / wide.tanh() - 1.0).abs() < 5e-7, "tanh {z}: {t}");
            }
        };
        check(&|both| each_unit(both, 1, 8000));
        check(&|mut both| (0..8000).step_by(8).for_each(|at| both.units::<[f32; 8]>(0, at)));
    }

    /// What is not a number must not look like one.
    #[test]
    fn nan_stays() {
        let (mut s, mut t) = ([f32::NAN; 24], [f32::NAN; 24]);
        each_unit(Both(&mut s, &mut t), 1, 24);
        assert!(s.iter().chain(&t).all(|value| value.is_nan()), "{s:?} {t:?}");
    }
}
