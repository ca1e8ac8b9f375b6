//! Layers of sums and bends: answers, loss and slopes of a multilayer perceptron, and Adam's steps.
//!
//! ```text
//! a[0] = x      z[l] = a[l−1]·W[l] + b[l]      a[l] = bend(z[l])      answer = z[last], or its softmax
//! loss = mean over rows of ½(answer − y)² or −ln chance[y],  + l2/2 · Σ W² / rows
//! ```
//!
//! Weights lie in one row: for each layer W by inputs, then b. Every product is a sum of scaled rows
//! in a fixed order, so that its bits do not depend on how wide the processor's registers are.
//! Rumelhart, Hinton & Williams (1986); Kingma & Ba (2015), Adam.

use serde::{Deserialize, Serialize};

/// How a layer bends its sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bend {
    /// max(0, z)
    Relu,
    /// tanh z
    Tanh,
    /// 1 / (1 + exp(−z))
    Logistic,
}

/// What is asked of the last layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Asked {
    /// Values, judged by squares.
    Values,
    /// Chances of classes, judged by logarithms.
    Chances,
}

/// The shape of a perceptron.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Net {
    /// Inputs, widths of the layers between, outputs.
    pub sizes: Vec<usize>,
    /// How the layers between bend.
    pub bend: Bend,
    /// What is asked.
    pub asked: Asked,
    /// What squares of weights cost.
    pub l2: f64,
}

crate::checked!(Net, |net| {
    let weights = |pair: &[usize]| pair[0].checked_add(1)?.checked_mul(pair[1]);
    let all = net.sizes.windows(2).try_fold(0_usize, |sum, pair| sum.checked_add(weights(pair)?));
    net.sizes.len() > 1 && !net.sizes.contains(&0) && all.is_some()
});

impl Net {
    /// Number of weights.
    pub fn count(&self) -> usize {
        self.sizes.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum()
    }

    /// Inputs, outputs and first weight of each layer.
    pub fn layers(&self) -> Vec<(usize, usize, usize)> {
        let mut next = 0;
        let layer = move |pair: &[usize]| {
            let first = next;
            next += (pair[0] + 1) * pair[1];
            (pair[0], pair[1], first)
        };
        self.sizes.windows(2).map(layer).collect()
    }

    /// What every layer says about rows that lie one after another; the last is the answer.
    fn say(&self, weights: &[f64], x: &[f64]) -> Vec<Vec<f64>> {
        let rows = x.len() / self.sizes[0];
        let mut said: Vec<Vec<f64>> = Vec::with_capacity(self.sizes.len());
        for (inputs, outputs, first) in self.layers() {
            let (matrix, biases) =
                weights[first..][..(inputs + 1) * outputs].split_at(inputs * outputs);
            let mut sums = biases.repeat(rows);
            multiply(said.last().map_or(x, Vec::as_slice), matrix, &mut sums, [inputs, outputs]);
            if said.len() + 2 < self.sizes.len() {
                sums.iter_mut().for_each(|z| *z = self.bend.at(*z));
            }
            said.push(sums);
        }
        if let (Asked::Chances, Some(last)) = (self.asked, said.last_mut()) {
            last.chunks_exact_mut(self.sizes[self.sizes.len() - 1]).for_each(softmax);
        }
        said
    }

    /// The answers to rows that lie one after another.
    pub fn answers(&self, weights: &[f64], x: &[f64]) -> Vec<f64> {
        self.say(weights, x).pop().unwrap_or_default()
    }

    /// The loss without the cost of weights; `y` holds outputs wanted, of classes 1 and 0.
    pub fn misses(&self, answers: &[f64], y: &[f64]) -> f64 {
        let rows = (y.len() / self.sizes[self.sizes.len() - 1]) as f64;
        let each = answers.iter().zip(y);
        match self.asked {
            Asked::Values => each.map(|(a, y)| 0.5 * (a - y) * (a - y)).sum::<f64>() / rows,
            Asked::Chances => {
                -each.filter(|(_, y)| **y > 0.0).map(|(p, y)| y * p.max(1e-300).ln()).sum::<f64>()
                    / rows
            }
        }
    }

