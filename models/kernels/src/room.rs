//! Memory that is used again: a pass takes what the last one on its thread gave back.
//!
//! A tape is large and lives for one batch. Given back to the system and asked for again, it is
//! cleared page by page.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// Numbers of a line of the cache.
pub(crate) const LINE: usize = 16;

#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line([f32; LINE]);

/// Pieces that a thread keeps, the newest last: enough for the tapes of four layers.
const KEPT: usize = 24;

thread_local! {
    static SPARE: RefCell<Vec<Vec<Line>>> = const { RefCell::new(Vec::new()) };
}

/// Numbers at the start of a line of the cache.
#[derive(Debug)]
pub(crate) struct Room {
    lines: Vec<Line>,
    len: usize,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        self.0.fmt(out)
    }
}

impl Room {
    /// Numbers of which each is to be written before it is read.
    pub(crate) fn any(len: usize) -> Room {
        let count = len.div_ceil(LINE);
        let fits = |lines: &Vec<Line>| count <= lines.len() && lines.len() <= 2 * count;
        let spare = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            spare.iter().rposition(fits).map(|at| spare.remove(at))
        });
        let lines = spare.ok().flatten().unwrap_or_else(|| vec![Line([0.0; LINE]); count]);
        Room { lines, len }
    }

    /// Zeros.
    pub(crate) fn zeros(len: usize) -> Room {
        let mut room = Room::any(len);
        room.fill(0.0);
        room
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        let given = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.len() == KEPT {
                spare.remove(0);
            }
            spare.push(lines);
        });
        given.unwrap_or_default();
    }
}

impl Clone for Room {
    fn clone(&self) -> Room {
        let mut room = Room::any(self.len);
        room.copy_from_slice(self);
        room
    }
}

impl Deref for Room {
    type Target = [f32];
    fn deref(&self) -> &[f32] {
        // SAFETY: a line is sixteen numbers, and there are lines for `len` of them.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

impl DerefMut for Room {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was given back comes again, and in the old order when two fit.
    #[test]
    fn memory_comes_again() {
        let mut room = Room::zeros(100);
        room[99] = 7.0;
        let place = room.as_ptr();
        drop(room);
        let room = Room::any(98);
        assert_eq!((room.as_ptr(), room.len(), place.addr() % 64), (place, 98, 0));
        assert_ne!(Room::zeros(100).as_ptr(), place);
        assert_eq!(room.clone()[..], room[..]);
    }
}
