use super::*;
use crate::Wanted;

/// Numbers in ±size that look random and are the same everywhere.
fn noise(count: usize, seed: u64, size: f32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / 8_388_608.0 - 1.0
    };
    (0..count).map(|_| size * next()).collect()
}

/// Weights of a layer one after another: W, U, b, d.
struct Own {
    layer: Layer,
    all: Vec<f32>,
}

impl Own {
    fn new(layer: Layer, size: f32) -> Own {
        let ends = Own::ends(layer);
        Own { layer, all: noise(ends[3], 7, size) }
    }

    fn ends(layer: Layer) -> [usize; 4] {
        let Shape { inputs, hidden, .. } = layer.shape;
        let width = layer.cell.gates() * hidden;
        let biases = if layer.cell == Cell::Gru { width } else { 0 };
        let (w, u) = (inputs * width, hidden * width);
        [w, w + u, w + u + width, w + u + width + biases]
    }

    fn weights(&self) -> Weights<'_> {
        let [w, u, b, d] = Own::ends(self.layer);
        let all = &self.all;
        let (input, hidden) = (&all[..w], &all[w..u]);
        Weights { input, hidden, bias: &all[u..b], hidden_bias: &all[b..d] }
    }
}

fn joined(slopes: &Slopes) -> Vec<f32> {
    [&slopes.input[..], &slopes.hidden, &slopes.bias, &slopes.hidden_bias].concat()
}

/// The formulas as they are written, number by number, in 64 bits.
fn plain(layer: Layer, all: &[f64], x: &[f64]) -> Vec<f64> {
    let Shape { batch, steps, heard, inputs, hidden } = layer.shape;
    let gates = layer.cell.gates();
    let width = gates * hidden;
    let [w, u, b, _] = Own::ends(layer);
    let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
    let bend = |act: Act, z: f64| if act == Act::Tanh { z.tanh() } else { z.max(0.0) };
    let mut out = vec![0.0; batch * steps * hidden];
    for row in 0..batch {
        let (mut h, mut c) = (vec![0.0; hidden], vec![0.0; hidden]);
        for step in 0..steps {
            let at = if layer.direction == Direction::Forward { step } else { steps - 1 - step };
            let x = &x[(row * heard + at % heard) * inputs..][..inputs];
            let before = h.clone();
            for unit in 0..hidden {
                let column = |gate: usize| gate * hidden + unit;
                let from_x = |gate: usize| {
                    let sum = (0..inputs).map(|k| x[k] * all[k * width + column(gate)]);
                    sum.sum::<f64>() + all[u + column(gate)]
                };
                let from_h = |gate: usize| -> f64 {
                    (0..hidden).map(|k| before[k] * all[w + k * width + column(gate)]).sum()
                };
                let z = |gate: usize| from_x(gate) + from_h(gate);
                h[unit] = match layer.cell {
                    Cell::Lstm(act) => {
                        c[unit] = sigmoid(z(1)) * c[unit] + sigmoid(z(0)) * bend(act, z(2));
                        sigmoid(z(3)) * bend(act, c[unit])
                    }
                    Cell::Gru => {
                        let own = |gate: usize| all[b + column(gate)];
                        let r = sigmoid(z(0) + own(0));
                        let keep = sigmoid(z(1) + own(1));
                        let n = (from_x(2) + r * (from_h(2) + own(2))).tanh();
                        (1.0 - keep) * n + keep * before[unit]
                    }
                    Cell::Rnn(act) => bend(act, z(0)),
                };
            }
            out[(row * steps + at) * hidden..][..hidden].copy_from_slice(&h);
        }
    }
    out
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().copied().map(f64::from).collect()
}

/// Each within 1e-5 of the greatest.
fn near(what: &str, got: &[f32], want: &[f64]) {
    assert_eq!(got.len(), want.len(), "{what}");
    let scale = want.iter().fold(1e-3_f64, |most, w| most.max(w.abs()));
    for (at, (got, want)) in got.iter().zip(want).enumerate() {
        let off = (f64::from(*got) - want).abs() / scale;
        assert!(off <= 1e-5, "{what} {at}: {got} {want}");
    }
}

const CELLS: [Cell; 5] = [
    Cell::Lstm(Act::Tanh),
    Cell::Lstm(Act::Relu),
    Cell::Gru,
    Cell::Rnn(Act::Tanh),
    Cell::Rnn(Act::Relu),
];

fn shape(batch: usize, steps: usize, inputs: usize, hidden: usize) -> Shape {
    Shape { batch, steps, heard: steps, inputs, hidden }
}

fn layers(shape: Shape) -> Vec<Layer> {
    let both = [Direction::Forward, Direction::Reverse];
    let layers = CELLS.iter().flat_map(|cell| {
        both.iter().map(move |direction| Layer { cell: *cell, direction: *direction, shape })
    });
    layers.collect()
}

