//! Recurrent layers: LSTM, GRU and RNN, one way or both.
//!
//! On the processor a layer is one operation of burn's graph, forward and backward, done by the
//! fused kernels of `almanac_kernels::recurrent`; on another device it is a chain of burn's own
//! operations, step by step, with the same numbers up to rounding.

mod fused;
mod unfused;

use almanac_kernels::recurrent::{Act, Cell, Direction};
use burn::module::{Module, Param};
use burn::tensor::Tensor;

use super::flex;
use crate::nets::Draw;

/// What a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind {
    pub cell: Cell,
    pub direction: Direction,
}

/// A layer that reads one way. Glorot's weights from the inputs, orthogonal ones from the units,
/// biases 0, of an LSTM's forget gate 1.
#[derive(Module, Debug)]
pub struct Recurrent {
    /// `[ins, gates · units]`
    input: Param<Tensor<2>>,
    /// `[units, gates · units]`
    hidden: Param<Tensor<2>>,
    /// `[gates · units]`
    bias: Param<Tensor<1>>,
    /// `[gates · units]` of a GRU; `[0]` else.
    hidden_bias: Param<Tensor<1>>,
    #[module(skip)]
    kind: Kind,
}

impl Recurrent {
    /// From `ins` numbers a step to `units`.
    pub fn new(draw: &mut Draw, cell: Cell, ins: usize, units: usize) -> Recurrent {
        Recurrent::directed(draw, Kind { cell, direction: Direction::Forward }, ins, units)
    }

    fn directed(draw: &mut Draw, kind: Kind, ins: usize, units: usize) -> Recurrent {
        let wide = kind.cell.gates() * units;
        let mut bias = vec![0.0; wide];
        if matches!(kind.cell, Cell::Lstm(_)) {
            bias[units..2 * units].fill(1.0);
        }
        let second = if kind.cell == Cell::Gru { wide } else { 0 };
        Recurrent {
            input: draw.glorot([ins, wide], (ins, wide)),
            hidden: draw.orthogonal(units, wide),
            bias: draw.given([wide], bias),
            hidden_bias: draw.given([second], vec![0.0; second]),
            kind,
        }
    }

    /// `[batch, steps, ins]` → `[batch, steps, units]`, from a state of zero.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        self.read(x.dims()[1], x)
    }

    /// `[batch, ins]`, the same at each of so many steps → `[batch, steps, units]`.
    pub fn held(&self, x: Tensor<2>, steps: usize) -> Tensor<3> {
        self.read(steps, x.unsqueeze_dim(1))
    }

    fn read(&self, steps: usize, x: Tensor<3>) -> Tensor<3> {
        match flex::serves(&x.device()) {
            true => fused::run((self.kind, steps), x, self.weights()),
            false => unfused::run((self.kind, steps), x, self.weights()),
        }
    }

    fn weights(&self) -> fused::Weights {
        fused::Weights {
            input: self.input.val(),
            hidden: self.hidden.val(),
            bias: self.bias.val(),
            hidden_bias: self.hidden_bias.val(),
        }
    }

    /// `[batch, steps, ins]` → `[batch, units]`: the output where the reading ends.
    pub fn last(&self, x: Tensor<3>) -> Tensor<2> {
        let said = self.forward(x);
        let [batch, steps, units] = said.dims();
        let end = match self.kind.direction {
            Direction::Forward => steps - 1,
            Direction::Reverse => 0,
        };
        said.slice([0..batch, end..end + 1, 0..units]).reshape([batch, units])
    }
}

/// A layer that reads both ways; outputs of the two stand side by side.
#[derive(Module, Debug)]
pub struct Both {
    forth: Recurrent,
    back: Recurrent,
}

impl Both {
    /// From `ins` numbers a step to twice `units`.
    pub fn new(draw: &mut Draw, cell: Cell, ins: usize, units: usize) -> Both {
        let mut one = |direction| Recurrent::directed(draw, Kind { cell, direction }, ins, units);
        Both { forth: one(Direction::Forward), back: one(Direction::Reverse) }
    }

