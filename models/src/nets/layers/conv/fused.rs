//! The kernels as one operation of burn's graph.

use almanac_kernels::Wanted;
use almanac_kernels::conv::{Layer, Slopes};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::Tensor;
use burn_autodiff::checkpoint::base::Checkpointer;
use burn_autodiff::checkpoint::strategy::CheckpointStrategy;
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_flex::FlexTensor;

use super::super::flex::{blocks, slice, tensor};
use super::Weights;

/// Filters over images: x, W, b → answers.
#[backend_extension(Flex, Autodiff)]
pub(super) trait Slide: Backend {
    fn slide(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        layer: Layer,
    ) -> FloatTensor<Self>;
}

/// `[images, rows, columns, ins]` → `[images, rows, columns, outs]`.
pub(super) fn run(layer: Layer, x: Tensor<4>, Weights { weight, bias }: Weights) -> Tensor<4> {
    let (x, weight, bias) = (x.into_dispatch(), weight.into_dispatch(), bias.into_dispatch());
    Tensor::from_dispatch(<Dispatch as Slide>::slide(x, weight, bias, layer))
}

fn answers(layer: &Layer, [x, weight, bias]: &[FlexTensor; 3]) -> FlexTensor {
    let values = layer.forward(slice(weight), slice(bias), slice(x));
    let [rows, columns] = layer.answered();
    tensor(values, [layer.images, rows, columns, layer.outputs])
}

impl Slide for Flex {
    fn slide(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        layer: Layer,
    ) -> FloatTensor<Self> {
        answers(&layer, &blocks([x, weight, bias]))
    }
}

impl<C: CheckpointStrategy> Slide for Autodiff<Flex, C> {
    fn slide(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        layer: Layer,
    ) -> FloatTensor<Self> {
        let wanted = if x.is_tracked() { Wanted::Inputs } else { Wanted::Weights };
        let [(x, a), (weight, b), (bias, c)] = [x, weight, bias].map(|tensor| tensor.into_parts());
        let all = blocks([x, weight, bias]);
        let said = answers(&layer, &all);
        match Back.prepare::<C>([a, b, c]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(Kept { layer, wanted, all }, said),
            OpsKind::UnTracked(prepared) => prepared.finish(said),
        }
    }
}

#[derive(Debug)]
struct Back;

/// What the way back needs of the way forth.
#[derive(Debug, Clone)]
struct Kept {
    layer: Layer,
    wanted: Wanted,
    all: [FlexTensor; 3],
}

impl Backward<Flex, 3> for Back {
    type State = Kept;

    fn backward(self, ops: Ops<Kept, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let pull = grads.consume::<Flex>(&ops.node).to_contiguous();
        let Kept { layer, wanted, all } = ops.state;
        let [x, weight, _] = all.each_ref().map(slice);
        let Slopes { x, weights, bias } = layer.backward(weight, x, slice(&pull), wanted);
        for ((node, values), of) in ops.parents.into_iter().zip([x, weights, bias]).zip(&all) {
            if let Some(node) = node {
                grads.register::<Flex>(node.id, tensor(values, of.shape().to_vec()));
            }
        }
    }
}
