//! Training of one network on windows of a wave, timed: what `benches/networks.py` runs.
//!
//! ```text
//! cargo run --release -p almanac-models --example networks -- NAME SETTINGS ROWS WINDOW HORIZON FITS THREADS
//! ```
//!
//! Settings are JSON. Prints the seconds of so many fits, on the clock and of the processor, and the
//! mean loss of the last epoch, as JSON.

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use almanac_data::{Calendar, Panel, Stamp};
use almanac_models::lift::OnWindows;
use almanac_models::{Ctx, Model, find, nets};
use cpu_time::ProcessTime;
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [name, settings, numbers @ ..] = &words[..] else {
        return Err("networks NAME SETTINGS ROWS WINDOW HORIZON FITS THREADS".into());
    };
    let numbers: Vec<usize> = numbers.iter().map(|word| word.parse()).collect::<Result<_, _>>()?;
    let &[rows, window, horizon, fits, threads] = &numbers[..] else {
        return Err("rows, window, horizon, fits and threads are five numbers".into());
    };
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    let entry = find(nets::ROSTER, name).map_err(|near| format!("no {name}; {near:?}?"))?;
    let network = (entry.build)(&serde_json::from_str(settings)?)?;
    let windows = OnWindows { window: Some(window), ..OnWindows::default() };
    let model = windows.around(network, horizon)?;

    // As many windows as rows are asked for.
    let count = rows + window + horizon - 1;
    let wave = |t: usize| (t as f64 * 0.3).sin() + 0.5 * (t as f64 * 0.05).cos();
    let (at, y) = (0..count).map(|t| (Stamp(t as i64), wave(t))).unzip();
    let panel = Panel::new("wave", Calendar::steps(), vec![("a".into(), count)], at, y)?;
    let cut = panel.cut([(0, count)], usize::MAX, horizon);

    let losses = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&losses);
    let ctx = Ctx::new(1).with_threads(threads).watched(move |_, epoch| {
        if epoch.epoch == epoch.epochs
            && let Ok(mut losses) = into.lock()
        {
            losses.push(epoch.loss);
        }
    });
    let (start, processor) = (Instant::now(), ProcessTime::now());
    let fit =
        |at: usize| model.fit(&ctx.single().named(&at.to_string()), cut.past(&panel)).map(drop);
    ctx.map(fits, fit).into_iter().collect::<Result<Vec<()>, _>>()?;
    let (wall_s, cpu_s) = (start.elapsed().as_secs_f64(), processor.elapsed().as_secs_f64());
    let losses = losses.lock().map_err(|_| "a fit panicked")?;
    let loss = losses.iter().sum::<f64>() / losses.len() as f64;
    println!("{}", json!({ "wall_s": wall_s, "cpu_s": cpu_s, "loss": loss }));
    Ok(())
}
