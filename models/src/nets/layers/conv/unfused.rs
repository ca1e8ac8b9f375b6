//! The same in burn's own operation, for any device.

use almanac_kernels::conv::Layer;
use burn::tensor::Tensor;
use burn::tensor::module::conv2d;
use burn::tensor::ops::{ConvOptions, PadMode};

use super::Weights;

/// `[images, rows, columns, ins]` → `[images, rows, columns, outs]`.
pub(super) fn run(layer: Layer, x: Tensor<4>, Weights { weight, bias }: Weights) -> Tensor<4> {
    let around = layer.around().map(|[before, after]| (before, after));
    let x = x.permute([0, 3, 1, 2]).pad(around, PadMode::Constant(0.0));
    let options = ConvOptions::new(layer.stride, [0, 0], [1, 1], 1);
    conv2d(x, weight.permute([3, 2, 0, 1]), Some(bias), options).permute([0, 2, 3, 1])
}
