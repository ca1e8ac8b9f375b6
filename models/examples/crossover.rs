//! One attention layer over so many steps, timed: what `benches/crossover.py` runs.
//!
//! ```text
//! cargo run --release -p almanac-models --example crossover -- softmax|favor STEPS
//! ```
//!
//! A window of 64 numbers a step in four heads; prints the processor seconds of one forward pass, of
//! one with its slopes, and the most memory that was ever held, as JSON.

use std::error::Error;

use almanac_models::Ctx;
use almanac_models::nets::Draw;
use almanac_models::nets::layers::{Attention, Heads, Meeting};
use burn::module::Module;
use burn::tensor::{Distribution, Tensor};
use cpu_time::ThreadTime;
use serde_json::json;

/// The least of the repeats counts; short ones are repeated for this long.
const SECONDS: f64 = 0.5;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [meeting, steps] = &words[..] else { return Err("crossover softmax|favor STEPS".into()) };
    let meeting: Meeting = serde_json::from_value(json!(meeting))?;
    let steps: usize = steps.parse()?;
    let mut draw = Draw::new(&Ctx::new(1))?;
    let heads = Heads { dim: 64, heads: 4, meeting, features: 0, causal: false };
    let layer = Attention::new(&mut draw, heads);
    let x = Tensor::<3>::random([1, steps, 64], Distribution::Default, &draw.device);

    let used = layer.valid();
    let before = peak()?;
    let forward = least(|| used.forward(x.clone().inner()).sum().into_scalar::<f32>());
    let forward_mib = peak()? - before;
    let both = least(|| {
        let said = layer.forward(x.clone()).sum();
        let slopes = said.backward();
        drop(slopes);
        said.into_scalar::<f32>()
    });
    let both_mib = peak()? - before;
    let line = json!({
        "forward_s": forward, "forward_mib": forward_mib, "both_s": both, "both_mib": both_mib,
    });
    println!("{line}");
    Ok(())
}

/// Processor seconds of the fastest of several runs.
fn least(mut work: impl FnMut() -> f32) -> f64 {
    let (start, mut least) = (ThreadTime::now(), f64::INFINITY);
    while start.elapsed().as_secs_f64() < SECONDS || least.is_infinite() {
        let own = ThreadTime::now();
        std::hint::black_box(work());
        least = least.min(own.elapsed().as_secs_f64());
    }
    least
}

/// The most memory this process ever held, in MiB.
fn peak() -> Result<f64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()).ok_or("no VmHWM")?;
    Ok(kib.parse::<f64>()? / 1024.0)
}
