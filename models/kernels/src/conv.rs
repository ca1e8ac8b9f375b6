//! Filters slid over images, and the slopes of what follows them, in 32 bits.
//!
//! ```text
//! y[r, c, o] = b[o] + Σ W[k, l, i, o]·x[r·s + k − above, c·s + l − left, i]
//! ```
//!
//! Images are x[image][row][column][channel]. What a filter sees of one row lies in one piece, so that a
//! row of filters is a product of overlapping rows of memory with weights that were packed once: no
//! window is copied. The slopes by x are filters, turned about, slid over the slopes by y.
//! LeCun, Bottou, Bengio & Haffner (1998).

use crate::Wanted;
use crate::product::{Left, Packed, Product};
use crate::room::{LINE, Room};

/// Places of y that are multiplied together for the slopes by the weights.
const CHUNK: usize = 256;

/// What is seen beyond an edge of the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// Nothing: filters stay inside.
    Valid,
    /// Zeros, so that there is a number for every `stride`-th place, the odd zero at the end.
    Same,
}

/// Sizes, each at least 1; of pairs the first is along rows of the image, the second along columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layer {
    /// Images.
    pub images: usize,
    /// Places of an image.
    pub places: [usize; 2],
    /// Channels of a place.
    pub inputs: usize,
    /// Filters.
    pub outputs: usize,
    /// Places that a filter sees.
    pub seen: [usize; 2],
    /// Places from one to the next.
    pub stride: [usize; 2],
    /// What is seen beyond the image.
    pub edge: Edge,
}

/// Slopes of the loss, each in the shape of what it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct Slopes {
    /// By x; empty where not wanted.
    pub x: Vec<f32>,
    /// By W.
    pub weights: Vec<f32>,
    /// By b.
    pub bias: Vec<f32>,
}

/// Where the places of an image stand in a larger one, zeros between them and around.
struct Frame {
    places: [usize; 2],
    first: [usize; 2],
    step: [usize; 2],
}

/// Images in their frames.
struct Framed {
    numbers: Room,
    row: usize,
    image: usize,
    channels: usize,
}

impl Framed {
    fn new(images: &[f32], [rows, columns]: [usize; 2], channels: usize, frame: Frame) -> Framed {
        let row = frame.places[1] * channels;
        let image = frame.places[0] * row;
        let count = images.len() / (rows * columns * channels);
        let mut numbers = Room::zeros(count * image);
        let gap = frame.step[1] * channels;
        for (at, values) in images.chunks_exact(columns * channels).enumerate() {
            let place = at / rows * image + (frame.first[0] + at % rows * frame.step[0]) * row;
            let to = &mut numbers[place + frame.first[1] * channels..];
            match frame.step[1] {
                1 => to[..values.len()].copy_from_slice(values),
                _ => to
                    .chunks_mut(gap)
                    .zip(values.chunks_exact(channels))
                    .for_each(|(to, values)| to[..channels].copy_from_slice(values)),
            }
        }
        Framed { numbers, row, image, channels }
    }

    /// What filters see from a row of an image on: places `stride` apart, so many in a row.
    fn seen(&self, image: usize, row: usize, stride: [usize; 2], columns: usize) -> Left<'_> {
        let from = &self.numbers[image * self.image..][..self.image][row * self.row..];
        Left::groups(from, stride[1] * self.channels, (columns, stride[0] * self.row))
    }
}

impl Layer {
    /// Places of an answer; none where a filter does not fit.
    pub fn answered(&self) -> [usize; 2] {
        std::array::from_fn(|axis| match self.edge {
            Edge::Valid => {
                let free = (self.places[axis] + 1).saturating_sub(self.seen[axis]);
                free.div_ceil(self.stride[axis])
            }
            Edge::Same => self.places[axis].div_ceil(self.stride[axis]),
        })
    }

    /// Zeros before the first place and after the last.
    pub fn around(&self) -> [[usize; 2]; 2] {
        std::array::from_fn(|axis| match self.edge {
            Edge::Valid => [0, 0],
            Edge::Same => {
                let reach = (self.answered()[axis] - 1) * self.stride[axis] + self.seen[axis];
                let zeros = reach.saturating_sub(self.places[axis]);
                [zeros / 2, zeros - zeros / 2]
            }
        })
    }