    /// The loss; writes its slopes.
    pub fn loss(&self, weights: &[f64], x: &[f64], y: &[f64], slopes: &mut [f64]) -> f64 {
        let said = self.say(weights, x);
        let rows = x.len() / self.sizes[0];
        let share = 1.0 / rows as f64;
        let Some(answers) = said.last() else { return 0.0 };
        let mut loss = self.misses(answers, y);
        let mut pull: Vec<f64> = answers.iter().zip(y).map(|(a, y)| share * (a - y)).collect();
        for (at, (inputs, outputs, first)) in self.layers().into_iter().enumerate().rev() {
            let own = &mut slopes[first..][..(inputs + 1) * outputs];
            let (matrix, biases) = own.split_at_mut(inputs * outputs);
            let weights = &weights[first..][..inputs * outputs];
            loss += 0.5 * self.l2 * share * weights.iter().map(|w| w * w).sum::<f64>();
            matrix.iter_mut().zip(weights).for_each(|(slope, w)| *slope = self.l2 * share * w);
            let before = if at == 0 { x } else { &said[at - 1] };
            multiply(&turned(before, inputs), &pull, matrix, [rows, outputs]);
            biases.fill(0.0);
            for row in pull.chunks_exact(outputs) {
                biases.iter_mut().zip(row).for_each(|(slope, pull)| *slope += pull);
            }
            if at > 0 {
                let mut back = vec![0.0; rows * inputs];
                multiply(&pull, &turned(weights, outputs), &mut back, [outputs, inputs]);
                back.iter_mut().zip(before).for_each(|(back, a)| *back *= self.bend.slope(*a));
                pull = back;
            }
        }
        loss
    }
}

impl Bend {
    fn at(self, z: f64) -> f64 {
        match self {
            Bend::Relu => z.max(0.0),
            Bend::Tanh => z.tanh(),
            Bend::Logistic => 1.0 / (1.0 + (-z).exp()),
        }
    }

    /// The slope, from what was said.
    fn slope(self, a: f64) -> f64 {
        match self {
            Bend::Relu => f64::from(u8::from(a > 0.0)),
            Bend::Tanh => 1.0 - a * a,
            Bend::Logistic => a * (1.0 - a),
        }
    }
}

fn softmax(row: &mut [f64]) {
    let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    row.iter_mut().for_each(|z| *z = (*z - most).exp());
    let sum: f64 = row.iter().sum();
    row.iter_mut().for_each(|p| *p /= sum);
}

/// Columns of rows that are `width` wide, one after another.
fn turned(rows: &[f64], width: usize) -> Vec<f64> {
    (0..width).flat_map(|at| rows[at..].iter().step_by(width).copied()).collect()
}

/// Adds a·b to `out`: rows of a are `inner` wide, rows of b and out `width`. Four rows of b at a
/// time, so that a sum is loaded and stored once for them.
fn multiply(a: &[f64], b: &[f64], out: &mut [f64], [inner, width]: [usize; 2]) {
    for (a, out) in a.chunks_exact(inner).zip(out.chunks_exact_mut(width)) {
        let (fours, rest) = a.as_chunks::<4>();
        for (four, b) in fours.iter().zip(b.chunks_exact(4 * width)) {
            let (b01, b23) = b.split_at(2 * width);
            let ((b0, b1), (b2, b3)) = (b01.split_at(width), b23.split_at(width));
            let rows = b0.iter().zip(b1).zip(b2.iter().zip(b3));
            for (out, ((b0, b1), (b2, b3))) in out.iter_mut().zip(rows) {
                *out += (four[0] * b0 + four[1] * b1) + (four[2] * b2 + four[3] * b3);
            }
        }
        let done = 4 * fours.len() * width;
        for (a, b) in rest.iter().zip(b[done..].chunks_exact(width)) {
            out.iter_mut().zip(b).for_each(|(out, b)| *out += a * b);
        }
    }
}

/// Running means of slopes and of their squares.
#[derive(Debug, Clone)]
pub struct Adam {
    mean: Vec<f64>,
    square: Vec<f64>,
    steps: i32,
}

impl Adam {
    /// Before the first step.
    pub fn new(count: usize) -> Adam {
        Adam { mean: vec![0.0; count], square: vec![0.0; count], steps: 0 }
    }

