//! The threads of jobs: they take what health checks and forecasts leave.

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::{Error, WORKER};

/// A pool for jobs.
///
/// # Errors
/// A system without threads.
pub fn pool(threads: usize) -> Result<ThreadPool, Error> {
    let pool = ThreadPoolBuilder::new().num_threads(threads).thread_name(|_| WORKER.into());
    let pool = pool.start_handler(|_| {
        if let Err(error) = give_way() {
            tracing::warn!(?error, "a thread of jobs does not give way to requests");
        }
    });
    pool.build().map_err(|e| Error::Failed(format!("cannot start threads: {e}")))
}

/// Runs work on these threads, inside the span of whoever asks.
pub fn install<T: Send>(pool: &ThreadPool, work: impl FnOnce() -> T + Send) -> T {
    let span = tracing::Span::current();
    pool.install(|| span.in_scope(work))
}

#[cfg(target_os = "linux")]
fn give_way() -> Result<(), thread_priority::Error> {
    use thread_priority::unix::{
        NormalThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy,
        thread_native_id,
    };
    let batch = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Batch);
    set_thread_priority_and_policy(thread_native_id(), thread_priority::ThreadPriority::Min, batch)
}

#[cfg(not(target_os = "linux"))]
fn give_way() -> Result<(), thread_priority::Error> {
    thread_priority::set_current_thread_priority(thread_priority::ThreadPriority::Min)
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    /// A thread of jobs is as nice as can be; the thread that started it stays as it was.
    #[test]
    fn jobs_give_way() {
        let nice = || {
            let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
            let fields = stat.rsplit_once(')').unwrap().1.to_string();
            fields.split_whitespace().nth(16).unwrap().parse::<i32>().unwrap()
        };
        let before = nice();
        assert_eq!(pool(1).unwrap().install(nice), 19);
        assert_eq!(nice(), before);
    }
}
