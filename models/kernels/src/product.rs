//! Products of matrices with many rows by one that is packed once and serves all steps.

use crate::room::{LINE, Room};
use crate::wide::{Loop, Processor, Register, widest};

/// Lines of a panel: columns that are multiplied together.
const PANEL: usize = 3;
/// Rows that are multiplied together.
const ROWS: usize = 8;

/// A matrix of `depth` rows cut into panels of columns, each panel row after row.
pub(crate) struct Packed {
    numbers: Room,
    depth: usize,
    across: usize,
}

impl Packed {
    /// Zeros.
    pub(crate) fn new(depth: usize, width: usize) -> Packed {
        let across = width.div_ceil(LINE);
        Packed { numbers: Room::zeros(depth * across * LINE), depth, across }
    }

    /// Where a line begins.
    fn place(&self, depth: usize, line: usize) -> usize {
        let first = line / PANEL * PANEL;
        let lines = PANEL.min(self.across - first);
        (first * self.depth + depth * lines + line - first) * LINE
    }

    /// Writes a row, or a part of it from a column on.
    pub(crate) fn put(&mut self, depth: usize, column: usize, mut values: &[f32]) {
        let mut column = column;
        while !values.is_empty() {
            let (panel, within) = (column / (PANEL * LINE), column % (PANEL * LINE));
            let (own, more) = values.split_at(values.len().min(PANEL * LINE - within));
            let place = self.place(depth, panel * PANEL) + within;
            self.numbers[place..][..own.len()].copy_from_slice(own);
            (column, values) = (column + own.len(), more);
        }
    }

    /// Writes up to a line of columns side by side, each from a row on.
    pub(crate) fn put_down(&mut self, depth: usize, line: usize, columns: &[&[f32]]) {
        let lines = PANEL.min(self.across - line / PANEL * PANEL);
        let first = self.place(depth, line);
        let lines = self.numbers[first..].chunks_mut(lines * LINE);
        for (at, line) in lines.take(columns[0].len()).enumerate() {
            line.iter_mut().zip(columns).for_each(|(to, column)| *to = column[at]);
        }
    }

    /// Makes the matrix less deep; all its rows are to be written again.
    pub(crate) fn cut(&mut self, depth: usize) {
        self.depth = self.depth.min(depth);
    }
}

/// One factor on the left: rows (or, where `TURNED`, columns) that begin `stride` apart in `data`, and
/// every `group` of them `jump` after the group before. Rows may overlap.
#[derive(Clone, Copy)]
pub(crate) struct Left<'a> {
    data: &'a [f32],
    stride: usize,
    group: usize,
    jump: usize,
}

impl<'a> Left<'a> {
    /// Rows `stride` apart.
    pub(crate) fn rows(data: &'a [f32], stride: usize) -> Left<'a> {
        Left { data, stride, group: usize::MAX, jump: usize::MAX }
    }

    /// Groups of rows `stride` apart, the groups `jump` apart, each beginning after the last row of the
    /// one before.
    pub(crate) fn groups(
        data: &'a [f32],
        stride: usize,
        (group, jump): (usize, usize),
    ) -> Left<'a> {
        assert!(0 < group && group.saturating_sub(1) * stride <= jump);
        Left { data, stride, group, jump }
    }

    /// The same from a row on, the first of a group.
    pub(crate) fn from(self, row: usize) -> Left<'a> {
        Left { data: &self.data[self.at(row)..], ..self }
    }

    /// Where a row begins; rows further down begin no earlier.
    #[inline(always)]
    fn at(&self, row: usize) -> usize {
        match self.group {
            usize::MAX => row * self.stride,
            group => row / group * self.jump + row % group * self.stride,
        }
    }
}

/// out ← out·[kept] + Σ left·right, for rows of `out` that are `stride` apart and `width` long.
pub(crate) struct Product<'a, const TURNED: bool> {
    pub(crate) terms: &'a [(Left<'a>, &'a Packed)],
    pub(crate) kept: bool,
    pub(crate) rows: usize,
    pub(crate) width: usize,
    pub(crate) stride: usize,
    pub(crate) out: &'a mut [f32],
}