    /// `[batch, steps, ins]` → `[batch, steps, 2 · units]`.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        Tensor::cat(vec![self.forth.forward(x.clone()), self.back.forward(x)], 2)
    }

    /// `[batch, steps, ins]` → `[batch, 2 · units]`: each way's output where its reading ends.
    pub fn last(&self, x: Tensor<3>) -> Tensor<2> {
        Tensor::cat(vec![self.forth.last(x.clone()), self.back.last(x)], 1)
    }
}

/// An LSTM's unit: tanh, or max(0, ·) for candidate and output.
pub fn lstm(relu: bool) -> Cell {
    Cell::Lstm(if relu { Act::Relu } else { Act::Tanh })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::nets::numbers;
    use crate::nets::tests::{Golden, Origin, draw, of, within};

    /// Where the weights of a layer come from; PyTorch has gates by rows, and two biases.
    fn names(cell: Cell, under: &str, end: &str) -> Vec<(&'static str, Origin)> {
        let [input, hidden, bias, second] =
            ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]
                .map(|name| format!("{under}{name}{end}"));
        let turned = [("input", of(&input).turned()), ("hidden", of(&hidden).turned())];
        let biases = match cell {
            Cell::Gru => vec![("bias", of(&bias)), ("hidden_bias", of(&second))],
            _ => vec![("bias", of(&bias).plus(&second))],
        };
        turned.into_iter().chain(biases).collect()
    }

    /// The fused layer, and the chain of burn's operations, on the same case.
    #[test]
    fn layers_as_pytorch() {
        let cells = [
            ("lstm", lstm(false), 4),
            ("lstm_9", lstm(false), 9),
            ("lstm_relu", lstm(true), 4),
            ("gru", Cell::Gru, 4),
            ("rnn_tanh", Cell::Rnn(Act::Tanh), 4),
            ("rnn_relu", Cell::Rnn(Act::Relu), 4),
        ];
        for (name, cell, units) in cells {
            let layer = || Recurrent::new(&mut draw(), cell, 2, units);
            let golden = || Golden::of("nets_layers", name, layer(), &names(cell, "", ""));
            let fused = golden();
            assert!(flex::serves(&draw().device));
            fused.check(fused.layers.forward(fused.input("x")));
            let chain = golden();
            let (x, weights) = (chain.input("x"), chain.layers.weights());
            chain.check(unfused::run((chain.layers.kind, 5), x, weights));
        }
    }

    /// What is held is what is repeated, fused and as a chain, in numbers and slopes.
    #[test]
    fn held_is_repeated() {
        let mut draw = draw();
        let layer = Recurrent::new(&mut draw, lstm(false), 3, 5);
        let x = draw.uniform([2, 3], 1.0).val();
        let slopes = |said: Tensor<3>| {
            let pull = said.clone();
            let all = (said.clone() * pull.detach()).sum().backward();
            let of = |slope: Option<Tensor<2>>| numbers(slope.unwrap()).unwrap();
            let weights = [&layer.input, &layer.hidden].map(|weight| of(weight.val().grad(&all)));
            [vec![numbers(said).unwrap(), of(x.grad(&all))], weights.to_vec()].concat()
        };
        let one = || x.clone().unsqueeze_dim::<3>(1);
        let want = slopes(layer.forward(one().repeat_dim(1, 4)));
        let chain = unfused::run((layer.kind, 4), one(), layer.weights());
        for got in [slopes(layer.held(x.clone(), 4)), slopes(chain)] {
            for (got, want) in got.iter().flatten().zip(want.iter().flatten()) {
                assert!((got - want).abs() < 1e-5, "{got} for {want}");
            }
        }
    }

    /// The same for an LSTM that reads both ways.
    pub fn both_ways(under: &str) -> Vec<(String, Origin)> {
        let way = |end| names(lstm(false), under, end);
        within("forth", way("")).chain(within("back", way("_reverse"))).collect()
    }

    #[test]
    fn both_ways_as_pytorch() {
        let layer = Both::new(&mut draw(), lstm(false), 2, 4);
        let golden = Golden::of("nets_layers", "bilstm", layer, &both_ways(""));
        golden.check(golden.layers.forward(golden.input("x")));
    }
}