    /// y, [image][row][column][filter]; `weights` are [row][column][channel][filter], and `bias` is one
    /// a filter.
    pub fn forward(&self, weights: &[f32], bias: &[f32], x: &[f32]) -> Vec<f32> {
        let depth = self.seen[1] * self.inputs;
        let pack = |rows: &[f32]| {
            let mut packed = Packed::new(depth, self.outputs);
            rows.chunks_exact(self.outputs).enumerate().for_each(|(k, row)| packed.put(k, 0, row));
            packed
        };
        let packed: Vec<Packed> = weights.chunks_exact(depth * self.outputs).map(pack).collect();
        let mut y = bias.repeat(self.images * self.answered().iter().product::<usize>());
        slide((&self.framed(x), self.stride), &packed, (&mut y, self.answered()));
        y
    }

    /// The slopes of a loss whose slopes by y are `pull`; by x only where `wanted`.
    pub fn backward(&self, weights: &[f32], x: &[f32], pull: &[f32], wanted: Wanted) -> Slopes {
        let mut bias = vec![0.0; self.outputs];
        for row in pull.chunks_exact(self.outputs) {
            bias.iter_mut().zip(row).for_each(|(sum, slope)| *sum += slope);
        }
        let inputs = match wanted {
            Wanted::Weights => Vec::new(),
            Wanted::Inputs => self.by_inputs(weights, pull),
        };
        Slopes { x: inputs, weights: self.by_weights(x, pull), bias }
    }

    /// Images with the zeros around them.
    fn framed(&self, x: &[f32]) -> Framed {
        let around = self.around();
        let places =
            std::array::from_fn(|axis| around[axis][0] + self.places[axis] + around[axis][1]);
        let frame = Frame { places, first: around.map(|[before, _]| before), step: [1, 1] };
        Framed::new(x, self.places, self.inputs, frame)
    }

    fn by_inputs(&self, weights: &[f32], pull: &[f32]) -> Vec<f32> {
        let (seen, around, wide) = (self.seen, self.around(), self.outputs);
        let frame = Frame {
            places: std::array::from_fn(|axis| self.places[axis] + seen[axis] - 1),
            first: std::array::from_fn(|axis| seen[axis] - 1 - around[axis][0]),
            step: self.stride,
        };
        let pull = Framed::new(pull, self.answered(), wide, frame);
        let turned = |rows: &[f32]| {
            let mut packed = Packed::new(seen[1] * wide, self.inputs);
            for (column, place) in rows.rchunks_exact(self.inputs * wide).enumerate() {
                for (line, channels) in place.chunks(LINE * wide).enumerate() {
                    let channels: Vec<&[f32]> = channels.chunks_exact(wide).collect();
                    packed.put_down(column * wide, line, &channels);
                }
            }
            packed
        };
        let row = seen[1] * self.inputs * wide;
        let packed: Vec<Packed> = weights.rchunks_exact(row).map(turned).collect();
        let places: usize = self.places.iter().product();
        let mut slopes = vec![0.0; self.images * places * self.inputs];
        slide((&pull, [1, 1]), &packed, (&mut slopes, self.places));
        slopes
    }

    fn by_weights(&self, x: &[f32], pull: &[f32]) -> Vec<f32> {
        let ([rows, columns], wide) = (self.answered(), self.outputs);
        let (x, depth) = (self.framed(x), self.seen[1] * self.inputs);
        let mut slopes = vec![0.0; self.seen[0] * depth * wide];
        let together = (CHUNK / columns).clamp(1, rows);
        for (image, pull) in pull.chunks_exact(rows * columns * wide).enumerate() {
            for (chunk, pull) in pull.chunks(together * columns * wide).enumerate() {
                let mut packed = Packed::new(pull.len() / wide, wide);
                pull.chunks_exact(wide).enumerate().for_each(|(k, row)| packed.put(k, 0, row));
                for (row, out) in slopes.chunks_exact_mut(depth * wide).enumerate() {
                    let first = chunk * together * self.stride[0] + row;
                    let terms = &[(x.seen(image, first, self.stride, columns), &packed)];
                    let (kept, rows, width, stride) = (true, depth, wide, wide);
                    Product::<true> { terms, kept, rows, width, stride, out }.run();
                }
            }
        }
        slopes
    }
}

