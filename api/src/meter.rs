//! What a run costs: wall time, processor time, memory.

use std::fs;
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;

/// Started at the beginning of a run, read at its end.
pub struct Meter {
    wall: Instant,
    cpu: Duration,
}

/// What was used since the start; zeros where the system does not tell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// Wall-clock seconds.
    pub wall_s: f64,
    /// Processor seconds of all threads.
    pub cpu_s: f64,
    /// Peak resident bytes of the process.
    pub peak_bytes: u64,
}

impl Meter {
    /// Starts now.
    pub fn start() -> Meter {
        Meter { wall: Instant::now(), cpu: cpu().unwrap_or_default() }
    }

    /// What was used so far.
    pub fn read(&self) -> Cost {
        Cost {
            wall_s: self.wall.elapsed().as_secs_f64(),
            cpu_s: cpu().map_or(0.0, |now| (now - self.cpu).as_secs_f64()),
            peak_bytes: peak_bytes().unwrap_or(0),
        }
    }

    /// Whether this system tells processor time and memory.
    pub fn complete() -> bool {
        cpu().is_some() && peak_bytes().is_some()
    }
}

fn cpu() -> Option<Duration> {
    ProcessTime::try_now().ok().map(|now| now.as_duration())
}

fn peak_bytes() -> Option<u64> {
    status("VmHWM:")
}

/// Bytes of the process that are in memory now.
pub fn resident() -> Option<u64> {
    status("VmRSS:")
}

fn status(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hundred mebibytes that were touched show in the peak, and work in processor seconds.
    #[test]
    #[cfg(target_os = "linux")]
    fn memory_and_work_are_seen() {
        let meter = Meter::start();
        let block = vec![1_u8; 100 << 20];
        let mut sum = 0_u64;
        while sum == 0 || meter.read().cpu_s < 0.02 {
            sum += block.iter().map(|&byte| u64::from(byte)).sum::<u64>();
        }
        assert!(sum >= 100 << 20);
        assert!(meter.read().peak_bytes > 100 << 20);
        assert!(Meter::complete());
    }
}