/// Central differences of the plain formulas in 64 bits, for one number after another.
fn differences(of: &[f64], loss: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    let mut moved = of.to_vec();
    let step = 1e-6;
    let mut slope = |at: usize| {
        let mut with = |value: f64| {
            moved[at] = value;
            loss(&moved)
        };
        let slope = (with(of[at] + step) - with(of[at] - step)) / (2.0 * step);
        moved[at] = of[at];
        slope
    };
    (0..of.len()).map(&mut slope).collect()
}

/// Outputs are those of the formulas, and slopes the limits of differences, for every cell, both
/// directions, and shapes that fill groups and lines or leave one over. The seed keeps sums of
/// rectified units a thousand steps of the differences away from zero.
#[test]
fn outputs_and_slopes_are_those_of_the_formulas() {
    let once =
        |batch, steps, inputs, hidden| Shape { heard: 1, ..shape(batch, steps, inputs, hidden) };
    let shapes = [
        shape(1, 1, 1, 1),
        shape(1, 5, 2, 3),
        shape(3, 1, 2, 8),
        shape(13, 4, 1, 5),
        shape(2, 3, 9, 17),
        once(1, 5, 2, 3),
        once(9, 4, 3, 5),
    ];
    for layer in shapes.into_iter().flat_map(layers) {
        let Shape { batch, steps, heard, inputs, hidden } = layer.shape;
        let own = Own::new(layer, 0.7);
        let x = noise(batch * heard * inputs, 3, 1.5);
        let pull = noise(batch * steps * hidden, 5, 1.0);
        let what = format!("{layer:?}");
        let (outputs, tape) = layer.forward(own.weights(), &x);
        near(&what, &outputs, &plain(layer, &wide(&own.all), &wide(&x)));
        assert_eq!(outputs, layer.infer(own.weights(), &x), "{what}");
        let loss = |all: &[f64], x: &[f64]| -> f64 {
            plain(layer, all, x).iter().zip(&pull).map(|(h, p)| h * f64::from(*p)).sum()
        };
        let slopes = layer.backward(own.weights(), tape.clone(), &pull, Wanted::Inputs);
        let by_weights = differences(&wide(&own.all), |all| loss(all, &wide(&x)));
        near(&what, &joined(&slopes), &by_weights);
        near(&what, &slopes.x, &differences(&wide(&x), |x| loss(&wide(&own.all), x)));
        let fewer = layer.backward(own.weights(), tape, &pull, Wanted::Weights);
        assert!(fewer.x.is_empty() && joined(&fewer) == joined(&slopes), "{what}");
    }
}

/// Many rows and units: more than one chunk, panel and block of rows, against the formulas.
#[test]
fn many_rows_are_like_few() {
    for layer in layers(shape(75, 7, 3, 50)) {
        let own = Own::new(layer, 0.2);
        let x = noise(75 * 7 * 3, 3, 1.0);
        let (outputs, tape) = layer.forward(own.weights(), &x);
        near("outputs", &outputs, &plain(layer, &wide(&own.all), &wide(&x)));
        let pull = noise(outputs.len(), 5, 1.0);
        let whole = layer.backward(own.weights(), tape, &pull, Wanted::Inputs);
        let mut sum = vec![0.0; own.all.len()];
        for row in 0..75 {
            let one = Layer { shape: Shape { batch: 1, ..layer.shape }, ..layer };
            let (_, tape) = one.forward(own.weights(), &x[row * 21..][..21]);
            let pull = &pull[row * 350..][..350];
            let part = one.backward(own.weights(), tape, pull, Wanted::Inputs);
            sum.iter_mut().zip(wide(&joined(&part))).for_each(|(sum, part)| *sum += part);
            near("x", &part.x, &wide(&whole.x[row * 21..][..21]));
        }
        near("weights", &joined(&whole), &sum);
    }
}

/// One step of one unit without bias, x = 2, weights ½: every sum is 1.
/// LSTM: c = σ(1)·tanh 1, h = σ(1)·tanh c. GRU: h = (1 − σ(1))·tanh 1. RNN: h = tanh 1, or 1.
#[test]
fn one_step_by_hand() {
    let shape = shape(1, 1, 1, 1);
    let sigmoid = 1.0 / (1.0 + (-1.0_f64).exp());
    let tanh = 1.0_f64.tanh();
    let want =
        [sigmoid * (sigmoid * tanh).tanh(), sigmoid * sigmoid, (1.0 - sigmoid) * tanh, tanh, 1.0];
    for (cell, want) in CELLS.into_iter().zip(want) {
        let layer = Layer { cell, direction: Direction::Forward, shape };
        let zeros = vec![0.0; cell.gates()];
        let input = vec![0.5; cell.gates()];
        let hidden_bias: &[f32] = if cell == Cell::Gru { &zeros } else { &[] };
        let weights = Weights { input: &input, hidden: &zeros, bias: &zeros, hidden_bias };
        near(&format!("{cell:?}"), &layer.infer(weights, &[2.0]), &[want]);
    }
}

