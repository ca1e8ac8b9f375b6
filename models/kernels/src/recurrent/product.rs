//! Products of matrices with many rows by one that is packed once and serves all steps.

use super::wide::{Loop, fused, widest};

/// Numbers of a line: one wide register, one line of the cache.
const LINE: usize = 16;
/// Lines of a panel: columns that are multiplied together.
const PANEL: usize = 3;
/// Rows that are multiplied together.
const ROWS: usize = 8;

#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line([f32; LINE]);

/// A matrix of `depth` rows cut into panels of columns, each panel row after row.
pub(super) struct Packed {
    lines: Vec<Line>,
    depth: usize,
    across: usize,
}

impl Packed {
    /// Zeros.
    pub(super) fn new(depth: usize, width: usize) -> Packed {
        let across = width.div_ceil(LINE);
        Packed { lines: vec![Line([0.0; LINE]); depth * across], depth, across }
    }

    fn place(&self, depth: usize, line: usize) -> usize {
        let first = line / PANEL * PANEL;
        let lines = PANEL.min(self.across - first);
        first * self.depth + depth * lines + line - first
    }

    /// Writes a part of a row, from a column on.
    pub(super) fn put(&mut self, depth: usize, column: usize, values: &[f32]) {
        let mut rest = values;
        let mut column = column;
        while !rest.is_empty() {
            let (line, from) = (column / LINE, column % LINE);
            let (now, later) = rest.split_at(rest.len().min(LINE - from));
            let place = self.place(depth, line);
            self.lines[place].0[from..][..now.len()].copy_from_slice(now);
            (rest, column) = (later, column + now.len());
        }
    }

    /// Writes a part of a column, from a row on.
    pub(super) fn put_down(&mut self, depth: usize, column: usize, values: &[f32]) {
        let line = column / LINE;
        let lines = PANEL.min(self.across - line / PANEL * PANEL);
        let first = self.place(depth, line);
        for (line, value) in self.lines[first..].iter_mut().step_by(lines).zip(values) {
            line.0[column % LINE] = *value;
        }
    }

    /// Empties the matrix and gives it another depth.
    pub(super) fn reset(&mut self, depth: usize) {
        self.depth = depth;
        self.lines.truncate(depth * self.across);
    }
}

/// One factor on the left: `data` from its first element on, rows (or, where `turned`, columns)
/// `stride` apart.
#[derive(Clone, Copy)]
pub(super) struct Left<'a> {
    pub(super) data: &'a [f32],
    pub(super) stride: usize,
}

/// out ← out·[kept] + Σ left·right, for rows of `out` that are `stride` apart and `width` long.
pub(super) struct Product<'a, const TURNED: bool> {
    pub(super) terms: &'a [(Left<'a>, &'a Packed)],
    pub(super) kept: bool,
    pub(super) rows: usize,
    pub(super) width: usize,
    pub(super) stride: usize,
    pub(super) out: &'a mut [f32],
}

impl<const TURNED: bool> Product<'_, TURNED> {
    /// Computes.
    pub(super) fn run(self) {
        widest(self);
    }

    #[inline(always)]
    fn panel<const WIDTH: usize, const R: usize>(&mut self, row: usize, column: usize) {
        let lines = PANEL.min((self.width - column).div_ceil(LINE));
        match (WIDTH, lines) {
            (16, 3) => self.tile::<WIDTH, R, 3>(row, column, 3),
            (16, 2) => self.tile::<WIDTH, R, 2>(row, column, 2),
            _ => {
                for line in 0..lines {
                    self.tile::<WIDTH, R, 1>(row, column + line * LINE, lines);
                }
            }
        }
    }

    /// `R` rows by `L` lines of a panel that is `across` lines wide.
    #[inline(always)]
    fn tile<const WIDTH: usize, const R: usize, const L: usize>(
        &mut self,
        row: usize,
        column: usize,
        across: usize,
    ) {
        let mut sums = [[[0.0_f32; LINE]; L]; R];
        let width = self.width - column;
        if self.kept {
            for (r, sums) in sums.iter_mut().enumerate() {
                let out = &self.out[(row + r) * self.stride + column..];
                for (l, sums) in sums.iter_mut().enumerate() {
                    let count = LINE.min(width - l * LINE);
                    sums[..count].copy_from_slice(&out[l * LINE..][..count]);
                }
            }
        }
        for (left, right) in self.terms {
            let line = column / LINE;
            let panel = &right.lines[right.place(0, line)..][..(right.depth - 1) * across + L];
            if TURNED {
                for k in 0..right.depth {
                    let a: [f32; R] = std::array::from_fn(|r| left.data[k * left.stride + row + r]);
                    let b: &[Line] = &panel[k * across..][..L];
                    add::<WIDTH, R, L>(&mut sums, a, b);
                }
            } else {
                let rows: [&[f32]; R] =
                    std::array::from_fn(|r| &left.data[(row + r) * left.stride..][..right.depth]);
                for k in 0..right.depth {
                    let a: [f32; R] = std::array::from_fn(|r| rows[r][k]);
                    let b: &[Line] = &panel[k * across..][..L];
                    add::<WIDTH, R, L>(&mut sums, a, b);
                }
            }
        }
        for (r, sums) in sums.iter().enumerate() {
            let out = &mut self.out[(row + r) * self.stride + column..];
            for (l, sums) in sums.iter().enumerate() {
                let count = LINE.min(width - l * LINE);
                out[l * LINE..][..count].copy_from_slice(&sums[..count]);
            }
        }
    }
}

#[inline(always)]
fn add<const WIDTH: usize, const R: usize, const L: usize>(
    sums: &mut [[[f32; LINE]; L]; R],
    a: [f32; R],
    b: &[Line],
) {
    for (sums, a) in sums.iter_mut().zip(a) {
        for (sums, b) in sums.iter_mut().zip(b) {
            for (sum, b) in sums.iter_mut().zip(b.0) {
                *sum = fused::<WIDTH>(a, b, *sum);
            }
        }
    }
}

impl<const TURNED: bool> Loop for Product<'_, TURNED> {
    #[inline(always)]
    fn run<const WIDTH: usize>(mut self) {
        for column in (0..self.width).step_by(PANEL * LINE) {
            let mut row = 0;
            while row + ROWS <= self.rows {
                self.panel::<WIDTH, ROWS>(row, column);
                row += ROWS;
            }
            if row + 4 <= self.rows {
                self.panel::<WIDTH, 4>(row, column);
                row += 4;
            }
            if row + 2 <= self.rows {
                self.panel::<WIDTH, 2>(row, column);
                row += 2;
            }
            if row < self.rows {
                self.panel::<WIDTH, 1>(row, column);
            }
        }
    }
}
