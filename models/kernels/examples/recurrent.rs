//! Times the recurrent kernels: processor microseconds a batch, forth and back, and forth alone.

use almanac_kernels::Wanted;
use almanac_kernels::recurrent::{Act, Cell, Direction, Layer, Shape, Weights};
use cpu_time::ThreadTime;

/// Batch, steps, inputs, units.
const SIZES: [[usize; 4]; 5] =
    [[32, 10, 1, 50], [16, 10, 1, 200], [16, 5, 200, 200], [64, 60, 16, 64], [256, 56, 8, 64]];

/// The least of many rounds, each of some milliseconds, in microseconds of the processor.
fn least(mut work: impl FnMut()) -> f64 {
    let mut round = |count: usize| {
        let start = ThreadTime::now();
        (0..count).for_each(|_| work());
        start.elapsed().as_secs_f64() * 1e6 / count as f64
    };
    let count = (3000.0 / round(2)).clamp(1.0, 1e4) as usize;
    let rounds = (300_000.0 / round(count) / count as f64).clamp(5.0, 100.0) as usize;
    (0..rounds).map(|_| round(count)).fold(f64::INFINITY, f64::min)
}

fn noise(count: usize) -> Vec<f32> {
    (0..count).map(|k| (k * 7919 % 1009) as f32 / 5045.0 - 0.1).collect()
}

fn main() {
    for [batch, steps, inputs, hidden] in SIZES {
        let shape = Shape { batch, steps, heard: steps, inputs, hidden };
        for (name, cell) in
            [("lstm", Cell::Lstm(Act::Tanh)), ("gru", Cell::Gru), ("rnn", Cell::Rnn(Act::Tanh))]
        {
            let layer = Layer { cell, direction: Direction::Forward, shape };
            let width = cell.gates() * hidden;
            let (input, own) = (noise(inputs * width), noise(hidden * width));
            let bias = noise(width);
            let hidden_bias: &[f32] = if cell == Cell::Gru { &bias } else { &[] };
            let weights = Weights { input: &input, hidden: &own, bias: &bias, hidden_bias };
            let (x, pull) = (noise(batch * steps * inputs), noise(batch * steps * hidden));
            let wanted = if inputs > 1 { Wanted::Inputs } else { Wanted::Weights };
            let both = least(|| {
                let (_, tape) = layer.forward(weights, &x);
                std::hint::black_box(layer.backward(weights, tape, &pull, wanted));
            });
            let forth = least(|| drop(std::hint::black_box(layer.infer(weights, &x))));
            let products = if inputs > 1 { 3 } else { 2 } * inputs + 3 * hidden;
            let work = 2.0 * (batch * steps * width * products) as f64;
            let rate = work / both / 1e3;
            println!(
                "{batch},{steps},{inputs},{hidden} {name:5} train {both:9.0} us {rate:6.1} GFLOP/s | infer {forth:8.0}"
            );
        }
    }
}