/// A plain rectified unit counts: h[t] = h[t−1] + x[t], so that the last output has slope 1 by
/// every x, and by U the sum of the outputs before, each as often as it is passed on.
#[test]
fn a_running_sum_by_hand() {
    let shape = shape(1, 3, 1, 1);
    let layer = Layer { cell: Cell::Rnn(Act::Relu), direction: Direction::Forward, shape };
    let weights = Weights { input: &[1.0], hidden: &[1.0], bias: &[0.0], hidden_bias: &[] };
    let (outputs, tape) = layer.forward(weights, &[1.0, 2.0, 4.0]);
    assert_eq!(outputs, [1.0, 3.0, 7.0]);
    let slopes = layer.backward(weights, tape, &[0.0, 0.0, 1.0], Wanted::Inputs);
    let (input, hidden, bias) = (vec![7.0], vec![4.0], vec![3.0]);
    let x = vec![1.0; 3];
    assert_eq!(slopes, Slopes { x, input, hidden, bias, hidden_bias: vec![] });
}

/// Reading backwards is reading the turned sequence, bit for bit; and so are the slopes.
#[test]
fn reverse_is_forward_on_the_turned_sequence() {
    let turned = |values: &[f32], width: usize| -> Vec<f32> {
        let sequences = values.chunks_exact(6 * width);
        sequences.flat_map(|s| s.chunks_exact(width).rev().flatten().copied()).collect()
    };
    for pair in layers(shape(5, 6, 2, 11)).chunks_exact(2) {
        let own = Own::new(pair[0], 0.5);
        let (x, pull) = (noise(60, 1, 1.0), noise(330, 2, 1.0));
        let (forward, tape) = pair[0].forward(own.weights(), &turned(&x, 2));
        let there = pair[0].backward(own.weights(), tape, &turned(&pull, 11), Wanted::Inputs);
        let (reverse, tape) = pair[1].forward(own.weights(), &x);
        let here = pair[1].backward(own.weights(), tape, &pull, Wanted::Inputs);
        assert_eq!(turned(&forward, 11), reverse);
        assert_eq!((turned(&there.x, 2), joined(&there)), (here.x.clone(), joined(&here)));
    }
}

/// The same call gives the same bits, and an output does not know what else is in its batch.
#[test]
fn bits_do_not_depend_on_the_batch() {
    for layer in layers(shape(15, 4, 3, 20)) {
        let own = Own::new(layer, 0.5);
        let x = noise(15 * 12, 9, 1.0);
        let (whole, tape) = layer.forward(own.weights(), &x);
        let pull = noise(whole.len(), 4, 1.0);
        let back = || layer.backward(own.weights(), tape.clone(), &pull, Wanted::Inputs);
        assert_eq!(back(), back());
        for row in 0..15 {
            let one = Layer { shape: Shape { batch: 1, ..layer.shape }, ..layer };
            assert_eq!(one.infer(own.weights(), &x[row * 12..][..12]), whole[row * 80..][..80]);
        }
    }
}

/// What an earlier pass left in memory does not matter: the bits are those of a fresh thread.
#[test]
fn memory_used_before_does_not_matter() {
    for layer in layers(shape(3, 4, 2, 5)) {
        let own = Own::new(layer, 0.5);
        let pass = |x: &[f32]| {
            let (outputs, tape) = layer.forward(own.weights(), x);
            let slopes = layer.backward(own.weights(), tape, &[1.0; 60], Wanted::Inputs);
            (layer.infer(own.weights(), x), outputs, slopes)
        };
        let x = noise(24, 8, 1.0);
        let fresh = std::thread::scope(|scope| scope.spawn(|| pass(&x)).join().unwrap());
        pass(&[f32::NAN; 24]);
        assert_eq!(pass(&x), fresh, "{layer:?}");
    }
}

/// Huge inputs fill the gates and stay finite; NaN is passed on, not hidden.
#[test]
fn huge_stays_finite_and_nan_stays() {
    for layer in layers(shape(2, 3, 1, 4)) {
        let own = Own::new(layer, 0.5);
        let (outputs, tape) = layer.forward(own.weights(), &[1e12, -1e12, 1e-12, 0.0, 1e5, -1e5]);
        assert!(outputs.iter().all(|h| h.is_finite()), "{layer:?} {outputs:?}");
        let slopes = layer.backward(own.weights(), tape, &[1.0; 24], Wanted::Inputs);
        assert!(joined(&slopes).iter().all(|s| s.is_finite()), "{layer:?}");
        let outputs = layer.infer(own.weights(), &[f32::NAN; 6]);
        assert!(outputs.iter().all(|h| h.is_nan()), "{layer:?} {outputs:?}");
    }
}
