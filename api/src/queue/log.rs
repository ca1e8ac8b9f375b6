//! What happened to a job, in order: each listener reads at its own pace and misses nothing.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::watch;

use super::locked;

/// Events that are held; a listener that was away for longer is told where things stand.
const HELD: usize = 10_000;
/// Progress is told no more often.
const APART: Duration = Duration::from_millis(100);

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its number, from 1.
    pub number: u64,
    /// `state`, `progress` or `fold`.
    pub kind: &'static str,
    /// What happened.
    pub data: Value,
}

/// The events of one job since the server started.
pub struct Log {
    start: String,
    inner: Mutex<Inner>,
    /// How many events there were, and whether no more will come.
    count: watch::Sender<(u64, bool)>,
}

#[derive(Default)]
struct Inner {
    events: VecDeque<Event>,
    count: u64,
    done: usize,
    total: usize,
    fold: usize,
    told: Option<Instant>,
}

impl Log {
    /// An empty log; `start` sets its events apart from those of another start of the server.
    pub fn new(start: &str) -> Log {
        let count = watch::Sender::new((0, false));
        Log { start: start.into(), inner: Mutex::default(), count }
    }

    /// The id of an event, for a client that comes back.
    pub fn id(&self, number: u64) -> String {
        format!("{}-{number}", self.start)
    }

    /// The number behind an id of this start; none for another's.
    pub fn number(&self, id: &str) -> Option<u64> {
        id.strip_prefix(self.start.as_str())?.strip_prefix('-')?.parse().ok()
    }

    /// Adds an event.
    pub fn add(&self, kind: &'static str, data: Value) {
        let count = locked(&self.inner).push(kind, data);
        self.count.send_modify(|(number, _)| *number = count);
    }

    /// Adds the last event.
    pub fn end(&self, data: Value) {
        let count = locked(&self.inner).push("state", data);
        self.count.send_replace((count, true));
    }

    /// Ends every listener's stream without an event: the server stops, and they come back later.
    pub fn close(&self) {
        self.count.send_modify(|(_, ended)| *ended = true);
    }

    /// Whether no more will come.
    pub fn has_ended(&self) -> bool {
        self.count.borrow().1
    }

    /// Answers that are there, and that there will be.
    pub fn reached(&self) -> (i64, i64) {
        let inner = locked(&self.inner);
        (inner.done as i64, inner.total as i64)
    }

    /// Notes progress: every fold, and what lies between, as often as a person can look.
    pub fn reach(&self, done: usize, total: usize, folds: usize) {
        let mut inner = locked(&self.inner);
        // Ticks come from many threads, not always in order.
        if done <= inner.done && total == inner.total {
            return;
        }
        (inner.done, inner.total) = (done, total);
        let fold = done * folds / total.max(1);
        let due = inner.told.is_none_or(|told| told.elapsed() >= APART);
        let mut count = None;
        if fold > inner.fold {
            inner.fold = fold;
            count = Some(inner.push("fold", json!({ "fold": fold, "folds": folds })));
        }
        if due || done == total {
            inner.told = Some(Instant::now());
            count = Some(inner.push("progress", json!({ "done": done, "total": total })));
        }
        drop(inner);
        if let Some(count) = count {
            self.count.send_modify(|(number, _)| *number = count);
        }
    }

    /// The events after a number, and whether no more will come; none where they are not held.
    pub fn after(&self, number: u64) -> Option<(Vec<Event>, bool)> {
        let (count, ended) = *self.count.borrow();
        let inner = locked(&self.inner);
        let first = inner.events.front().map_or(1, |event| event.number);
        if number + 1 < first || number > inner.count {
            return None;
        }
        let new = inner.events.iter().skip((number + 1 - first) as usize);
        Some((new.cloned().collect(), ended && count == inner.count))
    }

    /// The number of the last event.
    pub fn last(&self) -> u64 {
        locked(&self.inner).count
    }

    /// Told when events come.
    pub fn watch(&self) -> watch::Receiver<(u64, bool)> {
        self.count.subscribe()
    }
}

impl Inner {
    fn push(&mut self, kind: &'static str, data: Value) -> u64 {
        self.count += 1;
        if self.events.len() == HELD {
            self.events.pop_front();
        }
        self.events.push_back(Event { number: self.count, kind, data });
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever saw two events gets the third; an id of another start, or from the future, is none.
    #[test]
    fn listeners_come_back() {
        let log = Log::new("abc");
        log.add("state", json!({}));
        log.reach(1, 4, 2);
        let seen = log.number(&log.id(2)).unwrap();
        log.reach(2, 4, 2);
        log.end(json!({}));
        let (events, ended) = log.after(seen).unwrap();
        let kinds: Vec<&str> = events.iter().map(|event| event.kind).collect();
        assert_eq!((kinds, ended), (vec!["fold", "state"], true));
        assert!(log.number("xyz-2").is_none() && log.after(9).is_none());
        assert_eq!(log.after(4).unwrap(), (vec![], true));
    }

    /// A log that has grown long forgets its oldest events, and says so.
    #[test]
    fn old_events_go() {
        let log = Log::new("a");
        (0..HELD + 5).for_each(|_| log.add("progress", json!({})));
        assert!(log.after(3).is_none());
        assert_eq!(log.after(5).unwrap().0.len(), HELD);
    }
}
