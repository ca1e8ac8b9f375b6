//! The same layers as chains of burn's own operations, step by step, for any device.

use almanac_kernels::recurrent::{Act, Cell, Direction};
use burn::tensor::{Tensor, activation};

use super::Kind;
use super::fused::Weights;

/// `[batch, steps or 1, ins]` → `[batch, steps, units]`.
pub(super) fn run((kind, steps): (Kind, usize), x: Tensor<3>, weights: Weights) -> Tensor<3> {
    let [batch, heard, ins] = x.dims();
    let [units, wide] = weights.hidden.dims();
    let sums = x.clone().reshape([batch * heard, ins]).matmul(weights.input.clone());
    let sums = (sums + weights.bias.clone().unsqueeze()).reshape([batch, heard, wide]);
    let zero = Tensor::<2>::zeros([batch, units], &x.device());
    let mut state = (zero.clone(), zero);
    let mut said: Vec<Tensor<3>> = Vec::with_capacity(steps);
    for place in 0..steps {
        let step = match kind.direction {
            Direction::Forward => place,
            Direction::Reverse => steps - 1 - place,
        };
        let own = sums.clone().narrow(1, step % heard, 1).squeeze_dim(1);
        state = cell(kind.cell, own, state, &weights);
        said.push(state.0.clone().unsqueeze_dim(1));
    }
    if kind.direction == Direction::Reverse {
        said.reverse();
    }
    Tensor::cat(said, 1)
}

/// One step: sums from the inputs and the state before, to the state after.
fn cell(
    cell: Cell,
    sums: Tensor<2>,
    (hidden, memory): (Tensor<2>, Tensor<2>),
    weights: &Weights,
) -> (Tensor<2>, Tensor<2>) {
    let [batch, wide] = sums.dims();
    let units = hidden.dims()[1];
    let part =
        |all: &Tensor<2>, at: usize| all.clone().slice([0..batch, at * units..(at + 1) * units]);
    let from_units = hidden.clone().matmul(weights.hidden.clone());
    let bend = |act: Act, z: Tensor<2>| match act {
        Act::Tanh => z.tanh(),
        Act::Relu => activation::relu(z),
    };
    match cell {
        Cell::Rnn(act) => (bend(act, sums + from_units), memory),
        Cell::Lstm(act) => {
            let all = sums + from_units;
            let gate = |at: usize| activation::sigmoid(part(&all, at));
            let next = gate(1) * memory + gate(0) * bend(act, part(&all, 2));
            (gate(3) * bend(act, next.clone()), next)
        }
        Cell::Gru => {
            let from_units = from_units + weights.hidden_bias.clone().reshape([1, wide]);
            let gate = |at: usize| activation::sigmoid(part(&sums, at) + part(&from_units, at));
            let next = (part(&sums, 2) + gate(0) * part(&from_units, 2)).tanh();
            let keep = gate(1);
            (next.clone() + keep * (hidden - next), memory)
        }
    }
}