/// Adds to `y` what filters find in images, each row of them packed, `stride` places apart.
fn slide(
    (x, stride): (&Framed, [usize; 2]),
    packed: &[Packed],
    (y, [rows, columns]): (&mut [f32], [usize; 2]),
) {
    let images = x.numbers.len() / x.image;
    let size = y.len() / images;
    let width = size / (rows * columns);
    for (image, out) in y.chunks_exact_mut(size).enumerate() {
        let term = |(row, packed)| (x.seen(image, row, stride, columns), packed);
        let terms: Vec<(Left, &Packed)> = packed.iter().enumerate().map(term).collect();
        let (kept, rows, stride) = (true, rows * columns, width);
        Product::<false> { terms: &terms, kept, rows, width, stride, out }.run();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(seed: usize, count: usize) -> Vec<f32> {
        (0..count).map(|k| ((k + seed) * 7919 % 1009) as f32 / 504.5 - 1.0).collect()
    }

    /// The definition, place by place, in 64 bits: y, and Σ pull·y's slopes.
    fn plain(layer: &Layer, [weights, bias, x, pull]: [&[f32]; 4]) -> [Vec<f64>; 4] {
        let Layer { places: [high, across], inputs, outputs, seen, stride, .. } = *layer;
        let ([rows, columns], [[above, _], [left, _]]) = (layer.answered(), layer.around());
        let mut y = Vec::new();
        let zeros = |of: &[f32]| vec![0.0; of.len()];
        let (mut by_w, mut by_b, mut by_x) = (zeros(weights), zeros(bias), zeros(x));
        for (at, slope) in pull.iter().map(|slope| f64::from(*slope)).enumerate() {
            let (place, o) = (at / outputs, at % outputs);
            let (image, r, c) = (place / columns / rows, place / columns % rows, place % columns);
            let mut sum = f64::from(bias[o]);
            by_b[o] += slope;
            for k in 0..seen[0] * seen[1] * inputs {
                let (row, column) = (k / inputs / seen[1], k / inputs % seen[1]);
                let (row, column) = (r * stride[0] + row, c * stride[1] + column);
                if row < above || column < left || row - above >= high || column - left >= across {
                    continue;
                }
                let from = (image * high + row - above) * across + column - left;
                let (w, from) = (k * outputs + o, from * inputs + k % inputs);
                sum += f64::from(weights[w]) * f64::from(x[from]);
                by_w[w] += slope * f64::from(x[from]);
                by_x[from] += slope * f64::from(weights[w]);
            }
            y.push(sum);
        }
        [y, by_w, by_b, by_x]
    }

    /// Sums in 32 bits are those of the definition in 64, within rounding, for every edge and stride,
    /// and widths on both sides of a register's.
    #[test]
    fn as_the_definition() {
        let sizes = [
            ([1, 9], [1, 3], [1, 1], 3, 20),
            ([5, 7], [2, 3], [1, 1], 2, 4),
            ([6, 8], [3, 4], [2, 3], 19, 17),
            ([4, 40], [3, 1], [3, 2], 1, 49),
            ([40, 12], [2, 2], [1, 1], 2, 3),
        ];
        for (places, seen, stride, inputs, outputs) in sizes {
            for edge in [Edge::Valid, Edge::Same] {
                let layer = Layer { images: 3, places, inputs, outputs, seen, stride, edge };
                let weights = noise(1, seen[0] * seen[1] * inputs * outputs);
                let (bias, x) = (noise(2, outputs), noise(3, 3 * places[0] * places[1] * inputs));
                let y = layer.forward(&weights, &bias, &x);
                let pull = noise(4, y.len());
                let want = plain(&layer, [&weights, &bias, &x, &pull]);
                let slopes = layer.backward(&weights, &x, &pull, Wanted::Inputs);
                let got = [y, slopes.weights, slopes.bias, slopes.x];
                for (got, want) in got.iter().zip(&want) {
                    let most = want.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
                    assert_eq!(got.len(), want.len());
                    for (got, want) in got.iter().zip(want) {
                        let off = (f64::from(*got) - want).abs();
                        assert!(off <= 3e-6 * most, "{layer:?}: {got} for {want}");
                    }
                }
                assert!(layer.backward(&weights, &x, &pull, Wanted::Weights).x.is_empty());
            }
        }
    }
}
