//! Gradients as whole numbers that carry their own count.

/// For each row, a gradient and a 1 in one word, so that one addition sums and counts; with
/// `S` = 2 a second word for the curvature, with `S` = 1 every curvature is 1.
///
/// ```text
/// word = ⌊gradient / unit⌉ · 2^bits + 1          2^bits > rows
/// ```
pub struct Words<const S: usize> {
    /// By row.
    pub of: Vec<[i64; S]>,
    bits: u32,
    unit: [f64; 2],
}

/// What a sum of words says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sum {
    /// Of gradients.
    pub gradient: f64,
    /// Of curvatures.
    pub curve: f64,
    /// Of rows.
    pub count: usize,
}

impl<const S: usize> Words<S> {
    /// Words for so many rows, to be written to.
    pub fn new(rows: usize) -> Words<S> {
        let bits = usize::BITS - rows.leading_zeros();
        Words { of: vec![[0; S]; rows], bits, unit: [1.0; 2] }
    }

    /// What a sum of words says.
    #[inline(always)]
    pub fn read(&self, sum: [i64; S]) -> Sum {
        let count = (sum[0] & ((1 << self.bits) - 1)) as usize;
        let gradient = (sum[0] >> self.bits) as f64 * self.unit[0];
        let curve = if S == 1 { count as f64 } else { sum[S - 1] as f64 * self.unit[1] };
        Sum { gradient, curve, count }
    }

    /// The total over these rows.
    pub fn total(&self, rows: &[u32]) -> [i64; S] {
        rows.iter().fold([0; S], |sum, &row| plus(sum, self.of[row as usize]))
    }

    fn write(&mut self, word: usize, values: &[f64], bits: u32) {
        // A sum of all rows must fit, and rounding by addition is exact below 2^51.
        let size = (62 - self.bits - bits).min(50);
        let peak = values.iter().fold(f64::MIN_POSITIVE, |peak, value| peak.max(value.abs()));
        self.unit[word] = (peak / (1_i64 << size) as f64).max(f64::MIN_POSITIVE);
        let per_unit = 1.0 / self.unit[word];
        let one = i64::from(word == 0);
        for (of, &value) in self.of.iter_mut().zip(values) {
            of[word] = (rounded(value * per_unit) << bits) + one;
        }
    }
}

impl Words<1> {
    /// These gradients; every curvature is 1.
    pub fn set(&mut self, gradients: &[f64]) {
        self.write(0, gradients, self.bits);
    }
}

impl Words<2> {
    /// These gradients and curvatures.
    pub fn set(&mut self, gradients: &[f64], curves: &[f64]) {
        self.write(0, gradients, self.bits);
        self.write(1, curves, 0);
    }
}

/// The nearest whole number of one below 2^51: adding 1.5·2^52 leaves it in the last bits.
fn rounded(value: f64) -> i64 {
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    (value + SHIFT).to_bits() as i64 - SHIFT.to_bits() as i64
}

/// The sum, word by word.
#[inline(always)]
pub fn plus<const S: usize>(a: [i64; S], b: [i64; S]) -> [i64; S] {
    std::array::from_fn(|word| a[word] + b[word])
}

/// The difference, word by word.
#[inline(always)]
pub fn minus<const S: usize>(a: [i64; S], b: [i64; S]) -> [i64; S] {
    std::array::from_fn(|word| a[word] - b[word])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gradients 3, −2, 0.5 over three rows: sum 1.5 and count 3, to the unit of 3·2^−50; taking
    /// the second away leaves 3.5 and 2.
    #[test]
    fn sums_by_hand() {
        let mut words = Words::<2>::new(3);
        words.set(&[3.0, -2.0, 0.5], &[0.25, 0.125, 0.0]);
        let all = words.total(&[0, 1, 2]);
        let rest = words.read(minus(all, words.of[1]));
        let all = words.read(all);
        assert!((all.gradient - 1.5).abs() < 1e-14 && all.count == 3 && all.curve == 0.375);
        assert!((rest.gradient - 3.5).abs() < 1e-14 && rest.count == 2 && rest.curve == 0.25);
    }

    /// The largest gradients of one sign do not run over into the sign, whatever their size.
    #[test]
    fn sums_fit() {
        for (rows, size) in [(1, 1e12), (1000, 1e-12), (100_000, 5.0)] {
            let mut words = Words::<1>::new(rows);
            words.set(&vec![-size; rows]);
            let every: Vec<u32> = (0..rows as u32).collect();
            let sum = words.read(words.total(&every));
            assert_eq!(sum.count, rows);
            let want = -size * rows as f64;
            assert!((sum.gradient - want).abs() < 1e-9 * want.abs(), "{rows} {size}: {sum:?}");
        }
    }
}