impl<const TURNED: bool> Product<'_, TURNED> {
    /// Computes.
    pub(crate) fn run(self) {
        widest(self);
    }

    /// `R` rows from one on, by a panel from a column on.
    #[inline(always)]
    fn panel<V: Register, const R: usize>(&mut self, row: usize, column: usize) {
        let width = (PANEL * LINE).min(self.width - column);
        let lines = width.div_ceil(LINE);
        let out = &mut self.out[row * self.stride + column..][..(R - 1) * self.stride + width];
        let mut edge = [0.0; ROWS * PANEL * LINE];
        let whole = width == lines * LINE;
        if !whole && self.kept {
            for (to, from) in edge.chunks_exact_mut(PANEL * LINE).zip(out.chunks(self.stride)) {
                to[..width].copy_from_slice(&from[..width]);
            }
        }
        let (to, stride) =
            if whole { (out.as_mut_ptr(), self.stride) } else { (edge.as_mut_ptr(), PANEL * LINE) };
        let place = Place { row, line: column / LINE, lines, kept: self.kept, to, stride };
        // SAFETY: `to` has `R` rows of whole lines behind it, in `out` or in `edge`.
        unsafe {
            match (lines, V::COUNT) {
                (3, LINE) => tile::<TURNED, V, R, 3>(self.terms, &place, 0),
                (2, LINE) => tile::<TURNED, V, R, 2>(self.terms, &place, 0),
                (1, LINE) => tile::<TURNED, V, R, 1>(self.terms, &place, 0),
                _ => {
                    for part in 0..lines * LINE / V::COUNT {
                        tile::<TURNED, V, R, 1>(self.terms, &place, part * V::COUNT);
                    }
                }
            }
        }
        if !whole {
            for (from, to) in edge.chunks_exact(PANEL * LINE).zip(out.chunks_mut(self.stride)) {
                to[..width].copy_from_slice(&from[..width]);
            }
        }
    }

    #[inline(always)]
    fn all<V: Register>(mut self) {
        for column in (0..self.width).step_by(PANEL * LINE) {
            let mut row = 0;
            while row + ROWS <= self.rows {
                self.panel::<V, ROWS>(row, column);
                row += ROWS;
            }
            if row + 4 <= self.rows {
                self.panel::<V, 4>(row, column);
                row += 4;
            }
            if row + 2 <= self.rows {
                self.panel::<V, 2>(row, column);
                row += 2;
            }
            if row < self.rows {
                self.panel::<V, 1>(row, column);
            }
        }
    }
}

/// Where a tile of the product stands.
struct Place {
    row: usize,
    /// First line of the panel, and how many it has.
    line: usize,
    lines: usize,
    kept: bool,
    to: *mut f32,
    stride: usize,
}

/// `R` rows by `L` registers of a panel, from a column of it on. Sums stay in registers.
///
/// # Safety
/// At `place.to` are `R` rows `stride` apart, each as wide as the panel.
#[inline(always)]
unsafe fn tile<const TURNED: bool, V: Register, const R: usize, const L: usize>(
    terms: &[(Left, &Packed)],
    place: &Place,
    from: usize,
) {
    let to = |r: usize, l: usize| place.to.wrapping_add(r * place.stride + from + l * V::COUNT);
    // SAFETY: the asserted ends bound what is read on both sides, the caller what is written.
    unsafe {
        let mut sums = [[V::all(0.0); L]; R];
        if place.kept {
            for (r, sums) in sums.iter_mut().enumerate() {
                sums.iter_mut().enumerate().for_each(|(l, sum)| *sum = V::load(to(r, l)));
            }
        }
        for (left, right) in terms {
            let panel = &right.numbers[right.place(0, place.line)..];
            let last = match TURNED {
                true => left.at(right.depth - 1) + place.row + R - 1,
                false => left.at(place.row + R - 1) + right.depth - 1,
            };
            assert!(last < left.data.len());
            assert!(from + L * V::COUNT <= place.lines * LINE);
            assert!(right.depth * place.lines * LINE <= panel.len());
            let own = |r: usize| if TURNED { place.row + r } else { left.at(place.row + r) };
            let starts: [*const f32; R] = std::array::from_fn(|r| left.data.as_ptr().add(own(r)));
            let run = if TURNED { left.group.min(right.depth) } else { right.depth };
            let mut b = panel.as_ptr().add(from);
            for first in (0..right.depth).step_by(run) {
                let mut at = if TURNED { left.at(first) } else { 0 };
                for _ in first..right.depth.min(first + run) {
                    let mut line = [V::all(0.0); L];
                    line.iter_mut()
                        .enumerate()
                        .for_each(|(l, b_l)| *b_l = V::load(b.add(l * V::COUNT)));
                    for (start, sums) in starts.iter().zip(&mut sums) {
                        let a = V::all(*start.add(at));
                        sums.iter_mut().zip(line).for_each(|(sum, b)| *sum = a.times_plus(b, *sum));
                    }
                    at += if TURNED { left.stride } else { 1 };
                    b = b.wrapping_add(place.lines * LINE);
                }
            }
        }
        for (r, sums) in sums.into_iter().enumerate() {
            sums.into_iter().enumerate().for_each(|(l, sum)| sum.store(to(r, l)));
        }
    }
}

impl<const TURNED: bool> Loop for Product<'_, TURNED> {
    #[inline(always)]
    fn run<P: Processor>(self) {
        self.all::<P::Line>();
    }
}
