//! Filters slid over steps or images: ŷ[r, c, o] = b[o] + Σ W[k, l, i, o]·x[r·s + k, c·s + l, i].
//!
//! On the processor a layer is one operation of burn's graph, done by `almanac_kernels::conv`; on
//! another device it is burn's own convolution, with the same numbers up to rounding.

mod fused;
mod unfused;

pub use almanac_kernels::conv::Edge;
use almanac_kernels::conv::Layer;
use burn::module::{Module, Param};
use burn::tensor::Tensor;

use super::flex;
use crate::nets::Draw;

/// How filters go over images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Walk {
    /// Places from one to the next, along rows and along columns.
    pub stride: [usize; 2],
    /// What is seen beyond the image.
    pub edge: Edge,
}

impl Walk {
    /// From each place to the next, inside.
    pub const INSIDE: Walk = Walk { stride: [1, 1], edge: Edge::Valid };
    /// To every place, with zeros around.
    pub const AROUND: Walk = Walk { stride: [1, 1], edge: Edge::Same };
}

/// Weights as tensors.
pub(super) struct Weights {
    pub weight: Tensor<4>,
    pub bias: Tensor<1>,
}

/// Filters of one size; steps are an image's row.
#[derive(Module, Debug)]
pub struct Conv {
    /// `[rows, columns, ins, outs]`
    weight: Param<Tensor<4>>,
    /// `[outs]`
    bias: Param<Tensor<1>>,
    #[module(skip)]
    walk: Walk,
}

impl Conv {
    /// `outs` filters of `width` steps over `ins` channels.
    pub fn new(draw: &mut Draw, ins: usize, outs: usize, width: usize) -> Conv {
        Conv::over_images(draw, (ins, outs), [1, width], Walk::INSIDE)
    }

    /// `outs` filters of `seen` rows and columns over `ins` channels.
    pub fn over_images(
        draw: &mut Draw,
        (ins, outs): (usize, usize),
        seen: [usize; 2],
        walk: Walk,
    ) -> Conv {
        let size = seen[0] * seen[1];
        let weight = draw.glorot([seen[0], seen[1], ins, outs], (ins * size, outs * size));
        Conv { weight, bias: draw.constant([outs], 0.0), walk }
    }

    /// The same with these biases.
    pub fn with_bias(self, draw: &mut Draw, bias: Vec<f32>) -> Conv {
        Conv { bias: draw.given([bias.len()], bias), ..self }
    }

    /// `[batch, steps, ins]` → `[batch, steps − width + 1, outs]`.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        self.each(x.unsqueeze()).squeeze_dim(0)
    }

    /// `[images, rows, columns, ins]` → `[images, rows answered, columns answered, outs]`.
    pub fn each(&self, x: Tensor<4>) -> Tensor<4> {
        slide(x, self.weights(), self.walk)
    }

    fn weights(&self) -> Weights {
        Weights { weight: self.weight.val(), bias: self.bias.val() }
    }
}

/// `[images, rows, columns, ins]` → `[images, rows answered, columns answered, outs]`.
pub(super) fn slide(x: Tensor<4>, weights: Weights, walk: Walk) -> Tensor<4> {
    let layer = kernel(&x, &weights, walk);
    match flex::serves(&x.device()) {
        true => fused::run(layer, x, weights),
        false => unfused::run(layer, x, weights),
    }
}

fn kernel(x: &Tensor<4>, weights: &Weights, Walk { stride, edge }: Walk) -> Layer {
    let [images, rows, columns, inputs] = x.dims();
    let [high, wide, _, outputs] = weights.weight.dims();
    let (places, seen) = ([rows, columns], [high, wide]);
    Layer { images, places, inputs, outputs, seen, stride, edge }
}

/// The largest of each two steps: `[batch, steps, channels]` → `[batch, ⌊steps / 2⌋, channels]`.
pub fn pool(x: Tensor<3>) -> Tensor<3> {
    let [batch, steps, channels] = x.dims();
    let pairs = x.slice([0..batch, 0..steps / 2 * 2]);
    pairs.reshape([batch, steps / 2, 2, channels]).max_dim(2).squeeze_dim(2)
}

/// The largest of each two by two places: `[images, rows, columns, channels]`, rows and columns halved.
pub fn pool_images(x: Tensor<4>) -> Tensor<4> {
    let [images, rows, columns, channels] = x.dims();
    let along = pool(x.reshape([images * rows, columns, channels]));
    let down = pool(along.reshape([images, rows, columns / 2 * channels]));
    down.reshape([images, rows / 2, columns / 2, channels])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::tests::{Golden, Origin, draw, of};

    fn filters(weight: Origin) -> [(&'static str, Origin); 2] {
        [("weight", weight), ("bias", of("bias"))]
    }

    #[test]
    fn filters_over_steps_as_pytorch() {
        let weight = of("weight").axes(&[2, 1, 0]).shaped(&[1, 3, 2, 4]);
        let layer = Conv::new(&mut draw(), 2, 4, 3);
        let golden = Golden::of("nets_layers", "conv1d", layer, &filters(weight));
        let x = golden.input::<3>("x").swap_dims(1, 2);
        golden.check(golden.layers.forward(x).swap_dims(1, 2));
    }

    /// The fused layer, and burn's operation, on the same cases.
    #[test]
    fn filters_over_images_as_pytorch() {
        let strided = Walk { stride: [2, 1], ..Walk::INSIDE };
        let cases =
            [("conv2d", Walk::INSIDE), ("conv2d_same", Walk::AROUND), ("conv2d_stride", strided)];
        for (name, walk) in cases {
            for run in [fused::run, unfused::run] {
                let layer = Conv::over_images(&mut draw(), (2, 4), [2, 3], walk);
                let weights = filters(of("weight").axes(&[2, 3, 1, 0]));
                let golden = Golden::of("nets_layers", name, layer, &weights);
                let x = golden.input::<4>("x").permute([0, 2, 3, 1]);
                let own = golden.layers.weights();
                golden.check(run(kernel(&x, &own, walk), x, own).permute([0, 3, 1, 2]));
            }
        }
    }

    /// With zeros around, every second place of five columns is answered: three of them.
    #[test]
    fn zeros_around_a_stride_by_hand() {
        let mut draw = draw();
        let walk = Walk { stride: [1, 2], edge: Edge::Same };
        let layer = Conv::over_images(&mut draw, (1, 1), [1, 3], walk);
        let layer = Conv { weight: draw.constant([1, 3, 1, 1], 1.0), ..layer };
        let x = Tensor::<1>::from_floats([1.0, 2.0, 3.0, 4.0, 5.0], &draw.device);
        let said = layer.each(x.reshape([1, 1, 5, 1]));
        assert_eq!(crate::nets::numbers(said).unwrap(), [3.0, 9.0, 9.0]);
    }

    #[test]
    fn pooling_as_pytorch() {
        let golden = Golden::plain("nets_layers", "max_pool1d");
        let x = golden.input::<3>("x").swap_dims(1, 2);
        golden.check(pool(x).swap_dims(1, 2));
        let golden = Golden::plain("nets_layers", "max_pool2d");
        let x = golden.input::<4>("x").permute([0, 2, 3, 1]);
        golden.check(pool_images(x).permute([0, 3, 1, 2]));
    }
}