    /// Moves the weights by one step.
    pub fn step(&mut self, rate: f64, slopes: &[f64], weights: &mut [f64]) {
        self.steps += 1;
        let rate =
            rate * (1.0 - 0.999_f64.powi(self.steps)).sqrt() / (1.0 - 0.9_f64.powi(self.steps));
        let moments = self.mean.iter_mut().zip(&mut self.square);
        for ((weight, slope), (mean, square)) in weights.iter_mut().zip(slopes).zip(moments) {
            *mean = 0.9 * *mean + 0.1 * slope;
            *square = 0.999 * *square + 0.001 * slope * slope;
            *weight -= rate * *mean / (square.sqrt() + 1e-8);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(bend: Bend, asked: Asked, outputs: usize) -> Net {
        Net { sizes: vec![2, 5, 3, outputs], bend, asked, l2: 0.3 }
    }

    /// One unit between: 2·max(0, 3·1 + 1) − 1 = 7; half the square of 7 − 5, and 0.5·(9 + 4)·l2.
    #[test]
    fn one_unit_by_hand() {
        let net = Net { sizes: vec![1, 1, 1], bend: Bend::Relu, asked: Asked::Values, l2: 0.1 };
        let weights = [3.0, 1.0, 2.0, -1.0];
        assert_eq!(net.answers(&weights, &[1.0]), [7.0]);
        let mut slopes = [0.0; 4];
        let loss = net.loss(&weights, &[1.0], &[5.0], &mut slopes);
        assert!((loss - 2.65).abs() < 1e-12, "{loss}");
        let want = [4.0 + 0.3, 4.0, 8.0 + 0.2, 2.0];
        assert!(slopes.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-12), "{slopes:?}");
    }

    /// Slopes are limits of differences, for every bend and both losses.
    #[test]
    fn slopes_are_differences() {
        let x: Vec<f64> = (0..14).map(|k| f64::from(k * 5 % 14) / 7.0 - 1.0).collect();
        for bend in [Bend::Relu, Bend::Tanh, Bend::Logistic] {
            for (asked, outputs) in [(Asked::Values, 2), (Asked::Chances, 3)] {
                let net = net(bend, asked, outputs);
                let y: Vec<f64> = (0..7 * outputs)
                    .map(|k| f64::from(u8::from(k % outputs == k / outputs % outputs)))
                    .collect();
                let at = |k: usize| ((k * 7919 % 101) as f64 - 50.0) / 60.0;
                let mut weights: Vec<f64> = (0..net.count()).map(at).collect();
                let mut slopes = vec![0.0; net.count()];
                net.loss(&weights, &x, &y, &mut slopes);
                for (k, slope) in slopes.into_iter().enumerate() {
                    let mut moved = |by: f64| {
                        let kept = weights[k];
                        weights[k] += by;
                        let loss = net.loss(&weights, &x, &y, &mut vec![0.0; weights.len()]);
                        weights[k] = kept;
                        loss
                    };
                    let want = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                    assert!((slope - want).abs() < 1e-6, "{bend:?} {asked:?} {k}: {slope} {want}");
                }
            }
        }
    }

    /// One number of a product of 5 × 11 by 11 × 9 on top of what was there, the long way.
    #[test]
    fn a_product_by_hand() {
        let make = |count: usize, by: usize| -> Vec<f64> {
            (0..count).map(|k| ((k * by % 97) as f64 - 48.0) / 7.0).collect()
        };
        let (a, b) = (make(5 * 11, 31), make(11 * 9, 57));
        let mut one = make(45, 3);
        multiply(&a, &b, &mut one, [11, 9]);
        let direct = make(45, 3)[9 + 2] + (0..11).map(|k| a[11 + k] * b[9 * k + 2]).sum::<f64>();
        assert!((one[9 + 2] - direct).abs() < 1e-9);
    }

    /// Adam's first step is the rate in the direction of the slope, whatever its size.
    #[test]
    fn the_first_step_is_the_rate() {
        let mut weights = [1.0, 1.0];
        Adam::new(2).step(0.01, &[5.0, -0.3], &mut weights);
        assert!((weights[0] - 0.99).abs() < 1e-7 && (weights[1] - 1.01).abs() < 1e-7);
    }
}
