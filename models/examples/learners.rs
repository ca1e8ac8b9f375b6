//! One regressor on two files of numbers, timed: what `benches/learners.py` runs.
//!
//! ```text
//! cargo run --release -p almanac-models --example learners -- TRAIN TEST NAME SETTINGS SEED
//! ```
//!
//! A line of a file is a row, its last number the target; settings are JSON. Prints the seconds
//! of the fit and of the answers, on the clock and of the processor, and the error, as JSON.

use std::error::Error;
use std::time::Instant;

use almanac_data::Matrix;
use almanac_models::{Ctx, find, regress};
use serde_json::json;

/// Threads of a fit: as many jobs as the peer has.
const THREADS: usize = 2;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [train, test, name, settings, seed] = &words[..] else {
        return Err("learners TRAIN TEST NAME SETTINGS SEED".into());
    };
    rayon::ThreadPoolBuilder::new().num_threads(THREADS).build_global()?;
    let (x, y) = read(train)?;
    let (asked, truth) = read(test)?;
    let entry = find(regress::ROSTER, name).map_err(|near| format!("no {name}; {near:?}?"))?;
    let learner = (entry.build)(&serde_json::from_str(settings)?)?;
    let mut ctx = Ctx::new(seed.parse()?);
    ctx.threads = THREADS;

    let (start, fit) = (Instant::now(), Processor::now());
    let fitted = learner.fit(&ctx, &x, &y)?;
    let (fit_s, fit_cpu_s) = (start.elapsed().as_secs_f64(), fit.elapsed());
    let (start, answers) = (Instant::now(), Processor::now());
    let got = fitted.predict(&asked)?;
    let (predict_s, predict_cpu_s) = (start.elapsed().as_secs_f64(), answers.elapsed());

    let squares = got.iter().zip(&truth).map(|(got, truth)| (got - truth).powi(2));
    let rmse = (squares.sum::<f64>() / truth.len() as f64).sqrt();
    let line = json!({
        "fit_s": fit_s, "fit_cpu_s": fit_cpu_s,
        "predict_s": predict_s, "predict_cpu_s": predict_cpu_s, "rmse": rmse,
    });
    println!("{line}");
    Ok(())
}

/// Rows and targets of a file.
fn read(path: &str) -> Result<(Matrix, Vec<f64>), Box<dyn Error>> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
    let (mut values, mut y, mut width) = (Vec::new(), Vec::new(), 0);
    for line in text.lines() {
        let row = line.split(',').map(|word| word.trim().parse());
        let row: Vec<f64> = row.collect::<Result<_, _>>().map_err(|e| format!("{path}: {e}"))?;
        let (target, row) = row.split_last().ok_or("an empty line")?;
        values.extend_from_slice(row);
        y.push(*target);
        width = row.len();
    }
    let names = (0..width).map(|column| format!("x{column}")).collect();
    Ok((Matrix::from_rows(names, &values)?, y))
}

/// Processor seconds of all threads of this program.
struct Processor(cpu_time::ProcessTime);

impl Processor {
    fn now() -> Processor {
        Processor(cpu_time::ProcessTime::now())
    }

    fn elapsed(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}
