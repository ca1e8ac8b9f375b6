//! The fused kernels as one operation of burn's graph.

use std::sync::Arc;

use almanac_kernels::Wanted;
use almanac_kernels::recurrent::{Layer, Shape, Slopes, Tape, Weights as Slices};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::Tensor;
use burn_autodiff::checkpoint::base::Checkpointer;
use burn_autodiff::checkpoint::strategy::CheckpointStrategy;
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_flex::FlexTensor;

use super::super::flex::{blocks, slice, tensor};
use super::Kind;

/// Weights as tensors.
pub(super) struct Weights {
    pub input: Tensor<2>,
    pub hidden: Tensor<2>,
    pub bias: Tensor<1>,
    pub hidden_bias: Tensor<1>,
}

/// A layer over whole sequences of so many steps: x, W, U, and b with d behind it → outputs.
#[backend_extension(Flex, Autodiff)]
pub(super) trait Sequence: Backend {
    fn sequence(
        x: FloatTensor<Self>,
        input: FloatTensor<Self>,
        hidden: FloatTensor<Self>,
        biases: FloatTensor<Self>,
        layer: (Kind, usize),
    ) -> FloatTensor<Self>;
}

/// `[batch, steps or 1, ins]` → `[batch, steps, units]`.
pub(super) fn run(layer: (Kind, usize), x: Tensor<3>, weights: Weights) -> Tensor<3> {
    let biases = match weights.hidden_bias.dims() {
        [0] => weights.bias,
        _ => Tensor::cat(vec![weights.bias, weights.hidden_bias], 0),
    };
    Tensor::from_dispatch(<Dispatch as Sequence>::sequence(
        x.into_dispatch(),
        weights.input.into_dispatch(),
        weights.hidden.into_dispatch(),
        biases.into_dispatch(),
        layer,
    ))
}

/// x, W, U, and b with d behind it, each one block of memory.
type Blocks = [FlexTensor; 4];

fn layer((kind, steps): (Kind, usize), [x, _, hidden, ..]: &Blocks) -> Layer {
    let (x, hidden) = (x.shape(), hidden.shape());
    let shape = Shape { batch: x[0], steps, heard: x[1], inputs: x[2], hidden: hidden[0] };
    Layer { cell: kind.cell, direction: kind.direction, shape }
}

fn slices(all: &Blocks) -> Slices<'_> {
    let [_, input, hidden, biases] = all.each_ref().map(slice);
    let (bias, hidden_bias) = biases.split_at(all[2].shape()[1]);
    Slices { input, hidden, bias, hidden_bias }
}

fn outputs(layer: &Layer, values: Vec<f32>) -> FlexTensor {
    let Shape { batch, steps, hidden, .. } = layer.shape;
    tensor(values, vec![batch, steps, hidden])
}

impl Sequence for Flex {
    fn sequence(
        x: FloatTensor<Self>,
        input: FloatTensor<Self>,
        hidden: FloatTensor<Self>,
        biases: FloatTensor<Self>,
        layer: (Kind, usize),
    ) -> FloatTensor<Self> {
        let all = blocks([x, input, hidden, biases]);
        let layer = self::layer(layer, &all);
        outputs(&layer, layer.infer(slices(&all), slice(&all[0])))
    }
}

impl<C: CheckpointStrategy> Sequence for Autodiff<Flex, C> {
    fn sequence(
        x: FloatTensor<Self>,
        input: FloatTensor<Self>,
        hidden: FloatTensor<Self>,
        biases: FloatTensor<Self>,
        layer: (Kind, usize),
    ) -> FloatTensor<Self> {
        let wanted = if x.is_tracked() { Wanted::Inputs } else { Wanted::Weights };
        let parts = [x, input, hidden, biases].map(|tensor| tensor.into_parts());
        let [(x, a), (input, b), (hidden, c), (biases, d)] = parts;
        let all = blocks([x, input, hidden, biases]);
        let layer = self::layer(layer, &all);
        match Back.prepare::<C>([a, b, c, d]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let (said, tape) = layer.forward(slices(&all), slice(&all[0]));
                let said = outputs(&layer, said);
                prepared.finish(Kept { layer, wanted, all, tape: Arc::new(tape) }, said)
            }
            OpsKind::UnTracked(prepared) => {
                let said = layer.infer(slices(&all), slice(&all[0]));
                prepared.finish(outputs(&layer, said))
            }
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
    all: Blocks,
    tape: Arc<Tape>,
}

impl Backward<Flex, 4> for Back {
    type State = Kept;

    fn backward(self, ops: Ops<Kept, 4>, grads: &mut Gradients, _: &mut Checkpointer) {
        let pull = grads.consume::<Flex>(&ops.node).to_contiguous();
        let Kept { layer, wanted, all, tape } = ops.state;
        let Slopes { x, input, hidden, bias, hidden_bias } =
            layer.backward(slices(&all), Arc::unwrap_or_clone(tape), slice(&pull), wanted);
        let slopes = [x, input, hidden, [bias, hidden_bias].concat()];
        for ((node, values), of) in ops.parents.into_iter().zip(slopes).zip(&all) {
            if let Some(node) = node {
                grads.register::<Flex>(node.id, tensor(values, of.shape().to_vec()));
            }
        }
    }
}
